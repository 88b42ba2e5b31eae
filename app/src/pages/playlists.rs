//! The pages `/playlists` and `/playlists/ID`.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;
use listening::keep::KeepIntent;
use listening::language::{t, tn};
use listening::{Intent, PinIntent};
use protocol::keep::{Change, FileKind, Folder, List, ListId, Playlist};

use super::favourites::{Count, PlayAll};
use super::parts::{KeptList, PinButton, change};
use crate::components::{Dialog, Icon, IconButton, Name};
use crate::core::use_core;

/// A question for a name.
#[component]
fn NameDialog(
    id: &'static str,
    #[prop(into)] title: Signal<String>,
    open: RwSignal<bool>,
    /// The name so far.
    #[prop(into)]
    name: Signal<String>,
    #[prop(into)] on_name: Callback<String>,
) -> impl IntoView {
    let text = RwSignal::new(String::new());
    Effect::new(move |_| {
        if open.get() {
            text.set(name.get_untracked());
        }
    });
    view! {
        <Dialog id=id title=title open=open>
            <form
                class="menu-form"
                on:submit=move |event| {
                    event.prevent_default();
                    open.set(false);
                    on_name.run(text.get_untracked());
                }
            >
                <input
                    class="field"
                    maxlength="120"
                    aria-label=t("Name")
                    autofocus
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                />
                <button class="button primary" type="submit">
                    {t("Save")}
                </button>
            </form>
        </Dialog>
    }
}

/// The page `/playlists`.
#[component]
pub fn Playlists() -> impl IntoView {
    let core = use_core();
    core.wish(Intent::ShowTune(None));
    let (makes_list, makes_folder) = (RwSignal::new(false), RwSignal::new(false));
    let is_empty = Memo::new(move |_| {
        core.kept
            .with(|kept| kept.is_open && kept.playlists.is_empty() && kept.folders.is_empty())
    });
    let favourites = Memo::new(move |_| {
        core.kept.with(|kept| {
            let liked = kept
                .tunes
                .values()
                .filter(|about| about.favourite_at.is_some());
            liked.count() as u64
        })
    });
    let shelves = move || {
        core.kept.with(|kept| {
            let mut folders: Vec<(ListId, Folder)> = kept
                .folders
                .iter()
                .map(|(id, folder)| (*id, folder.clone()))
                .collect();
            folders.sort_by_key(|(id, folder)| (folder.name.to_lowercase(), *id));
            let lists = |folder: Option<ListId>| -> Vec<(ListId, Playlist)> {
                let found = kept.playlists_in(folder).into_iter();
                found.map(|(id, list)| (id, list.clone())).collect()
            };
            let mut shelves = vec![(None, lists(None))];
            for (id, folder) in folders {
                shelves.push((Some((id, folder)), lists(Some(id))));
            }
            shelves
                .into_iter()
                .map(|(folder, lists)| shelf(folder, lists))
                .collect_view()
        })
    };
    view! {
        <section class="page text-page wide-page">
            <header class="kept-top">
                <h1>{t("Playlists")}</h1>
                <div class="button-row">
                    <button class="button primary" type="button" on:click=move |_| makes_list.set(true)>
                        <Icon name=Name::Plus />
                        {t("New playlist")}
                    </button>
                    <button class="button" type="button" on:click=move |_| makes_folder.set(true)>
                        <Icon name=Name::Folder />
                        {t("New folder")}
                    </button>
                    <button class="button" type="button" on:click=move |_| core.pick_kept()>
                        <Icon name=Name::Drop />
                        {t("Import")}
                    </button>
                </div>
            </header>
            <ul class="lists">
                <li>
                    <A href="/favourites" attr:class="list-card">
                        <span class="list-icon"><Icon name=Name::HeartFull /></span>
                        <span class="list-name">{t("Favourites")}</span>
                        <span class="quiet">
                            {move || tn(favourites.get(), "{0} tune", "{0} tunes")}
                        </span>
                    </A>
                </li>
                <li>
                    <A href="/history" attr:class="list-card">
                        <span class="list-icon"><Icon name=Name::Clock /></span>
                        <span class="list-name">{t("History")}</span>
                        <span class="quiet">{t("What was played last")}</span>
                    </A>
                </li>
            </ul>
            {shelves}
            <Show when=move || is_empty.get()>
                <p class="quiet">
                    {t("Playlists that you make or import are listed here. A row's menu adds its tune to one; .m3u, .m3u8 and .json files can be dropped on this page.")}
                </p>
            </Show>
            <NameDialog
                id="new-playlist"
                title=t("New playlist").to_owned()
                open=makes_list
                name=String::new()
                on_name=move |name| change(core, Change::MakePlaylist { name, items: Vec::new() })
            />
            <NameDialog
                id="new-folder"
                title=t("New folder").to_owned()
                open=makes_folder
                name=String::new()
                on_name=move |name| change(core, Change::MakeFolder { name })
            />
        </section>
    }
}

