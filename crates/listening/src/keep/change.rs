//! One change after the other.

use std::collections::{BTreeMap, BTreeSet};

use protocol::keep::{
    About, Change, Deed, Folder, Item, ListId, LogEntry, Play, Playlist, TuneRef,
};
use sidfile::{Md5, TuneId};

use super::{
    CHUNK, Kept, Key, MOST_HISTORY, MOST_ITEMS, MOST_LISTS, MOST_LOG, MOST_NAME, MOST_NOTE,
    MOST_TAGS, better_ref, clip, is_blank, one_line,
};

/// When a change is made, and what makes its ids its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Milliseconds since 1970.
    pub at: u64,
    /// Any number that no other change at that time has.
    pub seed: u64,
}

impl Stamp {
    /// The id of what is made at this time under a name.
    fn id(self, name: &str) -> ListId {
        let mut bytes = self.at.to_le_bytes().to_vec();
        bytes.extend(self.seed.to_le_bytes());
        bytes.extend(name.as_bytes());
        let digest = Md5::of(&bytes).0;
        let (start, _) = digest.split_at(8);
        ListId(u64::from_be_bytes(
            start.try_into().expect("eight of sixteen bytes"),
        ))
    }
}

/// What a change did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Records that are others now, or gone.
    pub touched: BTreeSet<Key>,
    /// What was made.
    pub made: Option<ListId>,
    /// What takes it back, where something was taken away.
    pub undo: Option<Change>,
    /// Songs added.
    pub added: u32,
    /// Why nothing was done, in words.
    pub refused: Option<&'static str>,
}

/// Records that a change may read: what another tab wrote to them must be known first.
#[must_use]
pub fn touches(kept: &Kept, change: &Change) -> Vec<Key> {
    // Another tab may have begun the next chunk.
    let chunks = |last: Option<u32>| {
        let last = last.unwrap_or(0);
        [last, last.saturating_add(1)]
    };
    let history = chunks(kept.history.keys().next_back().copied()).map(Key::History);
    let log = chunks(kept.log.keys().next_back().copied()).map(Key::Log);
    match change {
        Change::Favourite { tune, .. } | Change::Rate { tune, .. } => {
            let mut keys = log.to_vec();
            keys.push(Key::Tune(tune.md5));
            keys
        }
        Change::Tag { tune, .. } | Change::Note { tune, .. } => vec![Key::Tune(tune.md5)],
        Change::MakePlaylist { .. } | Change::MakeFolder { .. } => Vec::new(),
        Change::NamePlaylist { id, .. }
        | Change::DescribePlaylist { id, .. }
        | Change::FilePlaylist { id, .. }
        | Change::RemovePlaylist { id }
        | Change::AddItems { id, .. }
        | Change::RemoveItem { id, .. }
        | Change::MoveItem { id, .. } => vec![Key::Playlist(*id)],
        Change::NameFolder { id, .. } => vec![Key::Folder(*id)],
        Change::RemoveFolder { id } => {
            let playlists = kept.playlists.keys().copied().map(Key::Playlist);
            playlists.chain([Key::Folder(*id)]).collect()
        }
        Change::Played { .. } => history.to_vec(),
        Change::Log(_) => log.to_vec(),
        Change::ClearHistory | Change::ClearLog | Change::Wipe => Vec::new(),
        Change::PutBack { playlists, folders } => {
            let playlists = playlists.iter().map(|(id, _)| Key::Playlist(*id));
            let folders = folders.iter().map(|(id, _)| Key::Folder(*id));
            playlists.chain(folders).collect()
        }
    }
}

