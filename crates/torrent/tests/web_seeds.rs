//! Torrents from web seeds, alone and beside peers.

mod sim;

use sim::{Manner, Sample, SimSeed, World};
use torrent::session::{Event, Input, Lead, Limits, Phase, Priority, Problem};

const MINUTE: u64 = 60_000;
const FLAT: &str = "https://seed/x.flat";
const FOLDER: &str = "https://seed/files";

fn seed(sample: &Sample, manner: Manner) -> SimSeed {
    SimSeed {
        bytes: sample.bytes.clone(),
        manner,
        rate: 2_000_000,
        served: 0,
    }
}

/// A listener without peers, with a flat web seed.
fn alone(sample: &Sample, manner: Manner, priority: Priority) -> (World, usize) {
    let mut world = World::new(1);
    world.seeds.insert(FLAT.into(), seed(sample, manner));
    let node = world.join_with(Limits {
        peers: false,
        ..Limits::default()
    });
    let mut add = sample.adding();
    add.flat_web_seeds = vec![FLAT.into()];
    add.priority = priority;
    world.input(node, Input::Add(Box::new(add)));
    (world, node)
}

fn finishes(world: &mut World, node: usize, sample: &Sample, within: u64) {
    let end = world.now + within;
    let done = world.run_until(end, |world| world.have_all(&[node], sample));
    assert!(done, "{:#?}", world.status(node, sample.hash()));
}

#[test]
fn a_flat_seed_alone_gives_everything_in_few_requests() {
    let sample = Sample::new(1, &[3_000_000, 7, 0, 2_000_000, 90_000]);
    let (mut world, node) = alone(&sample, Manner::Good, Priority::Normal);
    finishes(&mut world, node, &sample, MINUTE);
    let fetches = &world.nodes[node].fetches;
    assert!(fetches.len() < 60, "{}", fetches.len());
    let bytes: u64 = fetches.iter().map(|(_, _, length)| length).sum();
    assert_eq!(bytes, sample.bytes.len() as u64);
    assert!(fetches.iter().all(|(_, _, length)| *length <= 1 << 20));
    let status = world.status(node, sample.hash());
    assert_eq!(status.phase, Phase::Seeding);
    assert_eq!(status.problems, []);
    let source = status
        .sources
        .iter()
        .find(|source| source.url == FLAT)
        .unwrap();
    assert!(source.working && source.web_seed && source.downloaded == bytes);
    assert!(world.nodes[node].sockets.is_empty());
}

#[test]
fn a_folder_of_files_gives_pieces_that_span_them() {
    let lengths: Vec<u64> = (0..40).map(|index| index * 900).collect();
    let sample = Sample::new(2, &lengths);
    let (mut world, node) = alone(&sample, Manner::Missing, Priority::Normal);
    for file in &sample.meta.info.files {
        let bytes = &sample.bytes[file.offset as usize..(file.offset + file.length) as usize];
        let it = SimSeed {
            bytes: bytes.to_vec(),
            manner: Manner::Good,
            rate: 500_000,
            served: 0,
        };
        world
            .seeds
            .insert(format!("{FOLDER}/music/{}", file.path), it);
    }
    let mut add = sample.adding();
    add.web_seeds = vec![FOLDER.into()];
    world.input(node, Input::Add(Box::new(add)));
    finishes(&mut world, node, &sample, MINUTE);
}

#[test]
fn one_file_now_fetches_its_pieces_alone_and_at_once() {
    let sample = Sample::new(3, &[5_000; 2_000]);
    let (mut world, node) = alone(&sample, Manner::Good, Priority::None);
    world.run_for(1_000);
    assert!(world.nodes[node].fetches.is_empty());
    let wish = Input::Prioritise {
        torrent: sample.hash(),
        files: (1_234, 1_235),
        priority: Priority::Now,
        within_millis: Some(500),
    };
    world.input(node, wish);
    let asked = world.now;
    let complete = Event::FileComplete(sample.hash(), 1_234);
    let done = world.run_until(asked + 100, |world| {
        world.nodes[node]
            .events
            .iter()
            .any(|(_, event)| *event == complete)
    });
    assert!(done);
    let bytes: u64 = world.nodes[node]
        .fetches
        .iter()
        .map(|(_, _, length)| length)
        .sum();
    assert!(bytes <= 2 * 16_384, "{bytes}");
    assert_eq!(world.status(node, sample.hash()).phase, Phase::Seeding);
}

#[test]
fn seeds_that_fail_are_told_of_and_tried_again() {
    for manner in [
        Manner::Cuts,
        Manner::Missing,
        Manner::Silent,
        Manner::TooMuch,
    ] {
        let sample = Sample::new(4, &[1_000_000]);
        let (mut world, node) = alone(&sample, manner, Priority::Normal);
        world.run_for(10 * MINUTE);
        let problems = world.status(node, sample.hash()).problems;
        let is_told = problems.iter().any(|problem| {
            matches!(problem, Problem::WebSeed { retry_in_millis: Some(wait), .. } if *wait <= 300_000)
        });
        assert!(is_told, "{problems:?}");
        assert!(problems.contains(&Problem::NoPeers));
        // It is not hammered.
        assert!(world.nodes[node].fetches.len() < 60);
        world.seeds.get_mut(FLAT).unwrap().manner = Manner::Good;
        finishes(&mut world, node, &sample, 6 * MINUTE);
        assert_eq!(world.status(node, sample.hash()).problems, []);
    }
}

