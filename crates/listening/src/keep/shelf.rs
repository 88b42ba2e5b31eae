//! The page's view of what is kept, and what the listener does with it. The library worker has the
//! truth: what it tells is shown, and nothing is guessed ahead of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::{Entry, Row};
use protocol::keep::{
    About, Change, Deed, Event as Said, FileKind, Folder, List, ListId, ListRow, LogEntry,
    Playlist, Request, TuneRef, Update,
};
use protocol::library::Request as LibraryRequest;
use sidfile::{Md5, TuneId};

use super::Related;
use crate::event::{AudioCommand, Effect, Intent, Ticket, UNASKED};
use crate::language::{t, tf, tn};
use crate::model::Model;
use crate::player::Current;
use crate::share::Spot;
use crate::view::{NoticeKind, State};

/// A removal can be taken back for so long.
const UNDO_MILLIS: u64 = 12_000;
/// Lines of the log that the settings show.
const LOG_LINES: u32 = 200;

/// Something the listener wants with what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepIntent {
    /// Change it.
    Change(Change),
    /// Make the tune that plays a favourite, or none.
    FavouriteCurrent,
    /// Note that a song is not wanted, and go on where it plays; song 0 is the file's default.
    Dislike(TuneId),
    /// Take the last removal back.
    Undo,
    /// A list is looked at, or none.
    Show(Option<List>),
    /// Play a song of the list that is looked at, and go on in it.
    Play(TuneId),
    /// Write a file.
    Export(FileKind),
    /// Take a file in.
    Import {
        /// Name of the file.
        name: String,
        /// All of it.
        bytes: Vec<u8>,
    },
    /// The log is looked at.
    ShowLog,
    /// A link is followed to a spot in a song; song 0 is the file's default.
    Follow(TuneId, Spot),
    /// Play a song from a moment on.
    PlayFrom(TuneId, u32),
    /// What is beside a tune, by its composer and title.
    Beside(Md5, String, String),
}

/// A removal that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoView {
    /// What was removed, in words.
    pub text: String,
}

/// What the list knows of a tune's marks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TuneMarks {
    /// It is a favourite.
    pub is_favourite: bool,
    /// 1 to 5.
    pub rating: Option<u8>,
}

/// What the page shows of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeptView {
    /// It has been read.
    pub is_open: bool,
    /// What is thought of files.
    pub tunes: Arc<BTreeMap<Md5, About>>,
    /// Playlists.
    pub playlists: Arc<BTreeMap<ListId, Playlist>>,
    /// Folders.
    pub folders: Arc<BTreeMap<ListId, Folder>>,
    /// The list that is looked at, and its rows where they are here.
    pub list: Option<(List, Option<Arc<Vec<ListRow>>>)>,
    /// Lines of the log in all, and the newest.
    pub log: Arc<(u32, Vec<(LogEntry, String)>)>,
    /// The last removal.
    pub undo: Option<UndoView>,
    /// What is beside the tune whose page is shown.
    pub related: Arc<Related>,
    /// Why nothing is kept, in words.
    pub not_kept: Option<String>,
}

impl KeptView {
    /// Marks of a file.
    #[must_use]
    pub fn marks(&self, md5: &Md5) -> TuneMarks {
        let about = self.tunes.get(md5);
        TuneMarks {
            is_favourite: about.is_some_and(|about| about.favourite_at.is_some()),
            rating: about.and_then(|about| about.rating),
        }
    }

    /// Playlists of a folder, or of none, by name.
    #[must_use]
    pub fn playlists_in(&self, folder: Option<ListId>) -> Vec<(ListId, &Playlist)> {
        let is_known = |id: &ListId| self.folders.contains_key(id);
        let mut found: Vec<(ListId, &Playlist)> = self
            .playlists
            .iter()
            .filter(|(_, list)| list.folder.filter(is_known) == folder)
            .map(|(id, list)| (*id, list))
            .collect();
        found.sort_by_key(|(id, list)| (list.name.to_lowercase(), *id));
        found
    }

