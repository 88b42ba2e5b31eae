//! What can be done with a tune of a list: the menu of rows, as one dialog for the page.

use leptos::prelude::*;
use listening::Intent;
use listening::keep::KeepIntent;
use listening::language::{t, tn};
use listening::queue::QueueIntent;
use listening::words;
use protocol::keep::{Change, Item, ListId, TuneRef};
use sidfile::TuneId;

use super::marks::{Heart, Stars, change};
use crate::components::{Dialog, Icon, Name};
use crate::core::{Core, use_core};

/// The tune that the menu is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuOf {
    /// File.
    pub tune: TuneRef,
    /// Song; 0 for the file's default.
    pub song: u16,
    /// Playlist that it was opened in, and the songs before and after it there.
    pub within: Option<Within>,
}

/// A place in a playlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    /// Playlist.
    pub list: ListId,
    /// The song before it.
    pub above: Option<TuneId>,
    /// The song after the one after it; `None` in it where that is the end.
    pub below: Option<Option<TuneId>>,
}

/// Which menu is open.
#[derive(Clone, Copy)]
pub struct Menu(RwSignal<Option<MenuOf>>);

/// The menu, from any view.
#[must_use]
pub fn use_menu() -> Menu {
    expect_context::<Menu>()
}

impl Menu {
    /// Makes it known to the views below.
    pub fn provide() {
        provide_context(Self(RwSignal::new(None)));
    }

    /// It is open.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.0.with(Option::is_some)
    }

    /// Opens it.
    pub fn open(self, of: MenuOf) {
        self.0.set(Some(of));
    }
}

/// Opens the menu of a row.
#[component]
pub fn MenuButton(
    /// Of which tune.
    of: MenuOf,
) -> impl IntoView {
    let menu = use_menu();
    let title = words::title_text(&of.tune.title).to_owned();
    view! {
        <button
            class="button-icon row-menu"
            type="button"
            tabindex="-1"
            aria-label=listening::language::tf("More about {0}", &[&title])
            on:click=move |event| {
                event.stop_propagation();
                menu.open(of.clone());
            }
        >
            <Icon name=Name::More />
        </button>
    }
}

/// The dialog.
#[component]
pub fn TuneMenu() -> impl IntoView {
    let menu = use_menu().0;
    let open = RwSignal::new(false);
    Effect::new(move |_| {
        if menu.with(Option::is_some) {
            open.set(true);
        }
    });
    Effect::new(move |_| {
        if !open.get() && menu.with_untracked(Option::is_some) {
            menu.set(None);
        }
    });
    let title = Signal::derive(move || {
        let title = menu.with(|menu| menu.as_ref().map(|of| of.tune.title.clone()));
        words::title_text(&title.unwrap_or_default()).to_owned()
    });
    view! {
        <Dialog id="tune-menu" title=title open=open>
            {move || menu.get().map(|of| view! { <Choices of=of open=open /> })}
        </Dialog>
    }
}

