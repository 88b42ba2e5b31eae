//! What can be seen of a tune that plays: scopes, spectrum, piano roll, registers.

use leptos::prelude::*;
use listening::Intent;
use listening::language::t;
use protocol::visuals::View;

use super::picture::view_name;
use super::{FullScreen, Mixer, Picture, STAGE};
use crate::components::{IconButton, Name, Segmented};
use crate::core::use_core;
use crate::shell::visuals;

/// A choice of views, the one that is chosen, and the voices.
#[component]
pub fn Views() -> impl IntoView {
    let core = use_core();
    let view = Memo::new(move |_| core.settings.with(|settings| settings.picture));
    let chips = Memo::new(move |_| {
        core.player.with(|player| {
            let machine = player.machine.as_ref();
            machine.map_or(1, |machine| machine.chips.len())
        })
    });
    let all = [View::Scopes, View::Spectrum, View::Roll, View::Registers];
    let is_apart = core.visuals.is_apart;
    view! {
        <section
            id=STAGE
            class="stage"
            class:tall=move || view.get() == View::Registers
            class:several=move || { chips.get() > 1 }
            aria-label=t("Picture")
        >
            <header class="stage-head">
                <Segmented
                    name="views"
                    label=t("What is shown")
                    options=all.map(|view| (view, view_name(view))).to_vec()
                    value=view
                    on_choose=move |chosen| core.wish(Intent::SetPicture(chosen))
                />
                <span class="stage-buttons">
                    {visuals::can_stand_apart()
                        .then(|| {
                            view! {
                                <IconButton
                                    label=t("Picture in a window of its own")
                                    icon=Name::Apart
                                    lit=is_apart
                                    on_press=move || core.toggle_apart()
                                />
                            }
                        })}
                    <FullScreen />
                </span>
            </header>
            <Picture view=view />
            <Mixer />
        </section>
    }
}
