//! Looking at what was published: whether its files are still that, what its folder has that it has
//! not; and taking it back.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::files::Files;
use super::publish::{self, Progress, digest};
use super::{Collection, Collections, Error, Manifest, file_error, is_slug};

/// Files that are named where more are damaged.
const MOST_EXAMPLES: usize = 10;

/// What became of the files of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Files that were read.
    pub files: u64,
    /// Those of them whose bytes are nowhere any more.
    pub damaged: u64,
    /// Some of them.
    pub examples: Vec<String>,
}

/// How a folder differs from what was published of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Files that are new.
    pub new: u64,
    /// Files of another size or time.
    pub changed: u64,
    /// Files that are gone.
    pub gone: u64,
}

/// Reads every file of every torrent, and holds it against its digest. None where it was stopped.
pub fn verify(
    collection: &Collection,
    mut watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Option<Verified> {
    let torrents = || collection.torrents.iter();
    let all: usize = torrents().map(|torrent| torrent.digests.len()).sum();
    let mut verified = Verified::default();
    for torrent in torrents() {
        let files = torrent.metainfo.info.files.iter().zip(&torrent.digests);
        for (file, md5) in files {
            if watch(Progress::Reading(verified.files as usize, all)).is_break() {
                return None;
            }
            verified.files += 1;
            let sources = collection.sources.get(md5).into_iter().flatten();
            let mut found = sources.filter_map(|source| digest(&source.path).ok());
            if !found.any(|found| found == *md5) {
                verified.damaged += 1;
                if verified.examples.len() < MOST_EXAMPLES {
                    verified.examples.push(file.path.clone());
                }
            }
        }
    }
    Some(verified)
}

/// Looks through the folder of a collection, by sizes and times.
///
/// # Errors
/// The folder cannot be read.
pub fn compare(collection: &Collection) -> Result<Compared, publish::Error> {
    let files = Files::load(&collection.folder)?.unwrap_or_default();
    let found = publish::scan(&collection.manifest.folder, &collection.folder)?;
    let mut compared = Compared::default();
    let mut known = files.known.iter().peekable();
    for (path, stamp) in &found {
        while known.next_if(|known| known.path < *path).is_some() {
            compared.gone += 1;
        }
        match known.next_if(|known| known.path == *path) {
            Some(known) if known.stamp != *stamp => compared.changed += 1,
            Some(_) => {}
            None => compared.new += 1,
        }
    }
    compared.gone += known.count() as u64;
    Ok(compared)
}

/// Why a collection cannot be taken back.
#[derive(Debug, thiserror::Error)]
pub enum UnpublishError {
    /// There is none.
    #[error("there is no such collection")]
    Unknown,
    /// Somebody publishes it.
    #[error("it is being published: stop that first")]
    Busy,
    /// The disk says no.
    #[error(transparent)]
    Disk(#[from] Error),
}

/// A collection that can be taken back. While this is held nobody publishes it.
#[derive(Debug)]
pub struct Withdrawal {
    folder: PathBuf,
    _lock: File,
}

impl Withdrawal {
    /// Removes what the relay made of it; the folder that was published stays as it is.
    ///
    /// # Errors
    /// The disk says no.
    pub fn carry_out(self) -> Result<(), Error> {
        // First what lists it: from here on nobody is told of it.
        let manifest = Manifest::path(&self.folder);
        match fs::remove_file(&manifest) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(file_error(&manifest)(error));
            }
            _ => {}
        }
        remove_made(&self.folder)
    }
}

impl Collections {
    /// Makes ready to take a collection back.
    ///
    /// # Errors
    /// There is none, it is being published, or the disk says no.
    pub fn withdraw(&self, name: &str) -> Result<Withdrawal, UnpublishError> {
        let folder = self.folder.join(name);
        if !is_slug(name) || !folder.is_dir() {
            return Err(UnpublishError::Unknown);
        }
        let lock_path = folder.join(".lock");
        let lock = File::create(&lock_path).map_err(file_error(&lock_path))?;
        if lock.try_lock().is_err() {
            return Err(UnpublishError::Busy);
        }
        Ok(Withdrawal {
            folder,
            _lock: lock,
        })
    }
}

/// Removes what a publication makes, by name: nobody knows what else lies there.
fn remove_made(folder: &Path) -> Result<(), Error> {
    let is_digest = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let is_made = |name: &str| {
        let stem = name.split('.').next().unwrap_or_default();
        let is_of_torrent = name.ends_with(".torrent") || name.ends_with(".md5");
        (is_of_torrent && is_digest(stem, 40))
            || name.starts_with("catalogue-")
            || name.starts_with("progress.")
            || name.starts_with("files.bin")
            || name.starts_with("collection.json")
            || name == ".lock"
    };
    let remove = |folder: &Path, is_made: &dyn Fn(&str) -> bool| -> Result<(), Error> {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && is_made(&entry.file_name().to_string_lossy()) {
                let path = entry.path();
                fs::remove_file(&path).map_err(file_error(&path))?;
            }
        }
        // Where something else lies there, it stays.
        let _ = fs::remove_dir(folder);
        Ok(())
    };
    remove(&folder.join("held"), &|name| is_digest(name, 32))?;
    remove(folder, &is_made)
}
