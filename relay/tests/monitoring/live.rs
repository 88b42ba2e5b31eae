//! A real relay under real traffic, and a real Prometheus with the project's own configuration that
//! is asked everything that `monitoring/` asks.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use relay::metrics::Metrics;

use super::prometheus::{Prometheus, Running, free_port, program, until};
use super::{expressions, files, operator, parts, traffic};

const TOKEN: &str = "said-by-whoever-scrapes";

/// A relay, and where it answers.
struct Relay {
    process: Running,
    public: SocketAddr,
    metrics: SocketAddr,
    stun: SocketAddr,
}

/// Publishes a folder of which some is broken afterwards, and starts a relay that serves it.
fn relay(folder: &Path, redis: Option<u16>) -> Relay {
    let binary = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sidereal-relay"));
        command.env_remove("SIDEREAL_CONFIG");
        command
    };
    let [site, tunes, out] = ["site", "tunes", "collections"].map(|name| folder.join(name));
    fs::create_dir_all(&site).unwrap();
    fs::create_dir_all(&tunes).unwrap();
    fs::write(site.join("index.html"), "<!doctype html>app").unwrap();
    let mut tune = b"PSID\0\x02\0\x7c".to_vec();
    tune.resize(0x7c, 0);
    tune[0x0f] = 1;
    tune.extend([0x00, 0x10, 0x60]);
    fs::write(tunes.join("whole.sid"), tune).unwrap();
    for (name, byte) in [("long.bin", 1), ("changed.bin", 2), ("broken.bin", 3)] {
        fs::write(tunes.join(name), vec![byte; 300_000]).unwrap();
    }
    let published = binary()
        .args(["publish", "--name", "Tunes"])
        .arg("--out")
        .arg(&out)
        .arg(&tunes)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(published.success());
    fs::write(tunes.join("changed.bin"), "other").unwrap();
    fs::remove_file(tunes.join("broken.bin")).unwrap();
    fs::create_dir(tunes.join("broken.bin")).unwrap();
    // A collection that cannot be read, so that an alert fires.
    fs::create_dir(out.join("Unreadable")).unwrap();
    fs::write(out.join("Unreadable/collection.json"), "{}").unwrap();

    let stun = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut child = binary()
        .arg("serve")
        .args([
            "--port",
            "0",
            "--metrics",
            "127.0.0.1:0",
            "--metrics-token",
            TOKEN,
        ])
        .args(["--metrics-collections", "on", "--stun", &stun.to_string()])
        .args(["--limit-head-seconds", "2"])
        .args(shared(redis))
        .arg("--site")
        .arg(site)
        .arg("--collections")
        .arg(out)
        .arg("--data-dir")
        .arg(folder.join("data"))
        .env("SIDEREAL_ADMIN_PASSWORD", operator::PASSWORD)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let process = Running(child);
    let mut address = || loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the relay ended");
        for secret in [TOKEN, operator::PASSWORD] {
            assert!(!line.contains(secret), "a secret is in the log");
        }
        if let Some((_, url)) = line.split_once("url=http://") {
            let end = url.find(['/', ' ', '\n']).unwrap();
            return url[..end].parse().unwrap();
        }
    };
    let (public, metrics) = (address(), address());
    // Whatever else it says is read, so that it is never stopped by a full pipe.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    Relay {
        process,
        public,
        metrics,
        stun,
    }
}

/// Options of relays that share their swarms.
fn shared(redis: Option<u16>) -> Vec<String> {
    let redis = redis.map(|port| [format!("--redis=redis://127.0.0.1:{port}")]);
    redis.into_iter().flatten().collect()
}

