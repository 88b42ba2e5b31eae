//! Settings of what plays after a tune, and of what makes its sound.

use leptos::prelude::*;
use listening::Intent;
use listening::language::{t, tf};
use listening::preferences::{MAX_COUNTDOWN_SECONDS, MAX_CROSSFADE_SECONDS};
use listening::queue::QueueIntent;

use super::EngineChoice;
use crate::components::{Setting, Slider};
use crate::core::use_core;

fn seconds_text(seconds: u32) -> String {
    match seconds {
        0 => t("Off").to_owned(),
        seconds => tf("{0} s", &[&seconds]),
    }
}

/// Crossfade, countdown and engines.
#[component]
pub fn OnwardSettings() -> impl IntoView {
    let core = use_core();
    let crossfade = Memo::new(move |_| {
        core.settings
            .with(|chosen| u32::from(chosen.crossfade_seconds))
    });
    let countdown = Memo::new(move |_| {
        core.settings
            .with(|chosen| u32::from(chosen.countdown_seconds))
    });
    let set = move |intent: fn(u8) -> QueueIntent, seconds: u32| {
        core.wish(Intent::Queue(intent(u8::try_from(seconds).unwrap_or(0))));
    };
    view! {
        <section class="card">
            <h2>{t("From tune to tune")}</h2>
            <Setting title=t("Crossfade") hint=t("Two tunes sound together for so long. Without it one follows the other without a gap.")>
                <div class="setting-slider">
                    <Slider
                        label=t("Crossfade")
                        value=crossfade
                        max=u32::from(MAX_CROSSFADE_SECONDS)
                        step=1
                        spoken=seconds_text
                        on_input=move |seconds: u32| set(QueueIntent::SetCrossfade, seconds)
                    />
                    <span class="figures">{move || seconds_text(crossfade.get())}</span>
                </div>
            </Setting>
            <Setting title=t("Countdown") hint=t("The next tune is announced for so long before it starts by itself.")>
                <div class="setting-slider">
                    <Slider
                        label=t("Countdown")
                        value=countdown
                        max=u32::from(MAX_COUNTDOWN_SECONDS)
                        step=1
                        spoken=seconds_text
                        on_input=move |seconds: u32| set(QueueIntent::SetCountdown, seconds)
                    />
                    <span class="figures">{move || seconds_text(countdown.get())}</span>
                </div>
            </Setting>
        </section>
        <section class="card">
            <h2>{t("Engine")}</h2>
            <p class="quiet">{t("The first that works here is used, for every tune.")}</p>
            <EngineChoice />
            <button
                class="button"
                type="button"
                on:click=move |_| core.diagnostics_shown.set(true)
            >
                {t("Show diagnostics")}
            </button>
        </section>
    }
}
