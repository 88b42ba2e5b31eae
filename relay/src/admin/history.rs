//! What the relay remembers of the last day: a sample every quarter of a minute, in memory alone.
//! A day is 5,760 samples of some 700 bytes: 4 MB.

use std::collections::VecDeque;

use protocol::admin::{History as Told, Series};
use telemetry::FamilyId;

use super::sample::{Sample, Spread, bounds_of};

/// Time between two samples.
pub const STEP: u64 = 15_000;
/// How long they are remembered.
pub const REMEMBERED: u64 = 24 * 60 * 60_000;
/// Samples that are remembered.
const MOST: usize = (REMEMBERED / STEP) as usize + 1;
/// Values of a series that are told at once.
const MOST_VALUES: u64 = 720;

/// Samples, oldest first.
pub struct History {
    samples: VecDeque<Sample>,
    /// Bounds of the time to first audio, in seconds.
    pub first_audio_bounds: Vec<f64>,
    /// Bounds of the time of seeks, in seconds.
    pub seek_bounds: Vec<f64>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            samples: VecDeque::new(),
            first_audio_bounds: bounds_of(FamilyId::FirstAudio),
            seek_bounds: bounds_of(FamilyId::SeekTime),
        }
    }
}

/// Two samples, and what happened between them.
#[derive(Clone, Copy)]
pub struct Window<'a> {
    /// The earlier.
    pub old: &'a Sample,
    /// The later.
    pub new: &'a Sample,
}

impl Window<'_> {
    /// How much a counter grew.
    #[must_use]
    pub fn grown(&self, counter: impl Fn(&Sample) -> f64) -> f64 {
        (counter(self.new) - counter(self.old)).max(0.0)
    }

    /// How much it grew in a second.
    #[must_use]
    pub fn rate(&self, counter: impl Fn(&Sample) -> f64) -> f64 {
        let seconds = self.new.at_millis.saturating_sub(self.old.at_millis) as f64 / 1_000.0;
        if seconds > 0.0 {
            self.grown(counter) / seconds
        } else {
            0.0
        }
    }

    /// Growth of one counter by that of another; none where the other did not grow.
    #[must_use]
    pub fn ratio(
        &self,
        part: impl Fn(&Sample) -> f64,
        whole: impl Fn(&Sample) -> f64,
    ) -> Option<f64> {
        let whole = self.grown(whole);
        (whole > 0.0).then(|| self.grown(part) / whole)
    }

    /// What a histogram counted.
    #[must_use]
    pub fn spread(&self, of: impl Fn(&Sample) -> &Spread) -> Spread {
        of(self.new).since(of(self.old))
    }
}

impl History {
    /// Adds a sample; those of more than a day ago are forgotten.
    pub fn push(&mut self, sample: Sample) {
        let oldest = sample.at_millis.saturating_sub(REMEMBERED);
        let is_over = |sample: &Sample| sample.at_millis < oldest;
        while self.samples.len() >= MOST || self.samples.front().is_some_and(is_over) {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The newest sample.
    #[must_use]
    pub fn last(&self) -> Option<&Sample> {
        self.samples.back()
    }

    /// Everything that is remembered, or its newest part; none while there are not two samples.
    #[must_use]
    pub fn window(&self, millis: u64) -> Option<Window<'_>> {
        let new = self.samples.back()?;
        let since = new.at_millis.saturating_sub(millis);
        let first = self
            .samples
            .partition_point(|sample| sample.at_millis < since);
        let old = &self.samples[first];
        (old.at_millis < new.at_millis).then_some(Window { old, new })
    }

    /// Samples of the newest part, and how many of them are so.
    #[must_use]
    pub fn counted(&self, millis: u64, is_so: impl Fn(&Sample) -> bool) -> (u64, u64) {
        let Some(new) = self.samples.back() else {
            return (0, 0);
        };
        let since = new.at_millis.saturating_sub(millis);
        let all = self
            .samples
            .iter()
            .filter(|sample| sample.at_millis >= since);
        all.fold((0, 0), |(count, so), sample| {
            (count + 1, so + u64::from(is_so(sample)))
        })
    }

    /// Charts of the last hours, until a time by both clocks.
    #[must_use]
    pub fn told(&self, hours: u64, now_steady: u64, now_wall: u64) -> Told {
        let span = hours.clamp(1, 24) * 3_600_000;
        let step = span.div_ceil(MOST_VALUES).div_ceil(STEP) * STEP;
        let values = span / step;
        let slots: Vec<Option<Window<'_>>> = (0..values)
            .map(|slot| {
                // Before the relay began there is nothing.
                let end = now_steady.checked_sub((values - 1 - slot) * step)?;
                self.slot(end.checked_sub(step), end)
            })
            .collect();
        let series = |name: &str, unit: &str, value: &dyn Fn(Window<'_>) -> Option<f64>| Series {
            name: name.into(),
            unit: unit.into(),
            values: slots.iter().map(|slot| slot.and_then(value)).collect(),
        };
        let gauge =
            |name: &str, of: fn(&Sample) -> f64| series(name, "", &|window| Some(of(window.new)));
        let minutely = |name: &str, of: fn(&Sample) -> f64| {
            series(name, "per minute", &|window| Some(window.rate(of) * 60.0))
        };
        let ended = |sample: &Sample| sample.plays + sample.play_failures;
        let (audio, seek) = (&self.first_audio_bounds, &self.seek_bounds);
        Told {
            start_millis: now_wall.saturating_sub(values * step),
            step_millis: step,
            series: vec![
                gauge("sockets", |sample| sample.sockets),
                gauge("swarms", |sample| sample.swarms),
                gauge("peers", |sample| sample.peers),
                minutely("plays", |sample| sample.plays),
                minutely("play_failures", |sample| sample.play_failures),
                series("play_success", "ratio", &|window| {
                    window.ratio(|sample| sample.plays, ended)
                }),
                series("first_audio_p95", "seconds", &|window| {
                    let spread = window.spread(|sample| &sample.first_audio);
                    spread.quantile(0.95, audio)
                }),
                series("seek_p95", "seconds", &|window| {
                    window.spread(|sample| &sample.seek).quantile(0.95, seek)
                }),
                minutely("underruns", |sample| sample.underruns),
                minutely("announces", |sample| sample.announces),
                series("seed_bytes", "bytes/s", &|window| {
                    Some(window.rate(|sample| sample.seed_bytes))
                }),
                minutely("requests", |sample| sample.requests),
                minutely("request_errors", |sample| sample.request_errors),
                minutely("beacons", |sample| sample.beacons - sample.beacons_refused),
                minutely("beacons_refused", |sample| sample.beacons_refused),
                series("memory", "bytes", &|window| window.new.memory_bytes),
                series("cpu", "ratio", &|window| {
                    let cores = window.new.cores.filter(|cores| *cores > 0.0)?;
                    window.new.cpu_seconds?;
                    Some(window.rate(|sample| sample.cpu_seconds.unwrap_or(0.0)) / cores)
                }),
            ],
        }
    }

    /// The last sample of a time, and the one before that time; none where the time has none.
    fn slot(&self, begin: Option<u64>, end: u64) -> Option<Window<'_>> {
        let after = self
            .samples
            .partition_point(|sample| sample.at_millis <= end);
        let new = self.samples.get(after.checked_sub(1)?)?;
        let begin = begin.unwrap_or(0);
        if new.at_millis <= begin && after > 1 {
            return None;
        }
        let before = self
            .samples
            .partition_point(|sample| sample.at_millis <= begin);
        let old = &self.samples[before.saturating_sub(1)];
        // Where nobody looked for long, what was counted meanwhile has no place.
        (new.at_millis.saturating_sub(old.at_millis) <= 4 * (end - begin).max(STEP))
            .then_some(Window { old, new })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_millis: u64, plays: f64) -> Sample {
        Sample {
            at_millis,
            plays,
            sockets: plays,
            ..Sample::default()
        }
    }

