//! What stands around every page: navigation, player bar, messages, shortcuts.

use leptos::prelude::*;
use leptos_router::components::{A, Route, Router, Routes};
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::{NavigateOptions, path};
use listening::keep::KeepIntent;
use listening::language::{t, tf};
use listening::{Intent, SoundMode};

use super::around::{Above, Beside, ListeningRoutes};
use super::library::Library;
use super::not_found::NotFound;
use super::parts::{Menu, STAGE, SiteBanner};
use super::rest::Over;
use crate::components::{Icon, Name, Soon};
use crate::core::{Core, tune_path, use_core};
use crate::shell::document;
use crate::shell::keyboard::{self, Shortcut};
use crate::shell::visuals;

/// Step of the arrow keys.
const SEEK_MILLIS: i32 = 5_000;
/// Step of the arrow keys.
const VOLUME_PERCENT: i32 = 5;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let core = Core::start();
    provide_context(core);
    Menu::provide();
    let over = Over {
        help: RwSignal::new(false),
        palette: RwSignal::new(false),
    };
    keyboard::listen(move |shortcut| obey(core, shortcut, over));
    view! {
        <Router>
            <Soon>
                {move || {
                    // Texts are looked up as views are made: another language makes them anew.
                    core.language.track();
                    document::remove_boot();
                    view! { <Frame over=over /> }
                }}
            </Soon>
        </Router>
    }
}

#[component]
fn Frame(over: Over) -> impl IntoView {
    let core = use_core();
    let navigate = use_navigate();
    let location = use_location();
    let on_tune_page = Memo::new(move |_| location.pathname.get().starts_with("/tune/"));
    core.set_navigator(move |path| {
        // From tune to tune the page stays, so the way back leads out of it.
        let replace = on_tune_page.get_untracked() && path.starts_with("/tune/");
        let options = NavigateOptions {
            replace,
            ..NavigateOptions::default()
        };
        navigate(path, options);
    });
    Effect::new(move |was_elsewhere: Option<()>| {
        location.pathname.track();
        let part = location.hash.get_untracked();
        // The first page stands at its top.
        if was_elsewhere.is_none() && part.is_empty() {
            return;
        }
        // The page that is gone to is there with the next frame.
        request_animation_frame(move || {
            if !document::scroll_to(part.trim_start_matches('#')) {
                document::scroll_to_top("main");
            }
        });
    });
    let narrow = move || core.settings.with(|settings| settings.narrow_navigation);
    view! {
        <div class="frame" class:narrow=narrow class:on-tune=move || on_tune_page.get() class:with-queue=move || core.queue_shown.get()>
            <a class="skip" href="#main">
                {t("Skip to content")}
            </a>
            <Navigation help=over.help />
            <div class="banners">
                <SoundBanner />
                <SiteBanner />
            </div>
            <main id="main" tabindex="0">
                <Routes fallback=NotFound>
                    <Route path=path!("/") view=Library />
                    <ListeningRoutes />
                </Routes>
            </main>
            <Beside />
        </div>
        <Above over=over />
    }
}

/// Says that there is no sound, or why it takes a while, where that is so.
#[component]
pub(super) fn SoundBanner() -> impl IntoView {
    let core = use_core();
    let rendered = Memo::new(move |_| {
        core.player
            .with(|player| player.mode == Some(SoundMode::File))
    });
    let gone = Memo::new(move |_| core.player.with(|player| player.gone.clone()));
    let why = if document::is_insecure() {
        t(
            "This page was opened over plain http, where browsers give no direct sound output: sound is rendered before it plays.",
        )
    } else {
        t("This browser has no audio worklet: sound is rendered before it plays.")
    };
    view! {
        {move || {
            gone.get()
                .map(|reason| {
                    view! {
                        <section class="banner banner-bad" role="alert">
                            <Icon name=Name::Warning />
                            <span>{tf("The sound engine could not be started: {0}", &[&reason])}</span>
                            <button
                                class="button button-small"
                                type="button"
                                on:click=move |_| core.wish(Intent::RetryEngine)
                            >
                                {t("Try again")}
                            </button>
                        </section>
                    }
                })
        }}
        <Show when=move || rendered.get() && gone.get().is_none()>
            <aside class="banner" aria-label=t("Sound")>
                <Icon name=Name::Info />
                <span>{why}</span>
                <A href="/settings">{t("More")}</A>
            </aside>
        </Show>
    }
}

