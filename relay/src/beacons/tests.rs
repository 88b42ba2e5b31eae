//! Through the router, without a port.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use axum::Router;
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use telemetry::{Fact, Outcome, Phase, Recorder, SeekMode, SeekOutcome, Start};
use tower::ServiceExt as _;

use std::net::SocketAddr;

use axum::extract::ConnectInfo;

use super::*;
use crate::router::{
    private, public,
    tests::{exporter, state},
};

/// A relay, its clock, and the way to its metrics.
struct Relay {
    public: Router,
    app: App,
    clock: Arc<AtomicU64>,
}

fn relay() -> Relay {
    let clock = Arc::new(AtomicU64::new(0));
    let mut app = state(&[]);
    let time = Arc::clone(&clock);
    let metrics = app.metrics.player.clone();
    app.beacons = Arc::new(Intake::with_clock(metrics, move || {
        time.load(Ordering::Relaxed)
    }));
    Relay {
        public: public(app.clone()),
        app,
        clock,
    }
}

fn post(body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/beacon").header("host", "sid.example");
    let request = request.header("origin", "http://sid.example");
    request.body(body.into()).unwrap()
}

fn from(mut request: Request<Body>, address: &str) -> Request<Body> {
    let address: SocketAddr = address.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    request
}

impl Relay {
    async fn send(&self, request: Request<Body>) -> u16 {
        let response = self.public.clone().oneshot(request).await.unwrap();
        response.status().as_u16()
    }

