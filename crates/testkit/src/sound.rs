//! Compares two recordings: alignment, level, log-spectral distance.
//!
//! The measure is that of the golden data's description: DC removed, aligned by
//! cross-correlation, level matched, third-octave bands from 50 Hz to 15 kHz, frames of 50 ms,
//! bands below -70 dBFS on both sides skipped.
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement; its bits are not compared between platforms"
)]

use std::f64::consts::{PI, TAU};
use std::path::Path;

use anyhow::{Context, ensure};

/// A mono recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Frames per second.
    pub sample_rate: u32,
    /// ±1.0 is full scale.
    pub samples: Vec<f32>,
}

/// Reads a mono FLAC file.
pub fn read_flac(path: &Path) -> anyhow::Result<Sound> {
    let mut reader = claxon::FlacReader::open(path).with_context(|| path.display().to_string())?;
    let info = reader.streaminfo();
    ensure!(
        info.channels == 1,
        "{}: {} channels",
        path.display(),
        info.channels
    );
    let scale = 1.0 / (1_i64 << (info.bits_per_sample - 1)) as f32;
    let mut samples = Vec::new();
    for sample in reader.samples() {
        samples.push(sample? as f32 * scale);
    }
    Ok(Sound {
        sample_rate: info.sample_rate,
        samples,
    })
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Position in the tested sound of the reference's first sample.
    pub lag: i64,
    /// Correlation of the aligned sounds, 1.0 for equal shapes.
    pub correlation: f64,
    /// Level of the tested sound over the reference, dB.
    pub level_db: f64,
    /// Median over the frames of the log-spectral distance, dB.
    pub median_db: f64,
    /// 95th percentile of the same.
    pub p95_db: f64,
    /// Mean signed difference per band (tested less reference, level matched), dB; `NaN` where
    /// no frame had the band.
    pub bands_db: Vec<f64>,
}

/// Compares `tested` with `reference`. `max_lag` is in samples.
pub fn compare(
    reference: &[f32],
    tested: &[f32],
    sample_rate: u32,
    max_lag: usize,
) -> anyhow::Result<Comparison> {
    let lag = best_lag(reference, tested, max_lag);
    let (skip_reference, skip_tested) = if lag >= 0 {
        (0, lag as usize)
    } else {
        (-lag as usize, 0)
    };
    ensure!(
        skip_reference < reference.len() && skip_tested < tested.len(),
        "no overlap"
    );
    let count = (reference.len() - skip_reference).min(tested.len() - skip_tested);
    let reference = without_dc(&reference[skip_reference..skip_reference + count]);
    let mut tested = without_dc(&tested[skip_tested..skip_tested + count]);

    let product: f64 = reference.iter().zip(&tested).map(|(a, b)| a * b).sum();
    let (power_reference, power_tested) = (power(&reference), power(&tested));
    let correlation = product / (power_reference * power_tested).sqrt().max(1e-30);
    let gain = (power_reference / power_tested.max(1e-30)).sqrt();
    for sample in &mut tested {
        *sample *= gain;
    }

    let bank = Bands::new(sample_rate);
    let mut distances = Vec::new();
    let mut sums = vec![(0.0, 0_u32); bank.edges.len()];
    for (a, b) in reference
        .chunks_exact(bank.frame)
        .zip(tested.chunks_exact(bank.frame))
    {
        let (a, b) = (bank.levels_db(a), bank.levels_db(b));
        let (mut total, mut used) = (0.0, 0);
        for (band, (a, b)) in a.iter().zip(&b).enumerate() {
            if *a < FLOOR_DB && *b < FLOOR_DB {
                continue;
            }
            // A band that one side does not have at all counts from the floor's neighbourhood.
            let difference = b.max(FLOOR_DB - 30.0) - a.max(FLOOR_DB - 30.0);
            total += difference * difference;
            used += 1;
            sums[band].0 += difference;
            sums[band].1 += 1;
        }
        if used > 0 {
            distances.push((total / f64::from(used)).sqrt());
        }
    }
    distances.sort_by(f64::total_cmp);
    Ok(Comparison {
        lag,
        correlation,
        level_db: -20.0 * gain.log10(),
        median_db: percentile(&distances, 0.5),
        p95_db: percentile(&distances, 0.95),
        bands_db: sums
            .iter()
            .map(|(sum, count)| sum / f64::from(*count))
            .collect(),
    })
}

