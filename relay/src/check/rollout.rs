//! The launch list: each line is tried on the relay that runs.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{Read as _, Write as _};
use std::net::UdpSocket;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use protocol::collections::Listing;
use serde_json::Value;
use telemetry::{Fact, Network, Recorder};

use super::asking::{Answer, Place};
use super::findings::host_of;
use super::{Finding, Level, here, is_open};
use crate::admin::password;
use crate::config::{Config, Tls};
use crate::metrics::Metrics;
use crate::store::{Operation, Store, audit};

/// Whether a line is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It cannot be seen from here.
    Unknown,
}

impl Tick {
    /// As it is printed.
    pub fn sign(self) -> char {
        match self {
            Self::Yes => '✓',
            Self::No => '✗',
            Self::Unknown => '?',
        }
    }
}

/// A line, and how it is.
type Ticked = (Tick, String);

/// Age of a backup in milliseconds that is old.
const DAY_MILLIS: u64 = 86_400_000;

fn yes_or_no(what: &str, outcome: Result<(), String>) -> Ticked {
    match outcome {
        Ok(()) => (Tick::Yes, what.to_owned()),
        Err(why) => (Tick::No, format!("{what}: {why}")),
    }
}

/// Tries every line.
pub fn tick(config: &Config, found: &[Finding]) -> Vec<Ticked> {
    let errors = found.iter().filter(|finding| finding.level == Level::Error);
    let errors = errors.count();
    let clean = match errors {
        0 => Ok(()),
        count => Err(format!("{count} errors, see above")),
    };
    let mut list = vec![yes_or_no("the configuration is in order", clean)];
    let place = match place(config) {
        Ok(place) => place,
        Err(why) => {
            list.push((Tick::No, format!("the relay answers: {why}")));
            return list;
        }
    };
    let answers = answers(&place);
    let is_there = answers.is_ok();
    list.push(yes_or_no(
        "the relay answers, and is of this version",
        answers,
    ));
    if is_there {
        list.extend(public(config, &place));
    }
    list.push(encrypted(config));
    list.extend(metrics(config));
    list.extend(stun(config));
    list.extend(kept(config));
    list
}

/// Where the relay is, seen from its machine.
fn place(config: &Config) -> Result<Place, String> {
    let address = here(config.listen);
    let url = config.outside.public_url.as_deref();
    let host = url.and_then(|url| url.split_once("://"));
    let host = host.map(|(_, host)| host.trim_end_matches('/').to_owned());
    let host = host.unwrap_or_else(|| address.to_string());
    let cert: PathBuf = match &config.tls {
        Tls::Off => return Ok(Place::plain(address, host)),
        Tls::SelfSigned => config.data_dir.join("self-signed.pem"),
        Tls::Files { cert, .. } => cert.clone(),
    };
    // A second call finds the provider of the first in place, which is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let name = match (&config.tls, url.and_then(host_of)) {
        (Tls::Files { .. }, Some(name)) => name.to_owned(),
        _ => address.ip().to_string(),
    };
    Place::encrypted(address, host, &name, &cert)
}

fn expect(answer: std::io::Result<Answer>, status: u16) -> Result<Answer, String> {
    let answer = answer.map_err(|error| error.to_string())?;
    if answer.status == status {
        Ok(answer)
    } else {
        Err(format!("status {} instead of {status}", answer.status))
    }
}

fn json(answer: &Answer) -> Result<Value, String> {
    serde_json::from_slice(&answer.body).map_err(|error| error.to_string())
}

fn answers(place: &Place) -> Result<(), String> {
    expect(place.ask("GET /readyz", "", b""), 200)?;
    let version = json(&expect(place.ask("GET /version", "", b""), 200)?)?;
    let own = env!("CARGO_PKG_VERSION");
    match version["version"].as_str() {
        Some(found) if found == own => Ok(()),
        found => Err(format!(
            "it is {}, this program {own}",
            found.unwrap_or("something else")
        )),
    }
}

