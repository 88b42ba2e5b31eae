//! Replays the fuzz corpora: what once was interesting must stay harmless.

use std::path::Path;

use sidfile::{Songlengths, Stil, Tune};

fn replay(target: &str, each: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let entries = std::fs::read_dir(folder).expect("the corpus is part of the workspace");
    let mut count = 0;
    for entry in entries {
        let path = entry.expect("the corpus is readable").path();
        each(&std::fs::read(path).expect("the corpus is readable"));
        count += 1;
    }
    assert!(count > 0, "{target} has a corpus");
}

#[test]
fn corpora_are_harmless() {
    replay("sidfile", |bytes| assert!(Tune::parse(bytes).is_ok()));
    replay("songlengths", |bytes| {
        assert_eq!(Songlengths::parse(bytes).errors(), [])
    });
    replay("stil", |bytes| {
        assert!(Stil::parse(bytes).iter().count() > 0)
    });
}
