//! What is particular to the 8580's filter: real operational amplifiers, cutoff resistors that
//! are a ladder of switched transistors, and a resonance ladder in both arms.
//!
//! Source: circuit analysis by ttlworks (forum.6502.org) from Michael Huth's and Tommi
//! Lempinen's die images, amplifier curve measured on a chip marked CSG 8580R5 1690 25 (reSID
//! 1.0), with libresidfp's supply voltage, ladder and switched-capacitor divider setting.

use crate::FilterCurve;
use crate::capacitor::{Capacitor, Nodes};
use crate::curve::LEVEL_BITS;
use crate::filter::{Integrator, Parameters, settle};
use crate::opamp::{OpAmp, rounded};

/// Measured transfer curve of an amplifier: volts at the inverting input, volts at the output.
const AMPLIFIER: [[f64; 2]; 21] = [
    [1.30, 8.91],
    [4.76, 8.91],
    [4.77, 8.90],
    [4.78, 8.88],
    [4.785, 8.86],
    [4.79, 8.80],
    [4.795, 8.60],
    [4.80, 8.25],
    [4.805, 7.50],
    [4.81, 6.10],
    [4.815, 4.05],
    [4.82, 2.27],
    [4.825, 1.65],
    [4.83, 1.55],
    [4.84, 1.47],
    [4.85, 1.43],
    [4.87, 1.37],
    [4.90, 1.34],
    [5.00, 1.30],
    [5.10, 1.30],
    [8.91, 1.30],
];

const SKEW: f64 = 1.01;
const SUPPLY: f64 = 9.0 * SKEW;
/// Virtual ground, from a divider on the chip.
const REFERENCE: f64 = 4.75 * SKEW;
const THRESHOLD: f64 = 0.80;
/// Transconductance of the process, A/V².
const TRANSCONDUCTANCE: f64 = 100e-6;
/// Capacitors at CAP1 and CAP2, F.
const CAPACITOR: f64 = 22e-9;
/// Width over length of the cutoff transistor of bit 0; each further bit doubles it.
const BIT_0_RATIO: f64 = 0.00615;
/// Gate voltage of the cutoff transistors over the reference.
const GATE_FACTOR: f64 = 1.5;
/// The integrators' time step, s.
const STEP: f64 = 1e-6;

/// Feedback and input resistors that the resonance bits 0-1 and 2-3 switch, relative to Ri.
const RESONANCE_SHUNTS: [Option<f64>; 4] = [None, Some(15.3), Some(7.3), Some(4.7)];
const RESONANCE_INPUTS: [f64; 4] = [1.0, 1.4, 2.0, 2.8];
const RESONANCE_FEEDBACK: f64 = 1.4;

/// The chip's parameters for the part of the circuit that both models share.
pub fn parameters() -> Parameters {
    Parameters {
        voice_volts: 0.24,
        mixer_scale: 1.0,
        voice_zero: vec![REFERENCE; 256],
        // The "digi boost" that later machines lack and owners add: EXT IN tied low.
        external_input: -0.5,
        mixer_gain: 8.0 / 5.0,
        volume_divisor: 16.0,
        resonance_gains: std::array::from_fn(|res| {
            let feedback = match RESONANCE_SHUNTS[res & 3] {
                None => RESONANCE_FEEDBACK,
                Some(shunt) => RESONANCE_FEEDBACK * shunt / (RESONANCE_FEEDBACK + shunt),
            };
            feedback / RESONANCE_INPUTS[res >> 2]
        }),
        amplifier: OpAmp::new(&AMPLIFIER, SUPPLY - THRESHOLD),
    }
}

/// Fraction bits of a current: 19 of the conductance and 14 that it is scaled by, and twice those
/// of the levels whose squares it is multiplied with.
const CURRENT_BITS: u32 = 19 + 14 + 2 * LEVEL_BITS;

/// The cutoff ladder.
#[derive(Debug)]
pub struct Resistors {
    /// Gate voltage less threshold, as a level with [`LEVEL_BITS`] fraction bits.
    overdrive: i32,
    /// Level of the virtual ground.
    ground: i32,
    /// Current at a ratio of 1 for a squared level difference of 32,768, in 262,144ths of a
    /// level per cycle.
    conductance: f64,
}

impl Resistors {
    pub fn new(amplifier: &OpAmp) -> Self {
        let span = amplifier.highest - amplifier.lowest;
        let overdrive = amplifier.level(REFERENCE * GATE_FACTOR - THRESHOLD);
        Resistors {
            overdrive: i32::from(rounded(overdrive)) << LEVEL_BITS,
            ground: i32::from(rounded(amplifier.level(REFERENCE))) << LEVEL_BITS,
            conductance: 131_072.0 * span * 0.5 * TRANSCONDUCTANCE * STEP / CAPACITOR,
        }
    }
}

/// One integrator with its resistor and capacitor.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Integrator8580(Capacitor<CURRENT_BITS>);

impl Integrator for Integrator8580 {
    type Resistors = Resistors;

    fn new() -> Self {
        Integrator8580(Capacitor::new())
    }

    fn control(resistors: &Resistors, cutoff: u16, _curve: FilterCurve) -> u32 {
        // With all bits off, a NOR gate switches on a transistor of half of bit 0.
        let steps = if cutoff == 0 { 0.5 } else { f64::from(cutoff) };
        u32::from(rounded(resistors.conductance * BIT_0_RATIO * steps))
    }

    fn pace(resistors: &Resistors, control: u32) -> f32 {
        // The slope of a square, around the level of virtual ground.
        let slope = (2 * (resistors.overdrive - resistors.ground)) >> LEVEL_BITS;
        control as f32 * slope as f32 / (32_768.0 * 262_144.0)
    }

    #[inline(always)]
    fn drive(resistors: &Resistors, input: i32) -> i32 {
        (resistors.overdrive - input).max(0)
    }

    #[inline(always)]
    fn solve<const SHIFT: u32, const DRIVEN: bool>(
        &mut self,
        resistors: &Resistors,
        nodes: &Nodes,
        control: u32,
        _input: i32,
        drive: i32,
    ) -> i32 {
        let source = i64::from(resistors.overdrive - (self.0.node() << LEVEL_BITS));
        let drain = i64::from(drive);
        let squares = settle::<DRIVEN>(source * source - drain * drain);
        self.0.charge::<SHIFT>(nodes, i64::from(control) * squares)
    }
}
