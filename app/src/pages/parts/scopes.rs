//! An oscilloscope for every voice, with its switches.

use leptos::html;
use leptos::prelude::*;
use listening::language::{t, tf};
use listening::scope::{Trigger, extent};
use listening::{Intent, SoundMode, State, words};
use protocol::engine::MAX_CHIPS;

use crate::components::{Icon, Name};
use crate::core::{Core, use_core};
use crate::shell::canvas::{Frames, Trace};

/// Voices of a chip and its digis.
const VOICES: usize = 4;
/// Levels on the screen: 20 ms at one level in 32 cycles.
const WIDTH: usize = 620;
/// Levels looked at for a place to begin: a period of the lowest notes more.
const COUNT: usize = WIDTH + 1200;
/// The smallest reach of the screen, so that silence is a line and not noise.
const LEAST_REACH: f32 = 600.0;
/// Room above the loudest wave.
const MARGIN: f32 = 1.12;
/// How much of the reach is kept from frame to frame.
const REACH_DECAY: f32 = 0.995;

type Canvases = [[NodeRef<html::Canvas>; VOICES]; MAX_CHIPS];

/// What is drawn of one voice.
#[derive(Default)]
struct Beam {
    trace: Option<Trace>,
    trigger: Trigger,
}

/// All beams of the screen.
struct Screen {
    core: Core,
    canvases: Canvases,
    beams: [[Beam; VOICES]; MAX_CHIPS],
    levels: [Vec<i16>; 12],
    reach: f32,
}

impl Screen {
    fn new(core: Core, canvases: Canvases) -> Self {
        Self {
            core,
            canvases,
            beams: Default::default(),
            levels: Default::default(),
            reach: LEAST_REACH,
        }
    }

    fn draw(&mut self) {
        let here = self.core.scope(COUNT, &mut self.levels);
        // One scale for all voices, so that a quiet voice looks quiet.
        let loudest = self.levels.iter().filter(|_| here).map(|levels| {
            let (low, high) = extent(levels);
            (f32::from(high) - f32::from(low)) / 2.0
        });
        self.reach = loudest.fold((self.reach * REACH_DECAY).max(LEAST_REACH), f32::max);
        for (chip, beams) in self.beams.iter_mut().enumerate() {
            for (voice, beam) in beams.iter_mut().enumerate() {
                if beam.trace.is_none() {
                    let canvas = self.canvases[chip][voice].get_untracked();
                    beam.trace = canvas.and_then(Trace::on);
                }
                let Some(trace) = &mut beam.trace else {
                    continue;
                };
                let levels = &self.levels[chip * VOICES + voice];
                if !here || levels.len() < WIDTH {
                    trace.draw(&[0; 2], 0.0, 1.0);
                    continue;
                }
                let start = beam.trigger.place(levels, WIDTH);
                let sweep = &levels[start..start + WIDTH];
                let (low, high) = extent(sweep);
                let middle = (f32::from(low) + f32::from(high)) / 2.0;
                trace.draw(sweep, middle, self.reach * MARGIN);
            }
        }
    }
}

/// An oscilloscope for every voice of every chip of the current tune.
#[component]
pub fn Scopes(
    /// With switches for every voice.
    #[prop(optional)]
    switches: bool,
) -> impl IntoView {
    let core = use_core();
    let canvases = StoredValue::new(Canvases::default());
    let chips = Memo::new(move |_| {
        core.player.with(|player| {
            let playing = player.machine.as_ref().map(|machine| {
                let named = |chip: &protocol::engine::PlayingChip| {
                    (words::model_name(chip.model), chip.address)
                };
                machine.chips.iter().map(named).collect::<Vec<_>>()
            });
            let of_row = || {
                let row = &player.tune.as_ref()?.row;
                Some(
                    row.models
                        .iter()
                        .map(|&model| (words::chip_name(model), 0))
                        .collect(),
                )
            };
            playing.or_else(of_row).unwrap_or_else(|| vec![("SID", 0)])
        })
    });
    let playing = Memo::new(move |_| core.player.with(|player| player.state == State::Playing));
    let rendered = Memo::new(move |_| {
        core.player
            .with(|player| player.mode == Some(SoundMode::File))
    });
    let frames = StoredValue::new_local(None::<Frames>);
    Effect::new(move |_| {
        // Other chips mean other canvases.
        chips.track();
        let mut screen = Screen::new(core, canvases.get_value());
        if playing.get() && !rendered.get() {
            // Every second frame: as smooth to the eye, and half the work.
            let mut odd = false;
            frames.set_value(Some(Frames::start(move || {
                odd = !odd;
                if odd {
                    screen.draw();
                }
            })));
        } else {
            frames.set_value(None);
        }
    });
    on_cleanup(move || frames.set_value(None));
    let has_muted = Memo::new(move |_| {
        core.player.with(|player| {
            let used = chips.with(Vec::len).min(MAX_CHIPS);
            player.audible[..used].iter().any(|bits| *bits != 0b1111)
        })
    });
    view! {
        <section class="scopes" class:compact=!switches
            class:off=move || rendered.get() class:several=move || chips.with(|chips| chips.len() > 1) aria-label=t("Oscilloscopes")>
            <header class="scopes-head">
                <h2>{t("Voices")}</h2>
                <Show when=move || switches && has_muted.get()>
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| core.wish(Intent::UnmuteAll)
                    >
                        {t("All on")}
                    </button>
                </Show>
            </header>
            <Show when=move || rendered.get()>
                <p class="quiet">{t("Oscilloscopes need sound that is made while it plays; here it is rendered first.")}</p>
            </Show>
            {move || {
                let chips = chips.get();
                let several = chips.len() > 1;
                chips
                    .into_iter()
                    .take(MAX_CHIPS)
                    .enumerate()
                    .map(|(chip, (model, address))| {
                        let heading = several
                            .then(|| {
                                let place = if address > 0 {
                                    format!(" \u{b7} ${address:04X}")
                                } else {
                                    String::new()
                                };
                                view! {
                                    <h3 class="scopes-chip">
                                        {format!("SID {} \u{b7} {model}{place}", chip + 1)}
                                    </h3>
                                }
                            });
                        let cells = (0..VOICES)
                            .map(|voice| {
                                view! {
                                    <Voice
                                        chip=chip
                                        voice=voice
                                        canvas=canvases.with_value(|all| all[chip][voice])
                                        switches=switches
                                    />
                                }
                            })
                            .collect_view();
                        view! {
                            {heading}
                            <div class="scopes-grid">{cells}</div>
                        }
                    })
                    .collect_view()
            }}
        </section>
    }
}

#[component]
fn Voice(
    chip: usize,
    voice: usize,
    canvas: NodeRef<html::Canvas>,
    switches: bool,
) -> impl IntoView {
    let core = use_core();
    let name = [t("Voice 1"), t("Voice 2"), t("Voice 3"), "Digi"][voice];
    let audible = Memo::new(move |_| {
        core.player
            .with(|player| player.audible[chip] >> voice & 1 == 1)
    });
    let alone = Memo::new(move |_| {
        core.player.with(|player| {
            let others = player
                .audible
                .iter()
                .enumerate()
                .all(|(at, bits)| *bits == if at == chip { 1 << voice } else { 0 });
            others && audible.get()
        })
    });
    view! {
        <div class="scope" class:silenced=move || !audible.get()>
            <canvas node_ref=canvas aria-hidden="true"></canvas>
            <div class="scope-foot">
                <span class="scope-name">{name}</span>
                {switches
                    .then(|| {
                        view! {
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
                        }
                    })}
            </div>
        </div>
    }
}
