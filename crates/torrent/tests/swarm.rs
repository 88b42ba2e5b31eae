//! Sessions that meet in the simulated world and exchange torrents.

mod sim;

use sim::{Mind, Sample, TRACKER, World, finish, swarm};
use torrent::ConnectionId;
use torrent::announce::Event as Reason;
use torrent::session::{Event, Input, Limits, Phase, Priority, Problem};

const MINUTE: u64 = 60_000;

#[test]
fn two_peers_exchange_a_torrent() {
    let sample = Sample::new(1, &[40_000, 0, 5_000_000, 1, 70_000]);
    let mut world = World::new(1);
    let (seeder, leechers) = swarm(&mut world, &sample, 1);
    finish(&mut world, &leechers, &sample, MINUTE);
    assert!(world.are_seeding(&[seeder, leechers[0]], &sample));
    let mut told: Vec<u32> = world.nodes[leechers[0]]
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::FileComplete(_, file) => Some(*file),
            _ => None,
        })
        .collect();
    told.sort_unstable();
    // The empty file has nothing to complete.
    assert_eq!(told, [0, 2, 3, 4]);
    let complete = Event::Complete(sample.hash());
    let events = &world.nodes[leechers[0]].events;
    assert_eq!(
        events
            .iter()
            .filter(|(_, event)| *event == complete)
            .count(),
        1
    );
    // Both have everything: nothing is left to say.
    world.run_for(MINUTE);
    assert!(world.nodes[seeder].connected.is_empty());
    let events = &world.trackers[TRACKER].events;
    assert!(events.contains(&(leechers[0], sample.hash(), Reason::Completed)));
}

#[test]
fn the_first_block_comes_after_three_ways_between_peers() {
    let sample = Sample::new(2, &[1_000_000]);
    let mut world = World::new(2);
    let (seeder, leechers) = swarm(&mut world, &sample, 1);
    let leecher = leechers[0];
    world.nodes[seeder].latency = 400;
    world.run_until(world.now + MINUTE, |world| {
        !world.nodes[leecher].connected.is_empty()
    });
    let connected = world.now;
    world.run_until(world.now + MINUTE, |world| {
        world.status(leecher, sample.hash()).bytes_completed > 0
    });
    // What is there, the request, the block: each takes 410 to 512 ms.
    let took = world.now - connected;
    assert!(took <= 3 * 512 + 50, "{took} ms");
}

#[test]
fn many_peers_finish_and_share_the_work() {
    for seed in 0..3 {
        let sample = Sample::new(seed, &[3_000_000, 1_000_000]);
        let mut world = World::new(100 + seed);
        let (seeder, leechers) = swarm(&mut world, &sample, 6);
        world.nodes[seeder].uplink = 500_000;
        finish(&mut world, &leechers, &sample, 10 * MINUTE);
        // Far fewer bytes than six copies come from the seeder.
        assert!(
            world.nodes[seeder].sent < 3 * 4_000_000,
            "{}",
            world.nodes[seeder].sent
        );
    }
}

#[test]
fn a_link_is_filled() {
    let sample = Sample::new(3, &[60_000_000]).with_pieces(262_144);
    let mut world = World::new(3);
    let (seeder, leechers) = swarm(&mut world, &sample, 1);
    world.nodes[seeder].uplink = 10_000_000;
    let took = finish(&mut world, &leechers, &sample, 10 * MINUTE);
    assert!(took < 7_500, "{took} ms for 6 s of link");
}

#[test]
fn long_and_slow_links_carry_as_much_as_they_can() {
    for (latency, uplink, length) in [(200, 3_000_000, 30_000_000), (50, 30_000, 600_000)] {
        let sample = Sample::new(4, &[length]);
        let mut world = World::new(4);
        let (seeder, leechers) = swarm(&mut world, &sample, 1);
        world.nodes[seeder].uplink = uplink;
        world.nodes[seeder].latency = latency;
        let took = finish(&mut world, &leechers, &sample, 10 * MINUTE);
        let least = length * 1000 / uplink;
        assert!(took < least * 13 / 10 + 5_000, "{took} ms for {least}");
    }
}

