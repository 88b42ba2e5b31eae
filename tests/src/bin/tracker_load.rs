//! Clients of a WebTorrent tracker, for measuring it: `tracker_load PORT PID load SOCKETS ROUNDS`
//! lets every socket announce with five offers and answer all that it gets, round after round;
//! `tracker_load PORT PID idle SOCKETS` lets sockets announce once and wait. Prints one JSON object.
//!
//! Linux only: what the server used is read from `/proc`.

#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    native::main();
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::cell::Cell;
    use std::fs;
    use std::rc::Rc;
    use std::time::{Duration, Instant};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
    use tokio::sync::Mutex;
    use tokio::task::LocalSet;
    use torrent::announce::{
        Announce, Answer, ClientMessage, Description, Event, Left, Offer, TrackerMessage,
    };
    use torrent::{InfoHash, OfferId, PeerId};

    const OFFERS: usize = 5;
    /// Bytes of a session description.
    const SDP: usize = 700;
    /// How long nothing may come before what is missing is lost.
    const PATIENCE: Duration = Duration::from_secs(3);

    #[derive(Default)]
    struct Counts {
        replies: Cell<u64>,
        offers: Cell<u64>,
        answers: Cell<u64>,
        sent: Cell<u64>,
        failures: Cell<u64>,
        closed: Cell<u64>,
    }

    fn add(count: &Cell<u64>) {
        count.set(count.get() + 1);
    }

    pub fn main() {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let number = |at: usize| arguments[at].parse().expect("a number");
        let (port, pid, sockets) = (number(0), number(1), number(3));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let local = LocalSet::new();
        match &*arguments[2] {
            "load" => {
                let rounds = number(4) as u64;
                local.block_on(&runtime, load(port as u16, pid, sockets, rounds));
            }
            "idle" => local.block_on(&runtime, idle(port as u16, pid, sockets)),
            other => panic!("load or idle, found {other}"),
        }
    }

    /// CPU time of a process so far, all its threads together.
    fn cpu(pid: usize) -> Duration {
        let mut nanos = 0;
        for task in fs::read_dir(format!("/proc/{pid}/task")).expect("the server runs") {
            let path = task.expect("a thread").path().join("schedstat");
            // A thread may have ended meanwhile.
            let text = fs::read_to_string(path).unwrap_or_default();
            let time = text.split_whitespace().next().unwrap_or("0");
            nanos += time.parse::<u64>().expect("nanoseconds");
        }
        Duration::from_nanos(nanos)
    }

    /// Resident bytes of a process.
    fn resident(pid: usize) -> u64 {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("the server runs");
        let line = text.lines().find(|line| line.starts_with("VmRSS:"));
        let words = line.expect("a line of it").split_whitespace().nth(1);
        let kilobytes: u64 = words.expect("a number").parse().expect("a number");
        kilobytes << 10
    }

    fn twenty(number: usize, salt: u8) -> [u8; 20] {
        let mut bytes = [salt; 20];
        bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
        bytes
    }

    async fn connect(port: u16) -> (OwnedReadHalf, OwnedWriteHalf) {
        let mut stream = TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("the server");
        stream.set_nodelay(true).expect("a socket");
        let request = format!(
            "GET /announce HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("the server");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("an answer"));
        }
        assert!(
            head.starts_with(b"HTTP/1.1 101"),
            "{}",
            String::from_utf8_lossy(&head)
        );
        stream.into_split()
    }

    fn frame(text: &str) -> Vec<u8> {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let mut bytes = vec![0x81];
        match text.len() {
            length @ ..126 => bytes.push(0x80 | length as u8),
            length @ ..0x1_0000 => {
                bytes.push(0x80 | 126);
                bytes.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => panic!("{length} bytes in a message"),
        }
        bytes.extend_from_slice(&mask);
        let masked = text.bytes().zip(mask.iter().cycle());
        bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
        bytes
    }

    struct Peer {
        info_hash: InfoHash,
        peer_id: PeerId,
        write: Mutex<OwnedWriteHalf>,
        counts: Rc<Counts>,
    }

    impl Peer {
        async fn send(&self, message: &ClientMessage<'_>) {
            let bytes = frame(&message.encode());
            let mut write = self.write.lock().await;
            if write.write_all(&bytes).await.is_ok() {
                add(&self.counts.sent);
            }
        }

        async fn announce(&self, event: Event, offers: usize, round: usize) {
            let sdp = "v".repeat(SDP);
            let offer = |number| Offer {
                offer_id: OfferId(twenty(round * OFFERS + number, 3)),
                offer: Description::offer(&sdp),
            };
            self.send(&ClientMessage::Announce(Announce {
                info_hash: self.info_hash,
                peer_id: self.peer_id,
                event,
                uploaded: 0,
                downloaded: 0,
                left: Left::Bytes(1_000_000),
                numwant: Some(OFFERS as u32),
                offers: (0..offers).map(offer).collect(),
            }))
            .await;
        }

        async fn hear(&self, text: &str, answer: &Description<'static>) {
            match TrackerMessage::parse(text) {
                Ok(TrackerMessage::Reply { .. }) => add(&self.counts.replies),
                Ok(TrackerMessage::Offer {
                    peer_id, offer_id, ..
                }) => {
                    add(&self.counts.offers);
                    self.send(&ClientMessage::Answer(Answer {
                        info_hash: self.info_hash,
                        peer_id: self.peer_id,
                        to_peer_id: peer_id,
                        offer_id,
                        answer: answer.clone(),
                    }))
                    .await;
                }
                Ok(TrackerMessage::Answer { .. }) => add(&self.counts.answers),
                Ok(TrackerMessage::Scrape(_) | TrackerMessage::Failure(_)) | Err(_) => {
                    add(&self.counts.failures);
                }
            }
        }
    }

    async fn read(peer: Rc<Peer>, mut stream: OwnedReadHalf) {
        let answer = Description::answer(&"v".repeat(SDP));
        let mut bytes = Vec::new();
        loop {
            let mut rest = &bytes[..];
            while let Some((text, after)) = message(rest) {
                peer.hear(text, &answer).await;
                rest = after;
            }
            let done = bytes.len() - rest.len();
            bytes.drain(..done);
            if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
                return add(&peer.counts.closed);
            }
        }
    }

    /// The message of the frame that `bytes` begin with, and what follows.
    fn message(bytes: &[u8]) -> Option<(&str, &[u8])> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let (length, rest) = match second {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*length) as usize, rest)
            }
            length => (usize::from(length), rest),
        };
        let (payload, rest) = rest.split_at_checked(length)?;
        // Anything but a text counts as a failure.
        let text = if first == 0x81 { payload } else { b"" };
        Some((str::from_utf8(text).unwrap_or_default(), rest))
    }

    async fn peers(port: u16, count: usize, torrents: usize) -> (Vec<Rc<Peer>>, Rc<Counts>) {
        let counts = Rc::new(Counts::default());
        let mut peers = Vec::new();
        for number in 0..count {
            let (read_half, write) = connect(port).await;
            let peer = Rc::new(Peer {
                info_hash: InfoHash(twenty(number % torrents, 1)),
                peer_id: PeerId(twenty(number, 2)),
                write: Mutex::new(write),
                counts: Rc::clone(&counts),
            });
            tokio::task::spawn_local(read(Rc::clone(&peer), read_half));
            peers.push(peer);
        }
        (peers, counts)
    }

    /// Waits until everything has come, or nothing more does.
    async fn settle(counts: &Counts, is_done: impl Fn() -> bool) {
        let state = || {
            (
                counts.replies.get(),
                counts.offers.get(),
                counts.answers.get(),
            )
        };
        let (mut last, mut since) = (state(), Instant::now());
        while !is_done() && since.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(2)).await;
            if state() != last {
                (last, since) = (state(), Instant::now());
            }
        }
    }

    async fn load(port: u16, pid: usize, sockets: usize, rounds: u64) {
        let (peers, counts) = peers(port, sockets, 1).await;
        for peer in &peers {
            peer.announce(Event::Started, 0, 0).await;
        }
        settle(&counts, || counts.replies.get() == sockets as u64).await;
        // One round to warm up.
        let mut relayed = 0;
        let mut before = Duration::ZERO;
        let mut base = (0, 0, 0, 0);
        let mut start = Instant::now();
        for round in 0..=rounds {
            if round == 1 {
                before = cpu(pid);
                start = Instant::now();
                relayed = 0;
                let (offers, answers) = (counts.offers.get(), counts.answers.get());
                base = (counts.sent.get(), counts.replies.get(), offers, answers);
            }
            for peer in &peers {
                peer.announce(Event::Update, OFFERS, round as usize).await;
            }
            relayed += (sockets * OFFERS) as u64;
            let (offers, answers) = (base.2 + relayed, base.3 + relayed);
            let is_done = || counts.offers.get() >= offers && counts.answers.get() >= answers;
            settle(&counts, is_done).await;
        }
        let seconds = start.elapsed().as_secs_f64();
        let cpu = (cpu(pid) - before).as_secs_f64();
        let received = counts.sent.get() - base.0;
        let offers = counts.offers.get() - base.2;
        let answers = counts.answers.get() - base.3;
        let sent = counts.replies.get() - base.1 + offers + answers;
        println!(
            "{{\"cpu_us_per_message\":{:.3},\"messages\":{},\"seconds\":{seconds:.2},\
             \"lost_offers\":{},\"lost_answers\":{},\"failures\":{},\"closed\":{}}}",
            cpu * 1e6 / (received + sent) as f64,
            received + sent,
            relayed - offers,
            offers.saturating_sub(answers),
            counts.failures.get(),
            counts.closed.get(),
        );
    }

    async fn idle(port: u16, pid: usize, sockets: usize) {
        // What the first connections leave behind is not of the rest's making.
        drop(peers(port, 50, 1).await);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let before = resident(pid);
        let (peers, counts) = peers(port, sockets, 100).await;
        for peer in &peers {
            peer.announce(Event::Started, 0, 0).await;
        }
        settle(&counts, || counts.replies.get() == sockets as u64).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let growth = resident(pid).saturating_sub(before);
        println!(
            "{{\"bytes_per_peer\":{},\"peers\":{},\"closed\":{}}}",
            growth / sockets as u64,
            counts.replies.get(),
            counts.closed.get(),
        );
    }
}
