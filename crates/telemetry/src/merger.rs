//! Adds beacons up.

use crate::beacon::Beacon;
use crate::layout::{self, CELLS, SUMS};
use crate::table::{FAMILIES, FamilyId, Kind};

/// Everything that beacons have told, added up without loss. Where a number would be higher than
/// 64 bits hold, it stays at the highest.
#[derive(Debug, Clone)]
pub struct Merger {
    cells: Box<[u64]>,
    sums: Box<[u64]>,
}

/// A series of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Histogram<'a> {
    /// How many are in each bucket (not cumulative), and beyond the last bound.
    pub counts: &'a [u64],
    /// Their sum in microseconds or ones, as the family's unit is.
    pub sum: u64,
}

impl Default for Merger {
    fn default() -> Self {
        Self {
            cells: vec![0; CELLS].into(),
            sums: vec![0; SUMS].into(),
        }
    }
}

impl Merger {
    /// Adds a beacon.
    pub fn merge(&mut self, beacon: &Beacon) {
        for (total, count) in self.cells.iter_mut().zip(&beacon.tally.cells) {
            *total = total.saturating_add(u64::from(*count));
        }
        for (total, sum) in self.sums.iter_mut().zip(&beacon.tally.sums) {
            *total = total.saturating_add(*sum);
        }
    }

    /// The count of a series of a counter.
    #[must_use]
    pub fn counter(&self, family: FamilyId, series: usize) -> u64 {
        self.cells[layout::cell(family, series)]
    }

    /// A series of a histogram.
    ///
    /// # Panics
    /// Where the family is a counter.
    #[must_use]
    pub fn histogram(&self, family: FamilyId, series: usize) -> Histogram<'_> {
        let Kind::Histogram { bounds, .. } = FAMILIES[family as usize].kind else {
            panic!("{family:?} is a counter");
        };
        let first = layout::cell(family, series);
        Histogram {
            counts: &self.cells[first..=first + bounds.len()],
            sum: self.sums[layout::sum(family, series)],
        }
    }
}
