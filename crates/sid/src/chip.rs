//! The whole chip: registers in, samples out.
//!
//! A call to [`Sid::clock`] is cut into blocks of at most [`BLOCK`] cycles. In each block the
//! digital part of every cycle runs first (the voices act on each other cycle by cycle), then
//! the analogue part over the recorded DAC inputs.

use std::sync::OnceLock;

use crate::Model;
use crate::bus::Bus;
use crate::curve::LEVEL_BITS;
use crate::external_filter::ExternalFilter;
use crate::filter::{Curves, Filter, Path};
use crate::filter6581::{self, Integrator6581};
use crate::filter8580::{self, Integrator8580};
use crate::mixer::Routing;
use crate::voice::{Voice, VoiceTables};
use crate::volume::Volume;

/// Cycles handled at once.
const BLOCK: usize = 256;
/// Cycles between two entries of the voice tap.
const TAP_INTERVAL: u32 = 32;
/// PAL clock, Hz; see [`Sid::set_clock`].
const PAL_HZ: f64 = 985_248.0;

/// Everything about a model that does not change, shared by all chips of it.
#[derive(Debug)]
struct Tables<R> {
    voices: VoiceTables,
    curves: Curves,
    resistors: R,
}

static TABLES_6581: OnceLock<Tables<filter6581::Resistors>> = OnceLock::new();
static TABLES_8580: OnceLock<Tables<filter8580::Resistors>> = OnceLock::new();

fn tables_6581() -> &'static Tables<filter6581::Resistors> {
    TABLES_6581.get_or_init(|| {
        let parameters = filter6581::parameters();
        Tables {
            voices: VoiceTables::new(Model::Mos6581, &parameters),
            curves: Curves::new(&parameters),
            resistors: filter6581::Resistors::new(&parameters.amplifier),
        }
    })
}

fn tables_8580() -> &'static Tables<filter8580::Resistors> {
    TABLES_8580.get_or_init(|| {
        let parameters = filter8580::parameters();
        Tables {
            voices: VoiceTables::new(Model::Mos8580, &parameters),
            curves: Curves::new(&parameters),
            resistors: filter8580::Resistors::new(&parameters.amplifier),
        }
    })
}

/// The filter of one of the models, with its shared tables.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
enum Analogue {
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
    fn new(model: Model) -> Self {
        match model {
            Model::Mos6581 => Self::Mos6581(Filter::new(), tables_6581()),
            Model::Mos8580 => Self::Mos8580(Filter::new(), tables_8580()),
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

/// The complete state of a chip; comparing two tells whether they will behave alike.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SidState {
    model: Model,
    voices: [Voice; 3],
    bus: Bus,
    routing: Routing,
    volume: Volume,
    analogue: Analogue,
    external: ExternalFilter,
    /// Bits 0-2: voices heard, bit 3: samples played through the volume heard.
    audible: u8,
    /// Cycles until the next entry of the voice tap.
    tap_countdown: u32,
}

/// A sound chip. Cloning is a snapshot: large tables are shared, the state is small.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Sid {
    state: SidState,
}

/// What the digital part of a block leaves for the analogue part.
struct Recorded {
    /// Waveform DAC inputs per voice.
    waves: [[u16; BLOCK]; 3],
    /// Envelope DAC inputs per voice.
    levels: [[u8; BLOCK]; 3],
}

impl Sid {
    /// A chip that has just been powered up and reset.
    pub fn new(model: Model) -> Self {
        let analogue = Analogue::new(model);
        Sid {
            state: SidState {
                model,
                voices: std::array::from_fn(|_| Voice::new()),
                bus: Bus::new(),
                routing: Routing::default(),
                volume: Volume::default(),
                analogue,
                external: ExternalFilter::new(PAL_HZ),
                audible: 15,
                tap_countdown: TAP_INTERVAL,
            },
        }
    }

    /// Which chip this is.
    pub fn model(&self) -> Model {
        self.state.model
    }

    /// Puts another chip into the socket: registers, oscillators and envelopes go on, the filter
    /// starts discharged. Nothing happens where the model is the same.
    pub fn set_model(&mut self, model: Model) {
        if model != self.state.model {
            self.state.model = model;
            self.state.analogue = Analogue::new(model);
        }
    }

    /// The RES line: registers are cleared; oscillators and envelopes keep their counters.
    pub fn reset(&mut self) {
        let state = &mut self.state;
        for voice in &mut state.voices {
            voice.reset();
        }
        state.bus = Bus::new();
        state.routing = Routing::default();
        state.volume = Volume::default();
        state.external.reset();
        state.tap_countdown = TAP_INTERVAL;
    }

    /// Tells the board's output stage how long a cycle is (Hz); PAL until told otherwise.
    pub fn set_clock(&mut self, clock_hz: f64) {
        self.state.external.set_clock(clock_hz);
    }

