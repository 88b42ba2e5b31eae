//! What both frames have, the listener's and the operator's: the pages beside the library, and what
//! stands around every page.

use leptos::prelude::*;
use leptos_router::components::{Outlet, ParentRoute, Route};
use leptos_router::path;
use listening::ImportPhase;
use listening::language::t;

use super::parts::{Notices, PlayerBar, use_menu};
use super::rest::{Later, Over, Part, fetched};
use crate::components::Soon;
use crate::core::use_core;

/// The listener's pages, the library aside.
#[component(transparent)]
pub fn ListeningRoutes() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=Outlet>
            <Route path=path!("/browse") view=|| fetched(Part::Browse) />
            <Route path=path!("/browse/:shelf") view=|| fetched(Part::Browse) />
            <Route path=path!("/tune") view=|| fetched(Part::Nothing) />
            <Route path=path!("/tune/:md5") view=|| fetched(Part::Tune) />
            <Route path=path!("/tune/:md5/:song") view=|| fetched(Part::Tune) />
            <Route path=path!("/favourites") view=|| fetched(Part::Favourites) />
            <Route path=path!("/playlists") view=|| fetched(Part::Playlists) />
            <Route path=path!("/playlists/:id") view=|| fetched(Part::Playlist) />
            <Route path=path!("/history") view=|| fetched(Part::History) />
            <Route path=path!("/swarm") view=|| fetched(Part::Swarm) />
            <Route path=path!("/swarm/:hash") view=|| fetched(Part::Torrent) />
            <Route path=path!("/settings") view=|| fetched(Part::Settings) />
            <Route path=path!("/privacy") view=|| fetched(Part::Privacy) />
            <Route path=path!("/about") view=|| fetched(Part::About) />
        </ParentRoute>
    }
    .into_inner()
}

/// The queue, the player bar and the messages beside a page.
#[component]
pub fn Beside() -> impl IntoView {
    let core = use_core();
    let wants_corner = Signal::derive(move || {
        core.import.with(|import| import.phase != ImportPhase::None)
            || core.kept.with(|kept| kept.undo.is_some())
            || core.onward.with(|onward| onward.countdown.is_some())
    });
    view! {
        <Later part=Part::Queue wanted=core.queue_shown />
        <Soon>
            <PlayerBar />
        </Soon>
        <section class="corner" aria-label=t("Messages")>
            <Later part=Part::Corner wanted=wants_corner />
            <Notices />
        </section>
    }
}

/// What opens over a page, and what is read aloud.
#[component]
pub fn Above(over: Over) -> impl IntoView {
    let core = use_core();
    let menu = use_menu();
    let wanted = Signal::derive(move || {
        over.help.get()
            || over.palette.get()
            || core.diagnostics_shown.get()
            || core.hovering.get()
            || menu.is_open()
            || core.browse.with(|browse| browse.pin.is_some())
    });
    view! {
        <Later part=Part::Over(over) wanted=wanted />
        <p class="hidden-words" role="status" aria-live="polite">
            {move || core.announcement.get()}
        </p>
    }
}
