//! What is relayed to whom, and the counts under any messages.

use proptest::prelude::*;

use super::*;
use crate::OfferId;
use crate::announce::{ClientMessage, Description, Offer};

const HASH: InfoHash = InfoHash([1; 20]);

/// A tracker with its clients, by number; peer ids are numbers too.
struct Room {
    tracker: Tracker,
    clients: BTreeMap<u32, Client>,
    now: u64,
}

/// What somebody was sent: to whom, and the message as JSON.
type Sent = Vec<(u32, String)>;

impl Room {
    fn new(config: Config) -> Self {
        Self {
            tracker: Tracker::new(config, 1),
            clients: BTreeMap::new(),
            now: 0,
        }
    }

    fn say(&mut self, client: u32, message: &ClientMessage<'_>) -> (Outcome, Sent) {
        let mut sent = Vec::new();
        let id = ClientId(client);
        let client = self
            .clients
            .entry(client)
            .or_insert_with(|| Client::new(id));
        let send = |to: ClientId, message: &TrackerMessage<'_>| {
            sent.push((to.0, message.encode()));
        };
        let outcome = match message {
            ClientMessage::Announce(announce) => {
                self.tracker.announce(self.now, client, announce, send)
            }
            ClientMessage::Answer(answer) => self.tracker.answer(self.now, client, answer, send),
            ClientMessage::Scrape(_) => panic!("not for a shard"),
        };
        (outcome, sent)
    }

    fn announce(
        &mut self,
        client: u32,
        peer: u8,
        change: impl FnOnce(&mut Announce<'static>),
    ) -> (Outcome, Sent) {
        let mut announce = announcement(PeerId([peer; 20]));
        change(&mut announce);
        self.say(client, &ClientMessage::Announce(announce))
    }

    fn answer(&mut self, client: u32, peer: u8, to: u8) -> (Outcome, Sent) {
        let answer = Answer {
            info_hash: HASH,
            peer_id: PeerId([peer; 20]),
            to_peer_id: PeerId([to; 20]),
            offer_id: OfferId([9; 20]),
            answer: Description::answer("v=0"),
        };
        self.say(client, &ClientMessage::Answer(answer))
    }

    fn drop_client(&mut self, number: u32) {
        let client = self.clients.remove(&number).unwrap();
        for (hash, peer) in client.joined() {
            self.tracker.leave(client.id(), hash, peer);
        }
    }

    fn counts(&self) -> (u32, u32) {
        let counts = self.tracker.counts(&HASH);
        (counts.complete, counts.incomplete)
    }
}

/// Of a peer that lacks something and offers nothing.
pub(super) fn announcement(peer_id: PeerId) -> Announce<'static> {
    Announce {
        info_hash: HASH,
        peer_id,
        event: Event::Update,
        uploaded: 0,
        downloaded: 0,
        left: Left::Bytes(9),
        numwant: None,
        offers: Vec::new(),
    }
}

fn offers(count: u8) -> Vec<Offer<'static>> {
    let offer = |number| Offer {
        offer_id: OfferId([number; 20]),
        offer: Description::offer("v=0"),
    };
    (0..count).map(offer).collect()
}

/// Peers that were handed offers, sorted.
fn offered(sent: &Sent) -> Vec<u32> {
    let mut to: Vec<u32> = sent
        .iter()
        .filter(|(_, text)| text.contains("\"offer\":"))
        .map(|(to, _)| *to)
        .collect();
    to.sort_unstable();
    to
}

#[test]
fn every_offer_goes_to_another_peer() {
    let mut room = Room::new(Config::default());
    for peer in 0..30 {
        room.announce(u32::from(peer), peer, |_| {});
    }
    for _ in 0..50 {
        let (outcome, sent) = room.announce(7, 7, |announce| announce.offers = offers(10));
        let mut to = offered(&sent);
        assert_eq!((outcome, to.len()), (Outcome::Relayed(10), 10));
        to.dedup();
        assert_eq!((to.len(), to.contains(&7)), (10, false));
    }
}

