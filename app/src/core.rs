//! The page's middle: feeds events to the model, runs its effects, and publishes its views.

mod visuals;
mod watch;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use leptos::prelude::*;
use listening::keep::{KeepIntent, KeptView};
use listening::sources::WayView;
use listening::{
    AudioCommand, AudioEvent, BrowseView, ClockView, Effect, Event, ExportView, Heard, ImportView,
    Intent, ListView, Model, Notice, OnwardView, OverviewView, PageView, PlayerView, SettingsView,
    Site, SoundMode, State, SwarmIntent, SwarmView, Ticket, UNASKED,
};
use protocol::engine::Event as EngineEvent;
use protocol::library::Request as LibraryRequest;
use protocol::swarm::{Event as SwarmEvent, FileId, FileStatus, InfoHash, Request as SwarmRequest};
use sidfile::TuneId;

use crate::shell::audio::{self, Audio};
use crate::shell::beacon::{Beacons, Sent};
use crate::shell::exporter::{Exported, Exporter};
use crate::shell::files::{self, Dropped};
use crate::shell::media_session::{self, Action};
use crate::shell::rtc::Rtc;
use crate::shell::trace::{Span, Tracer};
use crate::shell::workers::{FromWorker, Which, Workers};
use crate::shell::{document, storage};

pub use visuals::Visuals;

/// Ticks a second: the place in the song is shown no more often.
const TICK_MILLIS: u32 = 100;
/// Requests whose tickets are remembered.
const MOST_REQUESTS: usize = 512;

type Navigator = Rc<dyn Fn(&str)>;

struct Inner {
    model: RefCell<Model>,
    queue: RefCell<VecDeque<Event>>,
    busy: Cell<bool>,
    workers: RefCell<Option<Workers>>,
    audio: RefCell<Option<Audio>>,
    /// Tickets by request id.
    tickets: RefCell<BTreeMap<u32, Ticket>>,
    /// Files that wait for their import.
    dropped: RefCell<Vec<Dropped>>,
    /// Bytes of `.torrent` files that wait to be added.
    torrents: RefCell<VecDeque<files::Bytes>>,
    rtc: RefCell<Option<Rtc>>,
    navigator: RefCell<Option<Navigator>>,
    exporter: Exporter,
    tracer: Tracer,
    beacons: Beacons,
}

/// Handle to the middle; copied into every view.
#[derive(Clone, Copy)]
pub struct Core {
    inner: StoredValue<Rc<Inner>, LocalStorage>,
    /// The player bar.
    pub player: RwSignal<PlayerView>,
    /// What moves with time.
    pub clock: RwSignal<ClockView>,
    /// The current song from afar.
    pub overview: RwSignal<OverviewView>,
    /// The export.
    pub export: RwSignal<ExportView>,
    /// The library.
    pub list: RwSignal<ListView>,
    /// Facets, shelves and the palette.
    pub browse: RwSignal<BrowseView>,
    /// The import.
    pub import: RwSignal<ImportView>,
    /// The swarm.
    pub swarm: RwSignal<SwarmView>,
    /// Files of torrents that are on the screen or play.
    pub remote_files: RwSignal<BTreeMap<FileId, FileStatus>>,
    /// How far the tune has come that is waited for.
    pub fetching: RwSignal<Option<f32>>,
    /// What plays after the tune.
    pub onward: RwSignal<OnwardView>,
    /// Why the tune comes the way it does.
    pub way: RwSignal<WayView>,
    /// The queue is shown.
    pub queue_shown: RwSignal<bool>,
    /// The diagnostics are shown.
    pub diagnostics_shown: RwSignal<bool>,
    /// The tune whose page is shown.
    pub page: RwSignal<Option<PageView>>,
    /// The settings.
    pub settings: RwSignal<SettingsView>,
    /// What is kept.
    pub kept: RwSignal<KeptView>,
    /// Messages.
    pub notices: RwSignal<Vec<Notice>>,
    /// What a screen reader should say.
    pub announcement: RwSignal<String>,
    /// How the site is kept.
    pub site: RwSignal<Site>,
    /// Counts the changes of the language: what is written on the page is written anew.
    pub language: RwSignal<u32>,
    /// What the site has been told of how listening went.
    pub told: RwSignal<Sent>,
    /// Pictures of what plays.
    pub visuals: Visuals,
    /// Files are held over the window.
    pub hovering: RwSignal<bool>,
}

