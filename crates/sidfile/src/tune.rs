//! The plain data of a tune's header.

use serde::{Deserialize, Serialize};

/// Kind of file, by its magic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// A player routine called by the environment (or one that installs its own interrupt).
    Psid,
    /// A program for a real C64 environment.
    Rsid,
}

/// Video standard that a tune was written for.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Clock {
    /// The header does not say.
    #[default]
    Unknown,
    /// 50 Hz.
    Pal,
    /// 60 Hz.
    Ntsc,
    /// Made for both.
    Any,
}

/// Sound chip that a tune was written for.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum ChipModel {
    /// The header does not say.
    #[default]
    Unknown,
    /// MOS 6581.
    Mos6581,
    /// MOS 8580.
    Mos8580,
    /// Made for both.
    Any,
}

/// A sound chip of the tune: where it sits and which model it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SidChip {
    /// First register, `$D400` for the first chip, else `$D420` to `$D7E0` or `$DE00` to `$DFE0`.
    pub address: u16,
    /// Model named by the header; for later chips `Unknown` is already replaced by the first's.
    pub model: ChipModel,
}
