//! The diagnostics overlay: how everything stands, and how long the last steps took.

use leptos::prelude::*;
use listening::language::t;

use crate::components::{IconButton, Name};
use crate::core::use_core;

/// How often it is looked again.
const LOOK_MILLIS: u32 = 500;
/// Steps shown.
const SHOWN: usize = 14;

/// How everything stands; over the page, as long as it is wanted.
#[component]
pub fn Diagnostics() -> impl IntoView {
    let core = use_core();
    view! {
        <Show when=move || core.diagnostics_shown.get()>
            <Overlay />
        </Show>
    }
}

#[component]
fn Overlay() -> impl IntoView {
    let core = use_core();
    let facts = RwSignal::new(core.diagnostics());
    let spans = RwSignal::new(core.spans(SHOWN));
    let look = gloo::timers::callback::Interval::new(LOOK_MILLIS, move || {
        let (new_facts, new_spans) = (core.diagnostics(), core.spans(SHOWN));
        if facts.with_untracked(|old| *old != new_facts) {
            facts.set(new_facts);
        }
        if spans.with_untracked(|old| *old != new_spans) {
            spans.set(new_spans);
        }
    });
    let look = StoredValue::new_local(Some(look));
    on_cleanup(move || drop(look.try_update_value(Option::take)));
    view! {
        <aside class="diagnostics" aria-label=t("Diagnostics")>
            <header>
                <h2>{t("Diagnostics")}</h2>
                <button
                    class="button button-small"
                    type="button"
                    on:click=move |_| core.export_diagnostics()
                >
                    {t("Export")}
                </button>
                <IconButton
                    label=t("Close diagnostics")
                    icon=Name::Close
                    on_press=move || core.diagnostics_shown.set(false)
                />
            </header>
            <dl class="figures">
                {move || {
                    facts
                        .get()
                        .into_iter()
                        .map(|(name, value)| {
                            view! {
                                <div>
                                    <dt>{name}</dt>
                                    <dd>{value}</dd>
                                </div>
                            }
                        })
                        .collect_view()
                }}
            </dl>
            <h3>{t("Last steps")}</h3>
            <ol class="figures">
                {move || {
                    spans
                        .get()
                        .into_iter()
                        .map(|span| {
                            let fields: Vec<String> = span
                                .fields
                                .iter()
                                .map(|(name, value)| format!("{name} {value}"))
                                .collect();
                            let fields = fields.join(", ");
                            view! {
                                <li title=fields>
                                    <span>{format!("{} {}", span.session, span.step.name())}</span>
                                    <span>{format!("{:.0} ms", span.took)}</span>
                                </li>
                            }
                        })
                        .collect_view()
                }}
            </ol>
            <p class="quiet">{t("This stays on your device unless you export it.")}</p>
        </aside>
    }
}
