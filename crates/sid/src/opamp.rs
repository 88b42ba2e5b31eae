//! The inverting amplifiers of the filter, the mixer and the volume control.
//!
//! Source: Dag Lem's model (reSID 1.0): each amplifier is described by its measured transfer
//! curve, the "resistors" around it are NMOS transistors in triode mode, whose current is
//! proportional to the difference of the squares of (Vdd - Vth - V) at their ends.

use crate::capacitor::Nodes;
use crate::curve::{self, Pieces, Spline};

/// A value for every 16-bit argument.
pub type Lookup = Box<[u16; 65_536]>;

/// Samples `function` at every 16-bit argument.
pub fn lookup(function: impl Fn(u16) -> f64) -> Lookup {
    let mut table = Box::new([0; 65_536]);
    for (argument, value) in (0..=u16::MAX).zip(table.iter_mut()) {
        *value = rounded(function(argument));
    }
    table
}

/// A level or current as the 16 bits that the tables hold.
pub fn rounded(value: f64) -> u16 {
    libm::floor(value + 0.5).clamp(0.0, 65_535.0) as u16
}

/// An amplifier and the supply around it. Voltages in volts, levels as shares of 65,536 of the
/// range from `lowest` to `highest`.
pub struct OpAmp {
    /// Output voltage over input voltage.
    transfer: Spline,
    /// Supply less threshold voltage.
    pub headroom: f64,
    /// Lowest voltage that occurs: level 0.
    pub lowest: f64,
    /// Highest voltage that occurs: level 65,535.
    pub highest: f64,
    points: Vec<[f64; 2]>,
}

impl OpAmp {
    /// `points` are measured pairs of input and output voltage.
    pub fn new(points: &[[f64; 2]], headroom: f64) -> Self {
        OpAmp {
            transfer: Spline::new(points),
            headroom,
            lowest: points[0][0],
            highest: headroom.max(points[0][1]),
            points: points.to_vec(),
        }
    }

    /// Levels per volt.
    pub fn levels_per_volt(&self) -> f64 {
        65_535.0 / (self.highest - self.lowest)
    }

    /// A voltage as a level.
    pub fn level(&self, volts: f64) -> f64 {
        (volts - self.lowest) * self.levels_per_volt()
    }

    /// The closed loop as a table from the sum of `inputs` equal input levels to the output
    /// level (with `bits` fraction bits); `gain` is the conductance of the whole input over that
    /// of the feedback.
    pub fn inverter(&self, inputs: u32, gain: f64, bits: u32) -> Pieces {
        let mut guess = self.lowest;
        curve::sample(inputs.max(1) << 16, bits, |sum| {
            self.invert(inputs, gain, sum, &mut guess)
        })
    }

    /// One point of [`Self::inverter`]; `guess` carries the amplifier's input voltage from one
    /// point to the next.
    pub fn invert(&self, inputs: u32, gain: f64, sum: f64, guess: &mut f64) -> f64 {
        let volts = self.lowest + sum / f64::from(inputs.max(1)) / self.levels_per_volt();
        let (input, output) = self.solve(gain, volts, *guess);
        *guess = input;
        self.level(output)
    }

    /// What an integrator's summing node does, from the capacitor voltage to the input level.
    pub fn integrator_node(&self) -> Nodes {
        let per_volt = self.levels_per_volt();
        let pairs: Vec<[f64; 2]> = self
            .points
            .iter()
            .map(|[input, output]| [per_volt * (input - output), self.level(*input)])
            .collect();
        let spline = Spline::new(&pairs);
        Nodes::new(pairs[pairs.len() - 1][0], |volts| spline.at(volts).0)
    }

    /// Input and output voltage of the amplifier when its input resistors see `volts`.
    fn solve(&self, gain: f64, volts: f64, guess: f64) -> (f64, f64) {
        let squared = |volts: f64| {
            let drive = (self.headroom - volts).max(0.0);
            drive * drive
        };
        let source = gain * squared(volts);
        let (mut low, mut high) = (self.lowest, self.highest);
        let mut input = guess.clamp(low, high);
        for _ in 0..100 {
            let (output, slope) = self.transfer.at(input);
            let error = (gain + 1.0) * squared(input) - source - squared(output);
            let steepness = 2.0
                * ((self.headroom - output).max(0.0) * slope
                    - (gain + 1.0) * (self.headroom - input).max(0.0));
            if error < 0.0 {
                high = input;
            } else {
                low = input;
            }
            let before = input;
            input -= error / steepness;
            if !(input > low && input < high) {
                input = 0.5 * (low + high);
            }
            if (input - before).abs() < 1e-9 {
                break;
            }
        }
        (input, self.transfer.at(input).0)
    }
}
