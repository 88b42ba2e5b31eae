//! `cargo xtask`: build, run, test and measure Sidereal.

mod bench;
mod bundle;
mod check;
mod collection;
mod coverage;
mod demo_tunes;
mod dist;
mod faults;
mod journeys;
#[cfg(test)]
mod languages;
mod monitoring;
mod npm;
mod prg;
mod probe;
mod run;
mod shell;
mod site;
mod test;
#[cfg(test)]
mod tidy;
pub mod tune;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, run, test and measure Sidereal")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and serve the product on http://127.0.0.1:6510
    Run(run::RunArgs),
    /// Pass every test, installing what they need
    Test(test::TestArgs),
    /// Form, lints, documents, arrows, licences
    Check,
    /// Lines covered by native tests, crate by crate
    Coverage,
    /// One optimised relay binary with the app inside
    Dist,
    /// Measure, each figure beside its peer or limit
    Bench(bench::BenchArgs),
    /// Do to a relay what the world can do to it, and compare what comes of it
    Faults(faults::FaultsArgs),
    /// Make the demo tunes under `public/demo` from their texts
    DemoTunes {
        /// Only say whether the committed ones are those
        #[arg(long)]
        check: bool,
    },
    /// Run a program and wait for what it writes to $D7FF: ends 0 for $00, 1 for anything else,
    /// 2 for nothing
    Prg(prg::PrgArgs),
    /// Look into tunes, play and compare them
    #[command(subcommand)]
    Tune(tune::TuneCommand),
}

/// Runs the command line and reports a failure as one chain of causes.
#[must_use]
pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Check => check::run(),
        Command::Coverage => coverage::run(),
        Command::Dist => dist::run(),
        Command::Faults(args) => faults::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::DemoTunes { check } => demo_tunes::run(check),
        Command::Tune(command) => tune::run(command),
        Command::Prg(args) => {
            return prg::run(&args).unwrap_or_else(|error| failure(&error));
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(&error),
    }
}

fn failure(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
