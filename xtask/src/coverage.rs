//! `cargo xtask coverage`: lines covered by native tests, crate by crate.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::bundle::FEATURES;
use crate::shell::{capture, cargo, ensure_cargo_tool, root, step};

/// Share of lines that every core has covered.
const CORE_PERCENT: f64 = 90.0;

pub fn run() -> Result<()> {
    ensure_cargo_tool("cargo-llvm-cov", "0.9.1")?;
    let report = step("tests with coverage", || {
        capture(
            cargo()
                .args([
                    "llvm-cov",
                    "--locked",
                    "--workspace",
                    "--exclude",
                    "app",
                    "--json",
                    "--summary-only",
                ])
                .args(["--features", FEATURES]),
        )
    })?;
    let report: Value = serde_json::from_str(&report).context("cargo llvm-cov printed no JSON")?;
    let crates = lines_by_crate(&report);
    let mut short = Vec::new();
    println!("{:<24} {:>8} {:>8} {:>7}", "crate", "lines", "covered", "%");
    for (name, (lines, covered)) in &crates {
        #[expect(clippy::cast_precision_loss, reason = "counts of lines")]
        let percent = 100.0 * *covered as f64 / (*lines).max(1) as f64;
        println!("{name:<24} {lines:>8} {covered:>8} {percent:>7.1}");
        if name.starts_with("crates/") && name != "crates/testkit" && percent < CORE_PERCENT {
            short.push(format!("{name} ({percent:.1} %)"));
        }
    }
    if !short.is_empty() {
        bail!("cores below {CORE_PERCENT} %: {}", short.join(", "));
    }
    Ok(())
}

fn lines_by_crate(report: &Value) -> BTreeMap<String, (u64, u64)> {
    let root = root();
    let mut crates = BTreeMap::<String, (u64, u64)>::new();
    for file in report["data"][0]["files"].as_array().into_iter().flatten() {
        let path = std::path::Path::new(file["filename"].as_str().unwrap_or_default());
        let Ok(path) = path.strip_prefix(&root) else {
            continue;
        };
        let path = path.to_string_lossy();
        let Some((name, _)) = path.split_once("/src/") else {
            continue;
        };
        let lines = &file["summary"]["lines"];
        let total = crates.entry(name.to_owned()).or_default();
        total.0 += lines["count"].as_u64().unwrap_or(0);
        total.1 += lines["covered"].as_u64().unwrap_or(0);
    }
    crates
}
