//! Where the bytes of files are kept.

use std::cell::RefCell;
use std::collections::BTreeMap;

use sidfile::Md5;

use crate::StoreError;

/// One file as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Digest of the bytes.
    pub md5: Md5,
    /// Path that it came under, from which its index entry can be made again.
    pub path: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Files by digest, and a few named blobs about them. Each call happens as a whole or not at all.
#[expect(
    async_fn_in_trait,
    reason = "workers have one thread, nothing needs to be Send"
)]
pub trait Store {
    /// Keeps files; one that is there already is replaced.
    async fn put(&self, files: &[StoredFile]) -> Result<(), StoreError>;
    /// The file of a digest.
    async fn get(&self, md5: &Md5) -> Result<Option<StoredFile>, StoreError>;
    /// Forgets files.
    async fn remove(&self, md5s: &[Md5]) -> Result<(), StoreError>;
    /// Digests of all files.
    async fn keys(&self) -> Result<Vec<Md5>, StoreError>;
    /// Keeps a blob.
    async fn put_blob(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// Forgets a blob.
    async fn remove_blob(&self, name: &str) -> Result<(), StoreError>;
    /// The blob of a name.
    async fn get_blob(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// A store that is gone with the worker: for tests, and for browsers that keep nothing.
#[derive(Debug, Default)]
pub struct MemoryStore {
    files: RefCell<BTreeMap<Md5, StoredFile>>,
    blobs: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Bytes that fit; `None` for no limit.
    limit: Option<usize>,
}

impl MemoryStore {
    /// A store that is full when it holds `limit` bytes of files.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit: Some(limit),
            ..Self::default()
        }
    }
}

impl Store for MemoryStore {
    async fn put(&self, files: &[StoredFile]) -> Result<(), StoreError> {
        let mut kept = self.files.borrow_mut();
        let size = |files: &mut dyn Iterator<Item = &StoredFile>| -> usize {
            files.map(|file| file.bytes.len()).sum()
        };
        let bytes = size(&mut kept.values()) + size(&mut files.iter());
        if self.limit.is_some_and(|limit| bytes > limit) {
            return Err(StoreError::Full);
        }
        kept.extend(files.iter().map(|file| (file.md5, file.clone())));
        Ok(())
    }

    async fn get(&self, md5: &Md5) -> Result<Option<StoredFile>, StoreError> {
        Ok(self.files.borrow().get(md5).cloned())
    }

    async fn remove(&self, md5s: &[Md5]) -> Result<(), StoreError> {
        self.files.borrow_mut().retain(|md5, _| !md5s.contains(md5));
        Ok(())
    }

    async fn keys(&self) -> Result<Vec<Md5>, StoreError> {
        Ok(self.files.borrow().keys().copied().collect())
    }

    async fn put_blob(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.blobs
            .borrow_mut()
            .insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    async fn remove_blob(&self, name: &str) -> Result<(), StoreError> {
        self.blobs.borrow_mut().remove(name);
        Ok(())
    }

    async fn get_blob(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.blobs.borrow().get(name).cloned())
    }
}
