//! The analogue part by measurement: cutoff, resonance, levels, samples through the volume.
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement; its bits are not compared between platforms"
)]

use std::f64::consts::TAU;

use sid::{FilterCurve, Grade, Model, Resampler, Sid, Tape};

const PAL: f64 = 985_248.0;

/// PCM of a chip after a list of writes, past its first half second.
fn settled(model: Model, writes: &[(u8, u8)]) -> Vec<f32> {
    let mut chip = Sid::new(model);
    for &(register, value) in writes {
        chip.write(register, value);
    }
    let mut cycles = vec![0.0; 985_248];
    chip.clock(&mut cycles);
    let mut pcm = Vec::new();
    Resampler::with_board(PAL, 44_100).process(&cycles, &mut pcm);
    pcm.split_off(22_050)
}

/// Amplitude of the sine of `hz` in `pcm`.
fn amplitude(pcm: &[f32], hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (i, &sample) in pcm.iter().enumerate() {
        let angle = TAU * hz * i as f64 / 44_100.0;
        let window = 0.5 - 0.5 * (TAU * i as f64 / pcm.len() as f64).cos();
        re += f64::from(sample) * angle.cos() * window;
        im += f64::from(sample) * angle.sin() * window;
    }
    4.0 * (re * re + im * im).sqrt() / pcm.len() as f64
}

/// Gain (dB) of the low-pass for a triangle's fundamental of `hz`, against the same voice past
/// the filter.
fn low_pass_db(model: Model, cutoff: u16, resonance: u8, hz: f64) -> f64 {
    let frequency = (hz * 16_777_216.0 / PAL) as u16;
    let exact = f64::from(frequency) * PAL / 16_777_216.0;
    let measure = |routing: u8, mode: u8| {
        let [low, high] = frequency.to_le_bytes();
        let writes = [
            (0, low),
            (1, high),
            (5, 0),
            (6, 0xf0),
            (4, 0x11),
            (21, (cutoff & 7) as u8),
            (22, (cutoff >> 3) as u8),
            (23, resonance << 4 | routing),
            (24, mode | 15),
        ];
        amplitude(&settled(model, &writes), exact)
    };
    20.0 * (measure(1, 0x10) / measure(0, 0)).log10()
}

/// Frequency (below a voice's highest of 3.8 kHz) at which the low-pass without resonance has lost 3 dB.
fn corner_hz(model: Model, cutoff: u16, from: f64) -> f64 {
    let floor = low_pass_db(model, cutoff, 0, 60.0) - 3.0;
    let mut hz = from;
    while low_pass_db(model, cutoff, 0, hz) > floor && hz < 3_800.0 {
        hz *= 1.05;
    }
    hz
}

#[test]
fn the_8580_cutoff_is_linear() {
    // u*Cox * W/L * (Vg - Vth - Vref) / C is 2 pi * 14.5 kHz with all bits of the ladder on, in
    // proportion below; without resonance (Q 0.71) the corner is the cutoff.
    for cutoff in [0x40_u16, 0x100, 0x180] {
        let expected = 14_550.0 * f64::from(cutoff) / 2047.0;
        let found = corner_hz(Model::Mos8580, cutoff, expected * 0.6);
        assert!(
            (found / expected - 1.0).abs() < 0.15,
            "{cutoff:#x}: {found} for {expected}"
        );
    }
}

#[test]
fn the_6581_cutoff_starts_at_the_snake_and_rises_steeply() {
    // R24 and 470 pF give 220 Hz or so at the bottom (Dag Lem), whatever the DAC says there;
    // then the transistor takes over.
    let bottom = corner_hz(Model::Mos6581, 0, 100.0);
    let lower = corner_hz(Model::Mos6581, 0x40, 100.0);
    let upper = corner_hz(Model::Mos6581, 0x1c0, 300.0);
    assert!((150.0..350.0).contains(&bottom), "{bottom}");
    assert!(lower < 3.0 * bottom, "{lower} over {bottom}");
    assert!((1_000.0..3_500.0).contains(&upper), "{upper}");
}

#[test]
fn resonance_lifts_the_8580_as_its_ladder_says() {
    // At the cutoff a low-pass has the gain Q: 0.71 to 2.6, 11.3 dB apart.
    let cutoff = 0x100_u16;
    let hz = 14_550.0 * f64::from(cutoff) / 2047.0;
    let peak = |resonance: u8| {
        [0.9, 0.95, 1.0, 1.05, 1.1]
            .map(|share| low_pass_db(Model::Mos8580, cutoff, resonance, hz * share))
            .into_iter()
            .fold(f64::MIN, f64::max)
    };
    let lift = peak(15) - peak(0);
    assert!((8.0..12.5).contains(&lift), "{lift}");
    assert!(peak(7) - peak(0) > 3.0);
}

