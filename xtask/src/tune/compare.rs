//! `tune compare`: our traces and sound against the reference player's.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use c64::chips::Chips;
use c64::{Config, Player};
use serde_json::{Value, json};
use testkit::trace::Write as Record;

use super::golden::{self, Comparison};
use super::trace;

/// Tunes compared at once.
const THREADS: usize = 2;
/// Cycles run beyond the reference's last one.
const MARGIN: u64 = 200_000;

/// Frames by which the sounds may be shifted against each other.
const MAX_LAG: usize = 2_000;

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
#[derive(Debug, Clone, Copy)]
struct Sound {
    /// All chips are of this model; none if they differ.
    model: Option<sid::Model>,
    /// Power of the difference after alignment and level match, relative to the sound.
    rms_db: f64,
    /// Log-spectral distance, median over the frames.
    median_db: f64,
    /// The same, 95th percentile.
    p95_db: f64,
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
                "rms_difference_db": self.sound.map(|sound| sound.rms_db),
                "lsd_median_db": self.sound.map(|sound| sound.median_db),
                "lsd_p95_db": self.sound.map(|sound| sound.p95_db),
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
                    "{mark}{name:44} {:>8} differs {:>8} late {:>8} equal {:>8.4} in time {:>8.4} sound {}",
                    trace.records,
                    show(trace.first_difference),
                    show(trace.first_late),
                    percent(trace.equal, trace.records),
                    percent(trace.in_time, trace.records),
                    self.sound.map_or("-".into(), |sound| {
                        format!("{:.1} dB, spectrum {:.2} dB", sound.rms_db, sound.median_db)
                    }),
                );
            }
        }
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
    let mut cases: Vec<PathBuf> = walkdir::WalkDir::new(&options.golden)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    if let Some(only) = &options.only {
        cases.retain(|path| path.to_string_lossy().contains(only.as_str()));
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
        "lsd_6581_db": model_median(rows, sid::Model::Mos6581),
        "lsd_8580_db": model_median(rows, sid::Model::Mos8580),
    })
}

fn compare_tune(case: &Path, tunes: &Path, torture: &[&str], with_sound: bool) -> Row {
    let mut row = Row {
        tune: case.display().to_string(),
        is_torture: false,
        trace: Err(String::new()),
        sound: None,
    };
    row.trace = fill_row(&mut row.tune, case, tunes, with_sound, &mut row.sound)
        .map_err(|error| format!("{error:#}"));
    row.is_torture = torture.contains(&row.tune.as_str());
    row
}

fn fill_row(
    name: &mut String,
    case: &Path,
    tunes: &Path,
    with_sound: bool,
    sound: &mut Option<Sound>,
) -> anyhow::Result<Comparison> {
    let text = std::fs::read_to_string(case)?;
    let facts: Value = serde_json::from_str(&text)?;
    let path = facts["tune"].as_str().context("the case names no tune")?;
    *name = path.to_owned();
    let song = facts["song"]
        .as_u64()
        .and_then(|song| u16::try_from(song).ok());
    let song = song.context("the case names no song")?;
    let last_cycle = facts["lastCycle"]
        .as_u64()
        .context("the case names no last cycle")?;

    let reference = testkit::trace::read(&case.with_extension("trace.zst"))?;
    let tune = super::open::tune(&tunes.join(path))?;
    let mut player = Player::new(&tune, song, &Config::default())?;
    let writes = trace::record(&mut player, last_cycle + MARGIN, reference.len() + 8);
    let comparison = golden::compare(&reference, &golden::records(&writes));
    let flac = case.with_extension("flac");
    if with_sound && flac.exists() {
        let fresh = Player::new(&tune, song, &Config::default())?;
        *sound = Some(compare_sound(&fresh, &reference, &flac)?);
    }
    Ok(comparison)
}

/// Feeds the reference's own writes to our chips, which takes the C64 out of the picture, and
/// compares with its sound.
fn compare_sound(player: &Player, reference: &[Record], flac: &Path) -> anyhow::Result<Sound> {
    let expected = testkit::sound::read_flac(flac)?;
    let ours = replay(
        player,
        reference,
        expected.sample_rate,
        expected.samples.len() + MAX_LAG,
    );
    let result = testkit::sound::compare(&expected.samples, &ours, expected.sample_rate, MAX_LAG)?;
    let first = player.chips().first().map(|chip| chip.model);
    let model = first.filter(|model| player.chips().iter().all(|chip| chip.model == *model));
    let rest = (1.0 - result.correlation.powi(2)).max(1e-12);
    Ok(Sound {
        model,
        rms_db: 10.0 * rest.log10(),
        median_db: result.median_db,
        p95_db: result.p95_db,
    })
}

/// The mono sound of chips that get `writes`, from the start of the CPU. The player is fresh.
fn replay(player: &Player, writes: &[Record], sample_rate: u32, frames: usize) -> Vec<f32> {
    const BATCH: u64 = 4096;
    let places: Vec<_> = player
        .chips()
        .iter()
        .map(|chip| (chip.address, chip.model))
        .collect();
    let mut chips = Chips::new(&places, player.clock_hz());
    // The reference's sound begins with the CPU, which a fresh player is about to start.
    let mut end = player.cycles();
    chips.set_sounding(true, false, end);
    let mut resampler = sid::Resampler::new(player.clock_hz(), sample_rate);
    let (mut left, mut right, mut sound) = (Vec::new(), Vec::new(), Vec::new());
    let mut writes = writes.iter();
    let mut next = writes.next();
    let mut at = next.map_or(0, |write| u64::from(write.cycles));
    while sound.len() < frames {
        end += BATCH;
        while let Some(write) = next.filter(|_| at < end) {
            chips.write(
                usize::from(write.chip),
                write.register,
                write.value,
                at.saturating_sub(1),
            );
            next = writes.next();
            at += next.map_or(0, |write| u64::from(write.cycles));
        }
        chips.finish_batch(end, &mut left, &mut right, None);
        for (left, right) in left.iter_mut().zip(&right) {
            *left = 0.5 * (*left + right);
        }
        resampler.process(&left, &mut sound);
    }
    sound.truncate(frames);
    sound
        .iter_mut()
        .for_each(|sample| *sample = sid::soft_clip(*sample));
    sound
}

/// Median over the tunes whose chips are all of one model.
fn model_median(rows: &[Row], model: sid::Model) -> Option<f64> {
    let sounds = rows.iter().filter_map(|row| row.sound);
    let mut medians: Vec<f64> = sounds
        .filter(|sound| sound.model == Some(model))
        .map(|sound| sound.median_db)
        .collect();
    medians.sort_by(f64::total_cmp);
    (!medians.is_empty()).then(|| testkit::sound::percentile(&medians, 0.5))
}
