//! The swarms of a WebTorrent tracker as a state machine: clients' messages and a time go in,
//! messages to clients come out.
//!
//! It behaves like the trackers in use, but for what harms listeners there: a peer belongs to the
//! connection that announced it, so that nobody else can stop it or speak for it; nothing that can
//! be relayed is dropped; a message that cannot be served is answered, never punished.
//!
//! A peer costs 32 bytes here and 40 in its connection's [`Client`]. Several relays can share their
//! swarms: [`Tracker::sharing`].

mod bus;
mod shared;

use std::collections::{BTreeMap, BTreeSet};

use crate::announce::{
    Action, Announce, Answer, Counts, Description, Event, Failure, Left, TrackerMessage,
};
use crate::{InfoHash, PeerId};
pub use bus::{
    BUS_VERSION, Body, BusError, Change, Envelope, Letter, MOST_BUS_BYTES, RelayId, Seat,
};
use shared::Shared;
pub use shared::{Heard, LEASE_MILLIS, Outgoing, PULSE_MILLIS};

/// Settings of a tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Seconds from an announcement to the next. A peer that was not heard of for two of them is
    /// forgotten.
    pub interval_seconds: u32,
    /// Most offers of an announcement that are relayed.
    pub most_offers: usize,
    /// Most peers that a connection may announce, over all torrents.
    pub most_peers: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            interval_seconds: 120,
            most_offers: 20,
            most_peers: 1_000,
        }
    }
}

/// Names a connection; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u32);

/// A connection, and which peers it announced.
#[derive(Debug)]
pub struct Client {
    id: ClientId,
    joined: Vec<(InfoHash, PeerId)>,
}