    /// Every tag that is in use, by how often, the commonest first.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for tag in self.tunes.values().flat_map(|about| &about.tags) {
            *counts.entry(tag).or_default() += 1;
        }
        let mut tags: Vec<(&str, u32)> = counts.into_iter().collect();
        tags.sort_by_key(|(tag, count)| (core::cmp::Reverse(*count), *tag));
        tags.into_iter().map(|(tag, _)| tag.to_owned()).collect()
    }
}

/// The page's side.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub view: KeptView,
    undo: Option<(Change, u64)>,
    /// What takes a removal back whose answer is awaited, in words.
    removing: Option<(Ticket, String)>,
    /// A playlist or folder that is being made is shown when it is there.
    making: Option<Ticket>,
    /// The change that is answered next is not on disk.
    was_not_kept: bool,
    /// The spot that is gone to, and whether it sounds without being asked to.
    pub link: Option<(TuneId, Spot, bool)>,
    /// What the page found when it was opened, until the copy of it is here.
    pub first_preferences: Option<String>,
}

impl Shelf {
    /// Time goes by.
    pub fn tick(&mut self, now: u64) {
        if self.undo.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.forget_undo();
        }
    }

    fn forget_undo(&mut self) {
        self.undo = None;
        self.view.undo = None;
    }
}

/// What a tune is called, as far as is known.
fn ref_of(current: &Current) -> TuneRef {
    let entry = current.entry.as_deref();
    entry.map_or_else(|| ref_of_row(&current.row), ref_of_entry)
}

/// What an entry says of its tune.
#[must_use]
pub fn ref_of_entry(entry: &Entry) -> TuneRef {
    TuneRef {
        md5: entry.md5,
        path: entry.path.clone(),
        title: entry.title.clone(),
        author: entry.author.clone(),
    }
}

/// What a row says of its tune.
#[must_use]
pub fn ref_of_row(row: &Row) -> TuneRef {
    TuneRef {
        md5: row.md5,
        path: String::new(),
        title: row.title.clone(),
        author: row.author.clone(),
    }
}

impl Model {
    /// What is kept.
    #[must_use]
    pub fn kept(&self) -> KeptView {
        self.shelf.view.clone()
    }

    pub(crate) fn keep_ask(&mut self, request: Request) -> Ticket {
        let ticket = self.ticket();
        let request = LibraryRequest::Keep(request);
        self.effects.push(Effect::Library(ticket, request));
        ticket
    }

    pub(crate) fn keep_wish(&mut self, intent: KeepIntent) {
        match intent {
            KeepIntent::Change(change) => self.change(change),
            KeepIntent::FavouriteCurrent => {
                let Some(current) = &self.player.current else {
                    return;
                };
                let tune = ref_of(current);
                let on = !self.shelf.view.marks(&tune.md5).is_favourite;
                let text = match on {
                    true => t("Added to the favourites"),
                    false => t("No favourite any more"),
                };
                self.effects.push(Effect::Announce(text.to_owned()));
                self.change(Change::Favourite { tune, on });
            }
            KeepIntent::Dislike(tune) => self.dislike(tune),
            KeepIntent::Undo => {
                if let Some((change, _)) = self.shelf.undo.take() {
                    self.shelf.forget_undo();
                    self.change(change);
                    self.effects
                        .push(Effect::Announce(t("It is back").to_owned()));
                }
            }
            KeepIntent::Show(list) => {
                let shown = self.shelf.view.list.as_ref().map(|(shown, _)| *shown);
                if shown != list {
                    self.shelf.view.list = list.map(|list| (list, None));
                }
                self.ask_list();
            }
            KeepIntent::Play(tune) => self.play_of_list(tune),
            KeepIntent::Export(kind) => drop(self.keep_ask(Request::Export(kind))),
            KeepIntent::Import { name, bytes } => {
                self.keep_ask(Request::Import { name, bytes });
            }
            KeepIntent::Follow(tune, spot) => {
                self.shelf.link = Some((tune, spot, false));
                self.ask_about_link();
            }
            KeepIntent::PlayFrom(tune, millis) => {
                self.effects.push(Effect::Audio(AudioCommand::Unlock));
                let spot = Spot {
                    millis,
                    ..Spot::default()
                };
                self.shelf.link = Some((tune, spot, true));
                self.ask_about_link();
            }
            KeepIntent::Beside(of, author, title) => self.ask_related(of, author, title),
            KeepIntent::ShowLog => drop(self.keep_ask(Request::Log { count: LOG_LINES })),
        }
    }

