//! What the listener wants.

use std::sync::Arc;

use catalog::{Entry, Row};
use protocol::engine::{ALL_AUDIBLE, MAX_CHIPS, Request as EngineRequest};
use protocol::library::Request as LibraryRequest;
use sidfile::{Md5, TuneId};

use crate::course::{Anchor, Context};
use crate::event::{AudioCommand, Effect, Intent, SoundMode};
use crate::language::t;
use crate::list::LibraryState;
use crate::model::{Asked, Model, Walk};
use crate::player::{ALL_VOICES, Current};
use crate::preferences::Repeat;
use crate::queue::Tune;
use crate::trace::Step;
use crate::view::{NoticeKind, PageEntry, PageView, State};

/// Previous goes to the start of the tune after this much of it.
const RESTART_AFTER_MILLIS: u32 = 3_000;

impl Model {
    pub(crate) fn wish(&mut self, intent: Intent) {
        match intent {
            Intent::PlayPause => self.play_or_pause(),
            Intent::Stop => {
                let ticket = self.ticket();
                self.walk = None;
                self.countdown = None;
                self.forget_entry_to_play();
                self.end_session();
                self.player.stop(ticket, State::Ready, &mut self.effects);
            }
            Intent::Next => {
                self.player.automatic = false;
                self.walk(Walk::Next);
            }
            Intent::Previous => {
                if self.player.position_millis > RESTART_AFTER_MILLIS {
                    self.seek_to(0);
                } else {
                    self.player.automatic = false;
                    self.walk(Walk::Previous);
                }
            }
            Intent::StepSong(step) => self.step_song(step),
            Intent::PlayRow(row) => {
                if self.wish_for(&row) {
                    return;
                }
                self.leave_current();
                self.walk_library_from(row.md5);
                self.player.automatic = false;
                self.player.failures = 0;
                let song = row.start_song;
                self.play(row, None, song, 0);
            }
            Intent::PlaySong(tune) => self.play_song(tune),
            Intent::SeekTo(millis) => self.seek_to(millis),
            Intent::SeekBy(millis) => {
                let target = self.player.position_millis.saturating_add_signed(millis);
                self.seek_to(target);
            }
            Intent::SetVolume(percent) => self.set_volume(percent),
            Intent::StepVolume(step) => {
                let volume = i32::from(self.preferences.volume).saturating_add(step);
                self.set_volume(u8::try_from(volume.clamp(0, 100)).unwrap_or(100));
            }
            Intent::ToggleMute => {
                self.preferences.muted = !self.preferences.muted;
                self.send_volume();
                let muted = self.preferences.muted;
                let text = if muted { t("Muted") } else { t("Sound on") };
                self.effects.push(Effect::Announce(text.into()));
                self.keep();
            }
            Intent::CycleRepeat => {
                self.preferences.repeat = match self.preferences.repeat {
                    Repeat::Off => Repeat::All,
                    Repeat::All => Repeat::One,
                    Repeat::One => Repeat::Off,
                };
                self.keep();
            }
            Intent::SetRepeat(repeat) => {
                self.preferences.repeat = repeat;
                self.keep();
            }
            Intent::SetSongs(songs) => {
                self.preferences.songs = songs;
                self.keep();
            }
            Intent::ToggleVoice { chip, voice } => self.change_voices(|audible| {
                if let Some(bits) = audible.get_mut(chip) {
                    *bits ^= 1 << voice & ALL_AUDIBLE;
                }
            }),
            Intent::SoloVoice { chip, voice } => self.change_voices(|audible| {
                let mut alone = [0; MAX_CHIPS];
                if let Some(bits) = alone.get_mut(chip) {
                    *bits = 1 << voice & ALL_AUDIBLE;
                }
                *audible = if *audible == alone { ALL_VOICES } else { alone };
            }),
            Intent::UnmuteAll => self.change_voices(|audible| *audible = ALL_VOICES),
            Intent::SetOverrides(overrides) => {
                self.preferences.overrides = overrides;
                self.player.chip = None;
                self.send_overrides();
            }
            Intent::SetTempo(tempo) => self.set_tempo(tempo),
            Intent::StepSpeed(step) => self.step_speed(step),
            Intent::KeepTempo(keep) => self.keep_tempo(keep),
            Intent::SetTheme(theme) => {
                self.preferences.theme = theme;
                self.keep();
            }
            Intent::SetLanguage(language) => {
                self.preferences.language = language;
                self.keep();
            }
            Intent::SetPicture(view) => {
                self.preferences.picture = view;
                self.keep();
            }
            Intent::ToggleNavigation => {
                self.preferences.narrow_navigation = !self.preferences.narrow_navigation;
                self.keep();
            }
            Intent::SetFilter(filter) => {
                if self.list.filter(filter) {
                    self.narrowed();
                }
            }
            Intent::Browse(intent) => self.browse(intent),
            Intent::SortBy(column) => {
                if self.list.sort_by(column) {
                    self.preferences.sort = self.list.query.sort;
                }
                self.fetch_rows();
                self.keep();
            }
            Intent::ShowRows { first, count } => {
                self.list.show(first, count.min(500));
                self.fetch_rows();
            }
            Intent::Import => {
                if self.import.ticket.is_some() {
                    self.import.again = true;
                } else {
                    self.start_import();
                }
            }
            Intent::NothingToImport => {
                self.notify(
                    NoticeKind::Note,
                    t("There were no files in what was dropped."),
                );
            }
            Intent::CancelImport => {
                if let Some(ticket) = self.import.ticket {
                    self.effects.push(Effect::CancelImport(ticket));
                }
            }
            Intent::CloseImport => {
                if self.import.ticket.is_none() {
                    self.import.view = Default::default();
                }
            }
            Intent::Remove(md5) => self.remove(md5),
            Intent::RemoveRoms => {
                let ticket = self.ticket();
                self.effects
                    .push(Effect::Library(ticket, LibraryRequest::RemoveRoms));
            }
            Intent::ShowTune(shown) => self.show_tune(shown),
            Intent::Dismiss(id) => self.dismiss(id),
            Intent::SetLevelling(levelling) => {
                self.preferences.levelling = levelling;
                self.send_level();
                self.keep();
            }
            Intent::Export(wish) => self.export(&wish),
            Intent::StopExport => self.stop_export(),
            Intent::RetryEngine => {
                self.revive_engine();
                if self.player.state == State::Error {
                    self.load_current();
                }
            }
            Intent::RetryLibrary => {
                if std::mem::take(&mut self.library_is_gone) {
                    self.effects.push(Effect::StartLibrary);
                }
                self.list.library = LibraryState::Opening;
                self.list.forget();
                self.ask(Asked::Open, LibraryRequest::Open);
            }
            Intent::Swarm(intent) => self.swarm_wish(intent),
            Intent::Keep(intent) => self.keep_wish(intent),
            Intent::Way(intent) => self.way_wish(intent),
            Intent::Queue(intent) => self.queue_wish(intent),
            Intent::SetTelemetry(on) => {
                self.preferences.telemetry = on;
                self.keep();
            }
            Intent::Leave => {
                self.note_place();
                self.keep();
            }
        }
    }

