//! What stands around the operator's pages. The pages of the listener are among them, with the same
//! player bar.

use leptos::prelude::*;
use leptos_router::components::{A, Route, Router, Routes};
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::{NavigateOptions, path};
use listening::language::{t, tf};
use operating::{Access, Intent, Page, Reach};

use super::access::AccessPage;
use super::audit::AuditPage;
use super::collections::CollectionsPage;
use super::configuration::ConfigurationPage;
use super::glyph::{Glyph, Sign};
use super::health::HealthPage;
use super::login::{Login, LoginAgain};
use super::logs::LogsPage;
use super::status::StatusPage;
use super::telemetry::TelemetryPage;
use super::tracker::TrackerPage;
use super::words::moment;
use crate::components::{Dialog, Icon, Name};
use crate::core::{Core, use_core};
use crate::desk::{Desk, use_desk};
use crate::pages::around::{Above, Beside, ListeningRoutes};
use crate::pages::frame::{SoundBanner, obey};
use crate::pages::library::Library;
use crate::pages::not_found::NotFound;
use crate::pages::parts::Menu;
use crate::pages::rest::Over;
use crate::shell::document;
use crate::shell::keyboard;

/// Where the page lies.
const BASE: &str = "/admin";
/// The library among the operator's pages.
const PLAY: &str = "/play";

/// The whole page.
#[component]
pub fn Admin() -> impl IntoView {
    let core = Core::start();
    provide_context(core);
    let desk = Desk::start();
    provide_context(desk);
    Menu::provide();
    let over = Over {
        help: RwSignal::new(false),
        palette: RwSignal::new(false),
    };
    let is_in = move || matches!(desk.access.get_untracked(), Access::In(_));
    keyboard::listen(move |shortcut| {
        if is_in() {
            obey(core, shortcut, over);
        }
    });
    // A session that is over leaves its page as it is.
    let shown = Memo::new(move |_| {
        desk.access.with(|access| match access {
            Access::Asking => None,
            Access::Out { .. } => Some(false),
            Access::In(_) | Access::Over(_) => Some(true),
        })
    });
    view! {
        <Router base=BASE>
            {move || {
                // Texts are looked up as views are made: another language makes them anew.
                core.language.track();
                document::remove_boot();
                view! {
                    {move || match shown.get() {
                        None => view! { <Asking /> }.into_any(),
                        Some(false) => view! { <Login /> }.into_any(),
                        Some(true) => view! { <Frame over=over /> }.into_any(),
                    }}
                }
            }}
        </Router>
    }
}

/// Before the relay has said who is in.
#[component]
fn Asking() -> impl IntoView {
    let desk = use_desk();
    let is_away = move || matches!(desk.reach.get(), Reach::Away { .. });
    view! {
        <main class="login-page" id="main">
            <h1 class="hidden-words">{t("Operate this relay")}</h1>
            <Show when=is_away>
                <div class="banners">
                    <AwayBanner />
                </div>
            </Show>
        </main>
    }
}

/// The page of an address below the base.
fn page_of(path: &str) -> Page {
    let path = path.strip_prefix(BASE).unwrap_or(path);
    match path.trim_matches('/') {
        "" => Page::Status,
        "collections" => Page::Collections,
        "tracker" => Page::Tracker,
        "telemetry" => Page::Telemetry,
        "configuration" => Page::Configuration,
        "logs" => Page::Logs,
        "health" => Page::Health,
        "audit" => Page::Audit,
        "access" => Page::Access,
        _ => Page::Listening,
    }
}