    /// Writes a register (0 to 31; those from 25 on do not exist and only charge the bus).
    pub fn write(&mut self, register: u8, value: u8) {
        let state = &mut self.state;
        let register = register & 31;
        state.bus.drive(value, state.model);
        match register {
            0..=20 => {
                let voice = usize::from(register / 7);
                state.voices[voice].write(register % 7, value, state.model);
            }
            21 => state.routing.write_cutoff_low(value),
            22 => state.routing.write_cutoff_high(value),
            23 => state.routing.write_resonance(value),
            24 => {
                state.routing.write_mode(value);
                state.volume.write(value);
            }
            _ => {}
        }
    }

    /// Reads a register: the paddles (nothing connected), OSC3, ENV3, or what is left on the bus.
    pub fn read(&mut self, register: u8) -> u8 {
        let state = &mut self.state;
        let value = match register & 31 {
            25 | 26 => 0xff,
            27 => state.voices[2].waveform.osc3(),
            28 => state.voices[2].envelope.env3(),
            _ => return state.bus.sense(),
        };
        state.bus.drive(value, state.model);
        value
    }

    /// Clocks `out.len()` cycles and stores one sample per cycle, about ±1.0 (full scale of the
    /// reference player's 16-bit sound).
    pub fn clock(&mut self, out: &mut [f32]) {
        self.run(out, None);
    }

    /// As [`Self::clock`]; every 32 cycles it also appends the levels of the three voices before
    /// the filter and of samples played through the volume register, for oscilloscopes.
    pub fn clock_tapped(&mut self, out: &mut [f32], tap: &mut Vec<[i16; 4]>) {
        self.run(out, Some(tap));
    }

    /// Advances the state exactly as [`Self::clock`] would, without samples.
    pub fn skip(&mut self, cycles: u32) {
        let mut scratch = [0.0; BLOCK];
        let mut left = cycles as usize;
        while left > 0 {
            let count = left.min(BLOCK);
            self.run(&mut scratch[..count], None);
            left -= count;
        }
    }

    /// Chooses what is heard: bits 0 to 2 the voices, bit 3 samples played through the volume
    /// register. Reads of OSC3 and ENV3 do not notice.
    pub fn set_audible(&mut self, mask: u8) {
        self.state.audible = mask & 15;
    }

    /// The complete state, to compare.
    pub fn state(&self) -> &SidState {
        &self.state
    }

    fn run(&mut self, out: &mut [f32], mut tap: Option<&mut Vec<[i16; 4]>>) {
        let mut recorded = Recorded {
            waves: [[0; BLOCK]; 3],
            levels: [[0; BLOCK]; 3],
        };
        let mut rest = out;
        while !rest.is_empty() {
            // A block ends where the resting volume changes, so that it has one volume.
            let quiet = self.state.volume.quiet_cycles() as usize;
            let count = rest.len().min(BLOCK).min(quiet);
            let (block, later) = rest.split_at_mut(count);
            self.state
                .run_block(block, &mut recorded, tap.as_deref_mut());
            rest = later;
        }
    }
}

impl SidState {
    fn run_block(
        &mut self,
        block: &mut [f32],
        recorded: &mut Recorded,
        tap: Option<&mut Vec<[i16; 4]>>,
    ) {
        let count = block.len();
        self.bus.advance(count as u32);
        let tables = match &self.analogue {
            Analogue::Mos6581(_, tables) => &tables.voices,
            Analogue::Mos8580(_, tables) => &tables.voices,
        };
        run_voices(&mut self.voices, self.model, tables, recorded, count);
        self.run_tap(tables, recorded, count, tap);

        let (mut input, mut direct) = ([0.0; BLOCK], [0.0; BLOCK]);
        self.sum_voices(tables, recorded, &mut input[..count], &mut direct[..count]);
        let (input, direct) = (whole_levels(&input), whole_levels(&direct));
        let (input, direct) = (&input[..count], &direct[..count]);
        let volume = if self.audible & 8 != 0 {
            self.volume.set()
        } else {
            self.volume.resting()
        };
        let settings = self.routing.settings(volume);
        // Full scale of the reference player: its amplification of the chip over 16 bits.
        let board = &mut self.external;
        match &mut self.analogue {
            Analogue::Mos6581(
                filter,
                Tables {
                    curves, resistors, ..
                },
            ) => {
                let path = Path {
                    curves,
                    resistors,
                    settings,
                    gain: 1.5 / 32_768.0,
                };
                filter.run(&path, board, input, direct, block);
            }
            Analogue::Mos8580(
                filter,
                Tables {
                    curves, resistors, ..
                },
            ) => {
                let path = Path {
                    curves,
                    resistors,
                    settings,
                    gain: 2.5 / 32_768.0,
                };
                filter.run(&path, board, input, direct, block);
            }
        }
        self.volume.advance(count as u32);
    }

