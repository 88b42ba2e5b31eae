//! Names of torrents, peers, offers and connections.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// Twenty bytes, shown as 40 hexadecimal digits.
macro_rules! twenty_bytes {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 20]);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = NotHex;

            fn from_str(text: &str) -> Result<Self, NotHex> {
                let digits = text.as_bytes();
                if digits.len() != 40 {
                    return Err(NotHex);
                }
                let mut bytes = [0; 20];
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    let high = char::from(pair[0]).to_digit(16).ok_or(NotHex)?;
                    let low = char::from(pair[1]).to_digit(16).ok_or(NotHex)?;
                    *byte = (high << 4 | low) as u8;
                }
                Ok(Self(bytes))
            }
        }
    };
}

twenty_bytes! {
    /// SHA-1 of a torrent's `info` dictionary, as it was written.
    InfoHash
}
twenty_bytes! {
    /// What a peer calls itself.
    PeerId
}
twenty_bytes! {
    /// What ties an answer to its offer on a tracker.
    OfferId
}

/// Not 40 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 40 hexadecimal digits")]
pub struct NotHex;

/// A connection to a peer, real or to be: named by the session, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnectionId(pub u32);

/// A request to a web seed or for a `.torrent`: named by the session, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FetchId(pub u32);
