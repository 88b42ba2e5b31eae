//! `cargo xtask dist`: one relay binary with the optimised app inside.

use anyhow::{Result, bail};

use crate::bundle::{self, BUNDLES, Effort};
use crate::shell::{cargo, execute, root, step, target_dir};
use crate::site::{self, Served};

/// Limit of the page and the engine together, after Brotli, in bytes.
const FIRST_SOUND_BUDGET: u64 = 600_000;

pub fn run() -> Result<()> {
    let bundles = bundle::build(Effort::Dist)?;
    let (folder, served) = step("assembling the site", || {
        site::assemble(&bundles, Effort::Dist)
    })?;
    print_sizes(&served);
    check_budgets(&served)?;
    step("compiling the relay with the site inside", || {
        execute(
            cargo()
                .args([
                    "build",
                    "--locked",
                    "--release",
                    "--package",
                    "relay",
                    "--features",
                    "embed",
                ])
                .env("SIDEREAL_SITE", &folder),
        )
    })?;
    let out = root().join("dist");
    std::fs::create_dir_all(&out)?;
    let binary = out.join("sidereal-relay");
    std::fs::copy(target_dir().join("release/sidereal-relay"), &binary)?;
    println!("{} ({} bytes)", binary.display(), binary.metadata()?.len());
    Ok(())
}

fn print_sizes(served: &[Served]) {
    println!("{:<32} {:>10} {:>10}", "file", "bytes", "Brotli");
    for file in served {
        println!("{:<32} {:>10} {:>10}", file.source, file.raw, file.brotli);
    }
    let total: u64 = served.iter().map(|file| file.brotli).sum();
    println!(
        "{:<32} {:>10} {:>10}",
        "all",
        served.iter().map(|file| file.raw).sum::<u64>(),
        total
    );
}

/// Module and glue of a bundle, after Brotli.
fn size_of(served: &[Served], bundle: &str) -> u64 {
    let parts = [format!("/{bundle}_bg.wasm"), format!("/{bundle}.js")];
    served
        .iter()
        .filter(|file| parts.contains(&file.source))
        .map(|file| file.brotli)
        .sum()
}

fn check_budgets(served: &[Served]) -> Result<()> {
    let mut over = Vec::new();
    for bundle in &BUNDLES {
        let size = size_of(served, bundle.name);
        println!(
            "budget of {:<10} {size:>8} of {:>8}",
            bundle.name, bundle.budget
        );
        if size > bundle.budget {
            over.push(format!(
                "{} has {size} bytes, its budget is {}",
                bundle.name, bundle.budget
            ));
        }
    }
    let first = size_of(served, "listen") + size_of(served, "engine");
    println!("page and engine        {first:>8} of {FIRST_SOUND_BUDGET:>8}");
    if first > FIRST_SOUND_BUDGET {
        over.push(format!(
            "page and engine have {first} bytes, their budget is {FIRST_SOUND_BUDGET}"
        ));
    }
    if !over.is_empty() {
        bail!("{}", over.join("; "));
    }
    Ok(())
}
