//! How long a torrent of 53,669 files in 32,768 pieces takes to add, verify and prioritise, what
//! memory it needs, and how fast two sessions exchange 64 MB without a network between them:
//! `cargo run --release -p torrent --example scale`.
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a bench reads the clock and prints"
)]

use std::time::Instant;

use torrent::announce::{Description, TrackerMessage};
use torrent::session::{AddTorrent, Config, Event, Input, Limits, Output, Phase, Priority, Source};
use torrent::{Builder, ConnectionId, InfoHash, Metainfo, OfferId, PeerId, Session};

const FILES: u64 = 53_669;
/// Files of so many bytes fill 32,768 pieces of 16 KiB but for ten.
const FILE_LENGTH: u64 = 10_000;
const TRACKER: &str = "ws://tracker";

fn main() {
    scale();
    exchange();
}

/// Milliseconds that something takes.
fn timed<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = act();
    let millis = start.elapsed().as_secs_f64() * 1000.0;
    println!("{what:44} {millis:10.3} ms");
    result
}

/// Resident memory in MiB, where the system tells.
fn memory() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<f64>().ok());
    pages.unwrap_or(0.0) * 4096.0 / 1_048_576.0
}

fn session(number: u8) -> Session {
    let mut id = *b"-SD0100-............";
    id[19] = number;
    Session::new(Config {
        peer_id: PeerId(id),
        seed: number.into(),
        limits: Limits::default(),
    })
}

fn add(meta: &Metainfo, stored: bool, trusted: bool, priority: Priority) -> Input {
    Input::Add(Box::new(AddTorrent {
        source: Source::Info(meta.info_bytes.clone()),
        trackers: vec![TRACKER.into()],
        web_seeds: Vec::new(),
        flat_web_seeds: Vec::new(),
        stored: if stored {
            vec![(0, u32::MAX)]
        } else {
            Vec::new()
        },
        trusted,
        priority,
        priorities: Vec::new(),
        paused: false,
        totals: (0, 0),
    }))
}

/// Bytes at a place of the torrent.
fn content(at: u64, length: u64) -> Vec<u8> {
    (at..at + length)
        .map(|byte| ((byte * 31) ^ (byte >> 9)) as u8)
        .collect()
}

fn torrent(files: u64, length: u64) -> Metainfo {
    let list = (0..files).map(|file| {
        (
            format!(
                "MUSICIANS/{:03}/Composer_{:04}/Tune_Number_{file:06}.sid",
                file % 300,
                file % 4_000
            ),
            length,
        )
    });
    let mut builder = Builder::new("C64Music", list.collect()).expect("paths are plain");
    for file in 0..files {
        builder
            .push(&content(file * length, length))
            .expect("lengths are as told");
    }
    builder.finish().expect("all bytes are there")
}

fn scale() {
    let meta = torrent(FILES, FILE_LENGTH);
    println!(
        "{FILES} files, {} pieces, {} bytes of metadata",
        meta.info.pieces.len(),
        meta.info_bytes.len()
    );
    let hash = meta.info_hash;
    timed("parse the metadata alone", || {
        torrent::Info::parse(&meta.info_bytes).is_ok()
    });
    let before = memory();
    let mut session = session(1);
    let input = add(&meta, true, false, Priority::Normal);
    timed("add, everything stored, nothing verified", || {
        session.handle_input(1, input)
    });
    println!(
        "{:44} {:10.1} MiB",
        "memory of the session",
        memory() - before
    );
    let total = meta.info.total_length();
    let mut hashed = 0.0;
    timed("verify all (hashing and making the bytes)", || {
        while let Some(output) = session.poll_output() {
            let Output::Load(hash, piece) = output else {
                continue;
            };
            let at = u64::from(piece) * 16_384;
            let bytes = content(at, (total - at).min(16_384));
            let start = Instant::now();
            session.handle_input(2, Input::Loaded(hash, piece, Some(bytes)));
            hashed += start.elapsed().as_secs_f64();
        }
    });
    println!(
        "{:44} {:10.1} MB/s",
        "verify, the session alone",
        total as f64 / hashed / 1e6
    );
    assert_eq!(
        session.status(2, &hash).map(|status| status.phase),
        Some(Phase::Seeding)
    );
    let prioritise = |files, priority| Input::Prioritise {
        torrent: hash,
        files,
        priority,
        within_millis: Some(1_000),
    };
    timed("all files to `none`", || {
        session.handle_input(3, prioritise((0, u32::MAX), Priority::None))
    });
    timed("one file to `now`", || {
        session.handle_input(4, prioritise((30_000, 30_001), Priority::Now))
    });
    timed("1,000 files to `now`, one by one", || {
        for file in 0..1_000 {
            session.handle_input(5, prioritise((file * 50, file * 50 + 1), Priority::Now));
        }
    });
    timed("status of the torrent, 1,000 times", || {
        for _ in 0..1_000 {
            assert!(session.status(6, &hash).is_some());
        }
    });
    timed("status of 100 files, 1,000 times", || {
        for turn in 0..1_000 {
            assert_eq!(session.files(&hash, turn * 50..turn * 50 + 100).len(), 100);
        }
    });
    timed("map of the pieces in 1,000 parts", || {
        session.piece_map(&hash, 1_000)
    });
    timed("record to save", || session.record(&hash));
    println!(
        "{:44} {:10.1} MiB",
        "memory of the session",
        memory() - before
    );
}

