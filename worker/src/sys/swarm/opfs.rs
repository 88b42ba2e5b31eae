//! Pack files in the origin's private file system, by handles that only one worker can have.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DedicatedWorkerGlobalScope, FileSystemDirectoryHandle, FileSystemFileHandle,
    FileSystemGetDirectoryOptions, FileSystemGetFileOptions, FileSystemReadWriteOptions,
    FileSystemSyncAccessHandle,
};

use super::{get, method, words};
use crate::StoreError;
use crate::swarm::packs::{Folder, PackFile};

/// The folder's name.
const FOLDER: &str = "pieces";

/// The folder `pieces`.
pub struct Opfs {
    folder: FileSystemDirectoryHandle,
}

fn failed(error: &JsValue) -> StoreError {
    if get(error, "name").as_string().as_deref() == Some("QuotaExceededError") {
        StoreError::Full
    } else {
        StoreError::Failed(words(error))
    }
}

impl Opfs {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    /// The browser has no private file system for this page.
    pub async fn open() -> Result<Self, StoreError> {
        let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
        let storage = get(&scope.navigator(), "storage");
        let missing = || StoreError::Failed("this browser has no private files".into());
        let directory = method(&storage, "getDirectory").ok_or_else(missing)?;
        let root = directory.call0(&storage).map_err(|error| failed(&error))?;
        let root = JsFuture::from(root.unchecked_into::<js_sys::Promise>()).await;
        let root: FileSystemDirectoryHandle =
            root.map_err(|error| failed(&error))?.unchecked_into();
        let options = FileSystemGetDirectoryOptions::new();
        options.set_create(true);
        let folder = root.get_directory_handle_with_options(FOLDER, &options);
        let folder = JsFuture::from(folder)
            .await
            .map_err(|error| failed(&error))?;
        Ok(Self {
            folder: folder.unchecked_into(),
        })
    }
}

impl Folder for Opfs {
    type File = Handle;

    async fn open(&self, name: &str) -> Result<Handle, StoreError> {
        let options = FileSystemGetFileOptions::new();
        options.set_create(true);
        let file = self.folder.get_file_handle_with_options(name, &options);
        let file = JsFuture::from(file).await.map_err(|error| failed(&error))?;
        let file: FileSystemFileHandle = file.unchecked_into();
        // The tab that had it may still be going away.
        let missing = || StoreError::Failed("this browser has no synchronous files".into());
        let create = method(&file, "createSyncAccessHandle").ok_or_else(missing)?;
        let mut tries = 0;
        loop {
            let handle = create.call0(&file).map_err(|error| failed(&error))?;
            match JsFuture::from(handle.unchecked_into::<js_sys::Promise>()).await {
                Ok(handle) => return Ok(Handle(handle.unchecked_into())),
                Err(error) if tries == 40 => return Err(failed(&error)),
                Err(_) => {
                    tries += 1;
                    crate::sys::sleep(50).await;
                }
            }
        }
    }
}

/// An open file.
pub struct Handle(FileSystemSyncAccessHandle);

fn at(offset: u64) -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(offset as f64);
    options
}

impl PackFile for Handle {
    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<usize, StoreError> {
        let got = self.0.read_with_u8_array_and_options(bytes, &at(offset));
        got.map(|got| got as usize).map_err(|error| failed(&error))
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let buffer = Uint8Array::from(bytes);
        let put = self
            .0
            .write_with_js_u8_array_and_options(&buffer, &at(offset));
        let put = put.map_err(|error| failed(&error))?;
        if put as usize == bytes.len() {
            Ok(())
        } else {
            // Browsers write less where the disk has no room.
            Err(StoreError::Full)
        }
    }

    fn size(&self) -> Result<u64, StoreError> {
        let size = self.0.get_size().map_err(|error| failed(&error))?;
        Ok(size as u64)
    }

    fn truncate(&self, bytes: u64) -> Result<(), StoreError> {
        self.0
            .truncate_with_f64(bytes as f64)
            .map_err(|error| failed(&error))
    }

    fn flush(&self) {
        // A disk that fails here says so at the next write.
        let _ = self.0.flush();
    }
}
