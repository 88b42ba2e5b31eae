//! The browser's database: `sidereal`, version 1.
//!
//! ```text
//! store  key          value                              since  owner
//! files  MD5, hex     { path: string, bytes: Uint8Array } 1     library worker
//! blobs  name         Uint8Array                          1     library worker
//! ```

use idb::{Database, Error as IdbError, ObjectStoreParams, TransactionMode};
use js_sys::{Object, Reflect, Uint8Array};
use sidfile::Md5;
use wasm_bindgen::{JsCast as _, JsValue};

use super::indexed_db::{self, finish};
use crate::StoreError;
use crate::library::{Store, StoredFile};

const NAME: &str = "sidereal";
const VERSION: u32 = 1;
const FILES: &str = "files";
const BLOBS: &str = "blobs";

/// Brings a database of version `from` to [`VERSION`], a step for each version.
fn migrate(database: &Database, from: u32) -> Result<(), IdbError> {
    if from < 1 {
        database.create_object_store(FILES, ObjectStoreParams::new())?;
        database.create_object_store(BLOBS, ObjectStoreParams::new())?;
    }
    Ok(())
}

/// Files in IndexedDB.
pub struct IdbStore {
    database: Database,
}

impl IdbStore {
    /// Opens the database, and makes or migrates it where that is needed.
    ///
    /// # Errors
    /// The browser gives this page none.
    pub async fn open() -> Result<Self, StoreError> {
        let database = indexed_db::open(NAME, VERSION, migrate).await?;
        Ok(Self { database })
    }
}

fn key_of(md5: &Md5) -> JsValue {
    md5.to_string().into()
}

fn object_of(file: &StoredFile) -> JsValue {
    let object = Object::new();
    // A plain object takes any property.
    let _ = Reflect::set(&object, &"path".into(), &file.path.as_str().into());
    let _ = Reflect::set(
        &object,
        &"bytes".into(),
        &Uint8Array::from(file.bytes.as_slice()),
    );
    object.into()
}

fn file_of(md5: &Md5, value: &JsValue) -> Option<StoredFile> {
    let path = Reflect::get(value, &"path".into()).ok()?.as_string()?;
    let bytes = Reflect::get(value, &"bytes".into())
        .ok()?
        .dyn_into::<Uint8Array>()
        .ok()?
        .to_vec();
    // A damaged file is as good as none.
    (Md5::of(&bytes) == *md5).then_some(StoredFile {
        md5: *md5,
        path,
        bytes,
    })
}

impl Store for IdbStore {
    async fn put(&self, files: &[StoredFile]) -> Result<(), StoreError> {
        let transaction = self
            .database
            .transaction(&[FILES], TransactionMode::ReadWrite)?;
        let store = transaction.object_store(FILES)?;
        for file in files {
            store.put(&object_of(file), Some(&key_of(&file.md5)))?;
        }
        finish(transaction).await
    }

    async fn get(&self, md5: &Md5) -> Result<Option<StoredFile>, StoreError> {
        let transaction = self
            .database
            .transaction(&[FILES], TransactionMode::ReadOnly)?;
        let value = transaction.object_store(FILES)?.get(key_of(md5))?.await?;
        Ok(value.and_then(|value| file_of(md5, &value)))
    }

    async fn remove(&self, md5s: &[Md5]) -> Result<(), StoreError> {
        let transaction = self
            .database
            .transaction(&[FILES], TransactionMode::ReadWrite)?;
        let store = transaction.object_store(FILES)?;
        for md5 in md5s {
            store.delete(key_of(md5))?;
        }
        finish(transaction).await
    }

    async fn keys(&self) -> Result<Vec<Md5>, StoreError> {
        let transaction = self
            .database
            .transaction(&[FILES], TransactionMode::ReadOnly)?;
        let keys = transaction
            .object_store(FILES)?
            .get_all_keys(None, None)?
            .await?;
        Ok(keys
            .iter()
            .filter_map(|key| key.as_string()?.parse().ok())
            .collect())
    }

    async fn put_blob(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let transaction = self
            .database
            .transaction(&[BLOBS], TransactionMode::ReadWrite)?;
        transaction
            .object_store(BLOBS)?
            .put(&Uint8Array::from(bytes), Some(&name.into()))?;
        finish(transaction).await
    }

    async fn remove_blob(&self, name: &str) -> Result<(), StoreError> {
        let transaction = self
            .database
            .transaction(&[BLOBS], TransactionMode::ReadWrite)?;
        transaction
            .object_store(BLOBS)?
            .delete(JsValue::from(name))?;
        finish(transaction).await
    }

    async fn get_blob(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let transaction = self
            .database
            .transaction(&[BLOBS], TransactionMode::ReadOnly)?;
        let value = transaction
            .object_store(BLOBS)?
            .get(JsValue::from(name))?
            .await?;
        Ok(value
            .and_then(|value| value.dyn_into::<Uint8Array>().ok())
            .map(|bytes| bytes.to_vec()))
    }
}