#[test]
fn a_voice_has_the_reference_level() {
    // Peak to peak of a full triangle, voice 1 alone at full volume, as the reference plays it.
    for (model, expected) in [(Model::Mos6581, 0.31), (Model::Mos8580, 0.24)] {
        let pcm = settled(model, &[(1, 0x10), (5, 0), (6, 0xf0), (4, 0x11), (24, 15)]);
        let (low, high) = pcm
            .iter()
            .fold((1.0_f32, -1.0_f32), |(l, h), &s| (l.min(s), h.max(s)));
        let found = high - low;
        assert!((found / expected - 1.0).abs() < 0.25, "{model:?}: {found}");
    }
}

#[test]
fn three_loud_voices_stay_within_full_scale() {
    for model in [Model::Mos6581, Model::Mos8580] {
        let mut writes = vec![(24, 15)];
        for base in [0, 7, 14] {
            writes.extend([
                (base + 1, 0x10 + base),
                (base + 3, 8),
                (base + 6, 0xf0),
                (base + 4, 0x41),
            ]);
        }
        let peak = settled(model, &writes)
            .iter()
            .fold(0.0_f32, |peak, s| peak.max(s.abs()));
        assert!(peak < 1.0, "{model:?}: {peak}");
    }
}

#[test]
fn samples_through_the_volume_are_heard_and_can_be_muted() {
    let play = |model: Model, mask: u8| {
        let mut chip = Sid::new(model);
        chip.set_audible(mask);
        let mut cycles = vec![0.0; 985_248];
        // 15 and 0 in turn at 1 kHz.
        for (index, block) in cycles.chunks_mut(493).enumerate() {
            chip.write(24, if index % 2 == 0 { 15 } else { 0 });
            chip.clock(block);
        }
        let mut pcm = Vec::new();
        Resampler::with_board(PAL, 44_100).process(&cycles, &mut pcm);
        amplitude(&pcm[22_050..], PAL / 986.0)
    };
    for model in [Model::Mos6581, Model::Mos8580] {
        let (heard, muted) = (play(model, 15), play(model, 7));
        assert!(heard > 0.02, "{model:?}: {heard}");
        assert!(muted < 1e-3 * heard, "{model:?}: {muted}");
    }
}

#[test]
fn muted_voices_are_silent() {
    for model in [Model::Mos6581, Model::Mos8580] {
        let mut chip = Sid::new(model);
        chip.set_audible(0b1110);
        for (register, value) in [(1, 0x10), (6, 0xf0), (4, 0x21), (24, 15)] {
            chip.write(register, value);
        }
        chip.skip(985_248);
        let mut cycles = vec![0.0; 10_000];
        chip.clock(&mut cycles);
        let (low, high) = cycles
            .iter()
            .fold((1.0_f32, -1.0_f32), |(l, h), &s| (l.min(s), h.max(s)));
        assert!(high - low < 1e-3, "{model:?}: {}", high - low);
    }
}

#[test]
fn the_tap_has_an_entry_every_32_cycles() {
    let mut chip = Sid::new(Model::Mos8580);
    for (register, value) in [(1, 0x40), (6, 0xf0), (4, 0x21), (24, 15)] {
        chip.write(register, value);
    }
    chip.skip(20_000);
    let mut tap = Vec::new();
    for count in [1, 31, 64, 7, 25, 32_000] {
        chip.clock_tapped(&mut vec![0.0; count], &mut tap);
    }
    assert_eq!(tap.len(), (1 + 31 + 64 + 7 + 25 + 32_000) / 32);
    let level = |voice: usize| tap.iter().map(|entry| entry[voice]).max();
    assert!(
        level(0) > Some(30_000) && level(1) < Some(300) && level(3) == Some(0),
        "{:?}",
        level(0)
    );
}

