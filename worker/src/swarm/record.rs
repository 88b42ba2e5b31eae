//! What is kept of a torrent between sessions, besides its pieces: a record of its state, and its
//! `info` dictionary in one of its own, as that may be megabytes and never changes.

use protocol::swarm::Kind;
use serde::{Deserialize, Serialize};
use sidfile::Md5;
use torrent::InfoHash;
use torrent::session::Priority;

/// Version that is written; the first byte of a record.
const VERSION: u8 = 1;
/// Name of the record of collections' torrents that the listener removed.
pub const DISMISSED: &str = "dismissed";

/// A torrent's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Place in the list.
    pub order: u32,
    /// Where it came from.
    pub kind: Kind,
    /// Name, where it was told before the `info` dictionary.
    pub name: Option<String>,
    /// Trackers.
    pub trackers: Vec<String>,
    /// Web seeds.
    pub web_seeds: Vec<String>,
    /// Web seeds that serve all files as one stream.
    pub flat_web_seeds: Vec<String>,
    /// Priority of files that `priorities` does not name.
    pub priority: Priority,
    /// Priorities of ranges of files.
    pub priorities: Vec<(u32, u32, Priority)>,
    /// It stands still.
    pub paused: bool,
    /// Bytes got and given.
    pub totals: (u64, u64),
    /// Of a shared folder: the digest of each file, whose bytes the library keeps.
    pub shared: Vec<Md5>,
    /// Files that the library was told of, as ranges.
    pub arrived: Vec<(u32, u32)>,
    /// When files were last played, in minutes since 1970.
    pub used: Vec<(u32, u32)>,
}

/// A record that this program does not understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Of another version.
    #[error("a torrent's record is of version {0}")]
    Version(u8),
    /// Cut short or damaged.
    #[error("a torrent's record is damaged")]
    Damaged,
}

impl Record {
    /// As it is kept.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(postcard::to_allocvec(self).expect("plain data has a postcard form"));
        bytes
    }

    /// Reads what [`Record::encode`] wrote.
    ///
    /// # Errors
    /// Another version, or damage.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        match bytes {
            [VERSION, rest @ ..] => postcard::from_bytes(rest).map_err(|_| Error::Damaged),
            [other, ..] => Err(Error::Version(*other)),
            [] => Err(Error::Damaged),
        }
    }
}

/// What a record's name says that it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// The state of a torrent.
    State(InfoHash),
    /// The `info` dictionary of a torrent.
    Info(InfoHash),
}

/// Name of the state's record.
#[must_use]
pub fn state_name(torrent: InfoHash) -> String {
    torrent.to_string()
}

/// Name of the record with the `info` dictionary.
#[must_use]
pub fn info_name(torrent: InfoHash) -> String {
    format!("{torrent}.info")
}

/// What a name means.
#[must_use]
pub fn parse_name(name: &str) -> Option<Name> {
    match name.strip_suffix(".info") {
        Some(hash) => hash.parse().ok().map(Name::Info),
        None => name.parse().ok().map(Name::State),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record() -> Record {
        Record {
            order: 3,
            kind: Kind::Shared,
            name: Some("Hülsbeck".into()),
            trackers: vec!["wss://a/announce".into()],
            web_seeds: Vec::new(),
            flat_web_seeds: vec!["/seed/x.flat".into()],
            priority: Priority::None,
            priorities: vec![(1, 4, Priority::High)],
            paused: true,
            totals: (5, 6),
            shared: vec![Md5::of(b"x")],
            arrived: vec![(0, 2)],
            used: vec![(1, 29_000_000)],
        }
    }

    #[test]
    fn a_record_comes_back() {
        assert_eq!(Record::decode(&record().encode()), Ok(record()));
        assert_eq!(Record::decode(&[9, 0]), Err(Error::Version(9)));
        assert_eq!(Record::decode(&[]), Err(Error::Damaged));
    }

    #[test]
    fn names_tell_what_they_are_of() {
        let hash = InfoHash([0xab; 20]);
        for name in [Name::State(hash), Name::Info(hash)] {
            let text = match name {
                Name::State(hash) => state_name(hash),
                Name::Info(hash) => info_name(hash),
            };
            assert_eq!(parse_name(&text), Some(name));
        }
        assert_eq!(parse_name(DISMISSED), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_record_or_none(bytes: Vec<u8>) {
            let _ = Record::decode(&bytes);
        }
    }
}
