//! `/seed/...`: web seeds. Bytes come from the published folder as it lies there.
//!
//! Two forms of address: a file of a torrent as BEP 19 has it,
//! `/seed/COLLECTION/TORRENT/PATH`, and all files of a torrent as one stream of bytes,
//! `/seed/COLLECTION/INFOHASH.flat`, in which a piece is one range however many files it spans.
//! What changed on disk since it was published is never served: the answer is 410.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, Response, StatusCode};
use axum::response::IntoResponse as _;
use futures_util::stream;
use prometheus::IntCounter;
use torrent::range::{self, Wanted};

use super::files::Stamp;
use super::serve::{cross_origin, preflight};
use super::{Collection, Torrent};
use crate::metrics::SeedMetrics;
use crate::router::App;

/// Bytes read and sent at once.
const CHUNK: u64 = 256 << 10;

/// Why bytes cannot be had.
#[derive(Debug)]
enum Lost {
    /// Their file is no longer what was published.
    Changed,
    /// The disk says no.
    Read(io::Error),
}

/// What an address stands for: a part of a torrent's bytes.
#[derive(Clone)]
struct Content {
    collection: Arc<Collection>,
    torrent: Arc<Torrent>,
    /// Place of its bytes in the torrent.
    bytes: Range<u64>,
    /// Names the content for ever.
    etag: String,
}

/// Answers `/seed/{collection}/{*rest}`.
pub async fn seed(
    State(app): State<App>,
    Path((collection, rest)): Path<(String, String)>,
    request: Request,
) -> Response<Body> {
    let mut response = if request.method() == Method::OPTIONS {
        preflight()
    } else if request.method() != Method::GET && request.method() != Method::HEAD {
        (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n").into_response()
    } else {
        let found = app.collections.get(&collection);
        match found.and_then(|found| Content::find(found, &rest)) {
            Some(content) => {
                let count = Count::new(&app, &collection);
                answer(count, content, request.method(), request.headers()).await
            }
            None => {
                app.metrics.seed.unknown.inc();
                (StatusCode::NOT_FOUND, "no such content\n").into_response()
            }
        }
    };
    cross_origin(response.headers_mut());
    response
}

/// Where what is sent is counted.
#[derive(Clone)]
struct Count {
    seed: SeedMetrics,
    /// Bytes of this collection, where the operator wants them apart.
    bytes: Option<IntCounter>,
}

impl Count {
    fn new(app: &App, collection: &str) -> Self {
        let each = app.metrics.collections.each.as_ref();
        Self {
            seed: app.metrics.seed.clone(),
            bytes: each.map(|each| each.seed_bytes.with_label_values(&[collection])),
        }
    }

    fn sent(&self, chunk: &Bytes) {
        for bytes in [&self.seed.bytes].into_iter().chain(&self.bytes) {
            bytes.inc_by(chunk.len() as u64);
        }
    }
}

async fn answer(
    count: Count,
    content: Content,
    method: &Method,
    headers: &HeaderMap,
) -> Response<Body> {
    let length = content.bytes.end - content.bytes.start;
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let is_known = text(header::IF_NONE_MATCH).is_some_and(|tags| tags.contains(&content.etag));
    // A range of something else than what the client knows is no use to it.
    let is_same = text(header::IF_RANGE).is_none_or(|tag| tag == content.etag);
    let wanted = match text(header::RANGE) {
        Some(header) if is_same => range::parse(header, length),
        _ => Wanted::Whole,
    };
    let seed = count.seed.clone();
    let (status, part, outcome) = match wanted {
        _ if is_known => (StatusCode::NOT_MODIFIED, 0..0, &seed.unchanged),
        Wanted::Whole => (StatusCode::OK, 0..length, &seed.whole),
        Wanted::Part(start, end) => (StatusCode::PARTIAL_CONTENT, start..end, &seed.ranges),
        Wanted::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0, &seed.beyond),
    };
    let is_body = status.is_success() && method == Method::GET;
    let start = content.bytes.start;
    let bytes = start + part.start..start + part.end;
    let etag = HeaderValue::from_str(&content.etag).expect("hexadecimal digits");
    // The first bytes are read before anything is promised.
    let body = if is_body {
        match first(content, bytes, count).await {
            Ok(body) => body,
            Err(Lost::Changed) => {
                seed.changed.inc();
                let words = "this changed since it was published\n";
                return (StatusCode::GONE, words).into_response();
            }
            Err(Lost::Read(error)) => {
                seed.failed.inc();
                tracing::warn!(%error, "published content cannot be read");
                return (StatusCode::INTERNAL_SERVER_ERROR, "cannot be read\n").into_response();
            }
        }
    } else {
        Body::empty()
    };
    outcome.inc();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let forever = "public, max-age=31536000, immutable";
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(forever));
    let text = |text: String| HeaderValue::from_str(&text).expect("numbers");
    match status {
        StatusCode::RANGE_NOT_SATISFIABLE => {
            headers.insert(header::CONTENT_RANGE, text(format!("bytes */{length}")));
        }
        StatusCode::PARTIAL_CONTENT => {
            let (first, last) = (part.start, part.end - 1);
            headers.insert(
                header::CONTENT_RANGE,
                text(format!("bytes {first}-{last}/{length}")),
            );
        }
        _ => {}
    }
    if status.is_success() {
        let kind = HeaderValue::from_static("application/octet-stream");
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(
            header::CONTENT_LENGTH,
            HeaderValue::from(part.end - part.start),
        );
    }
    response
}