    fn run_tap(
        &mut self,
        tables: &VoiceTables,
        recorded: &Recorded,
        count: usize,
        mut tap: Option<&mut Vec<[i16; 4]>>,
    ) {
        let mut next = self.tap_countdown as usize;
        while next <= count {
            if let Some(tap) = tap.as_deref_mut() {
                let level = |voice: usize| {
                    let wave = tables.waveform[usize::from(recorded.waves[voice][next - 1])];
                    let envelope = tables.envelope[usize::from(recorded.levels[voice][next - 1])];
                    (wave * envelope * 65_534.0).clamp(-32_767.0, 32_767.0) as i16
                };
                tap.push([level(0), level(1), level(2), self.volume.sample_level()]);
            }
            next += TAP_INTERVAL as usize;
        }
        self.tap_countdown = (next - count) as u32;
    }

    /// Adds up the levels of the voices where they are switched to.
    fn sum_voices(
        &self,
        tables: &VoiceTables,
        recorded: &Recorded,
        input: &mut [f32],
        direct: &mut [f32],
    ) {
        for voice in 0..3 {
            let (target, scale): (&mut [f32], f32) = if self.routing.is_filtered(voice) {
                (&mut *input, 1.0)
            } else if self.routing.is_direct(voice) {
                (&mut *direct, tables.mixer_scale)
            } else {
                continue;
            };
            if self.audible >> voice & 1 == 0 {
                for sum in target {
                    *sum += tables.zero[0];
                }
                continue;
            }
            let recorded = recorded.waves[voice].iter().zip(&recorded.levels[voice]);
            for (sum, (wave, level)) in target.iter_mut().zip(recorded) {
                let level = usize::from(*level);
                let swing = tables.waveform[usize::from(*wave & 0xfff)] * tables.swing[level];
                *sum += swing * scale + tables.zero[level];
            }
        }
        let (target, level) = if self.routing.is_filtered(3) {
            (input, tables.external[0])
        } else {
            (direct, tables.external[1])
        };
        for sum in target {
            *sum += level;
        }
    }
}

/// Levels rounded to [`LEVEL_BITS`] fraction bits. Adding 2^23 leaves the rounded number in the
/// low bits of the significand, which costs far less than a conversion.
fn whole_levels(levels: &[f32; BLOCK]) -> [i32; BLOCK] {
    const UNIT: f32 = (1 << LEVEL_BITS) as f32;
    const OFFSET: f32 = 8_388_608.0;
    levels.map(|level| ((level * UNIT + OFFSET).to_bits() - OFFSET.to_bits()) as i32)
}

/// Digital part of `count` cycles.
fn run_voices(
    voices: &mut [Voice; 3],
    model: Model,
    tables: &VoiceTables,
    recorded: &mut Recorded,
    count: usize,
) {
    for (voice, levels) in voices.iter_mut().zip(&mut recorded.levels) {
        voice.envelope.run(&mut levels[..count]);
    }
    // Voices act on each other through hard sync and ring modulation. Where the phase of a
    // source is a straight line, both can be told in advance.
    let is_plain = (0..3).all(|index| {
        let next = &voices[(index + 1) % 3].waveform;
        voices[index].waveform.has_straight_phase(model)
            || !(next.is_synced() || next.is_ring_modulated())
    });
    let mut done = 0;
    while done < count {
        let end = if is_plain {
            let to_sync = (0..3)
                .filter(|index| voices[(index + 1) % 3].waveform.is_synced())
                .map(|index| voices[index].waveform.cycles_to_top_bit())
                .min();
            count.min(done.saturating_add(to_sync.unwrap_or(u32::MAX) as usize))
        } else {
            done + 1
        };
        if is_plain {
            let modulators = [2, 0, 1].map(|index: usize| voices[index].waveform.as_modulator());
            for (index, voice) in voices.iter_mut().enumerate() {
                let out = &mut recorded.waves[index][done..end];
                voice
                    .waveform
                    .run(model, modulators[index], &tables.pull_down, out);
            }
        } else {
            step_voices(voices, model, tables, &mut recorded.waves, done);
        }
        synchronise(voices);
        done = end;
    }
}

/// One cycle of the three oscillators, each seeing the others as they are.
fn step_voices(
    voices: &mut [Voice; 3],
    model: Model,
    tables: &VoiceTables,
    waves: &mut [[u16; BLOCK]; 3],
    cycle: usize,
) {
    for voice in voices.iter_mut() {
        voice.waveform.clock(model);
    }
    for index in 0..3 {
        let modulator = voices[(index + 2) % 3].waveform.accumulator();
        waves[index][cycle] = voices[index]
            .waveform
            .drive(model, modulator, &tables.pull_down);
    }
}

/// Hard sync at the end of a cycle.
fn synchronise(voices: &mut [Voice; 3]) {
    for index in 0..3 {
        // A source that is itself restarted in the cycle in which its top bit rises does not
        // pass the sync on.
        let source = &voices[index].waveform;
        let before = &voices[(index + 2) % 3].waveform;
        let passes = source.top_bit_rose()
            && !(source.is_synced() && before.top_bit_rose())
            && voices[(index + 1) % 3].waveform.is_synced();
        if passes {
            voices[(index + 1) % 3].waveform.restart();
        }
    }
}
