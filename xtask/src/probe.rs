//! The probe: the same tunes through the same cores, natively and in WebAssembly under Node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use walkdir::WalkDir;
use wasm_bindgen_cli_support::Bindgen;

use crate::bundle::{self, TARGET};
use crate::shell::{capture, cargo, execute, root, step, target_dir};

/// Seconds of each tune that are compared.
const SECONDS: u32 = 4;

/// One line of a probe.
#[derive(Debug, Clone)]
pub struct Probed {
    /// Digest of the sound, or `failed: ` and why.
    pub digest: String,
    /// Seconds of processor time that rendering took.
    pub spent: f64,
    /// Which tune.
    pub path: PathBuf,
}

/// Both ends of the comparison, built.
pub struct Probe {
    native: PathBuf,
    module: PathBuf,
}

impl Probe {
    /// `speedy` optimises the native end for measuring; otherwise it is the build of the tests.
    pub fn build(speedy: bool) -> Result<Self> {
        bundle::ensure_target()?;
        let (native, folder) = if speedy {
            ("release", "release")
        } else {
            ("dev", "debug")
        };
        let probe = ["--package", "tests", "--bin", "probe"];
        step("compiling the probe", || {
            execute(
                cargo()
                    .args(["build", "--locked", "--profile", native])
                    .args(probe),
            )?;
            execute(
                cargo()
                    .args([
                        "build",
                        "--locked",
                        "--profile",
                        "wasm-run",
                        "--target",
                        TARGET,
                    ])
                    .args(probe),
            )
        })?;
        let out = target_dir().join("sidereal/probe");
        let mut bindgen = Bindgen::new();
        bindgen
            .input_path(target_dir().join(TARGET).join("wasm-run/probe.wasm"))
            .typescript(false)
            .nodejs(true)?;
        bindgen.generate(&out).context("binding the probe")?;
        Ok(Self {
            native: target_dir().join(folder).join("probe"),
            module: out.join("probe.js"),
        })
    }

    /// Renders natively; `grade` is `accurate` or `light`.
    pub fn native(&self, seconds: u32, grade: &str, files: &[PathBuf]) -> Result<Vec<Probed>> {
        parse(&capture(
            Command::new(&self.native)
                .arg(seconds.to_string())
                .arg(grade)
                .args(files),
        )?)
    }

    /// Renders in WebAssembly.
    pub fn wasm(&self, seconds: u32, grade: &str, files: &[PathBuf]) -> Result<Vec<Probed>> {
        self.node(&seconds.to_string(), grade, files)
    }

    /// From reading the module to the first frames of a tune.
    pub fn wasm_start(&self, file: &Path) -> Result<Option<f64>> {
        let rows = self.node("start", "accurate", &[file.to_path_buf()])?;
        Ok(rows.first().map(|row| row.spent))
    }

    fn node(&self, seconds: &str, grade: &str, files: &[PathBuf]) -> Result<Vec<Probed>> {
        let script = root().join("tests/probe.cjs");
        let mut node = Command::new("node");
        parse(&capture(
            node.arg(script)
                .arg(&self.module)
                .args([seconds, grade])
                .args(files),
        )?)
    }
}

fn parse(lines: &str) -> Result<Vec<Probed>> {
    let line = |line: &str| {
        let mut fields = line.split('\t');
        let digest = fields.next()?.to_owned();
        let spent = fields.next()?.parse().ok()?;
        Some(Probed {
            digest,
            spent,
            path: fields.next()?.into(),
        })
    };
    lines
        .lines()
        .map(|text| line(text).with_context(|| format!("the probe printed {text:?}")))
        .collect()
}

/// The demo tunes, and the hard tunes of the shared collection where it is there.
fn tunes() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(root().join("public/demo")).sort_by_file_name() {
        let path = entry?.into_path();
        if path.extension().is_some_and(|extension| extension == "sid") {
            files.push(path);
        }
    }
    if let Some(shared) = shared() {
        let list = fs::read_to_string(shared.join("golden/torture.txt"))?;
        files.extend(
            list.lines()
                .map(|line| shared.join("hvsc/C64Music").join(line.trim())),
        );
    } else {
        eprintln!("    no shared collection: comparing the demo tunes only");
    }
    Ok(files)
}

/// Folder of optional test data beside the project.
pub fn shared() -> Option<PathBuf> {
    let root = root();
    let mut folders = root.ancestors().skip(1).map(|folder| folder.join("shared"));
    folders.find(|folder| folder.join("golden").is_dir())
}

/// Fails where WebAssembly and native differ in a single bit.
pub fn test() -> Result<()> {
    let probe = Probe::build(false)?;
    let files = tunes()?;
    let (mut native, mut wasm) = (Vec::new(), Vec::new());
    for grade in ["accurate", "light"] {
        native.append(&mut probe.native(SECONDS, grade, &files)?);
        wasm.append(&mut probe.wasm(SECONDS, grade, &files)?);
    }
    let mut different = 0;
    for (native, wasm) in native.iter().zip(&wasm) {
        if native.digest != wasm.digest {
            different += 1;
            eprintln!(
                "    {}: native {}, WebAssembly {}",
                native.path.display(),
                native.digest,
                wasm.digest
            );
        }
    }
    println!("{} passed, {different} failed", native.len() - different);
    let expected = 2 * files.len();
    if different > 0 || native.len() != expected || wasm.len() != expected {
        bail!("{different} of {expected} sounds differ in WebAssembly");
    }
    Ok(())
}
