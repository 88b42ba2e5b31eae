//! The session of a client: torrents, trackers, peers and web seeds as one state machine.

mod api;
mod content;
mod meeting;
mod messages;
mod metadata;
mod peer;
mod pieces;
mod requests;
mod seeds;
mod shared;
mod status;
mod torrent;
mod trackers;
mod uploads;

use std::collections::BTreeMap;

pub use api::{
    AddTorrent, Config, Event, FileStatus, Input, Lead, Limits, Output, PeerStatus, Phase,
    Priority, Problem, Source, SourceStatus, TorrentStatus,
};

use sha1::{Digest, Sha1};

use crate::choke::{OPTIMISTIC_MILLIS, RECHOKE_MILLIS};
use crate::offers::Offers;
use crate::{ConnectionId, FetchId, InfoHash};

use peer::Stage;
use shared::Shared;
use torrent::Torrent;
use trackers::Tracker;

/// Milliseconds between looks at what is under way, and at what merely stands.
const BUSY_MILLIS: u64 = 100;
const IDLE_MILLIS: u64 = 1_000;
/// Milliseconds that a connection may take, and the handshake on it.
const CONNECT_MILLIS: u64 = 30_000;
/// Milliseconds after which something is said, and without a word from the other side at most.
const KEEP_ALIVE_MILLIS: u64 = 50_000;
const DEAD_MILLIS: u64 = 120_000;

/// A client's session. Feed it [`Input`]s, drain [`Output`]s after each, and call again at
/// [`Session::next_timeout`].
#[derive(Debug)]
pub struct Session {
    shared: Shared,
    torrents: BTreeMap<InfoHash, Torrent>,
    trackers: BTreeMap<String, Tracker>,
    offers: Offers,
    /// To which torrent a connection belongs, offers aside.
    connections: BTreeMap<ConnectionId, InfoHash>,
    optimistic: Option<ConnectionId>,
    next_sequence: u32,
    next_look: u64,
    next_rechoke: u64,
    next_lot: u64,
    /// No offer was described yet that no torrent needs. It is done once: browsers ask STUN servers
    /// again and again as long as it is there.
    lacks_ready_offer: bool,
}

impl Session {
    /// A channel's buffer is low when it holds fewer bytes: [`Input::Buffered`].
    pub const LOW_WATER: u32 = 64 * 1024;

    /// A session without torrents.
    pub fn new(config: Config) -> Self {
        Self {
            shared: Shared::new(config.peer_id, config.seed, config.limits),
            torrents: BTreeMap::new(),
            trackers: BTreeMap::new(),
            offers: Offers::default(),
            connections: BTreeMap::new(),
            optimistic: None,
            next_sequence: 0,
            next_look: 0,
            next_rechoke: 0,
            next_lot: 0,
            lacks_ready_offer: true,
        }
    }

