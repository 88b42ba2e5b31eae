//! Speed and pitch: how long it lasts, how high it is, and that nothing clicks.

use core::f64::consts::TAU;

use pcm::tempo::{ONE, Stretch, Tempo};
use proptest::prelude::*;

const RATE: u32 = 48_000;

fn tempo(speed: f64, pitch: f64) -> Tempo {
    Tempo {
        step: (speed * f64::from(ONE)) as u32,
        pitch,
    }
}

/// `input` at another tempo, pushed and pulled in pieces of odd sizes.
fn stretched(input: &[f32], tempo: Tempo) -> Vec<f32> {
    let mut stretch = Stretch::new(RATE, tempo);
    let mut out = Vec::new();
    let mut chunk = [0.0; 2 * 333];
    for piece in input.chunks(2 * 1021) {
        stretch.push(piece);
        while let count @ 1.. = stretch.pull(&mut chunk) {
            out.extend_from_slice(&chunk[..2 * count as usize]);
        }
    }
    stretch.finish();
    while let count @ 1.. = stretch.pull(&mut chunk) {
        out.extend_from_slice(&chunk[..2 * count as usize]);
    }
    assert!(stretch.is_over());
    out
}

/// A chord of sines, the same on both sides but for the level.
fn chord(frequencies: &[f64], seconds: f64) -> Vec<f32> {
    let frames = (seconds * f64::from(RATE)) as u32;
    let sample = |frame: u32| {
        let at = f64::from(frame) / f64::from(RATE);
        let sum: f64 = frequencies.iter().map(|f| libm::sin(TAU * f * at)).sum();
        (0.8 * sum / frequencies.len() as f64) as f32
    };
    (0..frames)
        .flat_map(|frame| [sample(frame), 0.5 * sample(frame)])
        .collect()
}

/// Strength of a frequency in the left side, by the discrete Fourier transform under a Hann window.
fn strength(sound: &[f32], frequency: f64) -> f64 {
    let frames = sound.as_chunks::<2>().0;
    let count = frames.len() as f64;
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (at, frame) in frames.iter().enumerate() {
        let window = 0.5 - 0.5 * libm::cos(TAU * at as f64 / count);
        let phase = TAU * frequency * at as f64 / f64::from(RATE);
        cosine += window * f64::from(frame[0]) * libm::cos(phase);
        sine += window * f64::from(frame[0]) * libm::sin(phase);
    }
    4.0 / count * cosine.hypot(sine)
}

/// The strongest frequency within an octave and a half of `around`, to a twelfth of a semitone.
fn peak(sound: &[f32], around: f64) -> f64 {
    let tried = (-216..=216).map(|twelfth| around * libm::exp2(f64::from(twelfth) / 144.0));
    let (_, best) = tried
        .map(|frequency| (strength(sound, frequency), frequency))
        .fold(
            (0.0, 0.0),
            |best, other| if other.0 > best.0 { other } else { best },
        );
    best
}

fn middle(sound: &[f32]) -> &[f32] {
    let frames = sound.len() / 2;
    let from = (frames / 2).saturating_sub(12_000);
    &sound[2 * from..2 * (from + 24_000).min(frames)]
}

#[track_caller]
fn check_pitch(speed: f64, pitch: f64) {
    let sound = stretched(&chord(&[440.0], 6.0), tempo(speed, pitch));
    let found = peak(middle(&sound), 440.0 * pitch);
    let semitones = 12.0 * libm::log2(found / (440.0 * pitch));
    assert!(semitones.abs() < 0.1, "{semitones} semitones off");
    let level = strength(middle(&sound), found);
    assert!((level - 0.8).abs() < 0.06, "level {level}");
}

#[test]
fn another_speed_leaves_the_pitch() {
    for speed in [0.25, 0.5, 0.75, 1.25, 1.5, 2.0, 4.0] {
        check_pitch(speed, 1.0);
    }
}

