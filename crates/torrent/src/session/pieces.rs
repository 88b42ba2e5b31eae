//! Blocks that come, pieces that are complete, and what the store says of them.

use sha1::{Digest, Sha1};

use crate::ConnectionId;
use crate::assembly::{Origin, Suspects};
use crate::picker::PieceState;
use crate::wire::{Block, Message};

use super::shared::Shared;
use super::torrent::Torrent;
use super::{Event, Output};

/// Blocks that nobody asked for after which a peer is dropped.
const MOST_UNASKED: u32 = 256;

impl Torrent {
    /// A block from a peer.
    pub fn on_block(
        &mut self,
        now: u64,
        connection: ConnectionId,
        (piece, begin): (u32, u32),
        bytes: &[u8],
        shared: &mut Shared,
    ) {
        let Some(peer) = self.peers.get_mut(&connection) else {
            return;
        };
        let block = Block {
            piece,
            begin,
            length: bytes.len() as u32,
        };
        let asked = peer.requests.iter().position(|r| r.block == block);
        let given_up = peer.given_up.iter().position(|old| *old == block);
        if let Some(request) = asked.and_then(|at| peer.requests.remove(at)) {
            peer.answered(now, &request);
        } else if let Some(at) = given_up {
            peer.given_up.remove(at);
            peer.last_block = now;
            peer.snubbed = false;
        } else {
            peer.unasked += 1;
            if peer.unasked > MOST_UNASKED {
                self.drop_peer(connection, true, shared);
            }
            return;
        }
        peer.down.add(now, bytes.len() as u64);
        self.down.add(now, bytes.len() as u64);
        let peer_id = peer.peer_id.expect("it has said its handshake");
        let Some(content) = &mut self.content else {
            return;
        };
        let Some(assembly) = content.assemblies.get_mut(&piece) else {
            return;
        };
        let number = assembly.block_at(begin, block.length);
        let Some(number) = number.filter(|_| assembly.only.is_none_or(|only| only == peer_id))
        else {
            return;
        };
        assembly.put(number, bytes, Origin::Peer(peer_id));
        if asked.is_some() {
            assembly.release(number);
        }
        let is_asked = assembly.is_asked(number);
        let is_complete = assembly.is_complete();
        content.note_free(piece);
        if is_asked {
            self.cancel_others(block, shared);
        }
        if is_complete {
            let content = self.content.as_mut().expect("it was there");
            let assembly = content.close(piece).expect("it was there");
            shared.memory -= content.length(piece);
            let (bytes, origins) = assembly.finish();
            self.on_piece(now, piece, bytes, &origins, shared);
        }
    }

    /// All bytes of a piece, and who gave its blocks; one origin where it came in one.
    pub fn on_piece(
        &mut self,
        now: u64,
        piece: u32,
        bytes: Vec<u8>,
        origins: &[Origin],
        shared: &mut Shared,
    ) {
        let Some(content) = &mut self.content else {
            return;
        };
        if !matches!(
            content.picker.state(piece),
            PieceState::Missing | PieceState::Active
        ) {
            return;
        }
        let hash: [u8; 20] = Sha1::digest(&bytes).into();
        if hash == content.info.pieces[piece as usize] {
            let suspects = content.suspects.remove(&piece);
            let guilty = suspects.map(|suspects| suspects.guilty(&bytes));
            shared.memory += content.length(piece);
            // The other source, where two were asked.
            self.abandon(piece, shared);
            self.set_state(piece, PieceState::Held);
            self.on_piece_elsewhere(piece, shared);
            shared.push(Output::Store {
                torrent: self.info_hash,
                piece,
                bytes,
            });
            for origin in guilty.into_iter().flatten() {
                self.ban(origin, "it sends false pieces", shared);
            }
            return;
        }
        self.hash_failures.0 += 1;
        let first = origins[0];
        let is_one = origins.iter().all(|origin| *origin == first);
        if !is_one {
            let suspects = Suspects::new(&bytes, origins);
            content.suspects.entry(piece).or_insert(suspects);
        }
        if !content.assemblies.contains_key(&piece) && !self.is_at_seed(piece) {
            self.set_state(piece, PieceState::Missing);
        }
        if is_one {
            self.ban(first, "it sends false pieces", shared);
            self.close_untouched(shared);
        } else {
            shared.event(Event::Problems(self.info_hash));
        }
        self.fetch_more(now, shared);
    }

