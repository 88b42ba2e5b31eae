//! `cargo xtask run`: build everything and serve it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::bundle::{self, Effort};
use crate::shell::{cargo, execute, step, target_dir};
use crate::site;

#[derive(Args)]
pub struct RunArgs {
    /// Port to listen on
    #[arg(long, default_value_t = 6510)]
    port: u16,
    /// Further options for the relay, after `--`
    #[arg(last = true)]
    relay: Vec<String>,
}

/// The built site, and the relay that serves it.
pub struct Site {
    folder: PathBuf,
}

impl Site {
    /// The folder of the site.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The relay's binary.
    pub fn binary() -> PathBuf {
        target_dir().join("debug").join("sidereal-relay")
    }

    /// The command that serves it.
    pub fn relay(&self) -> Command {
        let mut relay = Command::new(Self::binary());
        relay.arg("serve").arg("--site").arg(&self.folder);
        relay
    }
}

/// Builds the site and the relay.
pub fn build() -> Result<Site> {
    let bundles = bundle::build(Effort::Run)?;
    let (folder, _) = step("assembling the site", || {
        site::assemble(&bundles, Effort::Run)
    })?;
    step("compiling the relay", || {
        execute(cargo().args(["build", "--locked", "--package", "relay"]))
    })?;
    Ok(Site { folder })
}

pub fn run(args: &RunArgs) -> Result<()> {
    // Said before minutes of building, not after.
    if let Err(error) = TcpListener::bind(("127.0.0.1", args.port)) {
        bail!(
            "cannot listen on 127.0.0.1:{}: {error}. Choose another with --port",
            args.port
        );
    }
    let start = Instant::now();
    let site = build()?;
    eprintln!(
        "==> ready after {:.0} s: http://127.0.0.1:{}",
        start.elapsed().as_secs_f64(),
        args.port
    );
    // A second relay on this machine may have the metrics' port; whoever wants them asks.
    execute(
        site.relay()
            .env("SIDEREAL_METRICS", "off")
            .args(["--port", &args.port.to_string()])
            .args(&args.relay),
    )
}
