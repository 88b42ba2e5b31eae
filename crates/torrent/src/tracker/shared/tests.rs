//! Relays that share swarms, in virtual time, over a bus that loses, doubles and delays.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::OfferId;
use crate::announce::{Announce, Answer, Event, Left, Offer};
use crate::lot::Lot;
use crate::tracker::tests::announcement;
use crate::tracker::{Client, Config, Outcome};

const HASH: InfoHash = InfoHash([1; 20]);

/// A relay with its clients, by number.
struct Relay {
    tracker: Tracker,
    clients: BTreeMap<u32, Client>,
    swept_at: u64,
    is_alive: bool,
    /// What clients were sent: to whom, and the message as JSON.
    sent: Vec<(u32, String)>,
}

/// Relays and the bus between them.
struct World {
    now: u64,
    relays: Vec<Relay>,
    /// What is on its way: when it comes, a number, to whom, and the message.
    way: BTreeMap<(u64, u64), (usize, Vec<u8>)>,
    lot: Lot,
    count: u64,
    /// Of a hundred messages, how many get lost.
    lost: u64,
    /// Whether the bus is gone.
    is_cut: bool,
}

fn id(relay: usize) -> RelayId {
    RelayId(relay as u64 + 1)
}

fn peer(number: u8) -> PeerId {
    PeerId([number; 20])
}

impl World {
    fn new(relays: usize, seed: u64) -> Self {
        let mut world = Self {
            now: 0,
            relays: Vec::new(),
            way: BTreeMap::new(),
            lot: Lot::new(seed),
            count: 0,
            lost: 0,
            is_cut: false,
        };
        for number in 0..relays {
            world.relays.push(Relay {
                tracker: Tracker::new(Config::default(), seed).sharing(id(number), 0),
                clients: BTreeMap::new(),
                swept_at: 0,
                is_alive: true,
                sent: Vec::new(),
            });
        }
        world.pass(3_000);
        world
    }

    fn send(&mut self, from: usize) {
        for Outgoing { to, bytes } in self.relays[from].tracker.take_outgoing() {
            for receiver in 0..self.relays.len() {
                let is_meant = to.is_none_or(|to| to == id(receiver));
                if !is_meant || self.is_cut || self.lot.below(100) < self.lost {
                    continue;
                }
                let copies = if self.lost > 0 && self.lot.below(20) == 0 {
                    2
                } else {
                    1
                };
                for _ in 0..copies {
                    // A bus that loses nothing keeps the order as well.
                    let wait = if self.lost > 0 {
                        self.lot.below(300)
                    } else {
                        5
                    };
                    self.count += 1;
                    self.way
                        .insert((self.now + wait, self.count), (receiver, bytes.clone()));
                }
            }
        }
    }

    fn send_all(&mut self) {
        for number in 0..self.relays.len() {
            if self.relays[number].is_alive {
                self.send(number);
            }
        }
    }

    /// Time passes.
    fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        loop {
            self.send_all();
            let alive = self.relays.iter().filter(|relay| relay.is_alive);
            let tick = alive.filter_map(|relay| relay.tracker.next_tick()).min();
            let arrival = self.way.first_key_value().map(|((at, _), _)| *at);
            let Some(next) = tick
                .into_iter()
                .chain(arrival)
                .min()
                .filter(|at| *at <= end)
            else {
                break;
            };
            self.now = self.now.max(next);
            while let Some(entry) = self.way.first_entry() {
                if entry.key().0 > self.now {
                    break;
                }
                let (to, bytes) = entry.remove();
                let relay = &mut self.relays[to];
                if relay.is_alive {
                    let sent = &mut relay.sent;
                    let send = |to: ClientId, message: &TrackerMessage<'_>| {
                        sent.push((to.0, message.encode()));
                    };
                    relay.tracker.hear(self.now, &bytes, send).unwrap();
                }
            }
            for relay in self.relays.iter_mut().filter(|relay| relay.is_alive) {
                relay.tracker.tick(self.now);
                if self.now >= relay.swept_at + 30_000 {
                    relay.swept_at = self.now;
                    relay.tracker.sweep(self.now);
                }
            }
        }
        self.now = end;
    }

    fn announce(
        &mut self,
        relay: usize,
        client: u32,
        number: u8,
        change: impl FnOnce(&mut Announce<'static>),
    ) -> Outcome {
        let mut announce = announcement(peer(number));
        change(&mut announce);
        let relay = &mut self.relays[relay];
        let id = ClientId(client);
        let client = relay
            .clients
            .entry(client)
            .or_insert_with(|| Client::new(id));
        let sent = &mut relay.sent;
        let send = |to: ClientId, message: &TrackerMessage<'_>| sent.push((to.0, message.encode()));
        relay.tracker.announce(self.now, client, &announce, send)
    }

    fn answer(&mut self, relay: usize, client: u32, from: u8, to: u8) -> Outcome {
        let answer = Answer {
            info_hash: HASH,
            peer_id: peer(from),
            to_peer_id: peer(to),
            offer_id: OfferId([7; 20]),
            answer: Description::answer("v=1"),
        };
        let relay = &mut self.relays[relay];
        let sent = &mut relay.sent;
        let send = |to: ClientId, message: &TrackerMessage<'_>| sent.push((to.0, message.encode()));
        relay
            .tracker
            .answer(self.now, &relay.clients[&client], &answer, send)
    }

    fn hang_up(&mut self, relay: usize, client: u32) {
        let relay = &mut self.relays[relay];
        if let Some(client) = relay.clients.remove(&client) {
            for (hash, peer) in client.joined() {
                relay.tracker.leave(client.id(), hash, peer);
            }
        }
    }

    fn counts(&self, relay: usize) -> [u32; 3] {
        let counts = self.relays[relay].tracker.counts(&HASH);
        [counts.complete, counts.incomplete, counts.downloaded]
    }

    fn sent(&mut self, relay: usize) -> Vec<(u32, String)> {
        std::mem::take(&mut self.relays[relay].sent)
    }
}

