//! Both sides of each rule, and the rules of Prometheus beside them.

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
        let (firing, pending): (Vec<_>, Vec<_>) = told.iter().partition(|alert| alert.is_firing);
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