#[test]
fn a_seed_that_lies_is_not_asked_again_and_another_helps() {
    let sample = Sample::new(5, &[1_000_000]);
    let (mut world, node) = alone(&sample, Manner::Lies, Priority::Normal);
    world.run_for(MINUTE);
    let problems = world.status(node, sample.hash()).problems;
    let is_told = problems.iter().any(|problem| {
        matches!(
            problem,
            Problem::WebSeed {
                retry_in_millis: None,
                ..
            }
        )
    });
    assert!(is_told, "{problems:?}");
    let served = world.seeds[FLAT].served;
    world
        .seeds
        .insert("https://good".into(), seed(&sample, Manner::Good));
    let mut add = sample.adding();
    add.flat_web_seeds = vec!["https://good".into()];
    world.input(node, Input::Add(Box::new(add)));
    finishes(&mut world, node, &sample, MINUTE);
    assert_eq!(world.seeds[FLAT].served, served);
}

#[test]
fn peers_that_deliver_spare_the_web_seed() {
    let sample = Sample::new(6, &[40_000_000]);
    let mut world = World::new(6);
    world.seeds.insert(FLAT.into(), seed(&sample, Manner::Good));
    let seeder = world.join();
    world.nodes[seeder].uplink = 4_000_000;
    world.add(seeder, &sample, true, Priority::Normal);
    world.run_for(500);
    let node = world.join();
    let mut add = sample.adding();
    add.flat_web_seeds = vec![FLAT.into()];
    world.input(node, Input::Add(Box::new(add)));
    finishes(&mut world, node, &sample, MINUTE);
    let served = world.seeds[FLAT].served;
    assert!(served < 8_000_000, "{served}");
}

#[test]
fn what_is_urgent_comes_from_the_web_seed_where_the_peer_is_late() {
    let sample = Sample::new(7, &[5_000; 1_000]);
    let mut world = World::new(7);
    world.seeds.insert(FLAT.into(), seed(&sample, Manner::Good));
    let seeder = world.join();
    // A line on which a piece takes eight seconds.
    world.nodes[seeder].uplink = 2_000;
    world.add(seeder, &sample, true, Priority::Normal);
    world.run_for(500);
    let node = world.join();
    let mut add = sample.adding();
    add.flat_web_seeds = vec![FLAT.into()];
    add.priority = Priority::None;
    world.input(node, Input::Add(Box::new(add)));
    world.run_for(5_000);
    for file in [10, 400, 900] {
        let wish = Input::Prioritise {
            torrent: sample.hash(),
            files: (file, file + 1),
            priority: Priority::Now,
            within_millis: Some(1_000),
        };
        world.input(node, wish);
        let complete = Event::FileComplete(sample.hash(), file);
        let done = world.run_until(world.now + 1_000, |world| {
            world.nodes[node]
                .events
                .iter()
                .any(|(_, event)| *event == complete)
        });
        assert!(done, "{file}");
    }
}

#[test]
fn large_pieces_are_put_together_within_bounds() {
    let sample = Sample::new(8, &[50_000_000]).with_pieces(8 << 20);
    let (mut world, node) = alone(&sample, Manner::Good, Priority::Normal);
    finishes(&mut world, node, &sample, 2 * MINUTE);
    let fetches = &world.nodes[node].fetches;
    assert_eq!(fetches.len(), 6);
}

/// A quick listener and a web seed: what the seed has given of a few files that are wanted now.
fn served_with(lead: Option<Lead>) -> u64 {
    let sample = Sample::new(8, &[5_000; 1_000]);
    let mut world = World::new(8);
    world.seeds.insert(FLAT.into(), seed(&sample, Manner::Good));
    let seeder = world.join();
    world.nodes[seeder].uplink = 40_000;
    world.add(seeder, &sample, true, Priority::Normal);
    world.run_for(500);
    let node = world.join();
    let mut add = sample.adding();
    add.flat_web_seeds = vec![FLAT.into()];
    add.priority = Priority::None;
    world.input(node, Input::Add(Box::new(add)));
    world.input(node, Input::Lead(sample.hash(), lead));
    world.run_for(5_000);
    for file in [10, 200, 400, 600, 900] {
        let wish = Input::Prioritise {
            torrent: sample.hash(),
            files: (file, file + 1),
            priority: Priority::Now,
            within_millis: Some(5_000),
        };
        world.input(node, wish);
        let complete = Event::FileComplete(sample.hash(), file);
        let done = world.run_until(world.now + 20_000, |world| {
            let mut events = world.nodes[node].events.iter();
            events.any(|(_, event)| *event == complete)
        });
        assert!(done, "{file} with {lead:?}");
    }
    world.seeds[FLAT].served
}

#[test]
fn who_leads_is_asked_first() {
    let of_seed = served_with(Some(Lead::WebSeeds));
    let of_peers = served_with(Some(Lead::Peers));
    assert!(of_seed >= 5 * 5_000, "{of_seed}");
    assert!(of_peers < of_seed / 2, "{of_peers} of {of_seed}");
}
