//! A voice: oscillator and envelope, and the DACs that multiply them.

use crate::Model;
use crate::combined;
use crate::dac;
use crate::envelope::Envelope;
use crate::filter::Parameters;
use crate::waveform::Waveform;

/// One of the three voices.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Voice {
    pub waveform: Waveform,
    pub envelope: Envelope,
}

impl Voice {
    pub fn new() -> Self {
        Voice {
            waveform: Waveform::new(),
            envelope: Envelope::new(),
        }
    }

    pub fn reset(&mut self) {
        self.waveform.reset();
        self.envelope.reset();
    }

    /// Takes register 0 to 6 of the voice.
    pub fn write(&mut self, register: u8, value: u8, model: Model) {
        match register {
            0 => self.waveform.write_frequency_low(value),
            1 => self.waveform.write_frequency_high(value),
            2 => self.waveform.write_pulse_width_low(value),
            3 => self.waveform.write_pulse_width_high(value),
            4 => {
                self.waveform.write_control(value, model);
                self.envelope.write_control(value);
            }
            5 => self.envelope.write_attack_decay(value),
            _ => self.envelope.write_sustain_release(value),
        }
    }
}

/// Per envelope value: what a waveform level is multiplied with, and the zero level.
pub type Swings = Box<[[f32; 2]; 256]>;

/// Tables that turn a voice's digital outputs into levels.
#[derive(Debug)]
pub struct VoiceTables {
    /// Combined waveforms.
    pub pull_down: Vec<[u16; 4096]>,
    /// Waveform DAC, -0.5 to 0.5.
    pub waveform: Box<[f32; 4096]>,
    /// Envelope DAC, 0 to 1.
    pub envelope: Vec<f32>,
    /// A voice at the filter.
    pub at_filter: Swings,
    /// A voice at the mixer, where it is stronger.
    pub at_mixer: Swings,
    /// A voice that the listener has muted: its zero level is what it is at rest.
    pub muted: Swings,
    /// A voice that is switched off.
    pub off: Swings,
    /// Level of EXT IN at the filter and at the mixer.
    pub external: [f32; 2],
}

impl VoiceTables {
    pub fn new(model: Model, parameters: &Parameters) -> Self {
        let per_volt = parameters.amplifier.levels_per_volt();
        let swing = parameters.voice_volts * per_volt;
        let envelope = dac::ladder(8, model);
        let zero: Vec<f64> = parameters
            .voice_zero
            .iter()
            .map(|&volts| parameters.amplifier.level(volts))
            .collect();
        let swings = |scale: f64| {
            let level =
                |level: usize| [(envelope[level] * swing * scale) as f32, zero[level] as f32];
            Box::new(core::array::from_fn(level))
        };
        // EXT IN passes no envelope DAC.
        let external = parameters.external_input * swing;
        let mut waveform = Box::new([0.0; 4096]);
        for (cell, level) in waveform.iter_mut().zip(dac::waveform_levels(model)) {
            *cell = level as f32;
        }
        VoiceTables {
            pull_down: combined::tables(model),
            waveform,
            envelope: envelope.iter().map(|&level| level as f32).collect(),
            at_filter: swings(1.0),
            at_mixer: swings(parameters.mixer_scale),
            muted: Box::new([[0.0, zero[0] as f32]; 256]),
            off: Box::new([[0.0, 0.0]; 256]),
            external: [external, external * parameters.mixer_scale]
                .map(|level| (zero[0] + level) as f32),
        }
    }
}
