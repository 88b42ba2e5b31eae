//! How often a password may be tried: by an address, and by all of them together.
//!
//! Who tries counts as having failed until the password turns out right, so that many tries at
//! once are no way around the delay. An address from which the operator has logged in lately only
//! answers for itself: others cannot lock it out by failing. Times are of a clock that nobody sets.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// Failures of an address that cost nothing.
const FREE: u32 = 3;
/// Longest delay of an address.
const MOST_DELAY: u64 = 60_000;
/// Failures of all together that cost nothing.
const FREE_OF_ALL: u32 = 20;
/// Longest delay of all together: a guess in five seconds finds no password, and an operator gets
/// through.
const MOST_DELAY_OF_ALL: u64 = 5_000;
/// Time after which a failure is forgiven.
const FORGIVE: u64 = 10 * 60_000;
/// Addresses that are remembered at once.
const MOST: usize = 4_096;

/// Who may try.
#[derive(Debug, Default)]
pub struct Lockout {
    addresses: HashMap<IpAddr, Strikes>,
    all: Strikes,
    /// Where the operator has logged in from.
    known: HashSet<IpAddr>,
}

/// Failures in a row.
#[derive(Debug, Default, Clone, Copy)]
struct Strikes {
    count: u32,
    last_millis: u64,
    open_millis: u64,
}

impl Strikes {
    /// What of them still counts.
    fn forgive(&mut self, now: u64) {
        let forgiven = now.saturating_sub(self.last_millis) / FORGIVE;
        if forgiven > 0 {
            let forgiven = u32::try_from(forgiven).unwrap_or(u32::MAX);
            self.count = self.count.saturating_sub(forgiven);
            self.last_millis = now;
        }
    }

    /// Milliseconds until somebody may try; 0 for now.
    fn wait(&self, now: u64) -> u64 {
        self.open_millis.saturating_sub(now)
    }

    fn strike(&mut self, now: u64, free: u32, most: u64) {
        self.count = self.count.saturating_add(1);
        self.last_millis = now;
        let beyond = self.count.saturating_sub(free);
        let delay = match beyond {
            0 => 0,
            _ => 1_000u64.saturating_mul(1 << (beyond - 1).min(20)).min(most),
        };
        self.open_millis = now + delay;
    }
}

impl Lockout {
    /// The operator has logged in from there.
    pub fn know(&mut self, address: IpAddr) {
        self.known.insert(network(address));
    }

    /// Somebody wants to try.
    ///
    /// # Errors
    /// Milliseconds until they may.
    pub fn attempt(&mut self, address: Option<IpAddr>, now: u64) -> Result<(), u64> {
        self.all.forgive(now);
        let address = address.map(network);
        let is_known = address.is_some_and(|address| self.known.contains(&address));
        let own = address.map(|address| self.of(address, now));
        let own_wait = own.map_or(0, |strikes| strikes.wait(now));
        let all_wait = self.all.wait(now);
        let wait = own_wait.max(if is_known { 0 } else { all_wait });
        if wait > 0 {
            return Err(wait);
        }
        if let Some(address) = address {
            let mut strikes = self.of(address, now);
            strikes.strike(now, FREE, MOST_DELAY);
            self.addresses.insert(address, strikes);
        }
        if !is_known {
            self.all.strike(now, FREE_OF_ALL, MOST_DELAY_OF_ALL);
        }
        Ok(())
    }

    /// The password was right: the address has a clean slate, and is known from now on.
    pub fn succeed(&mut self, address: Option<IpAddr>) {
        if let Some(address) = address.map(network) {
            self.addresses.remove(&address);
            if !self.known.insert(address) {
                return;
            }
        }
        self.all.count = self.all.count.saturating_sub(1);
        if self.all.count <= FREE_OF_ALL {
            self.all.open_millis = 0;
        }
    }

