//! Who may ask: the peers that give most, and one by lot (BEP 3).

use crate::ConnectionId;
use crate::lot::Lot;

/// Milliseconds between choices.
pub const RECHOKE_MILLIS: u64 = 10_000;
/// Milliseconds that the choice by lot holds.
pub const OPTIMISTIC_MILLIS: u64 = 30_000;

/// A peer that wants something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub connection: ConnectionId,
    /// Bytes a second: those it gives while something is wanted, those it takes otherwise.
    pub rate: u32,
    /// It may ask already.
    pub unchoked: bool,
}

/// Peers that may ask: `slots` of them, the best and one by lot. `optimistic` is the peer that was
/// chosen by lot, and stays where it is among the candidates.
pub fn choose(
    candidates: &[Candidate],
    slots: usize,
    optimistic: &mut Option<ConnectionId>,
    lot: &mut Lot,
) -> Vec<ConnectionId> {
    let mut ranked: Vec<(Candidate, u64)> = candidates
        .iter()
        .map(|candidate| (*candidate, lot.next()))
        .collect();
    // Who is unchoked stays so among equals: a change costs a round trip.
    ranked.sort_by_key(|(candidate, by_lot)| {
        (
            core::cmp::Reverse(candidate.rate),
            !candidate.unchoked,
            *by_lot,
        )
    });
    let kept = optimistic.filter(|kept| {
        candidates
            .iter()
            .any(|candidate| candidate.connection == *kept)
    });
    let mut chosen: Vec<ConnectionId> = ranked
        .iter()
        .map(|(candidate, _)| candidate.connection)
        .filter(|connection| Some(*connection) != kept)
        .take(slots.saturating_sub(1))
        .collect();
    *optimistic = kept.or_else(|| {
        let rest: Vec<ConnectionId> = ranked
            .iter()
            .map(|(candidate, _)| candidate.connection)
            .filter(|connection| !chosen.contains(connection))
            .collect();
        rest.get(lot.below(rest.len() as u64) as usize).copied()
    });
    if slots > 0 {
        chosen.extend(*optimistic);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(rates: &[u32]) -> Vec<Candidate> {
        (0..)
            .zip(rates)
            .map(|(id, &rate)| Candidate {
                connection: ConnectionId(id),
                rate,
                unchoked: false,
            })
            .collect()
    }

    #[test]
    fn the_best_are_chosen_and_each_other_in_its_time() {
        let peers = candidates(&[50, 10, 40, 30, 20, 0]);
        let mut lot = Lot::new(1);
        let mut lucky = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let mut optimistic = None;
            let chosen = choose(&peers, 4, &mut optimistic, &mut lot);
            assert_eq!(chosen[..3], [0, 2, 3].map(ConnectionId));
            assert_eq!(chosen.get(3), optimistic.as_ref());
            lucky.extend(optimistic);
        }
        assert_eq!(
            lucky.into_iter().collect::<Vec<_>>(),
            [1, 4, 5].map(ConnectionId)
        );
    }

    #[test]
    fn the_choice_by_lot_stays_until_it_is_gone() {
        let peers = candidates(&[50, 40, 30, 20]);
        let mut optimistic = Some(ConnectionId(0));
        let chosen = choose(&peers, 2, &mut optimistic, &mut Lot::new(1));
        assert_eq!(chosen, [1, 0].map(ConnectionId));
        choose(&peers[1..], 2, &mut optimistic, &mut Lot::new(1));
        assert_ne!(optimistic, Some(ConnectionId(0)));
    }

    #[test]
    fn all_are_chosen_where_there_are_slots_and_none_where_there_are_not() {
        let peers = candidates(&[1, 2, 3]);
        let count = |slots| choose(&peers, slots, &mut None, &mut Lot::new(1)).len();
        assert_eq!([0, 1, 3, 8].map(count), [0, 1, 3, 3]);
    }
}
