//! All that is known of many files, column by column: a number or a place in shared text for each
//! file and field, so that tens of thousands of files cost a few allocations.

use sidfile::{ChipModel, Clock, Format, Md5, SidChip};

use crate::texts::{Dictionary, Texts, count};
use crate::{Entry, Note, Origin, Remote, Row, year_of};

/// A length that nobody knows.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// Versions end at 4 so far; three bits are written of one.
const MOST_VERSION: u16 = 7;

/// Texts of a note, in the order in which they are kept.
pub(crate) const NOTE_TEXTS: usize = 5;

/// Fields of a file that are small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub format: Format,
    pub version: u16,
    pub clock: Clock,
    pub needs_basic: bool,
    pub origin: Origin,
    pub load_address: u16,
    pub init_address: u16,
    pub play_address: u16,
    pub size: u32,
    pub start_song: u16,
    /// Place of its chips in [`Columns::layouts`].
    pub layout: u32,
}

/// Files, by number.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Columns {
    pub md5s: Vec<Md5>,
    pub headers: Vec<Header>,
    /// Folders without a slash at their end; the empty one is the top.
    pub folders: Dictionary,
    pub folder: Vec<u32>,
    pub names: Texts,
    pub titles: Texts,
    pub authors: Dictionary,
    pub author: Vec<u32>,
    pub releases: Dictionary,
    pub release: Vec<u32>,
    pub layouts: Vec<Vec<SidChip>>,
    /// Lengths of all songs of all files, and where each file's end.
    pub lengths: Vec<u32>,
    pub length_ends: Vec<u32>,
    /// Songs that the notes of all files are of (0 for the whole file), and where each file's end.
    pub note_songs: Vec<u16>,
    pub note_ends: Vec<u32>,
    /// Name, author, title, artist and comment of each note.
    pub note_texts: Texts,
    pub torrents: Vec<[u8; 20]>,
    /// Number of the torrent and one, 0 for none; and the file in it.
    pub remotes: Vec<(u32, u32)>,
}

impl Columns {
    /// Count of files.
    pub fn len(&self) -> usize {
        self.md5s.len()
    }

    /// Adds a file.
    pub fn push(&mut self, entry: &Entry) {
        let (folder, name) = split_path(&entry.path);
        self.md5s.push(entry.md5);
        self.folder.push(self.folders.number(folder));
        self.names.push(name);
        self.titles.push(&entry.title);
        self.author.push(self.authors.number(&entry.author));
        self.release.push(self.releases.number(&entry.released));
        let known = self.layouts.iter().position(|known| *known == entry.chips);
        let layout = known.unwrap_or_else(|| {
            self.layouts.push(entry.chips.clone());
            self.layouts.len() - 1
        });
        self.headers.push(Header {
            format: entry.format,
            version: entry.version.min(MOST_VERSION),
            clock: entry.clock,
            needs_basic: entry.needs_basic,
            origin: entry.origin,
            load_address: entry.load_address,
            init_address: entry.init_address,
            play_address: entry.play_address,
            size: entry.size,
            start_song: entry.start_song,
            layout: count(layout),
        });
        let lengths = entry.lengths.iter();
        self.lengths
            .extend(lengths.map(|length| length.unwrap_or(UNKNOWN)));
        self.length_ends.push(count(self.lengths.len()));
        for note in &entry.notes {
            self.note_songs.push(note.song.unwrap_or(0));
            for text in note_texts(note) {
                self.note_texts.push(text);
            }
        }
        self.note_ends.push(count(self.note_songs.len()));
        let remote = entry.remote.map_or((0, 0), |remote| {
            let known = self
                .torrents
                .iter()
                .position(|hash| *hash == remote.info_hash);
            let torrent = known.unwrap_or_else(|| {
                self.torrents.push(remote.info_hash);
                self.torrents.len() - 1
            });
            (count(torrent) + 1, remote.file)
        });
        self.remotes.push(remote);
    }

    /// Path of a file.
    pub fn path(&self, at: usize) -> String {
        let folder = self.folders.texts().get(self.folder[at] as usize);
        let name = self.names.get(at);
        if folder.is_empty() {
            name.to_owned()
        } else {
            format!("{folder}/{name}")
        }
    }

    /// Composer of a file.
    pub fn author_text(&self, at: usize) -> &str {
        self.authors.texts().get(self.author[at] as usize)
    }

