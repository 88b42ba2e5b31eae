//! Work of a publication that was interrupted: what was read of files, and pieces that were hashed.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha1::{Digest as _, Sha1};
use torrent::create::{self, Builder};

use super::files::{self, Known};
use super::{Error, file_error};

/// What was read of files so far: records behind their lengths, the last of which may be cut short.
pub struct Log {
    file: File,
    path: PathBuf,
    known: Vec<Known>,
}

impl Log {
    /// What is logged, without a record that was cut short.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut known = Vec::new();
        let bytes = fs::read(path).unwrap_or_default();
        let mut rest = &bytes[..];
        while let Some((length, after)) = rest.split_first_chunk() {
            let record = after.split_at_checked(u32::from_le_bytes(*length) as usize);
            let Some((record, after)) = record else {
                break;
            };
            let Ok(file) = postcard::from_bytes(record) else {
                break;
            };
            known.push(file);
            rest = after;
        }
        let whole = (bytes.len() - rest.len()) as u64;
        let opened = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .and_then(|mut file| {
                file.set_len(whole)?;
                file.seek(SeekFrom::End(0))?;
                Ok(file)
            });
        Ok(Self {
            file: opened.map_err(file_error(path))?,
            path: path.into(),
            known,
        })
    }

    /// What was logged before.
    pub fn take(&mut self) -> Vec<Known> {
        std::mem::take(&mut self.known)
    }

    /// Logs a file.
    pub fn push(&mut self, known: &Known) -> Result<(), Error> {
        let body = postcard::to_allocvec(known).expect("plain data always encodes");
        let length = u32::try_from(body.len()).expect("an entry is small");
        let record = [&length.to_le_bytes(), &*body].concat();
        self.file.write_all(&record).map_err(file_error(&self.path))
    }
}

/// Pieces that were hashed of these files.
pub struct PieceProgress {
    path: PathBuf,
    /// What they are pieces of.
    key: [u8; 20],
}

impl PieceProgress {
    /// The place of these files' pieces.
    pub fn of(folder: &Path, name: &str, new: &[&Known]) -> Self {
        let mut key = Sha1::new();
        key.update(name);
        for known in new {
            key.update(known.path.as_bytes());
            key.update(known.md5.0);
        }
        Self {
            path: folder.join("progress.pieces"),
            key: key.finalize().into(),
        }
    }

    /// Pieces that are saved, fewer than all.
    pub fn load(&self, builder: &Builder) -> Vec<[u8; 20]> {
        let bytes = fs::read(&self.path).unwrap_or_default();
        let (lines, _) = bytes.as_chunks::<20>();
        match lines.split_first() {
            Some((key, pieces)) if *key == self.key => {
                let most = builder.length() / create::piece_length_of(builder.length());
                pieces[..pieces.len().min(most as usize)].to_vec()
            }
            _ => Vec::new(),
        }
    }

    /// Saves what a builder has.
    pub fn save(&self, builder: &Builder) -> Result<(), Error> {
        let bytes = [&self.key, builder.pieces().as_flattened()].concat();
        files::write(&self.path, &bytes)
    }
}
