//! What the listener keeps, on disk: each change is one transaction, which first reads what other
//! tabs may have written to the records that it concerns, so that changes of two tabs come one
//! after the other.

mod shelf;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use catalog::{Changes, Row};
use listening::keep::{self as rules, Applied, Kept, Key, Stamp, touches};
use protocol::EVENT;
use protocol::keep::{
    Brought, Change, Event, FileKind, Item, List, ListRow, LogEntry, Request, TuneRef,
};
use sidfile::Md5;

pub use shelf::{MemoryShelf, NoShelf, Shelf, Writes};

use crate::StoreError;

/// Record that holds the preferences, as their text.
const PREFERENCES: &str = "preferences";
/// A file that is longer is not read.
const MOST_FILE: usize = 64 << 20;

/// What the keeper needs of the world.
pub trait Outside {
    /// Says something to the page.
    fn tell(&self, id: u32, event: Event);
    /// Tells the other tabs which records are others now.
    fn tell_tabs(&self, names: &[String]);
    /// Milliseconds since 1970, and a number that no other change at that time has.
    fn stamp(&self) -> Stamp;
    /// What the library shows of a file.
    fn row(&self, md5: &Md5) -> Option<Row>;
    /// What the library calls a file.
    fn name(&self, md5: &Md5) -> Option<TuneRef>;
    /// The file at a path.
    fn at_path(&self, path: &str) -> Option<TuneRef>;
}

/// The service.
pub struct Keeper<S, O> {
    shelf: S,
    outside: O,
    kept: RefCell<Kept>,
    /// Records that are not on disk as they are here.
    unsaved: RefCell<BTreeSet<Key>>,
    is_open: Cell<bool>,
}

impl<S: Shelf, O: Outside> Keeper<S, O> {
    /// A keeper over a shelf, not yet opened.
    pub fn new(shelf: S, outside: O) -> Self {
        Self {
            shelf,
            outside,
            kept: RefCell::default(),
            unsaved: RefCell::default(),
            is_open: Cell::new(false),
        }
    }

    /// Answers a request.
    pub async fn answer(&self, id: u32, request: Request) {
        if !matches!(request, Request::Open) && !self.is_open.replace(true) {
            self.refresh().await;
        }
        match request {
            Request::Open => self.open(id).await,
            Request::Change(change) => self.change(id, change).await,
            Request::Rows(list) => {
                let rows = self.rows(list);
                self.outside.tell(id, Event::Rows { list, rows });
            }
            Request::Log { count } => {
                let kept = self.kept.borrow();
                let titled = |line: &LogEntry| {
                    let md5 = &line.tune.md5;
                    let known = self.outside.name(md5);
                    let liked = || kept.tunes.get(md5).map(|about| about.tune.clone());
                    let title = known.or_else(liked).map(|tune| tune.title);
                    (*line, title.unwrap_or_default())
                };
                let total = kept.log.values().map(Vec::len).sum::<usize>();
                let event = Event::Log {
                    total: u32::try_from(total).unwrap_or(u32::MAX),
                    lines: kept.log_lines().take(count as usize).map(titled).collect(),
                };
                drop(kept);
                self.outside.tell(id, event);
            }
            Request::Export(kind) => self.export(id, kind).await,
            Request::Import { name, bytes } => self.import(id, &name, &bytes).await,
            Request::Preferences { text } => {
                let writes = vec![(PREFERENCES.to_owned(), Some(text.into_bytes()))];
                // The page has them too, and says them again with their next change.
                let _ = self.shelf.change(&[], &mut |_| writes.clone()).await;
            }
        }
    }

    /// Another tab has written records.
    pub async fn others_wrote(&self, names: &[String]) {
        let mut keys: Vec<Key> = names.iter().filter_map(|name| name.parse().ok()).collect();
        keys.retain(|key| !self.unsaved.borrow().contains(key));
        let names: Vec<String> = keys.iter().map(Key::to_string).collect();
        let Ok(found) = self.shelf.read(&names).await else {
            return;
        };
        let mut kept = self.kept.borrow_mut();
        for (key, bytes) in keys.iter().zip(found) {
            take(&mut kept, *key, bytes);
        }
        let updates = keys.iter().map(|key| kept.update(*key)).collect();
        drop(kept);
        self.outside.tell(EVENT, Event::Updated(updates));
    }

    /// Brings what is kept in step with a newer collection.
    pub async fn follow(&self, changes: &Changes) {
        self.refresh().await;
        let touched = rules::follow(&mut self.kept.borrow_mut(), changes);
        self.save(EVENT, touched).await;
    }

