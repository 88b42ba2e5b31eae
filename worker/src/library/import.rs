//! Taking files in: what is a tune, what is in a zip, what is refused and why.
//!
//! The importer is a machine that does one file at a step, so that its owner can show progress,
//! take a cancel in, and write what it found in batches.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Seek, SeekFrom};

use catalog::{Entry, Origin, path_in_collection};
use protocol::library::{ImportReport, Refusal};
use sidfile::mus::{self, Mus, Score};
use sidfile::rom::{self, RomKind};
use zip::ZipArchive;

use super::store::StoredFile;

/// Most bytes that a zip may unpack to.
const MAX_UNPACKED: u64 = 1 << 30;
/// Most files in a zip.
const MAX_ENTRIES: usize = 100_000;
/// Most bytes of a tune: a header and all of the C64's memory, with room for slips.
const MAX_TUNE: u64 = 70_000;
/// Most bytes of `Songlengths.md5` or `STIL.txt`; those of HVSC #74 have 5 MB.
const MAX_TEXT: u64 = 64 << 20;

/// A file that can be read in pieces.
pub trait Source {
    /// Length in bytes.
    fn length(&self) -> u64;
    /// Reads at `offset` into `buffer` and returns how much; short only at the end.
    ///
    /// # Errors
    /// The file went away or may not be read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl Source for Vec<u8> {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.get(offset..))
            .unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// Bytes read ahead: zip directories are read in steps of a few bytes.
const READ_AHEAD: usize = 64 << 10;

/// [`Read`] and [`Seek`] over a source.
pub struct Cursor<S> {
    source: S,
    position: u64,
    ahead: Vec<u8>,
    ahead_at: u64,
}

impl<S: Source> Cursor<S> {
    fn new(source: S) -> Self {
        Self {
            source,
            position: 0,
            ahead: Vec::new(),
            ahead_at: 0,
        }
    }
}

impl<S: Source> Read for Cursor<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let inside = self
            .position
            .checked_sub(self.ahead_at)
            .and_then(|offset| usize::try_from(offset).ok());
        let mut rest = inside
            .and_then(|offset| self.ahead.get(offset..))
            .unwrap_or_default();
        if rest.is_empty() {
            self.ahead.resize(READ_AHEAD, 0);
            let count = self.source.read_at(self.position, &mut self.ahead)?;
            self.ahead.truncate(count);
            self.ahead_at = self.position;
            rest = &self.ahead;
        }
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl<S: Source> Seek for Cursor<S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.source.length().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

/// What a file's name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Tune,
    /// A Sidplayer song.
    Song,
    /// Its voices for a second chip, and its words.
    Second,
    Words,
    Archive,
    Songlengths,
    Stil,
    Rom,
    Other,
}

fn kind_of(path: &str) -> Kind {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    match name.as_str() {
        "songlengths.md5" => return Kind::Songlengths,
        "stil.txt" => return Kind::Stil,
        _ => {}
    }
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("sid" | "psid" | "rsid") => Kind::Tune,
        Some("mus") => Kind::Song,
        Some("str") => Kind::Second,
        Some("wds") => Kind::Words,
        Some("zip") => Kind::Archive,
        Some("bin" | "rom") if is_rom_by_name(&name) => Kind::Rom,
        _ => Kind::Other,
    }
}

/// Emulators' folders hold ROMs of other machines and of drives too; those are passed over.
fn is_rom_by_name(name: &str) -> bool {
    let mut names = RomKind::ALL.iter().flat_map(|kind| kind.file_names());
    names.any(|known| {
        let stem = known.split('.').next().unwrap_or(known);
        name.starts_with(stem)
    })
}

/// What one step found.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A tune, and what its header says of it.
    Tune(StoredFile, Box<Entry>),
    /// Text of `Songlengths.md5`.
    Songlengths(Vec<u8>),
    /// Text of `STIL.txt`.
    Stil(Vec<u8>),
    /// A ROM of the C64.
    Rom(RomKind, Vec<u8>),
    /// Something that is counted in the report only.
    Nothing,
}

