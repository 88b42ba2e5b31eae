//! The page of a tune, `/tune/:md5/:song`: Now Playing where it is the one that plays.

use std::sync::Arc;

use catalog::{Entry, Origin};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::{use_params_map, use_query_map};
use listening::keep::{KeepIntent, ref_of_entry};
use listening::language::t;
use listening::share::{self, Spot};
use listening::{Intent, PageEntry, State, words};
use sidfile::{Format, Md5, TuneId};

use super::parts::{
    Beside, ChipChoice, Cues, Equaliser, Export, Facts, Heart, Marks, MenuOf, Notes, ShareLink,
    Songs, TempoChoice, TuneArt, VideoChoice, Views, use_menu,
};
use crate::components::{Dialog, Icon, Name};
use crate::core::use_core;

/// The page `/tune`: Now Playing while nothing is chosen.
#[component]
pub fn NothingPlaying() -> impl IntoView {
    let core = use_core();
    core.wish(Intent::ShowTune(None));
    view! {
        <section class="page centred">
            <div class="state">
                <div class="state-art" aria-hidden="true">
                    <Icon name=Name::Disc />
                </div>
                <h1>{t("Nothing is playing")}</h1>
                <p class="quiet">{t("Choose a tune from the library, or start with the first one.")}</p>
                <div class="button-row">
                    <button
                        class="button primary"
                        type="button"
                        on:click=move |_| {
                            core.wish(Intent::PlayPause);
                            core.go("/");
                        }
                    >
                        <Icon name=Name::Play />
                        {t("Play")}
                    </button>
                    <A href="/" attr:class="button">
                        {t("Go to the library")}
                    </A>
                </div>
            </div>
        </section>
    }
}

