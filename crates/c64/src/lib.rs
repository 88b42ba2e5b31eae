//! The C64 as far as a tune needs it: CPU, CIAs, VIC-II, banking, and the player environment.
//!
//! [`Player`] is what most callers want: a tune in, frames of sound out. The machine is exact to
//! the cycle and does nothing that depends on the platform, so that the same tune gives the same
//! samples everywhere.
#![forbid(unsafe_code)]

mod array;
pub mod banking;
pub mod chips;
pub mod cia;
pub mod computer;
pub mod cpu;
mod delta;
pub mod driver;
mod idle;
pub mod interrupts;
pub mod kernal;
pub mod memory;
mod mus;
mod player;
pub mod prg;
mod registers;
mod repeats;
pub mod roms;
mod scope;
mod snapshot;
pub mod system;
mod timeline;
mod trace;
pub mod vic;

pub use chips::Placement;
pub use cia::CiaModel;
pub use player::{ChipInfo, Config, Error, Player, Status, VideoStandard};
pub use registers::{FrameRegisters, REGISTERS, Registers};
pub use repeats::{Repeat, Repeats};
pub use roms::Roms;
pub use scope::{CYCLES_PER_ENTRY, ScopeBuffer};
pub use snapshot::{Snapshot, SnapshotError};
pub use timeline::Timeline;
pub use trace::Write;
pub use vic::VicModel;
