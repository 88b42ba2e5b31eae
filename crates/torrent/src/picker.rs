//! Which piece next: by priority, then the rarest, then by lot.
//!
//! Pieces that may be picked stand in one array, sorted into buckets of priority and rarity.
//! When a piece changes its bucket, it swaps places at each border on the way, so that a change
//! costs a few steps and a choice begins at the array's front, however many pieces there are.

use std::collections::{BTreeMap, BTreeSet};

use crate::bitfield::Bitfield;
use crate::lot::Lot;
use crate::session::Priority;

/// Degrees of rarity that are told apart.
const LEVELS: usize = 32;
/// Pieces that may not be picked lie behind all others.
const OUT: usize = 3 * LEVELS;

/// What is done about a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceState {
    /// Said to be stored, not read back yet.
    Unverified,
    /// Not here.
    Missing,
    /// Being fetched.
    Active,
    /// Verified, on its way to the store.
    Held,
    /// In the store.
    Have,
}

/// All pieces of a torrent.
#[derive(Debug)]
pub struct Picker {
    states: Vec<PieceState>,
    priorities: Vec<Priority>,
    /// Connected peers that have a piece, but for those that have all.
    holders: Vec<u16>,
    order: Vec<u32>,
    places: Vec<u32>,
    /// Where each bucket begins.
    bounds: [u32; OUT + 2],
    /// When pieces of [`Priority::Now`] should be here.
    deadlines: BTreeMap<u32, u64>,
    /// Pieces of [`Priority::Now`] that are missing or active, the soonest first.
    urgent: BTreeSet<(u64, u32)>,
    lot: Lot,
}

impl Picker {
    /// Pieces of a torrent, none of them wanted or here.
    pub fn new(pieces: u32, lot: &mut Lot) -> Self {
        let mut order: Vec<u32> = (0..pieces).collect();
        lot.shuffle(&mut order);
        let mut places = vec![0; order.len()];
        for (place, &piece) in order.iter().enumerate() {
            places[piece as usize] = place as u32;
        }
        let mut bounds = [0; OUT + 2];
        bounds[OUT + 1] = pieces;
        Self {
            states: vec![PieceState::Missing; order.len()],
            priorities: vec![Priority::None; order.len()],
            holders: vec![0; order.len()],
            order,
            places,
            bounds,
            deadlines: BTreeMap::new(),
            urgent: BTreeSet::new(),
            lot: Lot::new(lot.next()),
        }
    }

    /// What is done about a piece.
    pub fn state(&self, piece: u32) -> PieceState {
        self.states[piece as usize]
    }

    /// How wanted a piece is.
    pub fn priority(&self, piece: u32) -> Priority {
        self.priorities[piece as usize]
    }

    /// When a piece of [`Priority::Now`] should be here.
    pub fn deadline(&self, piece: u32) -> Option<u64> {
        self.deadlines.get(&piece).copied()
    }

    /// Something else is done about a piece.
    pub fn set_state(&mut self, piece: u32, state: PieceState) {
        let old = self.bucket(piece);
        self.states[piece as usize] = state;
        self.shift(piece, old);
        self.update_urgent(piece);
    }

    /// A piece is more or less wanted; `deadline` for [`Priority::Now`].
    pub fn set_priority(&mut self, piece: u32, priority: Priority, deadline: Option<u64>) {
        let old = self.bucket(piece);
        self.priorities[piece as usize] = priority;
        self.shift(piece, old);
        if let Some(old) = self.deadlines.remove(&piece) {
            self.urgent.remove(&(old, piece));
        }
        if priority == Priority::Now {
            self.deadlines.insert(piece, deadline.unwrap_or(u64::MAX));
            self.update_urgent(piece);
        }
    }

    /// One peer more has a piece.
    pub fn add_holder(&mut self, piece: u32) {
        let old = self.bucket(piece);
        let holders = &mut self.holders[piece as usize];
        *holders = holders.saturating_add(1);
        self.shift(piece, old);
    }

    /// One peer more has these pieces. One that has all need not be counted.
    pub fn add_holders(&mut self, pieces: &Bitfield) {
        for piece in pieces.iter() {
            self.add_holder(piece);
        }
    }

    /// A peer that had these pieces is gone.
    pub fn remove_holders(&mut self, pieces: &Bitfield) {
        for piece in pieces.iter() {
            let old = self.bucket(piece);
            let holders = &mut self.holders[piece as usize];
            *holders = holders.saturating_sub(1);
            self.shift(piece, old);
        }
    }

    /// Missing pieces that are wanted, in the order in which to fetch them, but for those of
    /// [`Priority::Now`].
    pub fn candidates(&self) -> &[u32] {
        &self.order[..self.bounds[OUT] as usize]
    }

    /// Pieces of [`Priority::Now`] that are missing or active, the soonest first.
    pub fn urgent(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.urgent.iter().copied()
    }

