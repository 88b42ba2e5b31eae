//! Oscillator and waveform selector: a 24-bit phase accumulator, the digital waveforms and their
//! combinations.
//!
//! Sources: Bob Yannes' interview (accumulator, waveforms, ring modulation by substituting the
//! top bit, hard sync), Dag Lem's sampling of OSC3 (pulse delayed by a cycle, floating DAC input,
//! the sync special case), libresidfp (the 8580's half-cycle triangle/sawtooth latch, the 6581
//! accumulator's top bit pulled low by combined waveforms).

use crate::Model;
use crate::combined;
use crate::noise::{self, Noise};

/// Cycles after which a DAC input that nothing drives starts to fade, and between its further
/// steps (measured on warm chips, VICE bugs 290 and 1128).
const fn floating_times(model: Model) -> (u32, u32) {
    match model {
        Model::Mos6581 => (54_000, 1_400),
        Model::Mos8580 => (800_000, 50_000),
    }
}

const TOP_BIT: u32 = 0x80_0000;
const ACCUMULATOR_MASK: u32 = 0xff_ffff;

/// One voice's oscillator.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Waveform {
    accumulator: u32,
    frequency: u32,
    pulse_width: u32,
    /// Noise, pulse, sawtooth, triangle: the upper nibble of the control register.
    selected: u8,
    test: bool,
    sync: bool,
    /// [`TOP_BIT`] while ring modulation is heard, else 0.
    ring_mask: u32,
    /// The accumulator's top bit rose in this cycle.
    top_bit_rose: bool,
    /// 0xfff or 0: the comparison of the cycle before.
    pulse: u16,
    /// Triangle/sawtooth as the 8580 latches it half a cycle late.
    late_shape: u16,
    output: u16,
    osc3: u16,
    /// Cycles until the floating DAC input fades.
    floating: u32,
    noise: Noise,
}

impl Waveform {
    /// The oscillator as it is at power-on: every second bit of the accumulator is high.
    pub fn new() -> Self {
        Waveform {
            accumulator: 0x55_5555,
            frequency: 0,
            pulse_width: 0,
            selected: 0,
            test: false,
            sync: false,
            ring_mask: 0,
            top_bit_rose: false,
            pulse: 0xfff,
            late_shape: 0x555,
            output: 0,
            osc3: 0,
            floating: 0,
            noise: Noise::new(),
        }
    }

    /// The RES line; the accumulator keeps its value.
    pub fn reset(&mut self) {
        let accumulator = self.accumulator;
        let late_shape = self.late_shape;
        *self = Waveform {
            accumulator,
            late_shape,
            ..Waveform::new()
        };
    }

    pub fn write_frequency_low(&mut self, value: u8) {
        self.frequency = (self.frequency & 0xff00) | u32::from(value);
    }

    pub fn write_frequency_high(&mut self, value: u8) {
        self.frequency = u32::from(value) << 8 | (self.frequency & 0xff);
    }

    pub fn write_pulse_width_low(&mut self, value: u8) {
        self.pulse_width = (self.pulse_width & 0xf00) | u32::from(value);
    }

    pub fn write_pulse_width_high(&mut self, value: u8) {
        self.pulse_width = u32::from(value & 15) << 8 | (self.pulse_width & 0xff);
    }

    /// Takes all but bit 0 of the control register.
    pub fn write_control(&mut self, value: u8, model: Model) {
        let before = self.selected;
        let tested = self.test;
        self.selected = value >> 4;
        self.test = value & 0x08 != 0;
        self.sync = value & 0x02 != 0;
        // Ring modulation works on the triangle's folding only while sawtooth is off.
        self.ring_mask = if value & 0x24 == 0x04 { TOP_BIT } else { 0 };

        if self.selected == 0 && before != 0 {
            self.floating = floating_times(model).0;
        }
        if self.test && !tested {
            self.accumulator = 0;
            self.noise.hold(model);
        } else if !self.test && tested {
            let written = noise::writes_back(before, self.selected, model).then_some(self.output);
            self.noise.release(written);
        }
    }

    /// The value that a read of OSC3 gives.
    pub fn osc3(&self) -> u8 {
        (self.osc3 >> 4) as u8
    }

    /// The phase, for the voice that this one modulates.
    #[inline]
    pub fn accumulator(&self) -> u32 {
        self.accumulator
    }

    #[inline]
    pub fn is_synced(&self) -> bool {
        self.sync
    }

    #[inline]
    pub fn top_bit_rose(&self) -> bool {
        self.top_bit_rose
    }

    /// Hard sync: the phase starts again.
    #[inline]
    pub fn restart(&mut self) {
        self.accumulator = 0;
    }

