//! What is asked of which peer: blocks by priority and rarity, as many as the peer answers
//! quickly; what is urgent first, and of two peers where one is late.

use std::collections::BTreeSet;

use crate::ConnectionId;
use crate::picker::PieceState;
use crate::wire::{Block, Message};

use super::content::Content;
use super::peer::{Peer, Request};
use super::shared::Shared;
use super::torrent::Torrent;

/// Bytes of pieces that may be put together at a time.
pub const MOST_MEMORY: u64 = 64 * 1024 * 1024;
/// Urgent pieces that are looked at for a peer.
const MOST_URGENT: usize = 256;
/// Requests that stay under way when urgent ones come.
const KEPT_REQUESTS: usize = 4;
/// Milliseconds that urgent requests may wait behind others.
const URGENT_WAIT_MILLIS: u64 = 200;
/// Milliseconds after which an answer may be late at all.
const LATE_MILLIS: u64 = 250;
/// A peer that answers nothing for so many milliseconds, and for four times as long as usual, is
/// left with one request.
const SNUB_MILLIS: (u64, u64) = (3_000, 20_000);
/// Milliseconds without an answer after which a peer is dropped.
const SILENT_MILLIS: u64 = 60_000;
/// Blocks that were taken back and may still come, at most.
const MOST_GIVEN_UP: usize = 2_048;

impl Torrent {
    /// Asks a peer for what it should give next.
    pub fn request_more(&mut self, now: u64, connection: ConnectionId, shared: &mut Shared) {
        if !self.is_running() {
            return;
        }
        let Some(peer) = self.peers.get(&connection) else {
            return;
        };
        let can_ask = !peer.choking_us || !peer.allowed_fast.is_empty();
        if !peer.is_open() || !peer.greeted || peer.useful == 0 || !can_ask {
            return;
        }
        let urgent = self.urgent_for(now, peer);
        if !urgent.is_empty() {
            self.make_way(now, connection, shared);
        }
        let Some(mut room) = self.peers.get(&connection).map(Peer::room) else {
            return;
        };
        if room == 0 {
            return;
        }
        let mut avoided = self.avoided_by(connection);
        avoided.extend(self.left_to_seeds(now));
        for piece in urgent {
            if !avoided.contains(&piece) {
                self.ask_free(now, connection, piece, &mut room, shared);
            }
        }
        let late = self.late_for(now, connection);
        for (piece, block) in late {
            self.ask(now, connection, piece, block, &mut room, shared);
        }
        for piece in self.partial_for(connection, room) {
            if !avoided.contains(&piece) {
                self.ask_free(now, connection, piece, &mut room, shared);
            }
        }
        if room > 0 {
            for piece in self.new_for(connection, room, &avoided, shared) {
                self.ask_free(now, connection, piece, &mut room, shared);
            }
        }
    }

    /// Urgent pieces with free blocks for which this peer is about as quick as any.
    fn urgent_for(&self, now: u64, peer: &Peer) -> Vec<u32> {
        let Some(content) = &self.content else {
            return Vec::new();
        };
        let mine = peer.expected(now);
        let urgent = content.picker.urgent().take(MOST_URGENT);
        urgent
            .map(|(_, piece)| piece)
            .filter(|&piece| peer.may_ask(piece))
            .filter(|&piece| match content.assemblies.get(&piece) {
                Some(assembly) => assembly.has_free(),
                None => {
                    content.picker.state(piece) == PieceState::Missing
                        || self.is_late_at_seed(now, piece)
                }
            })
            .filter(|&piece| {
                let others = self.peers.values().filter(|other| other.may_ask(piece));
                let best = others.map(|other| other.expected(now)).min();
                mine <= 2 * best.unwrap_or(mine) + URGENT_WAIT_MILLIS
            })
            .collect()
    }