/// Level of the tested sound over the reference, dB, DC removed, over the length that both have;
/// none where either is silent.
pub fn level_difference_db(reference: &[f32], tested: &[f32]) -> Option<f64> {
    let count = reference.len().min(tested.len());
    let power_of = |samples: &[f32]| power(&without_dc(&samples[..count])) / count.max(1) as f64;
    let (reference, tested) = (power_of(reference), power_of(tested));
    let is_sound = |power: f64| 10.0 * power.max(1e-30).log10() > FLOOR_DB;
    (is_sound(reference) && is_sound(tested)).then(|| 10.0 * (tested / reference).log10())
}

/// The value below which `share` of sorted `values` lie; 0 for none.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// Bands that both sides have below this level are not compared.
const FLOOR_DB: f64 = -70.0;

/// Third-octave bands of a frame.
struct Bands {
    /// Samples per frame.
    frame: usize,
    window: Vec<f64>,
    size: usize,
    /// First and one past the last bin of each band.
    edges: Vec<(usize, usize)>,
    /// Scale that makes a full-scale sine 0 dB.
    scale: f64,
}

impl Bands {
    fn new(sample_rate: u32) -> Self {
        let rate = f64::from(sample_rate);
        let frame = (rate * 0.05).round() as usize;
        let size = (2 * frame).next_power_of_two();
        let window: Vec<f64> = (0..frame)
            .map(|i| 0.5 - 0.5 * (TAU * (i as f64 + 0.5) / frame as f64).cos())
            .collect();
        let bin = |hz: f64| (hz * size as f64 / rate).round() as usize;
        let edges = (0..25)
            .map(|third| {
                let centre = 50.0 * 2_f64.powf(f64::from(third) / 3.0);
                let first = bin(centre * 2_f64.powf(-1.0 / 6.0));
                (first, bin(centre * 2_f64.powf(1.0 / 6.0)).max(first + 1))
            })
            .collect();
        // A sine's energy in the bins of one side, after the window.
        let energy: f64 = window.iter().map(|w| w * w).sum();
        let scale = 4.0 / (energy * size as f64);
        Bands {
            frame,
            window,
            size,
            edges,
            scale,
        }
    }

    fn levels_db(&self, frame: &[f64]) -> Vec<f64> {
        let mut spectrum = vec![(0.0, 0.0); self.size];
        for ((bin, sample), window) in spectrum.iter_mut().zip(frame).zip(&self.window) {
            bin.0 = sample * window;
        }
        transform(&mut spectrum);
        let band = |&(first, end): &(usize, usize)| {
            let sum: f64 = spectrum[first..end]
                .iter()
                .map(|(re, im)| re * re + im * im)
                .sum();
            10.0 * (sum * self.scale).max(1e-20).log10()
        };
        self.edges.iter().map(band).collect()
    }
}

fn without_dc(samples: &[f32]) -> Vec<f64> {
    let mean = samples.iter().map(|&s| f64::from(s)).sum::<f64>() / samples.len().max(1) as f64;
    samples.iter().map(|&s| f64::from(s) - mean).collect()
}

fn power(samples: &[f64]) -> f64 {
    samples.iter().map(|s| s * s).sum()
}

/// The shift of `tested` that fits `reference` best, by cross-correlation of their slopes
/// (which keeps slow drifts of the DC level out).
fn best_lag(reference: &[f32], tested: &[f32], max_lag: usize) -> i64 {
    let slopes = |samples: &[f32]| -> Vec<f64> {
        samples
            .windows(2)
            .map(|pair| f64::from(pair[1] - pair[0]))
            .collect()
    };
    let (reference, tested) = (slopes(reference), slopes(tested));
    let size = (reference.len() + tested.len() + 1).next_power_of_two();
    let spectrum = |samples: &[f64]| {
        let mut bins = vec![(0.0, 0.0); size];
        for (bin, sample) in bins.iter_mut().zip(samples) {
            bin.0 = *sample;
        }
        transform(&mut bins);
        bins
    };
    let a = spectrum(&reference);
    let mut b = spectrum(&tested);
    // The product's second transform is the correlation, reversed in time.
    for (b, a) in b.iter_mut().zip(&a) {
        *b = (b.0 * a.0 + b.1 * a.1, b.1 * a.0 - b.0 * a.1);
    }
    transform(&mut b);
    let at = |lag: i64| b[(size as i64 - lag).rem_euclid(size as i64) as usize].0;
    let max_lag = max_lag.min(size / 2 - 1) as i64;
    (-max_lag..=max_lag)
        .max_by(|&x, &y| at(x).total_cmp(&at(y)))
        .unwrap_or(0)
}

