//! The collection on this machine, where there is one: every tune must parse.

use std::path::{Path, PathBuf};

use sidfile::{Songlengths, Stil, Tune};

/// Folder of the collection: `SIDEREAL_HVSC`, or next to the workspace.
fn collection() -> Option<PathBuf> {
    let folder = std::env::var_os("SIDEREAL_HVSC").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/hvsc/C64Music"),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

fn visit(folder: &Path, each: &mut impl FnMut(&Path)) {
    let entries = std::fs::read_dir(folder).expect("a folder of the collection is readable");
    for entry in entries {
        let path = entry
            .expect("a folder of the collection is readable")
            .path();
        if path.is_dir() {
            visit(&path, each);
        } else if path.extension().is_some_and(|extension| extension == "sid") {
            each(&path);
        }
    }
}

#[test]
fn every_tune_parses() {
    let Some(folder) = collection() else {
        eprintln!("skipped: no collection on this machine");
        return;
    };
    let mut failures = Vec::new();
    visit(&folder, &mut |path| {
        let bytes = std::fs::read(path).expect("a tune of the collection is readable");
        if let Err(error) = Tune::parse(&bytes) {
            failures.push(format!("{}: {error}", path.display()));
        }
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_line_of_the_lists_is_understood() {
    let Some(folder) = collection() else {
        eprintln!("skipped: no collection on this machine");
        return;
    };
    let documents = folder.join("DOCUMENTS");
    let read = |name| std::fs::read(documents.join(name)).expect("a list of the collection");
    let lengths = Songlengths::parse(&read("Songlengths.md5"));
    assert_eq!(lengths.errors(), []);
    assert_eq!(lengths.paths().count(), lengths.tunes().len());
    let stil = Stil::parse(&read("STIL.txt"));
    let named = stil.iter().filter(|(_, notes)| {
        !notes.general.is_empty() || notes.songs.values().any(|entries| !entries.is_empty())
    });
    // A list that was cut off ends with a path alone.
    assert!(named.count() + 1 >= stil.iter().count());
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_lists(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = (Songlengths::parse(&bytes), Stil::parse(&bytes));
    }

    #[test]
    fn any_lines_are_lists(text in "([/#;(A-Z0-9: )=.\\-]{0,12}\n){0,20}") {
        let _ = (Songlengths::parse(text.as_bytes()), Stil::parse(text.as_bytes()));
    }
}