#[test]
fn metadata_comes_from_peers() {
    // More than one part of metadata.
    let lengths: Vec<u64> = (0..2_000).map(|index| 500 + index % 700).collect();
    let sample = Sample::new(5, &lengths);
    assert!(sample.meta.info_bytes.len() > 80_000);
    let mut world = World::new(5);
    let (_, leechers) = swarm(&mut world, &sample, 2);
    let magnet = world.join();
    let mut add = sample.adding();
    add.source = torrent::session::Source::InfoHash(sample.hash(), Some("name".into()));
    world.input(magnet, Input::Add(Box::new(add)));
    assert_eq!(world.status(magnet, sample.hash()).phase, Phase::Metadata);
    assert_eq!(world.status(magnet, sample.hash()).name, "name");
    finish(
        &mut world,
        &[magnet, leechers[0], leechers[1]],
        &sample,
        2 * MINUTE,
    );
    assert_eq!(world.status(magnet, sample.hash()).files, 2_000);
    let metadata = Event::Metadata(sample.hash(), sample.meta.info_bytes.clone());
    assert!(
        world.nodes[magnet]
            .events
            .iter()
            .any(|(_, event)| *event == metadata)
    );
}

#[test]
fn what_is_wanted_now_comes_in_time_beside_a_large_download() {
    for seed in 0..4 {
        let mut lengths = vec![4_000; 100];
        lengths.push(20_000_000);
        let sample = Sample::new(6, &lengths);
        let mut world = World::new(60 + seed);
        let (seeder, leechers) = swarm(&mut world, &sample, 2);
        world.nodes[seeder].uplink = 1_000_000;
        let leecher = leechers[0];
        let high = |files, priority| Input::Prioritise {
            torrent: sample.hash(),
            files,
            priority,
            within_millis: Some(1_000),
        };
        world.input(leecher, high((0, 100), Priority::None));
        world.run_for(5_000);
        assert_eq!(
            world.session(leecher).files(&sample.hash(), 40..41)[0].progress,
            0.0
        );
        world.input(leecher, high((40, 41), Priority::Now));
        let asked = world.now;
        let complete = Event::FileComplete(sample.hash(), 40);
        world.run_until(asked + 10_000, |world| {
            world.nodes[leecher]
                .events
                .iter()
                .any(|(_, event)| *event == complete)
        });
        let took = world.now - asked;
        assert!(took <= 1_000, "seed {seed}: {took} ms");
    }
}

#[test]
fn what_is_wanted_now_overtakes_what_was_asked_before() {
    let sample = Sample::new(22, &[2_400 * 16_384, 4_000]);
    let mut world = World::new(22);
    let (seeder, leechers) = swarm(&mut world, &sample, 1);
    world.nodes[seeder].uplink = 4_000_000;
    let leecher = leechers[0];
    let wish = |files, priority| Input::Prioritise {
        torrent: sample.hash(),
        files,
        priority,
        within_millis: Some(100),
    };
    world.input(leecher, wish((1, 2), Priority::None));
    world.run_for(5_000);
    let asked = world.now;
    world.input(leecher, wish((1, 2), Priority::Now));
    let complete = Event::FileComplete(sample.hash(), 1);
    world.run_until(asked + 10_000, |world| {
        let mut events = world.nodes[leecher].events.iter();
        events.any(|(_, event)| *event == complete)
    });
    // A quarter of a second lies in the channel; as much again was asked for and waits.
    let took = world.now - asked;
    assert!(took <= 250, "{took} ms");
}

#[test]
fn bounds_on_rates_hold() {
    for (down, up) in [(Some(100_000), None), (None, Some(100_000))] {
        let sample = Sample::new(8, &[2_000_000]);
        let mut world = World::new(8);
        let limits = Limits {
            upload: up,
            ..Limits::default()
        };
        let seeder = world.join_with(limits);
        world.add(seeder, &sample, true, Priority::Normal);
        let limits = Limits {
            download: down,
            ..Limits::default()
        };
        let leecher = world.join_with(limits);
        world.add(leecher, &sample, false, Priority::Normal);
        let took = finish(&mut world, &[leecher], &sample, 2 * MINUTE);
        assert!(
            (17_000..26_000).contains(&took),
            "{took} ms with {down:?} {up:?}"
        );
    }
}

