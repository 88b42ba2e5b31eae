//! What is counted where the relay meets the world.

use prometheus::{IntCounter, IntGauge};

use super::declare::Declared;

/// What is counted of connections and requests before a handler sees them.
#[derive(Debug, Clone)]
pub struct EdgeMetrics {
    /// Open connections of the public listener.
    pub connections: IntGauge,
    /// Connections turned away because there were enough in all.
    pub limited_connections: IntCounter,
    /// Connections turned away because their address had enough.
    pub limited_address: IntCounter,
    /// Requests turned away because their address had asked too often.
    pub limited_requests: IntCounter,
    /// Connections closed because nothing was said.
    pub closed_quiet: IntCounter,
    /// Connections closed because the other end did not read.
    pub closed_stalled: IntCounter,
    /// Requests whose body was compressed.
    pub refused_coding: IntCounter,
    /// Requests for more than one host.
    pub refused_framing: IntCounter,
    /// Requests whose body was too long.
    pub refused_large_body: IntCounter,
    /// Requests whose body took too long.
    pub refused_slow_body: IntCounter,
    /// Requests that took too long to answer.
    pub refused_slow_answer: IntCounter,
    /// Requests of pages that may not.
    pub refused_origin: IntCounter,
}

impl EdgeMetrics {
    /// `limited` are the connections, those of an address, and requests, of the family of limits.
    pub(super) fn new(declared: &mut Declared, limited: [IntCounter; 3]) -> Self {
        let [limited_connections, limited_address, limited_requests] = limited;
        let [closed_quiet, closed_stalled] = declared.counters_of(
            (
                "sidereal_connections_closed_total",
                "connections",
                "Connections that the relay closed because nothing moved: nothing was said, or nothing was read.",
            ),
            "reason",
            ["quiet", "stalled"],
        );
        let [coding, framing, large_body, slow_body, slow_answer, origin] = declared.counters_of(
            (
                "sidereal_http_refused_total",
                "requests",
                "Requests refused before a handler saw all of them, by reason.",
            ),
            "reason",
            [
                "coding",
                "framing",
                "large_body",
                "slow_body",
                "slow_answer",
                "origin",
            ],
        );
        Self {
            connections: declared.gauge((
                "sidereal_connections",
                "connections",
                "Open connections of the public listener, sockets of the tracker among them.",
            )),
            limited_connections,
            limited_address,
            limited_requests,
            closed_quiet,
            closed_stalled,
            refused_coding: coding,
            refused_framing: framing,
            refused_large_body: large_body,
            refused_slow_body: slow_body,
            refused_slow_answer: slow_answer,
            refused_origin: origin,
        }
    }
}
