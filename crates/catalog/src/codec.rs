//! The catalogue as bytes: magic, version, digest, then what the version says.
//!
//! ```text
//! offset  bytes
//! 0       4   "SDRC"
//! 4       2   version, little endian
//! 6       16  MD5 of what follows
//! 22      -   version 3: columns (columnar.rs); 1 and 2: postcard of Vec<Entry>
//! ```

mod bytes;
mod columnar;

use serde::Deserialize;
use sidfile::{Clock, Format, Md5, SidChip};

use crate::columns::Columns;
use crate::{Entry, Note, Origin};

const MAGIC: [u8; 4] = *b"SDRC";
const HEADER: usize = 22;

/// Version written by [`encode`].
pub const FORMAT_VERSION: u16 = 3;
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

/// A catalogue that was read, its files not yet taken apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue(pub(crate) Columns);

impl Catalogue {
    /// A catalogue of `entries`.
    #[must_use]
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut columns = Columns::default();
        for entry in entries {
            columns.push(entry);
        }
        Self(columns)
    }

    /// Count of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no files.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Files in order.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        (0..self.len()).map(|at| self.0.entry(at))
    }

    /// Bytes of it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::from(MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 16]);
        columnar::write(&self.0, &mut bytes);
        let digest = Md5::of(&bytes[HEADER..]);
        bytes[HEADER - 16..HEADER].copy_from_slice(&digest.0);
        bytes
    }

    /// Reads bytes of any version.
    ///
    /// # Errors
    /// Anything that [`encode`](Self::encode) did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
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
        let of_entries = |entries: Result<Vec<Entry>, postcard::Error>| match entries {
            Ok(entries) => Ok(Self::new(&entries)),
            Err(error) => Err(DecodeError::Content(error.to_string())),
        };
        match version {
            1 => of_entries(
                postcard::from_bytes::<Vec<EntryV1>>(body)
                    .map(|entries| entries.into_iter().map(Entry::from).collect()),
            ),
            2 => of_entries(postcard::from_bytes(body)),
            _ => match columnar::read(body) {
                Ok(columns) => Ok(Self(columns)),
                Err(error) => Err(DecodeError::Content(error.to_string())),
            },
        }
    }
}

/// Bytes of `entries`.
#[must_use]
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    Catalogue::new(entries).encode()
}

/// Entries of `bytes`.
///
/// # Errors
/// Anything that [`encode`] did not write.
pub fn decode(bytes: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    Ok(Catalogue::decode(bytes)?.entries().collect())
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
    use sidfile::ChipModel;

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

    fn behind_header(version: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::from(MAGIC);
        bytes.extend_from_slice(&version.to_le_bytes());
        bytes.extend_from_slice(&Md5::of(body).0);
        bytes.extend_from_slice(body);
        bytes
    }

    #[test]
    fn content_that_is_no_list_is_named() {
        for version in OLDEST_VERSION..=FORMAT_VERSION {
            let bytes = behind_header(version, &[0xff; 4]);
            assert!(matches!(decode(&bytes), Err(DecodeError::Content(_))));
        }
        let bytes = behind_header(3, &[1, 0, 0, 0, 0, 0, 0]);
        let error = decode(&bytes).unwrap_err().to_string();
        assert!(error.ends_with("in the files' folders"), "{error}");
    }

    #[test]
    fn version_2_is_read() {
        let mut entries = vec![entry("a", "b", "1990 c")];
        let written =
            |entries: &[Entry]| behind_header(2, &postcard::to_allocvec(entries).unwrap());
        assert_eq!(decode(&written(&entries)), Ok(entries.clone()));
        // What no file has and today's version cannot hold.
        entries[0].version = 16;
        let read = decode(&written(&entries)).unwrap();
        assert_eq!(decode(&encode(&read)), Ok(read));
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_answered() {
        let mut entries = vec![entry("Title", "Author", "1987 X"), entry("b", "Author", "")];
        entries[1].path = "A/B/b_c.sid".into();
        entries[1].notes = vec![Note::default()];
        let bytes = encode(&entries);
        let body = &bytes[HEADER..];
        for cut in 0..body.len() {
            assert!(decode(&behind_header(3, &body[..cut])).is_err(), "{cut}");
        }
        for at in 0..body.len() {
            for bit in 0..8 {
                let mut body = body.to_vec();
                body[at] ^= 1 << bit;
                let _ = decode(&behind_header(3, &body));
            }
        }
    }

    fn any_entry() -> impl Strategy<Value = Entry> {
        let text = || prop_oneof!["[a-cé_ ]{0,4}", "\\PC{0,8}"];
        let note = (0u16..3, proptest::array::uniform5(text())).prop_map(|(song, texts)| {
            let [name, author, title, artist, comment] = texts;
            let song = (song > 0).then_some(song);
            Note {
                song,
                name,
                author,
                title,
                artist,
                comment,
            }
        });
        let path = proptest::collection::vec("[ab]{1,2}(\\.sid)?|é", 1..4)
            .prop_map(|parts| parts.join("/"));
        let chip = (any::<u16>(), 0usize..4).prop_map(|(address, model)| SidChip {
            address,
            model: [
                ChipModel::Unknown,
                ChipModel::Mos6581,
                ChipModel::Mos8580,
                ChipModel::Any,
            ][model],
        });
        let length = prop_oneof![
            Just(None),
            (0u32..4_000).prop_map(|seconds| Some(seconds * 1000)),
            (0u32..1 << 31).prop_map(Some),
        ];
        (
            (any::<[u8; 16]>(), path, text(), text(), text()),
            (0usize..3, 0usize..4, 0u16..8, any::<bool>(), 0usize..3),
            (any::<[u16; 3]>(), any::<u32>(), any::<u16>()),
            proptest::collection::vec(chip, 0..4),
            proptest::collection::vec(length, 0..4),
            proptest::collection::vec(note, 0..3),
            proptest::option::of((0u8..2, any::<u32>())),
        )
            .prop_map(|(texts, kinds, numbers, chips, lengths, notes, remote)| {
                let (md5, path, title, author, released) = texts;
                let (format, clock, version, needs_basic, origin) = kinds;
                let ([load_address, init_address, play_address], size, start_song) = numbers;
                Entry {
                    md5: Md5(md5),
                    path,
                    title,
                    author,
                    released,
                    format: [Format::Psid, Format::Rsid, Format::Mus][format],
                    version,
                    clock: [Clock::Unknown, Clock::Pal, Clock::Ntsc, Clock::Any][clock],
                    chips,
                    load_address,
                    init_address,
                    play_address,
                    size,
                    start_song,
                    lengths,
                    needs_basic,
                    origin: [Origin::BuiltIn, Origin::Imported, Origin::Collection][origin],
                    notes,
                    remote: remote.map(|(torrent, file)| Remote {
                        info_hash: [torrent; 20],
                        file,
                    }),
                }
            })
    }

    proptest! {
        #[test]
        fn any_entries_round_trip(entries in proptest::collection::vec(any_entry(), 0..12)) {
            prop_assert_eq!(decode(&encode(&entries)), Ok(entries));
        }

        #[test]
        fn any_body_is_answered(body in proptest::collection::vec(0u8..4, 0..60)) {
            let _ = decode(&behind_header(3, &body));
        }

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
