//! BitTorrent over WebRTC without input or output of its own: formats, wire, and the session of a
//! client as a state machine; the tracker's swarms likewise.
//!
//! Bytes, events and a time go in, values and queued outputs come out. Nothing here knows a clock,
//! a socket or a browser.
#![forbid(unsafe_code)]

pub mod announce;
mod assembly;
mod backoff;
pub mod bencode;
mod bitfield;
mod choke;
pub mod create;
pub mod extension;
pub mod frames;
mod ids;
mod lot;
pub mod magnet;
pub mod metainfo;
pub mod names;
mod offers;
pub mod percent;
mod picker;
pub mod range;
mod rate;
pub mod session;
pub mod tracker;
mod web_seed;
pub mod wire;

pub use create::Builder;
pub use ids::{ConnectionId, FetchId, InfoHash, OfferId, PeerId};
pub use magnet::Magnet;
pub use metainfo::{Info, InfoFile, Metainfo};
pub use session::Session;