/// Files in the order in which they are taken in: what belongs to a song, by its name, comes right
/// before it. Voices for a second chip are a song themselves where they are alone.
fn in_order<T>(files: Vec<(String, T)>) -> VecDeque<(String, Kind, T)> {
    let stem = |path: &str| path.rsplit_once('.').map(|(stem, _)| stem.to_lowercase());
    let mut beside: BTreeMap<String, Vec<(String, Kind, T)>> = files
        .iter()
        .filter(|(path, _)| kind_of(path) == Kind::Song)
        .filter_map(|(path, _)| Some((stem(path)?, Vec::new())))
        .collect();
    let mut others = Vec::new();
    for (path, file) in files {
        let kind = kind_of(&path);
        let song = stem(&path).filter(|_| matches!(kind, Kind::Second | Kind::Words));
        match (song.and_then(|stem| beside.get_mut(&stem)), kind) {
            (Some(beside), _) => beside.push((path, kind, file)),
            (None, Kind::Second) => others.push((path, Kind::Song, file)),
            (None, Kind::Words) => others.push((path, Kind::Other, file)),
            (None, _) => others.push((path, kind, file)),
        }
    }
    let mut all = VecDeque::new();
    for item in others {
        if let Some(stem) = stem(&item.0)
            && item.1 == Kind::Song
        {
            all.extend(beside.remove(&stem).unwrap_or_default());
        }
        all.push_back(item);
    }
    all
}

struct Archive<S> {
    path: String,
    zip: ZipArchive<Cursor<S>>,
    /// Entries that are left to do.
    entries: VecDeque<(String, Kind, usize)>,
    unpacked: u64,
}

/// Goes through files and the files in zips.
pub struct Importer<S> {
    files: VecDeque<(String, Kind, S)>,
    archive: Option<Archive<S>>,
    /// What belongs to the song that comes next.
    beside: BTreeMap<Kind, Vec<u8>>,
    /// Totals; `refused` holds what was refused since it was last taken.
    pub report: ImportReport,
}

impl<S: Source> Importer<S> {
    /// Importer of files, each with the path that it came under.
    #[must_use]
    pub fn new(files: Vec<(String, S)>) -> Self {
        let total = u32::try_from(files.len()).unwrap_or(u32::MAX);
        Self {
            files: in_order(files),
            archive: None,
            beside: BTreeMap::new(),
            report: ImportReport {
                total,
                ..ImportReport::default()
            },
        }
    }

    /// Does one file; `None` when all are done.
    pub fn step(&mut self) -> Option<Found> {
        if let Some(archive) = &mut self.archive {
            if let Some((name, kind, entry)) = archive.entries.pop_front() {
                self.report.done += 1;
                let path = format!("{}!/{name}", archive.path);
                let result = unpack(archive, kind, entry).and_then(|bytes| match bytes {
                    Some(bytes) => self.take(kind, path_in_collection(&name), bytes),
                    None => Ok(Found::Nothing),
                });
                return Some(self.settle(result.map_err(|reason| Refusal { path, reason })));
            }
            self.archive = None;
        }
        let (path, kind, source) = self.files.pop_front()?;
        self.report.done += 1;
        let result = match kind {
            Kind::Archive => self.open_archive(&path, source).map(|()| Found::Nothing),
            Kind::Other => {
                self.report.skipped += 1;
                Ok(Found::Nothing)
            }
            kind => read_whole(&source, kind)
                .and_then(|bytes| self.take(kind, path_in_collection(&path), bytes)),
        };
        Some(self.settle(result.map_err(|reason| Refusal { path, reason })))
    }

    fn take(&mut self, kind: Kind, path: String, bytes: Vec<u8>) -> Result<Found, String> {
        let bytes = match kind {
            Kind::Songlengths => return Ok(Found::Songlengths(bytes)),
            Kind::Stil => return Ok(Found::Stil(bytes)),
            Kind::Rom => {
                return match rom::identify(&bytes) {
                    Ok(kind) => Ok(Found::Rom(kind, bytes)),
                    Err(error) => Err(format!("no ROM of the C64 that is known: {error}")),
                };
            }
            Kind::Second | Kind::Words => {
                if kind == Kind::Second {
                    Score::parse(&bytes).map_err(|error| error.to_string())?;
                }
                self.beside.insert(kind, bytes);
                return Ok(Found::Nothing);
            }
            Kind::Song => self.whole_song(&bytes)?,
            _ => bytes,
        };
        let entry =
            Entry::of_file(&path, &bytes, Origin::Imported).map_err(|error| error.to_string())?;
        let file = StoredFile {
            md5: entry.md5,
            path,
            bytes,
        };
        Ok(Found::Tune(file, Box::new(entry)))
    }

