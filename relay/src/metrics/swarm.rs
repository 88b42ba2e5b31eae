//! What is counted of the tracker and of STUN, and by the limits of both.

use prometheus::{Histogram, IntCounter, IntGauge};

use super::declare::Declared;
use super::edge::EdgeMetrics;

/// What the tracker counts.
#[derive(Clone)]
pub struct TrackerMetrics {
    /// Open sockets.
    pub sockets: IntGauge,
    /// Torrents that have peers.
    pub swarms: IntGauge,
    /// Peers.
    pub peers: IntGauge,
    /// Peers that have everything.
    pub seeders: IntGauge,
    /// Bytes that wait to be sent.
    pub waiting_bytes: IntGauge,
    /// Sockets that wait for the tracker's thread.
    pub handover: IntGauge,
    /// Announcements.
    pub announces: IntCounter,
    /// Answers.
    pub answers: IntCounter,
    /// Scrapes.
    pub scrapes: IntCounter,
    /// Messages that could not be read or served.
    pub unreadable: IntCounter,
    /// Offers handed on.
    pub relayed_offers: IntCounter,
    /// Answers handed on.
    pub relayed_answers: IntCounter,
    /// Answers to peers that were gone.
    pub gone: IntCounter,
    /// Messages that a socket did not get because it was closed for reading too slowly.
    pub lost: IntCounter,
    /// Announcements of another connection's peer, or of one torrent too many.
    pub refused_announces: IntCounter,
    /// Answers in the name of another connection's peer.
    pub refused_answers: IntCounter,
    /// Sockets closed for reading too slowly.
    pub closed_slow: IntCounter,
    /// Sockets closed for silence.
    pub closed_silent: IntCounter,
    /// Sockets closed for messages that are too long.
    pub closed_large: IntCounter,
    /// Sockets closed for what is no WebSocket.
    pub closed_protocol: IntCounter,
    /// Sockets turned away, beyond what an address may have.
    pub limited_sockets: IntCounter,
    /// Sockets closed for saying too much.
    pub limited_messages: IntCounter,
    /// From a message's bytes being read to its replies lying in outboxes.
    pub message_seconds: Histogram,
    /// How long messages gathered before they went out.
    pub gathering_seconds: Histogram,
}

/// What STUN counts.
#[derive(Clone)]
pub struct StunMetrics {
    /// Requests answered.
    pub answered: IntCounter,
    /// Datagrams that were no binding requests.
    pub ignored: IntCounter,
    /// Datagrams of addresses that sent too many.
    pub limited: IntCounter,
}

/// The tracker's, STUN's and the door's, which share the family of limits; `handover` is the queue
/// of sockets.
pub(super) fn new(
    declared: &mut Declared,
    handover: IntGauge,
) -> (TrackerMetrics, StunMetrics, EdgeMetrics) {
    let [
        limited_sockets,
        limited_messages,
        limited_stun,
        connections,
        of_address,
        requests,
    ] = declared.counters_of(
        (
            "sidereal_rate_limited_total",
            "refusals",
            "What a limit on all, on an address or on a socket kept out.",
        ),
        "limit",
        [
            "tracker_sockets",
            "tracker_messages",
            "stun",
            "connections",
            "connections_of_address",
            "requests",
        ],
    );
    let edge = EdgeMetrics::new(declared, [connections, of_address, requests]);
    let [announces, answers, scrapes, unreadable] = declared.counters_of(
        (
            "sidereal_tracker_messages_total",
            "messages",
            "Messages from clients.",
        ),
        "kind",
        ["announce", "answer", "scrape", "unreadable"],
    );
    let [relayed_offers, relayed_answers] = declared.counters_of(
        (
            "sidereal_tracker_relayed_total",
            "messages",
            "Offers and answers handed to other peers.",
        ),
        "kind",
        ["offer", "answer"],
    );
    let [refused_announces, refused_answers] = declared.counters_of(
        (
            "sidereal_tracker_refused_total",
            "messages",
            "Messages in the name of another connection's peer, or for one torrent too many.",
        ),
        "kind",
        ["announce", "answer"],
    );
    let [gone, lost] = declared.counters_of(
        (
            "sidereal_tracker_undelivered_total",
            "messages",
            "Messages whose receiver was gone, or was closed for reading too slowly.",
        ),
        "reason",
        ["gone", "slow"],
    );
    let [closed_slow, closed_silent, closed_large, closed_protocol] = declared.counters_of(
        (
            "sidereal_tracker_closed_total",
            "sockets",
            "Sockets that the tracker closed, for other reasons than its limits.",
        ),
        "reason",
        ["slow", "silent", "large", "protocol"],
    );
    let [answered, ignored] = declared.counters_of(
        (
            "sidereal_stun_requests_total",
            "requests",
            "STUN requests within the limit: answered, or ignored as no binding requests.",
        ),
        "outcome",
        ["answered", "ignored"],
    );
    let tracker = TrackerMetrics {
        sockets: declared.gauge((
            "sidereal_tracker_sockets",
            "sockets",
            "Open sockets of clients.",
        )),
        swarms: declared.gauge((
            "sidereal_tracker_swarms",
            "torrents",
            "Torrents that have peers.",
        )),
        peers: declared.gauge(("sidereal_tracker_peers", "peers", "Peers of all torrents.")),
        seeders: declared.gauge((
            "sidereal_tracker_seeders",
            "peers",
            "Peers that have all of their torrent.",
        )),
        waiting_bytes: declared.gauge((
            "sidereal_tracker_waiting_bytes",
            "bytes",
            "Bytes that wait for sockets to take them; a socket for which 1 MB waits is closed.",
        )),
        message_seconds: declared.histogram(
            (
                "sidereal_tracker_message_duration_seconds",
                "seconds",
                "Time from a message being read to its replies and relays waiting in outboxes.",
            ),
            &[1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 1e-3, 1e-2, 0.1],
        ),
        gathering_seconds: declared.histogram(
            (
                "sidereal_tracker_gathering_seconds",
                "seconds",
                "Time that messages waited in outboxes to go out together.",
            ),
            &[1e-4, 1e-3, 2e-3, 4e-3, 8e-3, 0.016, 0.032, 0.064, 0.25, 1.0],
        ),
        handover,
        announces,
        answers,
        scrapes,
        unreadable,
        relayed_offers,
        relayed_answers,
        gone,
        lost,
        refused_announces,
        refused_answers,
        closed_slow,
        closed_silent,
        closed_large,
        closed_protocol,
        limited_sockets,
        limited_messages,
    };
    let stun = StunMetrics {
        answered,
        ignored,
        limited: limited_stun,
    };
    (tracker, stun, edge)
}
