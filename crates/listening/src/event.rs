//! What happens to the page, and what the page is to do.

use std::sync::Arc;

use catalog::{Column, Row};
use protocol::engine::{Overrides, Tempo};
use protocol::swarm::InfoHash;
use protocol::telemetry::Fact;
use protocol::visuals::View;
use protocol::{engine, library, swarm};
use sidfile::{Md5, TuneId};

use crate::browse::BrowseIntent;
use crate::export::ExportWish;
use crate::keep::KeepIntent;
use crate::preferences::{Language, Repeat, Songs, Theme};
use crate::queue::QueueIntent;
use crate::sources::{Device, WayIntent};
use crate::swarm::{Network, SwarmIntent};
use crate::trace::Trace;

/// Number of a request, chosen by the model; answers carry it. 0 is what nobody asked for.
pub type Ticket = u32;

/// Ticket of what a worker says unasked.
pub const UNASKED: Ticket = 0;

/// How sound reaches the speakers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoundMode {
    /// Shared memory.
    Ring,
    /// Blocks over a port.
    Port,
    /// A rendered file in a media element.
    File,
}

/// What the speakers have played, by the audio clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// Place in the song.
    pub position_millis: u32,
    /// Times that sound was missing since the page was opened.
    pub underruns: u32,
}

/// Something the listener wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// Play or pause; with nothing chosen, play the first tune of the list.
    PlayPause,
    /// Stop and go to the start.
    Stop,
    /// The next tune of the list that the current one was chosen from.
    Next,
    /// The start of the tune, or the one before it.
    Previous,
    /// A song of the current file, relative.
    StepSong(i32),
    /// Play a row of the list.
    PlayRow(Arc<Row>),
    /// Play a song of a file that is not chosen from a list.
    PlaySong(TuneId),
    /// Go to a place.
    SeekTo(u32),
    /// Go forth or back.
    SeekBy(i32),
    /// Volume in percent.
    SetVolume(u8),
    /// Volume up or down by percent.
    StepVolume(i32),
    /// Sound off and on.
    ToggleMute,
    /// What follows a song: off, all, one, off.
    CycleRepeat,
    /// What follows a song.
    SetRepeat(Repeat),
    /// Which songs of a file play.
    SetSongs(Songs),
    /// A voice of a chip on or off; voice 3 is the digis.
    ToggleVoice {
        /// Chip, from 0.
        chip: usize,
        /// Voice, from 0.
        voice: usize,
    },
    /// This voice alone, or all again.
    SoloVoice {
        /// Chip, from 0.
        chip: usize,
        /// Voice, from 0.
        voice: usize,
    },
    /// All voices on.
    UnmuteAll,
    /// Chips and video standard.
    SetOverrides(Overrides),
    /// Speed and pitch.
    SetTempo(Tempo),
    /// Speed up or down by a step.
    StepSpeed(i32),
    /// Speed and pitch hold for every tune, or for this one.
    KeepTempo(bool),
    /// Colours of the page.
    SetTheme(Theme),
    /// Language of the page.
    SetLanguage(Language),
    /// What is drawn of a tune.
    SetPicture(View),
    /// Navigation wide or narrow.
    ToggleNavigation,
    /// Words to filter the list by.
    SetFilter(String),
    /// Sort by a column; the same column again turns the order round.
    SortBy(Column),
    /// Rows that are on the screen.
    ShowRows {
        /// First.
        first: u32,
        /// How many.
        count: u32,
    },
    /// Files were dropped or picked; the shell keeps them until [`Effect::Import`].
    Import,
    /// Files were looked for and none were found.
    NothingToImport,
    /// Stop the import.
    CancelImport,
    /// The report of the import has been read.
    CloseImport,
    /// Take a file out of the library.
    Remove(Md5),
    /// Forgets the ROMs.
    RemoveRoms,
    /// A tune's page is shown, or none.
    ShowTune(Option<(Md5, Option<u16>)>),
    /// A message has been read.
    Dismiss(u32),
    /// Ask the library again.
    RetryLibrary,
    /// Bring tunes to one loudness, or leave them as they are.
    SetLevelling(bool),
    /// Render songs into files.
    Export(ExportWish),
    /// Stop the export, or put its report away.
    StopExport,
    /// Start the engine again that has been given up.
    RetryEngine,
    /// Something on the swarm's page.
    Swarm(SwarmIntent),
    /// Something with what is kept.
    Keep(KeepIntent),
    /// Something with the queue, and what plays after the tune.
    Queue(QueueIntent),
    /// Something about the way that tunes come.
    Way(WayIntent),
    /// Facets, shelves and the palette.
    Browse(BrowseIntent),
    /// Whether the site may be told how listening went.
    SetTelemetry(bool),
    /// The page is being left: keep what must be kept.
    Leave,
}

/// What the audio says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AudioEvent {
    /// Sound will be made in this way.
    ModeChosen(SoundMode),
    /// The system took the sound away.
    Interrupted,
    /// The system gave the sound back.
    Resumed,
    /// There is no sound, in words.
    Failed(String),
    /// The rendered file came to its end.
    FileEnded,
}

