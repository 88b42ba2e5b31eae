//! The page `/swarm`: all torrents, and how others are added.

use leptos::prelude::*;
use leptos_router::components::A;
use listening::language::{t, tf, tn};
use listening::{Intent, Reach, SwarmIntent, SwarmState, kind_words, rate_words, words};
use protocol::swarm::{InfoHash, Kept, Torrent};

use super::{Bar, Problems, percent, phase_words, progress};
use crate::components::{Dialog, Icon, IconButton, Name};
use crate::core::{torrent_path, use_core};
use crate::shell::document;

/// The page `/swarm`.
#[component]
pub fn SwarmPage() -> impl IntoView {
    let core = use_core();
    core.wish(Intent::ShowTune(None));
    core.wish(Intent::Swarm(SwarmIntent::Show(None)));
    // A link that somebody sent: `/swarm#magnet:?...`. What is behind the `#` stays in the browser.
    if let Some(link) = document::take_fragment().filter(|link| link.contains("magnet:")) {
        core.wish(Intent::Swarm(SwarmIntent::AddLink(link)));
    }
    let hashes = Memo::new(move |_| {
        core.swarm.with(|swarm| {
            let torrents = swarm.torrents.iter();
            torrents
                .map(|torrent| torrent.status.info_hash)
                .collect::<Vec<_>>()
        })
    });
    let state = Memo::new(move |_| core.swarm.with(|swarm| swarm.state.clone()));
    let is_opening = move || state.get() == SwarmState::Opening;
    view! {
        <section class="page swarm-page">
            <header class="swarm-head">
                <div>
                    <h1>{t("Swarm")}</h1>
                    <p class="quiet" role="status">
                        <Summary />
                    </p>
                </div>
                <AddTorrent />
            </header>
            <Refusal />
            {move || match state.get() {
                SwarmState::Failed(reason) => {
                    Some(
                        view! {
                            <p class="card bad" role="alert">
                                {tf(
                                    "The swarm could not be started: {0}. Tunes on this device play as ever.",
                                    &[&reason],
                                )}
                            </p>
                        },
                    )
                }
                _ => None,
            }}
            <ul class="torrents" aria-label=t("Torrents")>
                <For each=move || hashes.get() key=|hash| *hash let:hash>
                    <TorrentCard hash=hash />
                </For>
            </ul>
            <Show when=move || hashes.with(Vec::is_empty) && !is_opening()>
                <Nothing />
            </Show>
            <WhoSees />
        </section>
    }
}

#[component]
fn Summary() -> impl IntoView {
    let core = use_core();
    move || {
        core.swarm.with(|swarm| {
            let down = swarm
                .torrents
                .iter()
                .map(|torrent| torrent.status.download_rate)
                .fold(0_u32, u32::saturating_add);
            let up = swarm
                .torrents
                .iter()
                .map(|torrent| torrent.status.upload_rate)
                .fold(0_u32, u32::saturating_add);
            let mut text = match swarm.allowed {
                Some(allowed) => tf(
                    "{0} of {1} on this device",
                    &[&words::bytes_text(swarm.used), &words::bytes_text(allowed)],
                ),
                None => tf("{0} on this device", &[&words::bytes_text(swarm.used)]),
            };
            if down > 0 {
                text.push_str(&format!(" \u{b7} \u{2193} {}", rate_words(down)));
            }
            if up > 0 {
                text.push_str(&format!(" \u{b7} \u{2191} {}", rate_words(up)));
            }
            match swarm.state {
                SwarmState::Open {
                    elsewhere: true, ..
                } => text.push_str(t(" \u{b7} another tab does the work")),
                SwarmState::Open {
                    kept: Kept::Memory, ..
                } => text.push_str(t(", gone when the page is closed")),
                _ => {}
            }
            if !swarm.online {
                text.push_str(t(" \u{b7} no network"));
            } else if swarm.metered {
                text.push_str(t(" \u{b7} nothing is given to others on this connection"));
            }
            text
        })
    }
}

/// A link to paste, a file to pick, a folder to share.
#[component]
fn AddTorrent() -> impl IntoView {
    let core = use_core();
    let link = RwSignal::new(String::new());
    let is_adding = Memo::new(move |_| core.swarm.with(|swarm| swarm.is_adding));
    let add = move || {
        let text = link.get_untracked();
        if !text.trim().is_empty() {
            core.wish(Intent::Swarm(SwarmIntent::AddLink(text)));
            link.set(String::new());
        }
    };
    view! {
        <form
            class="add-torrent"
            on:submit=move |event| {
                event.prevent_default();
                add();
            }
        >
            <input
                type="text"
                class="field"
                aria-label=t("Magnet link, info hash, or address of a .torrent file")
                placeholder=t("Magnet link or .torrent address")
                autocomplete="off"
                spellcheck="false"
                prop:value=move || link.get()
                on:input=move |event| link.set(event_target_value(&event))
            />
            <button class="button primary" type="submit" disabled=move || is_adding.get()>
                <Icon name=Name::Plus />
                {t("Add")}
            </button>
            <button class="button" type="button" on:click=move |_| core.pick(false)>
                <Icon name=Name::File />
                ".torrent"
            </button>
            <button class="button" type="button" on:click=move |_| core.pick_to_share()>
                <Icon name=Name::Share />
                {t("Share a folder")}
            </button>
        </form>
    }
}

