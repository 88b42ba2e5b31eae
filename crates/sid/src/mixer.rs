//! Registers $15 to $18: cutoff, routing, resonance, filter outputs and volume.

use crate::filter::Settings;

/// The analogue part's registers.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Routing {
    cutoff: u16,
    resonance: u8,
    /// Bits 0-2: voices switched to the filter, bit 3: EXT IN.
    filtered: u8,
    /// Bits 4-6: low, band and high-pass heard; bit 7: voice 3 off.
    mode: u8,
}

impl Routing {
    pub fn write_cutoff_low(&mut self, value: u8) {
        self.cutoff = (self.cutoff & 0x7f8) | u16::from(value & 7);
    }

    pub fn write_cutoff_high(&mut self, value: u8) {
        self.cutoff = u16::from(value) << 3 | (self.cutoff & 7);
    }

    pub fn write_resonance(&mut self, value: u8) {
        self.resonance = value >> 4;
        self.filtered = value & 15;
    }

    pub fn write_mode(&mut self, value: u8) {
        self.mode = value & 0xf0;
    }

    /// Input 0-2 (voices) or 3 (EXT IN) goes to the filter.
    pub fn is_filtered(&self, input: usize) -> bool {
        self.filtered >> input & 1 != 0
    }

    /// Input goes straight to the mixer; voice 3 can be switched off there.
    pub fn is_direct(&self, input: usize) -> bool {
        let is_off = input == 2 && self.mode & 0x80 != 0;
        !self.is_filtered(input) && !is_off
    }

    /// The path as set, with the volume that is to be heard.
    pub fn settings(&self, volume: u8) -> Settings {
        let outputs = [0x40, 0x20, 0x10].map(|bit| self.mode & bit != 0);
        Settings {
            cutoff: self.cutoff,
            resonance: usize::from(self.resonance),
            filter_inputs: (0..4).filter(|&input| self.is_filtered(input)).count(),
            mixer_inputs: (0..4).filter(|&input| self.is_direct(input)).count()
                + outputs.iter().filter(|&&on| on).count(),
            outputs,
            volume: usize::from(volume & 15),
        }
    }
}