fn offers(count: u8) -> Vec<Offer<'static>> {
    let offer = |number| Offer {
        offer_id: OfferId([number; 20]),
        offer: Description::offer("v=0"),
    };
    (0..count).map(offer).collect()
}

#[test]
fn an_offer_reaches_another_relay_and_its_answer_comes_back() {
    let mut world = World::new(3, 1);
    world.announce(0, 1, 1, |_| {});
    world.announce(1, 1, 2, |announce| announce.left = Left::Bytes(0));
    world.pass(50);
    assert_eq!([0, 1, 2].map(|relay| world.counts(relay)), [[1, 1, 0]; 3]);
    world.sent(1);
    let outcome = world.announce(0, 1, 1, |announce| announce.offers = offers(3));
    assert_eq!(outcome, Outcome::Relayed(1));
    world.pass(50);
    let sent = world.sent(1);
    assert_eq!((sent.len(), sent[0].0), (1, 1), "{sent:?}");
    assert!(
        sent[0]
            .1
            .contains("\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\"}"),
        "{sent:?}"
    );
    world.sent(0);
    assert_eq!(world.answer(1, 1, 2, 1), Outcome::Relayed(1));
    world.pass(50);
    let sent = world.sent(0);
    assert!(sent[0].1.contains("\"answer\":"), "{sent:?}");
    assert_eq!(world.counts(2), [1, 1, 0], "who answers stays a seeder");
    assert!(world.sent(2).is_empty(), "nobody else hears of it");
    assert_eq!(world.answer(1, 1, 2, 9), Outcome::Gone);
}

/// The first announcement brings its offers: who is offered something has to know whom to answer.
#[test]
fn who_comes_and_offers_at_once_is_answered() {
    let mut world = World::new(2, 1);
    world.announce(1, 1, 2, |_| {});
    world.pass(50);
    world.announce(0, 1, 1, |announce| announce.offers = offers(1));
    world.pass(5);
    assert_eq!(world.answer(1, 1, 2, 1), Outcome::Relayed(1));
}

#[test]
fn offers_are_spread_over_all_relays_and_go_to_nobody_twice() {
    let mut world = World::new(3, 4);
    for number in 0..30 {
        world.announce(usize::from(number) % 3, u32::from(number), number, |_| {});
    }
    world.pass(50);
    let mut reached = [0; 3];
    for _ in 0..40 {
        (0..3).for_each(|relay| drop(world.sent(relay)));
        let outcome = world.announce(0, 0, 0, |announce| announce.offers = offers(10));
        assert_eq!(outcome, Outcome::Relayed(10));
        world.pass(50);
        let mut to = Vec::new();
        for (relay, reached) in reached.iter_mut().enumerate() {
            let offered = world.sent(relay).into_iter();
            let offered = offered.filter(|(_, text)| text.contains("\"offer\":"));
            let found: Vec<u32> = offered.map(|(to, _)| to).collect();
            *reached += found.len();
            to.extend(found);
        }
        to.sort_unstable();
        to.dedup();
        assert_eq!((to.len(), to.contains(&0)), (10, false));
    }
    // Nine others here and ten at each of the others.
    assert!(
        reached.iter().all(|count| (100..=170).contains(count)),
        "{reached:?}"
    );
}

