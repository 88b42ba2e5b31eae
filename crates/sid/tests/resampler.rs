//! The resampler by measurement.
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement; its bits are not compared between platforms"
)]

use std::f64::consts::TAU;

use sid::Resampler;

const PAL: f64 = 985_248.444;

/// Level (dB) of a full-scale sine of `hz` behind the resampler, over all frequencies.
fn level_db(rate: u32, hz: f64) -> f64 {
    let mut resampler = Resampler::new(PAL, rate);
    let input: Vec<f32> = (0..300_000)
        .map(|i| (TAU * hz * f64::from(i) / PAL).sin() as f32)
        .collect();
    let mut out = Vec::new();
    resampler.process(&input, &mut out);
    let settled = &out[out.len() / 4..];
    // By correlation under a window, so that whole periods do not matter.
    let (mut re, mut im, mut sum, mut power) = (0.0, 0.0, 0.0, 0.0);
    for (i, &sample) in settled.iter().enumerate() {
        let window = 0.5 - 0.5 * (TAU * i as f64 / settled.len() as f64).cos();
        let angle = TAU * hz * i as f64 / f64::from(rate);
        re += window * angle.cos() * f64::from(sample);
        im += window * angle.sin() * f64::from(sample);
        sum += window;
        power += window * f64::from(sample).powi(2);
    }
    if 2.0 * hz < f64::from(rate) {
        20.0 * (2.0 * (re * re + im * im).sqrt() / sum).log10()
    } else {
        // Wherever it was folded to.
        10.0 * (2.0 * power / sum).max(1e-20).log10()
    }
}

#[test]
fn the_passband_is_flat() {
    for rate in [44_100, 48_000, 96_000] {
        for hz in [30.0, 400.0, 3_000.0, 10_000.0, 15_000.0, 19_000.0, 19_800.0] {
            let level = level_db(rate, hz);
            assert!(level.abs() < 0.01, "{rate}: {hz} Hz at {level} dB");
        }
    }
    assert!(level_db(22_050, 9_000.0).abs() < 0.01);
}

#[test]
fn what_would_alias_is_gone() {
    for rate in [44_100, 48_000] {
        let stop = f64::from(rate) - 20_000.0;
        for hz in [
            stop + 100.0,
            30_000.0,
            60_000.0,
            103_200.0,
            123_156.0,
            246_000.0,
            400_000.0,
        ] {
            let level = level_db(rate, hz);
            assert!(level < -88.0, "{rate}: {hz} Hz at {level} dB");
        }
    }
}

#[test]
fn the_pace_is_exact() {
    for rate in [44_100, 48_000] {
        let mut resampler = Resampler::new(PAL, rate);
        let block = vec![0.0; 98_525];
        let mut out = Vec::new();
        let mut count = 0;
        let seconds = 120;
        for _ in 0..seconds * 10 {
            out.clear();
            resampler.process(&block, &mut out);
            count += out.len() as i64;
        }
        let cycles = 98_525.0 * 10.0 * f64::from(seconds);
        let expected = cycles * f64::from(rate) / PAL;
        assert!(
            (count as f64 - expected).abs() < 2.0,
            "{count} for {expected}"
        );
    }
}

#[test]
fn an_impulse_comes_after_the_latency() {
    let mut resampler = Resampler::new(PAL, 44_100);
    let mut input = vec![0.0; 40_000];
    input[20_000] = 1.0;
    let mut out = Vec::new();
    resampler.process(&input, &mut out);
    // The centre of the impulse, in samples.
    let weight: f64 = out.iter().map(|&s| f64::from(s)).sum();
    let centre: f64 = out
        .iter()
        .enumerate()
        .map(|(i, &s)| i as f64 * f64::from(s))
        .sum::<f64>()
        / weight;
    let expected = (20_000.0 + resampler.latency_cycles()) * 44_100.0 / PAL;
    assert!((centre - expected).abs() < 0.1, "{centre} for {expected}");
}

/// Samples for eight cycles each enter where the stages before have left off, if there is such a
/// place, and are held where there is none.
#[test]
fn eighths_are_cycles_at_every_rate() {
    for rate in [8_000, 44_100, 48_000, 96_000, 192_000] {
        let hz = 1_000.0;
        let wave = |cycle: f64| (TAU * hz / PAL * cycle).sin() as f32;
        let cycles: Vec<f32> = (0..400_000).map(|i| wave(f64::from(i))).collect();
        let eighths: Vec<f32> = (0..50_000).map(|i| wave(f64::from(8 * i) + 3.5)).collect();
        let mut whole = Resampler::with_board(PAL, rate);
        let mut quick = whole.clone();
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        whole.process(&cycles, &mut expected);
        quick.process_eighths(&eighths, &mut found);
        let loudness = |pcm: &[f32]| {
            let late = &pcm[pcm.len() / 2..];
            let power: f64 = late.iter().map(|s| f64::from(*s).powi(2)).sum();
            10.0 * (power / late.len() as f64).log10()
        };
        let (expected, found) = (loudness(&expected), loudness(&found));
        assert!(
            (expected - found).abs() < 0.05,
            "{rate}: {found} for {expected}"
        );
    }
}
