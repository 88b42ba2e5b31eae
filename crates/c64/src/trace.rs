//! Writes to sound chips, one by one.

use serde::{Deserialize, Serialize};

/// One write to a register of a sound chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Write {
    /// Cycles since power-on, that of the write included.
    pub cycle: u64,
    /// Chip, from 0.
    pub chip: u8,
    /// Register, 0 to 31; those from 25 on do not exist.
    pub register: u8,
    /// Value.
    pub value: u8,
}
