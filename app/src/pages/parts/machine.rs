//! What the listener may choose of the machine.

use leptos::prelude::*;
use listening::Intent;
use protocol::engine::{Filter, Grade, Model, Overrides, Spread, Video};

use crate::components::Segmented;
use crate::core::{Core, use_core};

/// What is chosen now of one thing.
fn chosen<T: PartialEq + Send + Sync + 'static>(
    core: Core,
    part: impl Fn(&Overrides) -> T + Send + Sync + 'static,
) -> Memo<T> {
    Memo::new(move |_| core.settings.with(|settings| part(&settings.overrides)))
}

/// Chooses one thing and leaves the rest.
fn choose(core: Core, change: impl FnOnce(&mut Overrides)) {
    let mut overrides = core.settings.with_untracked(|settings| settings.overrides);
    change(&mut overrides);
    core.wish(Intent::SetOverrides(overrides));
}

/// 6581 or 8580.
#[component]
pub fn ChipChoice(
    /// Name of the group; unique on the page.
    name: &'static str,
) -> impl IntoView {
    let core = use_core();
    view! {
        <Segmented
            name=name
            label="Sound chip"
            options=vec![
                (None, "Auto"),
                (Some(Model::Mos6581), "6581"),
                (Some(Model::Mos8580), "8580"),
            ]
            value=chosen(core, |overrides| overrides.model)
            on_choose=move |model| choose(core, |overrides| overrides.model = model)
        />
    }
}

/// PAL or NTSC.
#[component]
pub fn VideoChoice(
    /// Name of the group; unique on the page.
    name: &'static str,
) -> impl IntoView {
    let core = use_core();
    view! {
        <Segmented
            name=name
            label="Video standard"
            options=vec![(None, "Auto"), (Some(Video::Pal), "PAL"), (Some(Video::Ntsc), "NTSC")]
            value=chosen(core, |overrides| overrides.video)
            on_choose=move |video| choose(core, |overrides| overrides.video = video)
        />
    }
}

/// Accurate or light.
#[component]
pub fn GradeChoice() -> impl IntoView {
    let core = use_core();
    view! {
        <Segmented
            name="grade"
            label="Emulation"
            options=vec![
                (None, "Auto"),
                (Some(Grade::Accurate), "Accurate"),
                (Some(Grade::Light), "Light"),
            ]
            value=chosen(core, |overrides| overrides.grade)
            on_choose=move |grade| choose(core, |overrides| overrides.grade = grade)
        />
    }
}

/// Bright to dark.
#[component]
pub fn FilterChoice() -> impl IntoView {
    let core = use_core();
    view! {
        <Segmented
            name="filter"
            label="Filter of the 6581"
            options=vec![
                (Filter::Brightest, "Brightest"),
                (Filter::Bright, "Bright"),
                (Filter::Average, "Average"),
                (Filter::Dark, "Dark"),
                (Filter::Darkest, "Darkest"),
            ]
            value=chosen(core, |overrides| overrides.filter)
            on_choose=move |filter| choose(core, |overrides| overrides.filter = filter)
        />
    }
}

/// Stereo or mono.
#[component]
pub fn SpreadChoice() -> impl IntoView {
    let core = use_core();
    view! {
        <Segmented
            name="spread"
            label="Several chips"
            options=vec![(Spread::Stereo, "Stereo"), (Spread::Mono, "Mono")]
            value=chosen(core, |overrides| overrides.spread)
            on_choose=move |spread| choose(core, |overrides| overrides.spread = spread)
        />
    }
}