#[test]
fn a_peer_belongs_to_its_connection_at_whatever_relay() {
    let mut world = World::new(2, 1);
    world.announce(0, 1, 1, |_| {});
    world.announce(1, 5, 5, |_| {});
    world.pass(50);
    assert_eq!(world.announce(1, 2, 1, |_| {}), Outcome::Refused);
    let stop = |announce: &mut Announce<'_>| announce.event = Event::Stopped;
    assert_eq!(world.announce(1, 2, 1, stop), Outcome::Refused);
    assert_eq!(world.answer(1, 2, 1, 5), Outcome::Refused);
    assert_eq!(world.answer(1, 5, 1, 1), Outcome::Refused);
    world.pass(50);
    assert_eq!(world.counts(0), [0, 2, 0]);
    // Silent for one and a half intervals.
    world.pass(100_000);
    world.announce(1, 5, 5, |_| {});
    world.pass(111_000);
    assert_eq!(world.announce(1, 2, 1, |_| {}), Outcome::Relayed(0));
    world.pass(50);
    assert_eq!([0, 1].map(|relay| world.counts(relay)), [[0, 2, 0]; 2]);
    assert_eq!(world.announce(0, 1, 1, |_| {}), Outcome::Refused);
    world.hang_up(0, 1);
    world.pass(50);
    assert_eq!([0, 1].map(|relay| world.counts(relay)), [[0, 2, 0]; 2]);
}

#[test]
fn a_relay_that_dies_takes_only_its_own_peers() {
    let mut world = World::new(3, 1);
    for relay in 0..3 {
        world.announce(relay, 1, relay as u8, |announce| {
            announce.event = Event::Completed
        });
    }
    world.pass(50);
    assert_eq!(world.counts(0), [3, 0, 3]);
    world.relays[2].is_alive = false;
    world.pass(LEASE_MILLIS + 2 * PULSE_MILLIS);
    assert_eq!([0, 1].map(|relay| world.counts(relay)), [[2, 0, 2]; 2]);
    assert_eq!(world.relays[0].tracker.relays(), 1);
    assert_eq!(
        world.announce(0, 9, 2, |_| {}),
        Outcome::Relayed(0),
        "its listener comes here"
    );
}

#[test]
fn a_relay_that_stops_says_so() {
    let mut world = World::new(2, 1);
    world.announce(1, 1, 1, |_| {});
    world.pass(50);
    assert_eq!(world.counts(0), [0, 1, 0]);
    world.relays[1].tracker.say_goodbye();
    world.send(1);
    world.relays[1].is_alive = false;
    world.pass(50);
    assert_eq!(
        (world.counts(0), world.relays[0].tracker.remote_peers()),
        ([0; 3], 0)
    );
}

#[test]
fn relays_that_lost_each_other_merge_again() {
    let mut world = World::new(2, 1);
    world.announce(0, 1, 1, |_| {});
    world.announce(1, 2, 2, |_| {});
    world.pass(50);
    world.is_cut = true;
    world.pass(LEASE_MILLIS + 2 * PULSE_MILLIS);
    assert_eq!(
        [0, 1].map(|relay| world.counts(relay)),
        [[0, 1, 0]; 2],
        "each goes on"
    );
    world.announce(0, 3, 3, |_| {});
    world.hang_up(1, 2);
    // A listener moves, and its old connection does not know yet.
    world.announce(1, 4, 1, |_| {});
    world.is_cut = false;
    world.pass(2 * PULSE_MILLIS);
    assert_eq!([0, 1].map(|relay| world.counts(relay)), [[0, 2, 0]; 2]);
    // Both had heard of it, so the relay with the smaller id keeps it.
    assert_eq!(world.announce(1, 4, 1, |_| {}), Outcome::Refused);
    assert_eq!(world.announce(0, 1, 1, |_| {}), Outcome::Relayed(0));
}

#[test]
fn a_swarm_of_many_messages_is_told_whole() {
    let mut world = World::new(1, 1);
    for number in 0..2_500_u32 {
        let mut id = [0; 20];
        id[..4].copy_from_slice(&number.to_be_bytes());
        world.announce(0, number, 0, |announce| announce.peer_id = PeerId(id));
    }
    world.pass(50);
    world.relays.push(Relay {
        tracker: Tracker::new(Config::default(), 9).sharing(id(1), world.now),
        clients: BTreeMap::new(),
        swept_at: 0,
        is_alive: true,
        sent: Vec::new(),
    });
    world.pass(3 * PULSE_MILLIS);
    assert_eq!(world.counts(1), [0, 2_500, 0]);
    assert_eq!(world.relays[1].tracker.remote_peers(), 2_500);
}

