//! A world in virtual time: sessions, trackers and web seeds over a seeded network that delays,
//! reorders between connections, throttles and cuts.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test uses its part of the world"
)]
#![allow(clippy::unwrap_used, reason = "a world that is wrong fails its tests")]

pub mod puppet;
pub mod sample;
pub mod scenes;
pub mod seed;
pub mod tracker;

use std::collections::{BTreeMap, BTreeSet};

use torrent::session::{Config, Event, Input, Limits, Output, Phase, Priority, TorrentStatus};
use torrent::{ConnectionId, FetchId, InfoHash, PeerId, Session};

use puppet::Puppet;
pub use sample::Sample;
pub use scenes::{finish, swarm};
pub use seed::{Manner, SimSeed};
use tracker::SimTracker;

pub const TRACKER: &str = "ws://tracker/announce";

/// SplitMix64, as elsewhere.
pub struct Lot(pub u64);

impl Lot {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Who is behind a place in the world.
pub enum Mind {
    Session(Box<Session>),
    Puppet(Box<dyn Puppet>),
    Gone,
}

pub struct Node {
    pub mind: Mind,
    pub peer_id: PeerId,
    pub store: BTreeMap<(InfoHash, u32), Vec<u8>>,
    pub events: Vec<(u64, Event)>,
    /// Other side of each connection.
    pub links: BTreeMap<ConnectionId, (usize, ConnectionId)>,
    pub connected: BTreeSet<ConnectionId>,
    buffered: BTreeMap<ConnectionId, u32>,
    arrivals: BTreeMap<ConnectionId, u64>,
    /// Bytes a second to all others together.
    pub uplink: u64,
    uplink_free: u64,
    pub latency: u64,
    /// Bytes read from the store are false.
    pub corrupt: bool,
    pub disk_full: bool,
    pub sockets: BTreeSet<String>,
    next_puppet_connection: u32,
    pub offers_made: usize,
    pub most_connections: usize,
    open_offers: BTreeSet<ConnectionId>,
    pub most_offers: usize,
    pub sent: u64,
    pub fetches: Vec<(String, u64, u64)>,
}

enum Happening {
    Input(usize, Input),
    Arrive(usize, ConnectionId, Vec<u8>),
    Depart(usize, ConnectionId, u32),
    Tracker(String, usize, String),
    Seed(usize, FetchId, String, u64, u64, u64),
}

pub struct World {
    pub now: u64,
    pub lot: Lot,
    pub nodes: Vec<Node>,
    pub trackers: BTreeMap<String, SimTracker>,
    pub seeds: BTreeMap<String, SimSeed>,
    happenings: BTreeMap<(u64, u64), Happening>,
    sequence: u64,
    cancelled: BTreeSet<(usize, FetchId)>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut trackers = BTreeMap::new();
        trackers.insert(TRACKER.to_owned(), SimTracker::default());
        Self {
            now: 1_000_000,
            lot: Lot(seed),
            nodes: Vec::new(),
            trackers,
            seeds: BTreeMap::new(),
            happenings: BTreeMap::new(),
            sequence: 0,
            cancelled: BTreeSet::new(),
        }
    }

    /// A session joins.
    pub fn join(&mut self) -> usize {
        self.join_with(Limits::default())
    }

    pub fn join_with(&mut self, limits: Limits) -> usize {
        let mut peer_id = *b"-SD0100-............";
        for byte in &mut peer_id[8..] {
            *byte = self.lot.next() as u8;
        }
        let session = Session::new(Config {
            peer_id: PeerId(peer_id),
            seed: self.lot.next(),
            limits,
        });
        self.add_node(Mind::Session(Box::new(session)), PeerId(peer_id))
    }

    /// A puppet joins a torrent's swarm.
    pub fn join_puppet(&mut self, puppet: impl Puppet + 'static, torrent: InfoHash) -> usize {
        let mut peer_id = *b"-XX0100-............";
        for byte in &mut peer_id[8..] {
            *byte = self.lot.next() as u8;
        }
        let node = self.add_node(Mind::Puppet(Box::new(puppet)), PeerId(peer_id));
        let tracker = self.trackers.get_mut(TRACKER).unwrap();
        tracker.enter(torrent, PeerId(peer_id), node);
        node
    }

    fn add_node(&mut self, mind: Mind, peer_id: PeerId) -> usize {
        self.nodes.push(Node {
            mind,
            peer_id,
            store: BTreeMap::new(),
            events: Vec::new(),
            links: BTreeMap::new(),
            connected: BTreeSet::new(),
            buffered: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            uplink: 2_000_000,
            uplink_free: 0,
            latency: 10,
            corrupt: false,
            disk_full: false,
            sockets: BTreeSet::new(),
            next_puppet_connection: 0,
            offers_made: 0,
            most_connections: 0,
            open_offers: BTreeSet::new(),
            most_offers: 0,
            sent: 0,
            fetches: Vec::new(),
        });
        self.nodes.len() - 1
    }

