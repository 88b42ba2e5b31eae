//! See `fuzz::songlengths`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::songlengths(bytes));
