//! The analogue path that both models share: a two-integrator-loop filter, the mixer and the
//! volume control.
//!
//! Source: Bob Yannes' interview (filter type) and Dag Lem's schematics from die photographs
//! (reSID 1.0). Voltages are levels: shares of 65,536 of the amplifiers' range.

use crate::curve::Table;
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

/// Closed-loop curves of every amplifier in every setting.
#[derive(Debug)]
pub struct Curves {
    /// Filter summer, per number of inputs beyond the two that always exist.
    pub summer: Vec<Table>,
    /// Mixer, per number of inputs.
    pub mixer: Vec<Table>,
    /// Volume control, per register value.
    pub volume: Vec<Table>,
    /// Resonance path, per register value.
    pub resonance: Vec<Table>,
    /// Capacitor to input voltage of an integrator.
    pub nodes: Table,
}

impl Curves {
    pub fn new(parameters: &Parameters) -> Self {
        let amplifier = &parameters.amplifier;
        Curves {
            summer: (2..=6)
                .map(|inputs| amplifier.inverter(inputs, inputs as f64))
                .collect(),
            mixer: (0..=7)
                .map(|inputs| amplifier.inverter(inputs, inputs as f64 * parameters.mixer_gain))
                .collect(),
            volume: (0..16)
                .map(|volume| amplifier.inverter(1, f64::from(volume) / parameters.volume_divisor))
                .collect(),
            resonance: parameters
                .resonance_gains
                .iter()
                .map(|&gain| amplifier.inverter(1, gain))
                .collect(),
            nodes: amplifier.integrator_node(),
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
    fn control(resistors: &Self::Resistors, cutoff: u16) -> f32;

    /// One cycle with `input` as the level before the resistor; gives the output level.
    fn solve(
        &mut self,
        resistors: &Self::Resistors,
        nodes: &Table,
        control: f32,
        input: f32,
    ) -> f32;
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
}

/// State of the filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter<I> {
    high: f32,
    band: f32,
    low: f32,
    first: I,
    second: I,
}

impl<I: Integrator> Filter<I> {
    pub fn new() -> Self {
        Filter {
            high: 0.0,
            band: 0.0,
            low: 0.0,
            first: I::new(),
            second: I::new(),
        }
    }

    /// Runs one cycle per element. `input` holds the sums of the levels switched to the filter,
    /// `direct` those switched to the mixer; `direct` becomes the mixer's output.
    pub fn run(
        &mut self,
        curves: &Curves,
        resistors: &I::Resistors,
        settings: &Settings,
        input: &[f32],
        direct: &mut [f32],
    ) {
        let summer = &curves.summer[settings.filter_inputs];
        let mixer = &curves.mixer[settings.mixer_inputs];
        let resonance = &curves.resonance[settings.resonance];
        let control = I::control(resistors, settings.cutoff);
        let [high_on, band_on, low_on] = settings.outputs.map(|on| if on { 1.0_f32 } else { 0.0 });
        for (input, direct) in input.iter().zip(direct) {
            let high = summer.at(resonance.at(self.band) + self.low + input);
            let band = self.first.solve(resistors, &curves.nodes, control, high);
            let low = self.second.solve(resistors, &curves.nodes, control, band);
            let sum = *direct + low_on * low + band_on * band + high_on * high;
            *direct = mixer.at(sum);
            (self.high, self.band, self.low) = (high, band, low);
        }
    }
}
