//! Speed of the engine in times real time in both grades, beside the reference player's, and how
//! long it takes to start.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::probe::{Probe, shared};
use crate::shell::{exists, root, step};

/// Seconds of each tune.
const SECONDS: u32 = 30;

/// How often the start is measured.
const STARTS: usize = 3;

/// One chip of either model, digis, three chips.
const TUNES: [&str; 4] = [
    "MUSICIANS/H/Hubbard_Rob/Commando.sid",
    "MUSICIANS/J/Jammer/90s_Still_Within.sid",
    "MUSICIANS/M/Mahoney/Storebror.sid",
    "MUSICIANS/H/Hermit/Earmind_3SID.sid",
];

pub fn run() -> Result<Value> {
    let files: Vec<PathBuf> = match shared() {
        Some(shared) => TUNES
            .iter()
            .map(|tune| shared.join("hvsc/C64Music").join(tune))
            .collect(),
        None => {
            eprintln!("    no shared collection: measuring with the demo tunes");
            let demo = walkdir::WalkDir::new(root().join("public/demo")).sort_by_file_name();
            let paths = demo
                .into_iter()
                .filter_map(Result::ok)
                .map(walkdir::DirEntry::into_path);
            paths
                .filter(|path| path.extension().is_some_and(|extension| extension == "sid"))
                .collect()
        }
    };
    let probe = Probe::build(true)?;
    let run = |what: &str, wasm: bool, grade: &str| {
        step(what, || {
            if wasm {
                probe.wasm(SECONDS, grade, &files)
            } else {
                probe.native(SECONDS, grade, &files)
            }
        })
    };
    let columns = [
        run("WebAssembly under Node, accurate", true, "accurate")?,
        run("WebAssembly under Node, light", true, "light")?,
        run("native, accurate", false, "accurate")?,
        run("native, light", false, "light")?,
    ];
    let has_peer = exists("sidplayfp") || Path::new("/usr/bin/sidplayfp").exists();
    if !has_peer {
        eprintln!("    no sidplayfp on this machine (Debian has it): no peer to compare with");
    }
    println!(
        "{:<28} {:>12} {:>12} {:>12} {:>12} {:>12}",
        "times real time", "wasm", "wasm light", "native", "native light", "sidplayfp"
    );
    let mut rows = Vec::new();
    for (index, path) in files.iter().enumerate() {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let times = |spent: f64| f64::from(SECONDS) / spent;
        let mut ours = Vec::new();
        for column in &columns {
            let row = column
                .get(index)
                .with_context(|| format!("no figure for {name}"))?;
            ensure!(!row.digest.starts_with("failed"), "{name}: {}", row.digest);
            ours.push(times(row.spent));
        }
        let peer = if has_peer { sidplayfp(path)? } else { None };
        let peer = peer.map(times);
        let peer_text = peer.map_or("-".into(), |peer| format!("{peer:.1}"));
        println!(
            "{name:<28} {:>12.1} {:>12.1} {:>12.1} {:>12.1} {peer_text:>12}",
            ours[0], ours[1], ours[2], ours[3]
        );
        rows.push(json!({
            "tune": name,
            "wasm_accurate_x": ours[0],
            "wasm_light_x": ours[1],
            "native_accurate_x": ours[2],
            "native_light_x": ours[3],
            "sidplayfp_x": peer,
            "wasm_accurate_over_sidplayfp": peer.map(|peer| ours[0] / peer),
        }));
    }
    // The best of a few: the first may have read the module from the disk.
    let mut start_seconds = f64::MAX;
    for _ in 0..STARTS {
        if let Some(spent) = probe.wasm_start(&files[0])? {
            start_seconds = start_seconds.min(spent);
        }
    }
    println!(
        "first frames in WebAssembly, from the module's bytes: {:.0} ms",
        start_seconds * 1e3
    );
    Ok(json!({
        "seconds": SECONDS,
        "rows": rows,
        "start_ms": start_seconds * 1e3,
    }))
}

/// Seconds of processor time that Debian's sidplayfp takes for the same, with resampling.
fn sidplayfp(tune: &Path) -> Result<Option<f64>> {
    let out = std::env::temp_dir().join(format!("sidereal-bench-{}.wav", std::process::id()));
    let mut command = Command::new("bash");
    command.args([
        "-c",
        "TIMEFORMAT=%U; time \"$@\" >/dev/null 2>&1",
        "bash",
        "sidplayfp",
    ]);
    command.args([
        "--resid",
        "-f48000",
        &format!("-t{SECONDS}"),
        "-ols1",
        &format!("-w{}", out.display()),
    ]);
    let output = command.arg(tune).stdin(Stdio::null()).output()?;
    // It may not have been written.
    let _ = std::fs::remove_file(&out);
    Ok(String::from_utf8_lossy(&output.stderr)
        .trim()
        .parse()
        .ok()
        .filter(|spent| *spent > 0.05))
}
