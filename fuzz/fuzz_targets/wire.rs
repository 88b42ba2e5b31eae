//! See `fuzz::peer::wire`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::peer::wire(bytes));