#[test]
fn another_pitch_leaves_the_speed_and_goes_with_any() {
    for pitch in [0.5, 1.059_463_094_359_295_3, 2.0] {
        check_pitch(1.0, pitch);
    }
    check_pitch(2.0, 2.0);
    check_pitch(0.5, 1.5);
}

#[test]
fn where_pitch_follows_speed_it_is_resampled_and_no_more() {
    let sound = stretched(&chord(&[440.0, 1_000.0], 4.0), tempo(1.5, 1.5));
    let direct = chord(&[660.0, 1_500.0], 2.6);
    let worst = sound
        .iter()
        .zip(&direct)
        .skip(400)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(worst < 0.000_2, "{worst}");
}

#[test]
fn what_would_fold_back_is_gone() {
    let sound = stretched(&chord(&[15_000.0], 2.0), tempo(2.0, 2.0));
    let loudest = middle(&sound)
        .iter()
        .fold(0.0f32, |all, s| all.max(s.abs()));
    assert!(loudest < 0.000_3, "{loudest}");
}

#[test]
fn the_own_tempo_changes_no_bit() {
    let input = chord(&[440.0, 3_000.0], 0.7);
    assert!(stretched(&input, tempo(1.0, 1.0)) == input);
}

#[test]
fn nothing_clicks() {
    // What a click adds is in the second difference: steady sines have a bound on it.
    let bend = |sound: &[f32]| {
        let left: Vec<f32> = sound.as_chunks::<2>().0.iter().map(|f| f[0]).collect();
        let bends = left.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs());
        bends.skip(10).fold(0.0, f32::max)
    };
    let input = chord(&[220.0, 277.2, 329.6], 4.0);
    let own = bend(&input);
    for speed in [0.25, 0.6, 0.9, 1.1, 1.7, 3.0, 4.0] {
        let sound = stretched(&input, tempo(speed, 1.0));
        // The chord ends at once, and a line may run ahead of its song by 65 ms.
        let end = ((3.9 / speed) * f64::from(RATE)) as usize;
        let found = bend(&sound[..2 * end]);
        assert!(found < 1.5 * own, "{speed}: {found}, of itself {own}");
    }
}

#[test]
fn a_drum_is_where_it_belongs() {
    // A short burst every second.
    let mut input = vec![0.0f32; 2 * 5 * RATE as usize];
    for second in 1..5u32 {
        for frame in 0..480 {
            let at = (second * RATE + frame) as usize;
            let sample = libm::sin(TAU * 900.0 * f64::from(frame) / f64::from(RATE)) as f32;
            input[2 * at..2 * at + 2].fill(sample);
        }
    }
    for speed in [0.5, 0.8, 1.3, 2.0] {
        let sound = stretched(&input, tempo(speed, 1.0));
        for second in 1..5u32 {
            let expected = f64::from(second * RATE) / speed;
            let first = (expected - 0.03 * f64::from(RATE)) as usize;
            let last = (expected + 0.04 * f64::from(RATE)) as usize;
            let loud = sound[2 * first..2 * last].iter().any(|s| s.abs() > 0.3);
            assert!(loud, "second {second} at speed {speed}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever goes in, so much comes out, and no louder than two of it.
    #[test]
    fn it_lasts_exactly_as_long_as_it_should(
        frames in 0usize..20_000,
        step in ONE / 4..=4 * ONE,
        semitones in -12i32..=12,
        follows in any::<bool>(),
        seed in any::<u32>(),
    ) {
        let mut noise = seed | 1;
        let input: Vec<f32> = (0..2 * frames)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                (noise as i32) as f32 / 2_147_483_648.0
            })
            .collect();
        let follow = if follows { f64::from(step) / f64::from(ONE) } else { 1.0 };
        let pitch = follow * libm::exp2(f64::from(semitones) / 12.0);
        let sound = stretched(&input, Tempo { step, pitch });
        let expected = (frames as u64 * u64::from(ONE)).div_ceil(u64::from(step));
        prop_assert_eq!(sound.len() as u64 / 2, expected);
        prop_assert!(sound.iter().all(|s| s.abs() < 4.0));
    }
}
