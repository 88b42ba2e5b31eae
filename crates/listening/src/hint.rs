//! The next tune, made ready before it is needed: fetched, checked, and its first seconds rendered,
//! so that it follows without a gap.

use std::sync::Arc;

use catalog::{Entry, Row};
use protocol::engine::{Event as Said, Playing, Request};
use protocol::library::Request as LibraryRequest;
use sidfile::Md5;

use crate::course::{By, Following};
use crate::event::{Effect, SoundMode, Ticket};
use crate::model::{Asked, Model};
use crate::player::{ALL_VOICES, Current};
use crate::queue::Tune;
use crate::view::State;

/// How far the next tune is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HintState {
    /// It is known, not more.
    #[default]
    Known,
    /// Its file is being fetched.
    Fetching,
    /// Its first seconds are rendered.
    Ready,
    /// It follows in the sound that is on its way to the speakers.
    Joined,
    /// It cannot be played.
    Failed,
}

/// The next tune, as the page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct HintView {
    /// What.
    pub tune: Tune,
    /// How far it is.
    pub state: HintState,
}

/// Requests of before that are remembered.
const MOST_EARLIER: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct Hint {
    next: Option<(Tune, By)>,
    pub state: HintState,
    /// What the engine was asked for.
    sent: Option<(Ticket, Request)>,
    /// Which tune that is, and why it comes next.
    asked: Option<(Tune, By)>,
    machine: Option<Playing>,
    /// What it was asked for before: one that was joined meanwhile may still be told to be heard.
    earlier: Vec<(Ticket, Tune, By, Playing)>,
    /// What the library knows of the next file; `None` within where it knows nothing.
    entry: Option<(Md5, Option<Arc<Entry>>)>,
}

impl Hint {
    pub fn tune(&self) -> Option<&Tune> {
        self.next.as_ref().map(|(tune, _)| tune)
    }

    /// The engine has forgotten what it was asked for.
    pub fn forget(&mut self) {
        self.earlier.clear();
        self.sent = None;
        self.machine = None;
        self.state = HintState::Known;
    }

    /// Something else is asked for now.
    fn replace(&mut self) {
        let mut earlier = std::mem::take(&mut self.earlier);
        if let (Some((ticket, _)), Some((tune, by)), Some(machine)) =
            (self.sent.take(), self.asked.take(), self.machine.take())
        {
            earlier.push((ticket, tune, by, machine));
            let surplus = earlier.len().saturating_sub(MOST_EARLIER);
            earlier.drain(..surplus);
        }
        self.forget();
        self.earlier = earlier;
    }

    pub fn entry_is_here(&mut self, md5: Md5, entry: Option<Arc<Entry>>) {
        self.entry = Some((md5, entry));
    }
}

impl Model {
    pub(crate) fn hint_view(&self) -> Option<HintView> {
        let (tune, _) = self.hint.next.as_ref()?;
        Some(HintView {
            tune: tune.clone(),
            state: self.hint.state,
        })
    }

    /// Finds out what comes next, and has the engine prepare it.
    pub(crate) fn look_ahead(&mut self) {
        if self.hint.state == HintState::Joined {
            return;
        }
        let following = match self.player.state {
            State::Ended if self.countdown.is_none() => Following::End,
            State::Idle | State::Error => Following::End,
            _ => self.after_end(),
        };
        match following {
            Following::Wait => return,
            Following::End => self.hint.next = None,
            Following::Tune(tune, by) => self.hint.next = Some((tune, by)),
        }
        if !self.player.loaded {
            self.hint.forget();
            return;
        }
        let request = match self.wanted_from_engine() {
            Ok(request) => request,
            // The library tells first how long it is.
            Err(()) => return,
        };
        if self.hint.sent.as_ref().map(|(_, sent)| sent) == request.as_ref() {
            return;
        }
        let had = self.hint.sent.is_some();
        self.hint.replace();
        if let Some(request) = request {
            let ticket = self.ticket();
            self.hint.state = HintState::Fetching;
            self.hint.sent = Some((ticket, request.clone()));
            self.hint.asked = self.hint.next.clone();
            self.effects.push(Effect::Engine(ticket, request));
        } else if had {
            let ticket = self.ticket();
            self.effects
                .push(Effect::Engine(ticket, Request::Unprepare));
        }
    }

