//! What a published folder held: paths, sizes, times and digests, and what its tunes say.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use catalog::Entry;
use serde::{Deserialize, Serialize};
use sidfile::Md5;

use super::{Error, content_error, file_error};

const MAGIC: [u8; 6] = *b"SDRF\x01\0";

/// Size and time of a file: while both stay, it is taken to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Bytes.
    pub length: u64,
    /// Nanoseconds since 1970.
    pub time: u64,
}

impl Stamp {
    /// The stamp of a file.
    pub fn of(path: &Path) -> io::Result<Self> {
        Self::of_data(&fs::metadata(path)?)
    }

    /// Seconds since 1970.
    pub fn seconds(&self) -> u64 {
        self.time / 1_000_000_000
    }

    /// The stamp in what the file system says.
    pub fn of_data(data: &fs::Metadata) -> io::Result<Self> {
        let time = data.modified()?.duration_since(SystemTime::UNIX_EPOCH);
        Ok(Self {
            length: data.len(),
            time: time.map_or(0, |time| time.as_nanos() as u64),
        })
    }
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Below the folder, `/`-separated.
    pub path: String,
    /// Its stamp when it was read.
    pub stamp: Stamp,
    /// Digest.
    pub md5: Md5,
    /// What it says of itself, if it is a tune.
    pub entry: Option<Entry>,
}

/// `files.bin`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// In order of path.
    pub known: Vec<Known>,
    /// Content that `held` has, with its stamp.
    pub held: Vec<(Md5, Stamp)>,
}

/// Where content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// File.
    pub path: PathBuf,
    /// Its stamp when it had that content.
    pub stamp: Stamp,
}

impl Files {
    fn path(folder: &Path) -> PathBuf {
        folder.join("files.bin")
    }

    /// What a collection's folder knows; none where nothing was published yet.
    pub fn load(folder: &Path) -> Result<Option<Self>, Error> {
        let path = Self::path(folder);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file_error(&path)(error)),
        };
        let Some(body) = bytes.strip_prefix(&MAGIC) else {
            return Err(content_error(&path)("is of an unknown version".into()));
        };
        let found = postcard::from_bytes(body);
        found
            .map(Some)
            .map_err(|error| content_error(&path)(error.to_string()))
    }

    /// Writes it.
    pub fn save(&self, folder: &Path) -> Result<(), Error> {
        let body = postcard::to_allocvec(self).expect("plain data always encodes");
        write(&Self::path(folder), &[&MAGIC, &*body].concat())
    }

    /// Where content is, by digest: first in the published folder, then held.
    pub fn sources(&self, published: &Path, folder: &Path) -> BTreeMap<Md5, Vec<Source>> {
        let mut sources: BTreeMap<Md5, Vec<Source>> = BTreeMap::new();
        for known in &self.known {
            let path = published.join(&known.path);
            let stamp = known.stamp;
            sources
                .entry(known.md5)
                .or_default()
                .push(Source { path, stamp });
        }
        for (md5, stamp) in &self.held {
            let path = held(folder, md5);
            let stamp = *stamp;
            sources
                .entry(*md5)
                .or_default()
                .push(Source { path, stamp });
        }
        sources
    }
}

/// Where content is held.
pub fn held(folder: &Path, md5: &Md5) -> PathBuf {
    folder.join("held").join(md5.to_string())
}

/// Writes a file so that it is there whole or not at all.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let new = path.with_added_extension("new");
    let done = fs::File::create(&new).and_then(|mut file| {
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    done.map_err(file_error(path))
}
