//! Search as you type over the whole collection in WebAssembly, beside MiniSearch and FlexSearch.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wasm_bindgen_cli_support::Bindgen;

use crate::bundle::{self, TARGET};
use crate::probe::shared;
use crate::shell::{capture, cargo, execute, root, step, target_dir};
use crate::{collection, npm};

/// Most milliseconds of a keystroke, of 95 in a hundred.
const AIM_KEYSTROKE: f64 = 5.0;
/// Most milliseconds from bytes to the first keystroke.
const AIM_DECODE: f64 = 200.0;
/// Most bytes of the catalogue on the wire.
const AIM_BYTES: f64 = 3e6;

pub fn run() -> Result<Value> {
    if shared().is_none() {
        eprintln!("    no shared collection: there is nothing to search in");
        return Ok(json!({ "skipped": "no shared collection" }));
    }
    bundle::ensure_target()?;
    npm::ensure()?;
    let out = target_dir().join("sidereal/searching");
    let catalogue = out.join("catalogue.bin");
    let documents = out.join("documents.json");
    collection::write(&catalogue, Some(&documents))?;
    step("compiling the search", || {
        execute(cargo().args([
            "build",
            "--locked",
            "--profile",
            "wasm-run",
            "--target",
            TARGET,
            "--package",
            "tests",
            "--bin",
            "searching",
        ]))
    })?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(target_dir().join(TARGET).join("wasm-run/searching.wasm"))
        .typescript(false)
        .nodejs(true)?;
    bindgen.generate(&out).context("binding the search")?;
    let script = root().join("tests/searching.cjs");
    let text = step("searching", || {
        let mut node = Command::new("node");
        capture(
            node.arg(script)
                .arg(out.join("searching.js"))
                .args([&catalogue, &documents]),
        )
    })?;
    let figures: Value = serde_json::from_str(&text).context("the figures")?;
    let number = |name: &str| figures[name].as_f64().unwrap_or(f64::NAN);
    println!("{:<44} {:>12} {:>12}", "figure", "measured", "aim or peer");
    for (what, name, aim) in [
        ("a keystroke, p95, ms", "wasm_p95_ms", AIM_KEYSTROKE),
        ("  MiniSearch", "wasm_p95_ms", number("minisearch_p95_ms")),
        ("  FlexSearch", "wasm_p95_ms", number("flexsearch_p95_ms")),
        (
            "from bytes to the first keystroke, ms",
            "decode_first_ms",
            AIM_DECODE,
        ),
        (
            "  MiniSearch, from texts",
            "decode_first_ms",
            number("minisearch_build_ms"),
        ),
        (
            "  FlexSearch, from texts",
            "decode_first_ms",
            number("flexsearch_build_ms"),
        ),
        (
            "catalogue after Brotli, bytes",
            "catalogue_brotli_bytes",
            AIM_BYTES,
        ),
    ] {
        println!("{what:<44} {:>12.1} {aim:>12.1}", number(name));
    }
    Ok(figures)
}
