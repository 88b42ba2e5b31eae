//! What starts and plays without a network, and new versions of the page.

use leptos::prelude::*;
use listening::Site;
use listening::language::t;

use crate::components::{Icon, Name};
use crate::core::use_core;
use crate::shell::site;

/// Says that there is no network, or that a newer version waits: above every page.
#[component]
pub fn SiteBanner() -> impl IntoView {
    let core = use_core();
    let offline = Memo::new(move |_| core.swarm.with(|swarm| !swarm.online));
    let waits = Memo::new(move |_| core.site.with(|site| *site == Site::NewVersion));
    // A song is never cut off by an update.
    let is_quiet = Memo::new(move |_| core.player.with(|player| !player.state.is_active()));
    view! {
        {move || {
            offline
                .get()
                .then(|| {
                    view! {
                        <aside class="banner" aria-label=t("Network")>
                            <Icon name=Name::Info />
                            <span>
                                {t(
                                    "No network. What is on this device plays; the rest is fetched when the network is back.",
                                )}
                            </span>
                        </aside>
                    }
                })
        }}
        {move || {
            (waits.get() && is_quiet.get())
                .then(|| {
                    view! {
                        <aside class="banner" aria-label=t("Update")>
                            <Icon name=Name::Info />
                            <span>{t("A new version of Sidereal is ready.")}</span>
                            <button
                                class="button button-small"
                                type="button"
                                on:click=move |_| site::take_over()
                            >
                                {t("Reload")}
                            </button>
                        </aside>
                    }
                })
        }}
    }
}

/// A term of the settings' list of facts: how the page is kept.
#[component]
pub fn SiteFact() -> impl IntoView {
    let core = use_core();
    let state = move || match core.site.get() {
        Site::Unknown | Site::Coming => t("Being kept"),
        Site::Kept => t("Ready"),
        Site::NewVersion => t("Ready, and a new version waits"),
        Site::NotKept(_) => t("Needs the network"),
    };
    let hint = move || {
        match core.site.get() {
        Site::NotKept(Some(reason)) if !reason.is_empty() => reason,
        Site::NotKept(Some(_)) => t("This device has no room for it.").to_owned(),
        Site::NotKept(None) => {
            t("Browsers keep pages only when they come over https or from this device.").to_owned()
        }
        _ => t(
            "The page starts without a network and plays what is on this device. Your browser's menu can install it as an app.",
        )
        .to_owned(),
    }
    };
    view! {
        <div>
            <dt>{t("Without a network")}</dt>
            <dd>
                <strong>{state}</strong>
                <p class="quiet">{hint}</p>
            </dd>
        </div>
    }
}