    /// Reads everything; returns what was damaged. It is left out, and its name is free again.
    async fn refresh(&self) -> Vec<String> {
        let Ok(records) = self.shelf.all().await else {
            return Vec::new();
        };
        let mut damaged = Vec::new();
        let mut broken = Vec::new();
        let mut fresh = Kept::default();
        for (name, bytes) in &records {
            let Ok(key) = name.parse::<Key>() else {
                continue;
            };
            match fresh.take(key, bytes) {
                Ok(()) => {}
                // A later page will read it.
                Err(damage @ rules::Damage::Newer { .. }) => damaged.push(damage.to_string()),
                Err(damage) => {
                    damaged.push(damage.to_string());
                    broken.push((name.clone(), None));
                }
            }
        }
        {
            let mut kept = self.kept.borrow_mut();
            for key in &*self.unsaved.borrow() {
                take(&mut fresh, *key, kept.record(*key));
            }
            *kept = fresh;
        }
        if !broken.is_empty() {
            let _ = self.shelf.change(&[], &mut |_| broken.clone()).await;
        }
        damaged
    }

    async fn open(&self, id: u32) {
        self.is_open.set(true);
        let damaged = self.refresh().await;
        let preferences = self.preferences().await;
        let kept = self.kept.borrow();
        let event = Event::All {
            tunes: kept.tunes.values().cloned().collect(),
            playlists: kept.playlists.clone().into_iter().collect(),
            folders: kept.folders.clone().into_iter().collect(),
            preferences,
            damaged,
        };
        drop(kept);
        self.outside.tell(id, event);
    }

    async fn preferences(&self) -> Option<String> {
        let found = self.shelf.read(&[PREFERENCES.to_owned()]).await.ok()?;
        let bytes = found.into_iter().next().flatten()?;
        String::from_utf8(bytes).ok()
    }

    /// Adds what the library knows of the tunes that a change names.
    fn named(&self, mut change: Change) -> Change {
        let fill = |tune: &mut TuneRef| {
            if let Some(known) = self.outside.name(&tune.md5) {
                *tune = known;
            }
        };
        match &mut change {
            Change::Favourite { tune, .. }
            | Change::Rate { tune, .. }
            | Change::Tag { tune, .. }
            | Change::Note { tune, .. }
            | Change::Played { tune, .. } => fill(tune),
            Change::MakePlaylist { items, .. } | Change::AddItems { items, .. } => {
                items.iter_mut().for_each(|item| fill(&mut item.tune));
            }
            _ => {}
        }
        change
    }

    async fn change(&self, id: u32, change: Change) {
        if matches!(
            change,
            Change::Wipe | Change::ClearHistory | Change::ClearLog
        ) {
            // Other tabs may have written records that are not known here.
            self.refresh().await;
        }
        let change = self.named(change);
        let stamp = self.outside.stamp();
        let unsaved = self.unsaved.borrow().clone();
        let mut keys = touches(&self.kept.borrow(), &change);
        keys.retain(|key| !unsaved.contains(key));
        let names: Vec<String> = keys.iter().map(Key::to_string).collect();
        let mut done: Option<Applied> = None;
        let result = self
            .shelf
            .change(&names, &mut |found| {
                let mut kept = self.kept.borrow_mut();
                for (key, bytes) in keys.iter().zip(found) {
                    take(&mut kept, *key, bytes);
                }
                let applied = kept.apply(stamp, change.clone());
                let writes = writes(&kept, applied.touched.union(&unsaved));
                done = Some(applied);
                writes
            })
            .await;
        // A store that cannot even be read has not asked for the change yet.
        let done = done.unwrap_or_else(|| self.kept.borrow_mut().apply(stamp, change));
        self.tell_result(id, &done.touched, result);
        if let Some(reason) = done.refused {
            let reason = reason.to_owned();
            self.outside.tell(id, Event::Failed { reason });
            return;
        }
        let event = Event::Done {
            made: done.made,
            undo: done.undo,
            added: done.added,
        };
        self.outside.tell(id, event);
    }

    /// Writes records as they are here.
    async fn save(&self, id: u32, touched: BTreeSet<Key>) {
        let unsaved = self.unsaved.borrow().clone();
        let writes = writes(&self.kept.borrow(), touched.union(&unsaved));
        let result = self.shelf.change(&[], &mut |_| writes.clone()).await;
        self.tell_result(id, &touched, result);
    }

