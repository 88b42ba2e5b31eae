//! The pages `/browse`: tunes by composer, group, year, chip and folder.

mod address;
mod facets;
mod group;

use std::sync::Arc;

use catalog::{Group, Shelf};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::{use_params_map, use_query_map};
use listening::language::{t, tf};
use listening::{BrowseIntent, Intent, ShelfWish, words};

pub use address::{SHELVES, group_path, heading_of, shelf_path};
pub use facets::Facets;
use group::{GroupPage, NewPage};

use crate::components::{SearchField, VirtualList};
use crate::core::use_core;

/// Height of a line in pixels; the style sheet knows it too.
const LINE_HEIGHT: u32 = 44;

/// What stands in place of a shelf in the address of what is new.
const NEW: &str = "new";

/// The pages `/browse` and `/browse/SHELF`.
#[component]
pub fn Browse() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let shelf = Memo::new(move |_| {
        let name = params.with(|params| params.get("shelf"));
        let known = SHELVES
            .into_iter()
            .find(|(_, known)| name.as_deref() == Some(*known));
        known.map_or(Shelf::Composer, |(shelf, _)| shelf)
    });
    let of = Memo::new(move |_| query.with(|query| query.get("of")).unwrap_or_default());
    // A folder's page lists the folders in it, as long as there are any.
    let is_list = Memo::new(move |_| of.with(String::is_empty) || shelf.get() == Shelf::Folder);
    let is_new = Memo::new(move |_| {
        params.with(|params| params.get("shelf").is_some_and(|shelf| shelf == NEW))
    });
    move || {
        if is_new.get() {
            view! { <NewPage /> }.into_any()
        } else if is_list.get() {
            view! { <ShelfPage shelf=shelf of=of /> }.into_any()
        } else {
            view! { <GroupPage shelf=shelf of=of /> }.into_any()
        }
    }
}

#[component]
fn ShelfPage(shelf: Memo<Shelf>, of: Memo<String>) -> impl IntoView {
    let core = use_core();
    let filter = RwSignal::new(String::new());
    let largest_first = RwSignal::new(false);
    let place = Memo::new(move |_| (shelf.get(), of.get()));
    Effect::new(move |before: Option<(Shelf, String)>| {
        let place = place.get();
        if before.is_some_and(|before| before != place) {
            filter.set(String::new());
        }
        place
    });
    Effect::new(move |_| {
        core.wish(Intent::Browse(BrowseIntent::Show(Some(ShelfWish {
            shelf: shelf.get(),
            under: of.get(),
            words: filter.get(),
            largest_first: largest_first.get(),
        }))));
    });
    on_cleanup(move || core.wish(Intent::Browse(BrowseIntent::Show(None))));
    let groups = Memo::new(move |_| core.browse.with(|browse| browse.groups.clone()));
    let summary = move || {
        let count = groups.with(|groups| groups.as_ref().map(|groups| groups.len()));
        count.map_or_else(String::new, |count| {
            tf("{0} in all", &[&words::grouped(count as u64)])
        })
    };
    // A folder without folders is shown by its tunes.
    let is_leaf = Memo::new(move |_| {
        let is_empty =
            groups.with(|groups| groups.as_ref().is_some_and(|groups| groups.is_empty()));
        is_empty && !of.with(String::is_empty) && filter.with(String::is_empty)
    });
    move || {
        if is_leaf.get() {
            return view! { <GroupPage shelf=shelf of=of /> }.into_any();
        }
        view! {
            <section class="browse" aria-label=t("Browse")>
                <header class="library-head">
                    <div class="library-title">
                        <h1>{t("Browse")}</h1>
                        <p class="quiet" role="status">{summary}</p>
                    </div>
                    <SearchField
                        label=t("Filter by name")
                        value=filter
                        on_input=move |text| filter.set(text)
                    />
                </header>
                <div class="browse-bar">
                    <nav class="browse-shelves" aria-label=t("Browse by")>
                        {SHELVES
                            .into_iter()
                            .map(|(known, _)| {
                                view! {
                                    <a
                                        class="browse-shelf"
                                        href=shelf_path(known)
                                        aria-current=move || (shelf.get() == known).then_some("page")
                                    >
                                        {heading_of(known)}
                                    </a>
                                }
                            })
                            .collect_view()}
                        <a class="browse-shelf" href=format!("/browse/{NEW}")>
                            {t("What is new")}
                        </a>
                    </nav>
                    <button
                        type="button"
                        class="button button-small"
                        aria-pressed=move || largest_first.get().to_string()
                        on:click=move |_| largest_first.update(|first| *first = !*first)
                    >
                        {t("Most tunes first")}
                    </button>
                </div>
                <Show when=move || !of.with(String::is_empty)>
                    <Crumbs path=of />
                </Show>
                <Groups shelf=shelf of=of groups=groups />
            </section>
        }
        .into_any()
    }
}

