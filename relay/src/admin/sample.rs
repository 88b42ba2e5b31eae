//! What the metrics said at one moment, as far as charts, objectives and alerts want it.

use prometheus::proto::{Metric, MetricFamily};

/// A histogram's counts: those of each bucket, and of what is beyond the last bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread(pub Vec<u64>);

/// What the metrics said at one moment. Counters count from the start of the relay.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// When, by a clock that nobody sets.
    pub at_millis: u64,
    /// Open sockets.
    pub sockets: f64,
    /// Torrents that have peers.
    pub swarms: f64,
    /// Peers.
    pub peers: f64,
    /// Whether the tracker answers.
    pub is_tracker_up: bool,
    /// Other parts that should work and do not.
    pub down: Vec<String>,
    /// Bytes of memory that the relay has.
    pub memory_bytes: Option<f64>,
    /// Share of the machine's memory that is in use.
    pub memory_share: Option<f64>,
    /// Share of the disk that is free.
    pub disk_free: Option<f64>,
    /// Share of the open files that the relay may have.
    pub files_share: Option<f64>,
    /// Processors that the relay may use.
    pub cores: Option<f64>,
    /// When the oldest catalogue was published, in seconds since 1970.
    pub published_seconds: Option<f64>,
    /// Seconds of a processor.
    pub cpu_seconds: Option<f64>,
    /// Tunes that sounded.
    pub plays: f64,
    /// Tunes that did not.
    pub play_failures: f64,
    /// From the gesture to sound.
    pub first_audio: Spread,
    /// Seeks, of all modes.
    pub seek: Spread,
    /// Seeks that got there.
    pub seeks: f64,
    /// Seeks that did not.
    pub seek_failures: f64,
    /// Times that sound broke off.
    pub underruns: f64,
    /// Seconds of sound.
    pub listening_seconds: f64,
    /// Announcements.
    pub announces: f64,
    /// Sockets closed for reading too slowly.
    pub slow_sockets: f64,
    /// Messages between relays that found no room.
    pub cluster_lost: f64,
    /// Bytes of web seeds.
    pub seed_bytes: f64,
    /// Requests of web seeds.
    pub seed_requests: f64,
    /// Those for what has changed or cannot be read.
    pub seed_errors: f64,
    /// HTTP requests.
    pub requests: f64,
    /// Those answered with 5xx.
    pub request_errors: f64,
    /// Beacons, refused ones among them.
    pub beacons: f64,
    /// Beacons that were refused.
    pub beacons_refused: f64,
    /// What relays that share swarms did not hear of each other.
    pub cluster_dropped: f64,
    /// Failures of the store.
    pub store_errors: f64,
    /// Logins with a wrong password, or too soon after one.
    pub logins_refused: f64,
}

/// Families that were gathered.
struct Gathered<'a>(&'a [MetricFamily]);

impl<'a> Gathered<'a> {
    fn all(&self, name: &str) -> impl Iterator<Item = &'a Metric> {
        let found = self.0.iter().filter(move |family| family.name() == name);
        found.flat_map(|family| family.get_metric())
    }

    /// The sum of a counter's series that a label's value picks.
    fn counted(&self, name: &str, label: &str, is_of: impl Fn(&str) -> bool) -> f64 {
        let picked = self.all(name).filter(|metric| {
            let value = value_of(metric, label);
            label.is_empty() || value.is_some_and(&is_of)
        });
        // One that is there as a gauge or a counter has the other's value 0.
        picked
            .map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value())
            .sum()
    }

    fn count(&self, name: &str) -> f64 {
        self.counted(name, "", |_| true)
    }

    /// A gauge, where it has a series.
    fn gauge(&self, name: &str) -> Option<f64> {
        self.all(name).next()?;
        Some(self.count(name))
    }

    fn share(&self, part: &str, of: &str) -> Option<f64> {
        let whole = self.gauge(of).filter(|whole| *whole > 0.0)?;
        Some(self.gauge(part)? / whole)
    }

    fn spread(&self, name: &str) -> Spread {
        let mut counts = Vec::new();
        for metric in self.all(name) {
            let histogram = metric.get_histogram();
            let mut below = 0;
            let buckets = histogram.get_bucket().iter();
            let cumulative = buckets
                .map(|bucket| bucket.cumulative_count())
                .chain([histogram.get_sample_count()]);
            for (place, count) in cumulative.enumerate() {
                if counts.len() <= place {
                    counts.push(0);
                }
                counts[place] += count.saturating_sub(below);
                below = count;
            }
        }
        Spread(counts)
    }
}

