//! Trackers: one socket for each address, shared by all torrents, and what is announced.

use std::collections::BTreeMap;

use crate::announce::{
    Announce, ClientMessage, Description, Event as Reason, Left, Offer, TrackerMessage,
};
use crate::backoff::Backoff;
use crate::offers::MOST_OFFERS;
use crate::{InfoHash, OfferId};

use super::peer::Peer;
use super::{Event, Output, Problem, Session, SourceStatus};

/// Milliseconds that opening a socket may take.
const OPENING_MILLIS: u64 = 20_000;
/// Milliseconds that an announcement waits for offers.
const OFFERS_MILLIS: u64 = 3_000;
/// Milliseconds after which the first offer of a torrent is followed by others: until then the
/// browser has time for the first peer alone.
const OTHERS_MILLIS: u64 = 250;
/// Milliseconds after which an offer without an answer is given to another peer, where peers are
/// lacking.
const ANSWER_MILLIS: u64 = 5_000;
/// Milliseconds between announcements: before a tracker has told, at least, at most, and where
/// peers are lacking.
const INTERVAL_MILLIS: u64 = 120_000;
const INTERVALS: (u64, u64) = (10_000, 3_600_000);
const LACKING_MILLIS: u64 = 30_000;
/// Milliseconds after the loss of a peer, so that the other side knows of it too, and after the
/// last announcement, at least, when it is replaced.
const REPLACE_MILLIS: (u64, u64) = (1_000, 5_000);
/// Peers of a torrent from which none are lacking.
const ENOUGH_PEERS: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Socket {
    Closed,
    Opening(u64),
    Open,
}

/// What a tracker is told of a torrent.
#[derive(Debug, Default)]
struct Announced {
    /// It knows of it.
    started: bool,
    completed: bool,
    last: u64,
    next: u64,
    interval: Option<u64>,
    waiting_since: Option<u64>,
    failure: Option<String>,
    swarm: Option<(u32, u32)>,
}

#[derive(Debug)]
pub struct Tracker {
    socket: Socket,
    backoff: Backoff,
    reason: Option<String>,
    torrents: BTreeMap<InfoHash, Announced>,
}

impl Tracker {
    pub(super) fn is_open(&self) -> bool {
        self.socket == Socket::Open
    }

    /// Offers are there, or `all` that were being made: announcements that wait for them are made
    /// now.
    pub(super) fn offers_are_ready(&mut self, now: u64, all: bool) {
        for told in self.torrents.values_mut() {
            if told.waiting_since.is_some() && (all || !told.started) {
                told.next = now;
            }
        }
    }

    fn new() -> Self {
        Self {
            socket: Socket::Closed,
            backoff: Backoff::default(),
            reason: None,
            torrents: BTreeMap::new(),
        }
    }
}

impl Session {
    /// Opens and closes sockets, announces what is due, and tells when to come again.
    pub(super) fn advance_trackers(&mut self, now: u64) {
        for connection in self.offers.expire(now) {
            self.shared.push(Output::Disconnect(connection));
        }
        self.list_trackers(now);
        let urls: Vec<String> = self.trackers.keys().cloned().collect();
        for url in urls {
            self.advance_tracker(now, &url);
        }
        self.trackers
            .retain(|_, tracker| !tracker.torrents.is_empty() || tracker.socket != Socket::Closed);
        let limits = self.shared.limits;
        if self.lacks_ready_offer && limits.peers && limits.ready_offer && self.shared.online {
            self.lacks_ready_offer = false;
            self.make_offers(now, 1);
        }
    }

    /// Brings what trackers are told into line with the torrents.
    fn list_trackers(&mut self, now: u64) {
        for torrent in self.torrents.values() {
            if !torrent.wants_peers(&self.shared) {
                continue;
            }
            for url in &torrent.trackers {
                let tracker = self
                    .trackers
                    .entry(url.clone())
                    .or_insert_with(Tracker::new);
                tracker
                    .torrents
                    .entry(torrent.info_hash)
                    .or_insert_with(|| Announced {
                        next: now,
                        ..Announced::default()
                    });
            }
        }
        let wanted = |url: &String, hash: &InfoHash| {
            let torrent = self.torrents.get(hash);
            torrent.is_some_and(|t| t.wants_peers(&self.shared) && t.trackers.contains(url))
        };
        let mut gone = Vec::new();
        for (url, tracker) in &self.trackers {
            let hashes = tracker.torrents.keys().filter(|hash| !wanted(url, hash));
            gone.extend(hashes.map(|hash| (url.clone(), *hash)));
        }
        for (url, hash) in gone {
            self.leave(&url, hash);
        }
    }