#[test]
fn a_brighter_6581_lets_more_through() {
    // A sawtooth of 250 Hz through the low-pass at a middling cutoff.
    let loudness = |percent: u8| {
        let mut chip = Sid::new(Model::Mos6581);
        chip.set_filter_curve(FilterCurve::new(percent));
        for (register, value) in [
            (1, 0x10),
            (6, 0xf0),
            (4, 0x21),
            (22, 0x60),
            (23, 0x01),
            (24, 0x1f),
        ] {
            chip.write(register, value);
        }
        let mut cycles = vec![0.0; 400_000];
        chip.clock(&mut cycles);
        let mut pcm = Vec::new();
        Resampler::with_board(PAL, 44_100).process(&cycles, &mut pcm);
        // The steps between samples weigh what is bright.
        let late = &pcm[8_000..];
        let steps = late.windows(2).map(|pair| f64::from(pair[1] - pair[0]));
        steps.map(|step| step * step).sum::<f64>().sqrt()
    };
    let found = FilterCurve::PRESETS.map(|(_, curve)| loudness(curve.percent()));
    assert!(
        found.windows(2).all(|pair| pair[0] > 1.05 * pair[1]),
        "{found:?}"
    );
}

/// PCM of either grade after a list of writes, past the first quarter of a second.
fn graded(model: Model, grade: Grade, writes: &[(u8, u8)]) -> Vec<f32> {
    let mut chip = Sid::new(model);
    chip.set_grade(grade);
    let (mut tape, mut samples, mut pcm) = (Tape::new(), Vec::new(), Vec::new());
    let mut resampler = Resampler::with_board(PAL, 44_100);
    for &(register, value) in writes {
        chip.write(register, value);
    }
    for _ in 0..120 {
        chip.record(8_192, &mut tape);
        samples.clear();
        chip.play(&mut tape, &mut samples);
        match grade {
            Grade::Accurate => resampler.process(&samples, &mut pcm),
            Grade::Light => resampler.process_eighths(&samples, &mut pcm),
        }
    }
    pcm.split_off(11_025)
}

#[test]
fn the_light_grade_sounds_much_like_the_accurate_one() {
    // Saw, pulse, triangle with ring modulation, noise; plain, and through the filter at a low
    // and a high cutoff with resonance, at the highest also with the most of it.
    for model in [Model::Mos6581, Model::Mos8580] {
        for (cutoff, routing, mode) in [
            (0, 0, 0x0f),
            (0x30, 0x57, 0x1f),
            (0x60, 0xa7, 0x2f),
            (0xc0, 0xf3, 0x1f),
            (0xff, 0x07, 0x5f),
            (0xff, 0xf7, 0x1f),
            (0xe0, 0xd7, 0x2f),
            (0xff, 0xf3, 0x4f),
        ] {
            let writes = [
                (0, 0x31),
                (1, 0x1c),
                (6, 0xf0),
                (4, 0x21),
                (8, 0x09),
                (10, 0x05),
                (13, 0xa0),
                (11, 0x41),
                (15, 0x30),
                (20, 0x90),
                (18, 0x15),
                (22, cutoff),
                (23, routing),
                (24, mode),
            ];
            let accurate = graded(model, Grade::Accurate, &writes);
            let light = graded(model, Grade::Light, &writes);
            let found = distance(&accurate, &light);
            println!("{model:?} cutoff {cutoff:#x} routing {routing:#x}: {found:?}");
            let (level, shape) = found;
            assert!(level.abs() < 0.1, "{model:?} {cutoff:#x}: {found:?}");
            assert!(shape < 0.5, "{model:?} {cutoff:#x}: {found:?}");
        }
    }
}

/// Level (dB) of `tested` over `reference`, and the root of the mean squared difference (dB) of
/// their levels in thirds of octaves from 50 Hz to 12 kHz, where the reference has any.
fn distance(reference: &[f32], tested: &[f32]) -> (f64, f64) {
    let power = |pcm: &[f32]| pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    let level = 10.0 * (power(tested) / power(reference)).log10();
    // A band's level: sines a few hertz apart.
    let band = |pcm: &[f32], centre: f64| -> f64 {
        let points = (0..12).map(|i| centre * 2.0_f64.powf((f64::from(i) - 5.5) / 36.0));
        let sum: f64 = points.map(|hz| amplitude(&pcm[..8_192], hz).powi(2)).sum();
        10.0 * sum.max(1e-20).log10()
    };
    let (mut sum, mut count) = (0.0, 0.0);
    for third in 0..24 {
        let centre = 50.0 * 2.0_f64.powf(f64::from(third) / 3.0);
        let (a, b) = (band(reference, centre), band(tested, centre));
        if a > -70.0 {
            sum += (b - a - level).powi(2);
            count += 1.0;
        }
    }
    (level, (sum / f64::max(count, 1.0)).sqrt())
}
