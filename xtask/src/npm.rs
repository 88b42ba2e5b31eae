//! Tools from npm, installed where they are first needed from a committed lock file.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::shell::{execute, root, step};

/// Folder of the journeys, whose `package.json` pins every npm tool.
pub fn folder() -> PathBuf {
    root().join("playwright")
}

/// Installs the pinned packages, unless they are there and no older than the lock file.
pub fn ensure() -> Result<()> {
    install(&folder())
}

/// Installs what a folder's lock file pins, unless it is there and no older than that.
pub fn install(folder: &Path) -> Result<()> {
    let modified = |path: PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let installed = modified(folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(folder.join("package-lock.json")) {
        return Ok(());
    }
    step("installing npm packages", || {
        execute(
            Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
                .current_dir(folder)
                .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
        )
    })
}

/// Optimises a module in place with binaryen's `wasm-opt`, for `level`, such as `-O3` or `-Oz`.
pub fn wasm_opt(module: &Path, level: &str) -> Result<()> {
    ensure()?;
    execute(
        Command::new("node")
            .arg(folder().join("node_modules/binaryen/bin/wasm-opt"))
            .args([
                level,
                "--enable-simd",
                "--enable-bulk-memory",
                "--enable-sign-ext",
            ])
            .args([
                "--enable-nontrapping-float-to-int",
                "--enable-mutable-globals",
            ])
            .args([
                "--enable-reference-types",
                "--enable-multivalue",
                "--enable-bulk-memory-opt",
            ])
            .arg(module)
            .arg("-o")
            .arg(module),
    )
}
