//! From a file and options to a machine that plays.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use c64::{Config, Player, Roms, VideoStandard};
use sidfile::Tune;

use super::{ClockChoice, ModelChoice, SongArgs};

/// Reads a tune.
pub(super) fn tune(path: &Path) -> anyhow::Result<Tune> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Tune::parse(&bytes).with_context(|| format!("parsing {}", path.display()))
}

/// The ROMs of a folder, if one is given.
pub(super) fn roms(folder: Option<&Path>) -> anyhow::Result<Option<Arc<Roms>>> {
    folder
        .map(|folder| crate::prg::read_roms(folder).map(Arc::new))
        .transpose()
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
        roms: roms(args.rom_dir.as_deref())?,
        ..Config::default()
    };
    let song = args.song.unwrap_or(tune.start_song);
    let player = Player::new(&tune, song, &config)
        .with_context(|| format!("playing song {song} of {}", args.file.display()))?;
    Ok((tune, player))
}
