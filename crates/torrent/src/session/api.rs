//! What goes into a session and what comes out.

use serde::{Deserialize, Serialize};

use crate::{ConnectionId, FetchId, InfoHash, PeerId};

/// How wanted a file is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Priority {
    /// Not fetched.
    None,
    /// After the rest.
    Low,
    /// Rarest first among its like.
    #[default]
    Normal,
    /// Before the rest.
    High,
    /// Wanted at once: in order, by deadline, from whoever is quickest, more than one source
    /// asked where one is late.
    Now,
}

/// What a torrent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Its files are not known yet: asking peers for the `info` dictionary.
    Metadata,
    /// Reading back what the store has, piece by piece.
    Verifying,
    /// Fetching what is wanted.
    Downloading,
    /// Everything wanted is here.
    Seeding,
    /// Stands still.
    Paused,
    /// Cannot go on; the status has the reason.
    Error,
}

/// Bounds that the listener sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes a second from peers and web seeds together; `None` without bound.
    pub download: Option<u32>,
    /// Bytes a second to peers; `None` without bound. `Some(0)` serves nobody.
    pub upload: Option<u32>,
    /// Connections to peers at most, over all torrents.
    pub connections: u16,
    /// Whether peers are looked for at all; otherwise web seeds alone are used, and trackers are
    /// told nothing.
    pub peers: bool,
    /// Whether one connection is described before any torrent needs it, so that the first peer is
    /// found sooner; it is given up when nobody needs it for some minutes.
    pub ready_offer: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            download: None,
            upload: None,
            connections: 30,
            peers: true,
            ready_offer: false,
        }
    }
}

/// A session's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What this client calls itself.
    pub peer_id: PeerId,
    /// Seed of every choice by lot.
    pub seed: u64,
    /// The listener's bounds.
    pub limits: Limits,
}

/// Where a torrent comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Its `info` dictionary as it was written.
    Info(Vec<u8>),
    /// Its name alone: peers are asked for the rest (BEP 9).
    InfoHash(InfoHash, Option<String>),
}

/// A torrent to take in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddTorrent {
    /// What it is.
    pub source: Source,
    /// Trackers (`ws:`, `wss:`); others are left out.
    pub trackers: Vec<String>,
    /// Web seeds (BEP 19).
    pub web_seeds: Vec<String>,
    /// A web seed of this project's relay: all files as one stream of bytes, in order, so that a
    /// piece is one range however many files it spans.
    pub flat_web_seeds: Vec<String>,
    /// Pieces that the store says it has, as ascending ranges `start..end`: verified before use.
    pub stored: Vec<(u32, u32)>,
    /// Whether what is stored was made here, from files that are here, and needs no verifying.
    pub trusted: bool,
    /// Priority of files that `priorities` does not name.
    pub priority: Priority,
    /// Priorities of ranges `start..end` of files, later ones over earlier.
    pub priorities: Vec<(u32, u32, Priority)>,
    /// Added without starting.
    pub paused: bool,
    /// Bytes got and given in earlier sessions.
    pub totals: (u64, u64),
}

/// Who gives first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lead {
    /// Other listeners.
    Peers,
    /// Web seeds.
    WebSeeds,
}

