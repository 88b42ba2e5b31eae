//! Who gives and who takes: peers, trackers, web seeds.

use leptos::prelude::*;
use listening::language::t;
use listening::{rate_words, words};
use protocol::swarm::{PeerStatus, Problem, SourceStatus, Torrent};

use super::{host, percent};
use crate::components::{Icon, Name};
use crate::core::use_core;

/// What goes on with a peer, in words.
fn peer_words(peer: &PeerStatus) -> &'static str {
    match (peer.download_rate > 0, peer.upload_rate > 0) {
        (true, true) => t("gives and takes"),
        (true, false) => t("gives"),
        (false, true) => t("takes"),
        _ if peer.interested && !peer.unchoked_us => t("lets us wait"),
        _ if peer.wants && !peer.unchoked_them => t("waits"),
        _ => t("idle"),
    }
}

/// The table of peers.
#[component]
pub fn Peers() -> impl IntoView {
    let core = use_core();
    let peers = Memo::new(move |_| {
        core.swarm.with(|swarm| {
            swarm
                .detail
                .as_ref()
                .map_or_else(Vec::new, |detail| detail.peers.clone())
        })
    });
    view! {
        <section class="card peers">
            <h2>{t("Peers")}</h2>
            <Show
                when=move || peers.with(|peers| !peers.is_empty())
                fallback=|| view! { <p class="quiet">{t("Nobody is connected.")}</p> }
            >
                <div class="table-box">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{t("Client")}</th>
                                <th scope="col">{t("Has")}</th>
                                <th scope="col">{t("Down")}</th>
                                <th scope="col">{t("Up")}</th>
                                <th scope="col">{t("Delay")}</th>
                            </tr>
                        </thead>
                        <tbody class="figures">
                            {move || {
                                peers
                                    .with(|peers| {
                                        peers
                                            .iter()
                                            .map(|peer| {
                                                view! {
                                                    <tr>
                                                        <th scope="row">
                                                            {peer.client.clone()}
                                                            <span class="quiet">{peer_words(peer)}</span>
                                                        </th>
                                                        <td>{percent(f64::from(peer.progress))}</td>
                                                        <td>{rate_words(peer.download_rate)}</td>
                                                        <td>{rate_words(peer.upload_rate)}</td>
                                                        <td>
                                                            {if peer.latency_millis == 0 {
                                                                "\u{2013}".to_owned()
                                                            } else {
                                                                format!("{} ms", peer.latency_millis)
                                                            }}
                                                        </td>
                                                    </tr>
                                                }
                                            })
                                            .collect_view()
                                    })
                            }}
                        </tbody>
                    </table>
                </div>
            </Show>
        </section>
    }
}

/// Trackers and web seeds.
#[component]
pub fn Sources(torrent: Memo<Option<Torrent>>) -> impl IntoView {
    let sources = Memo::new(move |_| {
        torrent.with(|torrent| {
            let Some(Torrent { status, .. }) = torrent else {
                return Vec::new();
            };
            let sources = status.sources.iter();
            sources
                .map(|source| (source.clone(), state(source, &status.problems)))
                .collect()
        })
    });
    view! {
        <section class="card sources">
            <h2>{t("Sources")}</h2>
            <ul>
                {move || {
                    sources
                        .with(|sources| {
                            sources
                                .iter()
                                .map(|(source, state)| line(source, *state))
                                .collect_view()
                        })
                }}
            </ul>
        </section>
    }
}

/// How a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Works,
    Idle,
    Fails,
}

fn state(source: &SourceStatus, problems: &[Problem]) -> State {
    let fails = problems.iter().any(|problem| match problem {
        Problem::Tracker { url, .. } | Problem::WebSeed { url, .. } => *url == source.url,
        _ => false,
    });
    match (fails, source.working) {
        (true, _) => State::Fails,
        (false, true) => State::Works,
        (false, false) => State::Idle,
    }
}

fn line(source: &SourceStatus, state: State) -> impl IntoView + use<> {
    let kind = if source.web_seed {
        t("Web seed")
    } else {
        t("Tracker")
    };
    let (class, words) = match state {
        State::Works => ("lamp lamp-on", t("works")),
        State::Idle => ("lamp lamp-idle", t("is not used now")),
        State::Fails => ("lamp", t("does not answer")),
    };
    let got = (source.downloaded > 0).then(|| {
        let rate = if source.rate > 0 {
            format!(", {}", rate_words(source.rate))
        } else {
            String::new()
        };
        format!("{}{rate}", words::bytes_text(source.downloaded))
    });
    view! {
        <li title=source.url.clone()>
            <span class=class>
                {match state {
                    State::Works => Some(view! { <Icon name=Name::Check /> }),
                    State::Idle => None,
                    State::Fails => Some(view! { <Icon name=Name::Warning /> }),
                }}
            </span>
            <span>
                {kind} " " <code>{host(&source.url).to_owned()}</code> " "
                <span class="hidden-words">{words}</span>
            </span>
            <span class="quiet figures">{got}</span>
        </li>
    }
}