    /// First half of a cycle: the phase advances.
    #[inline]
    pub fn clock(&mut self, model: Model) {
        if self.test {
            self.noise.clock_held(model);
            self.pulse = 0xfff;
            self.top_bit_rose = false;
            return;
        }
        let before = self.accumulator;
        self.accumulator = (before + self.frequency) & ACCUMULATOR_MASK;
        let rose = !before & self.accumulator;
        self.top_bit_rose = rose & TOP_BIT != 0;
        if rose & 0x08_0000 != 0 {
            self.noise.start_shift();
        } else if self.noise.is_shifting() {
            let written =
                noise::writes_back(self.selected, self.selected, model).then_some(self.output);
            self.noise.continue_shift(written);
        }
    }

    /// Second half of a cycle: the twelve bits at the DAC. `modulator` is the phase of the voice
    /// before this one, `pull_down` the combined-waveform tables of the model.
    #[inline]
    pub fn drive(&mut self, model: Model, modulator: u32, pull_down: &[[u16; 4096]]) -> u16 {
        if self.selected != 0 {
            let folded = self.accumulator ^ (!modulator & self.ring_mask);
            let shape = shape(self.selected, (folded >> 12) as u16);
            let mut gates = 0xfff;
            if self.selected & 4 != 0 {
                gates &= self.pulse;
            }
            if self.selected & 8 != 0 {
                gates &= self.noise.output();
            }
            let table = combined::table_for(self.selected);
            let lines = |bits: u16| table.map_or(bits, |table| pull_down[table][usize::from(bits)]);
            self.output = lines(shape & gates);
            if self.selected & 3 != 0 && model == Model::Mos8580 {
                self.osc3 = lines(self.late_shape & gates);
                self.late_shape = shape;
            } else {
                self.osc3 = self.output;
            }
            if model == Model::Mos6581 && self.selected & 2 != 0 && self.output & 0x800 == 0 {
                self.top_bit_rose = false;
                self.accumulator &= !TOP_BIT;
            }
            if self.selected > 8 {
                self.noise.write_back(self.output, self.test);
            }
        } else if self.floating != 0 {
            self.floating -= 1;
            if self.floating == 0 {
                self.output &= self.output >> 1;
                self.osc3 = self.output;
                if self.output != 0 {
                    self.floating = floating_times(model).1;
                }
            }
        }
        self.pulse = if self.accumulator >> 12 >= self.pulse_width {
            0xfff
        } else {
            0
        };
        self.output
    }
}

/// The phase of the voice before, which ring modulation needs: a straight line.
#[derive(Clone, Copy)]
pub struct Modulator {
    /// Accumulator before the first cycle.
    start: u32,
    step: u32,
}

impl Modulator {
    /// After `cycles` cycles.
    #[inline]
    fn phase(self, cycles: u32) -> u32 {
        self.start.wrapping_add(self.step.wrapping_mul(cycles)) & ACCUMULATOR_MASK
    }
}

/// Runs of cycles without a register write or a restart: the same results as single cycles, in
/// a fraction of the time.
impl Waveform {
    /// This voice as a modulator of the next from here on.
    pub fn as_modulator(&self) -> Modulator {
        Modulator {
            start: self.accumulator,
            step: if self.test { 0 } else { self.frequency },
        }
    }

    /// The phase is a straight line: no waveform pulls the accumulator's top bit down.
    pub fn has_straight_phase(&self, model: Model) -> bool {
        model == Model::Mos8580 || self.test || self.selected & 2 == 0 || self.selected == 2
    }

    /// The next voice's phase depends on this one in more than its direction.
    pub fn is_ring_modulated(&self) -> bool {
        self.ring_mask != 0
    }

    /// Cycles until the accumulator's top bit rises; at the end of the last one it has.
    pub fn cycles_to_top_bit(&self) -> u32 {
        if self.test || self.frequency == 0 {
            return u32::MAX;
        }
        (TOP_BIT - 1).wrapping_sub(self.accumulator) % (ACCUMULATOR_MASK + 1) / self.frequency + 1
    }

    /// Runs `out.len()` cycles and stores what drives the DAC in each.
    pub fn run(
        &mut self,
        model: Model,
        modulator: Modulator,
        pull_down: &[[u16; 4096]],
        out: &mut [u16],
    ) {
        let count = out.len() as u32;
        let done = if self.test {
            self.run_held(model, modulator, pull_down, out)
        } else {
            self.run_free(model, modulator, pull_down, out)
        };
        for cycle in done..count {
            self.clock(model);
            out[cycle as usize] = self.drive(model, modulator.phase(cycle + 1), pull_down);
        }
    }