/// The folders above a folder.
#[component]
fn Crumbs(path: Memo<String>) -> impl IntoView {
    let crumbs = move || {
        let path = path.get();
        let mut ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
        ends.push(path.len());
        let mut start = 0;
        ends.into_iter()
            .map(|end| {
                let name = path[start..end].to_owned();
                start = end + 1;
                let href = group_path(Shelf::Folder, &path[..end]);
                view! { <li><A href=href>{name}</A></li> }
            })
            .collect_view()
    };
    let core = use_core();
    view! {
        <nav class="crumbs" aria-label=t("Folders above")>
            <ol>
                <li>
                    <A href=shelf_path(Shelf::Folder)>{t("Folders")}</A>
                </li>
                {crumbs}
            </ol>
            <button
                type="button"
                class="button button-small"
                on:click=move |_| {
                    core.go("/");
                    core.wish(Intent::SetFilter(Shelf::Folder.clause(&path.get_untracked())));
                }
            >
                {t("Show all tunes in it")}
            </button>
        </nav>
    }
}

#[component]
fn Groups(
    shelf: Memo<Shelf>,
    of: Memo<String>,
    groups: Memo<Option<Arc<[Group]>>>,
) -> impl IntoView {
    let core = use_core();
    let total = Memo::new(move |_| {
        groups.with(|groups| groups.as_ref().map_or(0, |groups| groups.len() as u32))
    });
    let group_at = move |at: u32| -> Option<Group> {
        groups.with(|groups| groups.as_ref()?.get(at as usize).cloned())
    };
    let path_of = move |group: &Group| {
        let (shelf, of) = (shelf.get_untracked(), of.get_untracked());
        match of.is_empty() {
            true => group_path(shelf, &group.label),
            false => group_path(shelf, &format!("{of}/{}", group.label)),
        }
    };
    let open = move |at: u32| {
        if let Some(group) = untrack(|| group_at(at)) {
            core.go(&path_of(&group));
        }
    };
    view! {
        <VirtualList
            id="groups"
            label=t("Groups")
            total=total
            row_height=LINE_HEIGHT
            columns=2
            subject=Signal::derive(move || format!("{:?} {}", shelf.get(), of.get()))
            on_range=|_| ()
            on_choose=open
            on_open=open
            header=(|| view! {
                <div class="line line-head" role="row" aria-rowindex="1">
                    <div role="columnheader">{t("Name")}</div>
                    <div role="columnheader" class="line-count">{t("Tunes")}</div>
                </div>
            }).into()
            row=Callback::new(move |at| {
                let group = Memo::new(move |_| group_at(at));
                view! {
                    <div class="line" on:click=move |_| open(at)>
                        <div role="gridcell" class="line-name">
                            {move || {
                                group.with(|group| group.as_ref().map(|group| {
                                    facets::label(shelf.get(), &group.label)
                                }))
                            }}
                        </div>
                        <div role="gridcell" class="line-count figures">
                            {move || {
                                group.with(|group| group.as_ref().map(|group| {
                                    words::count_text(group.count)
                                }))
                            }}
                        </div>
                    </div>
                }.into_any()
            })
        />
        <Show when=move || groups.with(|groups| groups.as_ref().is_some_and(|groups| groups.is_empty()))>
            <div class="state state-over">
                <h2>{t("Nothing here")}</h2>
                <p class="quiet">{t("There is no such name among your tunes.")}</p>
            </div>
        </Show>
    }
}

/// What a page about a group is called.
fn title_of(shelf: Shelf, of: &str) -> String {
    match shelf {
        Shelf::Folder => of.rsplit('/').next().unwrap_or(of).replace('_', " "),
        Shelf::Chip => tf("Tunes for {0}", &[&facets::label(shelf, of)]),
        _ => facets::label(shelf, of),
    }
}
