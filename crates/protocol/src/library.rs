//! What the page says to the library worker, and back.

use catalog::{Entry, Query, Remote, Row};
use serde::{Deserialize, Serialize};
use sidfile::rom::RomKind;
use sidfile::{Md5, TuneId};

use crate::engine::FoundLength;
use crate::find;
use crate::keep;

/// Said to the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Opens the database and the catalogue. Answer: [`Event::Opened`].
    Open,
    /// A window of the rows that `query` selects. Answer: [`Event::Rows`].
    Rows {
        /// Filter and order.
        query: Query,
        /// First row.
        offset: u32,
        /// Most rows.
        count: u32,
    },
    /// All that is known of a file. Answer: [`Event::Entry`].
    Entry {
        /// Which.
        md5: Md5,
    },
    /// What comes before and after a file in a list. Answer: [`Event::Neighbours`].
    Neighbours {
        /// Filter and order of the list.
        query: Query,
        /// File.
        md5: Md5,
    },
    /// Takes files in: tunes, zips, `Songlengths.md5`, `STIL.txt`, ROMs. Beside it travels `files`, an
    /// array of `File` as long as `paths`. Answer: [`Event::ImportDone`]; before it any number of
    /// [`Event::ImportProgress`].
    Import {
        /// Path of each file as dropped, `/`-separated.
        paths: Vec<String>,
    },
    /// Files of the next [`Import`](Request::Import), which may have too many for one message: to
    /// pack thousands of files at once would hold the page up.
    ImportPart {
        /// Path of each file as dropped, `/`-separated.
        paths: Vec<String>,
    },
    /// Stops an import; what is in already stays.
    CancelImport {
        /// Request id of the import.
        import: u32,
    },
    /// Takes files out. Answer: [`Event::LibraryChanged`].
    Remove {
        /// Which.
        md5s: Vec<Md5>,
    },
    /// Forgets the ROMs. Answer: [`Event::Roms`].
    RemoveRoms,
    /// The bytes of a file, asked by the engine over its own port. Answer: [`Event::File`].
    File {
        /// Which.
        md5: Md5,
    },
    /// Another end for [`File`](Request::File) requests travels beside it as `port`.
    Connect,
    /// The swarm's end for questions about its files travels beside it as `port`.
    ConnectSwarm,
    /// The swarm has a file that no catalogue tells of; its bytes travel beside it as `bytes`. They
    /// stay with the swarm.
    Arrived {
        /// Where the swarm has it.
        remote: Remote,
        /// Its path in the torrent.
        path: String,
    },
    /// A torrent is here, or no longer: what is known of its files is shown, or not.
    Torrent {
        /// Info hash.
        info_hash: [u8; 20],
        /// Whether it is here.
        is_here: bool,
    },
    /// All that is known of a torrent's file, which is fetched where nothing is. Answer:
    /// [`Event::Entry`].
    RemoteEntry {
        /// Where the swarm has it.
        remote: Remote,
    },
    /// The tunes of the last import, new ones and those that were here. Answer: [`Event::Imported`].
    Imported,
    /// Keeps a length that the engine found. There is no answer.
    KeepLength {
        /// Of which song.
        tune: TuneId,
        /// Length.
        length: FoundLength,
    },
    /// About what the listener keeps. Answer: [`Event::Keep`].
    Keep(keep::Request),
    /// Keeps something of the page's own under a name; without bytes it is forgotten. Answer:
    /// [`Event::BlobKept`].
    PutBlob {
        /// Name.
        name: String,
        /// At most [`MAX_BLOB`].
        bytes: Option<Vec<u8>>,
    },
    /// What is kept under a name. Answer: [`Event::Blob`].
    GetBlob {
        /// Name.
        name: String,
    },
    /// Searching and browsing. Answer: [`Event::Find`].
    Find(find::Request),
}

/// Most bytes that the page keeps under one name.
pub const MAX_BLOB: usize = 1 << 20;

/// A file that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Path as dropped; of a file in a zip, the zip's path, `!/`, and the path inside.
    pub path: String,
    /// Why, in words.
    pub reason: String,
}

/// How an import stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Files looked at, those inside zips included.
    pub done: u32,
    /// Files known so far; grows as zips are opened.
    pub total: u32,
    /// New tunes.
    pub added: u32,
    /// Tunes that were there already.
    pub known: u32,
    /// New ROMs.
    pub roms: Vec<RomKind>,
    /// Files passed over because they are no tunes by name (`.txt`, `.png`).
    pub skipped: u32,
    /// Files refused. In a progress message only those since the last.
    pub refused: Vec<Refusal>,
}

/// A ROM of the C64 that the listener supplied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rom {
    /// Which.
    pub kind: RomKind,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Where the tunes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Storage {
    /// In the browser's database: there after a reload.
    Kept,
    /// The browser gives this page no database (private window): gone with the page.
    MemoryOnly,
}

/// Said by the library.
#[allow(
    clippy::large_enum_variant,
    reason = "a report is rare, and there is one event at a time"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The worker runs and takes requests.
    Ready,
    /// The catalogue is open.
    Opened {
        /// Count of files.
        count: u32,
        /// Where they are kept.
        storage: Storage,
        /// Damage that was found and repaired, in words.
        repaired: Option<String>,
    },
    /// A window of rows.
    Rows {
        /// Rows that the query selects.
        total: u32,
        /// First row of the window.
        offset: u32,
        /// The window.
        rows: Vec<Row>,
    },
    /// All that is known of a file; `None` where it is not here.
    Entry {
        /// Of which file.
        md5: Md5,
        /// What is known.
        entry: Option<Box<Entry>>,
    },
    /// Neighbours in a list.
    Neighbours {
        /// Of which file.
        md5: Md5,
        /// Before it.
        previous: Option<Row>,
        /// After it; the first row of the list where the file is not in it.
        next: Option<Row>,
    },
    /// An import goes on.
    ImportProgress(ImportReport),
    /// An import is over.
    ImportDone {
        /// Totals; every refusal.
        report: ImportReport,
        /// The listener stopped it.
        cancelled: bool,
        /// Why it could not go on (disk full), in words.
        failed: Option<String>,
    },
    /// The library holds other tunes than before, or knows more of them: ask again.
    LibraryChanged {
        /// Count of files.
        count: u32,
    },
    /// The bytes of a file; they travel beside the message as `bytes`, absent where it is not here.
    File {
        /// Which.
        md5: Md5,
        /// The listener's ROMs, where the file is a program that may need them.
        roms: Vec<Rom>,
        /// Why the swarm cannot give it, where it is the swarm's to give, in words.
        reason: Option<String>,
    },
    /// The tunes of the last import.
    Imported {
        /// Path, digest and bytes of each.
        files: Vec<(String, Md5, u64)>,
    },
    /// The ROMs that are kept: said when the catalogue is open, and when they change.
    Roms {
        /// Which, in order.
        kinds: Vec<RomKind>,
    },
    /// A request failed.
    Failed {
        /// Why, in words.
        reason: String,
    },
    /// The lengths that the engine found earlier; said once, when the library is open.
    FoundLengths {
        /// Songs and their lengths.
        lengths: Vec<(TuneId, FoundLength)>,
    },
    /// About what the listener keeps.
    Keep(keep::Event),
    /// What is kept under a name.
    Blob {
        /// Name.
        name: String,
        /// What is kept, if anything.
        bytes: Option<Vec<u8>>,
    },
    /// It is kept.
    BlobKept {
        /// Name.
        name: String,
    },
    /// What was searched for, or browsed.
    Find(find::Event),
}
