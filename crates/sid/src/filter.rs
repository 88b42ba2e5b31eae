//! The analogue path that both models share: a two-integrator-loop filter, the mixer and the
//! volume control.
//!
//! Source: Bob Yannes' interview (filter type) and Dag Lem's schematics from die photographs
//! (reSID 1.0). Voltages are levels: shares of 65,536 of the amplifiers' range.

use std::sync::OnceLock;

use crate::FilterCurve;
use crate::capacitor::Nodes;
use crate::curve::{self, LEVEL_BITS, Pieces, VALUE_BITS};
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

/// The summer's output and what it drives the first integrator with ([`Integrator::drive`]):
/// value and rise of both, in one place.
type SummerPieces = [[i32; 4]; SUMMER_PIECES];
type ResonancePieces = [[i32; 2]; RESONANCE_PIECES];

/// Curves of the amplifiers in every setting. Each is made when it is first needed: all of them
/// would keep a listener waiting, and a tune uses few.
pub struct Curves {
    parameters: Parameters,
    /// Filter summer, per number of inputs beyond the two that always exist.
    summer: [OnceLock<Box<SummerPieces>>; 5],
    /// Resonance path, per register value.
    resonance: [OnceLock<Box<ResonancePieces>>; 16],
    /// Summing nodes of the integrators.
    nodes: Nodes,
    /// Mixer, per number of inputs.
    mixer: [OnceLock<Pieces>; 8],
    /// Volume control, per register value.
    volume: [OnceLock<Pieces>; 16],
    /// Mixer and volume control in a row, per number of inputs and volume: from the sum of the
    /// inputs to the output.
    output: [[OnceLock<Pieces>; 16]; 8],
}

impl Curves {
    pub fn new(parameters: Parameters) -> Self {
        Curves {
            summer: Default::default(),
            resonance: Default::default(),
            nodes: parameters.amplifier.integrator_node(),
            mixer: Default::default(),
            volume: Default::default(),
            output: Default::default(),
            parameters,
        }
    }

    fn summer<I: Integrator>(&self, resistors: &I::Resistors, inputs: usize) -> &SummerPieces {
        let amplifier = &self.parameters.amplifier;
        let all = inputs as u32 + 2;
        self.summer[inputs].get_or_init(|| {
            let outputs = amplifier.inverter(all, f64::from(all), LEVEL_BITS);
            let outputs = curve::fixed::<SUMMER_PIECES>(&outputs);
            let mut pieces = Box::new([[0; 4]; SUMMER_PIECES]);
            for (piece, &[value, rise]) in pieces.iter_mut().zip(&*outputs) {
                let drive = I::drive(resistors, value);
                *piece = [
                    value,
                    rise,
                    drive,
                    I::drive(resistors, value + rise) - drive,
                ];
            }
            pieces
        })
    }

    fn resonance(&self, value: usize) -> &ResonancePieces {
        let Parameters {
            amplifier,
            resonance_gains,
            ..
        } = &self.parameters;
        self.resonance[value].get_or_init(|| {
            curve::fixed(&amplifier.inverter(1, resonance_gains[value], LEVEL_BITS))
        })
    }

    fn output(&self, inputs: usize, volume: usize) -> &[[i32; 2]] {
        let Parameters {
            amplifier,
            mixer_gain,
            volume_divisor,
            ..
        } = &self.parameters;
        self.output[inputs][volume].get_or_init(|| {
            let count = inputs as u32;
            let mixer = self.mixer[inputs].get_or_init(|| {
                amplifier.inverter(count, f64::from(count) * mixer_gain, VALUE_BITS)
            });
            let control = self.volume[volume]
                .get_or_init(|| amplifier.inverter(1, volume as f64 / volume_divisor, VALUE_BITS));
            let end = count.max(1) << 16;
            curve::sample(end, VALUE_BITS, |sum| {
                let sum = sum.min(f64::from(end)) * f64::from(1 << LEVEL_BITS);
                let mixed = curve::at(mixer, sum as i32) >> (VALUE_BITS - LEVEL_BITS);
                f64::from(curve::at(control, mixed)) / f64::from(1 << VALUE_BITS)
            })
        })
    }
}

/// A cutoff resistor, a capacitor and the amplifier between them.
pub trait Integrator: Clone + PartialEq + core::fmt::Debug {
    /// Shared figures of the model's cutoff resistors.
    type Resistors;

    /// Discharged.
    fn new() -> Self;