    /// Takes back requests that can wait, so that urgent ones are not answered after them.
    fn make_way(&mut self, now: u64, connection: ConnectionId, shared: &mut Shared) {
        let (Some(content), Some(peer)) = (&mut self.content, self.peers.get_mut(&connection))
        else {
            return;
        };
        if peer.expected(now) <= URGENT_WAIT_MILLIS && peer.room() > 0 {
            return;
        }
        while peer.requests.len() > KEPT_REQUESTS {
            let Some(request) = peer.requests.pop_back() else {
                break;
            };
            if content.picker.deadline(request.block.piece).is_some() {
                peer.requests.push_back(request);
                break;
            }
            take_back(content, peer, request.block, shared);
        }
    }

    /// Suspicious pieces to which a peer gave blocks, while another can give all of them. One that
    /// the peer has begun to give alone is its to finish: nobody else is asked for it.
    fn avoided_by(&self, connection: ConnectionId) -> BTreeSet<u32> {
        let (Some(content), Some(peer)) = (&self.content, self.peers.get(&connection)) else {
            return BTreeSet::new();
        };
        let Some(peer_id) = peer.peer_id else {
            return BTreeSet::new();
        };
        let gives_alone = |piece: &u32| {
            let assembly = content.assemblies.get(piece);
            assembly.is_some_and(|assembly| assembly.only == Some(peer_id))
        };
        let suspects = content.suspects.iter();
        suspects
            .filter(|(piece, suspects)| {
                suspects.involve(peer_id)
                    && !gives_alone(piece)
                    && self.peers.values().any(|other| {
                        other.may_ask(**piece)
                            && other.peer_id.is_some_and(|id| !suspects.involve(id))
                    })
            })
            .map(|(piece, _)| *piece)
            .collect()
    }

    /// Blocks that another peer has not given in time: of urgent pieces always, of others when
    /// nothing else is left.
    fn late_for(&self, now: u64, connection: ConnectionId) -> Vec<(u32, u32)> {
        let (Some(content), Some(peer)) = (&self.content, self.peers.get(&connection)) else {
            return Vec::new();
        };
        let before = now.saturating_sub(LATE_MILLIS.max(2 * u64::from(peer.latency)));
        let of_piece = |piece: u32| {
            let assembly = content.assemblies.get(&piece);
            assembly
                .filter(|assembly| assembly.only.is_none() && peer.may_ask(piece))
                .into_iter()
                .flat_map(move |assembly| assembly.late(before).map(move |block| (piece, block)))
                .filter(|&(piece, block)| !has_asked(peer, content, piece, block))
        };
        let urgent = content.picker.urgent().take(MOST_URGENT);
        let mut late: Vec<(u32, u32)> = urgent.flat_map(|(_, piece)| of_piece(piece)).collect();
        let is_end = content.picker.candidates().is_empty() && content.partial.is_empty();
        if is_end && peer.requests.len() < KEPT_REQUESTS {
            let rest = content.assemblies.keys().flat_map(|piece| of_piece(*piece));
            late.extend(rest.take(KEPT_REQUESTS));
        }
        late
    }

    /// Pieces that are put together and have free blocks.
    fn partial_for(&self, connection: ConnectionId, room: usize) -> Vec<u32> {
        let (Some(content), Some(peer)) = (&self.content, self.peers.get(&connection)) else {
            return Vec::new();
        };
        let partial = content.partial.iter().map(|(_, piece)| *piece);
        partial
            .filter(|&piece| peer.may_ask(piece) && content.picker.deadline(piece).is_none())
            .take(room)
            .collect()
    }

    /// Pieces to begin with, as many as are needed and as memory allows.
    fn new_for(
        &mut self,
        connection: ConnectionId,
        room: usize,
        avoided: &BTreeSet<u32>,
        shared: &mut Shared,
    ) -> Vec<u32> {
        let (Some(content), Some(peer)) = (&self.content, self.peers.get(&connection)) else {
            return Vec::new();
        };
        let mut memory = shared.memory;
        let mut blocks = 0;
        let mut pieces = Vec::new();
        for &piece in content.picker.candidates() {
            if blocks >= room {
                break;
            }
            if !peer.may_ask(piece) || avoided.contains(&piece) {
                continue;
            }
            let length = content.length(piece);
            if memory > 0 && memory + length > MOST_MEMORY {
                break;
            }
            memory += length;
            blocks += length.div_ceil(crate::wire::BLOCK_LENGTH.into()) as usize;
            pieces.push(piece);
        }
        let piece_length = u64::from(content.info.piece_length);
        if pieces.is_empty() && peer.requests.is_empty() && memory + piece_length > MOST_MEMORY {
            // All memory is taken by pieces of peers that are gone: one makes place.
            let idle = content.assemblies.iter();
            let idle = idle
                .filter(|(piece, assembly)| assembly.is_idle() && !peer.may_ask(**piece))
                .map(|(piece, _)| *piece)
                .next();
            if let Some(piece) = idle {
                self.abandon(piece, shared);
            }
        }
        pieces
    }

