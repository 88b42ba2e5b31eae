//! Publishing and serving, through the router without a port.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use protocol::collections::Listing;
use tower::ServiceExt as _;

use super::publish::{Error, Options, Progress, Published, publish};
use super::*;
use crate::metrics::Metrics;
use crate::router::tests::app_with;

/// A folder to publish, and one to publish to.
struct Place {
    folder: tempfile::TempDir,
}

/// A tune of two songs whose title tells it apart.
fn tune(title: &str) -> Vec<u8> {
    let mut bytes = vec![0; 0x7c];
    bytes[..8].copy_from_slice(b"PSID\0\x02\0\x7c");
    bytes[0x0f] = 2;
    bytes[0x16..0x16 + title.len()].copy_from_slice(title.as_bytes());
    bytes.extend([0x00, 0x10, 0x60]);
    bytes
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { folder };
        let (a, b) = (tune("A"), tune("B"));
        let lengths = format!("[Database]\n; /GAMES/a.sid\n{}=1:00 0:30\n", Md5::of(&a));
        place.write("DOCUMENTS/Songlengths.md5", lengths.as_bytes());
        place.write("DOCUMENTS/STIL.txt", b"/GAMES/a.sid\nCOMMENT: Hello.\n");
        place.write("GAMES/a.sid", &a);
        place.write("MUSICIANS/x/b.sid", &b);
        place.write("MUSICIANS/x/big.bin", &noise(600_000));
        place.write("GAMES/broken.sid", b"no tune");
        place.write("empty", b"");
        place.write(".hidden/c.sid", &tune("C"));
        place
    }

    fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.tree().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // As a careful program replaces a file: the old one lives on where it is linked.
        let new = path.with_extension("new");
        fs::write(&new, bytes).unwrap();
        fs::rename(new, path).unwrap();
    }

    fn options(&self) -> Options {
        Options {
            folder: self.tree(),
            name: "Some Tunes".into(),
            out: self.out(),
        }
    }

    fn publish(&self) -> Published {
        publish(&self.options(), |_| ControlFlow::Continue(())).unwrap()
    }

    fn app(&self) -> Router {
        app_with(Collections::new(
            self.out(),
            Metrics::new(false).collections,
        ))
    }

    fn collection(&self) -> Collection {
        Collection::load(&self.out().join("Some-Tunes")).unwrap()
    }
}

fn noise(length: usize) -> Vec<u8> {
    (0..length as u64)
        .map(|at| ((at * at) >> 7) as u8)
        .collect()
}

/// Digest of every file below a folder, by path.
fn files(folder: &Path) -> BTreeMap<String, Md5> {
    let mut found = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let name = entry
                .path()
                .strip_prefix(folder)
                .unwrap()
                .display()
                .to_string();
            found.insert(name, Md5::of(&fs::read(entry.path()).unwrap()));
        }
    }
    found
}

/// Paths, status and origin of what the catalogue has.
fn catalogue(collection: &Collection) -> Vec<catalog::Entry> {
    let path = collection.folder.join(collection.manifest.catalogue_name());
    catalog::decode(&fs::read(path).unwrap()).unwrap()
}

async fn ask(
    app: &Router,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, Result<Vec<u8>, String>) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "relay:1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await;
    let body = body
        .map(|body| body.to_bytes().to_vec())
        .map_err(|error| error.to_string());
    (parts.status, parts.headers, body)
}

async fn get(app: &Router, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let (status, headers, body) = ask(app, Method::GET, path, &[]).await;
    (status, headers, body.unwrap())
}

