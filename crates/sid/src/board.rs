//! The output stage of the board: a low-pass of 10 kΩ and 1 nF, a buffer, and 10 µF into the
//! amplifier's 10 kΩ.
//!
//! Source: C64 schematics, as analysed for reSID; coefficients rounded to 7 and 17 bits as in
//! libresidfp.
//!
//! Both are one-pole filters at the clock rate. A pole `p` seen every `n` samples is a pole
//! `p^n` behind a sum of `n` weighted samples, which the decimator in front takes into its taps:
//! the low-pass loses nothing by running at a fraction of the rate. The high-pass, at 1.6 Hz, is
//! the same at either rate.

/// Both RC stages at the clock rate: shares of the difference that pass in one cycle.
#[derive(Clone, Debug)]
pub struct Stage {
    low_share: f64,
    high_share: f64,
}

impl Stage {
    /// The stages for a clock frequency (Hz).
    pub fn new(clock_hz: f64) -> Self {
        let cycle = 1.0 / clock_hz;
        let share =
            |seconds: f64, scale: f64| libm::floor(cycle / (cycle + seconds) * scale + 0.5) / scale;
        Stage {
            low_share: share(10e3 * 1e-9, 128.0),
            high_share: share(10e3 * 10e-6, 131_072.0),
        }
    }

    /// The impulse response `taps`, and behind it the part of the low-pass that has no memory
    /// beyond `factor` cycles; the rest is [`Board::run`].
    pub fn fold_into(&self, taps: &[f64], factor: usize) -> Vec<f64> {
        let mut folded = vec![0.0; taps.len() + factor - 1];
        let mut weight = self.low_share;
        for delay in 0..factor {
            for (index, tap) in taps.iter().enumerate() {
                folded[index + delay] += weight * tap;
            }
            weight *= 1.0 - self.low_share;
        }
        folded
    }

    fn pace(&self, cycles: usize) -> Pace {
        let power = cycles as f64;
        Pace {
            low_pole: libm::pow(1.0 - self.low_share, power),
            high_share: 1.0 - libm::pow(1.0 - self.high_share, power),
        }
    }
}

/// The stages behind a decimator; see [`Stage::fold_into`].
#[derive(Clone, Debug)]
pub struct Board {
    stage: Stage,
    pace: Pace,
    levels: Levels,
}

/// The stages over some cycles at once.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// What stays of the low-pass's level.
    low_pole: f64,
    /// What passes of the high-pass's difference.
    high_share: f64,
}

/// What the capacitors hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Levels {
    low: f64,
    high: f64,
}

impl Board {
    /// The stages at rest, run every `factor` cycles.
    pub fn new(stage: Stage, factor: usize) -> Self {
        Board {
            pace: stage.pace(factor),
            stage,
            levels: Levels::default(),
        }
    }

    /// What the capacitors hold, to return to.
    pub fn levels(&self) -> Levels {
        self.levels
    }

    /// Puts back what they held.
    pub fn set_levels(&mut self, levels: Levels) {
        self.levels = levels;
    }

    /// Runs over samples in place.
    pub fn run(&mut self, samples: &mut [f32]) {
        self.run_at(self.pace, 1.0, samples);
    }

    /// As [`Self::run`] over samples for `cycles` each that no decimator has passed the low-pass's
    /// share to.
    pub fn run_bare(&mut self, samples: &mut [f32], cycles: usize) {
        let pace = self.stage.pace(cycles);
        self.run_at(pace, 1.0 - pace.low_pole, samples);
    }

    #[inline]
    fn run_at(&mut self, pace: Pace, share: f64, samples: &mut [f32]) {
        let Levels { mut low, mut high } = self.levels;
        for sample in samples {
            low = low * pace.low_pole + share * f64::from(*sample);
            high += pace.high_share * (low - high);
            *sample = (low - high) as f32;
        }
        self.levels = Levels { low, high };
    }

    /// As after `cycles` with the input at `level`; returns what is heard of it.
    pub fn settle(&mut self, level: f32, cycles: u64) -> f32 {
        let left = libm::pow(1.0 - self.stage.high_share, cycles as f64);
        let low = f64::from(level);
        let high = low * (1.0 - left);
        self.levels = Levels { low, high };
        (low - high) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resampler;

    /// The same stages, cycle by cycle.
    fn slowly(stage: &Stage, input: &[f32]) -> Vec<f32> {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        let samples = input.iter().map(|&sample| {
            low += stage.low_share * (f64::from(sample) - low);
            high += stage.high_share * (low - high);
            (low - high) as f32
        });
        samples.collect()
    }

    #[test]
    fn folding_changes_nothing() {
        let clock = 985_248.4;
        let input: Vec<f32> = (0..200_000_u32)
            .map(|i| {
                let noise = i.wrapping_mul(2_654_435_761) >> 9;
                0.3 + 0.4 * (noise as f32 / 8_388_608.0 - 0.5)
                    + if i / 2_000 % 2 == 0 { 0.2 } else { 0.0 }
            })
            .collect();
        for rate in [44_100, 96_000, 192_000, 384_000] {
            let (mut folded, mut plain) = (Vec::new(), Vec::new());
            Resampler::with_board(clock, rate).process(&input, &mut folded);
            Resampler::new(clock, rate).process(&slowly(&Stage::new(clock), &input), &mut plain);
            assert_eq!(folded.len(), plain.len());
            for (found, expected) in folded.iter().zip(&plain) {
                assert!(
                    (found - expected).abs() < 3e-5,
                    "{rate}: {found} for {expected}"
                );
            }
        }
    }

    #[test]
    fn settling_is_waiting() {
        let mut waited = Resampler::with_board(985_248.4, 48_000);
        let mut settled = waited.clone();
        let mut dropped = Vec::new();
        waited.process(&[0.7; 150_016], &mut dropped);
        settled.settle(0.7, 150_016);
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        waited.process(&[0.2; 5_000], &mut expected);
        settled.process(&[0.2; 5_000], &mut found);
        // The phase of the outputs may differ, the level does not.
        for (found, expected) in found.iter().zip(&expected).skip(150) {
            assert!((found - expected).abs() < 1e-4, "{found} for {expected}");
        }
    }
}
