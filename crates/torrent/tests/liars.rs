//! Peers that lie, flood, or say nothing, among honest ones.

mod sim;

use sim::puppet::{Scripted, encode};
use sim::{Sample, World};
use torrent::InfoHash;
use torrent::extension::{Hello, MetadataMessage, UT_METADATA};
use torrent::session::{Input, Priority, Problem, Source};
use torrent::wire::{Block, Message};

const MINUTE: u64 = 60_000;

fn sample() -> Sample {
    Sample::new(1, &[1_500_000, 20_000])
}

/// An honest seeder with a slow line, a leecher, and a puppet; the leecher finishes all the same.
/// Returns the world, and who is who.
fn among_honest<F>(sample: &Sample, greeting: &[Message<'_>], answer: F) -> (World, usize, usize)
where
    F: FnMut(&Message<'_>) -> Vec<u8> + 'static,
{
    let mut world = World::new(7);
    let puppet = Scripted::new(sample.hash(), greeting, answer);
    let puppet = world.join_puppet(puppet, sample.hash());
    let leecher = world.join();
    world.add(leecher, sample, false, Priority::Normal);
    // The puppet is met first.
    world.run_until(world.now + MINUTE, |world| {
        !world.nodes[leecher].connected.is_empty()
    });
    world.run_for(500);
    let seeder = world.join();
    world.nodes[seeder].uplink = 400_000;
    world.add(seeder, sample, true, Priority::Normal);
    (world, leecher, puppet)
}

fn finishes(world: &mut World, leecher: usize, sample: &Sample, within: u64) {
    let end = world.now + within;
    let done = world.run_until(end, |world| world.have_all(&[leecher], sample));
    assert!(done, "{:#?}", world.status(leecher, sample.hash()));
}

fn is_connected(world: &World, leecher: usize, puppet: usize) -> bool {
    world.nodes[leecher]
        .links
        .values()
        .any(|(node, _)| *node == puppet)
}

fn failures(world: &World, node: usize, hash: InfoHash) -> (u32, u32) {
    let problems = world.status(node, hash).problems;
    let failures = problems.iter().find_map(|problem| match problem {
        Problem::HashFailures { pieces, banned } => Some((*pieces, *banned)),
        _ => None,
    });
    failures.unwrap_or((0, 0))
}

/// Answers requests with zeros.
fn zeros(message: &Message<'_>) -> Vec<u8> {
    match message {
        Message::Request(Block {
            piece,
            begin,
            length,
        }) => {
            let bytes = vec![0; *length as usize];
            encode(&[Message::Piece(*piece, *begin, &bytes)])
        }
        _ => Vec::new(),
    }
}

#[test]
fn who_sends_false_pieces_is_banned() {
    let sample = sample();
    let greeting = [Message::HaveAll, Message::Unchoke];
    let (mut world, leecher, puppet) = among_honest(&sample, &greeting, zeros);
    finishes(&mut world, leecher, &sample, 2 * MINUTE);
    let (pieces, banned) = failures(&world, leecher, sample.hash());
    assert!(pieces >= 1 && banned == 1, "{pieces} {banned}");
    world.run_for(5 * MINUTE);
    assert!(!is_connected(&world, leecher, puppet));
}

#[test]
fn the_guilty_among_several_givers_is_found() {
    // Pieces of 64 blocks, which come from several peers.
    let sample = Sample::new(2, &[8_000_000]).with_pieces(1 << 20);
    let mut world = World::new(8);
    let honest: Vec<usize> = (0..2).map(|_| world.join()).collect();
    let liar = world.join();
    for node in honest.iter().copied().chain([liar]) {
        world.nodes[node].uplink = 300_000;
        world.add(node, &sample, true, Priority::Normal);
    }
    world.nodes[liar].corrupt = true;
    world.run_for(200);
    let leecher = world.join();
    world.add(leecher, &sample, false, Priority::Normal);
    finishes(&mut world, leecher, &sample, 5 * MINUTE);
    let (pieces, banned) = failures(&world, leecher, sample.hash());
    // Not one after the other until it gives a piece alone.
    assert!((1..=8).contains(&pieces), "{pieces}");
    assert_eq!(banned, 1);
    for node in honest {
        world.run_for(1);
        assert_eq!(failures(&world, node, sample.hash()), (0, 0));
    }
}

#[test]
fn who_joins_while_the_guilty_is_looked_for_holds_nothing_up() {
    let sample = Sample::new(3, &[4_000_000]).with_pieces(1 << 20);
    for seed in 0..20 {
        let mut world = World::new(seed);
        let liar = world.join();
        for node in [world.join(), liar] {
            world.nodes[node].uplink = 300_000;
            world.add(node, &sample, true, Priority::Normal);
        }
        world.nodes[liar].corrupt = true;
        world.run_for(200);
        let leecher = world.join();
        world.add(leecher, &sample, false, Priority::Normal);
        let end = world.now + MINUTE;
        world.run_until(end, |world| failures(world, leecher, sample.hash()).0 > 0);
        world.run_for(400 * seed);
        let late = world.join();
        world.add(late, &sample, true, Priority::Normal);
        finishes(&mut world, leecher, &sample, 5 * MINUTE);
    }
}

#[test]
fn requests_that_are_never_answered_go_to_others() {
    let sample = sample();
    let greeting = [Message::HaveAll, Message::Unchoke];
    let (mut world, leecher, puppet) = among_honest(&sample, &greeting, |_| Vec::new());
    world.run_for(3_300);
    let peers = world.session(leecher).peers(world.now, &sample.hash());
    let asked = peers.iter().find(|peer| peer.downloaded == 0);
    assert!(asked.is_some_and(|peer| peer.requests <= 1), "{peers:?}");
    finishes(&mut world, leecher, &sample, 20_000);
    world.run_for(2 * MINUTE);
    assert!(!is_connected(&world, leecher, puppet));
}

#[test]
fn requests_that_are_always_rejected_go_to_others() {
    let sample = sample();
    let greeting = [Message::HaveAll, Message::Unchoke];
    let (mut world, leecher, _) = among_honest(&sample, &greeting, |message| match message {
        Message::Request(block) => encode(&[Message::Reject(*block)]),
        _ => Vec::new(),
    });
    finishes(&mut world, leecher, &sample, MINUTE);
}

#[test]
fn who_breaks_the_rules_is_dropped() {
    let sample = sample();
    let far = Block {
        piece: 5_000_000,
        begin: 0,
        length: 16_384,
    };
    let long = Block {
        piece: 0,
        begin: 0,
        length: 1 << 20,
    };
    let cases: [(&str, Vec<u8>); 9] = [
        (
            "a bitfield of another size",
            encode(&[Message::Bitfield(&[0xff; 100])]),
        ),
        (
            "a piece that is not there",
            encode(&[Message::Have(u32::MAX)]),
        ),
        ("a request beyond the end", encode(&[Message::Request(far)])),
        (
            "a request that is too long",
            encode(&[Message::Request(long)]),
        ),
        (
            "a message that is too long",
            vec![0xff, 0xff, 0xff, 0xff, 7],
        ),
        ("a message that is too short", vec![0, 0, 0, 2, 4, 0]),
        (
            "blocks that nobody asked for",
            encode(&[Message::Piece(0, 0, &[0; 64]); 300]),
        ),
        (
            "requests without end",
            encode(
                &[Message::Request(Block {
                    piece: 0,
                    begin: 0,
                    length: 9,
                }); 9_000],
            ),
        ),
        ("no handshake", b"GET / HTTP/1.1\r\n".to_vec()),
    ];
    for (name, bytes) in cases {
        let mut puppet = Scripted::new(sample.hash(), &[], |_| Vec::new());
        if name == "no handshake" {
            puppet.hello = bytes;
        } else {
            puppet.hello.extend(bytes);
        }
        let mut world = World::new(9);
        let puppet = world.join_puppet(puppet, sample.hash());
        let node = world.join();
        world.add(node, &sample, false, Priority::Normal);
        world.run_until(world.now + MINUTE, |world| world.nodes[puppet].sent > 0);
        world.run_for(1_000);
        assert!(!is_connected(&world, node, puppet), "{name}");
        assert!(world.nodes[puppet].sent > 0, "{name}");
    }
}

#[test]
fn what_is_unknown_or_idle_is_passed_over() {
    let sample = sample();
    let greeting = [
        Message::Unknown(77),
        Message::Extended(99, b"what"),
        Message::Extended(0, b"not a dictionary"),
        Message::Extended(UT_METADATA, b"d8:msg_typei7ee"),
        Message::Port(1),
        Message::Suggest(1),
        Message::AllowedFast(4_000_000),
        Message::Cancel(Block {
            piece: 1,
            begin: 2,
            length: 3,
        }),
        Message::Reject(Block {
            piece: 1,
            begin: 2,
            length: 3,
        }),
        Message::KeepAlive,
        Message::HaveNone,
    ];
    let (mut world, leecher, puppet) = among_honest(&sample, &greeting, |_| Vec::new());
    assert!(is_connected(&world, leecher, puppet));
    finishes(&mut world, leecher, &sample, MINUTE);
}

#[test]
fn a_flood_of_have_does_no_harm() {
    let sample = sample();
    let pieces = sample.meta.info.pieces.len() as u32;
    let greeting: Vec<Message<'_>> = (0..100_000).map(|n| Message::Have(n % pieces)).collect();
    let (mut world, leecher, _) = among_honest(&sample, &greeting, |_| Vec::new());
    finishes(&mut world, leecher, &sample, MINUTE);
}

#[test]
fn who_is_said_to_be_ourselves_is_refused() {
    let sample = sample();
    let mut world = World::new(10);
    let mut puppet = Scripted::new(sample.hash(), &[], |_| Vec::new());
    let own = *b"-SD0100-ownownownown";
    puppet.hello[48..68].copy_from_slice(&own);
    let puppet = world.join_puppet(puppet, sample.hash());
    let node = world.join();
    let session = torrent::Session::new(torrent::session::Config {
        peer_id: torrent::PeerId(own),
        seed: 1,
        limits: torrent::session::Limits::default(),
    });
    world.nodes[node].mind = sim::Mind::Session(Box::new(session));
    world.add(node, &sample, false, Priority::Normal);
    world.run_until(world.now + MINUTE, |world| world.nodes[puppet].sent > 0);
    world.run_for(1_000);
    assert!(!is_connected(&world, node, puppet));
}

/// Puppets that offer metadata of a size, and give it as told.
fn with_metadata_from(
    sample: &Sample,
    liars: usize,
    size: u32,
    part: impl Fn(u32) -> Option<Vec<u8>> + Clone + 'static,
) -> World {
    let mut world = World::new(11);
    let hello = Hello {
        ut_metadata: Some(3),
        metadata_size: Some(size),
        ..Hello::default()
    };
    let hello = hello.encode();
    for _ in 0..liars {
        let part = part.clone();
        let greeting = [Message::Extended(0, &hello), Message::HaveAll];
        let mut puppet = Scripted::new(sample.hash(), &greeting, move |message| {
            let Message::Extended(3, bytes) = message else {
                return Vec::new();
            };
            let Some(MetadataMessage::Request(number)) = MetadataMessage::parse(bytes) else {
                return Vec::new();
            };
            let answer = match part(number) {
                Some(bytes) => MetadataMessage::Data {
                    part: number,
                    size,
                    bytes: &bytes,
                }
                .encode(),
                None => MetadataMessage::Reject(number).encode(),
            };
            encode(&[Message::Extended(UT_METADATA, &answer)])
        });
        let id = world.lot.next().to_le_bytes();
        puppet.hello[60..68].copy_from_slice(&id);
        world.join_puppet(puppet, sample.hash());
    }
    world
}

#[test]
fn false_metadata_is_seen_through() {
    let lengths: Vec<u64> = (0..1_500).map(|index| 300 + index % 50).collect();
    let sample = Sample::new(12, &lengths);
    let size = sample.meta.info_bytes.len() as u32;
    let zeros = move |part: u32| {
        let left = size - part * 16_384;
        Some(vec![0; left.min(16_384) as usize])
    };
    let cases: [(&str, World, bool); 5] = [
        (
            "another size",
            with_metadata_from(&sample, 3, 50_000, |_| Some(vec![0; 16_384])),
            false,
        ),
        (
            "an absurd size",
            with_metadata_from(&sample, 3, u32::MAX, |_| None),
            false,
        ),
        ("zeros", with_metadata_from(&sample, 2, size, zeros), true),
        (
            "parts of a wrong size",
            with_metadata_from(&sample, 2, size, |_| Some(vec![1; 99])),
            false,
        ),
        (
            "only rejections",
            with_metadata_from(&sample, 2, size, |_| None),
            false,
        ),
    ];
    for (name, mut world, banned) in cases {
        let node = world.join();
        let mut add = sample.adding();
        add.source = Source::InfoHash(sample.hash(), None);
        world.input(node, Input::Add(Box::new(add)));
        // The liars are there before somebody honest is.
        world.run_for(1_000);
        let seeder = world.join();
        world.add(seeder, &sample, true, Priority::Normal);
        let end = world.now + 10 * MINUTE;
        let done = world.run_until(end, |world| world.have_all(&[node], &sample));
        assert!(done, "{name}: {:#?}", world.status(node, sample.hash()));
        assert_eq!(
            failures(&world, node, sample.hash()).1 > 0,
            banned,
            "{name}"
        );
    }
}
