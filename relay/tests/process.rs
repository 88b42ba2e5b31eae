//! The relay as a process: what it says when it cannot start, and how it stops.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

/// A folder with the smallest app, and one for the relay's data.
fn folders() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("site")).unwrap();
    std::fs::write(folder.path().join("site/index.html"), "<!doctype html>app").unwrap();
    folder
}

fn relay(folder: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidereal-relay"));
    command.arg("serve").arg("--site").arg(folder.join("site"));
    command
        .arg("--data-dir")
        .arg(folder.join("data"))
        .args(options);
    command.env_remove("SIDEREAL_CONFIG").stderr(Stdio::piped());
    command
}

/// What it prints when it does not start: one line.
fn refusal(folder: &Path, options: &[&str]) -> String {
    let output = relay(folder, options).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{options:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    text
}

/// Starts it, and waits until it says where it serves.
fn start(command: &mut Command) -> (Child, BufReader<ChildStderr>, String) {
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("url=") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the relay ended");
    }
    let url = line
        .split("url=")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    (child, log, url)
}

#[test]
fn a_port_in_use_is_named_with_the_flag_that_changes_it() {
    let folder = folders();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let text = refusal(folder.path(), &["--port", &port, "--metrics", "off"]);
    assert!(
        text.contains(&format!("127.0.0.1:{port} is in use")) && text.contains("--port"),
        "{text}"
    );
    let address = format!("127.0.0.1:{port}");
    let text = refusal(folder.path(), &["--port", "0", "--metrics", &address]);
    assert!(
        text.contains("is in use") && text.contains("--metrics"),
        "{text}"
    );
}

#[test]
fn what_is_missing_or_wrong_is_one_line() {
    let folder = folders();
    let config = folder.path().join("relay.toml");
    std::fs::write(&config, "port = 0\ncolour = 1\n").unwrap();
    let text = refusal(folder.path(), &["--config", config.to_str().unwrap()]);
    assert!(text.contains("line 2") && text.contains("colour"), "{text}");
    std::fs::write(
        folder.path().join("data"),
        "a file where the folder should be",
    )
    .unwrap();
    let text = refusal(folder.path(), &["--port", "0", "--metrics", "off"]);
    assert!(text.contains("data folder"), "{text}");
    std::fs::remove_dir_all(folder.path().join("site")).unwrap();
    let text = refusal(folder.path(), &["--port", "0", "--metrics", "off"]);
    assert!(text.contains("site folder"), "{text}");
}

#[test]
fn a_certificate_that_is_none_is_named() {
    let folder = folders();
    let cert = folder.path().join("cert.pem");
    std::fs::write(&cert, "no certificate").unwrap();
    let cert = cert.to_str().unwrap();
    let options = [
        "--port",
        "0",
        "--metrics",
        "off",
        "--tls-cert",
        cert,
        "--tls-key",
        cert,
    ];
    let text = refusal(folder.path(), &options);
    assert!(text.contains("cert.pem"), "{text}");
}

#[test]
fn a_self_signed_certificate_is_made_once() {
    let folder = folders();
    let options = ["--port", "0", "--metrics", "off", "--tls-self-signed"];
    let mut certificates = Vec::new();
    for _ in 0..2 {
        let (mut child, _log, url) = start(&mut relay(folder.path(), &options));
        assert!(url.starts_with("https://"), "{url}");
        child.kill().unwrap();
        child.wait().unwrap();
        certificates.push(std::fs::read(folder.path().join("data/self-signed.pem")).unwrap());
    }
    assert_eq!(certificates[0], certificates[1]);
}

#[cfg(unix)]
#[test]
fn a_signal_lets_an_open_request_end() {
    let folder = folders();
    let (mut child, mut log, url) = start(&mut relay(
        folder.path(),
        &["--port", "0", "--metrics", "off"],
    ));
    let address = url.strip_prefix("http://").unwrap().to_owned();
    // A request whose head is not complete yet holds its connection open.
    let mut open = TcpStream::connect(&address).unwrap();
    open.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        .unwrap();
    let mut other = TcpStream::connect(&address).unwrap();
    other.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("ok\n"), "{answer}");

    let kill = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(kill.success());
    let mut line = String::new();
    while !line.contains("draining") {
        line.clear();
        assert!(
            log.read_line(&mut line).unwrap() > 0,
            "the relay ended at once"
        );
    }
    open.write_all(b"Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    open.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("ok\n"), "{answer}");
    assert!(child.wait().unwrap().success());
}

