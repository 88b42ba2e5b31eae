//! What the public listener answers to those who mean it no good, through real connections.

mod http2;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;

use super::*;
use crate::collections::Collections;
use crate::collections::publish::{self, Options};
use crate::metrics::Metrics;
use crate::router::{self, App};
use crate::server::serve_public;
use forwarded::ProxyHeader;

/// A relay on a port of its own.
struct Relay {
    address: SocketAddr,
    metrics: Metrics,
    _runtime: tokio::runtime::Runtime,
}

/// What an operator may say.
#[derive(Default)]
struct Said {
    proxies: Proxies,
    limits: Limits,
    origins: [Origins; 2],
    collections: Option<std::path::PathBuf>,
}

fn relay(said: Said) -> Relay {
    let state = router::tests::state(&[]);
    let metrics = state.metrics.clone();
    let edge = Edge::new(
        said.proxies,
        said.limits,
        said.origins,
        metrics.edge.clone(),
    );
    let collections = match said.collections {
        Some(folder) => Arc::new(Collections::new(folder, metrics.collections.clone())),
        None => Arc::clone(&state.collections),
    };
    let app = App {
        edge: Arc::new(edge),
        collections,
        ..state
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.spawn(serve_public(listener, None, app, Handle::new()));
    Relay {
        address,
        metrics,
        _runtime: runtime,
    }
}

impl Relay {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).unwrap();
        stream
    }

    /// Everything that is answered to `bytes` until the relay hangs up.
    fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // Who is refused early may be hung up on while it still speaks.
        let _ = stream.write_all(bytes);
        end(&mut stream)
    }

    /// The answer to a request with these lines of a head.
    fn ask(&self, request: &str, lines: &[&str]) -> String {
        let mut text = format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        for line in lines {
            text.push_str(line);
            text.push_str("\r\n");
        }
        self.say(format!("{text}\r\n").as_bytes())
    }
}

fn end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("nobody hangs up"),
        // A reset is an end as well.
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

/// Value of a line of a head.
fn line<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = answer.lines().take_while(|line| !line.is_empty());
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn shapes_of_requests_and_what_is_answered() {
    let relay = relay(Said::default());
    let head = |lines: &str| {
        format!("POST /beacon HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n")
    };
    let long = format!("X: {}\r\n", "x".repeat(MOST_HEAD));
    let many = "X: y\r\n".repeat(MOST_HEADERS);
    let body = "x".repeat(MOST_BODY as usize + 1);
    for (what, request, expected) in [
        ("nothing of HTTP", "hello\r\n\r\n".to_owned(), "400"),
        (
            "one length, not said by a page of ours",
            head("Content-Length: 0\r\n"),
            "403",
        ),
        (
            "two lengths",
            head("Content-Length: 1\r\nContent-Length: 2\r\n"),
            "400",
        ),
        ("a list of lengths", head("Content-Length: 1, 2\r\n"), "400"),
        (
            "a length with a sign",
            head("Content-Length: +1\r\n"),
            "400",
        ),
        (
            "a length beyond numbers",
            head("Content-Length: 99999999999999999999\r\n"),
            "400",
        ),
        (
            "chunked and not last",
            head("Transfer-Encoding: chunked, identity\r\n"),
            "400",
        ),
        (
            "another coding",
            head("Transfer-Encoding: xchunked\r\n"),
            "400",
        ),
        (
            "a space before the colon",
            head("Content-Length : 0\r\n"),
            "400",
        ),
        ("a folded line", head("X: a\r\n b\r\n"), "400"),
        ("a carriage return in a value", head("X: a\rb\r\n"), "400"),
        ("a NUL in a value", head("X: a\0b\r\n"), "400"),
        ("two hosts", head("Host: y\r\n"), "400"),
        ("a long head", head(&long), "431"),
        ("a head of many lines", head(&many), "431"),
        (
            "a long address",
            format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(MOST_HEAD)),
            "431",
        ),
        (
            "a compressed body",
            head("Content-Encoding: gzip\r\nContent-Length: 0\r\n"),
            "415",
        ),
        (
            "a body compressed twice",
            head("Content-Encoding: identity\r\nContent-Encoding: br\r\n"),
            "415",
        ),
        (
            "a body as it is",
            head("Content-Encoding: Identity\r\nContent-Length: 0\r\n"),
            "403",
        ),
        (
            "a long body",
            head(&format!("Content-Length: {}\r\n", body.len())) + &body,
            "413",
        ),
        (
            "a version that is none",
            "GET / HTTP/3.7\r\n\r\n".to_owned(),
            "400",
        ),
        (
            "an unknown method",
            "BREW / HTTP/1.0\r\n\r\n".to_owned(),
            "405",
        ),
        (
            "a tunnel",
            "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\nConnection: close\r\n\r\n".to_owned(),
            "405",
        ),
        (
            "another host's address",
            "GET http://other.example/healthz HTTP/1.0\r\n\r\n".to_owned(),
            "200",
        ),
    ] {
        let answer = relay.say(request.as_bytes());
        assert_eq!(status(&answer), expected, "{what}: {answer}");
    }
    let metrics = &relay.metrics.edge;
    let counted = [
        &metrics.refused_coding,
        &metrics.refused_framing,
        &metrics.refused_large_body,
    ];
    assert_eq!(counted.map(|counter| counter.get()), [2, 1, 1]);
}

