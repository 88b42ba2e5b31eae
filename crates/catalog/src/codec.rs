//! The catalogue as bytes: magic, version, digest, then postcard.
//!
//! ```text
//! offset  bytes
//! 0       4   "SDRC"
//! 4       2   version, little endian
//! 6       16  MD5 of what follows
//! 22      -   postcard of Vec<Entry>
//! ```

use serde::Deserialize;
use sidfile::{Clock, Format, Md5, SidChip};

use crate::{Entry, Note, Origin};

const MAGIC: [u8; 4] = *b"SDRC";
const HEADER: usize = 22;

/// Version written by [`encode`].
pub const FORMAT_VERSION: u16 = 2;
/// Oldest version that is read.
const OLDEST_VERSION: u16 = 1;

/// Why bytes are not a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Shorter than the header.
    #[error("a catalogue starts with {HEADER} bytes of header, found {0} bytes")]
    Short(usize),
    /// Another kind of file.
    #[error("a catalogue starts with \"SDRC\", found {0:02x?}")]
    Magic([u8; 4]),
    /// Written by a newer or older program.
    #[error("catalogue version {0} is not known, only {OLDEST_VERSION} to {FORMAT_VERSION}")]
    Version(u16),
    /// Damaged.
    #[error("the catalogue is damaged: its digest is {found}, written was {expected}")]
    Digest {
        /// As stored.
        expected: Md5,
        /// As computed.
        found: Md5,
    },
    /// The digest is right but the content is not a list of entries.
    #[error("the catalogue's content: {0}")]
    Content(String),
}

/// Bytes of `entries`.
#[must_use]
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let body = postcard::to_allocvec(entries).expect("plain data always serialises to a vector");
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&Md5::of(&body).0);
    bytes.extend_from_slice(&body);
    bytes
}

/// Entries of `bytes`.
///
/// # Errors
/// Anything that [`encode`] did not write.
pub fn decode(bytes: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    let Some((header, body)) = bytes.split_at_checked(HEADER) else {
        return Err(DecodeError::Short(bytes.len()));
    };
    let magic = [header[0], header[1], header[2], header[3]];
    if magic != MAGIC {
        return Err(DecodeError::Magic(magic));
    }
    let version = u16::from_le_bytes([header[4], header[5]]);
    if !(OLDEST_VERSION..=FORMAT_VERSION).contains(&version) {
        return Err(DecodeError::Version(version));
    }
    let mut expected = Md5([0; 16]);
    expected.0.copy_from_slice(&header[6..]);
    let found = Md5::of(body);
    if expected != found {
        return Err(DecodeError::Digest { expected, found });
    }
    let entries = match version {
        1 => postcard::from_bytes::<Vec<EntryV1>>(body)
            .map(|entries| entries.into_iter().map(Entry::from).collect()),
        _ => postcard::from_bytes(body),
    };
    entries.map_err(|error| DecodeError::Content(error.to_string()))
}

/// An entry of version 1, which knew of no swarm.
#[derive(Deserialize)]
struct EntryV1 {
    md5: Md5,
    path: String,
    title: String,
    author: String,
    released: String,
    format: Format,
    version: u16,
    clock: Clock,
    chips: Vec<SidChip>,
    load_address: u16,
    init_address: u16,
    play_address: u16,
    size: u32,
    start_song: u16,
    lengths: Vec<Option<u32>>,
    needs_basic: bool,
    origin: Origin,
    notes: Vec<Note>,
}

impl From<EntryV1> for Entry {
    fn from(old: EntryV1) -> Self {
        Self {
            md5: old.md5,
            path: old.path,
            title: old.title,
            author: old.author,
            released: old.released,
            format: old.format,
            version: old.version,
            clock: old.clock,
            chips: old.chips,
            load_address: old.load_address,
            init_address: old.init_address,
            play_address: old.play_address,
            size: old.size,
            start_song: old.start_song,
            lengths: old.lengths,
            needs_basic: old.needs_basic,
            origin: old.origin,
            notes: old.notes,
            remote: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Remote;
    use crate::index::tests::entry;
    use proptest::prelude::*;

    #[test]
    fn round_trip() {
        let mut entries = vec![
            entry("Commando", "Rob Hubbard", "1985 Elite"),
            entry("é", "", ""),
        ];
        entries[0].origin = Origin::Collection;
        entries[0].remote = Some(Remote {
            info_hash: [7; 20],
            file: 53_668,
        });
        assert_eq!(decode(&encode(&entries)), Ok(entries));
    }

    #[test]
    fn version_1_is_read() {
        // The committed file of that version.
        let bytes = include_bytes!("../../../fuzz/corpus/catalog/one-tune");
        let entries = decode(bytes).unwrap();
        assert_eq!(bytes[4], 1);
        assert_eq!(
            (&*entries[0].path, &*entries[0].title),
            ("A/B.sid", "Title")
        );
        assert_eq!(
            (entries[0].origin, entries[0].remote),
            (Origin::Imported, None)
        );
        assert_eq!(decode(&encode(&entries)), Ok(entries));
    }

    #[test]
    fn damage_is_named() {
        let mut bytes = encode(&[entry("a", "b", "c")]);
        assert_eq!(decode(&bytes[..10]), Err(DecodeError::Short(10)));
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert!(matches!(decode(&bytes), Err(DecodeError::Digest { .. })));
        bytes[4] = 9;
        assert_eq!(decode(&bytes), Err(DecodeError::Version(9)));
        bytes[0] = 0;
        assert!(matches!(decode(&bytes), Err(DecodeError::Magic(_))));
    }

    #[test]
    fn content_that_is_no_list_is_named() {
        let body = [0xff; 4];
        let mut bytes = Vec::from(MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&Md5::of(&body).0);
        bytes.extend_from_slice(&body);
        assert!(matches!(decode(&bytes), Err(DecodeError::Content(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
