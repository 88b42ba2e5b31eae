//! Habits that no lint knows: arrows between crates, headers, opted-in lints.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::shell::root;

/// Which of our crates each may depend on. What is not here is refused.
const ARROWS: &[(&str, &[&str])] = &[
    ("sidfile", &[]),
    ("ring", &[]),
    ("pcm", &[]),
    ("sid", &[]),
    ("torrent", &[]),
    ("telemetry", &[]),
    ("forwarded", &[]),
    ("c64", &["sid", "sidfile"]),
    ("catalog", &["sidfile"]),
    ("protocol", &["sidfile", "catalog", "telemetry", "torrent"]),
    ("listening", &["catalog", "protocol", "sidfile"]),
    ("operating", &["protocol"]),
    ("testkit", &["sid", "sidfile"]),
    (
        "app",
        &[
            "listening",
            "operating",
            "protocol",
            "catalog",
            "ring",
            "sidfile",
            "telemetry",
        ],
    ),
    (
        "worker",
        &[
            "c64",
            "catalog",
            "pcm",
            "protocol",
            "ring",
            "sid",
            "sidfile",
            "torrent",
            "listening",
        ],
    ),
    (
        "relay",
        &[
            "catalog",
            "forwarded",
            "protocol",
            "sidfile",
            "telemetry",
            "torrent",
        ],
    ),
    ("xtask", &["c64", "sid", "sidfile", "testkit"]),
    (
        "tests",
        &[
            "c64",
            "catalog",
            "forwarded",
            "listening",
            "protocol",
            "ring",
            "sid",
            "sidfile",
            "telemetry",
            "testkit",
            "torrent",
        ],
    ),
];

/// What no core may use.
const NOT_IN_CORES: &[&str] = &[
    "tokio",
    "axum",
    "web-sys",
    "js-sys",
    "wasm-bindgen",
    "wasm-bindgen-futures",
    "leptos",
    "gloo",
    "idb",
];

/// Most lines of a source file, its tests aside.
const MOST_LINES: usize = 600;

fn manifests() -> BTreeMap<String, (PathBuf, toml::Table)> {
    let mut found = BTreeMap::new();
    let folders = ["app", "worker", "relay", "xtask", "tests"].map(|name| root().join(name));
    let cores = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for folder in folders
        .into_iter()
        .chain(cores.filter(|path| path.is_dir()))
    {
        let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        found.insert(name, (folder, text.parse().unwrap()));
    }
    found
}

fn dependencies(manifest: &toml::Table, section: &str) -> BTreeSet<String> {
    let table = manifest.get(section).and_then(toml::Value::as_table);
    table
        .into_iter()
        .flat_map(|table| table.keys().cloned())
        .collect()
}

fn is_core(folder: &Path) -> bool {
    folder
        .parent()
        .is_some_and(|parent| parent.ends_with("crates"))
        && !folder.ends_with("testkit")
}

#[test]
fn tidy_arrows_are_those_of_the_map() {
    let manifests = manifests();
    let ours: BTreeSet<&String> = manifests.keys().collect();
    for (name, (folder, manifest)) in &manifests {
        let package = manifest["package"]["name"].as_str().unwrap();
        assert_eq!(package, name, "a folder is named like its crate");
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| known == name) else {
            panic!("crate {name} is not in the map of arrows");
        };
        for dependency in dependencies(manifest, "dependencies") {
            let is_ours = ours.contains(&dependency);
            assert!(
                !is_ours || allowed.contains(&&*dependency),
                "{name} -> {dependency} is no arrow of the map"
            );
            let is_refused = is_core(folder) && NOT_IN_CORES.contains(&&*dependency);
            assert!(!is_refused, "core {name} uses {dependency}");
        }
    }
}

#[test]
fn tidy_every_crate_opts_into_the_lints() {
    for (name, (folder, manifest)) in manifests() {
        let opted = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        assert_eq!(opted.and_then(toml::Value::as_bool), Some(true), "{name}");
        if is_core(&folder) {
            let root = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
            assert!(root.contains("#![forbid(unsafe_code)]"), "{name}");
        }
    }
}

fn sources() -> impl Iterator<Item = PathBuf> {
    let folders = ["app", "worker", "relay", "xtask", "tests", "crates", "fuzz"];
    let entries = folders
        .into_iter()
        .flat_map(|name| WalkDir::new(root().join(name)));
    entries
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !path.components().any(|part| part.as_os_str() == "target"))
}

#[test]
fn tidy_every_file_says_what_it_is_for() {
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("//!"),
            "{} does not start with //!",
            path.display()
        );
    }
}

#[test]
fn tidy_files_have_one_job() {
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text
            .lines()
            .take_while(|line| *line != "#[cfg(test)]")
            .count();
        assert!(
            lines <= MOST_LINES,
            "{} has {lines} lines without tests",
            path.display()
        );
    }
}

#[test]
fn tidy_the_browser_is_touched_in_few_places() {
    for path in sources() {
        let name = path
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let allowed = [
            "app/src/shell/",
            "app/src/bin/",
            "worker/src/bin/",
            "worker/src/sys/",
            "tests/",
            "xtask/",
        ];
        if allowed.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for word in ["web_sys::", "js_sys::", "wasm_bindgen::"] {
            assert!(!text.contains(word), "{name} uses {word}");
        }
    }
}

#[test]
fn tidy_the_worklet_is_small() {
    let text = fs::read_to_string(root().join("public/pcm-processor.js")).unwrap();
    assert!(
        text.lines().count() <= 60,
        "the worklet has {} lines",
        text.lines().count()
    );
}
