//! Records as bytes.
//!
//! ```text
//! 3  "SDK"
//! 1  version: 1
//! 4  start of the MD5 of the name and of what follows
//! -  postcard
//! ```

use protocol::keep::{About, LogEntry, Play};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sidfile::Md5;

use super::{CHUNK, Kept, Key};

/// Version of the records that are written.
pub const RECORD_VERSION: u8 = 1;

const MAGIC: &[u8; 3] = b"SDK";
const HEAD: usize = 8;

/// Why a record cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not begin as a record does.
    #[error("{name} is no record")]
    NoRecord {
        /// Its name.
        name: String,
    },
    /// Written by a later build.
    #[error("{name} is of version {found}, and this page reads {RECORD_VERSION}")]
    Newer {
        /// Its name.
        name: String,
        /// As found.
        found: u8,
    },
    /// Its bytes are others than those that were written.
    #[error("{name} is damaged")]
    Sum {
        /// Its name.
        name: String,
    },
    /// What it says makes no sense.
    #[error("{name} makes no sense")]
    Content {
        /// Its name.
        name: String,
    },
}

fn sum(name: &str, body: &[u8]) -> [u8; 4] {
    let mut bytes = name.as_bytes().to_vec();
    bytes.extend_from_slice(body);
    let [a, b, c, d, ..] = Md5::of(&bytes).0;
    [a, b, c, d]
}

fn sealed(key: Key, value: &impl Serialize) -> Vec<u8> {
    let body = postcard::to_allocvec(value).expect("plain data always serialises to a vector");
    let mut bytes = MAGIC.to_vec();
    bytes.push(RECORD_VERSION);
    bytes.extend(sum(&key.to_string(), &body));
    bytes.extend(body);
    bytes
}

fn opened<T: DeserializeOwned>(key: Key, bytes: &[u8]) -> Result<T, Damage> {
    let name = key.to_string();
    let Some((head, body)) = bytes.split_at_checked(HEAD) else {
        return Err(Damage::NoRecord { name });
    };
    if head[..3] != *MAGIC {
        return Err(Damage::NoRecord { name });
    }
    if head[3] > RECORD_VERSION {
        let found = head[3];
        return Err(Damage::Newer { name, found });
    }
    if head[4..] != sum(&name, body) {
        return Err(Damage::Sum { name });
    }
    postcard::from_bytes(body).map_err(|_| Damage::Content { name })
}

impl Kept {
    /// The bytes of a record; `None` where there is nothing to keep under that name.
    #[must_use]
    pub fn record(&self, key: Key) -> Option<Vec<u8>> {
        match key {
            Key::Tune(md5) => self.tunes.get(&md5).map(|about| sealed(key, about)),
            Key::Playlist(id) => self.playlists.get(&id).map(|list| sealed(key, list)),
            Key::Folder(id) => self.folders.get(&id).map(|folder| sealed(key, folder)),
            Key::History(at) => self.history.get(&at).map(|plays| sealed(key, plays)),
            Key::Log(at) => self.log.get(&at).map(|lines| sealed(key, lines)),
        }
    }

    /// Takes a record over; one that is damaged is forgotten.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take(&mut self, key: Key, bytes: &[u8]) -> Result<(), Damage> {
        self.forget(key);
        let sense = |good: bool| {
            let name = key.to_string();
            good.then_some(()).ok_or(Damage::Content { name })
        };
        match key {
            Key::Tune(md5) => {
                let about: About = opened(key, bytes)?;
                sense(about.tune.md5 == md5 && about.rating.is_none_or(|n| (1..=5).contains(&n)))?;
                self.tunes.insert(md5, about);
            }
            Key::Playlist(id) => drop(self.playlists.insert(id, opened(key, bytes)?)),
            Key::Folder(id) => drop(self.folders.insert(id, opened(key, bytes)?)),
            Key::History(at) => {
                let plays: Vec<Play> = opened(key, bytes)?;
                sense(plays.len() <= CHUNK)?;
                self.history.insert(at, plays);
            }
            Key::Log(at) => {
                let lines: Vec<LogEntry> = opened(key, bytes)?;
                sense(lines.len() <= CHUNK)?;
                self.log.insert(at, lines);
            }
        }
        Ok(())
    }
}
