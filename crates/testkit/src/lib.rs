//! Helpers for tests and tools: golden traces, sound comparison, fixtures, an assembler. Never
//! shipped.

pub mod asm;
pub mod fixture;
pub mod measure;
pub mod mus;
pub mod sound;
pub mod synth;
pub mod trace;