/// A folder with its playlists, or those of none.
fn shelf(folder: Option<(ListId, Folder)>, lists: Vec<(ListId, Playlist)>) -> AnyView {
    let cards = lists
        .into_iter()
        .map(|(id, list)| {
            let count = tn(list.items.len() as u64, "{0} tune", "{0} tunes");
            view! {
                <li>
                    <A href=format!("/playlists/{id}") attr:class="list-card">
                        <span class="list-icon"><Icon name=Name::List /></span>
                        <span class="list-name">{list.name}</span>
                        <span class="quiet">{count}</span>
                    </A>
                </li>
            }
        })
        .collect_view();
    let Some((id, folder)) = folder else {
        return view! { <ul class="lists">{cards}</ul> }.into_any();
    };
    let core = use_core();
    let renames = RwSignal::new(false);
    let (name, label) = (folder.name.clone(), folder.name.clone());
    view! {
        <section class="folder" aria-label=label>
            <header>
                <Icon name=Name::Folder />
                <h2>{folder.name}</h2>
                <IconButton
                    label=t("Rename the folder").to_owned()
                    icon=Name::Pen
                    on_press=move || renames.set(true)
                />
                <IconButton
                    label=t("Remove the folder").to_owned()
                    icon=Name::Trash
                    on_press=move || change(core, Change::RemoveFolder { id })
                />
            </header>
            <ul class="lists">{cards}</ul>
            <NameDialog
                id="name-folder"
                title=t("Rename the folder").to_owned()
                open=renames
                name=name
                on_name=move |name| change(core, Change::NameFolder { id, name })
            />
        </section>
    }
    .into_any()
}

/// The page `/playlists/ID`.
#[component]
pub fn PlaylistPage() -> impl IntoView {
    let core = use_core();
    core.wish(Intent::ShowTune(None));
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params.with(|params| params.get("id").and_then(|id| id.parse::<ListId>().ok()))
    });
    let is_open = Memo::new(move |_| core.kept.with(|kept| kept.is_open));
    let is_known = Memo::new(move |_| {
        let id = id.get()?;
        core.kept
            .with(|kept| kept.playlists.contains_key(&id))
            .then_some(id)
    });
    move || match is_known.get() {
        Some(id) => view! { <Known id=id /> }.into_any(),
        None if is_open.get() => view! {
            <section class="page centred">
                <div class="state">
                    <div class="state-art" aria-hidden="true">
                        <Icon name=Name::List />
                    </div>
                    <h1>{t("This playlist is not here")}</h1>
                    <A href="/playlists" attr:class="button primary">
                        {t("All playlists")}
                    </A>
                </div>
            </section>
        }
        .into_any(),
        None => ().into_any(),
    }
}

