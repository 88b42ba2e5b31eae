//! How fast this device is.

use sid::{Model, Sid};

/// Samples of a round: a tenth of a second of sound.
const CYCLES: usize = 98_525;
/// Rounds; the quickest counts, as a round may be interrupted.
const ROUNDS: usize = 3;

/// Speed of a 6581 of the accurate grade with all that costs time: three voices through the
/// filter. Times real time.
pub fn chip_speed(now_millis: impl Fn() -> f64) -> f64 {
    let mut sid = Sid::new(Model::Mos6581);
    for voice in 0..3 {
        let registers = [0x00, 0x10 + voice, 0x00, 0x08, 0x41, 0x00, 0xf0];
        for (register, value) in (7 * voice..).zip(registers) {
            sid.write(register, value);
        }
    }
    for (register, value) in [(21, 0x00), (22, 0x40), (23, 0xf7), (24, 0x1f)] {
        sid.write(register, value);
    }
    let mut samples = vec![0.0; CYCLES];
    let rounds = (0..ROUNDS).map(|_| {
        let start = now_millis();
        sid.clock(&mut samples);
        now_millis() - start
    });
    // A clock may be as coarse as 0.1 ms.
    100.0 / rounds.fold(f64::INFINITY, f64::min).max(0.1)
}