fn public(config: &Config, place: &Place) -> Vec<Ticked> {
    let page = expect(place.ask("GET /", "Accept: text/html\r\n", b""), 200);
    let is_page = |answer: &Answer| {
        let text = String::from_utf8_lossy(&answer.body).to_lowercase();
        text.contains("<!doctype html")
            .then_some(())
            .ok_or("no page".to_owned())
    };
    let headers = page.as_ref().map_err(Clone::clone).and_then(isolated);
    let page = page.as_ref().map_err(Clone::clone).and_then(is_page);
    let mut list = vec![
        yes_or_no("the page is served", page),
        yes_or_no("pages are isolated and have the security headers", headers),
        yes_or_no("the tracker answers an announcement", tracker(place)),
        yes_or_no("a beacon is taken", beacon(config, place)),
    ];
    list.extend(collections(place));
    list
}

fn isolated(answer: &Answer) -> Result<(), String> {
    for (name, expected) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'self'"),
    ] {
        if !answer
            .header(name)
            .is_some_and(|value| value.contains(expected))
        {
            return Err(format!("{name} is not {expected}"));
        }
    }
    Ok(())
}

/// A peer of a torrent that does not exist comes, is answered, and goes.
fn tracker(place: &Place) -> Result<(), String> {
    let words = |error: std::io::Error| error.to_string();
    let mut stream = place.connect().map_err(words)?;
    let head = format!(
        "GET /announce HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        place.host
    );
    stream.write_all(head.as_bytes()).map_err(words)?;
    let twenty = "~".repeat(20);
    let message = format!(
        "{{\"action\":\"announce\",\"info_hash\":\"{twenty}\",\"peer_id\":\"{twenty}\",\
         \"event\":\"stopped\",\"left\":1}}"
    );
    let length = u16::try_from(message.len()).map_err(|error| error.to_string())?;
    let [high, low] = length.to_be_bytes();
    // A mask of zeros changes nothing. Behind the message: this socket closes.
    let frame = [
        &[0x81, 0x80 | 126, high, low, 0, 0, 0, 0],
        message.as_bytes(),
    ]
    .concat();
    stream.write_all(&frame).map_err(words)?;
    stream.write_all(&[0x88, 0x80, 0, 0, 0, 0]).map_err(words)?;
    let mut said = Vec::new();
    // What was said before the end counts, however that comes.
    let _ = stream.take(1 << 16).read_to_end(&mut said);
    let said = String::from_utf8_lossy(&said);
    let status = said.split(' ').nth(1).unwrap_or("none");
    if status != "101" {
        return Err(format!("status {status} instead of 101"));
    }
    let is_reply = said.contains("\"interval\"");
    is_reply.then_some(()).ok_or_else(|| "no reply".to_owned())
}

/// A beacon that tells of a second of listening.
fn beacon(config: &Config, place: &Place) -> Result<(), String> {
    let mut recorder = Recorder::default();
    recorder.record(Fact::Listened(Network::ALL[0], 1));
    let id = RandomState::new().build_hasher().finish();
    let beacon = recorder.take(id).ok_or("nothing was recorded")?.encode();
    let scheme = if config.tls == Tls::Off {
        "http"
    } else {
        "https"
    };
    let own = format!("{scheme}://{}", place.host);
    let url = config.outside.public_url.as_deref();
    let origin = url.map_or(own.as_str(), |url| url.trim_end_matches('/'));
    let lines = format!("Origin: {origin}\r\n");
    expect(place.ask("POST /beacon", &lines, &beacon), 204).map(|_| ())
}

fn collections(place: &Place) -> Vec<Ticked> {
    let listing = expect(place.ask("GET /collections.json", "", b""), 200);
    let listing = listing.and_then(|answer| {
        serde_json::from_slice::<Listing>(&answer.body).map_err(|error| error.to_string())
    });
    let listing = match listing {
        Ok(listing) => listing,
        Err(why) => return vec![(Tick::No, format!("collections are listed: {why}"))],
    };
    let parts = listing.collections.iter().flat_map(|known| &known.torrents);
    let Some(part) = parts.into_iter().next() else {
        let words = "a collection is published: none yet (sidereal-relay publish)";
        return vec![(Tick::Unknown, words.to_owned())];
    };
    let range = "Range: bytes=0-15\r\n";
    let seed = expect(place.ask(&format!("GET /{}", part.flat), range, b""), 206);
    let seed = seed.and_then(|answer| match answer.body.len() {
        16 => Ok(()),
        length => Err(format!("{length} bytes instead of 16")),
    });
    vec![
        (Tick::Yes, "a collection is published".to_owned()),
        yes_or_no("the web seed gives a range of it", seed),
    ]
}

