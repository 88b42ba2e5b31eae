//! What the digital part of a chip leaves for the analogue part.
//!
//! The digital part must be up to date whenever a program looks; the analogue part is heard only
//! later. A tape between them lets it run in one long stretch, and several chips side by side.

use crate::FilterCurve;
use crate::mixer::Routing;

/// The registers of the analogue part over a stretch of a tape.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Setting {
    pub routing: Routing,
    /// Volume that is heard, 0 to 15.
    pub volume: u8,
    /// Voices that are heard, bits 0 to 2.
    pub audible: u8,
    /// The chip's filter.
    pub curve: FilterCurve,
}

/// A recording of what drives a chip's DACs, cycle by cycle. [`crate::Sid::record`] and
/// [`crate::Sid::wait`] append, [`crate::Sid::play`] empties.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// Waveform DAC inputs per voice; those from `cycles` on are left over.
    waves: [Vec<u16>; 3],
    /// Envelope DAC inputs per voice.
    levels: [Vec<u8>; 3],
    /// Where settings begin, the first at 0.
    settings: Vec<(usize, Setting)>,
    cycles: usize,
    /// How far each oscillator and each envelope has run; the rest is still to come.
    pub(crate) waves_done: [usize; 3],
    pub(crate) levels_done: [usize; 3],
    /// Cycles at which an oscilloscope looks, and the level of samples there.
    pub(crate) taps: Vec<(usize, i16)>,
}

/// A stretch of a tape with one setting.
pub struct Stretch<'a> {
    pub waves: [&'a [u16]; 3],
    pub levels: [&'a [u8]; 3],
    pub setting: &'a Setting,
}

impl Tape {
    /// An empty tape.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cycles recorded.
    pub fn cycles(&self) -> usize {
        self.cycles
    }

    /// Drops what is recorded, keeps the memory.
    pub fn clear(&mut self) {
        self.cycles = 0;
        self.settings.clear();
        self.waves_done = [0; 3];
        self.levels_done = [0; 3];
        self.taps.clear();
    }

    /// Appends `cycles` under a setting.
    pub(crate) fn extend(&mut self, cycles: usize, setting: &Setting) {
        if self.settings.last().is_none_or(|(_, last)| last != setting) {
            self.settings.push((self.cycles, setting.clone()));
        }
        self.cycles += cycles;
        let end = self.cycles;
        for waves in self.waves.iter_mut().filter(|waves| waves.len() < end) {
            waves.resize(end.next_power_of_two(), 0);
        }
        for levels in self.levels.iter_mut().filter(|levels| levels.len() < end) {
            levels.resize(end.next_power_of_two(), 0);
        }
    }

    /// Room for what an oscillator has yet to run, which then has.
    pub(crate) fn wave_to_come(&mut self, voice: usize) -> &mut [u16] {
        let start = core::mem::replace(&mut self.waves_done[voice], self.cycles);
        &mut self.waves[voice][start..self.cycles]
    }

    /// The same for all of them, which have run as far as each other.
    pub(crate) fn waves_to_come(&mut self) -> [&mut [u16]; 3] {
        debug_assert!(
            self.waves_done[1..]
                .iter()
                .all(|&done| done == self.waves_done[0])
        );
        let start = self.waves_done[0];
        self.waves_done = [self.cycles; 3];
        let end = self.cycles;
        self.waves.each_mut().map(|waves| &mut waves[start..end])
    }

    /// Room for what an envelope has yet to run, which then has.
    pub(crate) fn levels_to_come(&mut self, voice: usize) -> &mut [u8] {
        let start = core::mem::replace(&mut self.levels_done[voice], self.cycles);
        &mut self.levels[voice][start..self.cycles]
    }

    /// DAC inputs of waveform and envelope of a voice in a cycle that has run.
    pub(crate) fn inputs(&self, voice: usize, cycle: usize) -> (u16, u8) {
        (self.waves[voice][cycle], self.levels[voice][cycle])
    }

    /// Number of stretches with one setting.
    pub(crate) fn stretches(&self) -> usize {
        self.settings.len()
    }

    /// Where stretch `index` ends.
    pub(crate) fn end_of(&self, index: usize) -> usize {
        self.settings
            .get(index + 1)
            .map_or(self.cycles, |(start, _)| *start)
    }

    /// Cycles `from` to `to` of stretch `index`.
    pub(crate) fn stretch(&self, index: usize, from: usize, to: usize) -> Stretch<'_> {
        Stretch {
            waves: self.waves.each_ref().map(|waves| &waves[from..to]),
            levels: self.levels.each_ref().map(|levels| &levels[from..to]),
            setting: &self.settings[index].1,
        }
    }
}
