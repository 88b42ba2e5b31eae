//! The analogue part of a chip: filter, mixer and volume over the stretches of a tape.

use std::fmt;
use std::sync::OnceLock;

use crate::chip::Sid;
use crate::filter::{self, Curves, Filter, Integrator, Lane, Parameters, Path};
use crate::filter6581::{self, Integrator6581};
use crate::filter8580::{self, Integrator8580};
use crate::light::{self, Tables as _};
use crate::sources::Sources;
use crate::tape::{Setting, Stretch, Tape};
use crate::voice::VoiceTables;
use crate::{Grade, Model};

/// Everything about a model that does not change, shared by all chips of it.
pub struct Tables<I: Integrator> {
    voices: VoiceTables,
    curves: Curves,
    resistors: I::Resistors,
    /// From levels of the amplifiers to samples: the reference player's amplification of the
    /// chip over 16 bits.
    gain: f32,
}

impl<I: Integrator> Tables<I> {
    fn new(model: Model, parameters: Parameters, resistors: I::Resistors, gain: f32) -> Self {
        Tables {
            voices: VoiceTables::new(model, &parameters),
            curves: Curves::new(parameters),
            resistors,
            gain: gain / 32_768.0,
        }
    }

    fn lane<'a>(
        &'a self,
        filter: &'a mut Filter<I>,
        stretch: &Stretch<'a>,
        out: &'a mut [f32],
    ) -> Lane<'a, I> {
        Lane {
            filter,
            path: self.path(stretch.setting),
            sources: self.sources(stretch),
            out,
        }
    }
}

impl<I: Integrator> light::Tables for Tables<I> {
    type Integrator = I;

    fn path(&self, setting: &Setting) -> Path<'_, I> {
        let settings = setting.routing.settings(setting.volume);
        Path::new(
            &self.curves,
            &self.resistors,
            &settings,
            setting.curve,
            self.gain,
        )
    }

    fn sources<'a>(&'a self, stretch: &Stretch<'a>) -> Sources<'a> {
        Sources::new(&self.voices, stretch)
    }
}

fn tables_6581() -> &'static Tables<Integrator6581> {
    static TABLES: OnceLock<Tables<Integrator6581>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let parameters = filter6581::parameters();
        let resistors = filter6581::Resistors::new(&parameters.amplifier);
        Tables::new(Model::Mos6581, parameters, resistors, 1.5)
    })
}

fn tables_8580() -> &'static Tables<Integrator8580> {
    static TABLES: OnceLock<Tables<Integrator8580>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let parameters = filter8580::parameters();
        let resistors = filter8580::Resistors::new(&parameters.amplifier);
        Tables::new(Model::Mos8580, parameters, resistors, 2.5)
    })
}

/// The filter of one of the models, with its shared tables.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub enum Analogue {
    Mos6581(
        Filter<Integrator6581>,
        #[serde(skip, default = "tables_6581")] &'static Tables<Integrator6581>,
    ),
    Mos8580(
        Filter<Integrator8580>,
        #[serde(skip, default = "tables_8580")] &'static Tables<Integrator8580>,
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

impl fmt::Debug for Analogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Analogue::Mos6581(filter, _) => filter.fmt(f),
            Analogue::Mos8580(filter, _) => filter.fmt(f),
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
    /// Gets the samples, appended.
    pub out: &'a mut Vec<f32>,
}

/// Plays the tapes of several chips of a machine, as [`Sid::play`] would one by one, but faster:
/// the filters run side by side. Tapes of different lengths are allowed.
pub fn play_together(parts: &mut [Part<'_>]) {
    for part in &mut *parts {
        part.sid.run_waiting(part.tape);
    }
    let (mut accurate, light): (Vec<_>, Vec<_>) = parts
        .iter_mut()
        .partition(|part| part.sid.grade() == Grade::Accurate);
    play_accurately(&mut accurate);
    for part in light {
        let (analogue, carried) = part.sid.analogue();
        match analogue {
            Analogue::Mos6581(filter, tables) => {
                light::play(*tables, filter, carried, part.tape, part.out);
            }
            Analogue::Mos8580(filter, tables) => {
                light::play(*tables, filter, carried, part.tape, part.out);
            }
        }
        part.tape.clear();
    }
}

fn play_accurately(parts: &mut [&mut Part<'_>]) {
    let cycles = |part: &Part<'_>| part.tape.cycles();
    let longest = parts.iter().map(|part| cycles(part)).max().unwrap_or(0);
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
            let (analogue, _) = part.sid.analogue();
            match analogue {
                Analogue::Mos6581(filter, tables) => old.push(tables.lane(filter, &stretch, out)),
                Analogue::Mos8580(filter, tables) => new.push(tables.lane(filter, &stretch, out)),
            }
        }
        filter::run(&mut old);
        filter::run(&mut new);
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
