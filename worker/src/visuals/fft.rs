//! The Fourier transform of a real signal.
//!
//! Source: Cooley and Tukey, "An Algorithm for the Machine Calculation of Complex Fourier Series",
//! 1965, for two; a real signal of n samples is taken as a complex one of n / 2, whose transform is
//! taken apart afterwards.

use std::f64::consts::TAU;

type Complex = (f32, f32);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// A transform of one size.
#[derive(Debug, Clone)]
pub struct Fft {
    /// Real samples.
    size: usize,
    /// exp(-i TAU k / size), k below half of the size.
    turns: Vec<Complex>,
    work: Vec<Complex>,
}

impl Fft {
    /// A transform of `size` samples, a power of two of at least 4.
    ///
    /// # Panics
    /// Another size.
    #[must_use]
    pub fn new(size: usize) -> Self {
        assert!(size.is_power_of_two() && size >= 4, "no size: {size}");
        #[expect(clippy::cast_possible_truncation, reason = "no more is needed")]
        let turn = |at: usize| {
            let angle = -TAU * at as f64 / size as f64;
            (libm::cos(angle) as f32, libm::sin(angle) as f32)
        };
        Self {
            size,
            turns: (0..size / 2).map(turn).collect(),
            work: vec![(0.0, 0.0); size / 2],
        }
    }

    /// Magnitudes of the frequencies from 0 to half of the rate, one more than half of the size. A
    /// sine of amplitude 1 that fits has the magnitude `size / 2`.
    ///
    /// # Panics
    /// There are not as many samples as the size says.
    pub fn magnitudes(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        assert_eq!(samples.len(), self.size, "one transform, one size");
        for (to, from) in self.work.iter_mut().zip(samples.chunks_exact(2)) {
            *to = (from[0], from[1]);
        }
        self.transform();
        let half = self.size / 2;
        out.clear();
        out.extend((0..=half).map(|at| {
            let a = self.work[at % half];
            let b = self.work[(half - at) % half];
            let even = ((a.0 + b.0) / 2.0, (a.1 - b.1) / 2.0);
            let odd = ((a.1 + b.1) / 2.0, (b.0 - a.0) / 2.0);
            let turn = self.turns.get(at).copied().unwrap_or((-1.0, 0.0));
            let turned = times(turn, odd);
            let (x, y) = (even.0 + turned.0, even.1 + turned.1);
            libm::sqrtf(x * x + y * y)
        }));
    }

    /// Transforms what is in `work`, in place.
    fn transform(&mut self) {
        let count = self.work.len();
        let mut mirrored = 0;
        for at in 1..count {
            let mut bit = count >> 1;
            while mirrored & bit != 0 {
                mirrored ^= bit;
                bit >>= 1;
            }
            mirrored |= bit;
            if at < mirrored {
                self.work.swap(at, mirrored);
            }
        }
        let mut span = 1;
        while span < count {
            // Turns are of the whole size, and a butterfly of this span takes every so many.
            let stride = self.size / (2 * span);
            for block in self.work.chunks_exact_mut(2 * span) {
                let (low, high) = block.split_at_mut(span);
                for (at, (a, b)) in low.iter_mut().zip(high).enumerate() {
                    let turned = times(self.turns[at * stride], *b);
                    *b = (a.0 - turned.0, a.1 - turned.1);
                    *a = (a.0 + turned.0, a.1 + turned.1);
                }
            }
            span *= 2;
        }
    }
}

/// A window that falls to nothing at both ends, after Hann; the sum of its weights is 1.
#[must_use]
pub fn hann(size: usize) -> Vec<f32> {
    let scale = 1.0 / size.max(1) as f64;
    #[expect(clippy::cast_possible_truncation, reason = "no more is needed")]
    let weight = |at: usize| ((1.0 - libm::cos(TAU * at as f64 * scale)) * scale) as f32;
    (0..size).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The transform as it is defined.
    fn slowly(samples: &[f32]) -> Vec<f32> {
        let size = samples.len();
        let bin = |at: usize| {
            let (mut x, mut y) = (0.0, 0.0);
            for (place, sample) in samples.iter().enumerate() {
                let angle = -TAU * (at * place % size) as f64 / size as f64;
                x += f64::from(*sample) * libm::cos(angle);
                y += f64::from(*sample) * libm::sin(angle);
            }
            libm::sqrt(x * x + y * y) as f32
        };
        (0..=size / 2).map(bin).collect()
    }

    proptest! {
        #[test]
        fn it_is_the_transform(power in 2_u32..9, seed in prop::collection::vec(-1.0_f32..1.0, 256)) {
            let size = 1 << power;
            let samples = &seed[..size];
            let mut found = Vec::new();
            Fft::new(size).magnitudes(samples, &mut found);
            for (at, (a, b)) in found.iter().zip(slowly(samples)).enumerate() {
                prop_assert!((a - b).abs() < 1e-3, "bin {at} of {size}: {a}, not {b}");
            }
            prop_assert_eq!(found.len(), size / 2 + 1);
        }
    }

    #[test]
    fn a_sine_is_one_line() {
        let size = 64;
        let sine = |at: usize| libm::sin(TAU * 5.0 * at as f64 / size as f64) as f32;
        let samples: Vec<f32> = (0..size).map(sine).collect();
        let mut found = Vec::new();
        Fft::new(size).magnitudes(&samples, &mut found);
        for (at, magnitude) in found.iter().enumerate() {
            let expected = if at == 5 { 32.0 } else { 0.0 };
            assert!((magnitude - expected).abs() < 1e-3, "{at}: {magnitude}");
        }
    }

    #[test]
    fn a_window_weighs_one() {
        let window = hann(1024);
        assert!((window.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!(window[0].abs() < 1e-6 && window[512] > window[100]);
    }
}
