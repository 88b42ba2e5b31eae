//! What relays that share swarms say to each other: one message in each of these, in postcard behind
//! a byte for the version. They come over a bus on which messages get lost, and are read like any
//! other foreign bytes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{InfoHash, OfferId, PeerId};

/// Version of the messages; others are not understood.
pub const BUS_VERSION: u8 = 1;
/// Most bytes of a message: one letter with the longest description that clients can send, or
/// several that are shorter.
pub const MOST_BUS_BYTES: usize = 96 << 10;

/// A relay, from its start to its end: drawn by lot, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RelayId(pub u64);

impl std::fmt::Display for RelayId {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{:016x}", self.0)
    }
}

/// A message and who sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<'a> {
    /// Who.
    pub from: RelayId,
    /// What.
    #[serde(borrow)]
    pub body: Body<'a>,
}

/// What a relay says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body<'a> {
    /// To all, every second: it lives, and has told so many changes.
    Pulse(u64),
    /// To all: its peers are others now. Changes are numbered, so that a loss is noticed.
    Changes {
        /// Number of this message, from 1.
        number: u64,
        /// What changed, in order.
        changes: Vec<Change>,
    },
    /// To one: please tell everything.
    Ask,
    /// To one that asked: all peers, in parts.
    Whole {
        /// Number of the last changes that are in it.
        number: u64,
        /// Which part, from 0.
        part: u32,
        /// Whether it is the last.
        is_last: bool,
        /// Peers.
        changes: Vec<Change>,
    },
    /// To one: for its clients.
    #[serde(borrow)]
    Mail(Vec<Letter<'a>>),
    /// To all: it stops.
    Bye,
}

/// What is to be known of a peer or of a torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A peer is there.
    Here(InfoHash, PeerId, Seat),
    /// A peer is no longer there.
    Gone(InfoHash, PeerId),
    /// How often a torrent was completed at this relay.
    Downloaded(InfoHash, u32),
}

/// A peer, as others need to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Whether it has everything.
    pub is_seeder: bool,
    /// Whether it was not heard of for so long that another connection may be it.
    pub is_silent: bool,
}

/// A peer's offer or answer to another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter<'a> {
    /// Torrent.
    pub info_hash: InfoHash,
    /// Whose it is.
    pub from: PeerId,
    /// Whom it is for.
    pub to: PeerId,
    /// Ties the answer to the offer.
    pub offer_id: OfferId,
    /// Whether it answers.
    pub is_answer: bool,
    /// The description as JSON.
    #[serde(borrow)]
    pub description: Cow<'a, str>,
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// Longer than any.
    #[error("a message between relays has at most {MOST_BUS_BYTES} bytes, this one {0}")]
    TooLong(usize),
    /// Of another relay's version.
    #[error("a message between relays is of version {0}, this relay knows {BUS_VERSION}")]
    Version(u8),
    /// Not a message.
    #[error("a message between relays cannot be read")]
    Malformed,
}

impl<'a> Envelope<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// It is none.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BusError> {
        if bytes.len() > MOST_BUS_BYTES {
            return Err(BusError::TooLong(bytes.len()));
        }
        let (version, rest) = bytes.split_first().ok_or(BusError::Malformed)?;
        if *version != BUS_VERSION {
            return Err(BusError::Version(*version));
        }
        match postcard::take_from_bytes(rest) {
            Ok((envelope, [])) => Ok(envelope),
            _ => Err(BusError::Malformed),
        }
    }

    /// The message as it is sent.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![BUS_VERSION]).expect("a vector takes any message")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change() -> impl Strategy<Value = Change> {
        let hash = any::<[u8; 20]>().prop_map(InfoHash);
        let peer = any::<[u8; 20]>().prop_map(PeerId);
        (hash, peer, any::<[bool; 2]>(), 0..3, any::<u32>()).prop_map(
            |(hash, peer, [is_seeder, is_silent], kind, count)| match kind {
                0 => Change::Here(
                    hash,
                    peer,
                    Seat {
                        is_seeder,
                        is_silent,
                    },
                ),
                1 => Change::Gone(hash, peer),
                _ => Change::Downloaded(hash, count),
            },
        )
    }

    proptest! {
        #[test]
        fn messages_survive(
            (from, number, part, is_last) in any::<(u64, u64, u32, bool)>(),
            changes in proptest::collection::vec(change(), 0..20),
            description in any::<String>(),
        ) {
            let letter = Letter {
                info_hash: InfoHash([1; 20]), from: PeerId([2; 20]), to: PeerId([3; 20]),
                offer_id: OfferId([4; 20]), is_answer: is_last, description: description.into(),
            };
            for body in [
                Body::Pulse(number),
                Body::Changes { number, changes: changes.clone() },
                Body::Ask,
                Body::Whole { number, part, is_last, changes },
                Body::Mail(vec![letter.clone(), letter]),
                Body::Bye,
            ] {
                let envelope = Envelope { from: RelayId(from), body };
                let bytes = envelope.encode();
                prop_assert_eq!(Envelope::decode(&bytes), Ok(envelope.clone()));
                let mut longer = bytes.clone();
                longer.push(0);
                prop_assert_eq!(Envelope::decode(&longer), Err(BusError::Malformed));
                let mut other = bytes;
                other[0] = 2;
                prop_assert_eq!(Envelope::decode(&other), Err(BusError::Version(2)));
            }
        }

        #[test]
        fn any_bytes_are_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Envelope::decode(&bytes);
            let _ = Envelope::decode(&[&[BUS_VERSION], &*bytes].concat());
        }
    }

    #[test]
    fn a_message_is_bounded() {
        let long = vec![BUS_VERSION; MOST_BUS_BYTES + 1];
        assert_eq!(Envelope::decode(&long), Err(BusError::TooLong(long.len())));
        assert_eq!(Envelope::decode(&[]), Err(BusError::Malformed));
    }
}