fn encrypted(config: &Config) -> Ticked {
    let what = "listeners reach it by https";
    let url = config.outside.public_url.as_deref().unwrap_or_default();
    match &config.tls {
        Tls::Files { .. } => (Tick::Yes, what.to_owned()),
        Tls::SelfSigned => (
            Tick::No,
            format!("{what}: with a certificate that browsers do not know"),
        ),
        Tls::Off if url.starts_with("https:") => (
            Tick::Unknown,
            format!("{what}: a proxy's work, try {url} from elsewhere"),
        ),
        Tls::Off if !is_open(config.listen.ip()) => (
            Tick::Unknown,
            format!("{what}: it listens for this machine only"),
        ),
        Tls::Off => (Tick::No, format!("{what}: it is plain http")),
    }
}

fn metrics(config: &Config) -> Vec<Ticked> {
    let Some(address) = config.metrics else {
        let words = "metrics can be scraped: they are switched off";
        return vec![(Tick::Unknown, words.to_owned())];
    };
    let address = here(address);
    let place = Place::plain(address, address.to_string());
    let token = config.metrics_token.as_ref();
    let lines = token.map_or_else(String::new, |token| {
        format!("Authorization: Bearer {}\r\n", token.said())
    });
    let answer = expect(place.ask("GET /metrics", &lines, b""), 200);
    let text = answer.map(|answer| String::from_utf8_lossy(&answer.body).into_owned());
    let is_whole = text.as_ref().map_err(Clone::clone).and_then(|text| {
        let has_build = text.contains("sidereal_build_info{");
        has_build
            .then_some(())
            .ok_or_else(|| "they are not the relay's".to_owned())
    });
    let mut list = vec![yes_or_no("metrics can be scraped", is_whole)];
    if token.is_some() {
        let refused = expect(place.ask("GET /metrics", "", b""), 401).map(|_| ());
        list.push(yes_or_no("metrics are refused without the token", refused));
    }
    if let Ok(text) = text {
        let down: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("sidereal_adapter_up{adapter=\""))
            .filter_map(|line| line.strip_suffix("\"} 0"))
            .collect();
        let outcome = match &*down {
            [] => Ok(()),
            down => Err(format!("{} do not", down.join(", "))),
        };
        list.push(yes_or_no("every part that is switched on works", outcome));
    }
    list
}

/// A binding request (RFC 8489).
fn stun(config: &Config) -> Option<Ticked> {
    let (address, _) = config.stun?;
    let ask = || -> std::io::Result<()> {
        let bind = if address.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(bind)?;
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        let question = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
        socket.send_to(&question, here(address))?;
        socket.recv(&mut [0; 256]).map(|_| ())
    };
    let outcome = ask().map_err(|error| error.to_string());
    Some(yes_or_no("STUN answers", outcome))
}

/// What the store tells: whether there is a password and a backup.
fn kept(config: &Config) -> Vec<Ticked> {
    let read = || {
        let store = Store::open(&config.data_dir, Metrics::new(false).database)?;
        store.read_now(Operation::Audit, |from| {
            Ok((password::kept(from)?, audit::list(from, None, 1_000)?))
        })
    };
    // To look must not make a store.
    let there = crate::store::path(&config.data_dir).exists().then(read);
    let (kept, entries) = match there {
        Some(Ok(found)) => found,
        Some(Err(error)) => return vec![(Tick::No, format!("the store can be read: {error}"))],
        None => {
            return vec![(
                Tick::No,
                "there is a store: start the relay once".to_owned(),
            )];
        }
    };
    let is_set = kept.is_some() || config.admin_password.is_some() || !config.admin;
    let password = is_set
        .then_some(())
        .ok_or_else(|| "sidereal-relay password".to_owned());
    let backup = entries.iter().find(|entry| entry.action == "store.backup");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    let backup = match backup {
        Some(entry) if now.saturating_sub(entry.at_millis) < DAY_MILLIS => Ok(()),
        Some(entry) => Err(format!(
            "the last is {} hours old",
            now.saturating_sub(entry.at_millis) / 3_600_000
        )),
        None => Err("none was made: sidereal-relay backup FILE".to_owned()),
    };
    vec![
        yes_or_no("the operator's page has a password", password),
        yes_or_no("a backup of the store is younger than a day", backup),
    ]
}