    /// Tells all trackers that a torrent has left.
    pub(super) fn leave_all(&mut self, torrent: InfoHash) {
        let urls: Vec<String> = self.trackers.keys().cloned().collect();
        for url in urls {
            self.leave(&url, torrent);
        }
    }

    /// Tells a tracker that a torrent has left.
    fn leave(&mut self, url: &str, torrent: InfoHash) {
        let Some(tracker) = self.trackers.get_mut(url) else {
            return;
        };
        let Some(announced) = tracker.torrents.remove(&torrent) else {
            return;
        };
        if announced.started && tracker.socket == Socket::Open {
            let message = self.announcement(torrent, Reason::Stopped, &[]);
            self.shared
                .push(Output::TrackerSend(url.to_owned(), message));
        }
    }

    fn advance_tracker(&mut self, now: u64, url: &str) {
        let Some(tracker) = self.trackers.get_mut(url) else {
            return;
        };
        match tracker.socket {
            _ if tracker.torrents.is_empty() => {
                if tracker.socket != Socket::Closed {
                    tracker.socket = Socket::Closed;
                    self.shared.push(Output::TrackerClose(url.to_owned()));
                }
            }
            Socket::Closed => {
                if self.shared.online && tracker.backoff.is_over(now) {
                    tracker.socket = Socket::Opening(now);
                    self.shared.push(Output::TrackerConnect(url.to_owned()));
                    // Meanwhile connections can be described.
                    self.make_offers(now, 1);
                }
            }
            Socket::Opening(since) => {
                if now >= since + OPENING_MILLIS {
                    self.shared.push(Output::TrackerClose(url.to_owned()));
                    self.on_tracker_closed(now, url, "it does not answer".into());
                }
            }
            Socket::Open => {
                let due = tracker.torrents.iter().filter(|(_, told)| told.next <= now);
                let due: Vec<InfoHash> = due.map(|(hash, _)| *hash).collect();
                for hash in due {
                    self.announce(now, url, hash);
                }
            }
        }
    }

    /// Announces a torrent, once there are offers for it or it has waited for them. The first time
    /// one offer is enough: the others follow in a second announcement.
    fn announce(&mut self, now: u64, url: &str, hash: InfoHash) {
        let (complete, lacking) = self.torrents.get(&hash).map_or((false, false), |torrent| {
            let open = torrent.peers.values().filter(|peer| peer.is_connected());
            let lacking = !torrent.has_all_wanted() && open.count() < ENOUGH_PEERS;
            (torrent.completed, lacking)
        });
        let told = self.trackers.get(url).and_then(|t| t.torrents.get(&hash));
        let Some(is_first) = told.map(|told| !told.started) else {
            return;
        };
        if lacking && let Some(until) = now.checked_sub(ANSWER_MILLIS) {
            self.offers.take_back(hash, until);
        }
        let wanted = self.offers_for_one();
        let enough = if is_first { wanted.min(1) } else { wanted };
        let ready = self.make_offers(now, enough);
        let Some(told) = self
            .trackers
            .get_mut(url)
            .and_then(|t| t.torrents.get_mut(&hash))
        else {
            return;
        };
        let waiting_since = *told.waiting_since.get_or_insert(now);
        let is_over = now - waiting_since >= OFFERS_MILLIS;
        if ready < enough && self.offers.making() > 0 && !is_over {
            told.next = waiting_since + OFFERS_MILLIS;
            return;
        }
        let event = match (is_first, complete && !told.completed) {
            (true, _) => Reason::Started,
            (false, true) => Reason::Completed,
            (false, false) => Reason::Update,
        };
        told.completed |= complete;
        told.started = true;
        told.waiting_since = None;
        told.last = now;
        let offers = if event == Reason::Completed {
            Vec::new()
        } else {
            self.offers.give(now, hash, wanted, &mut self.shared.lot)
        };
        let others_follow = is_first && (1..wanted).contains(&offers.len());
        let interval = told.interval.unwrap_or(INTERVAL_MILLIS);
        told.next = match (others_follow, offers.is_empty(), lacking) {
            (true, ..) => now + OTHERS_MILLIS,
            (_, true, true) => now + interval.min(INTERVALS.0),
            (_, _, true) => now + interval.min(LACKING_MILLIS),
            _ => now + interval,
        };
        let message = self.announcement(hash, event, &offers);
        self.shared
            .push(Output::TrackerSend(url.to_owned(), message));
    }

