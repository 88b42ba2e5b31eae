//! The page `/`: the library as a list, and what plays beside it.

use std::sync::Arc;

use catalog::{Column, Places, Row};
use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::queue::{QueueIntent, Tune};
use listening::{Intent, LibraryState, words};
use protocol::library::Storage;

use super::browse::Facets;
use super::parts::{AddMusic, ContinueList, SidePanel, TuneRow};
use crate::components::{Icon, Name, SearchField, Soon, VirtualList};
use crate::core::use_core;

/// Height of a row in pixels; the style sheet knows it too.
const ROW_HEIGHT: u32 = 44;

/// The page `/`.
#[component]
pub fn Library() -> impl IntoView {
    let core = use_core();
    core.wish(Intent::ShowTune(None));
    let state = Memo::new(move |_| core.list.with(|list| list.library.clone()));
    let total = Memo::new(move |_| core.list.with(|list| list.total));
    let filter = Memo::new(move |_| core.list.with(|list| list.typed.clone()));
    let has_facets = RwSignal::new(false);
    let is_empty = Memo::new(move |_| matches!(state.get(), LibraryState::Open { count: 0, .. }));
    let body = move || match state.get() {
        LibraryState::Failed(reason) => view! { <Failed reason=reason /> }.into_any(),
        _ if is_empty.get() => view! { <Empty /> }.into_any(),
        _ => view! {
            <Show when=move || has_facets.get()>
                <Facets />
            </Show>
            <TuneList />
        }
        .into_any(),
    };
    let body_kind = Memo::new(move |_| match state.get() {
        LibraryState::Failed(_) => 0,
        _ if is_empty.get() => 1,
        _ => 2,
    });
    view! {
        <div class="library">
            <section class="library-main" aria-label=t("Library")>
                <header class="library-head">
                    <div class="library-title">
                        <h1>{t("Library")}</h1>
                        <p class="quiet" role="status">
                            {move || summary(&state.get(), total.get(), &filter.get())}
                        </p>
                    </div>
                    <SearchField
                        id="search"
                        label=t("Search the library")
                        hint=t("Search title, composer, year")
                        value=filter
                        on_input=move |text| core.wish(Intent::SetFilter(text))
                        key="/"
                    />
                    <button
                        type="button"
                        class="button facets-toggle"
                        aria-expanded=move || has_facets.get().to_string()
                        aria-controls="facets"
                        aria-label=t("Filters")
                        on:click=move |_| has_facets.update(|shown| *shown = !*shown)
                    >
                        <Icon name=Name::Funnel />
                        <span>{t("Filters")}</span>
                    </button>
                    <AddMusic />
                </header>
                <ContinueList />
                <Soon>
                    {move || {
                        // Only another kind of body builds it anew; counts change in place.
                        body_kind.get();
                        untrack(body)
                    }}
                </Soon>
            </section>
            <Soon>
                <SidePanel />
            </Soon>
        </div>
    }
}

fn summary(state: &LibraryState, total: Option<u32>, filter: &str) -> String {
    let LibraryState::Open { count, storage } = state else {
        return String::new();
    };
    let mut text = tn((*count).into(), "{0} tune", "{0} tunes");
    if let (Some(total), false) = (total, filter.trim().is_empty()) {
        text = tf("{0} of {1}", &[&words::count_text(total), &text]);
    }
    if *storage == Storage::MemoryOnly {
        text.push_str(t(", not kept after this page is closed"));
    }
    text
}

/// The list of tunes, with what is to be said about it.
#[component]
pub fn TuneList() -> impl IntoView {
    let core = use_core();
    let is_none = Memo::new(move |_| core.list.with(|list| list.total == Some(0)));
    view! {
        <div class="tune-list">
            <Remarks />
            <List />
            <Show when=move || is_none.get()>
                <NoMatch />
            </Show>
        </div>
    }
}

/// What was forgiven, and what was not understood.
#[component]
fn Remarks() -> impl IntoView {
    let core = use_core();
    let is_tolerant = Memo::new(move |_| {
        core.list
            .with(|list| list.is_tolerant && list.total.is_some_and(|total| total > 0))
    });
    let hints = Memo::new(move |_| core.list.with(|list| list.hints.clone()));
    view! {
        <div class="remarks" role="status">
            <Show when=move || is_tolerant.get()>
                <p>{t("Few tunes fit to the letter: those with similar words are shown too.")}</p>
            </Show>
            {move || {
                let hints = hints.get().into_iter();
                hints
                    .map(|hint| {
                        let text = tf(
                            "{0}:{1} was left out: something like {0}:{2} would be understood.",
                            &[&hint.field, &hint.value, &hint.expected],
                        );
                        view! { <p>{text}</p> }
                    })
                    .collect_view()
            }}
        </div>
    }
}

