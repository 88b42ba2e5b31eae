//! The page `/privacy`: every byte that the site is told of how listening went.

use leptos::prelude::*;
use listening::language::{t, tf, tn};
use listening::words;
use telemetry::{Beacon, FAMILIES, Family, FamilyId, Figure, Kind, MOST_OF_A_KIND, Unit};

use super::parts::TelemetrySetting;
use crate::core::use_core;
use crate::shell::document;

/// What a family counts.
fn words_of(family: FamilyId) -> &'static str {
    match family {
        FamilyId::PlayAttempts => t("How often you wanted to hear a tune"),
        FamilyId::Plays => t("How that ended"),
        FamilyId::PlayFailures => t("Tunes that could not be played, by kind of reason"),
        FamilyId::Seeks => t("How often you went to another place, and whether it worked"),
        FamilyId::Underruns => t("How often sound was missing at the speakers"),
        FamilyId::BufferEvents => t("How often the sound kept ready ran low, ran out, came back"),
        FamilyId::Fallbacks => t("How often one kind of source gave way to another"),
        FamilyId::SourceUsed => t("Kind of source that tunes came from"),
        FamilyId::EngineUsed => t("How their sound was made"),
        FamilyId::Prefetches => t("Whether the next tune was ready when it was wanted"),
        FamilyId::Resumes => t("Whether tunes went on where they had been left"),
        FamilyId::WorkerRestarts => t("Parts of the page that broke and were started again"),
        FamilyId::LongFrames => t("How often the page did not answer for 50 milliseconds"),
        FamilyId::StoragePressure => t("How often the room of the browser became scarce"),
        FamilyId::ListeningSeconds => t("Seconds listened, with and without a network"),
        FamilyId::SelfTests => t("What this browser can do of what the page needs"),
        FamilyId::Dropped => t("What could not be counted because a count was full"),
        FamilyId::FirstAudio => t("Time from your click to the first sound"),
        FamilyId::StartPhase => t("The same in parts: bytes, sound made ready, sound started"),
        FamilyId::SeekTime => t("Time from going to another place to its sound"),
        FamilyId::VerifyTime => t("Time to check what is kept of a torrent"),
        FamilyId::CatalogOpen => t("Time to open the library"),
        FamilyId::SearchTime => t("Time from a keystroke to what it finds"),
        FamilyId::ScoreTime => t("Time to choose the way to a tune"),
        FamilyId::TorrentFirstByte => t("Time to the first bytes of a tune from a swarm"),
        FamilyId::Peers => t("Number of listeners that the page is connected to"),
    }
}

fn amount(unit: Unit, value: u64) -> String {
    match unit {
        Unit::Ones => words::grouped(value),
        Unit::Seconds if value < 1_000_000 => format!("{} ms", value as f64 / 1e3),
        Unit::Seconds => format!("{} s", value as f64 / 1e6),
    }
}

/// Between what a count can lie, and in what steps.
fn bounds_of(family: &Family) -> String {
    match family.kind {
        Kind::Counter => tf("0 to {0}", &[&words::count_text(MOST_OF_A_KIND)]),
        Kind::Histogram { unit, bounds } => {
            let least = bounds.first().copied().unwrap_or_default();
            let most = bounds.last().copied().unwrap_or_default();
            let steps = tn(bounds.len() as u64, "{0} step", "{0} steps");
            let places = [
                &amount(unit, least.into()) as &dyn std::fmt::Display,
                &amount(unit, most.into()),
                &steps,
            ];
            match unit {
                Unit::Seconds => tf("{0} to {1} in {2}, and longer", &places),
                Unit::Ones => tf("{0} to {1} in {2}, and more", &places),
            }
        }
    }
}

/// The numbers of a series, in words.
fn counted(figure: &Figure<'_>) -> String {
    let Kind::Histogram { unit, bounds } = figure.family.kind else {
        return words::count_text(figure.counts[0]);
    };
    let steps = figure.counts.iter().enumerate();
    let steps = steps.filter(|(_, count)| **count > 0).map(|(at, count)| {
        let times = words::count_text(*count);
        match bounds.get(at) {
            Some(bound) => tf("{0} up to {1}", &[&times, &amount(unit, (*bound).into())]),
            None if unit == Unit::Ones => tf("{0} more", &[&times]),
            None => tf("{0} longer or never", &[&times]),
        }
    });
    let steps: Vec<String> = steps.collect();
    let sum = amount(unit, figure.sum);
    tf("{0}; together {1}", &[&steps.join(", "), &sum])
}

