//! A CIA alone, and the cycle that it stands at.

use c64::cia::{Cia, CiaModel};

/// Cycles between ticks of the mains: 50 Hz.
pub const MAINS: u64 = 19_704;

/// A chip that is accessed every four cycles.
pub struct Bench {
    pub cia: Cia,
    pub cycle: u64,
}

impl Bench {
    pub fn at(model: CiaModel, cycle: u64) -> Self {
        Self {
            cia: Cia::new(model, MAINS),
            cycle,
        }
    }

    pub fn write(&mut self, register: u8, value: u8) {
        self.cycle += 4;
        self.cia.write(register, value, self.cycle);
    }
}