#[component]
fn Choices(of: MenuOf, open: RwSignal<bool>) -> impl IntoView {
    let core = use_core();
    let item = Item {
        tune: of.tune.clone(),
        song: of.song,
        added_at: 0,
    };
    let id = item.id();
    let path = match of.song {
        0 => format!("/tune/{}", of.tune.md5),
        song => format!("/tune/{}/{song}", of.tune.md5),
    };
    let name = RwSignal::new(String::new());
    let made = item.clone();
    let make = move || {
        let name = name.get_untracked();
        let items = vec![made.clone()];
        change(core, Change::MakePlaylist { name, items });
        open.set(false);
    };
    let lists = move || {
        core.kept.with(|kept| {
            let mut found: Vec<(ListId, String, usize, bool)> = kept
                .playlists
                .iter()
                .map(|(list, playlist)| {
                    let has = playlist.items.iter().any(|item| item.id() == id);
                    (*list, playlist.name.clone(), playlist.items.len(), has)
                })
                .collect();
            found.sort_by_key(|(list, name, ..)| (name.to_lowercase(), *list));
            found
        })
    };
    let to_queue = TuneId {
        md5: of.tune.md5,
        song: of.song,
    };
    let queue_item = move |plays_next: bool, words: &'static str, icon: Name| {
        view! {
            <button
                class="menu-item"
                type="button"
                on:click=move |_| {
                    open.set(false);
                    let tune = to_queue;
                    core.wish(Intent::Queue(QueueIntent::Find { tune, plays_next }));
                }
            >
                <Icon name=icon />
                <span class="menu-name">{words}</span>
            </button>
        }
    };
    let row = move |(list, name, count, has): (ListId, String, usize, bool)| {
        let item = item.clone();
        view! {
            <li>
                <button
                    class="menu-item"
                    type="button"
                    aria-pressed=has.to_string()
                    on:click=move |_| {
                        let (tune, items) = (item.id(), vec![item.clone()]);
                        change(core, match has {
                            true => Change::RemoveItem { id: list, tune },
                            false => Change::AddItems { id: list, items },
                        });
                    }
                >
                    <Icon name=if has { Name::Check } else { Name::Plus } />
                    <span class="menu-name">{name}</span>
                    <span class="quiet figures">{tn(count as u64, "{0} tune", "{0} tunes")}</span>
                </button>
            </li>
        }
    };
    view! {
        <div class="menu">
            {of.within.map(|within| view! { <Place within=within tune=id open=open /> })}
            <div class="menu-marks">
                <Heart tune=of.tune.clone() />
                <Stars tune=of.tune.clone() name="menu-rating" />
            </div>
            {queue_item(true, t("Play next"), Name::Next)}
            {queue_item(false, t("Add to the queue"), Name::Queue)}
            <button
                class="menu-item"
                type="button"
                on:click=move |_| {
                    open.set(false);
                    core.go(&path);
                }
            >
                <Icon name=Name::Info />
                <span class="menu-name">{t("About this tune")}</span>
            </button>
            <button
                class="menu-item"
                type="button"
                on:click=move |_| {
                    open.set(false);
                    core.wish(Intent::Keep(KeepIntent::Dislike(to_queue)));
                }
            >
                <Icon name=Name::Close />
                <span class="menu-name">{t("Not for me")}</span>
            </button>
            <h3>{t("Playlists")}</h3>
            <ul class="menu-lists">{move || lists().into_iter().map(&row).collect_view()}</ul>
            <form
                class="menu-form"
                on:submit=move |event| {
                    event.prevent_default();
                    make();
                }
            >
                <input
                    class="field"
                    maxlength="120"
                    placeholder=t("New playlist")
                    aria-label=t("Name of the new playlist")
                    prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event))
                />
                <button class="button" type="submit">
                    <Icon name=Name::Plus />
                    {t("Create")}
                </button>
            </form>
        </div>
    }
}

/// Moves a song of a playlist without dragging, or takes it out.
#[component]
fn Place(within: Within, tune: TuneId, open: RwSignal<bool>) -> impl IntoView {
    let core = use_core();
    let id = within.list;
    let entry = move |name: Name, words: &'static str, what: Change| {
        view! {
            <button
                class="menu-item"
                type="button"
                on:click=move |_| {
                    open.set(false);
                    change(core, what.clone());
                }
            >
                <Icon name=name />
                <span class="menu-name">{words}</span>
            </button>
        }
    };
    view! {
        {within
            .above
            .map(|above| entry(Name::Up, t("Move up"), Change::MoveItem { id, tune, before: Some(above) }))}
        {within
            .below
            .map(|before| entry(Name::Down, t("Move down"), Change::MoveItem { id, tune, before }))}
        {entry(Name::Trash, t("Remove from this playlist"), Change::RemoveItem { id, tune })}
    }
}

/// Says what was removed, and takes it back.
#[component]
pub fn UndoBar() -> impl IntoView {
    let core: Core = use_core();
    let undo = Memo::new(move |_| core.kept.with(|kept| kept.undo.clone()));
    move || {
        undo.get().map(|undo| {
            view! {
                <div class="notice undo">
                    <Icon name=Name::Trash />
                    <span>{undo.text}</span>
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| core.wish(Intent::Keep(KeepIntent::Undo))
                    >
                        <Icon name=Name::Undo />
                        {t("Undo")}
                    </button>
                </div>
            }
        })
    }
}