/// The page of a tune.
#[component]
pub fn Tune() -> impl IntoView {
    let core = use_core();
    let params = use_params_map();
    let asked = Memo::new(move |_| {
        params.with(|params| {
            let md5: Option<Md5> = params.get("md5").and_then(|text| text.parse().ok());
            let song = params.get("song").and_then(|text| text.parse::<u16>().ok());
            md5.map(|md5| (md5, song))
        })
    });
    Effect::new(move |_| core.wish(Intent::ShowTune(asked.get())));
    let query = use_query_map();
    // A link leads to a spot once: what plays afterwards goes its own way.
    let spot = Memo::new(move |_| {
        let text = query.with(|query| query.get(share::FIELD))?;
        let (md5, song) = asked.get_untracked()?;
        let song = song.unwrap_or(0);
        Some((TuneId { md5, song }, Spot::parse(&text)?))
    });
    Effect::new(move |_| {
        if let Some((tune, spot)) = spot.get() {
            core.wish(Intent::Keep(KeepIntent::Follow(tune, spot)));
        }
    });
    let is_link = Signal::derive(move || spot.get().is_some());
    let entry = Memo::new(move |_| match core.page.get() {
        Some(page) if asked.get().is_some_and(|(md5, _)| md5 == page.id.md5) => page.entry,
        _ if asked.get().is_none() => PageEntry::Missing,
        _ => PageEntry::Loading,
    });
    let song = Memo::new(move |_| {
        core.page
            .with(|page| page.as_ref().map_or(0, |page| page.id.song))
    });
    view! {
        <div class="tune">
            {move || match entry.get() {
                PageEntry::Loading => view! { <Waiting /> }.into_any(),
                PageEntry::Missing => view! { <Missing is_link=is_link /> }.into_any(),
                PageEntry::Known(entry) => view! { <Known entry=entry song=song /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Waiting() -> impl IntoView {
    view! {
        <div class="tune-hero" aria-busy="true">
            <i class="bone tune-art"></i>
            <div class="tune-words">
                <h1 class="hidden-words">{t("Loading the tune")}</h1>
                <i class="bone bone-heading"></i>
                <i class="bone bone-line"></i>
            </div>
        </div>
    }
}

#[component]
fn Missing(is_link: Signal<bool>) -> impl IntoView {
    let core = use_core();
    view! {
        <section class="page centred">
            <div class="state">
                <div class="state-art" aria-hidden="true">
                    <Icon name=Name::Search />
                </div>
                <h1>{t("This tune is not in your library")}</h1>
                <p class="quiet">
                    {t("The link names a file that this browser does not hold. Add the file, and the link works.")}
                </p>
                <Show when=move || is_link.get()>
                    <p class="quiet" role="status">
                        {t("It plays from the linked moment as soon as the tune is here.")}
                    </p>
                    <button class="button" type="button" on:click=move |_| core.pick(false)>
                        <Icon name=Name::File />
                        {t("Add the file")}
                    </button>
                </Show>
                <A href="/" attr:class="button primary">
                    {t("Go to the library")}
                </A>
            </div>
        </section>
    }
}

#[component]
fn Known(entry: Arc<Entry>, song: Memo<u16>) -> impl IntoView {
    let core = use_core();
    let md5 = entry.md5;
    let id = move || TuneId {
        md5,
        song: song.get().max(1),
    };
    let state = Memo::new(move |_| {
        core.player
            .with(|player| player.is_current(id()).then_some(player.state))
    });
    let active = Signal::derive(move || state.get().is_some_and(State::is_active));
    let failed = Memo::new(move |_| {
        core.player
            .with(|player| player.error.clone().filter(|_| player.is_current(id())))
    });
    let author = words::author_text(&entry.author).to_owned();
    let chips = entry
        .chips
        .iter()
        .map(|chip| view! { <span class="badge">{words::chip_name(chip.model)}</span> })
        .collect_view();
    let needs_roms = entry.needs_basic;
    let format = match entry.format {
        Format::Psid => "PSID",
        Format::Rsid => "RSID",
        Format::Mus => "MUS",
    };
    let menu = use_menu();
    let listed = ref_of_entry(&entry);
    let marked = ref_of_entry(&entry);
    let cues_entry = entry.clone();
    let beside_entry = entry.clone();
    let facts_entry = entry.clone();
    let songs_entry = entry.clone();
    let notes_entry = entry.clone();
    let export_entry = entry.clone();
    view! {
        <div class="tune-hero">
            <div class="tune-glow" aria-hidden="true">
                <TuneArt md5=md5 />
            </div>
            <A href="/" attr:class="tune-close button-icon" attr:aria-label=t("Back to the library")>
                <Icon name=Name::Down />
            </A>
            <div class="tune-art">
                <TuneArt md5=md5 />
            </div>
            <div class="tune-words" class:is-current=move || state.get().is_some()>
                <p class="tune-kind">
                    <Show when=move || state.get().is_some()>
                        <Equaliser moving=active />
                    </Show>
                    {move || match state.get() {
                        Some(State::Playing) => t("Now playing"),
                        Some(State::Loading) => t("Getting ready"),
                        Some(State::Paused) => t("Paused"),
                        Some(State::Error) => t("Cannot be played"),
                        _ => t("Tune"),
                    }}
                </p>
                <h1>{words::title_text(&entry.title).to_owned()}</h1>
                <p class="tune-author">{author}</p>
                <p class="tune-badges">
                    <span class="quiet">{entry.released.clone()}</span>
                    {chips}
                    <span class="badge">{format}</span>
                    {needs_roms
                        .then(|| view! { <span class="badge">{t("Needs ROMs")}</span> })}
                </p>
                {move || {
                    failed
                        .get()
                        .map(|reason| {
                            view! {
                                <p class="tune-error" role="alert">
                                    <Icon name=Name::Warning />
                                    {reason}
                                    {needs_roms
                                        .then(|| {
                                            view! {
                                                <A href="/settings#roms" attr:class="button button-small">
                                                    {t("Add the ROMs")}
                                                </A>
                                            }
                                        })}
                                </p>
                            }
                        })
                }}
                <div class="button-row">
                    <button
                        class="button primary button-large"
                        type="button"
                        on:click=move |_| {
                            if state.get_untracked().is_some() {
                                core.wish(Intent::PlayPause);
                            } else {
                                core.wish(Intent::PlaySong(untrack(id)));
                            }
                        }
                    >
                        <Icon name=Signal::derive(move || {
                            if active.get() { Name::Pause } else { Name::Play }
                        }) />
                        {move || if active.get() { t("Pause") } else { t("Play") }}
                    </button>
                    <Heart tune=ref_of_entry(&entry) class="button-square" />
                    <button
                        class="button button-square"
                        type="button"
                        aria-label=t("Add to a playlist")
                        title=t("Add to a playlist")
                        on:click=move |_| {
                            menu.open(MenuOf {
                                tune: listed.clone(),
                                song: song.get_untracked(),
                                within: None,
                            });
                        }
                    >
                        <Icon name=Name::List />
                    </button>
                    <ShareLink md5=md5 song=song />
                    <Export entry=export_entry song=song />
                    {(entry.origin == Origin::Imported).then(|| view! { <Remove md5=md5 /> })}
                </div>
            </div>
        </div>
        <div class="tune-body">
            <div class="tune-left">
                <Show
                    when=move || state.get().is_some()
                    fallback=|| {
                        view! {
                            <section class="scopes scopes-idle">
                                <h2>{t("Voices")}</h2>
                                <p class="quiet">{t("Play this tune to see its voices.")}</p>
                            </section>
                        }
                    }
                >
                    <Views />
                </Show>
                <Show when=move || state.get().is_some()>
                    <TempoChoice />
                </Show>
                <section class="machine">
                    <h2>{t("Machine")}</h2>
                    <div class="machine-choices">
                        <ChipChoice name="tune-chip" />
                        <VideoChoice name="tune-video" />
                    </div>
                </section>
                <Cues entry=cues_entry song=song />
                <Notes entry=notes_entry />
            </div>
            <div class="tune-right">
                <Songs entry=songs_entry song=song />
                <Marks tune=marked />
                <Facts entry=facts_entry />
            </div>
        </div>
        <Beside entry=beside_entry />
    }
}

#[component]
fn Remove(md5: Md5) -> impl IntoView {
    let core = use_core();
    let open = RwSignal::new(false);
    view! {
        <button
            class="button button-square"
            type="button"
            aria-label=t("Remove from the library")
            title=t("Remove from the library")
            on:click=move |_| open.set(true)
        >
            <Icon name=Name::Trash />
        </button>
        <Dialog id="remove" title=t("Remove this tune?") open=open>
            <p>{t("The file leaves this browser's library. The file that you added it from stays.")}</p>
            <div class="button-row">
                <button
                    class="button primary"
                    type="button"
                    on:click=move |_| {
                        open.set(false);
                        core.wish(Intent::Remove(md5));
                        core.go("/");
                    }
                >
                    {t("Remove")}
                </button>
                <button class="button" type="button" on:click=move |_| open.set(false)>
                    {t("Keep")}
                </button>
            </div>
        </Dialog>
    }
}
