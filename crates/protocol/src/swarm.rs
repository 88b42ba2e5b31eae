//! What the page and the library say to the swarm worker, and back.

use serde::{Deserialize, Serialize};
use sidfile::Md5;
pub use torrent::session::{
    FileStatus, Lead, PeerStatus, Phase, Priority, Problem, SourceStatus, TorrentStatus,
};
pub use torrent::{ConnectionId, InfoHash};

/// A file of a torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId {
    /// Torrent.
    pub torrent: InfoHash,
    /// Place in it.
    pub file: u32,
}

/// What the listener allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether other listeners are asked at all, or web seeds alone.
    pub peers: bool,
    /// Whether a connection is made ready before it is needed.
    pub ready_offer: bool,
    /// Whether others get what is here.
    pub seed: bool,
    /// Bytes a second; `None` without bound.
    pub download: Option<u32>,
    /// Bytes a second; `None` without bound.
    pub upload: Option<u32>,
    /// Bytes of the disk that pieces may take; `None` for what the browser gives.
    pub disk: Option<u64>,
    /// The connection is paid by the byte, or the listener asked for thrift.
    pub metered: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            peers: true,
            ready_offer: false,
            seed: true,
            download: None,
            upload: None,
            disk: None,
            metered: false,
        }
    }
}

/// Said to the swarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Starts: opens the store, takes up the torrents that are kept, and looks for the site's
    /// collections. Answer: [`Event::Opened`].
    Open {
        /// Origin of the page (`https://host:port`), for its tracker and its collections.
        origin: String,
        /// What the listener allows.
        settings: Settings,
    },
    /// Other settings.
    Set(Settings),
    /// Adds a torrent by magnet link, or by the address of a `.torrent` file. Answer:
    /// [`Event::Added`].
    AddLink(String),
    /// Adds the `.torrent` file that travels beside it as `bytes`. Answer: [`Event::Added`].
    AddFile,
    /// Shares tunes of the library as a torrent. Answer: [`Event::Added`].
    Share {
        /// Folder's name.
        name: String,
        /// Path, digest and bytes of each.
        files: Vec<(String, Md5, u64)>,
    },
    /// Forgets a torrent, and deletes what is here of it.
    Remove {
        /// Which.
        torrent: InfoHash,
        /// Whether its bytes go too; without them it can be added again and goes on.
        bytes: bool,
    },
    /// Stands still, or goes on.
    Pause {
        /// Which.
        torrent: InfoHash,
        /// Whether it stands still.
        paused: bool,
    },
    /// Reads everything back that should be here.
    Verify(InfoHash),
    /// Sets how wanted files are.
    Prioritise {
        /// Which torrent.
        torrent: InfoHash,
        /// Files, from the first up to the second.
        files: (u32, u32),
        /// How wanted.
        priority: Priority,
    },
    /// Tells [`Event::Detail`] of a torrent whenever it changes; `None` for none.
    Watch(Option<Window>),
    /// Tells [`Event::Files`] of these files whenever they change.
    WatchFiles(Vec<FileId>),
    /// Files that must stay: what plays, and what is next.
    Protect(Vec<FileId>),
    /// The network is there, or gone.
    Online(bool),
    /// The bytes of a file, which is wanted now. Answer: [`Event::File`], or [`Event::Failed`].
    File(FileId),
    /// Nobody waits for a file any more.
    FileNotWanted(FileId),
    /// The library's end for questions about its files travels beside it as `port`.
    Library,
    /// An end for the library's [`File`](Request::File) requests travels beside it as `port`.
    Connect,
    /// A tab that asks another one's swarm is still there.
    StillHere,

    /// The description of a connection that the swarm asked for.
    Described(ConnectionId, String),
    /// A data channel is open. It travels beside as `channel`, or stays with the page, which then
    /// passes its bytes on.
    Connected(ConnectionId),
    /// Bytes from a channel that stays with the page, beside as `bytes`.
    Received(ConnectionId),
    /// Bytes that wait in a channel that stays with the page.
    Buffered(ConnectionId, u32),
    /// A connection is closed, or could not be made; why, in words.
    Disconnected(ConnectionId, String),
    /// Who is asked first for what is wanted now; `None` lets the swarm see who is quicker.
    Lead {
        /// Of which torrent.
        torrent: InfoHash,
        /// Who.
        lead: Option<Lead>,
    },
}

/// A part of a torrent's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Which torrent.
    pub torrent: InfoHash,
    /// What must occur in a path; all files where empty.
    pub filter: String,
    /// First file of those.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// Where a torrent came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The site offers it as a part of a collection.
    Collection,
    /// The listener added it.
    Added,
    /// The listener shares it from the library.
    Shared,
}

/// A torrent on the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Torrent {
    /// Where it came from.
    pub kind: Kind,
    /// Magnet link for others.
    pub magnet: String,
    /// How it stands.
    pub status: TorrentStatus,
}

/// A torrent's files and peers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Which torrent.
    pub torrent: InfoHash,
    /// Files that match the filter.
    pub total: u32,
    /// First of `files` among those.
    pub first: u32,
    /// The window.
    pub files: Vec<FileStatus>,
    /// Share of verified pieces, in as many parts as are worth drawing, 255 for all.
    pub pieces: Vec<u8>,
    /// Connected peers.
    pub peers: Vec<PeerStatus>,
}

/// Where pieces are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// In files of the browser's own (OPFS).
    Files,
    /// In the browser's database.
    Database,
    /// Not at all: gone with the page.
    Memory,
}

/// What the swarm wants of the page's connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rtc {
    /// Make a connection and describe it.
    Offer(ConnectionId),
    /// Make a connection from an offer and describe it.
    Answer(ConnectionId, String),
    /// The other side's answer.
    Accept(ConnectionId, String),
    /// Send the bytes beside it over a channel that stays with the page.
    Send(ConnectionId),
    /// Close a connection, or give up making it.
    Close(ConnectionId),
}

/// Said by the swarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The worker runs and takes requests.
    Ready,
    /// It has taken up what is kept.
    Opened {
        /// Where pieces are kept.
        kept: Kept,
        /// Whether another tab does the work, and this one asks it.
        elsewhere: bool,
    },
    /// All torrents, at most twice a second and only when something changed.
    Torrents {
        /// In order of adding.
        torrents: Vec<Torrent>,
        /// Bytes that pieces take on disk.
        used: u64,
        /// Bytes that they may take, where known.
        allowed: Option<u64>,
    },
    /// A torrent's files and peers.
    Detail(Detail),
    /// Files that are watched.
    Files(Vec<(FileId, FileStatus)>),
    /// A torrent is added; its files may not be known yet.
    Added(InfoHash),
    /// The bytes of a file, beside it as `bytes`.
    File(FileId),
    /// What was asked cannot be done; why, in words.
    Failed {
        /// Why.
        reason: String,
    },
    /// Something that the listener should read.
    Notice(String),
    /// For the page's connections.
    Rtc(Rtc),
}
