//! The WebAssembly bundles: cargo, then wasm-bindgen as a library, then (for `dist`) wasm-opt.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{capture, cargo, execute, step, target_dir};

/// The target that pages and workers are built for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// One bundle: a binary of the workspace that runs in the browser.
pub struct Bundle {
    /// Name of the binary, and of the files made from it.
    pub name: &'static str,
    /// Limit after Brotli in `dist`, in bytes.
    pub budget: u64,
    /// What `wasm-opt` works for in `dist`: speed in the engine, few bytes elsewhere. Not in a
    /// bundle of two parts, which know each other's insides; there it would gain little after Brotli.
    pub optimise: Option<&'static str>,
    /// It is of two parts: most of the listener's pages are a second one, fetched when one of them
    /// is gone to. `NAME_rest.wasm` is that part, `NAME_split.js` fetches it.
    pub is_split: bool,
}

/// Every bundle of the product.
pub const BUNDLES: [Bundle; 6] = [
    Bundle {
        name: "listen",
        budget: 430_000,
        optimise: None,
        is_split: true,
    },
    Bundle {
        name: "admin",
        budget: 560_000,
        optimise: None,
        is_split: true,
    },
    Bundle {
        name: "engine",
        budget: 175_000,
        optimise: Some("-O3"),
        is_split: false,
    },
    Bundle {
        name: "library",
        budget: 355_000,
        optimise: Some("-Oz"),
        is_split: false,
    },
    Bundle {
        name: "swarm",
        budget: 320_000,
        optimise: Some("-Oz"),
        is_split: false,
    },
    Bundle {
        name: "visuals",
        budget: 120_000,
        optimise: Some("-O3"),
        is_split: false,
    },
];

/// Features that the binaries above and the workers' tests need.
pub const FEATURES: &str = "worker/engine,worker/library,worker/swarm,worker/visuals";

/// How much effort goes into a build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Quick to rebuild.
    Run,
    /// Small and fast.
    Dist,
}

impl Effort {
    fn profile(self) -> &'static str {
        match self {
            Self::Run => "wasm-run",
            Self::Dist => "wasm-dist",
        }
    }

    /// Name of the folder that holds what was built.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Dist => "dist",
        }
    }
}

/// Adds the wasm32 target where rustup knows that it is missing.
pub fn ensure_target() -> Result<()> {
    let mut rustc = std::process::Command::new("rustc");
    let library = capture(rustc.args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(library.trim()).is_dir() {
        return Ok(());
    }
    step("adding the wasm32 target", || {
        execute(std::process::Command::new("rustup").args(["target", "add", TARGET]))
            .context("WebAssembly needs the target wasm32-unknown-unknown")
    })
}

/// Builds every bundle and returns the folder with `NAME.js` and `NAME_bg.wasm` of each.
pub fn build(effort: Effort) -> Result<PathBuf> {
    ensure_target()?;
    let profile = effort.profile();
    step("compiling the page and its workers to WebAssembly", || {
        let mut command = cargo();
        command.args([
            "build",
            "--locked",
            "--target",
            TARGET,
            "--profile",
            profile,
        ]);
        command.args([
            "--package",
            "app",
            "--package",
            "worker",
            "--features",
            FEATURES,
        ]);
        for bundle in &BUNDLES {
            command.args(["--bin", bundle.name]);
        }
        execute(&mut command)
    })?;
    let out = target_dir()
        .join("sidereal")
        .join(effort.folder())
        .join("bundles");
    fs::create_dir_all(&out).with_context(|| format!("{}", out.display()))?;
    step("binding the bundles to JavaScript", || {
        for bundle in &BUNDLES {
            let wasm = target_dir().join(TARGET).join(profile).join(bundle.name);
            bind(&wasm.with_extension("wasm"), &out, bundle, effort)?;
        }
        Ok(())
    })?;
    Ok(out)
}

/// Binds one module, unless its output is newer than it.
fn bind(wasm: &Path, out: &Path, bundle: &Bundle, effort: Effort) -> Result<()> {
    let name = bundle.name;
    let made = out.join(format!("{name}_bg.wasm"));
    if let (Ok(source), Ok(result)) = (modified(wasm), modified(&made))
        && result > source
    {
        return Ok(());
    }
    let is_split = bundle.is_split;
    let first = if is_split {
        split(name, wasm, out)?
    } else {
        wasm.to_path_buf()
    };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(first)
        .keep_lld_exports(is_split)
        .demangle(!is_split)
        .out_name(name)
        .typescript(false)
        .omit_default_module_path(false)
        .remove_producers_section(true)
        .remove_name_section(effort == Effort::Dist)
        .web(true)?;
    bindgen
        .generate(out)
        .with_context(|| format!("binding {name}"))?;
    if is_split {
        let script = out.join(format!("{name}.js"));
        let text = fs::read_to_string(&script)?;
        let (link, own) = (
            format!("from \"{LINK}\""),
            format!("from \"/{name}_split.js\""),
        );
        fs::write(script, text.replace(&link, &own))?;
    }
    match (effort, bundle.optimise) {
        (Effort::Run, _) => {}
        (Effort::Dist, Some(level)) => crate::npm::wasm_opt(&made, level)?,
        (Effort::Dist, None) => {
            crate::npm::wasm_opt(&out.join(format!("{name}_rest.wasm")), "--strip-debug")?;
        }
    }
    Ok(())
}

/// What a module of two parts imports its loader from.
const LINK: &str = "./__wasm_split.______________________.js";

/// Splits a module where its `#[wasm_split]` function begins, and returns the first part.
fn split(name: &str, wasm: &Path, out: &Path) -> Result<PathBuf> {
    let bytes = fs::read(wasm).with_context(|| format!("{}", wasm.display()))?;
    let first = out.join(format!("{name}_first.wasm"));
    let main_module = format!("/{name}.js");
    let mut options = wasm_split_cli_support::Options::new(&bytes);
    options.output_dir = out;
    options.main_out_path = &first;
    options.main_module = &main_module;
    options.link_name = LINK;
    let parts = wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow::anyhow!("splitting {name}: {error:?}"))?;
    let [rest] = &*parts.split_modules else {
        bail!(
            "{name} is to have one second part, not {:?}",
            parts.split_modules
        );
    };
    let rest_name = rest.file_name().unwrap_or_default().to_string_lossy();
    let loader = fs::read_to_string(out.join(LINK))?;
    // The page's own script names the loader, so that the loader cannot name it: names hold hashes.
    let loader = loader
        .replace(
            &format!("import {{ initSync }} from \"{main_module}\";"),
            "const initSync = (...given) => globalThis.siderealPage.initSync(...given)",
        )
        .replace(
            &format!("new URL(\"./{rest_name}\", import.meta.url)"),
            &format!("\"/{name}_rest.wasm\""),
        );
    fs::write(out.join(format!("{name}_split.js")), loader)?;
    fs::remove_file(out.join(LINK))?;
    fs::rename(rest, out.join(format!("{name}_rest.wasm")))?;
    Ok(first)
}

fn modified(path: &Path) -> std::io::Result<std::time::SystemTime> {
    fs::metadata(path)?.modified()
}
