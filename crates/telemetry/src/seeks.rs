//! Seeks that are under way, told apart by a number: one that comes later does not overwrite the
//! beginning of another.

use crate::fact::Fact;
use crate::labels::{SeekMode, SeekOutcome};

/// Seeks at once that are remembered; a listener's hands make no more.
const MOST: usize = 32;
/// A seek that is replaced after this long had been waited for: the objective for seeks.
const PATIENCE_MICROS: u64 = 500_000;

/// Seeks under way. Times are microseconds of any one clock.
#[derive(Debug, Clone, Default)]
pub struct Seeks {
    /// Number, mode and beginning of each, the oldest first.
    open: Vec<(u64, SeekMode, u64)>,
}

impl Seeks {
    /// A seek begins. Where there are too many, what is to be noted of the oldest.
    pub fn begin(&mut self, id: u64, mode: SeekMode, now: u64) -> Vec<Fact> {
        self.open.push((id, mode, now));
        let over = self.open.len().saturating_sub(MOST);
        self.close(over, now, SeekOutcome::Replaced)
    }

    /// A seek ends, at its place or not; those before it were replaced. What is to be noted; nothing
    /// where it is not under way.
    pub fn end(&mut self, id: u64, arrived: bool, now: u64) -> Vec<Fact> {
        let Some(at) = self.open.iter().position(|(open, ..)| *open == id) else {
            return Vec::new();
        };
        let outcome = if arrived {
            SeekOutcome::Success
        } else {
            SeekOutcome::Failed
        };
        self.close(at + 1, now, outcome)
    }

    /// The engine can get to none of their places any more.
    pub fn fail(&mut self, now: u64) -> Vec<Fact> {
        self.close(self.open.len(), now, SeekOutcome::Failed)
    }

    /// The listener went on to something else.
    pub fn abandon(&mut self, now: u64) -> Vec<Fact> {
        self.close(self.open.len(), now, SeekOutcome::Replaced)
    }

    /// The oldest `count` are over; the last of them in this way, the others were replaced by the
    /// one after each.
    fn close(&mut self, count: usize, now: u64, last: SeekOutcome) -> Vec<Fact> {
        let mut facts = Vec::new();
        for at in 0..count {
            let (_, mode, began) = self.open[at];
            let replaced_at = self.open.get(at + 1).map_or(now, |(.., next)| *next);
            let is_replaced = at + 1 < count || last == SeekOutcome::Replaced;
            let took = if is_replaced { replaced_at } else { now }.saturating_sub(began);
            let outcome = match is_replaced {
                true if took <= PATIENCE_MICROS => SeekOutcome::Replaced,
                true => SeekOutcome::Failed,
                false => last,
            };
            facts.push(Fact::Seek(mode, outcome));
            match outcome {
                SeekOutcome::Success => facts.push(Fact::SeekTime(mode, Some(took))),
                SeekOutcome::Failed => facts.push(Fact::SeekTime(mode, None)),
                SeekOutcome::Replaced => {}
            }
        }
        self.open.drain(..count);
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SeekMode::{Ahead, Beyond};
    use SeekOutcome::{Failed, Replaced, Success};

    fn check(steps: impl FnOnce(&mut Seeks) -> Vec<Fact>, expected: &[Fact]) {
        let mut seeks = Seeks::default();
        assert_eq!(seeks.begin(1, Beyond, 1_000), []);
        assert_eq!(seeks.begin(2, Ahead, 200_000), []);
        assert_eq!(steps(&mut seeks), expected);
    }

    #[test]
    fn each_seek_has_its_own_beginning() {
        check(
            |seeks| seeks.end(1, true, 1_001_000),
            &[
                Fact::Seek(Beyond, Success),
                Fact::SeekTime(Beyond, Some(1_000_000)),
            ],
        );
        check(
            |seeks| [seeks.end(1, true, 300_000), seeks.end(2, true, 250_000)].concat(),
            &[
                Fact::Seek(Beyond, Success),
                Fact::SeekTime(Beyond, Some(299_000)),
                Fact::Seek(Ahead, Success),
                Fact::SeekTime(Ahead, Some(50_000)),
            ],
        );
        check(|seeks| seeks.end(3, true, 250_000), &[]);
    }

    #[test]
    fn what_is_replaced_soon_is_no_failure_and_what_was_waited_for_is() {
        let arrived = [
            Fact::Seek(Beyond, Replaced),
            Fact::Seek(Ahead, Success),
            Fact::SeekTime(Ahead, Some(900_000)),
        ];
        check(|seeks| seeks.end(2, true, 1_100_000), &arrived);
        let mut seeks = Seeks::default();
        seeks.begin(1, Beyond, 0);
        seeks.begin(2, Beyond, PATIENCE_MICROS + 1);
        assert_eq!(
            seeks.end(2, false, PATIENCE_MICROS + 2),
            [
                Fact::Seek(Beyond, Failed),
                Fact::SeekTime(Beyond, None),
                Fact::Seek(Beyond, Failed),
                Fact::SeekTime(Beyond, None),
            ]
        );
    }

    #[test]
    fn another_tune_or_a_dead_engine_ends_them_all() {
        check(
            |seeks| seeks.abandon(210_000),
            &[Fact::Seek(Beyond, Replaced), Fact::Seek(Ahead, Replaced)],
        );
        check(
            |seeks| seeks.fail(210_000),
            &[
                Fact::Seek(Beyond, Replaced),
                Fact::Seek(Ahead, Failed),
                Fact::SeekTime(Ahead, None),
            ],
        );
        check(
            |seeks| seeks.abandon(900_000),
            &[
                Fact::Seek(Beyond, Replaced),
                Fact::Seek(Ahead, Failed),
                Fact::SeekTime(Ahead, None),
            ],
        );
    }

    #[test]
    fn they_are_bounded_and_none_is_lost() {
        let mut seeks = Seeks::default();
        let mut noted = 0;
        for id in 0..1_000 {
            noted += seeks.begin(id, Ahead, id).len();
            assert!(seeks.open.len() <= MOST);
        }
        noted += seeks.abandon(1_000).len();
        assert_eq!(noted, 1_000);
    }
}
