//! What the page says to the worker that draws, and back.

use serde::{Deserialize, Serialize};
use sidfile::TuneId;

use crate::engine::{self, Audible, Model};

/// What is drawn of a tune.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum View {
    /// An oscilloscope for every voice.
    #[default]
    Scopes,
    /// How loud each pitch is.
    Spectrum,
    /// Notes on a roll.
    Roll,
    /// What the chips' registers hold.
    Registers,
}

/// A canvas as it stands on the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surface {
    /// What it shows.
    pub view: View,
    /// Width in units of the page.
    pub width: u16,
    /// Height in units of the page.
    pub height: u16,
    /// Pixels in a unit of the page, in hundredths.
    pub ratio_percent: u16,
    /// Somebody can see it.
    pub is_seen: bool,
    /// It is seen even while the page is not.
    pub is_apart: bool,
}

/// Colours, as CSS writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colours {
    /// Behind everything.
    pub ground: String,
    /// Surfaces that stand out.
    pub raised: String,
    /// Thin lines.
    pub line: String,
    /// Words.
    pub text: String,
    /// Words that step back.
    pub quiet: String,
    /// What matters.
    pub accent: String,
    /// Voices 1 to 3.
    pub voices: [String; 3],
}

/// A chip of the tune that plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// Model.
    pub model: Model,
    /// First register.
    pub address: u16,
}

/// Where the song is, by the page's account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Position in the song.
    pub position_millis: u32,
    /// Sound flows.
    pub is_moving: bool,
    /// The song's speed in percent of its own.
    pub speed_percent: u16,
}

/// Said to the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Draws on the canvas that travels beside the message as `canvas`.
    Attach {
        /// Name of the surface from now on.
        surface: u32,
        /// How it stands.
        how: Surface,
    },
    /// The surface stands otherwise.
    Change {
        /// Which.
        surface: u32,
        /// How it stands.
        how: Surface,
    },
    /// The canvas is gone.
    Detach {
        /// Which.
        surface: u32,
    },
    /// Sound and levels are in the rings that travel beside the message as `pcm` and `scope`; without
    /// them they come as [`Heard`](Request::Heard).
    Rings {
        /// Frames a second of the sound.
        rate: u32,
    },
    /// Colours of the page.
    Colours(Colours),
    /// The listener wants little motion.
    Calm(bool),
    /// The page is on no screen.
    Hidden(bool),
    /// The tune that plays.
    Tune {
        /// Which.
        tune: Option<TuneId>,
        /// Its chips.
        chips: Vec<Chip>,
        /// Voices heard.
        audible: Audible,
    },
    /// Where the song is.
    Place(Place),
    /// An [`engine::Event::Registers`], or an [`engine::Event::Scope`] where there is no ring.
    Heard(engine::Event),
    /// Speaks the language of the catalogue at this address; empty for English.
    Speak(String),
}

/// Said by the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The worker runs and takes requests.
    Ready,
    /// How it is doing, about once a second while it draws.
    Meter {
        /// Pictures drawn since its start.
        frames: u32,
        /// Pictures in the last second.
        per_second: u16,
        /// Time that one took, in microseconds.
        took_micros: u32,
    },
    /// What is seen, in words; at most once a second.
    Described(String),
}
