//! What peers say, and what is said to them at the beginning.

use crate::bitfield::Bitfield;
use crate::extension::{DONT_HAVE, Hello, MAX_REQUESTS, UT_METADATA};
use crate::wire::{Block, Decoder, Handshake, MAX_BLOCK_LENGTH, Message};
use crate::{ConnectionId, PeerId};

use super::peer::{Peer, Stage, Wish};
use super::shared::Shared;
use super::torrent::Torrent;

/// Pieces that may be asked for while choked, at most.
const MOST_ALLOWED_FAST: usize = 100;
/// Pieces that a peer may name before it is known how many there are.
const MOST_EARLY_PIECES: usize = 65_536;
/// Peers beyond the slots that may ask before they want to: it saves them a round trip.
pub const EAGER_SLOTS: usize = 4;

/// Why a connection is closed.
struct Bad;

impl Torrent {
    /// The channel is open.
    pub fn on_connected(&mut self, now: u64, connection: ConnectionId, shared: &mut Shared) {
        let Some(peer) = self.peers.get_mut(&connection) else {
            return;
        };
        if peer.is_connected() {
            return;
        }
        peer.stage = Stage::Handshaking;
        peer.since = now;
        peer.last_received = now;
        let handshake = Handshake {
            info_hash: self.info_hash,
            peer_id: shared.peer_id,
            fast: true,
            extended: true,
        };
        peer.out.extend(handshake.encode());
        shared.dirty.insert(connection);
        // Who runs the same client is told everything in the first breath. webtorrent attaches its
        // listeners only after it has read a handshake, and would miss what comes with it.
        if peer
            .peer_id
            .is_some_and(|id| id.0[..3] == shared.peer_id.0[..3])
        {
            self.greet(connection, true, shared);
        }
    }

    /// Says what is said at the beginning: who this is, what is here, and that requests are welcome.
    fn greet(&mut self, connection: ConnectionId, fast: bool, shared: &mut Shared) {
        let Some(peer) = self.peers.get_mut(&connection) else {
            return;
        };
        if peer.greeted {
            return;
        }
        peer.greeted = true;
        let content = self.content.as_ref();
        let hello = Hello {
            ut_metadata: Some(UT_METADATA),
            dont_have: Some(DONT_HAVE),
            metadata_size: content.map(|content| content.info_bytes.len() as u32),
            requests: Some(MAX_REQUESTS),
            client: Some(concat!("Sidereal ", env!("CARGO_PKG_VERSION")).into()),
        };
        peer.say(&Message::Extended(0, &hello.encode()));
        match content.map(|content| &content.have) {
            Some(have) if fast && have.is_full() => peer.say(&Message::HaveAll),
            Some(have) if have.count() > 0 => peer.say(&Message::Bitfield(have.bytes())),
            _ if fast => peer.say(&Message::HaveNone),
            _ => {}
        }
        let has_something = content.is_some_and(|content| content.have.count() > 0);
        if has_something && shared.unchoked < shared.slots() + EAGER_SLOTS && shared.may_upload() {
            peer.choked = false;
            peer.say(&Message::Unchoke);
        }
        shared.dirty.insert(connection);
    }

    /// Bytes from a peer.
    pub fn on_received(
        &mut self,
        now: u64,
        connection: ConnectionId,
        bytes: Vec<u8>,
        shared: &mut Shared,
    ) {
        let Some(peer) = self.peers.get_mut(&connection) else {
            return;
        };
        if !peer.is_connected() {
            return;
        }
        peer.last_received = now;
        let mut decoder = core::mem::take(&mut peer.decoder);
        decoder.push(bytes);
        let result = self.read(now, connection, &mut decoder, shared);
        match (self.peers.get_mut(&connection), result) {
            (Some(peer), Ok(())) => peer.decoder = decoder,
            (Some(_), Err(Bad)) => self.drop_peer(connection, true, shared),
            (None, _) => {}
        }
        self.close_untouched(shared);
        self.update_interest(now, connection, shared);
        self.request_more(now, connection, shared);
        self.serve(now, connection, shared);
    }

    fn read(
        &mut self,
        now: u64,
        connection: ConnectionId,
        decoder: &mut Decoder,
        shared: &mut Shared,
    ) -> Result<(), Bad> {
        if !self.peers.get(&connection).is_some_and(Peer::is_open) {
            let handshake = decoder.handshake().map_err(|_| Bad)?;
            let Some(handshake) = handshake else {
                return Ok(());
            };
            self.on_handshake(now, connection, &handshake, decoder, shared)?;
        }
        while self.peers.contains_key(&connection) {
            let Some(message) = decoder.message().map_err(|_| Bad)? else {
                break;
            };
            self.on_message(now, connection, message, shared)?;
        }
        Ok(())
    }

