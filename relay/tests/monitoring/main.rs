//! `monitoring/` against the relay: what is asked for exists, is explained, and has an answer when
//! a real Prometheus asks a real relay under real traffic.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod expressions;
mod files;
mod live;
mod operator;
#[path = "../cluster/parts.rs"]
#[expect(
    dead_code,
    reason = "the tests of relays that share swarms use the rest"
)]
mod parts;
mod prometheus;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};

use relay::metrics::{Family, Metrics, reference};
use serde_json::Value;

/// Names of all series that the relay exports and that rules make.
fn known() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for family in Metrics::new(true).families() {
        let Family { name, kind, .. } = family;
        if *kind == "histogram" {
            known.extend(["bucket", "sum", "count"].map(|part| format!("{name}_{part}")));
        } else {
            known.insert(name.clone());
        }
    }
    known.extend(files::rules().into_iter().map(|rule| rule.record));
    known
}

#[test]
fn every_metric_that_is_asked_for_exists() {
    let known = known();
    let rules = files::rules();
    let rules = rules.iter().map(|rule| {
        let name = format!("{}{}", rule.record, rule.alert);
        (name, rule.expr.clone())
    });
    let dashboards = files::dashboards();
    let panels = dashboards.iter().flat_map(files::Dashboard::questions);
    let mut count = 0;
    for (name, expression) in rules.chain(panels) {
        for metric in expressions::metrics(&expression) {
            assert!(known.contains(metric), "{name} asks for {metric}");
            count += 1;
        }
        let asks_quantile = expression.contains("histogram_quantile");
        let is_summed = expression.contains("sum by (le");
        assert!(
            !asks_quantile || is_summed,
            "{name}: a quantile is of a sum"
        );
    }
    assert!(count > 200, "{count} metrics are asked for");
}

/// Where the reference stands in the README.
const MARKS: [&str; 2] = ["<!-- reference -->\n\n", "\n<!-- end -->"];

#[test]
fn the_reference_is_what_is_declared() {
    let readme = files::text("README.md");
    let (before, rest) = readme.split_once(MARKS[0]).expect("a mark before it");
    let (found, after) = rest.split_once(MARKS[1]).expect("a mark behind it");
    let expected = reference(Metrics::new(true).families());
    if std::env::var_os("SIDEREAL_WRITE_REFERENCE").is_some() {
        let text = [before, MARKS[0], &expected, MARKS[1], after].concat();
        std::fs::write(files::folder().join("README.md"), text).unwrap();
    } else {
        let words = "run the test again with SIDEREAL_WRITE_REFERENCE=1 to write it";
        assert_eq!(found, expected, "{words}");
    }
}

#[test]
fn every_alert_says_what_to_do() {
    let runbook = files::text("RUNBOOK.md");
    let heading = |line: &str| Some(line.trim_start_matches('#').trim().to_lowercase());
    let headings: BTreeSet<String> = runbook
        .lines()
        .filter(|line| line.starts_with('#'))
        .filter_map(heading)
        .map(|words| words.replace(' ', "-"))
        .collect();
    let rules = files::rules();
    let objectives: BTreeSet<&String> = rules
        .iter()
        .filter_map(|rule| rule.labels.get("slo"))
        .collect();
    assert_eq!(objectives.len(), 6);
    let mut told = BTreeSet::new();
    for rule in rules.iter().filter(|rule| !rule.alert.is_empty()) {
        let name = &rule.alert;
        let note = |key: &str| {
            let text = rule.annotations.get(key);
            text.unwrap_or_else(|| panic!("{name} has no {key}"))
        };
        assert!(!note("summary").is_empty() && !note("description").is_empty());
        let severity = rule.labels.get("severity").map(String::as_str);
        assert!(matches!(severity, Some("page" | "ticket")), "{name}");
        let place = note("runbook").strip_prefix("RUNBOOK.md#").expect(name);
        for objective in &objectives {
            let place = place.replace("{{ $labels.slo }}", objective);
            assert!(headings.contains(&place), "{name}: no heading {place}");
            told.insert(place);
        }
        assert!(
            !expressions::sides(&rule.expr).is_empty(),
            "{name} compares"
        );
    }
    // A paragraph that no alert leads to is out of date.
    let second = runbook.lines().filter_map(|line| line.strip_prefix("## "));
    for words in second {
        let place = words.to_lowercase().replace(' ', "-");
        assert!(told.contains(&place), "no alert leads to {words}");
    }
}

