//! Design of linear-phase filters: least squares for the decimating stages, windowed sincs for
//! the last one.
//!
//! Sources: the integral least-squares method (T. W. Parks and C. S. Burrus, "Digital Filter
//! Design", 1987): the squared error over the bands is a quadratic form of the coefficients, so
//! the best ones solve a linear system; Kaiser's formulas for window and length; Julius O. Smith,
//! "Digital Audio Resampling Home Page" (sincs with interpolation between phases).

use core::f64::consts::{PI, TAU};

/// Attenuation of what would alias into the passband, dB.
pub const ATTENUATION: f64 = 96.0;

/// Keeps the system of a filter with hardly a stopband solvable.
const REGULARISATION: f64 = 1e-12;
/// Most taps of a decimating stage; reached only for rates that no listener has.
const MOST_TAPS: usize = 96;
/// Points per band at which a design is checked.
const GRID: usize = 40;

/// Largest deviation of a decimating stage from unit gain in its passband: 0.003 dB.
const RIPPLE: f64 = 3.5e-4;

/// A band: from and to as shares of the sample rate, the gain wanted there, and the largest
/// deviation from it.
type Band = (f64, f64, f64, f64);

/// The shortest filter of an even number of taps that decimates by `factor` and keeps what lies
/// below `pass` (a share of the input's sample rate): only what would fold onto the passband is
/// suppressed. The number of taps is a multiple of `multiple`.
pub fn decimator(pass: f64, factor: usize, multiple: usize) -> Vec<f64> {
    let limit = libm::pow(10.0, -ATTENUATION / 20.0);
    let mut bands = vec![(0.0, pass, 1.0, RIPPLE)];
    for image in 1..=factor / 2 {
        let centre = image as f64 / factor as f64;
        bands.push((centre - pass, (centre + pass).min(0.5), 0.0, limit));
    }
    let mut length = multiple;
    loop {
        let taps = least_squares(length, &bands);
        if length >= MOST_TAPS || is_within(&taps, &bands) {
            return taps;
        }
        length += multiple;
    }
}

/// Symmetric taps, their number even, with the least integrated squared error over `bands`,
/// measured in what each allows.
fn least_squares(length: usize, bands: &[Band]) -> Vec<f64> {
    let half = length / 2;
    // The response is the sum of `a[k] cos((k + 1/2) w)`.
    let integral = |factor: f64, from: f64, to: f64| {
        if factor == 0.0 {
            TAU * (to - from)
        } else {
            (libm::sin(factor * TAU * to) - libm::sin(factor * TAU * from)) / factor
        }
    };
    let mut system = vec![vec![0.0; half + 1]; half];
    for (row, line) in system.iter_mut().enumerate() {
        for &(from, to, gain, allowed) in bands {
            let weight = (RIPPLE / allowed) * (RIPPLE / allowed);
            for (column, cell) in line[..half].iter_mut().enumerate() {
                let (sum, difference) = ((row + column + 1) as f64, row.abs_diff(column) as f64);
                let product = integral(sum, from, to) + integral(difference, from, to);
                *cell += 0.5 * weight * product;
            }
            line[half] += weight * gain * integral(row as f64 + 0.5, from, to);
        }
        line[row] += REGULARISATION;
    }
    let solution = solve(system);
    let mut taps = vec![0.0; length];
    for (k, value) in solution.iter().enumerate() {
        taps[half + k] = value / 2.0;
        taps[half - 1 - k] = value / 2.0;
    }
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| tap / sum).collect()
}

/// Gaussian elimination of a positive definite system; the right side is the last column.
fn solve(mut system: Vec<Vec<f64>>) -> Vec<f64> {
    let size = system.len();
    for pivot in 0..size {
        let (done, rest) = system.split_at_mut(pivot + 1);
        let source = &done[pivot];
        for line in rest {
            let share = line[pivot] / source[pivot];
            for (cell, above) in line.iter_mut().zip(source).skip(pivot) {
                *cell -= share * above;
            }
        }
    }
    let mut solution = vec![0.0; size];
    for row in (0..size).rev() {
        let line = &system[row];
        let known: f64 = (row + 1..size).map(|k| line[k] * solution[k]).sum();
        solution[row] = (line[size] - known) / line[row];
    }
    solution
}

