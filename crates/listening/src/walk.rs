//! From tune to tune: next, previous, and what follows the end of a song.

use std::sync::Arc;

use catalog::Row;
use sidfile::Md5;

use crate::event::{Effect, Ticket};
use crate::model::{Model, Walk};
use crate::preferences::{Repeat, Songs};
use crate::view::{NoticeKind, State};
use crate::words;

/// Tunes in a row that fail by themselves before playback gives up.
const MOST_FAILURES: u32 = 5;

impl Model {
    pub(crate) fn first_row_is_here(&mut self, row: Option<Row>) {
        match row {
            Some(row) => {
                let song = row.start_song;
                self.play(Arc::new(row), None, song, 0);
            }
            None if self.player.current.is_none() => {
                self.notify(NoticeKind::Note, words::NOTHING_TO_PLAY);
            }
            None => {
                let ticket = self.ticket();
                self.player.stop(ticket, State::Ended, &mut self.effects);
            }
        }
    }

    /// The song that played is over.
    pub(crate) fn song_is_over(&mut self) {
        let heard = self.listening.is_over();
        self.keep_changes(heard);
        let Some(current) = &self.player.current else {
            return;
        };
        self.player.automatic = true;
        if self.preferences.repeat == Repeat::One {
            self.player.position_millis = 0;
            self.load_current();
            return;
        }
        let songs = current
            .entry
            .as_ref()
            .map_or(current.row.songs, |e| e.songs());
        if self.preferences.songs == Songs::All && current.id.song < songs {
            let (row, entry) = (current.row.clone(), current.entry.clone());
            let song = current.id.song + 1;
            self.play(row, entry, song, 0);
        } else {
            self.walk(Walk::Onward);
        }
    }

    /// A tune could not be played: one that came by itself is passed over.
    pub(crate) fn play_failed(&mut self, reason: String) {
        let ticket = self.ticket();
        let title =
            self.player.current.as_ref().map(|current| {
                format!("\u{201c}{}\u{201d}", words::title_text(&current.row.title))
            });
        self.player.fail(reason.clone(), ticket, &mut self.effects);
        self.player.failures += 1;
        if self.player.automatic && self.player.failures < MOST_FAILURES {
            let title = title.unwrap_or_default();
            self.notify(
                NoticeKind::Bad,
                format!("{title} was passed over: {reason}."),
            );
            self.walk(Walk::Onward);
        } else {
            self.effects.push(Effect::Announce(reason));
        }
    }

    pub(crate) fn walk(&mut self, walk: Walk) {
        if self.player.current.is_none() {
            if walk == Walk::Next {
                self.play_or_pause();
            }
            return;
        }
        self.walk = Some(walk);
        if self.player.neighbours.known {
            self.take_walk();
        } else {
            self.ask_about_current();
        }
    }

    pub(crate) fn neighbours_are_here(
        &mut self,
        ticket: Ticket,
        md5: Md5,
        previous: Option<Row>,
        next: Option<Row>,
    ) {
        let current = self.player.current.as_ref().map(|current| current.id.md5);
        let neighbours = &mut self.player.neighbours;
        if neighbours.ticket != Some(ticket) || current != Some(md5) {
            return;
        }
        neighbours.ticket = None;
        neighbours.known = true;
        neighbours.previous = previous;
        neighbours.next = next;
        self.take_walk();
    }

    fn take_walk(&mut self) {
        let Some(walk) = self.walk.take() else { return };
        let neighbours = &self.player.neighbours;
        let row = match walk {
            Walk::Next | Walk::Onward => neighbours.next.clone(),
            Walk::Previous => neighbours.previous.clone(),
        };
        match (row, walk) {
            (Some(row), _) => {
                let song = row.start_song;
                self.play(Arc::new(row), None, song, 0);
            }
            (None, Walk::Previous) => self.seek_to(0),
            (None, Walk::Next | Walk::Onward) if self.preferences.repeat == Repeat::All => {
                self.ask_first_row();
            }
            (None, Walk::Next) => {
                self.notify(NoticeKind::Note, "This is the last tune of the list.");
            }
            (None, Walk::Onward) => {
                // A tune that failed keeps saying why.
                if self.player.state != State::Error {
                    let ticket = self.ticket();
                    self.player.stop(ticket, State::Ended, &mut self.effects);
                }
            }
        }
    }
}
