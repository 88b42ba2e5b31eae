//! Every page but the library: fetched when the first of them is gone to, so that the first sound
//! needs none of them.

use leptos::prelude::*;
use leptos_router::LazyRoute;

use super::about::About;
use super::browse::Browse;
use super::favourites::{Favourites, History};
use super::playlists::{PlaylistPage, Playlists};
use super::privacy::Privacy;
use super::settings::Settings;
use super::swarm::{SwarmPage, TorrentPage};
use super::tune::{NothingPlaying, Tune};

/// Pages of the second part.
#[derive(Clone, Copy)]
enum Page {
    About,
    Browse,
    Favourites,
    History,
    Nothing,
    Playlist,
    Playlists,
    Privacy,
    Settings,
    Swarm,
    Torrent,
    Tune,
}

#[lazy]
fn rest(page: Page) -> AnyView {
    match page {
        Page::About => view! { <About /> }.into_any(),
        Page::Browse => view! { <Browse /> }.into_any(),
        Page::Favourites => view! { <Favourites /> }.into_any(),
        Page::History => view! { <History /> }.into_any(),
        Page::Nothing => view! { <NothingPlaying /> }.into_any(),
        Page::Playlist => view! { <PlaylistPage /> }.into_any(),
        Page::Playlists => view! { <Playlists /> }.into_any(),
        Page::Privacy => view! { <Privacy /> }.into_any(),
        Page::Settings => view! { <Settings /> }.into_any(),
        Page::Swarm => view! { <SwarmPage /> }.into_any(),
        Page::Torrent => view! { <TorrentPage /> }.into_any(),
        Page::Tune => view! { <Tune /> }.into_any(),
    }
}

macro_rules! routes {
    ($($name:ident)*) => {$(
        pub struct $name;
        impl LazyRoute for $name {
            fn data() -> Self {
                Self
            }
            async fn view(_this: Self) -> AnyView {
                rest(Page::$name).await
            }
        }
    )*};
}

/// Routes of these pages.
pub mod route {
    use super::*;
    routes! { About Browse Favourites History Nothing Playlist Playlists Privacy Settings Swarm Torrent Tune }
}