#[test]
fn a_folder_becomes_a_torrent_and_a_catalogue() {
    let place = Place::new();
    let published = place.publish();
    assert_eq!(
        published.refused,
        [("GAMES/broken.sid".into(), "it is no tune".into())]
    );
    let manifest = &published.manifest;
    assert_eq!((manifest.files, manifest.tunes, published.added), (7, 4, 6));
    let collection = place.collection();
    let info = &collection.torrents[0].metainfo.info;
    let paths: Vec<&str> = info.files.iter().map(|file| &*file.path).collect();
    let expected = [
        "DOCUMENTS/STIL.txt",
        "DOCUMENTS/Songlengths.md5",
        "GAMES/a.sid",
        "GAMES/broken.sid",
        "MUSICIANS/x/b.sid",
        "MUSICIANS/x/big.bin",
    ];
    assert_eq!(paths, expected, "without hidden and empty files");
    let entries = catalogue(&collection);
    assert_eq!(entries.len(), 2);
    let remote = catalog::Remote {
        info_hash: manifest.torrents[0].0,
        file: 2,
    };
    assert_eq!(entries[0].remote, Some(remote));
    assert_eq!(entries[0].lengths, [Some(60_000), Some(30_000)]);
    assert_eq!(entries[0].notes[0].comment, "Hello.");
    assert_eq!(entries[0].origin, catalog::Origin::Collection);
    assert_eq!(
        (&*entries[1].path, entries[1].notes.len()),
        ("MUSICIANS/x/b.sid", 0)
    );
}

#[test]
fn the_same_folder_makes_the_same_bytes() {
    let place = Place::new();
    place.publish();
    let before = files(&place.out());
    let again = place.publish();
    assert_eq!(again.added, 0);
    assert_eq!(files(&place.out()), before);
    fs::remove_dir_all(place.out()).unwrap();
    place.publish();
    assert_eq!(files(&place.out()), before);
}

#[test]
fn a_newer_state_becomes_an_update() {
    let place = Place::new();
    let base = place.publish().manifest.torrents[0];
    // Changed, new, moved, gone, and touched.
    place.write("MUSICIANS/x/b.sid", &tune("B2"));
    place.write("MUSICIANS/y/d.sid", &tune("D"));
    let moved = place.tree().join("MUSICIANS/y/a.sid");
    fs::rename(place.tree().join("GAMES/a.sid"), moved).unwrap();
    fs::remove_file(place.tree().join("GAMES/broken.sid")).unwrap();
    place.write("MUSICIANS/x/big.bin", &noise(600_000));
    let published = place.publish();
    assert_eq!(published.added, 2);
    let collection = place.collection();
    assert_eq!(collection.manifest.torrents[0], base);
    let update = &collection.torrents[1].metainfo;
    let paths: Vec<&str> = update.info.files.iter().map(|file| &*file.path).collect();
    assert_eq!(paths, ["MUSICIANS/x/b.sid", "MUSICIANS/y/d.sid"]);
    assert_eq!(update.info.name, "Some-Tunes-update-1");
    let entries = catalogue(&collection);
    let remotes: Vec<_> = entries
        .iter()
        .map(|entry| {
            let remote = entry.remote.unwrap();
            (&*entry.title, remote.info_hash == base.0, remote.file)
        })
        .collect();
    // The moved one is in the base, under its old name.
    assert_eq!(remotes, [("B2", false, 0), ("A", true, 2), ("D", false, 1)]);
    // Nothing more to do.
    let before = files(&place.out());
    assert_eq!(place.publish().added, 0);
    assert_eq!(files(&place.out()), before);
}

#[test]
fn what_was_interrupted_goes_on() {
    let place = Place::new();
    let options = place.options();
    let whole = place.publish();
    let expected = files(&place.out());
    fs::remove_dir_all(place.out()).unwrap();
    // Stopped after two files, then after the first piece of the last one.
    let stopped = publish(&options, |progress| match progress {
        Progress::Reading(2, _) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(Error::Stopped)), "{stopped:?}");
    let mut read = Vec::new();
    let stopped = publish(&options, |progress| match progress {
        Progress::Reading(number, all) => {
            read.push((number, all));
            ControlFlow::Continue(())
        }
        Progress::Hashing(done, _) if done > 100 << 10 => ControlFlow::Break(()),
        Progress::Hashing(..) => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(Error::Stopped)), "{stopped:?}");
    assert_eq!(read.len(), 5, "two of seven were read before");
    let mut hashed = Vec::new();
    let done = publish(&options, |progress| {
        match progress {
            Progress::Reading(..) => panic!("everything was read before"),
            Progress::Hashing(done, _) => hashed.push(done),
        }
        ControlFlow::Continue(())
    });
    assert_eq!(done.unwrap(), whole);
    assert!(hashed.len() <= 1, "{hashed:?}");
    assert_eq!(files(&place.out()), expected);
}

