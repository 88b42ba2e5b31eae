//! The one metrics registry, prefix `sidereal_`.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

/// Every metric of the relay. Clones share their values.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_progress: IntGauge,
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
        let registry = Registry::new();
        for collector in [
            Box::new(requests.clone()) as Box<dyn prometheus::core::Collector>,
            Box::new(durations.clone()),
            Box::new(in_progress.clone()),
            Box::new(build),
        ] {
            registry
                .register(collector)
                .expect("each name is declared once");
        }
        Self {
            registry,
            requests,
            durations,
            in_progress,
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
