//! What `/admin` and its relay say to each other: JSON over HTTP, under [`ROOT`].
//!
//! | request | scope | body | answer |
//! |---|---|---|---|
//! | `POST session` | | [`Login`] | [`Who`], and a cookie |
//! | `GET session` | any | | [`Who`] |
//! | `DELETE session` | any | | nothing |
//! | `GET sessions`, `DELETE sessions/ID` | manage | | [`Session`]s |
//! | `POST password` | manage | [`NewPassword`] | nothing |
//! | `GET tokens` | manage | | [`Token`]s |
//! | `POST tokens` | manage | [`NewToken`] | [`MadeToken`] |
//! | `DELETE tokens/ID` | manage | | nothing |
//! | `GET status` | read | | [`Status`] |
//! | `GET history?hours=N` | read | | [`History`] |
//! | `GET collections` | read | | [`Collection`]s |
//! | `POST collections` | publish | [`Publish`] | [`Job`] |
//! | `DELETE collections/NAME` | publish | | nothing |
//! | `POST collections/NAME/verify`, `.../compare` | publish | | [`Job`] |
//! | `GET jobs` | read | | [`Job`]s, the newest first |
//! | `DELETE jobs/ID` | publish | | nothing |
//! | `GET swarms` | read | | [`Swarm`]s, the largest first |
//! | `GET blocks` | read | | [`Block`]s |
//! | `POST blocks` | moderate | [`NewBlock`] | [`Block`] |
//! | `DELETE blocks/ID` | moderate | | nothing |
//! | `GET telemetry` | read | | [`Telemetry`] |
//! | `GET configuration` | read | | [`Setting`]s |
//! | `GET logs?after=N` | read | | [`Logs`] |
//! | `GET audit?before=N` | read | | [`Audit`] |
//!
//! What is refused is answered with its status and a [`Problem`]. Times are milliseconds since
//! 1970, UTC. A request that changes something and comes with a cookie has to come from the
//! relay's own pages; one with `Authorization: Bearer SECRET` may come from anywhere.

use serde::{Deserialize, Serialize};

/// Where all of it lies.
pub const ROOT: &str = "/api/v1/admin";

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// See everything but secrets.
    Read,
    /// Publish and take back collections.
    Publish,
    /// Block torrents and addresses.
    Moderate,
    /// Passwords, sessions and tokens.
    Manage,
}

impl Scope {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Read, Self::Publish, Self::Moderate, Self::Manage];
}

/// Asks for a session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The operator's password.
    pub password: String,
}

/// Another password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPassword {
    /// The one so far.
    pub old: String,
    /// The one from now on.
    pub new: String,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// `operator`, or the name of a token.
    pub name: String,
    /// What they may do.
    pub scopes: Vec<Scope>,
    /// When the session or token ends, if it does.
    pub expires_millis: Option<u64>,
}

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// In words.
    pub error: String,
    /// When to try again, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_seconds: Option<u32>,
}

/// A browser that is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Number by which it can be ended.
    pub id: i64,
    /// When it began.
    pub made_millis: u64,
    /// When it was last used.
    pub used_millis: u64,
    /// When it ends.
    pub expires_millis: u64,
    /// It is the one that asks.
    pub is_own: bool,
}

/// A key for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Number by which it can be revoked.
    pub id: i64,
    /// Whose it is.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub made_millis: u64,
    /// When it was last used.
    pub used_millis: Option<u64>,
    /// When it ends.
    pub expires_millis: Option<u64>,
}

/// Asks for a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// Whose it is to be.
    pub name: String,
    /// What it may do; never [`Scope::Manage`].
    pub scopes: Vec<Scope>,
    /// Days until it ends; for ever where there are none.
    pub days: Option<u32>,
}

/// A new key, told once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeToken {
    /// As it is listed.
    pub token: Token,
    /// What programs say.
    pub secret: String,
}

