//! The settings' part about what is kept: one file for everything, the log, and taking it away.

use leptos::prelude::*;
use listening::Intent;
use listening::keep::{KeepIntent, date_text, deed_text};
use listening::language::{t, tn};
use listening::words;
use protocol::keep::{Change, FileKind};

use super::marks::change;
use crate::components::{Dialog, Icon, Name, Setting};
use crate::core::use_core;

/// Everything of one person, and the log.
#[component]
pub fn KeepSettings() -> impl IntoView {
    let core = use_core();
    let keep = move |intent| core.wish(Intent::Keep(intent));
    let log = Memo::new(move |_| core.kept.with(|kept| kept.log.clone()));
    let shows = RwSignal::new(false);
    let wipes = RwSignal::new(false);
    let not_kept = Memo::new(move |_| core.kept.with(|kept| kept.not_kept.clone()));
    Effect::new(move |_| {
        // It is asked again whenever it has changed.
        if shows.get() && log.with(|log| log.1.is_empty()) {
            keep(KeepIntent::ShowLog);
        }
    });
    let lines = move || {
        log.with(|log| {
            log.1
                .iter()
                .map(|(line, title)| {
                    let id = line.tune;
                    let path = match id.song {
                        0 => format!("/tune/{}", id.md5),
                        song => format!("/tune/{}/{song}", id.md5),
                    };
                    let place = (line.length_millis > 0).then(|| {
                        let at = words::clock_text(line.position_millis);
                        format!("{at} / {}", words::clock_text(line.length_millis))
                    });
                    view! {
                        <li>
                            <span class="figures quiet">{date_text(line.at)}</span>
                            <span>{deed_text(line.deed)}</span>
                            <a href=path>{words::title_text(title).to_owned()}</a>
                            <span class="figures quiet">{place}</span>
                        </li>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <section class="card" id="kept">
            <h2>{t("What you keep")}</h2>
            <p class="quiet">
                {t("Favourites, ratings, tags, notes, playlists, history and the log of what you played stay in this browser. One file holds all of it, with your settings, to take elsewhere.")}
            </p>
            {move || {
                not_kept
                    .get()
                    .map(|reason| {
                        view! {
                            <p class="bad" role="alert">
                                <Icon name=Name::Warning />
                                {listening::language::tf("Not kept on disk: {0}", &[&reason])}
                            </p>
                        }
                    })
            }}
            <div class="button-row">
                <button class="button" type="button" on:click=move |_| keep(KeepIntent::Export(FileKind::Everything))>
                    <Icon name=Name::Share />
                    {t("Export everything")}
                </button>
                <button class="button" type="button" on:click=move |_| core.pick_kept()>
                    <Icon name=Name::Drop />
                    {t("Import a file")}
                </button>
                <button class="button" type="button" on:click=move |_| wipes.set(true)>
                    <Icon name=Name::Trash />
                    {t("Delete everything")}
                </button>
            </div>
            <Setting title=t("Listening log") hint=t("What you played, skipped, finished and liked; the last 8,000 or so. It stays on this device.")>
                <div class="button-row">
                    <button
                        class="button button-small"
                        type="button"
                        aria-expanded=move || shows.get().to_string()
                        on:click=move |_| shows.update(|shows| *shows = !*shows)
                    >
                        {move || if shows.get() { t("Hide") } else { t("Show") }}
                    </button>
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| keep(KeepIntent::Export(FileKind::Log))
                    >
                        {t("Save as a file")}
                    </button>
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| {
                            change(core, Change::ClearLog);
                            keep(KeepIntent::ShowLog);
                        }
                    >
                        {t("Erase")}
                    </button>
                </div>
            </Setting>
            <Show when=move || shows.get()>
                <div class="log">
                    <p class="quiet" role="status">
                        {move || tn(log.with(|log| log.0.into()), "{0} line", "{0} lines")}
                    </p>
                    <ol tabindex="0" aria-label=t("Listening log")>{lines}</ol>
                </div>
            </Show>
            <Dialog id="wipe" title=t("Delete everything you keep?").to_owned() open=wipes>
                <p>
                    {t("Favourites, ratings, tags, notes, playlists, history and log go, in every tab. Tunes and settings stay. This cannot be undone: export first.")}
                </p>
                <div class="button-row">
                    <button
                        class="button primary"
                        type="button"
                        on:click=move |_| {
                            wipes.set(false);
                            change(core, Change::Wipe);
                        }
                    >
                        {t("Delete")}
                    </button>
                    <button class="button" type="button" on:click=move |_| wipes.set(false)>
                        {t("Keep")}
                    </button>
                </div>
            </Dialog>
        </section>
    }
}