#[test]
fn dashboards_are_whole() {
    let sources: Value = files::yaml("grafana/provisioning/datasources/prometheus.yml");
    let source = &sources["datasources"][0]["uid"];
    let provider: Value = files::yaml("grafana/provisioning/dashboards/sidereal.yml");
    assert_eq!(provider["providers"][0]["folderUid"], "sidereal");
    let dashboards = files::dashboards();
    let uids: BTreeSet<_> = dashboards
        .iter()
        .map(|dashboard| dashboard.json["uid"].as_str().unwrap())
        .collect();
    let expected =
        ["overview", "player-slo", "relay", "swarm"].map(|name| format!("sidereal-{name}"));
    assert_eq!(uids, expected.iter().map(String::as_str).collect());
    for dashboard in &dashboards {
        assert_eq!(dashboard.json["refresh"], "30s", "{}", dashboard.name);
        let mut places: Vec<[i64; 4]> = Vec::new();
        let mut ids = BTreeSet::new();
        for panel in dashboard.panels() {
            let title = panel["title"].as_str().unwrap();
            let name = format!("{}: {title}", dashboard.name);
            assert!(ids.insert(panel["id"].as_i64().unwrap()), "{name}");
            let place = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_i64().unwrap());
            let [x, y, w, h] = place;
            assert!(x >= 0 && x + w <= 24, "{name} fits");
            let lies_on = |other: &&[i64; 4]| {
                let [ox, oy, ow, oh] = **other;
                x < ox + ow && ox < x + w && y < oy + oh && oy < y + h
            };
            assert_eq!(places.iter().find(lies_on), None, "{name} lies on another");
            places.push(place);
            if panel["type"] == "row" {
                continue;
            }
            let description = panel["description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.'), "{name} is described");
            assert_eq!(panel["datasource"]["uid"], *source, "{name}");
            let targets = panel["targets"].as_array().unwrap();
            assert!(!targets.is_empty(), "{name} asks");
            for target in targets {
                assert_eq!(target["datasource"]["uid"], *source, "{name}");
            }
        }
    }
}

#[test]
fn the_compose_file_reaches_the_metrics_listener() {
    let compose: Value = files::yaml("compose.yml");
    let services: BTreeMap<String, Value> =
        serde_json::from_value(compose["services"].clone()).unwrap();
    for (name, service) in &services {
        // By default the relay's metrics are on 127.0.0.1, which only the host's own network has.
        assert_eq!(service["network_mode"], "host", "{name}");
        for volume in service["volumes"].as_array().unwrap() {
            let (from, _) = volume.as_str().unwrap().split_once(':').unwrap();
            let is_there = if from.starts_with('.') {
                files::folder().join(from).is_dir()
            } else {
                compose["volumes"].get(from).is_some()
            };
            assert!(is_there, "{name} mounts {from}");
        }
    }
    let config: Value = files::yaml("prometheus/prometheus.yml");
    let targets = &config["scrape_configs"][0]["static_configs"][0]["targets"];
    assert_eq!(targets[0], "127.0.0.1:9464");
    let flags = services["prometheus"]["command"].as_array().unwrap();
    let address = config["scrape_configs"][1]["static_configs"][0]["targets"][0].as_str();
    let flag = format!("--web.listen-address={}", address.unwrap());
    assert!(flags.iter().any(|known| *known == flag), "{flag}");
}
