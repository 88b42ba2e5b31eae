//! Sidereal's relay: one binary that serves the app, introduces listeners to each other, and
//! publishes collections.

pub mod beacons;
pub mod cluster;
pub mod collections;
pub mod config;
pub mod edge;
mod headers;
mod ice;
pub mod metrics;
pub mod router;
pub mod server;
pub mod site;
pub mod stun;
mod tls;
pub mod tracker;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};

use collections::publish::{self as publishing, Progress};

#[derive(Parser)]
#[command(
    name = "sidereal-relay",
    version,
    about = "Serves Sidereal, a jukebox for C64 music"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the app, the tracker, and collections
    Serve(Box<config::Flags>),
    /// Make a collection of a folder, or bring one up to date
    Publish(PublishFlags),
}

#[derive(clap::Args)]
struct PublishFlags {
    /// Folder with tunes, such as HVSC's C64Music; its Songlengths.md5 and STIL.txt are used
    folder: PathBuf,
    /// Name of the collection
    #[arg(long)]
    name: String,
    /// Where collections are kept [default: collections in the data folder]
    #[arg(long, env = "SIDEREAL_COLLECTIONS")]
    out: Option<PathBuf>,
}

/// Runs the command line. What stops it is one line on standard error.
#[must_use]
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(flags) => serve(*flags).map_err(|error| error.to_string()),
        Command::Publish(flags) => publish(flags).map_err(|error| error.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(flags: config::Flags) -> Result<(), server::Error> {
    let config = config::Config::resolve(flags)?;
    server::start_logging(&config);
    server::run(config)
}

/// Publishes, and says every second or two how far it is.
fn publish(flags: PublishFlags) -> Result<(), publishing::Error> {
    let out = flags.out;
    let options = publishing::Options {
        out: out.unwrap_or_else(|| config::default_data_dir().join("collections")),
        folder: flags.folder,
        name: flags.name,
    };
    let mut told = Instant::now();
    let published = publishing::publish(&options, |progress| {
        if told.elapsed() > Duration::from_secs(2) {
            told = Instant::now();
            match progress {
                Progress::Reading(done, all) => eprintln!("read {done} of {all} files"),
                Progress::Hashing(done, all) => {
                    eprintln!("hashed {} of {} MB", done >> 20, all >> 20);
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    for (path, reason) in &published.refused {
        eprintln!("left out of the catalogue: {path}: {reason}");
    }
    let manifest = published.manifest;
    println!(
        "{}: {} files, {} songs, {} MB in {} torrents; {} files are new",
        manifest.name,
        manifest.files,
        manifest.tunes,
        manifest.bytes >> 20,
        manifest.torrents.len(),
        published.added
    );
    for hash in &manifest.torrents {
        println!("  {hash}");
    }
    Ok(())
}
