//! What all torrents of a session share: bounds, what is read from the store, and the queue of
//! things to do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::lot::Lot;
use crate::rate::Bucket;
use crate::{ConnectionId, FetchId, InfoHash, PeerId};

use super::{Event, Limits, Output};

/// Bytes of pieces that are kept after they were read for a peer.
const CACHE_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of pieces that are being read at a time.
const LOADING_BYTES: u64 = 4 * 1024 * 1024;

/// A piece of a torrent.
pub type PieceKey = (InfoHash, u32);

#[derive(Debug)]
pub struct Shared {
    pub peer_id: PeerId,
    pub limits: Limits,
    pub lot: Lot,
    pub down: Bucket,
    pub up: Bucket,
    pub online: bool,
    /// Bytes of pieces that are being put together or are on their way to the store.
    pub memory: u64,
    /// Peers with something to send: flushed when an input has been dealt with.
    pub dirty: BTreeSet<ConnectionId>,
    /// Peers that may ask and want to, over all torrents.
    pub unchoked: usize,
    outputs: VecDeque<Output>,
    cache: BTreeMap<PieceKey, (Vec<u8>, u64)>,
    cache_bytes: usize,
    uses: u64,
    loading: BTreeMap<PieceKey, u64>,
    loading_bytes: u64,
    next_connection: u32,
    next_fetch: u32,
}

impl Shared {
    pub fn new(peer_id: PeerId, seed: u64, limits: Limits) -> Self {
        Self {
            peer_id,
            limits,
            lot: Lot::new(seed),
            down: Bucket::new(limits.download),
            up: Bucket::new(limits.upload),
            online: true,
            memory: 0,
            dirty: BTreeSet::new(),
            unchoked: 0,
            outputs: VecDeque::new(),
            cache: BTreeMap::new(),
            cache_bytes: 0,
            uses: 0,
            loading: BTreeMap::new(),
            loading_bytes: 0,
            next_connection: 0,
            next_fetch: 0,
        }
    }

    pub fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub fn event(&mut self, event: Event) {
        self.push(Output::Event(event));
    }

    pub fn pop(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub fn new_connection(&mut self) -> ConnectionId {
        self.next_connection += 1;
        ConnectionId(self.next_connection)
    }

    pub fn new_fetch(&mut self) -> FetchId {
        self.next_fetch += 1;
        FetchId(self.next_fetch)
    }

    /// Asks for a piece of the store unless it is asked for, or enough is; whether it will come.
    pub fn load(&mut self, key: PieceKey, length: u32) -> bool {
        if self.loading.contains_key(&key) {
            return true;
        }
        let length = u64::from(length);
        if self.loading_bytes > 0 && self.loading_bytes + length > LOADING_BYTES {
            return false;
        }
        self.loading.insert(key, length);
        self.loading_bytes += length;
        self.push(Output::Load(key.0, key.1));
        true
    }

    /// A piece has been read, or cannot be; whether it had been asked for.
    pub fn loaded(&mut self, key: PieceKey) -> bool {
        let length = self.loading.remove(&key);
        self.loading_bytes -= length.unwrap_or(0);
        length.is_some()
    }

    /// Whether as much is being read as may be.
    pub fn is_loading_enough(&self) -> bool {
        self.loading_bytes >= LOADING_BYTES / 2
    }

    /// Keeps a piece that was read for a while.
    pub fn keep(&mut self, key: PieceKey, bytes: Vec<u8>) {
        self.uses += 1;
        self.cache_bytes += bytes.len();
        if let Some((old, _)) = self.cache.insert(key, (bytes, self.uses)) {
            self.cache_bytes -= old.len();
        }
        // The piece that came last stays, however large.
        while self.cache_bytes > CACHE_BYTES && self.cache.len() > 1 {
            let oldest = self.cache.iter().min_by_key(|(_, (_, used))| *used);
            let Some((&oldest, _)) = oldest else { break };
            self.forget(oldest);
        }
    }

    /// A piece that was kept.
    pub fn kept(&mut self, key: PieceKey) -> Option<&[u8]> {
        self.uses += 1;
        let (bytes, used) = self.cache.get_mut(&key)?;
        *used = self.uses;
        Some(bytes)
    }

    /// Keeps a piece no longer.
    pub fn forget(&mut self, key: PieceKey) {
        if let Some((bytes, _)) = self.cache.remove(&key) {
            self.cache_bytes -= bytes.len();
        }
    }

    /// Keeps nothing of a torrent, and waits for nothing of it.
    pub fn forget_torrent(&mut self, torrent: InfoHash) {
        let range = (torrent, 0)..=(torrent, u32::MAX);
        let kept: Vec<_> = self
            .cache
            .range(range.clone())
            .map(|entry| *entry.0)
            .collect();
        kept.into_iter().for_each(|key| self.forget(key));
        let loading: Vec<_> = self.loading.range(range).map(|entry| *entry.0).collect();
        for key in loading {
            self.loaded(key);
        }
    }
}
