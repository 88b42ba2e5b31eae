//! `tune sweep`: plays every tune of a folder and says what goes wrong.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use c64::{Config, Player, Status};

/// Tunes played at once.
const THREADS: usize = 2;
/// A tune that is slower than real time by this much hangs. Even three chips on a busy machine
/// are not.
const PATIENCE: f64 = 20.0;
/// What is heard of a tune that is only checked quickly.
const QUICK_SECONDS: f64 = 1.5;
/// Below this peak a tune is silent.
const SILENCE: f32 = 0.000_5;
/// Frames rendered between two looks at the clock.
const BLOCK: usize = 4410;
/// Cycles run between two looks at the clock where nothing is rendered.
const SILENT_CYCLES: u64 = 200_000;

/// What became of a tune.
#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Plays,
    Refused(String),
    Panics(String),
    Hangs,
    Jams(String),
    Silent,
}

/// Plays the start song of every tune below `folder`. A quick sweep lets a tune run on without
/// sound once it has been heard.
pub(super) fn run(
    folder: &Path,
    seconds: f64,
    is_quick: bool,
    rom_dir: Option<&Path>,
) -> anyhow::Result<()> {
    let config = Config {
        roms: super::open::roms(rom_dir)?,
        ..Config::default()
    };
    let files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "sid"))
        .collect();
    anyhow::ensure!(!files.is_empty(), "no tunes in {}", folder.display());
    std::panic::set_hook(Box::new(|_| ()));
    let started = Instant::now();
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = play(file, seconds, is_quick, &config);
                    if outcome != Outcome::Plays {
                        println!("{}: {outcome:?}", file.display());
                    }
                    outcomes
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    print_summary(
        &outcomes,
        outcomes.len() as f64 * seconds / started.elapsed().as_secs_f64(),
    );
    let is_broken = |outcome: &Outcome| matches!(outcome, Outcome::Panics(_) | Outcome::Hangs);
    anyhow::ensure!(!outcomes.iter().any(is_broken), "tunes panic or hang");
    Ok(())
}

/// What a tune of this outcome counts as; refusals count by reason.
fn kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Plays => "played".into(),
        Outcome::Refused(reason) => format!("refused: {reason}"),
        Outcome::Panics(_) => "panicked".into(),
        Outcome::Hangs => "hung".into(),
        Outcome::Jams(_) => "jammed".into(),
        Outcome::Silent => "silent".into(),
    }
}

fn print_summary(outcomes: &[Outcome], speed: f64) {
    let mut counts: BTreeMap<String, usize> = ["played", "silent", "jammed", "hung", "panicked"]
        .map(|kind| (kind.to_owned(), 0))
        .into();
    for outcome in outcomes {
        *counts.entry(kind(outcome)).or_default() += 1;
    }
    println!("{} tunes at {speed:.1} times real time", outcomes.len());
    for (kind, count) in counts {
        println!("{count:6} {kind}");
    }
}

fn play(file: &Path, seconds: f64, is_quick: bool, config: &Config) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| {
        play_unguarded(file, seconds, is_quick, config)
    })) {
        Ok(outcome) => outcome,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            Outcome::Panics(text.unwrap_or_default())
        }
    }
}

fn play_unguarded(file: &Path, seconds: f64, is_quick: bool, config: &Config) -> Outcome {
    let tune = match super::open::tune(file) {
        Ok(tune) => tune,
        Err(error) => return Outcome::Refused(format!("{error:#}")),
    };
    let mut player = match Player::new(&tune, tune.start_song, config) {
        Ok(player) => player,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    let limit = Duration::from_secs_f64(seconds * PATIENCE);
    let started = Instant::now();
    let rate = f64::from(config.sample_rate);
    let end_cycle = player.cycles() + (seconds * player.clock_hz()) as u64;
    let mut block = [0.0; 2 * BLOCK];
    let mut span = [f32::MAX, f32::MIN];
    let is_heard = |span: [f32; 2]| span[1] - span[0] >= SILENCE;
    while player.cycles() < end_cycle {
        if is_quick && player.frames() as f64 > QUICK_SECONDS * rate && is_heard(span) {
            player.run_cycles(SILENT_CYCLES);
        } else {
            player.render(&mut block, None);
            // The step at power-on is not music.
            if player.frames() as f64 > 0.2 * rate {
                for sample in block {
                    span = [span[0].min(sample), span[1].max(sample)];
                }
            }
        }
        if let Status::Jammed { pc, opcode } = player.status() {
            return Outcome::Jams(format!("${opcode:02X} at ${pc:04X}"));
        }
        if started.elapsed() > limit {
            return Outcome::Hangs;
        }
    }
    if is_heard(span) {
        Outcome::Plays
    } else {
        Outcome::Silent
    }
}