    /// Series and value of the families whose names begin so; those at 0 are left out.
    async fn scrape(&self, name: &str) -> BTreeMap<String, String> {
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let response = private(exporter(&self.app, None))
            .oneshot(request)
            .await
            .unwrap();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let series = text.lines().filter(|line| line.starts_with(name));
        let series = series.map(|line| line.rsplit_once(' ').unwrap());
        let counted = series.filter(|(_, value)| *value != "0");
        counted
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    async fn refused(&self) -> Vec<(String, String)> {
        self.scrape("sidereal_beacons_refused_total")
            .await
            .into_iter()
            .collect()
    }
}

fn told(id: u64, facts: impl IntoIterator<Item = Fact>) -> Vec<u8> {
    let mut recorder = Recorder::default();
    facts.into_iter().for_each(|fact| recorder.record(fact));
    recorder.take(id).unwrap().encode()
}

#[tokio::test]
async fn what_pages_tell_is_added_up_exactly() {
    let relay = relay();
    let mut start = Start::new(0);
    start.bytes_are_here(20_000);
    start.sound_is_ready(60_000);
    let played = told(1, start.succeeded(95_000));
    let failed = told(2, start.ended(None));
    let again = told(3, start.succeeded(1_200_000));
    for beacon in [&played, &failed, &again] {
        assert_eq!(relay.send(post(beacon.clone())).await, 204);
    }
    assert_eq!(
        relay.scrape("sidereal_player_plays_total").await,
        BTreeMap::from([
            (
                "sidereal_player_plays_total{outcome=\"abandoned\"}".into(),
                "1".into()
            ),
            (
                "sidereal_player_plays_total{outcome=\"success\"}".into(),
                "2".into()
            ),
        ])
    );
    let first = relay.scrape("sidereal_player_first_audio_seconds").await;
    for (series, value) in [
        ("bucket{le=\"0.1\"}", "1"),
        ("bucket{le=\"1\"}", "1"),
        ("bucket{le=\"1.5\"}", "2"),
        ("bucket{le=\"120\"}", "2"),
        ("bucket{le=\"+Inf\"}", "3"),
        ("count", "3"),
        ("sum", "121.295"),
    ] {
        let name = format!("sidereal_player_first_audio_seconds_{series}");
        assert_eq!(first.get(&name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!first.contains_key("sidereal_player_first_audio_seconds_bucket{le=\"0.075\"}"));
    let phases = relay.scrape("sidereal_player_start_phase_seconds").await;
    for (phase, sum) in [
        ("bytes", "0.06"),
        ("prebuffer", "0.12"),
        ("start", "121.175"),
    ] {
        let name = format!("sidereal_player_start_phase_seconds_sum{{phase=\"{phase}\"}}");
        assert_eq!(phases[&name], sum);
    }
    assert_eq!(relay.scrape("sidereal_beacons_total").await.len(), 1);
}

#[tokio::test]
async fn every_family_has_all_its_series_from_the_start() {
    let relay = relay();
    let text = relay.app.metrics.text();
    for family in &telemetry::FAMILIES {
        assert!(text.contains(&format!("# HELP {} {}\n", family.name, family.help)));
    }
    for series in [
        "sidereal_player_seeks_total{mode=\"beyond\",outcome=\"failed\"} 0",
        "sidereal_player_seek_seconds_bucket{mode=\"ahead\",le=\"+Inf\"} 0",
        "sidereal_player_peers_bucket{le=\"0\"} 0",
        "sidereal_beacons_total{outcome=\"refused\"} 0",
        "sidereal_beacons_refused_total{reason=\"impossible\"} 0",
    ] {
        assert!(text.contains(series), "{series} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_beacon_that_comes_twice_counts_once_for_ten_minutes() {
    let relay = relay();
    let beacon = told(9, [Fact::PlayAttempt]);
    for (now, attempts) in [(0, "1"), (599_999, "1"), (600_000, "2"), (600_001, "2")] {
        relay.clock.store(now, Ordering::Relaxed);
        assert_eq!(relay.send(post(beacon.clone())).await, 204);
        let found = relay.scrape("sidereal_player_play_attempts_total").await;
        assert_eq!(
            found["sidereal_player_play_attempts_total"], attempts,
            "{now}"
        );
    }
    let outcomes = relay.scrape("sidereal_beacons_total").await;
    assert_eq!(
        outcomes["sidereal_beacons_total{outcome=\"duplicate\"}"],
        "2"
    );
}

async fn check(request: Request<Body>, status: u16, reason: &str) {
    let relay = relay();
    assert_eq!(relay.send(request).await, status, "{reason}");
    let name = format!("sidereal_beacons_refused_total{{reason=\"{reason}\"}}");
    assert_eq!(relay.refused().await, [(name, "1".to_owned())]);
    let outcomes = relay.scrape("sidereal_beacons_total").await;
    assert_eq!(outcomes["sidereal_beacons_total{outcome=\"refused\"}"], "1");
    assert_eq!(
        relay
            .scrape("sidereal_player_play_attempts_total")
            .await
            .len(),
        0
    );
}

fn headed(headers: &[(&'static str, &'static str)]) -> Request<Body> {
    let mut request = post(told(1, [Fact::PlayAttempt]));
    request.headers_mut().remove("origin");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn what_is_refused_is_counted_by_reason() {
    check(post(""), 400, "malformed").await;
    check(post("nonsense"), 400, "version").await;
    check(post([1; 11].to_vec()), 400, "malformed").await;
    let mut impossible = told(1, [Fact::Peers(3)]);
    *impossible.last_mut().unwrap() = 60;
    check(post(impossible), 400, "impossible").await;
    check(headed(&[]), 403, "origin").await;
    check(headed(&[("origin", "http://evil.example")]), 403, "origin").await;
    check(headed(&[("origin", "https://sid.example")]), 403, "origin").await;
    check(headed(&[("origin", "null")]), 403, "origin").await;
    let cross = [
        ("origin", "http://sid.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    check(headed(&cross), 403, "origin").await;
    let relay = relay();
    let same = [
        ("origin", "https://sid.example"),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(relay.send(headed(&same)).await, 204);
    let get = Request::get("/beacon").body(Body::empty()).unwrap();
    assert_eq!(relay.send(get).await, 405);
}

/// A body that must not be asked for anything.
fn untouchable() -> Body {
    Body::new(http_body_util::StreamBody::new(
        futures_util::stream::poll_fn(
            |_| -> Poll<Option<Result<hyper::body::Frame<axum::body::Bytes>, Infallible>>> {
                panic!("the body was read")
            },
        ),
    ))
}

#[tokio::test]
async fn what_is_too_long_is_not_read() {
    let mut request = post(untouchable());
    request
        .headers_mut()
        .insert("content-length", "4097".parse().unwrap());
    check(request, 413, "size").await;
    check(post(vec![1; 4097]), 413, "size").await;
    // A length that is not told beforehand does not help.
    let endless = futures_util::stream::repeat_with(|| Ok::<_, Infallible>(vec![1u8; 1000]));
    check(post(Body::from_stream(endless)), 413, "size").await;
    let cut = [Ok(vec![1u8]), Err(std::io::Error::other("gone"))];
    check(
        post(Body::from_stream(futures_util::stream::iter(cut))),
        400,
        "incomplete",
    )
    .await;
}

#[tokio::test]
async fn an_address_sends_so_many_and_those_of_this_machine_any_number() {
    let relay = relay();
    let mut next = 0;
    let mut send = async |address: &str| {
        next += 1;
        let request = post(told(next, [Fact::PlayAttempt]));
        relay.send(from(request, address)).await
    };
    for _ in 0..60 {
        assert_eq!(send("203.0.113.5:1000").await, 204);
    }
    assert_eq!(send("203.0.113.5:2000").await, 429);
    assert_eq!(send("203.0.113.6:1000").await, 204);
    // One network of version 6 is one sender.
    for host in 0..60 {
        assert_eq!(send(&format!("[2001:db8::{host:x}]:1")).await, 204);
    }
    assert_eq!(send("[2001:db8::ffff]:1").await, 429);
    for _ in 0..200 {
        assert_eq!(send("127.0.0.1:1000").await, 204);
    }
    relay.clock.store(1_000, Ordering::Relaxed);
    assert_eq!(send("203.0.113.5:1000").await, 204);
    assert_eq!(send("203.0.113.5:1000").await, 429);
    let reason = "sidereal_beacons_refused_total{reason=\"rate\"}".to_owned();
    assert_eq!(relay.refused().await, [(reason, "3".to_owned())]);
}

/// Beacons, beacons with a few bytes changed, and noise.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let noise = proptest::collection::vec(any::<u8>(), 0..300);
    let framed = noise
        .clone()
        .prop_map(|bytes| [&[1][..], &[7; 8], &bytes].concat());
    let times = proptest::collection::vec(any::<u64>(), 1..20);
    let real = (any::<u64>(), times).prop_map(|(id, times)| {
        let facts = times.into_iter().flat_map(|time| {
            [
                Fact::StartPhase(Phase::Bytes, Some(time >> (time & 63))),
                Fact::Seek(SeekMode::Ahead, SeekOutcome::Replaced),
                Fact::Play(Outcome::Success),
            ]
        });
        told(id, facts)
    });
    let broken = (real.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut bytes, at, other)| {
            let at = at.index(bytes.len());
            bytes[at] = other;
            bytes
        },
    );
    prop_oneof![noise, framed, real, broken]
}

#[test]
fn ten_thousand_beacons_of_anything_are_each_counted_once() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let relay = runtime.block_on(async { relay() });
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = anything();
    const COUNT: usize = 10_000;
    let mut statuses = BTreeMap::<u16, usize>::new();
    for _ in 0..COUNT {
        let bytes = strategy.new_tree(&mut runner).unwrap().current();
        let status = runtime.block_on(relay.send(post(bytes)));
        *statuses.entry(status).or_default() += 1;
    }
    assert_eq!(statuses.keys().copied().collect::<Vec<_>>(), [204, 400]);
    assert!(
        statuses.values().all(|count| *count > 1_000),
        "{statuses:?}"
    );
    let outcomes = runtime.block_on(relay.scrape("sidereal_beacons_total"));
    let count = |outcome: &str| {
        let series = format!("sidereal_beacons_total{{outcome=\"{outcome}\"}}");
        outcomes
            .get(&series)
            .map_or(0, |count| count.parse::<usize>().unwrap())
    };
    assert_eq!(count("accepted") + count("duplicate"), statuses[&204]);
    assert_eq!(count("refused"), statuses[&400]);
}
