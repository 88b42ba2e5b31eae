//! The `info` dictionary from peers (BEP 9): its parts from several, checked as a whole, and those
//! who lie found out.

use sha1::{Digest, Sha1};

use crate::assembly::Origin;
use crate::extension::{MAX_METADATA, METADATA_PART, MetadataMessage};
use crate::wire::Message;
use crate::{ConnectionId, PeerId};

use super::Event;
use super::peer::{Peer, Wish};
use super::shared::Shared;
use super::torrent::Torrent;

/// Parts that a peer is asked for at a time.
const MOST_ASKED: usize = 32;
/// Milliseconds that a part may take.
const PART_MILLIS: u64 = 10_000;
/// Parts that a peer may wait for.
const MOST_WISHES: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Missing,
    Asked(ConnectionId, u64),
    Got(PeerId),
}

/// Metadata that is being fetched.
#[derive(Debug, Default)]
pub struct MetadataFetch {
    /// As most peers say it is; empty while nobody has said so.
    bytes: Vec<u8>,
    parts: Vec<Part>,
    /// Who alone is asked, after parts of several did not fit.
    only: Option<PeerId>,
}

impl MetadataFetch {
    /// A peer is gone, or will not answer.
    pub fn forget(&mut self, connection: ConnectionId) {
        for part in &mut self.parts {
            if matches!(part, Part::Asked(asked, _) if *asked == connection) {
                *part = Part::Missing;
            }
        }
    }

    fn reset(&mut self, size: u32) {
        self.bytes = vec![0; size as usize];
        self.parts = vec![Part::Missing; size.div_ceil(METADATA_PART) as usize];
    }

    /// Whether a peer can be asked for a part.
    fn can_ask(&self, peer: &Peer) -> bool {
        let fits = peer.metadata_size.map(|size| size as usize) == Some(self.bytes.len());
        fits && can_tell(peer) && (self.only.is_none() || self.only == peer.peer_id)
    }
}

/// Whether a peer offers metadata of a size that is possible.
fn can_tell(peer: &Peer) -> bool {
    let possible = peer.metadata_size.is_some_and(|size| size <= MAX_METADATA);
    peer.is_open() && peer.greeted && peer.ut_metadata.is_some() && possible
}

impl Torrent {
    /// Asks peers for parts of the metadata.
    pub fn fetch_metadata(&mut self, now: u64, shared: &mut Shared) {
        if self.content.is_some() || !self.is_running() {
            return;
        }
        for peer in self.peers.values_mut() {
            let asked = |part: &&Part| matches!(part, Part::Asked(c, at) if *c == peer.connection && now > at + PART_MILLIS);
            if self.metadata.parts.iter().any(|part| asked(&part)) {
                peer.metadata_size = None;
                self.metadata.forget(peer.connection);
            }
        }
        if !self.peers.values().any(|peer| self.metadata.can_ask(peer)) {
            self.metadata.only = None;
            let sizes: Vec<u32> = self
                .peers
                .values()
                .filter(|peer| can_tell(peer))
                .filter_map(|peer| peer.metadata_size)
                .collect();
            let votes = |size: u32| sizes.iter().filter(|other| **other == size).count();
            let Some(&size) = sizes.iter().max_by_key(|size| votes(**size)) else {
                return;
            };
            if size as usize != self.metadata.bytes.len() {
                self.metadata.reset(size);
            }
        }
        for peer in self.peers.values_mut() {
            if !self.metadata.can_ask(peer) {
                continue;
            }
            let id = peer.ut_metadata.expect("it can be asked");
            let mine = |part: &&Part| matches!(part, Part::Asked(c, _) if *c == peer.connection);
            let asked = self.metadata.parts.iter().filter(mine).count();
            let missing = self.metadata.parts.iter_mut().zip(0..);
            let missing = missing.filter(|(part, _)| **part == Part::Missing);
            for (part, index) in missing.take(MOST_ASKED.saturating_sub(asked)) {
                *part = Part::Asked(peer.connection, now);
                let message = MetadataMessage::Request(index).encode();
                peer.say(&Message::Extended(id, &message));
                shared.dirty.insert(peer.connection);
            }
        }
    }

    /// A message of `ut_metadata`.
    pub fn on_metadata(
        &mut self,
        now: u64,
        connection: ConnectionId,
        bytes: &[u8],
        shared: &mut Shared,
    ) {
        let (Some(message), Some(peer)) = (
            MetadataMessage::parse(bytes),
            self.peers.get_mut(&connection),
        ) else {
            return;
        };
        match message {
            MetadataMessage::Request(part) => {
                if peer.wishes.len() < MOST_WISHES {
                    peer.wishes.push_back(Wish::Metadata(part));
                }
            }
            MetadataMessage::Data { part, bytes, .. } => {
                self.on_metadata_part(now, connection, part, bytes, shared);
            }
            MetadataMessage::Reject(part) => {
                let part = self.metadata.parts.get(part as usize);
                if matches!(part, Some(Part::Asked(asked, _)) if *asked == connection) {
                    peer.metadata_size = None;
                    self.metadata.forget(connection);
                    self.fetch_metadata(now, shared);
                }
            }
        }
    }

    fn on_metadata_part(
        &mut self,
        now: u64,
        connection: ConnectionId,
        part: u32,
        bytes: &[u8],
        shared: &mut Shared,
    ) {
        let (Some(peer), Some(state)) = (
            self.peers.get_mut(&connection),
            self.metadata.parts.get_mut(part as usize),
        ) else {
            return;
        };
        let is_asked = matches!(state, Part::Asked(asked, _) if *asked == connection);
        let (true, Some(peer_id), None) = (is_asked, peer.peer_id, &self.content) else {
            return;
        };
        let start = part as usize * METADATA_PART as usize;
        let rest = &mut self.metadata.bytes[start..];
        let length = rest.len().min(METADATA_PART as usize);
        if bytes.len() != length {
            peer.metadata_size = None;
            self.metadata.forget(connection);
        } else {
            rest[..length].copy_from_slice(bytes);
            *state = Part::Got(peer_id);
            peer.last_block = now;
        }
        let parts = &self.metadata.parts;
        if parts.iter().all(|part| matches!(part, Part::Got(_))) {
            self.on_whole_metadata(now, shared);
        } else {
            self.fetch_metadata(now, shared);
        }
    }

    fn on_whole_metadata(&mut self, now: u64, shared: &mut Shared) {
        let bytes = core::mem::take(&mut self.metadata.bytes);
        let parts = core::mem::take(&mut self.metadata.parts);
        let hash: [u8; 20] = Sha1::digest(&bytes).into();
        if hash == self.info_hash.0 {
            self.set_info(now, bytes, shared);
            if let Some(content) = &self.content {
                let bytes = content.info_bytes.clone();
                shared.event(Event::Metadata(self.info_hash, bytes));
                self.fetch_more(now, shared);
            }
            return;
        }
        let mut givers: Vec<PeerId> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Got(peer_id) => Some(*peer_id),
                _ => None,
            })
            .collect();
        givers.sort_unstable();
        givers.dedup();
        if let [liar] = givers[..] {
            self.metadata.only = None;
            self.ban(Origin::Peer(liar), "it sends false metadata", shared);
        } else {
            // One of them alone next: then it is known who lies.
            self.metadata.only = givers.first().copied();
            self.metadata.reset(bytes.len() as u32);
        }
        self.fetch_metadata(now, shared);
    }
}