#[test]
fn who_gives_nothing_is_not_asked_for_it() {
    let sample = Sample::new(9, &[500_000]);
    let mut world = World::new(9);
    let limits = Limits {
        upload: Some(0),
        ..Limits::default()
    };
    let seeder = world.join_with(limits);
    world.add(seeder, &sample, true, Priority::Normal);
    let leecher = world.join();
    world.add(leecher, &sample, false, Priority::Normal);
    world.run_for(MINUTE);
    assert_eq!(world.status(leecher, sample.hash()).downloaded, 0);
    world.input(seeder, Input::Limit(Limits::default()));
    finish(&mut world, &[leecher], &sample, MINUTE);
}

#[test]
fn offers_and_connections_stay_within_bounds() {
    let mut world = World::new(10);
    let samples: Vec<Sample> = (0..8).map(|seed| Sample::new(seed, &[200_000])).collect();
    let limits = Limits {
        connections: 6,
        ..Limits::default()
    };
    let center = world.join_with(limits);
    for sample in &samples {
        world.add(center, sample, true, Priority::Normal);
    }
    let others: Vec<usize> = (0..12).map(|_| world.join()).collect();
    for (index, &other) in others.iter().enumerate() {
        world.add(other, &samples[index % 8], false, Priority::Normal);
    }
    world.run_for(20 * MINUTE);
    for (index, &other) in others.iter().enumerate() {
        assert!(world.have_all(&[other], &samples[index % 8]), "{index}");
    }
    for node in &world.nodes {
        assert!(node.most_offers <= 5, "{}", node.most_offers);
    }
    assert!(world.nodes[center].most_connections <= 6);
    assert!(world.trackers[TRACKER].most_offers <= 5);
}

#[test]
fn a_tracker_that_is_down_is_said_so_and_found_again() {
    let sample = Sample::new(11, &[500_000]);
    let mut world = World::new(11);
    world.set_tracker(TRACKER, false);
    let seeder = world.join();
    world.add(seeder, &sample, true, Priority::Normal);
    let leecher = world.join();
    world.add(leecher, &sample, false, Priority::Normal);
    world.run_for(20 * MINUTE);
    let problems = world.status(leecher, sample.hash()).problems;
    let is_tracker = |problem: &Problem| matches!(problem, Problem::Tracker { retry_in_millis, .. } if *retry_in_millis <= 300_000);
    assert!(problems.iter().any(is_tracker), "{problems:?}");
    assert!(problems.contains(&Problem::NoPeers));
    world.set_tracker(TRACKER, true);
    // Not told, a session comes back within its longest wait; told, at once.
    world.input(seeder, Input::Online(false));
    world.input(seeder, Input::Online(true));
    world.input(leecher, Input::Online(false));
    world.input(leecher, Input::Online(true));
    finish(&mut world, &[leecher], &sample, MINUTE);
    assert_eq!(world.status(leecher, sample.hash()).problems, []);
}

#[test]
fn what_is_connected_goes_on_without_the_tracker() {
    let sample = Sample::new(12, &[20_000_000]);
    let mut world = World::new(12);
    let (_, leechers) = swarm(&mut world, &sample, 2);
    world.run_for(2_000);
    world.set_tracker(TRACKER, false);
    finish(&mut world, &leechers, &sample, 5 * MINUTE);
    world.set_tracker(TRACKER, true);
    world.run_for(6 * MINUTE);
    let late = world.join();
    world.add(late, &sample, false, Priority::Normal);
    finish(&mut world, &[late], &sample, 5 * MINUTE);
}

#[test]
fn several_torrents_and_trackers_at_once() {
    let other = "ws://other/announce";
    let mut world = World::new(18);
    world
        .trackers
        .insert(other.into(), sim::tracker::SimTracker::default());
    let samples: Vec<Sample> = (0..4)
        .map(|seed| Sample::new(seed, &[700_000, 30_000]))
        .collect();
    let nodes: Vec<usize> = (0..5).map(|_| world.join()).collect();
    for (index, sample) in samples.iter().enumerate() {
        for &node in &nodes {
            let mut add = sample.adding();
            add.trackers = vec![TRACKER.into(), other.into(), "udp://no:1".into()];
            if node == nodes[index] {
                let pieces = sample.meta.info.pieces.len() as u32;
                for piece in 0..pieces {
                    world.nodes[node]
                        .store
                        .insert((sample.hash(), piece), sample.piece(piece));
                }
                add.stored = vec![(0, pieces)];
            }
            world.input(node, Input::Add(Box::new(add)));
        }
    }
    let end = world.now + 10 * MINUTE;
    let done = world.run_until(end, |world| {
        samples.iter().all(|sample| world.have_all(&nodes, sample))
    });
    assert!(done);
    assert_eq!(world.session(nodes[0]).torrents(world.now).len(), 4);
}

