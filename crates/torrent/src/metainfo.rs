//! What a `.torrent` file says (BEP 3): names, lengths and piece hashes, and where to find peers.

use crate::InfoHash;

/// A torrent: its `info` dictionary and what was written around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metainfo {
    /// What the info hash covers.
    pub info: Info,
    /// The `info` dictionary as it was written: its SHA-1 is the info hash, and it is what metadata
    /// exchange (BEP 9) serves.
    pub info_bytes: Vec<u8>,
    /// SHA-1 of `info_bytes`.
    pub info_hash: InfoHash,
    /// Trackers, all tiers in one list, in order.
    pub trackers: Vec<String>,
    /// Web seeds (BEP 19), in order.
    pub web_seeds: Vec<String>,
}

/// The `info` dictionary of a torrent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// File or folder, made safe.
    pub name: String,
    /// Bytes of a piece; the last may be shorter.
    pub piece_length: u32,
    /// SHA-1 of each piece.
    pub pieces: Vec<[u8; 20]>,
    /// Files in the order in which they lie in the pieces.
    pub files: Vec<InfoFile>,
    /// One file without a folder around it: a web seed's address is then the file's.
    pub single_file: bool,
}

/// A file of a torrent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfoFile {
    /// `/`-separated below the torrent's name, made safe and unique; of a single file its name.
    pub path: String,
    /// The path's parts as the torrent wrote them, where making them safe changed them: a web
    /// seed's address is made from these.
    pub raw_path: Option<Vec<String>>,
    /// Bytes.
    pub length: u64,
    /// First byte's place in the torrent.
    pub offset: u64,
}

impl Info {
    /// Bytes of all files.
    pub fn total_length(&self) -> u64 {
        self.files
            .last()
            .map_or(0, |file| file.offset + file.length)
    }

    /// Bytes of a piece: of the last, what is left.
    pub fn length_of_piece(&self, piece: u32) -> u32 {
        let start = u64::from(piece) * u64::from(self.piece_length);
        let left = self.total_length().saturating_sub(start);
        left.min(u64::from(self.piece_length)) as u32
    }
}
