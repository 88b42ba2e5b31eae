//! Offers of connections, pooled over all torrents: a browser has few connections to give, and
//! making one costs time.

use std::collections::BTreeMap;

use crate::lot::Lot;
use crate::{ConnectionId, InfoHash, OfferId};

/// Offers that are open at a time.
pub const MOST_OFFERS: usize = 5;
/// Milliseconds that an offer waits for its answer.
pub const OFFER_MILLIS: u64 = 50_000;
/// Milliseconds that describing an offer may take.
const MAKING_MILLIS: u64 = 20_000;
/// Milliseconds that a description is good for: routers forget what STUN found.
const DESCRIPTION_MILLIS: u64 = 180_000;

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Making,
    Ready,
    Given(InfoHash, OfferId),
}

#[derive(Debug, Clone)]
struct Offer {
    state: State,
    sdp: String,
    made: u64,
    since: u64,
}

/// All offers of a session.
#[derive(Debug, Default)]
pub struct Offers(BTreeMap<ConnectionId, Offer>);

impl Offers {
    /// Offers in any state.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Offers that may be given away.
    pub fn ready(&self) -> usize {
        let offers = self.0.values();
        offers.filter(|offer| offer.state == State::Ready).count()
    }

    /// Offers that are being described.
    pub fn making(&self) -> usize {
        let offers = self.0.values();
        offers.filter(|offer| offer.state == State::Making).count()
    }

    /// A connection is being described.
    pub fn make(&mut self, now: u64, connection: ConnectionId) {
        let offer = Offer {
            state: State::Making,
            sdp: String::new(),
            made: now,
            since: now,
        };
        self.0.insert(connection, offer);
    }

    /// A connection has been described; whether it is an offer.
    pub fn described(&mut self, now: u64, connection: ConnectionId, sdp: String) -> bool {
        let Some(offer) = self.0.get_mut(&connection) else {
            return false;
        };
        if offer.state == State::Making {
            *offer = Offer {
                state: State::Ready,
                sdp,
                made: now,
                since: now,
            };
        }
        true
    }

    /// Gives offers away for a torrent, `most` of them, each under a new name.
    pub fn give(
        &mut self,
        now: u64,
        torrent: InfoHash,
        most: usize,
        lot: &mut Lot,
    ) -> Vec<(OfferId, String)> {
        let ready = self.0.values_mut();
        let ready = ready.filter(|offer| offer.state == State::Ready);
        ready
            .take(most)
            .map(|offer| {
                let id = OfferId(lot.twenty());
                offer.state = State::Given(torrent, id);
                offer.since = now;
                (id, offer.sdp.clone())
            })
            .collect()
    }

    /// An offer was answered: the connection is no offer any more.
    pub fn answered(&mut self, torrent: InfoHash, id: OfferId) -> Option<ConnectionId> {
        let given = State::Given(torrent, id);
        let found = self.0.iter().find(|(_, offer)| offer.state == given);
        let connection = *found?.0;
        self.0.remove(&connection);
        Some(connection)
    }

    /// A connection is gone; whether it was an offer.
    pub fn remove(&mut self, connection: ConnectionId) -> bool {
        self.0.remove(&connection).is_some()
    }

    /// Takes out an offer that can be spared, to be closed: one that nobody has, if there is one.
    pub fn drop_one(&mut self) -> Option<ConnectionId> {
        let given = |offer: &Offer| matches!(offer.state, State::Given(..));
        let spared = self.0.iter().min_by_key(|(_, offer)| given(offer));
        let connection = *spared?.0;
        self.0.remove(&connection);
        Some(connection)
    }

    /// A torrent's offers that were given by `until` may be given to others.
    pub fn take_back(&mut self, torrent: InfoHash, until: u64) {
        for offer in self.0.values_mut() {
            let is_its = matches!(offer.state, State::Given(given, _) if given == torrent);
            if is_its && offer.since <= until {
                offer.state = State::Ready;
            }
        }
    }

    /// Offers without an answer may be given again, while their description is good; the others
    /// are returned, to be closed.
    pub fn expire(&mut self, now: u64) -> Vec<ConnectionId> {
        let mut over = Vec::new();
        for (connection, offer) in &mut self.0 {
            let age = now.saturating_sub(offer.since);
            let is_old = now.saturating_sub(offer.made) >= DESCRIPTION_MILLIS;
            match offer.state {
                State::Making if age >= MAKING_MILLIS => over.push(*connection),
                State::Ready if is_old => over.push(*connection),
                State::Given(..) if age >= OFFER_MILLIS && is_old => over.push(*connection),
                State::Given(..) if age >= OFFER_MILLIS => offer.state = State::Ready,
                _ => {}
            }
        }
        for connection in &over {
            self.0.remove(connection);
        }
        over
    }

    /// All offers, to be closed.
    pub fn clear(&mut self) -> Vec<ConnectionId> {
        let all = self.0.keys().copied().collect();
        self.0.clear();
        all
    }

    /// When [`Offers::expire`] has something to do.
    pub fn next_timeout(&self) -> Option<u64> {
        let due = self.0.values().map(|offer| match offer.state {
            State::Making => offer.since + MAKING_MILLIS,
            State::Ready => offer.made + DESCRIPTION_MILLIS,
            State::Given(..) => offer.since + OFFER_MILLIS,
        });
        due.min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TORRENT: InfoHash = InfoHash([1; 20]);

    #[test]
    fn an_offer_is_given_again_under_a_new_name_until_it_is_old() {
        let (mut offers, mut lot) = (Offers::default(), Lot::new(1));
        let connection = ConnectionId(7);
        offers.make(0, connection);
        assert!(offers.give(0, TORRENT, 5, &mut lot).is_empty());
        assert!(offers.described(10, connection, "sdp".into()));
        let first = offers.give(10, TORRENT, 5, &mut lot);
        assert_eq!(first[0].1, "sdp");
        assert!(offers.give(10, TORRENT, 5, &mut lot).is_empty());
        assert_eq!(offers.next_timeout(), Some(50_010));
        assert!(offers.expire(50_010).is_empty());
        let second = offers.give(50_010, TORRENT, 5, &mut lot);
        assert_ne!(first[0].0, second[0].0);
        assert_eq!(offers.answered(TORRENT, first[0].0), None);
        assert_eq!(offers.answered(InfoHash([2; 20]), second[0].0), None);
        assert_eq!(offers.expire(180_010), [connection]);
        assert_eq!(offers.answered(TORRENT, second[0].0), None);
    }

    #[test]
    fn an_answer_finds_its_connection_once() {
        let (mut offers, mut lot) = (Offers::default(), Lot::new(1));
        for id in 0..3 {
            offers.make(0, ConnectionId(id));
            offers.described(0, ConnectionId(id), format!("sdp {id}"));
        }
        let given = offers.give(0, TORRENT, 2, &mut lot);
        assert_eq!((given.len(), offers.ready(), offers.len()), (2, 1, 3));
        assert_eq!(offers.answered(TORRENT, given[1].0), Some(ConnectionId(1)));
        assert_eq!(offers.answered(TORRENT, given[1].0), None);
        assert_eq!(offers.len(), 2);
        assert_eq!(offers.drop_one(), Some(ConnectionId(2)));
        assert_eq!(offers.drop_one(), Some(ConnectionId(0)));
        assert_eq!(offers.drop_one(), None);
    }
}