    pub(crate) fn play_or_pause(&mut self) {
        match self.player.state {
            State::Playing | State::Loading => {
                self.forget_entry_to_play();
                self.player.pause(&mut self.effects);
            }
            State::Paused => {
                self.unlock();
                self.player.resume(&mut self.effects);
            }
            State::Ready | State::Ended | State::Error => {
                self.unlock();
                self.player.automatic = false;
                self.player.failures = 0;
                self.load_current();
                self.ask_about_current();
            }
            State::Idle => {
                self.unlock();
                let query = self.list.query.clone();
                self.course.set_context(Context::Query(query), None);
                if self.course.deal.is_some() || self.course.queue.first().is_some() {
                    self.walk = Some(Walk::Next);
                    self.take_walk();
                } else {
                    self.ask_first_row();
                }
            }
        }
    }

    /// The library's list, as it is shown, is walked from this file on.
    pub(crate) fn walk_library_from(&mut self, md5: Md5) {
        let query = self.list.query.clone();
        let anchor = Some(Anchor::File(md5));
        self.course.set_context(Context::Query(query), anchor);
    }

    pub(crate) fn forget_entry_to_play(&mut self) {
        self.asked.retain(|(_, asked)| !{
            matches!(
                asked,
                Asked::EntryToPlay(_) | Asked::FirstRow | Asked::RemoteToPlay
            )
        });
    }

