//! A torrent of a session: what is known of it, and who is connected for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::assembly::Origin;
use crate::picker::PieceState;
use crate::rate::Meter;
use crate::wire::Message;
use crate::{ConnectionId, Info, InfoHash, PeerId};

use super::content::{Change, Content};
use super::metadata::MetadataFetch;
use super::peer::Peer;
use super::seeds::{Run, WebSeed};
use super::shared::Shared;
use super::{AddTorrent, Event, Lead, Output, Phase, Priority, Problem, Source};

/// Milliseconds without a source before it is said that there is none.
const NO_PEERS_MILLIS: u64 = 5_000;

#[derive(Debug)]
pub struct Torrent {
    pub info_hash: InfoHash,
    /// Place in the order of adding.
    pub sequence: u32,
    pub name: Option<String>,
    /// Once the `info` dictionary is known.
    pub content: Option<Content>,
    pub metadata: MetadataFetch,
    pub trackers: Vec<String>,
    pub seeds: Vec<WebSeed>,
    pub runs: BTreeMap<u32, Run>,
    pub next_run: u32,
    pub peers: BTreeMap<ConnectionId, Peer>,
    pub banned: BTreeSet<PeerId>,
    pub paused: bool,
    /// Why the store takes no more.
    pub disk: Option<String>,
    /// Why the `info` dictionary is unusable.
    pub unusable: Option<String>,
    /// As it was added; used once the content is known.
    pub priority: Priority,
    pub priorities: Vec<(u32, u32, Priority)>,
    pub stored: Vec<(u32, u32)>,
    pub trusted: bool,
    pub totals: (u64, u64),
    pub down: Meter,
    pub up: Meter,
    pub hash_failures: (u32, u32),
    /// Pieces that nobody may be working on any more.
    pub untouched: Vec<u32>,
    /// Everything wanted was here when it was last looked.
    pub told_complete: bool,
    /// Every piece came during this session: trackers are told.
    pub completed: bool,
    pub told_trackers: bool,
    /// Since when there is nobody to fetch from.
    pub alone_since: Option<u64>,
    /// Who is asked first for what is wanted now.
    pub lead: Option<Lead>,
    pub told_alone: bool,
}

impl Torrent {
    /// A torrent that is to be added, under its hash.
    pub fn new(
        now: u64,
        info_hash: InfoHash,
        mut add: AddTorrent,
        sequence: u32,
        shared: &mut Shared,
    ) -> Self {
        let name = match &mut add.source {
            Source::Info(_) => None,
            Source::InfoHash(_, name) => name.take(),
        };
        let mut torrent = Self {
            info_hash,
            sequence,
            name,
            content: None,
            metadata: MetadataFetch::default(),
            trackers: Vec::new(),
            seeds: Vec::new(),
            runs: BTreeMap::new(),
            next_run: 0,
            peers: BTreeMap::new(),
            banned: BTreeSet::new(),
            paused: add.paused,
            disk: None,
            unusable: None,
            priority: add.priority,
            priorities: core::mem::take(&mut add.priorities),
            stored: core::mem::take(&mut add.stored),
            trusted: add.trusted,
            totals: add.totals,
            down: Meter::default(),
            up: Meter::default(),
            hash_failures: (0, 0),
            untouched: Vec::new(),
            told_complete: true,
            completed: false,
            told_trackers: false,
            alone_since: None,
            lead: None,
            told_alone: false,
        };
        torrent.add_sources(&add);
        if let Source::Info(bytes) = add.source {
            torrent.set_info(now, bytes, shared);
        }
        torrent
    }

    /// Takes trackers and web seeds that are new.
    pub fn add_sources(&mut self, add: &AddTorrent) {
        for url in &add.trackers {
            let known = url.starts_with("ws:") || url.starts_with("wss:");
            if known && !self.trackers.contains(url) {
                self.trackers.push(url.clone());
            }
        }
        let seeds = add.web_seeds.iter().map(|url| (url, false));
        let flat = add.flat_web_seeds.iter().map(|url| (url, true));
        // A flat seed needs fewer requests, so it goes first.
        for (url, flat) in flat.chain(seeds) {
            let known = url.starts_with("http:") || url.starts_with("https:");
            if known && !self.seeds.iter().any(|seed| seed.url == *url) {
                self.seeds.push(WebSeed::new(url.clone(), flat));
            }
        }
    }

