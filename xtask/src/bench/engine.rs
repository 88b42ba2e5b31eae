//! Speed of the engine in times real time, beside the reference player's.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;
use serde_json::{Value, json};

use crate::probe::{Probe, shared};
use crate::shell::{exists, root, step};

/// Seconds of each tune.
const SECONDS: u32 = 30;

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
    let native = step("native", || probe.native(SECONDS, &files))?;
    let wasm = step("WebAssembly under Node", || probe.wasm(SECONDS, &files))?;
    let has_peer = exists("sidplayfp") || Path::new("/usr/bin/sidplayfp").exists();
    println!(
        "{:<28} {:>12} {:>12} {:>12}",
        "times real time", "WebAssembly", "native", "sidplayfp"
    );
    let mut rows = Vec::new();
    for (native, wasm) in native.iter().zip(&wasm) {
        let name = native
            .path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let times = |spent: f64| f64::from(SECONDS) / spent;
        let peer = if has_peer {
            sidplayfp(&native.path)?
        } else {
            None
        };
        let peer_text = peer.map_or("-".into(), |spent| format!("{:.1}", times(spent)));
        println!(
            "{name:<28} {:>12.1} {:>12.1} {peer_text:>12}",
            times(wasm.spent),
            times(native.spent)
        );
        rows.push(json!({
            "tune": name,
            "wasm_accurate_x": times(wasm.spent),
            "native_accurate_x": times(native.spent),
            "sidplayfp_x": peer.map(times),
        }));
    }
    Ok(json!({ "seconds": SECONDS, "rows": rows }))
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
