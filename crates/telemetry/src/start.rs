//! The time from the gesture to the first audible sample, in parts that do not overlap.

use crate::fact::Fact;
use crate::labels::{Outcome, Phase, Reason};

/// A wish to hear a tune that has not ended. Times are microseconds of any one clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    began: u64,
    /// When the bytes were there and verified.
    bytes: Option<u64>,
    /// When the ring had sound in it.
    ready: Option<u64>,
}

/// How long each part took, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartTimes {
    /// To the verified bytes.
    pub bytes: u64,
    /// From there to sound in the ring.
    pub prebuffer: u64,
    /// From there to the first audible sample.
    pub start: u64,
}

impl StartTimes {
    /// The whole.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.bytes + self.prebuffer + self.start
    }
}

impl Start {
    /// The gesture.
    #[must_use]
    pub fn new(now: u64) -> Self {
        Self {
            began: now,
            bytes: None,
            ready: None,
        }
    }

    /// The bytes are there and verified. The first time counts.
    pub fn bytes_are_here(&mut self, now: u64) {
        let now = now.max(self.began);
        self.bytes.get_or_insert(now);
    }

    /// The ring has sound in it. The first time counts, and the bytes are there then at the latest.
    pub fn sound_is_ready(&mut self, now: u64) {
        self.bytes_are_here(now);
        let now = now.max(self.bytes.unwrap_or(self.began));
        self.ready.get_or_insert(now);
    }

    /// The first sample was heard at `when`, which may be told later. What was told to be ready only
    /// after it was heard was ready then: the audio clock is right, and messages take their time.
    #[must_use]
    pub fn heard(self, when: u64) -> StartTimes {
        let when = when.max(self.began);
        let ready = self.ready.map_or(when, |ready| ready.min(when));
        let bytes = self.bytes.map_or(ready, |bytes| bytes.min(ready));
        StartTimes {
            bytes: bytes - self.began,
            prebuffer: ready - bytes,
            start: when - ready,
        }
    }

    /// What to note of a wish that was fulfilled.
    #[must_use]
    pub fn succeeded(self, when: u64) -> [Fact; 5] {
        let times = self.heard(when);
        [
            Fact::Play(Outcome::Success),
            Fact::FirstAudio(Some(times.total())),
            Fact::StartPhase(Phase::Bytes, Some(times.bytes)),
            Fact::StartPhase(Phase::Prebuffer, Some(times.prebuffer)),
            Fact::StartPhase(Phase::Start, Some(times.start)),
        ]
    }

    /// What to note of a wish that was not, for a reason, or because the listener went on. The part
    /// in which that was never ended; those before it are as long as they were.
    pub fn ended(self, reason: Option<Reason>) -> impl Iterator<Item = Fact> {
        let outcome = match reason {
            Some(_) => Outcome::Failed,
            None => Outcome::Abandoned,
        };
        let phase = |phase, time| Some(Fact::StartPhase(phase, time));
        let bytes = self.bytes.map(|bytes| bytes - self.began);
        let prebuffer = self
            .ready
            .zip(self.bytes)
            .map(|(ready, bytes)| ready - bytes);
        [
            Some(Fact::Play(outcome)),
            reason.map(Fact::PlayFailure),
            Some(Fact::FirstAudio(None)),
            phase(Phase::Bytes, bytes),
            bytes.and_then(|_| phase(Phase::Prebuffer, prebuffer)),
            prebuffer.and_then(|_| phase(Phase::Start, None)),
        ]
        .into_iter()
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_are_what_lies_between_the_moments() {
        let mut start = Start::new(1_000);
        start.bytes_are_here(1_200);
        start.bytes_are_here(9_999);
        start.sound_is_ready(1_500);
        let times = start.heard(2_100);
        assert_eq!((times.bytes, times.prebuffer, times.start), (200, 300, 600));
        assert_eq!(times.total(), 1_100);
        assert_eq!(start.succeeded(2_100)[1], Fact::FirstAudio(Some(1_100)));
    }

    #[test]
    fn what_did_not_sound_counts_beyond_the_last_bound() {
        let ended = |start: Start, reason| start.ended(reason).collect::<Vec<_>>();
        let mut start = Start::new(1_000);
        assert_eq!(
            ended(start, None),
            [
                Fact::Play(Outcome::Abandoned),
                Fact::FirstAudio(None),
                Fact::StartPhase(Phase::Bytes, None),
            ]
        );
        start.bytes_are_here(1_200);
        assert_eq!(
            ended(start, Some(Reason::Jammed)),
            [
                Fact::Play(Outcome::Failed),
                Fact::PlayFailure(Reason::Jammed),
                Fact::FirstAudio(None),
                Fact::StartPhase(Phase::Bytes, Some(200)),
                Fact::StartPhase(Phase::Prebuffer, None),
            ]
        );
        start.sound_is_ready(1_300);
        assert_eq!(
            ended(start, None)[2..],
            [
                Fact::StartPhase(Phase::Bytes, Some(200)),
                Fact::StartPhase(Phase::Prebuffer, Some(100)),
                Fact::StartPhase(Phase::Start, None),
            ]
        );
    }

    proptest! {
        #[test]
        fn parts_add_up_in_whatever_order_moments_are_told(
            began in 0u64..1_000,
            moments in proptest::collection::vec((any::<bool>(), 0u64..2_000), 0..6),
            heard in 0u64..2_000,
        ) {
            let mut start = Start::new(began);
            for (bytes, at) in moments {
                if bytes {
                    start.bytes_are_here(at);
                } else {
                    start.sound_is_ready(at);
                }
            }
            let times = start.heard(heard);
            prop_assert_eq!(times.total(), heard.max(began) - began);
            let told: u64 = start
                .succeeded(heard)
                .iter()
                .filter_map(|fact| match fact {
                    Fact::StartPhase(_, Some(time)) => Some(*time),
                    _ => None,
                })
                .sum();
            prop_assert_eq!(told, times.total());
        }
    }
}
