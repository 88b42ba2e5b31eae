//! The app's brain: one facade for playback, the library as a list, imports, preferences.
//!
//! [`Model::update`] takes an [`Event`] and returns [`Effect`]s; the page runs them and renders
//! the view models. Nothing here reads a clock or touches a browser.
#![forbid(unsafe_code)]

mod answers;
pub mod art;
pub mod cues;
mod event;
mod export;
mod import;
pub mod janitor;
pub mod keep;
pub mod language;
mod list;
mod model;
pub mod notes;
mod player;
pub mod preferences;
pub mod scope;
mod scouted;
pub mod share;
mod site;
mod swarm;
pub mod tempo;
mod view;
mod walk;
mod wishes;
pub mod words;

pub use event::{
    AudioCommand, AudioEvent, Effect, Event, Heard, Intent, MediaState, SoundMode, Ticket, UNASKED,
};
pub use export::{ExportPhase, ExportView, ExportWish};
pub use import::{ImportPhase, ImportView};
pub use list::{LibraryState, ListView};
pub use model::Model;
pub use scouted::OverviewView;
pub use site::Site;
pub use swarm::{
    Network, Reach, SwarmChoices, SwarmIntent, SwarmState, SwarmView, kind_words, rate_words,
};
pub use view::{
    ClockView, Notice, NoticeKind, PageEntry, PageView, PlayerView, SettingsView, State, TuneView,
};
