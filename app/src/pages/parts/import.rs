//! Bringing music: the button, the overlay while files are held over the page, the import.

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::{ImportPhase, Intent, words};

use crate::components::{Icon, IconButton, Name};
use crate::core::use_core;

/// Two buttons, for files and for a folder.
#[component]
pub fn AddMusic() -> impl IntoView {
    let core = use_core();
    view! {
        <div class="add-music">
            <button
                class="button primary"
                type="button"
                aria-label=t("Add files")
                on:click=move |_| core.pick(false)
            >
                <Icon name=Name::Plus />
                <span class="words">{t("Add files")}</span>
            </button>
            <button
                class="button button-square"
                type="button"
                aria-label=t("Add a folder")
                title=t("Add a folder")
                on:click=move |_| core.pick(true)
            >
                <Icon name=Name::Folder />
            </button>
        </div>
    }
}

/// Covers the page while files are held over it.
#[component]
pub fn DropOverlay() -> impl IntoView {
    let core = use_core();
    view! {
        <Show when=move || core.hovering.get()>
            <section class="drop-overlay" aria-label=t("Drop files")>
                <div class="drop-target">
                    <Icon name=Name::Drop />
                    <p class="drop-title">{t("Drop to add to your library")}</p>
                    <p>{t(".sid and .mus files, folders, zip archives, Songlengths.md5, STIL.txt, C64 ROMs")}</p>
                </div>
            </section>
        </Show>
    }
}

/// The import that goes on, or the report of the last one.
#[component]
pub fn ImportPanel() -> impl IntoView {
    let core = use_core();
    let phase = Memo::new(move |_| core.import.with(|import| import.phase.clone()));
    let shown = move || phase.get() != ImportPhase::None;
    let running = move || phase.get() == ImportPhase::Running;
    let counts = move || {
        core.import.with(|import| {
            let report = &import.report;
            (report.done, report.total.max(report.done))
        })
    };
    let title = move || match phase.get() {
        ImportPhase::None | ImportPhase::Running => t("Adding music").to_owned(),
        ImportPhase::Done => t("Music added").to_owned(),
        ImportPhase::Cancelled => t("Import stopped").to_owned(),
        ImportPhase::Failed(reason) => tf("Import failed: {0}", &[&reason]),
    };
    view! {
        <Show when=shown>
            <section class="import" aria-label=t("Import")>
                <header>
                    <h2>{title}</h2>
                    <Show
                        when=running
                        fallback=move || {
                            view! {
                                <IconButton
                                    label=t("Close the report")
                                    icon=Name::Close
                                    on_press=move || core.wish(Intent::CloseImport)
                                />
                            }
                        }
                    >
                        <button
                            class="button button-small"
                            type="button"
                            on:click=move |_| core.wish(Intent::CancelImport)
                        >
                            {t("Cancel")}
                        </button>
                    </Show>
                </header>
                <Show when=running>
                    <progress
                        aria-label=t("Files looked at")
                        max=move || counts().1.max(1).to_string()
                        prop:value=move || f64::from(counts().0)
                    ></progress>
                    <p class="quiet figures">
                        {move || {
                            let (done, total) = counts();
                            tf("{0} of {1}", &[&words::count_text(done), &tn(total.into(), "{0} file", "{0} files")])
                        }}
                    </p>
                </Show>
                <p class="figures">
                    {move || {
                        core.import
                            .with(|import| {
                                let report = &import.report;
                                let mut parts = vec![tf("{0} new", &[&words::count_text(report.added)])];
                                if report.known > 0 {
                                    parts.push(tf("{0} already here", &[&words::count_text(report.known)]));
                                }
                                if !report.roms.is_empty() {
                                    let count = u32::try_from(report.roms.len()).unwrap_or(u32::MAX);
                                    parts.push(tn(count.into(), "{0} ROM", "{0} ROMs"));
                                }
                                if report.skipped > 0 {
                                    parts.push(tf("{0} not music", &[&words::count_text(report.skipped)]));
                                }
                                parts.join(" \u{b7} ")
                            })
                    }}
                </p>
                <Refusals />
            </section>
        </Show>
    }
}

#[component]
fn Refusals() -> impl IntoView {
    let core = use_core();
    let refused = Memo::new(move |_| {
        core.import
            .with(|import| (import.refused.clone(), import.more_refused))
    });
    let count = move || refused.with(|(refused, more)| refused.len() as u32 + more);
    view! {
        <Show when=move || count() != 0>
            <details class="refused">
                <summary>
                    <Icon name=Name::Warning />
                    {move || tn(count().into(), "{0} file refused", "{0} files refused")}
                </summary>
                <ul tabindex="0" aria-label=t("Refused files")>
                    {move || {
                        refused
                            .with(|(refused, more)| {
                                let listed = refused
                                    .iter()
                                    .map(|refusal| {
                                        view! {
                                            <li>
                                                <span class="path">{refusal.path.clone()}</span>
                                                <span class="quiet">{refusal.reason.clone()}</span>
                                            </li>
                                        }
                                    })
                                    .collect_view();
                                let more = (*more > 0)
                                    .then(|| view! { <li>{tf("and {0} more", &[&words::count_text(*more)])}</li> });
                                (listed, more)
                            })
                    }}
                </ul>
            </details>
        </Show>
    }
}
