//! What `monitoring/` is tested with: Prometheus and its tools, and Grafana's types.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::npm;
use crate::shell::{execute, exists, root, step, target_dir};

const PROGRAMS: [&str; 3] = ["prometheus", "promtool", "amtool"];

/// Folder with Prometheus and its tools, for `SIDEREAL_PROMETHEUS`; `None` where they are found
/// without one, or not to be had. Debian's packages are unpacked into the target folder, not
/// installed: that needs no rights and starts no service.
pub fn programs() -> Result<Option<PathBuf>> {
    if PROGRAMS.iter().all(exists) {
        return Ok(None);
    }
    let folder = target_dir().join("sidereal/prometheus");
    let programs = folder.join("usr/bin");
    if PROGRAMS.iter().all(|name| exists(programs.join(name))) {
        return Ok(Some(programs));
    }
    if !exists("apt-get") {
        eprintln!("    LEFT OUT: tests with Prometheus, which is neither here nor in reach of apt");
        return Ok(None);
    }
    step("fetching Prometheus", || {
        fs::create_dir_all(&folder)?;
        let download = || {
            let packages = ["prometheus", "prometheus-alertmanager"];
            let mut apt = Command::new("apt-get");
            execute(
                apt.args(["download", "-qq"])
                    .args(packages)
                    .current_dir(&folder),
            )
        };
        download().or_else(|_| {
            // The lists may be older than the packages.
            execute(Command::new("apt-get").args(["update", "-qq"]))?;
            download()
        })?;
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "deb") {
                execute(Command::new("dpkg-deb").arg("-x").arg(&path).arg(&folder))?;
            }
        }
        Ok(())
    })
    .context("tests of monitoring need Prometheus")?;
    Ok(Some(programs))
}

/// Holds dashboards against Grafana's types.
pub fn dashboards() -> Result<()> {
    let folder = root().join("monitoring/grafana/types");
    npm::install(&folder)?;
    execute(Command::new("node").arg(folder.join("check.mjs")))
}
