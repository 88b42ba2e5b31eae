//! Collections: folders of tunes that are published as torrents, with a catalogue, and served.
//!
//! What is published of a folder lies in a folder of its own:
//!
//! ```text
//! collection.json      what there is: name, folder, torrents, catalogue; written last
//! HASH.torrent         a torrent, without trackers and web seeds
//! HASH.md5             digest of each of its files, 16 bytes each, in order
//! catalogue-SHA.bin    catalogue of the newest state, and the same as .br and .gz
//! files.bin            what the folder held when it was published: paths, sizes, times, digests
//! held/MD5             hard links to published files, where the file system has them: an update
//!                      that replaces a file leaves the old bytes there for those who share a piece
//!                      with it
//! progress.*           work of a publication that was interrupted
//! ```

mod files;
pub mod look;
mod progress;
pub mod publish;
mod seed;
mod serve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sidfile::Md5;
use torrent::{InfoHash, Metainfo};

use crate::metrics::CollectionMetrics;
use files::{Files, Source};
pub use seed::seed;
pub use serve::{catalogue_or_torrent, listing};

/// Version of `collection.json`.
const MANIFEST_VERSION: u32 = 1;

/// `collection.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`MANIFEST_VERSION`].
    version: u32,
    /// Name for people.
    pub name: String,
    /// The folder that was published.
    pub folder: PathBuf,
    /// Files in it.
    pub files: u32,
    /// Songs of all tunes in it.
    pub tunes: u32,
    /// Bytes in it.
    pub bytes: u64,
    /// SHA-256 of the catalogue, hexadecimal.
    catalogue: String,
    /// Bytes of the catalogue.
    pub catalogue_bytes: u64,
    /// The base, then its updates, oldest first.
    #[serde(with = "hexadecimal")]
    pub torrents: Vec<InfoHash>,
}

/// Info hashes as people write them.
mod hexadecimal {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use torrent::InfoHash;

    pub fn serialize<S: Serializer>(hashes: &[InfoHash], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(hashes.iter().map(InfoHash::to_string))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<InfoHash>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let parse = |text: &String| text.parse().map_err(D::Error::custom);
        texts.iter().map(parse).collect()
    }
}

/// Why a collection cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {reason}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Makes an error of a path's trouble.
fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::File {
        path: path.into(),
        source,
    }
}

fn content_error(path: &Path) -> impl FnOnce(String) -> Error {
    move |reason| Error::Content {
        path: path.into(),
        reason,
    }
}

impl Manifest {
    fn path(folder: &Path) -> PathBuf {
        folder.join("collection.json")
    }

    fn load(folder: &Path) -> Result<Self, Error> {
        let path = Self::path(folder);
        let text = fs::read(&path).map_err(file_error(&path))?;
        let found: Self = serde_json::from_slice(&text)
            .map_err(|error| content_error(&path)(error.to_string()))?;
        if found.version != MANIFEST_VERSION {
            let reason = format!(
                "version {} is not known, only {MANIFEST_VERSION}",
                found.version
            );
            return Err(content_error(&path)(reason));
        }
        Ok(found)
    }

    /// Name of the catalogue's file.
    fn catalogue_name(&self) -> String {
        format!(
            "catalogue-{}.bin",
            &self.catalogue[..16.min(self.catalogue.len())]
        )
    }
}

/// A torrent of a collection, ready to be served.
pub struct Torrent {
    /// What was published.
    pub metainfo: Metainfo,
    /// Digest of each file.
    digests: Vec<Md5>,
    /// Places of files by path, as the torrent writes it.
    places: BTreeMap<String, usize>,
}

impl Torrent {
    fn load(folder: &Path, info_hash: &InfoHash) -> Result<Self, Error> {
        let path = folder.join(format!("{info_hash}.torrent"));
        let bytes = fs::read(&path).map_err(file_error(&path))?;
        let metainfo =
            Metainfo::parse(&bytes).map_err(|error| content_error(&path)(error.to_string()))?;
        if metainfo.info_hash != *info_hash {
            return Err(content_error(&path)("is another torrent".into()));
        }
        let path = folder.join(format!("{info_hash}.md5"));
        let bytes = fs::read(&path).map_err(file_error(&path))?;
        let digests: Vec<Md5> = bytes.as_chunks().0.iter().copied().map(Md5).collect();
        if digests.len() != metainfo.info.files.len() {
            return Err(content_error(&path)("does not match its torrent".into()));
        }
        let place = |(place, file): (usize, &torrent::InfoFile)| {
            let raw = file.raw_path.as_ref().map(|parts| parts.join("/"));
            (raw.unwrap_or_else(|| file.path.clone()), place)
        };
        let places = metainfo.info.files.iter().enumerate().map(place).collect();
        Ok(Self {
            metainfo,
            digests,
            places,
        })
    }

    /// Name of the torrent's folder, as the torrent writes it.
    fn name(&self) -> &str {
        let info = &self.metainfo.info;
        info.raw_name.as_deref().unwrap_or(&info.name)
    }
}

/// A collection, ready to be served.
pub struct Collection {
    /// What there is.
    pub manifest: Manifest,
    /// Its torrents, as listed.
    pub torrents: Vec<Arc<Torrent>>,
    folder: PathBuf,
    /// Where content is, by digest: in the published folder, or held.
    sources: BTreeMap<Md5, Vec<Source>>,
}