/// Discrete Fourier transform in place; the length is a power of two.
fn transform(bins: &mut [(f64, f64)]) {
    let size = bins.len();
    let bits = size.trailing_zeros();
    for index in 0..size {
        let mirrored = index.reverse_bits() >> (usize::BITS - bits.max(1));
        if index < mirrored {
            bins.swap(index, mirrored);
        }
    }
    let twiddles: Vec<(f64, f64)> = (0..size / 2)
        .map(|i| (-2.0 * PI * i as f64 / size as f64).sin_cos())
        .map(|(sin, cos)| (cos, sin))
        .collect();
    let mut half = 1;
    while half < size {
        let stride = size / (2 * half);
        for block in bins.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for (index, (low, high)) in low.iter_mut().zip(high).enumerate() {
                let (cos, sin) = twiddles[index * stride];
                let turned = (high.0 * cos - high.1 * sin, high.0 * sin + high.1 * cos);
                *high = (low.0 - turned.0, low.1 - turned.1);
                *low = (low.0 + turned.0, low.1 + turned.1);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(count: usize, hz: &[(f64, f64)]) -> Vec<f32> {
        let sample = |i: usize| {
            let time = i as f64 / 44_100.0;
            hz.iter()
                .map(|(hz, level)| level * (TAU * hz * time).sin())
                .sum::<f64>() as f32
        };
        (0..count).map(sample).collect()
    }

    #[test]
    fn equal_sounds_are_equal_whatever_their_level_and_offset() {
        let mut seed = 1_u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 16_777_216.0 - 0.5
        };
        let reference: Vec<f32> = (0..44_100).map(|_| noise() * 0.4).collect();
        let mut tested = vec![0.0; 500];
        tested.extend(reference.iter().map(|sample| sample * 0.5 + 0.1));
        let found = compare(&reference, &tested, 44_100, 2_000).unwrap();
        assert_eq!(found.lag, 500);
        assert!((found.level_db + 6.02).abs() < 0.01, "{}", found.level_db);
        assert!(found.median_db < 1e-4 && found.p95_db < 1e-4, "{found:?}");
    }

    #[test]
    fn levels_compare_without_dc_and_silence_has_none() {
        let loud = tones(44_100, &[(400.0, 0.2)]);
        let quiet: Vec<f32> = loud.iter().map(|sample| sample * 0.5 + 0.3).collect();
        let found = level_difference_db(&loud, &quiet).unwrap();
        assert!((found + 6.02).abs() < 0.01, "{found}");
        assert_eq!(level_difference_db(&loud, &[0.3; 44_100]), None);
        assert_eq!(level_difference_db(&[], &loud), None);
    }

    #[test]
    fn one_band_louder_counts_for_its_share() {
        let reference = tones(44_100, &[(400.0, 0.2), (3200.0, 0.2)]);
        let tested = tones(44_100, &[(400.0, 0.2), (3200.0, 0.1)]);
        let found = compare(&reference, &tested, 44_100, 0).unwrap();
        // After the level match the bands are off by +2.04 and -3.98 dB, and so are the bands
        // beside them that the window's skirts reach.
        assert!((2.0..4.0).contains(&found.median_db), "{}", found.median_db);
        assert!(
            (found.bands_db[9] - 2.04).abs() < 0.1,
            "{:?}",
            found.bands_db
        );
        assert!(
            (found.bands_db[18] + 3.98).abs() < 0.1,
            "{:?}",
            found.bands_db
        );
    }

    #[test]
    fn a_full_scale_sine_is_zero_db() {
        let bank = Bands::new(44_100);
        let frame: Vec<f64> = (0..bank.frame)
            .map(|i| (TAU * 800.0 * i as f64 / 44_100.0).sin())
            .collect();
        let peak = bank.levels_db(&frame).into_iter().fold(f64::MIN, f64::max);
        assert!(peak.abs() < 0.1, "{peak}");
    }
}