/// The middle, from any view.
#[must_use]
pub fn use_core() -> Core {
    expect_context::<Core>()
}

/// Address of a torrent's page.
#[must_use]
pub fn torrent_path(torrent: InfoHash) -> String {
    format!("/swarm/{torrent}")
}

/// Address of a tune's page.
#[must_use]
pub fn tune_path(id: TuneId) -> String {
    format!("/tune/{id}")
}

/// The file is a playlist, or everything of one person.
fn is_kept_file(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    // What lies in a folder of tunes belongs to that.
    !path.contains('/')
        && [".m3u", ".m3u8", ".json"]
            .iter()
            .any(|ending| path.ends_with(ending))
}

fn publish<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}

impl Core {
    /// Starts workers, audio and listeners.
    #[must_use]
    pub fn start() -> Self {
        let model = Model::default();
        let core = Self {
            player: RwSignal::new(model.player()),
            clock: RwSignal::new(model.clock()),
            overview: RwSignal::new(model.overview()),
            export: RwSignal::new(model.export_view()),
            list: RwSignal::new(model.list()),
            browse: RwSignal::new(model.browse_view()),
            import: RwSignal::new(model.import()),
            swarm: RwSignal::new(model.swarm()),
            remote_files: RwSignal::new(model.remote_files()),
            fetching: RwSignal::new(model.fetching()),
            onward: RwSignal::new(model.onward()),
            way: RwSignal::new(model.way()),
            queue_shown: RwSignal::new(false),
            diagnostics_shown: RwSignal::new(false),
            page: RwSignal::new(model.page()),
            settings: RwSignal::new(model.settings()),
            kept: RwSignal::new(model.kept()),
            notices: RwSignal::new(model.notices()),
            announcement: RwSignal::new(String::new()),
            site: RwSignal::new(Site::default()),
            language: RwSignal::new(0),
            told: RwSignal::new(Sent::default()),
            visuals: Visuals::default(),
            hovering: RwSignal::new(false),
            inner: StoredValue::new_local(Rc::new(Inner {
                model: RefCell::new(model),
                queue: RefCell::default(),
                busy: Cell::new(false),
                workers: RefCell::new(None),
                audio: RefCell::new(None),
                tickets: RefCell::default(),
                dropped: RefCell::default(),
                torrents: RefCell::default(),
                rtc: RefCell::new(None),
                navigator: RefCell::new(None),
                exporter: Exporter::default(),
                tracer: Tracer::default(),
                beacons: Beacons::default(),
            })),
        };
        let inner = core.inner();
        let workers = Workers::start(move |said| core.worker_says(said));
        let audio = Audio::new(&workers, move |event| core.audio_says(event));
        *inner.rtc.borrow_mut() = Some(Rtc::new(workers.clone()));
        *inner.workers.borrow_mut() = Some(workers);
        *inner.audio.borrow_mut() = Some(audio);
        core.send(Event::Device {
            wall_millis: document::wall_millis(),
            device: document::device(),
        });
        core.send(Event::Opened {
            preferences: storage::load(),
        });
        core.listen();
        core
    }

    fn listen(self) {
        gloo::timers::callback::Interval::new(TICK_MILLIS, move || {
            let heard = self.with_audio(Audio::heard).unwrap_or_default();
            self.send(Event::Tick {
                now: document::now_millis(),
                heard: Heard {
                    position_millis: heard.position_millis,
                    underruns: heard.underruns,
                },
            });
        })
        .forget();
        media_session::listen(move |action| {
            let playing = self
                .player
                .with_untracked(|player| player.state.is_active());
            self.wish(match action {
                Action::Play if playing => return,
                Action::Pause if !playing => return,
                Action::Play | Action::Pause => Intent::PlayPause,
                Action::Stop => Intent::Stop,
                Action::Next => Intent::Next,
                Action::Previous => Intent::Previous,
                Action::SeekTo(millis) => Intent::SeekTo(millis),
                Action::SeekBy(millis) => Intent::SeekBy(millis),
            });
        });
        document::on_leave(move || self.wish(Intent::Leave));
        storage::watch(move |text| self.send(Event::PreferencesElsewhere(text)));
        files::watch_drops(
            move |hovering| publish(self.hovering, hovering),
            move |found| self.import(found),
            move |link| self.wish(Intent::Swarm(SwarmIntent::AddLink(link))),
        );
        self.watch_colours();
        self.watch_language();
        self.watch_swarm();
        self.watch_telemetry();
        self.watch_visuals();
    }

