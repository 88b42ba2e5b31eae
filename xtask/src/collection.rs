//! The catalogue of the whole collection, from the shared index of its headers, where that is here:
//! for measuring and for journeys.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::probe::shared;
use crate::shell::{cargo, execute, step, target_dir};

/// Writes the catalogue, and the same as JSON where that is wanted; false
/// where there is no shared collection.
pub fn write(catalogue: &Path, documents: Option<&Path>) -> Result<bool> {
    let Some(shared) = shared() else {
        return Ok(false);
    };
    let folder = catalogue
        .parent()
        .context("the catalogue lies in a folder")?;
    fs::create_dir_all(folder)?;
    let packed = shared.join("hvsc/hvsc-index.tsv.zst");
    let packed = fs::File::open(&packed).with_context(|| packed.display().to_string())?;
    let table = catalogue.with_extension("tsv");
    zstd::stream::copy_decode(packed, fs::File::create(&table)?)?;
    step("making the catalogue of the collection", || {
        execute(cargo().args([
            "build",
            "--locked",
            "--package",
            "tests",
            "--bin",
            "searching",
        ]))?;
        let texts = shared.join("hvsc/C64Music/DOCUMENTS");
        let mut make = std::process::Command::new(target_dir().join("debug/searching"));
        make.arg(&table);
        make.args(["Songlengths.md5", "STIL.txt"].map(|name| texts.join(name)));
        let out: Vec<PathBuf> = [Some(catalogue), documents]
            .into_iter()
            .flatten()
            .map(Into::into)
            .collect();
        execute(make.args(out))
    })?;
    // It is read, so it is not needed any more.
    let _ = fs::remove_file(&table);
    Ok(true)
}