fn value_of<'a>(metric: &'a Metric, label: &str) -> Option<&'a str> {
    let labels = metric.get_label().iter();
    let mut found = labels.filter(|pair| pair.name() == label);
    found.next().map(|pair| pair.value())
}

impl Sample {
    /// What was gathered.
    #[must_use]
    pub fn of(at_millis: u64, families: &[MetricFamily]) -> Self {
        let from = Gathered(families);
        let is = |wanted: &'static str| move |value: &str| value == wanted;
        let adapters = from.all("sidereal_adapter_up");
        let down = adapters.filter(|metric| metric.get_gauge().get_value() < 1.0);
        let down: Vec<String> = down
            .filter_map(|metric| value_of(metric, "adapter"))
            .map(str::to_owned)
            .collect();
        let plays = "sidereal_player_plays_total";
        let seeks = "sidereal_player_seeks_total";
        let seed = "sidereal_seed_requests_total";
        Self {
            at_millis,
            sockets: from.count("sidereal_tracker_sockets"),
            swarms: from.count("sidereal_tracker_swarms"),
            peers: from.count("sidereal_tracker_peers"),
            is_tracker_up: from.counted("sidereal_adapter_up", "adapter", is("tracker")) > 0.0,
            down: down.into_iter().filter(|name| name != "tracker").collect(),
            memory_bytes: from.gauge("process_resident_memory_bytes"),
            memory_share: from.share("sidereal_memory_used_bytes", "sidereal_memory_limit_bytes"),
            disk_free: from.share(
                "sidereal_data_dir_free_bytes",
                "sidereal_data_dir_size_bytes",
            ),
            files_share: from.share("process_open_fds", "process_max_fds"),
            cores: from.gauge("sidereal_cpu_limit_cores"),
            published_seconds: from.gauge("sidereal_catalogue_published_timestamp_seconds"),
            cpu_seconds: from.gauge("process_cpu_seconds_total"),
            plays: from.counted(plays, "outcome", is("success")),
            play_failures: from.counted(plays, "outcome", is("failed")),
            first_audio: from.spread("sidereal_player_first_audio_seconds"),
            seek: from.spread("sidereal_player_seek_seconds"),
            seeks: from.counted(seeks, "outcome", is("success")),
            seek_failures: from.counted(seeks, "outcome", is("failed")),
            underruns: from.count("sidereal_player_underruns_total"),
            listening_seconds: from.count("sidereal_player_listening_seconds_total"),
            announces: from.counted("sidereal_tracker_messages_total", "kind", is("announce")),
            slow_sockets: from.counted("sidereal_tracker_closed_total", "reason", is("slow")),
            cluster_lost: from.counted("sidereal_cluster_dropped_total", "reason", |reason| {
                ["out", "in"].contains(&reason)
            }),
            seed_bytes: from.count("sidereal_seed_bytes_total"),
            seed_requests: from.count(seed),
            seed_errors: from.counted(seed, "outcome", |outcome| {
                ["changed", "failed"].contains(&outcome)
            }),
            requests: from.count("sidereal_http_requests_total"),
            request_errors: from.counted("sidereal_http_requests_total", "status", |status| {
                status.starts_with('5')
            }),
            beacons: from.count("sidereal_beacons_total"),
            beacons_refused: from.counted("sidereal_beacons_total", "outcome", is("refused")),
            cluster_dropped: from.counted("sidereal_cluster_dropped_total", "reason", |reason| {
                ["out", "in"].contains(&reason)
            }),
            store_errors: from.count("sidereal_db_errors_total"),
            logins_refused: from.counted("sidereal_admin_logins_total", "outcome", |outcome| {
                ["wrong", "limited"].contains(&outcome)
            }),
        }
    }
}

