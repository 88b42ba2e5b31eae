//! The pages `/favourites` and `/history`.

use leptos::prelude::*;
use leptos_router::components::A;
use listening::Intent;
use listening::keep::KeepIntent;
use listening::language::{t, tn};
use protocol::keep::{Change, List};

use super::parts::{KeptList, change};
use crate::components::{Dialog, Icon, Name};
use crate::core::use_core;

/// Tunes of the list that is looked at, in words.
#[component]
pub fn Count() -> impl IntoView {
    let core = use_core();
    let count = Memo::new(move |_| {
        core.kept.with(|kept| {
            let rows = kept.list.as_ref().and_then(|(_, rows)| rows.as_ref());
            rows.map(|rows| rows.len() as u64)
        })
    });
    view! {
        <p class="quiet" role="status">
            {move || count.get().map(|count| tn(count, "{0} tune", "{0} tunes"))}
        </p>
    }
}

/// Plays the first tune of the list that is looked at.
#[component]
pub fn PlayAll() -> impl IntoView {
    let core = use_core();
    let first = Memo::new(move |_| {
        core.kept.with(|kept| {
            let rows = kept.list.as_ref()?.1.as_ref()?;
            let row = rows.iter().find(|row| row.row.is_some())?;
            Some(sidfile::TuneId {
                md5: row.tune.md5,
                song: row.song,
            })
        })
    });
    view! {
        <button
            class="button primary"
            type="button"
            disabled=move || first.get().is_none()
            on:click=move |_| {
                if let Some(first) = first.get_untracked() {
                    core.wish(Intent::Keep(KeepIntent::Play(first)));
                }
            }
        >
            <Icon name=Name::Play />
            {t("Play all")}
        </button>
    }
}

fn state(icon: Name, title: &'static str, text: &'static str) -> impl IntoView {
    view! {
        <div class="state">
            <div class="state-art" aria-hidden="true">
                <Icon name=icon />
            </div>
            <h2>{title}</h2>
            <p class="quiet">{text}</p>
            <A href="/" attr:class="button">
                {t("Go to the library")}
            </A>
        </div>
    }
}

/// The page `/favourites`.
#[component]
pub fn Favourites() -> impl IntoView {
    use_core().wish(Intent::ShowTune(None));
    let empty = || {
        let text = t("Press the heart of a tune, or F while it plays.");
        state(Name::Heart, t("No favourites yet"), text).into_any()
    };
    view! {
        <section class="kept-page" aria-label=t("Favourites")>
            <header class="kept-top">
                <div>
                    <h1>{t("Favourites")}</h1>
                    <Count />
                </div>
                <PlayAll />
            </header>
            <KeptList list=List::Favourites label=t("Favourites") empty=empty.into() />
        </section>
    }
}

/// The page `/history`.
#[component]
pub fn History() -> impl IntoView {
    let core = use_core();
    core.wish(Intent::ShowTune(None));
    let asks = RwSignal::new(false);
    let empty = || {
        let text =
            t("What you listen to for a few seconds is listed here. It stays on this device.");
        state(Name::Clock, t("Nothing played yet"), text).into_any()
    };
    view! {
        <section class="kept-page" aria-label=t("History")>
            <header class="kept-top">
                <div>
                    <h1>{t("History")}</h1>
                    <Count />
                </div>
                <button class="button" type="button" on:click=move |_| asks.set(true)>
                    <Icon name=Name::Trash />
                    {t("Clear the history")}
                </button>
            </header>
            <KeptList list=List::History label=t("History") empty=empty.into() />
            <Dialog id="clear-history" title=t("Clear the history?").to_owned() open=asks>
                <p>{t("Favourites, ratings and playlists stay.")}</p>
                <div class="button-row">
                    <button
                        class="button primary"
                        type="button"
                        on:click=move |_| {
                            asks.set(false);
                            change(core, Change::ClearHistory);
                        }
                    >
                        {t("Clear")}
                    </button>
                    <button class="button" type="button" on:click=move |_| asks.set(false)>
                        {t("Keep")}
                    </button>
                </div>
            </Dialog>
        </section>
    }
}
