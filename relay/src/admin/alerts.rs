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
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::admin::history::STEP;
    use crate::admin::sample::Sample;

    /// Alerts that only somebody outside of the relay, or with a longer memory, can know.
    const NOT_OURS: [&str; 2] = ["RelayDown", "ErrorBudgetDrips"];

    /// The number behind the first comparison of an expression, and its sign.
    fn comparison(expression: &str) -> (Side, f64) {
        let at = expression.find([' ', '\n']).map(|_| ());
        assert!(at.is_some(), "{expression}");
        let above = expression.find(" > ");
        let below = expression.find(" < ");
        let (side, at) = match (above, below) {
            (Some(above), Some(below)) if below < above => (Side::Below, below),
            (Some(above), _) => (Side::Above, above),
            (None, Some(below)) => (Side::Below, below),
            (None, None) => panic!("{expression} compares nothing"),
        };
        let words = expression[at + 3..].trim_start_matches("on (slo) ");
        let numbers = words.split(" * ").map_while(|word| {
            let word = word.split_whitespace().next()?;
            word.parse::<f64>().ok()
        });
        (side, numbers.product())
    }

    #[test]
    fn rules_are_those_of_prometheus() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../monitoring/prometheus/rules/alerts.yml"
        );
        let file: serde_json::Value =
            serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let groups = file["groups"].as_array().unwrap().iter();
        let rules = groups.flat_map(|group| group["rules"].as_array().unwrap());
        let written: BTreeMap<&str, &serde_json::Value> = rules
            .map(|rule| (rule["alert"].as_str().unwrap(), rule))
            .collect();
        let known: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        for name in written.keys().filter(|name| !NOT_OURS.contains(name)) {
            assert!(known.contains(name), "the relay does not know {name}");
        }
        for rule in &RULES {
            let written = written[rule.name];
            assert_eq!(
                written["labels"]["severity"], rule.severity,
                "{}",
                rule.name
            );
            let hold = written["for"].as_str().map_or(0, |text| {
                let (number, unit) = text.split_at(text.len() - 1);
                let unit = if unit == "h" { HOUR } else { MINUTE };
                number.parse::<u64>().unwrap() * unit
            });
            assert_eq!(hold, rule.hold, "{}", rule.name);
            let expression = written["expr"].as_str().unwrap();
            assert_eq!(
                comparison(expression),
                (rule.side, rule.threshold),
                "{}",
                rule.name
            );
            let window = if rule.window.is_empty() {
                expression
            } else {
                rule.window
            };
            assert!(expression.contains(window), "{}: {expression}", rule.name);
        }
    }

    /// A relay to which something happens, by a clock of its own.
    #[derive(Default)]
    struct Day {
        history: History,
        alerts: Alerts,
        now: u64,
        last: Sample,
    }

    impl Day {
        fn new() -> Self {
            let mut day = Self::default();
            day.last.is_tracker_up = true;
            day.pass(1, |_| {});
            day
        }

        fn pass(&mut self, minutes: u64, mut happens: impl FnMut(&mut Sample)) {
            let end = self.now + minutes * MINUTE;
            while self.now < end {
                self.now += STEP;
                happens(&mut self.last);
                self.last.at_millis = self.now;
                self.history.push(self.last.clone());
                let wall = self.now + 1_800_000_000_000;
                self.alerts.look(&self.history, self.now, wall);
            }
        }

        /// Those that fire, and those that are about to.
        fn told(&self) -> (Vec<String>, Vec<String>) {
            let told = self.alerts.told(self.now);
            let name = |alert: &Alert| alert.name.clone();
            let (firing, pending): (Vec<_>, Vec<_>) =
                told.iter().partition(|alert| alert.is_firing);
            (
                firing.into_iter().map(name).collect(),
                pending.into_iter().map(name).collect(),
            )
        }
    }

    fn none() -> Vec<String> {
        Vec::new()
    }

    #[test]
    fn a_quiet_relay_has_nothing_to_say() {
        let mut day = Day::new();
        day.pass(120, |sample| {
            sample.plays += 1.0;
            sample.requests += 10.0;
            sample.beacons += 1.0;
        });
        assert_eq!(day.told(), (none(), none()));
        assert_eq!(Alerts::default().told(0), []);
    }

    #[test]
    fn an_alert_waits_fires_and_ends() {
        let mut day = Day::new();
        day.pass(10, |sample| {
            sample.requests += 10.0;
            sample.request_errors += 1.0;
        });
        day.alerts = Alerts::default();
        day.pass(4, |sample| {
            sample.requests += 10.0;
            sample.request_errors += 1.0;
        });
        assert_eq!(day.told(), (none(), vec!["HttpErrors".to_owned()]));
        let since = day.alerts.told(day.now)[0].since_millis;
        day.pass(2, |sample| {
            sample.requests += 10.0;
            sample.request_errors += 1.0;
        });
        assert_eq!(day.told(), (vec!["HttpErrors".to_owned()], none()));
        assert_eq!(day.alerts.told(day.now)[0].since_millis, since);
        day.pass(6, |sample| sample.requests += 10.0);
        assert_eq!(day.told(), (none(), none()));
    }

    #[test]
    fn each_fires_for_its_own_fault() {
        let check = |expected: &[&str], happens: &dyn Fn(&mut Sample)| {
            let mut day = Day::new();
            day.pass(90, |sample| happens(sample));
            let (mut firing, pending) = day.told();
            firing.retain(|name| !name.starts_with("ErrorBudget"));
            assert_eq!(firing, expected, "{pending:?}");
        };
        let late = |sample: &mut Sample,
                    spread: fn(&mut Sample) -> &mut super::super::sample::Spread,
                    length: usize| {
            let spread = spread(sample);
            spread.0.resize(length, 0);
            *spread.0.last_mut().unwrap() += 1;
        };
        let history = History::default();
        let audio = history.first_audio_bounds.len() + 1;
        let seek = history.seek_bounds.len() + 1;
        check(&["FirstAudioSlow"], &|sample| {
            late(sample, |sample| &mut sample.first_audio, audio)
        });
        check(&["SeekSlow"], &|sample| {
            late(sample, |sample| &mut sample.seek, seek)
        });
        check(&["PlaysFail"], &|sample| {
            sample.plays += 4.0;
            sample.play_failures += 1.0;
        });
        check(&["SoundBreaksOff"], &|sample| {
            sample.listening_seconds += 15.0;
            sample.underruns += 1.0;
        });
        check(&["TrackerDown"], &|sample| sample.is_tracker_up = false);
        check(&["AdapterDown"], &|sample| {
            sample.down = vec!["stun".into()]
        });
        check(&["ClusterLoses"], &|sample| sample.cluster_lost += 2.0);
        check(&["TrackerBackpressure"], &|sample| {
            sample.slow_sockets += 2.0
        });
        check(&["ClusterLoses"], &|sample| sample.cluster_dropped += 2.0);
        check(&["SeedErrors"], &|sample| {
            sample.seed_requests += 10.0;
            sample.seed_errors += 1.0;
        });
        check(&["CatalogueStale"], &|sample| {
            sample.published_seconds = Some(1_000.0)
        });
        check(&["DatabaseFails"], &|sample| sample.store_errors += 1.0);
        check(&["LoginAttacked"], &|sample| sample.logins_refused += 1.0);
        check(&["CpuHigh"], &|sample| {
            sample.cores = Some(2.0);
            sample.cpu_seconds = Some(sample.cpu_seconds.unwrap_or(0.0) + 27.0);
        });
        check(&["MemoryHigh"], &|sample| sample.memory_share = Some(0.95));
        check(&["DiskLow", "DiskFull"], &|sample| {
            sample.disk_free = Some(0.01)
        });
        check(&["FilesHigh"], &|sample| sample.files_share = Some(0.9));
    }

    #[test]
    fn a_budget_that_burns_is_named() {
        let mut day = Day::new();
        day.pass(30, |sample| {
            sample.beacons += 4.0;
            sample.beacons_refused += 1.0;
        });
        let alert = &day.alerts.told(day.now)[0];
        assert_eq!(alert.name, "ErrorBudgetBurnsFast");
        assert!(alert.summary.starts_with("beacons: "), "{}", alert.summary);
        // A few events wake nobody.
        let mut day = Day::new();
        day.pass(1, |sample| {
            sample.plays += 1.0;
            sample.play_failures += 1.0;
        });
        let (firing, _) = day.told();
        assert!(
            !firing.contains(&"ErrorBudgetBurnsFast".to_owned()),
            "{firing:?}"
        );
    }
}
