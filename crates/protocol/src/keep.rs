//! What a listener keeps, how it changes, and what page and library worker say about it.
//!
//! A tune is known by the digest of its file; path, title and composer go along, so that it can be
//! named while it is not here, and found again when a newer file has taken its place. Times are
//! milliseconds since 1970.

use catalog::Row;
use serde::{Deserialize, Serialize};
use sidfile::{Md5, TuneId};

use core::fmt;

/// A file, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TuneRef {
    /// Digest.
    pub md5: Md5,
    /// Path in its collection; empty where it was never known.
    pub path: String,
    /// Title.
    pub title: String,
    /// Composer.
    pub author: String,
}

/// Number of a playlist or folder, made of time and seed when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListId(pub u64);

impl fmt::Display for ListId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl core::str::FromStr for ListId {
    type Err = core::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// What the listener thinks of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Which.
    pub tune: TuneRef,
    /// Since when it is a favourite.
    pub favourite_at: Option<u64>,
    /// 1 to 5.
    pub rating: Option<u8>,
    /// Words of the listener's own, in order.
    pub tags: Vec<String>,
    /// A note of the listener's own.
    pub note: String,
    /// When any of it was changed last.
    pub changed_at: u64,
}

/// A place in a playlist. A song stands in a playlist once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// File.
    pub tune: TuneRef,
    /// Song, from 1; 0 for the file's default.
    pub song: u16,
    /// When it was added.
    pub added_at: u64,
}

impl Item {
    /// Which song.
    #[must_use]
    pub fn id(&self) -> TuneId {
        TuneId {
            md5: self.tune.md5,
            song: self.song,
        }
    }
}

/// A playlist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playlist {
    /// Name.
    pub name: String,
    /// What the listener says of it.
    pub note: String,
    /// Folder that it lies in.
    pub folder: Option<ListId>,
    /// Songs in order.
    pub items: Vec<Item>,
    /// When it was made.
    pub made_at: u64,
    /// When it was changed last.
    pub changed_at: u64,
}

/// A folder of playlists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Name.
    pub name: String,
    /// When it was changed last.
    pub changed_at: u64,
}

/// Something that was played.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Play {
    /// When.
    pub at: u64,
    /// File.
    pub tune: TuneRef,
    /// Song, from 1.
    pub song: u16,
}

/// What the listener did, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Deed {
    /// A song was begun.
    Play,
    /// It was left early: before its half, and before half a minute of it.
    EarlySkip,
    /// It was left after that.
    LateSkip,
    /// It was heard to its end.
    Finish,
    /// It was begun again after its end.
    Replay,
    /// Made a favourite.
    Like,
    /// No favourite any more.
    Unlike,
    /// Not wanted.
    Dislike,
    /// Rated, 1 to 5; 0 where the rating was taken back.
    Rate(u8),
}

/// A line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogEntry {
    /// When.
    pub at: u64,
    /// What.
    pub deed: Deed,
    /// Song.
    pub tune: TuneId,
    /// Place in the song, in milliseconds.
    pub position_millis: u32,
    /// Length of the song.
    pub length_millis: u32,
}

/// A change of what is kept. Each says one thing and names what it concerns, so that those of two
/// tabs can be made one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Makes a file a favourite, or none.
    Favourite {
        /// Which.
        tune: TuneRef,
        /// Whether.
        on: bool,
    },
    /// Rates a file.
    Rate {
        /// Which.
        tune: TuneRef,
        /// 1 to 5; `None` takes the rating back.
        rating: Option<u8>,
    },
    /// Puts a tag on a file, or takes it off.
    Tag {
        /// Which.
        tune: TuneRef,
        /// The tag.
        tag: String,
        /// Whether.
        on: bool,
    },
    /// Writes the note of a file.
    Note {
        /// Which.
        tune: TuneRef,
        /// All of it.
        text: String,
    },
    /// Makes a playlist.
    MakePlaylist {
        /// Its name.
        name: String,
        /// Its songs.
        items: Vec<Item>,
    },
    /// Names a playlist.
    NamePlaylist {
        /// Which.
        id: ListId,
        /// Its name.
        name: String,
    },
    /// Writes the note of a playlist.
    DescribePlaylist {
        /// Which.
        id: ListId,
        /// All of it.
        note: String,
    },
    /// Puts a playlist into a folder, or into none.
    FilePlaylist {
        /// Which.
        id: ListId,
        /// Where.
        folder: Option<ListId>,
    },
    /// Takes a playlist away.
    RemovePlaylist {
        /// Which.
        id: ListId,
    },
    /// Adds songs at the end; those that are in it stay where they are.
    AddItems {
        /// To which playlist.
        id: ListId,
        /// What.
        items: Vec<Item>,
    },
    /// Takes a song out of a playlist.
    RemoveItem {
        /// Of which playlist.
        id: ListId,
        /// Which song.
        tune: TuneId,
    },
    /// Moves a song of a playlist.
    MoveItem {
        /// Of which playlist.
        id: ListId,
        /// Which song.
        tune: TuneId,
        /// In front of which it comes to stand; at the end where there is none.
        before: Option<TuneId>,
    },
    /// Makes a folder.
    MakeFolder {
        /// Its name.
        name: String,
    },
    /// Names a folder.
    NameFolder {
        /// Which.
        id: ListId,
        /// Its name.
        name: String,
    },
    /// Takes a folder away; its playlists stay.
    RemoveFolder {
        /// Which.
        id: ListId,
    },
    /// A song is being heard.
    Played {
        /// File.
        tune: TuneRef,
        /// Song.
        song: u16,
    },
    /// Writes a line of the log; its time is set when it is written.
    Log(LogEntry),
    /// Empties the history.
    ClearHistory,
    /// Empties the log.
    ClearLog,
    /// Takes everything away, preferences not.
    Wipe,
    /// Puts back what was removed.
    PutBack {
        /// Playlists as they were.
        playlists: Vec<(ListId, Playlist)>,
        /// Folders as they were.
        folders: Vec<(ListId, Folder)>,
    },
}

