//! What must hold whatever a peer says.

use torrent::announce::{Description, TrackerMessage};
use torrent::extension::{Hello, MetadataMessage};
use torrent::session::{AddTorrent, Config, Input, Limits, Output, Priority, Source};
use torrent::wire::{Block, Decoder, Handshake, Message};
use torrent::{Builder, ConnectionId, Metainfo, OfferId, PeerId, Session};

const TRACKER: &str = "ws://tracker";

/// Any bytes are messages or an error, wherever they are cut, and a message survives being sent.
/// The first byte tells where to cut.
pub fn wire(bytes: &[u8]) {
    let [cut, bytes @ ..] = bytes else {
        return;
    };
    let read = |parts: &[&[u8]]| {
        let mut decoder = Decoder::default();
        let mut sent = Vec::new();
        for part in parts {
            decoder.push(part.to_vec());
            while let Some(message) = decoder.message()? {
                message.encode(&mut sent);
            }
        }
        Ok::<_, torrent::wire::Error>(sent)
    };
    let whole = read(&[bytes]);
    let (one, other) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    assert_eq!(read(&[one, other]), whole);
    if let Ok(sent) = whole {
        // An unknown message is passed over with its body.
        assert!(sent.len() <= bytes.len());
        assert_eq!(read(&[&sent]).as_ref(), Ok(&sent));
    }
    let mut decoder = Decoder::default();
    decoder.push(bytes.to_vec());
    let _ = decoder.handshake();
}

/// Any bytes are an extended handshake or a message about metadata, or neither; what was
/// understood survives being sent.
pub fn extension(bytes: &[u8]) {
    if let Some(hello) = Hello::parse(bytes) {
        assert_eq!(Hello::parse(&hello.encode()), Some(hello));
    }
    if let Some(message) = MetadataMessage::parse(bytes) {
        let sent = message.encode();
        assert_eq!(MetadataMessage::parse(&sent), Some(message));
    }
}

