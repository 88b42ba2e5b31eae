//! `/collections.json`, version 1: what a relay has published. Addresses are relative to the
//! listing's own.

use serde::{Deserialize, Serialize};

/// The version that is written; a reader refuses others.
pub const LISTING_VERSION: u32 = 1;

/// All collections of a relay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// [`LISTING_VERSION`].
    pub version: u32,
    /// In order of name.
    pub collections: Vec<Collection>,
}

/// A collection: a base and its updates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Name for people.
    pub name: String,
    /// Files in the newest state.
    pub files: u32,
    /// Songs of all tunes in the newest state.
    pub tunes: u32,
    /// Bytes of the files in the newest state.
    pub bytes: u64,
    /// The catalogue of the newest state.
    pub catalogue: Catalogue,
    /// The base, then its updates, oldest first.
    pub torrents: Vec<Part>,
}

/// Where a catalogue is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Address.
    pub url: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Bytes of the file.
    pub bytes: u64,
}

/// A torrent of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Info hash, hexadecimal.
    pub info_hash: String,
    /// Address of the `.torrent` file, which names tracker and web seeds.
    pub torrent: String,
    /// Address of all its files as one stream of bytes, in order: a web seed for which a piece is
    /// one range.
    pub flat: String,
    /// Files.
    pub files: u32,
    /// Bytes.
    pub bytes: u64,
}
