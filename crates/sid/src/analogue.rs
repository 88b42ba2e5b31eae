//! The analogue part of a chip: filter, mixer and volume over the stretches of a tape.

use std::sync::OnceLock;

use crate::Model;
use crate::chip::Sid;
use crate::filter::{Curves, Filter, Integrator, Lane, Parameters, Path, run_lanes};
use crate::filter6581::{self, Integrator6581};
use crate::filter8580::{self, Integrator8580};
use crate::sources::Sources;
use crate::tape::{Stretch, Tape};
use crate::voice::VoiceTables;

/// Everything about a model that does not change, shared by all chips of it.
#[derive(Debug)]
pub struct Tables<R> {
    voices: VoiceTables,
    curves: Curves,
    resistors: R,
    /// From levels of the amplifiers to samples: the reference player's amplification of the
    /// chip over 16 bits.
    gain: f32,
}

impl<R> Tables<R> {
    fn new(model: Model, parameters: &Parameters, resistors: R, gain: f32) -> Self {
        Tables {
            voices: VoiceTables::new(model, parameters),
            curves: Curves::new(parameters),
            resistors,
            gain: gain / 32_768.0,
        }
    }
}

impl<R> Tables<R> {
    fn lane<'a, I: Integrator<Resistors = R>>(
        &'a self,
        filter: &'a mut Filter<I>,
        stretch: &Stretch<'a>,
        out: &'a mut [f32],
    ) -> Lane<'a, I> {
        let setting = stretch.setting;
        let settings = setting.routing.settings(setting.volume);
        Lane {
            filter,
            path: Path::new(&self.curves, &self.resistors, &settings, self.gain),
            sources: Sources::new(&self.voices, stretch),
            out,
        }
    }
}

fn tables_6581() -> &'static Tables<filter6581::Resistors> {
    static TABLES: OnceLock<Tables<filter6581::Resistors>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let parameters = filter6581::parameters();
        let resistors = filter6581::Resistors::new(&parameters.amplifier);
        Tables::new(Model::Mos6581, &parameters, resistors, 1.5)
    })
}

fn tables_8580() -> &'static Tables<filter8580::Resistors> {
    static TABLES: OnceLock<Tables<filter8580::Resistors>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let parameters = filter8580::parameters();
        let resistors = filter8580::Resistors::new(&parameters.amplifier);
        Tables::new(Model::Mos8580, &parameters, resistors, 2.5)
    })
}

/// The filter of one of the models, with its shared tables.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum Analogue {
    Mos6581(
        Filter<Integrator6581>,
        #[serde(skip, default = "tables_6581")] &'static Tables<filter6581::Resistors>,
    ),
    Mos8580(
        Filter<Integrator8580>,
        #[serde(skip, default = "tables_8580")] &'static Tables<filter8580::Resistors>,
    ),
}

impl Analogue {
    pub fn new(model: Model) -> Self {
        match model {
            Model::Mos6581 => Self::Mos6581(Filter::new(), tables_6581()),
            Model::Mos8580 => Self::Mos8580(Filter::new(), tables_8580()),
        }
    }

    /// The model's tables for the voices.
    pub fn voice_tables(&self) -> &'static VoiceTables {
        match self {
            Analogue::Mos6581(_, tables) => &tables.voices,
            Analogue::Mos8580(_, tables) => &tables.voices,
        }
    }
}

impl PartialEq for Analogue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Analogue::Mos6581(a, _), Analogue::Mos6581(b, _)) => a == b,
            (Analogue::Mos8580(a, _), Analogue::Mos8580(b, _)) => a == b,
            _ => false,
        }
    }
}

/// A chip, what it has recorded, and where its samples go.
#[derive(Debug)]
pub struct Part<'a> {
    /// The chip.
    pub sid: &'a mut Sid,
    /// Its tape; empty afterwards.
    pub tape: &'a mut Tape,
    /// Gets one sample per cycle of the tape, appended.
    pub out: &'a mut Vec<f32>,
}

/// Plays the tapes of several chips of a machine, as [`Sid::play`] would one by one, but faster:
/// the filters run side by side. Tapes of different lengths are allowed.
pub fn play_together(parts: &mut [Part<'_>]) {
    let cycles = |part: &Part<'_>| part.tape.cycles();
    let longest = parts.iter().map(cycles).max().unwrap_or(0);
    let starts: Vec<usize> = parts.iter().map(|part| part.out.len()).collect();
    for part in &mut *parts {
        part.out.resize(part.out.len() + part.tape.cycles(), 0.0);
    }
    // The stretch in which each chip is.
    let mut stretches = vec![0; parts.len()];
    let mut from = 0;
    while from < longest {
        let ends = parts.iter().zip(&stretches);
        let ends = ends.filter(|(part, _)| cycles(part) > from);
        let to = ends.map(|(part, &stretch)| part.tape.end_of(stretch)).min();
        let to = to.unwrap_or(longest);
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for ((part, &stretch), start) in parts.iter_mut().zip(&stretches).zip(&starts) {
            if cycles(part) <= from {
                continue;
            }
            let stretch = part.tape.stretch(stretch, from, to);
            let out = &mut part.out[start + from..start + to];
            match part.sid.analogue() {
                Analogue::Mos6581(filter, tables) => old.push(tables.lane(filter, &stretch, out)),
                Analogue::Mos8580(filter, tables) => new.push(tables.lane(filter, &stretch, out)),
            }
        }
        run(&mut old);
        run(&mut new);
        for (part, stretch) in parts.iter().zip(&mut stretches) {
            if part.tape.end_of(*stretch) == to && *stretch + 1 < part.tape.stretches() {
                *stretch += 1;
            }
        }
        from = to;
    }
    for part in parts {
        part.tape.clear();
    }
}

/// Runs the lanes whose filters move side by side, the others without their filters.
fn run<I: Integrator>(lanes: &mut [Lane<'_, I>]) {
    let mut moving: Vec<_> = lanes
        .iter_mut()
        .filter_map(|lane| {
            if lane.is_at_rest() {
                lane.run_at_rest();
                None
            } else {
                Some(lane)
            }
        })
        .collect();
    for lanes in moving.chunks_mut(3) {
        match lanes {
            [a] => run_lanes([*a]),
            [a, b] => run_lanes([*a, *b]),
            [a, b, c] => run_lanes([*a, *b, *c]),
            _ => {}
        }
    }
}
