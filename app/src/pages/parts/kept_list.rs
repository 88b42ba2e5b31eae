//! A list of the listener's own: favourites, history, a playlist.

use std::sync::Arc;

use leptos::prelude::*;
use listening::keep::{KeepIntent, date_text};
use listening::language::t;
use listening::{Intent, words};
use protocol::keep::{Change, List, ListId, ListRow};
use sidfile::TuneId;

use super::marks::change;
use super::{Equaliser, Heart, MenuButton, MenuOf, TuneArt, Within, use_menu};
use crate::components::{GridKey, Icon, Name, VirtualList};
use crate::core::{Core, use_core};

/// Height of a row in pixels; the style sheet knows it too.
const ROW_HEIGHT: u32 = 44;

/// Rows of the list that is looked at; `None` while they are on their way.
type Rows = Option<Arc<Vec<ListRow>>>;

fn id_of(row: &ListRow) -> TuneId {
    TuneId {
        md5: row.tune.md5,
        song: row.song,
    }
}

/// Where a row stands in a playlist.
fn within(list: List, rows: &[ListRow], at: usize) -> Option<Within> {
    let List::Playlist(list) = list else {
        return None;
    };
    let id = |at: usize| rows.get(at).map(id_of);
    Some(Within {
        list,
        above: at.checked_sub(1).and_then(id),
        below: (at + 1 < rows.len()).then(|| id(at + 2)),
    })
}

/// Moves a row of a playlist to another place.
fn move_row(core: Core, list: ListId, rows: &[ListRow], from: usize, to: usize) {
    let Some(row) = rows.get(from).filter(|_| from != to && to < rows.len()) else {
        return;
    };
    let before = if to > from { to + 1 } else { to };
    let before = rows.get(before).map(id_of);
    let (id, tune) = (list, id_of(row));
    change(core, Change::MoveItem { id, tune, before });
    let words = listening::language::tf("Place {0} of {1}", &[&(to + 1), &rows.len()]);
    core.announcement.set(words);
}

/// The list that is looked at.
#[component]
pub fn KeptList(
    /// Which.
    list: List,
    /// What it lists, in words.
    label: &'static str,
    /// What stands there while it is empty.
    empty: ViewFn,
) -> impl IntoView {
    let core = use_core();
    core.wish(Intent::Keep(KeepIntent::Show(Some(list))));
    on_cleanup(move || core.wish(Intent::Keep(KeepIntent::Show(None))));
    let rows: Memo<Rows> = Memo::new(move |_| {
        core.kept.with(|kept| {
            let (shown, rows) = kept.list.as_ref()?;
            rows.clone().filter(|_| *shown == list)
        })
    });
    let total = Memo::new(move |_| rows.with(|rows| rows.as_ref().map_or(0, |rows| rows.len())));
    let is_empty =
        Memo::new(move |_| rows.with(|rows| rows.as_ref().is_some_and(|rows| rows.is_empty())));
    let count = Signal::derive(move || u32::try_from(total.get()).unwrap_or(u32::MAX));
    let row_at = move |at: u32| -> Option<ListRow> {
        rows.with(|rows| rows.as_ref()?.get(at as usize).cloned())
    };
    let mark = RwSignal::new(0u32);
    let dragged = RwSignal::new(None::<usize>);
    let menu = use_menu();
    let menu_of = move |at: usize| {
        rows.with(|rows| {
            let rows = rows.as_ref()?;
            let row = rows.get(at)?;
            Some(MenuOf {
                tune: row.tune.clone(),
                song: row.song,
                within: within(list, rows, at),
            })
        })
    };
    let play = move |at: u32| {
        if let Some(row) = untrack(|| row_at(at)) {
            core.wish(Intent::Keep(KeepIntent::Play(id_of(&row))));
        }
    };
    let on_open = move |at: u32| {
        if let Some(row) = untrack(|| row_at(at)) {
            core.go(&path_of(&row));
        }
    };
    let place = move |from: usize, to: usize| {
        if let (List::Playlist(list), Some(rows)) = (list, rows.get_untracked()) {
            move_row(core, list, &rows, from, to);
            if to < rows.len() {
                mark.set(u32::try_from(to).unwrap_or(0));
            }
        }
    };
    let on_key = move |key: GridKey| {
        let at = key.at as usize;
        match (&*key.key, key.alt) {
            ("ArrowUp", true) if at > 0 => place(at, at - 1),
            ("ArrowDown", true) => place(at, at + 1),
            ("ArrowUp", true) => {}
            ("Delete", false) => {
                if let (List::Playlist(id), Some(row)) = (list, untrack(|| row_at(key.at))) {
                    let tune = id_of(&row);
                    change(core, Change::RemoveItem { id, tune });
                }
            }
            ("ContextMenu", _) | ("F10", _) if key.key != "F10" || key.shift => {
                if let Some(of) = untrack(|| menu_of(at)) {
                    menu.open(of);
                }
            }
            _ => return false,
        }
        true
    };
    let row = move |at: u32| {
        let row = Memo::new(move |_| row_at(at));
        let of = Signal::derive(move || menu_of(at as usize));
        let row_view = move || {
            row.get().map(|row| {
                let of = untrack(move || of.get());
                kept_row(core, at, row, of, list, dragged, place)
            })
        };
        view! { {row_view} }.into_any()
    };
    view! {
        <Show when=move || is_empty.get()>{empty.run()}</Show>
        <div class="kept-list" class:gone=move || is_empty.get()>
            <VirtualList
                id="kept"
                label=label
                total=count
                row_height=ROW_HEIGHT
                columns=7
                subject=Signal::derive(move || format!("{list:?}"))
                on_range=|_| ()
                on_choose=play
                on_open=on_open
                header=Header.into()
                row=Callback::new(row)
                on_key=Callback::new(on_key)
                mark=mark
            />
        </div>
    }
}