impl Spread {
    /// What was counted since an earlier one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |place: usize| earlier.0.get(place).copied().unwrap_or(0);
        let counts = self.0.iter().enumerate();
        Self(
            counts
                .map(|(place, count)| count.saturating_sub(before(place)))
                .collect(),
        )
    }

    /// All that was counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// What lies within a bound, which has to be one of the bounds.
    #[must_use]
    pub fn within(&self, bound: f64, bounds: &[f64]) -> u64 {
        let buckets = bounds.iter().take_while(|known| **known <= bound).count();
        self.0.iter().take(buckets).sum()
    }

    /// The value below which a share of all lie, as Prometheus' `histogram_quantile` estimates it:
    /// evenly within a bucket, and the last bound for what is beyond it.
    #[must_use]
    pub fn quantile(&self, share: f64, bounds: &[f64]) -> Option<f64> {
        let all = self.count();
        if all == 0 {
            return None;
        }
        let rank = share * all as f64;
        let (mut below, mut lower) = (0.0, 0.0);
        for (count, bound) in self.0.iter().zip(bounds) {
            let count = *count as f64;
            if count > 0.0 && below + count >= rank {
                return Some(lower + (bound - lower) * (rank - below) / count);
            }
            below += count;
            lower = *bound;
        }
        bounds.last().copied()
    }
}

/// Bounds of a family that beacons tell, in seconds.
#[must_use]
pub fn bounds_of(family: telemetry::FamilyId) -> Vec<f64> {
    match telemetry::FAMILIES[family as usize].kind {
        telemetry::Kind::Histogram { unit, bounds } => {
            let bounds = bounds.iter();
            bounds.map(|bound| unit.scaled(u64::from(*bound))).collect()
        }
        telemetry::Kind::Counter => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn quantiles_are_those_of_prometheus() {
        let bounds = [1.0, 2.0, 4.0];
        let check = |counts: &[u64], share, expected| {
            assert_eq!(Spread(counts.to_vec()).quantile(share, &bounds), expected);
        };
        check(&[0, 0, 0, 0], 0.5, None);
        check(&[10, 0, 0, 0], 0.5, Some(0.5));
        check(&[0, 10, 0, 0], 0.5, Some(1.5));
        check(&[5, 0, 5, 0], 0.95, Some(3.8));
        check(&[1, 0, 0, 9], 0.95, Some(4.0));
    }

    #[test]
    fn a_sample_reads_what_the_registry_has() {
        let metrics = Metrics::new(false);
        metrics.tracker.sockets.set(7);
        metrics.tracker.announces.inc_by(3);
        metrics.tracker.closed_slow.inc_by(2);
        metrics.seed.changed.inc();
        metrics.seed.whole.inc();
        metrics.admin.wrong.inc();
        metrics.adapters.set("tracker", Some(true));
        metrics.adapters.set("stun", Some(false));
        metrics.adapters.set("tls", None);
        let mut recorder = telemetry::Recorder::default();
        recorder.record(telemetry::Fact::Play(telemetry::Outcome::Success));
        recorder.record(telemetry::Fact::Play(telemetry::Outcome::Failed));
        recorder.record(telemetry::Fact::FirstAudio(Some(300_000)));
        recorder.record(telemetry::Fact::FirstAudio(None));
        metrics.player.merge(&recorder.take(1).unwrap());
        let sample = Sample::of(5, &metrics.gather());
        assert_eq!(
            (sample.at_millis, sample.sockets, sample.announces),
            (5, 7.0, 3.0)
        );
        assert_eq!((sample.slow_sockets, sample.logins_refused), (2.0, 1.0));
        assert_eq!((sample.seed_requests, sample.seed_errors), (2.0, 1.0));
        assert_eq!((sample.plays, sample.play_failures), (1.0, 1.0));
        assert_eq!((sample.beacons, sample.beacons_refused), (1.0, 0.0));
        assert!(sample.is_tracker_up);
        assert_eq!(sample.down, ["stun"]);
        let bounds = bounds_of(telemetry::FamilyId::FirstAudio);
        assert_eq!(sample.first_audio.0.len(), bounds.len() + 1);
        assert_eq!(sample.first_audio.count(), 2);
        assert_eq!(sample.first_audio.within(0.25, &bounds), 0);
        assert_eq!(sample.first_audio.within(0.5, &bounds), 1);
        assert_eq!(sample.first_audio.quantile(0.95, &bounds), Some(120.0));
        if cfg!(target_os = "linux") {
            assert!(sample.memory_bytes.unwrap() > 0.0);
            assert!(sample.files_share.unwrap() > 0.0);
        }
    }
}
