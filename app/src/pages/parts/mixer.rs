//! The voices of the tune that plays, with a switch to mute each and one to hear it alone.

use leptos::prelude::*;
use listening::language::{t, tf};
use listening::{Intent, words};
use protocol::engine::MAX_CHIPS;

use crate::components::{Icon, Name};
use crate::core::use_core;

/// Voices of a chip and its digis.
const VOICES: usize = 4;

/// Switches for every voice of every chip.
#[component]
pub fn Mixer() -> impl IntoView {
    let core = use_core();
    let chips = Memo::new(move |_| {
        core.player.with(|player| {
            let machine = player.machine.as_ref();
            let chips = machine.map(|machine| &machine.chips).into_iter().flatten();
            let named = |chip: &protocol::engine::PlayingChip| {
                format!("{} ${:04X}", words::model_name(chip.model), chip.address)
            };
            let chips: Vec<String> = chips.take(MAX_CHIPS).map(named).collect();
            if chips.is_empty() {
                vec![String::new()]
            } else {
                chips
            }
        })
    });
    let has_muted = Memo::new(move |_| {
        core.player.with(|player| {
            let used = chips.with(Vec::len);
            player.audible[..used].iter().any(|bits| *bits != 0b1111)
        })
    });
    view! {
        <section class="mixer" aria-label=t("Voices")>
            {move || {
                let chips = chips.get();
                let several = chips.len() > 1;
                chips
                    .into_iter()
                    .enumerate()
                    .map(|(chip, name)| {
                        let heading = several
                            .then(|| {
                                view! {
                                    <h2>{format!("SID {} \u{b7} {name}", chip + 1)}</h2>
                                }
                            });
                        view! {
                            {heading}
                            <ul>
                                {(0..VOICES)
                                    .map(|voice| view! { <Voice chip=chip voice=voice /> })
                                    .collect_view()}
                            </ul>
                        }
                    })
                    .collect_view()
            }}
            <Show when=move || has_muted.get()>
                <button
                    class="button button-small"
                    type="button"
                    on:click=move |_| core.wish(Intent::UnmuteAll)
                >
                    {t("All on")}
                </button>
            </Show>
        </section>
    }
}

#[component]
fn Voice(chip: usize, voice: usize) -> impl IntoView {
    let core = use_core();
    let name = [t("Voice 1"), t("Voice 2"), t("Voice 3"), "Digi"][voice];
    let audible = Memo::new(move |_| {
        core.player
            .with(|player| player.audible[chip] >> voice & 1 == 1)
    });
    let alone = Memo::new(move |_| {
        core.player.with(|player| {
            let mut all = player.audible.iter().enumerate();
            all.all(|(at, bits)| *bits == if at == chip { 1 << voice } else { 0 })
        })
    });
    view! {
        <li class=format!("voice-{}", voice + 1) class:silenced=move || !audible.get()>
            <span>{name}</span>
            <button
                class="switch"
                type="button"
                aria-pressed=move || (!audible.get()).to_string()
                aria-label=tf("Mute {0}, chip {1}", &[&name, &(chip + 1)])
                title=t("Mute")
                on:click=move |_| core.wish(Intent::ToggleVoice { chip, voice })
            >
                <Icon name=Signal::derive(move || {
                    if audible.get() { Name::Volume } else { Name::Muted }
                }) />
            </button>
            <button
                class="switch"
                type="button"
                aria-pressed=move || alone.get().to_string()
                aria-label=tf("Solo {0}, chip {1}", &[&name, &(chip + 1)])
                title=t("Solo")
                on:click=move |_| core.wish(Intent::SoloVoice { chip, voice })
            >
                {t("Solo")}
            </button>
        </li>
    }
}