/// Everything that can happen.
#[allow(
    clippy::large_enum_variant,
    reason = "an event lives for one update, and its largest kinds are the common ones"
)]
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The page is open; the text is what was kept of the preferences.
    Opened {
        /// Kept text, empty on a first visit.
        preferences: String,
    },
    /// The listener wants something.
    Wish(Intent),
    /// The engine says something.
    Engine {
        /// Which request it answers.
        ticket: Ticket,
        /// What.
        event: engine::Event,
        /// Address of a rendered file.
        file: Option<String>,
    },
    /// The second engine, which exports, says something.
    Export {
        /// Which export it is about.
        ticket: Ticket,
        /// What.
        event: engine::Event,
        /// Address of the file.
        file: Option<String>,
    },
    /// The second engine died.
    ExportDied {
        /// Why, in words.
        reason: String,
    },
    /// The library says something.
    Library {
        /// Which request it answers.
        ticket: Ticket,
        /// What.
        event: library::Event,
    },
    /// The audio says something.
    Audio(AudioEvent),
    /// The engine worker died and runs again.
    EngineRestarted {
        /// Why, in words.
        reason: String,
    },
    /// The library worker died and runs again.
    LibraryRestarted {
        /// Why, in words.
        reason: String,
    },
    /// The engine worker dies whenever it is started, and is not started again by itself.
    EngineGone {
        /// Why, in words.
        reason: String,
    },
    /// The library worker dies whenever it is started, and is not started again by itself.
    LibraryGone {
        /// Why, in words.
        reason: String,
    },
    /// The swarm says something.
    Swarm {
        /// Which request it answers.
        ticket: Ticket,
        /// What.
        event: swarm::Event,
    },
    /// The swarm worker died and runs again.
    SwarmRestarted {
        /// Why, in words.
        reason: String,
    },
    /// The swarm worker dies whenever it is started.
    SwarmGone {
        /// Why, in words.
        reason: String,
    },
    /// The page is at rest after its start.
    SwarmMayStart {
        /// The page's origin, such as `https://host:port`.
        origin: String,
    },
    /// The device's connection.
    Connection {
        /// There is one.
        online: bool,
        /// It is paid by the byte, or thrift is asked for.
        metered: bool,
    },
    /// What the site says of connections between listeners.
    Network(Network),
    /// Another tab has kept these preferences.
    PreferencesElsewhere(String),
    /// The time of day and the device, said when the page opens.
    Device {
        /// Milliseconds since 1970.
        wall_millis: u64,
        /// What it can do.
        device: Device,
    },
    /// Time goes by.
    Tick {
        /// Milliseconds on any steady clock.
        now: u64,
        /// By the audio clock.
        heard: Heard,
    },
}

/// What the audio is told.
#[derive(Debug, Clone, PartialEq)]
pub enum AudioCommand {
    /// Make ready for sound; said inside a gesture.
    Unlock,
    /// Make sound in this way from now on; answered by [`AudioEvent::ModeChosen`].
    Use(SoundMode),
    /// Let sound flow.
    Play,
    /// Hold it.
    Pause,
    /// Loudness, 0 to 1.
    Volume(f32),
    /// Factor that brings the tune to the common loudness.
    Level(f32),
    /// Speed of rendered files, and whether their pitch follows.
    Tempo(Tempo),
    /// Play a rendered file.
    PlayFile {
        /// Its address.
        url: String,
        /// Where to begin.
        start_millis: u32,
    },
    /// Go to a place in the rendered file.
    SeekFile(u32),
}

/// What the lock screen and the media keys show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaState {
    /// Title of the tune.
    pub title: String,
    /// Composer.
    pub artist: String,
    /// Release.
    pub album: String,
    /// Sound flows.
    pub playing: bool,
    /// Length.
    pub length_millis: u32,
    /// Place.
    pub position_millis: u32,
    /// Speed, in percent.
    pub speed_percent: u16,
}

/// What the page is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask the engine.
    Engine(Ticket, engine::Request),
    /// Have a second engine export.
    Export(Ticket, engine::Request),
    /// The second engine is not needed any more.
    StopExport,
    /// Hand the listener a file under a name; it is not needed afterwards.
    SaveFile {
        /// Its address.
        url: String,
        /// Its name.
        name: String,
    },
    /// Ask the library.
    Library(Ticket, library::Request),
    /// Ask the swarm.
    Swarm(Ticket, swarm::Request),
    /// Hand the oldest `.torrent` file that was dropped to the swarm.
    AddTorrentFile(Ticket),
    /// Show a torrent's page.
    ShowTorrent(InfoHash),
    /// Hand the files that were dropped to the library.
    Import(Ticket),
    /// Stop the import of that ticket.
    CancelImport(Ticket),
    /// Start the engine worker that is gone.
    StartEngine,
    /// Start the library worker that is gone.
    StartLibrary,
    /// Tell the audio.
    Audio(AudioCommand),
    /// A rendered file is not needed any more.
    ForgetFile(String),
    /// Keep this text.
    SavePreferences(String),
    /// Show a tune's page in place of the one that is shown.
    Navigate(TuneId),
    /// Say this to a screen reader.
    Announce(String),
    /// Show this on the lock screen; `None` clears it.
    MediaSession(Option<MediaState>),
    /// Title of the window.
    SetTitle(String),
    /// Go to an address of the page.
    Go(String),
    /// Hand the listener a text as a file.
    SaveText {
        /// Its name.
        name: String,
        /// All of it.
        text: String,
    },
    /// A step on the way to sound begins or ends.
    Trace(Trace),
    /// Note this for the beacon.
    Fact(Fact),
}