    /// Asks for the free blocks of a piece, which is opened where it is not yet.
    fn ask_free(
        &mut self,
        now: u64,
        connection: ConnectionId,
        piece: u32,
        room: &mut usize,
        shared: &mut Shared,
    ) {
        if *room == 0 || !shared.down.is_open(now) {
            return;
        }
        let (Some(content), Some(peer)) = (&mut self.content, self.peers.get(&connection)) else {
            return;
        };
        if !content.assemblies.contains_key(&piece) {
            shared.memory += content.length(piece);
            content.open(piece);
            let is_suspect = content.suspects.contains_key(&piece);
            if let (Some(assembly), true) = (content.assemblies.get_mut(&piece), is_suspect) {
                assembly.only = peer.peer_id;
            }
            self.set_state(piece, PieceState::Active);
        }
        let content = self.content.as_ref().expect("it was there");
        let assembly = &content.assemblies[&piece];
        let only = assembly.only;
        if only.is_some() && only != self.peers.get(&connection).and_then(|peer| peer.peer_id) {
            return;
        }
        let blocks: Vec<u32> = assembly.free().take(*room).collect();
        for block in blocks {
            self.ask(now, connection, piece, block, room, shared);
        }
    }

    fn ask(
        &mut self,
        now: u64,
        connection: ConnectionId,
        piece: u32,
        block: u32,
        room: &mut usize,
        shared: &mut Shared,
    ) {
        let (Some(content), Some(peer)) = (&mut self.content, self.peers.get_mut(&connection))
        else {
            return;
        };
        let Some(assembly) = content.assemblies.get_mut(&piece) else {
            return;
        };
        if *room == 0 || !shared.down.is_open(now) {
            return;
        }
        assembly.ask(block, now);
        let (begin, length) = assembly.range(block);
        content.note_free(piece);
        let block = Block {
            piece,
            begin,
            length,
        };
        if peer.requests.is_empty() && !peer.snubbed {
            peer.last_block = now;
        }
        peer.requests.push_back(Request { block, asked: now });
        peer.say(&Message::Request(block));
        shared.down.take(length.into());
        shared.dirty.insert(connection);
        *room -= 1;
    }

    /// Gives up a piece that is put together.
    pub fn abandon(&mut self, piece: u32, shared: &mut Shared) {
        let Some(content) = &mut self.content else {
            return;
        };
        if content.close(piece).is_none() {
            return;
        }
        shared.memory -= content.length(piece);
        for peer in self.peers.values_mut() {
            while let Some(at) = peer.requests.iter().position(|r| r.block.piece == piece) {
                let request = peer.requests.remove(at).expect("it was found");
                give_up(peer, request.block, shared);
            }
        }
        if !self.is_at_seed(piece) {
            self.set_state(piece, PieceState::Missing);
        }
    }

    /// Takes all requests of a peer back, so that others may be asked.
    pub fn release_all(&mut self, peer: &mut Peer) {
        let Some(content) = &mut self.content else {
            return;
        };
        let mut untouched = Vec::new();
        for request in peer.requests.drain(..) {
            let Block {
                piece,
                begin,
                length,
            } = request.block;
            if let Some(assembly) = content.assemblies.get_mut(&piece) {
                if let Some(block) = assembly.block_at(begin, length) {
                    assembly.release(block);
                }
                if assembly.is_untouched() {
                    untouched.push(piece);
                }
                content.note_free(piece);
            }
        }
        // What it was to give alone is begun anew by another, even where it has given all that it was
        // asked for so far.
        let assemblies = content.assemblies.iter();
        let alone = assemblies.filter(|(_, assembly)| {
            assembly.only.is_some() && assembly.only == peer.peer_id && assembly.is_idle()
        });
        untouched.extend(alone.map(|(piece, _)| *piece));
        self.untouched.extend(untouched);
    }

