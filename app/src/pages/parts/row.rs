//! A row of the list.

use std::sync::Arc;

use catalog::{Place, Places, Remote, Row};
use leptos::prelude::*;
use listening::keep::ref_of_row;
use listening::language::{t, tf};
use listening::{Intent, words};
use protocol::engine::FoundLength;
use protocol::swarm::{FileId, InfoHash, Priority};

use super::{Equaliser, Heart, Marked, MenuButton, MenuOf, TuneArt};
use crate::components::{Icon, Name};
use crate::core::use_core;

/// A row of the list; bones while it is on its way.
#[component]
pub fn TuneRow(
    /// Place in the list, from 1.
    number: u32,
    /// The tune.
    #[prop(into)]
    row: Signal<Option<Arc<Row>>>,
    /// Its length, where only listening found it.
    #[prop(into)]
    found: Signal<Option<FoundLength>>,
    /// Where in it what was looked for stands.
    #[prop(into)]
    places: Signal<Option<Arc<Places>>>,
) -> impl IntoView {
    move || match row.get() {
        Some(row) => {
            view! { <KnownRow number=number row=row found=found places=places /> }.into_any()
        }
        None => view! { <Bones /> }.into_any(),
    }
}

#[component]
fn Bones() -> impl IntoView {
    view! {
        <div class="row row-bones" role="gridcell">
            <span class="hidden-words">{t("Loading")}</span>
            <i class="bone bone-art"></i>
            <i class="bone bone-title"></i>
            <i class="bone bone-author"></i>
        </div>
    }
}

#[component]
fn KnownRow(
    number: u32,
    row: Arc<Row>,
    found: Signal<Option<FoundLength>>,
    places: Signal<Option<Arc<Places>>>,
) -> impl IntoView {
    let core = use_core();
    let md5 = row.md5;
    let chosen = Memo::new(move |_| {
        core.player.with(|player| {
            let chosen = player.tune.as_ref().is_some_and(|tune| tune.id.md5 == md5);
            chosen.then_some(player.state.is_active())
        })
    });
    let play = {
        let row = row.clone();
        move |_| match chosen.get_untracked() {
            Some(_) => core.wish(Intent::PlayPause),
            None => core.wish(Intent::PlayRow(row.clone())),
        }
    };
    let title = words::title_text(&row.title).to_owned();
    let author = words::author_text(&row.author).to_owned();
    let several = row.songs > 1;
    let remote = row.remote;
    let marks = move |pick: fn(&Places) -> &Vec<Place>| {
        Signal::derive(move || {
            places
                .with(|places| places.as_deref().map(pick).cloned())
                .unwrap_or_default()
        })
    };
    let publisher = publisher(&row).to_owned();
    // Places are of the whole line, of which year and publisher are shown apart.
    let before = (row.released.len() - publisher.len()) as u32;
    let released = move |from: u32, to: u32| {
        Signal::derive(move || {
            let all = marks(|places| &places.released).get().into_iter();
            all.filter(|place| (from..to).contains(&place.0))
                .map(|place| (place.0 - from, place.1.min(to) - from))
                .collect::<Vec<_>>()
        })
    };
    view! {
        <div class="row" class:chosen=move || chosen.get().is_some() on:click=play>
            <div class="c-number figures" role="gridcell">
                <span class="row-number">{number}</span>
                <span class="row-mark">
                    {move || match chosen.get() {
                        Some(active) => {
                            view! {
                                <Equaliser moving=active />
                                <span class="hidden-words">
                                    {if active { t("Playing") } else { t("Chosen") }}
                                </span>
                            }
                                .into_any()
                        }
                        None => ().into_any(),
                    }}
                </span>
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
                <span class="row-title" title=title.clone()>
                    <Marked text=title.clone() places=marks(|places| &places.title) />
                </span>
                <Beside places=places />
                {remote.map(|remote| view! { <NotHere remote=remote /> })}
            </div>
            <div class="c-author" role="gridcell">
                <Marked text=author places=marks(|places| &places.author) />
            </div>
            <div class="c-released figures" role="gridcell">
                {row
                    .year
                    .map(|year| {
                        view! {
                            <span>
                                <Marked text=year.to_string() places=released(0, 4) />
                            </span>
                        }
                    })}
                <span class="released-label">
                    <Marked text=publisher places=released(before, u32::MAX) />
                </span>
            </div>
            <div class="c-chip" role="gridcell">
                <span class="badge">{words::chip_badge(&row.models)}</span>
            </div>
            <div class="c-songs figures" role="gridcell">
                <span class:faint=!several>{row.songs}</span>
            </div>
            <div class="c-length figures" role="gridcell">
                {
                    let known = row.length_millis;
                    let shown = move || {
                        words::length_text(known.or(found.get().map(|found| found.millis)))
                    };
                    view! { <span title=move || found.get().map(words::found_text)>{shown}</span> }
                }
                <Heart tune=ref_of_row(&row) class="row-heart" in_list=true />
                <MenuButton of=MenuOf { tune: ref_of_row(&row), song: 0, within: None } />
                <a
                    class="row-open"
                    href=format!("/tune/{md5}")
                    tabindex="-1"
                    aria-label=tf("About {0}", &[&title])
                    on:click=|event| event.stop_propagation()
                >
                    <Icon name=Name::Right />
                </a>
            </div>
        </div>
    }
}

/// Path or note that has what was looked for, where title, composer and release have not.
#[component]
fn Beside(places: Signal<Option<Arc<Places>>>) -> impl IntoView {
    move || {
        let beside = places.with(|places| places.as_ref()?.beside.clone())?;
        let marks = beside.places;
        Some(view! {
            <span class="row-beside">
                <Marked text=beside.text places=Signal::derive(move || marks.clone()) />
            </span>
        })
    }
}

/// Says that a tune is not here yet, or how far it is.
#[component]
pub fn NotHere(remote: Remote) -> impl IntoView {
    let core = use_core();
    let id = FileId {
        torrent: InfoHash(remote.info_hash),
        file: remote.file,
    };
    let state = Memo::new(move |_| {
        core.remote_files.with(|files| {
            let file = files.get(&id)?;
            // Whole percents: a row does not change for less.
            Some(((file.progress * 100.0) as u32, file.priority))
        })
    });
    move || {
        match state.get() {
        None | Some((100.., _)) => None,
        Some((0, Priority::None)) => Some(
            view! {
                <span class="not-here" title=t("Not on this device yet: it is fetched when you play it")>
                    <Icon name=Name::Swarm />
                    <span class="hidden-words">{t("Not on this device yet")}</span>
                </span>
            }
            .into_any(),
        ),
        Some((percent, priority)) => {
            let words = match priority {
                Priority::None => t("Partly here"),
                Priority::Low => t("Low"),
                Priority::Normal => t("Wanted"),
                Priority::High => t("High"),
                Priority::Now => t("Now"),
            };
            Some(
                view! {
                    <span class="not-here not-here-wanted figures">
                        {format!("{words} {percent} %")}
                    </span>
                }
                .into_any(),
            )
        }
    }
    }
}

/// What follows the year in a "released" line.
fn publisher(row: &Row) -> &str {
    match row.year {
        Some(_) => row
            .released
            .split_once(' ')
            .map_or("", |(_, publisher)| publisher),
        None => &row.released,
    }
}