fn path_of(row: &ListRow) -> String {
    match row.song {
        0 => format!("/tune/{}", row.tune.md5),
        song => format!("/tune/{}/{song}", row.tune.md5),
    }
}

#[component]
fn Header() -> impl IntoView {
    view! {
        <div class="row row-head kept-head" role="row" aria-rowindex="1">
            <div class="c-number" role="columnheader">"#"</div>
            <div class="c-title" role="columnheader">{t("Title")}</div>
            <div class="c-author" role="columnheader">{t("Composer")}</div>
            <div class="c-released" role="columnheader">{t("Date")}</div>
            <div class="c-chip" role="columnheader">{t("Chip")}</div>
            <div class="c-songs" role="columnheader">{t("Song")}</div>
            <div class="c-length" role="columnheader">{t("Time")}</div>
        </div>
    }
}

fn kept_row(
    core: Core,
    at: u32,
    row: ListRow,
    of: Option<MenuOf>,
    list: List,
    dragged: RwSignal<Option<usize>>,
    place: impl Fn(usize, usize) + Copy + Send + 'static,
) -> AnyView {
    let id = id_of(&row);
    let md5 = id.md5;
    let is_here = row.row.is_some();
    let start = row.row.as_ref().map_or(0, |row| row.start_song);
    let chosen = Memo::new(move |_| {
        core.player.with(|player| {
            let tune = player.tune.as_ref().filter(|tune| tune.id.md5 == md5)?;
            let same = id.song == 0 && tune.id.song == start || tune.id.song == id.song;
            same.then_some(player.state.is_active())
        })
    });
    let song = Some(if id.song == 0 { start } else { id.song }).filter(|song| *song > 0);
    let is_playlist = matches!(list, List::Playlist(_));
    let over = RwSignal::new(false);
    let at_index = at as usize;
    let title = words::title_text(&row.tune.title).to_owned();
    let (chip, length) = match &row.row {
        Some(row) => (
            words::chip_badge(&row.models).to_owned(),
            words::length_text(row.length_millis),
        ),
        None => (String::new(), String::new()),
    };
    let mark = move || {
        chosen.get().map(|active| {
            let words = if active { t("Playing") } else { t("Chosen") };
            view! {
                <Equaliser moving=active />
                <span class="hidden-words">{words}</span>
            }
        })
    };
    view! {
        <div
            class="row kept-row"
            class:chosen=move || chosen.get().is_some()
            class:missing=!is_here
            class:drop-here=move || over.get()
            draggable=is_playlist.then_some("true")
            on:dragstart=move |_| dragged.set(Some(at_index))
            on:dragend=move |_| dragged.set(None)
            on:dragover=move |event| {
                if dragged.get_untracked().is_some() {
                    event.prevent_default();
                    event.stop_propagation();
                    over.set(true);
                }
            }
            on:dragleave=move |_| over.set(false)
            on:drop=move |event| {
                over.set(false);
                if let Some(from) = dragged.get_untracked() {
                    event.prevent_default();
                    event.stop_propagation();
                    dragged.set(None);
                    place(from, at_index);
                }
            }
            on:click=move |_| match chosen.get_untracked() {
                Some(_) => core.wish(Intent::PlayPause),
                None => core.wish(Intent::Keep(KeepIntent::Play(id))),
            }
        >
            <div class="c-number figures" role="gridcell">
                <span class="row-number">{at + 1}</span>
                <span class="row-mark">{mark}</span>
                <span class="row-play">
                    <Icon name=Signal::derive(move || {
                        if chosen.get() == Some(true) { Name::Pause } else { Name::Play }
                    }) />
                </span>
            </div>
            <div class="c-art" aria-hidden="true">
                <TuneArt md5=md5 />
            </div>
            <div class="c-title" role="gridcell">
                <span class="row-title" title=title.clone()>{title.clone()}</span>
                {(!is_here).then(|| view! { <span class="not-here">{t("Not in the library")}</span> })}
            </div>
            <div class="c-author" role="gridcell">
                {words::author_text(&row.tune.author).to_owned()}
            </div>
            <div class="c-released figures" role="gridcell">
                <span>{date_text(row.at)}</span>
            </div>
            <div class="c-chip" role="gridcell">
                {is_here.then(|| view! { <span class="badge">{chip}</span> })}
            </div>
            <div class="c-songs figures" role="gridcell">
                <span class:faint=id.song == 0>{song}</span>
            </div>
            <div class="c-length figures" role="gridcell">
                <span>{length}</span>
                <Heart tune=row.tune.clone() class="row-heart" in_list=true />
                {of.map(|of| view! { <MenuButton of=of /> })}
            </div>
        </div>
    }
    .into_any()
}
