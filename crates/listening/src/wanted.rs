//! Tunes of a swarm that are to be on this device: favourites and pinned ones, and those that were
//! wished for while there was no network.

use std::sync::Arc;

use catalog::{Entry, Row};
use protocol::library::Request as LibraryRequest;
use protocol::swarm::{FileId, InfoHash, Priority, Request};
use sidfile::Md5;

use crate::language::tf;
use crate::model::{Asked, Model};
use crate::swarm::SwarmState;
use crate::view::NoticeKind;
use crate::words;

/// Wishes that are remembered to tell of their coming.
const MOST_WISHES: usize = 50;

/// What was wished for, and its title.
#[derive(Debug, Default)]
pub(crate) struct Wanted(Vec<(FileId, String)>);

impl Wanted {
    /// Files that are wished for.
    pub fn files(&self) -> impl Iterator<Item = FileId> {
        self.0.iter().map(|(file, _)| *file)
    }
}

fn file_of(row: &Row) -> Option<FileId> {
    let remote = row.remote?;
    Some(FileId {
        torrent: InfoHash(remote.info_hash),
        file: remote.file,
    })
}

impl Model {
    /// Without a network a tune that is not here is wished for in place of being played; whether
    /// that is so. It comes by itself when the network is back, in a later visit too.
    pub(crate) fn wish_for(&mut self, row: &Row) -> bool {
        let view = &self.swarm.view;
        let is_cut_off = !view.online && matches!(view.state, SwarmState::Open { .. });
        let Some(file) = file_of(row).filter(|_| is_cut_off) else {
            return false;
        };
        let status = self.remote_file(&file);
        if status.is_none_or(|status| status.progress >= 1.0) {
            return false;
        }
        self.want(file, Priority::High);
        let title = words::title_text(&row.title).to_owned();
        self.notify(
            NoticeKind::Note,
            tf(
                "“{0}” is not on this device. It is fetched when the network is back.",
                &[&title],
            ),
        );
        let wishes = &mut self.wanted.0;
        if wishes.len() < MOST_WISHES && !wishes.iter().any(|(known, _)| *known == file) {
            wishes.push((file, title));
        }
        true
    }

    /// Tells of wishes that have come true.
    pub(crate) fn tell_of_wishes(&mut self) {
        let is_here = |file: &FileId| self.remote_file(file).is_some_and(|it| it.progress >= 1.0);
        let (here, rest): (Vec<_>, Vec<_>) =
            (self.wanted.0.iter().cloned()).partition(|(file, _)| is_here(file));
        self.wanted.0 = rest;
        for (_, title) in here {
            self.notify(NoticeKind::Good, tf("“{0}” is here now.", &[&title]));
        }
    }

    /// Has a file of a swarm fetched and kept, or not any longer. A file of the listener's own is
    /// here anyway.
    pub(crate) fn pin(&mut self, md5: Md5, on: bool) {
        self.ask(Asked::EntryToPin(md5, on), LibraryRequest::Entry { md5 });
    }

    pub(crate) fn entry_to_pin_is_here(&mut self, entry: &Arc<Entry>, on: bool) {
        if let Some(file) = file_of(&Row::from(&**entry)) {
            let priority = if on { Priority::Normal } else { Priority::None };
            self.want(file, priority);
        }
    }

    fn want(&mut self, file: FileId, priority: Priority) {
        self.ask_swarm(Request::Prioritise {
            torrent: file.torrent,
            files: (file.file, file.file + 1),
            priority,
        });
    }
}