    fn dislike(&mut self, tune: TuneId) {
        let clock = self.clock();
        let current = self.player().tune.map(|current| current.id);
        let plays = current
            .filter(|current| current.md5 == tune.md5 && [0, current.song].contains(&tune.song));
        let (position_millis, length_millis) = match plays {
            Some(_) => (clock.position_millis, clock.length_millis),
            None => (0, 0),
        };
        self.change(Change::Log(LogEntry {
            at: 0,
            deed: Deed::Dislike,
            tune: plays.unwrap_or(tune),
            position_millis,
            length_millis,
        }));
        self.notify(NoticeKind::Note, t("Noted: not for you.").to_owned());
        if plays.is_some() {
            self.wish(Intent::Next);
        }
    }

    fn change(&mut self, change: Change) {
        if let Change::Favourite { tune, on } = &change {
            // Favourites are kept on this device.
            self.pin(tune.md5, *on);
        }
        let removes = match &change {
            Change::RemovePlaylist { id } => {
                let name = self
                    .shelf
                    .view
                    .playlists
                    .get(id)
                    .map(|list| list.name.clone());
                Some(tf("Playlist “{0}” removed", &[&name.unwrap_or_default()]))
            }
            Change::RemoveFolder { id } => {
                let name = self
                    .shelf
                    .view
                    .folders
                    .get(id)
                    .map(|folder| folder.name.clone());
                Some(tf("Folder “{0}” removed", &[&name.unwrap_or_default()]))
            }
            Change::RemoveItem { .. } => Some(t("Removed from the playlist").to_owned()),
            _ => None,
        };
        let makes = matches!(change, Change::MakePlaylist { .. });
        let ticket = self.keep_ask(Request::Change(change));
        if makes {
            self.shelf.making = Some(ticket);
        }
        if let Some(text) = removes {
            self.effects.push(Effect::Announce(text.clone()));
            self.shelf.removing = Some((ticket, text));
        }
    }

    /// Asks for the rows of the list that is looked at.
    pub(crate) fn ask_list(&mut self) {
        if let Some((list, _)) = self.shelf.view.list {
            self.keep_ask(Request::Rows(list));
        }
    }