#[test]
fn long_letters_are_bounded_messages() {
    let mut shared = Shared::new(RelayId(1), 0);
    for number in 0..5 {
        let letter = Letter {
            info_hash: HASH,
            from: peer(number),
            to: peer(9),
            offer_id: OfferId([0; 20]),
            is_answer: false,
            description: format!("\"{}\"", "x".repeat(60_000)).into(),
        };
        shared.post(RelayId(2), letter);
    }
    shared.flush();
    assert_eq!(shared.outgoing.len(), 5);
    assert!(
        shared
            .outgoing
            .iter()
            .all(|message| message.bytes.len() <= MOST_BUS_BYTES)
    );
}

#[test]
fn a_description_that_is_none_reaches_nobody() {
    let mut world = World::new(2, 1);
    world.announce(0, 1, 1, |_| {});
    world.sent(0);
    for description in ["{}, \"x\": {}", "", "{", "7 7"] {
        let letter = Letter {
            info_hash: HASH,
            from: peer(2),
            to: peer(1),
            offer_id: OfferId([0; 20]),
            is_answer: false,
            description: description.into(),
        };
        let body = Body::Mail(vec![letter]);
        let bytes = Envelope { from: id(1), body }.encode();
        let heard = world.relays[0]
            .tracker
            .hear(0, &bytes, |_, _| panic!("{description}"));
        assert_eq!(
            heard,
            Ok(Heard {
                delivered: 0,
                gone: 1
            })
        );
    }
}

/// What every relay knows of a swarm, once all is told.
fn check_agreement(world: &World) -> Result<(), TestCaseError> {
    let mut all: BTreeMap<PeerId, (usize, Seat)> = BTreeMap::new();
    for (number, relay) in world.relays.iter().enumerate() {
        for peer in relay
            .tracker
            .swarms
            .get(&HASH)
            .into_iter()
            .flat_map(|swarm| &swarm.peers)
        {
            let before = all.insert(peer.id, (number, peer.seat()));
            prop_assert!(before.is_none(), "{:?} is at two relays", peer.id);
        }
    }
    for (number, relay) in world.relays.iter().enumerate() {
        let shared = relay.tracker.shared.as_ref().expect("it shares");
        prop_assert_eq!(shared.relays.len(), world.relays.len() - 1);
        let known: Vec<(PeerId, RelayId, Seat)> = shared
            .swarms
            .get(&HASH)
            .map_or_else(Vec::new, |remote| remote.peers.clone());
        let others = all.iter().filter(|(_, (at, _))| *at != number);
        let expected: Vec<_> = others
            .map(|(peer, (at, seat))| (*peer, id(*at), *seat))
            .collect();
        prop_assert_eq!(known, expected);
        let seeders = all.values().filter(|(_, seat)| seat.is_seeder).count();
        let counts = relay.tracker.counts(&HASH);
        prop_assert_eq!(counts.complete as usize, seeders);
        prop_assert_eq!((counts.complete + counts.incomplete) as usize, all.len());
        prop_assert_eq!(
            shared.seats,
            all.len()
                - relay
                    .tracker
                    .swarms
                    .get(&HASH)
                    .map_or(0, |swarm| swarm.peers.len())
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever clients do and the bus loses, relays agree when it is well again.
    #[test]
    fn relays_agree_in_the_end(
        seed in any::<u64>(),
        lost in 0u64..60,
        steps in proptest::collection::vec((0usize..3, 0u32..4, 0u8..8, 0u8..9, 0u64..4_000), 1..60),
    ) {
        let mut world = World::new(3, seed);
        world.lost = lost;
        for (relay, client, number, action, wait) in steps {
            match action {
                0 => world.hang_up(relay, client),
                1 => { world.announce(relay, client, number, |a| a.event = Event::Stopped); }
                2 => { world.announce(relay, client, number, |a| a.event = Event::Completed); }
                3 => world.is_cut = !world.is_cut,
                4 => world.pass(wait * 20),
                _ => { world.announce(relay, client, number, |a| a.offers = offers(2)); }
            }
            world.pass(wait / 4);
        }
        (world.lost, world.is_cut) = (0, false);
        world.pass(20_000);
        check_agreement(&world)?;
    }

    #[test]
    fn any_bytes_are_heard_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut tracker = Tracker::new(Config::default(), 1).sharing(RelayId(1), 0);
        let _ = tracker.hear(0, &bytes, |_, _| {});
        let _ = tracker.hear(0, &[&[super::super::BUS_VERSION], &*bytes].concat(), |_, _| {});
        tracker.tick(10_000);
        tracker.take_outgoing();
    }
}
