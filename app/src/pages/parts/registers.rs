//! The registers of the sound chips, in words.

use leptos::prelude::*;
use listening::language::{t, tf};
use listening::notes::{
    FilterState, VOICES, VoiceState, filter_text, pitch_name, pitch_of, waveform_text,
};

use crate::core::use_core;

/// The registers of all chips of the current tune at the play head.
#[component]
pub fn RegisterView() -> impl IntoView {
    let core = use_core();
    let chips = Memo::new(move |_| {
        core.player.with(|player| {
            player
                .machine
                .as_ref()
                .map_or(1, |machine| machine.chips.len())
        })
    });
    // Ten times a second is as fast as one reads.
    let frame = Memo::new(move |_| {
        let position = core.clock.with(|clock| clock.position_millis);
        // What is known grows.
        core.overview.track();
        core.with_notes(|track| (track.frame_at(position), track.frames()))
    });
    view! {
        <section class="scopes registers" aria-label=t("Registers")>
            <header class="scopes-head">
                <h2>{t("Registers")}</h2>
            </header>
            {move || {
                (0..chips.get())
                    .map(|chip| {
                        let rows = (0..VOICES)
                            .map(|voice| {
                                let state = Memo::new(move |_| {
                                    let (frame, _) = frame.get();
                                    core.with_notes(|track| track.voice(chip, frame, voice))
                                });
                                view! { <VoiceRow voice=voice state=state /> }
                            })
                            .collect_view();
                        let filter = Memo::new(move |_| {
                            let (frame, _) = frame.get();
                            core.with_notes(|track| track.filter(chip, frame))
                        });
                        view! {
                            <div class="registers-scroll">
                                <table>
                                    <caption class="hidden-words">
                                        {tf("Voices of chip {0}", &[&(chip + 1)])}
                                    </caption>
                                    <thead>
                                        <tr>
                                            <th scope="col">{t("Voice")}</th>
                                            <th scope="col">"Note"</th>
                                            <th scope="col">{t("Frequency")}</th>
                                            <th scope="col">{t("Waveform")}</th>
                                            <th scope="col">{t("Pulse")}</th>
                                            <th scope="col">{t("Gate")}</th>
                                            <th scope="col">"ADSR"</th>
                                            <th scope="col">{t("Filter")}</th>
                                        </tr>
                                    </thead>
                                    <tbody>{rows}</tbody>
                                </table>
                            </div>
                            <FilterRow filter=filter />
                        }
                    })
                    .collect_view()
            }}
        </section>
    }
}

#[component]
fn VoiceRow(voice: usize, state: Memo<Option<VoiceState>>) -> impl IntoView {
    let cell = move |words: fn(&VoiceState) -> String| {
        move || {
            state
                .get()
                .as_ref()
                .map_or_else(|| "\u{2013}".to_owned(), words)
        }
    };
    view! {
        <tr class:off=move || state.get().is_none_or(|state| !state.gate)>
            <th scope="row" class=format!("voice-{}", voice + 1)>
                {voice + 1}
            </th>
            <td class="figures">
                {cell(|state| pitch_of(state.hertz).map_or_else(|| "\u{2013}".into(), pitch_name))}
            </td>
            <td class="figures">{cell(|state| format!("{:.1} Hz", state.hertz))}</td>
            <td>{cell(waveform)}</td>
            <td class="figures">{cell(|state| format!("{:.0} %", state.pulse_percent))}</td>
            <td>{cell(|state| if state.gate { t("On") } else { t("Off") }.into())}</td>
            <td class="figures">
                {cell(|state| {
                    let [attack, decay, sustain, release] = state.envelope;
                    format!("{attack:X}{decay:X}{sustain:X}{release:X}")
                })}
            </td>
            <td>{cell(|state| if state.filtered { t("Yes") } else { t("No") }.into())}</td>
        </tr>
    }
}

/// Waveform, and what else the control register says.
fn waveform(state: &VoiceState) -> String {
    let mut text = waveform_text(state.waveforms);
    for (on, word) in [
        (state.sync, ", sync"),
        (state.ring, ", ring"),
        (state.test, ", test"),
    ] {
        if on {
            text.push_str(word);
        }
    }
    text
}

#[component]
fn FilterRow(filter: Memo<Option<FilterState>>) -> impl IntoView {
    let fact = move |words: fn(&FilterState) -> String| {
        move || {
            filter
                .get()
                .as_ref()
                .map_or_else(|| "\u{2013}".to_owned(), words)
        }
    };
    view! {
        <dl class="registers-filter">
            <div>
                <dt>{t("Filter")}</dt>
                <dd>{fact(|filter| filter_text(filter.mode))}</dd>
            </div>
            <div>
                <dt>{t("Cutoff")}</dt>
                <dd class="figures">{fact(|filter| filter.cutoff.to_string())}</dd>
            </div>
            <div>
                <dt>{t("Resonance")}</dt>
                <dd class="figures">{fact(|filter| filter.resonance.to_string())}</dd>
            </div>
            <div>
                <dt>{t("Volume")}</dt>
                <dd class="figures">{fact(|filter| filter.volume.to_string())}</dd>
            </div>
            <div>
                <dt>{t("Voice 3")}</dt>
                <dd>{fact(|filter| if filter.mode & 8 == 0 { t("Heard") } else { t("Cut off") }.into())}</dd>
            </div>
        </dl>
    }
}