    /// Closes pieces that nobody works on any more.
    pub fn close_untouched(&mut self, shared: &mut Shared) {
        for piece in core::mem::take(&mut self.untouched) {
            let content = self.content.as_ref();
            let assembly = content.and_then(|content| content.assemblies.get(&piece));
            if assembly.is_some_and(|assembly| {
                assembly.is_untouched() || (assembly.only.is_some() && assembly.is_idle())
            }) {
                self.abandon(piece, shared);
            }
        }
    }

    /// A peer will not answer these requests: they are free for others. They may come all the same.
    pub fn take_back_all(&mut self, connection: ConnectionId, shared: &mut Shared) {
        let Some(mut peer) = self.peers.remove(&connection) else {
            return;
        };
        let blocks: Vec<Block> = peer.requests.iter().map(|request| request.block).collect();
        self.release_all(&mut peer);
        for block in blocks {
            give_up(&mut peer, block, shared);
        }
        self.peers.insert(connection, peer);
        self.close_untouched(shared);
    }

    /// Blocks that came are not asked of others any more.
    pub fn cancel_others(&mut self, block: Block, shared: &mut Shared) {
        let (Some(content), peers) = (&mut self.content, &mut self.peers) else {
            return;
        };
        for peer in peers.values_mut() {
            if let Some(at) = peer.requests.iter().position(|r| r.block == block) {
                peer.requests.remove(at);
                take_back(content, peer, block, shared);
            }
        }
    }

    /// Peers that do not answer: what they were asked for goes to others; after a minute they go.
    pub fn look_for_stalls(&mut self, now: u64, shared: &mut Shared) {
        let mut silent = Vec::new();
        let mut slow = Vec::new();
        for peer in self.peers.values().filter(|peer| !peer.requests.is_empty()) {
            let waited = now.saturating_sub(peer.last_block);
            let patience = (4 * u64::from(peer.latency)).clamp(SNUB_MILLIS.0, SNUB_MILLIS.1);
            if waited > SILENT_MILLIS {
                silent.push(peer.connection);
            } else if waited > patience && !peer.snubbed {
                slow.push(peer.connection);
            }
        }
        for connection in silent {
            self.drop_peer(connection, true, shared);
            self.close_untouched(shared);
        }
        let is_anyone_slow = !slow.is_empty();
        for connection in slow {
            if let Some(peer) = self.peers.get_mut(&connection) {
                peer.snubbed = true;
            }
            self.take_back_all(connection, shared);
        }
        if is_anyone_slow {
            self.fetch_more(now, shared);
        }
    }
}

fn has_asked(peer: &Peer, content: &Content, piece: u32, block: u32) -> bool {
    let Some(assembly) = content.assemblies.get(&piece) else {
        return false;
    };
    let (begin, _) = assembly.range(block);
    let mut requests = peer.requests.iter();
    requests.any(|request| request.block.piece == piece && request.block.begin == begin)
}

/// Takes a request back that has been taken off a peer's list.
fn take_back(content: &mut Content, peer: &mut Peer, block: Block, shared: &mut Shared) {
    if let Some(assembly) = content.assemblies.get_mut(&block.piece) {
        if let Some(number) = assembly.block_at(block.begin, block.length) {
            assembly.release(number);
        }
        content.note_free(block.piece);
    }
    give_up(peer, block, shared);
}

/// Tells a peer that a block is not wanted of it any more.
fn give_up(peer: &mut Peer, block: Block, shared: &mut Shared) {
    peer.say(&Message::Cancel(block));
    shared.dirty.insert(peer.connection);
    shared.down.give_back(block.length.into());
    peer.given_up.push_back(block);
    if peer.given_up.len() > MOST_GIVEN_UP {
        peer.given_up.pop_front();
    }
}
