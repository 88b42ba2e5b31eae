//! How often an address may send: a token bucket each, told by when it is full again.

use std::collections::HashMap;
use std::net::IpAddr;

/// An address sends a beacon a second, so that a household, a school or a carrier's exit has room
/// for some dozens of listeners, who send one a minute.
const EVERY_MILLIS: u64 = 1_000;
/// Beacons at once: pages that are hidden in one moment.
const BURST: u64 = 60;
/// Addresses at once. What is known of one is forgotten when its bucket is full again.
const MOST: usize = 1 << 16;

/// Buckets by address. They are in memory only, and nothing tells whose they are.
#[derive(Debug, Default)]
pub struct Buckets {
    /// When each is full again.
    full_at: HashMap<IpAddr, u64>,
}

impl Buckets {
    /// Takes a token, where there is one.
    pub fn take(&mut self, address: IpAddr, now_millis: u64) -> bool {
        if !self.full_at.contains_key(&address) && self.full_at.len() >= MOST {
            self.full_at.retain(|_, full_at| *full_at > now_millis);
            if self.full_at.len() >= MOST {
                return false;
            }
        }
        let full_at = self.full_at.entry(address).or_default();
        let after = (*full_at).max(now_millis) + EVERY_MILLIS;
        let has_token = after <= now_millis + BURST * EVERY_MILLIS;
        if has_token {
            *full_at = after;
        }
        has_token
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
        let mut buckets = Buckets::default();
        let taken = |buckets: &mut Buckets, now| {
            (0..1_000).filter(|_| buckets.take(address(1), now)).count()
        };
        assert_eq!(taken(&mut buckets, 5_000), 60);
        assert_eq!(taken(&mut buckets, 5_999), 0);
        assert_eq!(taken(&mut buckets, 7_000), 2);
        assert!(buckets.take(address(2), 7_000));
        assert_eq!(taken(&mut buckets, 1_000_000), 60);
    }

    #[test]
    fn addresses_are_bounded_and_forgotten() {
        let mut buckets = Buckets::default();
        for number in 0..MOST as u32 {
            assert!(buckets.take(address(number), 0));
        }
        assert!(!buckets.take(address(u32::MAX), EVERY_MILLIS - 1));
        assert!(buckets.take(address(7), EVERY_MILLIS - 1));
        assert!(buckets.take(address(u32::MAX), EVERY_MILLIS));
        assert_eq!(buckets.full_at.len(), 2);
    }
}