    fn on_handshake(
        &mut self,
        now: u64,
        connection: ConnectionId,
        handshake: &Handshake,
        decoder: &mut Decoder,
        shared: &mut Shared,
    ) -> Result<(), Bad> {
        let peer_id = handshake.peer_id;
        let is_known = handshake.info_hash == self.info_hash
            && peer_id != shared.peer_id
            && !self.banned.contains(&peer_id);
        if !is_known {
            return Err(Bad);
        }
        let peer = self.peers.get_mut(&connection).ok_or(Bad)?;
        peer.stage = Stage::Open;
        peer.since = now;
        peer.peer_id = Some(peer_id);
        peer.fast = handshake.fast;
        peer.extended = handshake.extended;
        if let Some(content) = &self.content {
            decoder.expect_bitfield(content.pieces().div_ceil(8) as usize);
        }
        self.drop_double(peer_id, shared);
        self.greet(connection, handshake.fast, shared);
        Ok(())
    }

    /// Of two connections to one peer, both sides keep the one that the lower id offered.
    fn drop_double(&mut self, peer_id: PeerId, shared: &mut Shared) {
        let ours_first = shared.peer_id < peer_id;
        let mut open: Vec<(bool, ConnectionId)> = self
            .peers
            .values()
            .filter(|peer| peer.is_open() && peer.peer_id == Some(peer_id))
            .map(|peer| (peer.offered != ours_first, peer.connection))
            .collect();
        open.sort_unstable();
        for (_, connection) in open.into_iter().skip(1) {
            self.drop_peer(connection, true, shared);
        }
    }

    fn on_message(
        &mut self,
        now: u64,
        connection: ConnectionId,
        message: Message<'_>,
        shared: &mut Shared,
    ) -> Result<(), Bad> {
        let peer = self.peers.get_mut(&connection).ok_or(Bad)?;
        if peer.fast_is_missing(&message) {
            return Err(Bad);
        }
        match message {
            Message::Choke => {
                peer.choking_us = true;
                self.take_back_all(connection, shared);
            }
            Message::Unchoke => {
                peer.choking_us = false;
                peer.snubbed = false;
                peer.last_block = now;
            }
            Message::Interested => {
                if !peer.wants {
                    peer.wants = true;
                    shared.unchoked += usize::from(!peer.choked);
                }
                let is_free = shared.unchoked < shared.slots();
                if peer.choked && is_free && shared.may_upload() {
                    self.unchoke(connection, shared);
                }
            }
            Message::NotInterested => {
                if peer.wants {
                    peer.wants = false;
                    shared.unchoked -= usize::from(!peer.choked);
                }
            }
            Message::Have(piece) => self.on_have(connection, piece, shared)?,
            Message::Bitfield(bytes) => self.on_bitfield(connection, bytes, shared)?,
            Message::HaveAll => self.on_have_all(connection, shared),
            Message::HaveNone => {
                let none = Bitfield::new(peer.have.len());
                self.set_have(connection, none);
            }
            Message::Request(block) => self.on_request(connection, block, shared)?,
            Message::Piece(piece, begin, bytes) => {
                self.on_block(now, connection, (piece, begin), bytes, shared);
            }
            Message::Cancel(block) => {
                let before = peer.wishes.len();
                peer.wishes.retain(|wish| *wish != Wish::Block(block));
                if peer.fast && peer.wishes.len() < before {
                    peer.say(&Message::Reject(block));
                    shared.dirty.insert(connection);
                }
            }
            Message::Reject(block) => self.on_reject(now, connection, block),
            Message::AllowedFast(piece) => {
                if peer.allowed_fast.len() < MOST_ALLOWED_FAST {
                    peer.allowed_fast.insert(piece);
                }
            }
            Message::Extended(0, bytes) => self.on_hello(now, connection, bytes, shared),
            Message::Extended(UT_METADATA, bytes) => {
                self.on_metadata(now, connection, bytes, shared);
            }
            Message::Extended(DONT_HAVE, bytes) => {
                if let Ok(bytes) = bytes.try_into() {
                    self.on_dont_have(connection, u32::from_be_bytes(bytes));
                }
            }
            Message::KeepAlive
            | Message::Port(_)
            | Message::Suggest(_)
            | Message::Extended(..)
            | Message::Unknown(_) => {}
        }
        Ok(())
    }

    fn on_have(
        &mut self,
        connection: ConnectionId,
        piece: u32,
        shared: &mut Shared,
    ) -> Result<(), Bad> {
        let peer = self.peers.get_mut(&connection).ok_or(Bad)?;
        let Some(content) = &mut self.content else {
            if peer.early.pieces.len() < MOST_EARLY_PIECES {
                peer.early.pieces.insert(piece);
            }
            return Ok(());
        };
        if piece >= content.pieces() {
            return Err(Bad);
        }
        if peer.have.set(piece, true) {
            peer.useful += u32::from(content.picker.is_wanted(piece));
            if peer.have.is_full() {
                // Who has everything is not counted: the piece just learned never was.
                peer.have.set(piece, false);
                content.picker.remove_holders(&peer.have);
                peer.have.set(piece, true);
                self.drop_fellow_seeders(shared);
            } else {
                content.picker.add_holder(piece);
            }
        }
        Ok(())
    }