impl Client {
    /// A connection that has said nothing yet.
    #[must_use]
    pub fn new(id: ClientId) -> Self {
        let joined = Vec::new();
        Self { id, joined }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// The peers that it announced: what [`Tracker::leave`] wants to know when it is gone.
    #[must_use]
    pub fn joined(&self) -> &[(InfoHash, PeerId)] {
        &self.joined
    }

    /// Most connections announce one peer and have memory for one.
    fn join(&mut self, info_hash: InfoHash, peer_id: PeerId) {
        if self.joined.is_empty() {
            self.joined.reserve_exact(1);
        }
        self.joined.push((info_hash, peer_id));
    }

    fn forget(&mut self, info_hash: InfoHash, peer_id: PeerId) {
        let place = self
            .joined
            .iter()
            .position(|known| *known == (info_hash, peer_id));
        if let Some(place) = place {
            self.joined.swap_remove(place);
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Served; so many offers or answers went to other peers.
    Relayed(u32),
    /// An answer to a peer that is gone.
    Gone,
    /// Not served; the client was told why.
    Refused,
}

/// A peer: 32 bytes.
#[derive(Debug)]
struct Peer {
    id: PeerId,
    client: ClientId,
    heard_seconds: u32,
    is_seeder: bool,
    /// Whether others were told that nothing was heard of it for long.
    is_silent: bool,
}

impl Peer {
    /// As others need to know it.
    fn seat(&self) -> Seat {
        Seat {
            is_seeder: self.is_seeder,
            is_silent: self.is_silent,
        }
    }
}

#[derive(Debug, Default)]
struct Swarm {
    /// In order of id: found by bisection, chosen by place.
    peers: Vec<Peer>,
    complete: u32,
    downloaded: u32,
}

/// The swarms of all torrents, or of a share of them.
#[derive(Debug)]
pub struct Tracker {
    config: Config,
    swarms: BTreeMap<InfoHash, Swarm>,
    /// State of the lots that are drawn.
    random: u64,
    /// Places of peers that an announcement's offers go to; kept for its memory.
    chosen: Vec<usize>,
    /// Other relays, where there are any.
    shared: Option<Box<Shared>>,
}

impl Tracker {
    /// A tracker without swarms. `seed` decides who meets whom.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            swarms: BTreeMap::new(),
            random: seed,
            chosen: Vec::new(),
            shared: None,
        }
    }

    /// Serves an announcement: replies, and hands its offers to other peers, each to another one.
    pub fn announce(
        &mut self,
        now_millis: u64,
        client: &mut Client,
        announce: &Announce<'_>,
        mut send: impl FnMut(ClientId, &TrackerMessage<'_>),
    ) -> Outcome {
        let now = seconds(now_millis);
        let Announce {
            info_hash, peer_id, ..
        } = *announce;
        let silent = self.silent_seconds();
        let mut refuse = |client: &Client, reason: String| {
            let failure = refusal(info_hash, reason);
            send(client.id, &TrackerMessage::Failure(failure));
            Outcome::Refused
        };
        let swarm = self.swarms.entry(info_hash).or_default();
        let mut before = None;
        let place = match swarm.find(&peer_id) {
            Ok(place) => {
                let peer = &mut swarm.peers[place];
                if peer.client != client.id {
                    if now.saturating_sub(peer.heard_seconds) <= silent {
                        return refuse(client, IN_USE.into());
                    }
                    peer.client = client.id;
                    client.join(info_hash, peer_id);
                }
                before = Some(peer.seat());
                Some(place)
            }
            Err(_) if is_others(self.shared.as_deref(), &info_hash, &peer_id) => {
                self.remove_if_empty(&info_hash);
                return refuse(client, IN_USE.into());
            }
            Err(_) if announce.event == Event::Stopped => None,
            Err(_) if client.joined.len() >= self.config.most_peers => {
                self.remove_if_empty(&info_hash);
                let most = self.config.most_peers;
                return refuse(client, format!("more than {most} torrents on a connection"));
            }
            Err(place) => {
                let peer = Peer {
                    id: peer_id,
                    client: client.id,
                    heard_seconds: now,
                    is_seeder: false,
                    is_silent: false,
                };
                swarm.peers.insert(place, peer);
                // A peer that expired may still be on the list.
                client.forget(info_hash, peer_id);
                client.join(info_hash, peer_id);
                Some(place)
            }
        };
        if announce.event == Event::Stopped {
            if let Some(place) = place {
                swarm.remove(place);
                client.forget(info_hash, peer_id);
                if let Some(shared) = &mut self.shared {
                    shared.note(Change::Gone(info_hash, peer_id));
                }
            }
            send(client.id, &self.reply(info_hash));
            self.remove_if_empty(&info_hash);
            return Outcome::Relayed(0);
        }
        let place = place.expect("only who stops may be unknown");
        let downloaded = swarm.downloaded;
        swarm.update(place, now, announce);
        let own_others = swarm.peers.len() - 1;
        let mut others = own_others;
        if let Some(shared) = &mut self.shared {
            let seat = swarm.peers[place].seat();
            if before != Some(seat) {
                shared.note(Change::Here(info_hash, peer_id, seat));
            }
            if swarm.downloaded != downloaded {
                shared.note(Change::Downloaded(info_hash, swarm.downloaded));
            }
            others += shared.len(&info_hash);
        }
        send(client.id, &self.reply(info_hash));
        let wanted = announce.numwant.unwrap_or(u32::MAX) as usize;
        let count = announce
            .offers
            .len()
            .min(wanted)
            .min(self.config.most_offers)
            .min(others);
        self.choose(count, others);
        let swarm = &self.swarms[&info_hash];
        let mut relayed = 0;
        for (offer, &chosen) in announce.offers.iter().zip(&self.chosen) {
            if chosen >= own_others {
                let Some(shared) = &mut self.shared else {
                    continue;
                };
                // Another relay's peer; for a moment it can be this one, which moved here.
                let found = shared.at(&info_hash, chosen - own_others);
                let Some((to, relay)) = found.filter(|(to, _)| *to != peer_id) else {
                    continue;
                };
                let letter = Letter {
                    info_hash,
                    from: peer_id,
                    to,
                    offer_id: offer.offer_id,
                    is_answer: false,
                    description: shared::owned(&offer.offer),
                };
                shared.post(relay, letter);
                relayed += 1;
                continue;
            }
            // Everybody but the peer itself.
            let other = &swarm.peers[chosen + usize::from(chosen >= place)];
            let message = TrackerMessage::Offer {
                info_hash,
                peer_id,
                offer_id: offer.offer_id,
                offer: offer.offer.clone(),
            };
            send(other.client, &message);
            relayed += 1;
        }
        Outcome::Relayed(relayed)
    }

    /// Hands an answer to the peer whose offer it answers. Whether there was such an offer is
    /// between the two.
    pub fn answer(
        &mut self,
        now_millis: u64,
        client: &Client,
        answer: &Answer<'_>,
        mut send: impl FnMut(ClientId, &TrackerMessage<'_>),
    ) -> Outcome {
        let Some(swarm) = self.swarms.get_mut(&answer.info_hash) else {
            return Outcome::Gone;
        };
        if let Ok(place) = swarm.find(&answer.peer_id) {
            let peer = &mut swarm.peers[place];
            if peer.client != client.id {
                let failure = refusal(answer.info_hash, IN_USE.into());
                send(client.id, &TrackerMessage::Failure(failure));
                return Outcome::Refused;
            }
            peer.heard_seconds = seconds(now_millis);
            if std::mem::take(&mut peer.is_silent)
                && let Some(shared) = &mut self.shared
            {
                let change = Change::Here(answer.info_hash, answer.peer_id, peer.seat());
                shared.note(change);
            }
        } else if is_others(self.shared.as_deref(), &answer.info_hash, &answer.peer_id) {
            let failure = refusal(answer.info_hash, IN_USE.into());
            send(client.id, &TrackerMessage::Failure(failure));
            return Outcome::Refused;
        }
        let Ok(place) = swarm.find(&answer.to_peer_id) else {
            return self.answer_elsewhere(answer);
        };
        let message = TrackerMessage::Answer {
            info_hash: answer.info_hash,
            peer_id: answer.peer_id,
            offer_id: answer.offer_id,
            answer: answer.answer.clone(),
        };
        send(swarm.peers[place].client, &message);
        Outcome::Relayed(1)
    }

    /// Hands an answer to the relay that has its receiver.
    fn answer_elsewhere(&mut self, answer: &Answer<'_>) -> Outcome {
        let Some(shared) = self.shared.as_mut() else {
            return Outcome::Gone;
        };
        let Some(relay) = shared.relay_of(&answer.info_hash, &answer.to_peer_id) else {
            return Outcome::Gone;
        };
        let letter = Letter {
            info_hash: answer.info_hash,
            from: answer.peer_id,
            to: answer.to_peer_id,
            offer_id: answer.offer_id,
            is_answer: true,
            description: shared::owned(&answer.answer),
        };
        shared.post(relay, letter);
        Outcome::Relayed(1)
    }

    /// Peers of a torrent, at all relays.
    #[must_use]
    pub fn counts(&self, info_hash: &InfoHash) -> Counts {
        let own = self.swarms.get(info_hash).map(Swarm::counts);
        let own = own.unwrap_or_default();
        let Some(shared) = &self.shared else {
            return own;
        };
        let others = shared.counts(info_hash);
        Counts {
            complete: own.complete + others.complete,
            incomplete: own.incomplete + others.incomplete,
            downloaded: own.downloaded.saturating_add(others.downloaded),
        }
    }

    /// Peers of every torrent, at all relays.
    #[must_use]
    pub fn all_counts(&self) -> Vec<(InfoHash, Counts)> {
        let own = self.swarms.keys();
        let others = self.shared.iter().flat_map(|shared| shared.hashes());
        let all: BTreeSet<&InfoHash> = own.chain(others).collect();
        all.into_iter()
            .map(|hash| (*hash, self.counts(hash)))
            .collect()
    }

    /// Peers of every torrent at this relay.
    pub fn own_counts(&self) -> impl Iterator<Item = (InfoHash, Counts)> {
        let counts = |(hash, swarm): (&InfoHash, &Swarm)| (*hash, swarm.counts());
        self.swarms.iter().map(counts)
    }

    /// How long nothing is heard of a peer that another connection may be.
    fn silent_seconds(&self) -> u32 {
        self.config.interval_seconds + self.config.interval_seconds / 2
    }

    /// Forgets all peers of a torrent; those that announce again are there again.
    pub fn forget(&mut self, info_hash: &InfoHash) {
        let Some(swarm) = self.swarms.remove(info_hash) else {
            return;
        };
        if let Some(shared) = &mut self.shared {
            for peer in &swarm.peers {
                shared.note(Change::Gone(*info_hash, peer.id));
            }
        }
    }

    /// A connection is gone, and with it a peer that it announced.
    pub fn leave(&mut self, client: ClientId, info_hash: &InfoHash, peer_id: &PeerId) {
        let Some(swarm) = self.swarms.get_mut(info_hash) else {
            return;
        };
        if let Ok(place) = swarm.find(peer_id)
            && swarm.peers[place].client == client
        {
            swarm.remove(place);
            if let Some(shared) = &mut self.shared {
                shared.note(Change::Gone(*info_hash, *peer_id));
            }
            self.remove_if_empty(info_hash);
        }
    }

    /// Forgets peers that were not heard of for two intervals; returns how many. Call it about once
    /// an interval.
    pub fn sweep(&mut self, now_millis: u64) -> usize {
        let oldest = seconds(now_millis).saturating_sub(2 * self.config.interval_seconds);
        let silent = seconds(now_millis).saturating_sub(self.silent_seconds());
        let mut forgotten = 0;
        let shared = &mut self.shared;
        self.swarms.retain(|hash, swarm| {
            let before = swarm.peers.len();
            if let Some(shared) = shared {
                for peer in &mut swarm.peers {
                    if peer.heard_seconds < oldest {
                        shared.note(Change::Gone(*hash, peer.id));
                    } else if peer.heard_seconds < silent && !peer.is_silent {
                        peer.is_silent = true;
                        shared.note(Change::Here(*hash, peer.id, peer.seat()));
                    }
                }
            }
            swarm.peers.retain(|peer| peer.heard_seconds >= oldest);
            if swarm.peers.len() < before {
                forgotten += before - swarm.peers.len();
                swarm.complete = swarm.peers.iter().filter(|peer| peer.is_seeder).count() as u32;
                swarm.peers.shrink_to_fit();
            }
            !swarm.peers.is_empty()
        });
        forgotten
    }

    fn reply(&self, info_hash: InfoHash) -> TrackerMessage<'static> {
        let Counts {
            complete,
            incomplete,
            ..
        } = self.counts(&info_hash);
        TrackerMessage::Reply {
            info_hash,
            interval: self.config.interval_seconds,
            complete,
            incomplete,
        }
    }

    fn remove_if_empty(&mut self, info_hash: &InfoHash) {
        let swarm = self.swarms.get(info_hash);
        if swarm.is_some_and(|swarm| swarm.peers.is_empty()) {
            self.swarms.remove(info_hash);
        }
    }

    /// Draws `count` different numbers below `below` (R. W. Floyd's way).
    fn choose(&mut self, count: usize, below: usize) {
        self.chosen.clear();
        for last in below - count..below {
            let drawn = (self.draw() % (last as u64 + 1)) as usize;
            let is_taken = self.chosen.contains(&drawn);
            self.chosen.push(if is_taken { last } else { drawn });
        }
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Whether a peer is another relay's.
fn is_others(shared: Option<&Shared>, info_hash: &InfoHash, peer_id: &PeerId) -> bool {
    shared.is_some_and(|shared| shared.holds(info_hash, peer_id))
}

const IN_USE: &str = "another connection has announced this peer_id";

fn refusal(info_hash: InfoHash, reason: String) -> Failure<'static> {
    Failure {
        action: Action::Announce,
        info_hash: Some(info_hash),
        reason: reason.into(),
    }
}

fn seconds(millis: u64) -> u32 {
    (millis / 1_000) as u32
}

impl Swarm {
    fn find(&self, peer_id: &PeerId) -> Result<usize, usize> {
        self.peers.binary_search_by(|peer| peer.id.cmp(peer_id))
    }

    fn remove(&mut self, place: usize) {
        let peer = self.peers.remove(place);
        self.complete -= u32::from(peer.is_seeder);
    }

    fn update(&mut self, place: usize, now: u32, announce: &Announce<'_>) {
        let peer = &mut self.peers[place];
        peer.heard_seconds = now;
        peer.is_silent = false;
        let is_seeder = match (announce.event, announce.left) {
            (Event::Completed, _) | (_, Left::Bytes(0)) => true,
            (Event::Update, Left::Unsaid) => peer.is_seeder,
            _ => false,
        };
        if announce.event == Event::Completed && !peer.is_seeder {
            self.downloaded = self.downloaded.saturating_add(1);
        }
        self.complete = self.complete + u32::from(is_seeder) - u32::from(peer.is_seeder);
        peer.is_seeder = is_seeder;
    }

    fn counts(&self) -> Counts {
        Counts {
            complete: self.complete,
            incomplete: self.peers.len() as u32 - self.complete,
            downloaded: self.downloaded,
        }
    }
}

#[cfg(test)]
mod tests;
