//! The tracker beside npm `bittorrent-tracker`, in the same run: processor time of a message, relays
//! that were lost, and memory of a peer that waits.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::npm;
use crate::shell::{capture, cargo, execute, root, step, target_dir};

/// Sockets that announce with five offers each, and rounds of that.
const SOCKETS: usize = 500;
const ROUNDS: usize = 20;
/// Sockets that wait.
const IDLE: usize = 4_000;
/// Runs of each, taken in turns; the median counts.
const RUNS: usize = 3;

/// A tracker that runs.
struct Server {
    child: Child,
    port: u16,
    /// Held open: a server that writes into a closed pipe may end.
    _output: Box<dyn Read>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours, and holds nothing that must be kept.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a command and reads lines until one tells the port.
    fn start(command: &mut Command, is_on_stderr: bool, before: &str) -> Result<Self> {
        command.stdout(Stdio::piped());
        if is_on_stderr {
            command.stderr(Stdio::piped());
        }
        let mut child = command.spawn().context("the tracker does not start")?;
        let output: Box<dyn Read> = if is_on_stderr {
            Box::new(child.stderr.take().context("a pipe")?)
        } else {
            Box::new(child.stdout.take().context("a pipe")?)
        };
        let mut lines = BufReader::new(output);
        loop {
            let mut line = String::new();
            ensure!(lines.read_line(&mut line)? > 0, "the tracker ended");
            if let Some((_, rest)) = line.split_once(before) {
                let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
                let port = digits.unwrap_or_default().parse().context("a port")?;
                return Ok(Self {
                    child,
                    port,
                    _output: Box::new(lines),
                });
            }
        }
    }

    fn ours(folder: &std::path::Path) -> Result<Self> {
        let mut command = Command::new(target_dir().join("release/sidereal-relay"));
        command.args(["serve", "--port", "0", "--metrics", "off", "--stun", "off"]);
        command.arg("--site").arg(folder);
        command.arg("--data-dir").arg(folder.join("data"));
        Self::start(&mut command, true, "url=http://127.0.0.1:")
    }

    fn theirs() -> Result<Self> {
        let script = root().join("xtask/peers/tracker/serve.js");
        Self::start(Command::new("node").arg(script), false, "port ")
    }

    fn measure(&self, arguments: &[&str]) -> Result<Value> {
        let mut driver = Command::new(target_dir().join("release/tracker_load"));
        driver.args([self.port.to_string(), self.child.id().to_string()]);
        let text = capture(driver.args(arguments))?;
        serde_json::from_str(&text).context("the driver's figures")
    }
}

pub fn run() -> Result<Value> {
    npm::install(&root().join("xtask/peers/tracker"))?;
    step("compiling tracker and driver", || {
        execute(cargo().args(["build", "--release", "--locked", "--package", "relay"]))?;
        let driver = ["--package", "tests", "--bin", "tracker_load"];
        execute(
            cargo()
                .args(["build", "--release", "--locked"])
                .args(driver),
        )
    })?;
    let folder = std::env::temp_dir().join(format!("sidereal-tracker-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("index.html"), "<!doctype html>")?;
    let measured = measure(&folder);
    std::fs::remove_dir_all(&folder)?;
    let figures = measured?;
    println!(
        "{:<34} {:>12} {:>20} {:>8}",
        "figure", "ours", "bittorrent-tracker", "ratio"
    );
    for (name, key) in [
        ("CPU of a message, microseconds", "cpu_us_per_message"),
        ("offers lost", "lost_offers"),
        ("answers lost", "lost_answers"),
        ("memory of an idle peer, bytes", "bytes_per_peer"),
    ] {
        let of = |whose: &str| figures[whose][key].as_f64().unwrap_or(f64::NAN);
        let (ours, theirs) = (of("ours"), of("bittorrent_tracker"));
        println!(
            "{name:<34} {ours:>12.2} {theirs:>20.2} {:>8.2}",
            ours / theirs
        );
    }
    Ok(figures)
}

/// Every figure of both, as the median of the runs.
fn measure(folder: &std::path::Path) -> Result<Value> {
    let (sockets, rounds, idle) = (SOCKETS.to_string(), ROUNDS.to_string(), IDLE.to_string());
    let mut runs: [Vec<Value>; 2] = [Vec::new(), Vec::new()];
    for number in 0..RUNS {
        for (whose, runs) in runs.iter_mut().enumerate() {
            let start = || {
                if whose == 0 {
                    Server::ours(folder)
                } else {
                    Server::theirs()
                }
            };
            let name = ["ours", "bittorrent-tracker"][whose];
            let mut figures = step(&format!("run {} of {name}", number + 1), || {
                start()?.measure(&["load", &sockets, &rounds])
            })?;
            let memory = start()?.measure(&["idle", &idle])?;
            figures["bytes_per_peer"] = memory["bytes_per_peer"].clone();
            ensure!(
                memory["closed"] == 0,
                "{name} closed idle sockets: {memory}"
            );
            runs.push(figures);
        }
    }
    let [ours, theirs] = runs.map(|runs| median(&runs));
    Ok(json!({ "ours": ours, "bittorrent_tracker": theirs }))
}

fn median(runs: &[Value]) -> Value {
    let first = runs[0].as_object().into_iter().flatten();
    let of = |(key, _): (&String, &Value)| {
        let mut all: Vec<f64> = runs.iter().filter_map(|run| run[key].as_f64()).collect();
        all.sort_by(f64::total_cmp);
        (key.clone(), json!(all[all.len() / 2]))
    };
    first.map(of).collect()
}
