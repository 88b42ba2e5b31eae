//! The database `sidereal-swarm`, version 1: records of torrents, and their pieces where the
//! browser has no private files.
//!
//! ```text
//! store    key                        value       since  owner
//! records  name                       Uint8Array  1      swarm worker
//! pieces   info hash, hex, and piece  Uint8Array  1      swarm worker
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use idb::{Database, Error as IdbError, KeyRange, ObjectStoreParams, Query, TransactionMode};
use js_sys::Uint8Array;
use torrent::InfoHash;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::StoreError;
use crate::swarm::ranges;
use crate::sys::indexed_db::{self, finish};

const NAME: &str = "sidereal-swarm";
const VERSION: u32 = 1;
const RECORDS: &str = "records";
const PIECES: &str = "pieces";

/// Brings a database of version `from` to [`VERSION`], a step for each version.
fn migrate(database: &Database, from: u32) -> Result<(), IdbError> {
    if from < 1 {
        database.create_object_store(RECORDS, ObjectStoreParams::new())?;
        database.create_object_store(PIECES, ObjectStoreParams::new())?;
    }
    Ok(())
}

/// The database.
pub struct SwarmDatabase {
    database: Database,
    /// Pieces that are there, and their bytes.
    pieces: RefCell<BTreeMap<(InfoHash, u32), u64>>,
}

fn key(torrent: InfoHash, piece: u32) -> String {
    format!("{torrent}/{piece:08}")
}

fn parse_key(key: &str) -> Option<(InfoHash, u32)> {
    let (torrent, piece) = key.split_once('/')?;
    Some((torrent.parse().ok()?, piece.parse().ok()?))
}

impl SwarmDatabase {
    /// Opens the database, and makes or migrates it where that is needed.
    ///
    /// # Errors
    /// The browser gives this page none.
    pub async fn open() -> Result<Self, StoreError> {
        let database = indexed_db::open(NAME, VERSION, migrate).await?;
        Ok(Self {
            database,
            pieces: RefCell::default(),
        })
    }

    /// Learns which pieces are there.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn learn_pieces(&self) -> Result<(), StoreError> {
        let transaction = self
            .database
            .transaction(&[PIECES], TransactionMode::ReadOnly)?;
        let store = transaction.object_store(PIECES)?;
        for key in store.get_all_keys(None, None)?.await? {
            let bytes = store.get(key.clone())?.await?;
            let bytes = bytes.and_then(|bytes| bytes.dyn_into::<Uint8Array>().ok());
            let key = key.as_string().and_then(|key| parse_key(&key));
            if let (Some(key), Some(bytes)) = (key, bytes) {
                let length = u64::from(bytes.length());
                self.pieces.borrow_mut().insert(key, length);
            }
        }
        Ok(())
    }

    async fn write(&self, store: &str, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let transaction = self
            .database
            .transaction(&[store], TransactionMode::ReadWrite)?;
        transaction
            .object_store(store)?
            .put(&Uint8Array::from(bytes), Some(&name.into()))?;
        finish(transaction).await
    }

    /// Keeps a record.
    ///
    /// # Errors
    /// The database does not take it.
    pub async fn put_record(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.write(RECORDS, name, bytes).await
    }

    /// Forgets a record.
    ///
    /// # Errors
    /// The database does not take it.
    pub async fn remove_record(&self, name: &str) -> Result<(), StoreError> {
        let transaction = self
            .database
            .transaction(&[RECORDS], TransactionMode::ReadWrite)?;
        let name = JsValue::from(name);
        transaction.object_store(RECORDS)?.delete(name)?;
        finish(transaction).await
    }

    /// All records.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn records(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let transaction = self
            .database
            .transaction(&[RECORDS], TransactionMode::ReadOnly)?;
        let store = transaction.object_store(RECORDS)?;
        let names = store.get_all_keys(None, None)?.await?;
        let values = store.get_all(None, None)?.await?;
        let pairs = names.into_iter().zip(values).filter_map(|(name, value)| {
            let bytes = value.dyn_into::<Uint8Array>().ok()?.to_vec();
            Some((name.as_string()?, bytes))
        });
        Ok(pairs.collect())
    }

    /// Keeps a piece.
    ///
    /// # Errors
    /// The database does not take it.
    pub async fn put(&self, torrent: InfoHash, piece: u32, bytes: &[u8]) -> Result<(), StoreError> {
        self.write(PIECES, &key(torrent, piece), bytes).await?;
        self.pieces
            .borrow_mut()
            .insert((torrent, piece), bytes.len() as u64);
        Ok(())
    }

    /// A piece.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(&self, torrent: InfoHash, piece: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let transaction = self
            .database
            .transaction(&[PIECES], TransactionMode::ReadOnly)?;
        let key = JsValue::from(key(torrent, piece));
        let value = transaction.object_store(PIECES)?.get(key)?.await?;
        let bytes = value.and_then(|value| value.dyn_into::<Uint8Array>().ok());
        Ok(bytes.map(|bytes| bytes.to_vec()))
    }

    /// Forgets pieces.
    ///
    /// # Errors
    /// The database does not take it.
    pub async fn remove(&self, torrent: InfoHash, pieces: Range<u32>) -> Result<(), StoreError> {
        let transaction = self
            .database
            .transaction(&[PIECES], TransactionMode::ReadWrite)?;
        let bound = |piece| JsValue::from(key(torrent, piece));
        let (from, to) = (bound(pieces.start), bound(pieces.end.min(99_999_999)));
        let keys = KeyRange::bound(&from, &to, Some(false), Some(true))?;
        transaction
            .object_store(PIECES)?
            .delete(Query::KeyRange(keys))?;
        finish(transaction).await?;
        self.pieces
            .borrow_mut()
            .retain(|(of, piece), _| *of != torrent || !pieces.contains(piece));
        Ok(())
    }

    /// Pieces of a torrent that are there.
    pub fn held(&self, torrent: InfoHash) -> Vec<(u32, u32)> {
        let pieces = self.pieces.borrow();
        let held = pieces.range((torrent, 0)..=(torrent, u32::MAX));
        ranges(held.map(|((_, piece), _)| *piece))
    }

    /// Bytes of all pieces.
    pub fn used(&self) -> u64 {
        self.pieces.borrow().values().sum()
    }
}
