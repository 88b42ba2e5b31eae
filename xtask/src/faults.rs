//! `cargo xtask faults`: what the world can do to a relay, done to a real one on this machine.

mod cases;
mod parts;

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::run::Site;
use crate::shell::{cargo, execute, step};
use cases::{CASES, Case, Outcome};
use parts::Place;

#[derive(Args)]
pub struct FaultsArgs {
    /// Only what takes no more than some seconds and needs nothing of the machine
    #[arg(long)]
    quick: bool,
}

/// Runs the table and prints it; an error where something came of it that should not.
pub fn run(args: &FaultsArgs) -> Result<()> {
    step("compiling the relay", || {
        execute(cargo().args(["build", "--locked", "--package", "relay"]))
    })?;
    let folder = std::env::temp_dir().join(format!("sidereal-faults-{}", std::process::id()));
    let start = Instant::now();
    let chosen = CASES.iter().filter(|case| case.is_quick || !args.quick);
    let differing = table(&Site::binary(), &folder, chosen);
    std::fs::remove_dir_all(&folder)?;
    println!("in {:.0} s", start.elapsed().as_secs_f64());
    match differing? {
        0 => Ok(()),
        count => bail!("{count} came out otherwise"),
    }
}

/// Runs cases one after the other; how many came out otherwise.
fn table<'a>(binary: &Path, folder: &Path, cases: impl Iterator<Item = &'a Case>) -> Result<usize> {
    let mut differing = 0;
    for (number, case) in cases.enumerate() {
        let place = Place::new(binary, folder, &number.to_string())?;
        let (sign, observed) = match (case.run)(&place) {
            Ok(Outcome::Seen(observed)) if observed == case.expected => ("ok", observed),
            Ok(Outcome::Seen(observed)) => ("DIFFERS", observed),
            Ok(Outcome::Skipped(why)) => ("skipped", why.to_owned()),
            Err(error) => ("DIFFERS", format!("{error:#}")),
        };
        differing += usize::from(sign == "DIFFERS");
        println!("{sign:<8} {}", case.name);
        println!("         expected: {}", case.expected);
        println!("         observed: {observed}");
    }
    Ok(differing)
}
