//! See `fuzz::peer::extension`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::peer::extension(bytes));
