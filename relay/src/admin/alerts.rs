//! What an operator should know now: the alerts of `monitoring/prometheus/rules/alerts.yml`, as far
//! as a relay can know them of itself and of one day.

use protocol::admin::Alert;

use super::history::History;
use super::objectives::PROMISES;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// On which side of the threshold something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

/// A value, and of what it is where there are several.
type Measured = Option<(f64, String)>;

/// An alert.
struct Rule {
    name: &'static str,
    severity: &'static str,
    /// What is wrong; `{}` is of what the value is.
    summary: &'static str,
    side: Side,
    threshold: f64,
    /// How long it has to be so before it fires.
    hold: u64,
    /// What of the past the value is of, as the rule writes it; nothing for what is so now.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tests hold it against the rules")
    )]
    window: &'static str,
    measure: fn(&History, u64) -> Measured,
}

fn plain(value: Option<f64>) -> Measured {
    value.map(|value| (value, String::new()))
}

/// Growth of a counter in a second.
fn rate(history: &History, millis: u64, of: fn(&super::sample::Sample) -> f64) -> Option<f64> {
    history.window(millis).map(|window| window.rate(of))
}

/// The fastest burning budget: how many times faster than it lasts for a month, over a long time and
/// over a short one, which tells that it still goes on.
fn burn(history: &History, long: u64, short: u64, least_events: f64) -> Measured {
    let burning = PROMISES.iter().filter_map(|promise| {
        let (over_long, events) = promise.error_ratio(history, long)?;
        let (over_short, _) = promise.error_ratio(history, short)?;
        let factor = over_long.min(over_short) / promise.budget;
        (events > least_events).then(|| (factor, promise.name.to_owned()))
    });
    burning.max_by(|a, b| a.0.total_cmp(&b.0))
}

