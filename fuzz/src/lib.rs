//! What must hold for any bytes, reader by reader. The fuzz targets feed these checks, and a test
//! of the workspace replays the corpora through the same file.

pub mod peer;

use c64::computer::{Computer, Machine, Report};
use c64::prg::Prg;
use c64::{CiaModel, Config, Player, Snapshot, VicModel};
use catalog::{Column, Index, Query, Sort};
use forwarded::{Client, Head, Proxies, ProxyHeader};
use listening::keep::{self as keeping, Kept, Key};
use listening::preferences::Preferences;
use listening::share::Spot;
use protocol::network::Network;
use protocol::{engine, library, visuals};
use sidfile::mus::Mus;
use sidfile::{Md5, Songlengths, Stil, Tune};
use telemetry::{Beacon, FAMILIES, Kind, Merger};
use torrent::announce::{ClientMessage, TrackerMessage};
use torrent::bencode::Value;
use torrent::frames::{self as websocket, Fragments, Frame, MOST_MESSAGE};
use torrent::range::{Wanted, parse as parse_range};
use torrent::tracker::{BUS_VERSION, Config as TrackerConfig, Envelope, RelayId, Tracker};
use torrent::{Magnet, Metainfo};

/// Long enough for a frame and its interrupts.
const CYCLES: u64 = 30_000;
/// A little sound, to reach the chips.
const FRAMES: usize = 500;