/// Whatever is logged, what somebody wants to hear and what lets somebody in are not in it.
#[test]
fn secrets_and_what_is_asked_for_are_not_in_the_log() {
    let folder = folders();
    let options = [
        "--port",
        "0",
        "--metrics",
        "off",
        "--stun",
        "off",
        "--log",
        "trace",
    ];
    let (mut child, mut log, url) = start(&mut relay(folder.path(), &options));
    let address = url.strip_prefix("http://").unwrap().to_owned();
    let hash = "0123456789abcdef0123456789abcdef01234567";
    for path in [
        format!("/tune/{hash}/1?token=sesame"),
        format!("/seed/Tunes/{hash}.flat?key=sesame"),
        format!("/collections/Tunes/{hash}.torrent"),
        format!("/announce?magnet:?xt=urn:btih:{hash}"),
        "/api/v1/none?password=sesame".to_owned(),
    ] {
        let mut stream = TcpStream::connect(&address).unwrap();
        let request = format!(
            "GET {path} HTTP/1.0\r\nAuthorization: Bearer sesame\r\nCookie: session=sesame\r\n\
             Referer: http://x/{hash}\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_to_string(&mut String::new()).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    assert!(
        text.contains("/seed/{collection}/{*rest}"),
        "requests are logged: {text}"
    );
    for secret in ["sesame", &hash[..12], "198.51.100.7", "magnet"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}

/// What `check` says, and how it ends.
fn check(folder: &Path, options: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidereal-relay"));
    command.arg("check").arg("--site").arg(folder.join("site"));
    command.arg("--data-dir").arg(folder.join("data"));
    command.args(options).env_remove("SIDEREAL_CONFIG");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn a_configuration_is_explained() {
    let folder = folders();
    let port = "--port=0";
    let token = [
        "--metrics-token",
        "sesame",
        "--metrics",
        "127.0.0.1:0",
        "--stun",
        "off",
    ];
    let (is_well, text) = check(folder.path(), &[&[port][..], &token].concat());
    assert!(is_well, "{text}");
    for words in [
        "port = 0 (command line)",
        "metrics-token = set (command line)",
        "limit-requests = 200 (default)",
        "this machine only, with the token",
    ] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert!(!text.contains("sesame"), "{text}");
    let (is_well, text) = check(
        folder.path(),
        &[port, "--redis", "redis://x:sesame@127.0.0.1:1"],
    );
    assert!(
        !is_well && text.contains("error: Redis at 127.0.0.1:1"),
        "{text}"
    );
    assert!(!text.contains("sesame"), "{text}");
    let (is_well, text) = check(folder.path(), &["--tls-cert", "x"]);
    assert!(
        !is_well && text.contains("tls-cert needs tls-key"),
        "{text}"
    );
}

#[test]
fn a_launch_list_is_ticked_against_the_relay_that_runs() {
    let folder = folders();
    let free = || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let (public, metrics, stun) = (free(), free().to_string(), free().to_string());
    let port = public.port().to_string();
    let options = [
        "--port",
        &port,
        "--metrics",
        &metrics,
        "--stun",
        &stun,
        "--tls-self-signed",
        "--metrics-token",
        "sesame",
    ];
    let rollout = [&options[..], &["--rollout"]].concat();
    let (is_well, text) = check(folder.path(), &rollout);
    assert!(!is_well && text.contains("✗ the relay answers"), "{text}");
    let (mut child, _log, _url) = start(&mut relay(folder.path(), &options));
    let binary = || Command::new(env!("CARGO_BIN_EXE_sidereal-relay"));
    let tunes = folder.path().join("tunes");
    std::fs::create_dir(&tunes).unwrap();
    std::fs::write(tunes.join("a.bin"), [7; 1_000]).unwrap();
    let data = folder.path().join("data");
    let published = binary()
        .args(["publish", "--name", "Tunes", "--out"])
        .arg(data.join("collections"))
        .arg(&tunes)
        .output()
        .unwrap();
    assert!(published.status.success());
    let (_, text) = check(folder.path(), &rollout);
    assert!(text.contains("✗ a backup of the store"), "{text}");
    let backup = binary()
        .arg("backup")
        .arg(folder.path().join("backup.db"))
        .arg("--data-dir")
        .arg(&data)
        .output()
        .unwrap();
    assert!(backup.status.success());
    let (is_well, text) = check(folder.path(), &rollout);
    for line in [
        "✓ the configuration is in order",
        "✓ the relay answers, and is of this version",
        "✓ the page is served",
        "✓ pages are isolated and have the security headers",
        "✓ the tracker answers an announcement",
        "✓ a beacon is taken",
        "✓ a collection is published",
        "✓ the web seed gives a range of it",
        "✗ listeners reach it by https: with a certificate that browsers do not know",
        "✓ metrics can be scraped",
        "✓ metrics are refused without the token",
        "✓ every part that is switched on works",
        "✓ STUN answers",
        "✓ the operator's page has a password",
        "✓ a backup of the store is younger than a day",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!is_well && !text.contains("sesame"), "{text}");
    child.kill().unwrap();
    child.wait().unwrap();
}
