//! What is counted of HTTP requests.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus::{HistogramVec, IntCounterVec, IntGauge};

use super::Metrics;
use super::declare::Declared;

/// What is counted of HTTP requests. Upgraded connections count until they are upgraded.
#[derive(Clone)]
pub struct HttpMetrics {
    requests: IntCounterVec,
    durations: HistogramVec,
    in_progress: IntGauge,
}

const LABELS: [&str; 3] = ["method", "route", "status"];

impl HttpMetrics {
    pub(super) fn new(declared: &mut Declared) -> Self {
        Self {
            requests: declared.counters(
                (
                    "sidereal_http_requests_total",
                    "requests",
                    "HTTP requests answered; status `aborted` where the client went first.",
                ),
                &LABELS,
            ),
            durations: declared.histograms(
                (
                    "sidereal_http_request_duration_seconds",
                    "seconds",
                    "Time from a request's head to its response's head.",
                ),
                &LABELS,
                &[
                    0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0,
                ],
            ),
            in_progress: declared.gauge((
                "sidereal_http_requests_in_progress",
                "requests",
                "HTTP requests whose response has not begun.",
            )),
        }
    }
}

/// Methods that get a label of their own; a client can invent others without end.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/// A request that is being answered; counted when it is dropped, so that one whose client goes is
/// not in progress for ever.
struct Open {
    metrics: HttpMetrics,
    method: &'static str,
    route: String,
    status: Option<u16>,
    start: Instant,
}

impl Drop for Open {
    fn drop(&mut self) {
        let status = self.status.map(|status| status.to_string());
        let status = status.as_deref().unwrap_or("aborted");
        let labels = [self.method, &self.route, status];
        self.metrics.in_progress.dec();
        self.metrics.requests.with_label_values(&labels).inc();
        let seconds = self.start.elapsed().as_secs_f64();
        self.metrics
            .durations
            .with_label_values(&labels)
            .observe(seconds);
    }
}

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
    metrics.http.in_progress.inc();
    let mut open = Open {
        metrics: metrics.http,
        method,
        route,
        status: None,
        start: Instant::now(),
    };
    let response = next.run(request).await;
    open.status = Some(response.status().as_u16());
    response
}
