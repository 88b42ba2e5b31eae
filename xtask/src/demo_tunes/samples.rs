//! The drums of the sampled tune, made by sums of decaying tones and noise: four bits a level.

/// Samples a second at the timer's latch.
pub const SAMPLE_RATE: f64 = 985_248.6 / 124.0;

/// The drums by note of the fourth track: each is levels from 0 to 15 and the end mark.
pub fn drums() -> [(&'static str, Vec<u8>); 6] {
    [
        ("kick", levels(0.22, 7.4, kick)),
        ("snare", levels(0.20, 7.2, snare)),
        ("hat", levels(0.045, 4.0, hat)),
        ("open hat", levels(0.20, 3.6, open_hat)),
        ("tom", levels(0.24, 6.6, tom)),
        ("ghost snare", levels(0.11, 3.6, snare)),
    ]
}

/// Rounds a sound of `seconds` to levels around 8, with noise from a shift register as input.
fn levels(seconds: f64, amplitude: f64, sound: fn(f64, f64, f64) -> f64) -> Vec<u8> {
    let count = (seconds * SAMPLE_RATE) as u32;
    let mut register = 0xace1_u32;
    let mut last = 0.0;
    let mut bytes: Vec<u8> = (0..count)
        .map(|index| {
            for _ in 0..7 {
                let bit = register & 1;
                register >>= 1;
                if bit == 1 {
                    register ^= 0xb400;
                }
            }
            let noise = f64::from(register & 0xfff) / 2048.0 - 1.0;
            let bright = noise - last;
            last = noise;
            let time = f64::from(index) / SAMPLE_RATE;
            let fade = ((seconds - time) / 0.02).min(1.0);
            let value = sound(time, noise, bright) * fade;
            (8.0 + amplitude * value.clamp(-1.0, 1.0))
                .round()
                .clamp(0.0, 15.0) as u8
        })
        .collect();
    bytes.push(0xff);
    bytes
}

/// The phase in turns of a tone that falls from `high` to `low` hertz, `rate` times e a second.
fn falling(time: f64, high: f64, low: f64, rate: f64) -> f64 {
    low * time + (high - low) * (1.0 - (-rate * time).exp()) / rate
}

fn tone(turns: f64) -> f64 {
    (turns * std::f64::consts::TAU).sin()
}

fn kick(time: f64, noise: f64, _: f64) -> f64 {
    let body = tone(falling(time, 260.0, 48.0, 32.0)) * (-time * 9.0).exp() * 1.35;
    body + noise * 0.5 * (-time * 250.0).exp()
}

fn snare(time: f64, noise: f64, bright: f64) -> f64 {
    let body = tone(falling(time, 330.0, 185.0, 40.0)) * (-time * 22.0).exp();
    body * 0.8 + (0.6 * noise + 0.35 * bright) * (-time * 17.0).exp() * 1.2
}

fn hat(time: f64, _: f64, bright: f64) -> f64 {
    bright * (-time * 60.0).exp()
}

fn open_hat(time: f64, _: f64, bright: f64) -> f64 {
    bright * (-time * 13.0).exp()
}

fn tom(time: f64, noise: f64, _: f64) -> f64 {
    let body = tone(falling(time, 210.0, 92.0, 14.0)) * (-time * 10.0).exp() * 1.2;
    body + noise * 0.3 * (-time * 120.0).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drums_are_four_bits_wide_and_end_at_rest() {
        for (name, bytes) in drums() {
            let (end, levels) = bytes.split_last().unwrap();
            assert_eq!(*end, 0xff, "{name}");
            assert!(levels.iter().all(|&level| level < 16), "{name}");
            assert!((7..=9).contains(levels.last().unwrap()), "{name}");
        }
    }
}
