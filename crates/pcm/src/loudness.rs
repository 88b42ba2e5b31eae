//! Loudness as EBU R 128 has it, and the gain that makes tunes equally loud.
//!
//! Sources: ITU-R BS.1770-4, annex 1 (K-weighting, blocks of 400 ms that overlap by three
//! quarters, gates at -70 LUFS and 10 LU below the mean); the analogue figures behind the
//! standard's coefficients for 48 kHz, which give those of any other rate, are from Brecht De
//! Man, "Evaluation of Implementations of the EBU R128 Loudness Measurement" (AES 145, 2018).

use core::f64::consts::PI;

use crate::true_peak::TruePeak;

/// Loudness that tunes are brought to. EBU R 128 s2 recommends -20 to -16 LUFS for streaming;
/// -18 is also the level of `ReplayGain` 2.
pub const TARGET_LUFS: f32 = -18.0;
/// Most that a quiet tune is turned up, dB: more would mostly turn up what it is not meant to be
/// heard for.
pub const MOST_GAIN_DB: f32 = 12.0;
/// Highest level after levelling: what the search for peaks may have missed is within.
const CEILING: f32 = 0.98;

/// Blocks quieter than this say nothing.
const ABSOLUTE_GATE: f64 = -70.0;
/// Blocks quieter than the mean by this say nothing.
const RELATIVE_GATE: f64 = -10.0;
/// Steps of a block.
const STEPS: usize = 4;
/// Steps in a second.
const STEPS_PER_SECOND: u32 = 10;

/// A filter of second order (direct form 2, transposed).
#[derive(Debug, Clone, Copy)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    memory: [f64; 2],
}

impl Biquad {
    fn run(&mut self, input: f64) -> f64 {
        let output = self.b[0] * input + self.memory[0];
        self.memory[0] = self.b[1] * input - self.a[0] * output + self.memory[1];
        self.memory[1] = self.b[2] * input - self.a[1] * output;
        output
    }

    /// The head: a shelf that lifts what is high by 4 dB.
    fn shelf(rate: f64) -> Self {
        let (corner, gain, q) = (
            1_681.974_450_955_533,
            3.999_843_853_973_347,
            0.707_175_236_955_419_6,
        );
        let k = libm::tan(PI * corner / rate);
        let high = libm::pow(10.0, gain / 20.0);
        let band = libm::pow(high, 0.499_666_774_154_541_6);
        let a0 = 1.0 + k / q + k * k;
        Self {
            b: [
                (high + band * k / q + k * k) / a0,
                2.0 * (k * k - high) / a0,
                (high - band * k / q + k * k) / a0,
            ],
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
            memory: [0.0; 2],
        }
    }

    /// The ear: what is low counts less.
    fn high_pass(rate: f64) -> Self {
        let (corner, q) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);
        let k = libm::tan(PI * corner / rate);
        let a0 = 1.0 + k / q + k * k;
        Self {
            b: [1.0, -2.0, 1.0],
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
            memory: [0.0; 2],
        }
    }
}

/// Measures what is pushed into it.
#[derive(Debug, Clone)]
pub struct Loudness {
    filters: [[Biquad; 2]; 2],
    /// Frames of a step.
    step: u32,
    /// Energy of the step that is being filled, and its frames.
    energy: f64,
    frames: u32,
    /// Mean energies of the last steps, the newest last.
    steps: [f64; STEPS],
    count: usize,
    /// Mean energy of each block.
    blocks: Vec<f64>,
    peak: TruePeak,
}

impl Loudness {
    /// A meter for `rate` frames a second.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        let filters = [
            Biquad::shelf(f64::from(rate)),
            Biquad::high_pass(f64::from(rate)),
        ];
        Self {
            filters: [filters; 2],
            step: (rate / STEPS_PER_SECOND).max(1),
            energy: 0.0,
            frames: 0,
            steps: [0.0; STEPS],
            count: 0,
            blocks: Vec::new(),
            peak: TruePeak::default(),
        }
    }

    /// Takes interleaved samples.
    pub fn push(&mut self, samples: &[f32]) {
        self.peak.push(samples);
        for frame in samples.as_chunks::<2>().0 {
            for (sample, [shelf, high_pass]) in frame.iter().zip(&mut self.filters) {
                let weighted = high_pass.run(shelf.run(f64::from(*sample)));
                self.energy += weighted * weighted;
            }
            self.frames += 1;
            if self.frames == self.step {
                self.end_step();
            }
        }
    }

    fn end_step(&mut self) {
        let energy = self.energy / f64::from(self.step);
        (self.energy, self.frames) = (0.0, 0);
        self.steps.rotate_left(1);
        self.steps[STEPS - 1] = energy;
        self.count += 1;
        if self.count >= STEPS {
            self.blocks
                .push(self.steps.iter().sum::<f64>() / STEPS as f64);
        }
    }

    /// Integrated loudness so far, LUFS; `None` while nothing was loud enough to count.
    #[must_use]
    pub fn integrated(&self) -> Option<f32> {
        let loud = self.mean_above(energy_of(ABSOLUTE_GATE))?;
        let gate = energy_of(loudness_of(loud) + RELATIVE_GATE).max(energy_of(ABSOLUTE_GATE));
        self.mean_above(gate)
            .map(|energy| loudness_of(energy) as f32)
    }

    fn mean_above(&self, gate: f64) -> Option<f64> {
        let loud = self.blocks.iter().filter(|&&energy| energy > gate);
        let (sum, count) = loud.fold((0.0, 0u32), |(sum, count), energy| {
            (sum + energy, count + 1)
        });
        (count > 0).then(|| sum / f64::from(count))
    }

    /// Highest level so far, between samples too.
    #[must_use]
    pub fn peak(&self) -> f32 {
        self.peak.peak()
    }
}

