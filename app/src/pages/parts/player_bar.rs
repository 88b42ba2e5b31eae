//! The bar at the foot of every page.

use leptos::prelude::*;
use listening::keep::ref_of_row;
use listening::language::{t, tf};
use listening::preferences::Repeat;
use listening::{Intent, SoundMode, State, words};

use super::{Heart, Overview, QueueButton, ShuffleButton, TempoBadge, TuneArt, WhySource};
use crate::components::{Icon, IconButton, Name, Slider, Soon};
use crate::core::{tune_path, use_core};

/// Times that sound was missing before the bar says so.
const STUTTERS: u32 = 3;

/// The bar at the foot of every page.
#[component]
pub fn PlayerBar() -> impl IntoView {
    view! {
        <section class="player" aria-label=t("Player")>
            <Chosen />
            <div class="player-middle">
                <Transport />
                <Seek />
            </div>
            <Soon>
                <div class="player-right">
                    <Subtune />
                    <TempoBadge />
                    <Quality />
                    <QueueButton />
                    <Volume />
                </div>
            </Soon>
        </section>
    }
}

#[component]
fn Chosen() -> impl IntoView {
    let core = use_core();
    let tune = Memo::new(move |_| core.player.with(|player| player.tune.clone()));
    let line = Memo::new(move |_| {
        let fetching = core.fetching.get();
        core.player.with(|player| state_line(player, fetching))
    });
    view! {
        <div class="player-tune">
            {move || match tune.get() {
                None => {
                    view! {
                        <div class="player-art player-art-empty" aria-hidden="true">
                            <Icon name=Name::Disc />
                        </div>
                        <div class="player-words">
                            <p class="player-title">{t("Nothing chosen")}</p>
                            <p class="player-author">{t("Press play for the first tune of the list")}</p>
                        </div>
                    }
                        .into_any()
                }
                Some(tune) => {
                    let author = words::author_text(&tune.row.author).to_owned();
                    let title = words::title_text(&tune.row.title).to_owned();
                    view! {
                        <a
                            class="player-art"
                            href=tune_path(tune.id)
                            aria-label=t("Open Now Playing")
                        >
                            <TuneArt md5=tune.id.md5 />
                        </a>
                        <div class="player-words">
                            <p class="player-title">
                                <a href=tune_path(tune.id) title=title.clone()>{title.clone()}</a>
                            </p>
                            {move || match line.get() {
                                Some((text, bad)) => {
                                    view! {
                                        <p class="player-author" class:bad=bad title=text.clone()>
                                            {text.clone()}
                                        </p>
                                    }
                                        .into_any()
                                }
                                None => {
                                    view! { <p class="player-author">{author.clone()}</p> }.into_any()
                                }
                            }}
                        </div>
                        <Heart tune=ref_of_row(&tune.row) class="player-heart" />
                    }
                        .into_any()
                }
            }}
        </div>
    }
}

/// What stands in the composer's place when something is to be said, and whether it is bad.
fn state_line(player: &listening::PlayerView, fetching: Option<f32>) -> Option<(String, bool)> {
    if let Some(share) = fetching {
        let text = tf(
            "Fetching from the swarm: {0} %",
            &[&((share * 100.0) as u32)],
        );
        return Some((text, false));
    }
    if let Some(error) = &player.error {
        return Some((error.clone(), true));
    }
    if let (Some(rendered), Some(tune)) = (player.rendered_millis, &player.tune) {
        let percent = u64::from(rendered) * 100 / u64::from(tune.length_millis.max(1));
        return Some((tf("Rendering before it plays: {0} %", &[&percent]), false));
    }
    let silent = player.silent_millis?;
    Some((
        tf(
            "The tune itself is silent so far ({0})",
            &[&words::clock_text(silent)],
        ),
        false,
    ))
}

#[component]
fn Transport() -> impl IntoView {
    let core = use_core();
    let state = Memo::new(move |_| core.player.with(|player| player.state));
    let repeat = Memo::new(move |_| core.settings.with(|settings| settings.repeat));
    let idle = Signal::derive(move || state.get() == State::Idle);
    view! {
        <div class="transport">
            <ShuffleButton />
            <IconButton
                class="only-wide"
                lit=Signal::derive(move || repeat.get() != Repeat::Off)
                label=Signal::derive(move || repeat_text(repeat.get()).to_owned())
                icon=Signal::derive(move || {
                    if repeat.get() == Repeat::One { Name::RepeatOne } else { Name::Repeat }
                })
                on_press=move || core.wish(Intent::CycleRepeat)
            />
            <IconButton
                class="transport-previous"
                label=t("Previous tune")
                icon=Name::Previous
                disabled=idle
                on_press=move || core.wish(Intent::Previous)
            />
            <button
                class="play-button"
                type="button"
                aria-label=move || if state.get().is_active() { t("Pause") } else { t("Play") }
                on:click=move |_| core.wish(Intent::PlayPause)
            >
                <Icon name=Signal::derive(move || match state.get() {
                    State::Playing | State::Loading => Name::Pause,
                    _ => Name::Play,
                }) />
                <Show when=move || state.get() == State::Loading>
                    <span class="play-wait" aria-hidden="true"></span>
                </Show>
            </button>
            <IconButton
                label=t("Next tune")
                icon=Name::Next
                disabled=idle
                on_press=move || core.wish(Intent::Next)
            />
            <IconButton
                class="only-wide"
                label=t("Stop")
                icon=Name::Stop
                disabled=idle
                on_press=move || core.wish(Intent::Stop)
            />
        </div>
    }
}

