//! See `fuzz::announce`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::announce(bytes));
