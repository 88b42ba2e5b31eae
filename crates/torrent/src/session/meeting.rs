//! How peers meet: offers that come, answers to ours, and which of them make a connection.

use crate::announce::{Answer, ClientMessage, Description};
use crate::{ConnectionId, InfoHash, OfferId, PeerId};

use super::peer::{Peer, Stage};
use super::trackers::Tracker;
use super::{Output, Session};

/// Answers that are being made at a time.
const MOST_ANSWERING: usize = 10;
/// Milliseconds that neither side wants anything, after which a peer makes place for another.
const IDLE_MILLIS: u64 = 60_000;

impl Session {
    pub(super) fn on_offer(
        &mut self,
        now: u64,
        url: &str,
        hash: InfoHash,
        (peer_id, offer_id): (PeerId, OfferId),
        sdp: String,
    ) {
        let torrent = self.torrents.get(&hash);
        let is_answered = torrent.is_some_and(|torrent| {
            let mut peers = torrent.peers.values();
            peers.any(|peer| !peer.offered && peer.peer_id == Some(peer_id))
        });
        // One answer to each peer: of two, each side might keep another.
        if is_answered || !self.is_welcome(hash, peer_id) {
            return;
        }
        let answering = self
            .torrents
            .values()
            .flat_map(|torrent| torrent.peers.values());
        let answering = answering.filter(|peer| matches!(peer.stage, Stage::Answering(..)));
        if answering.count() >= MOST_ANSWERING || !self.make_place(now) {
            return;
        }
        let stage = Stage::Answering(url.to_owned(), offer_id);
        let connection = self.shared.new_connection();
        self.add_peer(now, connection, hash, stage, peer_id);
        self.shared.push(Output::CreateAnswer(connection, sdp));
    }

    pub(super) fn on_answer(
        &mut self,
        now: u64,
        hash: InfoHash,
        (peer_id, offer_id): (PeerId, OfferId),
        sdp: String,
    ) {
        let Some(connection) = self.offers.answered(hash, offer_id) else {
            return;
        };
        if self.is_welcome(hash, peer_id) {
            self.add_peer(now, connection, hash, Stage::Connecting, peer_id);
            self.shared.push(Output::AcceptAnswer(connection, sdp));
        } else {
            self.shared.push(Output::Disconnect(connection));
        }
    }

    /// Whether a connection to this peer is wanted.
    fn is_welcome(&self, hash: InfoHash, peer_id: PeerId) -> bool {
        let Some(torrent) = self.torrents.get(&hash) else {
            return false;
        };
        let is_open = |peer: &Peer| peer.is_connected() && peer.peer_id == Some(peer_id);
        torrent.wants_peers(&self.shared)
            && peer_id != self.shared.peer_id
            && !torrent.banned.contains(&peer_id)
            && !torrent.peers.values().any(is_open)
    }

    /// Whether there is place for a connection more; a peer with which nothing was exchanged for
    /// long goes for it.
    fn make_place(&mut self, now: u64) -> bool {
        let most = usize::from(self.shared.limits.connections);
        if self.connections.len() < most {
            if self.connections.len() + self.offers.len() >= most {
                // A connection at hand is worth more than one that is offered.
                if let Some(offer) = self.offers.drop_one() {
                    self.shared.push(Output::Disconnect(offer));
                }
            }
            return true;
        }
        let idle = self.torrents.values().find_map(|torrent| {
            let mut peers = torrent.peers.values();
            let idle = |peer: &&Peer| peer.idle_since.is_some_and(|at| now > at + IDLE_MILLIS);
            peers
                .find(idle)
                .map(|peer| (torrent.info_hash, peer.connection))
        });
        let Some((hash, connection)) = idle else {
            return false;
        };
        if let Some(torrent) = self.torrents.get_mut(&hash) {
            torrent.drop_peer(connection, true, &mut self.shared);
        }
        self.connections.remove(&connection);
        true
    }

    fn add_peer(
        &mut self,
        now: u64,
        connection: ConnectionId,
        hash: InfoHash,
        stage: Stage,
        peer_id: PeerId,
    ) {
        let Some(torrent) = self.torrents.get_mut(&hash) else {
            return;
        };
        let pieces = torrent
            .content
            .as_ref()
            .map_or(0, |content| content.pieces());
        let mut peer = Peer::new(connection, stage, now, pieces);
        peer.offered = peer.stage == Stage::Connecting;
        peer.peer_id = Some(peer_id);
        torrent.peers.insert(connection, peer);
        self.connections.insert(connection, hash);
    }

    pub(super) fn on_described(&mut self, now: u64, connection: ConnectionId, sdp: String) {
        if self.offers.described(now, connection, sdp.clone()) {
            let all = self.offers.making() == 0;
            for tracker in self.trackers.values_mut() {
                tracker.offers_are_ready(now, all);
            }
            return;
        }
        let Some(hash) = self.connections.get(&connection).copied() else {
            return;
        };
        let Some(torrent) = self.torrents.get_mut(&hash) else {
            return;
        };
        let Some(peer) = torrent.peers.get_mut(&connection) else {
            return;
        };
        let (Stage::Answering(url, offer_id), Some(to_peer_id)) =
            (peer.stage.clone(), peer.peer_id)
        else {
            return;
        };
        let is_open = self.trackers.get(&url).is_some_and(Tracker::is_open);
        if !is_open {
            torrent.drop_peer(connection, true, &mut self.shared);
            self.connections.remove(&connection);
            return;
        }
        peer.stage = Stage::Connecting;
        peer.since = now;
        let message = ClientMessage::Answer(Answer {
            info_hash: hash,
            peer_id: self.shared.peer_id,
            to_peer_id,
            offer_id,
            answer: Description::answer(&sdp),
        });
        self.shared.push(Output::TrackerSend(url, message.encode()));
    }
}
