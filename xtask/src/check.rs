//! `cargo xtask check`: form, lints, documents, arrows, licences.

use anyhow::Result;

use crate::bundle::{self, FEATURES, TARGET};
use crate::shell::{cargo, ensure_cargo_tool, execute, step};

pub fn run() -> Result<()> {
    step("form", || {
        execute(cargo().args(["fmt", "--all", "--check"]))
    })?;
    step("lints, native", || {
        execute(
            cargo()
                .args([
                    "clippy",
                    "--locked",
                    "--workspace",
                    "--all-targets",
                    "--features",
                    FEATURES,
                ])
                .args(DENY),
        )
    })?;
    bundle::ensure_target()?;
    step("lints, WebAssembly", || {
        execute(
            cargo()
                .args([
                    "clippy",
                    "--locked",
                    "--target",
                    TARGET,
                    "--package",
                    "app",
                    "--package",
                    "worker",
                ])
                .args(["--features", FEATURES])
                .args(DENY),
        )
    })?;
    step("documents", || {
        execute(
            cargo()
                .args([
                    "doc",
                    "--locked",
                    "--workspace",
                    "--no-deps",
                    "--document-private-items",
                ])
                .args(["--features", FEATURES])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    })?;
    step("arrows and habits", || {
        execute(cargo().args(["test", "--quiet", "--locked", "--package", "xtask", "tidy"]))
    })?;
    ensure_cargo_tool("cargo-deny", "0.20.2")?;
    step("licences and sources", || {
        // Crates of other platforms too, which a build here does not fetch.
        execute(cargo().args(["fetch", "--quiet", "--locked"]))?;
        execute(cargo().args([
            "deny",
            "--offline",
            "check",
            "--hide-inclusion-graph",
            "bans",
            "licenses",
            "sources",
        ]))
    })
}

const DENY: [&str; 3] = ["--", "-D", "warnings"];