    pub(crate) fn unlock(&mut self) {
        self.effects.push(Effect::Audio(AudioCommand::Unlock));
    }

    pub(crate) fn ask_first_row(&mut self) {
        let query = self.list.query.clone();
        self.ask(
            Asked::FirstRow,
            LibraryRequest::Rows {
                query,
                offset: 0,
                count: 1,
            },
        );
    }

    /// Makes a song the one that plays.
    pub(crate) fn play(
        &mut self,
        row: Arc<Row>,
        entry: Option<Arc<Entry>>,
        song: u16,
        position_millis: u32,
    ) {
        self.unlock();
        self.song_ended(false);
        self.walk = None;
        self.countdown = None;
        self.course_changed = true;
        self.forget_entry_to_play();
        if let Some(deal) = &mut self.course.deal {
            let row = row.clone();
            deal.hear(&Tune { row, song });
        }
        let id = TuneId { md5: row.md5, song };
        let followed = self.page_follows();
        self.player.choose(
            Current {
                id,
                row,
                entry,
                found: None,
            },
            position_millis,
            self.preferences.tempo.unwrap_or_default(),
        );
        self.begin_session();
        self.load_current();
        self.ask_about_current();
        if followed && self.page.as_ref().is_some_and(|page| page.id != id) {
            self.effects.push(Effect::Navigate(id));
        }
    }

    /// The page that is shown is of the current tune, so it follows it.
    pub(crate) fn page_follows(&self) -> bool {
        match (&self.page, &self.player.current) {
            (Some(page), Some(current)) => page.id == current.id,
            _ => false,
        }
    }

    pub(crate) fn load_current(&mut self) {
        self.revive_engine();
        self.countdown = None;
        self.hint.forget();
        self.pick_way();
        self.begin(Step::Fetch, Vec::new());
        self.send_level();
        let ticket = self.ticket();
        self.player
            .load(&self.preferences, ticket, &mut self.effects);
    }

    /// Asks for what is not known of the current tune: its entry, its neighbours.
    pub(crate) fn ask_about_current(&mut self) {
        let Some(current) = &self.player.current else {
            return;
        };
        let md5 = current.id.md5;
        if current.entry.is_none() {
            self.begin(Step::Catalogue, Vec::new());
            self.ask(Asked::CurrentEntry, LibraryRequest::Entry { md5 });
        }
        self.ask_neighbours();
    }

    pub(crate) fn restore(&mut self, tune: TuneId, position: u32, entry: Arc<Entry>) {
        let row = Arc::new(Row::from(&*entry));
        let id = TuneId {
            md5: tune.md5,
            song: tune.song.clamp(1, entry.songs()),
        };
        if self.course.anchor.is_none() {
            self.course.set_anchor(Some(Anchor::File(id.md5)));
        }
        let entry = Some(entry);
        self.player.choose(
            Current {
                id,
                row,
                entry,
                found: None,
            },
            position,
            self.preferences.tempo.unwrap_or_default(),
        );
        self.ask_about_current();
    }

