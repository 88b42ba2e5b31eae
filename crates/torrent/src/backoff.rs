//! Waiting longer after each failure, and by lot, so that not all come back at once.

use crate::lot::Lot;

/// Milliseconds after the first failure, and at most.
const BOUNDS: (u64, u64) = (1_000, 300_000);

/// How long to wait before the next try.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    failures: u32,
    until: Option<u64>,
}

impl Backoff {
    /// One try more has failed.
    pub fn fail(&mut self, now: u64, lot: &mut Lot) {
        let longest = (BOUNDS.0 << self.failures.min(10)).min(BOUNDS.1);
        self.failures += 1;
        self.until = Some(now + longest / 2 + lot.below(longest / 2 + 1));
    }

    /// A try has succeeded, or waiting has become useless.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether to try now.
    pub fn is_over(&self, now: u64) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    /// When to try again, while waiting.
    pub fn until(&self) -> Option<u64> {
        self.until
    }

    /// Milliseconds until the next try.
    pub fn millis_left(&self, now: u64) -> u32 {
        self.until
            .map_or(0, |until| until.saturating_sub(now) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_begin_anew_after_success() {
        let (mut backoff, mut lot) = (Backoff::default(), Lot::new(1));
        assert!(backoff.is_over(0));
        let mut wait = || {
            backoff.fail(1_000, &mut lot);
            u64::from(backoff.millis_left(1_000))
        };
        for expected in [1_000, 2_000, 4_000, 8_000] {
            let wait = wait();
            assert!((expected / 2..=expected).contains(&wait), "{wait}");
        }
        let last = (0..20).map(|_| wait()).last().unwrap();
        assert!((150_000..=300_000).contains(&last));
        assert!(!backoff.is_over(1_000) && backoff.is_over(301_000));
        backoff.reset();
        backoff.fail(0, &mut lot);
        assert!(backoff.millis_left(0) <= 1_000);
    }
}
