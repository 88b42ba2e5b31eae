//! The collection on this machine, where there is one: every tune must parse.

use std::path::{Path, PathBuf};

use sidfile::Tune;

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