    fn play_song(&mut self, tune: TuneId) {
        self.unlock();
        self.player.automatic = false;
        self.player.failures = 0;
        let of_page = match &self.page {
            Some(PageView {
                entry: PageEntry::Known(entry),
                ..
            }) if entry.md5 == tune.md5 => Some(entry.clone()),
            _ => None,
        };
        let of_player = self.player.current.as_ref().and_then(|current| {
            let same = current.id.md5 == tune.md5;
            current.entry.clone().filter(|_| same)
        });
        match of_page.or(of_player) {
            Some(entry) => {
                let same_file = self
                    .player
                    .current
                    .as_ref()
                    .is_some_and(|current| current.id.md5 == tune.md5);
                self.leave_current();
                if !same_file {
                    self.walk_library_from(tune.md5);
                }
                let row = Arc::new(Row::from(&*entry));
                let song = tune.song.clamp(1, entry.songs());
                // A page whose song is chosen here goes with it.
                let shown = self
                    .page
                    .as_ref()
                    .is_some_and(|page| page.id.md5 == tune.md5);
                self.play(row, Some(entry), song, 0);
                let id = TuneId { song, ..tune };
                let navigates = Effect::Navigate(id);
                if shown
                    && self.page.as_ref().is_some_and(|page| page.id != id)
                    && !self.effects.contains(&navigates)
                {
                    self.effects.push(navigates);
                }
            }
            None => self.ask(
                Asked::EntryToPlay(tune),
                LibraryRequest::Entry { md5: tune.md5 },
            ),
        }
    }

    fn step_song(&mut self, step: i32) {
        let Some(current) = &self.player.current else {
            return;
        };
        let song = i32::from(current.id.song).saturating_add(step);
        let songs = current
            .entry
            .as_ref()
            .map_or(current.row.songs, |e| e.songs());
        let Some(song) = u16::try_from(song).ok().filter(|n| (1..=songs).contains(n)) else {
            return;
        };
        let (row, entry) = (current.row.clone(), current.entry.clone());
        self.player.automatic = false;
        self.play(row, entry, song, 0);
    }

    pub(crate) fn seek_to(&mut self, millis: u32) {
        let ticket = self.ticket();
        self.player.seek(millis, ticket, &mut self.effects);
        let media = self.player.media_state();
        if media.is_some() {
            self.effects.push(Effect::MediaSession(media));
        }
    }

    fn set_volume(&mut self, percent: u8) {
        self.preferences.volume = percent.min(100);
        self.preferences.muted = false;
        self.send_volume();
        self.keep();
    }

    fn change_voices(&mut self, change: impl FnOnce(&mut [u8; MAX_CHIPS])) {
        change(&mut self.player.audible);
        let audible = self.player.audible;
        self.change_sound(EngineRequest::SetAudible { audible });
    }

    pub(crate) fn send_overrides(&mut self) {
        self.keep();
        let overrides = self.preferences.overrides;
        self.change_sound(EngineRequest::SetOverrides { overrides });
    }

    /// Changes how the tune that plays sounds.
    fn change_sound(&mut self, request: EngineRequest) {
        if !self.player.loaded {
            return;
        }
        if self.player.mode == Some(SoundMode::File) {
            // A rendered file cannot be changed; another one goes on where it stands.
            self.load_again();
        } else {
            self.engine(request);
        }
    }

    fn remove(&mut self, md5: Md5) {
        self.course.remove(md5);
        self.course_changed = true;
        let current = self
            .player
            .current
            .as_ref()
            .is_some_and(|c| c.id.md5 == md5);
        if current {
            let ticket = self.ticket();
            self.player.stop(ticket, State::Ready, &mut self.effects);
        }
        let ticket = self.ticket();
        self.effects.push(Effect::Library(
            ticket,
            LibraryRequest::Remove { md5s: vec![md5] },
        ));
    }

    fn show_tune(&mut self, shown: Option<(Md5, Option<u16>)>) {
        let Some((md5, song)) = shown else {
            self.page = None;
            return;
        };
        let known = match &self.page {
            Some(PageView {
                id,
                entry: PageEntry::Known(entry),
            }) if id.md5 == md5 => Some(entry.clone()),
            _ => self.player.current.as_ref().and_then(|current| {
                let same = current.id.md5 == md5;
                current.entry.clone().filter(|_| same)
            }),
        };
        let song = match (&known, song) {
            (Some(entry), song) => song.unwrap_or(entry.start_song).clamp(1, entry.songs()),
            (None, song) => song.unwrap_or(0),
        };
        self.page = Some(PageView {
            id: TuneId { md5, song },
            entry: known.map_or(PageEntry::Loading, PageEntry::Known),
        });
        self.ask_about_page();
    }
}
