//! Any memory image runs without a panic.
#![no_main]

use c64::{Config, Player};
use libfuzzer_sys::fuzz_target;
use sidfile::Tune;

/// Long enough for a few frames.
const CYCLES: u64 = 60_000;

fuzz_target!(|bytes: &[u8]| {
    let mut file = vec![0; 0x7c];
    file[..8].copy_from_slice(b"PSID\0\x02\0\x7c");
    file[0x0f] = 1;
    // The first bytes choose load and play address; the image follows.
    let [load_low, load_high, play_low, play_high, image @ ..] = bytes else { return };
    file[0x0c..0x0e].copy_from_slice(&[*play_high, *play_low]);
    file.extend([*load_low, *load_high]);
    file.extend(image);
    let Ok(tune) = Tune::parse(&file) else { return };
    let Ok(mut player) = Player::new(&tune, 1, &Config::default()) else { return };
    player.run_cycles(CYCLES);
});
