//! The database `sidereal-listener`, version 1, and the channel on which tabs tell each other what
//! they wrote to it.
//!
//! ```text
//! store    key   value       since  owner
//! records  name  Uint8Array  1      library worker
//! ```

use idb::{Database, Error as IdbError, ObjectStore, ObjectStoreParams, TransactionMode};
use js_sys::{Array, Uint8Array};
use listening::keep::Stamp;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use super::indexed_db::{self, finish};
use crate::StoreError;
use crate::keep::{Shelf, Writes};

const NAME: &str = "sidereal-listener";
const VERSION: u32 = 1;
const RECORDS: &str = "records";

/// Brings a database of version `from` to [`VERSION`], a step for each version.
fn migrate(database: &Database, from: u32) -> Result<(), IdbError> {
    if from < 1 {
        database.create_object_store(RECORDS, ObjectStoreParams::new())?;
    }
    Ok(())
}

/// Records in IndexedDB.
pub struct IdbShelf {
    database: Database,
}

impl IdbShelf {
    /// Opens the database, and makes or migrates it where that is needed.
    ///
    /// # Errors
    /// The browser gives this page none.
    pub async fn open() -> Result<Self, StoreError> {
        let database = indexed_db::open(NAME, VERSION, migrate).await?;
        Ok(Self { database })
    }
}

/// What is there under a name; what is no bytes is as good as damaged.
async fn read(store: &ObjectStore, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let value = store.get(JsValue::from(name))?.await?;
    Ok(value.map(|value| bytes_of(&value)))
}

fn bytes_of(value: &JsValue) -> Vec<u8> {
    value
        .dyn_ref::<Uint8Array>()
        .map(Uint8Array::to_vec)
        .unwrap_or_default()
}

impl Shelf for IdbShelf {
    async fn all(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let transaction = self
            .database
            .transaction(&[RECORDS], TransactionMode::ReadOnly)?;
        let store = transaction.object_store(RECORDS)?;
        let names = store.get_all_keys(None, None)?.await?;
        let values = store.get_all(None, None)?.await?;
        let records = names.iter().zip(values);
        let named = records.filter_map(|(name, value)| Some((name.as_string()?, bytes_of(&value))));
        Ok(named.collect())
    }

    async fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let transaction = self
            .database
            .transaction(&[RECORDS], TransactionMode::ReadOnly)?;
        let store = transaction.object_store(RECORDS)?;
        let mut found = Vec::new();
        for name in names {
            found.push(read(&store, name).await?);
        }
        Ok(found)
    }

    async fn change(
        &self,
        names: &[String],
        change: &mut dyn FnMut(Vec<Option<Vec<u8>>>) -> Writes,
    ) -> Result<(), StoreError> {
        let transaction = self
            .database
            .transaction(&[RECORDS], TransactionMode::ReadWrite)?;
        let store = transaction.object_store(RECORDS)?;
        let mut found = Vec::new();
        for name in names {
            found.push(read(&store, name).await?);
        }
        for (name, bytes) in change(found) {
            let name = JsValue::from(name);
            match bytes {
                Some(bytes) => drop(store.put(&Uint8Array::from(&*bytes), Some(&name))?),
                None => drop(store.delete(name)?),
            }
        }
        finish(transaction).await
    }
}

/// The channel between tabs.
pub struct Tabs {
    channel: Option<BroadcastChannel>,
}

impl Tabs {
    /// Opens it; `heard` is told the names of records that another tab wrote.
    pub fn open(heard: impl Fn(Vec<String>) + 'static) -> Self {
        let channel = BroadcastChannel::new(NAME).ok();
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Ok(names) = event.data().dyn_into::<Array>() {
                heard(names.iter().filter_map(|name| name.as_string()).collect());
            }
        });
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        // It lives as long as the worker.
        on_message.forget();
        Self { channel }
    }

    /// Tells the others.
    pub fn tell(&self, names: &[String]) {
        if let Some(channel) = &self.channel {
            let names: Array = names
                .iter()
                .map(|name| JsValue::from(name.as_str()))
                .collect();
            // A channel that is open takes any message.
            let _ = channel.post_message(&names);
        }
    }
}

/// The time by the clock on the wall, and a lot.
#[must_use]
pub fn stamp() -> Stamp {
    let lot = js_sys::Math::random() * 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers below 2^53"
    )]
    Stamp {
        at: js_sys::Date::now() as u64,
        seed: lot as u64,
    }
}
