//! BitTorrent over WebRTC without input or output of its own: formats, wire, and the session of a
//! client as a state machine; the tracker's swarms likewise.
//!
//! Bytes, events and a time go in, values and queued outputs come out. Nothing here knows a clock,
//! a socket or a browser.
#![forbid(unsafe_code)]

pub mod announce;
pub mod bencode;
pub mod create;
mod ids;
pub mod magnet;
pub mod metainfo;
pub mod names;
pub mod percent;
pub mod session;
pub mod tracker;

pub use create::Builder;
pub use ids::{ConnectionId, FetchId, InfoHash, OfferId, PeerId};
pub use magnet::Magnet;
pub use metainfo::{Info, InfoFile, Metainfo};
pub use session::Session;