/// How the relay is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Time of the relay.
    pub now_millis: u64,
    /// When it was started.
    pub started_millis: u64,
    /// Version of the relay.
    pub version: String,
    /// Open sockets of the tracker: pages that are open, and other clients.
    pub sockets: u64,
    /// Torrents that have peers.
    pub swarms: u64,
    /// Peers of all torrents.
    pub peers: u64,
    /// Those that have everything.
    pub seeders: u64,
    /// Its parts.
    pub parts: Vec<Part>,
    /// What is promised, and how it is kept.
    pub objectives: Vec<Objective>,
    /// What fires or is about to; those that fire first.
    pub alerts: Vec<Alert>,
}

/// A part of the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Name, as in the metrics.
    pub name: String,
    /// How it is.
    pub state: PartState,
    /// What there is to say of it.
    pub words: String,
}

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartState {
    /// It works.
    Up,
    /// It should and does not.
    Down,
    /// Nobody wants it to.
    Off,
}

/// What is promised to listeners.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// Name, as in the metrics' rules.
    pub name: String,
    /// In words.
    pub words: String,
    /// Share of good events that is promised, 0 to 1.
    pub target: f64,
    /// Share of good events in the time that the relay remembers; none where nothing happened.
    pub ratio: Option<f64>,
    /// Events in that time.
    pub events: u64,
    /// Share of the error budget of that time that is left; less than 0 where it is overdrawn.
    pub budget_left: Option<f64>,
}

/// Something that an operator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Name, as in the rules of Prometheus.
    pub name: String,
    /// `page` or `ticket`.
    pub severity: String,
    /// What is wrong.
    pub summary: String,
    /// Since when.
    pub since_millis: u64,
    /// It has been so for long enough.
    pub is_firing: bool,
}

/// What the relay remembers of the last hours; it is gone with a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Time of the first value.
    pub start_millis: u64,
    /// Time between two values.
    pub step_millis: u64,
    /// All of one length.
    pub series: Vec<Series>,
}

/// Values over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Stable name, such as `plays`.
    pub name: String,
    /// What one of it is: `per minute`, `bytes/s`, `seconds`, `ratio`, `bytes` or nothing.
    pub unit: String,
    /// The values; none while the relay did not run or nothing happened.
    pub values: Vec<Option<f64>>,
}

/// A published collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Name, as in addresses.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The folder that was published.
    pub folder: String,
    /// Files in it.
    pub files: u64,
    /// Songs of all tunes in it.
    pub tunes: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// Bytes of its catalogue.
    pub catalogue_bytes: u64,
    /// Info hashes: the base, then updates.
    pub torrents: Vec<String>,
    /// When its catalogue was made.
    pub published_millis: Option<u64>,
    /// How it differs from its folder, when that was last looked at.
    pub freshness: Option<Freshness>,
    /// Whether its files are what was published, when that was last looked at.
    pub integrity: Option<Integrity>,
    /// Why it cannot be served.
    pub problem: Option<String>,
}

/// How a collection differs from its folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// When that was looked at.
    pub checked_millis: u64,
    /// Files that are new in the folder.
    pub new: u64,
    /// Files that have changed.
    pub changed: u64,
    /// Files that are gone.
    pub gone: u64,
}

/// Whether the files of a collection are what was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integrity {
    /// When that was looked at.
    pub checked_millis: u64,
    /// Files that were read.
    pub files: u64,
    /// Files that are not what they were.
    pub damaged: u64,
    /// Some of them.
    pub examples: Vec<String>,
}

/// Asks for a folder to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publish {
    /// Folder on the relay's machine.
    pub folder: String,
    /// Name for people.
    pub name: String,
}

/// Work that takes a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Number by which it can be stopped.
    pub id: i64,
    /// What is done.
    pub kind: JobKind,
    /// To which collection.
    pub collection: String,
    /// How it is.
    pub state: JobState,
    /// What is being done, what came of it, or why it failed.
    pub words: String,
    /// How far it is, of `all`.
    pub done: u64,
    /// What there is to do; 0 while nobody knows.
    pub all: u64,
    /// When it was asked for.
    pub made_millis: u64,
    /// When it ended.
    pub ended_millis: Option<u64>,
}

