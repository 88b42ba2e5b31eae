//! How often an address may do something: a token bucket each, told by when it is full again.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// Addresses at once. What is known of one is forgotten when its bucket is full again.
const MOST: usize = 1 << 16;
/// How long to wait before forgetting is tried again, which looks at all of them.
const TIDY_EVERY: u64 = 1_000_000;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Microseconds from one token to the next.
    every: u64,
    /// Microseconds that a full bucket is worth.
    full: u64,
}

impl Pace {
    /// So many a second, and so many at once.
    #[must_use]
    pub const fn new(a_second: u32, at_once: u32) -> Self {
        let a_second = if a_second == 0 { 1 } else { a_second };
        let every = 1_000_000 / a_second as u64;
        let every = if every == 0 { 1 } else { every };
        let at_once = if at_once == 0 { 1 } else { at_once };
        Self {
            every,
            full: every * at_once as u64,
        }
    }
}

/// Buckets by address. They are in memory only, and nothing tells whose they are.
#[derive(Debug)]
pub struct Buckets {
    pace: Pace,
    /// Microsecond at which each is full again.
    full_at: HashMap<IpAddr, u64>,
    /// Microsecond before which nothing is forgotten.
    tidy_at: u64,
}

impl Buckets {
    /// Full ones.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            full_at: HashMap::new(),
            tidy_at: 0,
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// There is none; how long until there is.
    pub fn take(&mut self, address: IpAddr, now_millis: u64) -> Result<(), Duration> {
        let now = now_millis.saturating_mul(1_000);
        if !self.full_at.contains_key(&address) && self.full_at.len() >= MOST {
            // Whoever has many addresses must not make every request a walk through all.
            if now >= self.tidy_at {
                self.tidy_at = now + TIDY_EVERY;
                self.full_at.retain(|_, full_at| *full_at > now);
            }
            if self.full_at.len() >= MOST {
                return Err(Duration::from_micros(TIDY_EVERY));
            }
        }
        let full_at = self.full_at.entry(address).or_default();
        let after = (*full_at).max(now) + self.pace.every;
        let bound = now + self.pace.full;
        if after > bound {
            return Err(Duration::from_micros(after - bound));
        }
        *full_at = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn a_burst_and_then_one_at_a_time() {
        let mut buckets = Buckets::new(Pace::new(1, 60));
        let taken = |buckets: &mut Buckets, now| {
            let takes = (0..1_000).map(|_| buckets.take(address(1), now));
            takes.filter(Result::is_ok).count()
        };
        assert_eq!(taken(&mut buckets, 5_000), 60);
        assert_eq!(taken(&mut buckets, 5_999), 0);
        let wait = buckets.take(address(1), 5_999);
        assert_eq!(wait, Err(Duration::from_millis(1)));
        assert_eq!(taken(&mut buckets, 7_000), 2);
        assert_eq!(buckets.take(address(2), 7_000), Ok(()));
        assert_eq!(taken(&mut buckets, 1_000_000), 60);
    }

    #[test]
    fn a_pace_may_be_fast() {
        let mut buckets = Buckets::new(Pace::new(200, 1));
        assert_eq!(buckets.take(address(1), 0), Ok(()));
        assert!(buckets.take(address(1), 4).is_err());
        assert_eq!(buckets.take(address(1), 5), Ok(()));
    }

    #[test]
    fn addresses_are_bounded_and_forgotten() {
        let mut buckets = Buckets::new(Pace::new(1, 60));
        for number in 0..MOST as u32 {
            assert_eq!(buckets.take(address(number), 0), Ok(()));
        }
        assert!(buckets.take(address(u32::MAX), 999).is_err());
        assert_eq!(buckets.take(address(7), 999), Ok(()));
        // Looked through a moment ago.
        assert!(buckets.take(address(u32::MAX), 1_500).is_err());
        assert_eq!(buckets.take(address(u32::MAX), 2_000), Ok(()));
        assert_eq!(buckets.full_at.len(), 1);
    }
}