#[test]
fn what_cannot_be_published_is_named() {
    let place = Place::new();
    let check = |options: Options, expected: &str| {
        let error = publish(&options, |_| ControlFlow::Continue(()))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    let options = place.options();
    check(
        Options {
            name: "!".into(),
            ..options.clone()
        },
        "no letter or digit",
    );
    let none = place.folder.path().join("none");
    check(
        Options {
            folder: none.clone(),
            ..options.clone()
        },
        "none: ",
    );
    fs::create_dir(&none).unwrap();
    check(
        Options {
            folder: none,
            name: "n".into(),
            ..options.clone()
        },
        "holds no files",
    );
    place.publish();
    check(
        Options {
            name: "Some-Tunes".into(),
            ..options.clone()
        },
        "is a collection called",
    );
    let lock = fs::File::open(place.out().join("Some-Tunes/.lock")).unwrap();
    lock.lock().unwrap();
    check(options.clone(), "by another process");
    drop(lock);
    fs::write(place.out().join("Some-Tunes/collection.json"), "{}").unwrap();
    check(options, "collection.json: ");
}

#[tokio::test]
async fn the_listing_leads_to_everything() {
    let place = Place::new();
    let app = place.app();
    let (status, _, body) = get(&app, "/collections.json").await;
    assert_eq!(
        (status, &*body),
        (StatusCode::OK, &b"{\"version\":1,\"collections\":[]}"[..])
    );
    place.publish();
    let (_, headers, body) = get(&app, "/collections.json").await;
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(headers["cache-control"], "no-cache");
    let listing: Listing = serde_json::from_slice(&body).unwrap();
    let collection = &listing.collections[0];
    assert_eq!(
        (&*collection.name, collection.files, collection.tunes),
        ("Some Tunes", 7, 4)
    );

    let (_, headers, bytes) = get(&app, &format!("/{}", collection.catalogue.url)).await;
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert!(
        headers["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(bytes.len() as u64, collection.catalogue.bytes);
    assert_eq!(catalog::decode(&bytes).unwrap().len(), 2);
    let brotli = [("accept-encoding", "gzip, br")];
    let path = format!("/{}", collection.catalogue.url);
    let (_, headers, squeezed) = ask(&app, Method::GET, &path, &brotli).await;
    assert_eq!(headers["content-encoding"], "br");
    let mut plain = Vec::new();
    brotli::BrotliDecompress(&mut &*squeezed.unwrap(), &mut plain).unwrap();
    assert_eq!(plain, bytes);

    let part = &collection.torrents[0];
    let (_, headers, bytes) = get(&app, &format!("/{}", part.torrent)).await;
    assert_eq!(headers["content-type"], "application/x-bittorrent");
    let torrent = Metainfo::parse(&bytes).unwrap();
    assert_eq!(torrent.info_hash.to_string(), part.info_hash);
    assert_eq!(torrent.trackers, ["ws://relay:1/announce"]);
    assert_eq!(torrent.web_seeds, ["http://relay:1/seed/Some-Tunes/"]);
    assert_eq!(torrent.info.total_length(), part.bytes);

    // As BEP 19 has it: the seed's address, the torrent's name, the file's path.
    let a = "/seed/Some-Tunes/Some-Tunes/GAMES/a.sid";
    assert_eq!(get(&app, a).await.2, tune("A"));
    let (_, headers, flat) = get(&app, &format!("/{}", part.flat)).await;
    assert_eq!(headers["content-length"], part.bytes.to_string());
    let sha1: [u8; 20] = sha1::Digest::finalize(<sha1::Sha1 as sha1::Digest>::new_with_prefix(
        &flat[..16 << 10],
    ))
    .into();
    assert_eq!(sha1, torrent.info.pieces[0]);

    for path in [
        "/collections/none/x.torrent",
        "/collections/Some-Tunes/collection.json",
        "/collections/Some-Tunes/..%2fcollection.json",
        "/collections/..%2fout/catalogue-0.bin",
        "/seed/Some-Tunes/Some-Tunes/GAMES/none.sid",
        "/seed/Some-Tunes/Some-Tunes/../../collection.json",
        "/seed/Some-Tunes/Some-Tunes/GAMES/..%2fGAMES%2fa.sid",
        "/seed/Some-Tunes/0000000000000000000000000000000000000000.flat",
        "/seed/Some-Tunes/x.flat",
        "/seed/../Some-Tunes/x",
    ] {
        let (status, headers, _) = get(&app, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(headers.contains_key("cross-origin-opener-policy"), "{path}");
    }
}

#[test]
fn what_is_published_is_measured() {
    let folder = Place::new();
    let metrics = Metrics::new(true);
    let collections = Collections::new(folder.out(), metrics.collections.clone());
    assert_eq!(collections.measure(), None);
    assert!(
        !metrics
            .text()
            .contains("sidereal_catalogue_published_timestamp_seconds ")
    );
    let published = folder.publish();
    assert_eq!(collections.measure(), Some(true));
    let text = metrics.text();
    for line in [
        "sidereal_collections 1",
        "sidereal_catalogue_published_timestamp_seconds ",
        &format!("sidereal_catalogue_entries {}", published.manifest.files),
        "sidereal_collection_entries{collection=\"Some-Tunes\"} ",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    fs::write(folder.out().join("Some-Tunes/collection.json"), "{}").unwrap();
    assert_eq!(collections.measure(), Some(false));
    assert_eq!(metrics.collections.failed.get(), 1);
    assert_eq!(metrics.collections.collection_cache.misses.get(), 2);
}

#[tokio::test]
async fn requests_for_parts_get_parts() {
    let place = Place::new();
    place.publish();
    let app = place.app();
    let path = "/seed/Some-Tunes/Some-Tunes/MUSICIANS/x/big.bin";
    let whole = noise(600_000);
    let (_, headers, _) = ask(&app, Method::HEAD, path, &[]).await;
    assert_eq!(
        (&headers["content-length"], &headers["accept-ranges"]),
        (&"600000".parse().unwrap(), &"bytes".parse().unwrap(),)
    );
    let etag = headers["etag"].to_str().unwrap().to_owned();
    let range = ("range", "bytes=10-19");
    let (status, headers, body) = ask(&app, Method::GET, path, &[range]).await;
    assert_eq!(
        (status, body.unwrap()),
        (StatusCode::PARTIAL_CONTENT, whole[10..20].to_vec())
    );
    assert_eq!(headers["content-range"], "bytes 10-19/600000");
    assert!(
        headers["access-control-expose-headers"]
            .to_str()
            .unwrap()
            .contains("content-range")
    );
    let (status, headers, body) = ask(&app, Method::HEAD, path, &[range]).await;
    assert_eq!(
        (status, body.unwrap().len()),
        (StatusCode::PARTIAL_CONTENT, 0)
    );
    assert_eq!(headers["content-length"], "10");
    for (tag, expected) in [
        (&*etag, StatusCode::PARTIAL_CONTENT),
        ("\"other\"", StatusCode::OK),
    ] {
        let (status, _, body) = ask(&app, Method::GET, path, &[range, ("if-range", tag)]).await;
        assert_eq!((status, body.is_ok()), (expected, true), "{tag}");
    }
    let (status, headers, _) = ask(&app, Method::GET, path, &[("range", "bytes=600000-")]).await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(headers["content-range"], "bytes */600000");
    let (status, ..) = ask(&app, Method::GET, path, &[("if-none-match", &etag)]).await;
    assert_eq!(status, StatusCode::NOT_MODIFIED);
    let (status, headers, _) = ask(&app, Method::OPTIONS, path, &[]).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(headers["access-control-allow-headers"], "*");
    let (status, ..) = ask(&app, Method::POST, path, &[]).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn what_was_replaced_is_held_for_those_who_share_its_piece() {
    let place = Place::new();
    place.publish();
    let app = place.app();
    let flat = format!(
        "/seed/Some-Tunes/{}.flat",
        place.collection().manifest.torrents[0]
    );
    let before = get(&app, &flat).await.2;
    place.write("GAMES/a.sid", &tune("A2"));
    assert_eq!(
        get(&app, &flat).await.2,
        before,
        "before it is published again"
    );
    place.publish();
    assert_eq!(get(&app, &flat).await.2, before);
    assert_eq!(
        get(&app, "/seed/Some-Tunes/Some-Tunes/GAMES/a.sid").await.2,
        tune("A")
    );
    let update = "/seed/Some-Tunes/Some-Tunes-update-1/GAMES/a.sid";
    assert_eq!(get(&app, update).await.2, tune("A2"));
}

#[tokio::test]
async fn what_was_changed_in_place_is_not_served() {
    let place = Place::new();
    place.publish();
    let app = place.app();
    let path = place.tree().join("MUSICIANS/x/big.bin");
    // Same length, other bytes, another time.
    let other = vec![1; 600_000];
    let time = std::time::SystemTime::now() + std::time::Duration::from_secs(10);
    let mut file = fs::File::options().write(true).open(path).unwrap();
    std::io::Write::write_all(&mut file, &other).unwrap();
    file.set_modified(time).unwrap();
    let big = "/seed/Some-Tunes/Some-Tunes/MUSICIANS/x/big.bin";
    assert_eq!(get(&app, big).await.0, StatusCode::GONE);
    let flat = format!(
        "/seed/Some-Tunes/{}.flat",
        place.collection().manifest.torrents[0]
    );
    let (status, _, body) = ask(&app, Method::GET, &flat, &[("range", "bytes=0-9")]).await;
    assert_eq!(
        (status, body.unwrap().len()),
        (StatusCode::PARTIAL_CONTENT, 10)
    );
    assert_eq!(
        get(&app, &flat).await.0,
        StatusCode::GONE,
        "as far as it is read ahead"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any range of the stream is that slice of the files' bytes.
    #[test]
    fn ranges_are_slices(start in 0u64..620_000, length in 0u64..300_000) {
        static PLACE: std::sync::LazyLock<(Place, Arc<Collection>, Vec<u8>)> =
            std::sync::LazyLock::new(|| {
                let place = Place::new();
                place.publish();
                let collection = place.collection();
                let files = &collection.torrents[0].metainfo.info.files;
                let bytes = files
                    .iter()
                    .flat_map(|file| fs::read(place.tree().join(&file.path)).unwrap())
                    .collect();
                (place, Arc::new(collection), bytes)
            });
        let (place, collection, bytes) = &*PLACE;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let flat = format!("/seed/Some-Tunes/{}.flat", collection.manifest.torrents[0]);
        let range = format!("bytes={start}-{}", start + length);
        let app = place.app();
        let headers = [("range", &*range)];
        let (status, _, body) = runtime.block_on(ask(&app, Method::GET, &flat, &headers));
        let end = (start + length + 1).min(bytes.len() as u64);
        if start < end {
            prop_assert_eq!(status, StatusCode::PARTIAL_CONTENT);
            prop_assert!(body.unwrap() == bytes[start as usize..end as usize]);
        } else {
            prop_assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
        }
    }

    #[test]
    fn names_in_addresses_are_plain(name in "\\PC{0,20}") {
        let found = slug(&name);
        prop_assert_eq!(slug(&found), found.clone());
        prop_assert!(found.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-'));
        prop_assert!(!found.starts_with('.'));
    }
}
