//! `/collections.json`, torrents and catalogues, to pages of any origin.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, Response, StatusCode};
use axum::response::{IntoResponse as _, Json};
use protocol::collections::{self, Catalogue, LISTING_VERSION, Listing, Part};
use sha2::{Digest as _, Sha256};
use torrent::InfoHash;
use torrent::percent;

use super::publish::{brotli, gzip};
use super::{Collection, Collections, Torrent};
use crate::metrics::CacheMetrics;
use crate::router::App;
use crate::site::header_contains;

/// Most torrents that are kept as they were asked for.
const MOST_KEPT: usize = 64;

/// Lets pages of any origin read a response.
pub fn cross_origin(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "content-range, content-length, accept-ranges, etag",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The answer to a page that asks whether it may ask.
pub fn preflight() -> Response<Body> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        // Clients send what they like beside the range: webtorrent its name and a wish about caches.
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Answers `/collections.json`.
pub async fn listing(State(app): State<App>, request: Request) -> Response<Body> {
    if request.method() == Method::OPTIONS {
        let mut response = preflight();
        cross_origin(response.headers_mut());
        return response;
    }
    let read = move || list(&app.collections);
    let listing = tokio::task::spawn_blocking(read).await.unwrap_or_default();
    let mut response = Json(listing).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    cross_origin(headers);
    response
}

/// What is published, with addresses relative to the listing's own.
fn list(collections: &Collections) -> Listing {
    let collection = |(slug, found): &(String, Arc<Collection>)| {
        let manifest = &found.manifest;
        collections::Collection {
            name: manifest.name.clone(),
            files: manifest.files,
            tunes: manifest.tunes,
            bytes: manifest.bytes,
            catalogue: Catalogue {
                url: format!("collections/{slug}/{}", manifest.catalogue_name()),
                sha256: manifest.catalogue.clone(),
                bytes: manifest.catalogue_bytes,
            },
            torrents: found
                .torrents
                .iter()
                .map(|part| part_of(slug, part))
                .collect(),
        }
    };
    let mut found: Vec<_> = collections.all().iter().map(collection).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Listing {
        version: LISTING_VERSION,
        collections: found,
    }
}

fn part_of(slug: &str, torrent: &Torrent) -> Part {
    let hash = torrent.metainfo.info_hash;
    Part {
        info_hash: hash.to_string(),
        torrent: format!("collections/{slug}/{hash}.torrent"),
        flat: format!("seed/{slug}/{hash}.flat"),
        files: torrent.metainfo.info.files.len() as u32,
        bytes: torrent.metainfo.info.total_length(),
    }
}

/// A file in its forms.
#[derive(Clone)]
struct Forms {
    plain: Bytes,
    brotli: Bytes,
    gzip: Bytes,
    etag: HeaderValue,
}

/// Torrents as they were asked for: by collection's name, info hash, and address of the relay.
pub struct TorrentCache {
    kept: Mutex<BTreeMap<(String, InfoHash, String), Forms>>,
    metrics: CacheMetrics,
}

/// Answers `/collections/{collection}/{file}`.
pub async fn catalogue_or_torrent(
    State(app): State<App>,
    Path((collection, file)): Path<(String, String)>,
    request: Request,
) -> Response<Body> {
    let mut response = if request.method() == Method::OPTIONS {
        preflight()
    } else if request.method() != Method::GET && request.method() != Method::HEAD {
        (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n").into_response()
    } else {
        let base = app.outside.base_url(&request);
        let headers = request.headers().clone();
        let is_body = request.method() == Method::GET;
        let work = move || {
            answer(
                &app.collections,
                &collection,
                &file,
                base,
                &headers,
                is_body,
            )
        };
        let answered = tokio::task::spawn_blocking(work).await.ok().flatten();
        answered.unwrap_or_else(|| (StatusCode::NOT_FOUND, "no such file\n").into_response())
    };
    cross_origin(response.headers_mut());
    response
}

fn answer(
    collections: &Collections,
    name: &str,
    file: &str,
    base: String,
    headers: &HeaderMap,
    is_body: bool,
) -> Option<Response<Body>> {
    let collection = collections.get(name)?;
    let (forms, kind, cache) = if let Some(hash) = file.strip_suffix(".torrent") {
        let hash = hash.parse().ok()?;
        let mut torrents = collection.torrents.iter();
        let torrent = torrents.find(|torrent| torrent.metainfo.info_hash == hash)?;
        let forms = collections.torrents.get(name, torrent, base);
        (forms, "application/x-bittorrent", "no-cache")
    } else {
        let is_catalogue = file.starts_with("catalogue-") && file.ends_with(".bin");
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if !is_catalogue || !file.chars().all(is_name) {
            return None;
        }
        let read = |end: &str| fs::read(collection.folder.join(format!("{file}{end}")));
        let forms = Forms {
            plain: read("").ok()?.into(),
            brotli: read(".br").ok()?.into(),
            gzip: read(".gz").ok()?.into(),
            etag: HeaderValue::from_str(&format!("\"{file}\"")).ok()?,
        };
        let forever = "public, max-age=31536000, immutable";
        (forms, "application/octet-stream", forever)
    };
    let mut response = Response::new(Body::empty());
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    out.insert(header::ETAG, forms.etag.clone());
    let etag = forms.etag.to_str().unwrap_or_default();
    if header_contains(headers, header::IF_NONE_MATCH, etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Some(response);
    }
    let accepts = |coding| header_contains(headers, header::ACCEPT_ENCODING, coding);
    let (coding, bytes) = if accepts("br") {
        (Some("br"), forms.brotli)
    } else if accepts("gzip") {
        (Some("gzip"), forms.gzip)
    } else {
        (None, forms.plain)
    };
    if let Some(coding) = coding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    if is_body {
        *response.body_mut() = Body::from(bytes);
    }
    Some(response)
}

impl TorrentCache {
    /// An empty one.
    pub fn new(metrics: CacheMetrics) -> Self {
        let kept = Mutex::default();
        Self { kept, metrics }
    }

    /// The torrent with tracker and web seed of the relay at `base`, such as `https://host`.
    fn get(&self, collection: &str, torrent: &Torrent, base: String) -> Forms {
        let key = (collection.to_owned(), torrent.metainfo.info_hash, base);
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            self.metrics.hits.inc();
            return known.clone();
        }
        self.metrics.misses.inc();
        let base = &key.2;
        // `http` becomes `ws`, `https` becomes `wss`.
        let tracker = format!("ws{}/announce", base.strip_prefix("http").unwrap_or(base));
        let seed = format!("{base}/seed/{}/", percent::encode(collection));
        let plain = torrent.metainfo.encode(&[tracker], &[seed], &[]);
        let digest = Sha256::digest(&plain);
        let hex: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let forms = Forms {
            brotli: brotli(&plain).into(),
            gzip: gzip(&plain).into(),
            plain: plain.into(),
            etag: HeaderValue::from_str(&format!("\"{hex}\"")).expect("hexadecimal digits"),
        };
        let mut kept = lock();
        // Whoever makes up addresses must not fill the memory.
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, forms.clone());
        self.metrics.entries.set(kept.len() as i64);
        forms
    }
}
