//! From tune to tune: next, previous, and what follows the end of a song.

use std::sync::Arc;

use catalog::Row;

use crate::course::{Anchor, By, Following};
use crate::event::Effect;
use crate::language::{t, tf};
use crate::model::{Model, Walk};
use crate::queue::Tune;
use crate::view::{NoticeKind, State};
use crate::words;

/// Tunes in a row that fail by themselves before playback gives up.
const MOST_FAILURES: u32 = 5;

impl Model {
    pub(crate) fn first_row_is_here(&mut self, row: Option<Row>) {
        match row {
            Some(row) => {
                let anchor = Anchor::File(row.md5);
                self.go_to(Tune::of(Arc::new(row)), By::List(anchor));
            }
            None if self.player.current.is_none() => {
                self.notify(NoticeKind::Note, words::nothing_to_play());
            }
            None => self.end(),
        }
    }

    /// The song that played is over.
    pub(crate) fn song_is_over(&mut self) {
        if self.player.current.is_none() {
            return;
        }
        self.player.automatic = true;
        if self.sleeps_at_end() {
            self.end();
        } else if !self.count_down() {
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
                tf("{0} was passed over: {1}.", &[&title, &reason]),
            );
            self.walk(Walk::Over);
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
        self.take_walk();
    }

    /// Goes where a walk leads, once that is known.
    pub(crate) fn take_walk(&mut self) {
        let Some(walk) = self.walk else { return };
        let target = self.target(walk);
        if target == Following::Wait {
            return;
        }
        self.walk = None;
        match (target, walk) {
            (Following::Tune(tune, by), _) => self.go_to(tune, by),
            (_, Walk::Previous) => self.seek_to(0),
            (_, Walk::Next) if self.player.current.is_none() => {
                self.notify(NoticeKind::Note, words::nothing_to_play());
            }
            (_, Walk::Next) => {
                self.notify(NoticeKind::Note, t("This is the last tune of the list."));
            }
            (_, Walk::Onward | Walk::Over) => {
                // A tune that failed keeps saying why.
                if self.player.state != State::Error {
                    self.end();
                }
            }
        }
    }

    /// Plays a tune that the course leads to.
    pub(crate) fn go_to(&mut self, tune: Tune, by: By) {
        self.go_along(&tune, by);
        if by == By::Again {
            self.player.position_millis = 0;
            self.load_current();
            return;
        }
        let entry = self.player.current.as_ref().and_then(|current| {
            let same = current.id.md5 == tune.row.md5;
            current.entry.clone().filter(|_| same)
        });
        self.play(tune.row, entry, tune.song, 0);
    }

    /// Nothing follows.
    pub(crate) fn end(&mut self) {
        self.song_ended(true);
        self.end_session();
        let ticket = self.ticket();
        self.player.stop(ticket, State::Ended, &mut self.effects);
    }
}
