//! See `fuzz::peer::session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::peer::session(bytes));