#[component]
fn Known(id: ListId) -> impl IntoView {
    let core = use_core();
    let list = Memo::new(move |_| {
        core.kept.with(|kept| {
            let list = kept.playlists.get(&id)?;
            Some((list.name.clone(), list.note.clone(), list.folder))
        })
    });
    let name = Signal::derive(move || list.get().map(|(name, ..)| name).unwrap_or_default());
    let note = Signal::derive(move || list.get().map(|(_, note, _)| note).unwrap_or_default());
    let folder = Memo::new(move |_| list.get().and_then(|(.., folder)| folder));
    let folders = Memo::new(move |_| {
        core.kept.with(|kept| {
            let all = kept.folders.iter();
            all.map(|(id, folder)| (*id, folder.name.clone()))
                .collect::<Vec<_>>()
        })
    });
    let renames = RwSignal::new(false);
    let export = move |kind| core.wish(Intent::Keep(KeepIntent::Export(kind)));
    let empty = || {
        view! {
            <div class="state">
                <div class="state-art" aria-hidden="true">
                    <Icon name=Name::List />
                </div>
                <h2>{t("Nothing in it yet")}</h2>
                <p class="quiet">
                    {t("The menu of a row, and the page of a tune, add to playlists.")}
                </p>
                <A href="/" attr:class="button">
                    {t("Go to the library")}
                </A>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="kept-page" aria-label=move || name.get()>
            <header class="kept-top">
                <div class="kept-words">
                    <h1>
                        {move || name.get()}
                        <IconButton
                            label=t("Rename the playlist").to_owned()
                            icon=Name::Pen
                            on_press=move || renames.set(true)
                        />
                    </h1>
                    <Count />
                </div>
                <div class="button-row">
                    <PlayAll />
                    <PinButton of=move |()| {
                        let md5s = core
                            .kept
                            .with_untracked(|kept| {
                                let list = kept.playlists.get(&id);
                                list.map(|list| list.items.iter().map(|item| item.tune.md5).collect())
                            });
                        PinIntent::Weigh(name.get_untracked(), md5s.unwrap_or_default())
                    } />
                    <button class="button" type="button" on:click=move |_| export(FileKind::PlaylistM3u8(id))>
                        "M3U8"
                    </button>
                    <button class="button" type="button" on:click=move |_| export(FileKind::PlaylistJson(id))>
                        "JSON"
                    </button>
                    <button
                        class="button button-square"
                        type="button"
                        aria-label=t("Remove the playlist")
                        title=t("Remove the playlist")
                        on:click=move |_| {
                            change(core, Change::RemovePlaylist { id });
                            core.go("/playlists");
                        }
                    >
                        <Icon name=Name::Trash />
                    </button>
                </div>
            </header>
            <div class="kept-about">
                <textarea
                    class="field"
                    rows="1"
                    maxlength="10000"
                    placeholder=t("What this playlist is for")
                    aria-label=t("Note of the playlist")
                    prop:value=move || note.get()
                    on:change=move |event| {
                        let note = event_target_value(&event);
                        change(core, Change::DescribePlaylist { id, note });
                    }
                ></textarea>
                <Show when=move || !folders.with(Vec::is_empty)>
                    <select
                        class="field"
                        aria-label=t("Folder")
                        on:change=move |event| {
                            let folder = event_target_value(&event).parse().ok();
                            change(core, Change::FilePlaylist { id, folder });
                        }
                    >
                        <option value="" selected=move || folder.get().is_none()>
                            {t("No folder")}
                        </option>
                        {move || {
                            folders
                                .get()
                                .into_iter()
                                .map(|(one, name)| {
                                    view! {
                                        <option
                                            value=one.to_string()
                                            selected=move || folder.get() == Some(one)
                                        >
                                            {name}
                                        </option>
                                    }
                                })
                                .collect_view()
                        }}
                    </select>
                </Show>
            </div>
            <KeptList list=List::Playlist(id) label=t("Playlist") empty=empty.into() />
            <NameDialog
                id="name-playlist"
                title=t("Rename the playlist").to_owned()
                open=renames
                name=name
                on_name=move |name| change(core, Change::NamePlaylist { id, name })
            />
        </section>
    }
}
