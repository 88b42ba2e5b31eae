//! The one metrics registry, prefix `sidereal_`. A family is declared where its values are made:
//! a field, and a line in `new` with name, unit and help.

mod admin;
mod cluster;
mod content;
mod database;
mod declare;
mod edge;
mod exporter;
mod http;
mod jobs;
mod machine;
mod player;
mod swarm;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::{Encoder as _, IntGauge, IntGaugeVec, Registry, TextEncoder};

pub use admin::AdminMetrics;
pub use cluster::ClusterMetrics;
pub use content::{CacheMetrics, CollectionMetrics, EachMetrics, SeedMetrics};
pub use database::{DatabaseMetrics, PoolMetrics};
use declare::Declared;
pub use declare::{Family, Optional, reference};
pub use edge::EdgeMetrics;
pub use exporter::{Exporter, Token, scrape};
pub use http::{HttpMetrics, observe};
pub use jobs::{BlockMetrics, JobMetrics};
pub use machine::{MachineMetrics, disk};
pub use player::PlayerMetrics;
pub use swarm::{StunMetrics, TrackerMetrics};

/// Every metric of the relay. Clones share their values.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    families: Arc<BTreeMap<String, Family>>,
    /// HTTP requests.
    pub http: HttpMetrics,
    /// The door's.
    pub edge: EdgeMetrics,
    /// The tracker's.
    pub tracker: TrackerMetrics,
    /// Other relays', and Redis'.
    pub cluster: ClusterMetrics,
    /// STUN's.
    pub stun: StunMetrics,
    /// The seed's.
    pub seed: SeedMetrics,
    /// The collections'.
    pub collections: CollectionMetrics,
    /// The store's.
    pub database: DatabaseMetrics,
    /// The admin's.
    pub admin: AdminMetrics,
    /// Those of jobs.
    pub jobs: JobMetrics,
    /// Those of what is blocked.
    pub blocks: BlockMetrics,
    /// What beacons tell.
    pub player: PlayerMetrics,
    /// Parts that may be absent.
    pub adapters: Adapters,
    machine: MachineMetrics,
    /// Tasks that wait for a thread.
    tasks: IntGauge,
}

/// Parts that can be absent.
#[derive(Clone)]
pub struct Adapters {
    gauges: IntGaugeVec,
    /// All that were ever told of, in order of name.
    known: Arc<Mutex<BTreeMap<&'static str, Option<bool>>>>,
}

impl Adapters {
    /// Whether a part works; none where nobody wants it to.
    pub fn set(&self, adapter: &'static str, is_up: Option<bool>) {
        let known = self.known.lock();
        known
            .unwrap_or_else(PoisonError::into_inner)
            .insert(adapter, is_up);
        if let Some(is_up) = is_up {
            self.gauges.with_label_values(&[adapter]).set(is_up.into());
        } else {
            // One that was never there cannot be taken away.
            let _ = self.gauges.remove_label_values(&[adapter]);
        }
    }

    /// All of them, and whether they work; none where nobody wants them to.
    #[must_use]
    pub fn all(&self) -> BTreeMap<&'static str, Option<bool>> {
        let known = self.known.lock();
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Metrics {
    /// A registry with every metric declared; `has_each` adds the series of single collections.
    ///
    /// # Panics
    /// Never: names are constant and distinct, which a test sees by calling this.
    #[must_use]
    pub fn new(has_each: bool) -> Self {
        let mut declared = Declared::default();
        let build = declared.gauges(
            (
                "sidereal_build_info",
                "",
                "Always 1; the labels tell the build.",
            ),
            &["version"],
        );
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let queues = declared.gauges(
            (
                "sidereal_queue_depth",
                "items",
                "What waits: sockets to be taken over by the tracker, tasks for a thread, messages to other relays, jobs.",
            ),
            &["queue", "backend"],
        );
        let queue = |name| queues.with_label_values(&[name, "memory"]);
        let adapters = declared.gauges(
            (
                "sidereal_adapter_up",
                "",
                "1 where a part works, 0 where it should; no series where it is switched off.",
            ),
            &["adapter"],
        );
        #[cfg(target_os = "linux")]
        declared.collector(prometheus::process_collector::ProcessCollector::for_self());
        let player = PlayerMetrics::new();
        declared.collector(player.clone());
        let (tracker, stun, edge) = swarm::new(&mut declared, queue("tracker_handover"));
        Self {
            http: HttpMetrics::new(&mut declared),
            cluster: ClusterMetrics::new(
                &mut declared,
                queues.with_label_values(&["cluster", "redis"]),
            ),
            seed: SeedMetrics::new(&mut declared),
            collections: CollectionMetrics::new(&mut declared, has_each),
            machine: MachineMetrics::new(&mut declared),
            adapters: Adapters {
                gauges: adapters,
                known: Arc::default(),
            },
            database: DatabaseMetrics::new(&mut declared),
            admin: AdminMetrics::new(&mut declared),
            jobs: JobMetrics::new(&mut declared, &queues),
            blocks: BlockMetrics::new(&mut declared),
            tasks: queue("tasks"),
            edge,
            tracker,
            player,
            stun,
            registry: declared.registry,
            families: Arc::new(declared.families),
        }
    }

    /// What was declared, in order of name.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.values()
    }

    /// What the registry has now.
    #[must_use]
    pub fn gather(&self) -> Vec<prometheus::proto::MetricFamily> {
        self.registry.gather()
    }

    /// The registry in Prometheus' text form.
    #[must_use]
    pub fn text(&self) -> String {
        let mut bytes = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut bytes)
            .expect("a vector takes any bytes");
        String::from_utf8(bytes).expect("the text form is UTF-8")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_prometheus_rules() {
        let metrics = Metrics::new(true);
        for family in metrics.families() {
            let Family {
                name, kind, unit, ..
            } = family;
            let base = name.strip_suffix("_total");
            assert_eq!(base.is_some(), *kind == "counter", "{name} is a {kind}");
            assert!(name.starts_with("sidereal_") || name.starts_with("process_"));
            if ["seconds", "bytes"].contains(unit) {
                let base = base.unwrap_or(name);
                assert!(base.ends_with(unit), "{name} is in {unit}");
            }
            let is_sentence = family.help.ends_with('.') && !family.help.contains('|');
            assert!(is_sentence, "{name}: {}", family.help);
        }
    }

    #[test]
    fn a_part_that_is_switched_off_has_no_series() {
        let metrics = Metrics::new(false);
        metrics.adapters.set("stun", None);
        metrics.adapters.set("stun", Some(false));
        assert!(
            metrics
                .text()
                .contains("sidereal_adapter_up{adapter=\"stun\"} 0")
        );
        metrics.adapters.set("stun", None);
        assert!(!metrics.text().contains("sidereal_adapter_up{"));
    }
}
