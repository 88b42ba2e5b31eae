//! What the listener may choose of the machine.

use leptos::prelude::*;
use listening::Intent;
use listening::language::t;
use protocol::engine::{Filter, Grade, Model, Overrides, Spread, Video};

use crate::components::Segmented;
use crate::core::use_core;

/// A choice of one thing, which leaves the others as they are.
#[component]
fn Choice<T>(
    name: &'static str,
    label: &'static str,
    options: Vec<(T, &'static str)>,
    /// The thing.
    of: fn(&mut Overrides) -> &mut T,
) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    let core = use_core();
    let value = Memo::new(move |_| {
        let mut overrides = core.settings.with(|settings| settings.overrides);
        *of(&mut overrides)
    });
    view! {
        <Segmented
            name=name
            label=label
            options=options
            value=value
            on_choose=move |chosen| {
                let mut overrides = core.settings.with_untracked(|settings| settings.overrides);
                *of(&mut overrides) = chosen;
                core.wish(Intent::SetOverrides(overrides));
            }
        />
    }
}

/// 6581 or 8580.
#[component]
pub fn ChipChoice(
    /// Name of the group; unique on the page.
    name: &'static str,
) -> impl IntoView {
    let options = vec![
        (None, t("Auto")),
        (Some(Model::Mos6581), "6581"),
        (Some(Model::Mos8580), "8580"),
    ];
    view! { <Choice name=name label=t("Sound chip") options=options of=|all| &mut all.model /> }
}

/// PAL or NTSC.
#[component]
pub fn VideoChoice(
    /// Name of the group; unique on the page.
    name: &'static str,
) -> impl IntoView {
    let options = vec![
        (None, t("Auto")),
        (Some(Video::Pal), "PAL"),
        (Some(Video::Ntsc), "NTSC"),
    ];
    view! { <Choice name=name label=t("Video standard") options=options of=|all| &mut all.video /> }
}

/// Accurate or light.
#[component]
pub fn GradeChoice() -> impl IntoView {
    let options = vec![
        (None, t("Auto")),
        (Some(Grade::Accurate), t("Accurate")),
        (Some(Grade::Light), "Light"),
    ];
    view! { <Choice name="grade" label=t("Emulation") options=options of=|all| &mut all.grade /> }
}

/// Bright to dark.
#[component]
pub fn FilterChoice() -> impl IntoView {
    let options = vec![
        (Filter::Brightest, t("Brightest")),
        (Filter::Bright, t("Bright")),
        (Filter::Average, t("Average")),
        (Filter::Dark, t("Dark")),
        (Filter::Darkest, t("Darkest")),
    ];
    view! { <Choice name="filter" label=t("Filter of the 6581") options=options of=|all| &mut all.filter /> }
}

/// Stereo or mono.
#[component]
pub fn SpreadChoice() -> impl IntoView {
    let options = vec![
        (Spread::Mono, t("Mono")),
        (Spread::Stereo, t("Near")),
        (Spread::Wide, t("Wide")),
    ];
    view! { <Choice name="spread" label=t("Several chips") options=options of=|all| &mut all.spread /> }
}
