//! Any bytes are a list of notes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sidfile::Stil;

fuzz_target!(|bytes: &[u8]| {
    let stil = Stil::parse(bytes);
    for (path, notes) in stil.iter() {
        assert_eq!(stil.get(path), Some(notes));
        let _ = stil.folders(path).count();
    }
});
