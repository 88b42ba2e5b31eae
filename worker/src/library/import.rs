//! Taking files in: what is a tune, what is in a zip, what is refused and why.
//!
//! The importer is a machine that does one file at a step, so that its owner can show progress,
//! take a cancel in, and write what it found in batches.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};

use catalog::{Entry, Origin, path_in_collection};
use protocol::library::{ImportReport, Refusal};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tune,
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

struct Archive<S> {
    path: String,
    zip: ZipArchive<Cursor<S>>,
    /// Entries that are left to do.
    entries: VecDeque<usize>,
    unpacked: u64,
}

/// Goes through files and the files in zips.
pub struct Importer<S> {
    files: VecDeque<(String, S)>,
    archive: Option<Archive<S>>,
    /// Totals; `refused` holds what was refused since it was last taken.
    pub report: ImportReport,
}

impl<S: Source> Importer<S> {
    /// Importer of files, each with the path that it came under.
    #[must_use]
    pub fn new(files: Vec<(String, S)>) -> Self {
        let total = u32::try_from(files.len()).unwrap_or(u32::MAX);
        Self {
            files: files.into(),
            archive: None,
            report: ImportReport {
                total,
                ..ImportReport::default()
            },
        }
    }

    /// Does one file; `None` when all are done.
    pub fn step(&mut self) -> Option<Found> {
        if let Some(archive) = &mut self.archive {
            if let Some(entry) = archive.entries.pop_front() {
                self.report.done += 1;
                let inside = unpack(archive, entry);
                return Some(self.settle(inside));
            }
            self.archive = None;
        }
        let (path, source) = self.files.pop_front()?;
        self.report.done += 1;
        let result = match kind_of(&path) {
            Kind::Archive => self.open_archive(&path, source).map(|()| Found::Nothing),
            Kind::Other => {
                self.report.skipped += 1;
                Ok(Found::Nothing)
            }
            kind => read_whole(&source, kind)
                .and_then(|bytes| take(kind, path_in_collection(&path), bytes)),
        };
        Some(self.settle(result.map_err(|reason| Refusal { path, reason })))
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
        let mut entries = VecDeque::new();
        for at in 0..zip.len() {
            let name = name_of(&zip, at);
            if !name.ends_with('/') {
                entries.push_back(at);
            }
        }
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

fn unpack<S: Source>(archive: &mut Archive<S>, entry: usize) -> Result<Found, Refusal> {
    let name = name_of(&archive.zip, entry).replace('\\', "/");
    let refuse = |reason: String| Refusal {
        path: format!("{}!/{name}", archive.path),
        reason,
    };
    let kind = kind_of(&name);
    let limit = match kind {
        Kind::Other => return Ok(Found::Nothing),
        Kind::Archive => return Err(refuse("a zip inside a zip is not opened".into())),
        kind => most_bytes(kind),
    };
    let left = MAX_UNPACKED.saturating_sub(archive.unpacked).min(limit);
    let mut file = archive
        .zip
        .by_index(entry)
        .map_err(|error| refuse(format!("in the zip: {error}")))?;
    let mut bytes = Vec::new();
    // The size that the zip claims may be a lie, so what counts is what comes out.
    let read = file.by_ref().take(left + 1).read_to_end(&mut bytes);
    read.map_err(|error| refuse(format!("in the zip: {error}")))?;
    drop(file);
    archive.unpacked += bytes.len() as u64;
    if bytes.len() as u64 > left {
        let reason = if left < limit {
            format!("the zip unpacks to more than {MAX_UNPACKED} bytes")
        } else {
            too_long(bytes.len() as u64, kind)
        };
        return Err(refuse(reason));
    }
    take(kind, path_in_collection(&name), bytes).map_err(refuse)
}

fn most_bytes(kind: Kind) -> u64 {
    match kind {
        Kind::Songlengths | Kind::Stil => MAX_TEXT,
        Kind::Tune | Kind::Rom | Kind::Archive | Kind::Other => MAX_TUNE,
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

fn take(kind: Kind, path: String, bytes: Vec<u8>) -> Result<Found, String> {
    match kind {
        Kind::Songlengths => Ok(Found::Songlengths(bytes)),
        Kind::Stil => Ok(Found::Stil(bytes)),
        Kind::Rom => match rom::identify(&bytes) {
            Ok(kind) => Ok(Found::Rom(kind, bytes)),
            Err(error) => Err(format!("no ROM of the C64 that is known: {error}")),
        },
        _ => {
            let entry = Entry::of_file(&path, &bytes, Origin::Imported)
                .map_err(|error| error.to_string())?;
            let file = StoredFile {
                md5: entry.md5,
                path,
                bytes,
            };
            Ok(Found::Tune(file, Box::new(entry)))
        }
    }
}