    fn wanted_from_engine(&mut self) -> Result<Option<Request>, ()> {
        let sounds = matches!(self.player.state, State::Playing | State::Paused)
            && self.player.machine.is_some()
            && matches!(self.player.mode, Some(SoundMode::Ring | SoundMode::Port));
        let Some((tune, _)) = self.hint.next.clone().filter(|_| sounds) else {
            return Ok(None);
        };
        let md5 = tune.row.md5;
        if self
            .hint
            .entry
            .as_ref()
            .is_none_or(|(known, _)| *known != md5)
        {
            let of_player = self.player.current.as_ref().and_then(|current| {
                let same = current.id.md5 == md5;
                current.entry.clone().filter(|_| same)
            });
            if of_player.is_none() {
                let asked = Asked::NextEntry(md5);
                if !self.asked.iter().any(|(_, other)| *other == asked) {
                    self.ask(asked, LibraryRequest::Entry { md5 });
                }
                return Err(());
            }
            self.hint.entry = Some((md5, of_player));
        }
        let next = self.next_current(&tune);
        let same_file = self
            .player
            .current
            .as_ref()
            .is_some_and(|current| current.id.md5 == md5);
        let joins = self.preferences.countdown_seconds == 0
            && !self.is_last_before_sleep()
            && self.takes_this_engine(next.id);
        Ok(Some(Request::Prepare {
            tune: next.id,
            end_millis: Some(next.length()),
            finds_length: next.known_length().is_none() && next.found.is_none(),
            overrides: self.preferences.overrides,
            audible: if same_file {
                self.player.audible
            } else {
                ALL_VOICES
            },
            tempo: if same_file {
                self.player.tempo
            } else {
                self.preferences.tempo.unwrap_or_default()
            },
            gain_thousandths: self.gain_of(next.id),
            crossfade_millis: u32::from(self.preferences.crossfade_seconds) * 1_000,
            joins,
        }))
    }

    fn next_current(&self, tune: &Tune) -> Current {
        let entry = self
            .hint
            .entry
            .as_ref()
            .filter(|(md5, _)| *md5 == tune.row.md5)
            .and_then(|(_, entry)| entry.clone());
        let row = entry
            .as_ref()
            .map_or_else(|| tune.row.clone(), |entry| Arc::new(Row::from(&**entry)));
        let id = tune.id();
        Current {
            id,
            row,
            entry,
            found: self.player.scouted.length(id),
        }
    }

    /// Factor that brings a song to the common loudness, in thousandths.
    pub(crate) fn gain_of(&self, tune: sidfile::TuneId) -> u32 {
        let gain = match self.preferences.levelling {
            true => self.player.scouted.gain_of(tune),
            false => 1.0,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let thousandths = (gain.clamp(0.0, 8.0) * 1_000.0 + 0.5) as u32;
        thousandths
    }

    /// The engine says something of the next tune; true where it did.
    pub(crate) fn hint_says(&mut self, ticket: Ticket, said: &Said) -> bool {
        let is_ours = self
            .hint
            .sent
            .as_ref()
            .is_some_and(|(sent, _)| *sent == ticket);
        match said {
            Said::Prepared { playing, .. } if is_ours => {
                self.hint.state = HintState::Ready;
                self.hint.machine = Some(playing.clone());
            }
            Said::Joined { .. } if is_ours => self.hint.state = HintState::Joined,
            Said::Parted { .. } if is_ours => self.hint.forget(),
            Said::Passed { .. } if is_ours => self.passed(ticket),
            Said::Failed { .. } if is_ours => self.hint.state = HintState::Failed,
            Said::Passed { .. } => {
                let mut earlier = self.hint.earlier.iter();
                let found = earlier.find(|(sent, ..)| *sent == ticket).cloned();
                if let Some((_, tune, by, machine)) = found {
                    self.hint.next = Some((tune, by));
                    self.hint.machine = Some(machine);
                    self.passed(ticket);
                }
            }
            Said::Prepared { .. } | Said::Joined { .. } | Said::Parted { .. } => {}
            _ => return false,
        }
        true
    }

    /// The first sample of the next tune is heard.
    fn passed(&mut self, ticket: Ticket) {
        let hint = std::mem::take(&mut self.hint);
        let (Some((tune, by)), Some(machine)) = (hint.next.clone(), hint.machine) else {
            return;
        };
        self.hint.entry = hint.entry;
        let next = self.next_current(&tune);
        let followed = self.page_follows();
        self.song_ended(true);
        self.go_along(&tune, by);
        let id = next.id;
        self.walk = None;
        self.forget_entry_to_play();
        self.player.automatic = true;
        let tempo = self.preferences.tempo.unwrap_or_default();
        self.player.go_on(next, machine, ticket, tempo);
        self.begin_session();
        self.pick_way();
        self.way_has_served();
        self.player.is_begun = true;
        self.ask_about_current();
        if followed && self.page.as_ref().is_some_and(|page| page.id != id) {
            self.effects.push(Effect::Navigate(id));
        }
        if self.sleeps_at_end() {
            self.player.pause(&mut self.effects);
        }
    }
}
