//! How a metric is declared: once, with its name, unit and help, when the registry is made. What
//! was declared is also what the reference in `monitoring/README.md` says.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prometheus::core::Collector;
use prometheus::proto::MetricType;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

/// Name, unit, and help of a family.
pub type Named = (&'static str, &'static str, &'static str);

/// What is known of a family before anything is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Name.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// What one of it is.
    pub unit: &'static str,
    /// What is counted or measured, in words.
    pub help: String,
    /// Names of its labels.
    pub labels: Vec<String>,
}

/// A gauge that has no series while there is nothing to measure.
#[derive(Clone)]
pub struct Optional(IntGaugeVec);

impl Optional {
    /// The value, where there is one.
    pub fn set(&self, value: Option<u64>) {
        match value {
            Some(value) => self.0.with_label_values::<&str>(&[]).set(signed(value)),
            None => self.0.reset(),
        }
    }
}

/// A size as gauges take it.
pub fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Declares metrics, and hands them to the registry.
#[derive(Default)]
pub struct Declared {
    /// Where they are gathered.
    pub registry: Registry,
    /// What was declared, in order of name.
    pub families: BTreeMap<String, Family>,
}

impl Declared {
    /// A gauge.
    pub fn gauge(&mut self, named: Named) -> IntGauge {
        let gauge = IntGauge::new(named.0, named.2).expect("constant name");
        self.add("gauge", named, &[], gauge)
    }

    /// Gauges by labels.
    pub fn gauges(&mut self, named: Named, labels: &[&str]) -> IntGaugeVec {
        let gauges = IntGaugeVec::new(Opts::new(named.0, named.2), labels).expect("constant name");
        self.add("gauge", named, labels, gauges)
    }

    /// A gauge that may have nothing to measure.
    pub fn optional(&mut self, named: Named) -> Optional {
        Optional(self.gauges(named, &[]))
    }

    /// A counter.
    pub fn counter(&mut self, named: Named) -> IntCounter {
        let counter = IntCounter::new(named.0, named.2).expect("constant name");
        self.add("counter", named, &[], counter)
    }

    /// Counters by labels.
    pub fn counters(&mut self, named: Named, labels: &[&str]) -> IntCounterVec {
        let opts = Opts::new(named.0, named.2);
        let counters = IntCounterVec::new(opts, labels).expect("constant name");
        self.add("counter", named, labels, counters)
    }

    /// Counters of one name, one for each value of a label; all are there from the start.
    pub fn counters_of<const N: usize>(
        &mut self,
        named: Named,
        label: &str,
        values: [&str; N],
    ) -> [IntCounter; N] {
        let counters = self.counters(named, &[label]);
        values.map(|value| counters.with_label_values(&[value]))
    }

    /// A histogram.
    pub fn histogram(&mut self, named: Named, buckets: &[f64]) -> Histogram {
        let opts = HistogramOpts::new(named.0, named.2).buckets(buckets.to_vec());
        let histogram = Histogram::with_opts(opts).expect("constant name");
        self.add("histogram", named, &[], histogram)
    }

    /// Histograms by labels.
    pub fn histograms(&mut self, named: Named, labels: &[&str], buckets: &[f64]) -> HistogramVec {
        let opts = HistogramOpts::new(named.0, named.2).buckets(buckets.to_vec());
        let histograms = HistogramVec::new(opts, labels).expect("constant name");
        self.add("histogram", named, labels, histograms)
    }

    /// What declares itself: its families are those that it collects.
    pub fn collector(&mut self, collector: impl Collector + 'static) {
        let families = collector.collect();
        let kind = |name: &str| {
            let family = families.iter().find(|family| family.name() == name);
            match family.map(prometheus::proto::MetricFamily::get_field_type) {
                Some(MetricType::COUNTER) => "counter",
                Some(MetricType::HISTOGRAM) => "histogram",
                _ => "gauge",
            }
        };
        for described in collector.desc() {
            let family = Family {
                kind: kind(&described.fq_name),
                unit: unit_of(&described.fq_name),
                name: described.fq_name.clone(),
                help: described.help.clone(),
                labels: described.variable_labels.clone(),
            };
            self.families.insert(family.name.clone(), family);
        }
        self.register(collector);
    }

    fn add<C: Collector + Clone + 'static>(
        &mut self,
        kind: &'static str,
        (name, unit, help): Named,
        labels: &[&str],
        collector: C,
    ) -> C {
        let family = Family {
            name: name.to_owned(),
            kind,
            unit,
            help: help.to_owned(),
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
        };
        self.families.insert(name.to_owned(), family);
        self.register(collector.clone());
        collector
    }

    fn register(&mut self, collector: impl Collector + 'static) {
        self.registry
            .register(Box::new(collector))
            .expect("each name is declared once");
    }
}

/// The unit of a family that does not say it, by the rules for names.
fn unit_of(name: &str) -> &'static str {
    let units = ["seconds", "bytes", "fds", "threads", "peers", "beacons"];
    let found = units.into_iter().find(|unit| name.contains(unit));
    found.unwrap_or("times")
}

/// The families as a table in Markdown.
#[must_use]
pub fn reference<'a>(families: impl IntoIterator<Item = &'a Family>) -> String {
    let mut text =
        String::from("| metric | kind | unit | labels | what |\n|---|---|---|---|---|\n");
    for family in families {
        let Family {
            name,
            kind,
            unit,
            help,
            ..
        } = family;
        let labels: Vec<String> = family
            .labels
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let labels = labels.join(", ");
        writeln!(text, "| `{name}` | {kind} | {unit} | {labels} | {help} |")
            .expect("a string takes any text");
    }
    text
}
