//! The app's files: from a folder or built in, held in memory with their compressed forms.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, Response, StatusCode};
use sha2::{Digest, Sha256};

/// Why there is no app to serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder cannot be read.
    #[error("site folder {}: {reason}", path.display())]
    Read {
        /// Folder or file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is no `index.html`.
    #[error("{0} holds no index.html")]
    NoIndex(String),
    /// Neither a folder nor a built-in app.
    #[error("this relay was built without the app: name its folder with --site")]
    NotEmbedded,
}

type Bytes = Cow<'static, [u8]>;

struct Asset {
    content_type: &'static str,
    etag: HeaderValue,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

/// All files by path, `/index.html` among them.
pub struct Site {
    assets: BTreeMap<String, Asset>,
}

impl Site {
    /// The app in `folder`, or the one built in.
    ///
    /// # Errors
    /// No app there, or it cannot be read.
    pub fn load(folder: Option<&Path>) -> Result<Self, Error> {
        match folder {
            Some(folder) => Self::new(read_folder(folder)?, &folder.display().to_string()),
            None => Self::new(embedded()?, "the built-in app"),
        }
    }

    fn new(mut files: BTreeMap<String, Bytes>, origin: &str) -> Result<Self, Error> {
        let names: Vec<String> = files
            .keys()
            .filter(|name| !is_compressed_twin(name, &files))
            .cloned()
            .collect();
        let mut assets = BTreeMap::new();
        for name in names {
            let Some(plain) = files.remove(&name) else {
                continue;
            };
            let digest = Sha256::digest(&plain);
            let hex: String = digest[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let asset = Asset {
                content_type: content_type(&name),
                etag: HeaderValue::from_str(&format!("\"{hex}\"")).expect("hexadecimal digits"),
                plain,
                brotli: files.remove(&format!("{name}.br")),
                gzip: files.remove(&format!("{name}.gz")),
            };
            assets.insert(name, asset);
        }
        if !assets.contains_key("/index.html") {
            return Err(Error::NoIndex(origin.to_owned()));
        }
        Ok(Self { assets })
    }

    /// Answers a GET or HEAD. A path that is no file but asks for HTML gets the app, which has
    /// routes of its own: below `/admin` the operator's page, else the listener's.
    #[must_use]
    pub fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<Body> {
        if method != Method::GET && method != Method::HEAD {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD");
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        // Links of the page know one address of its first.
        if path == "/admin/" {
            let mut response = text(StatusCode::PERMANENT_REDIRECT, "/admin");
            response
                .headers_mut()
                .insert(header::LOCATION, HeaderValue::from_static("/admin"));
            return response;
        }
        let wants_html = header_contains(headers, header::ACCEPT, "text/html");
        let path = if path == "/" { "/index.html" } else { path };
        let known = |path: &str| self.assets.get_key_value(path);
        let found = known(path).or_else(|| {
            (wants_html && !path.starts_with("/assets/"))
                .then(|| known(page_of(path)))
                .flatten()
        });
        let Some((name, asset)) = found else {
            return text(StatusCode::NOT_FOUND, "not found");
        };
        let mut response = Response::new(Body::empty());
        let answer = response.headers_mut();
        let cache = if name.starts_with("/assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        answer.insert(header::ETAG, asset.etag.clone());
        answer.insert(
            header::VARY,
            HeaderValue::from_static("accept-encoding, accept"),
        );
        let same = asset.etag.to_str().unwrap_or_default();
        if header_contains(headers, header::IF_NONE_MATCH, same) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        answer.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(asset.content_type),
        );
        let accepts = |coding| header_contains(headers, header::ACCEPT_ENCODING, coding);
        let (coding, bytes) = match (&asset.brotli, &asset.gzip) {
            (Some(bytes), _) if accepts("br") => (Some("br"), bytes),
            (_, Some(bytes)) if accepts("gzip") => (Some("gzip"), bytes),
            _ => (None, &asset.plain),
        };
        if let Some(coding) = coding {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        answer.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        if method == Method::GET {
            *response.body_mut() = match bytes {
                Cow::Borrowed(bytes) => Body::from(*bytes),
                Cow::Owned(bytes) => Body::from(bytes.clone()),
            };
        }
        response
    }
}

/// The page that has routes for a path.
fn page_of(path: &str) -> &'static str {
    match path.strip_prefix("/admin") {
        Some("") => "/admin.html",
        Some(rest) if rest.starts_with('/') => "/admin.html",
        _ => "/index.html",
    }
}

fn text(status: StatusCode, words: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(words));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

/// Whether a list header holds an item, parameters aside.
pub fn header_contains(headers: &HeaderMap, name: header::HeaderName, item: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value.split(',').any(|part| {
                let mut fields = part.split(';').map(str::trim);
                let named = fields.next().is_some_and(|field| field == item);
                named && fields.all(|field| field.replace(' ', "") != "q=0")
            })
        })
}

fn is_compressed_twin(name: &str, files: &BTreeMap<String, Bytes>) -> bool {
    [".br", ".gz"]
        .iter()
        .filter_map(|end| name.strip_suffix(end))
        .any(|plain| files.contains_key(plain))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "txt" | "md5" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn read_folder(folder: &Path) -> Result<BTreeMap<String, Bytes>, Error> {
    let error = |path: &Path, reason: String| Error::Read {
        path: path.into(),
        reason,
    };
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.map_err(|cause| {
            let reason = cause
                .io_error()
                .map_or_else(|| cause.to_string(), ToString::to_string);
            error(cause.path().unwrap_or(folder), reason)
        })?;
        if !entry.file_type().is_file() {
            continue;
        }
        let bytes =
            std::fs::read(entry.path()).map_err(|cause| error(entry.path(), cause.to_string()))?;
        let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let name = format!("/{}", relative.to_string_lossy().replace('\\', "/"));
        files.insert(name, Cow::Owned(bytes));
    }
    Ok(files)
}

#[cfg(feature = "embed")]
fn embedded() -> Result<BTreeMap<String, Bytes>, Error> {
    #[derive(rust_embed::RustEmbed)]
    #[folder = "$SIDEREAL_SITE"]
    struct Built;

    let file = |name: &str| Some((format!("/{name}"), Built::get(name)?.data));
    Ok(Built::iter().filter_map(|name| file(&name)).collect())
}

#[cfg(not(feature = "embed"))]
fn embedded() -> Result<BTreeMap<String, Bytes>, Error> {
    Err(Error::NotEmbedded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_refused_by_the_client_is_not_taken() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, "gzip, br;q=0".parse().unwrap());
        assert!(header_contains(&headers, header::ACCEPT_ENCODING, "gzip"));
        assert!(!header_contains(&headers, header::ACCEPT_ENCODING, "br"));
    }

    #[test]
    fn the_operators_page_is_served_below_its_own_path() {
        for path in ["/admin", "/admin/", "/admin/logs", "/admin/tune/0/1"] {
            assert_eq!(page_of(path), "/admin.html", "{path}");
        }
        for path in ["/", "/administer", "/tune/admin", "/browse/admin/"] {
            assert_eq!(page_of(path), "/index.html", "{path}");
        }
    }

    #[test]
    fn the_operators_page_has_one_address() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "app").unwrap();
        let site = Site::load(Some(folder.path())).unwrap();
        let response = site.answer(&Method::GET, "/admin/", &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
        assert_eq!(response.headers()[header::LOCATION], "/admin");
    }

    #[test]
    fn a_folder_without_an_app_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = Site::load(Some(folder.path())).err().unwrap().to_string();
        assert!(error.ends_with("holds no index.html"), "{error}");
        let error = Site::load(Some(&folder.path().join("no")))
            .err()
            .unwrap()
            .to_string();
        assert!(error.starts_with("site folder "), "{error}");
    }
}