/// What goes into a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Time has come: see [`Session::next_timeout`](super::Session::next_timeout).
    Timeout,
    /// Takes a torrent in; one that is there gets the new trackers, seeds and priorities.
    Add(Box<AddTorrent>),
    /// Forgets a torrent. What the store has of it is the shell's to keep or delete.
    Remove(InfoHash),
    /// Stands still, or goes on.
    Pause(InfoHash, bool),
    /// Reads back everything that the store should have.
    Verify(InfoHash),
    /// Sets the priority of files `start..end`. `within_millis` is when they should be here, for
    /// [`Priority::Now`]; the sooner goes first.
    Prioritise {
        /// Torrent.
        torrent: InfoHash,
        /// Files, from `start` up to `end`.
        files: (u32, u32),
        /// How wanted.
        priority: Priority,
        /// Deadline from now, in milliseconds.
        within_millis: Option<u32>,
    },
    /// Who is asked first for what is wanted now; `None` leaves it to who is quicker. Where the one
    /// is late the other is asked all the same.
    Lead(InfoHash, Option<Lead>),
    /// New bounds.
    Limit(Limits),
    /// Pieces `start..end` are no longer in the store.
    Evicted(InfoHash, (u32, u32)),
    /// The network is there, or gone: no use in trying while it is gone, and try at once when it
    /// is back.
    Online(bool),

    /// The socket to a tracker is open.
    TrackerOpen(String),
    /// A text from a tracker.
    TrackerMessage(String, String),
    /// The socket to a tracker is closed, or could not be opened; why, in words. Not said of one
    /// that was closed on request.
    TrackerClosed(String, String),

    /// The description that [`Output::CreateOffer`] or [`Output::CreateAnswer`] asked for.
    Described(ConnectionId, String),
    /// The data channel is open.
    Connected(ConnectionId),
    /// Bytes from a peer.
    Received(ConnectionId, Vec<u8>),
    /// How many bytes wait in the channel to be sent; said after each [`Output::Send`], and when
    /// they fall below [`Session::LOW_WATER`](super::Session::LOW_WATER).
    Buffered(ConnectionId, u32),
    /// The connection is closed or could not be made; why, in words.
    Disconnected(ConnectionId, String),

    /// Bytes of a fetch, in order.
    Fetched(FetchId, Vec<u8>),
    /// A fetch is complete.
    FetchDone(FetchId),
    /// A fetch failed: HTTP status where there was one, and why, in words.
    FetchFailed(FetchId, Option<u16>, String),

    /// A piece that [`Output::Store`] gave is on disk.
    Stored(InfoHash, u32),
    /// It is not, and why: the torrent pauses with [`Problem::Disk`].
    StoreFailed(InfoHash, u32, String),
    /// The piece that [`Output::Load`] asked for; `None` where it cannot be read.
    Loaded(InfoHash, u32, Option<Vec<u8>>),
}

/// What a session wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a socket to a tracker.
    TrackerConnect(String),
    /// Send a text to a tracker.
    TrackerSend(String, String),
    /// Close the socket to a tracker.
    TrackerClose(String),

    /// Make a connection and describe it: [`Input::Described`] with an offer.
    CreateOffer(ConnectionId),
    /// Make a connection from this offer: [`Input::Described`] with an answer.
    CreateAnswer(ConnectionId, String),
    /// The other side's answer to an offer.
    AcceptAnswer(ConnectionId, String),
    /// Send bytes to a peer.
    Send(ConnectionId, Vec<u8>),
    /// Close a connection, or give up making it.
    Disconnect(ConnectionId),

    /// Get `length` bytes from `offset` of an address.
    Fetch {
        /// Names the fetch.
        id: FetchId,
        /// Address.
        url: String,
        /// First byte.
        offset: u64,
        /// Bytes.
        length: u64,
    },
    /// A fetch is not wanted any more.
    CancelFetch(FetchId),

    /// A verified piece: keep it, then say [`Input::Stored`].
    Store {
        /// Torrent.
        torrent: InfoHash,
        /// Piece.
        piece: u32,
        /// All of it.
        bytes: Vec<u8>,
    },
    /// Read a piece from the store: [`Input::Loaded`].
    Load(InfoHash, u32),
    /// Something that the shell or the listener wants to know.
    Event(Event),
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The `info` dictionary is here, verified: keep it.
    Metadata(InfoHash, Vec<u8>),
    /// Every piece of a file is verified and stored. Said once for each file that completes by
    /// being fetched, and for a file of [`Priority::Now`] that is or is found to be complete; not
    /// for what was there when the torrent was added.
    FileComplete(InfoHash, u32),
    /// Everything wanted is here.
    Complete(InfoHash),
    /// A new trouble, or one less: the status has all that stand.
    Problems(InfoHash),
    /// Of verified pieces, these are damaged in the store and are fetched again.
    Damaged(InfoHash, u32),
}