#[component]
fn Refusal() -> impl IntoView {
    let core = use_core();
    let refused = Memo::new(move |_| core.swarm.with(|swarm| swarm.refused.clone()));
    move || {
        refused.get().map(|reason| {
            view! {
                <section class="banner banner-bad" role="alert">
                    <Icon name=Name::Warning />
                    <span>{tf("It was not added: {0}", &[&reason])}</span>
                    <IconButton
                        label=t("Close")
                        icon=Name::Close
                        on_press=move || core.wish(Intent::Swarm(SwarmIntent::CloseRefusal))
                    />
                </section>
            }
        })
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <div class="state">
            <div class="state-art" aria-hidden="true">
                <Icon name=Name::Swarm />
            </div>
            <h2>{t("No torrents yet")}</h2>
            <p class="quiet">
                {t("Paste a magnet link, drop a .torrent file, or share a folder of your own. Whoever opens its link gets it straight from your browser.")}
            </p>
        </div>
    }
}

/// Who learns the listener's address, in plain words.
#[component]
fn WhoSees() -> impl IntoView {
    let core = use_core();
    let reach = Memo::new(move |_| core.settings.with(|settings| settings.swarm.reach));
    let words = move || match reach.get() {
        Reach::Direct => t(
            "Listeners who fetch from you or give to you connect directly and can see your internet address, and so can the trackers and web seeds of what you add. No other company is asked.",
        ),
        Reach::Local => t(
            "Only listeners in your own network can connect to you. The trackers and web seeds of what you add see your internet address.",
        ),
        Reach::Relayed => t(
            "Everything goes through this site's relay: other listeners do not see your address. The site, and the trackers and web seeds of what you add, do.",
        ),
        Reach::Nobody => t(
            "No other listener can connect to you. Tunes come from web seeds, whose servers see your internet address.",
        ),
    };
    view! {
        <aside class="who-sees">
            <Icon name=Name::Info />
            <p class="quiet">
                <strong>{t("Who can see your address. ")}</strong>
                {words}
                " "
                <A href="/settings#swarm">{t("Change this")}</A>
            </p>
        </aside>
    }
}

/// A torrent of the list.
#[component]
fn TorrentCard(hash: InfoHash) -> impl IntoView {
    let core = use_core();
    let torrent = Memo::new(move |_| {
        core.swarm.with(|swarm| {
            let mut torrents = swarm.torrents.iter();
            torrents
                .find(|torrent| torrent.status.info_hash == hash)
                .cloned()
        })
    });
    let name = Memo::new(move |_| {
        torrent.with(|torrent| {
            torrent
                .as_ref()
                .map_or_else(String::new, |torrent| torrent.status.name.clone())
        })
    });
    let status = move |read: fn(&Torrent) -> String| {
        torrent.with(|torrent| torrent.as_ref().map_or_else(String::new, read))
    };
    let share = Signal::derive(move || {
        torrent.with(|torrent| {
            torrent
                .as_ref()
                .map_or(0.0, |torrent| progress(&torrent.status))
        })
    });
    let problems = Signal::derive(move || {
        torrent.with(|torrent| {
            torrent
                .as_ref()
                .map_or_else(Vec::new, |torrent| torrent.status.problems.clone())
        })
    });
    view! {
        <li class="card torrent">
            <div class="torrent-head">
                <div class="torrent-name">
                    <A href=torrent_path(hash)>{move || name.get()}</A>
                    <span class="badge">{move || status(|torrent| kind_words(torrent.kind).into())}</span>
                </div>
                <Actions hash=hash torrent=torrent />
            </div>
            <Bar label=t("Progress").to_owned() share=share />
            <TorrentFacts torrent=torrent />
            <Problems problems=problems />
        </li>
    }
}

