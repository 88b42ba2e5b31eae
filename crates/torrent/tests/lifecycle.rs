//! What a listener does to a torrent: wanting parts of it, pausing, removing, running out of disk.

mod sim;

use sim::{Sample, TRACKER, World, finish, swarm};
use torrent::Session;
use torrent::announce::Event as Reason;
use torrent::session::{Config, Event, Input, Limits, Output, Phase, Priority, Problem};

const MINUTE: u64 = 60_000;

#[test]
fn what_is_stored_is_read_back_and_the_damaged_fetched_again() {
    let sample = Sample::new(13, &[1_000_000]);
    let mut world = World::new(13);
    let (_, leechers) = swarm(&mut world, &sample, 1);
    let old = leechers[0];
    finish(&mut world, &[old], &sample, MINUTE);
    let record = world.session(old).record(&sample.hash()).unwrap();
    assert_eq!(record.stored, [(0, 62)]);
    assert_eq!(record.totals.0, 1_000_000);
    let mut store = core::mem::take(&mut world.nodes[old].store);
    world.leave(old);
    store.get_mut(&(sample.hash(), 7)).unwrap()[100] ^= 1;
    store.remove(&(sample.hash(), 9));
    let again = world.join();
    world.nodes[again].store = store;
    world.input(again, Input::Add(Box::new(record)));
    assert_eq!(world.status(again, sample.hash()).phase, Phase::Verifying);
    assert_eq!(world.status(again, sample.hash()).verified, (0, 62));
    finish(&mut world, &[again], &sample, MINUTE);
    let damaged: Vec<u32> = world.nodes[again]
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Damaged(_, piece) => Some(*piece),
            _ => None,
        })
        .collect();
    assert_eq!(damaged, [7, 9]);
    assert_eq!(
        world.status(again, sample.hash()).downloaded,
        1_000_000 + 2 * 16_384
    );
    // Everything is read back again on request.
    world.nodes[again].corrupt = true;
    world.input(again, Input::Verify(sample.hash()));
    assert_eq!(world.status(again, sample.hash()).phase, Phase::Verifying);
    world.run_for(MINUTE);
    world.nodes[again].corrupt = false;
    finish(&mut world, &[again], &sample, 2 * MINUTE);
}

#[test]
fn evicted_pieces_are_fetched_again_only_if_wanted() {
    let sample = Sample::new(14, &[500_000, 500_000]);
    let mut world = World::new(14);
    let (_, leechers) = swarm(&mut world, &sample, 1);
    let leecher = leechers[0];
    finish(&mut world, &leechers, &sample, MINUTE);
    let unwanted = Input::Prioritise {
        torrent: sample.hash(),
        files: (0, 2),
        priority: Priority::None,
        within_millis: None,
    };
    world.input(leecher, unwanted);
    world.nodes[leecher].store.clear();
    world.input(leecher, Input::Evicted(sample.hash(), (0, 62)));
    world.run_for(MINUTE);
    assert_eq!(world.status(leecher, sample.hash()).bytes_completed, 0);
    let wanted = Input::Prioritise {
        torrent: sample.hash(),
        files: (1, 2),
        priority: Priority::Now,
        within_millis: Some(100),
    };
    world.input(leecher, wanted);
    world.run_for(2 * MINUTE);
    assert_eq!(
        world.session(leecher).files(&sample.hash(), 1..2)[0].progress,
        1.0
    );
}

#[test]
fn pausing_and_removing_leave_nothing_behind() {
    let sample = Sample::new(15, &[20_000_000]);
    let mut world = World::new(15);
    let (seeder, leechers) = swarm(&mut world, &sample, 1);
    let leecher = leechers[0];
    world.run_for(2_000);
    world.input(leecher, Input::Pause(sample.hash(), true));
    world.run_for(1_000);
    let status = world.status(leecher, sample.hash());
    assert_eq!((status.phase, status.peers), (Phase::Paused, 0));
    assert!(world.nodes[leecher].connected.is_empty());
    let stopped = (leecher, sample.hash(), Reason::Stopped);
    assert!(world.trackers[TRACKER].events.contains(&stopped));
    let before = world.status(leecher, sample.hash()).downloaded;
    world.run_for(MINUTE);
    assert_eq!(world.status(leecher, sample.hash()).downloaded, before);
    world.input(leecher, Input::Pause(sample.hash(), false));
    finish(&mut world, &leechers, &sample, 2 * MINUTE);
    world.input(seeder, Input::Remove(sample.hash()));
    assert!(
        world
            .session(seeder)
            .status(world.now, &sample.hash())
            .is_none()
    );
    assert!(
        world
            .session(seeder)
            .next_timeout()
            .is_none_or(|at| at > world.now)
    );
    world.run_for(MINUTE);
    assert!(world.nodes[seeder].sockets.is_empty());
    // And it may come back.
    world.add(seeder, &sample, true, Priority::Normal);
    world.run_for(1_000);
    assert_eq!(world.status(seeder, sample.hash()).phase, Phase::Seeding);
}

