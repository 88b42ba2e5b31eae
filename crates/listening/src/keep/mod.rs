//! What a listener keeps: favourites, ratings, tags, notes, playlists, history, and the log of what
//! was done. Pure data and rules; `worker/src/keep` has the disk, `shelf.rs` the page's view of it.
//!
//! It is cut into records, so that damage costs one of them and a change writes few: one for each
//! file that the listener thinks something of, each playlist and each folder, and chunks of history
//! and log, of which the oldest goes when there are too many.

mod change;
mod copy;
mod file;
mod follow;
mod listening;
mod m3u;
mod merge;
mod playing;
mod record;
mod related;
mod shelf;
#[cfg(test)]
mod tests;
mod words;

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeMap;

use protocol::keep::{
    About, Folder, Item, List, ListId, LogEntry, Play, Playlist, TuneRef, Update,
};
use sidfile::Md5;

pub use change::{Applied, Stamp, touches};
pub use file::{Parsed, file_name, log_lines, read, write, write_playlist};
pub use follow::follow;
pub(crate) use listening::Listening;
pub use m3u::{read_m3u, write_m3u};
pub use merge::merge;
pub use record::{Damage, RECORD_VERSION};
pub use related::Related;
pub(crate) use shelf::Shelf;
pub use shelf::{KeepIntent, KeptView, TuneMarks, UndoView, ref_of_entry, ref_of_row};
pub use words::{date_text, deed_text};

/// Characters of a playlist's, folder's or tag's name.
pub const MOST_NAME: usize = 120;
/// Tags of a file.
pub const MOST_TAGS: usize = 32;
/// Characters of a note.
pub const MOST_NOTE: usize = 10_000;
/// Songs of a playlist.
pub const MOST_ITEMS: usize = 20_000;
/// Playlists, and folders.
pub const MOST_LISTS: usize = 2_000;
/// Plays, and lines of the log, in a record.
pub const CHUNK: usize = 128;
/// Records of the history: the last 1,024 plays and some.
pub const MOST_HISTORY: usize = 9;
/// Records of the log: the last 8,192 lines and some.
pub const MOST_LOG: usize = 65;

/// Name of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// What is thought of a file.
    Tune(Md5),
    /// A playlist.
    Playlist(ListId),
    /// A folder.
    Folder(ListId),
    /// A chunk of the history.
    History(u32),
    /// A chunk of the log.
    Log(u32),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tune(md5) => write!(f, "tune/{md5}"),
            Self::Playlist(id) => write!(f, "playlist/{id}"),
            Self::Folder(id) => write!(f, "folder/{id}"),
            Self::History(chunk) => write!(f, "history/{chunk:08}"),
            Self::Log(chunk) => write!(f, "log/{chunk:08}"),
        }
    }
}

/// The text names no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no name of a record")]
pub struct NoKey;

impl FromStr for Key {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let (kind, name) = text.split_once('/').ok_or(NoKey)?;
        let key = match kind {
            "tune" => name.parse().ok().map(Self::Tune),
            "playlist" => name.parse().ok().map(Self::Playlist),
            "folder" => name.parse().ok().map(Self::Folder),
            "history" => name.parse().ok().map(Self::History),
            "log" => name.parse().ok().map(Self::Log),
            _ => None,
        };
        // A name has one way to be written.
        key.filter(|key| key.to_string() == text).ok_or(NoKey)
    }
}

/// Everything that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// What is thought of files; none that nothing is thought of.
    pub tunes: BTreeMap<Md5, About>,
    /// Playlists.
    pub playlists: BTreeMap<ListId, Playlist>,
    /// Folders.
    pub folders: BTreeMap<ListId, Folder>,
    /// Chunks of the history, each from old to new.
    pub history: BTreeMap<u32, Vec<Play>>,
    /// Chunks of the log, each from old to new.
    pub log: BTreeMap<u32, Vec<LogEntry>>,
}