/// All of them, in the order of the rules.
const RULES: [Rule; 22] = [
    Rule {
        name: "ErrorBudgetBurnsFast",
        severity: "page",
        summary: "{}: 2 % of a month's error budget went in an hour",
        side: Side::Above,
        threshold: 14.4,
        hold: 0,
        window: "rate1h",
        measure: |history, _| burn(history, HOUR, 5 * MINUTE, 20.0),
    },
    Rule {
        name: "ErrorBudgetBurns",
        severity: "page",
        summary: "{}: 5 % of a month's error budget went in six hours",
        side: Side::Above,
        threshold: 6.0,
        hold: 0,
        window: "rate6h",
        measure: |history, _| burn(history, 6 * HOUR, 30 * MINUTE, 20.0),
    },
    Rule {
        name: "ErrorBudgetLeaks",
        severity: "ticket",
        summary: "{}: 10 % of a month's error budget went in a day",
        side: Side::Above,
        threshold: 3.0,
        hold: 0,
        window: "rate1d",
        measure: |history, _| burn(history, 24 * HOUR, 2 * HOUR, 0.0),
    },
    Rule {
        name: "FirstAudioSlow",
        severity: "page",
        summary: "Every twentieth start takes more than 15 s",
        side: Side::Above,
        threshold: 15.0,
        hold: 5 * MINUTE,
        window: "rate5m",
        measure: |history, _| {
            let spread = history
                .window(5 * MINUTE)?
                .spread(|sample| &sample.first_audio);
            plain(spread.quantile(0.95, &history.first_audio_bounds))
        },
    },
    Rule {
        name: "SeekSlow",
        severity: "page",
        summary: "Every twentieth seek takes more than 5 s",
        side: Side::Above,
        threshold: 5.0,
        hold: 5 * MINUTE,
        window: "rate5m",
        measure: |history, _| {
            let spread = history.window(5 * MINUTE)?.spread(|sample| &sample.seek);
            plain(spread.quantile(0.95, &history.seek_bounds))
        },
    },
    Rule {
        name: "PlaysFail",
        severity: "page",
        summary: "More than every tenth tune does not play",
        side: Side::Above,
        threshold: 0.10,
        hold: 5 * MINUTE,
        window: "rate5m",
        measure: |history, _| {
            let promise = PROMISES
                .iter()
                .find(|promise| promise.name == "play_success")?;
            let (_, events) = promise.error_ratio(history, HOUR)?;
            let (bad, _) = promise.error_ratio(history, 5 * MINUTE)?;
            plain((events > 20.0).then_some(bad))
        },
    },
    Rule {
        name: "SoundBreaksOff",
        severity: "ticket",
        summary: "Sound breaks off more than every five minutes",
        side: Side::Above,
        threshold: 12.0,
        hold: 15 * MINUTE,
        window: "rate15m",
        measure: |history, _| {
            let window = history.window(15 * MINUTE)?;
            let ratio = window.ratio(|sample| sample.underruns, |sample| sample.listening_seconds);
            plain(ratio.map(|ratio| ratio * 3_600.0))
        },
    },
    Rule {
        name: "TrackerDown",
        severity: "page",
        summary: "The tracker does not answer",
        side: Side::Below,
        threshold: 1.0,
        hold: MINUTE,
        window: "",
        measure: |history, _| {
            let last = history.last()?;
            plain(Some(f64::from(u8::from(last.is_tracker_up))))
        },
    },
    Rule {
        name: "AdapterDown",
        severity: "ticket",
        summary: "{} does not work",
        side: Side::Below,
        threshold: 1.0,
        hold: 5 * MINUTE,
        window: "",
        measure: |history, _| {
            let down = &history.last()?.down;
            (!down.is_empty()).then(|| (0.0, down.join(", ")))
        },
    },
    Rule {
        name: "ClusterLoses",
        severity: "ticket",
        summary: "Relays say more to each other than they can hear",
        side: Side::Above,
        threshold: 0.1,
        hold: 10 * MINUTE,
        window: "[5m]",
        measure: |history, _| plain(rate(history, 5 * MINUTE, |sample| sample.cluster_lost)),
    },
    Rule {
        name: "TrackerBackpressure",
        severity: "ticket",
        summary: "The tracker closes sockets that read too slowly",
        side: Side::Above,
        threshold: 0.1,
        hold: 10 * MINUTE,
        window: "[5m]",
        measure: |history, _| plain(rate(history, 5 * MINUTE, |sample| sample.slow_sockets)),
    },
    Rule {
        name: "ClusterLoses",
        severity: "ticket",
        summary: "Relays that share swarms say more to each other than they can hear",
        side: Side::Above,
        threshold: 0.1,
        hold: 10 * MINUTE,
        window: "[5m]",
        measure: |history, _| plain(rate(history, 5 * MINUTE, |sample| sample.cluster_dropped)),
    },
    Rule {
        name: "HttpErrors",
        severity: "page",
        summary: "More than every twentieth request fails",
        side: Side::Above,
        threshold: 0.05,
        hold: 5 * MINUTE,
        window: "rate5m",
        measure: |history, _| {
            let window = history.window(5 * MINUTE)?;
            plain(window.ratio(|sample| sample.request_errors, |sample| sample.requests))
        },
    },
    Rule {
        name: "SeedErrors",
        severity: "ticket",
        summary: "The web seed cannot give what was published",
        side: Side::Above,
        threshold: 0.05,
        hold: 15 * MINUTE,
        window: "rate15m",
        measure: |history, _| {
            let window = history.window(15 * MINUTE)?;
            plain(window.ratio(|sample| sample.seed_errors, |sample| sample.seed_requests))
        },
    },
    Rule {
        name: "CatalogueStale",
        severity: "ticket",
        summary: "A catalogue is older than 200 days",
        side: Side::Above,
        threshold: 200.0 * 86_400.0,
        hold: HOUR,
        window: "",
        measure: |history, now_millis| {
            let published = history.last()?.published_seconds?;
            plain(Some(now_millis as f64 / 1_000.0 - published))
        },
    },
    Rule {
        name: "DatabaseFails",
        severity: "page",
        summary: "The store fails",
        side: Side::Above,
        threshold: 0.0,
        hold: 0,
        window: "[15m]",
        measure: |history, _| {
            let window = history.window(15 * MINUTE)?;
            plain(Some(window.grown(|sample| sample.store_errors)))
        },
    },
    Rule {
        name: "LoginAttacked",
        severity: "ticket",
        summary: "Somebody tries passwords",
        side: Side::Above,
        threshold: 30.0,
        hold: 0,
        window: "[15m]",
        measure: |history, _| {
            let window = history.window(15 * MINUTE)?;
            plain(Some(window.grown(|sample| sample.logins_refused)))
        },
    },
    Rule {
        name: "CpuHigh",
        severity: "ticket",
        summary: "The relay uses more than 80 % of its processors",
        side: Side::Above,
        threshold: 0.8,
        hold: 10 * MINUTE,
        window: "rate5m",
        measure: |history, _| {
            let window = history.window(5 * MINUTE)?;
            let cores = window.new.cores?;
            window.new.cpu_seconds?;
            plain(Some(
                window.rate(|sample| sample.cpu_seconds.unwrap_or(0.0)) / cores,
            ))
        },
    },
    Rule {
        name: "MemoryHigh",
        severity: "page",
        summary: "Memory is more than 90 % full",
        side: Side::Above,
        threshold: 0.9,
        hold: 5 * MINUTE,
        window: "",
        measure: |history, _| plain(history.last()?.memory_share),
    },
    Rule {
        name: "DiskLow",
        severity: "ticket",
        summary: "The data folder's disk is more than 90 % full",
        side: Side::Below,
        threshold: 0.1,
        hold: 10 * MINUTE,
        window: "",
        measure: |history, _| plain(history.last()?.disk_free),
    },
    Rule {
        name: "DiskFull",
        severity: "page",
        summary: "The data folder's disk is full",
        side: Side::Below,
        threshold: 0.02,
        hold: 2 * MINUTE,
        window: "",
        measure: |history, _| plain(history.last()?.disk_free),
    },
    Rule {
        name: "FilesHigh",
        severity: "page",
        summary: "File descriptors run out",
        side: Side::Above,
        threshold: 0.8,
        hold: 5 * MINUTE,
        window: "",
        measure: |history, _| plain(history.last()?.files_share),
    },
];

