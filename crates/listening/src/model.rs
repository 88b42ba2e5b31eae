//! The whole state of the page, and what changes it.

use protocol::engine::{self, Request as EngineRequest};
use protocol::library::Request as LibraryRequest;
use sidfile::{Md5, TuneId};

use crate::browse::Browse;
use crate::course::{Context, Course};
use crate::event::{AudioCommand, AudioEvent, Effect, Event, SoundMode, Ticket};
use crate::export::{Export, ExportView};
use crate::hint::{Hint, HintState};
use crate::import::{Import, ImportView};
use crate::keep::{Listening, Shelf};
use crate::language::{t, tf, tn};
use crate::list::{List, ListView};
use crate::player::Player;
use crate::preferences::Preferences;
use crate::scouted::OverviewView;
use crate::session::Unfinished;
use crate::sleep::Sleep;
use crate::sources::Ways;
use crate::swarm::Swarm;
use crate::telemetry::Feel;
use crate::trace::Step;
use crate::view::{ClockView, Notice, NoticeKind, PageView, PlayerView, SettingsView, State};
use crate::wanted::Wanted;
use crate::words;

/// A message goes by itself after this long.
const NOTICE_MILLIS: u64 = 7_000;
/// The place in the song is kept this often.
const KEEP_EVERY_MILLIS: u64 = 5_000;
/// Messages at once.
const MOST_NOTICES: usize = 3;

/// What an answer of the library is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The library is being opened.
    Open,
    /// The entry of the current tune.
    CurrentEntry,
    /// The entry of a tune to be played as soon as it is here.
    EntryToPlay(TuneId),
    /// The entry of the tune that was chosen when the page was left.
    EntryToRestore(TuneId, u32),
    /// The entry of the page that is shown.
    PageEntry,
    /// The first row of the context.
    FirstRow,
    /// The entry of a torrent's file, to be played as soon as it is here.
    RemoteToPlay,
    /// The tunes of the last import, to be shared.
    TunesToShare,
    /// The entry of a tune to be kept here, or not any longer.
    EntryToPin(Md5, bool),
    /// Tunes by the composer of the tune that is shown.
    SameComposer,
    /// Tunes of its title.
    SameTitle,
    /// The entry of the song that a link leads to.
    LinkEntry(TuneId),
    /// The first row of the context, to begin again with.
    Wrap,
    /// The row at this turn's place of the context.
    Draw,
    /// The entry of the next tune.
    NextEntry(Md5),
    /// The entry of a tune to be taken up at a place.
    EntryToContinue(TuneId, u32),
    /// The entry of a tune for the queue; whether it plays next.
    EntryToQueue(TuneId, bool),
    /// What was kept under a name.
    Blob(&'static str),
    /// Something is being kept under a name.
    Kept(&'static str),
}

/// A walk that waits for the neighbours of the current tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    /// The listener wants the next tune.
    Next,
    /// The listener wants the one before.
    Previous,
    /// The current tune is over.
    Onward,
    /// The current tune does not play: what follows it, however it is repeated.
    Over,
}

/// State of the page.
#[derive(Debug)]
pub struct Model {
    pub(crate) player: Player,
    pub(crate) preferences: Preferences,
    pub(crate) list: List,
    pub(crate) browse: Browse,
    pub(crate) import: Import,
    pub(crate) export: Export,
    pub(crate) swarm: Swarm,
    pub(crate) wanted: Wanted,
    pub(crate) shelf: Shelf,
    pub(crate) listening: Listening,
    pub(crate) course: Course,
    /// The course is not kept as it is.
    pub(crate) course_changed: bool,
    pub(crate) session_asked: bool,
    pub(crate) hint: Hint,
    pub(crate) ways: Ways,
    pub(crate) feel: Feel,
    pub(crate) trace_session: u32,
    /// Steps that have begun.
    pub(crate) trace_open: Vec<Step>,
    pub(crate) unfinished: Unfinished,
    pub(crate) sleep: Sleep,
    /// When the next tune starts by itself.
    pub(crate) countdown: Option<u64>,
    /// What the steady clock lacks to the time of day.
    pub(crate) wall_offset: u64,
    pub(crate) page: Option<PageView>,
    pub(crate) asked: Vec<(Ticket, Asked)>,
    pub(crate) walk: Option<Walk>,
    notices: Vec<(Notice, u64)>,
    last_notice: u32,
    last_ticket: Ticket,
    pub(crate) now: u64,
    kept_at: u64,
    /// Deaths of the library since it was last open.
    pub(crate) library_crashes: u32,
    /// The library is not started again by itself.
    pub(crate) library_is_gone: bool,
    pub(crate) saved: String,
    pub(crate) effects: Vec<Effect>,
}

