//! The app's brain: one facade for playback, the library as a list, imports, preferences.
//!
//! [`Model::update`] takes an [`Event`] and returns [`Effect`]s; the page runs them and renders
//! the view models. Nothing here reads a clock or touches a browser.
#![forbid(unsafe_code)]

mod answers;
pub mod art;
mod browse;
mod course;
pub mod cues;
mod diagnostics;

mod event;
mod export;
mod feedback;
mod hint;
mod import;
pub mod janitor;
pub mod keep;
pub mod language;
mod levels;
mod list;
mod model;
pub mod notes;
pub mod pick;
mod pins;
mod player;
pub mod preferences;
pub mod queue;
mod queue_wishes;
pub mod score;
mod scouted;
pub mod session;
pub mod share;
mod shuffle;
mod site;
pub mod sleep;
pub mod sources;
mod swarm;
mod telemetry;
pub mod tempo;
pub mod trace;
mod view;
mod walk;
mod wanted;
mod wishes;
pub mod words;

pub use browse::{BrowseIntent, BrowseView, Facets, ShelfWish, SuggestionsView};
pub use event::{
    AudioCommand, AudioEvent, Effect, Event, Heard, Intent, MediaState, SoundMode, Ticket, UNASKED,
};
pub use export::{ExportPhase, ExportView, ExportWish};
pub use hint::{HintState, HintView};
pub use import::{ImportPhase, ImportView};
pub use list::{LibraryState, ListView};
pub use model::Model;
pub use pins::{PinIntent, PinView};
pub use scouted::OverviewView;
pub use session::{LeftView, OnwardView};
pub use site::Site;
pub use swarm::{
    Network, Reach, SwarmChoices, SwarmIntent, SwarmState, SwarmView, kind_words, rate_words,
};
pub use view::{
    ClockView, Notice, NoticeKind, PageEntry, PageView, PlayerView, SettingsView, State, TuneView,
};
