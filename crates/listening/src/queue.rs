//! The listener's own queue: tunes that play before the list goes on.

use std::sync::Arc;

use catalog::Row;
use sidfile::TuneId;

/// Most tunes in the queue.
pub const MOST_QUEUED: usize = 1_000;

/// A song of a file, to be played.
#[derive(Debug, Clone, PartialEq)]
pub struct Tune {
    /// The file.
    pub row: Arc<Row>,
    /// Song, from 1.
    pub song: u16,
}

impl Tune {
    /// The default song of a file.
    #[must_use]
    pub fn of(row: Arc<Row>) -> Self {
        let song = row.start_song;
        Self { row, song }
    }

    /// Which.
    #[must_use]
    pub fn id(&self) -> TuneId {
        TuneId {
            md5: self.row.md5,
            song: self.song,
        }
    }
}

/// A place in the queue. Its number stays its own wherever it is moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// Number, which no other place of this queue has had.
    pub key: u32,
    /// What plays.
    pub tune: Tune,
}

/// What is done to the queue.
#[derive(Debug, Clone, PartialEq)]
pub enum QueueIntent {
    /// Before all that waits.
    PlayNext(Vec<Tune>),
    /// After all that waits.
    Add(Vec<Tune>),
    /// A tune that only its digest is known of, song 0 for the file's default.
    Find {
        /// Which.
        tune: TuneId,
        /// Before all that waits.
        plays_next: bool,
    },
    /// A place is taken out.
    Remove(u32),
    /// A place to another place, from 0.
    Move {
        /// Which.
        key: u32,
        /// Where it is to stand.
        to: usize,
    },
    /// A place up (negative) or down.
    Step(u32, i32),
    /// Plays a place now; what stands before it stays.
    Play(u32),
    /// Nothing waits any more.
    Clear,
    /// Plays these, from the place `at` on: they are the list that next and previous walk.
    PlayList {
        /// What the list is called.
        name: String,
        /// In order.
        tunes: Arc<Vec<Tune>>,
        /// Which first.
        at: usize,
    },
    /// Tunes of the list in any order, or in its own.
    Shuffle(bool),
    /// When to stop.
    Sleep(crate::sleep::SleepWish),
    /// The tune that is counted down to starts now.
    SkipCountdown,
    /// It does not start.
    CancelCountdown,
    /// Takes up a tune that was left unfinished.
    Continue(TuneId),
    /// Takes it out of the list of those.
    Dismiss(TuneId),
    /// Seconds in which two tunes sound together.
    SetCrossfade(u8),
    /// Seconds before the next tune starts by itself.
    SetCountdown(u8),
}

/// Tunes that wait, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Queue {
    items: Arc<Vec<Queued>>,
    last_key: u32,
}

impl Queue {
    /// What waits, in order.
    #[must_use]
    pub fn items(&self) -> &Arc<Vec<Queued>> {
        &self.items
    }

    /// What waits, as a playlist keeps it.
    pub fn tunes(&self) -> impl Iterator<Item = TuneId> + '_ {
        self.items.iter().map(|item| item.tune.id())
    }

    /// What comes first.
    #[must_use]
    pub fn first(&self) -> Option<&Queued> {
        self.items.first()
    }

    /// Puts tunes at the place `at`, or at the end. Returns how many found room.
    pub fn insert(&mut self, at: usize, tunes: impl IntoIterator<Item = Tune>) -> usize {
        let items = Arc::make_mut(&mut self.items);
        let at = at.min(items.len());
        let room = MOST_QUEUED.saturating_sub(items.len());
        let mut new: Vec<Queued> = Vec::new();
        for tune in tunes.into_iter().take(room) {
            self.last_key = self.last_key.wrapping_add(1);
            let key = self.last_key;
            new.push(Queued { key, tune });
        }
        let count = new.len();
        items.splice(at..at, new);
        count
    }

    /// Takes a place out.
    pub fn remove(&mut self, key: u32) -> Option<Queued> {
        let at = self.place(key)?;
        Some(Arc::make_mut(&mut self.items).remove(at))
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.items = Arc::default();
    }

    /// Takes out what `keeps` does not want.
    pub fn retain(&mut self, keeps: impl Fn(&Tune) -> bool) {
        if self.items.iter().any(|item| !keeps(&item.tune)) {
            Arc::make_mut(&mut self.items).retain(|item| keeps(&item.tune));
        }
    }

    /// Moves a place to the place `to`, or to the end; where it stands then.
    pub fn move_to(&mut self, key: u32, to: usize) -> Option<usize> {
        let from = self.place(key)?;
        let to = to.min(self.items.len() - 1);
        if from != to {
            let items = Arc::make_mut(&mut self.items);
            let item = items.remove(from);
            items.insert(to, item);
        }
        Some(to)
    }

    /// Where a place stands, from 0.
    #[must_use]
    pub fn place(&self, key: u32) -> Option<usize> {
        self.items.iter().position(|item| item.key == key)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::course::tests::tune;

    #[derive(Debug, Clone)]
    enum Act {
        Insert(usize, u8),
        Remove(usize),
        Move(usize, usize),
        Clear,
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            6 => (0..12_usize, 0..4_u8).prop_map(|(at, count)| Act::Insert(at, count)),
            2 => (0..12_usize).prop_map(Act::Remove),
            6 => (0..12_usize, 0..12_usize).prop_map(|(from, to)| Act::Move(from, to)),
            1 => Just(Act::Clear),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_doubled(acts in prop::collection::vec(act(), 0..60)) {
            let mut queue = Queue::default();
            let mut expected: Vec<(u32, u16)> = Vec::new();
            let mut song = 0;
            for act in acts {
                let key_at = |at: usize| expected.get(at).map_or(9_999, |&(key, _)| key);
                match act {
                    Act::Insert(at, count) => {
                        let tunes: Vec<Tune> = (0..u16::from(count))
                            .map(|n| tune("a", song + n + 1))
                            .collect();
                        song += u16::from(count);
                        prop_assert_eq!(queue.insert(at, tunes.clone()), tunes.len());
                        let at = at.min(expected.len());
                        for (n, tune) in tunes.into_iter().enumerate() {
                            let key = queue.items()[at + n].key;
                            prop_assert!(expected.iter().all(|&(known, _)| known != key));
                            expected.insert(at + n, (key, tune.song));
                        }
                    }
                    Act::Remove(at) => {
                        let removed = queue.remove(key_at(at)).map(|item| item.tune.song);
                        let gone = (at < expected.len()).then(|| expected.remove(at).1);
                        prop_assert_eq!(removed, gone);
                    }
                    Act::Move(from, to) => {
                        let stands = queue.move_to(key_at(from), to);
                        if from < expected.len() {
                            let item = expected.remove(from);
                            let to = to.min(expected.len());
                            expected.insert(to, item);
                            prop_assert_eq!(stands, Some(to));
                        } else {
                            prop_assert_eq!(stands, None);
                        }
                    }
                    Act::Clear => {
                        queue.clear();
                        expected.clear();
                    }
                }
                let found: Vec<(u32, u16)> = queue
                    .items()
                    .iter()
                    .map(|item| (item.key, item.tune.song))
                    .collect();
                prop_assert_eq!(&found, &expected);
            }
        }
    }

    #[test]
    fn a_full_queue_takes_no_more() {
        let mut queue = Queue::default();
        let many = (0..1_200).map(|song| tune("a", song));
        assert_eq!(queue.insert(0, many), MOST_QUEUED);
        assert_eq!(queue.insert(0, [tune("b", 1)]), 0);
        assert_eq!(queue.tunes().count(), MOST_QUEUED);
    }
}
