//! Any bytes are a list of lengths.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sidfile::Songlengths;

fuzz_target!(|bytes: &[u8]| {
    let list = Songlengths::parse(bytes);
    for tune in list.tunes() {
        assert!(list.get(&tune.md5).is_some_and(|millis| !millis.is_empty()));
    }
});