#[component]
fn List() -> impl IntoView {
    let core = use_core();
    // Before the first answer there are as many skeletons as a screen shows.
    let total = Memo::new(move |_| core.list.with(|list| list.total.unwrap_or(24)));
    let subject = Memo::new(move |_| {
        core.list.with(|list| {
            let sort = list.query.sort;
            format!(
                "{:?} {} {}",
                sort.column, sort.descending, list.query.filter
            )
        })
    });
    let row_at = move |at: u32| -> Option<Arc<Row>> {
        core.list.with(|list| {
            let place = at.checked_sub(list.first)? as usize;
            list.rows.get(place).cloned().flatten()
        })
    };
    let found_at = move |at: u32| {
        core.list.with(|list| {
            let place = usize::try_from(at.checked_sub(list.first)?).ok()?;
            list.found.get(place).copied().flatten()
        })
    };
    let places_at = move |at: u32| -> Option<Arc<Places>> {
        core.list.with(|list| {
            let place = at.checked_sub(list.first)? as usize;
            list.places.get(place).cloned().flatten()
        })
    };
    let on_choose = move |at: u32| {
        if let Some(row) = untrack(|| row_at(at)) {
            core.wish(Intent::PlayRow(row));
        }
    };
    let on_open = move |at: u32| {
        if let Some(row) = untrack(|| row_at(at)) {
            core.go(&format!("/tune/{}", row.md5));
        }
    };
    let on_other_key = move |(at, key): (u32, String)| {
        let Some(row) = untrack(|| row_at(at)) else {
            return false;
        };
        let tunes = vec![Tune::of(row)];
        let intent = match &*key {
            "q" => QueueIntent::Add(tunes),
            "Q" => QueueIntent::PlayNext(tunes),
            _ => return false,
        };
        core.wish(Intent::Queue(intent));
        true
    };
    view! {
        <VirtualList
            id="tunes"
            label=t("Tunes")
            total=total
            row_height=ROW_HEIGHT
            columns=7
            subject=subject
            on_range=move |(first, count)| core.wish(Intent::ShowRows { first, count })
            on_choose=on_choose
            on_open=on_open
            on_other_key=on_other_key
            header=Header.into()
            row=Callback::new(move |at| {
                let row = Memo::new(move |_| row_at(at));
                let found = Memo::new(move |_| found_at(at));
                let places = Memo::new(move |_| places_at(at));
                view! { <TuneRow number=at + 1 row=row found=found places=places /> }.into_any()
            })
        />
    }
}

#[component]
fn Header() -> impl IntoView {
    view! {
        <div class="row row-head" role="row" aria-rowindex="1">
            <SortHead column=Column::Added class="c-number" words="#" spoken=t("Order of arrival") />
            <SortHead column=Column::Title class="c-title" words=t("Title") spoken=t("Title") />
            <SortHead column=Column::Author class="c-author" words=t("Composer") spoken=t("Composer") />
            <SortHead column=Column::Year class="c-released" words=t("Released") spoken=t("Released, year") />
            <div class="c-chip" role="columnheader">{t("Chip")}</div>
            <SortHead column=Column::Songs class="c-songs" words=t("Songs") spoken=t("Songs, count") />
            <SortHead column=Column::Length class="c-length" words=t("Time") spoken=t("Time, length") />
        </div>
    }
}

#[component]
fn SortHead(
    column: Column,
    class: &'static str,
    words: &'static str,
    spoken: &'static str,
) -> impl IntoView {
    let core = use_core();
    let sort = Memo::new(move |_| core.list.with(|list| list.query.sort));
    let sorted = move || (sort.get().column == column).then(|| sort.get().descending);
    view! {
        <div
            class=class
            role="columnheader"
            aria-sort=move || match sorted() {
                None => "none",
                Some(false) => "ascending",
                Some(true) => "descending",
            }
        >
            <button
                type="button"
                aria-label=spoken
                class:sorted=move || sorted().is_some()
                on:click=move |_| core.wish(Intent::SortBy(column))
                on:keydown=|event| event.stop_propagation()
            >
                <span>{words}</span>
                <Show when=move || sorted().is_some()>
                    <Icon name=Signal::derive(move || {
                        if sorted() == Some(true) { Name::Descending } else { Name::Ascending }
                    }) />
                </Show>
            </button>
        </div>
    }
}

#[component]
fn Empty() -> impl IntoView {
    let core = use_core();
    view! {
        <div class="state">
            <div class="state-art" aria-hidden="true">
                <Icon name=Name::Drop />
            </div>
            <h2>{t("Bring your music")}</h2>
            <p class="quiet">
                {t("Drop .sid or .mus files, a folder or a zip anywhere on this page. They stay on this device.")}
            </p>
            <div class="button-row">
                <button class="button primary" type="button" on:click=move |_| core.pick(false)>
                    <Icon name=Name::File />
                    {t("Choose files")}
                </button>
                <button class="button" type="button" on:click=move |_| core.pick(true)>
                    <Icon name=Name::Folder />
                    {t("Choose a folder")}
                </button>
            </div>
        </div>
    }
}

#[component]
fn NoMatch() -> impl IntoView {
    let core = use_core();
    let filter = Memo::new(move |_| core.list.with(|list| list.typed.clone()));
    view! {
        <div class="state state-over">
            <div class="state-art" aria-hidden="true">
                <Icon name=Name::Search />
            </div>
            <h2>{move || tf("No tune matches \u{201c}{0}\u{201d}", &[&filter.get()])}</h2>
            <p class="quiet">{t("Every word must occur, in any order. Fields help: composer:hubbard year:1985..1988 chip:8580 length:>3:00.")}</p>
            <button
                class="button"
                type="button"
                on:click=move |_| core.wish(Intent::SetFilter(String::new()))
            >
                {t("Clear the search")}
            </button>
        </div>
    }
}

#[component]
fn Failed(reason: String) -> impl IntoView {
    let core = use_core();
    view! {
        <div class="state" role="alert">
            <div class="state-art bad" aria-hidden="true">
                <Icon name=Name::Warning />
            </div>
            <h2>{t("The library could not be opened")}</h2>
            <p class="quiet">{words::sentence(&reason)}</p>
            <button
                class="button primary"
                type="button"
                on:click=move |_| core.wish(Intent::RetryLibrary)
            >
                {t("Try again")}
            </button>
        </div>
    }
}
