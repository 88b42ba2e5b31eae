//! The best store that the browser gives.

use std::ops::Range;

use protocol::swarm::Kept;
use torrent::InfoHash;

use super::opfs::Opfs;
use super::records::SwarmDatabase;
use crate::StoreError;
use crate::swarm::packs::Packs;
use crate::swarm::{MemoryStore, Store};

enum Pieces {
    Files(Packs<Opfs>),
    Database,
    Memory,
}

/// Pieces in private files, in the database, or in memory; records in the database, or in memory.
pub struct BrowserStore {
    pieces: Pieces,
    database: Option<SwarmDatabase>,
    memory: MemoryStore,
}

impl BrowserStore {
    /// Opens what there is. It never fails: a browser that keeps nothing has a memory.
    pub async fn open() -> Self {
        let mut database = SwarmDatabase::open().await.ok();
        let packs = match &database {
            Some(_) => match Opfs::open().await {
                Ok(folder) => Packs::open(folder).await,
                Err(error) => Err(error),
            },
            // Pieces that no record tells of would be of no use.
            None => Err(StoreError::Failed("there is no database".into())),
        };
        let pieces = match (packs, &database) {
            (Ok(packs), _) => Pieces::Files(packs),
            (Err(error), Some(known)) => {
                web_sys::console::warn_2(&"no private files:".into(), &error.to_string().into());
                if known.learn_pieces().await.is_ok() {
                    Pieces::Database
                } else {
                    database = None;
                    Pieces::Memory
                }
            }
            (Err(_), None) => Pieces::Memory,
        };
        Self {
            pieces,
            database,
            memory: MemoryStore::default(),
        }
    }
}

impl Store for BrowserStore {
    fn kept(&self) -> Kept {
        match self.pieces {
            Pieces::Files(_) => Kept::Files,
            Pieces::Database => Kept::Database,
            Pieces::Memory => Kept::Memory,
        }
    }

    async fn put(&self, torrent: InfoHash, piece: u32, bytes: &[u8]) -> Result<(), StoreError> {
        match (&self.pieces, &self.database) {
            (Pieces::Files(packs), _) => packs.put(torrent, piece, bytes).await,
            (Pieces::Database, Some(database)) => database.put(torrent, piece, bytes).await,
            _ => self.memory.put(torrent, piece, bytes).await,
        }
    }

    async fn get(&self, torrent: InfoHash, piece: u32) -> Result<Option<Vec<u8>>, StoreError> {
        match (&self.pieces, &self.database) {
            (Pieces::Files(packs), _) => packs.get(torrent, piece),
            (Pieces::Database, Some(database)) => database.get(torrent, piece).await,
            _ => self.memory.get(torrent, piece).await,
        }
    }

    async fn remove(&self, torrent: InfoHash, pieces: Range<u32>) -> Result<(), StoreError> {
        match (&self.pieces, &self.database) {
            (Pieces::Files(packs), _) => packs.remove(torrent, pieces),
            (Pieces::Database, Some(database)) => database.remove(torrent, pieces).await,
            _ => self.memory.remove(torrent, pieces).await,
        }
    }

    fn held(&self, torrent: InfoHash) -> Vec<(u32, u32)> {
        match (&self.pieces, &self.database) {
            (Pieces::Files(packs), _) => packs.held(torrent),
            (Pieces::Database, Some(database)) => database.held(torrent),
            _ => self.memory.held(torrent),
        }
    }

    fn used(&self) -> u64 {
        match (&self.pieces, &self.database) {
            (Pieces::Files(packs), _) => packs.used(),
            (Pieces::Database, Some(database)) => database.used(),
            _ => self.memory.used(),
        }
    }

    fn flush(&self) {
        if let Pieces::Files(packs) = &self.pieces {
            packs.flush();
        }
    }

    async fn put_record(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        match &self.database {
            Some(database) => database.put_record(name, bytes).await,
            None => self.memory.put_record(name, bytes).await,
        }
    }

    async fn remove_record(&self, name: &str) -> Result<(), StoreError> {
        match &self.database {
            Some(database) => database.remove_record(name).await,
            None => self.memory.remove_record(name).await,
        }
    }

    async fn records(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        match &self.database {
            Some(database) => database.records().await,
            None => self.memory.records().await,
        }
    }
}