#[test]
fn a_full_disk_stops_the_torrent_until_it_goes_on() {
    let sample = Sample::new(16, &[1_000_000]);
    let mut world = World::new(16);
    let (_, leechers) = swarm(&mut world, &sample, 1);
    let leecher = leechers[0];
    world.nodes[leecher].disk_full = true;
    world.run_for(MINUTE);
    let status = world.status(leecher, sample.hash());
    assert_eq!(status.phase, Phase::Paused);
    assert!(status.problems.contains(&Problem::Disk("full".into())));
    world.nodes[leecher].disk_full = false;
    world.input(leecher, Input::Pause(sample.hash(), false));
    finish(&mut world, &leechers, &sample, MINUTE);
}

#[test]
fn peers_can_be_switched_off() {
    let sample = Sample::new(17, &[20_000_000]);
    let mut world = World::new(17);
    let (_, leechers) = swarm(&mut world, &sample, 1);
    let leecher = leechers[0];
    world.run_for(2_000);
    let limits = Limits {
        peers: false,
        ..Limits::default()
    };
    world.input(leecher, Input::Limit(limits));
    world.run_for(1_000);
    assert!(world.nodes[leecher].connected.is_empty());
    assert!(world.nodes[leecher].sockets.is_empty());
    let stopped = (leecher, sample.hash(), Reason::Stopped);
    assert!(world.trackers[TRACKER].events.contains(&stopped));
    world.input(leecher, Input::Limit(Limits::default()));
    finish(&mut world, &leechers, &sample, 2 * MINUTE);
}

#[test]
fn only_what_is_wanted_is_fetched() {
    let sample = Sample::new(7, &[100_000; 20]);
    let mut world = World::new(7);
    let seeder = world.join();
    world.add(seeder, &sample, true, Priority::Normal);
    let leecher = world.join();
    world.add(leecher, &sample, false, Priority::None);
    world.run_for(MINUTE);
    assert_eq!(world.status(leecher, sample.hash()).downloaded, 0);
    let wish = Input::Prioritise {
        torrent: sample.hash(),
        files: (3, 5),
        priority: Priority::Low,
        within_millis: None,
    };
    world.input(leecher, wish);
    assert_eq!(
        world.status(leecher, sample.hash()).phase,
        Phase::Downloading
    );
    world.run_for(MINUTE);
    let status = world.status(leecher, sample.hash());
    assert_eq!(status.phase, Phase::Seeding);
    assert_eq!(status.wanted, status.wanted_completed);
    // Two files and the pieces that they share with their neighbours.
    assert!((200_000..=200_000 + 2 * 16_384).contains(&status.bytes_completed));
    assert_eq!(status.downloaded, status.bytes_completed);
    let files = world.session(leecher).files(&sample.hash(), 0..20);
    let whole: Vec<u32> = files
        .iter()
        .filter(|f| f.progress == 1.0)
        .map(|f| f.index)
        .collect();
    assert_eq!(whole, [3, 4]);
    assert!(files[2].bytes_completed > 0 && files[2].progress < 1.0);
}

fn fresh() -> Session {
    Session::new(Config {
        peer_id: torrent::PeerId([1; 20]),
        seed: 1,
        limits: Limits::default(),
    })
}

#[test]
fn nothing_is_due_where_nothing_runs() {
    let mut session = fresh();
    assert_eq!(session.next_timeout(), None);
    session.handle_input(5, Input::Timeout);
    assert_eq!(session.poll_output(), None);
}

#[test]
fn a_lost_peer_is_replaced_within_seconds() {
    let sample = Sample::new(16, &[60_000_000]);
    let mut world = World::new(16);
    let (_, leechers) = swarm(&mut world, &sample, 1);
    let leecher = leechers[0];
    world.run_for(10_000);
    let connection = *world.nodes[leecher].connected.first().unwrap();
    world.cut(leecher, connection);
    world.run_for(1);
    assert!(world.nodes[leecher].connected.is_empty());
    let again = world.now + 6_000;
    assert!(world.run_until(again, |world| !world.nodes[leecher].connected.is_empty()));
}

