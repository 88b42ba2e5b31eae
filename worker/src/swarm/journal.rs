//! The index of the packs: a journal of what lies where, read back when a store is opened.
//!
//! Version 1, little-endian: a head of 16 bytes (`SDRPACK1`, generation, CRC-32 of both), then
//! records of 40 bytes (kind, size class, two zeros, slot, info hash, piece, length, CRC-32 of the
//! rest). What follows the first damaged record is not read: it was being written when the page
//! went away, and pieces count as there only once their record is.

use torrent::InfoHash;

const MAGIC: &[u8; 8] = b"SDRPACK1";
/// Bytes of the head.
pub const HEAD: usize = 16;
/// Bytes of a record.
pub const RECORD: usize = 40;

/// Where a piece lies, or no longer lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Whether the piece is there from now on.
    pub is_there: bool,
    /// Binary logarithm of the slot's bytes: which pack.
    pub class: u8,
    /// Number of the slot in its pack.
    pub slot: u32,
    /// Torrent.
    pub torrent: InfoHash,
    /// Place in the torrent.
    pub piece: u32,
    /// Bytes of the piece.
    pub length: u32,
}

impl Record {
    /// As it is written.
    #[must_use]
    pub fn encode(&self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes[0] = if self.is_there { 1 } else { 2 };
        bytes[1] = self.class;
        bytes[4..8].copy_from_slice(&self.slot.to_le_bytes());
        bytes[8..28].copy_from_slice(&self.torrent.0);
        bytes[28..32].copy_from_slice(&self.piece.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.length.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..36]);
        bytes[36..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        if word(bytes, 36)? != crc32fast::hash(&bytes[..36]) {
            return None;
        }
        let record = Self {
            is_there: match bytes[0] {
                1 => true,
                2 => false,
                _ => return None,
            },
            class: bytes[1],
            slot: word(bytes, 4)?,
            torrent: InfoHash(bytes[8..28].try_into().ok()?),
            piece: word(bytes, 28)?,
            length: word(bytes, 32)?,
        };
        let fits = record.class < 32 && u64::from(record.length) <= 1 << record.class;
        fits.then_some(record)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_le_bytes(bytes))
}

/// The head of a journal.
#[must_use]
pub fn head(generation: u32) -> [u8; HEAD] {
    let mut bytes = [0; HEAD];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&generation.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..12]);
    bytes[12..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Reads a journal: its generation, and its records up to the first damaged one. `None` where it
/// has no sound head.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<(u32, Vec<Record>)> {
    let head = bytes.get(..HEAD)?;
    if &head[..8] != MAGIC || word(head, 12)? != crc32fast::hash(&head[..12]) {
        return None;
    }
    let records = bytes[HEAD..].chunks_exact(RECORD).map_while(Record::decode);
    Some((word(head, 8)?, records.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(piece: u32) -> Record {
        Record {
            is_there: piece.is_multiple_of(2),
            class: 14,
            slot: piece + 7,
            torrent: InfoHash([9; 20]),
            piece,
            length: 16_000,
        }
    }

    fn journal(count: u32) -> Vec<u8> {
        let records = (0..count).flat_map(|piece| record(piece).encode());
        head(3).into_iter().chain(records).collect()
    }

    #[test]
    fn what_was_written_is_read() {
        let expected = (3, (0..5).map(record).collect());
        assert_eq!(read(&journal(5)), Some(expected));
    }

    #[test]
    fn a_journal_is_read_up_to_the_damage() {
        let mut bytes = journal(5);
        bytes[HEAD + 2 * RECORD + 9] ^= 1;
        assert_eq!(read(&bytes).map(|(_, records)| records.len()), Some(2));
        bytes[3] ^= 1;
        assert_eq!(read(&bytes), None);
    }

    proptest! {
        #[test]
        fn any_cut_leaves_whole_records(count in 0_u32..6, cut in 0_usize..260) {
            let bytes = journal(count);
            let cut = cut.min(bytes.len());
            match read(&bytes[..cut]) {
                None => prop_assert!(cut < HEAD),
                Some((_, records)) => prop_assert_eq!(records.len(), (cut - HEAD) / RECORD),
            }
        }

        #[test]
        fn any_bytes_are_a_journal_or_none(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