    /// Year and publisher of a file.
    pub fn release_text(&self, at: usize) -> &str {
        self.releases.texts().get(self.release[at] as usize)
    }

    /// Chips of a file.
    pub fn chips(&self, at: usize) -> &[SidChip] {
        &self.layouts[self.headers[at].layout as usize]
    }

    /// Lengths of a file's songs.
    pub fn lengths(&self, at: usize) -> &[u32] {
        &self.lengths[range(&self.length_ends, at)]
    }

    /// Length of a file's default song.
    pub fn length(&self, at: usize) -> Option<u32> {
        let song = usize::from(self.headers[at].start_song).checked_sub(1)?;
        let length = self.lengths(at).get(song).copied();
        length.filter(|length| *length != UNKNOWN)
    }

    /// Numbers of a file's notes.
    pub fn notes(&self, at: usize) -> core::ops::Range<usize> {
        range(&self.note_ends, at)
    }

    /// Texts of a note.
    pub fn texts_of_note(&self, note: usize) -> impl Iterator<Item = &str> {
        (note * NOTE_TEXTS..(note + 1) * NOTE_TEXTS).map(|at| self.note_texts.get(at))
    }

    /// Where a swarm has a file.
    pub fn remote(&self, at: usize) -> Option<Remote> {
        let (torrent, file) = self.remotes[at];
        Some(Remote {
            info_hash: self.torrents[(torrent as usize).checked_sub(1)?],
            file,
        })
    }

    /// All that is known of a file.
    pub fn entry(&self, at: usize) -> Entry {
        let header = self.headers[at];
        let notes = self.notes(at).map(|note| {
            let mut texts = self.texts_of_note(note).map(str::to_owned);
            let mut text = || texts.next().unwrap_or_default();
            Note {
                song: Some(self.note_songs[note]).filter(|song| *song > 0),
                name: text(),
                author: text(),
                title: text(),
                artist: text(),
                comment: text(),
            }
        });
        let lengths = self.lengths(at).iter();
        Entry {
            md5: self.md5s[at],
            path: self.path(at),
            title: self.titles.get(at).to_owned(),
            author: self.author_text(at).to_owned(),
            released: self.release_text(at).to_owned(),
            format: header.format,
            version: header.version,
            clock: header.clock,
            chips: self.chips(at).to_vec(),
            load_address: header.load_address,
            init_address: header.init_address,
            play_address: header.play_address,
            size: header.size,
            start_song: header.start_song,
            lengths: lengths
                .map(|&length| (length != UNKNOWN).then_some(length))
                .collect(),
            needs_basic: header.needs_basic,
            origin: header.origin,
            notes: notes.collect(),
            remote: self.remote(at),
        }
    }

    /// What a list shows of a file.
    pub fn row(&self, at: usize) -> Row {
        let header = self.headers[at];
        let released = self.release_text(at);
        Row {
            md5: self.md5s[at],
            title: self.titles.get(at).to_owned(),
            author: self.author_text(at).to_owned(),
            released: released.to_owned(),
            year: year_of(released),
            models: self.models(at).collect(),
            clock: header.clock,
            format: header.format,
            songs: u16::try_from(self.lengths(at).len()).unwrap_or(u16::MAX),
            start_song: header.start_song,
            length_millis: self.length(at),
            needs_basic: header.needs_basic,
            origin: header.origin,
            remote: self.remote(at),
        }
    }

    /// Models of a file's chips.
    pub fn models(&self, at: usize) -> impl Iterator<Item = ChipModel> {
        self.chips(at).iter().map(|chip| chip.model)
    }
}

/// Folder and name of a path.
pub(crate) fn split_path(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        Some((folder, name)) if !folder.is_empty() => (folder, name),
        _ => ("", path),
    }
}

/// The texts of a note, in the order in which they are kept.
fn note_texts(note: &Note) -> [&str; NOTE_TEXTS] {
    [
        &note.name,
        &note.author,
        &note.title,
        &note.artist,
        &note.comment,
    ]
}

/// What belongs to a number, where `ends` tell where each one's things end.
fn range(ends: &[u32], at: usize) -> core::ops::Range<usize> {
    let start = at.checked_sub(1).map_or(0, |before| ends[before]);
    start as usize..ends[at] as usize
}
