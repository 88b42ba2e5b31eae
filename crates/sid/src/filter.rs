//! The analogue path that both models share: a two-integrator-loop filter, the mixer and the
//! volume control.
//!
//! Source: Bob Yannes' interview (filter type) and Dag Lem's schematics from die photographs
//! (reSID 1.0). Voltages are levels: shares of 65,536 of the amplifiers' range.

use crate::curve::{LEVEL_BITS, LevelTable, Table};
use crate::opamp::OpAmp;

/// Figures in which the models differ.
pub struct Parameters {
    /// Swing of a voice at full envelope, V.
    pub voice_volts: f64,
    /// How much stronger a voice is at the mixer than at the filter.
    pub mixer_scale: f64,
    /// Zero level of a voice, V, per envelope level.
    pub voice_zero: Vec<f64>,
    /// What EXT IN gets, as a share of a voice's swing.
    pub external_input: f64,
    /// Feedback over input resistance of one mixer input.
    pub mixer_gain: f64,
    /// Volume setting at which the volume control's gain would be 1.
    pub volume_divisor: f64,
    /// Gain of the resonance path (1/Q) per register value.
    pub resonance_gains: [f64; 16],
    /// The amplifier used all over the chip.
    pub amplifier: OpAmp,
}

/// Curves of the amplifiers in every setting.
#[derive(Debug)]
pub struct Curves {
    /// Filter summer, per number of inputs beyond the two that always exist.
    summer: Vec<LevelTable>,
    /// Resonance path, per register value.
    resonance: Vec<LevelTable>,
    /// Half the capacitor voltage to input voltage of an integrator.
    nodes: Vec<u16>,
    /// Mixer and volume control in a row, per number of inputs and volume: from the sum of the
    /// inputs to the output, levels, with 32,768 taken off.
    output: Vec<Vec<Table>>,
}

/// Cells of the output curves.
const OUTPUT_CELLS: usize = 1024;

impl Curves {
    pub fn new(parameters: &Parameters) -> Self {
        let amplifier = &parameters.amplifier;
        let volumes: Vec<Table> = (0..16)
            .map(|volume| {
                let gain = f64::from(volume) / parameters.volume_divisor;
                let mut guess = amplifier.lowest;
                Table::sample(0.0, 65_536.0, OUTPUT_CELLS, |level| {
                    amplifier.invert(1, gain, level, &mut guess)
                })
            })
            .collect();
        let output = (0..=7_u32)
            .map(|inputs| {
                let gain = f64::from(inputs) * parameters.mixer_gain;
                let end = f64::from(inputs.max(1)) * 65_536.0;
                let mut guess = amplifier.lowest;
                let mixer = Table::sample(0.0, end, OUTPUT_CELLS, |sum| {
                    amplifier.invert(inputs, gain, sum, &mut guess)
                });
                let combine = |volume: &Table| {
                    Table::sample(0.0, end, OUTPUT_CELLS, |sum| {
                        f64::from(volume.at(mixer.at(sum as f32))) - 32_768.0
                    })
                };
                volumes.iter().map(combine).collect()
            })
            .collect();
        Curves {
            summer: (2..=6)
                .map(|inputs| amplifier.inverter(inputs, f64::from(inputs)))
                .collect(),
            resonance: parameters
                .resonance_gains
                .iter()
                .map(|&gain| amplifier.inverter(1, gain))
                .collect(),
            nodes: amplifier.integrator_node(),
            output,
        }
    }
}

/// A cutoff resistor, a capacitor and the amplifier between them.
pub trait Integrator {
    /// Shared figures of the model's cutoff resistors.
    type Resistors;

    /// Discharged.
    fn new() -> Self;

    /// What the cutoff register sets.
    fn control(resistors: &Self::Resistors, cutoff: u16) -> i32;

    /// One cycle with `input` as the level before the resistor; gives the output level.
    fn solve(
        &mut self,
        resistors: &Self::Resistors,
        nodes: &[u16],
        control: i32,
        input: i32,
    ) -> i32;
}

/// A capacitor's voltage after a cycle with `current`, in 16,384ths of a level; it cannot leave
/// the range of the amplifiers.
#[inline]
pub fn charged(charge: i32, current: i32) -> i32 {
    const LIMIT: i32 = (1 << 30) - 1;
    charge.wrapping_add(current).clamp(-LIMIT, LIMIT)
}

/// How the registers $15 to $18 have set the path for a run of cycles.
pub struct Settings {
    /// Cutoff register, 11 bits.
    pub cutoff: u16,
    /// Resonance register.
    pub resonance: usize,
    /// Inputs switched to the filter, 0 to 4.
    pub filter_inputs: usize,
    /// Inputs of the mixer, 0 to 7.
    pub mixer_inputs: usize,
    /// High-pass, band-pass and low-pass are heard.
    pub outputs: [bool; 3],
    /// Volume control, 0 to 15.
    pub volume: usize,
}

/// State of the filter: output levels of its three amplifiers, and the integrators.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter<I> {
    high: i32,
    band: i32,
    low: i32,
    first: I,
    second: I,
}

impl<I: Integrator> Filter<I> {
    pub fn new() -> Self {
        Filter {
            high: 0,
            band: 0,
            low: 0,
            first: I::new(),
            second: I::new(),
        }
    }

    /// Runs one cycle per element. `input` holds the sums of the levels switched to the filter,
    /// `direct` those switched to the mixer; `direct` becomes the output, 0 in the middle of the
    /// range.
    pub fn run(
        &mut self,
        curves: &Curves,
        resistors: &I::Resistors,
        settings: &Settings,
        input: &[f32],
        direct: &mut [f32],
    ) {
        let summer = &curves.summer[settings.filter_inputs];
        let resonance = &curves.resonance[settings.resonance];
        let nodes = curves.nodes.as_slice();
        let control = I::control(resistors, settings.cutoff);
        let output = &curves.output[settings.mixer_inputs][settings.volume];
        let [high_on, band_on, low_on] = settings.outputs.map(|on| if on { -1 } else { 0 });
        const UNIT: f32 = (1 << LEVEL_BITS) as f32;
        for (input, direct) in input.iter().zip(direct) {
            let feedback = resonance.at(self.band << LEVEL_BITS) + (self.low << LEVEL_BITS);
            self.high = summer.at(feedback + (input * UNIT) as i32) >> LEVEL_BITS;
            self.band = self.first.solve(resistors, nodes, control, self.high);
            self.low = self.second.solve(resistors, nodes, control, self.band);
            let heard = (self.low & low_on) + (self.band & band_on) + (self.high & high_on);
            *direct = output.at(*direct + heard as f32);
        }
    }
}
