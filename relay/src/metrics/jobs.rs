//! What is counted of work that takes a while, and of what is turned away.

use prometheus::{IntCounter, IntGauge, IntGaugeVec};

use super::declare::Declared;

/// What is counted of jobs.
#[derive(Clone)]
pub struct JobMetrics {
    /// Those that wait.
    pub depth: IntGauge,
    /// Those that are being done.
    pub active: IntGauge,
    /// Those that failed.
    pub failed: IntCounter,
}

impl JobMetrics {
    /// `depth` is the family of all queues.
    pub(super) fn new(declared: &mut Declared, depth: &IntGaugeVec) -> Self {
        let labels = ["jobs", "sqlite"];
        let active = declared.gauges(
            (
                "sidereal_queue_active",
                "items",
                "What is being done of a queue.",
            ),
            &["queue", "backend"],
        );
        let failed = declared.counters(
            (
                "sidereal_queue_failed_total",
                "items",
                "What of a queue could not be done.",
            ),
            &["queue", "backend"],
        );
        Self {
            depth: depth.with_label_values(&labels),
            active: active.with_label_values(&labels),
            failed: failed.with_label_values(&labels),
        }
    }
}

/// What is counted of what the operator blocks.
#[derive(Clone)]
pub struct BlockMetrics {
    /// Sockets of blocked addresses that were closed.
    pub sockets: IntCounter,
    /// Announcements of blocked torrents.
    pub announces: IntCounter,
    /// Requests of blocked addresses.
    pub requests: IntCounter,
}

impl BlockMetrics {
    pub(super) fn new(declared: &mut Declared) -> Self {
        let [sockets, announces, requests] = declared.counters_of(
            (
                "sidereal_blocked_total",
                "refusals",
                "What was turned away because its address or torrent is blocked.",
            ),
            "kind",
            ["socket", "announce", "request"],
        );
        Self {
            sockets,
            announces,
            requests,
        }
    }
}
