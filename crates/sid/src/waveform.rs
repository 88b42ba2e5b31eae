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
#[derive(Clone, Debug, PartialEq)]
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
