//! What a listener waits for, measured in Chromium by the journeys' own bench.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::journeys::playwright;

pub fn run() -> Result<Value> {
    figures("journeys.spec.ts", &[])
}

/// Runs one file of `playwright/bench`; prints and returns its figures.
pub fn figures(file: &str, settings: &[(&str, &str)]) -> Result<Value> {
    let out = std::env::temp_dir().join(format!("sidereal-bench-{}.json", std::process::id()));
    let path = out.to_string_lossy().into_owned();
    let command = ["test", "--config", "bench.config.ts"];
    let mut settings = settings.to_vec();
    settings.push(("SIDEREAL_BENCH", &path));
    playwright(&command, &[file.to_owned()], &settings)?;
    let text = std::fs::read_to_string(&out).context("the journeys wrote no figures")?;
    // It is read, so it is not needed any more.
    let _ = std::fs::remove_file(&out);
    let figures: Value = serde_json::from_str(&text).context("the journeys' figures")?;
    println!("{:<66} {:>10} {:>10}", "figure", "measured", "aim");
    for figure in figures["rows"].as_array().into_iter().flatten() {
        let text = |name: &str| {
            figure[name]
                .as_str()
                .map_or_else(|| figure[name].to_string(), str::to_owned)
        };
        println!(
            "{:<66} {:>10} {:>10}",
            text("name"),
            text("value"),
            text("aim")
        );
    }
    Ok(figures)
}
