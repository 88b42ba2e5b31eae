//! Sidereal's relay: one binary that serves the app, introduces listeners to each other, and
//! publishes collections.

pub mod admin;
pub mod beacons;
pub mod blocks;
mod check;
pub mod cluster;
pub mod collections;
mod commands;
pub mod config;
pub mod edge;
mod headers;
mod ice;
pub mod logs;
pub mod metrics;
pub mod router;
pub mod server;
pub mod site;
pub mod store;
pub mod stun;
mod tls;
pub mod tracker;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

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
    /// Explain what `serve` would do with these options, and what is wrong with them
    Check(Box<check::CheckFlags>),
    /// Make a collection of a folder, or bring one up to date
    Publish(PublishFlags),
    /// Set the password of the operator's page
    Password(commands::PasswordFlags),
    /// Print the audit trail, and verify that nothing of it was changed
    Audit(commands::DataDir),
    /// Copy the relay's store into a file, also while it runs
    Backup(commands::BackupFlags),
    /// Put a backup in the place of the relay's store
    Restore(commands::BackupFlags),
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
    let said = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&said).unwrap_or_else(|error| error.exit());
    let words = |error: commands::Error| error.to_string();
    let outcome = match cli.command {
        Command::Serve(flags) => serve(*flags, &said).map_err(|error| error.to_string()),
        Command::Check(flags) => return check::run::<Cli>(*flags, &said),
        Command::Publish(flags) => publish(flags).map_err(|error| error.to_string()),
        Command::Password(flags) => commands::set_password(flags).map_err(words),
        Command::Audit(flags) => commands::print_audit(flags).map_err(words),
        Command::Backup(flags) => commands::make_backup(flags).map_err(words),
        Command::Restore(flags) => commands::bring_back(flags).map_err(words),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(flags: config::Flags, said: &ArgMatches) -> Result<(), server::Error> {
    let file = config::settings::table(flags.config.as_deref());
    let mut config = config::Config::resolve(flags)?;
    if let (Some(command), Some((_, said))) =
        (Cli::command().find_subcommand("serve"), said.subcommand())
    {
        config.settings = config::settings::list(command, said, &file);
    }
    let logs = logs::start(&config);
    server::run(config, logs)
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
