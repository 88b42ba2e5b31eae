//! The second part of the page: every page but the library, and what opens over pages. It is fetched
//! when the first of it is wanted, so that the first sound needs none of it.

use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use listening::language::t;

use super::about::{About, ShortcutTable};
use super::browse::Browse;
use super::favourites::{Favourites, History};
use super::parts::{
    Countdown, Diagnostics, DropOverlay, ImportPanel, Palette, PinDialog, QueuePanel, TuneMenu,
    UndoBar,
};
use super::playlists::{PlaylistPage, Playlists};
use super::privacy::Privacy;
use super::settings::Settings;
use super::swarm::{SwarmPage, TorrentPage};
use super::tune::{NothingPlaying, Tune};
use crate::components::{Dialog, Icon, Name};

/// What the second part has.
#[derive(Clone, Copy)]
pub enum Part {
    /// A page.
    About,
    /// A page.
    Browse,
    /// A page.
    Favourites,
    /// A page.
    History,
    /// The page of a tune where none plays.
    Nothing,
    /// A page.
    Playlist,
    /// A page.
    Playlists,
    /// A page.
    Privacy,
    /// A page.
    Settings,
    /// A page.
    Swarm,
    /// A page.
    Torrent,
    /// A page.
    Tune,
    /// The queue beside the page.
    Queue,
    /// The import, what can be undone, and what starts soon.
    Corner,
    /// What opens over the page.
    Over(Over),
}

/// What opens over the page.
#[derive(Clone, Copy)]
pub struct Over {
    /// The sheet of keyboard shortcuts is open.
    pub help: RwSignal<bool>,
    /// The palette is open.
    pub palette: RwSignal<bool>,
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn rest(part: Part) -> Result<AnyView, SplitLoaderError> {
    Ok(match part {
        Part::About => view! { <About /> }.into_any(),
        Part::Browse => view! { <Browse /> }.into_any(),
        Part::Favourites => view! { <Favourites /> }.into_any(),
        Part::History => view! { <History /> }.into_any(),
        Part::Nothing => view! { <NothingPlaying /> }.into_any(),
        Part::Playlist => view! { <PlaylistPage /> }.into_any(),
        Part::Playlists => view! { <Playlists /> }.into_any(),
        Part::Privacy => view! { <Privacy /> }.into_any(),
        Part::Settings => view! { <Settings /> }.into_any(),
        Part::Swarm => view! { <SwarmPage /> }.into_any(),
        Part::Torrent => view! { <TorrentPage /> }.into_any(),
        Part::Tune => view! { <Tune /> }.into_any(),
        Part::Queue => view! { <QueuePanel /> }.into_any(),
        Part::Corner => view! {
            <ImportPanel />
            <UndoBar />
            <Countdown />
        }
        .into_any(),
        Part::Over(over) => view! { <Overlays over=over /> }.into_any(),
    })
}

#[component]
fn Overlays(over: Over) -> impl IntoView {
    view! {
        <Diagnostics />
        <DropOverlay />
        <TuneMenu />
        <Dialog id="shortcuts" title=t("Keyboard shortcuts") open=over.help>
            <ShortcutTable />
        </Dialog>
        <Palette open=over.palette />
        <PinDialog />
    }
}

/// Fetches a part, and says so where that fails.
pub fn fetched(part: Part) -> AnyView {
    let attempts = RwSignal::new(0_u32);
    let view = move || {
        attempts.track();
        Suspend::new(async move {
            match rest(part).await {
                Ok(view) => view,
                Err(_) => view! { <Missing attempts=attempts /> }.into_any(),
            }
        })
    };
    view.into_any()
}

#[component]
fn Missing(attempts: RwSignal<u32>) -> impl IntoView {
    view! {
        <section class="page centred" role="alert">
            <div class="state-art bad" aria-hidden="true">
                <Icon name=Name::Warning />
            </div>
            <h1>{t("This part of the page could not be fetched")}</h1>
            <p class="quiet">
                {t("There may be no network, and this device has not kept the page yet. What plays goes on.")}
            </p>
            <button
                class="button primary"
                type="button"
                on:click=move |_| attempts.update(|attempts| *attempts += 1)
            >
                {t("Try again")}
            </button>
        </section>
    }
}

/// A part of the frame, which is fetched when it is wanted for the first time.
#[component]
pub fn Later(
    /// Which.
    part: Part,
    /// It is wanted.
    #[prop(into)]
    wanted: Signal<bool>,
) -> impl IntoView {
    let was_wanted = Memo::new(move |was: Option<&bool>| was == Some(&true) || wanted.get());
    move || was_wanted.get().then(|| fetched(part))
}
