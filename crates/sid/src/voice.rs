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

/// Tables that turn a voice's digital outputs into levels.
#[derive(Debug)]
pub struct VoiceTables {
    /// Combined waveforms.
    pub pull_down: Vec<[u16; 4096]>,
    /// Waveform DAC, -0.5 to 0.5.
    pub waveform: Vec<f32>,
    /// Envelope DAC, 0 to 1.
    pub envelope: Vec<f32>,
    /// Envelope DAC times the swing of a voice at the filter, levels.
    pub swing: Vec<f32>,
    /// Zero level per envelope value.
    pub zero: Vec<f32>,
    /// Level of EXT IN at the filter and at the mixer.
    pub external: [f32; 2],
    /// How much stronger a voice is at the mixer.
    pub mixer_scale: f32,
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
        // EXT IN passes no envelope DAC.
        let external = parameters.external_input * swing;
        VoiceTables {
            pull_down: combined::tables(model),
            waveform: dac::waveform_levels(model)
                .iter()
                .map(|&level| level as f32)
                .collect(),
            envelope: envelope.iter().map(|&level| level as f32).collect(),
            swing: envelope
                .iter()
                .map(|&level| (level * swing) as f32)
                .collect(),
            zero: zero.iter().map(|&level| level as f32).collect(),
            external: [external, external * parameters.mixer_scale]
                .map(|level| (zero[0] + level) as f32),
            mixer_scale: parameters.mixer_scale as f32,
        }
    }
}