/// Does what a key stands for.
pub(super) fn obey(core: Core, shortcut: Shortcut, over: Over) {
    core.wish(match shortcut {
        Shortcut::PlayPause => Intent::PlayPause,
        Shortcut::Forth => Intent::SeekBy(SEEK_MILLIS),
        Shortcut::Back => Intent::SeekBy(-SEEK_MILLIS),
        Shortcut::Louder => Intent::StepVolume(VOLUME_PERCENT),
        Shortcut::Softer => Intent::StepVolume(-VOLUME_PERCENT),
        Shortcut::Mute => Intent::ToggleMute,
        Shortcut::Next => Intent::Next,
        Shortcut::Previous => Intent::Previous,
        Shortcut::Slower => Intent::StepSpeed(-1),
        Shortcut::Faster => Intent::StepSpeed(1),
        Shortcut::Favourite => Intent::Keep(KeepIntent::FavouriteCurrent),
        Shortcut::Help => {
            over.help.set(true);
            return;
        }
        Shortcut::Diagnostics => {
            core.diagnostics_shown.update(|shown| *shown = !*shown);
            return;
        }
        Shortcut::FullScreen => {
            visuals::toggle_full_screen(STAGE);
            return;
        }
        Shortcut::Queue => {
            core.queue_shown.update(|shown| *shown = !*shown);
            return;
        }
        Shortcut::Palette => {
            over.palette.update(|open| *open = !*open);
            return;
        }
        Shortcut::Search => {
            if !document::focus("search") {
                core.go("/");
                request_animation_frame(|| {
                    document::focus("search");
                });
            }
            return;
        }
    });
}

#[component]
fn Navigation(help: RwSignal<bool>) -> impl IntoView {
    let core = use_core();
    let now = Memo::new(move |_| {
        core.player.with(|player| {
            player
                .tune
                .as_ref()
                .map_or_else(|| "/tune".to_owned(), |tune| tune_path(tune.id))
        })
    });
    let location = use_location();
    let on_tune = move || location.pathname.with(|path| path.starts_with("/tune"));
    let narrow = move || core.settings.with(|settings| settings.narrow_navigation);
    view! {
        <nav class="nav" aria-label=t("Pages")>
            <A href="/" attr:class="brand" attr:aria-label=t("Sidereal, to the library")>
                <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
                    <path class="brand-low" d="M4 22h24v3H4z"></path>
                    <path class="brand-mid" d="M4 17h24v3H4z"></path>
                    <path d="M4 12h4v-5h5v5h6v-5h5v5h4v3h-7v-5h-1v5h-8v-5h-1v5H4z"></path>
                </svg>
                <span class="nav-words">"Sidereal"</span>
            </A>
            <ul>
                <li>
                    <A href="/" exact=true attr:class="nav-link">
                        <Icon name=Name::Library />
                        <span class="nav-words">{t("Library")}</span>
                    </A>
                </li>
                <li>
                    <A href="/browse" attr:class="nav-link">
                        <Icon name=Name::Shelves />
                        <span class="nav-words">{t("Browse")}</span>
                    </A>
                </li>
                <li>
                    <a
                        class="nav-link"
                        href=move || now.get()
                        aria-current=move || on_tune().then_some("page")
                    >
                        <Icon name=Name::Disc />
                        <span class="nav-words">{t("Now playing")}</span>
                    </a>
                </li>
                <li class="nav-wide">
                    <A href="/favourites" attr:class="nav-link">
                        <Icon name=Name::Heart />
                        <span class="nav-words">{t("Favourites")}</span>
                    </A>
                </li>
                <li>
                    <A href="/playlists" attr:class="nav-link">
                        <Icon name=Name::List />
                        <span class="nav-words">{t("Playlists")}</span>
                    </A>
                </li>
                <li class="nav-wide">
                    <A href="/history" attr:class="nav-link">
                        <Icon name=Name::Clock />
                        <span class="nav-words">{t("History")}</span>
                    </A>
                </li>
                <li>
                    <A href="/swarm" attr:class="nav-link">
                        <Icon name=Name::Swarm />
                        <span class="nav-words">{t("Swarm")}</span>
                    </A>
                </li>
                <li>
                    <A href="/settings" attr:class="nav-link">
                        <Icon name=Name::Sliders />
                        <span class="nav-words">{t("Settings")}</span>
                    </A>
                </li>
                <li class="nav-wide">
                    <A href="/about" attr:class="nav-link">
                        <Icon name=Name::Info />
                        <span class="nav-words">{t("About")}</span>
                    </A>
                </li>
            </ul>
            <button
                class="nav-link nav-help"
                type="button"
                aria-label=t("Keyboard shortcuts")
                on:click=move |_| help.set(true)
            >
                <Icon name=Name::Keyboard />
                <span class="nav-words">{t("Shortcuts")}</span>
            </button>
            <button
                class="nav-link nav-toggle"
                type="button"
                aria-expanded=move || (!narrow()).to_string()
                aria-label=move || if narrow() { t("Expand navigation") } else { t("Collapse navigation") }
                on:click=move |_| core.wish(Intent::ToggleNavigation)
            >
                <Icon name=Name::Panel />
                <span class="nav-words">{t("Collapse")}</span>
            </button>
        </nav>
    }
}