impl Kept {
    /// Makes a change.
    pub fn apply(&mut self, stamp: Stamp, change: Change) -> Applied {
        let mut done = Applied::default();
        match change {
            Change::Favourite { tune, on } => {
                let deed = if on { Deed::Like } else { Deed::Unlike };
                let line = line(deed, &tune);
                let is_other = self.about(stamp, tune, &mut done, |about| {
                    let is_other = about.favourite_at.is_some() != on;
                    if is_other {
                        about.favourite_at = on.then_some(stamp.at);
                    }
                    is_other
                });
                if is_other {
                    self.log(stamp, line, &mut done);
                }
            }
            Change::Rate { tune, rating } => {
                let rating = rating.filter(|rating| (1..=5).contains(rating));
                let line = line(Deed::Rate(rating.unwrap_or(0)), &tune);
                let is_other = self.about(stamp, tune, &mut done, |about| {
                    core::mem::replace(&mut about.rating, rating) != rating
                });
                if is_other {
                    self.log(stamp, line, &mut done);
                }
            }
            Change::Tag { tune, tag, on } => {
                let tag = one_line(&tag, MOST_NAME);
                self.about(stamp, tune, &mut done, |about| {
                    match (about.tags.binary_search(&tag), on) {
                        (Err(at), true) if about.tags.len() < MOST_TAGS && !tag.is_empty() => {
                            about.tags.insert(at, tag);
                            true
                        }
                        (Ok(at), false) => {
                            about.tags.remove(at);
                            true
                        }
                        _ => false,
                    }
                });
            }
            Change::Note { tune, text } => {
                let text = clip(text.trim(), MOST_NOTE);
                self.about(stamp, tune, &mut done, |about| {
                    let is_other = about.note != text;
                    about.note = text;
                    is_other
                });
            }
            Change::MakePlaylist { name, items } => {
                let name = named(&name, "Playlist");
                if self.playlists.len() >= MOST_LISTS {
                    done.refused = Some("there are as many playlists as can be kept");
                    return done;
                }
                let mut id = stamp.id(&name);
                while self.playlists.contains_key(&id) {
                    id.0 = id.0.wrapping_add(1);
                }
                let mut playlist = Playlist {
                    name,
                    made_at: stamp.at,
                    changed_at: stamp.at,
                    ..Playlist::default()
                };
                done.added = add(&mut playlist.items, items, stamp.at);
                self.playlists.insert(id, playlist);
                done.made = Some(id);
                done.touched.insert(Key::Playlist(id));
            }
            Change::NamePlaylist { id, name } => self.playlist(stamp, id, &mut done, |playlist| {
                playlist.name = named(&name, &playlist.name);
            }),
            Change::DescribePlaylist { id, note } => {
                self.playlist(stamp, id, &mut done, |playlist| {
                    playlist.note = clip(note.trim(), MOST_NOTE);
                });
            }
            Change::FilePlaylist { id, folder } => {
                let folder = folder.filter(|folder| self.folders.contains_key(folder));
                self.playlist(stamp, id, &mut done, |playlist| playlist.folder = folder);
            }
            Change::RemovePlaylist { id } => {
                if let Some(playlist) = self.playlists.remove(&id) {
                    done.touched.insert(Key::Playlist(id));
                    done.undo = Some(Change::PutBack {
                        playlists: vec![(id, playlist)],
                        folders: Vec::new(),
                    });
                }
            }
            Change::AddItems { id, items } => {
                let mut added = 0;
                self.playlist(stamp, id, &mut done, |playlist| {
                    added = add(&mut playlist.items, items, stamp.at);
                });
                done.added = added;
            }
            Change::RemoveItem { id, tune } => {
                let before = self.playlists.get(&id).cloned();
                self.playlist(stamp, id, &mut done, |playlist| {
                    playlist.items.retain(|item| item.id() != tune);
                });
                done.undo = before.map(|playlist| Change::PutBack {
                    playlists: vec![(id, playlist)],
                    folders: Vec::new(),
                });
            }
            Change::MoveItem { id, tune, before } => {
                self.playlist(stamp, id, &mut done, |playlist| {
                    move_item(&mut playlist.items, tune, before);
                });
            }
            Change::MakeFolder { name } => {
                let name = named(&name, "Folder");
                if self.folders.len() >= MOST_LISTS {
                    done.refused = Some("there are as many folders as can be kept");
                    return done;
                }
                let mut id = stamp.id(&name);
                while self.folders.contains_key(&id) {
                    id.0 = id.0.wrapping_add(1);
                }
                let changed_at = stamp.at;
                self.folders.insert(id, Folder { name, changed_at });
                done.made = Some(id);
                done.touched.insert(Key::Folder(id));
            }
            Change::NameFolder { id, name } => {
                if let Some(folder) = self.folders.get_mut(&id) {
                    folder.name = named(&name, &folder.name);
                    folder.changed_at = stamp.at;
                    done.touched.insert(Key::Folder(id));
                }
            }
            Change::RemoveFolder { id } => self.remove_folder(stamp, id, &mut done),
            Change::Played { tune, song } => self.played(stamp, tune, song, &mut done),
            Change::Log(line) => self.log(stamp, line, &mut done),
            Change::ClearHistory => {
                let chunks = core::mem::take(&mut self.history).into_keys();
                done.touched.extend(chunks.map(Key::History));
            }
            Change::ClearLog => {
                let chunks = core::mem::take(&mut self.log).into_keys();
                done.touched.extend(chunks.map(Key::Log));
            }
            Change::Wipe => {
                done.touched.extend(self.keys());
                *self = Self::default();
            }
            Change::PutBack { playlists, folders } => {
                done.touched
                    .extend(playlists.iter().map(|(id, _)| Key::Playlist(*id)));
                done.touched
                    .extend(folders.iter().map(|(id, _)| Key::Folder(*id)));
                self.folders.extend(folders);
                for (id, mut playlist) in playlists {
                    // What came to it since stays.
                    if let Some(now) = self.playlists.remove(&id) {
                        let (items, at) = (now.items, stamp.at);
                        add(&mut playlist.items, items, at);
                    }
                    self.playlists.insert(id, playlist);
                }
            }
        }
        done
    }

