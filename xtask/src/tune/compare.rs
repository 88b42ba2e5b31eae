//! `tune compare`: our traces and sound against the reference player's.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use c64::{Config, Player};
use serde_json::{Value, json};

use super::golden::{self, Comparison};
use super::trace;

/// Tunes compared at once.
const THREADS: usize = 2;
/// Cycles run beyond the reference's last one.
const MARGIN: u64 = 200_000;

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
    sound_db: Option<f64>,
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
                "rms_difference_db": self.sound_db,
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
                    self.sound_db.map_or("-".into(), |db| format!("{db:.1} dB")),
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
    })
}

fn compare_tune(case: &Path, tunes: &Path, torture: &[&str], with_sound: bool) -> Row {
    let mut row = Row {
        tune: case.display().to_string(),
        is_torture: false,
        trace: Err(String::new()),
        sound_db: None,
    };
    row.trace = fill_row(&mut row.tune, case, tunes, with_sound, &mut row.sound_db)
        .map_err(|error| format!("{error:#}"));
    row.is_torture = torture.contains(&row.tune.as_str());
    row
}

fn fill_row(
    name: &mut String,
    case: &Path,
    tunes: &Path,
    with_sound: bool,
    sound_db: &mut Option<f64>,
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

    let compressed = std::fs::read(case.with_extension("trace.zst"))?;
    let reference = golden::decode(&zstd::decode_all(compressed.as_slice())?);
    let tune = super::open::tune(&tunes.join(path))?;
    let mut player = Player::new(&tune, song, &Config::default())?;
    let writes = trace::record(&mut player, last_cycle + MARGIN, reference.len() + 8);
    let comparison = golden::compare(&reference, &golden::records(&writes));
    let flac = case.with_extension("flac");
    if with_sound && flac.exists() {
        let player = Player::new(&tune, song, &Config::default())?;
        *sound_db = Some(sound_difference(player, &flac)?);
    }
    Ok(comparison)
}

/// RMS of the difference to the reference's sound, relative to its RMS, after removing DC,
/// shifting by whole frames and matching the level.
fn sound_difference(mut player: Player, flac: &Path) -> anyhow::Result<f64> {
    const SHIFT: i64 = 12_000;
    let mut reader = claxon::FlacReader::open(flac)?;
    let reference: Vec<f32> = reader
        .samples()
        .map(|sample| sample.map(|sample| sample as f32 / 32_768.0))
        .collect::<Result<_, _>>()?;
    let mut stereo = vec![0.0; 2 * reference.len()];
    player.render(&mut stereo, None);
    let ours: Vec<f32> = stereo
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[l, r]| 0.5 * (l + r))
        .collect();
    let (reference, ours) = (without_dc(&reference), without_dc(&ours));
    // A coarse search on envelopes would miss the phase: take a stretch of two seconds.
    let stretch = 20_000..(20_000 + 44_100).min(reference.len().saturating_sub(SHIFT as usize));
    let score = |shift: i64| -> f64 {
        stretch
            .clone()
            .step_by(3)
            .filter_map(|index| {
                let other = usize::try_from(index as i64 - shift).ok()?;
                Some(f64::from(reference[index]) * f64::from(*ours.get(other)?))
            })
            .sum()
    };
    let best = (0..SHIFT)
        .max_by(|&a, &b| score(a).total_cmp(&score(b)))
        .unwrap_or(0);
    let pairs = || {
        (0..reference.len()).filter_map(|index| {
            let other = usize::try_from(index as i64 - best).ok()?;
            Some((f64::from(reference[index]), f64::from(*ours.get(other)?)))
        })
    };
    let own: f64 = pairs().map(|(_, b)| b * b).sum();
    let cross: f64 = pairs().map(|(a, b)| a * b).sum();
    let gain = if own > 0.0 { cross / own } else { 0.0 };
    let level: f64 = pairs().map(|(a, _)| a * a).sum();
    let difference: f64 = pairs().map(|(a, b)| (a - gain * b).powi(2)).sum();
    Ok(10.0 * (difference.max(1e-12) / level.max(1e-12)).log10())
}

/// A gentle high-pass: the reference's DC offsets move with the volume.
fn without_dc(samples: &[f32]) -> Vec<f32> {
    let (mut before, mut out) = (0.0, 0.0);
    samples
        .iter()
        .map(|&sample| {
            out = 0.995 * (out + sample - before);
            before = sample;
            out
        })
        .collect()
}