    /// Tells page and tabs what is another now, and whether it is kept.
    fn tell_result(&self, id: u32, touched: &BTreeSet<Key>, result: Result<(), StoreError>) {
        let updates = {
            let kept = self.kept.borrow();
            touched.iter().map(|key| kept.update(*key)).collect()
        };
        self.outside.tell(EVENT, Event::Updated(updates));
        let mut unsaved = self.unsaved.borrow_mut();
        match result {
            Ok(()) => {
                let all = touched.union(&unsaved);
                let names: Vec<String> = all.map(Key::to_string).collect();
                unsaved.clear();
                self.outside.tell_tabs(&names);
            }
            Err(error) => {
                unsaved.extend(touched);
                let reason = error.to_string();
                self.outside.tell(id, Event::NotKept { reason });
            }
        }
    }

    fn rows(&self, list: List) -> Vec<ListRow> {
        let items = self.kept.borrow().list(list);
        let row = |item: Item| {
            let mut row = self.outside.row(&item.tune.md5);
            if let Some(row) = row.as_mut().filter(|row| row.start_song != item.song)
                && (1..=row.songs).contains(&item.song)
            {
                row.start_song = item.song;
                row.length_millis = None;
            }
            ListRow {
                tune: item.tune,
                song: item.song,
                at: item.added_at,
                row,
            }
        };
        items.into_iter().map(row).collect()
    }

    async fn export(&self, id: u32, kind: FileKind) {
        let preferences = self.preferences().await;
        let kept = self.kept.borrow();
        let text = match kind {
            FileKind::Everything => Some(rules::write(&kept, preferences.as_deref())),
            FileKind::Log => Some(rules::log_lines(&kept)),
            FileKind::PlaylistJson(list) => rules::write_playlist(&kept, list),
            FileKind::PlaylistM3u8(list) => kept.playlists.get(&list).map(|playlist| {
                rules::write_m3u(playlist, |item| {
                    let row = self.outside.row(&item.tune.md5)?;
                    let is_default = [0, row.start_song].contains(&item.song);
                    row.length_millis
                        .filter(|_| is_default)
                        .map(|millis| millis.div_ceil(1000))
                })
            }),
        };
        let name = rules::file_name(&kept, kind);
        drop(kept);
        let event = match text {
            Some(text) => Event::Exported { name, text },
            None => Event::Failed {
                reason: "this playlist is not there any more".to_owned(),
            },
        };
        self.outside.tell(id, event);
    }

    async fn import(&self, id: u32, name: &str, bytes: &[u8]) {
        let fail = |reason: String| self.outside.tell(id, Event::Failed { reason });
        if bytes.len() > MOST_FILE {
            return fail(format!("{name} is too long to be a file of playlists"));
        }
        let text = String::from_utf8_lossy(bytes);
        if text
            .trim_start_matches('\u{feff}')
            .trim_start()
            .starts_with('{')
        {
            let parsed = match rules::read(&text) {
                Ok(parsed) => parsed,
                Err(error) => return fail(format!("{name}: {error}")),
            };
            let brought = Brought {
                tunes: u32::try_from(parsed.kept.tunes.len()).unwrap_or(u32::MAX),
                playlists: u32::try_from(parsed.kept.playlists.len()).unwrap_or(u32::MAX),
                refused: parsed.refused,
            };
            self.refresh().await;
            let touched = {
                let mut kept = self.kept.borrow_mut();
                let old = std::mem::take(&mut *kept);
                *kept = rules::merge(old.clone(), parsed.kept);
                let all: BTreeSet<Key> = old.keys().into_iter().chain(kept.keys()).collect();
                all.into_iter()
                    .filter(|key| old.record(*key) != kept.record(*key))
                    .collect()
            };
            self.save(id, touched).await;
            let preferences = parsed.preferences;
            self.outside.tell(
                id,
                Event::Imported {
                    brought,
                    preferences,
                },
            );
            return;
        }
        let (title, items, refused) = rules::read_m3u(&text, |path| self.outside.at_path(path));
        if items.is_empty() {
            return fail(format!("{name} holds no tune that is known here"));
        }
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let change = Change::MakePlaylist {
            name: title.unwrap_or_else(|| stem.to_owned()),
            items,
        };
        self.change(id, change).await;
        let brought = Brought {
            tunes: 0,
            playlists: 1,
            refused,
        };
        self.outside.tell(
            id,
            Event::Imported {
                brought,
                preferences: None,
            },
        );
    }
}

/// Takes a record as it is on disk.
fn take(kept: &mut Kept, key: Key, bytes: Option<Vec<u8>>) {
    match bytes {
        // A damaged one is forgotten, and written anew by what changes it.
        Some(bytes) => drop(kept.take(key, &bytes)),
        None => kept.forget(key),
    }
}

fn writes<'a>(kept: &Kept, keys: impl Iterator<Item = &'a Key>) -> Writes {
    keys.map(|key| (key.to_string(), kept.record(*key)))
        .collect()
}