    /// Milliseconds until an address may try again.
    pub fn wait(&self, address: Option<IpAddr>, now: u64) -> u64 {
        let own = address.and_then(|address| self.addresses.get(&network(address)));
        own.map_or(0, |strikes| strikes.wait(now))
    }

    fn of(&mut self, address: IpAddr, now: u64) -> Strikes {
        if !self.addresses.contains_key(&address) && self.addresses.len() >= MOST {
            for strikes in self.addresses.values_mut() {
                strikes.forgive(now);
            }
            self.addresses.retain(|_, strikes| strikes.count > 0);
            if self.addresses.len() >= MOST {
                // Many addresses are held back together; what each did alone matters little then.
                self.addresses.clear();
            }
        }
        let mut strikes = self.addresses.get(&address).copied().unwrap_or_default();
        strikes.forgive(now);
        strikes
    }
}

/// An address, or the network of one of version 6, which one client may have all of.
fn network(address: IpAddr) -> IpAddr {
    crate::edge::network(address).unwrap_or_else(|| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn delays_grow_and_end_at_a_minute() {
        let mut lockout = Lockout::default();
        let own = address("192.0.2.1");
        let (mut now, mut waits) = (1_000, Vec::new());
        for _ in 0..12 {
            match lockout.attempt(own, now) {
                Ok(()) => {}
                Err(wait) => {
                    waits.push(wait);
                    now += wait;
                    lockout.attempt(own, now).unwrap();
                }
            }
        }
        assert_eq!(
            waits,
            [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]
        );
        // Nobody else has to wait for it.
        lockout.attempt(address("192.0.2.2"), now).unwrap();
    }

    #[test]
    fn tries_at_once_are_tries() {
        let mut lockout = Lockout::default();
        let tries = (0..100).filter(|_| lockout.attempt(address("::1"), 7).is_ok());
        assert_eq!(tries.count(), 4);
    }

    #[test]
    fn a_network_of_version_6_is_one_address() {
        let mut lockout = Lockout::default();
        let tried = |number: &u32| {
            let one = address(&format!("2001:db8::{number:x}"));
            lockout.attempt(one, 7).is_ok()
        };
        assert_eq!((0..100).filter(tried).count(), 4);
    }

    #[test]
    fn many_addresses_wait_together_and_the_operator_does_not() {
        let mut lockout = Lockout::default();
        let operator = address("203.0.113.9");
        lockout.attempt(operator, 0).unwrap();
        lockout.succeed(operator);
        let mut tried = 0;
        for number in 0..3_000u32 {
            let one = Some(std::net::Ipv4Addr::from_bits(number).into());
            tried += u32::from(lockout.attempt(one, 1_000).is_ok());
        }
        assert_eq!(tried, FREE_OF_ALL + 1);
        assert!(lockout.attempt(address("198.51.100.1"), 1_000).is_err());
        lockout.attempt(operator, 1_000).unwrap();
        // Somebody new gets in between, in seconds.
        lockout.attempt(address("198.51.100.1"), 6_000).unwrap();
    }

    #[test]
    fn failures_are_forgiven_and_a_right_password_wipes_them() {
        let mut lockout = Lockout::default();
        let own = address("192.0.2.1");
        for _ in 0..4 {
            lockout.attempt(own, 0).unwrap();
        }
        assert_eq!(lockout.attempt(own, 0), Err(1_000));
        assert_eq!(lockout.wait(own, 400), 600);
        lockout.attempt(own, 10 * FORGIVE).unwrap();
        lockout.attempt(own, 10 * FORGIVE).unwrap();
        lockout.succeed(own);
        for _ in 0..4 {
            lockout.attempt(own, 10 * FORGIVE).unwrap();
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut lockout = Lockout::default();
        for number in 0..3 * MOST as u32 {
            let one = Some(std::net::Ipv4Addr::from_bits(number).into());
            let _ = lockout.attempt(one, u64::from(number) * 10_000);
            assert!(lockout.addresses.len() <= MOST);
        }
    }
}
