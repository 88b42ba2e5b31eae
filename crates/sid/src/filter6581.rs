//! What is particular to the 6581's filter: NMOS inverters as amplifiers, and cutoff resistors
//! made of a voltage controlled transistor beside a long "snake".
//!
//! Source: Dag Lem's circuit analysis from Michael Huth's die photographs and his measurements
//! on a chip marked MOS 6581R4AR 0687 14 (reSID 1.0), with libresidfp's supply voltage, voice
//! offset and cutoff DAC range. The transistor follows the EKV model (Enz, Krummenacher and
//! Vittoz), which joins weak inversion, triode mode and saturation in one symmetrical formula.

use crate::Model;
use crate::dac;
use crate::filter::{Integrator, Parameters, charged};
use crate::opamp::{Lookup, OpAmp, lookup, rounded};

/// Measured transfer curve of the amplifier between CAP1B and CAP1A: input and output volts.
const AMPLIFIER: [[f64; 2]; 33] = [
    [0.81, 10.31],
    [2.40, 10.31],
    [2.60, 10.30],
    [2.70, 10.29],
    [2.80, 10.26],
    [2.90, 10.17],
    [3.00, 10.04],
    [3.10, 9.83],
    [3.20, 9.58],
    [3.30, 9.32],
    [3.50, 8.69],
    [3.70, 8.00],
    [4.00, 6.89],
    [4.40, 5.21],
    [4.54, 4.54],
    [4.60, 4.19],
    [4.80, 3.00],
    [4.90, 2.30],
    [4.95, 2.03],
    [5.00, 1.88],
    [5.05, 1.77],
    [5.10, 1.69],
    [5.20, 1.58],
    [5.40, 1.44],
    [5.60, 1.33],
    [5.80, 1.26],
    [6.00, 1.21],
    [6.40, 1.12],
    [7.00, 1.02],
    [7.50, 0.97],
    [8.50, 0.89],
    [10.00, 0.81],
    [10.31, 0.81],
];

/// 12 V as real power supplies give it.
const SUPPLY: f64 = 12.0 * 1.015;
const THRESHOLD: f64 = 1.31;
/// Transconductance of the process, A/V².
const TRANSCONDUCTANCE: f64 = 20e-6;
/// Capacitors at CAP1 and CAP2, F.
const CAPACITOR: f64 = 470e-12;
/// Width over length of the voltage controlled transistor and of the snake.
const VCR_RATIO: f64 = 9.0;
const SNAKE_RATIO: f64 = 1.0 / 115.0;
/// The integrators' time step, s.
const STEP: f64 = 1e-6;
/// Boltzmann constant times 27 °C over the charge of an electron, V.
const THERMAL_VOLTAGE: f64 = 1.380649e-23 * 300.15 / 1.602176634e-19;
/// Cutoff DAC: volts at 0 and the rise to 2047.
const CUTOFF_ZERO: f64 = 7.15;
const CUTOFF_RANGE: f64 = 2.63;
/// Mixer inputs from the filter have resistors this much bigger than those from the voices.
pub const FILTER_TO_VOICE_RESISTORS: f64 = 1.07;

/// The chip's parameters for the part of the circuit that both models share.
pub fn parameters() -> Parameters {
    let amplifier = OpAmp::new(&AMPLIFIER, SUPPLY - THRESHOLD);
    let envelope = dac::ladder(8, Model::Mos6581);
    Parameters {
        voice_volts: 1.5,
        mixer_scale: FILTER_TO_VOICE_RESISTORS,
        // The zero level rises with the envelope, from 5.0 V by 0.2143 V.
        voice_zero: envelope
            .iter()
            .map(|level| 5.0 * 1.015 + 0.2143 * level)
            .collect(),
        external_input: 0.0,
        mixer_gain: 8.0 / (6.0 * FILTER_TO_VOICE_RESISTORS),
        volume_divisor: 12.0,
        // 1/Q is the inverted resonance over eight.
        resonance_gains: std::array::from_fn(|res| (15 - res) as f64 / 8.0),
        amplifier,
    }
}