/// A list that the page can show and play through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum List {
    /// Favourites, the newest first.
    Favourites,
    /// What was played, the newest first.
    History,
    /// A playlist.
    Playlist(ListId),
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    /// File.
    pub tune: TuneRef,
    /// Song; 0 for the file's default.
    pub song: u16,
    /// When it was added or played.
    pub at: u64,
    /// What the library knows of it; `None` where it is not known here.
    pub row: Option<Row>,
}

/// Kinds of files that are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// Everything of one person, as JSON.
    Everything,
    /// A playlist as JSON.
    PlaylistJson(ListId),
    /// A playlist as M3U8.
    PlaylistM3u8(ListId),
    /// The log, a line of JSON for each deed.
    Log,
}

/// Said to the library about what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Reads what is kept. Answer: [`Event::All`].
    Open,
    /// Changes it. Answer: [`Event::Done`], after [`Event::Updated`].
    Change(Change),
    /// A list with its rows. Answer: [`Event::Rows`].
    Rows(List),
    /// The newest lines of the log. Answer: [`Event::Log`].
    Log {
        /// How many.
        count: u32,
    },
    /// Writes a file. Answer: [`Event::Exported`].
    Export(FileKind),
    /// Takes in what a file holds, besides what is here. Answer: [`Event::Imported`].
    Import {
        /// Name of the file.
        name: String,
        /// All of it.
        bytes: Vec<u8>,
    },
    /// Keeps the text of the preferences. There is no answer.
    Preferences {
        /// All of it.
        text: String,
    },
}

/// One thing that is another now; `None` where it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Update {
    /// What is thought of a file.
    Tune(Md5, Option<About>),
    /// A playlist.
    Playlist(ListId, Option<Playlist>),
    /// A folder.
    Folder(ListId, Option<Folder>),
    /// The history.
    History,
    /// The log.
    Log,
}

/// What an import brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// Files with favourites, ratings, tags or notes.
    pub tunes: u32,
    /// Playlists.
    pub playlists: u32,
    /// Lines of a playlist, or records, that could not be used.
    pub refused: u32,
}

/// Said by the library about what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Everything that views need; the rest of what was known is forgotten.
    All {
        /// Files that the listener thinks something of.
        tunes: Vec<About>,
        /// Playlists.
        playlists: Vec<(ListId, Playlist)>,
        /// Folders.
        folders: Vec<(ListId, Folder)>,
        /// The preferences as kept here.
        preferences: Option<String>,
        /// What was damaged and has been left out, in words.
        damaged: Vec<String>,
    },
    /// Some of it is another now; another tab may have done it.
    Updated(Vec<Update>),
    /// A change is made, and on disk.
    Done {
        /// Playlist or folder that it made.
        made: Option<ListId>,
        /// What takes it back, where something was taken away.
        undo: Option<Change>,
        /// Songs that were added to a playlist.
        added: u32,
    },
    /// A list.
    Rows {
        /// Which.
        list: List,
        /// Its rows.
        rows: Vec<ListRow>,
    },
    /// Lines of the log, the newest first.
    Log {
        /// Lines in all.
        total: u32,
        /// The newest, and the titles of their tunes where they are known.
        lines: Vec<(LogEntry, String)>,
    },
    /// A file to be saved.
    Exported {
        /// Name of the file.
        name: String,
        /// All of it.
        text: String,
    },
    /// What a file held is here.
    Imported {
        /// What came.
        brought: Brought,
        /// The preferences that the file holds.
        preferences: Option<String>,
    },
    /// The change is made, and will be gone with this page: why, in words.
    NotKept {
        /// Why.
        reason: String,
    },
    /// It could not be done.
    Failed {
        /// Why, in words.
        reason: String,
    },
}
