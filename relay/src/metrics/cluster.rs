//! What is counted of relays that share swarms, and of the Redis between them.

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge};

use super::declare::{Declared, Optional};

/// What is counted of other relays and of Redis.
#[derive(Clone)]
pub struct ClusterMetrics {
    /// Other relays that are heard; none where swarms are not shared.
    pub relays: Optional,
    /// Peers of other relays; none where swarms are not shared.
    pub remote_peers: Optional,
    /// Whether Redis is connected; none where there is none.
    pub connected: Optional,
    /// Memory that Redis uses.
    pub memory: Optional,
    /// Messages to other relays.
    pub sent: IntCounter,
    /// Messages of the bus, those of this relay to all among them.
    pub received: IntCounter,
    /// What is no message.
    pub unreadable: IntCounter,
    /// Offers and answers of other relays' peers that went to clients.
    pub delivered: IntCounter,
    /// Offers and answers of other relays' peers to peers that were gone.
    pub gone: IntCounter,
    /// Messages lost because Redis was away.
    pub dropped_away: IntCounter,
    /// Messages lost because too many waited for Redis.
    pub dropped_out: IntCounter,
    /// Messages lost because too many waited for the tracker.
    pub dropped_in: IntCounter,
    /// Messages to relays that were gone.
    pub dropped_nobody: IntCounter,
    /// Messages that wait for Redis.
    pub queue_out: IntGauge,
    durations: HistogramVec,
    failures: IntCounterVec,
}

impl ClusterMetrics {
    /// `queue_out` is the queue of messages to Redis.
    pub(super) fn new(declared: &mut Declared, queue_out: IntGauge) -> Self {
        let [sent, received, unreadable] = declared.counters_of(
            (
                "sidereal_cluster_messages_total",
                "messages",
                "Messages between relays: sent, received (those of this relay to all come back), unreadable.",
            ),
            "kind",
            ["sent", "received", "unreadable"],
        );
        let [delivered, gone] = declared.counters_of(
            (
                "sidereal_cluster_letters_total",
                "messages",
                "Offers and answers of other relays' peers: handed to clients, or to peers that were gone.",
            ),
            "outcome",
            ["delivered", "gone"],
        );
        let [dropped_away, dropped_out, dropped_in, dropped_nobody] = declared.counters_of(
            (
                "sidereal_cluster_dropped_total",
                "messages",
                "Messages between relays that were lost: Redis away, too many waiting to go out or to be heard, nobody there.",
            ),
            "reason",
            ["away", "out", "in", "nobody"],
        );
        Self {
            relays: declared.optional((
                "sidereal_cluster_relays",
                "relays",
                "Other relays that are heard; no series where swarms are not shared.",
            )),
            remote_peers: declared.optional((
                "sidereal_cluster_remote_peers",
                "peers",
                "Peers of other relays, to which offers go as to own ones.",
            )),
            connected: declared.optional((
                "sidereal_redis_connected",
                "",
                "1 while Redis answers, 0 while it does not; no series without one.",
            )),
            memory: declared.optional((
                "sidereal_redis_memory_used_bytes",
                "bytes",
                "Memory that Redis uses.",
            )),
            durations: declared.histograms(
                (
                    "sidereal_redis_operation_duration_seconds",
                    "seconds",
                    "Time that Redis took to answer, or until that was given up.",
                ),
                &["operation"],
                &[
                    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 2.5,
                ],
            ),
            failures: declared.counters(
                (
                    "sidereal_redis_errors_total",
                    "errors",
                    "Operations of Redis that failed.",
                ),
                &["operation"],
            ),
            sent,
            received,
            unreadable,
            delivered,
            gone,
            dropped_away,
            dropped_out,
            dropped_in,
            dropped_nobody,
            queue_out,
        }
    }

    /// Where an operation's time is counted.
    #[must_use]
    pub fn seconds(&self, operation: &'static str) -> Histogram {
        self.durations.with_label_values(&[operation])
    }

    /// Where an operation's failures are counted.
    #[must_use]
    pub fn errors(&self, operation: &'static str) -> IntCounter {
        self.failures.with_label_values(&[operation])
    }
}
