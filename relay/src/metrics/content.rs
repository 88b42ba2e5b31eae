//! What is counted of collections: their seed, their caches, and themselves.

use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::declare::{Declared, Optional};

/// What the seed counts.
#[derive(Clone)]
pub struct SeedMetrics {
    /// Bytes of content sent.
    pub bytes: IntCounter,
    /// Requests for a whole file or torrent.
    pub whole: IntCounter,
    /// Requests for a range.
    pub ranges: IntCounter,
    /// Requests of clients that had it.
    pub unchanged: IntCounter,
    /// Requests for ranges beyond the end.
    pub beyond: IntCounter,
    /// Requests for what nobody published.
    pub unknown: IntCounter,
    /// Requests for what has changed on disk since it was published.
    pub changed: IntCounter,
    /// Requests for what the disk did not give.
    pub failed: IntCounter,
    /// Until the first bytes of an answer were read.
    pub first_bytes_seconds: Histogram,
}

impl SeedMetrics {
    pub(super) fn new(declared: &mut Declared) -> Self {
        let [whole, ranges, unchanged, beyond, unknown, changed, failed] = declared.counters_of(
            (
                "sidereal_seed_requests_total",
                "requests",
                "GET and HEAD requests of web seeds; `changed` since they were published, \
                 `failed` on the disk.",
            ),
            "outcome",
            [
                "whole",
                "range",
                "unchanged",
                "beyond",
                "unknown",
                "changed",
                "failed",
            ],
        );
        Self {
            bytes: declared.counter((
                "sidereal_seed_bytes_total",
                "bytes",
                "Content sent by web seeds.",
            )),
            first_bytes_seconds: declared.histogram(
                (
                    "sidereal_seed_first_bytes_seconds",
                    "seconds",
                    "Time that reading an answer's first bytes took, up to 256 KB of them.",
                ),
                &[
                    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0,
                ],
            ),
            whole,
            ranges,
            unchanged,
            beyond,
            unknown,
            changed,
            failed,
        }
    }
}

/// A cache.
#[derive(Clone)]
pub struct CacheMetrics {
    /// It had what was asked for.
    pub hits: IntCounter,
    /// It had not.
    pub misses: IntCounter,
    /// What it holds.
    pub entries: IntGauge,
}

/// What collections count.
#[derive(Clone)]
pub struct CollectionMetrics {
    /// Torrents in the forms in which they were asked for.
    pub torrent_cache: CacheMetrics,
    /// Collections, read from disk.
    pub collection_cache: CacheMetrics,
    /// Collections that are served.
    pub served: IntGauge,
    /// Those that cannot be.
    pub failed: IntGauge,
    /// Entries of all catalogues.
    pub entries: IntGauge,
    /// When the oldest catalogue was published.
    pub oldest: Optional,
    /// One series for each collection, where the operator wants them.
    pub each: Option<EachMetrics>,
}

/// Series of single collections.
#[derive(Clone)]
pub struct EachMetrics {
    /// Entries of its catalogue.
    pub entries: IntGaugeVec,
    /// When it was published.
    pub published: IntGaugeVec,
    /// Bytes sent.
    pub seed_bytes: IntCounterVec,
}

impl CollectionMetrics {
    pub(super) fn new(declared: &mut Declared, has_each: bool) -> Self {
        let labels = ["cache", "backend"];
        let hits = declared.counters(
            (
                "sidereal_cache_hits_total",
                "lookups",
                "Lookups that a cache could answer.",
            ),
            &labels,
        );
        let misses = declared.counters(
            (
                "sidereal_cache_misses_total",
                "lookups",
                "Lookups that a cache could not answer.",
            ),
            &labels,
        );
        let entries = declared.gauges(
            ("sidereal_cache_entries", "entries", "What a cache holds."),
            &labels,
        );
        let cache = |name| CacheMetrics {
            hits: hits.with_label_values(&[name, "memory"]),
            misses: misses.with_label_values(&[name, "memory"]),
            entries: entries.with_label_values(&[name, "memory"]),
        };
        Self {
            torrent_cache: cache("torrent"),
            collection_cache: cache("collection"),
            served: declared.gauge((
                "sidereal_collections",
                "collections",
                "Collections that are served.",
            )),
            failed: declared.gauge((
                "sidereal_collections_failed",
                "collections",
                "Published collections that cannot be read, and are not served.",
            )),
            entries: declared.gauge((
                "sidereal_catalogue_entries",
                "files",
                "Files that the catalogues of all collections list.",
            )),
            oldest: declared.optional((
                "sidereal_catalogue_published_timestamp_seconds",
                "seconds",
                "Unix time at which the oldest catalogue was published; none without collections.",
            )),
            each: has_each.then(|| EachMetrics::new(declared)),
        }
    }
}

impl EachMetrics {
    fn new(declared: &mut Declared) -> Self {
        let labels = ["collection"];
        Self {
            entries: declared.gauges(
                (
                    "sidereal_collection_entries",
                    "files",
                    "Files that a collection's catalogue lists.",
                ),
                &labels,
            ),
            published: declared.gauges(
                (
                    "sidereal_collection_published_timestamp_seconds",
                    "seconds",
                    "Unix time at which a collection was published.",
                ),
                &labels,
            ),
            seed_bytes: declared.counters(
                (
                    "sidereal_collection_seed_bytes_total",
                    "bytes",
                    "Content of a collection sent by web seeds.",
                ),
                &labels,
            ),
        }
    }
}
