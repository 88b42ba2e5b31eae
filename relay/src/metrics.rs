//! The one metrics registry, prefix `sidereal_`.

mod player;

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus::core::Collector;
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};

pub use player::PlayerMetrics;

/// Every metric of the relay. Clones share their values.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_progress: IntGauge,
    /// The tracker's.
    pub tracker: TrackerMetrics,
    /// The seed's.
    pub seed: SeedMetrics,
    /// What beacons tell.
    pub player: PlayerMetrics,
}

/// What the tracker counts.
#[derive(Clone)]
pub struct TrackerMetrics {
    /// Open sockets.
    pub sockets: IntGauge,
    /// Torrents that have peers, as of the last sweep.
    pub torrents: IntGauge,
    /// Peers, as of the last sweep.
    pub peers: IntGauge,
    /// Announcements.
    pub announces: IntCounter,
    /// Answers.
    pub answers: IntCounter,
    /// Scrapes.
    pub scrapes: IntCounter,
    /// Messages that could not be read or served.
    pub unreadable: IntCounter,
    /// Offers and answers handed on.
    pub relayed: IntCounter,
    /// Answers to peers that were gone.
    pub gone: IntCounter,
    /// Messages for another connection's peer, or for one torrent too many.
    pub refused_peers: IntCounter,
    /// Sockets beyond what an address may have.
    pub refused_sockets: IntCounter,
    /// Messages that a socket did not get because it was closed for reading too slowly.
    pub lost: IntCounter,
}

/// What the seed counts.
#[derive(Clone)]
pub struct SeedMetrics {
    /// Bytes of content sent.
    pub bytes: IntCounter,
    /// Requests answered with content.
    pub served: IntCounter,
    /// Requests for what has changed on disk since it was published.
    pub changed: IntCounter,
}

/// Declares metrics and keeps them for the registry.
#[derive(Default)]
struct Declared(Vec<Box<dyn Collector>>);

impl Declared {
    fn gauge(&mut self, name: &str, help: &str) -> IntGauge {
        let gauge = IntGauge::new(name, help).expect("constant name");
        self.0.push(Box::new(gauge.clone()));
        gauge
    }

    fn counter(&mut self, name: &str, help: &str) -> IntCounter {
        let counter = IntCounter::new(name, help).expect("constant name");
        self.0.push(Box::new(counter.clone()));
        counter
    }

    /// Counters of one name, one for each value of a label.
    fn counters<const N: usize>(
        &mut self,
        (name, help): (&str, &str),
        label: &str,
        values: [&str; N],
    ) -> [IntCounter; N] {
        let family = IntCounterVec::new(Opts::new(name, help), &[label]).expect("constant name");
        self.0.push(Box::new(family.clone()));
        values.map(|value| family.with_label_values(&[value]))
    }
}

impl TrackerMetrics {
    fn new(declared: &mut Declared) -> Self {
        let [announces, answers, scrapes, unreadable] = declared.counters(
            ("sidereal_tracker_messages_total", "Messages from clients."),
            "kind",
            ["announce", "answer", "scrape", "unreadable"],
        );
        let [refused_peers, refused_sockets] = declared.counters(
            (
                "sidereal_tracker_refused_total",
                "What the tracker refused.",
            ),
            "what",
            ["peer", "socket"],
        );
        let [gone, lost] = declared.counters(
            (
                "sidereal_tracker_undelivered_total",
                "Messages whose receiver was gone, or was closed for reading too slowly.",
            ),
            "why",
            ["gone", "slow"],
        );
        Self {
            sockets: declared.gauge("sidereal_tracker_sockets", "Open sockets of clients."),
            torrents: declared.gauge("sidereal_tracker_torrents", "Torrents that have peers."),
            peers: declared.gauge("sidereal_tracker_peers", "Peers of all torrents."),
            relayed: declared.counter(
                "sidereal_tracker_relayed_total",
                "Offers and answers handed to other peers.",
            ),
            announces,
            answers,
            scrapes,
            unreadable,
            gone,
            refused_peers,
            refused_sockets,
            lost,
        }
    }
}

impl SeedMetrics {
    fn new(declared: &mut Declared) -> Self {
        Self {
            bytes: declared.counter("sidereal_seed_bytes_total", "Bytes of content sent."),
            served: declared.counter(
                "sidereal_seed_requests_total",
                "Requests answered with content.",
            ),
            changed: declared.counter(
                "sidereal_seed_changed_total",
                "Requests for files that changed on disk since they were published.",
            ),
        }
    }
}

impl Metrics {
    /// A registry with every metric declared.
    ///
    /// # Panics
    /// Never: names are constant and distinct, which a test sees by calling this.
    #[must_use]
    pub fn new() -> Self {
        let requests = IntCounterVec::new(
            Opts::new("sidereal_http_requests_total", "HTTP requests answered."),
            &["method", "route", "status"],
        )
        .expect("constant name");
        let durations = HistogramVec::new(
            HistogramOpts::new(
                "sidereal_http_request_duration_seconds",
                "Time from the request's head to the response's head.",
            )
            .buckets(vec![
                0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0,
            ]),
            &["method", "route"],
        )
        .expect("constant name");
        let in_progress = IntGauge::new(
            "sidereal_http_requests_in_progress",
            "HTTP requests that are being answered.",
        )
        .expect("constant name");
        let build = IntGaugeVec::new(
            Opts::new(
                "sidereal_build_info",
                "Always 1; the labels tell the build.",
            ),
            &["version"],
        )
        .expect("constant name");
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let mut declared = Declared(vec![
            Box::new(requests.clone()),
            Box::new(durations.clone()),
            Box::new(in_progress.clone()),
            Box::new(build),
        ]);
        let tracker = TrackerMetrics::new(&mut declared);
        let seed = SeedMetrics::new(&mut declared);
        let player = PlayerMetrics::new();
        declared.0.push(Box::new(player.clone()));
        let registry = Registry::new();
        for collector in declared.0 {
            registry
                .register(collector)
                .expect("each name is declared once");
        }
        Self {
            registry,
            requests,
            durations,
            in_progress,
            tracker,
            seed,
            player,
        }
    }

    /// The registry in Prometheus' text form.
    #[must_use]
    pub fn text(&self) -> String {
        let mut bytes = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut bytes)
            .expect("a vector takes any bytes");
        String::from_utf8(bytes).expect("the text form is UTF-8")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Answers a scrape.
pub async fn scrape(State(metrics): State<Metrics>) -> Response {
    let kind = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    (StatusCode::OK, kind, metrics.text()).into_response()
}

/// Methods that get a label of their own; a client can invent others without end.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/// Counts and times whatever the rest of the router answers. Routes are counted by template, so
/// that labels are bounded.
pub async fn observe(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let method = METHODS
        .into_iter()
        .find(|known| *known == request.method().as_str())
        .unwrap_or("other");
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "site".to_owned(), |path| path.as_str().to_owned());
    metrics.in_progress.inc();
    let start = Instant::now();
    let response = next.run(request).await;
    metrics.in_progress.dec();
    let status = response.status().as_u16().to_string();
    metrics
        .requests
        .with_label_values(&[method, &route, &status])
        .inc();
    let seconds = start.elapsed().as_secs_f64();
    metrics
        .durations
        .with_label_values(&[method, &route])
        .observe(seconds);
    response
}
