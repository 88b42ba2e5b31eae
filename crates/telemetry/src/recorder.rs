//! Gathers facts until the next beacon.

use crate::beacon::{Beacon, MOST_OF_A_KIND, Tally};
use crate::fact::{Amount, Fact};
use crate::layout;
use crate::table::FamilyId;

/// What has happened since the last beacon. It never grows.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    tally: Tally,
}

impl Recorder {
    /// Notes a fact.
    pub fn record(&mut self, fact: Fact) {
        let (family, series, amount) = fact.place();
        let cell = layout::cell(family, series);
        match amount {
            Amount::Times(times) => {
                let over = self.add(cell, times);
                self.drops(over);
            }
            Amount::Value(value) => {
                let (bucket, value) = layout::bucket(layout::bounds(family), value);
                if self.add(cell + bucket, 1) == 0 {
                    self.tally.sums[layout::sum(family, series)] += value;
                } else {
                    self.drops(1);
                }
            }
        }
    }

    /// What has gathered, under a random number that is used once; `None` where nothing has. The
    /// recorder is empty then.
    pub fn take(&mut self, id: u64) -> Option<Beacon> {
        if self.tally.cells.iter().all(|count| *count == 0) {
            return None;
        }
        let tally = std::mem::take(&mut self.tally);
        Some(Beacon { id, tally })
    }

    /// Adds to a cell; returns what it had no room for.
    fn add(&mut self, cell: usize, times: u32) -> u32 {
        let count = &mut self.tally.cells[cell];
        let fitting = times.min(MOST_OF_A_KIND - *count);
        *count += fitting;
        times - fitting
    }

    fn drops(&mut self, times: u32) {
        // What even this cell has no room for is gone.
        let _ = self.add(layout::cell(FamilyId::Dropped, 0), times);
    }
}