    /// A song with what belongs to it, in one file.
    fn whole_song(&mut self, song: &[u8]) -> Result<Vec<u8>, String> {
        let beside = std::mem::take(&mut self.beside);
        let part = |kind| beside.get(&kind).map_or(&[][..], Vec::as_slice);
        Mus::parse(song)
            .and_then(|_| mus::bundle(song, part(Kind::Second), part(Kind::Words)))
            .map_err(|error| error.to_string())
    }

    fn settle(&mut self, result: Result<Found, Refusal>) -> Found {
        result.unwrap_or_else(|refusal| {
            self.report.refused.push(refusal);
            Found::Nothing
        })
    }

    fn open_archive(&mut self, path: &str, source: S) -> Result<(), String> {
        let zip = ZipArchive::new(Cursor::new(source))
            .map_err(|error| format!("not a readable zip: {error}"))?;
        if zip.len() > MAX_ENTRIES {
            return Err(format!(
                "the zip holds {} files, at most {MAX_ENTRIES} are taken",
                zip.len()
            ));
        }
        let names = (0..zip.len()).map(|at| (name_of(&zip, at).replace('\\', "/"), at));
        let entries = in_order(names.filter(|(name, _)| !name.ends_with('/')).collect());
        self.report.total += u32::try_from(entries.len()).unwrap_or(0);
        self.archive = Some(Archive {
            path: path.to_owned(),
            zip,
            entries,
            unpacked: 0,
        });
        Ok(())
    }
}

/// Name of an entry of a zip; a name that is no text is replaced by its number.
fn name_of<R: Read + Seek>(zip: &ZipArchive<R>, entry: usize) -> String {
    match zip.name_for_index(entry) {
        Some(Ok(name)) => name.into_owned(),
        _ => format!("entry {entry}"),
    }
}

/// An entry's bytes; `None` for one that is of no use.
fn unpack<S: Source>(
    archive: &mut Archive<S>,
    kind: Kind,
    entry: usize,
) -> Result<Option<Vec<u8>>, String> {
    let limit = match kind {
        Kind::Other => return Ok(None),
        Kind::Archive => return Err("a zip inside a zip is not opened".into()),
        kind => most_bytes(kind),
    };
    let left = MAX_UNPACKED.saturating_sub(archive.unpacked).min(limit);
    let mut file = archive
        .zip
        .by_index(entry)
        .map_err(|error| format!("in the zip: {error}"))?;
    let mut bytes = Vec::new();
    // The size that the zip claims may be a lie, so what counts is what comes out.
    let read = file.by_ref().take(left + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("in the zip: {error}"))?;
    drop(file);
    archive.unpacked += bytes.len() as u64;
    if bytes.len() as u64 > left {
        return Err(if left < limit {
            format!("the zip unpacks to more than {MAX_UNPACKED} bytes")
        } else {
            too_long(bytes.len() as u64, kind)
        });
    }
    Ok(Some(bytes))
}

fn most_bytes(kind: Kind) -> u64 {
    match kind {
        Kind::Songlengths | Kind::Stil => MAX_TEXT,
        _ => MAX_TUNE,
    }
}

fn too_long(length: u64, kind: Kind) -> String {
    let limit = most_bytes(kind);
    format!("the file has {length} bytes or more, at most {limit} are taken")
}

fn read_whole(source: &impl Source, kind: Kind) -> Result<Vec<u8>, String> {
    let limit = most_bytes(kind);
    let length = source.length();
    if length > limit {
        return Err(too_long(length, kind));
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(|error| error.to_string())?];
    let mut done = 0;
    while done < bytes.len() {
        let read = source.read_at(done as u64, &mut bytes[done..]);
        match read.map_err(|error| format!("the file cannot be read: {error}"))? {
            0 => return Err(format!("the file ended after {done} of {length} bytes")),
            count => done += count,
        }
    }
    Ok(bytes)
}
