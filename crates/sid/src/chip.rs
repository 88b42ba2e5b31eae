//! The whole chip: registers in, samples out.
//!
//! The digital part runs whenever somebody looks, in stretches between register writes, and
//! leaves what drives the DACs on a tape (the voices act on each other cycle by cycle); the
//! analogue part plays the tape when samples are wanted.

use crate::analogue::{Analogue, Part, play_together};
use crate::bus::Bus;
use crate::light::Light;
use crate::mixer::Routing;
use crate::tape::{Setting, Tape};
use crate::voice::{Voice, VoiceTables};
use crate::volume::Volume;
use crate::{FilterCurve, Grade, Model};

/// Cycles between recording and playing where the caller has no tape.
const BLOCK: usize = 4096;
/// Cycles between two entries of the voice tap.
const TAP_INTERVAL: u32 = 32;
/// Bits of a control register that let another voice act on this one.
const COUPLING: u8 = 0x06;

/// The complete state of a chip; comparing two tells whether they will behave alike.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SidState {
    model: Model,
    voices: [Voice; 3],
    bus: Bus,
    routing: Routing,
    volume: Volume,
    analogue: Analogue,
    grade: Grade,
    curve: FilterCurve,
    light: Light,
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
                grade: Grade::default(),
                curve: FilterCurve::default(),
                light: Light::default(),
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

    /// How much work the analogue part is.
    pub fn grade(&self) -> Grade {
        self.state.grade
    }

    /// Chooses how much work the analogue part is. Programs do not notice; the filter goes on
    /// where it is. The tape must be empty.
    pub fn set_grade(&mut self, grade: Grade) {
        if grade != self.state.grade {
            self.state.grade = grade;
            self.state.light = Light::default();
        }
    }

    /// Chooses how bright a 6581's filter is, from the next cycle on.
    pub fn set_filter_curve(&mut self, curve: FilterCurve) {
        self.state.curve = curve;
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
        state.tap_countdown = TAP_INTERVAL;
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

    /// Clocks the digital part for `cycles` and appends what drives its DACs to `tape`, which
    /// [`Self::play`] must get before the chip is compared or copied.
    pub fn record(&mut self, cycles: usize, tape: &mut Tape) {
        self.state.wait(cycles, tape, false);
        self.state.catch_up(tape);
    }

    /// As [`Self::record`], but nothing runs before somebody looks: until [`Self::catch_up`] or
    /// [`Self::play`] the chip must be accessed with [`Self::write_in_step`] and
    /// [`Self::read_in_step`] only. With `is_tapped` it is noted where [`Self::catch_up`] is to
    /// take the levels of the voices.
    pub fn wait(&mut self, cycles: usize, tape: &mut Tape, is_tapped: bool) {
        self.state.wait(cycles, tape, is_tapped);
    }

    /// Runs all that has waited, and appends the levels that were to be taken on the way to `tap`.
    pub fn catch_up(&mut self, tape: &mut Tape, tap: &mut Vec<[i16; 4]>) {
        self.state.catch_up(tape);
        self.state.take_taps(tape, tap);
    }

    /// As [`Self::write`], after what the register acts on has caught up; the rest may wait.
    pub fn write_in_step(&mut self, register: u8, value: u8, tape: &mut Tape) {
        self.state.catch_up_for_write(register & 31, value, tape);
        self.write(register, value);
    }

    /// As [`Self::read`], after what is read has caught up.
    pub fn read_in_step(&mut self, register: u8, tape: &mut Tape) -> u8 {
        match register & 31 {
            27 => self.state.catch_up_wave(2, tape),
            28 => self.state.catch_up_envelope(2, tape),
            _ => {}
        }
        self.read(register)
    }

    /// As [`Self::record`]; every 32 cycles it also appends the levels of the three voices before
    /// the filter and of samples played through the volume register, for oscilloscopes.
    pub fn record_tapped(&mut self, cycles: usize, tape: &mut Tape, tap: &mut Vec<[i16; 4]>) {
        self.state.wait(cycles, tape, true);
        self.catch_up(tape, tap);
    }

    /// Appends the tape's samples, as at the chip's output pin: about ±1.0 (full scale of the
    /// reference player's 16-bit sound) around an offset. Empties the tape.
    ///
    /// The accurate grade gives one sample per cycle, for [`crate::Resampler::process`]; the
    /// light one gives one for every eight, for [`crate::Resampler::process_eighths`].
    pub fn play(&mut self, tape: &mut Tape, out: &mut Vec<f32>) {
        play_together(&mut [Part {
            sid: self,
            tape,
            out,
        }]);
    }

    /// Records and plays `out.len()` cycles. The light grade's samples are held as long as they
    /// last.
    pub fn clock(&mut self, out: &mut [f32]) {
        self.run(out, None);
    }

    /// As [`Self::clock`], with the tap of [`Self::record_tapped`].
    pub fn clock_tapped(&mut self, out: &mut [f32], tap: &mut Vec<[i16; 4]>) {
        self.run(out, Some(tap));
    }

    fn run(&mut self, out: &mut [f32], mut tap: Option<&mut Vec<[i16; 4]>>) {
        let mut tape = Tape::new();
        let mut samples = Vec::new();
        for block in out.chunks_mut(BLOCK) {
            match tap.as_deref_mut() {
                Some(tap) => self.record_tapped(block.len(), &mut tape, tap),
                None => self.record(block.len(), &mut tape),
            }
            samples.clear();
            self.play(&mut tape, &mut samples);
            let (count, made) = (block.len(), samples.len());
            for (cycle, sample) in block.iter_mut().enumerate() {
                *sample = samples.get(cycle * made / count).copied().unwrap_or(0.0);
            }
        }
    }

    /// Advances the state exactly as [`Self::clock`] would, without samples.
    pub fn skip(&mut self, cycles: u32) {
        let mut tape = Tape::new();
        let mut samples = Vec::new();
        let mut left = cycles as usize;
        while left > 0 {
            let count = left.min(BLOCK);
            self.record(count, &mut tape);
            samples.clear();
            self.play(&mut tape, &mut samples);
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

    pub(crate) fn run_waiting(&mut self, tape: &mut Tape) {
        self.state.catch_up(tape);
    }

    pub(crate) fn analogue(&mut self) -> (&mut Analogue, &mut Light) {
        (&mut self.state.analogue, &mut self.state.light)
    }
}

impl SidState {
    fn wait(&mut self, cycles: usize, tape: &mut Tape, is_tapped: bool) {
        let mut left = cycles;
        while left > 0 {
            // A stretch ends where the resting volume changes, so that it has one volume.
            let count = left.min(self.volume.quiet_cycles() as usize);
            left -= count;
            self.bus.advance(count as u32);
            let setting = Setting {
                routing: self.routing.clone(),
                volume: if self.audible & 8 != 0 {
                    self.volume.set()
                } else {
                    self.volume.resting()
                },
                audible: self.audible & 7,
                curve: self.curve,
            };
            let start = tape.cycles();
            tape.extend(count, &setting);
            let mut next = self.tap_countdown as usize;
            while next <= count {
                if is_tapped {
                    let level = self.volume.sample_level();
                    tape.taps.push((start + next - 1, level));
                }
                next += TAP_INTERVAL as usize;
            }
            self.tap_countdown = (next - count) as u32;
            self.volume.advance(count as u32);
        }
    }

    /// Voices act on each other, so that none can run alone.
    fn is_coupled(&self) -> bool {
        let waves = self.voices.iter().map(|voice| &voice.waveform);
        waves.fold(false, |coupled, wave| {
            coupled || wave.is_synced() || wave.is_ring_modulated()
        })
    }

    fn catch_up(&mut self, tape: &mut Tape) {
        self.catch_up_waves(tape);
        for voice in 0..3 {
            self.catch_up_envelope(voice, tape);
        }
    }

    fn catch_up_waves(&mut self, tape: &mut Tape) {
        if self.is_coupled() {
            let tables = self.analogue.voice_tables();
            let mut waves = tape.waves_to_come();
            run_voices(&mut self.voices, self.model, tables, &mut waves);
        } else {
            for voice in 0..3 {
                self.catch_up_alone(voice, tape);
            }
        }
    }

    fn catch_up_wave(&mut self, voice: usize, tape: &mut Tape) {
        if self.is_coupled() {
            self.catch_up_waves(tape);
        } else {
            self.catch_up_alone(voice, tape);
        }
    }

    /// Runs an oscillator that no other acts on.
    fn catch_up_alone(&mut self, voice: usize, tape: &mut Tape) {
        let tables = self.analogue.voice_tables();
        let wave = &mut self.voices[voice].waveform;
        let modulator = wave.as_modulator();
        let out = tape.wave_to_come(voice);
        wave.run(self.model, modulator, &tables.pull_down, out);
    }

    fn catch_up_envelope(&mut self, voice: usize, tape: &mut Tape) {
        let levels = tape.levels_to_come(voice);
        self.voices[voice].envelope.run(levels);
    }

    /// Runs what a write is going to act on. Registers of filter and volume are on the tape.
    fn catch_up_for_write(&mut self, register: u8, value: u8, tape: &mut Tape) {
        let voice = usize::from(register / 7);
        match (register, register % 7) {
            (21.., _) => {}
            (_, 5 | 6) => self.catch_up_envelope(voice, tape),
            (_, 4) => {
                if value & COUPLING != 0 {
                    self.catch_up_waves(tape);
                } else {
                    self.catch_up_wave(voice, tape);
                }
                if self.voices[voice].envelope.gate() != (value & 1 != 0) {
                    self.catch_up_envelope(voice, tape);
                }
            }
            _ => self.catch_up_wave(voice, tape),
        }
    }

    fn take_taps(&self, tape: &mut Tape, tap: &mut Vec<[i16; 4]>) {
        let tables = self.analogue.voice_tables();
        let taps = core::mem::take(&mut tape.taps);
        tap.extend(taps.iter().map(|&(cycle, samples)| {
            let level = |voice: usize| {
                let (wave, envelope) = tape.inputs(voice, cycle);
                let wave = tables.waveform[usize::from(wave)];
                let envelope = tables.envelope[usize::from(envelope)];
                (wave * envelope * 65_534.0).clamp(-32_767.0, 32_767.0) as i16
            };
            [level(0), level(1), level(2), samples]
        }));
        // Its memory is used again.
        tape.taps = taps;
        tape.taps.clear();
    }
}

/// The oscillators over as many cycles as `waves` has elements.
fn run_voices(
    voices: &mut [Voice; 3],
    model: Model,
    tables: &VoiceTables,
    waves: &mut [&mut [u16]; 3],
) {
    let count = waves[0].len();
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
                let out = &mut waves[index][done..end];
                voice
                    .waveform
                    .run(model, modulators[index], &tables.pull_down, out);
            }
        } else {
            step_voices(voices, model, tables, waves, done);
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
    waves: &mut [&mut [u16]; 3],
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
