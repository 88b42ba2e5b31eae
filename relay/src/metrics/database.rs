//! What is counted of the store.

use std::time::Instant;

use prometheus::{HistogramVec, IntCounterVec, IntGauge, IntGaugeVec};

use super::declare::{Declared, signed};
use crate::store::{Error, Operation};

/// What is counted of the store.
#[derive(Clone)]
pub struct DatabaseMetrics {
    seconds: HistogramVec,
    queries: IntCounterVec,
    errors: IntCounterVec,
    size: IntGaugeVec,
    in_use: IntGaugeVec,
    waiting: IntGaugeVec,
    bytes: IntGaugeVec,
}

/// What is counted of its connections of one kind.
pub struct PoolMetrics {
    /// All.
    pub size: IntGauge,
    /// Those that work.
    pub in_use: IntGauge,
    /// Work that waits for one.
    pub waiting: IntGauge,
}

impl DatabaseMetrics {
    pub(super) fn new(declared: &mut Declared) -> Self {
        let metrics = Self {
            seconds: declared.histograms(
                (
                    "sidereal_db_query_duration_seconds",
                    "seconds",
                    "Time that reading from the store or a change of it took, with its commit.",
                ),
                &["operation"],
                &[
                    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0,
                ],
            ),
            queries: declared.counters(
                (
                    "sidereal_db_queries_total",
                    "queries",
                    "Readings and changes of the store, by what they concern.",
                ),
                &["operation"],
            ),
            errors: declared.counters(
                (
                    "sidereal_db_errors_total",
                    "queries",
                    "Those of them that failed; nothing of them is kept.",
                ),
                &["operation"],
            ),
            size: declared.gauges(
                (
                    "sidereal_db_pool_connections",
                    "connections",
                    "Connections to the store.",
                ),
                &["pool"],
            ),
            in_use: declared.gauges(
                (
                    "sidereal_db_pool_in_use",
                    "connections",
                    "Connections that work.",
                ),
                &["pool"],
            ),
            waiting: declared.gauges(
                (
                    "sidereal_db_pool_waiting",
                    "queries",
                    "What waits for a connection.",
                ),
                &["pool"],
            ),
            bytes: declared.gauges(
                (
                    "sidereal_db_file_bytes",
                    "bytes",
                    "Size of the store's file, and of the log that is written ahead of it.",
                ),
                &["file"],
            ),
        };
        let info = declared.gauges(
            (
                "sidereal_db_backend_info",
                "",
                "Always 1; the labels tell what keeps the store.",
            ),
            &["backend", "version"],
        );
        info.with_label_values(&["sqlite", rusqlite::version()])
            .set(1);
        for operation in Operation::ALL {
            metrics.queries.with_label_values(&[operation.name()]);
            metrics.errors.with_label_values(&[operation.name()]);
            metrics.seconds.with_label_values(&[operation.name()]);
        }
        metrics
    }

    /// The connections of one kind.
    #[must_use]
    pub fn pool(&self, name: &'static str) -> PoolMetrics {
        PoolMetrics {
            size: self.size.with_label_values(&[name]),
            in_use: self.in_use.with_label_values(&[name]),
            waiting: self.waiting.with_label_values(&[name]),
        }
    }

    /// Sizes of the files.
    pub fn files(&self, database: u64, ahead: u64) {
        for (name, bytes) in [("database", database), ("log", ahead)] {
            self.bytes.with_label_values(&[name]).set(signed(bytes));
        }
    }

    /// Begins to time.
    #[must_use]
    pub fn start(&self, operation: Operation) -> Timed<'_> {
        Timed {
            metrics: self,
            operation: operation.name(),
            start: Instant::now(),
        }
    }
}

/// Something that is done with the store.
pub struct Timed<'a> {
    metrics: &'a DatabaseMetrics,
    operation: &'static str,
    start: Instant,
}

impl Timed<'_> {
    /// It is done, or has failed.
    pub fn end<T>(self, done: Result<T, Error>) -> Result<T, Error> {
        let labels = [self.operation];
        let seconds = self.start.elapsed().as_secs_f64();
        self.metrics
            .seconds
            .with_label_values(&labels)
            .observe(seconds);
        self.metrics.queries.with_label_values(&labels).inc();
        if let Err(error) = &done {
            self.metrics.errors.with_label_values(&labels).inc();
            tracing::error!(operation = self.operation, %error, "the store failed");
        }
        done
    }
}