    /// The store has a piece.
    pub fn on_stored(&mut self, now: u64, piece: u32, shared: &mut Shared) {
        let Some(content) = &self.content else { return };
        if piece >= content.pieces() || content.picker.state(piece) != PieceState::Held {
            return;
        }
        shared.memory -= content.length(piece);
        self.set_state(piece, PieceState::Have);
        self.tell_have(piece, shared);
        let content = self.content.as_ref().expect("it was there");
        for file in content.files_of(piece) {
            if content.is_file_complete(file) {
                shared.event(Event::FileComplete(self.info_hash, file));
            }
        }
        if content.is_complete() {
            self.completed = true;
        }
        if content.has_all_wanted() && !self.told_complete {
            self.told_complete = true;
            shared.event(Event::Complete(self.info_hash));
            self.look_for_sources(now, shared);
        }
        let connections: Vec<ConnectionId> = self.peers.keys().copied().collect();
        for connection in connections {
            self.update_interest(now, connection, shared);
        }
        self.drop_fellow_seeders(shared);
    }

    /// Two that have everything have nothing to say to each other.
    pub fn drop_fellow_seeders(&mut self, shared: &mut Shared) {
        if !self.is_complete() {
            return;
        }
        let seeders: Vec<ConnectionId> = self
            .peers
            .values()
            .filter(|peer| peer.is_open() && peer.have.is_full())
            .map(|peer| peer.connection)
            .collect();
        for connection in seeders {
            self.drop_peer(connection, true, shared);
        }
    }

    fn tell_have(&mut self, piece: u32, shared: &mut Shared) {
        for peer in self.peers.values_mut() {
            // Who has it need not know, but for those who count what others lack.
            if peer.is_open() && peer.greeted && !peer.have.get(piece) {
                peer.say(&Message::Have(piece));
                shared.dirty.insert(peer.connection);
            }
        }
    }

    /// The store cannot take a piece.
    pub fn on_store_failed(&mut self, piece: u32, reason: String, shared: &mut Shared) {
        let Some(content) = &self.content else { return };
        if piece >= content.pieces() || content.picker.state(piece) != PieceState::Held {
            return;
        }
        shared.memory -= content.length(piece);
        self.set_state(piece, PieceState::Missing);
        if self.disk.is_none() {
            self.disk = Some(reason);
            self.stop(shared);
            shared.event(Event::Problems(self.info_hash));
        }
    }

    /// Stands still: nobody is connected, nothing is fetched.
    pub fn stop(&mut self, shared: &mut Shared) {
        self.drop_peers(shared);
        self.stop_seeds(shared);
        let pieces: Vec<u32> = self
            .content
            .iter()
            .flat_map(|content| content.assemblies.keys().copied())
            .collect();
        for piece in pieces {
            self.abandon(piece, shared);
        }
    }

    /// Pieces are no longer in the store.
    pub fn on_evicted(&mut self, now: u64, pieces: (u32, u32), shared: &mut Shared) {
        let Some(content) = &self.content else { return };
        for piece in content.clamp(pieces) {
            shared.forget((self.info_hash, piece));
            self.lose(piece, shared);
        }
        self.told_complete = self.has_all_wanted();
        self.fetch_more(now, shared);
    }

