//! Journeys: Playwright drives Chromium against relays that run only for them.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell::{execute, step};
use crate::test::chromium;
use crate::{collection, npm, run, run::Site};

/// A relay that ends with its owner.
struct Relay {
    child: Child,
    url: String,
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the journeys, or those that `filter` names.
pub fn test(filter: &[String]) -> Result<()> {
    playwright(&["test"], filter, &[])
}

/// Runs Playwright with relays up; `settings` go to its environment.
pub fn playwright(command: &[&str], filter: &[String], settings: &[(&str, &str)]) -> Result<()> {
    let chromium = chromium()?;
    npm::ensure()?;
    let site = run::build()?;
    // What journeys leave behind goes with it.
    let scratch = tempfile::Builder::new()
        .prefix("sidereal-journeys-")
        .tempdir()?;
    let data = |name: &str| scratch.path().join(name);
    // Journeys among tens of thousands of tunes are left out where there is nothing to make it of.
    let catalogue = data("catalogue");
    let has_catalogue = collection::write(&catalogue, None)?;
    let isolated = start(&site, &data("isolated"), &[])?;
    let open = start(&site, &data("open"), &["--isolation", "off"])?;
    let result = step("playing journeys", || {
        execute(
            Command::new("npx")
                .arg("playwright")
                .args(command)
                .args(filter)
                .current_dir(npm::folder())
                .env("TMPDIR", scratch.path())
                .env("CHROMIUM", &chromium)
                .env("SIDEREAL_URL", &isolated.url)
                .env("SIDEREAL_URL_NOT_ISOLATED", &open.url)
                .env("SIDEREAL_XTASK", std::env::current_exe()?)
                .env("SIDEREAL_RELAY", Site::binary())
                .env("SIDEREAL_SITE", site.folder())
                .envs(has_catalogue.then_some(("SIDEREAL_CATALOGUE", &catalogue)))
                .envs(settings.iter().copied()),
        )
    });
    drop((isolated, open));
    result
}

fn start(site: &Site, data: &Path, options: &[&str]) -> Result<Relay> {
    let mut command = site.relay();
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    command.args([
        "--port",
        &port.to_string(),
        "--metrics",
        "off",
        "--log",
        "warn",
    ]);
    command.arg("--data-dir").arg(data).args(options);
    let child = command.spawn().context("starting the relay")?;
    let mut relay = Relay {
        child,
        url: format!("http://127.0.0.1:{port}"),
    };
    let start = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if let Some(status) = relay.child.try_wait()? {
            bail!("the relay ended with {status}");
        }
        if start.elapsed() > Duration::from_secs(20) {
            bail!("the relay did not listen on port {port} within 20 s");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(relay)
}
