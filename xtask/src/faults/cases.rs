//! What is done to a relay, what should come of it, and what does.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::parts::{Place, Running, Socket, end, free_port, until};

/// A case: its name, what is expected, and what does it, which tells what came of it.
pub struct Case {
    /// Name.
    pub name: &'static str,
    /// Expected outcome.
    pub expected: &'static str,
    /// Whether it takes no more than some seconds and needs nothing of the machine.
    pub is_quick: bool,
    /// Does it.
    pub run: fn(&Place) -> Result<Outcome>,
}

/// What came of it.
pub enum Outcome {
    /// This.
    Seen(String),
    /// It could not be tried here.
    Skipped(&'static str),
}

fn seen(words: impl Into<String>) -> Result<Outcome> {
    Ok(Outcome::Seen(words.into()))
}

const fn case(
    name: &'static str,
    expected: &'static str,
    is_quick: bool,
    run: fn(&Place) -> Result<Outcome>,
) -> Case {
    Case {
        name,
        expected,
        is_quick,
        run,
    }
}

/// The table.
pub const CASES: [Case; 16] = [
    case(
        "a head that never ends",
        "hung up on, others are served",
        true,
        slow_head,
    ),
    case(
        "a body that never ends",
        "408, others are served",
        true,
        slow_body,
    ),
    case(
        "a client that does not read",
        "hung up on and counted",
        true,
        slow_reader,
    ),
    case(
        "a frame of 2^40 bytes",
        "closed with 1009 at its head",
        true,
        huge_frame,
    ),
    case("a message in frames of one byte", "served", true, fragments),
    case(
        "fragments beyond 64 KB",
        "closed with 1009",
        true,
        endless_fragments,
    ),
    case(
        "10,000 beacons of random bytes",
        "10000 refused and counted, 0 accepted",
        true,
        beacons,
    ),
    case("forged origins", "beacon 403, login 403", true, origins),
    case(
        "wrong passwords",
        "401, then 429 with a wait",
        true,
        passwords,
    ),
    case("a cookie after its session", "401", true, replayed_cookie),
    case(
        "kill -9 while publishing",
        "nothing half is listed, and it can be published again",
        false,
        killed_publishing,
    ),
    case(
        "kill -9 while the store is written",
        "every acknowledged write is there, the trail is whole",
        false,
        killed_writing,
    ),
    case(
        "a full disk",
        "writes are refused, pages are served; with room all works again",
        false,
        full_disk,
    ),
    case(
        "a machine that sleeps for 3 s",
        "sockets stay and are served",
        false,
        sleep,
    ),
    case(
        "a clock that is a year ahead",
        "served, and the session of before has ended",
        false,
        clock,
    ),
    case(
        "Redis is cut",
        "shown, swarms go on; shown again when it is back",
        false,
        redis,
    ),
];

fn slow_head(place: &Place) -> Result<Outcome> {
    let relay = place.start(&[])?;
    let mut slow: Vec<_> = (0..50)
        .map(|_| {
            let mut stream = relay.connect()?;
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")?;
            Ok(stream)
        })
        .collect::<Result<_>>()?;
    let others = relay.is_well()?;
    for stream in &mut slow {
        ensure!(end(stream)?.is_empty(), "it was answered");
    }
    ensure!(others, "others were not served");
    seen("hung up on, others are served")
}

fn slow_body(place: &Place) -> Result<Outcome> {
    let relay = place.start(&[])?;
    let head = format!(
        "POST /beacon HTTP/1.1\r\nHost: {}\r\n{}Content-Length: 100\r\n\r\nx",
        relay.public,
        relay.own()
    );
    let answer = relay.say(head.as_bytes())?;
    ensure!(relay.is_well()?, "others were not served");
    seen(format!("{}, others are served", answer.status))
}

fn slow_reader(place: &Place) -> Result<Outcome> {
    let tunes = place.tunes(10)?;
    ensure!(
        place.publish(&tunes).status()?.success(),
        "nothing is published"
    );
    let relay = place.start(&[])?;
    let listing = relay.ask("GET /collections.json", "", b"")?.body;
    let flat = listing
        .split("\"flat\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let flat = flat.context("a flat stream")?;
    let mut stream = relay.connect()?;
    let request = format!("GET /{flat} HTTP/1.1\r\nHost: x\r\n\r\n").repeat(20);
    stream.write_all(request.as_bytes())?;
    until("it is counted", || {
        let series = "sidereal_connections_closed_total{reason=\"stalled\"}";
        Ok(relay.metric(series)? > 0.0)
    })?;
    let length = end(&mut stream)?.len();
    ensure!(length < 20 * 3_000_000, "it got all of it");
    seen("hung up on and counted")
}

fn huge_frame(place: &Place) -> Result<Outcome> {
    let relay = place.start(&[])?;
    let mut socket = relay.socket()?;
    socket.send(0x81, b"", 1 << 40)?;
    seen(format!("closed with {} at its head", socket.closed()?))
}

fn fragments(place: &Place) -> Result<Outcome> {
    let relay = place.start(&[])?;
    let mut socket = relay.socket()?;
    let message = Socket::announcement('a');
    let last = message.len() - 1;
    for (number, byte) in message.bytes().enumerate() {
        let kind = if number == 0 { 0x01 } else { 0x00 };
        let first = kind | if number == last { 0x80 } else { 0 };
        socket.send(first, &[byte], 1)?;
    }
    socket.wait_for("\"interval\"")?;
    seen("served")
}

fn endless_fragments(place: &Place) -> Result<Outcome> {
    let relay = place.start(&[])?;
    let mut socket = relay.socket()?;
    socket.send(0x01, &[b'x'; 1_000], 1_000)?;
    for _ in 0..70 {
        // It may be hung up on before the last.
        if socket.send(0x00, &[b'x'; 1_000], 1_000).is_err() {
            break;
        }
    }
    seen(format!("closed with {}", socket.closed()?))
}

/// SplitMix64, so that every run sends the same.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn beacons(place: &Place) -> Result<Outcome> {
    const COUNT: usize = 10_000;
    let relay = place.start(&[])?;
    let mut state = 7;
    let mut sent = 0;
    while sent < COUNT {
        // Many on a connection; the relay answers each before the next is read.
        let mut stream = relay.connect()?;
        let batch = 250;
        let mut bytes = Vec::new();
        for number in 0..batch {
            let length = draw(&mut state) as usize % 300;
            let body: Vec<u8> = (0..length).map(|_| draw(&mut state) as u8).collect();
            let end = if number + 1 == batch {
                "close"
            } else {
                "keep-alive"
            };
            let head = format!(
                "POST /beacon HTTP/1.1\r\nHost: {}\r\n{}Connection: {end}\r\nContent-Length: {length}\r\n\r\n",
                relay.public,
                relay.own()
            );
            bytes.extend([head.as_bytes(), &body].concat());
        }
        let mut writer = stream.try_clone()?;
        let writing = std::thread::spawn(move || writer.write_all(&bytes));
        end(&mut stream)?;
        let _ = writing.join();
        sent += batch;
    }
    let refused = relay.metric("sidereal_beacons_total{outcome=\"refused\"}")?;
    let accepted = relay.metric("sidereal_beacons_total{outcome=\"accepted\"}")?;
    ensure!(relay.is_well()?, "it is not well");
    seen(format!(
        "{refused} refused and counted, {accepted} accepted"
    ))
}

fn origins(place: &Place) -> Result<Outcome> {
    let relay = place.start(&[])?;
    let forged = "Origin: https://evil.example\r\n";
    let beacon = relay.ask("POST /beacon", forged, b"x")?.status;
    let body = format!("{{\"password\":\"{}\"}}", super::parts::PASSWORD);
    let login = relay.admin("POST session", forged, &body)?.status;
    seen(format!("beacon {beacon}, login {login}"))
}

fn passwords(place: &Place) -> Result<Outcome> {
    let relay = place.start(&[])?;
    let mut statuses = Vec::new();
    for _ in 0..20 {
        let body = "{\"password\":\"not the password\"}";
        let answer = relay.admin("POST session", &relay.own(), body)?;
        if answer.status == 429 {
            ensure!(answer.head.contains("retry-after: "), "no wait is told");
            ensure!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
            return seen("401, then 429 with a wait");
        }
        statuses.push(answer.status);
    }
    seen(format!("{statuses:?}"))
}

fn replayed_cookie(place: &Place) -> Result<Outcome> {
    let relay = place.start(&[])?;
    let cookie = relay.log_in()?;
    let lines = format!("{cookie}{}", relay.own());
    ensure!(
        relay.admin("GET session", &lines, "")?.status == 200,
        "the cookie is none"
    );
    relay.admin("DELETE session", &lines, "")?;
    seen(relay.admin("GET session", &lines, "")?.status.to_string())
}

fn killed_publishing(place: &Place) -> Result<Outcome> {
    let tunes = place.tunes(300)?;
    let relay = place.start(&[])?;
    let listed = || Ok::<_, anyhow::Error>(relay.ask("GET /collections.json", "", b"")?.body);
    let mut kills = 0;
    for number in 0..12 {
        let mut publishing = place.publish(&tunes).spawn()?;
        std::thread::sleep(Duration::from_millis(30 * number));
        let is_over = publishing.try_wait()?.is_some();
        publishing.kill()?;
        publishing.wait()?;
        kills += usize::from(!is_over);
        let listing = listed()?;
        let is_whole = listing.contains("\"files\":300");
        let is_none = listing.contains("\"collections\":[]");
        ensure!(
            is_whole || is_none,
            "half a collection is listed: {listing:.300}"
        );
        ensure!(
            relay.metric("sidereal_collections_failed")? == 0.0,
            "a broken one is there"
        );
    }
    ensure!(kills > 0, "it was never killed in time");
    ensure!(
        place.publish(&tunes).status()?.success(),
        "it cannot be published again"
    );
    ensure!(listed()?.contains("\"files\":300"), "it is not listed");
    seen("nothing half is listed, and it can be published again")
}

fn killed_writing(place: &Place) -> Result<Outcome> {
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        let relay = place.start(&[])?;
        let cookie = relay.log_in()?;
        let lines = format!("{cookie}{}", relay.own());
        let start = Instant::now();
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                let mut done = Vec::new();
                for number in 0..1_000 {
                    let name = format!("token-{round}-{number}");
                    let body = format!("{{\"name\":\"{name}\",\"scopes\":[\"read\"],\"days\":1}}");
                    match relay.admin("POST tokens", &lines, &body) {
                        Ok(answer) if answer.status == 200 || answer.status == 201 => {
                            done.push(name)
                        }
                        _ => break,
                    }
                }
                done
            });
            // Some writes have to be on their way.
            while start.elapsed() < Duration::from_millis(300 + 70 * round) {
                std::thread::yield_now();
            }
            relay.process.signal("KILL");
            acknowledged.extend(writing.join().unwrap_or_default());
        });
    }
    ensure!(!acknowledged.is_empty(), "nothing was written");
    let mut audit = place.command(&["audit", "--data-dir"]);
    let output = audit.arg(place.data()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "the trail is broken: {text:.300}");
    let relay = place.start(&[])?;
    let lines = format!("{}{}", relay.log_in()?, relay.own());
    let tokens = relay.admin("GET tokens", &lines, "")?.body;
    let lost = acknowledged
        .iter()
        .filter(|name| !tokens.contains(&format!("\"{name}\"")));
    let lost = lost.count();
    if lost > 0 {
        return seen(format!(
            "{lost} of {} acknowledged writes are gone",
            acknowledged.len()
        ));
    }
    seen("every acknowledged write is there, the trail is whole")
}