    /// A piece is not here any more. Peers that understand are told so (BEP 54).
    fn lose(&mut self, piece: u32, shared: &mut Shared) {
        let content = self.content.as_ref().expect("a piece belongs to content");
        match content.picker.state(piece) {
            PieceState::Have => {
                self.set_state(piece, PieceState::Missing);
                for peer in self.peers.values_mut() {
                    if let Some(id) = peer.dont_have.filter(|_| peer.greeted) {
                        peer.say(&Message::Extended(id, &piece.to_be_bytes()));
                        shared.dirty.insert(peer.connection);
                    }
                }
            }
            PieceState::Unverified => {
                self.set_state(piece, PieceState::Missing);
                let content = self.content.as_mut().expect("it was there");
                content.verified.0 += 1;
            }
            PieceState::Held | PieceState::Missing | PieceState::Active => {}
        }
    }

    /// Reads back everything that should be in the store.
    pub fn verify(&mut self, shared: &mut Shared) {
        let Some(content) = &self.content else { return };
        let pieces: Vec<u32> = content.have.iter().collect();
        // Nobody is told of pieces that may not be here.
        self.drop_peers(shared);
        self.close_untouched(shared);
        for &piece in &pieces {
            shared.forget((self.info_hash, piece));
            self.set_state(piece, PieceState::Unverified);
        }
        let content = self.content.as_mut().expect("it was there");
        if content.verified.0 >= content.verified.1 {
            content.verified = (0, 0);
        }
        content.verified.1 += pieces.len() as u32;
        content.unverified.extend(pieces);
        self.verify_more(shared);
    }

    /// Asks for more pieces to read back.
    pub fn verify_more(&mut self, shared: &mut Shared) {
        if !self.is_running() {
            return;
        }
        let Some(content) = &mut self.content else {
            return;
        };
        while let Some(&piece) = content.unverified.front() {
            let is_due = content.picker.state(piece) == PieceState::Unverified;
            let length = content.info.length_of_piece(piece);
            if is_due && !shared.load((self.info_hash, piece), length) {
                return;
            }
            content.unverified.pop_front();
        }
    }

    /// A piece of the store was read, or cannot be.
    pub fn on_loaded(&mut self, now: u64, piece: u32, bytes: Option<Vec<u8>>, shared: &mut Shared) {
        let Some(content) = &mut self.content else {
            return;
        };
        if piece >= content.pieces() {
            return;
        }
        let is_right = |bytes: &[u8]| {
            let hash: [u8; 20] = Sha1::digest(bytes).into();
            hash == content.info.pieces[piece as usize]
        };
        match (content.picker.state(piece), bytes) {
            (PieceState::Unverified, bytes) => {
                let state = if bytes.is_some_and(|bytes| is_right(&bytes)) {
                    PieceState::Have
                } else {
                    PieceState::Missing
                };
                content.verified.0 += 1;
                self.set_state(piece, state);
                self.after_verifying(now, piece, state, shared);
            }
            (PieceState::Have, Some(bytes)) if bytes.len() as u64 == content.length(piece) => {
                shared.keep((self.info_hash, piece), bytes);
                self.serve_all(now, shared);
            }
            (PieceState::Have, _) => {
                shared.event(Event::Damaged(self.info_hash, piece));
                self.lose(piece, shared);
                self.told_complete = self.has_all_wanted();
                self.serve_all(now, shared);
                self.fetch_more(now, shared);
            }
            (PieceState::Missing | PieceState::Active | PieceState::Held, _) => {}
        }
    }

    fn after_verifying(&mut self, now: u64, piece: u32, state: PieceState, shared: &mut Shared) {
        let content = self.content.as_ref().expect("it was there");
        if state == PieceState::Missing {
            shared.event(Event::Damaged(self.info_hash, piece));
        } else if content.picker.deadline(piece).is_some() {
            for file in content.files_of(piece) {
                let priority = content.file_priorities[file as usize];
                if priority == super::Priority::Now && content.is_file_complete(file) {
                    shared.event(Event::FileComplete(self.info_hash, file));
                }
            }
        }
        self.verify_more(shared);
        if !self.is_verifying() {
            self.told_complete = self.has_all_wanted();
            self.fetch_more(now, shared);
        }
    }
}
