//! Where the relay meets the world: who asks, how often, how long, from which page; and what is
//! refused before any handler sees it.

pub mod buckets;
pub mod client;
pub mod connections;
pub mod guarded;
#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{HeaderName, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tower_http::timeout::{DeadlineBody, TimeoutError};

use crate::metrics::EdgeMetrics;
use buckets::{Buckets, Pace};
use connections::Connections;
use forwarded::Proxies;
use guarded::Patience;

pub use client::client_address;
pub use forwarded::network;

/// Most bytes of the heads of a request, and of the buffer that a connection reads into.
const MOST_HEAD: usize = 32 << 10;
/// Most lines of a head.
const MOST_HEADERS: usize = 100;
/// Most bytes of a request's body. Routes that want less say so.
pub const MOST_BODY: u64 = 64 << 10;
/// Requests at once on a connection of HTTP/2.
const MOST_STREAMS: u32 = 100;
/// Requests of HTTP/2 that a client may take back before they are answered, before its connection
/// is closed (CVE-2023-44487).
const MOST_RESETS: usize = 50;
/// What a connection of HTTP/2 keeps of answers for each request.
const MOST_SENDING: usize = 256 << 10;

/// What keeps the public listener standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most connections.
    pub connections: usize,
    /// Most connections of an address; one network, where it is of version 6.
    pub connections_of_address: usize,
    /// How long a connection may stand still.
    pub patience: Patience,
    /// How long a request's body may take.
    pub body: Duration,
    /// Requests of an address in a second, and at once.
    pub requests: (u32, u32),
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            connections_of_address: 512,
            patience: Patience {
                first: Duration::from_secs(30),
                stalled: Duration::from_secs(60),
                quiet: Duration::from_secs(120),
            },
            body: Duration::from_secs(30),
            // A listener who fetches a tune in pieces of 16 KB asks some hundred times for it.
            requests: (200, 2_000),
        }
    }
}

/// How long a handler may take to begin its answer.
const MOST_ANSWERING: Duration = Duration::from_secs(60);

/// Which pages may use what is for other pages too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(pub Option<Vec<String>>);

impl Origins {
    /// Any, unless some are named.
    fn allow(&self, origin: &str) -> bool {
        let Some(known) = &self.0 else { return true };
        known.iter().any(|known| known == origin)
    }
}

/// What is known at the door.
pub struct Edge {
    /// The operator's proxies.
    pub proxies: Proxies,
    /// Bounds.
    pub limits: Limits,
    /// Pages that may read collections and seeds.
    pub readers: Origins,
    /// Pages that may open sockets of the tracker.
    pub announcers: Origins,
    /// Connections that are open.
    pub connections: Arc<Connections>,
    /// What is counted.
    pub metrics: EdgeMetrics,
    buckets: Mutex<Buckets>,
    start: Instant,
}

impl Edge {
    /// A door.
    #[must_use]
    pub fn new(
        proxies: Proxies,
        limits: Limits,
        [readers, announcers]: [Origins; 2],
        metrics: EdgeMetrics,
    ) -> Self {
        let (a_second, at_once) = limits.requests;
        Self {
            connections: Connections::new(limits.connections, limits.connections_of_address),
            buckets: Mutex::new(Buckets::new(Pace::new(a_second, at_once))),
            proxies,
            limits,
            readers,
            announcers,
            metrics,
            start: Instant::now(),
        }
    }

    /// Sets up what hyper bounds itself.
    pub fn set_up(&self, builder: &mut Builder<TokioExecutor>) {
        let patience = self.limits.patience;
        builder
            .http1()
            .timer(TokioTimer::new())
            // From one answer to the next request as well: hyper begins to count when it waits.
            .header_read_timeout(patience.first)
            .max_headers(MOST_HEADERS)
            .max_buf_size(MOST_HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MOST_STREAMS)
            .max_header_list_size(MOST_HEAD as u32)
            .max_pending_accept_reset_streams(MOST_RESETS)
            .max_local_error_reset_streams(MOST_RESETS)
            .max_send_buf_size(MOST_SENDING);
    }

