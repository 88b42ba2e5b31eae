//! How quickly one page gets from another what it has, beside webtorrent's pages.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::journeys::playwright;

pub fn run() -> Result<Value> {
    let out = std::env::temp_dir().join(format!("sidereal-torrent-{}.json", std::process::id()));
    let path = out.to_string_lossy().into_owned();
    let command = ["test", "--config", "bench.config.ts"];
    let filter = ["torrent.spec.ts".to_owned()];
    playwright(&command, &filter, &[("SIDEREAL_FIGURES", &path)])?;
    let text = std::fs::read_to_string(&out).context("the pages wrote no figures")?;
    // It is read, so it is not needed any more.
    let _ = std::fs::remove_file(&out);
    serde_json::from_str(&text).context("the pages' figures")
}
