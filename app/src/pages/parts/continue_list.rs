//! Tunes that were left unfinished, offered when nothing plays.

use leptos::prelude::*;
use listening::language::{t, tf};
use listening::queue::QueueIntent;
use listening::{Intent, words};

use super::TuneArt;
use super::queue::is_quiet;
use crate::components::{Icon, IconButton, Name};
use crate::core::use_core;

/// Tunes shown at once.
const SHOWN: usize = 4;

/// Tunes that were left unfinished; nothing while one plays, or where there are none.
#[component]
pub fn ContinueList() -> impl IntoView {
    let core = use_core();
    let quiet = is_quiet(core);
    let left = Memo::new(move |_| {
        let left = core.onward.with(|onward| onward.left.clone());
        let shown = left.iter().take(SHOWN).cloned();
        if quiet.get() {
            shown.collect()
        } else {
            Vec::new()
        }
    });
    view! {
        <Show when=move || !left.with(Vec::is_empty)>
            <section class="continue" aria-label=t("Continue")>
                <h2>{t("Continue")}</h2>
                <ul>
                    <For each=move || left.get() key=|left| (left.tune, left.position_millis) let:left>
                        {
                            let tune = left.tune;
                            let title = words::title_text(&left.title).to_owned();
                            let place = words::clock_text(left.position_millis);
                            let share = u64::from(left.position_millis) * 100
                                / u64::from(left.length_millis.max(1));
                            view! {
                                <li class="continue-tune">
                                    <button
                                        class="continue-play"
                                        type="button"
                                        aria-label=tf("Continue {0} at {1}", &[&title, &place])
                                        on:click=move |_| {
                                            core.wish(Intent::Queue(QueueIntent::Continue(tune)));
                                        }
                                    >
                                        <span class="continue-art" aria-hidden="true">
                                            <TuneArt md5=tune.md5 />
                                            <Icon name=Name::Play />
                                        </span>
                                        <span class="continue-words">
                                            <span class="continue-title">{title.clone()}</span>
                                            <span class="quiet figures">{place.clone()}</span>
                                        </span>
                                        <i class="continue-bar" style:width=format!("{share}%")></i>
                                    </button>
                                    <IconButton
                                        class="continue-dismiss"
                                        label=tf("Do not offer {0} again", &[&title])
                                        icon=Name::Close
                                        on_press=move || {
                                            core.wish(Intent::Queue(QueueIntent::Dismiss(tune)));
                                        }
                                    />
                                </li>
                            }
                        }
                    </For>
                </ul>
            </section>
        </Show>
    }
}
