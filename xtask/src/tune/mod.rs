//! `cargo xtask tune`: what is in a tune, what it sounds like, and how equal it is to the
//! reference player's.

mod compare;
mod golden;
mod info;
mod open;
mod render;
mod sweep;
mod trace;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Chip models on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelChoice {
    /// MOS 6581.
    #[value(name = "6581")]
    Mos6581,
    /// MOS 8580.
    #[value(name = "8580")]
    Mos8580,
}

/// Video standards on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockChoice {
    /// 50 Hz.
    Pal,
    /// 60 Hz.
    Ntsc,
}

/// A song and the machine that plays it.
#[derive(Debug, Clone, Args)]
pub struct SongArgs {
    /// A PSID or RSID file.
    pub file: PathBuf,
    /// Song, from 1; the tune's start song if not given.
    #[arg(long)]
    pub song: Option<u16>,
    /// Chip model for all chips, whatever the tune names.
    #[arg(long)]
    pub model: Option<ModelChoice>,
    /// Video standard, whatever the tune names.
    #[arg(long)]
    pub clock: Option<ClockChoice>,
    /// Folder with ROMs of a C64: `kernal.bin`, `basic.bin`, `chargen.bin`.
    #[arg(long)]
    pub rom_dir: Option<PathBuf>,
}

/// What to do with tunes.
#[derive(Debug, Subcommand)]
pub enum TuneCommand {
    /// Print the header as JSON.
    Info {
        /// A PSID or RSID file.
        file: PathBuf,
    },
    /// Write the sound of a song as WAV.
    Render {
        /// Song and machine.
        #[command(flatten)]
        song: SongArgs,
        /// Length.
        #[arg(long, default_value_t = 60.0)]
        seconds: f64,
        /// Frames a second.
        #[arg(long, default_value_t = 44_100)]
        rate: u32,
        /// WAV file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the chips' register writes in the golden format, compressed if `--out` ends in
    /// `.zst`.
    Trace {
        /// Song and machine.
        #[command(flatten)]
        song: SongArgs,
        /// Length.
        #[arg(long, default_value_t = 30.0)]
        seconds: f64,
        /// File to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Compare with the reference player's traces and sound.
    Compare {
        /// Folder of `*.json` with `*.trace.zst` and `*.flac` beside.
        golden: PathBuf,
        /// Folder of the tunes; the collection next to the golden folder if not given.
        #[arg(long)]
        tunes: Option<PathBuf>,
        /// Also write rows and totals as JSON.
        #[arg(long)]
        json: Option<PathBuf>,
        /// Compare traces only.
        #[arg(long)]
        no_sound: bool,
        /// Only tunes whose path contains this.
        #[arg(long)]
        only: Option<String>,
    },
    /// Play every tune of a folder and report what goes wrong.
    Sweep {
        /// Folder of tunes, searched through.
        folder: PathBuf,
        /// How long to play each.
        #[arg(long, default_value_t = 10.0)]
        seconds: f64,
        /// Run on without sound once a tune has been heard: ten times as fast.
        #[arg(long)]
        quick: bool,
        /// Folder with ROMs of a C64, for BASIC tunes.
        #[arg(long)]
        rom_dir: Option<PathBuf>,
    },
}

/// Runs a command.
///
/// # Errors
/// Says which file could not be read, played or written.
pub fn run(command: TuneCommand) -> anyhow::Result<()> {
    match command {
        TuneCommand::Info { file } => info::run(&file),
        TuneCommand::Render {
            song,
            seconds,
            rate,
            out,
        } => render::run(&song, seconds, rate, &out),
        TuneCommand::Trace { song, seconds, out } => trace::run(&song, seconds, &out),
        TuneCommand::Compare {
            golden,
            tunes,
            json,
            no_sound,
            only,
        } => compare::run(&compare::Options {
            golden,
            tunes,
            json,
            with_sound: !no_sound,
            only,
        }),
        TuneCommand::Sweep {
            folder,
            seconds,
            quick,
            rom_dir,
        } => sweep::run(&folder, seconds, quick, rom_dir.as_deref()),
    }
}