/// Since when each is so.
#[derive(Default)]
pub struct Alerts {
    states: [Option<State>; RULES.len()],
}

struct State {
    since_steady: u64,
    since_millis: u64,
    of: String,
}

impl Alerts {
    /// Looks at what was added to the history, at a time by both clocks.
    pub fn look(&mut self, history: &History, now_steady: u64, now_millis: u64) {
        for (rule, state) in RULES.iter().zip(&mut self.states) {
            let wrong = (rule.measure)(history, now_millis).filter(|(value, _)| match rule.side {
                Side::Above => *value > rule.threshold,
                Side::Below => *value < rule.threshold,
            });
            *state = wrong.map(|(_, of)| match state.take() {
                Some(before) => State { of, ..before },
                None => State {
                    since_steady: now_steady,
                    since_millis: now_millis,
                    of,
                },
            });
        }
    }

    /// Those that fire, then those that are about to.
    #[must_use]
    pub fn told(&self, now_steady: u64) -> Vec<Alert> {
        let states = RULES.iter().zip(&self.states);
        let mut told: Vec<Alert> = states
            .filter_map(|(rule, state)| {
                let state = state.as_ref()?;
                Some(Alert {
                    name: rule.name.into(),
                    severity: rule.severity.into(),
                    summary: rule.summary.replace("{}", &state.of),
                    since_millis: state.since_millis,
                    is_firing: now_steady.saturating_sub(state.since_steady) >= rule.hold,
                })
            })
            .collect();
        told.sort_by_key(|alert| !alert.is_firing);
        told
    }
}

#[cfg(test)]
mod tests;
