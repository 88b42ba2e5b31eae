//! Plays songs of Compute!'s Sidplayer: an interpreter of the published format, which writes to the
//! chips of a machine that otherwise idles.
//!
//! Time goes in jiffies, sixtieths of a second that timer A of CIA 1 made and a song may set. In
//! each of them every voice either goes on with its note, or takes commands up to the next note.
//!
//! Sources: D. Thornton, "Sidplayer music file contents"; the notes on the format in
//! `MyDeveloperThoughts/ComputeSidPlayerC64Source`; `stevi84/sid-player` for what a song finds set
//! at its start; C. Chamberlain, "All About the Commodore 64, Volume Two" (COMPUTE! 1985) for what
//! the commands mean.

mod command;
mod part;
mod voice;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sidfile::mus::Mus;

use crate::cpu::Cpu;
use crate::idle;
use crate::system::System;
use part::Part;

/// Cycles between two writes, as a program would need them.
const WRITE_CYCLES: u64 = 8;
/// OSC3 and ENV3, which a song may modulate by.
const READABLE: [u8; 2] = [0x1b, 0x1c];

/// A song that is played.
#[derive(Debug, Clone)]
pub struct Sidplayer {
    mus: Arc<Mus>,
    /// Frequency of each note, in units of the chip.
    notes: Arc<[u16; 96]>,
    /// Cycles of a jiffy where the song sets none.
    usual_period: u16,
    pub(crate) state: State,
}

/// All of it that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Cycle of the next jiffy.
    due: u64,
    period: u16,
    parts: Vec<Part>,
}

/// A write to a chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    register: u8,
    value: u8,
}

impl Sidplayer {
    /// A song at its start, on a machine of `clock_hz` that stands at `cycle`.
    pub fn new(mus: Mus, clock_hz: f64, cycle: u64) -> Self {
        let note = |index: usize| {
            let hertz = 440.0 * libm::exp2((index as f64 - 57.0) / 12.0);
            libm::round(hertz * 16_777_216.0 / clock_hz).min(65_535.0) as u16
        };
        let usual_period = (clock_hz / 60.0) as u16;
        Self {
            notes: Arc::new(core::array::from_fn(note)),
            usual_period,
            state: State {
                // The machine's own program has started by then.
                due: cycle + u64::from(usual_period),
                period: usual_period,
                parts: vec![Part::default(); mus.scores.len()],
            },
            mus: Arc::new(mus),
        }
    }

    /// Runs the machine and the song up to `end`.
    pub fn run_to(&mut self, cpu: &mut Cpu, system: &mut System, end: u64) {
        while self.state.due <= end {
            idle::run_to(cpu, system, self.state.due);
            self.jiffy(cpu, system);
            self.state.due += u64::from(self.state.period);
        }
        idle::run_to(cpu, system, end);
    }

    /// Jiffies a second, as they are now.
    pub fn rate(&self, clock_hz: f64) -> f64 {
        clock_hz / f64::from(self.state.period)
    }

    fn jiffy(&mut self, cpu: &mut Cpu, system: &mut System) {
        let parts = self.state.parts.iter_mut().zip(&self.mus.scores);
        for (chip, (part, score)) in parts.enumerate() {
            let read = READABLE.map(|register| {
                let cycle = system.cycle();
                system.chips.read(chip, register, cycle)
            });
            let mut writes = Vec::new();
            let jiffy = part.jiffy(score, &self.notes, read, &mut writes);
            for Write { register, value } in writes {
                let cycle = system.cycle();
                system.chips.write(chip, register, value, cycle);
                idle::run_to(cpu, system, cycle + WRITE_CYCLES);
            }
            if let Some(longer) = jiffy {
                let period = self.usual_period.wrapping_add(longer);
                // A song cannot stop the time.
                self.state.period = period.max(self.usual_period / 16);
            }
        }
    }
}