    /// The `info` dictionary is known, and has the right hash.
    pub fn set_info(&mut self, now: u64, bytes: Vec<u8>, shared: &mut Shared) {
        let info = match Info::parse(&bytes) {
            Ok(info) => info,
            Err(error) => {
                self.unusable = Some(error.to_string());
                shared.event(Event::Problems(self.info_hash));
                return;
            }
        };
        let mut content = Content::new(info, bytes, &mut shared.lot);
        content.prioritise(0..u32::MAX, self.priority, None);
        for &(start, end, priority) in &self.priorities {
            content.prioritise(start..end, priority, None);
        }
        for range in core::mem::take(&mut self.stored) {
            for piece in content.clamp(range) {
                if self.trusted {
                    content.set_state(piece, PieceState::Have);
                } else if content.picker.state(piece) == PieceState::Missing {
                    content.set_state(piece, PieceState::Unverified);
                    content.unverified.push_back(piece);
                }
            }
        }
        content.verified.1 = content.unverified.len() as u32;
        self.content = Some(content);
        for peer in self.peers.values_mut() {
            Self::apply_early_words(peer, &mut self.content);
        }
        self.told_complete = self.has_all_wanted();
        let waiting: Vec<ConnectionId> = self.peers.keys().copied().collect();
        for connection in waiting {
            self.update_interest(now, connection, shared);
        }
    }

    /// What a peer said before the number of pieces was known.
    fn apply_early_words(peer: &mut Peer, content: &mut Option<Content>) {
        use crate::bitfield::Bitfield;

        let Some(content) = content else { return };
        let pieces = content.pieces();
        peer.decoder.expect_bitfield(pieces.div_ceil(8) as usize);
        let early = core::mem::take(&mut peer.early);
        let said = early
            .bitfield
            .and_then(|bytes| Bitfield::from_bytes(bytes, pieces));
        peer.have = match said {
            _ if early.all => Bitfield::full(pieces),
            Some(said) => said,
            None => Bitfield::new(pieces),
        };
        for piece in early.pieces {
            peer.have.set(piece, true);
        }
        if !peer.have.is_full() {
            content.picker.add_holders(&peer.have);
        }
        let wanted = peer.have.iter();
        peer.useful = wanted
            .filter(|&piece| content.picker.is_wanted(piece))
            .count() as u32;
    }

    pub fn is_running(&self) -> bool {
        !self.paused && self.disk.is_none() && self.unusable.is_none()
    }

    pub fn is_verifying(&self) -> bool {
        let content = self.content.as_ref();
        content.is_some_and(|content| content.verified.0 < content.verified.1)
    }

    pub fn is_complete(&self) -> bool {
        self.content.as_ref().is_some_and(Content::is_complete)
    }

    /// Whether nothing is left to fetch.
    pub fn has_all_wanted(&self) -> bool {
        self.content.as_ref().is_some_and(Content::has_all_wanted)
    }

    pub fn phase(&self) -> Phase {
        if self.unusable.is_some() {
            Phase::Error
        } else if !self.is_running() {
            Phase::Paused
        } else if self.content.is_none() {
            Phase::Metadata
        } else if self.is_verifying() {
            Phase::Verifying
        } else if self.has_all_wanted() {
            Phase::Seeding
        } else {
            Phase::Downloading
        }
    }

    /// Whether peers are looked for.
    pub fn wants_peers(&self, shared: &Shared) -> bool {
        self.is_running() && !self.is_verifying() && shared.limits.peers
    }

    /// Bytes of pieces that are being put together or are on their way to the store.
    pub fn memory(&self) -> u64 {
        let Some(content) = &self.content else {
            return 0;
        };
        let held =
            (0..content.pieces()).filter(|&piece| content.picker.state(piece) == PieceState::Held);
        let pieces = content.assemblies.keys().copied().chain(held);
        let pieces: u64 = pieces.map(|piece| content.length(piece)).sum();
        pieces + self.runs.values().map(Run::memory).sum::<u64>()
    }

    /// Something else is done about a piece.
    pub fn set_state(&mut self, piece: u32, state: PieceState) {
        let content = self.content.as_mut().expect("a piece belongs to content");
        let change = content.set_state(piece, state);
        self.note_changes(change.as_slice());
    }

    /// Counts what peers have that is wanted, after changes.
    fn note_changes(&mut self, changes: &[Change]) {
        for peer in self.peers.values_mut() {
            for &(piece, wanted) in changes {
                match (peer.have.get(piece), wanted) {
                    (true, true) => peer.useful += 1,
                    (true, false) => peer.useful -= 1,
                    (false, _) => {}
                }
            }
        }
    }

    /// Sets how wanted files are.
    pub fn prioritise(
        &mut self,
        now: u64,
        files: (u32, u32),
        priority: Priority,
        deadline: Option<u64>,
        shared: &mut Shared,
    ) {
        if files.0 >= files.1 {
            return;
        }
        let Some(content) = &mut self.content else {
            self.priorities.push((files.0, files.1, priority));
            return;
        };
        let deadline = deadline.map(|within| now + within);
        let changes = content.prioritise(files.0..files.1, priority, deadline);
        if priority == Priority::Now {
            for file in files.0..files.1.min(content.info.files.len() as u32) {
                if content.is_file_complete(file) {
                    shared.event(Event::FileComplete(self.info_hash, file));
                }
                // What is to be played is read back first.
                for piece in content.pieces_of(file).rev() {
                    if content.picker.state(piece) == PieceState::Unverified {
                        content.unverified.push_front(piece);
                    }
                }
            }
        }
        self.drop_unwanted(shared);
        self.note_changes(&changes);
        self.told_complete = self.has_all_wanted();
        self.fetch_more(now, shared);
    }

