//! The site: `public/` and the bundles, with content-hashed names under `/assets/`.
//!
//! Every file gets a name that holds the hash of its content and is cached for ever, except those
//! that must keep their name. References are absolute paths in quotes or parentheses
//! (`"/app.css"`, `url(/fonts/x.woff2)`), so that they can be rewritten without parsing.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::bundle::{BUNDLES, Effort};
use crate::shell::{root, target_dir};

/// Keeps the site for starts without a network.
const SERVICE_WORKER: &str = "/sw.js";

/// Paths that keep their name: entry points, and what is fetched by a name known elsewhere.
fn keeps_name(path: &str) -> bool {
    path == "/index.html"
        || path == "/admin.html"
        || path == "/favicon.svg"
        || path == "/robots.txt"
        || path == SERVICE_WORKER
        || path.starts_with("/demo/")
}

/// Files of the operator's page, which listeners do not download and which is not kept for starts
/// without a network.
fn is_for_operators(source: &str) -> bool {
    source.starts_with("/admin") || source.starts_with("/lang/admin.")
}

/// What the listener's page must not know of: where the operator's page is served, and what it asks.
const OPERATORS_WORDS: [&str; 2] = ["/admin", "admin_bg"];

/// Refuses a listener's page that knows of the operator's.
fn keep_apart(sources: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let of_listeners = ["/index.html", "/start.js", "/listen"];
    for (source, bytes) in sources {
        if !of_listeners.iter().any(|start| source.starts_with(start)) {
            continue;
        }
        for word in OPERATORS_WORDS {
            if bytes
                .windows(word.len())
                .any(|found| found == word.as_bytes())
            {
                bail!("{source} is the listener's and knows of {word}");
            }
        }
    }
    Ok(())
}

