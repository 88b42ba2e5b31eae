//! Extension messages: the extended handshake (BEP 10), exchange of metadata (BEP 9), and taking
//! back a piece that was said to be there (BEP 54).

use crate::bencode::Value;

/// Our number for `ut_metadata`.
pub const UT_METADATA: u8 = 1;
/// Our number for `lt_donthave`.
pub const DONT_HAVE: u8 = 2;
/// Bytes of a part of the metadata; the last may be shorter.
pub const METADATA_PART: u32 = 16 * 1024;
/// Bytes of metadata at most. A torrent of 60,000 files has about 5 MiB.
pub const MAX_METADATA: u32 = 16 * 1024 * 1024;
/// Requests that may wait for an answer here, which the handshake tells.
pub const MAX_REQUESTS: u32 = 2_000;
/// Letters of a client's name that are kept.
const MAX_CLIENT: usize = 64;

/// What a peer tells in the extended handshake; what it does not tell, or tells wrongly, is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hello {
    /// Its number for `ut_metadata`.
    pub ut_metadata: Option<u8>,
    /// Its number for `lt_donthave`.
    pub dont_have: Option<u8>,
    /// Bytes of its metadata, if it has it.
    pub metadata_size: Option<u32>,
    /// Requests that it lets wait.
    pub requests: Option<u32>,
    /// Name and version of the client.
    pub client: Option<String>,
}

impl Hello {
    /// As it is sent.
    pub fn encode(&self) -> Vec<u8> {
        let mut numbers: Vec<(&[u8], Value)> = Vec::new();
        let named = [
            ("lt_donthave", self.dont_have),
            ("ut_metadata", self.ut_metadata),
        ];
        for (name, number) in named {
            if let Some(number) = number {
                numbers.push((name.as_bytes(), Value::Integer(number.into())));
            }
        }
        let mut all: Vec<(&[u8], Value)> = vec![(b"m", Value::Dictionary(numbers))];
        if let Some(size) = self.metadata_size {
            all.push((b"metadata_size", Value::Integer(size.into())));
        }
        if let Some(requests) = self.requests {
            all.push((b"reqq", Value::Integer(requests.into())));
        }
        if let Some(client) = &self.client {
            all.push((b"v", Value::Bytes(client.as_bytes())));
        }
        Value::Dictionary(all).encode()
    }

    /// From the bytes of extension message 0; `None` where they are no dictionary.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (all, _) = Value::parse_prefix(bytes).ok()?;
        let Value::Dictionary(_) = all else {
            return None;
        };
        let integer = |value: Option<&Value>| value.and_then(Value::integer);
        let number = |name| {
            let number = integer(all.get("m").and_then(|numbers| numbers.get(name)))?;
            u8::try_from(number).ok().filter(|number| *number != 0)
        };
        let positive = |name| {
            let number = integer(all.get(name))?;
            u32::try_from(number).ok().filter(|number| *number != 0)
        };
        let client = all.get("v").and_then(Value::bytes).map(|bytes| {
            let text = String::from_utf8_lossy(bytes);
            let shown = text.chars().filter(|letter| !letter.is_control());
            shown.take(MAX_CLIENT).collect::<String>()
        });
        Some(Self {
            ut_metadata: number("ut_metadata"),
            dont_have: number("lt_donthave"),
            metadata_size: positive("metadata_size"),
            requests: positive("reqq"),
            client: client.filter(|client| !client.trim().is_empty()),
        })
    }
}

/// A message of `ut_metadata`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataMessage<'a> {
    /// Asks for a part.
    Request(u32),
    /// A part.
    Data {
        /// Which.
        part: u32,
        /// Bytes of all parts.
        size: u32,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// A part that will not come.
    Reject(u32),
}

impl<'a> MetadataMessage<'a> {
    /// As it is sent.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, part, size, bytes) = match *self {
            Self::Request(part) => (0, part, None, &[][..]),
            Self::Data { part, size, bytes } => (1, part, Some(size), bytes),
            Self::Reject(part) => (2, part, None, &[][..]),
        };
        let mut all: Vec<(&[u8], Value)> = vec![
            (b"msg_type", Value::Integer(kind)),
            (b"piece", Value::Integer(part.into())),
        ];
        if let Some(size) = size {
            all.push((b"total_size", Value::Integer(size.into())));
        }
        let mut out = Value::Dictionary(all).encode();
        out.extend_from_slice(bytes);
        out
    }

    /// From the bytes of an extension message; `None` where they are none of these.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (all, rest) = Value::parse_prefix(bytes).ok()?;
        let number = |name| {
            let number = all.get(name).and_then(Value::integer)?;
            u32::try_from(number).ok()
        };
        let part = number("piece")?;
        match number("msg_type")? {
            0 => Some(Self::Request(part)),
            1 => Some(Self::Data {
                part,
                size: number("total_size").unwrap_or(0),
                bytes: rest,
            }),
            2 => Some(Self::Reject(part)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_handshake_survives_being_sent(
            ut_metadata in prop::option::of(1..=u8::MAX),
            dont_have in prop::option::of(1..=u8::MAX),
            metadata_size in prop::option::of(1..=u32::MAX),
            requests in prop::option::of(1..=u32::MAX),
            client in prop::option::of("[a-zA-Z0-9./]{1,64}"),
        ) {
            let sent = Hello { ut_metadata, dont_have, metadata_size, requests, client };
            prop_assert_eq!(Hello::parse(&sent.encode()), Some(sent));
        }

        #[test]
        fn metadata_messages_survive_being_sent(
            part in any::<u32>(), size in any::<u32>(),
            bytes in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let data = MetadataMessage::Data { part, size, bytes: &bytes };
            for sent in [MetadataMessage::Request(part), data, MetadataMessage::Reject(part)] {
                let bytes = sent.encode();
                prop_assert_eq!(MetadataMessage::parse(&bytes), Some(sent));
            }
        }

        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Hello::parse(&bytes);
            let _ = MetadataMessage::parse(&bytes);
        }
    }

    #[test]
    fn what_others_send_is_understood() {
        let hello =
            b"d1:md11:ut_metadatai3e6:ut_pexi0ee13:metadata_sizei-5e4:reqqi250e1:v3:a\x07be";
        let expected = Hello {
            ut_metadata: Some(3),
            requests: Some(250),
            client: Some("ab".into()),
            ..Hello::default()
        };
        assert_eq!(Hello::parse(hello), Some(expected));
        assert_eq!(Hello::parse(b"le"), None);
        // The data's header ends where the first `ee` is, which webtorrent relies on.
        let data = MetadataMessage::Data {
            part: 0,
            size: 5,
            bytes: b"hello",
        };
        assert_eq!(
            data.encode(),
            b"d8:msg_typei1e5:piecei0e10:total_sizei5eehello"
        );
    }
}
