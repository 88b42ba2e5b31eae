//! Messages between the page and its workers.
//!
//! Each message is an [`Envelope`] in postcard, in one transferred buffer. What postcard cannot
//! carry (shared buffers, ports, files) travels beside it in the same JavaScript message.
#![forbid(unsafe_code)]

pub mod admin;
pub mod collections;
pub mod engine;
mod envelope;
pub mod find;
pub mod keep;
pub mod library;
pub mod network;
pub mod swarm;
pub mod telemetry;
pub mod visuals;

pub use envelope::{EVENT, Envelope, Error, VERSION, decode, encode};