#[component]
fn Frame(over: Over) -> impl IntoView {
    let core = use_core();
    let desk = use_desk();
    let navigate = use_navigate();
    let location = use_location();
    core.set_navigator(move |path| {
        // What the listener finds at the root is the library.
        let path = if path == "/" { PLAY } else { path };
        navigate(path, NavigateOptions::default());
    });
    Effect::new(move |was_elsewhere: Option<()>| {
        let path = location.pathname.get();
        desk.goes(page_of(&path));
        if was_elsewhere.is_some() {
            request_animation_frame(|| document::scroll_to_top("main"));
        }
    });
    // Links of the listener's parts lead to the listener's pages, which are here too.
    let follow = move |event: leptos::ev::MouseEvent| {
        let link = document::clicked_link(&event);
        if let Some(link) = link.filter(|link| !link.starts_with(BASE)) {
            event.prevent_default();
            core.go(&link);
        }
    };
    let more = RwSignal::new(false);
    let is_on_tune = move || {
        location
            .pathname
            .with(|path| path.starts_with("/admin/tune/"))
    };
    view! {
        <div
            class="frame desk"
            class:on-tune=is_on_tune
            class:with-queue=move || core.queue_shown.get()
            on:click=follow
        >
            <a class="skip" href="#main">
                {t("Skip to content")}
            </a>
            <Navigation more=more />
            <div class="banners">
                <AwayBanner />
                <SoundBanner />
            </div>
            <main id="main" tabindex="0">
                <Routes fallback=NotFound>
                    <Route path=path!("/") view=StatusPage />
                    <Route path=path!("/collections") view=CollectionsPage />
                    <Route path=path!("/tracker") view=TrackerPage />
                    <Route path=path!("/telemetry") view=TelemetryPage />
                    <Route path=path!("/configuration") view=ConfigurationPage />
                    <Route path=path!("/logs") view=LogsPage />
                    <Route path=path!("/health") view=HealthPage />
                    <Route path=path!("/audit") view=AuditPage />
                    <Route path=path!("/access") view=AccessPage />
                    <Route path=path!("/play") view=Library />
                    <ListeningRoutes />
                </Routes>
            </main>
            <Beside />
            <More open=more />
        </div>
        <Above over=over />
        <LoginAgain />
    }
}

/// Says that the relay does not answer, since when, and when it is asked again.
#[component]
fn AwayBanner() -> impl IntoView {
    let desk = use_desk();
    let since = Memo::new(move |_| match desk.reach.get() {
        Reach::Here => None,
        Reach::Away { since_millis, .. } => Some(since_millis),
    });
    let left = move || {
        let (second, _) = desk.now.get();
        match desk.reach.get() {
            Reach::Away { again_millis, .. } => again_millis.div_ceil(1_000).saturating_sub(second),
            Reach::Here => 0,
        }
    };
    move || {
        since.get().map(|since| {
            view! {
                <section class="banner banner-bad">
                    <Icon name=Name::Warning />
                    <span role="alert">
                        {tf(
                            "The relay has not answered since {0}. What you see is from before.",
                            &[&moment(since).seconds()],
                        )}
                    </span>
                    <span class="figures quiet">
                        {move || match left() {
                            0 => t("Asking").to_owned(),
                            seconds => tf("Next try in {0}\u{a0}s", &[&seconds]),
                        }}
                    </span>
                    <button
                        class="button button-small"
                        type="button"
                        on:click=move |_| desk.wish(Intent::Retry)
                    >
                        {t("Try now")}
                    </button>
                </section>
            }
        })
    }
}

/// A link of the navigation.
#[derive(Clone, Copy)]
enum Sight {
    Own(Glyph),
    Shared(Name),
}

#[component]
fn Link(
    path: &'static str,
    sight: Sight,
    words: &'static str,
    #[prop(optional)] class: &'static str,
    #[prop(optional)] badge: Option<Signal<Option<String>>>,
) -> impl IntoView {
    view! {
        <li class=class>
            <A href=path exact={path == BASE} attr:class="nav-link">
                {match sight {
                    Sight::Own(glyph) => view! { <Sign glyph=glyph /> }.into_any(),
                    Sight::Shared(name) => view! { <Icon name=name /> }.into_any(),
                }}
                <span class="nav-words">{words}</span>
                {badge
                    .map(|badge| {
                        move || badge.get().map(|text| view! { <span class="nav-badge">{text}</span> })
                    })}
            </A>
        </li>
    }
}

/// How many alerts fire, in words.
fn firing(desk: Desk) -> Signal<Option<String>> {
    let count = Memo::new(move |_| {
        desk.status.with(|slot| {
            let alerts = slot.value.iter().flat_map(|status| &status.alerts);
            alerts.filter(|alert| alert.is_firing).count()
        })
    });
    Signal::derive(move || (count.get() > 0).then(|| tf("{0} firing", &[&count.get()])))
}

