//! See `fuzz::sidfile`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::sidfile(bytes));
