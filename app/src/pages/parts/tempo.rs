//! Speed and pitch of the tune that plays.

use leptos::prelude::*;
use listening::language::{t, tf};
use listening::tempo::SPEEDS;
use listening::{Intent, words};
use protocol::engine::{MAX_SEMITONES, Tempo};

use crate::components::{Segmented, Slider};
use crate::core::use_core;

/// Place of a speed on its slider.
fn place_of(speed_percent: u16) -> u32 {
    let before = SPEEDS.iter().take_while(|&&other| other < speed_percent);
    u32::try_from(before.count()).unwrap_or(0)
}

fn speed_at(place: u32) -> u16 {
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    SPEEDS[place.min(SPEEDS.len() - 1)]
}

/// Place of a pitch on its slider.
fn notch_of(semitones: i8) -> u32 {
    u32::from((semitones + MAX_SEMITONES).unsigned_abs())
}

fn semitones_at(notch: u32) -> i8 {
    i8::try_from(notch).map_or(0, |notch| notch - MAX_SEMITONES)
}

fn spoken_speed(place: u32) -> String {
    tf("{0} percent", &[&speed_at(place)])
}

fn spoken_pitch(notch: u32) -> String {
    match semitones_at(notch) {
        0 => t("as composed").to_owned(),
        up @ 1.. => tf("{0} semitones up", &[&up]),
        down => tf("{0} semitones down", &[&down.unsigned_abs()]),
    }
}

/// Speed and pitch of the tune that plays.
#[component]
pub fn TempoChoice() -> impl IntoView {
    let core = use_core();
    let tempo = Memo::new(move |_| core.player.with(|player| player.tempo));
    let is_kept = Memo::new(move |_| core.settings.with(|settings| settings.tempo.is_some()));
    let change = move |change: &dyn Fn(&mut Tempo)| {
        let mut chosen = tempo.get_untracked();
        change(&mut chosen);
        core.wish(Intent::SetTempo(chosen));
    };
    view! {
        <section class="machine tempo" aria-label=t("Speed and pitch")>
            <header class="scopes-head">
                <h2>{t("Speed and pitch")}</h2>
                <Show when=move || !tempo.get().is_own()>
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| {
                            change(
                                &|tempo| {
                                    (tempo.speed_percent, tempo.semitones) = (100, 0);
                                },
                            );
                        }
                    >
                        {t("As composed")}
                    </button>
                </Show>
            </header>
            <div class="tempo-lines">
                <span>{t("Speed")}</span>
                <Slider
                    label=t("Speed")
                    value=Signal::derive(move || place_of(tempo.get().speed_percent))
                    max=u32::try_from(SPEEDS.len() - 1).unwrap_or(0)
                    step=1
                    spoken=spoken_speed
                    on_input=move |place| change(&|tempo| tempo.speed_percent = speed_at(place))
                />
                <span class="figures">{move || words::speed_text(tempo.get().speed_percent)}</span>
                <span>{t("Pitch")}</span>
                <Slider
                    label=t("Pitch")
                    value=Signal::derive(move || notch_of(tempo.get().semitones))
                    max=notch_of(MAX_SEMITONES)
                    step=1
                    spoken=spoken_pitch
                    on_input=move |notch| change(&|tempo| tempo.semitones = semitones_at(notch))
                />
                <span class="figures">{move || words::semitones_text(tempo.get().semitones)}</span>
            </div>
            <div class="machine-choices">
                <Segmented
                    name="tempo-pitch"
                    label=t("Another speed")
                    options=vec![(false, t("Keeps the pitch")), (true, t("Like a tape"))]
                    value=Signal::derive(move || tempo.get().pitch_follows)
                    on_choose=move |follows| change(&|tempo| tempo.pitch_follows = follows)
                />
                <Segmented
                    name="tempo-kept"
                    label=t("Holds for")
                    options=vec![(false, t("This tune")), (true, t("Every tune"))]
                    value=is_kept
                    on_choose=move |keep| core.wish(Intent::KeepTempo(keep))
                />
            </div>
        </section>
    }
}

/// Speed and pitch in a badge, where they are not the tune's own; pressed, they are again.
#[component]
pub fn TempoBadge() -> impl IntoView {
    let core = use_core();
    let tempo = Memo::new(move |_| core.player.with(|player| player.tempo));
    let text = move || {
        let tempo = tempo.get();
        let speed = (tempo.speed_percent != 100).then(|| words::speed_text(tempo.speed_percent));
        let pitch = (tempo.semitones != 0).then(|| words::semitones_text(tempo.semitones));
        let parts: Vec<String> = speed.into_iter().chain(pitch).collect();
        parts.join(" ")
    };
    view! {
        <Show when=move || !tempo.get().is_own()>
            <button
                class="badge badge-button"
                type="button"
                title=t("Play as composed")
                aria-label=move || tf("{0}: play as composed", &[&text()])
                on:click=move |_| {
                    let own = Tempo {
                        pitch_follows: tempo.get_untracked().pitch_follows,
                        ..Tempo::default()
                    };
                    core.wish(Intent::SetTempo(own));
                }
            >
                {text}
            </button>
        </Show>
    }
}
