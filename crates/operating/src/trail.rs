//! The audit trail as far as it was told, the newest first, without gaps.

use protocol::admin::{Audit, AuditEntry};

/// What is known of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    /// The newest first, each number one less than that before it.
    pub entries: Vec<AuditEntry>,
    /// All entries that there are.
    pub count: u64,
    /// The first entry that does not fit the one before it.
    pub broken_at: Option<i64>,
}

impl Trail {
    /// Takes in the newest entries.
    pub(crate) fn take_newest(&mut self, told: Audit) {
        (self.count, self.broken_at) = (told.count, told.broken_at);
        let oldest_told = told.entries.last().map_or(0, |entry| entry.number);
        let old = std::mem::replace(&mut self.entries, told.entries);
        // What lies further back is kept where it goes on without a gap; else it is asked for anew.
        let goes_on = old
            .iter()
            .any(|entry| entry.number + 1 >= oldest_told && entry.number < oldest_told);
        if goes_on {
            let older = old.into_iter().filter(|entry| entry.number < oldest_told);
            self.entries.extend(older);
        }
    }

    /// Takes in what lies before the oldest.
    pub(crate) fn take_older(&mut self, told: Audit) {
        (self.count, self.broken_at) = (told.count, told.broken_at);
        let oldest = self.oldest().unwrap_or(i64::MAX);
        let older = told
            .entries
            .into_iter()
            .filter(|entry| entry.number < oldest);
        self.entries.extend(older);
    }

    /// Number of the oldest entry that is known.
    #[must_use]
    pub fn oldest(&self) -> Option<i64> {
        self.entries.last().map(|entry| entry.number)
    }

    /// There are entries before the oldest.
    #[must_use]
    pub fn has_older(&self) -> bool {
        self.oldest().is_some_and(|oldest| oldest > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(numbers: std::ops::RangeInclusive<i64>) -> Audit {
        Audit {
            count: u64::try_from(*numbers.end()).unwrap(),
            entries: numbers
                .rev()
                .map(|number| AuditEntry {
                    number,
                    at_millis: 0,
                    who: "operator".into(),
                    address: None,
                    action: "session.begin".into(),
                    subject: String::new(),
                    outcome: "done".into(),
                    hash: String::new(),
                })
                .collect(),
            broken_at: None,
        }
    }

    fn numbers(trail: &Trail) -> Vec<i64> {
        trail.entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn new_entries_join_the_old_ones() {
        let mut trail = Trail::default();
        trail.take_newest(told(4..=6));
        assert!(trail.has_older());
        trail.take_older(told(1..=3));
        assert_eq!(numbers(&trail), [6, 5, 4, 3, 2, 1]);
        assert!(!trail.has_older());
        trail.take_newest(told(6..=8));
        assert_eq!(numbers(&trail), [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(trail.count, 8);
        trail.take_newest(told(9..=11));
        assert_eq!(numbers(&trail), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    }

    #[test]
    fn what_lies_behind_a_gap_is_forgotten() {
        let mut trail = Trail::default();
        trail.take_newest(told(1..=3));
        trail.take_newest(told(8..=9));
        assert_eq!(numbers(&trail), [9, 8]);
        assert!(trail.has_older());
    }
}
