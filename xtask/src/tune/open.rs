//! From a file and options to a machine that plays.

use std::path::Path;

use anyhow::Context;
use c64::{Config, Player, VideoStandard};
use sidfile::Tune;

use super::{ClockChoice, ModelChoice, SongArgs};

/// Reads a tune.
pub(super) fn tune(path: &Path) -> anyhow::Result<Tune> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Tune::parse(&bytes).with_context(|| format!("parsing {}", path.display()))
}

/// The tune, and a machine that plays the song asked for at `sample_rate`.
pub(super) fn player(args: &SongArgs, sample_rate: u32) -> anyhow::Result<(Tune, Player)> {
    let tune = tune(&args.file)?;
    let config = Config {
        sample_rate,
        clock: args.clock.map(|clock| match clock {
            ClockChoice::Pal => VideoStandard::Pal,
            ClockChoice::Ntsc => VideoStandard::Ntsc,
        }),
        model: args.model.map(|model| match model {
            ModelChoice::Mos6581 => sid::Model::Mos6581,
            ModelChoice::Mos8580 => sid::Model::Mos8580,
        }),
        ..Config::default()
    };
    let song = args.song.unwrap_or(tune.start_song);
    let player = Player::new(&tune, song, &config)
        .with_context(|| format!("playing song {song} of {}", args.file.display()))?;
    Ok((tune, player))
}