/// A small file system, which goes with its owner.
struct Small<'a>(&'a Path);

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

fn full_disk(place: &Place) -> Result<Outcome> {
    let data = place.data();
    fs::create_dir_all(&data)?;
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
        .arg(&data)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        return Ok(Outcome::Skipped("only root may mount a small disk"));
    }
    let _small = Small(&data);
    let relay = place.start(&[])?;
    let lines = format!("{}{}", relay.log_in()?, relay.own());
    let make = |name: String| -> Result<u16> {
        let body = format!("{{\"name\":\"{name}\",\"scopes\":[\"read\"],\"days\":1}}");
        Ok(relay.admin("POST tokens", &lines, &body)?.status)
    };
    let before = make("before".into())?;
    // The disk is filled to its last byte.
    let filler = data.join("filler");
    let mut file = fs::File::create(&filler)?;
    while file.write_all(&[0; 4_096]).is_ok() {}
    while file.write_all(&[0; 1]).is_ok() {}
    drop(file);
    let mut refused = 0;
    for number in 0..200 {
        let status = make(format!("full-{number}"))?;
        if status >= 500 {
            refused = status;
            break;
        }
    }
    ensure!(refused >= 500, "every write was taken");
    let page = relay.ask("GET /", "Accept: text/html\r\n", b"")?.status;
    ensure!(
        page == 200 && relay.is_well()?,
        "pages are not served: {page}"
    );
    fs::remove_file(&filler)?;
    let after = make("after".into())?;
    ensure!(
        after == before,
        "with room again: {after} instead of {before}"
    );
    let tokens = relay.admin("GET tokens", &lines, "")?.body;
    ensure!(
        tokens.contains("\"before\"") && tokens.contains("\"after\""),
        "writes are gone"
    );
    seen("writes are refused, pages are served; with room all works again")
}