    /// Gives up fetching pieces that nobody wants any more.
    fn drop_unwanted(&mut self, shared: &mut Shared) {
        let Some(content) = &self.content else { return };
        let unwanted: Vec<u32> = content
            .assemblies
            .keys()
            .copied()
            .filter(|&piece| content.picker.priority(piece) == Priority::None)
            .collect();
        for piece in unwanted {
            self.abandon(piece, shared);
        }
    }

    /// Everything that may be fetched now is asked for.
    pub fn fetch_more(&mut self, now: u64, shared: &mut Shared) {
        if !self.is_running() || self.content.is_none() {
            return;
        }
        let connections: Vec<ConnectionId> = self.peers.keys().copied().collect();
        for connection in connections {
            self.update_interest(now, connection, shared);
            self.request_more(now, connection, shared);
        }
        self.fetch_from_seeds(now, shared);
    }

    /// Tells a peer whether something of it is wanted, where that has changed.
    pub fn update_interest(&mut self, now: u64, connection: ConnectionId, shared: &mut Shared) {
        let Some(peer) = self.peers.get_mut(&connection) else {
            return;
        };
        let interested = peer.useful > 0;
        if peer.is_open() && peer.greeted && peer.interested != interested {
            peer.interested = interested;
            let message = if interested {
                peer.last_block = now;
                Message::Interested
            } else {
                Message::NotInterested
            };
            peer.say(&message);
            shared.dirty.insert(connection);
        }
    }

    /// Takes a peer out, and closes its connection where `close`.
    pub fn drop_peer(&mut self, connection: ConnectionId, close: bool, shared: &mut Shared) {
        let Some(mut peer) = self.peers.remove(&connection) else {
            return;
        };
        self.release_all(&mut peer);
        if let Some(content) = &mut self.content
            && !peer.have.is_full()
        {
            content.picker.remove_holders(&peer.have);
        }
        self.metadata.forget(connection);
        if !peer.choked && peer.wants {
            shared.unchoked -= 1;
        }
        shared.dirty.remove(&connection);
        if close {
            shared.push(Output::Disconnect(connection));
        }
    }

    /// Takes all peers out.
    pub fn drop_peers(&mut self, shared: &mut Shared) {
        let connections: Vec<ConnectionId> = self.peers.keys().copied().collect();
        for connection in connections {
            self.drop_peer(connection, true, shared);
        }
    }

    /// Whoever gave false bytes is not listened to any more.
    pub fn ban(&mut self, origin: Origin, reason: &str, shared: &mut Shared) {
        match origin {
            Origin::Peer(peer_id) => {
                if !self.banned.insert(peer_id) {
                    return;
                }
                let theirs: Vec<ConnectionId> = self
                    .peers
                    .values()
                    .filter(|peer| peer.peer_id == Some(peer_id))
                    .map(|peer| peer.connection)
                    .collect();
                for connection in theirs {
                    self.drop_peer(connection, true, shared);
                }
            }
            Origin::Seed(seed) => self.ban_seed(seed, reason, shared),
        }
        self.hash_failures.1 += 1;
        shared.event(Event::Problems(self.info_hash));
    }

    /// Notices that there is nobody to fetch from, or somebody again.
    pub fn look_for_sources(&mut self, now: u64, shared: &mut Shared) {
        let wanting = matches!(self.phase(), Phase::Downloading | Phase::Metadata);
        let has_peer = self
            .peers
            .values()
            .any(|peer| peer.is_open() && (self.content.is_none() || peer.useful > 0));
        let has_seed = self.content.is_some() && self.seeds.iter().any(WebSeed::is_working);
        if !wanting || has_peer || has_seed {
            self.alone_since = None;
        } else {
            self.alone_since.get_or_insert(now);
        }
        let alone = self
            .alone_since
            .is_some_and(|since| now >= since + NO_PEERS_MILLIS);
        if alone != self.told_alone {
            self.told_alone = alone;
            shared.event(Event::Problems(self.info_hash));
        }
    }

    /// Troubles but for those of trackers.
    pub fn problems(&self, now: u64) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.seeds.iter().filter_map(|s| s.problem(now)).collect();
        if self.told_alone {
            problems.push(Problem::NoPeers);
        }
        let (pieces, banned) = self.hash_failures;
        if pieces > 0 || banned > 0 {
            problems.push(Problem::HashFailures { pieces, banned });
        }
        problems.extend(self.disk.clone().map(Problem::Disk));
        problems.extend(self.unusable.clone().map(Problem::Metadata));
        problems
    }
}