    fn inner(self) -> Rc<Inner> {
        self.inner.get_value()
    }

    fn with_audio<T>(self, use_it: impl FnOnce(&Audio) -> T) -> Option<T> {
        self.inner().audio.borrow().as_ref().map(use_it)
    }

    /// The listener wants something.
    pub fn wish(self, intent: Intent) {
        self.send(Event::Wish(intent));
    }

    /// Files were dropped or picked.
    pub fn import(self, found: Vec<Dropped>) {
        if found.is_empty() {
            self.wish(Intent::NothingToImport);
            return;
        }
        let (torrents, found): (Vec<Dropped>, Vec<Dropped>) = found
            .into_iter()
            .partition(|(path, _)| path.to_ascii_lowercase().ends_with(".torrent"));
        for (_, file) in torrents {
            leptos::task::spawn_local(async move {
                if let Some(bytes) = files::read(&file).await {
                    self.inner().torrents.borrow_mut().push_back(bytes);
                    self.wish(Intent::Swarm(SwarmIntent::AddFile));
                }
            });
        }
        let (lists, found): (Vec<Dropped>, Vec<Dropped>) =
            found.into_iter().partition(|(path, _)| is_kept_file(path));
        for (name, file) in lists {
            self.take_kept(name, file);
        }
        if !found.is_empty() {
            self.inner().dropped.borrow_mut().extend(found);
            self.wish(Intent::Import);
        }
    }

    /// Opens the system's picker for a folder, takes its tunes in, and shares them.
    pub fn pick_to_share(self) {
        files::pick(true, move |found| {
            let folder = found.first().and_then(|(path, _)| path.split_once('/'));
            let folder = folder.map(|(folder, _)| folder.to_owned());
            if let Some(folder) = folder {
                self.wish(Intent::Swarm(SwarmIntent::Share(folder)));
            }
            self.import(found);
        });
    }

    /// Opens the system's picker for files of what is kept.
    pub fn pick_kept(self) {
        files::pick(false, move |found| {
            for (name, file) in found {
                self.take_kept(name, file);
            }
        });
    }

    fn take_kept(self, name: String, file: files::PickedFile) {
        leptos::task::spawn_local(async move {
            if let Some(bytes) = files::read(&file).await {
                let bytes = bytes.to_vec();
                self.wish(Intent::Keep(KeepIntent::Import { name, bytes }));
            }
        });
    }

    /// Opens the system's picker.
    pub fn pick(self, folder: bool) {
        files::pick(folder, move |found| self.import(found));
    }

    /// Sets how addresses are gone to.
    pub fn set_navigator(self, navigator: impl Fn(&str) + 'static) {
        *self.inner().navigator.borrow_mut() = Some(Rc::new(navigator));
    }

    /// Goes to an address of the page.
    pub fn go(self, path: &str) {
        let navigator = self.inner().navigator.borrow().clone();
        if let Some(navigator) = navigator {
            navigator(path);
        }
    }

    /// The place in the song that is heard now.
    pub fn heard_millis(self) -> u32 {
        let clock = self.clock.get_untracked();
        let is_moving = self
            .player
            .with_untracked(|player| player.state == State::Playing);
        // The clock of the views ticks ten times a second, which a moving picture would show.
        match self.with_audio(Audio::heard) {
            Some(heard) if is_moving && !clock.seeking => heard.position_millis,
            _ => clock.position_millis,
        }
    }

    /// How everything stands, name and value.
    pub fn diagnostics(self) -> Vec<(String, String)> {
        let mut facts = self.inner().model.borrow().diagnostics();
        facts.push(self.visuals_fact());
        facts
    }

    /// The last steps on the way to sound, the newest first.
    pub fn spans(self, count: usize) -> Vec<Span> {
        self.inner().tracer.last(count)
    }

