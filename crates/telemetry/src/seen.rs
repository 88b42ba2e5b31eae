//! Numbers of beacons that came lately, so that one which comes twice is counted once.

use std::collections::{BTreeSet, VecDeque};

/// Ids are forgotten after this long.
const KEPT_MILLIS: u64 = 600_000;
/// Most ids at once: what 10,000 listeners send in that time, and some more. Older ones are
/// forgotten sooner then.
const MOST: usize = 1 << 17;

/// Ids of the last ten minutes.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    known: BTreeSet<u64>,
    order: VecDeque<(u64, u64)>,
}

impl Seen {
    /// Whether the id is new; it is known from now on, for ten minutes.
    pub fn is_new(&mut self, id: u64, now_millis: u64) -> bool {
        let over = |at| now_millis.saturating_sub(at) >= KEPT_MILLIS;
        while self.order.front().is_some_and(|(at, _)| over(*at)) {
            self.forget_oldest();
        }
        if !self.known.insert(id) {
            return false;
        }
        self.order.push_back((now_millis, id));
        if self.order.len() > MOST {
            self.forget_oldest();
        }
        true
    }

    fn forget_oldest(&mut self) {
        if let Some((_, id)) = self.order.pop_front() {
            self.known.remove(&id);
        }
    }

    /// Ids that are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// None is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_for_ten_minutes() {
        let mut seen = Seen::default();
        assert!(seen.is_new(1, 0));
        assert!(seen.is_new(2, 1));
        assert!(!seen.is_new(1, KEPT_MILLIS - 1));
        assert!(seen.is_new(1, KEPT_MILLIS));
        assert!(!seen.is_new(2, KEPT_MILLIS));
        assert!(seen.is_new(2, KEPT_MILLIS + 1));
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn ids_are_bounded() {
        let mut seen = Seen::default();
        for id in 0..MOST as u64 + 10 {
            assert!(seen.is_new(id, 0));
        }
        assert_eq!((seen.len(), seen.known.len()), (MOST, MOST));
        assert!(!seen.is_new(MOST as u64, 0));
        assert!(seen.is_new(0, 0));
    }
}