    /// The test bit is set: after two cycles nothing moves. Returns the cycles done.
    fn run_held(
        &mut self,
        model: Model,
        modulator: Modulator,
        pull_down: &[[u16; 4096]],
        out: &mut [u16],
    ) -> u32 {
        let count = out.len() as u32;
        let is_steady = self.selected < 8
            && self.ring_mask == 0
            && self.noise.quiet_cycles_held() > count
            && (self.floating == 0 || self.floating > count);
        if !is_steady || count < 4 {
            return 0;
        }
        for cycle in 0..2 {
            self.clock(model);
            out[cycle as usize] = self.drive(model, modulator.phase(cycle + 1), pull_down);
        }
        out[2..].fill(self.output);
        self.noise.advance_held(count - 2);
        if self.selected == 0 && self.floating != 0 {
            self.floating -= count - 2;
        }
        count
    }

    /// The oscillator runs: all but the last cycle of most waveforms. Returns the cycles done.
    fn run_free(
        &mut self,
        model: Model,
        modulator: Modulator,
        pull_down: &[[u16; 4096]],
        out: &mut [u16],
    ) -> u32 {
        let count = out.len() as u32;
        let floats = self.selected == 0 && self.floating != 0 && self.floating <= count;
        if count < 4 || self.selected > 8 || floats || !self.has_straight_phase(model) {
            return 0;
        }
        let cycles = count - 1;
        let out = &mut out[..cycles as usize];
        self.run_noise(out);

        let (start, step) = (self.accumulator, self.frequency);
        let phase = |cycle: u32| start.wrapping_add(step.wrapping_mul(cycle)) & ACCUMULATOR_MASK;
        let folded =
            |cycle: u32| ((phase(cycle) ^ (!modulator.phase(cycle) & self.ring_mask)) >> 12) as u16;
        let compare = |cycle: u32| {
            if phase(cycle) >> 12 >= self.pulse_width {
                0xfff
            } else {
                0
            }
        };
        // The comparator is a cycle late.
        let gate = |cycle: u32| {
            if cycle == 1 {
                self.pulse
            } else {
                compare(cycle - 1)
            }
        };
        match self.selected {
            0 => {
                out.fill(self.output);
                if self.floating != 0 {
                    self.floating -= cycles;
                }
            }
            1 => fill(out, |cycle| shape(1, folded(cycle))),
            2 => fill(out, |cycle| (phase(cycle) >> 12) as u16),
            4 => {
                fill(out, |cycle| compare(cycle - 1));
                out[0] = self.pulse;
            }
            8 => {}
            selected => {
                let table = combined::table_for(selected).unwrap_or(0);
                let lines = &pull_down[table];
                if selected & 4 == 0 {
                    fill(out, |cycle| {
                        lines[usize::from(shape(selected, folded(cycle)))]
                    });
                } else {
                    fill(out, |cycle| {
                        lines[usize::from(shape(selected, folded(cycle)) & gate(cycle))]
                    });
                }
            }
        }
        self.pulse = compare(cycles);
        if self.selected & 3 != 0 && model == Model::Mos8580 {
            self.late_shape = shape(self.selected, folded(cycles));
        }
        self.accumulator = phase(cycles);
        self.output = out[cycles as usize - 1];
        cycles
    }

    /// The noise register's part of a free run; stores its output where noise alone is selected.
    fn run_noise(&mut self, out: &mut [u16]) {
        let cycles = out.len() as u32;
        let mut done = 0;
        let mut store = |noise: &Noise, from: u32, to: u32| {
            if self.selected == 8 {
                out[from as usize..to as usize].fill(noise.output());
            }
        };
        while done < cycles {
            if self.noise.is_shifting() {
                self.noise.continue_shift(None);
                store(&self.noise, done, done + 1);
                done += 1;
                continue;
            }
            let phase = self
                .accumulator
                .wrapping_add(self.frequency.wrapping_mul(done));
            let distance = (0x07_ffff_u32).wrapping_sub(phase) & 0x0f_ffff;
            // Most runs are short; a product is told sooner than a quotient.
            if u64::from(self.frequency) * u64::from(cycles - done) <= u64::from(distance) {
                store(&self.noise, done, cycles);
                break;
            }
            let wait = distance
                .checked_div(self.frequency)
                .map_or(u32::MAX, |whole| whole + 1);
            let until = done.saturating_add(wait).min(cycles);
            store(&self.noise, done, until);
            if wait <= cycles - done {
                self.noise.start_shift();
            }
            done = until;
        }
    }
}

/// Stores `function(1)`, `function(2)` and so on.
#[inline]
fn fill(out: &mut [u16], function: impl Fn(u32) -> u16) {
    for (cycle, out) in (1..).zip(out) {
        *out = function(cycle);
    }
}

/// Triangle, sawtooth, both or neither, for the upper twelve bits of the phase.
#[inline]
fn shape(selected: u8, phase: u16) -> u16 {
    match selected & 3 {
        0 => 0xfff,
        1 => (phase ^ (0_u16.wrapping_sub(phase >> 11) & 0xfff)) << 1 & 0xfff,
        2 => phase,
        _ => phase & (phase << 1),
    }
}