/// Another relay on the same Redis; returned with where it answers.
fn neighbour(folder: &Path, redis: u16) -> (Running, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sidereal-relay"))
        .env_remove("SIDEREAL_CONFIG")
        .args(["serve", "--port", "0", "--metrics", "off", "--stun", "off"])
        .args(shared(Some(redis)))
        .arg("--site")
        .arg(folder.join("site"))
        .arg("--data-dir")
        .arg(folder.join("neighbour"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let process = Running(child);
    loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the relay ended");
        if let Some((_, url)) = line.split_once("url=http://") {
            let end = url.find([' ', '\n']).unwrap();
            let address = url[..end].parse().unwrap();
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return (process, address);
        }
    }
}

/// Whether something is asked of what only relays with a Redis have.
fn is_of_redis(question: &str) -> bool {
    question.contains("sidereal_redis_") || question.contains("sidereal_cluster_")
}

/// Writes a text, with parts of it replaced; each has to be there.
fn copy(text: &str, to: &Path, replaced: &[(&str, &str)]) {
    let mut text = text.to_owned();
    for (old, new) in replaced {
        assert!(text.contains(old), "{old} is not in {}", to.display());
        text = text.replace(old, new);
    }
    fs::write(to, text).unwrap();
}

/// The project's configuration, in a hurry: every second, of this relay, with its token.
fn configure(folder: &Path, metrics: SocketAddr, port: u16) {
    fs::create_dir_all(folder.join("rules")).unwrap();
    fs::write(folder.join("metrics-token"), TOKEN).unwrap();
    let replaced = [
        ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("evaluation_interval: 30s", "evaluation_interval: 1s"),
        ("127.0.0.1:9464", &metrics.to_string()),
        ("127.0.0.1:9090", &format!("127.0.0.1:{port}")),
        ("# authorization:", "authorization:"),
        ("#   credentials_file:", "  credentials_file:"),
    ];
    let config = files::text("prometheus/prometheus.yml");
    copy(&config, &folder.join("prometheus.yml"), &replaced);
    for name in files::names("prometheus/rules") {
        let (_, file) = name.rsplit_once('/').unwrap();
        let fast = |line: &str| match line.trim_start().split_once(": ") {
            Some((key @ ("interval" | "for"), _)) => {
                let indent = line.len() - line.trim_start().len();
                format!("{}{key}: 1s\n", " ".repeat(indent))
            }
            _ => format!("{line}\n"),
        };
        let rules: String = files::text(&name).lines().map(fast).collect();
        fs::write(folder.join("rules").join(file), rules).unwrap();
    }
}

/// Everything that `monitoring/` asks: who asks, and what.
fn questions() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for rule in files::rules() {
        if rule.alert.is_empty() {
            let labels = rule.labels.iter();
            let labels: Vec<String> = labels
                .map(|(key, value)| format!("{key}=\"{value}\""))
                .collect();
            let series = format!("{}{{{}}}", rule.record, labels.join(","));
            all.push((format!("rule {series}"), series));
            all.push((format!("rule {}", rule.record), rule.expr));
        } else {
            for side in expressions::sides(&rule.expr) {
                all.push((format!("alert {}", rule.alert), side.to_owned()));
            }
        }
    }
    all.extend(
        files::dashboards()
            .iter()
            .flat_map(files::Dashboard::questions),
    );
    for (_, question) in &mut all {
        // What Grafana puts there: four times the interval of scrapes, or more.
        *question = question.replace("$__rate_interval", "1m");
    }
    all
}