fn sleep(place: &Place) -> Result<Outcome> {
    let relay = place.start(&[])?;
    let mut socket = relay.socket()?;
    let message = Socket::announcement('a');
    socket.send(0x81, message.as_bytes(), message.len())?;
    socket.wait_for("\"interval\"")?;
    relay.process.signal("STOP");
    std::thread::sleep(Duration::from_secs(3));
    relay.process.signal("CONT");
    socket.send(0x81, message.as_bytes(), message.len())?;
    socket.wait_for("\"interval\"")?;
    ensure!(relay.is_well()?, "it is not well");
    seen("sockets stay and are served")
}

fn clock(place: &Place) -> Result<Outcome> {
    let is_there = Command::new("faketime").arg("--version").output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        return Ok(Outcome::Skipped("there is no faketime"));
    }
    let cookie = place.start(&[])?.log_in()?;
    let ahead = place.wrapped("faketime", &["-f", "+365d"]);
    let relay = ahead.start(&[])?;
    ensure!(relay.is_well()?, "it is not served");
    let status = relay
        .admin("GET session", &format!("{cookie}{}", relay.own()), "")?
        .status;
    ensure!(status == 401, "the session lives: {status}");
    seen("served, and the session of before has ended")
}

fn redis(place: &Place) -> Result<Outcome> {
    let program = std::env::var("SIDEREAL_REDIS_SERVER").unwrap_or("redis-server".into());
    let port = free_port()?;
    let start = || {
        let child = Command::new(&program)
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .arg("--dir")
            .arg(&place.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        child.map(Running)
    };
    let Ok(server) = start() else {
        return Ok(Outcome::Skipped("there is no redis-server"));
    };
    let relay = place.start(&["--redis", &format!("redis://127.0.0.1:{port}")])?;
    let is_up = |expected: f64| {
        let series = "sidereal_adapter_up{adapter=\"redis\"}";
        until("Redis is shown", || Ok(relay.metric(series)? == expected))
    };
    is_up(1.0)?;
    drop(server);
    let series = "sidereal_redis_connected";
    until("its loss is shown", || Ok(relay.metric(series)? == 0.0))?;
    let mut socket = relay.socket()?;
    let message = Socket::announcement('a');
    socket.send(0x81, message.as_bytes(), message.len())?;
    socket.wait_for("\"interval\"")?;
    let _server = start()?;
    is_up(1.0)?;
    seen("shown, swarms go on; shown again when it is back")
}