    /// Whether a piece is wanted and not here.
    pub fn is_wanted(&self, piece: u32) -> bool {
        self.priority(piece) != Priority::None
            && matches!(self.state(piece), PieceState::Missing | PieceState::Active)
    }

    fn bucket(&self, piece: u32) -> usize {
        let class = match self.priority(piece) {
            _ if self.state(piece) != PieceState::Missing => return OUT,
            Priority::High => 0,
            Priority::Normal => 1,
            Priority::Low => 2,
            Priority::None | Priority::Now => return OUT,
        };
        class * LEVELS + usize::from(self.holders[piece as usize]).min(LEVELS - 1)
    }

    /// Brings a piece from the bucket in which it was to where it belongs.
    fn shift(&mut self, piece: u32, from: usize) {
        let to = self.bucket(piece);
        let mut at = from;
        while at < to {
            self.bounds[at + 1] -= 1;
            self.swap(piece, self.bounds[at + 1]);
            at += 1;
        }
        while at > to {
            self.swap(piece, self.bounds[at]);
            self.bounds[at] += 1;
            at -= 1;
        }
        if from == OUT && to != OUT {
            // Pieces become wanted in order, and must not be fetched so.
            let (start, end) = (self.bounds[to], self.bounds[to + 1]);
            let place = start + self.lot.below(u64::from(end - start)) as u32;
            self.swap(piece, place);
        }
    }

    fn swap(&mut self, piece: u32, place: u32) {
        let old = self.places[piece as usize];
        let other = self.order[place as usize];
        self.order.swap(old as usize, place as usize);
        self.places[piece as usize] = place;
        self.places[other as usize] = old;
    }

    fn update_urgent(&mut self, piece: u32) {
        if let Some(&deadline) = self.deadlines.get(&piece) {
            if self.is_wanted(piece) {
                self.urgent.insert((deadline, piece));
            } else {
                self.urgent.remove(&(deadline, piece));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PRIORITIES: [Priority; 5] = [
        Priority::None,
        Priority::Low,
        Priority::Normal,
        Priority::High,
        Priority::Now,
    ];
    const STATES: [PieceState; 5] = [
        PieceState::Unverified,
        PieceState::Missing,
        PieceState::Active,
        PieceState::Held,
        PieceState::Have,
    ];

    proptest! {
        /// The array against the plain rule, after any changes.
        #[test]
        fn candidates_are_sorted_and_complete(
            pieces in 1..60u32,
            seed in any::<u64>(),
            steps in prop::collection::vec((0..4u8, any::<u32>(), 0..5usize), 0..300),
        ) {
            let mut picker = Picker::new(pieces, &mut Lot::new(seed));
            let mut fields = Vec::new();
            for (kind, number, choice) in steps {
                let piece = number % pieces;
                match kind {
                    0 => picker.set_state(piece, STATES[choice]),
                    1 => picker.set_priority(piece, PRIORITIES[choice], Some(u64::from(number))),
                    2 => {
                        let mut field = Bitfield::new(pieces);
                        (0..pieces).filter(|bit| number >> (bit % 32) & 1 == 1).for_each(|bit| {
                            field.set(bit, true);
                        });
                        picker.add_holders(&field);
                        fields.push(field);
                    }
                    _ => if let Some(field) = fields.pop() {
                        picker.remove_holders(&field);
                    },
                }
            }
            let rank = |piece: u32| {
                let holders = fields.iter().filter(|field| field.get(piece)).count();
                (core::cmp::Reverse(picker.priority(piece)), holders.min(LEVELS - 1))
            };
            let found = picker.candidates();
            prop_assert!(found.is_sorted_by_key(|&piece| rank(piece)));
            let mut sorted = found.to_vec();
            sorted.sort_unstable();
            let wanted = |piece: &u32| {
                picker.state(*piece) == PieceState::Missing
                    && !matches!(picker.priority(*piece), Priority::None | Priority::Now)
            };
            prop_assert_eq!(sorted, (0..pieces).filter(wanted).collect::<Vec<_>>());
            let mut urgent: Vec<_> = (0..pieces)
                .filter(|&piece| picker.priority(piece) == Priority::Now && picker.is_wanted(piece))
                .map(|piece| (picker.deadline(piece).unwrap(), piece))
                .collect();
            urgent.sort_unstable();
            prop_assert_eq!(picker.urgent().collect::<Vec<_>>(), urgent);
        }
    }

    #[test]
    fn equals_are_chosen_by_lot() {
        let first = |seed| {
            let mut picker = Picker::new(1000, &mut Lot::new(seed));
            (0..1000).for_each(|piece| picker.set_priority(piece, Priority::Normal, None));
            picker.candidates()[..4].to_vec()
        };
        assert_ne!(first(1), first(2));
        assert_eq!(first(1), first(1));
    }
}
