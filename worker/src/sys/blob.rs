//! Files that the listener dropped, read in pieces.

use std::io;

use js_sys::Uint8Array;
use web_sys::{Blob, FileReaderSync};

use crate::library::Source;

/// One dropped file.
pub struct FileSource {
    blob: Blob,
    reader: FileReaderSync,
}

impl FileSource {
    /// A source over `blob`.
    ///
    /// # Errors
    /// The browser has no synchronous reader here.
    pub fn new(blob: Blob) -> io::Result<Self> {
        let reader = FileReaderSync::new().map_err(|error| io::Error::other(words(&error)))?;
        Ok(Self { blob, reader })
    }
}

fn words(error: &wasm_bindgen::JsValue) -> String {
    js_sys::Reflect::get(error, &"message".into())
        .ok()
        .and_then(|message| message.as_string())
        .unwrap_or_else(|| format!("{error:?}"))
}

impl Source for FileSource {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size is a whole number"
    )]
    fn length(&self) -> u64 {
        self.blob.size() as u64
    }

    #[expect(clippy::cast_precision_loss, reason = "sizes below 2^53")]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let end = offset + buffer.len() as u64;
        let part = self.blob.slice_with_f64_and_f64(offset as f64, end as f64);
        let bytes = part.and_then(|part| self.reader.read_as_array_buffer(&part));
        let part = bytes.map_err(|error| io::Error::other(words(&error)))?;
        let bytes = Uint8Array::new(&part);
        let count = bytes.length() as usize;
        bytes.copy_to(&mut buffer[..count]);
        Ok(count)
    }
}
