//! What the listener chose, kept as text: one `key=value` a line under a line with the version.
//!
//! Damage costs the damaged line only: the field takes what the other copy says, or its default,
//! the rest stays, and the repair is reported. The text is kept in the listener's database and, so
//! that the page has it before its workers run, in `localStorage`.

mod migrate;
mod names;
#[cfg(test)]
mod tests;
mod text;

use catalog::Sort;
use protocol::engine::{Overrides, Tempo};
use protocol::visuals::View;
use sidfile::TuneId;

use crate::event::SoundMode;
use crate::swarm::SwarmChoices;

pub use text::{SCHEMA_VERSION, merge};

/// Longest crossfade between two tunes, in seconds.
pub const MAX_CROSSFADE_SECONDS: u8 = 12;
/// Longest countdown before the next tune starts by itself, in seconds.
pub const MAX_COUNTDOWN_SECONDS: u8 = 30;

/// Colours of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// How close the rows of lists stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Density {
    /// Room around every row.
    #[default]
    Comfortable,
    /// More rows on a screen.
    Compact,
}

/// Language of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// As the browser says.
    #[default]
    Auto,
    /// English.
    English,
    /// German.
    German,
}

/// Whether bytes are spared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DataSaver {
    /// As the connection says.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// ROMs that programs in BASIC find.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RomSet {
    /// The listener's own, where there are any.
    #[default]
    Own,
    /// None.
    Empty,
}

/// Ways of making sound, the preferred first; each stands in it once.
pub type EngineOrder = [SoundMode; 3];

/// What follows the end of a song.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Repeat {
    /// The list to its end.
    #[default]
    Off,
    /// The same song again.
    One,
    /// The list, from its start again after the end.
    All,
}

/// Which songs of a file are played in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Songs {
    /// The chosen one, then the next file.
    #[default]
    Chosen,
    /// All that follow the chosen one, then the next file.
    All,
}

/// Where the listener was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What played.
    pub tune: TuneId,
    /// Where in it.
    pub position_millis: u32,
}

/// What the listener chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// Percent, 0 to 100.
    pub volume: u8,
    /// No sound, whatever the volume.
    pub muted: bool,
    /// Colours.
    pub theme: Theme,
    /// What follows a song.
    pub repeat: Repeat,
    /// Which songs of a file play.
    pub songs: Songs,
    /// Order of the library.
    pub sort: Sort,
    /// Machine, where not the tune's own.
    pub overrides: Overrides,
    /// Tunes are brought to one loudness.
    pub levelling: bool,
    /// Speed and pitch of every tune; `None` where each starts as it was made.
    pub tempo: Option<Tempo>,
    /// What is shared and fetched, and how.
    pub swarm: SwarmChoices,
    /// The navigation shows icons only.
    pub narrow_navigation: bool,
    /// What is drawn of a tune.
    pub picture: View,
    /// How close rows stand.
    pub density: Density,
    /// Language.
    pub language: Language,
    /// Which way of making sound is tried first.
    pub engine_order: EngineOrder,
    /// ROMs that programs find.
    pub rom_set: RomSet,
    /// Two tunes sound together for so long, at most [`MAX_CROSSFADE_SECONDS`]; 0 for one after the
    /// other.
    pub crossfade_seconds: u8,
    /// The next tune is announced for so long before it starts by itself, at most
    /// [`MAX_COUNTDOWN_SECONDS`]; 0 for at once.
    pub countdown_seconds: u8,
    /// Whether bytes are spared.
    pub data_saver: DataSaver,
    /// Counts without names may be sent to the site.
    pub telemetry: bool,
    /// What played last.
    pub last: Option<Place>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            volume: 80,
            muted: false,
            theme: Theme::default(),
            repeat: Repeat::default(),
            songs: Songs::default(),
            sort: Sort::default(),
            overrides: Overrides::default(),
            levelling: true,
            tempo: None,
            swarm: SwarmChoices::default(),
            narrow_navigation: false,
            picture: View::default(),
            density: Density::default(),
            language: Language::default(),
            engine_order: [SoundMode::Ring, SoundMode::Port, SoundMode::File],
            rom_set: RomSet::default(),
            crossfade_seconds: 0,
            countdown_seconds: 0,
            data_saver: DataSaver::default(),
            telemetry: true,
            last: None,
        }
    }
}

/// What was found damaged and set right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Repair {
    /// No heading: all defaults, except for lines that could be read.
    #[error("the settings had no heading")]
    Heading,
    /// Written by a later build.
    #[error("the settings are of version {found}; what this page knows of them was kept")]
    Newer {
        /// As found.
        found: u32,
    },
    /// A line whose value makes no sense: its default was taken.
    #[error("the setting \"{key}\" had the value \"{value}\" and was reset")]
    Value {
        /// Which.
        key: String,
        /// As found.
        value: String,
    },
    /// Lines are missing or were changed by something else.
    #[error("the settings were cut off or changed from outside")]
    Sum,
    /// A line that is none.
    #[error("a line of the settings could not be read: \"{line}\"")]
    Line {
        /// As found.
        line: String,
    },
}
