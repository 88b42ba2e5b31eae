//! The swarm: what is fetched from others and given to them.

mod files;
mod sources;
mod torrent;
mod torrents;

pub use torrent::TorrentPage;
pub use torrents::SwarmPage;

use leptos::prelude::*;
use listening::words;
use protocol::swarm::{Phase, Problem, TorrentStatus};

/// What a torrent does, in a word or two.
fn phase_words(status: &TorrentStatus) -> String {
    let has_all = status.bytes_completed == status.length;
    match status.phase {
        Phase::Metadata => "Asking for its list of files".into(),
        Phase::Verifying => format!(
            "Verifying {} of {}",
            words::count_text(status.verified.0),
            words::count_text(status.verified.1)
        ),
        Phase::Downloading => "Fetching".into(),
        Phase::Seeding if has_all => "Complete".into(),
        Phase::Seeding => "Ready".into(),
        Phase::Paused => "Paused".into(),
        Phase::Error => "Stopped".into(),
    }
}

/// A trouble, and what will be tried next.
fn problem_words(problem: &Problem) -> String {
    let retry = |millis: u32| match millis.div_ceil(1_000) {
        0 | 1 => "It is tried again now.".to_owned(),
        seconds @ 2..=119 => format!("It is tried again in {seconds} s."),
        seconds => format!("It is tried again in {} min.", seconds / 60),
    };
    match problem {
        Problem::Tracker {
            url,
            reason,
            retry_in_millis,
        } => format!(
            "The tracker {} does not answer: {}. {} What is connected goes on.",
            host(url),
            reason,
            retry(*retry_in_millis)
        ),
        Problem::WebSeed {
            url,
            reason,
            retry_in_millis: Some(millis),
        } => format!(
            "The web seed {} does not deliver: {}. {}",
            host(url),
            reason,
            retry(*millis)
        ),
        Problem::WebSeed { url, reason, .. } => {
            format!("The web seed {} is not used any more: {reason}.", host(url))
        }
        Problem::NoPeers => {
            "Nobody who has it is connected. It goes on as soon as somebody is.".into()
        }
        Problem::HashFailures { pieces, banned } => format!(
            "{} did not match and {} fetched again; {} for it.",
            words::counted(*pieces, "piece"),
            if *pieces == 1 { "is" } else { "are" },
            match banned {
                0 => "nobody is banned yet".to_owned(),
                1 => "one source is banned".to_owned(),
                more => format!("{more} sources are banned"),
            }
        ),
        Problem::Disk(reason) => format!(
            "It stands still: {reason}. Free some room, or let fewer files stay, and go on."
        ),
        Problem::Metadata(reason) => format!("Its list of files is unusable: {reason}."),
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