/// What two rounds of traffic are worth.
const EXPECTED: &[(&str, f64)] = &[
    (
        "sum(sidereal_http_requests_total{route=\"site\",status=\"405\"})",
        2.0,
    ),
    (
        "sum(sidereal_http_requests_total{route=\"/seed/{collection}/{*rest}\"})",
        14.0,
    ),
    (
        "sum(sidereal_http_request_duration_seconds_count{route=\"/beacon\"})",
        14.0,
    ),
    ("sidereal_seed_requests_total{outcome=\"whole\"}", 2.0),
    ("sidereal_seed_requests_total{outcome=\"range\"}", 2.0),
    ("sidereal_seed_requests_total{outcome=\"unchanged\"}", 2.0),
    ("sidereal_seed_requests_total{outcome=\"beyond\"}", 2.0),
    ("sidereal_seed_requests_total{outcome=\"unknown\"}", 2.0),
    ("sidereal_seed_requests_total{outcome=\"changed\"}", 2.0),
    ("sidereal_seed_requests_total{outcome=\"failed\"}", 2.0),
    ("sidereal_seed_bytes_total", 2.0 * (127.0 + 100.0)),
    (
        "sidereal_collection_seed_bytes_total{collection=\"Tunes\"}",
        2.0 * (127.0 + 100.0),
    ),
    ("sidereal_cache_misses_total{cache=\"torrent\"}", 1.0),
    ("sidereal_cache_hits_total{cache=\"torrent\"}", 1.0),
    ("sidereal_cache_misses_total{cache=\"collection\"}", 2.0),
    ("sidereal_cache_hits_total{cache=\"collection\"}", 22.0),
    ("sidereal_collections", 1.0),
    ("sidereal_collections_failed", 1.0),
    ("sidereal_catalogue_entries", 4.0),
    ("sidereal_tracker_messages_total{kind=\"announce\"}", 7.0),
    ("sidereal_tracker_messages_total{kind=\"answer\"}", 6.0),
    ("sidereal_tracker_messages_total{kind=\"scrape\"}", 7.0),
    ("sidereal_tracker_relayed_total{kind=\"offer\"}", 2.0),
    ("sidereal_tracker_relayed_total{kind=\"answer\"}", 2.0),
    ("sidereal_tracker_refused_total{kind=\"announce\"}", 2.0),
    ("sidereal_tracker_refused_total{kind=\"answer\"}", 2.0),
    ("sidereal_tracker_undelivered_total{reason=\"gone\"}", 2.0),
    ("sidereal_tracker_closed_total{reason=\"protocol\"}", 2.0),
    ("sidereal_tracker_closed_total{reason=\"large\"}", 2.0),
    (
        "sidereal_rate_limited_total{limit=\"tracker_messages\"}",
        2.0,
    ),
    ("sidereal_tracker_swarms", 2.0),
    ("sidereal_tracker_peers", 4.0),
    ("sidereal_tracker_seeders", 2.0),
    (
        "sidereal_stun_requests_total{outcome=\"ignored\"} > bool 0",
        1.0,
    ),
    ("sidereal_rate_limited_total{limit=\"stun\"} > bool 0", 1.0),
    ("sidereal_beacons_total{outcome=\"accepted\"}", 2.0),
    ("sidereal_beacons_total{outcome=\"duplicate\"}", 2.0),
    ("sidereal_beacons_total{outcome=\"refused\"}", 8.0),
    ("sidereal_beacons_refused_total{reason=\"origin\"}", 2.0),
    ("sidereal_beacons_refused_total{reason=\"size\"}", 2.0),
    ("sidereal_player_play_attempts_total", 10.0),
    ("sidereal_player_first_audio_seconds_count", 20.0),
    (
        "sidereal_player_first_audio_seconds_bucket{le=\"0.5\"}",
        10.0,
    ),
    (
        "sidereal_player_listening_seconds_total{network=\"offline\"}",
        120.0,
    ),
    ("sidereal_player_dropped_total", 2.0),
    ("sidereal_admin_logins_total{outcome=\"done\"}", 1.0),
    ("sidereal_admin_logins_total{outcome=\"wrong\"}", 4.0),
    ("sidereal_admin_logins_total{outcome=\"limited\"}", 1.0),
    ("sidereal_admin_refused_total{reason=\"unauthorized\"}", 1.0),
    ("sidereal_admin_refused_total{reason=\"escalated\"}", 1.0),
    ("sidereal_admin_refused_total{reason=\"forged\"}", 1.0),
    ("sidereal_blocked_total{kind=\"announce\"}", 1.0),
    ("sidereal_queue_failed_total{queue=\"jobs\"}", 1.0),
    ("sidereal_queue_active{queue=\"jobs\"}", 0.0),
    ("sidereal_db_errors_total{operation=\"block\"}", 1.0),
    ("sum(sidereal_db_errors_total)", 1.0),
    // One at the start, one added, one that failed, and one after it.
    ("sidereal_db_queries_total{operation=\"block\"}", 4.0),
    ("sidereal_db_pool_connections{pool=\"readers\"}", 4.0),
    ("sidereal_db_pool_in_use{pool=\"writer\"}", 0.0),
    ("sidereal_adapter_up{adapter=\"store\"}", 1.0),
];

/// Questions of families that have to have moved: counters and histograms from 0, gauges at all.
fn families() -> Vec<(String, String)> {
    let metrics = Metrics::new(true);
    let question = |family: &relay::metrics::Family| {
        let name = &family.name;
        match family.kind {
            // Whole seconds, of which a short test may use none.
            _ if name == "process_cpu_seconds_total" => name.clone(),
            "counter" => format!("sum({name}) > 0"),
            "histogram" => format!("sum({name}_count) > 0"),
            _ => name.clone(),
        }
    };
    let families = metrics.families();
    families
        .map(|family| (format!("family {}", family.name), question(family)))
        .collect()
}

