//! Parts of pages that know of tunes.

mod art;
mod continue_list;
mod details;
mod diagnostics;
mod export;
mod import;
mod machine;
mod notices;
mod onward_settings;
mod overview;
mod piano_roll;
mod player_bar;
mod queue;
mod registers;
mod roms;
mod row;
mod scopes;
mod side_panel;
mod swarm_settings;
mod tempo;
mod views;
mod why;

pub use art::TuneArt;
pub use continue_list::ContinueList;
pub use details::{Facts, Notes, Songs};
pub use diagnostics::Diagnostics;
pub use export::Export;
pub use import::{AddMusic, DropOverlay, ImportPanel};
pub use machine::{ChipChoice, FilterChoice, GradeChoice, SpreadChoice, VideoChoice};
pub use notices::Notices;
pub use onward_settings::OnwardSettings;
pub use overview::Overview;
pub use piano_roll::PianoRoll;
pub use player_bar::PlayerBar;
pub use queue::{Countdown, QueueButton, QueuePanel, ShuffleButton};
pub use registers::RegisterView;
pub use roms::Roms;
pub use row::TuneRow;
pub use scopes::Scopes;
pub use side_panel::SidePanel;
pub use swarm_settings::SwarmSettings;
pub use tempo::{TempoBadge, TempoChoice};
pub use views::Views;
pub use why::{EngineChoice, WhySource};

use leptos::prelude::*;

/// Three bars that dance while sound flows.
#[component]
pub fn Equaliser(
    /// Sound flows.
    #[prop(into)]
    moving: Signal<bool>,
) -> impl IntoView {
    view! {
        <svg class="equaliser" class:moving=move || moving.get() viewBox="0 0 16 16" aria-hidden="true">
            <rect x="1" y="2" width="3" height="12"></rect>
            <rect x="6.5" y="2" width="3" height="12"></rect>
            <rect x="12" y="2" width="3" height="12"></rect>
        </svg>
    }
}