impl Default for Model {
    fn default() -> Self {
        let preferences = Preferences::default();
        Self {
            player: Player::new(),
            list: List::new(preferences.sort),
            browse: Browse::default(),
            preferences,
            import: Import::default(),
            export: Export::default(),
            swarm: Swarm::default(),
            wanted: Wanted::default(),
            shelf: Shelf::default(),
            listening: Listening::default(),
            course: Course::default(),
            course_changed: false,
            session_asked: false,
            hint: Hint::default(),
            ways: Ways::default(),
            feel: Feel::default(),
            trace_session: 0,
            trace_open: Vec::new(),
            unfinished: Unfinished::default(),
            sleep: Sleep::default(),
            countdown: None,
            wall_offset: 0,
            page: None,
            asked: Vec::new(),
            walk: None,
            notices: Vec::new(),
            last_notice: 0,
            last_ticket: 0,
            now: 0,
            kept_at: 0,
            library_crashes: 0,
            library_is_gone: false,
            saved: String::new(),
            effects: Vec::new(),
        }
    }
}

impl Model {
    /// Takes an event and tells what is to be done about it, in order.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let moment = self.moment(&event);
        let before = (
            self.player.state,
            self.player.current.as_ref().map(|c| c.id),
        );
        match event {
            Event::Opened { preferences } => self.opened(&preferences),
            Event::Wish(intent) => self.wish(intent),
            Event::Engine {
                ticket,
                event,
                file,
            } => self.engine_says(ticket, event, file),
            Event::Export {
                ticket,
                event,
                file,
            } => self.export_says(ticket, event, file),
            Event::ExportDied { reason } => self.export_died(&reason),
            Event::Library { ticket, event } => self.library_says(ticket, event),
            Event::Audio(event) => self.audio_says(event),
            Event::EngineRestarted { reason } => self.engine_restarted(&reason),
            Event::LibraryRestarted { reason } => self.library_restarted(&reason),
            Event::EngineGone { reason } => self.engine_gone(reason),
            Event::LibraryGone { reason } => self.library_gone(&reason),
            Event::Swarm { ticket, event } => self.swarm_says(ticket, event),
            Event::SwarmRestarted { reason } => self.swarm_restarted(&reason),
            Event::SwarmGone { reason } => self.swarm_gone(reason),
            Event::SwarmMayStart { origin } => self.start_swarm(origin),
            Event::Connection { online, metered } => self.network(online, metered),
            Event::PreferencesElsewhere(text) => self.preferences_elsewhere(&text),
            Event::Network(network) => self.swarm.view.network = network,
            Event::Device {
                wall_millis,
                device,
            } => {
                self.wall_offset = wall_millis.saturating_sub(self.now);
                self.course.seed = crate::shuffle::mix(wall_millis);
                self.ways.device = device;
            }
            Event::Tick { now, heard } => {
                self.now = now;
                self.player
                    .tick(now, heard, self.hint.state == HintState::Joined);
                self.shelf.tick(now);
                self.time_goes_by();
                self.fall_back();
                if self.player.state == State::Playing && heard.position_millis > 0 {
                    self.end_step(Step::Render, Vec::new());
                }
                self.notices.retain(|(_, until)| *until > now);
                if self.player.state == State::Playing && now >= self.kept_at + KEEP_EVERY_MILLIS {
                    self.note_place();
                    self.keep();
                }
            }
        }
        let after = (
            self.player.state,
            self.player.current.as_ref().map(|c| c.id),
        );
        if before != after {
            self.tell(before.1 != after.1);
        }
        self.look_ahead();
        self.keep_session();
        self.keep_picks();
        self.look_after_files();
        self.watch_listening();
        self.note_facts(&moment);
        std::mem::take(&mut self.effects)
    }

    /// The player bar.
    #[must_use]
    pub fn player(&self) -> PlayerView {
        PlayerView::of(&self.player)
    }

    /// What moves.
    #[must_use]
    pub fn clock(&self) -> ClockView {
        ClockView::of(&self.player)
    }

    /// The library.
    #[must_use]
    pub fn list(&self) -> ListView {
        self.list.view(|tune| self.player.scouted.length(tune))
    }

    /// The import.
    #[must_use]
    pub fn import(&self) -> ImportView {
        self.import.view.clone()
    }

    /// The export. Its name says what it is of, as there is one at a time.
    #[must_use]
    pub fn export_view(&self) -> ExportView {
        self.export.view.clone()
    }

    /// The current song from afar.
    #[must_use]
    pub fn overview(&self) -> OverviewView {
        self.player.scouted.overview.clone()
    }

    /// The tune whose page is shown.
    #[must_use]
    pub fn page(&self) -> Option<PageView> {
        self.page.clone()
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> SettingsView {
        SettingsView {
            last: None,
            ..self.preferences.clone()
        }
    }

    /// Messages, the oldest first.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.notices
            .iter()
            .map(|(notice, _)| notice.clone())
            .collect()
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        self.last_ticket
    }

    pub(crate) fn ask(&mut self, asked: Asked, request: LibraryRequest) {
        let ticket = self.ticket();
        self.asked.retain(|(_, other)| *other != asked);
        self.asked.push((ticket, asked));
        self.effects.push(Effect::Library(ticket, request));
    }

    pub(crate) fn notify(&mut self, kind: NoticeKind, text: impl Into<String>) {
        self.last_notice += 1;
        let notice = Notice {
            id: self.last_notice,
            kind,
            text: words::sentence(&text.into()),
        };
        self.effects.push(Effect::Announce(notice.text.clone()));
        if self.notices.len() >= MOST_NOTICES {
            self.notices.remove(0);
        }
        self.notices.push((notice, self.now + NOTICE_MILLIS));
    }

    pub(crate) fn dismiss(&mut self, id: u32) {
        self.notices.retain(|(notice, _)| notice.id != id);
    }

    pub(crate) fn fetch_rows(&mut self) {
        let mut last = self.last_ticket;
        self.list.fetch(
            || {
                last += 1;
                last
            },
            &mut self.effects,
        );
        self.last_ticket = last;
    }

    /// Keeps preferences and place, where they differ from what is kept.
    pub(crate) fn keep(&mut self) {
        self.kept_at = self.now;
        if let Some(place) = self.player.place() {
            self.preferences.last = Some(place);
        }
        let text = self.preferences.save();
        if text != self.saved {
            self.saved.clone_from(&text);
            if self.shelf.view.is_open {
                let text = text.clone();
                self.keep_ask(protocol::keep::Request::Preferences { text });
            }
            self.effects.push(Effect::SavePreferences(text));
        }
    }

    /// Tells window title, lock screen and screen reader of a change.
    fn tell(&mut self, other_tune: bool) {
        let media = self.player.media_state();
        let title = match &media {
            Some(media) if media.playing => {
                tf("{0} by {1} - Sidereal", &[&media.title, &media.artist])
            }
            _ => "Sidereal".into(),
        };
        if let Some(media) = media.as_ref().filter(|_| other_tune) {
            let text = tf("{0} by {1}", &[&media.title, &media.artist]);
            self.effects.push(Effect::Announce(text));
        }
        self.effects.push(Effect::MediaSession(media));
        self.effects.push(Effect::SetTitle(title));
        self.keep();
    }

    fn opened(&mut self, preferences: &str) {
        self.shelf.first_preferences = Some(preferences.to_owned());
        let (preferences, repairs) = Preferences::load(preferences);
        self.saved = preferences.save();
        self.list.prefer(preferences.sort);
        let query = self.list.query.clone();
        self.course.set_context(Context::Query(query), None);
        self.preferences = preferences;
        match &*repairs {
            [] => {}
            [one] => self.notify(NoticeKind::Note, one.to_string()),
            [first, rest @ ..] => {
                let text = tf(
                    "{0}, and {1}",
                    &[
                        first,
                        &tn(rest.len() as u64, "{0} repair more", "{0} repairs more"),
                    ],
                );
                self.notify(NoticeKind::Note, text);
            }
        }
        self.send_volume();
        self.keep_ask(protocol::keep::Request::Open);
        self.ask(Asked::Open, LibraryRequest::Open);
    }

    pub(crate) fn send_volume(&mut self) {
        let percent = if self.preferences.muted {
            0
        } else {
            self.preferences.volume
        };
        let volume = f32::from(percent) / 100.0 * self.sleep_fade();
        self.effects
            .push(Effect::Audio(AudioCommand::Volume(volume)));
    }

    fn engine_says(&mut self, ticket: Ticket, event: engine::Event, file: Option<String>) {
        use engine::Event as Said;
        if self.hint_says(ticket, &event) {
            return;
        }
        let now = self.now;
        let tune = match &event {
            Said::Loaded { tune, .. }
            | Said::Ended { tune }
            | Said::Silent { tune, .. }
            | Said::Scouted(engine::Scouted { tune, .. })
            | Said::FileRendered { tune, .. } => Some(*tune),
            Said::Failed { tune, .. } => *tune,
            _ => None,
        };
        if !self.player.concerns(ticket, tune) {
            self.effects.extend(file.map(Effect::ForgetFile));
            return;
        }
        match event {
            Said::Loaded { playing, .. } => {
                self.player.sound_is_here(playing, now, &mut self.effects);
                self.may_have_begun();
            }
            Said::FileRendered { playing, .. } => {
                if let Some(file) = file {
                    self.player
                        .file_is_here(file, playing, now, &mut self.effects);
                    self.may_have_begun();
                }
            }
            Said::FileProgress { at_millis, .. } => {
                if self.player.rendered_millis.is_some() {
                    self.player.rendered_millis = Some(at_millis);
                }
            }
            Said::Sought { .. } => self.player.sought(now),
            Said::Ended { .. } if self.player.state == State::Playing => {
                if !self.player.is_moving() {
                    self.song_is_over();
                }
            }
            Said::Silent { millis, .. } => self.player.silent_millis = Some(millis),
            Said::Failed { failure, .. } => self.play_failed(failure.to_string()),
            Said::Meter {
                speed_percent,
                ahead_millis,
            } => {
                self.player.speed_percent = Some(speed_percent);
                self.player.ahead_millis = ahead_millis;
            }
            Said::Scouted(report) => self.scout_says(report),
            Said::Ready
            | Said::Seeking { .. }
            | Said::Registers { .. }
            | Said::ExportProgress { .. }
            | Said::Exported { .. }
            | Said::Changed
            | Said::Prepared { .. }
            | Said::Joined { .. }
            | Said::Parted { .. }
            | Said::Passed { .. }
            | Said::Fetched { .. }
            | Said::Filled { .. }
            | Said::Ended { .. }
            | Said::Scope { .. } => {}
        }
    }

    fn audio_says(&mut self, event: AudioEvent) {
        match event {
            AudioEvent::ModeChosen(mode) => {
                self.mode_is_chosen(mode);
                let other = self.player.mode.replace(mode) != Some(mode);
                self.player.no_sound = None;
                let waits = self.player.state == State::Loading && !self.player.loaded;
                if waits || other && self.player.loaded {
                    self.load_current();
                }
            }
            AudioEvent::Interrupted => self.player.interrupted(),
            AudioEvent::Resumed => self.player.uninterrupted(&mut self.effects),
            AudioEvent::Failed(reason) => {
                let ticket = self.ticket();
                if self.player.mode.is_none() {
                    self.player.no_sound = Some(reason.clone());
                }
                if self.player.state != State::Ready {
                    self.player.fail(reason.clone(), ticket, &mut self.effects);
                }
                self.notify(NoticeKind::Bad, reason);
            }
            AudioEvent::FileEnded => {
                if self.player.mode == Some(SoundMode::File) && self.player.state == State::Playing
                {
                    self.song_is_over();
                }
            }
        }
    }

    fn engine_restarted(&mut self, reason: &str) {
        match self.player.engine_died() {
            None => {}
            Some(true) => {
                self.load_again();
                self.notify(
                    NoticeKind::Bad,
                    tf(
                        "The sound engine stopped ({0}) and was started again; the tune goes on where it was.",
                        &[&reason],
                    ),
                );
            }
            Some(false) => {
                let ticket = self.ticket();
                let text = tf("The sound engine stops on this tune: {0}", &[&reason]);
                self.player.fail(text, ticket, &mut self.effects);
            }
        }
    }

    fn engine_gone(&mut self, reason: String) {
        let played = self.player.engine_died().is_some();
        if played || self.player.state == State::Loading {
            let ticket = self.ticket();
            let text = t("The sound engine could not be started");
            self.player.fail(text.into(), ticket, &mut self.effects);
        }
        self.effects.push(Effect::Announce(tf(
            "The sound engine could not be started: {0}",
            &[&reason],
        )));
        self.player.gone = Some(reason);
    }

    /// Starts the engine where it had been given up.
    pub(crate) fn revive_engine(&mut self) {
        if self.player.gone.take().is_some() {
            self.effects.push(Effect::StartEngine);
        }
    }

    /// Loads the current song again at the same place, paused where it was paused.
    pub(crate) fn load_again(&mut self) {
        let wanted = self.player.wants_sound;
        self.load_current();
        self.player.wants_sound = wanted;
    }

    pub(crate) fn start_import(&mut self) {
        let ticket = self.ticket();
        self.import.start(ticket);
        self.effects.push(Effect::Import(ticket));
    }

    pub(crate) fn engine(&mut self, request: EngineRequest) {
        let ticket = self.ticket();
        self.player.also(ticket);
        self.effects.push(Effect::Engine(ticket, request));
    }
}
