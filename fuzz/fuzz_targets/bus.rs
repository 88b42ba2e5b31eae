//! See `fuzz::bus`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::bus(bytes));