    pub fn session(&self, node: usize) -> &Session {
        match &self.nodes[node].mind {
            Mind::Session(session) => session,
            _ => panic!("node {node} is no session"),
        }
    }

    pub fn status(&self, node: usize, torrent: InfoHash) -> TorrentStatus {
        let status = self.session(node).status(self.now, &torrent);
        status.expect("the torrent was added")
    }

    pub fn input(&mut self, node: usize, input: Input) {
        if let Mind::Session(session) = &mut self.nodes[node].mind {
            session.handle_input(self.now, input);
        }
        self.drain(node);
    }

    pub fn at(&mut self, delay: u64, node: usize, input: Input) {
        self.schedule(self.now + delay, Happening::Input(node, input));
    }

    fn schedule(&mut self, at: u64, happening: Happening) {
        self.sequence += 1;
        self.happenings.insert((at, self.sequence), happening);
    }

    /// Adds a torrent of which everything, or nothing, is stored.
    pub fn add(&mut self, node: usize, sample: &Sample, has: bool, priority: Priority) {
        let pieces = sample.meta.info.pieces.len() as u32;
        if has {
            for piece in 0..pieces {
                let key = (sample.hash(), piece);
                self.nodes[node].store.insert(key, sample.piece(piece));
            }
        }
        let mut add = sample.adding();
        add.priority = priority;
        if has {
            add.stored = vec![(0, pieces)];
            add.trusted = true;
        }
        self.input(node, Input::Add(Box::new(add)));
    }

    pub fn run_for(&mut self, millis: u64) {
        self.run_until(self.now + millis, |_| false);
    }