#[test]
fn numwant_and_the_limit_bound_what_is_relayed() {
    let mut room = Room::new(Config::default());
    for peer in 0..30 {
        room.announce(u32::from(peer), peer, |_| {});
    }
    for (count, numwant, expected) in [
        (3, Some(1), 1),
        (3, None, 3),
        (25, None, 20),
        (25, Some(90), 20),
        (3, Some(0), 0),
    ] {
        let (outcome, _) = room.announce(0, 0, |announce| {
            announce.offers = offers(count);
            announce.numwant = numwant;
        });
        assert_eq!(outcome, Outcome::Relayed(expected), "{count} {numwant:?}");
    }
    let mut alone = Room::new(Config::default());
    let (outcome, _) = alone.announce(0, 0, |announce| announce.offers = offers(5));
    assert_eq!(outcome, Outcome::Relayed(0));
}

#[test]
fn an_answer_goes_to_who_offered_and_changes_nothing() {
    let mut room = Room::new(Config::default());
    room.announce(1, 1, |_| {});
    room.announce(2, 2, |announce| announce.left = Left::Bytes(0));
    let (outcome, sent) = room.answer(2, 2, 1);
    assert_eq!(outcome, Outcome::Relayed(1));
    assert_eq!(sent.len(), 1, "no reply: {sent:?}");
    assert_eq!(sent[0].0, 1);
    assert!(!sent[0].1.contains("to_peer_id"), "{sent:?}");
    assert_eq!(room.counts(), (1, 1));
    assert_eq!(room.answer(2, 2, 9), (Outcome::Gone, Vec::new()));
}

#[test]
fn seeders_are_those_who_lack_nothing() {
    let check = |event, left, expected| {
        let mut room = Room::new(Config::default());
        room.announce(1, 1, |announce| {
            (announce.event, announce.left) = (event, left)
        });
        assert_eq!(room.counts(), expected, "{event:?} {left:?}");
    };
    check(Event::Started, Left::Bytes(0), (1, 0));
    check(Event::Update, Left::Bytes(0), (1, 0));
    check(Event::Completed, Left::Unsaid, (1, 0));
    check(Event::Started, Left::Unknown, (0, 1));
    check(Event::Started, Left::Unsaid, (0, 1));
    check(Event::Stopped, Left::Bytes(0), (0, 0));
    let mut room = Room::new(Config::default());
    room.announce(1, 1, |announce| announce.event = Event::Completed);
    room.announce(1, 1, |announce| announce.left = Left::Unsaid);
    assert_eq!(
        room.counts(),
        (1, 0),
        "an update that says nothing changes nothing"
    );
    room.announce(1, 1, |_| {});
    assert_eq!(room.counts(), (0, 1));
    assert_eq!(room.tracker.counts(&HASH).downloaded, 1);
}

#[test]
fn a_peer_belongs_to_its_connection() {
    let mut room = Room::new(Config::default());
    room.announce(1, 1, |_| {});
    room.announce(3, 3, |_| {});
    let refused = |(outcome, sent): (Outcome, Sent)| {
        assert_eq!(outcome, Outcome::Refused, "{sent:?}");
        assert!(sent[0].1.contains("\"failure reason\""), "{sent:?}");
        assert!(sent[0].1.contains("\"action\":\"announce\""), "{sent:?}");
    };
    refused(room.announce(2, 1, |_| {}));
    refused(room.announce(2, 1, |announce| announce.event = Event::Stopped));
    refused(room.answer(2, 1, 3));
    assert_eq!(room.counts(), (0, 2));
    // Silent for one and a half intervals: its connection may be dead without saying so.
    room.now = 181_000;
    assert_eq!(room.announce(2, 1, |_| {}).0, Outcome::Relayed(0));
    refused(room.announce(1, 1, |_| {}));
    // The old connection's end does not take the peer along.
    room.drop_client(1);
    assert_eq!(room.counts(), (0, 2));
    room.drop_client(2);
    assert_eq!(room.counts(), (0, 1));
    assert_eq!(room.announce(4, 1, |_| {}).0, Outcome::Relayed(0));
}

