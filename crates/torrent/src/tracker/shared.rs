//! Swarms that several relays share.
//!
//! Each relay owns the peers of its own sockets and tells the others of them: changes as they come,
//! everything to one that asks, a pulse every second. So each knows all peers, decides at once, and
//! sends an offer to the relay that has the peer. Nothing is kept on the way between them: a relay
//! that is silent for [`LEASE_MILLIS`] is forgotten with its peers, and when it is heard again it is
//! asked for them. Messages may be lost, doubled, or come in another order; numbers tell.
//!
//! Two relays can come to have the same peer while they do not hear of each other. Then the one that
//! heard nothing of it for long lets it go; of two that did, the one with the greater id.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use super::bus::{Body, BusError, Change, Envelope, Letter, MOST_BUS_BYTES, RelayId, Seat};
use super::{ClientId, Counts, Description, Swarm, Tracker, TrackerMessage};
use crate::{InfoHash, PeerId};

#[cfg(test)]
mod tests;

/// Milliseconds from one pulse to the next.
pub const PULSE_MILLIS: u64 = 1_000;
/// How long a relay may be silent. Clients that lose their socket wait longer before they try
/// another relay, so that it no longer takes them for somebody else's peer.
pub const LEASE_MILLIS: u64 = 5_000;
/// Milliseconds until everything is asked for again.
const ASK_AGAIN_MILLIS: u64 = 2_000;
/// Most changes of a message: 43 bytes each.
const MOST_CHANGES: usize = 1_000;
/// Most peers of all other relays; more are not known here, and get no offers from here.
const MOST_SEATS: usize = 4_000_000;

/// A message to other relays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// To one, or to all.
    pub to: Option<RelayId>,
    /// The message.
    pub bytes: Vec<u8>,
}

/// What became of a message of another relay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// Letters that went to clients.
    pub delivered: u32,
    /// Letters to peers that are gone.
    pub gone: u32,
}

/// What is known of others, and what they are to be told.
#[derive(Debug)]
pub(super) struct Shared {
    id: RelayId,
    /// Number of the last changes that were told.
    number: u64,
    changes: Vec<Change>,
    mail: BTreeMap<RelayId, Vec<Letter<'static>>>,
    outgoing: VecDeque<Outgoing>,
    pulse_at: u64,
    relays: BTreeMap<RelayId, Other>,
    swarms: BTreeMap<InfoHash, Remote>,
    seats: usize,
}

/// Another relay.
#[derive(Debug)]
struct Other {
    heard_at: u64,
    /// Number of the last changes of it that are known here.
    number: u64,
    /// Set while it is asked for everything.
    asking: Option<Asking>,
    downloaded: BTreeMap<InfoHash, u32>,
}

#[derive(Debug)]
struct Asking {
    since: u64,
    number: u64,
    parts: u32,
    changes: Vec<Change>,
}

/// Peers of a torrent at other relays, in order of peer and relay.
#[derive(Debug, Default)]
struct Remote {
    peers: Vec<(PeerId, RelayId, Seat)>,
    complete: u32,
}

impl Shared {
    fn new(id: RelayId, now: u64) -> Self {
        Self {
            id,
            number: 0,
            changes: Vec::new(),
            mail: BTreeMap::new(),
            outgoing: VecDeque::new(),
            pulse_at: now,
            relays: BTreeMap::new(),
            swarms: BTreeMap::new(),
            seats: 0,
        }
    }