/// Whatever a proxy in front takes for the end of a request, what follows must not be taken for
/// another one.
#[test]
fn a_request_with_two_lengths_ends_its_connection() {
    let relay = relay(Said::default());
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    ] {
        let request = format!(
            "POST /healthz HTTP/1.1\r\nHost: x\r\n{framing}GET /version HTTP/1.1\r\nHost: x\r\n\r\n"
        );
        let answer = relay.say(request.as_bytes());
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert!(!answer.contains("sidereal-relay"), "{answer}");
    }
}

#[test]
fn no_path_leads_out() {
    let folder = published();
    let relay = relay(Said {
        collections: Some(folder.path().join("collections")),
        ..Said::default()
    });
    std::fs::write(folder.path().join("secret"), "not for you").unwrap();
    let up = [
        "..",
        "%2e%2e",
        ".%2e",
        "..%2f..",
        "%2e%2e%2f%2e%2e",
        "..%5c..",
        "..\\..",
        "....//..",
    ];
    for start in [
        "",
        "/seed/Tunes",
        "/collections/Tunes",
        "/collections",
        "/assets",
        "/seed",
    ] {
        for step in up {
            for depth in 1..5 {
                for file in ["secret", "collections/Tunes/collection.json", "etc/passwd"] {
                    let path = format!("{start}/{}/{file}", vec![step; depth].join("/"));
                    let answer = relay.ask(&format!("GET {path}"), &["Accept: */*"]);
                    let is_none = ["404", "400"].contains(&status(&answer));
                    assert!(is_none, "{path}: {answer}");
                    assert!(!answer.contains("not for you"), "{path}");
                }
            }
        }
    }
    for path in [
        "//etc/passwd",
        "/%00",
        "/seed/Tunes/%00",
        "/collections/Tunes/collection.json",
    ] {
        let answer = relay.ask(&format!("GET {path}"), &["Accept: */*"]);
        assert_eq!(status(&answer), "404", "{path}");
    }
}

/// A folder with a published collection of one file of 300,000 bytes.
fn published() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let tunes = folder.path().join("tunes");
    std::fs::create_dir(&tunes).unwrap();
    std::fs::write(tunes.join("long.bin"), vec![7; 300_000]).unwrap();
    let options = Options {
        folder: tunes,
        name: "Tunes".into(),
        out: folder.path().join("collections"),
    };
    publish::publish(&options, |_| ControlFlow::Continue(())).unwrap();
    folder
}

