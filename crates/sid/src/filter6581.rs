//! What is particular to the 6581's filter: NMOS inverters as amplifiers, and cutoff resistors
//! made of a voltage controlled transistor beside a long "snake".
//!
//! Source: Dag Lem's circuit analysis from Michael Huth's die photographs and his measurements
//! on a chip marked MOS 6581R4AR 0687 14 (reSID 1.0), with libresidfp's supply voltage, voice
//! offset and cutoff DAC range. The transistor follows the EKV model (Enz, Krummenacher and
//! Vittoz), which joins weak inversion, triode mode and saturation in one symmetrical formula.

use crate::FilterCurve;
use crate::Model;
use crate::capacitor::{Capacitor, Nodes};
use crate::curve::LEVEL_BITS;
use crate::dac;
use crate::filter::{Integrator, Parameters, settle};
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
/// Where input and output of an amplifier are equal, V.
const REST: f64 = 4.54;
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

/// Fraction bits of a current: 14 of a transistor's, 15 that its table leaves off, and twice those
/// of the levels whose squares the snake multiplies.
const CURRENT_BITS: u32 = 14 + 15 + 2 * LEVEL_BITS;
/// From a transistor's table to a current.
const FORWARD_SHIFT: u32 = CURRENT_BITS - 14 + 15;

/// Largest table entry for a transistor's current: half the range in one cycle, which no signal
/// reaches.
const STRONGEST: f64 = 16_383.0;
/// Level differences of gate and channel that a table of currents covers.
const FORWARD_SIZE: usize = 1 << 17;

/// Tables of the voltage controlled resistors.
#[derive(Debug)]
pub struct Resistors {
    /// Vdd - Vth, as a level with [`LEVEL_BITS`] fraction bits.
    headroom: i32,
    /// Level at which an amplifier rests.
    rest: i32,
    /// Current of the snake for a squared level difference of 32,768, in 16,384ths of a level
    /// per cycle.
    snake: i32,
    /// Gate level of the transistor, over half the sum of the squares of the
    /// level differences at its two resistors (upper 16 bits).
    gate: Lookup,
    /// Current of the transistor in units of two levels per cycle, over the level difference of
    /// gate and channel, which wraps around. The unit is the reference's: what it rounds away in
    /// weak inversion is heard at low cutoffs.
    forward: Box<[u16; FORWARD_SIZE]>,
    /// Level of the control voltage per cutoff register value, on an average chip.
    cutoff: Vec<f64>,
    /// Level differences: Vdd - Vth above the lowest voltage, and a volt.
    supply: f64,
    volt: f64,
}

impl Resistors {
    pub fn new(amplifier: &OpAmp) -> Self {
        let per_volt = amplifier.levels_per_volt();
        let span = amplifier.highest - amplifier.lowest;
        let headroom = amplifier.level(amplifier.headroom);
        let current = STEP / CAPACITOR * TRANSCONDUCTANCE;
        let specific = per_volt * current * 2.0 * THERMAL_VOLTAGE * THERMAL_VOLTAGE * VCR_RATIO;
        let per_thermal = 1.0 / (per_volt * 2.0 * THERMAL_VOLTAGE);
        let cutoff = dac::ladder(11, Model::Mos6581)
            .iter()
            .map(|share| amplifier.level(CUTOFF_ZERO + CUTOFF_RANGE * share))
            .collect();
        let gate = lookup(|square| headroom - (f64::from(square) * 65_536.0).sqrt());
        let threshold = THRESHOLD * per_volt;
        let mut forward = Box::new([0; FORWARD_SIZE]);
        for difference in -65_536..65_536_i32 {
            let overdrive = f64::from(difference) - threshold;
            let root = libm::log1p(libm::exp(overdrive * per_thermal));
            forward[difference as usize & (FORWARD_SIZE - 1)] =
                rounded((0.5 * specific * root * root).min(STRONGEST));
        }
        Resistors {
            headroom: i32::from(rounded(headroom)) << LEVEL_BITS,
            rest: i32::from(rounded(amplifier.level(REST))),
            snake: i32::from(rounded(8192.0 * span * 0.5 * current * SNAKE_RATIO)),
            gate,
            forward,
            cutoff,
            supply: headroom,
            volt: per_volt,
        }
    }

    /// Current in a cycle from the resistor's input to the amplifier's at `node`, a level.
    /// `input` and `drive` (headroom less input) are levels with [`LEVEL_BITS`] fraction bits.
    #[inline(always)]
    fn current<const DRIVEN: bool>(&self, control: u32, node: i32, input: i32, drive: i32) -> i64 {
        let source = i64::from(self.headroom - (node << LEVEL_BITS));
        let drain = i64::from(drive);
        let drain_squared = drain * drain;
        let snake = i64::from(self.snake) * settle::<DRIVEN>(source * source - drain_squared);
        // Gate voltage behind the two resistors from the input and the control voltage.
        let square = ((i64::from(control) << (2 * LEVEL_BITS + 1)) + drain_squared)
            >> (2 * LEVEL_BITS + 1 + 16);
        let gate = i32::from(self.gate[square as usize & 0xffff]);
        let current =
            |level: i32| i64::from(self.forward[(gate - level) as usize & (FORWARD_SIZE - 1)]);
        snake + ((current(node) - current(input >> LEVEL_BITS)) << FORWARD_SHIFT)
    }
}

/// One integrator with its resistor and capacitor.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Integrator6581(Capacitor<CURRENT_BITS>);

impl Integrator for Integrator6581 {
    type Resistors = Resistors;

    fn new() -> Self {
        Integrator6581(Capacitor::new())
    }

    fn control(resistors: &Resistors, cutoff: u16, curve: FilterCurve) -> u32 {
        // The range of the register is that of the DAC.
        let level = resistors.cutoff[usize::from(cutoff)] + resistors.volt * curve.volts();
        let drive = resistors.supply - level;
        (0.5 * drive * drive) as u32
    }

    fn pace(resistors: &Resistors, control: u32) -> f32 {
        // What a difference of 512 levels makes, around the level of an amplifier at rest.
        const DIFFERENCE: i32 = 512;
        let current = |level: i32| {
            let input = level << LEVEL_BITS;
            let drive = Self::drive(resistors, input);
            resistors.current::<true>(control, resistors.rest, input, drive)
        };
        let half = DIFFERENCE / 2;
        let change = current(resistors.rest - half) - current(resistors.rest + half);
        change.abs() as f32 / (DIFFERENCE as f32 * (1_i64 << CURRENT_BITS) as f32)
    }

    #[inline(always)]
    fn drive(resistors: &Resistors, input: i32) -> i32 {
        resistors.headroom - input
    }

    #[inline(always)]
    fn solve<const SHIFT: u32, const DRIVEN: bool>(
        &mut self,
        resistors: &Resistors,
        nodes: &Nodes,
        control: u32,
        input: i32,
        drive: i32,
    ) -> i32 {
        let current = resistors.current::<DRIVEN>(control, self.0.node(), input, drive);
        self.0.charge::<SHIFT>(nodes, current)
    }
}