    /// Something of this relay's own is to be told.
    pub(super) fn note(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Whether a peer is another relay's, who has heard of it lately.
    pub(super) fn holds(&self, info_hash: &InfoHash, peer_id: &PeerId) -> bool {
        let remote = self.swarms.get(info_hash);
        remote.is_some_and(|remote| remote.of(peer_id).any(|(_, _, seat)| !seat.is_silent))
    }

    /// How many peers of a torrent others have.
    pub(super) fn len(&self, info_hash: &InfoHash) -> usize {
        self.swarms
            .get(info_hash)
            .map_or(0, |remote| remote.peers.len())
    }

    /// The peer at a place, and who has it.
    pub(super) fn at(&self, info_hash: &InfoHash, place: usize) -> Option<(PeerId, RelayId)> {
        let (peer, relay, _) = self.swarms.get(info_hash)?.peers.get(place)?;
        Some((*peer, *relay))
    }

    /// The relay that has a peer: who heard of it lately before who did not.
    pub(super) fn relay_of(&self, info_hash: &InfoHash, peer_id: &PeerId) -> Option<RelayId> {
        let found = self.swarms.get(info_hash)?.of(peer_id);
        let best = found.min_by_key(|(_, relay, seat)| (seat.is_silent, *relay));
        best.map(|(_, relay, _)| *relay)
    }

    /// Peers of a torrent at others.
    pub(super) fn counts(&self, info_hash: &InfoHash) -> Counts {
        let (all, complete) = self.swarms.get(info_hash).map_or((0, 0), |remote| {
            (remote.peers.len() as u32, remote.complete)
        });
        let downloaded = self.relays.values();
        let downloaded = downloaded.filter_map(|relay| relay.downloaded.get(info_hash));
        Counts {
            complete,
            incomplete: all - complete,
            downloaded: downloaded.fold(0, |sum: u32, count| sum.saturating_add(*count)),
        }
    }

    /// Torrents of which others have peers.
    pub(super) fn hashes(&self) -> impl Iterator<Item = &InfoHash> {
        self.swarms.keys()
    }

    /// Something for a peer of another relay.
    pub(super) fn post(&mut self, to: RelayId, letter: Letter<'static>) {
        self.mail.entry(to).or_default().push(letter);
    }

    fn send(&mut self, to: Option<RelayId>, body: Body<'_>) {
        let envelope = Envelope {
            from: self.id,
            body,
        };
        let bytes = envelope.encode();
        self.outgoing.push_back(Outgoing { to, bytes });
    }

    /// Makes messages of what has gathered: changes first, so that who is offered something knows
    /// whom to answer.
    fn flush(&mut self) {
        let changes = std::mem::take(&mut self.changes);
        for changes in changes.chunks(MOST_CHANGES) {
            self.number += 1;
            let body = Body::Changes {
                number: self.number,
                changes: changes.to_vec(),
            };
            self.send(None, body);
        }
        for (to, letters) in std::mem::take(&mut self.mail) {
            let mut gathered = Vec::new();
            let mut size = 0;
            for letter in letters {
                // Ids, and what postcard writes of lengths.
                let length = letter.description.len() + 100;
                if size + length > MOST_BUS_BYTES - 100 && !gathered.is_empty() {
                    self.send(Some(to), Body::Mail(std::mem::take(&mut gathered)));
                    size = 0;
                }
                size += length;
                gathered.push(letter);
            }
            self.send(Some(to), Body::Mail(gathered));
        }
    }

    fn ask(&mut self, now: u64, whom: RelayId) {
        if let Some(other) = self.relays.get_mut(&whom) {
            other.asking = Some(Asking {
                since: now,
                number: 0,
                parts: 0,
                changes: Vec::new(),
            });
            self.send(Some(whom), Body::Ask);
        }
    }

    /// A relay is there; one that was not known is asked for everything.
    fn meet(&mut self, now: u64, relay: RelayId) {
        let is_new = !self.relays.contains_key(&relay);
        let other = self.relays.entry(relay).or_insert_with(|| Other {
            heard_at: now,
            number: 0,
            asking: None,
            downloaded: BTreeMap::new(),
        });
        other.heard_at = now;
        if is_new {
            self.ask(now, relay);
        }
    }

    fn forget(&mut self, relay: RelayId) {
        self.relays.remove(&relay);
        self.clear(relay);
    }

    /// Drops all peers of a relay.
    fn clear(&mut self, relay: RelayId) {
        let seats = &mut self.seats;
        self.swarms.retain(|_, remote| {
            let before = remote.peers.len();
            remote.peers.retain(|(_, of, _)| *of != relay);
            if remote.peers.len() < before {
                *seats -= before - remote.peers.len();
                remote.recount();
            }
            !remote.peers.is_empty()
        });
        if let Some(other) = self.relays.get_mut(&relay) {
            other.downloaded.clear();
        }
    }

    /// Takes a change of another relay in.
    fn apply(&mut self, relay: RelayId, change: &Change) {
        match *change {
            Change::Here(info_hash, peer_id, seat) => {
                let is_full = self.seats >= MOST_SEATS;
                let remote = self.swarms.entry(info_hash).or_default();
                match remote.find(&peer_id, relay) {
                    Ok(place) => {
                        let known = std::mem::replace(&mut remote.peers[place].2, seat);
                        remote.complete -= u32::from(known.is_seeder);
                        remote.complete += u32::from(seat.is_seeder);
                    }
                    Err(place) if !is_full => {
                        remote.peers.insert(place, (peer_id, relay, seat));
                        remote.complete += u32::from(seat.is_seeder);
                        self.seats += 1;
                    }
                    Err(_) => self.tidy(relay, &info_hash),
                }
            }
            Change::Gone(info_hash, peer_id) => {
                if let Some(remote) = self.swarms.get_mut(&info_hash)
                    && let Ok(place) = remote.find(&peer_id, relay)
                {
                    let (.., known) = remote.peers.remove(place);
                    remote.complete -= u32::from(known.is_seeder);
                    self.seats -= 1;
                }
                self.tidy(relay, &info_hash);
            }
            Change::Downloaded(info_hash, count) => {
                if let Some(other) = self.relays.get_mut(&relay)
                    && other.downloaded.len() < MOST_SEATS
                {
                    other.downloaded.insert(info_hash, count);
                }
            }
        }
    }

    /// A swarm without peers is none, and was never completed.
    fn tidy(&mut self, relay: RelayId, info_hash: &InfoHash) {
        let remote = self.swarms.get(info_hash);
        if remote.is_some_and(|remote| remote.peers.is_empty()) {
            self.swarms.remove(info_hash);
        }
        let remote = self.swarms.get(info_hash);
        let has_any =
            remote.is_some_and(|remote| remote.peers.iter().any(|(_, of, _)| *of == relay));
        if !has_any && let Some(other) = self.relays.get_mut(&relay) {
            other.downloaded.remove(info_hash);
        }
    }
}

impl Remote {
    fn find(&self, peer_id: &PeerId, relay: RelayId) -> Result<usize, usize> {
        let wanted = (*peer_id, relay);
        self.peers
            .binary_search_by(|(peer, of, _)| (*peer, *of).cmp(&wanted))
    }

