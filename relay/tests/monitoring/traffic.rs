//! What happens to a relay in a lively minute: pages, the tracker's sockets, ranges of the web seed,
//! STUN, beacons, and whatever of that can be wrong.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use serde_json::{Value, json};
use telemetry::{
    Adapter, Buffer, Engine, Fact, MOST_OF_A_KIND, Network, Outcome, Phase, Pressure, Reason,
    Recorder, SeekMode, SeekOutcome, Source, Success, Verdict, Warmth, Worker,
};

use super::prometheus::until;

/// An answer: its status, its `ETag`, its cookie, and its body.
pub struct Answer {
    pub status: u16,
    pub etag: String,
    pub cookie: String,
    pub body: Vec<u8>,
}

/// Asks, with headers that each end a line.
pub fn ask(relay: SocketAddr, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let mut stream = connect(relay);
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {relay}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A body that is too long is not read to its end.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let header = |name: &str| {
        let found = head.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap_or_default().to_owned()
    };
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        etag: header("etag: "),
        cookie: header("set-cookie: "),
        body: bytes[end + 4..].to_vec(),
    }
}

fn get(relay: SocketAddr, path: &str, headers: &str, expected: u16) -> Answer {
    let answer = ask(relay, "GET", path, headers, b"");
    assert_eq!(answer.status, expected, "{path}");
    answer
}