impl Collection {
    fn load(folder: &Path) -> Result<Self, Error> {
        let manifest = Manifest::load(folder)?;
        let torrents = manifest.torrents.iter();
        let torrents = torrents
            .map(|hash| Torrent::load(folder, hash).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let files = Files::load(folder)?.unwrap_or_default();
        Ok(Self {
            sources: files.sources(&manifest.folder, folder),
            folder: folder.into(),
            manifest,
            torrents,
        })
    }
}

/// All collections of a folder, by the names that addresses have; looked at again when one is
/// published.
pub struct Collections {
    folder: PathBuf,
    loaded: Mutex<BTreeMap<String, Loaded>>,
    /// Torrents as they were asked for, by address of the relay.
    torrents: serve::TorrentCache,
    metrics: CollectionMetrics,
}

/// A collection that was published.
pub struct Known {
    /// Name in addresses.
    pub name: String,
    /// When it was published, in seconds since 1970.
    pub seconds: u64,
    /// What there is of it; none where it cannot be served.
    pub collection: Option<Arc<Collection>>,
    /// Why it cannot.
    pub problem: Option<String>,
}

struct Loaded {
    /// Size and time of `collection.json` when it was loaded.
    stamp: files::Stamp,
    /// None where it could not be loaded.
    collection: Option<Arc<Collection>>,
    /// Why it could not.
    problem: Option<String>,
}

impl Collections {
    /// Collections in `folder`, which may not be there yet.
    #[must_use]
    pub fn new(folder: PathBuf, metrics: CollectionMetrics) -> Self {
        Self {
            folder,
            loaded: Mutex::default(),
            torrents: serve::TorrentCache::new(metrics.torrent_cache.clone()),
            metrics,
        }
    }

    /// All that can be served, by name; reads what changed since it was last asked.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Arc<Collection>)> {
        self.look(true)
    }

    /// The same; a look that nobody asked for is no hit of the cache.
    fn look(&self, is_asked: bool) -> Vec<(String, Arc<Collection>)> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if let Ok(name) = entry.file_name().into_string()
                && is_slug(&name)
            {
                names.push(name);
            }
        }
        names.sort();
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|name, _| names.contains(name));
        names
            .into_iter()
            .filter_map(|name| {
                let collection = self.refresh(&mut loaded, &name, is_asked)?;
                Some((name, collection))
            })
            .collect()
    }

    /// All that were published, also what cannot be served, with the reason and the time.
    #[must_use]
    pub fn published(&self) -> Vec<Known> {
        // Reads what changed.
        let _ = self.look(false);
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |(name, known): (&String, &Loaded)| Known {
            name: name.clone(),
            seconds: known.stamp.seconds(),
            collection: known.collection.clone(),
            problem: known.problem.clone(),
        };
        loaded.iter().map(known).collect()
    }

    /// Where they lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Collection>> {
        if !is_slug(name) {
            return None;
        }
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh(&mut loaded, name, true)
    }

    /// Sets the gauges; whether all that was published can be served. None where nothing is.
    pub fn measure(&self) -> Option<bool> {
        let all = self.look(false);
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let metrics = &self.metrics;
        let failed = loaded.values().filter(|known| known.collection.is_none());
        let failed = failed.count();
        let entries = |found: &Collection| i64::from(found.manifest.files);
        let published = |name: &String| loaded.get(name).map(|known| known.stamp.seconds());
        metrics.collection_cache.entries.set(loaded.len() as i64);
        metrics.served.set(all.len() as i64);
        metrics.failed.set(failed as i64);
        metrics
            .entries
            .set(all.iter().map(|(_, found)| entries(found)).sum());
        metrics
            .oldest
            .set(all.iter().filter_map(|(name, _)| published(name)).min());
        if let Some(each) = &metrics.each {
            each.entries.reset();
            each.published.reset();
            for (name, found) in &all {
                each.entries.with_label_values(&[name]).set(entries(found));
                let published = published(name).map_or(0, |seconds| seconds as i64);
                each.published.with_label_values(&[name]).set(published);
            }
        }
        (!loaded.is_empty()).then_some(failed == 0)
    }

    fn refresh(
        &self,
        loaded: &mut BTreeMap<String, Loaded>,
        name: &str,
        is_asked: bool,
    ) -> Option<Arc<Collection>> {
        let folder = self.folder.join(name);
        let stamp = files::Stamp::of(&Manifest::path(&folder)).ok()?;
        if let Some(known) = loaded.get(name)
            && known.stamp == stamp
        {
            self.metrics.collection_cache.hits.inc_by(is_asked.into());
            return known.collection.clone();
        }
        self.metrics.collection_cache.misses.inc();
        let collection = Collection::load(&folder)
            .map(Arc::new)
            .inspect_err(|error| {
                tracing::warn!(collection = name, %error, "a collection cannot be served");
            });
        let problem = collection.as_ref().err().map(ToString::to_string);
        let collection = collection.ok();
        let entry = Loaded {
            stamp,
            collection: collection.clone(),
            problem,
        };
        loaded.insert(name.to_owned(), entry);
        collection
    }
}

/// The name of a collection in addresses and on disk: letters, digits, dots and dashes.
pub(crate) fn slug(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '-'
        }
    };
    let text: String = name.chars().map(plain).collect();
    let parts: Vec<&str> = text.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").trim_matches(['.', '-']).to_owned()
}

fn is_slug(name: &str) -> bool {
    !name.is_empty() && slug(name) == name
}