    /// Every relay that says to have a peer.
    fn of(&self, peer_id: &PeerId) -> impl Iterator<Item = &(PeerId, RelayId, Seat)> {
        let start = self.peers.partition_point(|(peer, ..)| peer < peer_id);
        let found = *peer_id;
        self.peers[start..]
            .iter()
            .take_while(move |(peer, ..)| *peer == found)
    }

    fn recount(&mut self) {
        self.complete = self
            .peers
            .iter()
            .filter(|(.., seat)| seat.is_seeder)
            .count() as u32;
    }
}

impl Tracker {
    /// Shares swarms with other relays from now on.
    #[must_use]
    pub fn sharing(mut self, id: RelayId, now_millis: u64) -> Self {
        self.shared = Some(Box::new(Shared::new(id, now_millis)));
        self
    }

    /// Other relays that are heard.
    #[must_use]
    pub fn relays(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| shared.relays.len())
    }

    /// Peers of other relays.
    #[must_use]
    pub fn remote_peers(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| shared.seats)
    }

    /// Whether there is something for other relays.
    #[must_use]
    pub fn has_outgoing(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| {
            !(shared.changes.is_empty() && shared.mail.is_empty() && shared.outgoing.is_empty())
        })
    }

    /// What is to be sent to other relays, in order.
    pub fn take_outgoing(&mut self) -> Vec<Outgoing> {
        self.shared.as_mut().map_or_else(Vec::new, |shared| {
            shared.flush();
            shared.outgoing.drain(..).collect()
        })
    }

    /// When [`Tracker::tick`] is to be called next; never where nothing is shared.
    #[must_use]
    pub fn next_tick(&self) -> Option<u64> {
        self.shared.as_ref().map(|shared| shared.pulse_at)
    }

    /// Time passes: tells that it lives, and forgets who no longer does.
    pub fn tick(&mut self, now_millis: u64) {
        let Some(shared) = self.shared.as_mut() else {
            return;
        };
        if now_millis < shared.pulse_at {
            return;
        }
        shared.pulse_at = now_millis + PULSE_MILLIS;
        shared.flush();
        let number = shared.number;
        shared.send(None, Body::Pulse(number));
        let is_over = |other: &Other| now_millis.saturating_sub(other.heard_at) > LEASE_MILLIS;
        let relays = shared.relays.iter();
        let lost: Vec<RelayId> = relays
            .filter(|(_, other)| is_over(other))
            .map(|(relay, _)| *relay)
            .collect();
        lost.into_iter().for_each(|relay| shared.forget(relay));
        let is_late = |asking: &Asking| now_millis - asking.since >= ASK_AGAIN_MILLIS;
        let relays = shared.relays.iter();
        let again: Vec<RelayId> = relays
            .filter(|(_, other)| other.asking.as_ref().is_some_and(is_late))
            .map(|(relay, _)| *relay)
            .collect();
        again
            .into_iter()
            .for_each(|relay| shared.ask(now_millis, relay));
    }

    /// Tells the others that this relay stops: its peers are gone at once.
    pub fn say_goodbye(&mut self) {
        if let Some(shared) = self.shared.as_mut() {
            shared.send(None, Body::Bye);
        }
    }

    /// Takes in what another relay says.
    ///
    /// # Errors
    /// It is no message.
    pub fn hear(
        &mut self,
        now_millis: u64,
        bytes: &[u8],
        send: impl FnMut(ClientId, &TrackerMessage<'_>),
    ) -> Result<Heard, BusError> {
        let Envelope { from, body } = Envelope::decode(bytes)?;
        let mut heard = Heard::default();
        let Some(shared) = self.shared.as_mut() else {
            return Ok(heard);
        };
        // What is told to all comes back as well.
        if from == shared.id {
            return Ok(heard);
        }
        if body == Body::Bye {
            shared.forget(from);
            return Ok(heard);
        }
        shared.meet(now_millis, from);
        let other = shared.relays.get_mut(&from);
        let other = other.expect("it was met");
        match body {
            Body::Pulse(number) => {
                if other.asking.is_none() && other.number < number {
                    shared.ask(now_millis, from);
                }
            }
            Body::Changes { number, changes } => {
                if other.asking.is_some() || number <= other.number {
                    return Ok(heard);
                }
                if number > other.number + 1 {
                    shared.ask(now_millis, from);
                    return Ok(heard);
                }
                other.number = number;
                self.apply(from, &changes);
            }
            Body::Whole {
                number,
                part,
                is_last,
                changes,
            } => {
                let Some(asking) = other.asking.as_mut() else {
                    return Ok(heard);
                };
                if part == 0 {
                    (asking.number, asking.parts) = (number, 0);
                    asking.changes.clear();
                }
                let is_next = part == asking.parts && number == asking.number;
                if !is_next || asking.changes.len() > MOST_SEATS {
                    return Ok(heard);
                }
                asking.parts += 1;
                asking.changes.extend(changes);
                if is_last {
                    let changes = std::mem::take(&mut asking.changes);
                    other.asking = None;
                    other.number = number;
                    shared.clear(from);
                    self.apply(from, &changes);
                }
            }
            Body::Ask => self.tell_everything(from),
            Body::Mail(letters) => heard = self.deliver(letters, send),
            Body::Bye => {}
        }
        Ok(heard)
    }

    fn apply(&mut self, from: RelayId, changes: &[Change]) {
        for change in changes {
            if let Some(shared) = self.shared.as_mut() {
                shared.apply(from, change);
            }
            if let Change::Here(info_hash, peer_id, seat) = change {
                self.settle(from, info_hash, peer_id, *seat);
            }
        }
    }

    /// Another relay says to have a peer: it is let go here where it is the other's.
    fn settle(&mut self, from: RelayId, info_hash: &InfoHash, peer_id: &PeerId, seat: Seat) {
        let Some(shared) = self.shared.as_mut() else {
            return;
        };
        let Some(swarm) = self.swarms.get_mut(info_hash) else {
            return;
        };
        let Ok(place) = swarm.find(peer_id) else {
            return;
        };
        let own = (swarm.peers[place].is_silent, shared.id);
        if (seat.is_silent, from) < own {
            swarm.remove(place);
            shared.note(Change::Gone(*info_hash, *peer_id));
            self.remove_if_empty(info_hash);
        }
    }

    fn tell_everything(&mut self, to: RelayId) {
        let Some(shared) = self.shared.as_mut() else {
            return;
        };
        // What is told as a change later must not be in it already.
        shared.flush();
        let peers = |(hash, swarm): (&InfoHash, &Swarm)| {
            let hash = *hash;
            let here: Vec<Change> = swarm
                .peers
                .iter()
                .map(|peer| Change::Here(hash, peer.id, peer.seat()))
                .collect();
            let downloaded = Change::Downloaded(hash, swarm.downloaded);
            let is_told = swarm.downloaded > 0;
            here.into_iter().chain(is_told.then_some(downloaded))
        };
        let all: Vec<Change> = self.swarms.iter().flat_map(peers).collect();
        let parts = all.len().div_ceil(MOST_CHANGES).max(1);
        for part in 0..parts {
            let start = part * MOST_CHANGES;
            let end = all.len().min(start + MOST_CHANGES);
            let body = Body::Whole {
                number: shared.number,
                part: part as u32,
                is_last: part + 1 == parts,
                changes: all[start..end].to_vec(),
            };
            shared.send(Some(to), body);
        }
    }

    fn deliver(
        &self,
        letters: Vec<Letter<'_>>,
        mut send: impl FnMut(ClientId, &TrackerMessage<'_>),
    ) -> Heard {
        let mut heard = Heard::default();
        for letter in letters {
            let peer = self.swarms.get(&letter.info_hash).and_then(|swarm| {
                let place = swarm.find(&letter.to).ok()?;
                swarm.peers.get(place)
            });
            let (Some(peer), Some(description)) = (peer, Description::read(&letter.description))
            else {
                heard.gone += 1;
                continue;
            };
            let (info_hash, peer_id, offer_id) = (letter.info_hash, letter.from, letter.offer_id);
            let message = if letter.is_answer {
                TrackerMessage::Answer {
                    info_hash,
                    peer_id,
                    offer_id,
                    answer: description,
                }
            } else {
                TrackerMessage::Offer {
                    info_hash,
                    peer_id,
                    offer_id,
                    offer: description,
                }
            };
            send(peer.client, &message);
            heard.delivered += 1;
        }
        heard
    }
}

/// A description that goes to another relay.
pub(super) fn owned(description: &Description<'_>) -> Cow<'static, str> {
    Cow::Owned(description.as_str().to_owned())
}