fn connect(relay: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(relay).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Pages, and what is no page.
pub fn pages(relay: SocketAddr) {
    get(relay, "/", "Accept: text/html\r\n", 200);
    get(relay, "/healthz", "", 200);
    get(relay, "/nothing.js", "", 404);
    assert_eq!(ask(relay, "POST", "/", "", b"").status, 405);
}

/// Who says nothing, and who sends what is compressed.
pub fn silence(relay: SocketAddr) {
    let coded = ask(relay, "POST", "/beacon", "Content-Encoding: gzip\r\n", b"");
    assert_eq!(coded.status, 415);
    // The relay hangs up.
    let _ = connect(relay).read_to_end(&mut Vec::new());
}

/// A collection with `whole.sid` and `long.bin`, and with `changed.bin` and `broken.bin`, which no
/// longer are what was published.
pub fn seed(relay: SocketAddr) {
    let listing = get(relay, "/collections.json", "", 200).body;
    let listing: Value = serde_json::from_slice(&listing).unwrap();
    let collection = &listing["collections"][0];
    let path = |value: &Value| format!("/{}", value.as_str().unwrap());
    get(relay, &path(&collection["catalogue"]["url"]), "", 200);
    let torrent = path(&collection["torrents"][0]["torrent"]);
    let torrent = get(relay, &torrent, "", 200).body;
    let torrent = torrent::Metainfo::parse(&torrent).unwrap();
    let file = |name: &str| format!("/seed/Tunes/{}/{name}", torrent.info.name);
    let etag = get(relay, &file("whole.sid"), "", 200).etag;
    let known = format!("If-None-Match: {etag}\r\n");
    get(relay, &file("whole.sid"), &known, 304);
    get(relay, &file("long.bin"), "Range: bytes=5-104\r\n", 206);
    get(relay, &file("long.bin"), "Range: bytes=999999999-\r\n", 416);
    get(relay, &file("changed.bin"), "", 410);
    get(relay, &file("broken.bin"), "", 500);
    get(relay, &file("none"), "", 404);
}

/// A client of the tracker.
pub struct Socket(TcpStream);

impl Socket {
    fn open(relay: SocketAddr) -> Self {
        let mut stream = connect(relay);
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
        Self(stream)
    }

    fn say(&mut self, message: &str) {
        let length = u16::try_from(message.len()).unwrap().to_be_bytes();
        // A mask of zeros changes nothing.
        let head = [0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0];
        let frame = [&head, message.as_bytes()].concat();
        // Who says too much is cut off.
        let _ = self.0.write_all(&frame);
    }

    /// Reads until the tracker answers a scrape, which it does after all that came before.
    fn wait(&mut self) {
        let hash = twenty('z');
        self.say(&json!({ "action": "scrape", "info_hash": hash }).to_string());
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains(&hash) {
            let mut bytes = [0; 4_096];
            let count = self.0.read(&mut bytes).unwrap();
            assert!(count > 0, "the tracker hung up");
            said.extend_from_slice(&bytes[..count]);
        }
    }

    fn wait_for_end(mut self) {
        // A reset is an end as well.
        let _ = self.0.read_to_end(&mut Vec::new());
    }
}

fn twenty(c: char) -> String {
    c.to_string().repeat(20)
}

/// A round of listeners of a torrent of their own. They stay while they are kept.
pub fn tracker(relay: SocketAddr, round: char) -> [Socket; 2] {
    let [a, b] = [twenty('a'), twenty('b')];
    let hash = twenty(round);
    let announce = |peer: &str, left: u32, offers: Value| {
        json!({
            "action": "announce", "info_hash": hash, "peer_id": peer, "left": left,
            "uploaded": 0, "downloaded": 0, "numwant": 5, "offers": offers,
        })
        .to_string()
    };
    let answer = |from: &str, to: &str| {
        json!({
            "action": "announce", "info_hash": hash, "peer_id": from, "to_peer_id": to,
            "offer_id": twenty('o'), "answer": { "type": "answer", "sdp": "v=0" },
        })
        .to_string()
    };
    let offer = json!({ "offer_id": twenty('o'), "offer": { "type": "offer", "sdp": "v=0" } });
    let [mut first, mut second] = [(); 2].map(|()| Socket::open(relay));
    first.say(&announce(&a, 0, json!([])));
    first.wait();
    second.say(&announce(&b, 9, json!([offer])));
    second.wait();
    first.say(&answer(&a, &b));
    first.say(&answer(&a, &twenty('q')));
    first.say(&answer(&b, &a));
    first.say(&announce(&b, 9, json!([])));
    first.say("nonsense");
    first.wait();

    let mut unmasked = Socket::open(relay);
    unmasked.0.write_all(&[0x81, 1, b'x']).unwrap();
    let mut large = Socket::open(relay);
    large
        .0
        .write_all(&[0x81, 0x80 | 127, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
        .unwrap();
    let mut loud = Socket::open(relay);
    for _ in 0..3_000 {
        loud.say("nonsense");
    }
    for socket in [unmasked, large, loud] {
        socket.wait_for_end();
    }
    [first, second]
}

/// Somebody announces a torrent that is blocked.
pub fn blocked(relay: SocketAddr, hash: &str) {
    let mut socket = Socket::open(relay);
    let announce = json!({
        "action": "announce", "info_hash": hash, "peer_id": twenty('p'), "left": 1,
        "uploaded": 0, "downloaded": 0, "numwant": 5, "offers": [],
    });
    socket.say(&announce.to_string());
    socket.wait();
}

/// A question of STUN (RFC 8489), none, and more than an address may ask.
pub fn stun(responder: SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let question = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    socket
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    // A round before may have used up what this address may ask in a second.
    until("STUN answers", || {
        socket.send_to(&question, responder).unwrap();
        socket.recv(&mut [0; 100]).ok()
    });
    socket.send_to(b"hello", responder).unwrap();
    for _ in 0..300 {
        socket.send_to(&question, responder).unwrap();
    }
}

/// Everything that a page can tell, once and more.
fn everything(id: u64) -> Vec<u8> {
    let mut recorder = Recorder::default();
    let mut record = |fact| recorder.record(fact);
    let soon = Some(300_000);
    for _ in 0..5 {
        record(Fact::PlayAttempt);
        record(Fact::FirstAudio(soon));
        record(Fact::FirstAudio(None));
    }
    Outcome::ALL
        .iter()
        .for_each(|outcome| record(Fact::Play(*outcome)));
    Reason::ALL
        .iter()
        .for_each(|reason| record(Fact::PlayFailure(*reason)));
    for mode in SeekMode::ALL {
        record(Fact::SeekTime(*mode, soon));
        SeekOutcome::ALL
            .iter()
            .for_each(|outcome| record(Fact::Seek(*mode, *outcome)));
    }
    // More than a beacon holds, so that it tells of drops as well.
    record(Fact::Underruns(MOST_OF_A_KIND + 1));
    Buffer::ALL
        .iter()
        .for_each(|kind| record(Fact::Buffer(*kind)));
    record(Fact::Fallback(Source::Peers, Source::WebSeed));
    Source::ALL
        .iter()
        .for_each(|source| record(Fact::SourceUsed(*source)));
    Engine::ALL
        .iter()
        .for_each(|engine| record(Fact::EngineUsed(*engine)));
    Warmth::ALL
        .iter()
        .for_each(|warmth| record(Fact::Prefetch(*warmth)));
    Success::ALL
        .iter()
        .for_each(|outcome| record(Fact::Resume(*outcome)));
    Worker::ALL
        .iter()
        .for_each(|worker| record(Fact::WorkerRestart(*worker)));
    record(Fact::LongFrames(3));
    Pressure::ALL
        .iter()
        .for_each(|level| record(Fact::StoragePressure(*level)));
    Network::ALL
        .iter()
        .for_each(|network| record(Fact::Listened(*network, 60)));
    for adapter in Adapter::ALL {
        Verdict::ALL
            .iter()
            .for_each(|verdict| record(Fact::SelfTest(*adapter, *verdict)));
    }
    Phase::ALL
        .iter()
        .for_each(|phase| record(Fact::StartPhase(*phase, soon)));
    record(Fact::VerifyTime(soon));
    record(Fact::CatalogOpen(soon));
    record(Fact::SearchTime(soon));
    record(Fact::ScoreTime(soon));
    record(Fact::TorrentFirstByte(soon));
    record(Fact::Peers(4));
    recorder.take(id).expect("something was recorded").encode()
}

/// A beacon, the same again, and some that are refused.
pub fn beacons(relay: SocketAddr, id: u64) {
    let send = |origin: &str, body: &[u8], expected: u16| {
        let headers = format!("Origin: {origin}\r\n");
        let status = ask(relay, "POST", "/beacon", &headers, body).status;
        assert_eq!(status, expected, "a beacon from {origin}");
    };
    let own = format!("http://{relay}");
    let beacon = everything(id);
    send(&own, &beacon, 204);
    send(&own, &beacon, 204);
    send("http://elsewhere.example", &beacon, 403);
    send(&own, &[1, 2, 3], 400);
    send(&own, &[99; 100], 400);
    send(&own, &[0; 5_000], 413);
}
