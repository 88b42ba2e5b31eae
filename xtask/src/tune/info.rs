//! `tune info`: the header as JSON.

use std::path::Path;

use serde_json::json;
use sidfile::Speed;

/// Prints what a tune's header says.
pub(super) fn run(path: &Path) -> anyhow::Result<()> {
    let tune = super::open::tune(path)?;
    let speeds: Vec<_> = (1..=tune.songs)
        .map(|song| match tune.speed_of(song) {
            Speed::VerticalBlank => "vertical blank",
            Speed::Cia => "cia",
        })
        .collect();
    let chips: Vec<_> = tune
        .chips
        .iter()
        .map(|chip| json!({ "address": hex(chip.address), "model": format!("{:?}", chip.model) }))
        .collect();
    let info = json!({
        "md5": tune.md5.to_string(),
        "format": format!("{:?}", tune.format),
        "version": tune.version,
        "name": tune.name,
        "author": tune.author,
        "released": tune.released,
        "songs": tune.songs,
        "start_song": tune.start_song,
        "load_address": hex(tune.load_address),
        "init_address": hex(tune.init_address),
        "play_address": hex(tune.play_address),
        "bytes": tune.data.len(),
        "clock": format!("{:?}", tune.clock),
        "chips": chips,
        "speeds": speeds,
        "mus": tune.is_mus,
        "playsid_specific": tune.is_playsid_specific,
        "basic": tune.is_basic,
        "relocation": format!("{:?}", tune.relocation()),
        "driver_page": c64::driver::free_page(&tune),
    });
    println!("{}", serde_json::to_string_pretty(&info)?);
    Ok(())
}

fn hex(address: u16) -> String {
    format!("${address:04X}")
}
