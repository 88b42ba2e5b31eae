//! A Redis and listeners, for tests of relays that share swarms.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A program that ends with its owner.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that was stopped cannot end. It may have ended by itself.
        self.signal("CONT");
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    pub fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let _ = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
    }
}

/// The Redis server's program: the one that `SIDEREAL_REDIS_SERVER` names, or found as any program
/// is. None, and words, where it is not there and nobody insists.
pub fn program() -> Option<String> {
    let named = std::env::var("SIDEREAL_REDIS_SERVER").ok();
    let path = named.clone().unwrap_or_else(|| "redis-server".into());
    let output = Command::new(&path).arg("--version").output();
    if output.is_ok_and(|output| output.status.success()) {
        return Some(path);
    }
    assert_eq!(named, None, "it is named and does not run");
    eprintln!(
        "LEFT OUT: there is no redis-server; `cargo xtask test` installs it where there is apt"
    );
    None
}

pub fn redis(program: &str, folder: &Path, port: u16) -> Running {
    let child = Command::new(program)
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ])
        .args(["--appendonly", "no", "--dir"])
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    until("Redis answers", || {
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    running
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Asks again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "waiting for: {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A listener: a socket of the tracker.
pub struct Listener {
    stream: TcpStream,
    peer: String,
    read: Vec<u8>,
}

pub fn twenty(c: char) -> String {
    c.to_string().repeat(20)
}

impl Listener {
    pub fn join(relay: SocketAddr, peer: char) -> Self {
        let mut stream = TcpStream::connect(relay).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let head = "GET /announce HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        Self {
            stream,
            peer: twenty(peer),
            read: Vec::new(),
        }
    }

    pub fn say(&mut self, message: &Value) {
        let text = message.to_string();
        let length = u16::try_from(text.len()).unwrap().to_be_bytes();
        // A mask of zeros changes nothing.
        let head = [0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0];
        self.stream
            .write_all(&[&head, text.as_bytes()].concat())
            .unwrap();
    }

    pub fn hear(&mut self) -> Value {
        loop {
            if let [_, length, rest @ ..] = &*self.read {
                let (length, start) = match (*length, rest) {
                    (126, [high, low, ..]) => (usize::from(u16::from_be_bytes([*high, *low])), 4),
                    (126.., _) => (usize::MAX, 0),
                    (length, _) => (usize::from(length), 2),
                };
                if self.read.len() - 2 >= length {
                    let message =
                        serde_json::from_slice(&self.read[start..start + length]).unwrap();
                    self.read.drain(..start + length);
                    return message;
                }
            }
            let mut bytes = [0; 4_096];
            let count = self.stream.read(&mut bytes).unwrap();
            assert!(count > 0, "the tracker hung up");
            self.read.extend_from_slice(&bytes[..count]);
        }
    }

    /// Announces, and returns the reply; what comes before it is passed over.
    pub fn announce(&mut self, offers: Value) -> Value {
        self.say(&json!({
            "action": "announce", "info_hash": twenty('s'), "peer_id": self.peer, "left": 9,
            "uploaded": 0, "downloaded": 0, "offers": offers,
        }));
        loop {
            let message = self.hear();
            if message.get("interval").is_some() || message.get("failure reason").is_some() {
                return message;
            }
        }
    }

    pub fn count(&mut self) -> u64 {
        self.announce(json!([]))["incomplete"].as_u64().unwrap_or(0)
    }

    pub fn wait_for_count(&mut self, expected: u64) {
        until(&format!("{expected} listeners"), || {
            (self.count() == expected).then_some(())
        });
    }
}

/// An offer goes from one to the other, and its answer back.
pub fn meet(from: &mut Listener, to: &mut Listener) {
    let sdp = "o".repeat(2_000);
    let offer = json!({ "type": "offer", "sdp": sdp });
    from.announce(json!([{ "offer_id": twenty('1'), "offer": offer }]));
    let offered = to.hear();
    assert_eq!(
        (&offered["offer"], &offered["peer_id"]),
        (&offer, &json!(from.peer))
    );
    to.say(&json!({
        "action": "announce", "info_hash": twenty('s'), "peer_id": to.peer,
        "to_peer_id": from.peer, "offer_id": offered["offer_id"],
        "answer": { "type": "answer", "sdp": "v=1" },
    }));
    let answered = from.hear();
    assert_eq!(answered["answer"]["sdp"], "v=1", "{answered}");
    assert_eq!(answered["peer_id"], json!(to.peer));
}