    /// Whether an address may ask once more.
    fn admit(&self, request: &Request) -> Result<(), Duration> {
        // Those of this machine are not counted, unless a proxy says whom it speaks for.
        let Some(network) = client_address(request).and_then(network) else {
            return Ok(());
        };
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.take(network, now)
    }

    /// Whether a page may open a socket of the tracker. Clients that are no browsers say no origin.
    pub fn may_announce(&self, headers: &HeaderMap, own: &str) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        let may = origin
            .to_str()
            .is_ok_and(|origin| origin == own || self.announcers.allow(origin));
        if !may {
            self.metrics.refused_origin.inc();
        }
        may
    }
}

/// Finds out who asks, and refuses what no handler is to see.
pub async fn guard(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let client = client::identify(&edge.proxies, &request);
    request.extensions_mut().insert(client);
    if let Err(wait) = edge.admit(&request) {
        edge.metrics.limited_requests.inc();
        let words = "too many requests of this address\n";
        let mut response = (StatusCode::TOO_MANY_REQUESTS, words).into_response();
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        let seconds = HeaderValue::from_str(&seconds.to_string()).expect("digits");
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
        return response;
    }
    if let Some(refusal) = refuse_shape(&edge.metrics, &request) {
        return refusal;
    }
    let metrics = edge.metrics.clone();
    let request = request.map(|body| {
        // Nothing to bound, and nothing to pay for.
        if body.is_end_stream() {
            return body;
        }
        let bounded = DeadlineBody::new(edge.limits.body, body);
        Body::new(bounded.map_err(move |error| {
            if error.is::<TimeoutError>() {
                metrics.refused_slow_body.inc();
            }
            error
        }))
    });
    match tokio::time::timeout(MOST_ANSWERING, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            edge.metrics.refused_slow_answer.inc();
            (StatusCode::SERVICE_UNAVAILABLE, "this took too long\n").into_response()
        }
    }
}

/// Requests that are wrong whatever they ask for. A request that says its length in two ways is
/// hyper's: it goes by the chunks, as RFC 9112 has it, and closes the connection behind it.
fn refuse_shape(metrics: &EdgeMetrics, request: &Request) -> Option<Response> {
    let headers = request.headers();
    let refuse = |status: StatusCode, words: &'static str| {
        let mut response = (status, words).into_response();
        // Whatever follows on this connection may be part of what was refused.
        if request.version() < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        Some(response)
    };
    if headers.get_all(header::HOST).iter().count() > 1 {
        metrics.refused_framing.inc();
        return refuse(StatusCode::BAD_REQUEST, "a request has one Host\n");
    }
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let is_coded = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if codings.into_iter().any(is_coded) {
        metrics.refused_coding.inc();
        let words = "bodies are taken as they are: send it without Content-Encoding\n";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, words);
    }
    let length = request.body().size_hint().lower();
    if length > MOST_BODY {
        metrics.refused_large_body.inc();
        let words = "a request's body has at most 64 KB\n";
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, words);
    }
    None
}

/// Whether a body was not read to its end because it took too long.
#[must_use]
pub fn is_too_slow(error: &axum::Error) -> bool {
    let mut cause = error.source();
    while let Some(known) = cause {
        if known.is::<TimeoutError>() {
            return true;
        }
        cause = known.source();
    }
    false
}

/// Keeps what is for pages of any origin to those that the operator names.
pub async fn share(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = next.run(request).await;
    if edge.readers.0.is_none() {
        return response;
    }
    let headers = response.headers_mut();
    if headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN) != Some(&HeaderValue::from_static("*")) {
        return response;
    }
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let known = origin.filter(|origin| {
        origin
            .to_str()
            .is_ok_and(|origin| edge.readers.allow(origin))
    });
    if let Some(origin) = known {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    } else {
        headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        );
    }
    response
}

/// A number of seconds that an option says.
#[must_use]
pub fn seconds(said: Option<NonZeroU32>, default: Duration) -> Duration {
    said.map_or(default, |seconds| Duration::from_secs(seconds.get().into()))
}