/// A reader of foreign bytes: the name of its target and corpus, and its check.
pub type Check = (&'static str, fn(&[u8]));

/// All of them.
pub const CHECKS: [Check; 26] = [
    ("sidfile", sidfile),
    ("mus", mus),
    ("songlengths", songlengths),
    ("stil", stil),
    ("catalog", catalog),
    ("query", query),
    ("protocol", protocol),
    ("preferences", preferences),
    ("kept_session", kept_session),
    ("keep", keep),
    ("machine", machine),
    ("snapshot", snapshot),
    ("tune", tune),
    ("bencode", bencode),
    ("metainfo", metainfo),
    ("magnet", magnet),
    ("announce", announce),
    ("wire", peer::wire),
    ("extension", peer::extension),
    ("session", peer::session),
    ("beacon", beacon),
    ("bus", bus),
    ("forwarded", forwarded),
    ("network", network),
    ("frames", frames),
    ("range", range),
];

/// Any text is a network or an error, and a network is written in one way.
pub fn network(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(network) = text.parse::<Network>() {
        assert_eq!(network.to_string().parse(), Ok(network));
    }
}

/// Any bytes are frames up to where they end or break off, and no message is longer than allowed.
pub fn frames(bytes: &[u8]) {
    let mut stream = bytes.to_vec();
    let mut rest = &mut *stream;
    let mut fragments = Fragments::default();
    while let Ok(Some((frame, size))) = websocket::take(rest, &mut fragments) {
        if let Some(Frame::Message(text)) = frame {
            assert!(text.len() <= MOST_MESSAGE);
        }
        rest = &mut rest[size..];
        fragments.tidy();
    }
}

/// Any text asks for bytes that are there, for all of them, or for none; the first eight bytes say
/// how many there are.
pub fn range(bytes: &[u8]) {
    let Some((length, text)) = bytes.split_first_chunk() else {
        return;
    };
    let length = u64::from_le_bytes(*length);
    if let Wanted::Part(start, end) = parse_range(&String::from_utf8_lossy(text), length) {
        assert!(start < end && end <= length);
    }
}

/// Any bytes are a tune or an error, and a tune keeps its own rules.
pub fn sidfile(bytes: &[u8]) {
    if let Ok(tune) = Tune::parse(bytes) {
        assert!((1..=tune.songs).contains(&tune.start_song));
        assert!((1..=3).contains(&tune.chips.len()));
        assert!(tune.load_range().end <= 0x1_0000);
        let _ = tune.speed_of(tune.songs);
        let _ = tune.relocation();
    }
}

/// Any bytes are a Sidplayer song or an error, and a song is played.
pub fn mus(bytes: &[u8]) {
    let Ok(mus) = Mus::parse(bytes) else {
        return;
    };
    assert!((1..=2).contains(&mus.scores.len()));
    let tune = mus.tune(bytes);
    assert_eq!(Mus::of(&tune), Ok(mus));
    let mut player = Player::new(&tune, 1, &Config::default()).expect("any song plays");
    player.run_cycles(20 * CYCLES);
}

/// Any bytes are a list of lengths.
pub fn songlengths(bytes: &[u8]) {
    let list = Songlengths::parse(bytes);
    for tune in list.tunes() {
        assert!(list.get(&tune.md5).is_some_and(|millis| !millis.is_empty()));
    }
}

/// Any bytes are a list of notes.
pub fn stil(bytes: &[u8]) {
    let stil = Stil::parse(bytes);
    for (path, notes) in stil.iter() {
        assert_eq!(stil.get(path), Some(notes));
        let _ = stil.folders(path).count();
    }
}

/// Any bytes are a catalogue or an error, also as the content of any version; and a catalogue
/// survives being written.
pub fn catalog(bytes: &[u8]) {
    const HEADER: usize = 22;
    let _ = catalog::decode(bytes);
    for version in 1..=catalog::FORMAT_VERSION {
        let mut file = catalog::encode(&[]);
        file.truncate(HEADER);
        file[4..6].copy_from_slice(&version.to_le_bytes());
        // The header ends with the digest of what follows.
        file[HEADER - 16..].copy_from_slice(&Md5::of(bytes).0);
        file.extend_from_slice(bytes);
        if let Ok(entries) = catalog::decode(&file) {
            assert_eq!(catalog::decode(&catalog::encode(&entries)), Ok(entries));
        }
    }
}

/// Any text is a query, and what it finds is told with places that are in the texts.
pub fn query(bytes: &[u8]) {
    let filter = String::from_utf8_lossy(bytes).into_owned();
    let entry = |number: u8, title: &str, author: &str, released: &str| {
        let mut entries = catalog::decode(include_bytes!("../corpus/catalog/one-tune"))
            .expect("the seed is a catalogue");
        let mut entry = entries.remove(0);
        entry.md5 = Md5([number; 16]);
        entry.title = title.to_owned();
        entry.author = author.to_owned();
        entry.released = released.to_owned();
        entry
    };
    let mut index = Index::new([
        entry(1, "Commando", "Rob Hubbard", "1985 Elite"),
        entry(2, "Zo\u{eb}'s \u{c6}ther", "<?>", "198? Nobody"),
        entry(3, "", "", ""),
    ]);
    let query = Query {
        filter: filter.clone(),
        sort: Sort {
            column: Column::Relevance,
            descending: false,
        },
    };
    let found = index.search(&query);
    for &file in &found.files {
        let hit = index.hit(file, &found);
        let beside = hit.places.beside.unwrap_or_default();
        for (text, places) in [
            (&hit.row.title, &hit.places.title),
            (&hit.row.author, &hit.places.author),
            (&hit.row.released, &hit.places.released),
            (&beside.text, &beside.places),
        ] {
            let marked = places
                .iter()
                .map(|&(from, to)| &text[from as usize..to as usize]);
            assert!(marked.into_iter().all(|part| !part.is_empty()));
        }
    }
    let _ = index.facets(&found);
    let _ = index.composers(&filter);
}

/// Any bytes are a message or an error, to either worker and from it; and a message survives
/// being sent again.
pub fn protocol(bytes: &[u8]) {
    fn check<T>(bytes: &[u8])
    where
        T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + core::fmt::Debug,
    {
        if let Ok(message) = protocol::decode::<T>(bytes) {
            let again = protocol::encode(message.id, &message.body);
            assert_eq!(protocol::decode::<T>(&again), Ok(message));
        }
    }
    check::<engine::Request>(bytes);
    check::<engine::Event>(bytes);
    check::<library::Request>(bytes);
    check::<library::Event>(bytes);
    check::<visuals::Request>(bytes);
    check::<visuals::Event>(bytes);
}

/// Any bytes are a session, picks or unfinished tunes, or they are refused.
pub fn kept_session(bytes: &[u8]) {
    let _ = listening::session::reads(bytes);
}

/// Any text is preferences with repairs, and what was repaired needs none when saved.
pub fn preferences(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (found, _) = Preferences::load(&text);
    assert_eq!(Preferences::load(&found.save()), (found, Vec::new()));
}

/// Any text is a file of what a listener keeps, a list of paths, or neither; and what is read
/// survives being written. Any bytes are a record or damaged.
pub fn keep(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(parsed) = keeping::read(&text) {
        let again = keeping::read(&keeping::write(&parsed.kept, None)).expect("as written");
        assert_eq!((again.kept, again.refused), (parsed.kept, 0));
    }
    let (_, items, _) = keeping::read_m3u(&text, |_| None);
    assert!(items.len() <= text.lines().count());
    let mut kept = Kept::default();
    let key = Key::Tune(Md5::of(b""));
    if kept.take(key, bytes).is_ok() {
        assert_eq!(kept.record(key).as_deref(), Some(bytes));
    }
    if let Some(spot) = Spot::parse(&text) {
        assert_eq!(Spot::parse(&spot.text()).unwrap_or_default(), spot);
    }
}

/// Any memory image runs on any machine, without sound and so by the thousand. The first byte
/// chooses the chips, the next two where the image belongs and starts.
pub fn machine(bytes: &[u8]) {
    let [kind, image @ ..] = bytes else {
        return;
    };
    let Ok(prg) = Prg::parse(image) else {
        return;
    };
    let machine = Machine {
        vic: match kind & 7 {
            0..=3 => VicModel::Mos6569,
            4 => VicModel::Mos6567R8,
            5 => VicModel::Mos6567R56A,
            6 => VicModel::Mos6572,
            _ => VicModel::Mos6573,
        },
        cia: if kind & 8 == 0 {
            CiaModel::Mos8521
        } else {
            CiaModel::Mos6526
        },
        ..Machine::default()
    };
    let Ok(mut computer) = Computer::new(&machine, &prg) else {
        return;
    };
    let end = computer.cycles() + CYCLES;
    while computer.cycles() < end {
        if let Report::Jammed { .. } = computer.run(end - computer.cycles()) {
            return;
        }
    }
}

/// Any memory image is played as a tune, and sounds. The first bytes choose load and play
/// address, the next whether the tune is for a real machine; the image follows.
pub fn tune(bytes: &[u8]) {
    let [load_low, load_high, play_low, play_high, kind, image @ ..] = bytes else {
        return;
    };
    let mut file = vec![0; 0x7c];
    file[..8].copy_from_slice(b"PSID\0\x02\0\x7c");
    file[0x0f] = 1;
    if kind & 1 == 0 {
        file[0x0c..0x0e].copy_from_slice(&[*play_high, *play_low]);
    } else {
        file[..4].copy_from_slice(b"RSID");
    }
    file.extend([*load_low, *load_high]);
    file.extend(image);
    let Ok(tune) = Tune::parse(&file) else {
        return;
    };
    let Ok(mut player) = Player::new(&tune, 1, &Config::default()) else {
        return;
    };
    player.run_cycles(CYCLES);
    let mut sound = [0.0; 2 * FRAMES];
    player.render(&mut sound, None);
    assert!(sound.iter().all(|sample| sample.abs() <= 1.0));
}

/// Any bytes are a snapshot or an error, alone or told by another; and a snapshot survives being
/// written.
pub fn snapshot(bytes: &[u8]) {
    let _ = Snapshot::decode(bytes, None);
    let base = first_moment();
    // Behind a head that fits.
    let mut fitting = base.encode(Some(&base));
    fitting.truncate(18);
    fitting.extend_from_slice(bytes);
    for bytes in [bytes, &fitting] {
        if let Ok(found) = Snapshot::decode(bytes, Some(&base)) {
            let again = Snapshot::decode(&found.encode(Some(&base)), Some(&base));
            assert!(again.is_ok_and(|again| again == found));
        }
    }
}

/// A snapshot of a song that has not begun.
fn first_moment() -> Snapshot {
    let mut file = vec![0; 0x7c];
    file[..8].copy_from_slice(b"PSID\0\x02\0\x7c");
    file[0x0f] = 1;
    file.extend([0x00, 0x10, 0x60]);
    let tune = Tune::parse(&file).expect("the fixture is a tune");
    let mut player = Player::new(&tune, 1, &Config::default()).expect("the fixture plays");
    player.snapshot()
}

/// Any bytes are a value or an error, and what is written is canonical.
pub fn bencode(bytes: &[u8]) {
    if let Ok(value) = Value::parse(bytes) {
        let written = value.encode();
        let again = Value::parse(&written).expect("what is written is read");
        assert_eq!(again.encode(), written);
    }
}

/// Any bytes are a torrent or an error, and a torrent keeps its own rules.
pub fn metainfo(bytes: &[u8]) {
    let Ok(found) = Metainfo::parse(bytes) else {
        return;
    };
    let mut end = 0;
    for file in &found.info.files {
        assert!(file.offset >= end && !file.path.is_empty());
        assert!(
            file.path
                .split('/')
                .all(|part| !matches!(part, "" | "." | ".."))
        );
        end = file.offset + file.length;
    }
    assert!(end <= found.info.total_length());
    let last = found.info.pieces.len() - 1;
    assert!(found.info.length_of_piece(last as u32) > 0);
    let again = found.encode(&found.trackers, &found.web_seeds, &[]);
    assert_eq!(Metainfo::parse(&again), Ok(found));
}

/// Any text is a link or an error, and a link survives being written.
pub fn magnet(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(magnet) = text.parse::<Magnet>() {
        assert_eq!(magnet.to_string().parse(), Ok(magnet));
    }
}

/// Any text is a tracker's message or an error, on either side, and a message survives being
/// written.
pub fn announce(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(message) = ClientMessage::parse(&text) {
        let written = message.encode();
        assert_eq!(ClientMessage::parse(&written), Ok(message));
    }
    if let Ok(message) = TrackerMessage::parse(&text) {
        let written = message.encode();
        assert_eq!(TrackerMessage::parse(&written), Ok(message));
    }
}

/// Any bytes are a beacon or an error, also behind a head that fits; a beacon survives being
/// written, and a relay that adds it up has what it tells.
pub fn beacon(bytes: &[u8]) {
    let framed = [&[telemetry::VERSION][..], &[0; 8], bytes].concat();
    for bytes in [bytes, &framed] {
        let Ok(beacon) = Beacon::decode(bytes) else {
            continue;
        };
        assert_eq!(beacon.encode(), bytes);
        let mut merger = Merger::default();
        merger.merge(&beacon);
        let mut told: u64 = 0;
        for family in &FAMILIES {
            for series in 0..family.series() {
                told += match family.kind {
                    Kind::Counter => merger.counter(family.id, series),
                    Kind::Histogram { .. } => merger
                        .histogram(family.id, series)
                        .counts
                        .iter()
                        .sum::<u64>(),
                };
            }
        }
        let counts = beacon.figures().flat_map(|figure| figure.counts);
        assert_eq!(told, counts.map(|count| u64::from(*count)).sum::<u64>());
    }
}

/// Any bytes are what another relay says or an error; a relay that hears them goes on.
pub fn bus(bytes: &[u8]) {
    if let Ok(envelope) = Envelope::decode(bytes) {
        assert_eq!(Envelope::decode(&envelope.encode()), Ok(envelope));
    }
    let mut tracker = Tracker::new(TrackerConfig::default(), 1).sharing(RelayId(1), 0);
    let _ = tracker.hear(0, bytes, |_, _| {});
    let _ = tracker.hear(1, &[&[BUS_VERSION], bytes].concat(), |_, _| {});
    tracker.tick(2_000);
    for outgoing in tracker.take_outgoing() {
        assert!(Envelope::decode(&outgoing.bytes).is_ok());
    }
    tracker.tick(60_000);
    assert_eq!((tracker.relays(), tracker.remote_peers()), (0, 0));
}

/// Lines of a head, each of every name.
struct Lines<'a>(Vec<&'a str>);

