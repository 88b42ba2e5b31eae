//! How many times real time one chip runs, resampler included: `cargo run --release --example speed`.

#![expect(clippy::disallowed_types, reason = "a stopwatch needs a clock")]

use std::time::Instant;

use sid::{Model, Resampler, Sid};

fn main() {
    for (name, model) in [("6581", Model::Mos6581), ("8580", Model::Mos8580)] {
        let built = Instant::now();
        let mut chip = Sid::new(model);
        println!(
            "{name}: tables built in {:.1} ms",
            built.elapsed().as_secs_f64() * 1e3
        );
        for (mode, filtered) in [(0x0f, 0x00), (0x1f, 0xf3)] {
            for (register, value) in [(21, 0), (22, 0x60), (23, filtered), (24, mode)] {
                chip.write(register, value);
            }
            for voice in 0..3 {
                let base = voice * 7;
                for (register, value) in [
                    (0, 0x31),
                    (1, 0x1c + voice),
                    (3, 8),
                    (5, 0x22),
                    (6, 0xa8),
                    (4, 0x41),
                ] {
                    chip.write(base + register, value);
                }
            }
            let mut resampler = Resampler::with_board(985_248.0, 44_100);
            let mut cycles = [0.0_f32; 656];
            let mut pcm = Vec::new();
            let seconds = 10;
            let started = Instant::now();
            for step in 0..985_248 * seconds / 656 {
                chip.write(1, (step / 30) as u8);
                chip.clock(&mut cycles);
                resampler.process(&cycles, &mut pcm);
            }
            let took = started.elapsed().as_secs_f64();
            println!(
                "{name}, filter {}: {:.1} times real time",
                if filtered == 0 { "idle" } else { "in use" },
                f64::from(seconds) / took
            );
        }
    }
}
