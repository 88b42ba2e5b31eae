//! What listeners feel: the families that beacons tell, merged, and what became of the beacons.
//! `prometheus`' own histograms cannot take merged counts, so these are emitted as they stand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Counter, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{IntCounter, IntCounterVec, Opts};
use protocol::admin::{Figure, FigureValue, Telemetry};
use telemetry::{Beacon, FAMILIES, Family, Kind, Merger};

use crate::beacons::Refusal;

/// What beacons tell. Clones share their values.
#[derive(Clone)]
pub struct PlayerMetrics {
    merger: Arc<Mutex<Merger>>,
    descriptions: Arc<[Desc]>,
    outcomes: IntCounterVec,
    reasons: IntCounterVec,
    accepted: IntCounter,
    /// Beacons that had come before.
    pub duplicate: IntCounter,
    refused: IntCounter,
}

impl PlayerMetrics {
    /// Nothing has been told yet.
    ///
    /// # Panics
    /// Never: names are constant, which every test that starts a relay sees.
    #[must_use]
    pub fn new() -> Self {
        let describe = |family: &Family| {
            let labels = family.labels.iter().map(|label| label.name.to_owned());
            let (name, help) = (family.name.to_owned(), family.help.to_owned());
            Desc::new(name, help, labels.collect(), HashMap::new()).expect("constant name")
        };
        let counters = |name: &str, help: &str, label: &str| {
            IntCounterVec::new(Opts::new(name, help), &[label]).expect("constant name")
        };
        let outcomes = counters(
            "sidereal_beacons_total",
            "Beacons that pages sent, by what became of them.",
            "outcome",
        );
        let reasons = counters(
            "sidereal_beacons_refused_total",
            "Beacons that were refused, by reason.",
            "reason",
        );
        for refusal in Refusal::ALL {
            reasons.with_label_values(&[refusal.name()]);
        }
        Self {
            merger: Arc::default(),
            descriptions: FAMILIES.iter().map(describe).collect(),
            accepted: outcomes.with_label_values(&["accepted"]),
            duplicate: outcomes.with_label_values(&["duplicate"]),
            refused: outcomes.with_label_values(&["refused"]),
            outcomes,
            reasons,
        }
    }

    /// Adds a beacon up.
    pub fn merge(&self, beacon: &Beacon) {
        self.accepted.inc();
        let merger = self.merger.lock();
        // Adding cannot panic, so what another thread left is whole.
        merger.unwrap_or_else(PoisonError::into_inner).merge(beacon);
    }

    /// Everything, for the operator's page.
    #[must_use]
    pub fn told(&self) -> Telemetry {
        let merger = self.merger.lock();
        let merger = merger.unwrap_or_else(PoisonError::into_inner).clone();
        let reason = |refusal: Refusal| {
            let counted = self.reasons.with_label_values(&[refusal.name()]);
            (refusal.name().to_owned(), counted.get())
        };
        let figures = FAMILIES.iter().flat_map(|family| {
            let merger = &merger;
            (0..family.series()).map(move |series| figure(family, series, merger))
        });
        Telemetry {
            accepted: self.accepted.get(),
            duplicate: self.duplicate.get(),
            refused: Refusal::ALL.map(reason).to_vec(),
            figures: figures.collect(),
        }
    }

    /// Counts one that was not taken.
    pub fn refuse(&self, refusal: Refusal) {
        self.refused.inc();
        self.reasons.with_label_values(&[refusal.name()]).inc();
    }
}

impl Default for PlayerMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Collector for PlayerMetrics {
    fn desc(&self) -> Vec<&Desc> {
        let own = self.descriptions.iter();
        own.chain(self.outcomes.desc())
            .chain(self.reasons.desc())
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let merger = self
            .merger
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut all: Vec<MetricFamily> = FAMILIES
            .iter()
            .map(|family| told(family, &merger))
            .collect();
        all.extend(self.outcomes.collect());
        all.extend(self.reasons.collect());
        all
    }
}

/// A series as the operator's page has it.
fn figure(family: &Family, series: usize, merger: &Merger) -> Figure {
    let (unit, value) = match family.kind {
        Kind::Counter => {
            let count = merger.counter(family.id, series);
            let unit = if family.name.contains("seconds") {
                "seconds"
            } else {
                ""
            };
            (unit, FigureValue::Count(count as f64))
        }
        Kind::Histogram { unit, bounds } => {
            let found = merger.histogram(family.id, series);
            let scaled = |bound: &u32| unit.scaled(u64::from(*bound));
            let name = match unit {
                telemetry::Unit::Seconds => "seconds",
                telemetry::Unit::Ones => "",
            };
            let value = FigureValue::Histogram {
                bounds: bounds.iter().map(scaled).collect(),
                counts: found.counts.to_vec(),
                sum: unit.scaled(found.sum),
            };
            (name, value)
        }
    };
    let labels = family.labels_of(series).into_iter();
    Figure {
        name: family.name.into(),
        help: family.help.into(),
        unit: unit.into(),
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        value,
    }
}

/// A family with all its series, also those that have not counted yet.
fn told(family: &Family, merger: &Merger) -> MetricFamily {
    let series = (0..family.series()).map(|series| {
        let labels = family.labels_of(series).into_iter().map(|(name, value)| {
            let mut label = LabelPair::default();
            label.set_name(name.to_owned());
            label.set_value(value.to_owned());
            label
        });
        let mut metric = Metric::from_label(labels.collect());
        match family.kind {
            Kind::Counter => {
                let mut counter = Counter::default();
                counter.set_value(merger.counter(family.id, series) as f64);
                metric.set_counter(counter);
            }
            Kind::Histogram { unit, bounds } => {
                let found = merger.histogram(family.id, series);
                let mut below = 0u64;
                let buckets = bounds.iter().zip(found.counts).map(|(bound, count)| {
                    below = below.saturating_add(*count);
                    let mut bucket = Bucket::default();
                    bucket.set_upper_bound(unit.scaled(u64::from(*bound)));
                    bucket.set_cumulative_count(below);
                    bucket
                });
                let mut histogram = Histogram::default();
                histogram.set_bucket(buckets.collect());
                let all = found
                    .counts
                    .iter()
                    .fold(0u64, |all, count| all.saturating_add(*count));
                histogram.set_sample_count(all);
                histogram.set_sample_sum(unit.scaled(found.sum));
                metric.set_histogram(histogram);
            }
        }
        metric
    });
    let mut told = MetricFamily::default();
    told.set_name(family.name.to_owned());
    told.set_help(family.help.to_owned());
    told.set_field_type(match family.kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Histogram { .. } => MetricType::HISTOGRAM,
    });
    told.set_metric(series.collect());
    told
}
