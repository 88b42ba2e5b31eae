//! `sidereal-relay publish`: a folder becomes a collection, and a newer state of it an update.
//!
//! The same folder makes the same bytes. Work is done in two passes, each of which goes on where it
//! was interrupted: first every file that is new or has another size or time is read, for its
//! digest and for what it says of itself; then the content that no torrent of the collection has
//! yet is hashed into a torrent. A file that only moved is found by its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use catalog::{Entry, Knowledge, Origin, Remote, path_in_collection};
use sha2::{Digest as _, Sha256};
use sidfile::{Md5, Songlengths, Stil};
use torrent::create::{self, Builder};

use super::files::{self, Files, Known, Stamp};
use super::progress::{Log, PieceProgress};
use super::{MANIFEST_VERSION, Manifest, Torrent, file_error, slug};

/// Most bytes of a tune.
const MOST_TUNE: u64 = 70_000;
/// Bytes read at once, and hashed between two looks at the clock.
const STEP: usize = 1 << 20;
/// Bytes hashed between two savings of the progress.
const SAVE_EVERY: u64 = 256 << 20;

/// What to publish.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder.
    pub folder: PathBuf,
    /// Name for people.
    pub name: String,
    /// Where collections are kept.
    pub out: PathBuf,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Files read, of those to read.
    Reading(usize, usize),
    /// Bytes hashed, of those to hash.
    Hashing(u64, u64),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What there is now.
    pub manifest: Manifest,
    /// Files of the torrent that was made, if one was needed.
    pub added: usize,
    /// Files that could not be read or are no tunes though they are called so, with the reason.
    pub refused: Vec<(String, String)>,
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or the collection's own state.
    #[error(transparent)]
    Collection(#[from] super::Error),
    /// A name without letters or digits.
    #[error("{0:?} has no letter or digit that an address could have")]
    Name(String),
    /// Another collection has that place.
    #[error("{} is a collection called {other:?}: choose another name", path.display())]
    Taken {
        /// Place.
        path: PathBuf,
        /// Whose.
        other: String,
    },
    /// Somebody else publishes there.
    #[error("{} is being published by another process", .0.display())]
    Busy(PathBuf),
    /// There are no files.
    #[error("{} holds no files", .0.display())]
    Empty(PathBuf),
    /// A file changed while it was read.
    #[error("{} changed while it was read: publish again", .0.display())]
    Changed(PathBuf),
    /// The torrent cannot be made.
    #[error(transparent)]
    Torrent(#[from] create::Error),
    /// Whoever watched wanted it to stop. What is done is kept.
    #[error("stopped; to publish again goes on from there")]
    Stopped,
}

/// Publishes a folder.
///
/// # Errors
/// The folder or the collection cannot be read or written, or somebody wanted it to stop.
pub fn publish(
    options: &Options,
    mut watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<Published, Error> {
    let name = slug(&options.name);
    if name.is_empty() {
        return Err(Error::Name(options.name.clone()));
    }
    let published = fs::canonicalize(&options.folder).map_err(file_error(&options.folder))?;
    let folder = options.out.join(&name);
    fs::create_dir_all(folder.join("held")).map_err(file_error(&folder))?;
    let lock_path = folder.join(".lock");
    let lock = File::create(&lock_path).map_err(file_error(&lock_path))?;
    if lock.try_lock().is_err() {
        return Err(Error::Busy(folder));
    }
    let before = if Manifest::path(&folder).exists() {
        Some(Manifest::load(&folder)?)
    } else {
        None
    };
    if let Some(before) = &before
        && before.name != options.name
    {
        let other = before.name.clone();
        return Err(Error::Taken {
            path: folder,
            other,
        });
    }
    let mut torrents: Vec<Torrent> = Vec::new();
    for hash in before.iter().flat_map(|before| &before.torrents) {
        torrents.push(Torrent::load(&folder, hash)?);
    }
    let work = Work {
        published: &published,
        folder: &folder,
    };
    let old = Files::load(&folder)?.unwrap_or_default();
    let (known, refused) = work.read(&old, &mut watch)?;
    if known.is_empty() {
        return Err(Error::Empty(published));
    }

    let there: BTreeSet<Md5> = torrents
        .iter()
        .flat_map(|torrent| torrent.digests.iter().copied())
        .collect();
    let new: Vec<&Known> = known
        .iter()
        .filter(|known| known.stamp.length > 0 && !there.contains(&known.md5))
        .collect();
    let added = new.len();
    if added > 0 {
        let title = match torrents.len() {
            0 => name.clone(),
            number => format!("{name}-update-{number}"),
        };
        torrents.push(work.hash(&title, &new, &mut watch)?);
    }
    let held = work.hold(&known, &old, &torrents)?;
    let files = Files { known, held };
    let (entries, songs) = work.catalogue(&files.known, &torrents)?;
    let catalogue = catalog::encode(&entries);
    let manifest = Manifest {
        version: MANIFEST_VERSION,
        name: options.name.clone(),
        folder: published.clone(),
        files: files.known.len() as u32,
        tunes: songs,
        bytes: files.known.iter().map(|known| known.stamp.length).sum(),
        catalogue: hex(&Sha256::digest(&catalogue)),
        catalogue_bytes: catalogue.len() as u64,
        torrents: torrents
            .iter()
            .map(|torrent| torrent.metainfo.info_hash)
            .collect(),
    };
    let path = folder.join(manifest.catalogue_name());
    if !path.exists() {
        files::write(&path.with_added_extension("br"), &brotli(&catalogue))?;
        files::write(&path.with_added_extension("gz"), &gzip(&catalogue))?;
        files::write(&path, &catalogue)?;
    }
    files.save(&folder)?;
    let json = serde_json::to_vec_pretty(&manifest).expect("plain data always encodes");
    files::write(&Manifest::path(&folder), &json)?;
    work.tidy(before.as_ref(), &manifest);
    Ok(Published {
        manifest,
        added,
        refused,
    })
}

/// Files of a folder in order of path, without those that a collection has of itself.
pub(super) fn scan(published: &Path, folder: &Path) -> Result<Vec<(String, Stamp)>, Error> {
    Work { published, folder }.scan(&mut Vec::new())
}

struct Work<'a> {
    published: &'a Path,
    folder: &'a Path,
}

type Refused = Vec<(String, String)>;

impl Work<'_> {
    /// Files of the folder in order of path, but hidden ones and links.
    fn scan(&self, refused: &mut Refused) -> Result<Vec<(String, Stamp)>, Error> {
        let mut found = Vec::new();
        let is_hidden = |entry: &walkdir::DirEntry| {
            entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
        };
        let walk = walkdir::WalkDir::new(self.published).into_iter();
        for entry in walk.filter_entry(|entry| !is_hidden(entry)) {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(self.published).to_owned();
                file_error(&path)(error.into())
            })?;
            // A relay that publishes into the folder itself does not publish what it made.
            if !entry.file_type().is_file() || entry.path().starts_with(self.folder) {
                continue;
            }
            let path = entry.path();
            let below = path.strip_prefix(self.published).unwrap_or(path);
            let Some(text) = below.to_str() else {
                let path = below.to_string_lossy().into_owned();
                refused.push((path, "its name is no UTF-8".into()));
                continue;
            };
            if text.contains('\\') && std::path::MAIN_SEPARATOR == '/' {
                refused.push((text.to_owned(), "its name has a backslash".into()));
                continue;
            }
            let stamp = Stamp::of(path).map_err(file_error(path))?;
            found.push((text.replace(std::path::MAIN_SEPARATOR, "/"), stamp));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    /// Reads what is new or has another stamp.
    fn read(
        &self,
        old: &Files,
        watch: &mut impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(Vec<Known>, Refused), Error> {
        let mut refused = Vec::new();
        let found = self.scan(&mut refused)?;
        let path = self.folder.join("progress.files");
        let mut log = Log::open(&path)?;
        let known = old.known.iter().cloned().chain(log.take());
        let mut known: BTreeMap<String, Known> =
            known.map(|known| (known.path.clone(), known)).collect();
        let is_same = |(path, stamp): &(String, Stamp)| {
            known.get(path).is_some_and(|known| known.stamp == *stamp)
        };
        let todo: Vec<(String, Stamp)> = found
            .iter()
            .filter(|file| !is_same(file))
            .cloned()
            .collect();
        for (number, (path, stamp)) in todo.iter().enumerate() {
            if watch(Progress::Reading(number, todo.len())).is_break() {
                return Err(Error::Stopped);
            }
            let read = self.describe(path, *stamp)?;
            log.push(&read)?;
            known.insert(path.clone(), read);
        }
        let known: Vec<Known> = found
            .iter()
            .filter_map(|(path, _)| known.remove(path))
            .collect();
        for file in &known {
            if is_tune(&file.path) && file.entry.is_none() {
                refused.push((file.path.clone(), "it is no tune".into()));
            }
        }
        Ok((known, refused))
    }

    fn describe(&self, path: &str, stamp: Stamp) -> Result<Known, Error> {
        let place = self.published.join(path);
        let (md5, entry) = if is_tune(path) && stamp.length <= MOST_TUNE {
            let bytes = fs::read(&place).map_err(file_error(&place))?;
            let shown = path_in_collection(path);
            let entry = Entry::of_file(&shown, &bytes, Origin::Collection).ok();
            (Md5::of(&bytes), entry)
        } else {
            (digest(&place).map_err(file_error(&place))?, None)
        };
        if Stamp::of(&place).map_err(file_error(&place))? != stamp {
            return Err(Error::Changed(place));
        }
        Ok(Known {
            path: path.to_owned(),
            stamp,
            md5,
            entry,
        })
    }

    /// Hashes files into a torrent.
    fn hash(
        &self,
        name: &str,
        new: &[&Known],
        watch: &mut impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Torrent, Error> {
        let list = new
            .iter()
            .map(|known| (known.path.clone(), known.stamp.length));
        let mut builder = Builder::new(name, list.collect())?;
        let files = builder.files().to_vec();
        let by_path: BTreeMap<&str, &Known> =
            new.iter().map(|known| (&*known.path, *known)).collect();
        let progress = PieceProgress::of(self.folder, name, new);
        let mut skip = builder.resume(&progress.load(&builder));
        let mut saved = skip;
        let mut buffer = vec![0; STEP];
        for (path, length) in &files {
            if skip >= *length {
                skip -= length;
                continue;
            }
            let place = self.published.join(path);
            let mut file = File::open(&place).map_err(file_error(&place))?;
            file.seek(SeekFrom::Start(skip))
                .map_err(file_error(&place))?;
            let mut left = length - skip;
            skip = 0;
            while left > 0 {
                let most = usize::try_from(left).map_or(STEP, |left| left.min(STEP));
                let count = file.read(&mut buffer[..most]).map_err(file_error(&place))?;
                if count == 0 {
                    return Err(Error::Changed(place));
                }
                builder.push(&buffer[..count])?;
                left -= count as u64;
                let stop = watch(Progress::Hashing(builder.position(), builder.length()));
                if stop.is_break() || builder.position() - saved >= SAVE_EVERY {
                    progress.save(&builder)?;
                    saved = builder.position();
                }
                if stop.is_break() {
                    return Err(Error::Stopped);
                }
            }
            if Stamp::of(&place).map_err(file_error(&place))? != by_path[&**path].stamp {
                return Err(Error::Changed(place));
            }
        }
        let metainfo = builder.finish()?;
        let digests = files.iter().map(|(path, _)| by_path[&**path].md5.0);
        let digests: Vec<[u8; 16]> = digests.collect();
        let hash = metainfo.info_hash;
        let path = self.folder.join(format!("{hash}.md5"));
        files::write(&path, digests.as_flattened())?;
        let path = self.folder.join(format!("{hash}.torrent"));
        files::write(&path, &metainfo.encode(&[], &[], &[]))?;
        Ok(Torrent::load(self.folder, &hash)?)
    }

    /// Hard links to all content that a torrent has: what is linked outlives its replacement in the
    /// folder. Where the file system refuses, a replaced file is gone for those who still want it.
    fn hold(
        &self,
        known: &[Known],
        old: &Files,
        torrents: &[Torrent],
    ) -> Result<Vec<(Md5, Stamp)>, Error> {
        let wanted: BTreeSet<&Md5> = torrents
            .iter()
            .flat_map(|torrent| &torrent.digests)
            .collect();
        let mut held: BTreeMap<Md5, Stamp> = BTreeMap::new();
        for (md5, stamp) in &old.held {
            let path = files::held(self.folder, md5);
            let is_same = Stamp::of(&path).is_ok_and(|now| now == *stamp);
            if is_same && wanted.contains(md5) {
                held.insert(*md5, *stamp);
            } else {
                // It was changed where it lies, or nobody has it any more.
                let _ = fs::remove_file(&path);
            }
        }
        for known in known {
            if held.contains_key(&known.md5) || !wanted.contains(&known.md5) {
                continue;
            }
            let path = files::held(self.folder, &known.md5);
            let _ = fs::remove_file(&path);
            let linked = fs::hard_link(self.published.join(&known.path), &path);
            if linked.is_ok() && Stamp::of(&path).is_ok_and(|now| now == known.stamp) {
                held.insert(known.md5, known.stamp);
            }
        }
        Ok(held.into_iter().collect())
    }

    /// Entries of all tunes, with what the folder's lists know and where the swarm has them, and
    /// how many songs they have.
    fn catalogue(&self, known: &[Known], torrents: &[Torrent]) -> Result<(Vec<Entry>, u32), Error> {
        let find = |name: &str| {
            let is_it = |known: &&Known| {
                let file = known.path.rsplit('/').next().unwrap_or_default();
                file.eq_ignore_ascii_case(name)
            };
            let place = known
                .iter()
                .find(is_it)
                .map(|known| self.published.join(&known.path));
            place.map(|place| fs::read(&place).map_err(file_error(&place)))
        };
        let lists = Knowledge {
            lengths: find("Songlengths.md5")
                .transpose()?
                .map(|bytes| Songlengths::parse(&bytes)),
            stil: find("STIL.txt")
                .transpose()?
                .map(|bytes| Stil::parse(&bytes)),
        };
        let mut remotes: BTreeMap<Md5, Remote> = BTreeMap::new();
        for torrent in torrents {
            for (file, md5) in torrent.digests.iter().enumerate() {
                let info_hash = torrent.metainfo.info_hash.0;
                let file = file as u32;
                remotes.entry(*md5).or_insert(Remote { info_hash, file });
            }
        }
        let mut entries = Vec::new();
        let mut songs = 0;
        let mut seen = BTreeSet::new();
        for known in known {
            let Some(mut entry) = known.entry.clone() else {
                continue;
            };
            // A tune that lies in two places is one tune.
            if !seen.insert(known.md5) {
                continue;
            }
            songs += u32::from(entry.songs());
            lists.apply(&mut entry);
            entry.remote = remotes.get(&known.md5).copied();
            entries.push(entry);
        }
        Ok((entries, songs))
    }

    /// Removes what is not needed any more: progress, and catalogues before the last.
    fn tidy(&self, before: Option<&Manifest>, now: &Manifest) {
        let before = before.unwrap_or(now);
        let keep = [before.catalogue_name(), now.catalogue_name()];
        // Pages that read the listing before still ask for the catalogue of then.
        let is_newer = keep[0] != keep[1];
        for entry in fs::read_dir(self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_old = is_newer
                && name.starts_with("catalogue-")
                && !keep.iter().any(|kept| name.starts_with(&**kept));
            if is_old || name.starts_with("progress.") || name.ends_with(".new") {
                // What cannot be removed is removed the next time.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Digest of a file of any length.
pub(super) fn digest(path: &Path) -> std::io::Result<Md5> {
    let mut file = File::open(path)?;
    let mut hash = md5::Md5::new();
    let mut buffer = vec![0; STEP];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Md5(hash.finalize().into())),
            count => hash.update(&buffer[..count]),
        }
    }
}

fn is_tune(path: &str) -> bool {
    let extension = path.rsplit('.').next().unwrap_or_default();
    ["sid", "psid", "rsid"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// Compressed for browsers.
pub fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let parameters = ::brotli::enc::BrotliEncoderParams {
        quality: 9,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    ::brotli::BrotliCompress(&mut &*bytes, &mut out, &parameters)
        .expect("a vector takes any bytes");
    out
}

/// Compressed for everybody else.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("a vector takes any bytes")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