/// Kinds of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// A folder becomes a collection, or an update of one.
    Publish,
    /// All files are read and held against their torrents.
    Verify,
    /// The folder is looked through for what is new.
    Compare,
}

/// How work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Others are before it.
    Waiting,
    /// It is being done.
    Running,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Stopped,
}

/// A torrent that has peers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swarm {
    /// Info hash, hexadecimal.
    pub info_hash: String,
    /// The collection that it belongs to, if it is one of the relay's.
    pub collection: Option<String>,
    /// Peers that have everything.
    pub seeders: u64,
    /// Peers that have not.
    pub leechers: u64,
}

/// What the tracker turns away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Number by which it can be taken back.
    pub id: i64,
    /// What.
    pub kind: BlockKind,
    /// Info hash in hexadecimal, or an address or network such as `203.0.113.0/24`.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub made_millis: u64,
    /// By whom.
    pub by: String,
}

/// What can be blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockKind {
    /// A torrent.
    Torrent,
    /// An address or a network.
    Address,
}

/// Asks for something to be blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBlock {
    /// What.
    pub kind: BlockKind,
    /// As in [`Block::value`].
    pub value: String,
    /// Why.
    pub reason: String,
}

/// What beacons have told since the relay was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Telemetry {
    /// Beacons that were taken.
    pub accepted: u64,
    /// Beacons that came twice.
    pub duplicate: u64,
    /// Beacons that were refused, by reason.
    pub refused: Vec<(String, u64)>,
    /// What they counted.
    pub figures: Vec<Figure>,
}

/// One series of a family that beacons tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Name in the metrics.
    pub name: String,
    /// What it is, in words.
    pub help: String,
    /// What one of it is.
    pub unit: String,
    /// Names and values of its labels.
    pub labels: Vec<(String, String)>,
    /// What was counted.
    pub value: FigureValue,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FigureValue {
    /// So many.
    Count(f64),
    /// How they spread.
    Histogram {
        /// Upper bounds, without the last, which has none.
        bounds: Vec<f64>,
        /// Observations of each bucket, not of those below it; one more than bounds.
        counts: Vec<u64>,
        /// Sum of what was observed.
        sum: f64,
    },
}

/// An option in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Name, as in the file.
    pub name: String,
    /// Value; secrets are told as set or not set.
    pub value: String,
    /// `command line`, `environment`, `file` or `default`.
    pub source: String,
}

/// Lines of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logs {
    /// When the relay was started: another start counts its lines anew.
    pub start_millis: u64,
    /// The oldest first.
    pub lines: Vec<LogLine>,
    /// What to ask for next, as `after`.
    pub next: u64,
    /// Lines that were forgotten before they could be told.
    pub lost: u64,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Counted from the start of the relay.
    pub number: u64,
    /// When.
    pub at_millis: u64,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: String,
    /// Part of the program.
    pub target: String,
    /// What, with its fields.
    pub text: String,
}

/// What was done by operators and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// The newest first.
    pub entries: Vec<AuditEntry>,
    /// All entries that there are.
    pub count: u64,
    /// The first entry whose hash is not that of what it says and of the entry before it.
    pub broken_at: Option<i64>,
}

/// Something that was done, or tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Counted from 1, without gaps.
    pub number: i64,
    /// When.
    pub at_millis: u64,
    /// `operator`, the name of a token, `command line`, or `nobody` for who did not get in.
    pub who: String,
    /// From which address, where there was one.
    pub address: Option<String>,
    /// What, such as `collection.publish`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// `done`, or why not.
    pub outcome: String,
    /// SHA-256 of the entry and of the hash before it, hexadecimal.
    pub hash: String,
}