    /// Takes something in. `now` is in milliseconds of a clock that never goes back.
    pub fn handle_input(&mut self, now: u64, input: Input) {
        match input {
            Input::Timeout => {}
            Input::Add(add) => self.add(now, *add),
            Input::Remove(hash) => self.remove(hash),
            Input::Pause(hash, paused) => self.pause(now, hash, paused),
            Input::Verify(hash) => self.with(hash, Torrent::verify),
            Input::Prioritise {
                torrent,
                files,
                priority,
                within_millis,
            } => self.with(torrent, |torrent, shared| {
                torrent.prioritise(now, files, priority, within_millis.map(u64::from), shared);
            }),
            Input::Lead(hash, lead) => self.with(hash, |torrent, shared| {
                torrent.lead = lead;
                torrent.fetch_more(now, shared);
            }),
            Input::Limit(limits) => self.limit(now, limits),
            Input::Evicted(hash, pieces) => self.with(hash, |torrent, shared| {
                torrent.on_evicted(now, pieces, shared);
            }),
            Input::Online(online) => self.on_online(now, online),
            Input::TrackerOpen(url) => self.on_tracker_open(now, &url),
            Input::TrackerMessage(url, text) => self.on_tracker_message(now, &url, &text),
            Input::TrackerClosed(url, reason) => self.on_tracker_closed(now, &url, reason),
            Input::Described(connection, sdp) => self.on_described(now, connection, sdp),
            Input::Connected(connection) => self.with_peer(connection, |torrent, shared| {
                torrent.on_connected(now, connection, shared);
            }),
            Input::Received(connection, bytes) => self.with_peer(connection, |torrent, shared| {
                torrent.on_received(now, connection, bytes, shared);
            }),
            Input::Buffered(connection, bytes) => self.with_peer(connection, |torrent, shared| {
                if let Some(peer) = torrent.peers.get_mut(&connection) {
                    peer.buffered = bytes;
                }
                torrent.serve(now, connection, shared);
            }),
            Input::Disconnected(connection, _) => self.on_disconnected(now, connection),
            Input::Fetched(id, bytes) => {
                self.with_fetch(|torrent, shared| torrent.on_fetched(now, id, &bytes, shared))
            }
            Input::FetchDone(id) => {
                self.with_fetch(|torrent, shared| torrent.on_fetch_done(now, id, shared));
            }
            Input::FetchFailed(id, status, reason) => {
                self.on_fetch_failed(now, id, status, &reason)
            }
            Input::Stored(hash, piece) => self.with(hash, |torrent, shared| {
                torrent.on_stored(now, piece, shared);
            }),
            Input::StoreFailed(hash, piece, reason) => self.with(hash, |torrent, shared| {
                torrent.on_store_failed(piece, reason, shared);
            }),
            Input::Loaded(hash, piece, bytes) => self.on_loaded(now, hash, piece, bytes),
        }
        self.forget_dropped();
        self.advance(now);
        self.forget_dropped();
        self.flush(now);
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.shared.pop()
    }

    /// When [`Input::Timeout`] is due, on the clock of [`Session::handle_input`].
    pub fn next_timeout(&self) -> Option<u64> {
        let look = self.torrents.values().any(Torrent::is_running);
        let look = look.then_some(self.next_look);
        look.into_iter().chain(self.next_tracker_timeout()).min()
    }

    /// The listener's bounds.
    pub fn limits(&self) -> Limits {
        self.shared.limits
    }

    fn with(&mut self, hash: InfoHash, act: impl FnOnce(&mut Torrent, &mut Shared)) {
        if let Some(torrent) = self.torrents.get_mut(&hash) {
            act(torrent, &mut self.shared);
        }
    }

    fn with_peer(&mut self, connection: ConnectionId, act: impl FnOnce(&mut Torrent, &mut Shared)) {
        if let Some(hash) = self.connections.get(&connection).copied() {
            self.with(hash, act);
        }
    }

    /// Offers something to each torrent until one takes it.
    fn with_fetch(&mut self, mut act: impl FnMut(&mut Torrent, &mut Shared) -> bool) {
        for torrent in self.torrents.values_mut() {
            if act(torrent, &mut self.shared) {
                return;
            }
        }
    }

    fn add(&mut self, now: u64, add: AddTorrent) {
        let hash = match &add.source {
            Source::Info(bytes) => InfoHash(Sha1::digest(bytes).into()),
            Source::InfoHash(hash, _) => *hash,
        };
        match self.torrents.get_mut(&hash) {
            None => {
                let new = Torrent::new(now, hash, add, self.next_sequence, &mut self.shared);
                self.next_sequence += 1;
                self.torrents.insert(hash, new);
            }
            Some(old) => {
                old.add_sources(&add);
                if let (None, Source::Info(bytes)) = (&old.content, add.source) {
                    old.unusable = None;
                    old.set_info(now, bytes, &mut self.shared);
                }
                for (start, end, priority) in add.priorities {
                    old.prioritise(now, (start, end), priority, None, &mut self.shared);
                }
            }
        }
        self.with(hash, |torrent, shared| {
            torrent.verify_more(shared);
            torrent.fetch_more(now, shared);
        });
    }

