//! Songs as files: the button and its dialog.

use std::sync::Arc;

use catalog::Entry;
use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::{ExportPhase, ExportWish, Intent};
use protocol::engine::FileFormat;

use crate::components::{Dialog, Icon, Name, Segmented};
use crate::core::use_core;

/// Which songs are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    This,
    All,
}

/// A button that opens the dialog.
#[component]
pub fn Export(
    /// The file.
    entry: Arc<Entry>,
    /// The song whose page is shown.
    song: Memo<u16>,
) -> impl IntoView {
    let core = use_core();
    let open = RwSignal::new(false);
    let md5 = entry.md5;
    let phase = Memo::new(move |_| core.export.with(|export| export.phase.clone()));
    let is_running = move || matches!(phase.get(), ExportPhase::Running(_));
    let of_other = move || is_running() && core.export.with(|export| export.md5 != Some(md5));
    let entry = StoredValue::new(entry);
    view! {
        <button class="button button-large" type="button" on:click=move |_| open.set(true)>
            <Icon name=Name::Down />
            {t("Export")}
        </button>
        <Dialog id="export" title=t("Export") open=open>
            {move || {
                if is_running() {
                    view! { <Progress phase=phase of_other=Signal::derive(of_other) /> }.into_any()
                } else {
                    view! { <Choices entry=entry.get_value() song=song phase=phase /> }.into_any()
                }
            }}
        </Dialog>
    }
}

#[component]
fn Progress(phase: Memo<ExportPhase>, of_other: Signal<bool>) -> impl IntoView {
    let core = use_core();
    let percent = move || match phase.get() {
        ExportPhase::Running(percent) => percent,
        _ => 100,
    };
    view! {
        <p>
            {move || {
                if of_other.get() {
                    t("Another tune is being exported.")
                } else {
                    t("The tune is played into a file, faster than you could listen.")
                }
            }}
        </p>
        <progress aria-label=t("Exported") max="100" prop:value=move || f64::from(percent())></progress>
        <p class="quiet figures" role="status">{move || format!("{} %", percent())}</p>
        <div class="button-row">
            <button class="button" type="button" on:click=move |_| core.wish(Intent::StopExport)>
                {t("Cancel the export")}
            </button>
        </div>
    }
}

/// One of the things to choose.
#[component]
fn Choice<T>(
    /// Name of the group; unique on the page.
    name: &'static str,
    title: &'static str,
    options: Vec<(T, &'static str)>,
    chosen: RwSignal<T>,
    /// What it means.
    #[prop(into)]
    hint: Signal<String>,
) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    view! {
        <div class="export-choice">
            <h3>{title}</h3>
            <Segmented
                name=name
                label=title
                options=options
                value=chosen
                on_choose=move |value| chosen.set(value)
            />
            <p class="quiet">{move || hint.get()}</p>
        </div>
    }
}

#[component]
fn Choices(entry: Arc<Entry>, song: Memo<u16>, phase: Memo<ExportPhase>) -> impl IntoView {
    let core = use_core();
    let format = RwSignal::new(FileFormat::Flac);
    let which = RwSignal::new(Which::This);
    let stems = RwSignal::new(false);
    let length = RwSignal::new(String::new());
    let songs = entry.songs();
    let minutes = move || parse_length(&length.get());
    let wrong = move || !length.get().trim().is_empty() && minutes().is_none();
    let start = move |_| {
        let chosen = match which.get_untracked() {
            Which::This => vec![song.get_untracked().max(1)],
            Which::All => (1..=songs).collect(),
        };
        core.wish(Intent::Export(ExportWish {
            entry: entry.clone(),
            songs: chosen,
            format: format.get_untracked(),
            stems: stems.get_untracked(),
            length_millis: untrack(minutes),
        }));
    };
    view! {
        {move || match phase.get() {
            ExportPhase::Done(name) => {
                view! { <p class="good" role="status">{tf("{0} has been handed to your browser.", &[&name])}</p> }
                    .into_any()
            }
            ExportPhase::Failed(reason) => {
                view! { <p class="bad" role="alert">{reason}</p> }.into_any()
            }
            _ => ().into_any(),
        }}
        <Choice
            name="export-format"
            title=t("Format")
            options=vec![(FileFormat::Flac, "FLAC"), (FileFormat::Wav, "WAV")]
            chosen=format
            hint=t("Both hold the same 16-bit sound at 44.1 kHz; a FLAC file is smaller. Speed and pitch are the tune's own.")
        />
        {(songs > 1)
            .then(|| {
                let hint = move || {
                    if which.get() == Which::All {
                        tf("{0} in a zip archive.", &[&tn(songs.into(), "{0} song", "{0} songs")])
                    } else {
                        tf("Song {0} of {1}.", &[&song.get().max(1), &songs])
                    }
                };
                view! {
                    <Choice
                        name="export-songs"
                        title=t("Songs")
                        options=vec![(Which::This, t("This song")), (Which::All, t("All songs"))]
                        chosen=which
                        hint=Signal::derive(hint)
                    />
                }
            })}
        <Choice
            name="export-stems"
            title=t("Voices")
            options=vec![(false, t("Together")), (true, t("A file each"))]
            chosen=stems
            hint=t("One file for each voice and for samples, in a zip archive. What is never heard is left out.")
        />
        <div class="export-choice">
            <h3>
                <label for="export-length">{t("Length")}</label>
            </h3>
            <input
                id="export-length"
                class="field"
                type="text"
                inputmode="numeric"
                placeholder=t("As known, or 3:00")
                aria-invalid=move || wrong().to_string()
                prop:value=move || length.get()
                on:input=move |event| length.set(event_target_value(&event))
            />
            <p class="quiet" class:bad=wrong>
                {move || {
                    if wrong() {
                        t("Minutes and seconds, like 2:30, up to 60:00.")
                    } else {
                        t("Leave it empty for the length that is known.")
                    }
                }}
            </p>
        </div>
        <div class="button-row">
            <button class="button primary" type="button" disabled=wrong on:click=start>
                {t("Export")}
            </button>
        </div>
    }
}

/// `2:30` or `150` seconds, to milliseconds; at most an hour.
fn parse_length(text: &str) -> Option<u32> {
    let text = text.trim();
    let seconds = match text.split_once(':') {
        Some((minutes, seconds)) => {
            let (minutes, seconds): (u32, u32) = (minutes.parse().ok()?, seconds.parse().ok()?);
            (seconds < 60).then_some(())?;
            minutes.checked_mul(60)? + seconds
        }
        None => text.parse().ok()?,
    };
    (1..=3600).contains(&seconds).then_some(seconds * 1000)
}