#[test]
fn one_connection_may_be_several_peers_up_to_a_limit() {
    let most_peers = 2;
    let mut room = Room::new(Config {
        most_peers,
        ..Config::default()
    });
    room.announce(1, 1, |_| {});
    let (_, sent) = room.announce(1, 2, |announce| announce.offers = offers(1));
    assert_eq!(offered(&sent), [1]);
    let other = |announce: &mut Announce<'_>| announce.info_hash = InfoHash([2; 20]);
    assert_eq!(room.announce(1, 1, other).0, Outcome::Refused);
    assert_eq!(room.tracker.all_counts().len(), 1, "no empty swarm stays");
    room.announce(1, 1, |announce| announce.event = Event::Stopped);
    assert_eq!(room.announce(1, 1, other).0, Outcome::Relayed(0));
}

#[test]
fn who_stops_is_told_and_gone() {
    let mut room = Room::new(Config::default());
    room.announce(1, 1, |_| {});
    let (_, sent) = room.announce(1, 1, |announce| announce.event = Event::Stopped);
    assert!(sent[0].1.contains("\"incomplete\":0"), "{sent:?}");
    let (_, sent) = room.announce(1, 1, |announce| announce.event = Event::Stopped);
    assert_eq!(sent.len(), 1);
    assert_eq!(room.tracker.all_counts().len(), 0);
    assert_eq!(room.clients[&1].joined(), []);
}

#[test]
fn peers_that_fall_silent_are_forgotten() {
    let mut room = Room::new(Config::default());
    room.announce(1, 1, |announce| announce.left = Left::Bytes(0));
    room.now = 100_000;
    room.announce(2, 2, |_| {});
    room.now = 240_000;
    assert_eq!(room.tracker.sweep(room.now), 0);
    room.now = 241_000;
    assert_eq!(room.tracker.sweep(room.now), 1);
    assert_eq!(room.counts(), (0, 1));
    // It comes back as if nothing had been.
    room.announce(1, 1, |_| {});
    assert_eq!(
        (room.counts(), room.clients[&1].joined().len()),
        ((0, 2), 1)
    );
}

#[test]
fn a_peer_is_small() {
    assert_eq!(size_of::<Peer>(), 32);
}

proptest! {
    /// Whatever clients do, counts are those of the peers, and nobody hears from themselves.
    #[test]
    fn counts_are_those_of_the_peers(
        steps in proptest::collection::vec((0u32..4, 0u8..6, 0u8..8, 0u64..100), 0..80),
    ) {
        let mut room = Room::new(Config::default());
        for (client, peer, action, wait) in steps {
            room.now += wait * 1_000;
            match action {
                0 => { room.tracker.sweep(room.now); }
                1 if room.clients.contains_key(&client) => room.drop_client(client),
                2 => { room.answer(client, peer, 3); }
                3 => { room.announce(client, peer, |a| a.event = Event::Stopped); }
                4 => { room.announce(client, peer, |a| a.event = Event::Completed); }
                _ => {
                    let (_, sent) = room.announce(client, peer, |a| a.offers = offers(3));
                    let ids = offered(&sent).len();
                    prop_assert!(ids <= 3);
                }
            }
            for swarm in room.tracker.swarms.values() {
                let seeders = swarm.peers.iter().filter(|peer| peer.is_seeder).count();
                prop_assert_eq!(seeders as u32, swarm.complete);
                prop_assert!(swarm.peers.is_sorted_by(|a, b| a.id < b.id));
                prop_assert!(!swarm.peers.is_empty());
            }
        }
    }
}
