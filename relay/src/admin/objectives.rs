//! What is promised to listeners, and how it is kept over the time that the relay remembers. Names
//! and budgets are those of `monitoring/prometheus/rules/slo.yml`.

use protocol::admin::Objective;

use super::history::{History, REMEMBERED};

/// Good and bad events of an objective.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Events {
    /// All.
    pub all: f64,
    /// Those that should not be.
    pub bad: f64,
}

/// A promise.
pub struct Promise {
    /// Name, as in the rules.
    pub name: &'static str,
    words: &'static str,
    /// Share of events that may be bad.
    pub budget: f64,
    count: fn(&History, u64) -> Events,
}

/// All of them.
pub const PROMISES: [Promise; 6] = [
    Promise {
        name: "play_success",
        words: "Tunes that were wanted and not given up sound",
        budget: 0.005,
        count: |history, millis| {
            let Some(window) = history.window(millis) else {
                return Events::default();
            };
            let bad = window.grown(|sample| sample.play_failures);
            Events {
                all: bad + window.grown(|sample| sample.plays),
                bad,
            }
        },
    },
    Promise {
        name: "first_audio",
        words: "A tune sounds within 2 s of the gesture",
        budget: 0.05,
        count: |history, millis| {
            let Some(window) = history.window(millis) else {
                return Events::default();
            };
            let spread = window.spread(|sample| &sample.first_audio);
            let good = spread.within(2.0, &history.first_audio_bounds);
            Events {
                all: spread.count() as f64,
                bad: (spread.count() - good) as f64,
            }
        },
    },
    Promise {
        name: "seek_latency",
        words: "A seek is heard within 0.5 s of the gesture",
        budget: 0.05,
        count: |history, millis| {
            let Some(window) = history.window(millis) else {
                return Events::default();
            };
            let spread = window.spread(|sample| &sample.seek);
            let good = spread.within(0.5, &history.seek_bounds);
            Events {
                all: spread.count() as f64,
                bad: (spread.count() - good) as f64,
            }
        },
    },
    Promise {
        name: "seek_success",
        words: "Seeks that no later one replaced get there",
        budget: 0.01,
        count: |history, millis| {
            let Some(window) = history.window(millis) else {
                return Events::default();
            };
            let bad = window.grown(|sample| sample.seek_failures);
            Events {
                all: bad + window.grown(|sample| sample.seeks),
                bad,
            }
        },
    },
    Promise {
        name: "tracker",
        words: "The tracker answers whenever it is looked at",
        budget: 0.001,
        count: |history, millis| {
            let (all, bad) = history.counted(millis, |sample| !sample.is_tracker_up);
            Events {
                all: all as f64,
                bad: bad as f64,
            }
        },
    },
    Promise {
        name: "beacons",
        words: "Beacons that pages send are taken",
        budget: 0.01,
        count: |history, millis| {
            let Some(window) = history.window(millis) else {
                return Events::default();
            };
            Events {
                all: window.grown(|sample| sample.beacons),
                bad: window.grown(|sample| sample.beacons_refused),
            }
        },
    },
];

impl Promise {
    /// Share of bad events of the newest part of what is remembered, and all of them; none where
    /// nothing happened.
    pub fn error_ratio(&self, history: &History, millis: u64) -> Option<(f64, f64)> {
        let events = (self.count)(history, millis);
        (events.all > 0.0).then(|| (events.bad / events.all, events.all))
    }
}

/// How each is kept.
#[must_use]
pub fn all(history: &History) -> Vec<Objective> {
    let objective = |promise: &Promise| {
        let found = promise.error_ratio(history, REMEMBERED);
        Objective {
            name: promise.name.into(),
            words: promise.words.into(),
            target: 1.0 - promise.budget,
            ratio: found.map(|(bad, _)| 1.0 - bad),
            events: found.map_or(0, |(_, all)| all as u64),
            budget_left: found.map(|(bad, _)| 1.0 - bad / promise.budget),
        }
    };
    PROMISES.iter().map(objective).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::sample::{Sample, Spread};

    #[test]
    fn names_and_budgets_are_those_of_the_rules() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../monitoring/prometheus/rules/slo.yml"
        );
        let rules: serde_json::Value =
            serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let group = &rules["groups"][0];
        assert_eq!(group["name"], "sidereal-objectives");
        let written: Vec<(String, f64)> = group["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| {
                let expression = rule["expr"].as_str().unwrap();
                let budget = expression
                    .strip_prefix("vector(")
                    .unwrap()
                    .strip_suffix(')');
                let name = rule["labels"]["slo"].as_str().unwrap().to_owned();
                (name, budget.unwrap().parse().unwrap())
            })
            .collect();
        let known: Vec<(String, f64)> = PROMISES
            .iter()
            .map(|promise| (promise.name.to_owned(), promise.budget))
            .collect();
        assert_eq!(known, written);
        let text = std::fs::read_to_string(path).unwrap();
        for bound in [
            "first_audio_seconds_bucket{le=\"2\"}",
            "seek_seconds_bucket{le=\"0.5\"}",
        ] {
            assert!(text.contains(bound), "{bound}");
        }
    }

    #[test]
    fn each_counts_its_own_events() {
        let mut history = History::default();
        let spread = |bounds: &[f64], bound: f64| {
            let place = bounds.iter().position(|known| *known == bound).unwrap();
            let mut counts = vec![0; bounds.len() + 1];
            counts[place] = 19;
            counts[place + 1] = 1;
            Spread(counts)
        };
        history.push(Sample {
            is_tracker_up: true,
            ..Sample::default()
        });
        history.push(Sample {
            at_millis: 15_000,
            plays: 398.0,
            play_failures: 2.0,
            first_audio: spread(&history.first_audio_bounds, 2.0),
            seek: spread(&history.seek_bounds, 0.5),
            seeks: 98.0,
            seek_failures: 2.0,
            beacons: 100.0,
            beacons_refused: 1.0,
            ..Sample::default()
        });
        let kept: Vec<_> = all(&history)
            .into_iter()
            .map(|objective| {
                let round = |value: f64| (value * 1e4).round() / 1e4;
                (
                    objective.name,
                    objective.events,
                    objective.ratio.map(round),
                    objective.budget_left.map(round),
                )
            })
            .collect();
        let expected = [
            ("play_success", 400, 0.995, 0.0),
            ("first_audio", 20, 0.95, 0.0),
            ("seek_latency", 20, 0.95, 0.0),
            ("seek_success", 100, 0.98, -1.0),
            ("tracker", 2, 0.5, -499.0),
            ("beacons", 100, 0.99, 0.0),
        ]
        .map(|(name, events, ratio, left)| (name.to_owned(), events, Some(ratio), Some(left)));
        assert_eq!(kept, expected);
        let nothing = all(&History::default());
        assert!(nothing.iter().all(|objective| objective.ratio.is_none()));
    }
}
