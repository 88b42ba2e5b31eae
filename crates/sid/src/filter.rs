//! The analogue path that both models share: a two-integrator-loop filter, the mixer and the
//! volume control.
//!
//! Source: Bob Yannes' interview (filter type) and Dag Lem's schematics from die photographs
//! (reSID 1.0). Voltages are levels: shares of 65,536 of the amplifiers' range.

use crate::capacitor::Nodes;
use crate::curve::{LEVEL_BITS, LevelTable, VALUE_BITS};
use crate::external_filter::ExternalFilter;
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
    /// Summing nodes of the integrators.
    nodes: Nodes,
    /// Mixer and volume control in a row, per number of inputs and volume: from the sum of the
    /// inputs to the output.
    output: Vec<Vec<LevelTable>>,
}

impl Curves {
    pub fn new(parameters: &Parameters) -> Self {
        let amplifier = &parameters.amplifier;
        let volumes: Vec<LevelTable> = (0..16)
            .map(|volume| amplifier.inverter(1, f64::from(volume) / parameters.volume_divisor))
            .collect();
        let output = (0..=7_u32)
            .map(|inputs| {
                let mixer = amplifier.inverter(inputs, f64::from(inputs) * parameters.mixer_gain);
                let end = inputs.max(1) << 16;
                let combine = |volume: &LevelTable| {
                    LevelTable::sample(end, |sum| {
                        let sum = sum.min(f64::from(end)) * f64::from(1 << LEVEL_BITS);
                        let mixed = mixer.at(sum as i32) >> (VALUE_BITS - LEVEL_BITS);
                        f64::from(volume.at(mixed)) / f64::from(1 << VALUE_BITS)
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
pub trait Integrator: Clone + PartialEq {
    /// Shared figures of the model's cutoff resistors.
    type Resistors;

    /// Discharged.
    fn new() -> Self;

    /// What the cutoff register sets.
    fn control(resistors: &Self::Resistors, cutoff: u16) -> u32;

    /// One cycle with `input` as the level before the resistor; gives the output level.
    fn solve(
        &mut self,
        resistors: &Self::Resistors,
        nodes: &Nodes,
        control: u32,
        input: i32,
    ) -> i32;
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

/// What a run of cycles goes through.
pub struct Path<'a, I: Integrator> {
    pub curves: &'a Curves,
    pub resistors: &'a I::Resistors,
    pub settings: Settings,
    /// From levels to samples.
    pub gain: f32,
}

/// State of the filter: output levels of its three amplifiers, and the integrators.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
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
    /// `direct` those switched to the mixer, both with [`LEVEL_BITS`] fraction bits; `out` gets
    /// what the board makes of the output, times `gain`.
    ///
    /// The loop waits for the filter's feedback, so that everything behind it comes for free.
    pub fn run(
        &mut self,
        path: &Path<'_, I>,
        board: &mut ExternalFilter,
        input: &[i32],
        direct: &[i32],
        out: &mut [f32],
    ) {
        let Path {
            curves,
            resistors,
            settings,
            gain,
        } = path;
        let summer = &curves.summer[settings.filter_inputs];
        let resonance = &curves.resonance[settings.resonance];
        let output = &curves.output[settings.mixer_inputs][settings.volume];
        let nodes = &curves.nodes;
        let control = I::control(resistors, settings.cutoff);
        let [high_on, band_on, low_on] = settings.outputs.map(|on| if on { -1 } else { 0 });
        const SCALE: f32 = 1.0 / (1 << VALUE_BITS) as f32;
        let level = |sum: i32| (output.at(sum) - (32_768 << VALUE_BITS)) as f32 * SCALE;

        // In locals, so that the feedback loop runs through registers.
        let Filter {
            mut high,
            mut band,
            mut low,
            mut first,
            mut second,
        } = self.clone();
        let mut stage = board.clone();
        let is_driven = settings.filter_inputs > 0;
        let mut cycles = input.iter().zip(direct).zip(&mut *out);
        let mut heard = 0;
        for ((input, direct), out) in &mut cycles {
            let before = (high, band, low, first.clone(), second.clone());
            let feedback = resonance.at(band << LEVEL_BITS) >> (VALUE_BITS - LEVEL_BITS);
            high = summer.at(feedback + (low << LEVEL_BITS) + input) >> VALUE_BITS;
            band = first.solve(resistors, nodes, control, high);
            low = second.solve(resistors, nodes, control, band);
            heard = ((low & low_on) + (band & band_on) + (high & high_on)) << LEVEL_BITS;
            *out = stage.clock(level(*direct + heard)) * gain;
            // Without an input, once a cycle leaves the filter as it was, so do all others.
            if !is_driven && (high, band, low, first.clone(), second.clone()) == before {
                break;
            }
        }
        for ((_, direct), out) in cycles {
            *out = stage.clock(level(*direct + heard)) * gain;
        }
        *self = Filter {
            high,
            band,
            low,
            first,
            second,
        };
        *board = stage;
    }
}
