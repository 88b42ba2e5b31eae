//! See `fuzz::metainfo`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::metainfo(bytes));