/// A session bears whatever comes over a connection, and stores nothing that does not match. The
/// first byte chooses what it has; then each step is a kind and an argument, and for bytes as they
/// are their length.
pub fn session(bytes: &[u8]) {
    let Some((kind, mut steps)) = bytes.split_first() else {
        return;
    };
    let (meta, content) = sample();
    let pieces = meta.info.pieces.len() as u32;
    let mut session = Session::new(Config {
        peer_id: PeerId(*b"-SD0100-............"),
        seed: 1,
        limits: Limits::default(),
    });
    let source = match kind & 3 {
        0 => Source::InfoHash(meta.info_hash, None),
        _ => Source::Info(meta.info_bytes.clone()),
    };
    let add = AddTorrent {
        source,
        trackers: vec![TRACKER.into()],
        web_seeds: Vec::new(),
        flat_web_seeds: Vec::new(),
        stored: match kind & 3 {
            2 => vec![(0, pieces)],
            3 => vec![(0, 2)],
            _ => Vec::new(),
        },
        trusted: true,
        priority: if kind & 4 == 0 {
            Priority::Normal
        } else {
            Priority::Now
        },
        priorities: Vec::new(),
        paused: false,
        totals: (0, 0),
    };
    let mut now = 1_000;
    session.handle_input(now, Input::Add(Box::new(add)));
    let peer_id = PeerId(if kind & 8 == 0 {
        *b"-XX0100-............"
    } else {
        *b"-SD0100-abcabcabcabc"
    });
    let offer = TrackerMessage::Offer {
        info_hash: meta.info_hash,
        peer_id,
        offer_id: OfferId([1; 20]),
        offer: Description::offer("offer"),
    };
    session.handle_input(now, Input::TrackerOpen(TRACKER.into()));
    let offer = Input::TrackerMessage(TRACKER.into(), offer.encode());
    session.handle_input(now, offer);
    let mut connection = ConnectionId(0);
    drain(&mut session, now, &mut connection, &meta, &content);
    let handshake = Handshake {
        info_hash: meta.info_hash,
        peer_id,
        fast: kind & 16 == 0,
        extended: true,
    };
    let mut said = handshake.encode().to_vec();
    while let [step, argument, rest @ ..] = steps {
        steps = rest;
        let number = u32::from(*argument);
        let block = Block {
            piece: number % 8,
            begin: if number < 192 { 0 } else { number },
            length: if number < 128 && number % 8 < pieces {
                meta.info.length_of_piece(number % 8)
            } else {
                number
            },
        };
        let start = (block.piece * meta.info.piece_length + block.begin) as usize;
        let true_bytes = content.get(start..start + block.length as usize);
        let false_bytes = vec![*argument; block.length as usize];
        match step % 24 {
            0 => Message::Choke.encode(&mut said),
            1 => Message::Unchoke.encode(&mut said),
            2 => Message::Interested.encode(&mut said),
            3 => Message::NotInterested.encode(&mut said),
            4 => Message::Have(number % 8).encode(&mut said),
            5 => Message::Bitfield(&[*argument]).encode(&mut said),
            6 => Message::Request(block).encode(&mut said),
            7 => {
                let bytes = true_bytes.unwrap_or(&false_bytes);
                Message::Piece(block.piece, block.begin, bytes).encode(&mut said);
            }
            8 => Message::Piece(block.piece, block.begin, &false_bytes).encode(&mut said),
            9 => Message::Cancel(block).encode(&mut said),
            10 => Message::HaveAll.encode(&mut said),
            11 => Message::HaveNone.encode(&mut said),
            12 => Message::Reject(block).encode(&mut said),
            13 => Message::AllowedFast(number).encode(&mut said),
            14 => {
                let hello = Hello {
                    ut_metadata: Some(1),
                    metadata_size: Some(if number < 128 {
                        meta.info_bytes.len() as u32
                    } else {
                        number
                    }),
                    ..Hello::default()
                };
                Message::Extended(0, &hello.encode()).encode(&mut said);
            }
            15 => {
                let data = MetadataMessage::Data {
                    part: number % 2,
                    size: meta.info_bytes.len() as u32,
                    bytes: if number < 128 {
                        &meta.info_bytes
                    } else {
                        &false_bytes
                    },
                };
                Message::Extended(1, &data.encode()).encode(&mut said);
            }
            16 => Message::Extended(2, &(number % 9).to_be_bytes()).encode(&mut said),
            17 => {
                let request = MetadataMessage::Request(number).encode();
                Message::Extended(1, &request).encode(&mut said);
            }
            18 => now += u64::from(number) * 100,
            19 => {
                let wish = Input::Prioritise {
                    torrent: meta.info_hash,
                    files: (number % 4, number % 5),
                    priority: [Priority::None, Priority::Low, Priority::High, Priority::Now]
                        [*argument as usize / 64],
                    within_millis: Some(number),
                };
                session.handle_input(now, wish);
            }
            20 => {
                let pieces = (number % 8, number / 8 % 9);
                session.handle_input(now, Input::Evicted(meta.info_hash, pieces));
            }
            _ => {
                let length = usize::from(*argument).min(steps.len());
                said.extend_from_slice(&steps[..length]);
                steps = &steps[length..];
            }
        }
        let input = Input::Received(connection, core::mem::take(&mut said));
        session.handle_input(now, input);
        session.handle_input(now, Input::Timeout);
        drain(&mut session, now, &mut connection, &meta, &content);
    }
    if let Some(status) = session.status(now, &meta.info_hash) {
        assert!(status.bytes_completed <= status.length);
        assert!(status.wanted_completed <= status.wanted);
        let files = session.files(&meta.info_hash, 0..9);
        let bytes: u64 = files.iter().map(|file| file.bytes_completed).sum();
        assert_eq!(bytes, status.bytes_completed);
    }
}

/// Does what a session wants done, and looks at it.
fn drain(
    session: &mut Session,
    now: u64,
    connection: &mut ConnectionId,
    meta: &Metainfo,
    content: &[u8],
) {
    let of_piece = |piece: u32| {
        let start = piece as usize * meta.info.piece_length as usize;
        &content[start..start + meta.info.length_of_piece(piece) as usize]
    };
    while let Some(output) = session.poll_output() {
        match output {
            Output::CreateAnswer(new, _) => {
                *connection = new;
                session.handle_input(now, Input::Described(new, "answer".into()));
                session.handle_input(now, Input::Connected(new));
            }
            Output::Send(to, bytes) => {
                assert!(bytes.len() <= 256 * 1024);
                session.handle_input(now, Input::Buffered(to, 0));
            }
            Output::Store {
                torrent,
                piece,
                bytes,
            } => {
                assert_eq!(bytes, of_piece(piece));
                session.handle_input(now, Input::Stored(torrent, piece));
            }
            Output::Load(torrent, piece) => {
                let bytes = Some(of_piece(piece).to_vec());
                session.handle_input(now, Input::Loaded(torrent, piece, bytes));
            }
            _ => {}
        }
    }
}

/// A torrent of a few files and pieces, and its bytes.
fn sample() -> (Metainfo, Vec<u8>) {
    let lengths = [20_000, 0, 40_000, 50_000];
    let files = lengths.iter().enumerate();
    let files = files.map(|(number, length)| (number.to_string(), *length));
    let content: Vec<u8> = (0..110_000u32).map(|byte| (byte >> 3) as u8).collect();
    let mut builder = Builder::new("x", files.collect()).expect("paths are plain");
    builder.push(&content).expect("lengths are as told");
    let meta = builder.finish().expect("all bytes are there");
    (meta, content)
}