/// Two sessions side by side: what the core costs.
fn exchange() {
    let meta = torrent(1, 64_000_000);
    let mut sessions = [session(1), session(2)];
    sessions[0].handle_input(1, add(&meta, true, true, Priority::Normal));
    sessions[1].handle_input(1, add(&meta, false, false, Priority::Normal));
    for session in &mut sessions {
        session.handle_input(1, Input::TrackerOpen(TRACKER.into()));
    }
    let offer = TrackerMessage::Offer {
        info_hash: meta.info_hash,
        peer_id: PeerId(*b"-SD0100-...........\x01"),
        offer_id: OfferId([0; 20]),
        offer: Description::offer("offer"),
    };
    // The first one's offer, which the second answers.
    sessions[1].handle_input(1, Input::TrackerMessage(TRACKER.into(), offer.encode()));
    let offers = drain_offers(&mut sessions[0], meta.info_hash);
    let Some((first, name)) = offers else {
        panic!("the first session makes an offer");
    };
    let answer = TrackerMessage::Answer {
        info_hash: meta.info_hash,
        peer_id: PeerId(*b"-SD0100-...........\x02"),
        offer_id: name,
        answer: Description::answer("answer"),
    };
    sessions[0].handle_input(1, Input::TrackerMessage(TRACKER.into(), answer.encode()));
    let start = Instant::now();
    let mut second = None;
    let (mut messages, mut done) = (0u64, false);
    while !done {
        let mut quiet = true;
        for side in 0..2 {
            while let Some(output) = sessions[side].poll_output() {
                quiet = false;
                let now = 1 + start.elapsed().as_millis() as u64;
                match output {
                    Output::CreateAnswer(connection, _) => {
                        second = Some(connection);
                        sessions[1]
                            .handle_input(now, Input::Described(connection, "answer".into()));
                        sessions[1].handle_input(now, Input::Connected(connection));
                        sessions[0].handle_input(now, Input::Connected(first));
                    }
                    Output::Send(connection, bytes) => {
                        messages += 1;
                        let to = if side == 0 {
                            second.unwrap_or(ConnectionId(0))
                        } else {
                            first
                        };
                        sessions[1 - side].handle_input(now, Input::Received(to, bytes));
                        sessions[side].handle_input(now, Input::Buffered(connection, 0));
                    }
                    Output::Load(hash, piece) => {
                        let at = u64::from(piece) * 16_384;
                        let bytes = content(at, (64_000_000 - at).min(16_384));
                        sessions[side].handle_input(now, Input::Loaded(hash, piece, Some(bytes)));
                    }
                    Output::Store { torrent, piece, .. } => {
                        sessions[side].handle_input(now, Input::Stored(torrent, piece));
                    }
                    Output::Event(Event::Complete(_)) => done = true,
                    _ => {}
                }
            }
        }
        if quiet {
            let now = 1 + start.elapsed().as_millis() as u64;
            sessions
                .iter_mut()
                .for_each(|session| session.handle_input(now, Input::Timeout));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "64 MB between two sessions, both sides' work: {seconds:.3} s, {:.0} MB/s, {messages} messages",
        64.0 / seconds
    );
}

/// Lets the first session describe its offers and announce them; one of them, and its name.
fn drain_offers(session: &mut Session, hash: InfoHash) -> Option<(ConnectionId, OfferId)> {
    use torrent::announce::ClientMessage;

    let mut first = None;
    while let Some(output) = session.poll_output() {
        match output {
            Output::CreateOffer(connection) => {
                first.get_or_insert(connection);
                session.handle_input(1, Input::Described(connection, "offer".into()));
            }
            Output::TrackerSend(_, text) => {
                let Ok(ClientMessage::Announce(announce)) = ClientMessage::parse(&text) else {
                    continue;
                };
                if let (Some(offer), true) = (announce.offers.first(), announce.info_hash == hash) {
                    return Some((first?, offer.offer_id));
                }
            }
            _ => {}
        }
    }
    None
}
