//! See `fuzz::beacon`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::beacon(bytes));
