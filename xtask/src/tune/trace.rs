//! `tune trace`: register writes in the golden format.

use std::path::Path;

use c64::{Player, Write};

use super::SongArgs;
use super::golden;

/// Cycles run between two looks at the trace.
const SLICE: u64 = 100_000;

/// Writes the trace of `seconds` of a song.
pub(super) fn run(args: &SongArgs, seconds: f64, out: &Path) -> anyhow::Result<()> {
    let (_, mut player) = super::open::player(args, 44_100)?;
    let cycles = (seconds * player.clock_hz()) as u64;
    let started = std::time::Instant::now();
    let writes = record(&mut player, cycles, usize::MAX);
    let speed = seconds / started.elapsed().as_secs_f64();
    testkit::trace::write(out, &golden::records(&writes))?;
    println!(
        "{}: {} writes, {speed:.1} times real time",
        out.display(),
        writes.len()
    );
    Ok(())
}

/// The writes up to `cycle` since power-on, at least `enough` if there are as many.
pub(super) fn record(player: &mut Player, cycle: u64, enough: usize) -> Vec<Write> {
    player.set_trace(true);
    let mut writes = Vec::new();
    while player.cycles() < cycle && writes.len() < enough {
        player.run_cycles(SLICE.min(cycle - player.cycles()));
        writes.append(&mut player.take_trace());
    }
    writes
}
