//! Replays the fuzz corpora: what once was interesting must stay harmless.

use std::path::Path;

use sidfile::{Songlengths, Stil, Tune};

#[path = "../../fuzz/src/lib.rs"]
mod checks;

#[test]
fn corpora_are_harmless() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, check) in checks::CHECKS {
        let entries = std::fs::read_dir(corpus.join(name)).expect("every target has a corpus");
        let mut count = 0;
        for entry in entries {
            let path = entry.expect("the corpus is readable").path();
            println!("{}", path.display());
            check(&std::fs::read(path).expect("the corpus is readable"));
            count += 1;
        }
        assert!(count > 0, "{name} has a corpus");
    }
}

fn seed(name: &str) -> Vec<u8> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    std::fs::read(corpus.join(name)).expect("the seed is readable")
}

/// A seed that its reader refuses leads the fuzzer nowhere.
#[test]
fn seeds_are_read() {
    for (name, chips) in [("psid-v2", 1), ("rsid-v2", 1), ("three-chips", 3)] {
        let tune = Tune::parse(&seed(&format!("sidfile/{name}"))).expect(name);
        assert_eq!(tune.chips.len(), chips, "{name}");
    }
    for (name, chips) in [("song", 1), ("pair", 2)] {
        let tune = Tune::parse(&seed(&format!("mus/{name}"))).expect(name);
        assert_eq!((tune.is_mus, tune.chips.len()), (true, chips), "{name}");
    }
    let lengths = Songlengths::parse(&seed("songlengths/two-songs"));
    assert_eq!(lengths.errors(), []);
    assert!(Stil::parse(&seed("stil/one-song")).iter().count() > 0);
    for (name, tunes) in [("one-tune", 1), ("columns", 3)] {
        let entries = catalog::decode(&seed(&format!("catalog/{name}")));
        assert_eq!(entries.map(|entries| entries.len()), Ok(tunes), "{name}");
    }
    assert!(protocol::decode::<protocol::engine::Request>(&seed("protocol/load")).is_ok());
    assert!(protocol::decode::<protocol::library::Event>(&seed("protocol/import-done")).is_ok());
    for name in ["single", "folder"] {
        let torrent = torrent::Metainfo::parse(&seed(&format!("metainfo/{name}")));
        assert!(torrent.is_ok(), "{name}: {torrent:?}");
    }
    for name in ["failed", "minute", "peers"] {
        let beacon = telemetry::Beacon::decode(&seed(&format!("beacon/{name}")));
        assert!(beacon.is_ok(), "{name}: {beacon:?}");
    }
    for name in ["ask", "bye", "changes", "mail", "pulse", "whole"] {
        let message = seed(&format!("bus/{name}"));
        let message = torrent::tracker::Envelope::decode(&message);
        assert!(message.is_ok(), "{name}: {message:?}");
    }
    for name in ["announce", "answer", "scrape"] {
        let text = String::from_utf8(seed(&format!("announce/{name}"))).expect("text");
        let message = torrent::announce::ClientMessage::parse(&text);
        assert!(message.is_ok(), "{name}: {message:?}");
    }
}

#[test]
fn every_target_has_its_check() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
    let mut found: Vec<String> = std::fs::read_dir(targets)
        .expect("the targets are readable")
        .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned))
        .collect();
    found.sort();
    let mut known = checks::CHECKS.map(|(name, _)| name.to_owned());
    known.sort();
    assert_eq!(found, known);
}