    fn remove(&mut self, hash: InfoHash) {
        self.with(hash, |torrent, shared| torrent.stop(shared));
        self.offers.take_back(hash, u64::MAX);
        self.shared.forget_torrent(hash);
        // Trackers are told with what it had.
        self.leave_all(hash);
        if let Some(torrent) = self.torrents.remove(&hash) {
            // What is on its way to the store.
            self.shared.memory -= torrent.memory();
        }
    }

    fn pause(&mut self, now: u64, hash: InfoHash, paused: bool) {
        self.with(hash, |torrent, shared| {
            torrent.paused = paused;
            if paused {
                torrent.stop(shared);
            } else {
                if torrent.disk.take().is_some() {
                    shared.event(Event::Problems(hash));
                }
                torrent.verify_more(shared);
                torrent.fetch_more(now, shared);
            }
        });
        if paused {
            self.offers.take_back(hash, u64::MAX);
        }
    }

    fn limit(&mut self, now: u64, limits: Limits) {
        let old = core::mem::replace(&mut self.shared.limits, limits);
        self.shared.down.set_rate(limits.download);
        self.shared.up.set_rate(limits.upload);
        if old.peers && !limits.peers {
            for torrent in self.torrents.values_mut() {
                torrent.drop_peers(&mut self.shared);
                torrent.close_untouched(&mut self.shared);
            }
            self.close_offers();
        }
        self.drop_beyond(usize::from(limits.connections));
        self.rechoke(now);
        for torrent in self.torrents.values_mut() {
            torrent.fetch_more(now, &mut self.shared);
            torrent.serve_all(now, &mut self.shared);
        }
    }

    /// Closes connections beyond the bound, the least useful first.
    fn drop_beyond(&mut self, most: usize) {
        let over = (self.connections.len() + self.offers.len()).saturating_sub(most);
        if over > 0 {
            self.close_offers();
        }
        let over = self.connections.len().saturating_sub(most);
        let peers = self
            .torrents
            .values()
            .flat_map(|torrent| torrent.peers.values());
        let mut peers: Vec<_> = peers
            .map(|peer| {
                (
                    peer.is_open(),
                    peer.down.total() + peer.up.total(),
                    peer.connection,
                )
            })
            .collect();
        peers.sort_unstable();
        for (_, _, connection) in peers.into_iter().take(over) {
            self.with_peer(connection, |torrent, shared| {
                torrent.drop_peer(connection, true, shared);
                torrent.close_untouched(shared);
            });
        }
    }

    fn close_offers(&mut self) {
        for connection in self.offers.clear() {
            self.shared.push(Output::Disconnect(connection));
        }
    }

    fn on_online(&mut self, now: u64, online: bool) {
        let was = core::mem::replace(&mut self.shared.online, online);
        if online && !was {
            self.try_trackers_now();
        }
        for torrent in self.torrents.values_mut() {
            if online {
                torrent.seeds.iter_mut().for_each(seeds::WebSeed::try_now);
                torrent.fetch_more(now, &mut self.shared);
            }
        }
    }

    fn on_disconnected(&mut self, now: u64, connection: ConnectionId) {
        self.offers.remove(connection);
        let torrent = self.connections.get(&connection).copied();
        self.with_peer(connection, |torrent, shared| {
            torrent.drop_peer(connection, false, shared);
            torrent.close_untouched(shared);
            torrent.fetch_more(now, shared);
        });
        if let Some(torrent) = torrent {
            self.replace_peer(now, torrent);
        }
    }

    fn on_fetch_failed(&mut self, now: u64, id: FetchId, status: Option<u16>, reason: &str) {
        let reason =
            status.map_or_else(|| reason.to_owned(), |status| format!("{status}: {reason}"));
        self.with_fetch(|torrent, shared| torrent.on_fetch_failed(now, id, reason.clone(), shared));
    }

