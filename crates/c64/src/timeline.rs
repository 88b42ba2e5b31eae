//! The snapshots of a song, within a limit of memory.
//!
//! The first moment is kept as it is. Some moments are *keys*, told by what differs from the
//! first; all others are told by what differs from a key. So any moment is three steps away,
//! however long the song is. A new key begins as soon as telling the moments of the old one has
//! cost as much as a key does: a tune that unpacks itself gets one right behind that, a tune that
//! only moves its own variables seldom needs a second.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::snapshot::Snapshot;

/// What an entry of the map costs beside its bytes.
const ENTRY_BYTES: usize = 64;

/// A moment that others are told by, itself told by the first.
struct Key(Vec<u8>);

struct Moment {
    key: Rc<Key>,
    bytes: Box<[u8]>,
}

/// The key that new moments are told by.
struct Current {
    key: Rc<Key>,
    whole: Snapshot,
    /// What telling of memory has cost so far.
    spent: usize,
}

/// Moments of one song, in order.
///
/// No two neighbours lie further apart than [`spacing`](Self::spacing) where whoever runs the
/// machine takes one whenever [`due`](Self::due) says. When the limit is reached, every second
/// one goes and the spacing doubles.
pub struct Timeline {
    limit_bytes: usize,
    spacing: u64,
    first: Option<Snapshot>,
    current: Option<Current>,
    moments: BTreeMap<u64, Moment>,
    bytes: usize,
}

impl Timeline {
    /// An empty one that keeps to `limit_bytes`, with moments at most `spacing` frames apart as
    /// long as that is possible.
    pub fn new(limit_bytes: usize, spacing: u64) -> Self {
        Self {
            limit_bytes,
            spacing: spacing.max(8),
            first: None,
            current: None,
            moments: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// Frames between two neighbours, at most.
    pub fn spacing(&self) -> u64 {
        self.spacing
    }

    /// Bytes that the moments take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Count of moments.
    pub fn len(&self) -> usize {
        self.moments.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.moments.is_empty()
    }

    /// Frame from which on a machine that stands at `frame` should be remembered. An eighth of
    /// the spacing is left for it to come to a good place.
    pub fn due(&self, frame: u64) -> u64 {
        let Some(mut last) = self.frame_before(frame) else {
            return frame;
        };
        // What is remembered already need not be again.
        while let Some(later) = self.frame_before(last + self.spacing)
            && later > last
        {
            last = later;
        }
        last + self.spacing - self.spacing / 8
    }

    /// Frame of the last moment at or before `frame`.
    pub fn frame_before(&self, frame: u64) -> Option<u64> {
        self.moments
            .range(..=frame)
            .next_back()
            .map(|(&frame, _)| frame)
    }

    /// The last moment at or before `frame`.
    pub fn before(&self, frame: u64) -> Option<Snapshot> {
        let (_, moment) = self.moments.range(..=frame).next_back()?;
        let key = Snapshot::decode(&moment.key.0, self.first.as_ref()).ok()?;
        Snapshot::decode(&moment.bytes, Some(&key)).ok()
    }

    /// Remembers a moment.
    pub fn insert(&mut self, snapshot: &Snapshot) {
        if self.moments.contains_key(&snapshot.frames()) {
            return;
        }
        if self.first.is_none() {
            self.first = Some(snapshot.clone());
            self.bytes += snapshot.bytes();
        }
        let Some(first) = &self.first else { return };
        let cost = match &self.current {
            Some(current) => current.spent + snapshot.memory_cost(&current.whole),
            None => usize::MAX,
        };
        let whole = snapshot.encode(Some(first));
        if cost > whole.len() {
            self.bytes += whole.len();
            if let Some(old) = self.current.take()
                && Rc::strong_count(&old.key) == 1
            {
                self.bytes -= old.key.0.len();
            }
            let key = Rc::new(Key(whole));
            self.current = Some(Current {
                key,
                whole: snapshot.clone(),
                spent: 0,
            });
        } else if let Some(current) = &mut self.current {
            current.spent = cost;
        }
        let Some(current) = &self.current else { return };
        let bytes = snapshot.encode(Some(&current.whole)).into_boxed_slice();
        let key = Rc::clone(&current.key);
        self.bytes += bytes.len() + ENTRY_BYTES;
        self.moments
            .insert(snapshot.frames(), Moment { key, bytes });
        while self.bytes > self.limit_bytes && self.moments.len() > 2 {
            self.thin();
        }
    }

    /// Doubles the spacing, and drops what it makes needless.
    fn thin(&mut self) {
        self.spacing *= 2;
        let frames: Vec<u64> = self.moments.keys().copied().collect();
        let mut kept = frames.first().copied().unwrap_or_default();
        for pair in frames[1..].windows(2) {
            let [frame, next] = [pair[0], pair[1]];
            if next - kept > self.spacing {
                kept = frame;
                continue;
            }
            if let Some(moment) = self.moments.remove(&frame) {
                self.bytes -= moment.bytes.len() + ENTRY_BYTES;
                let is_current = self
                    .current
                    .as_ref()
                    .is_some_and(|current| Rc::ptr_eq(&current.key, &moment.key));
                if Rc::strong_count(&moment.key) == 1 && !is_current {
                    self.bytes -= moment.key.0.len();
                }
            }
        }
    }
}
