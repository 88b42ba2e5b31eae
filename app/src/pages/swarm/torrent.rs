//! The page `/swarm/HASH`: a torrent's files, peers and sources.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;
use listening::language::{t, tf};
use listening::{Intent, SwarmIntent, SwarmState, kind_words};
use protocol::swarm::{InfoHash, Torrent};

use super::Problems;
use super::files::Files;
use super::sources::{Peers, Sources};
use super::torrents::{Actions, TorrentFacts};
use crate::components::{Icon, Name};
use crate::core::use_core;

/// The page `/swarm/HASH`.
#[component]
pub fn TorrentPage() -> impl IntoView {
    let params = use_params_map();
    let hash = Memo::new(move |_| {
        let text = params.with(|params| params.get("hash"));
        text.and_then(|text| text.parse::<InfoHash>().ok())
    });
    move || match hash.get() {
        Some(hash) => view! { <Known hash=hash /> }.into_any(),
        None => view! { <Gone /> }.into_any(),
    }
}

#[component]
fn Gone() -> impl IntoView {
    view! {
        <div class="state">
            <h1>{t("There is no such torrent here")}</h1>
            <p class="quiet">{t("It may have been removed, or its address is incomplete.")}</p>
            <A href="/swarm" attr:class="button">
                {t("All torrents")}
            </A>
        </div>
    }
}

#[component]
fn Known(hash: InfoHash) -> impl IntoView {
    let core = use_core();
    core.wish(Intent::ShowTune(None));
    core.wish(Intent::Swarm(SwarmIntent::Show(Some(hash))));
    let torrent = Memo::new(move |_| {
        core.swarm.with(|swarm| {
            let mut torrents = swarm.torrents.iter();
            torrents
                .find(|torrent| torrent.status.info_hash == hash)
                .cloned()
        })
    });
    let is_here = Memo::new(move |_| torrent.with(Option::is_some));
    let is_known = Memo::new(move |_| {
        // Just after it was added the list may not have it yet.
        core.swarm
            .with(|swarm| matches!(swarm.state, SwarmState::Open { .. }) && !swarm.is_adding)
    });
    let fact = move |read: fn(&Torrent) -> String| {
        torrent.with(|torrent| torrent.as_ref().map_or_else(String::new, read))
    };
    let problems = Signal::derive(move || {
        torrent.with(|torrent| {
            torrent
                .as_ref()
                .map_or_else(Vec::new, |torrent| torrent.status.problems.clone())
        })
    });
    view! {
        <Show when=move || is_here.get() fallback=move || {
            view! {
                <Show when=move || is_known.get()>
                    <Gone />
                </Show>
            }
        }>
            <section class="page torrent-page">
                <A href="/swarm" attr:class="back">
                    <Icon name=Name::Left />
                    {t("Swarm")}
                </A>
                <header class="torrent-head">
                    <div class="torrent-name">
                        <h1>{move || fact(|torrent| torrent.status.name.clone())}</h1>
                        <span class="badge">{move || fact(|torrent| kind_words(torrent.kind).into())}</span>
                    </div>
                    <Actions hash=hash torrent=torrent />
                </header>
                <TorrentFacts torrent=torrent />
                <PieceBar />
                <Problems problems=problems />
                <div class="torrent-parts">
                    <Files hash=hash torrent=torrent />
                    <div class="torrent-side">
                        <Peers />
                        <Sources torrent=torrent />
                    </div>
                </div>
            </section>
        </Show>
    }
}

/// Which pieces are here: a line from the torrent's first to its last.
#[component]
fn PieceBar() -> impl IntoView {
    let core = use_core();
    let pieces = Memo::new(move |_| {
        core.swarm.with(|swarm| {
            swarm
                .detail
                .as_ref()
                .map_or_else(Vec::new, |detail| detail.pieces.clone())
        })
    });
    let spoken = move || {
        pieces.with(|pieces| {
            let full = pieces.iter().filter(|part| **part == 255).count();
            let some = pieces
                .iter()
                .filter(|part| (1..255).contains(*part))
                .count();
            tf(
                "Of {0} parts, {1} are complete and {2} begun",
                &[&pieces.len(), &full, &some],
            )
        })
    };
    view! {
        <svg
            class="piece-bar"
            role="img"
            aria-label=spoken
            preserveAspectRatio="none"
            viewBox=move || format!("0 0 {} 1", pieces.with(Vec::len).max(1))
        >
            {move || {
                pieces
                    .with(|pieces| {
                        runs(pieces)
                            .into_iter()
                            .map(|(from, to, level)| {
                                view! {
                                    <rect
                                        x=from.to_string()
                                        y="0"
                                        width=(to - from).to_string()
                                        height="1"
                                        opacity=format!("{:.2}", 0.25 + 0.75 * f32::from(level) / 255.0)
                                    ></rect>
                                }
                            })
                            .collect_view()
                    })
            }}
        </svg>
    }
}

/// Neighbouring parts of one level that have something, as ranges.
fn runs(pieces: &[u8]) -> Vec<(usize, usize, u8)> {
    let mut found: Vec<(usize, usize, u8)> = Vec::new();
    for (at, &level) in pieces.iter().enumerate().filter(|(_, level)| **level > 0) {
        match found.last_mut() {
            Some((_, end, of)) if *end == at && *of == level => *end += 1,
            _ => found.push((at, at + 1, level)),
        }
    }
    found
}
