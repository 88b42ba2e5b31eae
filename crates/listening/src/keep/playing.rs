//! Playing what is kept: lists, and spots that links lead to.

use std::sync::Arc;

use catalog::Entry;
use protocol::keep::List;
use protocol::library::Request as LibraryRequest;
use sidfile::TuneId;

use crate::course::{Anchor, Context};
use crate::language::t;
use crate::model::{Asked, Model};
use crate::queue::Tune;
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
        if self.wish_for(&row) {
            return;
        }
        let known = rows.iter().filter_map(|row| {
            let song = match (row.song, &row.row) {
                (0, Some(known)) => known.start_song,
                (song, _) => song,
            };
            Some(Tune {
                row: Arc::new(row.row.clone()?),
                song,
            })
        });
        let tunes: Vec<Tune> = known.collect();
        let song = if tune.song == 0 {
            row.start_song
        } else {
            tune.song
        };
        let id = TuneId { song, ..tune };
        let place = tunes.iter().position(|tune| tune.id() == id);
        let name = match list {
            List::Favourites => t("Favourites").to_owned(),
            List::History => t("History").to_owned(),
            List::Playlist(id) => {
                let list = self.shelf.view.playlists.get(&id);
                list.map(|list| list.name.clone()).unwrap_or_default()
            }
        };
        let context = Context::List {
            name,
            tunes: Arc::new(tunes),
        };
        self.leave_current();
        self.course.set_context(context, place.map(Anchor::Place));
        self.player.automatic = false;
        self.player.failures = 0;
        self.play(Arc::new(row), None, song, 0);
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
        self.restore(TuneId { song, ..tune }, spot.millis, entry);
        self.player.audible = spot.audible;
        self.player.chip = spot.chip;
        if plays {
            self.play_or_pause();
        }
    }
}
