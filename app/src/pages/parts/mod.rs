//! Parts of pages that know of tunes.

mod art;
mod continue_list;
mod cues;
mod details;
mod diagnostics;
mod export;
mod import;
mod keep_settings;
mod kept_list;
mod machine;
mod marked;
mod marks;
mod mixer;
mod notices;
mod offline;
mod onward_settings;
mod overview;
mod palette;
mod picture;
mod pins;
mod player_bar;
mod queue;
mod related;
mod roms;
mod row;
mod share_link;
mod side_panel;
mod swarm_settings;
mod telemetry_setting;
mod tempo;
mod tune_menu;
mod views;
mod why;

pub use art::TuneArt;
pub use continue_list::ContinueList;
pub use cues::Cues;
pub use details::{Facts, Notes, Songs};
pub use diagnostics::Diagnostics;
pub use export::Export;
pub use import::{AddMusic, DropOverlay, ImportPanel};
pub use keep_settings::KeepSettings;
pub use kept_list::KeptList;
pub use machine::{ChipChoice, FilterChoice, GradeChoice, SpreadChoice, VideoChoice};
pub use marked::Marked;
pub use marks::{Heart, Marks, change};
pub use mixer::Mixer;
pub use notices::Notices;
pub use offline::{SiteBanner, SiteFact};
pub use onward_settings::OnwardSettings;
pub use overview::Overview;
pub use palette::Palette;
pub use picture::{FullScreen, Picture, STAGE};
pub use pins::{PinButton, PinDialog};
pub use player_bar::PlayerBar;
pub use queue::{Countdown, QueueButton, QueuePanel, ShuffleButton};
pub use related::Beside;
pub use roms::Roms;
pub use row::TuneRow;
pub use share_link::ShareLink;
pub use side_panel::SidePanel;
pub use swarm_settings::SwarmSettings;
pub use telemetry_setting::TelemetrySetting;
pub use tempo::{TempoBadge, TempoChoice};
pub use tune_menu::{Menu, MenuButton, MenuOf, TuneMenu, UndoBar, Within, use_menu};
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
