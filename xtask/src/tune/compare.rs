//! `tune compare`: our traces and sound against the reference player's.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use c64::{Config, Player};
use serde_json::{Value, json};
use sidfile::Tune;
use testkit::fixture::{self, Golden};
use testkit::measure;

use super::golden::{self, Comparison};
use super::trace;

/// Tunes compared at once.
const THREADS: usize = 2;
/// Cycles run beyond the reference's last one.
const MARGIN: u64 = 200_000;

/// Seconds of the sound that are compared.
const SOUND_SECONDS: f64 = 5.0;

/// A tune within this level of the reference counts as near.
const NEAR_DB: f64 = 6.0;

/// What to compare.
pub(super) struct Options {
    pub(super) golden: PathBuf,
    pub(super) tunes: Option<PathBuf>,
    pub(super) json: Option<PathBuf>,
    pub(super) with_sound: bool,
    pub(super) only: Option<String>,
}

/// One tune's result.
struct Row {
    tune: String,
    is_torture: bool,
    trace: Result<Comparison, String>,
    sound: Option<Sound>,
}

/// How far the sound is from the reference's.
#[derive(Debug, Clone)]
struct Sound {
    /// All chips are of this model; none if they differ.
    model: Option<sid::Model>,
    /// Our chips, fed with the reference's writes.
    chips: testkit::sound::Comparison,
    /// The same with chips of the light grade.
    light: testkit::sound::Comparison,
    /// Level of what our player makes over the reference, dB; none where either is silent.
    rms_db: Option<f64>,
}

impl Row {
    fn is_equal(&self) -> bool {
        self.trace
            .as_ref()
            .is_ok_and(|trace| trace.equal == trace.records)
    }

    fn json(&self) -> Value {
        match &self.trace {
            Err(error) => json!({ "tune": self.tune, "error": error }),
            Ok(trace) => json!({
                "tune": self.tune,
                "torture": self.is_torture,
                "records": trace.records,
                "records_equal": trace.equal,
                "distances_equal": trace.in_time,
                "first_difference": trace.first_difference,
                "first_late": trace.first_late,
                "rms_db": self.sound.as_ref().and_then(|sound| sound.rms_db),
                "synth_level_db": self.sound.as_ref().map(|sound| sound.chips.level_db),
                "lsd_median_db": self.sound.as_ref().map(|sound| sound.chips.median_db),
                "lsd_p95_db": self.sound.as_ref().map(|sound| sound.chips.p95_db),
                "light_lsd_median_db": self.sound.as_ref().map(|sound| sound.light.median_db),
                "light_lsd_p95_db": self.sound.as_ref().map(|sound| sound.light.p95_db),
            }),
        }
    }

    fn print(&self) {
        let name: String = self
            .tune
            .chars()
            .rev()
            .take(44)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        let mark = if self.is_torture { '*' } else { ' ' };
        match &self.trace {
            Err(error) => println!("{mark}{name:44} {error}"),
            Ok(trace) => {
                let show =
                    |index: Option<usize>| index.map_or("-".into(), |index| index.to_string());
                println!(
                    "{mark}{name:44} {:>8} differs {:>8} late {:>8} equal {:>8.4} in time {:>8.4} {}",
                    trace.records,
                    show(trace.first_difference),
                    show(trace.first_late),
                    percent(trace.equal, trace.records),
                    percent(trace.in_time, trace.records),
                    self.sound.as_ref().map_or("-".into(), Sound::text),
                );
            }
        }
    }
}

impl Sound {
    fn text(&self) -> String {
        let level = self
            .rms_db
            .map_or("silent".into(), |level| format!("{level:+.2}"));
        format!(
            "rms_db {level:>6} spectrum {:.3} p95 {:.3} light {:.3} p95 {:.3}",
            self.chips.median_db, self.chips.p95_db, self.light.median_db, self.light.p95_db
        )
    }

    fn is_near(&self) -> bool {
        self.rms_db.is_none_or(|level| level.abs() <= NEAR_DB)
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        100.0
    } else {
        100.0 * part as f64 / whole as f64
    }
}

