//! The levels of the voices where they are switched to: at the filter and at the mixer.

use crate::curve::LEVEL_BITS;
use crate::tape::{Setting, Stretch};
use crate::voice::VoiceTables;

/// The voices and EXT IN over a stretch of cycles with one setting.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    waves: [&'a [u16]; 3],
    levels: [&'a [u8]; 3],
    waveform: &'a [f32; 4096],
    swings: [&'a [[f32; 2]; 256]; 3],
    /// 1 where a voice goes to the filter, else 0.
    to_filter: [f32; 3],
    /// The same for the mixer.
    to_mixer: [f32; 3],
    /// Levels of EXT IN at the filter and at the mixer.
    external: [f32; 2],
}

impl<'a> Sources<'a> {
    pub fn new(tables: &'a VoiceTables, stretch: &Stretch<'a>) -> Self {
        let Setting {
            routing, audible, ..
        } = stretch.setting;
        let swings = [0, 1, 2].map(|voice| {
            if !(routing.is_filtered(voice) || routing.is_direct(voice)) {
                &*tables.off
            } else if audible >> voice & 1 == 0 {
                &*tables.muted
            } else if routing.is_filtered(voice) {
                &*tables.at_filter
            } else {
                &*tables.at_mixer
            }
        });
        let share = |on: bool| if on { 1.0 } else { 0.0 };
        let [at_filter, at_mixer] = tables.external;
        Sources {
            waves: stretch.waves,
            levels: stretch.levels,
            waveform: &tables.waveform,
            swings,
            to_filter: [0, 1, 2].map(|voice| share(routing.is_filtered(voice))),
            to_mixer: [0, 1, 2].map(|voice| share(routing.is_direct(voice))),
            external: if routing.is_filtered(3) {
                [at_filter, 0.0]
            } else {
                [0.0, at_mixer]
            },
        }
    }

    /// The first `cycles` of the stretch.
    #[inline(always)]
    pub fn first(&self, cycles: usize) -> Self {
        Sources {
            waves: [
                &self.waves[0][..cycles],
                &self.waves[1][..cycles],
                &self.waves[2][..cycles],
            ],
            levels: [
                &self.levels[0][..cycles],
                &self.levels[1][..cycles],
                &self.levels[2][..cycles],
            ],
            ..*self
        }
    }

    /// Voices that are switched to the filter, bits 0 to 2; more bits where these are not all.
    pub fn filtered(&self) -> u8 {
        let bit = |voice: usize| u8::from(self.to_filter[voice] != 0.0) << voice;
        bit(0) | bit(1) | bit(2) | u8::from(self.external[0] != 0.0) << 3
    }

    /// Cycle by cycle: what drives the DACs, waveform and envelope of each voice.
    #[inline(always)]
    pub fn cycles(&self) -> impl Iterator<Item = [(u16, u8); 3]> {
        let voice = |voice: usize| self.waves[voice].iter().zip(self.levels[voice]);
        let voices = voice(0).zip(voice(1)).zip(voice(2));
        voices.map(|((first, second), third)| [first, second, third].map(|(w, l)| (*w, *l)))
    }

    /// Sums at the filter and at the mixer where the voices in `FILTERED`, and only they, are
    /// switched to the filter.
    #[inline(always)]
    pub fn split<const FILTERED: u8>(&self, inputs: [(u16, u8); 3]) -> (i32, i32) {
        let mut sums = [0.0, 0.0];
        for (voice, (wave, level)) in inputs.into_iter().enumerate() {
            sums[usize::from(FILTERED >> voice & 1 == 0)] += self.level(voice, wave, level);
        }
        (whole(sums[0]), whole(sums[1] + self.external[1]))
    }

    /// Sum at the mixer in a cycle in which nothing is switched to the filter.
    #[inline(always)]
    pub fn direct(&self, cycle: usize) -> i32 {
        let sum = self.voice(0, cycle) + self.voice(1, cycle) + self.voice(2, cycle);
        whole(sum + self.external[1])
    }

    /// Sums at the filter and at the mixer in a cycle.
    #[inline(always)]
    pub fn both(&self, cycle: usize) -> (i32, i32) {
        self.sums([
            self.voice(0, cycle),
            self.voice(1, cycle),
            self.voice(2, cycle),
        ])
    }

    /// As [`Self::both`] for DAC inputs handed in: waveform and envelope of each voice.
    #[inline(always)]
    pub fn both_of(&self, waves: [u16; 3], levels: [u8; 3]) -> (i32, i32) {
        let voice = |voice: usize| self.level(voice, waves[voice], levels[voice]);
        self.sums([voice(0), voice(1), voice(2)])
    }

    #[inline(always)]
    fn sums(&self, voices: [f32; 3]) -> (i32, i32) {
        let sum = |shares: &[f32; 3], external: f32| {
            whole(voices[0] * shares[0] + voices[1] * shares[1] + voices[2] * shares[2] + external)
        };
        (
            sum(&self.to_filter, self.external[0]),
            sum(&self.to_mixer, self.external[1]),
        )
    }

    /// Level of a voice, where it is switched to.
    #[inline(always)]
    fn voice(&self, voice: usize, cycle: usize) -> f32 {
        self.level(voice, self.waves[voice][cycle], self.levels[voice][cycle])
    }

    #[inline(always)]
    fn level(&self, voice: usize, wave: u16, level: u8) -> f32 {
        let [swing, zero] = self.swings[voice][usize::from(level)];
        self.waveform[usize::from(wave) & 0xfff] * swing + zero
    }
}

/// A level rounded to [`LEVEL_BITS`] fraction bits. Adding 2^23 leaves the rounded number in the
/// low bits of the significand, which costs far less than a conversion.
#[inline(always)]
fn whole(level: f32) -> i32 {
    const UNIT: f32 = (1 << LEVEL_BITS) as f32;
    const OFFSET: f32 = 8_388_608.0;
    (level * UNIT + OFFSET)
        .to_bits()
        .wrapping_sub(OFFSET.to_bits()) as i32
}