/// Whether the response stays within every band.
fn is_within(taps: &[f64], bands: &[Band]) -> bool {
    let half = taps.len() / 2;
    let response = |frequency: f64| -> f64 {
        (0..half)
            .map(|k| 2.0 * taps[half + k] * libm::cos(TAU * frequency * (k as f64 + 0.5)))
            .sum()
    };
    bands.iter().all(|&(from, to, gain, allowed)| {
        (0..=GRID).all(|point| {
            let frequency = from + (to - from) * point as f64 / GRID as f64;
            (response(frequency) - gain).abs() < allowed
        })
    })
}

/// Rows of an interpolating filter.
pub struct Interpolator {
    /// `phases + 1` rows of the same length.
    pub rows: Vec<Vec<f32>>,
    /// Distance from the centre of a window at phase 0 to its newest sample, samples.
    pub reach: f64,
}

impl Interpolator {
    /// `pass` and `stop` as shares of the input's sample rate; rows get a multiple of `multiple`
    /// taps.
    pub fn design(pass: f64, stop: f64, phases: usize, multiple: usize) -> Self {
        let beta = 0.1102 * (ATTENUATION - 8.7);
        let order = libm::ceil((ATTENUATION - 7.95) / (2.285 * TAU * (stop - pass)));
        let width = (order as usize + 2).next_multiple_of(multiple);
        let cutoff = 0.5 * (pass + stop);
        // The window must cover the taps at every phase.
        let reach = width as f64 / 2.0;
        let half = reach - 1.0;
        let rows = (0..=phases)
            .map(|phase| {
                let centre = half + phase as f64 / phases as f64;
                let row: Vec<f64> = (0..width)
                    .map(|tap| {
                        let x = tap as f64 - centre;
                        2.0 * cutoff * sinc(2.0 * cutoff * x) * kaiser(x / reach, beta)
                    })
                    .collect();
                let sum: f64 = row.iter().sum();
                row.iter().map(|tap| (tap / sum) as f32).collect()
            })
            .collect();
        Interpolator { rows, reach }
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    libm::sin(PI * x) / (PI * x)
}

/// Kaiser window for -1 to 1.
fn kaiser(x: f64, beta: f64) -> f64 {
    let inside = 1.0 - x * x;
    if inside <= 0.0 {
        0.0
    } else {
        bessel(beta * inside.sqrt()) / bessel(beta)
    }
}

/// Modified Bessel function of the first kind, order 0: its power series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum, mut n) = (1.0, 1.0, 1.0);
    while term > 1e-12 * sum {
        term *= quarter / (n * n);
        sum += term;
        n += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimators_keep_the_passband_and_refuse_its_images() {
        for (pass, factor) in [(0.0203, 4), (0.0203, 8), (0.081, 2), (0.162, 2)] {
            let taps = decimator(pass, factor, 4);
            println!("{pass} {factor}: {} taps", taps.len());
            assert!(taps.len() < MOST_TAPS, "{factor}: {}", taps.len());
            let level = |frequency: f64| {
                let centre = (taps.len() - 1) as f64 / 2.0;
                let sum: f64 = taps
                    .iter()
                    .enumerate()
                    .map(|(k, tap)| tap * libm::cos(TAU * frequency * (k as f64 - centre)))
                    .sum();
                20.0 * libm::log10(sum.abs())
            };
            for share in [0.0, 0.3, 0.6, 0.9, 1.0] {
                assert!(level(share * pass).abs() < 0.004);
                for image in 1..=factor / 2 {
                    let found = level(image as f64 / factor as f64 - share * pass);
                    assert!(found < -95.0, "{factor}, image {image}: {found}");
                }
            }
        }
    }
}