/// A body whose first bytes are read; the rest is, as the client takes it. A file that changes
/// meanwhile cuts the body short.
async fn first(content: Content, bytes: Range<u64>, count: Count) -> Result<Body, Lost> {
    let timer = count.seed.first_bytes_seconds.start_timer();
    let (content, chunk) = read(content, bytes.start..bytes.end.min(bytes.start + CHUNK)).await?;
    timer.observe_duration();
    count.sent(&chunk);
    let rest = bytes.start + chunk.len() as u64..bytes.end;
    if rest.is_empty() {
        return Ok(Body::from(chunk));
    }
    let begin = (Some(chunk), content, rest, count);
    let body = stream::try_unfold(begin, |(ready, content, rest, count)| async move {
        if let Some(chunk) = ready {
            return Ok(Some((chunk, (None, content, rest, count))));
        }
        if rest.is_empty() {
            return Ok::<_, io::Error>(None);
        }
        let now = rest.start..rest.end.min(rest.start + CHUNK);
        let later = now.end..rest.end;
        match read(content, now).await {
            Ok((content, chunk)) => {
                count.sent(&chunk);
                Ok(Some((chunk, (None, content, later, count))))
            }
            Err(Lost::Changed) => Err(io::Error::other("changed since it was published")),
            Err(Lost::Read(error)) => Err(error),
        }
    });
    Ok(Body::from_stream(body))
}

/// Reads bytes of the torrent on a thread that may wait for the disk.
async fn read(content: Content, bytes: Range<u64>) -> Result<(Content, Bytes), Lost> {
    let work = move || {
        let chunk = content.read(bytes)?;
        Ok((content, Bytes::from(chunk)))
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Lost::Read(io::Error::other(error)))?
}

impl Content {
    fn find(collection: Arc<Collection>, rest: &str) -> Option<Self> {
        let torrents = collection.torrents.iter();
        if let Some(hash) = rest.strip_suffix(".flat") {
            let hash = hash.parse().ok()?;
            let mut torrents = torrents.filter(|torrent| torrent.metainfo.info_hash == hash);
            let torrent = Arc::clone(torrents.next()?);
            return Some(Self {
                bytes: 0..torrent.metainfo.info.total_length(),
                etag: format!("\"{hash}\""),
                torrent,
                collection,
            });
        }
        let (name, path) = rest.split_once('/')?;
        let mut torrents = torrents.filter(|torrent| torrent.name() == name);
        let torrent = Arc::clone(torrents.next()?);
        let place = *torrent.places.get(path)?;
        let file = &torrent.metainfo.info.files[place];
        Some(Self {
            bytes: file.offset..file.offset + file.length,
            etag: format!("\"{}-{place}\"", torrent.metainfo.info_hash),
            torrent,
            collection,
        })
    }

    /// Bytes of the torrent, from however many files.
    fn read(&self, bytes: Range<u64>) -> Result<Vec<u8>, Lost> {
        let files = &self.torrent.metainfo.info.files;
        let mut place = files.partition_point(|file| file.offset + file.length <= bytes.start);
        let mut out = Vec::with_capacity((bytes.end - bytes.start) as usize);
        let mut at = bytes.start;
        while at < bytes.end {
            let file = &files[place];
            let end = bytes.end.min(file.offset + file.length);
            if at < end {
                let inside = at - file.offset..end - file.offset;
                self.read_file(place, inside, &mut out)?;
                at = end;
            }
            place += 1;
        }
        Ok(out)
    }

    /// Bytes of a file, from wherever it still is what was published.
    fn read_file(&self, place: usize, bytes: Range<u64>, out: &mut Vec<u8>) -> Result<(), Lost> {
        let sources = self.collection.sources.get(&self.torrent.digests[place]);
        let start = out.len();
        for source in sources.into_iter().flatten() {
            let Ok(mut file) = File::open(&source.path) else {
                continue;
            };
            out.truncate(start);
            let count = bytes.end - bytes.start;
            let read = file
                .seek(SeekFrom::Start(bytes.start))
                .and_then(|_| file.by_ref().take(count).read_to_end(out));
            // Looked at after reading: what changed meanwhile is seen too.
            let stamp = file.metadata().and_then(|data| Stamp::of_data(&data));
            match (read, stamp) {
                (Ok(read), Ok(stamp)) if stamp == source.stamp && read as u64 == count => {
                    return Ok(());
                }
                (Err(error), _) | (_, Err(error)) => return Err(Lost::Read(error)),
                _ => {}
            }
        }
        Err(Lost::Changed)
    }
}
