//! The one declaration of what is counted: names, help, units, labels and bounds, for the page that
//! notes it, the relay that adds it up, and whoever documents it.

use crate::labels::{
    Adapter, Buffer, Engine, Label, Network, Outcome, Phase, Pressure, Reason, SeekMode,
    SeekOutcome, Source, Success, Verdict, Warmth, Worker,
};

/// What the numbers of a histogram are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds here, seconds in the metrics.
    Seconds,
    /// As they are.
    Ones,
}

impl Unit {
    /// A number of a beacon as Prometheus has it, in base units.
    #[must_use]
    pub fn scaled(self, value: u64) -> f64 {
        match self {
            Self::Seconds => value as f64 / 1e6,
            Self::Ones => value as f64,
        }
    }
}

/// How a family counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// How often.
    Counter,
    /// How often up to each bound, and beyond the last.
    Histogram {
        /// What is measured.
        unit: Unit,
        /// Upper bounds, ascending, each of its bucket.
        bounds: &'static [u32],
    },
}

/// Figures of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Which.
    pub id: FamilyId,
    /// Name, as Prometheus has it.
    pub name: &'static str,
    /// What it counts, in a sentence.
    pub help: &'static str,
    /// How.
    pub kind: Kind,
    /// Labels; there is a series for each combination of their values.
    pub labels: &'static [Label],
}

impl Family {
    /// Number of its series.
    #[must_use]
    pub const fn series(&self) -> usize {
        let (mut count, mut at) = (1, 0);
        while at < self.labels.len() {
            count *= self.labels[at].values.len();
            at += 1;
        }
        count
    }

    /// Name and value of the labels of a series. The last label changes the quickest.
    ///
    /// # Panics
    /// Where there is no such series.
    #[must_use]
    pub fn labels_of(&self, series: usize) -> Vec<(&'static str, &'static str)> {
        assert!(
            series < self.series(),
            "{} has no series {series}",
            self.name
        );
        let mut rest = series;
        let mut found: Vec<_> = self
            .labels
            .iter()
            .rev()
            .map(|label| {
                let value = label.values[rest % label.values.len()];
                rest /= label.values.len();
                (label.name, value)
            })
            .collect();
        found.reverse();
        found
    }
}

/// Names of the families, in the order of [`FAMILIES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "the table says what each is")]
pub enum FamilyId {
    PlayAttempts,
    Plays,
    PlayFailures,
    Seeks,
    Underruns,
    BufferEvents,
    Fallbacks,
    SourceUsed,
    EngineUsed,
    Prefetches,
    Resumes,
    WorkerRestarts,
    LongFrames,
    StoragePressure,
    ListeningSeconds,
    SelfTests,
    Dropped,
    FirstAudio,
    StartPhase,
    SeekTime,
    VerifyTime,
    CatalogOpen,
    SearchTime,
    ScoreTime,
    TorrentFirstByte,
    Peers,
}

const fn counter(
    id: FamilyId,
    name: &'static str,
    help: &'static str,
    labels: &'static [Label],
) -> Family {
    Family {
        id,
        name,
        help,
        kind: Kind::Counter,
        labels,
    }
}

const fn times(
    id: FamilyId,
    name: &'static str,
    help: &'static str,
    labels: &'static [Label],
    bounds: &'static [u32],
) -> Family {
    Family {
        id,
        name,
        help,
        kind: Kind::Histogram {
            unit: Unit::Seconds,
            bounds,
        },
        labels,
    }
}

/// From the gesture to sound: the aim is 100 ms from the disk, the objective 2 s, the alert 15 s.
const START_BOUNDS: &[u32] = &[
    1_000,
    5_000,
    10_000,
    25_000,
    50_000,
    75_000,
    100_000,
    150_000,
    250_000,
    500_000,
    1_000_000,
    1_500_000,
    2_000_000,
    3_000_000,
    5_000_000,
    10_000_000,
    15_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
];
/// Seeks: the aim is 50 ms inside the run-ahead, the objective 500 ms, the alert 5 s.
const SEEK_BOUNDS: &[u32] = &[
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    120_000_000,
];
/// From one hashed piece to tens of thousands of files.
const LONG_BOUNDS: &[u32] = &[
    1_000,
    5_000,
    10_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
];
/// What should be over within a frame or two: the aim for a search is 5 ms.
const SHORT_BOUNDS: &[u32] = &[
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    5_000_000,
    120_000_000,
];
const PEER_BOUNDS: &[u32] = &[0, 1, 2, 5, 10, 20, 50, 100];