/// A trouble that the listener should read about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Problem {
    /// A tracker cannot be reached; tried again at `retry_in_millis`.
    Tracker {
        /// Address.
        url: String,
        /// Why.
        reason: String,
        /// Until the next try.
        retry_in_millis: u32,
    },
    /// A web seed fails; tried again at `retry_in_millis`, or never where `None`.
    WebSeed {
        /// Address.
        url: String,
        /// Why.
        reason: String,
        /// Until the next try.
        retry_in_millis: Option<u32>,
    },
    /// Something is wanted, and nobody who is connected has it.
    NoPeers,
    /// Pieces that did not match their hash.
    HashFailures {
        /// How many.
        pieces: u32,
        /// Peers or web seeds that were banned for it.
        banned: u32,
    },
    /// The store cannot take more; why.
    Disk(String),
    /// The `info` dictionary is unusable; why.
    Metadata(String),
}

/// Progress of a file, counted by verified pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileStatus {
    /// Place in the torrent.
    pub index: u32,
    /// `/`-separated.
    pub path: String,
    /// Bytes.
    pub length: u64,
    /// Bytes of it in verified pieces.
    pub bytes_completed: u64,
    /// First piece that has bytes of it.
    pub piece_start: u32,
    /// Behind the last piece that has bytes of it.
    pub piece_end: u32,
    /// From 0 to 1; 1 for an empty file.
    pub progress: f32,
    /// How wanted.
    pub priority: Priority,
}

/// How a torrent stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TorrentStatus {
    /// Which.
    pub info_hash: InfoHash,
    /// Name; the info hash where none is known.
    pub name: String,
    /// What it does.
    pub phase: Phase,
    /// Files; 0 while unknown.
    pub files: u32,
    /// Pieces; 0 while unknown.
    pub pieces: u32,
    /// Bytes of a piece.
    pub piece_length: u32,
    /// Bytes of all files.
    pub length: u64,
    /// Bytes in verified pieces.
    pub bytes_completed: u64,
    /// Bytes of pieces that are wanted.
    pub wanted: u64,
    /// Of these, in verified pieces.
    pub wanted_completed: u64,
    /// Pieces read back of those to verify.
    pub verified: (u32, u32),
    /// Bytes a second, over the last seconds, from peers and web seeds.
    pub download_rate: u32,
    /// Bytes a second, over the last seconds.
    pub upload_rate: u32,
    /// Bytes of content got since it was added, earlier sessions included.
    pub downloaded: u64,
    /// Bytes of content given since it was added, earlier sessions included.
    pub uploaded: u64,
    /// Connected peers.
    pub peers: u32,
    /// Seeders and leechers of the swarm, as the best-informed tracker counts.
    pub swarm: Option<(u32, u32)>,
    /// Seconds until everything wanted is here, where that can be told.
    pub eta_seconds: Option<u32>,
    /// Trackers and web seeds.
    pub sources: Vec<SourceStatus>,
    /// Troubles that stand.
    pub problems: Vec<Problem>,
}

/// How a tracker or a web seed stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceStatus {
    /// Address.
    pub url: String,
    /// Whether it is a web seed.
    pub web_seed: bool,
    /// Whether it answers.
    pub working: bool,
    /// Bytes a second; 0 of a tracker.
    pub rate: u32,
    /// Bytes of content got in this session; 0 of a tracker.
    pub downloaded: u64,
}

/// How a peer stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeerStatus {
    /// Connection.
    pub connection: ConnectionId,
    /// Its client, in words, as it says or as its peer id tells.
    pub client: String,
    /// Share of the pieces that it has, from 0 to 1.
    pub progress: f32,
    /// Bytes a second from it.
    pub download_rate: u32,
    /// Bytes a second to it.
    pub upload_rate: u32,
    /// Bytes of content from it.
    pub downloaded: u64,
    /// Bytes of content to it.
    pub uploaded: u64,
    /// It lets us ask.
    pub unchoked_us: bool,
    /// We let it ask.
    pub unchoked_them: bool,
    /// We want something of it.
    pub interested: bool,
    /// It wants something of us.
    pub wants: bool,
    /// Requests under way.
    pub requests: u32,
    /// Round trip of a request, in milliseconds, smoothed.
    pub latency_millis: u32,
}
