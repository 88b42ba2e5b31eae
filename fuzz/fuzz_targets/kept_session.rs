//! See `fuzz::kept_session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::kept_session(bytes));