fn is_text(path: &str) -> bool {
    [".html", ".js", ".css", ".svg", ".json", ".webmanifest"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// Worth compressing.
fn is_compressible(path: &str) -> bool {
    is_text(path)
        || [".wasm", ".md5", ".txt", ".sid", ".po"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// One file of the finished site and its size on the wire.
pub struct Served {
    /// Path before hashing, such as `/listen_bg.wasm`.
    pub source: String,
    /// Bytes as they are.
    pub raw: u64,
    /// Bytes after Brotli; 0 where not compressed.
    pub brotli: u64,
}

/// Assembles the site and returns its folder and what is in it. Brotli and gzip copies are made
/// for [`Effort::Dist`] only.
pub fn assemble(bundles: &Path, effort: Effort) -> Result<(PathBuf, Vec<Served>)> {
    let mut sources = read_tree(&root().join("public"))?;
    for bundle in &BUNDLES {
        let name = bundle.name;
        let script = fs::read_to_string(bundles.join(format!("{name}.js")))?;
        // Relative to the script's own URL, so that wasm-bindgen's file names do not matter.
        let script = script.replace(
            &format!("new URL('{name}_bg.wasm', import.meta.url)"),
            &format!("new URL('/{name}_bg.wasm', import.meta.url)"),
        );
        sources.insert(format!("/{name}.js"), script.into_bytes());
        sources.insert(
            format!("/{name}_bg.wasm"),
            fs::read(bundles.join(format!("{name}_bg.wasm")))?,
        );
    }
    for bundle in BUNDLES.iter().filter(|bundle| bundle.is_split) {
        let name = bundle.name;
        for part in [format!("{name}_split.js"), format!("{name}_rest.wasm")] {
            let bytes = fs::read(bundles.join(&part)).with_context(|| part.clone())?;
            sources.insert(format!("/{part}"), bytes);
        }
    }
    keep_apart(&sources)?;
    let mut finished = Hasher::new(&sources).finish()?;
    list_site(&mut finished)?;

    let folder = target_dir()
        .join("sidereal")
        .join(effort.folder())
        .join("site");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut served = Vec::new();
    for (source, (path, bytes)) in finished {
        let file = folder.join(&path[1..]);
        fs::create_dir_all(file.parent().expect("a path below the folder has a parent"))?;
        fs::write(&file, &bytes).with_context(|| format!("{}", file.display()))?;
        let mut brotli = 0;
        if effort == Effort::Dist && is_compressible(&source) {
            brotli = compress(&file, &bytes)?;
        }
        served.push(Served {
            source,
            raw: bytes.len() as u64,
            brotli,
        });
    }
    Ok((folder, served))
}

/// Tells the service worker which files the site has, and the hash of all of them.
fn list_site(finished: &mut BTreeMap<String, (String, Vec<u8>)>) -> Result<()> {
    let Some((path, mut script)) = finished.remove(SERVICE_WORKER) else {
        bail!("the site has no {SERVICE_WORKER}");
    };
    let mut hash = Sha256::new();
    let mut files = Vec::new();
    for (source, (served, bytes)) in &*finished {
        let is_left_out = served == "/robots.txt" || served.ends_with("OFL.txt");
        if is_left_out || is_for_operators(source) {
            continue;
        }
        hash.update(served);
        hash.update(bytes);
        files.push(if served == "/index.html" { "/" } else { served });
    }
    hash.update(&script);
    let version = hex(&hash.finalize()[..6]);
    let site = serde_json::json!({ "version": version, "files": files }).to_string();
    let text = String::from_utf8(script)?.replace("\"SITE\"", &site);
    script = text.into_bytes();
    finished.insert(SERVICE_WORKER.into(), (path, script));
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes `.br` and `.gz` beside a file and returns the bytes after Brotli.
fn compress(file: &Path, bytes: &[u8]) -> Result<u64> {
    let beside = |end: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let mut squeezed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*bytes, &mut squeezed, &parameters)?;
    fs::write(beside(".br"), &squeezed)?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes)?;
    fs::write(beside(".gz"), gzip.finish()?)?;
    Ok(squeezed.len() as u64)
}

fn read_tree(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            let relative = entry
                .path()
                .strip_prefix(folder)
                .expect("walked below the folder");
            let path = format!("/{}", relative.to_string_lossy().replace('\\', "/"));
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(files)
}

/// Gives files their hashed names, each after the files that it refers to.
struct Hasher<'a> {
    sources: &'a BTreeMap<String, Vec<u8>>,
    /// Finished: source path to (served path, bytes).
    done: BTreeMap<String, (String, Vec<u8>)>,
    open: Vec<String>,
}

impl<'a> Hasher<'a> {
    fn new(sources: &'a BTreeMap<String, Vec<u8>>) -> Self {
        Self {
            sources,
            done: BTreeMap::new(),
            open: Vec::new(),
        }
    }

    fn finish(mut self) -> Result<BTreeMap<String, (String, Vec<u8>)>> {
        for path in self.sources.keys() {
            self.visit(path)?;
        }
        Ok(self.done)
    }

    fn visit(&mut self, path: &str) -> Result<()> {
        if self.done.contains_key(path) {
            return Ok(());
        }
        if self.open.iter().any(|open| open == path) {
            bail!(
                "assets refer to each other in a circle: {} -> {path}",
                self.open.join(" -> ")
            );
        }
        self.open.push(path.to_owned());
        let mut bytes = self.sources[path].clone();
        if is_text(path) {
            let mut text = String::from_utf8(bytes).with_context(|| path.to_owned())?;
            let sources = self.sources;
            for other in sources
                .keys()
                .filter(|other| !keeps_name(other) && *other != path)
            {
                for (before, after) in [('"', '"'), ('\'', '\''), ('(', ')')] {
                    let reference = format!("{before}{other}{after}");
                    if text.contains(&reference) {
                        self.visit(other)?;
                        let served = &self.done[other].0;
                        text = text.replace(&reference, &format!("{before}{served}{after}"));
                    }
                }
            }
            bytes = text.into_bytes();
        }
        let served = if keeps_name(path) {
            path.to_owned()
        } else {
            hashed_name(path, &bytes)
        };
        self.open.pop();
        self.done.insert(path.to_owned(), (served, bytes));
        Ok(())
    }
}

fn hashed_name(path: &str, bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hash = hex(&hash[..6]);
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "bin"));
    format!("/assets/{stem}-{hash}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(files: &[(&str, &str)]) -> Result<BTreeMap<String, (String, Vec<u8>)>> {
        let sources = files
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        Hasher::new(&sources).finish()
    }

    #[test]
    fn a_change_deep_down_changes_every_name_above_it() {
        let site = |font: &str| {
            finish(&[
                ("/index.html", "<link href=\"/app.css\">"),
                ("/app.css", "src: url(/fonts/a.woff2)"),
                ("/fonts/a.woff2", font),
            ])
            .unwrap()
        };
        let (one, two) = (site("1"), site("2"));
        assert_ne!(one["/app.css"].0, two["/app.css"].0);
        assert_ne!(one["/index.html"].1, two["/index.html"].1);
        assert_eq!(one["/index.html"].0, "/index.html");
        assert!(one["/app.css"].0.starts_with("/assets/app-"));
        let page = String::from_utf8(one["/index.html"].1.clone()).unwrap();
        assert_eq!(page, format!("<link href=\"{}\">", one["/app.css"].0));
    }

    #[test]
    fn what_is_for_operators_is_not_kept_by_the_service_worker() {
        let mut site = finish(&[
            ("/index.html", "'/app.css'"),
            ("/app.css", "a"),
            ("/admin.html", "'/app.css' '/admin.css' '/admin-start.js'"),
            ("/admin.css", "b"),
            ("/admin-start.js", "'/lang/admin.de.po'"),
            ("/lang/admin.de.po", "c"),
            ("/sw.js", "const { version, files } = \"SITE\""),
        ])
        .unwrap();
        assert_eq!(site["/admin.html"].0, "/admin.html");
        list_site(&mut site).unwrap();
        let script = String::from_utf8(site["/sw.js"].1.clone()).unwrap();
        assert!(
            script.contains("\"/\"") && script.contains("/assets/app-"),
            "{script}"
        );
        assert!(!script.contains("admin"), "{script}");
    }

    #[test]
    fn a_listeners_page_that_knows_of_the_operators_is_refused() {
        let check = |path: &str, text: &str| {
            keep_apart(&BTreeMap::from([(
                path.to_owned(),
                text.as_bytes().to_vec(),
            )]))
        };
        assert!(check("/index.html", "<a href='/admin'>").is_err());
        assert!(check("/listen_rest.wasm", "x/api/v1/admin/").is_err());
        assert!(check("/listen.js", "new URL('admin_bg.wasm')").is_err());
        assert!(check("/admin.html", "/admin").is_ok());
        for own in ["index.html", "start.js"] {
            let text = fs::read_to_string(root().join("public").join(own)).unwrap();
            check(&format!("/{own}"), &text).unwrap();
            assert!(!text.contains("admin"), "{own}");
        }
    }

    #[test]
    fn a_circle_is_named() {
        let error = finish(&[("/a.js", "'/b.js'"), ("/b.js", "'/a.js'")]).unwrap_err();
        assert!(
            error.to_string().contains("/a.js -> /b.js -> /a.js"),
            "{error}"
        );
    }
}
