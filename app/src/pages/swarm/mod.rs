//! The swarm: what is fetched from others and given to them.

mod files;
mod sources;
mod torrent;
mod torrents;

pub use torrent::TorrentPage;
pub use torrents::SwarmPage;

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::words;
use protocol::swarm::{Phase, Problem, TorrentStatus};

/// What a torrent does, in a word or two.
fn phase_words(status: &TorrentStatus) -> String {
    let has_all = status.bytes_completed == status.length;
    match status.phase {
        Phase::Metadata => t("Asking for its list of files").into(),
        Phase::Verifying => tf(
            "Verifying {0} of {1}",
            &[
                &words::count_text(status.verified.0),
                &words::count_text(status.verified.1),
            ],
        ),
        Phase::Downloading => t("Fetching").into(),
        Phase::Seeding if has_all => t("Complete").into(),
        Phase::Seeding => t("Ready").into(),
        Phase::Paused => t("Paused").into(),
        Phase::Error => t("Stopped").into(),
    }
}

/// A trouble, and what will be tried next.
fn problem_words(problem: &Problem) -> String {
    let retry = |millis: u32| match millis.div_ceil(1_000) {
        0 | 1 => t("It is tried again now.").to_owned(),
        seconds @ 2..=119 => tf("It is tried again in {0} s.", &[&seconds]),
        seconds => tf("It is tried again in {0} min.", &[&(seconds / 60)]),
    };
    match problem {
        Problem::Tracker {
            url,
            reason,
            retry_in_millis,
        } => tf(
            "The tracker {0} does not answer: {1}. {2} What is connected goes on.",
            &[&host(url), reason, &retry(*retry_in_millis)],
        ),
        Problem::WebSeed {
            url,
            reason,
            retry_in_millis: Some(millis),
        } => tf(
            "The web seed {0} does not deliver: {1}. {2}",
            &[&host(url), reason, &retry(*millis)],
        ),
        Problem::WebSeed { url, reason, .. } => tf(
            "The web seed {0} is not used any more: {1}.",
            &[&host(url), reason],
        ),
        Problem::NoPeers => {
            t("Nobody who has it is connected. It goes on as soon as somebody is.").into()
        }
        Problem::HashFailures { pieces, banned } => tf(
            "{0}; {1} for it.",
            &[
                &tn(
                    (*pieces).into(),
                    "{0} piece did not match and is fetched again",
                    "{0} pieces did not match and are fetched again",
                ),
                &match banned {
                    0 => t("nobody is banned yet").to_owned(),
                    more => tn(
                        (*more).into(),
                        "one source is banned",
                        "{0} sources are banned",
                    ),
                },
            ],
        ),
        Problem::Disk(reason) => tf(
            "It stands still: {0}. Free some room, or let fewer files stay, and go on.",
            &[reason],
        ),
        Problem::Metadata(reason) => tf("Its list of files is unusable: {0}.", &[reason]),
    }
}

/// The part of an address that people know.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// A share from 0 to 1 as percent: never 0 when it has begun, and never 100 before it is all.
fn percent(share: f64) -> String {
    match share {
        ..=0.0 => "0 %".into(),
        ..0.01 => "<1 %".into(),
        ..1.0 => format!("{} %", (share * 100.0).floor()),
        _ => "100 %".into(),
    }
}

/// How much of `wanted` is here, from 0 to 1; of nothing wanted, of everything.
fn progress(status: &TorrentStatus) -> f64 {
    let (done, all) = if status.wanted > 0 {
        (status.wanted_completed, status.wanted)
    } else {
        (status.bytes_completed, status.length)
    };
    if all == 0 {
        0.0
    } else {
        done as f64 / all as f64
    }
}

/// A bar of progress.
#[component]
fn Bar(
    /// What it is of.
    label: String,
    /// From 0 to 1.
    #[prop(into)]
    share: Signal<f64>,
    /// Nothing is fetched of it.
    #[prop(into, optional)]
    faint: Signal<bool>,
) -> impl IntoView {
    view! {
        <div
            class="bar"
            class:full=move || { share.get() >= 1.0 }
            class:faint=move || faint.get()
            role="progressbar"
            aria-label=label
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=move || (share.get() * 100.0).floor().to_string()
        >
            <i style:transform=move || format!("scaleX({})", share.get())></i>
        </div>
    }
}

/// Troubles of a torrent, one a line.
#[component]
fn Problems(#[prop(into)] problems: Signal<Vec<Problem>>) -> impl IntoView {
    view! {
        <Show when=move || problems.with(|problems| !problems.is_empty())>
            <ul class="problems" role="status">
                {move || {
                    problems
                        .with(|problems| {
                            problems
                                .iter()
                                .map(|problem| {
                                    view! {
                                        <li>
                                            <crate::components::Icon name=crate::components::Name::Warning />
                                            <span>{problem_words(problem)}</span>
                                        </li>
                                    }
                                })
                                .collect_view()
                        })
                }}
            </ul>
        </Show>
    }
}