    /// Changes what is thought of a file; `change` tells whether it did.
    fn about(
        &mut self,
        stamp: Stamp,
        tune: TuneRef,
        done: &mut Applied,
        change: impl FnOnce(&mut About) -> bool,
    ) -> bool {
        let md5 = tune.md5;
        let mut about = self.tunes.remove(&md5).unwrap_or_else(|| About {
            tune: tune.clone(),
            favourite_at: None,
            rating: None,
            tags: Vec::new(),
            note: String::new(),
            changed_at: stamp.at,
        });
        let is_other = change(&mut about);
        if is_other {
            about.changed_at = stamp.at;
            // What is known now counts more than what was known then.
            let mut newest = tune;
            better_ref(&mut newest, &about.tune);
            about.tune = newest;
            done.touched.insert(Key::Tune(md5));
        }
        if !is_blank(&about) {
            self.tunes.insert(md5, about);
        }
        is_other
    }

    fn playlist(
        &mut self,
        stamp: Stamp,
        id: ListId,
        done: &mut Applied,
        change: impl FnOnce(&mut Playlist),
    ) {
        match self.playlists.get_mut(&id) {
            Some(playlist) => {
                change(playlist);
                playlist.changed_at = stamp.at;
                done.touched.insert(Key::Playlist(id));
            }
            None => done.refused = Some("this playlist is not there any more"),
        }
    }

    fn remove_folder(&mut self, stamp: Stamp, id: ListId, done: &mut Applied) {
        let Some(folder) = self.folders.remove(&id) else {
            return;
        };
        done.touched.insert(Key::Folder(id));
        let mut playlists = Vec::new();
        for (other, playlist) in &mut self.playlists {
            if playlist.folder == Some(id) {
                playlists.push((*other, playlist.clone()));
                playlist.folder = None;
                playlist.changed_at = stamp.at;
                done.touched.insert(Key::Playlist(*other));
            }
        }
        done.undo = Some(Change::PutBack {
            playlists,
            folders: vec![(id, folder)],
        });
    }

    fn played(&mut self, stamp: Stamp, tune: TuneRef, song: u16, done: &mut Applied) {
        let play = Play {
            at: stamp.at,
            tune,
            song,
        };
        let gone = append(&mut self.history, play, MOST_HISTORY);
        done.touched.extend(gone.into_iter().map(Key::History));
    }

    fn log(&mut self, stamp: Stamp, line: LogEntry, done: &mut Applied) {
        let line = LogEntry {
            at: stamp.at,
            ..line
        };
        let gone = append(&mut self.log, line, MOST_LOG);
        done.touched.extend(gone.into_iter().map(Key::Log));
    }
}

/// A line about a file as a whole.
fn line(deed: Deed, tune: &TuneRef) -> LogEntry {
    LogEntry {
        at: 0,
        deed,
        tune: TuneId {
            md5: tune.md5,
            song: 0,
        },
        position_millis: 0,
        length_millis: 0,
    }
}

fn named(name: &str, otherwise: &str) -> String {
    let name = one_line(name, MOST_NAME);
    if name.is_empty() {
        otherwise.to_owned()
    } else {
        name
    }
}

/// Adds what is new; returns how many that were.
fn add(items: &mut Vec<Item>, new: Vec<Item>, at: u64) -> u32 {
    let mut here: BTreeSet<TuneId> = items.iter().map(Item::id).collect();
    let mut added = 0;
    for mut item in new {
        if items.len() >= MOST_ITEMS || !here.insert(item.id()) {
            continue;
        }
        item.added_at = at;
        items.push(item);
        added += 1;
    }
    added
}

/// Moves a song in front of another, or to the end.
fn move_item(items: &mut Vec<Item>, tune: TuneId, before: Option<TuneId>) {
    let place = |items: &[Item], tune| items.iter().position(|item| item.id() == tune);
    if before == Some(tune) {
        return;
    }
    if let Some(from) = place(items, tune) {
        let item = items.remove(from);
        let to = before.and_then(|before| place(items, before));
        items.insert(to.unwrap_or(items.len()), item);
    }
}

/// Writes behind the last entry; returns the chunks that are others now.
fn append<T>(chunks: &mut BTreeMap<u32, Vec<T>>, entry: T, most: usize) -> Vec<u32> {
    let mut changed = Vec::new();
    let last = chunks.last_key_value();
    let place = match last {
        Some((&at, entries)) if entries.len() < CHUNK => at,
        Some((&at, _)) => at.saturating_add(1),
        None => 0,
    };
    chunks.entry(place).or_default().push(entry);
    changed.push(place);
    while chunks.len() > most {
        changed.extend(chunks.pop_first().map(|(at, _)| at));
    }
    changed
}
