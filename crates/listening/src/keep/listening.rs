//! What the listener does with a song, seen from its clock: begun, skipped, finished, begun again.

use protocol::keep::{Change, Deed, LogEntry, TuneRef};
use sidfile::TuneId;

use crate::feedback::{is_whole, left_at};

/// Heard for so long, a song counts as played.
const PLAYED_MILLIS: u32 = 3_000;
/// The clock goes no further from one look to the next; more is a seek.
const STEP_MILLIS: u32 = 1_500;

/// The song that is being heard.
#[derive(Debug, Clone)]
struct Heard {
    tune: TuneId,
    name: TuneRef,
    /// Where it was heard last.
    position: u32,
    /// For how long it was heard.
    heard: u32,
    length: u32,
    counted: bool,
    finished: bool,
}

impl Heard {
    fn line(&self, deed: Deed) -> Change {
        Change::Log(LogEntry {
            at: 0,
            deed,
            tune: self.tune,
            position_millis: self.position,
            length_millis: self.length,
        })
    }
}

/// Watches what is heard.
#[derive(Debug, Default)]
pub(crate) struct Listening {
    heard: Option<Heard>,
}

impl Listening {
    /// A song sounds at a place.
    pub fn sounds(
        &mut self,
        tune: TuneId,
        name: impl FnOnce() -> TuneRef,
        position: u32,
        length: u32,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.heard.as_ref().is_none_or(|heard| heard.tune != tune) {
            changes = self.is_left();
            self.heard = Some(Heard {
                tune,
                name: name(),
                position,
                heard: 0,
                length,
                counted: false,
                finished: false,
            });
            return changes;
        }
        let Some(heard) = &mut self.heard else {
            return changes;
        };
        let was_at_end = is_whole(heard.position, heard.length);
        let went_back = position + PLAYED_MILLIS < heard.position;
        // From its end to its start: it is heard once more.
        if was_at_end && went_back && position < PLAYED_MILLIS {
            if heard.counted && !heard.finished {
                changes.push(heard.line(Deed::Finish));
            }
            heard.position = position;
            heard.finished = false;
            changes.push(heard.line(Deed::Replay));
            return changes;
        }
        let step = position.saturating_sub(heard.position);
        if step <= STEP_MILLIS {
            heard.heard = heard.heard.saturating_add(step);
        }
        heard.position = position;
        heard.length = length;
        if !heard.counted && heard.heard >= PLAYED_MILLIS {
            heard.counted = true;
            changes.push(Change::Played {
                tune: heard.name.clone(),
                song: heard.tune.song,
            });
            changes.push(heard.line(Deed::Play));
        }
        changes
    }

    /// The song came to its end by itself.
    pub fn is_over(&mut self) -> Vec<Change> {
        let Some(heard) = self.heard.as_mut().filter(|heard| !heard.finished) else {
            return Vec::new();
        };
        heard.finished = true;
        heard.position = heard.length;
        if heard.counted {
            vec![heard.line(Deed::Finish)]
        } else {
            Vec::new()
        }
    }

    /// Something else is chosen, or nothing.
    pub fn is_left(&mut self) -> Vec<Change> {
        let Some(heard) = self.heard.take() else {
            return Vec::new();
        };
        if heard.finished {
            return Vec::new();
        }
        let deed = left_at(heard.position, heard.length);
        // One that was never really heard was not played either, but it was passed over.
        if deed == Deed::Finish && !heard.counted {
            return Vec::new();
        }
        vec![heard.line(deed)]
    }
}

#[cfg(test)]
mod tests {
    use sidfile::Md5;

    use super::*;

    fn tune(song: u16) -> TuneId {
        TuneId {
            md5: Md5::of(b"a"),
            song,
        }
    }

    fn name() -> TuneRef {
        TuneRef {
            md5: Md5::of(b"a"),
            path: String::new(),
            title: String::new(),
            author: String::new(),
        }
    }

    /// Deeds of a song of 100 seconds of which stretches are heard one after the other, and that is
    /// left for another then.
    fn check(stretches: &[(u32, u32)], over: bool, expected: &[Deed]) {
        let mut listening = Listening::default();
        let mut changes = Vec::new();
        for (from, to) in stretches {
            for second in *from..=*to {
                changes.extend(listening.sounds(tune(1), name, second * 1000, 100_000));
            }
        }
        if over {
            changes.extend(listening.is_over());
        }
        changes.extend(listening.sounds(tune(2), name, 0, 50_000));
        let deed = |change: &Change| match change {
            Change::Log(line) => Some(line.deed),
            _ => None,
        };
        let deeds: Vec<Deed> = changes.iter().filter_map(deed).collect();
        assert_eq!(deeds, expected, "{stretches:?}");
        let plays = changes.len() - deeds.len();
        assert_eq!(plays, usize::from(expected.contains(&Deed::Play)));
    }

    #[test]
    fn deeds_follow_the_clock() {
        use Deed::{EarlySkip, Finish, LateSkip, Play, Replay};
        check(&[(0, 2)], false, &[EarlySkip]);
        check(&[(0, 4)], false, &[Play, EarlySkip]);
        check(&[(0, 29)], false, &[Play, EarlySkip]);
        check(&[(0, 30)], false, &[Play, LateSkip]);
        check(&[(0, 94)], false, &[Play, LateSkip]);
        check(&[(0, 95)], false, &[Play, Finish]);
        check(&[(0, 99)], true, &[Play, Finish]);
        check(&[(50, 53)], false, &[Play, LateSkip]);
        check(
            &[(0, 99), (0, 40)],
            false,
            &[Play, Finish, Replay, LateSkip],
        );
        // Back to the start in the middle is no end, and what is passed over is not heard.
        check(&[(0, 60), (0, 1)], false, &[Play, EarlySkip]);
        check(&[(0, 1), (98, 99)], true, &[]);
        check(&[(0, 1), (50, 51)], false, &[LateSkip]);
    }
}
