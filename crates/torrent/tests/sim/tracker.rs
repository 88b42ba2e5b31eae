//! A tracker of the simulated world: passes offers and answers on.

use std::collections::BTreeMap;

use torrent::announce::{Answer, ClientMessage, Description, Event, Left, TrackerMessage};
use torrent::{InfoHash, PeerId};

use super::Lot;

pub struct SimTracker {
    pub up: bool,
    pub interval: u32,
    swarms: BTreeMap<InfoHash, BTreeMap<PeerId, (usize, bool)>>,
    pub announces: usize,
    pub most_offers: usize,
    pub events: Vec<(usize, InfoHash, Event)>,
}

impl Default for SimTracker {
    fn default() -> Self {
        Self {
            up: true,
            interval: 120,
            swarms: BTreeMap::new(),
            announces: 0,
            most_offers: 0,
            events: Vec::new(),
        }
    }
}

impl SimTracker {
    /// A peer that does not announce itself.
    pub fn enter(&mut self, torrent: InfoHash, peer: PeerId, node: usize) {
        self.swarms
            .entry(torrent)
            .or_default()
            .insert(peer, (node, false));
    }

    /// A socket is closed.
    pub fn gone(&mut self, node: usize) {
        for swarm in self.swarms.values_mut() {
            swarm.retain(|peer, (owner, _)| *owner != node || peer.0[..3] == *b"-XX");
        }
    }

    /// What is sent to whom for a text.
    pub fn on_text(&mut self, node: usize, text: &str, lot: &mut Lot) -> Vec<(usize, String)> {
        match ClientMessage::parse(text).expect("sessions send what can be read") {
            ClientMessage::Announce(announce) => {
                self.announces += 1;
                self.most_offers = self.most_offers.max(announce.offers.len());
                self.events.push((node, announce.info_hash, announce.event));
                let swarm = self.swarms.entry(announce.info_hash).or_default();
                if announce.event == Event::Stopped {
                    swarm.remove(&announce.peer_id);
                } else {
                    let seeds = announce.left == Left::Bytes(0);
                    swarm.insert(announce.peer_id, (node, seeds));
                }
                let complete = swarm.values().filter(|peer| peer.1).count() as u32;
                let reply = TrackerMessage::Reply {
                    info_hash: announce.info_hash,
                    interval: self.interval,
                    complete,
                    incomplete: swarm.len() as u32 - complete,
                };
                let mut out = vec![(node, reply.encode())];
                let mut others: Vec<usize> = swarm
                    .iter()
                    .filter(|(peer, _)| **peer != announce.peer_id)
                    .map(|(_, (node, _))| *node)
                    .collect();
                for offer in announce.offers {
                    if others.is_empty() {
                        break;
                    }
                    let to = others.swap_remove(lot.below(others.len() as u64) as usize);
                    let message = TrackerMessage::Offer {
                        info_hash: announce.info_hash,
                        peer_id: announce.peer_id,
                        offer_id: offer.offer_id,
                        offer: offer.offer,
                    };
                    out.push((to, message.encode()));
                }
                out
            }
            ClientMessage::Answer(answer) => {
                let swarm = self.swarms.get(&answer.info_hash);
                let to = swarm.and_then(|swarm| swarm.get(&answer.to_peer_id));
                let message = TrackerMessage::Answer {
                    info_hash: answer.info_hash,
                    peer_id: answer.peer_id,
                    offer_id: answer.offer_id,
                    answer: answer.answer,
                };
                to.map(|(to, _)| (*to, message.encode()))
                    .into_iter()
                    .collect()
            }
            ClientMessage::Scrape(_) => Vec::new(),
        }
    }
}

/// An answer to the offer in a tracker's text, if there is one.
pub fn answer_to(text: &str, peer_id: PeerId, sdp: &str) -> Option<String> {
    let TrackerMessage::Offer {
        info_hash,
        peer_id: to_peer_id,
        offer_id,
        ..
    } = TrackerMessage::parse(text).ok()?
    else {
        return None;
    };
    let answer = ClientMessage::Answer(Answer {
        info_hash,
        peer_id,
        to_peer_id,
        offer_id,
        answer: Description::answer(sdp),
    });
    Some(answer.encode())
}