    /// What the cutoff register sets on a chip with this curve.
    fn control(resistors: &Self::Resistors, cutoff: u16, curve: FilterCurve) -> u32;

    /// Share of a small input that reaches the capacitor in a cycle: the cutoff, radians per
    /// cycle.
    fn pace(resistors: &Self::Resistors, control: u32) -> f32;

    /// How far the resistor's gate is above its input; levels with [`LEVEL_BITS`] fraction bits.
    fn drive(resistors: &Self::Resistors, input: i32) -> i32;

    /// `2^SHIFT` cycles with `input` as the level before the resistor and `drive` as
    /// [`Self::drive`] tells for it; gives the output level. `DRIVEN` is off where the filter has
    /// no input; see [`settle`].
    fn solve<const SHIFT: u32, const DRIVEN: bool>(
        &mut self,
        resistors: &Self::Resistors,
        nodes: &Nodes,
        control: u32,
        input: i32,
        drive: i32,
    ) -> i32;
}

/// A difference of squared levels. A filter without an input comes to rest where it is smaller
/// than a level makes; it would go on moving by fractions of a level otherwise.
#[inline(always)]
pub fn settle<const DRIVEN: bool>(squares: i64) -> i64 {
    if !DRIVEN && squares.abs() < 1 << 24 {
        0
    } else {
        squares
    }
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

/// State of the filter: output levels of its three amplifiers (with [`LEVEL_BITS`] fraction bits),
/// and the integrators.
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
    summer: &'a SummerPieces,
    resonance: &'a ResonancePieces,
    nodes: &'a Nodes,
    output: &'a [[i32; 2]],
    resistors: &'a I::Resistors,
    control: u32,
    /// All bits set where the output is heard: high-pass, band-pass, low-pass.
    heard: [i32; 3],
    /// Something is switched to the filter.
    is_driven: bool,
    /// The cutoff, radians per cycle.
    pace: f32,
    /// Gain of the resonance path: 1/Q.
    damping: f32,
    /// From levels to samples.
    gain: f32,
}

impl<'a, I: Integrator> Path<'a, I> {
    pub fn new(
        curves: &'a Curves,
        resistors: &'a I::Resistors,
        settings: &Settings,
        curve: FilterCurve,
        gain: f32,
    ) -> Self {
        let control = I::control(resistors, settings.cutoff, curve);
        Path {
            summer: curves.summer::<I>(resistors, settings.filter_inputs),
            resonance: curves.resonance(settings.resonance),
            nodes: &curves.nodes,
            output: curves.output(settings.mixer_inputs, settings.volume),
            resistors,
            control,
            pace: I::pace(resistors, control),
            damping: curves.parameters.resonance_gains[settings.resonance] as f32,
            heard: settings.outputs.map(|on| if on { -1 } else { 0 }),
            is_driven: settings.filter_inputs > 0,
            gain: gain / (1 << VALUE_BITS) as f32,
        }
    }

    /// `2^SHIFT` cycles of the filter with `input` as the sum of the levels switched to it; gives
    /// the sum of the outputs that are heard.
    #[inline(always)]
    pub fn step<const SHIFT: u32>(&self, filter: &mut Filter<I>, input: i32) -> i32 {
        if self.is_driven {
            self.advance::<SHIFT, true>(filter, input);
        } else {
            self.advance::<SHIFT, false>(filter, input);
        }
        self.heard(filter)
    }

    #[inline(always)]
    fn advance<const SHIFT: u32, const DRIVEN: bool>(&self, filter: &mut Filter<I>, input: i32) {
        let Path {
            resistors,
            nodes,
            control,
            ..
        } = *self;
        let Filter { first, second, .. } = filter;
        let feedback = curve::at(self.resonance, filter.band);
        let sum = (feedback + input) + filter.low;
        let [value, rise, drive, drive_rise] = self.summer[curve::piece(sum)];
        filter.high = curve::within([value, rise], sum);
        let drive = curve::within([drive, drive_rise], sum);
        filter.band = first.solve::<SHIFT, DRIVEN>(resistors, nodes, control, filter.high, drive);
        let drive = I::drive(resistors, filter.band);
        filter.low = second.solve::<SHIFT, DRIVEN>(resistors, nodes, control, filter.band, drive);
    }