    /// Has connections described until `wanted` are ready or being described, or no more may be;
    /// returns how many are ready.
    fn make_offers(&mut self, now: u64, wanted: usize) -> usize {
        let ready = self.offers.ready();
        let lacking = wanted.saturating_sub(ready + self.offers.making());
        for _ in 0..self.free_for_offers().min(lacking) {
            let connection = self.shared.new_connection();
            self.offers.make(now, connection);
            self.shared.push(Output::CreateOffer(connection));
        }
        ready
    }

    fn announcement(&self, hash: InfoHash, event: Reason, offers: &[(OfferId, String)]) -> String {
        let torrent = self.torrents.get(&hash);
        let content = torrent.and_then(|torrent| torrent.content.as_ref());
        let left = match (torrent, content) {
            (_, Some(content)) => {
                Left::Bytes(content.info.total_length() - content.bytes_completed)
            }
            // What is missing is not known; it is something.
            (Some(_), None) => Left::Bytes(u64::from(u32::MAX)),
            (None, None) => Left::Unsaid,
        };
        let announce = Announce {
            info_hash: hash,
            peer_id: self.shared.peer_id,
            event,
            uploaded: torrent.map_or(0, |torrent| torrent.up.total()),
            downloaded: torrent.map_or(0, |torrent| torrent.down.total()),
            left,
            numwant: Some(offers.len() as u32),
            offers: offers
                .iter()
                .map(|(offer_id, sdp)| Offer {
                    offer_id: *offer_id,
                    offer: Description::offer(sdp),
                })
                .collect(),
        };
        ClientMessage::Announce(announce).encode()
    }

    /// Offers for one announcement, so that all torrents get some.
    fn offers_for_one(&self) -> usize {
        let pairs: usize = self
            .trackers
            .values()
            .map(|tracker| tracker.torrents.len())
            .sum();
        let free =
            usize::from(self.shared.limits.connections).saturating_sub(self.connections.len());
        (MOST_OFFERS / pairs.max(1)).max(1).min(free)
    }

    /// Offers that may be made beside those that are there.
    fn free_for_offers(&self) -> usize {
        let offers = self.offers.len();
        let connections = usize::from(self.shared.limits.connections);
        let free = connections.saturating_sub(self.connections.len() + offers);
        free.min(MOST_OFFERS.saturating_sub(offers))
    }

    pub(super) fn on_tracker_open(&mut self, now: u64, url: &str) {
        let tracker = self.trackers.get_mut(url);
        if let Some(tracker) = tracker.filter(|it| matches!(it.socket, Socket::Opening(_))) {
            tracker.socket = Socket::Open;
            for told in tracker.torrents.values_mut() {
                told.started = false;
                told.next = now;
            }
        }
    }

    pub(super) fn on_tracker_closed(&mut self, now: u64, url: &str, reason: String) {
        let Some(tracker) = self.trackers.get_mut(url) else {
            return;
        };
        if tracker.socket == Socket::Closed {
            return;
        }
        tracker.socket = Socket::Closed;
        tracker.backoff.fail(now, &mut self.shared.lot);
        tracker.reason = Some(reason);
        for hash in tracker.torrents.keys() {
            self.shared.event(Event::Problems(*hash));
        }
    }

    pub(super) fn on_tracker_message(&mut self, now: u64, url: &str, text: &str) {
        let Some(tracker) = self.trackers.get_mut(url) else {
            return;
        };
        let Ok(message) = TrackerMessage::parse(text) else {
            return;
        };
        tracker.backoff.reset();
        if tracker.reason.take().is_some() {
            for hash in tracker.torrents.keys() {
                self.shared.event(Event::Problems(*hash));
            }
        }
        match message {
            TrackerMessage::Reply {
                info_hash,
                interval,
                complete,
                incomplete,
            } => {
                let Some(told) = tracker.torrents.get_mut(&info_hash) else {
                    return;
                };
                told.swarm = Some((complete, incomplete));
                if interval > 0 {
                    let millis = u64::from(interval) * 1000;
                    told.interval = Some(millis.clamp(INTERVALS.0, INTERVALS.1));
                }
                if told.failure.take().is_some() {
                    self.shared.event(Event::Problems(info_hash));
                }
            }
            TrackerMessage::Offer {
                info_hash,
                peer_id,
                offer_id,
                offer,
            } => {
                if let Some(sdp) = offer.sdp() {
                    self.on_offer(now, url, info_hash, (peer_id, offer_id), sdp);
                }
            }
            TrackerMessage::Answer {
                info_hash,
                peer_id,
                offer_id,
                answer,
            } => {
                if let Some(sdp) = answer.sdp() {
                    self.on_answer(now, info_hash, (peer_id, offer_id), sdp);
                }
            }
            TrackerMessage::Failure(failure) => {
                let hash = failure.info_hash;
                let told = hash.and_then(|hash| tracker.torrents.get_mut(&hash));
                if let (Some(told), Some(hash)) = (told, hash) {
                    told.failure = Some(failure.reason.into_owned());
                    self.shared.event(Event::Problems(hash));
                }
            }
            TrackerMessage::Scrape(_) => {}
        }
    }