    /// Hands the listener the diagnostics as a file.
    pub fn export_diagnostics(self) {
        let facts = self.diagnostics();
        self.inner().tracer.export(&facts);
    }

    /// Feeds an event, and what follows from it, to the model.
    fn send(self, event: Event) {
        let inner = self.inner();
        inner.queue.borrow_mut().push_back(event);
        // An effect may tell something at once; it is taken after the event that it came of.
        if inner.busy.replace(true) {
            return;
        }
        loop {
            let Some(event) = inner.queue.borrow_mut().pop_front() else {
                break;
            };
            let now = document::now_micros();
            inner.model.borrow_mut().at_micros(now);
            let effects = inner.model.borrow_mut().update(event);
            inner.beacons.note_score(&effects, now);
            for effect in effects {
                self.run(&inner, effect);
            }
        }
        inner.busy.set(false);
        let model = inner.model.borrow();
        publish(self.player, model.player());
        publish(self.clock, model.clock());
        publish(self.overview, model.overview());
        publish(self.export, model.export_view());
        publish(self.list, model.list());
        publish(self.browse, model.browse_view());
        publish(self.import, model.import());
        publish(self.onward, model.onward());
        publish(self.way, model.way());
        publish(self.page, model.page());
        publish(self.swarm, model.swarm());
        publish(self.remote_files, model.remote_files());
        publish(self.fetching, model.fetching());
        publish(self.settings, model.settings());
        publish(self.kept, model.kept());
        publish(self.notices, model.notices());
    }

    fn run(self, inner: &Inner, effect: Effect) {
        let workers = inner.workers.borrow().clone();
        let Some(workers) = workers else { return };
        let remember = |id: u32, ticket: Ticket| {
            let mut tickets = inner.tickets.borrow_mut();
            tickets.insert(id, ticket);
            if tickets.len() > MOST_REQUESTS {
                tickets.pop_first();
            }
        };
        match effect {
            Effect::Engine(ticket, request) => remember(workers.engine(&request), ticket),
            Effect::Export(ticket, request) => {
                inner.exporter.start(&workers, request, move |exported| {
                    self.send(match exported {
                        Exported::Said { event, file } => Event::Export {
                            ticket,
                            event,
                            file,
                        },
                        Exported::Died(reason) => Event::ExportDied { reason },
                    });
                });
            }
            Effect::StopExport => inner.exporter.stop(),
            Effect::SaveFile { url, name } => document::save_url(&url, &name),
            Effect::Library(ticket, request) => remember(workers.library(&request), ticket),
            Effect::Import(ticket) => {
                let dropped = std::mem::take(&mut *inner.dropped.borrow_mut());
                remember(workers.import(dropped), ticket);
            }
            Effect::CancelImport(ticket) => {
                let tickets = inner.tickets.borrow();
                let import = tickets.iter().find(|(_, known)| **known == ticket);
                if let Some((&import, _)) = import {
                    workers.library(&LibraryRequest::CancelImport { import });
                }
            }
            Effect::Swarm(ticket, request) => remember(workers.swarm(&request), ticket),
            Effect::AddTorrentFile(ticket) => {
                if let Some(bytes) = inner.torrents.borrow_mut().pop_front() {
                    remember(workers.swarm_bytes(&SwarmRequest::AddFile, &bytes), ticket);
                }
            }
            Effect::ShowTorrent(torrent) => self.go(&torrent_path(torrent)),
            Effect::StartEngine => workers.start_again(Which::Engine),
            Effect::StartLibrary => workers.start_again(Which::Library),
            Effect::Audio(command) => {
                let audio = inner.audio.borrow().clone();
                let Some(audio) = audio else { return };
                match command {
                    AudioCommand::Unlock => audio.unlock(),
                    AudioCommand::Use(mode) => audio.use_mode(match mode {
                        SoundMode::Ring => audio::Mode::Ring,
                        SoundMode::Port => audio::Mode::Port,
                        SoundMode::File => audio::Mode::File,
                    }),
                    AudioCommand::Play => audio.play(),
                    AudioCommand::Pause => audio.pause(),
                    AudioCommand::Volume(volume) => audio.set_volume(volume),
                    AudioCommand::Level(level) => audio.set_level(level),
                    AudioCommand::Tempo(tempo) => audio.set_tempo(tempo),
                    AudioCommand::PlayFile { url, start_millis } => {
                        audio.play_file(&url, start_millis);
                    }
                    AudioCommand::SeekFile(millis) => audio.seek_file(millis),
                }
            }
            Effect::ForgetFile(url) => document::forget_url(&url),
            Effect::SavePreferences(text) => {
                if let Some(merged) = storage::save(&text) {
                    self.send(Event::PreferencesElsewhere(merged));
                }
            }
            Effect::Go(path) => self.go(&path),
            Effect::SaveText { name, text } => document::save_text(&text, &name),
            Effect::Navigate(id) => self.go(&tune_path(id)),
            Effect::Announce(text) => self.announcement.set(text),
            Effect::MediaSession(state) => media_session::show(state.as_ref()),
            Effect::SetTitle(title) => document::set_title(&title),
            Effect::Trace(trace) => inner.tracer.take(trace),
            Effect::Fact(fact) => inner.beacons.record(fact),
        }
    }

