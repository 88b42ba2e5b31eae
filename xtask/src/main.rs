//! Build, test and measure.

mod tune;

use clap::Parser;

/// Tasks of this workspace.
#[derive(Debug, Parser)]
enum Task {
    /// Look into tunes, play and compare them.
    #[command(subcommand)]
    Tune(tune::TuneCommand),
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::Tune(command) => tune::run(command),
    }
}