/// Tables of the voltage controlled resistors. Currents are in 16,384ths of a level per cycle.
#[derive(Debug)]
pub struct Resistors {
    /// Vdd - Vth, as a level.
    headroom: i32,
    /// Threshold voltage as a level difference, with the lowest voltage's distance from 0 V.
    threshold: i32,
    /// Current of the snake for a squared level difference of 32,768.
    snake: i32,
    /// Gate level of the transistor below the threshold, over half the sum of the squares of the
    /// level differences at its two resistors (upper 16 bits).
    gate: Lookup,
    /// Current of the transistor in units of 32,768, over gate overdrive plus 32,768. The unit is
    /// the reference's: what it rounds away in weak inversion is heard at low cutoffs.
    forward: Lookup,
    /// Half the square of (headroom - control voltage), per cutoff register value.
    control: Vec<u32>,
}

impl Resistors {
    pub fn new(amplifier: &OpAmp) -> Self {
        let per_volt = amplifier.levels_per_volt();
        let span = amplifier.highest - amplifier.lowest;
        let headroom = amplifier.level(amplifier.headroom);
        let current = STEP / CAPACITOR * TRANSCONDUCTANCE;
        let specific = per_volt * current * 2.0 * THERMAL_VOLTAGE * THERMAL_VOLTAGE * VCR_RATIO;
        let per_thermal = 1.0 / (per_volt * 2.0 * THERMAL_VOLTAGE);
        let control = dac::ladder(11, Model::Mos6581)
            .iter()
            .map(|share| {
                let level = amplifier.level(CUTOFF_ZERO + CUTOFF_RANGE * share);
                (0.5 * (headroom - level) * (headroom - level)) as u32
            })
            .collect();
        let gate = lookup(|square| headroom - (f64::from(square) * 65_536.0).sqrt());
        let forward = lookup(|overdrive| {
            let overdrive = f64::from(overdrive) - 32_768.0;
            let root = libm::log1p(libm::exp(overdrive * per_thermal));
            0.5 * specific * root * root
        });
        Resistors {
            headroom: i32::from(rounded(headroom)),
            threshold: i32::from(rounded(THRESHOLD * per_volt)),
            snake: i32::from(rounded(8192.0 * span * 0.5 * current * SNAKE_RATIO)),
            gate,
            forward,
            control,
        }
    }
}

/// One integrator with its resistor and capacitor.
#[derive(Clone, Debug, PartialEq)]
pub struct Integrator6581 {
    /// Voltage at the amplifier's input, as a level.
    node: i32,
    /// Capacitor voltage, in 16,384ths of a level.
    charge: i32,
}

impl Integrator for Integrator6581 {
    type Resistors = Resistors;

    fn new() -> Self {
        Integrator6581 { node: 0, charge: 0 }
    }

    fn control(resistors: &Resistors, cutoff: u16) -> u32 {
        resistors.control[usize::from(cutoff)]
    }

    #[inline(always)]
    fn solve(
        &mut self,
        resistors: &Resistors,
        nodes: &[u16; 65_536],
        control: u32,
        input: i32,
    ) -> i32 {
        let source = (resistors.headroom - self.node) as u32;
        let drain = (resistors.headroom - input) as u32;
        let (source_squared, drain_squared) = (source * source, drain * drain);
        let snake = resistors.snake * (source_squared.wrapping_sub(drain_squared) as i32 >> 15);
        // Gate voltage behind the two resistors from the input and the control voltage.
        let square = (control + (drain_squared >> 1)) >> 16;
        let gate = i32::from(resistors.gate[square as usize & 0xffff]) - resistors.threshold;
        let current = |overdrive: i32| {
            i32::from(resistors.forward[(overdrive + 32_768).clamp(0, 65_535) as usize])
        };
        let transistor = (current(gate - self.node) - current(gate - input)) << 15;
        self.charge = charged(self.charge, snake.saturating_add(transistor));
        self.node = i32::from(nodes[((self.charge >> 15) + 32_768) as usize & 0xffff]);
        (self.node - (self.charge >> 14)).clamp(0, 65_535)
    }
}