    fn on_dont_have(&mut self, connection: ConnectionId, piece: u32) {
        let (Some(peer), Some(content)) = (self.peers.get_mut(&connection), &mut self.content)
        else {
            return;
        };
        let was_full = peer.have.is_full();
        if peer.have.set(piece, false) {
            peer.useful -= u32::from(content.picker.is_wanted(piece));
            if was_full {
                content.picker.add_holders(&peer.have);
            } else {
                let mut one = Bitfield::new(peer.have.len());
                one.set(piece, true);
                content.picker.remove_holders(&one);
            }
        }
    }

    fn on_bitfield(
        &mut self,
        connection: ConnectionId,
        bytes: &[u8],
        shared: &mut Shared,
    ) -> Result<(), Bad> {
        let Some(content) = &self.content else {
            let peer = self.peers.get_mut(&connection).ok_or(Bad)?;
            peer.early.bitfield = Some(bytes.to_vec());
            return Ok(());
        };
        let have = Bitfield::from_bytes(bytes.to_vec(), content.pieces()).ok_or(Bad)?;
        self.set_have(connection, have);
        self.drop_fellow_seeders(shared);
        Ok(())
    }

    fn on_have_all(&mut self, connection: ConnectionId, shared: &mut Shared) {
        match &self.content {
            Some(content) => {
                let all = Bitfield::full(content.pieces());
                self.set_have(connection, all);
                self.drop_fellow_seeders(shared);
            }
            None => {
                if let Some(peer) = self.peers.get_mut(&connection) {
                    peer.early.all = true;
                }
            }
        }
    }

    /// A peer has these pieces and no others.
    fn set_have(&mut self, connection: ConnectionId, have: Bitfield) {
        let (Some(peer), Some(content)) = (self.peers.get_mut(&connection), &mut self.content)
        else {
            return;
        };
        if !peer.have.is_full() {
            content.picker.remove_holders(&peer.have);
        }
        if !have.is_full() {
            content.picker.add_holders(&have);
        }
        let useful = have.iter().filter(|&piece| content.picker.is_wanted(piece));
        peer.useful = useful.count() as u32;
        peer.have = have;
    }

    fn on_request(
        &mut self,
        connection: ConnectionId,
        block: Block,
        shared: &mut Shared,
    ) -> Result<(), Bad> {
        let peer = self.peers.get_mut(&connection).ok_or(Bad)?;
        let content = self.content.as_ref().ok_or(Bad)?;
        let end = u64::from(block.begin) + u64::from(block.length);
        let is_inside = block.piece < content.pieces()
            && block.length > 0
            && end <= content.length(block.piece);
        if !is_inside || block.length > MAX_BLOCK_LENGTH {
            return Err(Bad);
        }
        let wish = Wish::Block(block);
        let is_full = peer.wishes.len() >= MAX_REQUESTS as usize;
        if peer.choked || is_full || !content.have.get(block.piece) {
            if peer.fast {
                peer.say(&Message::Reject(block));
                shared.dirty.insert(connection);
            }
            // Who asks on and on without being answered only costs time.
            peer.refused += 1;
            if peer.refused > 4 * MAX_REQUESTS {
                return Err(Bad);
            }
        } else {
            peer.refused = 0;
            peer.wishes.push_back(wish);
        }
        Ok(())
    }

    fn on_reject(&mut self, now: u64, connection: ConnectionId, block: Block) {
        let Some(peer) = self.peers.get_mut(&connection) else {
            return;
        };
        // A request that was taken back is rejected before one that came after it.
        if let Some(at) = peer.given_up.iter().position(|old| *old == block) {
            peer.given_up.remove(at);
            return;
        }
        let Some(at) = peer.requests.iter().position(|r| r.block == block) else {
            return;
        };
        peer.requests.remove(at);
        peer.last_block = now;
        peer.allowed_fast.remove(&block.piece);
        let is_choking = peer.choking_us;
        if let Some(content) = &mut self.content
            && let Some(assembly) = content.assemblies.get_mut(&block.piece)
        {
            if let Some(number) = assembly.block_at(block.begin, block.length) {
                assembly.release(number);
            }
            if assembly.is_untouched() || assembly.only.is_some() {
                self.untouched.push(block.piece);
            }
            content.note_free(block.piece);
        }
        // Who does not give what it said that it has, has it not.
        if !is_choking {
            self.on_dont_have(connection, block.piece);
        }
    }

    fn on_hello(&mut self, now: u64, connection: ConnectionId, bytes: &[u8], shared: &mut Shared) {
        let (Some(hello), Some(peer)) = (Hello::parse(bytes), self.peers.get_mut(&connection))
        else {
            return;
        };
        peer.ut_metadata = hello.ut_metadata;
        peer.dont_have = hello.dont_have;
        peer.metadata_size = hello.metadata_size;
        peer.client = hello.client.or(peer.client.take());
        if let Some(requests) = hello.requests {
            peer.most_requests = requests;
        }
        self.fetch_metadata(now, shared);
    }
}

impl Peer {
    /// Whether a message needs the fast extension, which the peer does not speak.
    fn fast_is_missing(&self, message: &Message<'_>) -> bool {
        let is_fast = matches!(
            message,
            Message::HaveAll
                | Message::HaveNone
                | Message::Reject(_)
                | Message::AllowedFast(_)
                | Message::Suggest(_)
        );
        is_fast && !self.fast
    }
}
