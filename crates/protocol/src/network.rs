//! Addresses of the Internet, one or a network of them, as operators write them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Addresses that begin with the same bits: `203.0.113.0/24`, `2001:db8::/32`, or one alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    /// The first of them.
    first: IpAddr,
    /// Bits that are the same.
    prefix: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no address either.
    #[error("expected an address or a network such as 203.0.113.0/24, found {0:?}")]
    Address(String),
    /// There are not so many bits.
    #[error("{0:?} has a number of bits that its addresses do not have")]
    Prefix(String),
}

/// Most letters of a text that is repeated in an error.
const MOST_TEXT: usize = 60;

impl Network {
    /// One address; what is of version 4 inside of version 6 counts as of version 4.
    #[must_use]
    pub fn one(address: IpAddr) -> Self {
        let first = address.to_canonical();
        Self {
            first,
            prefix: bits(first),
        }
    }

    /// Whether it is one address alone.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.prefix == bits(self.first)
    }

    /// Whether an address is of it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        bits(address) == bits(self.first) && masked(address, self.prefix) == self.first
    }
}

/// Bits of an address.
fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first bits of an address, and zeros.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let told = || text.chars().take(MOST_TEXT).collect();
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| Error::Address(told()))?;
        let Some(prefix) = prefix else {
            return Ok(Self::one(address));
        };
        let is_number = prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: Option<u8> = prefix.parse().ok().filter(|_| is_number);
        let prefix = prefix.filter(|prefix| *prefix <= bits(address));
        let prefix = prefix.ok_or_else(|| Error::Prefix(told()))?;
        let canonical = address.to_canonical();
        // A network of version 4 that is written in version 6 begins with 96 bits of that.
        if canonical.is_ipv4() && address.is_ipv6() && prefix >= 96 {
            return Ok(Self {
                first: masked(canonical, prefix - 96),
                prefix: prefix - 96,
            });
        }
        Ok(Self {
            first: masked(address, prefix),
            prefix,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_single() {
            self.first.fmt(to)
        } else {
            write!(to, "{}/{}", self.first, self.prefix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn networks_are_written_in_one_way() {
        let check = |text: &str, expected: &str| {
            let network: Network = text.parse().unwrap();
            assert_eq!(network.to_string(), expected, "{text}");
        };
        check("203.0.113.7", "203.0.113.7");
        check("203.0.113.7/32", "203.0.113.7");
        check("203.0.113.7/24", "203.0.113.0/24");
        check("0.0.0.0/0", "0.0.0.0/0");
        check("2001:DB8::1/32", "2001:db8::/32");
        check("::/0", "::/0");
        check("::ffff:203.0.113.7", "203.0.113.7");
        check("::ffff:203.0.113.7/120", "203.0.113.0/24");
    }

    #[test]
    fn what_is_none_is_told() {
        let check = |text: &str, expected: &str| {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("", "expected an address");
        check("localhost", "expected an address");
        check("1.2.3/8", "expected an address");
        check("1.2.3.4/33", "number of bits");
        check("1.2.3.4/+8", "number of bits");
        check("1.2.3.4/", "number of bits");
        check("::1/129", "number of bits");
        check("::1/-1", "number of bits");
    }

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        let check = |network: &str, address: &str, expected: bool| {
            let network: Network = network.parse().unwrap();
            let address = address.parse().unwrap();
            assert_eq!(network.contains(address), expected, "{network} {address}");
        };
        check("203.0.113.0/24", "203.0.113.255", true);
        check("203.0.113.0/24", "203.0.114.0", false);
        check("203.0.113.0/24", "::ffff:203.0.113.9", true);
        check("2001:db8::/33", "2001:db8:7fff::", true);
        check("2001:db8::/33", "2001:db8:8000::", false);
        check("0.0.0.0/0", "::1", false);
        check("::/0", "2001:db8::", true);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bits: u128, prefix in 0u8..=128, is_four: bool) {
            let (address, prefix): (IpAddr, u8) = if is_four {
                (Ipv4Addr::from_bits(bits as u32).into(), prefix % 33)
            } else {
                (Ipv6Addr::from_bits(bits).into(), prefix)
            };
            let network: Network = format!("{address}/{prefix}").parse().unwrap();
            prop_assert!(network.contains(address));
            let again: Network = network.to_string().parse().unwrap();
            prop_assert_eq!(network, again);
        }

        #[test]
        fn any_text_is_a_network_or_an_error(text in "[0-9a-f.:/]{0,30}|.{0,40}") {
            if let Ok(network) = text.parse::<Network>() {
                prop_assert_eq!(network.to_string().parse(), Ok(network));
            }
        }
    }
}