#[test]
fn two_that_offer_each_other_keep_one_connection() {
    let other = "ws://other/announce";
    let sample = Sample::new(19, &[10_000_000]);
    let mut doubles = 0;
    for seed in 0..10 {
        let mut world = World::new(190 + seed);
        world
            .trackers
            .insert(other.into(), sim::tracker::SimTracker::default());
        let nodes = [world.join(), world.join()];
        for node in nodes {
            let mut add = sample.adding();
            add.trackers.push(other.into());
            world.input(node, Input::Add(Box::new(add)));
        }
        world.run_until(world.now + 3_000, |world| {
            world.nodes[nodes[0]].connected.len() > 1
        });
        doubles += usize::from(world.nodes[nodes[0]].connected.len() > 1);
        world.run_for(1_000);
        let count = |node: usize| world.session(node).peers(world.now, &sample.hash()).len();
        assert_eq!(nodes.map(count), [1, 1], "seed {seed}");
    }
    assert!(doubles > 0);
}

#[test]
fn cut_connections_lose_no_verified_piece_and_come_back() {
    let sample = Sample::new(20, &[10_000_000]);
    let mut world = World::new(20);
    let (seeder, leechers) = swarm(&mut world, &sample, 2);
    world.nodes[seeder].uplink = 1_000_000;
    let mut last = 0;
    for _ in 0..10 {
        world.run_for(1_500);
        for node in [seeder, leechers[0]] {
            let links: Vec<ConnectionId> = world.nodes[node].links.keys().copied().collect();
            for connection in links {
                world.cut(node, connection);
            }
        }
        let here = world.status(leechers[0], sample.hash()).bytes_completed;
        assert!(here >= last);
        last = here;
    }
    finish(&mut world, &leechers, &sample, 10 * MINUTE);
}

/// A day in which listeners come and go, and the network with them.
#[test]
fn a_day_of_coming_and_going_without_a_stall() {
    let sample = Sample::new(21, &[2_000_000, 300_000, 5_000]);
    let mut world = World::new(21);
    let seeder = world.join();
    world.add(seeder, &sample, true, Priority::Normal);
    world.nodes[seeder].uplink = 200_000;
    let mut here: Vec<(usize, u64)> = Vec::new();
    let mut finished = 0;
    let start = world.now;
    while world.now < start + 24 * 60 * MINUTE {
        let pause = 2 * MINUTE + world.lot.below(10 * MINUTE);
        world.run_for(pause);
        match world.lot.below(8) {
            0 => {
                world.set_tracker(TRACKER, false);
                world.run_for(3 * MINUTE);
                world.set_tracker(TRACKER, true);
            }
            1 => {
                let nodes: Vec<usize> = here.iter().map(|(node, _)| *node).collect();
                for node in nodes {
                    let links: Vec<_> = world.nodes[node].links.keys().copied().collect();
                    for link in links {
                        world.cut(node, link);
                    }
                }
            }
            2 | 3 if here.len() > 3 => {
                let (node, _) = here.remove(world.lot.below(here.len() as u64) as usize);
                world.leave(node);
            }
            _ if here.len() < 8 => {
                let node = world.join();
                world.nodes[node].uplink = 20_000 + world.lot.below(500_000);
                world.nodes[node].latency = world.lot.below(150);
                world.add(node, &sample, false, Priority::Normal);
                here.push((node, world.now));
            }
            _ => {}
        }
        let now = world.now;
        for (node, since) in &here {
            let done = world.have_all(&[*node], &sample);
            finished += usize::from(done);
            // Long enough for the slowest, and for the longest wait for the tracker.
            assert!(done || now < since + 40 * MINUTE, "{node} stalls");
        }
    }
    assert!(finished > 50);
    let alive = world
        .nodes
        .iter()
        .filter(|node| !matches!(node.mind, Mind::Gone));
    for node in alive {
        assert!(node.most_offers <= 5);
    }
}