/// Compares every tune of a golden folder, prints a row each and the totals.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let tunes = match &options.tunes {
        Some(folder) => folder.clone(),
        None => options.golden.join("../hvsc/C64Music"),
    };
    let torture = std::fs::read_to_string(options.golden.join("torture.txt")).unwrap_or_default();
    let torture: Vec<&str> = torture.lines().map(str::trim).collect();
    let mut cases = fixture::golden_in(&options.golden)?;
    if let Some(only) = &options.only {
        cases.retain(|golden| golden.case.tune.contains(only.as_str()));
    }
    anyhow::ensure!(
        !cases.is_empty(),
        "no golden tunes in {}",
        options.golden.display()
    );

    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let row = compare_tune(case, &tunes, &torture, options.with_sound);
                    row.print();
                    rows.lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push(row);
                }
            });
        }
    });
    let mut rows = rows
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    rows.sort_by(|a, b| a.tune.cmp(&b.tune));
    let total = total(&rows);
    println!("{}", serde_json::to_string_pretty(&total)?);
    if let Some(path) = &options.json {
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        let text = serde_json::to_string_pretty(&json!({ "rows": rows, "total": total }))?;
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn total(rows: &[Row]) -> Value {
    let traces = || rows.iter().filter_map(|row| row.trace.as_ref().ok());
    let sounds = || rows.iter().filter_map(|row| row.sound.as_ref());
    let records: usize = traces().map(|trace| trace.records).sum();
    let equal: usize = traces().map(|trace| trace.equal).sum();
    let in_time: usize = traces().map(|trace| trace.in_time).sum();
    let count = |torture_only: bool, equal_only: bool| {
        rows.iter()
            .filter(|row| !torture_only || row.is_torture)
            .filter(|row| !equal_only || row.is_equal())
            .count()
    };
    json!({
        "tunes": rows.len(),
        "torture_tunes": count(true, false),
        "torture_equal": count(true, true),
        "records_equal_tunes": count(false, true),
        "records_percent": percent(equal, records),
        "distances_percent": percent(in_time, records),
        "tunes_with_sound": rows.iter().filter(|row| row.sound.is_some()).count(),
        "within_6_db": sounds().filter(|sound| sound.is_near()).count(),
        "largest_rms_db": sounds()
            .filter_map(|sound| sound.rms_db)
            .max_by(|a, b| a.abs().total_cmp(&b.abs())),
        "lsd_6581_db": model_median(rows, sid::Model::Mos6581, |sound| &sound.chips),
        "lsd_8580_db": model_median(rows, sid::Model::Mos8580, |sound| &sound.chips),
        "light_lsd_6581_db": model_median(rows, sid::Model::Mos6581, |sound| &sound.light),
        "light_lsd_8580_db": model_median(rows, sid::Model::Mos8580, |sound| &sound.light),
    })
}

fn compare_tune(golden: &Golden, tunes: &Path, torture: &[&str], with_sound: bool) -> Row {
    let case = &golden.case;
    let result = compare_trace_and_sound(golden, tunes, with_sound);
    let (trace, sound) = match result {
        Ok((trace, sound)) => (Ok(trace), sound),
        Err(error) => (Err(format!("{error:#}")), None),
    };
    Row {
        tune: case.tune.clone(),
        is_torture: torture.contains(&case.tune.as_str()),
        trace,
        sound,
    }
}

fn compare_trace_and_sound(
    golden: &Golden,
    tunes: &Path,
    with_sound: bool,
) -> anyhow::Result<(Comparison, Option<Sound>)> {
    let song = u16::try_from(golden.case.song).context("a song's number fits 16 bits")?;
    let reference = testkit::trace::read(&golden.trace_path())?;
    let tune = super::open::tune(&tunes.join(&golden.case.tune))?;
    let mut player = Player::new(&tune, song, &Config::default())?;
    let last_cycle = golden.case.last_cycle;
    let writes = trace::record(&mut player, last_cycle + MARGIN, reference.len() + 8);
    let comparison = golden::compare(&reference, &golden::records(&writes));
    if !with_sound || !golden.sound_path().exists() {
        return Ok((comparison, None));
    }
    let first = player.chips().first().map(|chip| chip.model);
    let model = first.filter(|model| player.chips().iter().all(|chip| chip.model == *model));
    let sound = Sound {
        model,
        chips: measure::chips_alone(golden, sid::Grade::Accurate, SOUND_SECONDS)?,
        light: measure::chips_alone(golden, sid::Grade::Light, SOUND_SECONDS)?,
        rms_db: compare_level(&tune, song, golden)?,
    };
    Ok((comparison, Some(sound)))
}

/// Level of our player's mono sound over the reference's. Both begin as the CPU starts.
fn compare_level(tune: &Tune, song: u16, golden: &Golden) -> anyhow::Result<Option<f64>> {
    let expected = testkit::sound::read_flac(&golden.sound_path())?;
    let config = Config {
        sample_rate: expected.sample_rate,
        ..Config::default()
    };
    let wanted = (SOUND_SECONDS * f64::from(expected.sample_rate)) as usize;
    let wanted = wanted.min(expected.samples.len());
    let mut player = Player::new(tune, song, &config)?;
    let mut stereo = vec![0.0; 2 * wanted];
    player.render(&mut stereo, None);
    let (frames, _) = stereo.as_chunks::<2>();
    let mono: Vec<f32> = frames
        .iter()
        .map(|[left, right]| 0.5 * (left + right))
        .collect();
    Ok(testkit::sound::level_difference_db(
        &expected.samples[..wanted],
        &mono,
    ))
}

/// Median over the tunes whose chips are all of one model.
fn model_median(
    rows: &[Row],
    model: sid::Model,
    of: impl Fn(&Sound) -> &testkit::sound::Comparison,
) -> Option<f64> {
    let sounds = rows.iter().filter_map(|row| row.sound.as_ref());
    let mut medians: Vec<f64> = sounds
        .filter(|sound| sound.model == Some(model))
        .map(|sound| of(sound).median_db)
        .collect();
    medians.sort_by(f64::total_cmp);
    (!medians.is_empty()).then(|| testkit::sound::percentile(&medians, 0.5))
}