fn repeat_text(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::Off => t("Repeat: off"),
        Repeat::All => t("Repeat: the list"),
        Repeat::One => t("Repeat: this tune"),
    }
}

#[component]
fn Seek() -> impl IntoView {
    let core = use_core();
    let clock = core.clock;
    let known = Memo::new(move |_| {
        core.player.with(|player| {
            player
                .tune
                .as_ref()
                .map(|tune| (tune.length_millis, tune.length_is_known, tune.found_length))
        })
    });
    // Whole seconds, so that the words change no more often than they are read.
    let elapsed = Memo::new(move |_| clock.get().position_millis / 1000 * 1000);
    view! {
        <div class="seek">
            <span class="figures seek-time">{move || words::clock_text(elapsed.get())}</span>
            <div class="seek-track">
                <Overview />
                <Slider
                    label=t("Place in the tune")
                    value=Signal::derive(move || clock.get().position_millis)
                    max=Signal::derive(move || clock.get().length_millis.max(1))
                    step=1000
                    buffered=Signal::derive(move || clock.get().rendered_millis)
                    spoken=words::spoken_time
                    on_commit=move |millis| core.wish(Intent::SeekTo(millis))
                    disabled=Signal::derive(move || known.get().is_none())
                />
            </div>
            <span
                class="figures seek-time"
                title=move || known.get().and_then(|(_, _, found)| found).map(words::found_text)
            >
                {move || match known.get() {
                    None => "0:00".to_owned(),
                    Some((millis, true, _)) => words::clock_text(millis),
                    Some((_, false, _)) => words::length_text(None),
                }}
            </span>
        </div>
    }
}

#[component]
fn Subtune() -> impl IntoView {
    let core = use_core();
    let songs = Memo::new(move |_| {
        core.player.with(|player| {
            let tune = player.tune.as_ref()?;
            (tune.row.songs > 1).then_some((tune.id.song, tune.row.songs))
        })
    });
    let is_first = Signal::derive(move || songs.get().is_none_or(|(song, _)| song <= 1));
    let is_last = Signal::derive(move || songs.get().is_some_and(|(song, songs)| song >= songs));
    view! {
        <Show when=move || songs.get().is_some()>
            <div class="stepper" role="group" aria-label=t("Subtune")>
                <IconButton
                    label=t("Previous subtune")
                    icon=Name::Left
                    disabled=is_first
                    on_press=move || core.wish(Intent::StepSong(-1))
                />
                <span class="figures">
                    {move || songs.get().map(|(song, songs)| format!("{song}/{songs}"))}
                </span>
                <IconButton
                    label=t("Next subtune")
                    icon=Name::Right
                    disabled=is_last
                    on_press=move || core.wish(Intent::StepSong(1))
                />
            </div>
        </Show>
    }
}

/// What plays the tune, and what is wrong with it.
#[component]
fn Quality() -> impl IntoView {
    let core = use_core();
    let why = RwSignal::new(false);
    let machine = Memo::new(move |_| {
        core.player.with(|player| {
            let machine = player.machine.as_ref()?;
            let chip = match &*machine.chips {
                [one] => words::model_name(one.model).to_owned(),
                several => format!("{}SID", several.len()),
            };
            Some((chip, words::video_name(machine.video)))
        })
    });
    let hint = Memo::new(move |_| {
        core.player.with(|player| {
            if player.stutters >= STUTTERS {
                Some(t("This device is busy: sound breaks up"))
            } else if player.mode == Some(SoundMode::File) {
                Some(t("Sound is rendered before it plays; Settings says why"))
            } else {
                None
            }
        })
    });
    view! {
        <WhySource open=why />
        <div class="quality">
            {move || {
                hint.get()
                    .map(|hint| {
                        view! {
                            <span class="quality-hint" role="img" aria-label=hint title=hint>
                                <Icon name=Name::Warning />
                            </span>
                        }
                    })
            }}
            {move || {
                machine
                    .get()
                    .map(|(chip, video)| {
                        view! {
                            <button
                                class="quality-button"
                                type="button"
                                title=t("Why this source")
                                aria-label=tf(
                                    "{0} {1}: why this source",
                                    &[&chip, &video],
                                )
                                on:click=move |_| why.set(true)
                            >
                                <span class="badge">{chip.clone()}</span>
                                <span class="badge">{video}</span>
                            </button>
                        }
                    })
            }}
        </div>
    }
}

#[component]
fn Volume() -> impl IntoView {
    let core = use_core();
    let volume = Memo::new(move |_| {
        core.settings.with(|settings| {
            let heard = if settings.muted { 0 } else { settings.volume };
            (u32::from(heard), settings.muted)
        })
    });
    view! {
        <div class="volume">
            <button
                class="button-icon"
                type="button"
                aria-label=t("Mute")
                aria-pressed=move || volume.get().1.to_string()
                on:click=move |_| core.wish(Intent::ToggleMute)
            >
                <Icon name=Signal::derive(move || {
                    if volume.get().0 == 0 { Name::Muted } else { Name::Volume }
                }) />
            </button>
            <Slider
                label=t("Volume")
                value=Signal::derive(move || volume.get().0)
                max=100
                step=1
                spoken=|percent| tf("{0} percent", &[&percent])
                on_input=move |percent: u32| {
                    core.wish(Intent::SetVolume(u8::try_from(percent).unwrap_or(100)));
                }
            />
        </div>
    }
}