    fn values<'a>(told: &'a Told, name: &str) -> &'a [Option<f64>] {
        let found = told.series.iter().find(|series| series.name == name);
        &found.unwrap().values
    }

    #[test]
    fn a_day_is_remembered_and_no_more() {
        let mut history = History::default();
        for number in 0..20_000 {
            history.push(sample(number * STEP, number as f64));
        }
        assert_eq!(history.samples.len(), MOST);
        let window = history.window(u64::MAX).unwrap();
        assert_eq!(window.new.at_millis - window.old.at_millis, REMEMBERED);
        // Samples that come faster than they should cost no more.
        for number in 0..MOST as u64 {
            history.push(sample(20_000 * STEP + number, 0.0));
        }
        assert_eq!(history.samples.len(), MOST);
    }

    #[test]
    fn windows_are_the_newest_part() {
        let mut history = History::default();
        assert!(history.window(60_000).is_none());
        history.push(sample(0, 0.0));
        assert!(history.window(60_000).is_none());
        for number in 1..=40 {
            history.push(sample(number * STEP, number as f64 * 3.0));
        }
        let window = history.window(60_000).unwrap();
        assert_eq!(window.grown(|sample| sample.plays), 12.0);
        assert_eq!(window.rate(|sample| sample.plays), 0.2);
        assert_eq!(window.ratio(|sample| sample.plays, |_| 0.0), None);
        assert_eq!(
            history.counted(60_000, |sample| sample.plays > 111.0),
            (5, 3)
        );
    }

    #[test]
    fn a_play_is_in_the_chart_of_its_minute() {
        let mut history = History::default();
        for number in 0..=240 {
            history.push(sample(number * STEP, if number < 200 { 0.0 } else { 2.0 }));
        }
        let told = history.told(1, 240 * STEP, 1_800_000_000_000);
        assert_eq!(
            (told.step_millis, told.start_millis),
            (STEP, 1_800_000_000_000 - 3_600_000)
        );
        let plays = values(&told, "plays");
        assert_eq!(plays.len(), 240);
        assert!(told.series.iter().all(|series| series.values.len() == 240));
        // The value's time begins 199 steps after the first's.
        assert_eq!(plays[199], Some(8.0));
        assert_eq!(plays.iter().flatten().sum::<f64>(), 8.0);
        let day = history.told(24, 240 * STEP, 1_800_000_000_000);
        let plays = values(&day, "plays");
        assert_eq!((day.step_millis, plays.len()), (120_000, 720));
        assert_eq!(plays[0], None);
        let counted: f64 = plays.iter().flatten().map(|rate| rate * 2.0).sum();
        assert!((counted - 2.0).abs() < 1e-9, "{counted}");
    }

    #[test]
    fn a_time_without_samples_has_no_values() {
        let mut history = History::default();
        for number in (0..10).chain(100..110) {
            history.push(sample(number * STEP, number as f64));
        }
        let told = history.told(1, 109 * STEP, 1_800_000_000_000);
        let sockets = values(&told, "sockets");
        let empty = sockets.iter().filter(|value| value.is_none()).count();
        // Before the start, and the time of the gap.
        assert_eq!(empty, 130 + 91);
        assert_eq!(sockets.last(), Some(&Some(109.0)));
        assert!(
            History::default().told(1, 0, 0).series[0]
                .values
                .iter()
                .all(Option::is_none)
        );
    }
}
