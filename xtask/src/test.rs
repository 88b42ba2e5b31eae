//! `cargo xtask test`: every test, with what it needs.

use std::process::Command;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::bundle::FEATURES;
use crate::shell::{cargo, execute, exists, step};
use crate::{journeys, monitoring, probe};

#[derive(Args)]
pub struct TestArgs {
    /// Only one kind of test
    #[arg(long)]
    only: Option<Kind>,
    /// Only the journeys of these files, such as `swarm.spec.ts`, or with these names (`-g NAME`)
    #[arg(last = true)]
    journeys: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Rust tests on this machine
    Native,
    /// The cores in WebAssembly against the same cores here
    Wasm,
    /// Journeys in Chromium
    Browser,
}

pub fn run(args: &TestArgs) -> Result<()> {
    let wanted = |kind| args.only.is_none_or(|only| only == kind);
    if wanted(Kind::Native) {
        step("native tests", native)?;
    }
    if wanted(Kind::Wasm) {
        step("WebAssembly against native", probe::test)?;
    }
    if wanted(Kind::Browser) {
        step("dashboards against Grafana's types", monitoring::dashboards)?;
        step("journeys in a browser", || journeys::test(&args.journeys))?;
    }
    Ok(())
}

/// Everything that has tests outside a browser. The page has none: its rules are in `listening`.
fn native() -> Result<()> {
    let prometheus = monitoring::programs()?;
    redis()?;
    let mut command = cargo();
    command.envs(prometheus.map(|folder| ("SIDEREAL_PROMETHEUS", folder)));
    if exists_nextest() {
        command.args(["nextest", "run", "--no-fail-fast"]);
    } else {
        command.arg("test");
    }
    command.args(["--locked", "--workspace", "--exclude", "app"]);
    execute(command.args(["--features", FEATURES]))
}

/// Redis, for tests of relays that share their swarms; installs Debian's where there is none and we
/// may.
fn redis() -> Result<()> {
    if exists("redis-server") {
        return Ok(());
    }
    if !exists("apt-get") {
        eprintln!("    LEFT OUT: tests with Redis, which is neither here nor in reach of apt");
        return Ok(());
    }
    let installed = step("installing Redis", || {
        execute(Command::new("apt-get").args(["update", "-qq"]))?;
        let words = [
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            "redis-server",
        ];
        execute(Command::new("apt-get").args(words))
    });
    if let Err(error) = installed {
        eprintln!("    LEFT OUT: tests with Redis: {error:#}");
    }
    Ok(())
}

fn exists_nextest() -> bool {
    cargo()
        .args(["nextest", "--version"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Path of Chromium; installs Debian's where there is none and we may.
pub fn chromium() -> Result<String> {
    let wanted = std::env::var("CHROMIUM").ok();
    let known = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let find = || {
        let candidates = wanted.iter().map(String::as_str).chain(known);
        candidates
            .into_iter()
            .find(|path| exists(path))
            .map(str::to_owned)
    };
    if let Some(path) = find() {
        return Ok(path);
    }
    if exists("apt-get") {
        step("installing Chromium", || {
            execute(Command::new("apt-get").args(["update", "-qq"]))?;
            execute(Command::new("apt-get").args([
                "install",
                "-y",
                "-qq",
                "--no-install-recommends",
                "chromium",
            ]))
        })?;
    }
    match find() {
        Some(path) => Ok(path),
        None => bail!("journeys need Chromium: install it, or name it with CHROMIUM=/path"),
    }
}