    pub(crate) fn keep_says(&mut self, ticket: Ticket, event: Said) {
        match event {
            Said::All {
                tunes,
                playlists,
                folders,
                preferences,
                damaged,
            } => {
                let view = &mut self.shelf.view;
                view.is_open = true;
                view.tunes = Arc::new(
                    tunes
                        .into_iter()
                        .map(|about| (about.tune.md5, about))
                        .collect(),
                );
                view.playlists = Arc::new(playlists.into_iter().collect());
                view.folders = Arc::new(folders.into_iter().collect());
                self.ask_list();
                self.copy_is_here(preferences);
                if !damaged.is_empty() {
                    let count = damaged.len() as u64;
                    let text = tn(
                        count,
                        "{0} record of what you keep was damaged and left out; the rest is here",
                        "{0} records of what you keep were damaged and left out; the rest is here",
                    );
                    self.notify(NoticeKind::Bad, text);
                }
            }
            Said::Updated(updates) => self.take_updates(updates),
            Said::Done {
                made,
                undo,
                added: _,
            } => {
                if let Some((_, text)) = self.shelf.removing.take_if(|(of, _)| *of == ticket)
                    && let Some(undo) = undo
                {
                    self.shelf.undo = Some((undo, self.now + UNDO_MILLIS));
                    self.shelf.view.undo = Some(UndoView { text });
                }
                if self.shelf.making.take_if(|of| *of == ticket).is_some()
                    && let Some(id) = made
                {
                    self.effects.push(Effect::Go(format!("/playlists/{id}")));
                }
                if !std::mem::take(&mut self.shelf.was_not_kept) {
                    self.shelf.view.not_kept = None;
                }
            }
            Said::Rows { list, rows } => {
                if let Some((shown, old)) = &mut self.shelf.view.list
                    && *shown == list
                {
                    *old = Some(Arc::new(rows));
                }
            }
            Said::Log { total, lines } => self.shelf.view.log = Arc::new((total, lines)),
            Said::Exported { name, text } => self.effects.push(Effect::SaveText { name, text }),
            Said::Imported {
                brought,
                preferences,
            } => {
                let mut parts = Vec::new();
                if brought.playlists > 0 {
                    parts.push(tn(
                        brought.playlists.into(),
                        "{0} playlist",
                        "{0} playlists",
                    ));
                }
                if brought.tunes > 0 {
                    let marked = tn(brought.tunes.into(), "{0} marked tune", "{0} marked tunes");
                    parts.push(marked);
                }
                if brought.refused > 0 {
                    let refused = brought.refused.into();
                    parts.push(tn(
                        refused,
                        "{0} entry of no known tune",
                        "{0} entries of no known tune",
                    ));
                }
                if let Some(text) = preferences {
                    parts.push(t("your settings").to_owned());
                    self.preferences_elsewhere(&text);
                    self.keep();
                }
                let text = if parts.is_empty() {
                    t("There was nothing in the file").to_owned()
                } else {
                    tf("The file brought {0}", &[&parts.join(", ")])
                };
                self.notify(NoticeKind::Good, text);
            }
            Said::NotKept { reason } => {
                if self.shelf.view.not_kept.is_none() {
                    let text = tf(
                        "What you keep stays only until this page is closed: {0}",
                        &[&reason],
                    );
                    self.notify(NoticeKind::Bad, text);
                }
                self.shelf.was_not_kept = true;
                self.shelf.view.not_kept = Some(reason);
            }
            Said::Failed { reason } => self.notify(NoticeKind::Bad, reason),
        }
    }

    fn take_updates(&mut self, updates: Vec<Update>) {
        let shown = self.shelf.view.list.as_ref().map(|(list, _)| *list);
        let mut again = false;
        let view = &mut self.shelf.view;
        for update in updates {
            match update {
                Update::Tune(md5, about) => {
                    again |= shown == Some(List::Favourites);
                    let tunes = Arc::make_mut(&mut view.tunes);
                    match about {
                        Some(about) => drop(tunes.insert(md5, about)),
                        None => drop(tunes.remove(&md5)),
                    }
                }
                Update::Playlist(id, list) => {
                    again |= shown == Some(List::Playlist(id));
                    let playlists = Arc::make_mut(&mut view.playlists);
                    match list {
                        Some(list) => drop(playlists.insert(id, list)),
                        None => drop(playlists.remove(&id)),
                    }
                }
                Update::Folder(id, folder) => {
                    let folders = Arc::make_mut(&mut view.folders);
                    match folder {
                        Some(folder) => drop(folders.insert(id, folder)),
                        None => drop(folders.remove(&id)),
                    }
                }
                Update::History => again |= shown == Some(List::History),
                Update::Log => {
                    if !view.log.1.is_empty() {
                        view.log = Arc::default();
                    }
                }
            }
        }
        if again {
            self.ask_list();
        }
    }

    /// Notes what is heard.
    pub(crate) fn watch_listening(&mut self) {
        let changes = match (&self.player.current, self.player.state) {
            (Some(current), State::Playing) => self.listening.sounds(
                current.id,
                || ref_of(current),
                self.player.position_millis,
                current.length(),
            ),
            (_, State::Paused | State::Loading) => Vec::new(),
            _ => self.listening.is_left(),
        };
        self.keep_changes(changes);
    }

    pub(crate) fn keep_changes(&mut self, changes: Vec<Change>) {
        // Nobody waits for what comes of them.
        let requests = changes.into_iter().map(|change| {
            let request = LibraryRequest::Keep(Request::Change(change));
            Effect::Library(UNASKED, request)
        });
        self.effects.extend(requests);
    }
}
