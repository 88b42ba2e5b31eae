//! The data bus of the chip: its capacitance remembers the last value for a while.
//!
//! Source of the times: the VICE project's tests on real chips (patch 99, SID/bitfade).

use crate::Model;

/// The value that a write-only register reads as.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bus {
    value: u8,
    /// Cycles until the value is gone.
    remaining: u32,
}

impl Bus {
    pub fn new() -> Self {
        Bus {
            value: 0,
            remaining: 0,
        }
    }

    /// A value driven onto the bus.
    pub fn drive(&mut self, value: u8, model: Model) {
        self.value = value;
        self.remaining = match model {
            Model::Mos6581 => 0x1d00,
            Model::Mos8580 => 0xa_2000,
        };
    }

    /// A read that drives nothing; it discharges the bus faster.
    pub fn sense(&mut self) -> u8 {
        self.remaining /= 2;
        self.value
    }

    pub fn advance(&mut self, cycles: u32) {
        if self.remaining != 0 {
            self.remaining = self.remaining.saturating_sub(cycles);
            if self.remaining == 0 {
                self.value = 0;
            }
        }
    }
}
