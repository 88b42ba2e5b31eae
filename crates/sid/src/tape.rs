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

/// A recording of what drives a chip's DACs, cycle by cycle. [`crate::Sid::record`] appends,
/// [`crate::Sid::play`] empties.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// Waveform DAC inputs per voice; those from `cycles` on are left over.
    waves: [Vec<u16>; 3],
    /// Envelope DAC inputs per voice.
    levels: [Vec<u8>; 3],
    /// Where settings begin, the first at 0.
    settings: Vec<(usize, Setting)>,
    cycles: usize,
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
    }

    /// Appends `cycles` under a setting and gives the room for them.
    pub(crate) fn extend(
        &mut self,
        cycles: usize,
        setting: &Setting,
    ) -> ([&mut [u16]; 3], [&mut [u8]; 3]) {
        if self.settings.last().is_none_or(|(_, last)| last != setting) {
            self.settings.push((self.cycles, setting.clone()));
        }
        let (start, end) = (self.cycles, self.cycles + cycles);
        self.cycles = end;
        let waves = self.waves.each_mut().map(|waves| {
            if waves.len() < end {
                waves.resize(end.next_power_of_two(), 0);
            }
            &mut waves[start..end]
        });
        let levels = self.levels.each_mut().map(|levels| {
            if levels.len() < end {
                levels.resize(end.next_power_of_two(), 0);
            }
            &mut levels[start..end]
        });
        (waves, levels)
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
