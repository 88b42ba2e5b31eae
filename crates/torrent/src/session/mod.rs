//! The session of a client: torrents, trackers, peers and web seeds as one state machine.

mod api;

pub use api::{
    AddTorrent, Config, Event, FileStatus, Input, Limits, Output, PeerStatus, Phase, Priority,
    Problem, Source, SourceStatus, TorrentStatus,
};

/// A client's session. Feed it [`Input`]s, drain [`Output`]s after each, and call again at
/// [`Session::next_timeout`].
#[derive(Debug)]
pub struct Session {}
