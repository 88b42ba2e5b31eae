//! The analogue path that both models share: a two-integrator-loop filter, the mixer and the
//! volume control.
//!
//! Source: Bob Yannes' interview (filter type) and Dag Lem's schematics from die photographs
//! (reSID 1.0). Voltages are levels: shares of 65,536 of the amplifiers' range.

use crate::capacitor::Nodes;
use crate::curve::{self, FixedPieces, LEVEL_BITS, Pieces, VALUE_BITS};
use crate::opamp::OpAmp;
use crate::sources::Sources;

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

/// Pieces of the filter summer, which has up to six inputs.
const SUMMER_PIECES: usize = 4096;
/// Pieces of the resonance path, which has one.
const RESONANCE_PIECES: usize = 512;

/// Curves of the amplifiers in every setting.
#[derive(Debug)]
pub struct Curves {
    /// Filter summer, per number of inputs beyond the two that always exist.
    summer: Vec<FixedPieces<SUMMER_PIECES>>,
    /// Resonance path, per register value.
    resonance: Vec<FixedPieces<RESONANCE_PIECES>>,
    /// Summing nodes of the integrators.
    nodes: Nodes,
    /// Mixer and volume control in a row, per number of inputs and volume: from the sum of the
    /// inputs to the output.
    output: Vec<Vec<Pieces>>,
}

impl Curves {
    pub fn new(parameters: &Parameters) -> Self {
        let amplifier = &parameters.amplifier;
        let volumes: Vec<Pieces> = (0..16)
            .map(|volume| amplifier.inverter(1, f64::from(volume) / parameters.volume_divisor))
            .collect();
        let output = (0..=7_u32)
            .map(|inputs| {
                let mixer = amplifier.inverter(inputs, f64::from(inputs) * parameters.mixer_gain);
                let end = inputs.max(1) << 16;
                let combine = |volume: &Pieces| {
                    curve::sample(end, |sum| {
                        let sum = sum.min(f64::from(end)) * f64::from(1 << LEVEL_BITS);
                        let mixed = curve::at(&mixer, sum as i32) >> (VALUE_BITS - LEVEL_BITS);
                        f64::from(curve::at(volume, mixed)) / f64::from(1 << VALUE_BITS)
                    })
                };
                volumes.iter().map(combine).collect()
            })
            .collect();
        Curves {
            summer: (2..=6)
                .map(|inputs| curve::fixed(&amplifier.inverter(inputs, f64::from(inputs))))
                .collect(),
            resonance: parameters
                .resonance_gains
                .iter()
                .map(|&gain| curve::fixed(&amplifier.inverter(1, gain)))
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
}

/// What a filter's cycles go through under one setting.
pub struct Path<'a, I: Integrator> {
    summer: &'a [[i32; 2]; SUMMER_PIECES],
    resonance: &'a [[i32; 2]; RESONANCE_PIECES],
    nodes: &'a Nodes,
    output: &'a [[i32; 2]],
    resistors: &'a I::Resistors,
    control: u32,
    /// All bits set where the output is heard: high-pass, band-pass, low-pass.
    heard: [i32; 3],
    /// Something is switched to the filter.
    is_driven: bool,
    /// From levels to samples.
    gain: f32,
}

impl<'a, I: Integrator> Path<'a, I> {
    pub fn new(
        curves: &'a Curves,
        resistors: &'a I::Resistors,
        settings: &Settings,
        gain: f32,
    ) -> Self {
        Path {
            summer: &curves.summer[settings.filter_inputs],
            resonance: &curves.resonance[settings.resonance],
            nodes: &curves.nodes,
            output: &curves.output[settings.mixer_inputs][settings.volume],
            resistors,
            control: I::control(resistors, settings.cutoff),
            heard: settings.outputs.map(|on| if on { -1 } else { 0 }),
            is_driven: settings.filter_inputs > 0,
            gain: gain / (1 << VALUE_BITS) as f32,
        }
    }

    /// One cycle of the filter with `input` as the sum of the levels switched to it; gives the
    /// sum of the outputs that are heard.
    #[inline(always)]
    fn step(&self, filter: &mut Filter<I>, input: i32) -> i32 {
        let feedback =
            curve::fixed_at(self.resonance, filter.band << LEVEL_BITS) >> (VALUE_BITS - LEVEL_BITS);
        let sum = (feedback + input) + (filter.low << LEVEL_BITS);
        filter.high = curve::fixed_at(self.summer, sum) >> VALUE_BITS;
        filter.band = filter
            .first
            .solve(self.resistors, self.nodes, self.control, filter.high);
        filter.low = filter
            .second
            .solve(self.resistors, self.nodes, self.control, filter.band);
        let [high, band, low] = self.heard;
        ((filter.low & low) + (filter.band & band) + (filter.high & high)) << LEVEL_BITS
    }

    /// The sample for a sum of levels at the mixer.
    #[inline(always)]
    fn sample(&self, sum: i32) -> f32 {
        (curve::at(self.output, sum) - (32_768 << VALUE_BITS)) as f32 * self.gain
    }
}

/// One chip's way through a stretch of cycles.
pub struct Lane<'a, I: Integrator> {
    pub filter: &'a mut Filter<I>,
    pub path: Path<'a, I>,
    pub sources: Sources<'a>,
    pub out: &'a mut [f32],
}

impl<I: Integrator> Lane<'_, I> {
    /// Nothing drives the filter and a cycle leaves it as it is: then so do all others.
    pub fn is_at_rest(&self) -> bool {
        let mut after = self.filter.clone();
        !self.path.is_driven && {
            self.path.step(&mut after, self.sources.silence());
            after == *self.filter
        }
    }

    /// Runs the lane without its filter, which [`Self::is_at_rest`].
    pub fn run_at_rest(&mut self) {
        let heard = self
            .path
            .step(&mut self.filter.clone(), self.sources.silence());
        let sources = self.sources.first(self.out.len());
        for (cycle, out) in self.out.iter_mut().enumerate() {
            *out = self.path.sample(sources.direct(cycle) + heard);
        }
    }
}

/// Runs some lanes of the same number of cycles side by side. Each filter waits for its own
/// feedback; what the processor does meanwhile is free.
pub fn run_lanes<I: Integrator, const N: usize>(lanes: [&mut Lane<'_, I>; N]) {
    let cycles = lanes.iter().map(|lane| lane.out.len()).min().unwrap_or(0);
    // In locals, so that the feedback loops run through registers.
    let mut filters = lanes.each_ref().map(|lane| lane.filter.clone());
    let sources = lanes.each_ref().map(|lane| lane.sources.first(cycles));
    for cycle in 0..cycles {
        for lane in 0..N {
            let path = &lanes[lane].path;
            let (input, direct) = sources[lane].both(cycle);
            let heard = path.step(&mut filters[lane], input);
            lanes[lane].out[cycle] = path.sample(direct + heard);
        }
    }
    for (lane, filter) in lanes.into_iter().zip(filters) {
        *lane.filter = filter;
    }
}
