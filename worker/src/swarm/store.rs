//! Where pieces and the list of torrents are kept.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use protocol::swarm::Kept;
use torrent::InfoHash;

use crate::StoreError;

/// Verified pieces by torrent and place, and a few named records about them. Each call happens as
/// a whole or not at all.
#[expect(
    async_fn_in_trait,
    reason = "workers have one thread, nothing needs to be Send"
)]
pub trait Store {
    /// Where it keeps them.
    fn kept(&self) -> Kept;
    /// Keeps a piece; one that is there already is replaced.
    async fn put(&self, torrent: InfoHash, piece: u32, bytes: &[u8]) -> Result<(), StoreError>;
    /// A piece, as it was put; its hash is the caller's to check.
    async fn get(&self, torrent: InfoHash, piece: u32) -> Result<Option<Vec<u8>>, StoreError>;
    /// Forgets pieces.
    async fn remove(&self, torrent: InfoHash, pieces: Range<u32>) -> Result<(), StoreError>;
    /// Pieces of a torrent that are there, as ascending ranges `start..end`.
    fn held(&self, torrent: InfoHash) -> Vec<(u32, u32)>;
    /// Bytes that all pieces take.
    fn used(&self) -> u64;
    /// Has the disk take what was written.
    fn flush(&self);
    /// Keeps a record.
    async fn put_record(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// Forgets a record.
    async fn remove_record(&self, name: &str) -> Result<(), StoreError>;
    /// All records, by name.
    async fn records(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError>;
}

impl<S: Store> Store for std::rc::Rc<S> {
    fn kept(&self) -> Kept {
        (**self).kept()
    }

    async fn put(&self, torrent: InfoHash, piece: u32, bytes: &[u8]) -> Result<(), StoreError> {
        (**self).put(torrent, piece, bytes).await
    }

    async fn get(&self, torrent: InfoHash, piece: u32) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(torrent, piece).await
    }

    async fn remove(&self, torrent: InfoHash, pieces: Range<u32>) -> Result<(), StoreError> {
        (**self).remove(torrent, pieces).await
    }

    fn held(&self, torrent: InfoHash) -> Vec<(u32, u32)> {
        (**self).held(torrent)
    }

    fn used(&self) -> u64 {
        (**self).used()
    }

    fn flush(&self) {
        (**self).flush();
    }

    async fn put_record(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        (**self).put_record(name, bytes).await
    }

    async fn remove_record(&self, name: &str) -> Result<(), StoreError> {
        (**self).remove_record(name).await
    }

    async fn records(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        (**self).records().await
    }
}

/// Ascending numbers as ranges.
pub fn ranges(numbers: impl IntoIterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match found.last_mut() {
            Some((_, end)) if *end == number => *end += 1,
            _ => found.push((number, number + 1)),
        }
    }
    found
}

/// Pieces and records that are gone with the worker: for tests, and for browsers that keep
/// nothing.
#[derive(Debug, Default)]
pub struct MemoryStore {
    pieces: RefCell<BTreeMap<(InfoHash, u32), Vec<u8>>>,
    records: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Bytes that fit; `None` for no limit.
    limit: Option<u64>,
}

impl MemoryStore {
    /// A store that is full when it holds `limit` bytes of pieces.
    #[must_use]
    pub fn with_limit(limit: u64) -> Self {
        Self {
            limit: Some(limit),
            ..Self::default()
        }
    }
}

impl Store for MemoryStore {
    fn kept(&self) -> Kept {
        Kept::Memory
    }

    async fn put(&self, torrent: InfoHash, piece: u32, bytes: &[u8]) -> Result<(), StoreError> {
        let room = self.limit.unwrap_or(u64::MAX);
        if self.used() + bytes.len() as u64 > room {
            return Err(StoreError::Full);
        }
        self.pieces
            .borrow_mut()
            .insert((torrent, piece), bytes.to_vec());
        Ok(())
    }

    async fn get(&self, torrent: InfoHash, piece: u32) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.pieces.borrow().get(&(torrent, piece)).cloned())
    }

    async fn remove(&self, torrent: InfoHash, pieces: Range<u32>) -> Result<(), StoreError> {
        self.pieces
            .borrow_mut()
            .retain(|(of, piece), _| *of != torrent || !pieces.contains(piece));
        Ok(())
    }

    fn held(&self, torrent: InfoHash) -> Vec<(u32, u32)> {
        let pieces = self.pieces.borrow();
        let held = pieces.range((torrent, 0)..=(torrent, u32::MAX));
        ranges(held.map(|((_, piece), _)| *piece))
    }

    fn used(&self) -> u64 {
        let pieces = self.pieces.borrow();
        pieces.values().map(|bytes| bytes.len() as u64).sum()
    }

    fn flush(&self) {}

    async fn put_record(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.records
            .borrow_mut()
            .insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    async fn remove_record(&self, name: &str) -> Result<(), StoreError> {
        self.records.borrow_mut().remove(name);
        Ok(())
    }

    async fn records(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let records = self.records.borrow();
        Ok(records
            .iter()
            .map(|(name, bytes)| (name.clone(), bytes.clone()))
            .collect())
    }
}