/// Everything that a beacon can tell, in the order in which it does.
pub const FAMILIES: [Family; 26] = [
    counter(
        FamilyId::PlayAttempts,
        "sidereal_player_play_attempts_total",
        "Wishes to hear a tune.",
        &[],
    ),
    counter(
        FamilyId::Plays,
        "sidereal_player_plays_total",
        "How wishes to hear a tune ended; each ends once.",
        &[Outcome::label("outcome")],
    ),
    counter(
        FamilyId::PlayFailures,
        "sidereal_player_play_failures_total",
        "Tunes that could not be played, or not to their end, by reason.",
        &[Reason::label("reason")],
    ),
    counter(
        FamilyId::Seeks,
        "sidereal_player_seeks_total",
        "Seeks, by whether the engine had run there already, and by how they ended.",
        &[SeekMode::label("mode"), SeekOutcome::label("outcome")],
    ),
    counter(
        FamilyId::Underruns,
        "sidereal_player_underruns_total",
        "Times that the speakers wanted sound and there was none.",
        &[],
    ),
    counter(
        FamilyId::BufferEvents,
        "sidereal_player_buffer_events_total",
        "Times that the sound which waits for the speakers ran low, ran out, or was enough again.",
        &[Buffer::label("kind")],
    ),
    counter(
        FamilyId::Fallbacks,
        "sidereal_player_fallbacks_total",
        "Changes to another source because the one before gave no sound.",
        &[Source::label("from"), Source::label("to")],
    ),
    counter(
        FamilyId::SourceUsed,
        "sidereal_player_source_used_total",
        "Tunes that sounded, by where their bytes came from.",
        &[Source::label("source")],
    ),
    counter(
        FamilyId::EngineUsed,
        "sidereal_player_engine_used_total",
        "Tunes that sounded, by what made their sound.",
        &[Engine::label("engine")],
    ),
    counter(
        FamilyId::Prefetches,
        "sidereal_player_prefetches_total",
        "Next tunes that were wanted, by whether they were ready.",
        &[Warmth::label("outcome")],
    ),
    counter(
        FamilyId::Resumes,
        "sidereal_player_resumes_total",
        "Tunes taken up where they had been left.",
        &[Success::label("outcome")],
    ),
    counter(
        FamilyId::WorkerRestarts,
        "sidereal_player_worker_restarts_total",
        "Workers of a page that died and were started again.",
        &[Worker::label("worker")],
    ),
    counter(
        FamilyId::LongFrames,
        "sidereal_player_long_frames_total",
        "Times that a page could not answer for a twentieth of a second or longer.",
        &[],
    ),
    counter(
        FamilyId::StoragePressure,
        "sidereal_player_storage_pressure_total",
        "Times that the room a browser gives became scarce.",
        &[Pressure::label("level")],
    ),
    counter(
        FamilyId::ListeningSeconds,
        "sidereal_player_listening_seconds_total",
        "Seconds of sound, by whether there was a network.",
        &[Network::label("network")],
    ),
    counter(
        FamilyId::SelfTests,
        "sidereal_player_selftests_total",
        "Parts of a page that tried themselves when it opened.",
        &[Adapter::label("adapter"), Verdict::label("outcome")],
    ),
    counter(
        FamilyId::Dropped,
        "sidereal_player_dropped_total",
        "Facts that no beacon had room for.",
        &[],
    ),
    times(
        FamilyId::FirstAudio,
        "sidereal_player_first_audio_seconds",
        "From the gesture to the first audible sample. What failed or was given up counts beyond \
         the last bound, and as that bound in the sum.",
        &[],
        START_BOUNDS,
    ),
    times(
        FamilyId::StartPhase,
        "sidereal_player_start_phase_seconds",
        "The same, in parts that add up to it. Where it failed, so did the part it was in.",
        &[Phase::label("phase")],
        START_BOUNDS,
    ),
    times(
        FamilyId::SeekTime,
        "sidereal_player_seek_seconds",
        "From the gesture to the sound at the new place. What failed counts beyond the last bound.",
        &[SeekMode::label("mode")],
        SEEK_BOUNDS,
    ),
    times(
        FamilyId::VerifyTime,
        "sidereal_player_verify_seconds",
        "Reading back and hashing what is kept of a torrent, to half a second.",
        &[],
        LONG_BOUNDS,
    ),
    times(
        FamilyId::CatalogOpen,
        "sidereal_player_catalog_open_seconds",
        "From asking for the library to a library that answers.",
        &[],
        LONG_BOUNDS,
    ),
    times(
        FamilyId::SearchTime,
        "sidereal_player_search_seconds",
        "From a keystroke to what it finds.",
        &[],
        SHORT_BOUNDS,
    ),
    times(
        FamilyId::ScoreTime,
        "sidereal_player_score_seconds",
        "Deciding on the way to a tune.",
        &[],
        SHORT_BOUNDS,
    ),
    times(
        FamilyId::TorrentFirstByte,
        "sidereal_player_torrent_first_byte_seconds",
        "From asking a swarm for a file to the first of its verified bytes.",
        &[],
        LONG_BOUNDS,
    ),
    Family {
        id: FamilyId::Peers,
        name: "sidereal_player_peers",
        help: "Listeners that a page is connected to, once a minute.",
        kind: Kind::Histogram {
            unit: Unit::Ones,
            bounds: PEER_BOUNDS,
        },
        labels: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_in_order_and_its_names_are_prometheus_own() {
        let mut names = BTreeSet::new();
        for (at, family) in FAMILIES.iter().enumerate() {
            assert_eq!(family.id as usize, at, "{}", family.name);
            assert!(names.insert(family.name), "{}", family.name);
            assert!(family.name.starts_with("sidereal_player_"));
            assert!(family.help.ends_with('.'), "{}", family.name);
            match family.kind {
                Kind::Counter => assert!(family.name.ends_with("_total"), "{}", family.name),
                Kind::Histogram { unit, bounds } => {
                    assert!(bounds.is_sorted_by(|a, b| a < b), "{}", family.name);
                    assert_eq!(
                        unit == Unit::Seconds,
                        family.name.ends_with("_seconds"),
                        "{}",
                        family.name
                    );
                    if unit == Unit::Seconds {
                        assert_eq!(
                            (bounds[0], bounds[bounds.len() - 1]),
                            (1_000, 120_000_000),
                            "{}",
                            family.name
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_series_has_labels_of_its_own() {
        let fallbacks = &FAMILIES[FamilyId::Fallbacks as usize];
        assert_eq!(
            fallbacks.labels_of(Source::Disk as usize * 6 + Source::Peers as usize),
            [("from", "disk"), ("to", "peers")]
        );
        for family in &FAMILIES {
            let all: BTreeSet<_> = (0..family.series())
                .map(|at| family.labels_of(at))
                .collect();
            assert_eq!(all.len(), family.series(), "{}", family.name);
        }
    }
}
