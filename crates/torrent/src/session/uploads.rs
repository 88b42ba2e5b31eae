//! What peers asked for: read from the store a little ahead, and sent as the channel takes it.

use crate::ConnectionId;
use crate::extension::{METADATA_PART, MetadataMessage};
use crate::wire::Message;

use super::content::Content;
use super::peer::{Peer, Wish};
use super::shared::Shared;
use super::torrent::Torrent;
use super::{Output, Session};

/// Wishes of a peer that are looked at, so that they are read in time.
const LOOKED_AHEAD: usize = 64;
/// Bytes in a channel's buffer at most: a quarter of a second's, within these. What lies there
/// delays whatever becomes urgent.
const MOST_BUFFERED: (u32, u32) = (128 * 1024, 1024 * 1024);
/// Bytes of a message on the channel at most: what Chromium takes is 262,144.
const MESSAGE_BYTES: usize = 240 * 1024;

impl Torrent {
    /// Lets a peer ask.
    pub fn unchoke(&mut self, connection: ConnectionId, shared: &mut Shared) {
        let Some(peer) = self.peers.get_mut(&connection) else {
            return;
        };
        if peer.choked && peer.is_open() && peer.greeted {
            peer.choked = false;
            shared.unchoked += usize::from(peer.wants);
            peer.say(&Message::Unchoke);
            shared.dirty.insert(connection);
        }
    }

    /// Does not let a peer ask any more.
    pub fn choke(&mut self, connection: ConnectionId, shared: &mut Shared) {
        let Some(peer) = self.peers.get_mut(&connection) else {
            return;
        };
        if peer.choked {
            return;
        }
        peer.choked = true;
        shared.unchoked -= usize::from(peer.wants);
        peer.say(&Message::Choke);
        let mut kept = core::mem::take(&mut peer.wishes);
        kept.retain(|wish| match wish {
            Wish::Block(block) => {
                if peer.fast {
                    peer.say(&Message::Reject(*block));
                }
                false
            }
            Wish::Metadata(_) => true,
        });
        peer.wishes = kept;
        shared.dirty.insert(connection);
    }

    /// Sends all peers what can be sent now.
    pub fn serve_all(&mut self, now: u64, shared: &mut Shared) {
        let wishing = self.peers.values().filter(|peer| !peer.wishes.is_empty());
        let mut connections: Vec<ConnectionId> = wishing.map(|peer| peer.connection).collect();
        if shared.up.rate().is_some() {
            // A bound is shared by lot.
            shared.lot.shuffle(&mut connections);
        }
        for connection in connections {
            self.serve(now, connection, shared);
        }
    }

    /// Sends a peer what can be sent now of what it asked for.
    pub fn serve(&mut self, now: u64, connection: ConnectionId, shared: &mut Shared) {
        let Some(peer) = self.peers.get_mut(&connection) else {
            return;
        };
        let room = (peer.up.rate(now) / 4).clamp(MOST_BUFFERED.0, MOST_BUFFERED.1);
        let mut at = 0;
        let mut sent = 0;
        while at < peer.wishes.len().min(LOOKED_AHEAD) {
            if peer.buffered.saturating_add(peer.out.len() as u32) >= room
                || !shared.up.is_open(now)
            {
                break;
            }
            let wish = peer.wishes[at];
            let key = |piece| (self.info_hash, piece);
            match (wish, &self.content) {
                (Wish::Block(block), Some(content)) if content.have.get(block.piece) => {
                    let Some(bytes) = shared.kept(key(block.piece)) else {
                        let length = content.info.length_of_piece(block.piece);
                        if !shared.load(key(block.piece), length) {
                            break;
                        }
                        at += 1;
                        continue;
                    };
                    let range = block.begin as usize..(block.begin + block.length) as usize;
                    peer.say(&Message::Piece(block.piece, block.begin, &bytes[range]));
                    peer.up.add(now, block.length.into());
                    shared.up.take(block.length.into());
                    sent += u64::from(block.length);
                }
                (Wish::Block(block), _) => {
                    if peer.fast {
                        peer.say(&Message::Reject(block));
                    }
                }
                (Wish::Metadata(part), content) => {
                    say_metadata(peer, content.as_ref(), part);
                    shared.up.take(METADATA_PART.into());
                }
            }
            peer.wishes.remove(at);
            shared.dirty.insert(connection);
        }
        if sent > 0 {
            self.up.add(now, sent);
        }
    }

    /// Hands over what a peer is to be told.
    pub fn flush(&mut self, now: u64, connection: ConnectionId, shared: &mut Shared) {
        let Some(peer) = self.peers.get_mut(&connection) else {
            return;
        };
        if !peer.is_connected() || peer.out.is_empty() {
            return;
        }
        peer.last_sent = now;
        peer.buffered = peer.buffered.saturating_add(peer.out.len() as u32);
        let mut out = core::mem::take(&mut peer.out);
        // The connection is a stream of bytes, so it may be cut anywhere.
        while out.len() > MESSAGE_BYTES {
            let rest = out.split_off(MESSAGE_BYTES);
            shared.push(Output::Send(connection, out));
            out = rest;
        }
        shared.push(Output::Send(connection, out));
    }
}

/// A part of the metadata, or that it will not come.
fn say_metadata(peer: &mut Peer, content: Option<&Content>, part: u32) {
    let Some(id) = peer.ut_metadata else { return };
    let bytes = content.map_or(&[][..], |content| &content.info_bytes);
    let start = part as usize * METADATA_PART as usize;
    let message = match bytes.get(start..) {
        Some(rest) if !rest.is_empty() => MetadataMessage::Data {
            part,
            size: bytes.len() as u32,
            bytes: &rest[..rest.len().min(METADATA_PART as usize)],
        },
        _ => MetadataMessage::Reject(part),
    };
    peer.say(&Message::Extended(id, &message.encode()));
}

impl Shared {
    /// Peers that may ask at a time: more than a few only where there is enough for each.
    pub fn slots(&self) -> usize {
        self.up
            .rate()
            .map_or(10, |rate| (rate as usize / 16_384).clamp(2, 10))
    }

    /// Whether peers are served at all.
    pub fn may_upload(&self) -> bool {
        self.limits.upload != Some(0)
    }
}

impl Session {
    /// Chooses anew who may ask.
    pub(super) fn rechoke(&mut self, now: u64) {
        use crate::choke::{Candidate, choose};

        let mut candidates = Vec::new();
        for torrent in self.torrents.values() {
            let is_leeching = !torrent.has_all_wanted();
            let wanting = torrent.peers.values().filter(|p| p.wants && p.is_open());
            candidates.extend(wanting.map(|peer| Candidate {
                connection: peer.connection,
                rate: if is_leeching {
                    peer.down.rate(now)
                } else {
                    peer.up.rate(now)
                },
                unchoked: !peer.choked,
            }));
        }
        let slots = if self.shared.may_upload() {
            self.shared.slots()
        } else {
            0
        };
        let lot = &mut self.shared.lot;
        let chosen = choose(&candidates, slots, &mut self.optimistic, lot);
        for candidate in candidates {
            let connection = candidate.connection;
            let torrent = self.connections.get(&connection);
            let Some(torrent) = torrent.and_then(|hash| self.torrents.get_mut(hash)) else {
                continue;
            };
            if chosen.contains(&connection) {
                torrent.unchoke(connection, &mut self.shared);
            } else {
                torrent.choke(connection, &mut self.shared);
            }
        }
    }
}
