//! Playing what is kept: lists, and spots that links lead to.

use std::sync::Arc;

use catalog::{Entry, Query};
use protocol::keep::{List, Request};
use protocol::library::Request as LibraryRequest;
use sidfile::TuneId;

use crate::language::t;
use crate::model::{Asked, Model};
use crate::view::{NoticeKind, State};

impl Model {
    pub(super) fn play_of_list(&mut self, tune: TuneId) {
        let Some((list, Some(rows))) = self.shelf.view.list.clone() else {
            return;
        };
        let row = rows
            .iter()
            .find(|row| row.tune.md5 == tune.md5 && row.song == tune.song)
            .and_then(|row| row.row.clone());
        let Some(row) = row else {
            self.notify(NoticeKind::Note, t("This tune is not in your library."));
            return;
        };
        self.keep_ask(Request::Freeze(list));
        self.player.context = Query {
            filter: list.filter(),
            ..Query::default()
        };
        self.player.neighbours = Default::default();
        self.player.automatic = false;
        self.player.failures = 0;
        let song = if tune.song == 0 {
            row.start_song
        } else {
            tune.song
        };
        self.play(Arc::new(row), None, song, 0);
    }

    /// The question for what stands beside a song, where a list of the listener's plays.
    pub(crate) fn neighbours_in_list(&self, tune: TuneId) -> Option<LibraryRequest> {
        let list = List::of_filter(&self.player.context.filter)?;
        let request = Request::Neighbours { list, tune };
        Some(LibraryRequest::Keep(request))
    }

    /// In a list of the listener's another song of the file has other neighbours.
    pub(crate) fn forget_neighbours_in_list(&mut self, tune: TuneId) {
        let is_list = List::of_filter(&self.player.context.filter).is_some();
        let other = self
            .player
            .current
            .as_ref()
            .is_some_and(|current| current.id != tune);
        if is_list && other {
            self.player.neighbours = Default::default();
        }
    }

    /// Asks for the song that a link leads to.
    pub(crate) fn ask_about_link(&mut self) {
        if let Some((tune, ..)) = self.shelf.link {
            self.ask(
                Asked::LinkEntry(tune),
                LibraryRequest::Entry { md5: tune.md5 },
            );
        }
    }

    /// A link leads to its spot; it sounds with the next gesture, or at once where the tune had to
    /// be brought first.
    pub(crate) fn link_entry_is_here(&mut self, tune: TuneId, entry: Option<Arc<Entry>>) {
        let Some((wanted, spot, plays)) = self.shelf.link else {
            return;
        };
        if wanted != tune {
            return;
        }
        let Some(entry) = entry else {
            self.shelf.link = Some((tune, spot, true));
            return;
        };
        self.shelf.link = None;
        let song = if tune.song == 0 {
            entry.start_song
        } else {
            tune.song
        };
        let ticket = self.ticket();
        self.player.stop(ticket, State::Ready, &mut self.effects);
        self.player.context = self.list.query.clone();
        self.restore(TuneId { song, ..tune }, spot.millis, entry);
        self.player.audible = spot.audible;
        self.player.chip = spot.chip;
        if plays {
            self.play_or_pause();
        }
    }
}