impl Kept {
    /// Names of all records.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let tunes = self.tunes.keys().copied().map(Key::Tune);
        let playlists = self.playlists.keys().copied().map(Key::Playlist);
        let folders = self.folders.keys().copied().map(Key::Folder);
        let history = self.history.keys().copied().map(Key::History);
        let log = self.log.keys().copied().map(Key::Log);
        let lists = playlists.chain(folders);
        tunes.chain(lists).chain(history).chain(log).collect()
    }

    /// Forgets a record.
    pub fn forget(&mut self, key: Key) {
        match key {
            Key::Tune(md5) => drop(self.tunes.remove(&md5)),
            Key::Playlist(id) => drop(self.playlists.remove(&id)),
            Key::Folder(id) => drop(self.folders.remove(&id)),
            Key::History(chunk) => drop(self.history.remove(&chunk)),
            Key::Log(chunk) => drop(self.log.remove(&chunk)),
        }
    }

    /// What views are told of a record.
    #[must_use]
    pub fn update(&self, key: Key) -> Update {
        match key {
            Key::Tune(md5) => Update::Tune(md5, self.tunes.get(&md5).cloned()),
            Key::Playlist(id) => Update::Playlist(id, self.playlists.get(&id).cloned()),
            Key::Folder(id) => Update::Folder(id, self.folders.get(&id).cloned()),
            Key::History(_) => Update::History,
            Key::Log(_) => Update::Log,
        }
    }

    /// Plays, the newest first.
    pub fn plays(&self) -> impl Iterator<Item = &Play> {
        self.history
            .values()
            .rev()
            .flat_map(|plays| plays.iter().rev())
    }

    /// Lines of the log, the newest first.
    pub fn log_lines(&self) -> impl Iterator<Item = &LogEntry> {
        self.log.values().rev().flat_map(|lines| lines.iter().rev())
    }

    /// A list, in its order. Of a song that was played again, the history shows the last time.
    #[must_use]
    pub fn list(&self, list: List) -> Vec<Item> {
        match list {
            List::Favourites => {
                let mut found: Vec<&About> = self.tunes.values().collect();
                found.retain(|about| about.favourite_at.is_some());
                found.sort_by_key(|about| (core::cmp::Reverse(about.favourite_at), &about.tune));
                let item = |about: &About| Item {
                    tune: about.tune.clone(),
                    song: 0,
                    added_at: about.favourite_at.unwrap_or_default(),
                };
                found.into_iter().map(item).collect()
            }
            List::History => {
                let mut seen = std::collections::BTreeSet::new();
                let items = self.plays().map(|play| Item {
                    tune: play.tune.clone(),
                    song: play.song,
                    added_at: play.at,
                });
                items.filter(|item| seen.insert(item.id())).collect()
            }
            List::Playlist(id) => {
                let playlist = self.playlists.get(&id);
                playlist
                    .map(|playlist| playlist.items.clone())
                    .unwrap_or_default()
            }
        }
    }
}

/// Nothing is thought of the file.
fn is_blank(about: &About) -> bool {
    about.favourite_at.is_none()
        && about.rating.is_none()
        && about.tags.is_empty()
        && about.note.is_empty()
}

/// `text` without what a single line cannot hold, and not longer than `most` characters.
fn one_line(text: &str, most: usize) -> String {
    let words = text.split(char::is_control).collect::<Vec<_>>().join(" ");
    let cut: String = words.trim().chars().take(most).collect();
    cut.trim_end().to_owned()
}

/// `text`, not longer than `most` characters, without space at its end.
fn clip(text: &str, most: usize) -> String {
    let cut: String = text.chars().take(most).collect();
    cut.trim_end().to_owned()
}

/// What both know of a file, the first where they differ.
fn better_ref(first: &mut TuneRef, second: &TuneRef) {
    for (mine, other) in [
        (&mut first.path, &second.path),
        (&mut first.title, &second.title),
        (&mut first.author, &second.author),
    ] {
        if mine.is_empty() {
            mine.clone_from(other);
        }
    }
}
