//! What the page renders.

use std::sync::Arc;

use catalog::{Entry, Row};
use protocol::engine::{Audible, FoundLength, Playing, Tempo};
use sidfile::TuneId;

use crate::event::SoundMode;
use crate::player::Player;
use crate::preferences::Preferences;

/// States of playback.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing is chosen.
    #[default]
    Idle,
    /// Sound is on its way.
    Loading,
    /// A tune is chosen and can be played.
    Ready,
    /// Sound flows.
    Playing,
    /// Sound is held.
    Paused,
    /// The list has come to its end.
    Ended,
    /// The tune cannot be played.
    Error,
}

impl State {
    /// Sound flows or is on its way.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Playing | Self::Loading)
    }
}

/// The tune that is chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct TuneView {
    /// Which.
    pub id: TuneId,
    /// What the list knows of it.
    pub row: Arc<Row>,
    /// All that is known, once it is here.
    pub entry: Option<Arc<Entry>>,
    /// Length that is played.
    pub length_millis: u32,
    /// The length is known, or found by listening, not assumed.
    pub length_is_known: bool,
    /// The length was found by listening, and how.
    pub found_length: Option<FoundLength>,
}

/// What the player bar shows, except for what changes with time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlayerView {
    /// State.
    pub state: State,
    /// Tune.
    pub tune: Option<TuneView>,
    /// Machine that plays.
    pub machine: Option<Playing>,
    /// How sound is made, once known.
    pub mode: Option<SoundMode>,
    /// Voices heard.
    pub audible: Audible,
    /// Speed and pitch.
    pub tempo: Tempo,
    /// Why it does not play.
    pub error: Option<String>,
    /// The engine cannot be started, and why; stays until it is tried again.
    pub gone: Option<String>,
    /// Silent since its start for so long.
    pub silent_millis: Option<u32>,
    /// Rendered so far, while a file is rendered.
    pub rendered_millis: Option<u32>,
    /// Speed of the engine in percent of real time.
    pub speed_percent: Option<u32>,
    /// Times that sound was missing in this tune.
    pub stutters: u32,
}

/// What changes with time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockView {
    /// Place.
    pub position_millis: u32,
    /// Length.
    pub length_millis: u32,
    /// The engine has run as far as this.
    pub rendered_millis: u32,
    /// A seek is on its way.
    pub seeking: bool,
}

/// What is known of the tune whose page is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum PageEntry {
    /// The library is being asked.
    Loading,
    /// The library does not have it.
    Missing,
    /// Here it is.
    Known(Arc<Entry>),
}

/// The tune whose page is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct PageView {
    /// Which; song 0 until the default song is known.
    pub id: TuneId,
    /// What is known.
    pub entry: PageEntry,
}

/// How bad a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// For information.
    Note,
    /// Something went well.
    Good,
    /// Something failed.
    Bad,
}

/// A message for the listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Number, to dismiss it by.
    pub id: u32,
    /// How bad.
    pub kind: NoticeKind,
    /// Words.
    pub text: String,
}

/// What settings and controls show of the preferences: all but the last place.
pub type SettingsView = Preferences;

impl PlayerView {
    pub(crate) fn of(player: &Player) -> Self {
        Self {
            state: player.state,
            tune: player.current.as_ref().map(|current| TuneView {
                id: current.id,
                row: current.row.clone(),
                entry: current.entry.clone(),
                length_millis: current.length(),
                length_is_known: current.known_length().is_some() || current.found.is_some(),
                found_length: current.found.filter(|_| current.known_length().is_none()),
            }),
            machine: player.machine.clone(),
            mode: player.mode,
            audible: player.audible,
            tempo: player.tempo,
            error: player.error.clone(),
            gone: player.gone.clone(),
            silent_millis: player.silent_millis,
            rendered_millis: player.rendered_millis,
            speed_percent: player.speed_percent,
            stutters: player.stutters,
        }
    }

    /// `id` is the tune that is chosen.
    #[must_use]
    pub fn is_current(&self, id: TuneId) -> bool {
        self.tune.as_ref().is_some_and(|tune| tune.id == id)
    }
}

impl ClockView {
    pub(crate) fn of(player: &Player) -> Self {
        let length_millis = player
            .current
            .as_ref()
            .map_or(0, |current| current.length());
        let ahead = player.position_millis.saturating_add(player.ahead_millis);
        let ahead = ahead.max(player.scouted.overview.to_millis);
        Self {
            position_millis: player.position_millis,
            length_millis,
            rendered_millis: ahead.min(length_millis),
            seeking: player.seeking,
        }
    }
}
