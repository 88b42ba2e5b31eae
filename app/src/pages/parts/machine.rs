//! What the listener may override: chip and video standard.

use leptos::prelude::*;
use listening::Intent;
use protocol::engine::{Model, Video};

use crate::components::Segmented;
use crate::core::use_core;

/// 6581 or 8580.
#[component]
pub fn ChipChoice(
    /// Name of the group; unique on the page.
    name: &'static str,
) -> impl IntoView {
    let core = use_core();
    let value = Memo::new(move |_| core.settings.with(|settings| settings.overrides.model));
    view! {
        <Segmented
            name=name
            label="Sound chip"
            options=vec![
                (None, "Auto"),
                (Some(Model::Mos6581), "6581"),
                (Some(Model::Mos8580), "8580"),
            ]
            value=value
            on_choose=move |model| core.wish(Intent::SetChip(model))
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
    let value = Memo::new(move |_| core.settings.with(|settings| settings.overrides.video));
    view! {
        <Segmented
            name=name
            label="Video standard"
            options=vec![(None, "Auto"), (Some(Video::Pal), "PAL"), (Some(Video::Ntsc), "NTSC")]
            value=value
            on_choose=move |video| core.wish(Intent::SetVideo(video))
        />
    }
}
