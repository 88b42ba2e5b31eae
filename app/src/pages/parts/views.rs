//! What can be seen of a tune that plays: oscilloscopes, a piano roll, registers.

use leptos::prelude::*;
use listening::language::t;

use super::{PianoRoll, RegisterView, Scopes};
use crate::components::Segmented;

/// Ways to look at a tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Scopes,
    Roll,
    Registers,
}

/// A choice of views, and the one that is chosen.
#[component]
pub fn Views() -> impl IntoView {
    let way = RwSignal::new(Way::Scopes);
    view! {
        <div class="views">
            <Segmented
                name="views"
                label=t("What is shown")
                options=vec![
                    (Way::Scopes, t("Scopes")),
                    (Way::Roll, t("Piano roll")),
                    (Way::Registers, t("Registers")),
                ]
                value=way
                on_choose=move |chosen| way.set(chosen)
            />
            {move || match way.get() {
                Way::Scopes => view! { <Scopes switches=true /> }.into_any(),
                Way::Roll => view! { <PianoRoll /> }.into_any(),
                Way::Registers => view! { <RegisterView /> }.into_any(),
            }}
        </div>
    }
}