    /// The network is back: all are tried at once.
    pub(super) fn try_trackers_now(&mut self) {
        for tracker in self.trackers.values_mut() {
            tracker.backoff.reset();
        }
    }

    /// Peers are wanted more than before, or everything came: trackers are asked soon.
    pub(super) fn announce_soon(&mut self, now: u64, hash: InfoHash) {
        for tracker in self.trackers.values_mut() {
            if let Some(told) = tracker.torrents.get_mut(&hash) {
                told.next = now;
            }
        }
    }

    /// A peer was lost of which others are lacking: trackers are asked for another.
    pub(super) fn replace_peer(&mut self, now: u64, hash: InfoHash) {
        let lacks = self.torrents.get(&hash).is_some_and(|torrent| {
            !torrent.has_all_wanted() && !torrent.peers.values().any(Peer::is_connected)
        });
        if !lacks {
            return;
        }
        for tracker in self.trackers.values_mut() {
            if let Some(told) = tracker.torrents.get_mut(&hash) {
                let soon = (now + REPLACE_MILLIS.0).max(told.last + REPLACE_MILLIS.1);
                told.next = told.next.min(soon);
            }
        }
    }

    pub(super) fn next_tracker_timeout(&self) -> Option<u64> {
        let trackers = self
            .trackers
            .values()
            .filter_map(|tracker| match tracker.socket {
                Socket::Closed if !self.shared.online => None,
                Socket::Closed => Some(tracker.backoff.until().unwrap_or(0)),
                Socket::Opening(since) => Some(since + OPENING_MILLIS),
                Socket::Open => tracker.torrents.values().map(|told| told.next).min(),
            });
        trackers.chain(self.offers.next_timeout()).min()
    }

    /// Troubles that a torrent has with its trackers.
    pub(super) fn tracker_problems(&self, now: u64, hash: &InfoHash) -> Vec<Problem> {
        let of_torrent = self.trackers.iter().filter_map(|(url, tracker)| {
            let told = tracker.torrents.get(hash)?;
            let (reason, at) = match (&tracker.reason, &told.failure) {
                (Some(reason), _) => (reason, tracker.backoff.until().unwrap_or(now)),
                (None, Some(failure)) => (failure, told.next),
                (None, None) => return None,
            };
            Some(Problem::Tracker {
                url: url.clone(),
                reason: reason.clone(),
                retry_in_millis: at.saturating_sub(now).min(u64::from(u32::MAX)) as u32,
            })
        });
        of_torrent.collect()
    }

    /// How a torrent's trackers stand, and the swarm as the best-informed counts.
    pub(super) fn tracker_status(
        &self,
        torrent: &super::torrent::Torrent,
    ) -> (Vec<SourceStatus>, Option<(u32, u32)>) {
        let mut swarm: Option<(u32, u32)> = None;
        let mut sources = Vec::new();
        for url in &torrent.trackers {
            let tracker = self.trackers.get(url);
            let told = tracker.and_then(|tracker| tracker.torrents.get(&torrent.info_hash));
            let counts = told.and_then(|told| told.swarm);
            let size = |counts: &(u32, u32)| counts.0.saturating_add(counts.1);
            swarm = swarm.into_iter().chain(counts).max_by_key(size);
            let is_open = tracker.is_some_and(|tracker| tracker.socket == Socket::Open);
            sources.push(SourceStatus {
                url: url.clone(),
                web_seed: false,
                working: is_open && told.is_some_and(|told| told.failure.is_none()),
                rate: 0,
                downloaded: 0,
            });
        }
        (sources, swarm)
    }
}
