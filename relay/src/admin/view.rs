//! What an operator sees.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Json;
use protocol::admin::{Audit, History, Logs, Part, PartState, Setting, Status, Telemetry};
use serde::Deserialize;

use super::Admin;
use super::guard::Refusal;
use super::objectives;
use crate::store::{Operation, audit as trail};

/// Entries of the audit trail, and lines of the log, that are told at once.
const MOST_TOLD: usize = 500;

/// Answers `GET status`.
pub async fn status(State(admin): State<Arc<Admin>>) -> Json<Status> {
    admin.exporter.measure().await;
    let metrics = &admin.exporter.metrics;
    let tracker = &metrics.tracker;
    let count = |gauge: &prometheus::IntGauge| u64::try_from(gauge.get()).unwrap_or(0);
    let parts = metrics.adapters.all().into_iter();
    let steady = admin.clock.steady();
    let (objectives, alerts) =
        admin.seen(|watch| (objectives::all(&watch.history), watch.alerts.told(steady)));
    Json(Status {
        now_millis: admin.clock.now(),
        started_millis: admin.started_millis,
        version: env!("CARGO_PKG_VERSION").into(),
        sockets: count(&tracker.sockets),
        swarms: count(&tracker.swarms),
        peers: count(&tracker.peers),
        seeders: count(&tracker.seeders),
        parts: parts.map(part).collect(),
        objectives,
        alerts,
    })
}

fn part((name, is_up): (&'static str, Option<bool>)) -> Part {
    let state = match is_up {
        Some(true) => PartState::Up,
        Some(false) => PartState::Down,
        None => PartState::Off,
    };
    let words = match (name, state) {
        ("tracker", PartState::Down) => "its thread does not answer: restart the relay",
        ("tracker", _) => "introduces listeners to each other",
        ("store", PartState::Down) => "cannot be read: see the log, and the disk",
        ("store", _) => "keeps sessions, jobs, blocks and the audit trail",
        ("collections", PartState::Down) => "some cannot be served: see Collections",
        ("collections", PartState::Off) => "nothing is published yet",
        ("collections", _) => "all that is published is served",
        ("stun", PartState::Down) => "its port is taken: choose another with --stun",
        ("stun", PartState::Off) => "switched off with --stun",
        ("stun", _) => "tells listeners their own address",
        ("redis", PartState::Down) => "not reached: listeners meet only those of this relay",
        ("redis", _) => "shares swarms with other relays",
        ("tls", PartState::Off) => "served without: a proxy has to encrypt",
        ("tls", _) => "the relay encrypts by itself",
        (_, PartState::Up) => "works",
        (_, PartState::Down) => "does not work: see the log",
        (_, PartState::Off) => "switched off",
    };
    Part {
        name: name.into(),
        state,
        words: words.into(),
    }
}

/// How far back.
#[derive(Deserialize)]
pub struct Hours {
    hours: Option<u64>,
}

/// Answers `GET history`.
pub async fn history(
    State(admin): State<Arc<Admin>>,
    Query(wanted): Query<Hours>,
) -> Json<History> {
    let (steady, now) = (admin.clock.steady(), admin.clock.now());
    let hours = wanted.hours.unwrap_or(24);
    Json(admin.seen(|watch| watch.history.told(hours, steady, now)))
}

/// Answers `GET telemetry`.
pub async fn telemetry(State(admin): State<Arc<Admin>>) -> Json<Telemetry> {
    Json(admin.exporter.metrics.player.told())
}

/// Answers `GET configuration`.
pub async fn configuration(State(admin): State<Arc<Admin>>) -> Json<Vec<Setting>> {
    Json(admin.settings.clone())
}

/// Where to go on.
#[derive(Deserialize)]
pub struct After {
    after: Option<u64>,
}

/// Answers `GET logs`.
pub async fn logs(State(admin): State<Arc<Admin>>, Query(wanted): Query<After>) -> Json<Logs> {
    Json(admin.logs.after(wanted.after.unwrap_or(0), MOST_TOLD))
}

/// Where to go on.
#[derive(Deserialize)]
pub struct Before {
    before: Option<i64>,
}

/// Answers `GET audit`. The whole trail is verified each time.
pub async fn audit(
    State(admin): State<Arc<Admin>>,
    Query(wanted): Query<Before>,
) -> Result<Json<Audit>, Refusal> {
    let read = move |from: &rusqlite::Connection| {
        let verdict = trail::verify(from)?;
        Ok(Audit {
            entries: trail::list(from, wanted.before, MOST_TOLD)?,
            count: verdict.count,
            broken_at: verdict.broken_at,
        })
    };
    Ok(Json(admin.store.read(Operation::Audit, read).await?))
}
