//! What is written as FLAC is read back by another's decoder, sample for sample.

use claxon::FlacReader;
use md5::{Digest, Md5};
use pcm::flac::Flac;
use pcm::{Tags, to_16_bits};
use proptest::prelude::*;

/// Writes samples, reads them, and compares; returns the size of the file.
fn check(samples: &[f32]) -> usize {
    let mut flac = Flac::new(44_100, &Tags::default());
    for part in samples.chunks(1_000) {
        flac.push(part);
    }
    let file = flac.finish();
    let mut reader = FlacReader::new(file.as_slice()).expect("the head is readable");
    let info = reader.streaminfo();
    assert_eq!((info.sample_rate, info.channels), (44_100, 2));
    assert_eq!(info.samples.unwrap_or(0), samples.len() as u64 / 2);
    let read: Vec<i32> = reader
        .samples()
        .collect::<Result<_, _>>()
        .expect("every frame is readable, and its checksums are right");
    let written: Vec<i32> = samples
        .iter()
        .map(|&sample| i32::from(to_16_bits(sample)))
        .collect();
    assert!(read == written);
    let plain: Vec<u8> = written
        .iter()
        .flat_map(|&sample| (sample as i16).to_le_bytes())
        .collect();
    assert_eq!(info.md5sum.as_slice(), Md5::digest(plain).as_slice());
    file.len()
}

/// Noise in ±1.0 (xorshift).
fn noise(count: usize) -> Vec<f32> {
    let mut state = 0x1234_5678_u32;
    let step = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.cast_signed() as f32 / 2_147_483_648.0
    };
    core::iter::repeat_with(step).take(count).collect()
}

fn saw(count: usize, period: usize) -> Vec<f32> {
    let level = |at: usize| (at % period) as f32 / period as f32 - 0.5;
    (0..count).flat_map(|at| [level(at), level(at)]).collect()
}

#[test]
fn sounds_of_all_kinds_come_back() {
    let smooth: Vec<f32> = (0..30_000)
        .map(|at| 0.9 * libm::sinf(at as f32 * 0.013) + 0.05 * libm::sinf(at as f32 * 0.31))
        .collect();
    assert!(check(&smooth) < 30_000 * 2 * 2 / 3);
    // One chip is the same on both sides, which costs next to nothing.
    assert!(check(&saw(20_000, 1_000)) < 20_000);
    check(&noise(20_000));
    assert!(check(&[0.25; 50_000]) < 400);
    check(&[]);
    check(&[1.0, -1.0]);
    let square: Vec<f32> = (0..20_000)
        .map(|at| if at / 64 % 2 == 0 { 2.0 } else { -2.0 })
        .collect();
    check(&square);
}

#[test]
fn long_files_have_long_frame_numbers() {
    // Numbers from 128 on take two bytes, from 2,048 on three.
    check(&vec![0.5; 2 * 4_096 * 2_050]);
}

#[test]
fn names_are_read_back() {
    let tags = Tags {
        title: "Glühwürmchen".into(),
        artist: "Nobody".into(),
        album: String::new(),
        track: 3,
        copyright: "2026 Nobody".into(),
    };
    let file = Flac::new(8_000, &tags).finish();
    let reader = FlacReader::new(file.as_slice()).expect("the head is readable");
    let tags: Vec<_> = reader.tags().collect();
    let expected = [
        ("TITLE", "Glühwürmchen"),
        ("ARTIST", "Nobody"),
        ("TRACKNUMBER", "3"),
        ("COPYRIGHT", "2026 Nobody"),
    ];
    assert_eq!(tags, expected);
    assert_eq!(reader.vendor(), Some("Sidereal"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_sound_comes_back(
        frames in 1usize..9_000,
        period in 2usize..400,
        loudness in 0.0f32..1.2,
        roughness in 0.0f32..0.5,
    ) {
        let mut samples = saw(frames, period);
        for (sample, noise) in samples.iter_mut().zip(noise(2 * frames)) {
            *sample = *sample * loudness + noise * roughness;
        }
        check(&samples);
    }
}