#[component]
fn Navigation(more: RwSignal<bool>) -> impl IntoView {
    let desk = use_desk();
    let may_manage = move || desk.may(protocol::admin::Scope::Manage);
    view! {
        <nav class="nav" aria-label=t("Pages")>
            <A href=BASE attr:class="brand" attr:aria-label=t("Operating Sidereal, to the status")>
                <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
                    <path class="brand-low" d="M4 22h24v3H4z"></path>
                    <path class="brand-mid" d="M4 17h24v3H4z"></path>
                    <path d="M4 12h4v-5h5v5h6v-5h5v5h4v3h-7v-5h-1v5h-8v-5h-1v5H4z"></path>
                </svg>
                <span class="nav-words">"Sidereal"</span>
            </A>
            <h2 class="nav-part nav-words">{t("Relay")}</h2>
            <ul>
                <Link path=BASE sight=Sight::Own(Glyph::Gauge) words=t("Status") badge=firing(desk) />
                <Link path="/admin/collections" sight=Sight::Own(Glyph::Stack) words=t("Collections") />
                <Link path="/admin/tracker" sight=Sight::Shared(Name::Swarm) words=t("Tracker") />
                <Link path="/admin/telemetry" sight=Sight::Own(Glyph::Chart) words=t("Telemetry") class="nav-wide" />
                <Link path="/admin/logs" sight=Sight::Own(Glyph::Lines) words=t("Logs") class="nav-wide" />
                <Link path="/admin/health" sight=Sight::Own(Glyph::Pulse) words=t("Health") class="nav-wide" />
                <Link
                    path="/admin/configuration"
                    sight=Sight::Shared(Name::Sliders)
                    words=t("Configuration")
                    class="nav-wide"
                />
                <Link path="/admin/audit" sight=Sight::Own(Glyph::Ledger) words=t("Audit") class="nav-wide" />
                <Show when=may_manage>
                    <Link path="/admin/access" sight=Sight::Own(Glyph::Key) words=t("Access") class="nav-wide" />
                </Show>
                <li class="nav-narrow">
                    <A href="/admin/play" attr:class="nav-link">
                        <Icon name=Name::Play />
                        <span class="nav-words">{t("Play")}</span>
                    </A>
                </li>
                <li class="nav-narrow">
                    <button class="nav-link" type="button" on:click=move |_| more.set(true)>
                        <Icon name=Name::More />
                        <span class="nav-words">{t("More")}</span>
                    </button>
                </li>
            </ul>
            <h2 class="nav-part nav-words nav-wide">{t("Listening")}</h2>
            <ul class="nav-wide">
                <Link path="/admin/play" sight=Sight::Shared(Name::Library) words=t("Play") />
                <Link path="/admin/tune" sight=Sight::Shared(Name::Disc) words=t("Now playing") />
                <Link path="/admin/settings" sight=Sight::Shared(Name::Sliders) words=t("Preferences") />
            </ul>
            <LeaveButton />
        </nav>
    }
}

#[component]
fn LeaveButton() -> impl IntoView {
    let desk = use_desk();
    view! {
        <button
            class="nav-link nav-leave nav-wide"
            type="button"
            aria-label=t("Log out")
            on:click=move |_| desk.act(operating::Act::Logout)
        >
            <Sign glyph=Glyph::Leave />
            <span class="nav-words">{t("Log out")}</span>
        </button>
    }
}

/// The pages that have no place in a phone's tabs.
#[component]
fn More(open: RwSignal<bool>) -> impl IntoView {
    let desk = use_desk();
    let core = use_core();
    let go = move |path: &'static str| {
        open.set(false);
        core.go(path);
    };
    let may_manage = move || desk.may(protocol::admin::Scope::Manage);
    let entries = move || {
        let mut entries = vec![
            (Sight::Own(Glyph::Chart), t("Telemetry"), "/telemetry"),
            (Sight::Own(Glyph::Lines), t("Logs"), "/logs"),
            (Sight::Own(Glyph::Pulse), t("Health"), "/health"),
            (
                Sight::Shared(Name::Sliders),
                t("Configuration"),
                "/configuration",
            ),
            (Sight::Own(Glyph::Ledger), t("Audit"), "/audit"),
        ];
        if may_manage() {
            entries.push((Sight::Own(Glyph::Key), t("Access"), "/access"));
        }
        entries.push((Sight::Shared(Name::Disc), t("Now playing"), "/tune"));
        entries.push((Sight::Shared(Name::Sliders), t("Preferences"), "/settings"));
        entries
    };
    view! {
        <Dialog id="more-pages" title=t("More pages") open=open>
            <ul class="more-pages">
                {move || {
                    entries()
                        .into_iter()
                        .map(|(sight, words, path)| {
                            view! {
                                <li>
                                    <button class="more-page" type="button" on:click=move |_| go(path)>
                                        {match sight {
                                            Sight::Own(glyph) => view! { <Sign glyph=glyph /> }.into_any(),
                                            Sight::Shared(name) => view! { <Icon name=name /> }.into_any(),
                                        }}
                                        {words}
                                    </button>
                                </li>
                            }
                        })
                        .collect_view()
                }}
                <li>
                    <button
                        class="more-page"
                        type="button"
                        on:click=move |_| {
                            open.set(false);
                            desk.act(operating::Act::Logout);
                        }
                    >
                        <Sign glyph=Glyph::Leave />
                        {t("Log out")}
                    </button>
                </li>
            </ul>
        </Dialog>
    }
}
