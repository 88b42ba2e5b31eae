//! One file of the catalogue.

use serde::{Deserialize, Serialize};
use sidfile::{Clock, Format, Md5, SidChip};

/// Where a file came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Origin {
    /// Shipped with the product.
    BuiltIn,
    /// Dropped or picked by the listener.
    Imported,
    /// Published as part of a collection; its bytes come over the swarm.
    Collection,
}

/// A file of a torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Remote {
    /// Info hash of the torrent.
    pub info_hash: [u8; 20],
    /// Place in the torrent, from 0.
    pub file: u32,
}

/// One entry of STIL, flattened: empty text where the field is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Song that it speaks of, from 1; `None` for the whole file.
    pub song: Option<u16>,
    /// Name of the tune, where the file's own is wrong or missing.
    pub name: String,
    /// Author, where the file's own is wrong or missing.
    pub author: String,
    /// What is covered.
    pub title: String,
    /// Who wrote what is covered.
    pub artist: String,
    /// Anything else.
    pub comment: String,
}

/// What the catalogue knows of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Digest of the file.
    pub md5: Md5,
    /// Path inside its collection, `/`-separated, without a leading slash.
    pub path: String,
    /// Header text.
    pub title: String,
    /// Header text.
    pub author: String,
    /// Header text: year and publisher.
    pub released: String,
    /// Kind of file.
    pub format: Format,
    /// Header version, 1 to 4.
    pub version: u16,
    /// Video standard.
    pub clock: Clock,
    /// Sound chips, one to three.
    pub chips: Vec<SidChip>,
    /// Effective load address.
    pub load_address: u16,
    /// Effective init address.
    pub init_address: u16,
    /// Play address; 0 where the tune installs its own interrupt.
    pub play_address: u16,
    /// Bytes of the file.
    pub size: u32,
    /// Default song, from 1.
    pub start_song: u16,
    /// Length of each song in milliseconds, `None` where unknown. Never empty.
    pub lengths: Vec<Option<u32>>,
    /// A C64 BASIC program, which needs the listener's own ROMs.
    pub needs_basic: bool,
    /// Where it came from.
    pub origin: Origin,
    /// STIL entries, whole file first.
    pub notes: Vec<Note>,
    /// Where a swarm has it.
    pub remote: Option<Remote>,
}

impl Entry {
    /// Count of songs.
    #[must_use]
    pub fn songs(&self) -> u16 {
        u16::try_from(self.lengths.len()).unwrap_or(u16::MAX)
    }

    /// Length of `song` (from 1) in milliseconds, where known.
    #[must_use]
    pub fn length_millis(&self, song: u16) -> Option<u32> {
        let index = usize::from(song).checked_sub(1)?;
        self.lengths.get(index).copied().flatten()
    }
}
