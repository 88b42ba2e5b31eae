//! Headers that every response carries, errors included.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;

/// What pages may load, and from where. Trackers and web seeds that a listener adds are why
/// `connect-src` is open to secure schemes, and to plain ones on the listener's own machine.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self'; \
    connect-src 'self' https: wss: http://127.0.0.1:* ws://127.0.0.1:* http://localhost:* \
    ws://localhost:*; object-src 'none'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    ),
];

/// The only recipe for shared memory that works in every browser.
const ISOLATION: [(HeaderName, &str); 2] = [
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        "require-corp",
    ),
];

/// Adds the headers to whatever the rest of the router answers.
pub async fn apply(State(isolation): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in ALWAYS.iter().chain(ISOLATION.iter().filter(|_| isolation)) {
        // What is for pages of any origin says so itself.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