    fn worker_says(self, said: FromWorker) {
        let inner = self.inner();
        let ticket_of = |id: u32| {
            let known = inner.tickets.borrow().get(&id).copied();
            match (id, known) {
                (protocol::EVENT, _) => Some(UNASKED),
                (_, known) => known,
            }
        };
        match said {
            FromWorker::Engine { id, event, file } => {
                if matches!(
                    event,
                    EngineEvent::Scope { .. } | EngineEvent::Registers { .. }
                ) {
                    self.visuals_hear(event);
                } else if let Some(ticket) = ticket_of(id) {
                    self.send(Event::Engine {
                        ticket,
                        event,
                        file,
                    });
                }
            }
            FromWorker::Library { id, event } => {
                if let Some(ticket) = ticket_of(id) {
                    self.send(Event::Library { ticket, event });
                }
            }
            FromWorker::Swarm { id, event, bytes } => {
                if let SwarmEvent::Rtc(wish) = event {
                    if let Some(rtc) = &*inner.rtc.borrow() {
                        rtc.obey(wish, bytes);
                    }
                } else if let Some(ticket) = ticket_of(id) {
                    self.send(Event::Swarm { ticket, event });
                }
            }
            FromWorker::Visuals(event) => self.visuals_say(event),
            FromWorker::Gone { which, reason } => {
                self.forget_tickets(which);
                self.send(match which {
                    Which::Visuals => return self.visuals_died(Some(reason)),
                    Which::Engine => Event::EngineGone { reason },
                    Which::Library => Event::LibraryGone { reason },
                    Which::Swarm => Event::SwarmGone { reason },
                });
            }
            FromWorker::Restarted { which, reason } => {
                self.forget_tickets(which);
                self.send(match which {
                    Which::Visuals => return self.visuals_died(None),
                    Which::Engine => Event::EngineRestarted { reason },
                    Which::Library => Event::LibraryRestarted { reason },
                    Which::Swarm => {
                        if let Some(rtc) = &*inner.rtc.borrow() {
                            rtc.close_all();
                        }
                        Event::SwarmRestarted { reason }
                    }
                });
            }
        }
    }

    /// What a worker that died had been asked will not be answered; the visuals answer nothing.
    fn forget_tickets(self, which: Which) {
        if which != Which::Visuals {
            self.inner().tickets.borrow_mut().clear();
        }
    }

    fn audio_says(self, event: audio::AudioEvent) {
        self.send(Event::Audio(match event {
            audio::AudioEvent::ModeChosen(mode) => AudioEvent::ModeChosen(match mode {
                audio::Mode::Ring => SoundMode::Ring,
                audio::Mode::Port => SoundMode::Port,
                audio::Mode::File => SoundMode::File,
            }),
            audio::AudioEvent::Interrupted => AudioEvent::Interrupted,
            audio::AudioEvent::Resumed => AudioEvent::Resumed,
            audio::AudioEvent::Failed(reason) => AudioEvent::Failed(reason),
            audio::AudioEvent::FileEnded => AudioEvent::FileEnded,
            audio::AudioEvent::Connected => return self.tell_rings(),
        }));
    }
}
