//! Any bytes are a tune or an error, and a tune keeps its own rules.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sidfile::Tune;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tune) = Tune::parse(bytes) {
        assert!((1..=tune.songs).contains(&tune.start_song));
        assert!((1..=3).contains(&tune.chips.len()));
        assert!(tune.load_range().end <= 0x1_0000);
        let _ = tune.speed_of(tune.songs);
        let _ = tune.relocation();
    }
});