    /// Runs until something holds, or a time has come; whether it held.
    pub fn run_until(&mut self, end: u64, mut done: impl FnMut(&Self) -> bool) -> bool {
        loop {
            if done(self) {
                return true;
            }
            let timeouts = self.nodes.iter().enumerate().filter_map(|(node, it)| {
                let Mind::Session(session) = &it.mind else {
                    return None;
                };
                Some((session.next_timeout()?.max(self.now), node))
            });
            let timeout = timeouts.min();
            let happening = self.happenings.keys().next().copied();
            let next = match (timeout, happening) {
                (Some((at, _)), Some((other, _))) => at.min(other),
                (Some((at, _)), None) | (None, Some((at, _))) => at,
                (None, None) => end,
            };
            if next > end || (timeout.is_none() && happening.is_none()) {
                self.now = end;
                return done(self);
            }
            self.now = self.now.max(next);
            match happening {
                Some(key) if key.0 <= self.now => {
                    let happening = self.happenings.remove(&key).unwrap();
                    self.happen(happening);
                }
                _ => {
                    let (_, node) = timeout.unwrap();
                    self.input(node, Input::Timeout);
                    let Mind::Session(session) = &self.nodes[node].mind else {
                        continue;
                    };
                    let again = session.next_timeout();
                    assert!(
                        again.is_none_or(|at| at > self.now),
                        "a timeout that stays due"
                    );
                }
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Input(node, input) => {
                if let Input::Connected(connection) = &input {
                    if !self.nodes[node].links.contains_key(connection) {
                        return;
                    }
                    self.nodes[node].connected.insert(*connection);
                    let count = self.nodes[node].connected.len();
                    let most = &mut self.nodes[node].most_connections;
                    *most = (*most).max(count);
                    self.with_puppet(node, |puppet, out| puppet.connected(*connection, out));
                }
                self.input(node, input);
            }
            Happening::Arrive(node, connection, bytes) => {
                if self.nodes[node].links.contains_key(&connection) {
                    self.with_puppet(node, |puppet, out| puppet.received(connection, &bytes, out));
                    self.input(node, Input::Received(connection, bytes));
                }
            }
            Happening::Depart(node, connection, bytes) => {
                let Some(buffered) = self.nodes[node].buffered.get_mut(&connection) else {
                    return;
                };
                let was = *buffered;
                *buffered -= bytes;
                let is = *buffered;
                if was >= Session::LOW_WATER && is < Session::LOW_WATER {
                    self.input(node, Input::Buffered(connection, is));
                }
            }
            Happening::Tracker(url, node, text) => self.on_tracker_text(&url, node, &text),
            Happening::Seed(node, fetch, url, offset, left, length) => {
                self.serve(node, fetch, url, offset, left, length);
            }
        }
    }

    fn with_puppet(
        &mut self,
        node: usize,
        act: impl FnOnce(&mut dyn Puppet, &mut Vec<(ConnectionId, Vec<u8>)>),
    ) {
        let mut out = Vec::new();
        if let Mind::Puppet(puppet) = &mut self.nodes[node].mind {
            act(puppet.as_mut(), &mut out);
        }
        for (connection, bytes) in out {
            if bytes.is_empty() {
                self.cut(node, connection);
            }
            for part in bytes.chunks(200_000) {
                self.send(node, connection, part.to_vec());
            }
        }
    }

    fn drain(&mut self, node: usize) {
        loop {
            let Mind::Session(session) = &mut self.nodes[node].mind else {
                return;
            };
            let Some(output) = session.poll_output() else {
                return;
            };
            self.perform(node, output);
        }
    }

    fn perform(&mut self, node: usize, output: Output) {
        let wait = 2 + self.lot.below(20);
        match output {
            Output::TrackerConnect(url) => {
                let up = self.trackers.get(&url).is_some_and(|tracker| tracker.up);
                if up {
                    self.nodes[node].sockets.insert(url.clone());
                    self.at(wait, node, Input::TrackerOpen(url));
                } else {
                    self.at(wait, node, Input::TrackerClosed(url, "refused".into()));
                }
            }
            Output::TrackerSend(url, text) => {
                if self.nodes[node].sockets.contains(&url) {
                    self.schedule(self.now + wait, Happening::Tracker(url, node, text));
                }
            }
            Output::TrackerClose(url) => {
                self.nodes[node].sockets.remove(&url);
                if let Some(tracker) = self.trackers.get_mut(&url) {
                    tracker.gone(node);
                }
            }
            Output::CreateOffer(connection) => {
                let it = &mut self.nodes[node];
                it.offers_made += 1;
                it.open_offers.insert(connection);
                it.most_offers = it.most_offers.max(it.open_offers.len());
                let sdp = format!("offer {node} {}", connection.0);
                self.at(wait, node, Input::Described(connection, sdp));
            }
            Output::CreateAnswer(connection, offer) => {
                let (other, theirs) = parse_sdp("offer", &offer);
                self.nodes[node].links.insert(connection, (other, theirs));
                let sdp = format!("answer {node} {}", connection.0);
                self.at(wait, node, Input::Described(connection, sdp));
            }
            Output::AcceptAnswer(connection, answer) => {
                self.nodes[node].open_offers.remove(&connection);
                let (other, theirs) = parse_sdp("answer", &answer);
                self.connect((node, connection), (other, theirs));
            }
            Output::Send(connection, bytes) => self.send(node, connection, bytes),
            Output::Disconnect(connection) => {
                self.nodes[node].open_offers.remove(&connection);
                self.hang_up(node, connection);
            }
            Output::Fetch {
                id,
                url,
                offset,
                length,
            } => {
                self.nodes[node].fetches.push((url.clone(), offset, length));
                let happening = Happening::Seed(node, id, url, offset, length, length);
                self.schedule(self.now + 20 + wait, happening);
            }
            Output::CancelFetch(id) => {
                self.cancelled.insert((node, id));
            }
            Output::Store {
                torrent,
                piece,
                bytes,
            } => {
                if self.nodes[node].disk_full {
                    self.at(2, node, Input::StoreFailed(torrent, piece, "full".into()));
                } else {
                    self.nodes[node].store.insert((torrent, piece), bytes);
                    self.at(2, node, Input::Stored(torrent, piece));
                }
            }
            Output::Load(torrent, piece) => {
                let mut bytes = self.nodes[node].store.get(&(torrent, piece)).cloned();
                if let (true, Some(bytes)) = (self.nodes[node].corrupt, &mut bytes) {
                    bytes.iter_mut().step_by(16_384).for_each(|byte| *byte ^= 1);
                }
                self.at(1, node, Input::Loaded(torrent, piece, bytes));
            }
            Output::Event(event) => self.nodes[node].events.push((self.now, event)),
        }
    }

    fn connect(&mut self, one: (usize, ConnectionId), other: (usize, ConnectionId)) {
        if matches!(self.nodes[other.0].mind, Mind::Gone) {
            return;
        }
        self.nodes[one.0].links.insert(one.1, other);
        self.nodes[other.0].links.insert(other.1, one);
        let wait = 2 * self.latency(one.0, other.0);
        let skew = self.lot.below(20);
        self.at(wait, one.0, Input::Connected(one.1));
        self.at(wait + skew, other.0, Input::Connected(other.1));
    }

    fn latency(&mut self, one: usize, other: usize) -> u64 {
        let latency = self.nodes[one].latency + self.nodes[other].latency;
        latency + self.lot.below(latency / 4 + 1)
    }

    pub fn send(&mut self, node: usize, connection: ConnectionId, bytes: Vec<u8>) {
        let Some(&(other, theirs)) = self.nodes[node].links.get(&connection) else {
            return;
        };
        let latency = self.latency(node, other);
        let now = self.now;
        let it = &mut self.nodes[node];
        let length = bytes.len() as u32;
        it.sent += u64::from(length);
        // What a browser refuses.
        assert!(length <= 262_144, "a message of {length} bytes");
        *it.buffered.entry(connection).or_default() += length;
        let depart = it.uplink_free.max(now) + u64::from(length) * 1000 / it.uplink;
        it.uplink_free = depart;
        let buffered = it.buffered[&connection];
        // A connection keeps its order; connections do not keep any among them.
        let arrival = it.arrivals.entry(connection).or_default();
        *arrival = (*arrival).max(depart + latency);
        let arrival = *arrival;
        self.schedule(
            now,
            Happening::Input(node, Input::Buffered(connection, buffered)),
        );
        self.schedule(depart, Happening::Depart(node, connection, length));
        self.schedule(arrival, Happening::Arrive(other, theirs, bytes));
    }

    /// A connection breaks for both.
    pub fn cut(&mut self, node: usize, connection: ConnectionId) {
        self.at(1, node, Input::Disconnected(connection, "cut".into()));
        self.hang_up(node, connection);
    }

    fn hang_up(&mut self, node: usize, connection: ConnectionId) {
        let it = &mut self.nodes[node];
        it.connected.remove(&connection);
        it.buffered.remove(&connection);
        let Some((other, theirs)) = it.links.remove(&connection) else {
            return;
        };
        // Who waits for an answer is not told that it will not come.
        if self.nodes[other].links.remove(&theirs).is_none() {
            return;
        }
        self.nodes[other].connected.remove(&theirs);
        self.nodes[other].buffered.remove(&theirs);
        self.at(30, other, Input::Disconnected(theirs, "closed".into()));
    }

    /// A node is gone without a word, as when a page is closed.
    pub fn leave(&mut self, node: usize) {
        let connections: Vec<ConnectionId> = self.nodes[node].links.keys().copied().collect();
        for connection in connections {
            self.hang_up(node, connection);
        }
        for tracker in self.trackers.values_mut() {
            tracker.gone(node);
        }
        self.nodes[node].mind = Mind::Gone;
    }

    pub fn set_tracker(&mut self, url: &str, up: bool) {
        self.trackers.get_mut(url).unwrap().up = up;
        if up {
            return;
        }
        for node in 0..self.nodes.len() {
            if self.nodes[node].sockets.remove(url) {
                let input = Input::TrackerClosed(url.to_owned(), "closed".into());
                self.at(5, node, input);
            }
            self.trackers.get_mut(url).unwrap().gone(node);
        }
    }

    fn on_tracker_text(&mut self, url: &str, node: usize, text: &str) {
        let Some(tracker) = self.trackers.get_mut(url).filter(|tracker| tracker.up) else {
            return;
        };
        for (to, text) in tracker.on_text(node, text, &mut self.lot) {
            let wait = 2 + self.lot.below(20);
            if matches!(self.nodes[to].mind, Mind::Puppet(_)) {
                self.on_puppet_offer(to, url, &text);
            } else if self.nodes[to].sockets.contains(url) {
                self.at(wait, to, Input::TrackerMessage(url.to_owned(), text));
            }
        }
    }

    /// A puppet answers every offer.
    fn on_puppet_offer(&mut self, node: usize, url: &str, text: &str) {
        let it = &mut self.nodes[node];
        it.next_puppet_connection += 1;
        let connection = it.next_puppet_connection;
        let sdp = format!("answer {node} {connection}");
        if let Some(answer) = tracker::answer_to(text, it.peer_id, &sdp) {
            self.schedule(
                self.now + 5,
                Happening::Tracker(url.to_owned(), node, answer),
            );
        }
    }

    /// Whether nodes have a torrent whole, by their own count and byte for byte.
    pub fn have_all(&self, nodes: &[usize], sample: &Sample) -> bool {
        nodes.iter().all(|&node| {
            let status = self.status(node, sample.hash());
            status.bytes_completed == status.length
                && status.length > 0
                && (0..sample.meta.info.pieces.len() as u32).all(|piece| {
                    self.nodes[node].store.get(&(sample.hash(), piece))
                        == Some(&sample.piece(piece))
                })
        })
    }

    pub fn are_seeding(&self, nodes: &[usize], sample: &Sample) -> bool {
        let phase = |node: &usize| self.status(*node, sample.hash()).phase;
        nodes.iter().all(|node| phase(node) == Phase::Seeding)
    }
}

fn parse_sdp(kind: &str, sdp: &str) -> (usize, ConnectionId) {
    let mut words = sdp.split(' ');
    assert_eq!(words.next(), Some(kind));
    let node = words.next().unwrap().parse().unwrap();
    (node, ConnectionId(words.next().unwrap().parse().unwrap()))
}
