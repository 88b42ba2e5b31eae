//! Sidereal's relay: one binary that serves the app, and later what listeners share.

pub mod config;
mod headers;
pub mod metrics;
pub mod router;
pub mod server;
pub mod site;
mod tls;
pub mod tracker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Serve the app
    Serve(Box<config::Flags>),
}

/// Runs the command line. What stops it is one line on standard error.
#[must_use]
pub fn main() -> ExitCode {
    let Command::Serve(flags) = Cli::parse().command;
    let outcome = config::Config::resolve(*flags)
        .map_err(server::Error::from)
        .and_then(|config| {
            server::start_logging(&config);
            server::run(config)
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