fn labels_of(family: &Family, series: usize) -> String {
    let labels = family.labels_of(series).into_iter();
    let labels = labels.map(|(name, value)| format!("{name}: {value}"));
    labels.collect::<Vec<_>>().join(", ")
}

fn possible_labels(family: &Family) -> String {
    let labels = family.labels.iter();
    let labels = labels.map(|label| format!("{}: {}", label.name, label.values.join(", ")));
    labels.collect::<Vec<_>>().join("; ")
}

fn hex(bytes: &[u8]) -> String {
    let pairs = bytes.iter().map(|byte| format!("{byte:02x}"));
    pairs.collect::<Vec<_>>().join(" ")
}

fn line(name: &'static str, labels: String, value: String) -> impl IntoView {
    view! {
        <li>
            <div>
                <strong>{name}</strong>
                {(!labels.is_empty()).then(|| view! { <span class="quiet">{labels}</span> })}
            </div>
            <span class="told-value">{value}</span>
        </li>
    }
}

/// The last beacon, decoded and as it was.
fn shown(at: u64, bytes: &[u8]) -> AnyView {
    let lines = Beacon::decode(bytes).map(|beacon| {
        let number = tf("{0}, used once", &[&format!("{:016x}", beacon.id())]);
        let figures = beacon.figures().map(|figure| {
            let labels = labels_of(figure.family, figure.series);
            line(words_of(figure.family.id), labels, counted(&figure))
        });
        let figures = figures.collect_view();
        (line(t("A random number"), String::new(), number), figures)
    });
    let size = words::bytes_text(bytes.len() as u64);
    view! {
        <p class="quiet">
            {tf("Sent at {0}, {1}:", &[&document::time_text(at), &size])}
        </p>
        <ul class="told">{lines.ok()}</ul>
        <h3>{t("The same as it was sent")}</h3>
        <pre class="told-bytes" tabindex="0" aria-label=t("Bytes of the last beacon")>
            {hex(bytes)}
        </pre>
    }
    .into_any()
}

/// The page `/privacy`.
#[component]
pub fn Privacy() -> impl IntoView {
    let core = use_core();
    let families = FAMILIES.iter().map(|family| {
        line(
            words_of(family.id),
            possible_labels(family),
            bounds_of(family),
        )
    });
    view! {
        <section class="page text-page">
            <h1>{t("What the site is told")}</h1>
            <p class="lead">
                {t("So that whoever runs this site notices when tunes start late or not at all, this page sends it counts. Here is every byte of them.")}
            </p>
            <section class="card">
                <h2>{t("Your choice")}</h2>
                <TelemetrySetting />
            </section>
            <section class="card" id="sent">
                <h2>{t("The last that was sent")}</h2>
                {move || {
                    let told = core.told.get();
                    match told.last {
                        None => {
                            view! {
                                <p class="quiet">
                                    {t("Nothing since this page was opened. It sends once a minute and when it is hidden, if anything happened, and nothing without a network.")}
                                </p>
                            }
                                .into_any()
                        }
                        Some((at, bytes)) => {
                            let count = tn(
                                told.count.into(),
                                "{0} beacon since this page was opened",
                                "{0} beacons since this page was opened",
                            );
                            let size = words::bytes_text(told.bytes as u64);
                            view! {
                                <p data-count=told.count>{format!("{count}, {size}.")}</p>
                                {shown(at, &bytes)}
                            }
                                .into_any()
                        }
                    }
                }}
            </section>
            <section class="card">
                <h2>{t("Why this tells nothing about you")}</h2>
                <ul class="ticks">
                    <li>{t("A beacon is numbers of the list below and nothing else: it has no place for a name, a title, a path, a hash, an address or a time of day.")}</li>
                    <li>{t("What a count is of comes from short fixed lists. Nothing that you type, choose or load can become part of it.")}</li>
                    <li>{t("Times are sent as how many fell into which step, and as their sum.")}</li>
                    <li>{t("The random number is new in each beacon. The site forgets it after ten minutes; it only keeps a beacon from being counted twice.")}</li>
                    <li>{t("The site adds beacons of all listeners up and keeps none of them. Your internet address, which every request shows, is used to bound how many beacons it takes, stays in memory for a minute and is written nowhere.")}</li>
                    <li>{t("Nothing is sent while the switch is off, your browser asks for it (Do Not Track, Global Privacy Control), or there is no network.")}</li>
                </ul>
            </section>
            <section class="card" id="possible">
                <h2>{t("Everything that can be counted")}</h2>
                <ul class="told">{families.collect_view()}</ul>
            </section>
        </section>
    }
}