    /// Steps of eight cycles would bend the filter too much, or go astray. What they get wrong
    /// first is damping, by a share that grows with damping and pace; without much of it, a cutoff
    /// of 20 kHz comes out 5 % high, and they are stable beyond the highest that there is.
    pub fn is_fast(&self) -> bool {
        self.pace > 0.07 && (self.pace > 0.2 || self.pace * self.damping > 0.07)
    }

    /// Sum of the filter's outputs that are heard.
    #[inline(always)]
    pub fn heard(&self, filter: &Filter<I>) -> i32 {
        let [high, band, low] = self.heard;
        (filter.low & low) + (filter.band & band) + (filter.high & high)
    }

    /// Nothing drives the filter and a step leaves it as it is: then so do all others.
    pub fn is_at_rest<const SHIFT: u32>(&self, filter: &Filter<I>) -> bool {
        let mut after = filter.clone();
        !self.is_driven && {
            self.step::<SHIFT>(&mut after, 0);
            after == *filter
        }
    }

    /// The sample for a sum of levels at the mixer.
    #[inline(always)]
    pub fn sample(&self, sum: i32) -> f32 {
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
    /// See [`Path::is_at_rest`].
    pub fn is_at_rest(&self) -> bool {
        self.path.is_at_rest::<0>(self.filter)
    }

    /// Runs the lane without its filter, which [`Self::is_at_rest`].
    pub fn run_at_rest(&mut self) {
        let heard = self.path.heard(self.filter);
        let sources = self.sources.first(self.out.len());
        for (cycle, out) in self.out.iter_mut().enumerate() {
            *out = self.path.sample(sources.direct(cycle) + heard);
        }
    }
}

/// Runs some lanes of the same number of cycles side by side, all of them driven or none
/// (`DRIVEN`). Each filter waits for its own feedback; what the processor does meanwhile is free.
fn run_lanes<I: Integrator, const N: usize, const DRIVEN: bool>(lanes: [&mut Lane<'_, I>; N]) {
    let cycles = lanes.iter().map(|lane| lane.out.len()).min().unwrap_or(0);
    // In locals, so that the feedback loops run through registers.
    let mut filters = lanes.each_ref().map(|lane| lane.filter.clone());
    let sources = lanes.each_ref().map(|lane| lane.sources.first(cycles));
    for cycle in 0..cycles {
        for lane in 0..N {
            let path = &lanes[lane].path;
            let (input, direct) = sources[lane].both(cycle);
            path.advance::<0, DRIVEN>(&mut filters[lane], input);
            lanes[lane].out[cycle] = path.sample(direct + path.heard(&filters[lane]));
        }
    }
    for (lane, filter) in lanes.into_iter().zip(filters) {
        *lane.filter = filter;
    }
}

/// Runs a lane alone, its filter driven by the voices in `FILTERED` (bits 0 to 2): a sum that is
/// known to the compiler leaves the loop little to do but wait.
fn run_lane<I: Integrator, const FILTERED: u8>(lane: &mut Lane<'_, I>) {
    let sources = lane.sources.first(lane.out.len());
    let path = &lane.path;
    let mut filter = lane.filter.clone();
    for (out, inputs) in lane.out.iter_mut().zip(sources.cycles()) {
        let (input, direct) = sources.split::<FILTERED>(inputs);
        path.advance::<0, true>(&mut filter, input);
        *out = path.sample(direct + path.heard(&filter));
    }
    *lane.filter = filter;
}

/// Runs lanes: those whose filters are driven side by side, those at rest without their filters.
pub fn run<I: Integrator>(lanes: &mut [Lane<'_, I>]) {
    let mut driven = Vec::new();
    for lane in lanes {
        if lane.path.is_driven {
            driven.push(lane);
        } else if lane.is_at_rest() {
            lane.run_at_rest();
        } else {
            run_lanes::<I, 1, false>([lane]);
        }
    }
    for lanes in driven.chunks_mut(3) {
        match lanes {
            [a] => match a.sources.filtered() {
                1 => run_lane::<I, 1>(a),
                2 => run_lane::<I, 2>(a),
                3 => run_lane::<I, 3>(a),
                4 => run_lane::<I, 4>(a),
                5 => run_lane::<I, 5>(a),
                6 => run_lane::<I, 6>(a),
                7 => run_lane::<I, 7>(a),
                _ => run_lanes::<I, 1, true>([*a]),
            },
            [a, b] => run_lanes::<I, 2, true>([*a, *b]),
            [a, b, c] => run_lanes::<I, 3, true>([*a, *b, *c]),
            _ => {}
        }
    }
}