/// What is still wrong after 20 s: the last scrape may have come in between, and rules that
/// follow each other know a few evaluations later.
fn settled<T>(mut ask: impl FnMut() -> Vec<T>) -> Vec<T> {
    let start = Instant::now();
    until("answers", || {
        let wrong = ask();
        let is_over = wrong.is_empty() || start.elapsed() > Duration::from_secs(20);
        is_over.then_some(wrong)
    })
}

#[test]
fn every_question_has_an_answer() {
    let Some(program) = program("prometheus") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let redis_program = parts::program();
    let redis_port = redis_program.as_ref().map(|_| free_port());
    let start_redis = || {
        let program = redis_program.as_deref()?;
        Some(parts::redis(program, folder.path(), redis_port?))
    };
    let redis = start_redis();
    let relay = relay(folder.path(), redis_port);
    let unknown = traffic::ask(relay.metrics, "GET", "/metrics", "", b"");
    assert_eq!(unknown.status, 401);
    let port = free_port();
    let home = folder.path().join("prometheus");
    configure(&home, relay.metrics, port);
    let prometheus = Prometheus::start(&program, &home, port);
    // Counters move from 0 only for who has seen them there.
    prometheus.wait_for("sidereal_build_info");
    let mut listeners = Vec::new();
    for (round, letter) in [(1, 'g'), (2, 'h')] {
        traffic::pages(relay.public);
        traffic::silence(relay.public);
        traffic::seed(relay.public);
        listeners.push(traffic::tracker(relay.public, letter));
        traffic::stun(relay.stun);
        traffic::beacons(relay.public, round);
        let seen = format!("sidereal_beacons_total{{outcome=\"accepted\"}} == {round}");
        prometheus.wait_for(&seen);
    }
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let store = folder.path().join("data/sidereal.db");
    let hash = "x".repeat(20);
    let torrent: String = hash.bytes().map(|byte| format!("{byte:02x}")).collect();
    operator::operate(relay.public, &store, &empty, &torrent);
    traffic::blocked(relay.public, &hash);
    let told = prometheus.told("DatabaseFails");
    assert_eq!(told["runbook"], "RUNBOOK.md#databasefails");
    let told = prometheus.told("AdapterDown");
    let summary = format!("collections of {} does not work", relay.metrics);
    assert_eq!(told["summary"], summary);

    let wrong = settled(|| {
        let asked = EXPECTED.iter().map(|(question, expected)| {
            let found = prometheus.query(question);
            (*question, *expected, found)
        });
        asked
            .filter(|(_, expected, found)| found != &[*expected])
            .collect()
    });
    assert!(wrong.is_empty(), "expected and found: {wrong:#?}");
    let neighbour = redis_port.map(|port| neighbour(folder.path(), port));
    if let Some((_, neighbour)) = &neighbour {
        // Peers of the neighbour are counted apart from the relay's own.
        let mut here = parts::Listener::join(relay.public, 'y');
        let mut there = parts::Listener::join(*neighbour, 'z');
        here.count();
        there.wait_for_count(2);
        here.wait_for_count(2);
        parts::meet(&mut there, &mut here);
        // Redis is away for a moment.
        drop(redis);
        prometheus.wait_for("sidereal_redis_errors_total");
        prometheus.wait_for("sidereal_cluster_dropped_total");
    }
    let redis = start_redis();
    // What one more label with many values would break.
    let series = prometheus.query("scrape_samples_scraped{job=\"sidereal\"}");
    assert!(series[0] < 1_300.0, "{series:?} series");
    let mut open = questions();
    let count = open.len();
    assert!(count > 250, "{count} questions");
    open.extend(families());
    if redis.is_none() {
        open.retain(|(_, question)| !is_of_redis(question));
    }
    let open = settled(|| {
        open.retain(|(_, question)| !prometheus.has_data(question));
        open.clone()
    });
    assert!(open.is_empty(), "no answer to {open:#?}");

    // A relay that is gone is noticed, and so is its tracker.
    drop((neighbour, redis));
    drop(relay.process);
    let told = prometheus.told("RelayDown");
    assert_eq!(told["runbook"], "RUNBOOK.md#relaydown");
    prometheus.wait_for("sidereal:tracker_available == bool 0");
    drop(listeners);
}