fn loudness_of(energy: f64) -> f64 {
    -0.691 + 10.0 * libm::log10(energy)
}

fn energy_of(loudness: f64) -> f64 {
    libm::pow(10.0, (loudness + 0.691) / 10.0)
}

/// Factor that brings a tune of this loudness to [`TARGET_LUFS`]; its highest level stays within
/// full scale.
#[must_use]
pub fn gain(loudness_lufs: f32, peak: f32) -> f32 {
    let db = (TARGET_LUFS - loudness_lufs).min(MOST_GAIN_DB);
    let gain = libm::powf(10.0, db / 20.0);
    if gain * peak > CEILING {
        CEILING / peak
    } else {
        gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loudness of stretches of a sine, each (dBFS, seconds), the same on both sides.
    fn measure(rate: u32, frequency: f64, stretches: &[(f64, f64)]) -> f32 {
        let mut loudness = Loudness::new(rate);
        let mut at = 0u32;
        for &(level, seconds) in stretches {
            let amplitude = libm::pow(10.0, level / 20.0);
            let mut samples = Vec::new();
            for _ in 0..(seconds * f64::from(rate)) as u32 {
                let phase = 2.0 * PI * frequency * f64::from(at) / f64::from(rate);
                let sample = (amplitude * libm::sin(phase)) as f32;
                samples.extend([sample, sample]);
                at += 1;
            }
            loudness.push(&samples);
        }
        loudness.integrated().unwrap_or(f32::NEG_INFINITY)
    }

    #[track_caller]
    fn check(found: f32, expected: f32) {
        assert!((found - expected).abs() < 0.1, "{found}, not {expected}");
    }

    #[test]
    fn coefficients_for_48_khz_are_those_of_the_standard() {
        let near = |found: f64, table: f64| assert!((found - table).abs() < 1e-9, "{found}");
        let shelf = Biquad::shelf(48_000.0);
        near(shelf.b[0], 1.535_124_859_586_97);
        near(shelf.b[1], -2.691_696_189_406_38);
        near(shelf.b[2], 1.198_392_810_852_85);
        near(shelf.a[0], -1.690_659_293_182_41);
        near(shelf.a[1], 0.732_480_774_215_85);
        let high_pass = Biquad::high_pass(48_000.0);
        near(high_pass.a[0], -1.990_047_454_833_98);
        near(high_pass.a[1], 0.990_072_250_366_21);
    }

    #[test]
    fn the_reference_tone_has_the_level_it_is_named_by() {
        for rate in [44_100, 48_000, 96_000] {
            check(measure(rate, 997.0, &[(-20.0, 2.0)]), -20.0);
        }
    }

    // EBU Tech 3341, cases 1 to 5, shortened where only proportions count.
    #[test]
    fn the_cases_of_the_ebu_are_met() {
        check(measure(48_000, 1_000.0, &[(-23.0, 4.0)]), -23.0);
        check(measure(48_000, 1_000.0, &[(-33.0, 4.0)]), -33.0);
        let gated = [(-36.0, 2.0), (-23.0, 12.0), (-36.0, 2.0)];
        check(measure(48_000, 1_000.0, &gated), -23.0);
        let silent = [
            (-72.0, 2.0),
            (-36.0, 2.0),
            (-23.0, 12.0),
            (-36.0, 2.0),
            (-72.0, 2.0),
        ];
        check(measure(48_000, 1_000.0, &silent), -23.0);
        let mixed = [(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)];
        check(measure(48_000, 1_000.0, &mixed), -23.0);
    }

    #[test]
    fn silence_has_no_loudness() {
        let mut loudness = Loudness::new(44_100);
        assert_eq!(loudness.integrated(), None);
        loudness.push(&vec![0.0; 100_000]);
        assert_eq!(loudness.integrated(), None);
    }

    #[test]
    fn levelling_reaches_the_target_and_never_clips() {
        check(gain(-24.0, 0.2), 1.995);
        check(gain(-12.0, 0.9), 0.501);
        assert!((gain(-24.0, 0.7) - 1.4).abs() < 1e-6);
        check(gain(-60.0, 0.01), 3.981);
        assert!(gain(-24.0, 0.0).is_finite());
    }
}