/// How a torrent stands, in figures.
#[component]
pub(super) fn TorrentFacts(torrent: Memo<Option<Torrent>>) -> impl IntoView {
    let fact = move |read: fn(&Torrent) -> String| {
        torrent.with(|torrent| torrent.as_ref().map_or_else(String::new, read))
    };
    view! {
        <dl class="torrent-facts figures">
            <div>
                <dt class="hidden-words">{t("State")}</dt>
                <dd>{move || fact(|torrent| phase_words(&torrent.status))}</dd>
            </div>
            <div>
                <dt class="hidden-words">{t("Here")}</dt>
                <dd>{move || fact(amount)}</dd>
            </div>
            <div>
                <dt>{t("Down")}</dt>
                <dd>{move || fact(|torrent| rate_words(torrent.status.download_rate))}</dd>
            </div>
            <div>
                <dt>{t("Up")}</dt>
                <dd>{move || fact(|torrent| rate_words(torrent.status.upload_rate))}</dd>
            </div>
            <div>
                <dt>{t("Peers")}</dt>
                <dd>{move || fact(peers)}</dd>
            </div>
            <div>
                <dt>{t("Ratio")}</dt>
                <dd>{move || fact(ratio)}</dd>
            </div>
            <div>
                <dt>{t("Left")}</dt>
                <dd>{move || fact(time_left)}</dd>
            </div>
        </dl>
    }
}

/// How much is here of how much.
fn amount(torrent: &Torrent) -> String {
    let status = &torrent.status;
    if status.files == 0 {
        return t("Size unknown").into();
    }
    let all = words::bytes_text(status.length);
    if status.bytes_completed >= status.length {
        return format!(
            "{} \u{b7} {all}",
            tn(status.files.into(), "{0} file", "{0} files")
        );
    }
    let here = words::bytes_text(status.bytes_completed);
    let share = percent(status.bytes_completed as f64 / status.length.max(1) as f64);
    tf("{0} of {1} ({2})", &[&here, &all, &share])
}

fn peers(torrent: &Torrent) -> String {
    let connected = words::count_text(torrent.status.peers);
    match torrent.status.swarm {
        Some((seeders, leechers)) => {
            // The tracker counts this page too.
            let all = seeders.saturating_add(leechers).saturating_sub(1);
            tf("{0} of {1}", &[&connected, &words::count_text(all)])
        }
        None => connected,
    }
}

fn ratio(torrent: &Torrent) -> String {
    let status = &torrent.status;
    if status.uploaded == 0 {
        return "\u{2013}".into();
    }
    if status.downloaded == 0 {
        return "\u{221e}".into();
    }
    format!("{:.2}", status.uploaded as f64 / status.downloaded as f64)
}

fn time_left(torrent: &Torrent) -> String {
    match torrent.status.eta_seconds {
        None => "\u{2013}".into(),
        Some(seconds @ 0..=99) => format!("{seconds} s"),
        Some(seconds @ 100..=5_999) => format!("{} min", seconds.div_ceil(60)),
        Some(seconds) => format!("{} h", seconds.div_ceil(3_600)),
    }
}

/// Pause, link and removal of a torrent.
#[component]
pub(super) fn Actions(hash: InfoHash, torrent: Memo<Option<Torrent>>) -> impl IntoView {
    let core = use_core();
    let removing = RwSignal::new(false);
    let copied = RwSignal::new(false);
    let paused = Memo::new(move |_| {
        torrent.with(|torrent| {
            torrent
                .as_ref()
                .is_some_and(|torrent| torrent.status.phase == protocol::swarm::Phase::Paused)
        })
    });
    let copy = move || {
        let magnet =
            torrent.with_untracked(|torrent| torrent.as_ref().map(|one| one.magnet.clone()));
        if let Some(magnet) = magnet {
            document::copy(&format!("{}/swarm#{magnet}", document::origin()));
            copied.set(true);
        }
    };
    let remove = move |bytes: bool| {
        removing.set(false);
        core.wish(Intent::Swarm(SwarmIntent::Remove(hash, bytes)));
        core.go("/swarm");
    };
    view! {
        <div class="torrent-actions">
            <button class="button button-small" type="button" on:click=move |_| copy()>
                <Icon name=Signal::derive(move || {
                    if copied.get() { Name::Check } else { Name::Share }
                }) />
                <span aria-live="polite">
                    {move || if copied.get() { t("Link copied") } else { t("Copy link") }}
                </span>
            </button>
            <IconButton
                label=Signal::derive(move || {
                    if paused.get() { t("Go on").to_owned() } else { t("Pause").to_owned() }
                })
                icon=Signal::derive(move || if paused.get() { Name::Play } else { Name::Pause })
                on_press=move || {
                    let pause = !paused.get_untracked();
                    core.wish(Intent::Swarm(SwarmIntent::Pause(hash, pause)));
                }
            />
            <IconButton label=t("Remove") icon=Name::Trash on_press=move || removing.set(true) />
            <Dialog id="remove-torrent" title=t("Remove this torrent?") open=removing>
                <p>
                    {t("It goes from the list, and its tunes from the library. The bytes that are here can stay, so that it goes on where it was when you add it again.")}
                </p>
                <div class="button-row">
                    <button class="button primary" type="button" on:click=move |_| remove(false)>
                        {t("Keep its bytes")}
                    </button>
                    <button class="button" type="button" on:click=move |_| remove(true)>
                        <Icon name=Name::Trash />
                        {t("Delete them too")}
                    </button>
                </div>
            </Dialog>
        </div>
    }
}
