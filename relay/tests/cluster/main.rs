//! Two relays and a real Redis: listeners of both find each other, and what happens when a relay
//! dies, Redis is restarted, or does not answer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod parts;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use parts::{Listener, Running, free_port, meet, program, redis, until};

/// A relay that shares its swarms.
struct Relay {
    process: Running,
    public: SocketAddr,
    metrics: SocketAddr,
}

fn relay(folder: &Path, name: &str, redis: u16) -> Relay {
    let site = folder.join("site");
    std::fs::create_dir_all(&site).unwrap();
    std::fs::write(site.join("index.html"), "<!doctype html>app").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sidereal-relay"))
        .env_remove("SIDEREAL_CONFIG")
        .args([
            "serve",
            "--port",
            "0",
            "--metrics",
            "127.0.0.1:0",
            "--stun",
            "off",
        ])
        .args([
            "--redis",
            &format!("redis://127.0.0.1:{redis}"),
            "--redis-prefix",
            "test",
        ])
        .arg("--site")
        .arg(site)
        .arg("--data-dir")
        .arg(folder.join(name))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let process = Running(child);
    let mut address = || loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the relay ended");
        if let Some((_, url)) = line.split_once("url=http://") {
            let end = url.find(['/', ' ', '\n']).unwrap();
            return url[..end].parse().unwrap();
        }
    };
    let (public, metrics) = (address(), address());
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    Relay {
        process,
        public,
        metrics,
    }
}

impl Relay {
    /// The value of a series, where there is one.
    fn metric(&self, series: &str) -> Option<f64> {
        let mut stream = TcpStream::connect(self.metrics).ok()?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        line.parse().ok()
    }

    fn wait_for(&self, series: &str, expected: f64) {
        until(&format!("{series} {expected}"), || {
            (self.metric(series) == Some(expected)).then_some(())
        });
    }
}

#[test]
fn listeners_of_two_relays_find_each_other_whatever_happens() {
    let Some(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut server = redis(&program, folder.path(), port);
    let first = relay(folder.path(), "first", port);
    let second = relay(folder.path(), "second", port);
    first.wait_for("sidereal_cluster_relays", 1.0);
    second.wait_for("sidereal_cluster_relays", 1.0);
    let mut a = Listener::join(first.public, 'a');
    let mut b = Listener::join(second.public, 'b');
    a.count();
    b.wait_for_count(2);
    a.wait_for_count(2);
    meet(&mut a, &mut b);
    meet(&mut b, &mut a);
    first.wait_for("sidereal_cluster_letters_total{outcome=\"delivered\"}", 2.0);

    // A peer belongs to its socket, whatever the relay.
    let mut thief = Listener::join(second.public, 'a');
    let refused = thief.announce(json!([]));
    assert!(refused["failure reason"].is_string(), "{refused}");
    drop(thief);

    // A relay dies: it takes only its own listeners along, and they are welcome elsewhere.
    drop(second);
    a.wait_for_count(1);
    first.wait_for("sidereal_cluster_relays", 0.0);
    let mut b = Listener::join(first.public, 'b');
    assert_eq!(b.count(), 2);
    meet(&mut a, &mut b);
    drop(b);

    // One more comes.
    let third = relay(folder.path(), "third", port);
    let mut c = Listener::join(third.public, 'c');
    c.wait_for_count(2);
    a.wait_for_count(2);
    meet(&mut a, &mut c);

    // Redis is gone: each goes on by itself, and says so; they merge when it is back.
    drop(server);
    first.wait_for("sidereal_adapter_up{adapter=\"redis\"}", 0.0);
    third.wait_for("sidereal_redis_connected", 0.0);
    a.wait_for_count(1);
    c.wait_for_count(1);
    let mut d = Listener::join(first.public, 'd');
    assert_eq!(d.count(), 2);
    meet(&mut a, &mut d);
    server = redis(&program, folder.path(), port);
    c.wait_for_count(3);
    a.wait_for_count(3);
    first.wait_for("sidereal_adapter_up{adapter=\"redis\"}", 1.0);
    drop(d);
    c.wait_for_count(2);
    meet(&mut c, &mut a);

    // Redis is there and does not answer.
    server.signal("STOP");
    first.wait_for("sidereal_redis_connected", 0.0);
    a.wait_for_count(1);
    let mut d = Listener::join(third.public, 'd');
    d.wait_for_count(2);
    meet(&mut c, &mut d);
    server.signal("CONT");
    a.wait_for_count(3);
    first.wait_for("sidereal_redis_connected", 1.0);
    drop(d);
    a.wait_for_count(2);
    meet(&mut a, &mut c);

    // A relay that stops says so: nobody waits for it.
    third.process.signal("TERM");
    a.wait_for_count(1);
}
