//! `cargo xtask bench`: figures, each beside its peer or limit in the same run.

mod engine;
mod journeys;
mod library;
mod search;
mod torrent;
mod tracker;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

#[derive(Args)]
pub struct BenchArgs {
    /// Only one bench
    name: Option<Name>,
    /// Also write the figures to this file
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Speed of the engine, native and in WebAssembly, beside sidplayfp
    Engine,
    /// What a listener waits for, in Chromium
    Journeys,
    /// The tracker beside bittorrent-tracker: time of a message, losses, memory of a peer
    Tracker,
    /// Page to page in Chromium, beside webtorrent
    Torrent,
    /// The library on the built product: bytes to the first sound, opening, importing, Lighthouse
    Library,
    /// Search as you type over the whole collection, beside MiniSearch and FlexSearch
    Search,
}

pub fn run(args: &BenchArgs) -> Result<()> {
    let mut figures = Map::new();
    let wanted = |name| args.name.is_none_or(|only| only == name);
    if wanted(Name::Engine) {
        figures.insert("engine".into(), engine::run()?);
    }
    if wanted(Name::Journeys) {
        figures.insert("journeys".into(), journeys::run()?);
    }
    if wanted(Name::Tracker) {
        figures.insert("tracker".into(), tracker::run()?);
    }
    if wanted(Name::Torrent) {
        figures.insert("torrent".into(), torrent::run()?);
    }
    if wanted(Name::Library) {
        figures.insert("library".into(), library::run()?);
    }
    if wanted(Name::Search) {
        figures.insert("search".into(), search::run()?);
    }
    if let Some(path) = &args.json {
        // One bench is written as itself, several by name.
        let value = match args.name {
            Some(_) => figures
                .into_iter()
                .next()
                .map_or(Value::Null, |(_, value)| value),
            None => Value::Object(figures),
        };
        std::fs::write(path, format!("{value:#}\n")).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
