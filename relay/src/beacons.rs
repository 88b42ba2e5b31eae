//! `/beacon`: what pages tell of how listening went. It is looked at, added up and forgotten.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{self, HeaderMap};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use telemetry::{Beacon, Error, MOST_BYTES, Seen};

use crate::edge::buckets::{Buckets, Pace};
use crate::edge::{self, client_address};
use crate::ice::Outside;
use crate::metrics::PlayerMetrics;
use crate::router::App;

/// An address sends a beacon a second, so that a household, a school or a carrier's exit has room
/// for some dozens of listeners, who send one a minute; and as many at once as there are pages that
/// are hidden in one moment.
const PACE: Pace = Pace::new(1, 60);

/// Why a beacon is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It does not come from a page of this site.
    Origin,
    /// Its address has sent too many.
    Rate,
    /// It is longer than a beacon.
    Size,
    /// It took too long.
    Slow,
    /// It ended before its time.
    Incomplete,
    /// It is of a version that this relay does not know.
    Version,
    /// It is no beacon.
    Malformed,
    /// It has the form of one, and no page can have counted so.
    Impossible,
}

impl Refusal {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Origin,
        Self::Rate,
        Self::Size,
        Self::Slow,
        Self::Incomplete,
        Self::Version,
        Self::Malformed,
        Self::Impossible,
    ];

    /// As the metrics have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Rate => "rate",
            Self::Size => "size",
            Self::Slow => "slow",
            Self::Incomplete => "incomplete",
            Self::Version => "version",
            Self::Malformed => "malformed",
            Self::Impossible => "impossible",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Origin => StatusCode::FORBIDDEN,
            Self::Rate => StatusCode::TOO_MANY_REQUESTS,
            Self::Size => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Incomplete | Self::Version | Self::Malformed | Self::Impossible => {
                StatusCode::BAD_REQUEST
            }
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::TooLong(_) => Self::Size,
            Error::Version(_) => Self::Version,
            error if error.is_impossible() => Self::Impossible,
            _ => Self::Malformed,
        }
    }
}

/// Takes beacons in.
pub struct Intake {
    metrics: PlayerMetrics,
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
    memory: Mutex<Memory>,
}

/// What is remembered of beacons: for a minute who sent, for ten which came.
struct Memory {
    buckets: Buckets,
    seen: Seen,
}

impl Intake {
    /// Adds up into `metrics`.
    #[must_use]
    pub fn new(metrics: PlayerMetrics) -> Self {
        let start = Instant::now();
        let millis = move || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        Self::with_clock(metrics, millis)
    }

    /// The same by another clock of milliseconds.
    pub fn with_clock(
        metrics: PlayerMetrics,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            metrics,
            clock: Box::new(clock),
            memory: Mutex::new(Memory {
                buckets: Buckets::new(PACE),
                seen: Seen::default(),
            }),
        }
    }

    fn remember<T>(&self, use_it: impl FnOnce(&mut Memory, u64) -> T) -> T {
        let now = (self.clock)();
        let memory = self.memory.lock();
        use_it(&mut memory.unwrap_or_else(PoisonError::into_inner), now)
    }

    async fn take(&self, app: &App, request: Request<Body>) -> Result<(), Refusal> {
        if !is_of_this_site(&app.outside, &request) {
            return Err(Refusal::Origin);
        }
        // Those of this machine are not counted: a proxy may stand before the relay.
        if let Some(sender) = client_address(&request).and_then(edge::network) {
            self.remember(|memory, now| memory.buckets.take(sender, now))
                .map_err(|_| Refusal::Rate)?;
        }
        if announced_length(request.headers()).is_some_and(|length| length > MOST_BYTES as u64) {
            return Err(Refusal::Size);
        }
        let bytes = axum::body::to_bytes(request.into_body(), MOST_BYTES).await;
        let bytes = bytes.map_err(|error| {
            let is_long = std::error::Error::source(&error)
                .is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>());
            if is_long {
                Refusal::Size
            } else if edge::is_too_slow(&error) {
                Refusal::Slow
            } else {
                Refusal::Incomplete
            }
        })?;
        let beacon = Beacon::decode(&bytes)?;
        if self.remember(|memory, now| memory.seen.is_new(beacon.id(), now)) {
            self.metrics.merge(&beacon);
        } else {
            self.metrics.duplicate.inc();
        }
        Ok(())
    }
}

/// Answers `POST /beacon`. A duplicate is answered as what it repeats.
pub async fn beacon(State(app): State<App>, request: Request<Body>) -> Response {
    match app.beacons.take(&app, request).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => {
            app.beacons.metrics.refuse(refusal);
            (refusal.status(), format!("{}\n", refusal.name())).into_response()
        }
    }
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Browsers say which page a beacon comes from, newer ones also in one word, and scripts cannot
/// change either.
pub(crate) fn is_of_this_site(outside: &Outside, request: &Request<Body>) -> bool {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == outside.base_url(request),
        (None, None) => false,
    }
}
