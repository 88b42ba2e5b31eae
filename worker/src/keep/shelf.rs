//! Where records are kept.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::StoreError;

/// Records to be written, or removed where there are no bytes.
pub type Writes = Vec<(String, Option<Vec<u8>>)>;

/// Records by name.
#[expect(
    async_fn_in_trait,
    reason = "workers have one thread, nothing needs to be Send"
)]
pub trait Shelf {
    /// All records.
    async fn all(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError>;
    /// Some records; `None` for those that are not there.
    async fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError>;
    /// Reads some records, has `change` make of them what is to be written, and writes it, as a
    /// whole or not at all, and with nobody in between. When it returns it is on disk.
    async fn change(
        &self,
        names: &[String],
        change: &mut dyn FnMut(Vec<Option<Vec<u8>>>) -> Writes,
    ) -> Result<(), StoreError>;
}

/// A shelf in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryShelf {
    /// What is on it.
    pub records: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Nothing more fits.
    pub is_full: Cell<bool>,
}

impl Shelf for MemoryShelf {
    async fn all(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        Ok(self.records.borrow().clone().into_iter().collect())
    }

    async fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let records = self.records.borrow();
        Ok(names
            .iter()
            .map(|name| records.get(name).cloned())
            .collect())
    }

    async fn change(
        &self,
        names: &[String],
        change: &mut dyn FnMut(Vec<Option<Vec<u8>>>) -> Writes,
    ) -> Result<(), StoreError> {
        let found = self.read(names).await?;
        let writes = change(found);
        if self.is_full.get() {
            return Err(StoreError::Full);
        }
        for (name, bytes) in writes {
            match bytes {
                Some(bytes) => drop(self.records.borrow_mut().insert(name, bytes)),
                None => drop(self.records.borrow_mut().remove(&name)),
            }
        }
        Ok(())
    }
}

/// What stands in where the browser keeps nothing: the keeper has everything in memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoShelf;

impl NoShelf {
    fn refusal() -> StoreError {
        StoreError::Failed("this browser gives the page no database (a private window?)".into())
    }
}

impl Shelf for NoShelf {
    async fn all(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        Err(Self::refusal())
    }

    async fn read(&self, _: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        Err(Self::refusal())
    }

    async fn change(
        &self,
        _: &[String],
        _: &mut dyn FnMut(Vec<Option<Vec<u8>>>) -> Writes,
    ) -> Result<(), StoreError> {
        Err(Self::refusal())
    }
}
