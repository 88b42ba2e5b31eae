//! The session of a client: torrents, trackers, peers and web seeds as one state machine.

mod api;

use std::collections::VecDeque;
use std::ops::Range;

pub use api::{
    AddTorrent, Config, Event, FileStatus, Input, Limits, Output, PeerStatus, Phase, Priority,
    Problem, Source, SourceStatus, TorrentStatus,
};

use crate::{Info, InfoHash};

/// A client's session. Feed it [`Input`]s, drain [`Output`]s after each, and call again at
/// [`Session::next_timeout`].
#[derive(Debug)]
pub struct Session {
    config: Config,
    outputs: VecDeque<Output>,
}

impl Session {
    /// A channel's buffer is low when it holds fewer bytes: [`Input::Buffered`].
    pub const LOW_WATER: u32 = 128 * 1024;

    /// A session without torrents.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            outputs: VecDeque::new(),
        }
    }

    /// Takes something in. `now` is in milliseconds of a clock that never goes back.
    pub fn handle_input(&mut self, now: u64, input: Input) {
        let _ = (now, input);
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due, on the clock of [`Session::handle_input`].
    pub fn next_timeout(&self) -> Option<u64> {
        None
    }

    /// The listener's bounds.
    pub fn limits(&self) -> Limits {
        self.config.limits
    }

    /// How all torrents stand, in the order in which they were added.
    pub fn torrents(&self, now: u64) -> Vec<TorrentStatus> {
        let _ = now;
        Vec::new()
    }

    /// How a torrent stands.
    pub fn status(&self, now: u64, torrent: &InfoHash) -> Option<TorrentStatus> {
        let _ = (now, torrent);
        None
    }

    /// How files of a torrent stand; what lies beyond the last is left out.
    pub fn files(&self, torrent: &InfoHash, files: Range<u32>) -> Vec<FileStatus> {
        let _ = (torrent, files);
        Vec::new()
    }

    /// How a torrent's peers stand.
    pub fn peers(&self, now: u64, torrent: &InfoHash) -> Vec<PeerStatus> {
        let _ = (now, torrent);
        Vec::new()
    }

    /// The torrent's pieces in `buckets` equal parts: the share of verified ones in each, up to 255.
    pub fn piece_map(&self, torrent: &InfoHash, buckets: u16) -> Vec<u8> {
        let _ = (torrent, buckets);
        Vec::new()
    }

    /// The torrent's `info` dictionary, once it is known.
    pub fn info(&self, torrent: &InfoHash) -> Option<&Info> {
        let _ = torrent;
        None
    }

    /// What to save, so that adding it again restores the torrent.
    pub fn record(&self, torrent: &InfoHash) -> Option<AddTorrent> {
        let _ = torrent;
        None
    }
}
