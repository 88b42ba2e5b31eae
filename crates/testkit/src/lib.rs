//! Helpers for tests and tools: golden traces, sound comparison, fixtures. Never shipped.

pub mod fixture;
pub mod measure;
pub mod sound;
pub mod synth;
pub mod trace;