/// The address of its only torrent as one stream.
fn flat(relay: &Relay) -> String {
    let listing = relay.ask("GET /collections.json", &[]);
    let (_, rest) = listing.split_once("\"flat\":\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn ranges_never_make_an_answer_longer_than_the_content() {
    let folder = published();
    let relay = relay(Said {
        collections: Some(folder.path().join("collections")),
        ..Said::default()
    });
    let flat = flat(&relay);
    let overlapping = format!("bytes={}", vec!["0-"; 1_000].join(","));
    let many = format!(
        "bytes={}",
        (0..2_000)
            .map(|n| format!("{n}-{n}"))
            .collect::<Vec<_>>()
            .join(",")
    );
    for (range, expected, length) in [
        (&*overlapping, "200", Some("300000")),
        (&many, "200", Some("300000")),
        ("bytes=0-18446744073709551615", "206", Some("300000")),
        ("bytes=-18446744073709551616", "206", Some("300000")),
        ("bytes=18446744073709551615-", "416", Some("0")),
        ("bytes=299999-", "206", Some("1")),
        ("bytes=300000-", "416", Some("0")),
        ("bytes=5-4", "200", Some("300000")),
        ("bytes=--5", "200", Some("300000")),
        ("bytes=0x10-", "200", Some("300000")),
    ] {
        let answer = relay.ask(&format!("HEAD /{flat}"), &[&format!("Range: {range}")]);
        assert_eq!(status(&answer), expected, "{range:.60}");
        let said = line(&answer, "content-length").or(Some("0"));
        assert_eq!(said, length, "{range:.60}: {answer}");
    }
}

fn impatient() -> Limits {
    let second = Duration::from_secs(1);
    Limits {
        patience: Patience {
            first: second,
            stalled: second,
            quiet: second,
        },
        // Less than what ends the connection.
        body: second / 4,
        ..Limits::default()
    }
}

#[test]
fn who_takes_their_time_is_let_go() {
    let folder = published();
    let relay = relay(Said {
        limits: impatient(),
        collections: Some(folder.path().join("collections")),
        ..Said::default()
    });
    let metrics = &relay.metrics.edge;
    assert_eq!(relay.say(b""), "", "a connection that says nothing");
    assert_eq!(relay.say(b"PRI * HT"), "", "half a preface of HTTP/2");
    assert_eq!(metrics.closed_quiet.get(), 2);
    let head = "GET / HTTP/1.1\r\nHost: x\r\n";
    assert_eq!(relay.say(head.as_bytes()), "", "a head without an end");
    let whole = format!("{head}Accept: text/html\r\n\r\n");
    let answer = relay.say(whole.as_bytes());
    assert_eq!(
        status(&answer),
        "200",
        "an answer, and an end when no more is asked"
    );

    let own = format!("http://{}", relay.address);
    let slow = format!(
        "POST /beacon HTTP/1.1\r\nHost: {}\r\nOrigin: {own}\r\nContent-Length: 9\r\n\r\nx",
        relay.address
    );
    let answer = relay.say(slow.as_bytes());
    assert_eq!(status(&answer), "408", "a body without an end: {answer}");
    assert_eq!(metrics.refused_slow_body.get(), 1);

    // More than both ends of the connection keep for a reader.
    let flat = flat(&relay);
    let mut stream = relay.connect();
    let request = format!("GET /{flat} HTTP/1.1\r\nHost: x\r\n\r\n").repeat(60);
    stream.write_all(request.as_bytes()).unwrap();
    while metrics.closed_stalled.get() == 0 {
        std::thread::yield_now();
    }
    let length = end(&mut stream).len();
    assert!(length < 60 * 300_000, "{length} bytes");
}

fn behind_a_proxy() -> Proxies {
    Proxies {
        networks: vec!["127.0.0.1".parse().unwrap()],
        header: ProxyHeader::XForwardedFor,
    }
}

#[test]
fn an_address_may_ask_so_often() {
    let limits = Limits {
        requests: (1, 3),
        ..Limits::default()
    };
    let said = |proxies| Said {
        proxies,
        limits,
        ..Said::default()
    };
    let ask = |relay: &Relay, client: &str| {
        relay.ask("GET /healthz", &[&format!("X-Forwarded-For: {client}")])
    };
    let behind = relay(said(behind_a_proxy()));
    let answers: Vec<String> = (0..5).map(|_| ask(&behind, "198.51.100.7")).collect();
    assert_eq!(status(&answers[2]), "200");
    let refused = answers.iter().find(|answer| status(answer) == "429");
    assert_eq!(line(refused.unwrap(), "retry-after"), Some("1"));
    assert_eq!(status(&ask(&behind, "198.51.100.8")), "200");
    assert!(behind.metrics.edge.limited_requests.get() > 0);
    // Nobody says who it is, and this machine is not counted.
    let open = relay(said(Proxies::default()));
    assert!((0..9).all(|_| status(&ask(&open, "198.51.100.7")) == "200"));
}

#[test]
fn connections_are_bounded() {
    let relay = relay(Said {
        limits: Limits {
            connections: 2,
            ..Limits::default()
        },
        ..Said::default()
    });
    let ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    // Half a request is a connection that stays, and an answer shows that it was let in.
    let hold = || {
        let mut stream = relay.connect();
        let twice = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\n";
        stream.write_all(twice).unwrap();
        stream.read_exact(&mut [0; 9]).unwrap();
        stream
    };
    let (mut first, _second) = (hold(), hold());
    assert_eq!(relay.say(ask), "");
    assert_eq!(relay.metrics.edge.limited_connections.get(), 1);
    first
        .write_all(b"Host: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    assert!(end(&mut first).ends_with("ok\n"));
    // Its place is given back when it has ended, which the relay sees by and by.
    while relay.say(ask).is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn only_a_trusted_proxy_says_how_the_relay_was_called() {
    let folder = published();
    let torrent = |proxies| {
        let relay = relay(Said {
            proxies,
            collections: Some(folder.path().join("collections")),
            ..Said::default()
        });
        let flat = flat(&relay);
        let path = flat
            .replace("seed/", "collections/")
            .replace(".flat", ".torrent");
        let lines = [
            "X-Forwarded-For: 198.51.100.7",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: sid.example",
        ];
        relay.ask(&format!("GET /{path}"), &lines)
    };
    assert!(torrent(behind_a_proxy()).contains("wss://sid.example/announce"));
    assert!(torrent(Proxies::default()).contains("ws://x/announce"));
}

fn named(origin: &str) -> Origins {
    Origins(Some(vec![origin.to_owned()]))
}

#[test]
fn collections_are_for_the_pages_that_the_operator_names() {
    let ask = |relay: &Relay, origin: &str| {
        let answer = relay.ask("GET /collections.json", &[&format!("Origin: {origin}")]);
        let of = |name| line(&answer, name).map(str::to_owned);
        (
            of("access-control-allow-origin"),
            of("cross-origin-resource-policy"),
        )
    };
    let text = |text: &str| Some(text.to_owned());
    let any = relay(Said::default());
    assert_eq!(
        ask(&any, "https://b.example"),
        (text("*"), text("cross-origin"))
    );
    let some = relay(Said {
        origins: [named("https://a.example"), Origins::default()],
        ..Said::default()
    });
    let allowed = ask(&some, "https://a.example");
    assert_eq!(allowed, (text("https://a.example"), text("cross-origin")));
    assert_eq!(ask(&some, "https://b.example"), (None, text("same-origin")));
}

#[test]
fn the_tracker_is_for_the_pages_that_the_operator_names() {
    let relay = relay(Said {
        origins: [Origins::default(), named("https://a.example")],
        ..Said::default()
    });
    for (origin, expected) in [
        ("Origin: https://a.example", "426"),
        ("Origin: http://x", "426"),
        ("X-Native: yes", "426"),
        ("Origin: https://b.example", "403"),
        ("Origin: null", "403"),
    ] {
        let answer = relay.ask("GET /announce", &[origin]);
        assert_eq!(status(&answer), expected, "{origin}");
    }
    assert_eq!(relay.metrics.edge.refused_origin.get(), 2);
}
