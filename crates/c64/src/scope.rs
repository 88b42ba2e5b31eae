//! Levels of the voices, for oscilloscopes.

/// Cycles between two entries.
pub const CYCLES_PER_ENTRY: u32 = 32;

/// Levels of each chip's three voices and of the samples played through its volume register, one
/// entry every [`CYCLES_PER_ENTRY`] cycles. Handed to a call that renders, which appends; the
/// caller empties it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeBuffer {
    /// Output frame to which the first entry belongs.
    pub first_frame: u64,
    /// Machine cycle of the first entry.
    pub first_cycle: u64,
    /// Entries of each chip.
    pub chips: Vec<Vec<[i16; 4]>>,
}

impl ScopeBuffer {
    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.chips.iter().all(Vec::is_empty)
    }

    /// Drops all entries, keeps their memory.
    pub fn clear(&mut self) {
        self.chips.iter_mut().for_each(Vec::clear);
    }

    pub(crate) fn append(&mut self, chip: usize, levels: &[[i16; 4]]) {
        if self.chips.len() <= chip {
            self.chips.resize_with(chip + 1, Vec::new);
        }
        self.chips[chip].extend_from_slice(levels);
    }
}