impl Head for Lines<'_> {
    fn lines(&self, _: &'static str) -> Vec<&str> {
        self.0.clone()
    }
}

/// Whatever is in the head of a request, who is not trusted is not believed, and what a client
/// wrote itself does not hide what the proxy wrote behind it.
pub fn forwarded(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let proxies = |header| Proxies {
        networks: vec!["10.0.0.0/8".parse().expect("a network")],
        header,
    };
    let [stranger, proxy, seen] =
        [[203, 0, 113, 1], [10, 0, 0, 1], [198, 51, 100, 7]].map(Into::into);
    for (header, own) in [
        (ProxyHeader::XForwardedFor, "198.51.100.7"),
        (ProxyHeader::Forwarded, "for=198.51.100.7"),
    ] {
        let proxies = proxies(header);
        let lines = Lines(text.lines().collect());
        let direct = proxies.client(Some(stranger), &lines);
        let expected = Client {
            address: Some(stranger),
            ..Client::default()
        };
        assert_eq!(direct, expected);
        let _ = proxies.client(Some(proxy), &lines);
        let last = text.lines().next_back().unwrap_or_default();
        let behind = format!("{last}, {own}");
        let mut lines = lines;
        lines.0.push(&behind);
        let client = proxies.client(Some(proxy), &lines);
        assert_eq!(client.address, Some(seen));
    }
}