#[test]
fn connections_are_described_while_the_tracker_is_being_called() {
    let sample = Sample::new(17, &[100_000]);
    let mut session = fresh();
    session.handle_input(0, Input::Add(Box::new(sample.adding())));
    let outputs: Vec<Output> = std::iter::from_fn(|| session.poll_output()).collect();
    let called = |output: &Output| matches!(output, Output::TrackerConnect(_));
    let described = |output: &Output| matches!(output, Output::CreateOffer(_));
    assert!(outputs.iter().any(called));
    assert!(outputs.iter().any(described));
}

#[test]
fn the_first_offer_is_announced_and_the_others_follow() {
    let sample = Sample::new(18, &[100_000]);
    let mut session = fresh();
    let drain = |session: &mut Session| -> Vec<Output> {
        std::iter::from_fn(|| session.poll_output()).collect()
    };
    let announced = |outputs: &[Output]| -> Vec<usize> {
        let texts = outputs.iter().filter_map(|output| match output {
            Output::TrackerSend(_, text) => Some(text),
            _ => None,
        });
        texts.map(|text| text.matches("offer_id").count()).collect()
    };
    session.handle_input(0, Input::Add(Box::new(sample.adding())));
    let outputs = drain(&mut session);
    let url = outputs.iter().find_map(|output| match output {
        Output::TrackerConnect(url) => Some(url.clone()),
        _ => None,
    });
    let offers = |outputs: &[Output]| -> Vec<_> {
        let made = outputs.iter().filter_map(|output| match output {
            Output::CreateOffer(connection) => Some(*connection),
            _ => None,
        });
        made.collect()
    };
    let first = offers(&outputs);
    assert_eq!(first.len(), 1);
    session.handle_input(5, Input::TrackerOpen(url.unwrap()));
    assert!(announced(&drain(&mut session)).is_empty());
    session.handle_input(10, Input::Described(first[0], "sdp".into()));
    let outputs = drain(&mut session);
    assert_eq!(announced(&outputs), [1]);
    assert!(offers(&outputs).is_empty());
    let soon = session.next_timeout().unwrap();
    assert!(soon < 1_000, "{soon}");
    session.handle_input(soon, Input::Timeout);
    let others = offers(&drain(&mut session));
    assert!(others.len() > 1);
    let mut counts = Vec::new();
    for (at, connection) in (soon..).zip(&others) {
        session.handle_input(at, Input::Described(*connection, "sdp".into()));
        counts.extend(announced(&drain(&mut session)));
    }
    assert_eq!(counts, [others.len()]);
}

#[test]
fn an_offer_that_is_ready_is_announced_with_the_first_torrent() {
    let sample = Sample::new(18, &[100_000]);
    let drain = |session: &mut Session| -> Vec<Output> {
        std::iter::from_fn(|| session.poll_output()).collect()
    };
    let limits = Limits {
        ready_offer: true,
        ..Limits::default()
    };
    let ready = || {
        let mut session = fresh();
        session.handle_input(0, Input::Limit(limits));
        let outputs = drain(&mut session);
        let [Output::CreateOffer(offer)] = outputs[..] else {
            panic!("{outputs:?}");
        };
        (session, offer)
    };
    let (mut session, offer) = ready();
    session.handle_input(10, Input::Described(offer, "sdp".into()));
    session.handle_input(100_000, Input::Add(Box::new(sample.adding())));
    let outputs = drain(&mut session);
    let url = outputs.iter().find_map(|output| match output {
        Output::TrackerConnect(url) => Some(url.clone()),
        Output::CreateOffer(_) => panic!("another one"),
        _ => None,
    });
    session.handle_input(100_001, Input::TrackerOpen(url.unwrap()));
    let outputs = drain(&mut session);
    let is_announced = |output: &Output| matches!(output, Output::TrackerSend(_, text) if text.contains("offer_id"));
    assert!(outputs.iter().any(is_announced), "{outputs:?}");
    // Who wants no peers any more has no offers.
    let alone = Limits {
        peers: false,
        ..limits
    };
    session.handle_input(100_002, Input::Limit(alone));
    let outputs = drain(&mut session);
    assert!(outputs.contains(&Output::Disconnect(offer)), "{outputs:?}");
    // A browser that makes no connections is not asked again.
    let (mut session, offer) = ready();
    session.handle_input(1, Input::Disconnected(offer, "none".into()));
    assert_eq!(session.next_timeout(), None);
    assert!(drain(&mut session).is_empty());
    // Neither is one whose offer nobody needed.
    let (mut session, offer) = ready();
    session.handle_input(10, Input::Described(offer, "sdp".into()));
    let over = session.next_timeout().unwrap();
    session.handle_input(over, Input::Timeout);
    assert_eq!(drain(&mut session), [Output::Disconnect(offer)]);
    assert_eq!(session.next_timeout(), None);
}
