//! The highest level of a signal between its samples too.
//!
//! Source: ITU-R BS.1770-4, annex 2: four times as many samples, by a filter of 48 taps whose
//! table the standard gives. It finds what is there to within some tenths of a decibel.

/// Taps of a phase.
const TAPS: usize = 12;
/// Frames looked at together.
const BLOCK: usize = 64;

/// The standard's filter, by its phases. The last two are the first two from behind.
const PHASES: [[f32; TAPS]; 4] = {
    let first = [
        0.001_708_984_4,
        0.010_986_328,
        -0.019_653_32,
        0.033_203_125,
        -0.059_448_242,
        0.137_329_1,
        0.972_167_97,
        -0.102_294_92,
        0.047_607_42,
        -0.026_611_328,
        0.014_892_578,
        -0.008_300_781,
    ];
    let second = [
        -0.029_174_805,
        0.029_296_875,
        -0.051_757_812,
        0.089_111_33,
        -0.166_503_9,
        0.465_087_9,
        0.779_785_16,
        -0.200_317_38,
        0.101_562_5,
        -0.058_227_54,
        0.033_081_055,
        -0.018_920_898,
    ];
    [first, second, reversed(second), reversed(first)]
};

/// No output is larger than this times the largest input: the largest sum of a phase's taps
/// without their signs.
const MOST_GAIN: f32 = 2.03;

const fn reversed(taps: [f32; TAPS]) -> [f32; TAPS] {
    let mut out = [0.0; TAPS];
    let mut at = 0;
    while at < TAPS {
        out[at] = taps[TAPS - 1 - at];
        at += 1;
    }
    out
}

/// Finds the true peak of what is pushed into it.
#[derive(Debug, Clone)]
pub struct TruePeak {
    /// Either side: the last samples, and room for a block.
    sides: [[f32; TAPS - 1 + BLOCK]; 2],
    filled: usize,
    peak: f32,
}

impl Default for TruePeak {
    fn default() -> Self {
        Self {
            sides: [[0.0; TAPS - 1 + BLOCK]; 2],
            filled: 0,
            peak: 0.0,
        }
    }
}

impl TruePeak {
    /// Takes interleaved samples.
    pub fn push(&mut self, samples: &[f32]) {
        for frame in samples.as_chunks::<2>().0 {
            for (side, sample) in self.sides.iter_mut().zip(frame) {
                side[TAPS - 1 + self.filled] = *sample;
            }
            self.filled += 1;
            if self.filled == BLOCK {
                self.end_block();
            }
        }
    }

    fn end_block(&mut self) {
        for side in &mut self.sides {
            self.peak = highest(&side[..TAPS - 1 + self.filled], self.peak);
            side.copy_within(self.filled..self.filled + TAPS - 1, 0);
        }
        self.filled = 0;
    }

    /// The highest level so far.
    #[must_use]
    pub fn peak(&self) -> f32 {
        let end = TAPS - 1 + self.filled;
        let sides = self.sides.iter();
        sides.fold(self.peak, |peak, side| highest(&side[..end], peak))
    }
}

/// The highest level in a stretch, or `peak` where that is higher. Most stretches are too low to
/// be looked into.
fn highest(samples: &[f32], peak: f32) -> f32 {
    let loudest = samples.iter().fold(0.0, |all: f32, s| all.max(s.abs()));
    if loudest * MOST_GAIN <= peak {
        return peak;
    }
    let between = samples.array_windows::<TAPS>().flat_map(|window| {
        PHASES.map(|taps| {
            let products = taps.iter().zip(window.iter().rev());
            products.map(|(tap, sample)| tap * sample).sum::<f32>()
        })
    });
    between.fold(peak.max(loudest), |all, level| all.max(level.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sine of a share of the rate, from a phase of so many degrees on.
    fn sine(share: f64, degrees: f64) -> Vec<f32> {
        let phase = |at: u32| core::f64::consts::TAU * (share * f64::from(at) + degrees / 360.0);
        (0..1_000)
            .flat_map(|at| {
                // A sine that begins at once rises higher there.
                let level = (f64::from(at) / 200.0).min(1.0);
                [(level * libm::sin(phase(at))) as f32, 0.0]
            })
            .collect()
    }

    #[track_caller]
    fn check(share: f64, degrees: f64, expected: f32) {
        let mut peak = TruePeak::default();
        for part in sine(share, degrees).chunks(2 * 37) {
            peak.push(part);
        }
        let db = 20.0 * libm::log10f(peak.peak() / expected);
        // EBU Tech 3341, cases 15 to 19.
        assert!((-0.4..0.2).contains(&db), "{db} dB off");
    }

    #[test]
    fn a_peak_between_two_samples_is_found() {
        check(1.0 / 4.0, 0.0, 1.0);
        check(1.0 / 4.0, 45.0, 1.0);
        check(1.0 / 6.0, 60.0, 1.0);
        check(1.0 / 8.0, 67.5, 1.0);
    }

    #[test]
    fn no_output_is_larger_than_the_bound() {
        for taps in PHASES {
            assert!(taps.iter().map(|tap| tap.abs()).sum::<f32>() <= MOST_GAIN);
        }
    }

    #[test]
    fn silence_has_none() {
        let mut peak = TruePeak::default();
        peak.push(&[0.0; 1_000]);
        assert_eq!(peak.peak(), 0.0);
    }
}