    fn on_loaded(&mut self, now: u64, hash: InfoHash, piece: u32, bytes: Option<Vec<u8>>) {
        if self.shared.loaded((hash, piece)) {
            self.with(hash, |torrent, shared| {
                torrent.on_loaded(now, piece, bytes, shared)
            });
        }
        if !self.shared.is_loading_enough() {
            for torrent in self.torrents.values_mut() {
                torrent.verify_more(&mut self.shared);
                torrent.serve_all(now, &mut self.shared);
            }
        }
    }

    /// Connections whose peers are gone belong to no torrent any more.
    fn forget_dropped(&mut self) {
        let torrents = &self.torrents;
        let count: usize = torrents.values().map(|torrent| torrent.peers.len()).sum();
        if count != self.connections.len() {
            self.connections.retain(|connection, hash| {
                torrents
                    .get(hash)
                    .is_some_and(|torrent| torrent.peers.contains_key(connection))
            });
        }
    }

    /// Does what is due.
    fn advance(&mut self, now: u64) {
        if now >= self.next_look {
            self.look(now);
            let torrents = self.torrents.values();
            let mut busy = torrents
                .flat_map(|torrent| torrent.peers.values())
                .filter(|peer| !peer.requests.is_empty() || !peer.wishes.is_empty());
            let is_busy = busy.next().is_some()
                || self.torrents.values().any(|torrent| {
                    // A bound on the rate may be what holds back the next request.
                    let is_bounded = self.shared.down.rate().is_some() && !torrent.has_all_wanted();
                    is_bounded || torrent.is_urgent() || !torrent.runs.is_empty()
                });
            self.next_look = now + if is_busy { BUSY_MILLIS } else { IDLE_MILLIS };
        }
        self.advance_trackers(now);
    }

    fn look(&mut self, now: u64) {
        debug_assert_eq!(
            self.shared.memory,
            self.torrents.values().map(Torrent::memory).sum::<u64>(),
            "what is counted in and out"
        );
        if now >= self.next_rechoke {
            if now >= self.next_lot {
                self.optimistic = None;
                self.next_lot = now + OPTIMISTIC_MILLIS;
            }
            self.rechoke(now);
            self.next_rechoke = now + RECHOKE_MILLIS;
        }
        let mut completed = Vec::new();
        for torrent in self.torrents.values_mut() {
            torrent.look_at_peers(now, &mut self.shared);
            torrent.look_for_stalls(now, &mut self.shared);
            torrent.look_for_silent_seeds(now, &mut self.shared);
            torrent.fetch_metadata(now, &mut self.shared);
            torrent.fetch_more(now, &mut self.shared);
            torrent.serve_all(now, &mut self.shared);
            torrent.look_for_sources(now, &mut self.shared);
            if torrent.completed && !torrent.told_trackers {
                torrent.told_trackers = true;
                completed.push(torrent.info_hash);
            }
        }
        for hash in completed {
            self.announce_soon(now, hash);
        }
    }

    fn flush(&mut self, now: u64) {
        for connection in core::mem::take(&mut self.shared.dirty) {
            self.with_peer(connection, |torrent, shared| {
                torrent.flush(now, connection, shared);
            });
        }
    }
}

impl Torrent {
    /// Peers that do not come, or say nothing any more.
    fn look_at_peers(&mut self, now: u64, shared: &mut Shared) {
        let mut dead = Vec::new();
        for peer in self.peers.values_mut() {
            let is_dead = match peer.stage {
                Stage::Answering(..) | Stage::Connecting | Stage::Handshaking => {
                    now > peer.since + CONNECT_MILLIS
                }
                Stage::Open => now > peer.last_received + DEAD_MILLIS,
            };
            if is_dead {
                dead.push(peer.connection);
            } else if peer.is_open() && now > peer.last_sent + KEEP_ALIVE_MILLIS {
                peer.say(&crate::wire::Message::KeepAlive);
                shared.dirty.insert(peer.connection);
            }
            let is_idle = peer.is_open() && !peer.interested && !peer.wants;
            peer.idle_since = is_idle.then(|| peer.idle_since.unwrap_or(now));
        }
        for connection in dead {
            self.drop_peer(connection, true, shared);
        }
        self.close_untouched(shared);
    }
}
