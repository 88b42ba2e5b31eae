//! The swarm on the page: torrents, what of them is looked at, and what the listener does with
//! them. Progress is the torrent core's own; nothing is counted here.

use std::collections::BTreeMap;

use catalog::Remote;
use protocol::library::Request as LibraryRequest;
use protocol::swarm::{
    Detail, Event as Said, FileId, FileStatus, InfoHash, Kept, Kind, Priority, Request, Settings,
    Torrent, Window,
};
use sidfile::Md5;

use crate::event::{Effect, Ticket};
use crate::language::{t, tf};
use crate::model::{Asked, Model};
use crate::preferences::DataSaver;
use crate::view::{NoticeKind, State};
use crate::words;

/// Files of a torrent that are asked for at once, before the page says how many it shows.
const FIRST_FILES: u32 = 40;

/// Tunes of the queue whose progress is asked for.
const MOST_WATCHED: usize = 50;

/// How the swarm stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SwarmState {
    /// It is being opened.
    #[default]
    Opening,
    /// It runs.
    Open {
        /// Where pieces are kept.
        kept: Kept,
        /// Another tab does the work.
        elsewhere: bool,
    },
    /// It does not run, and why.
    Failed(String),
}

/// What the page shows of the swarm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SwarmView {
    /// How it stands.
    pub state: SwarmState,
    /// Torrents, in order of adding.
    pub torrents: Vec<Torrent>,
    /// Bytes of pieces on disk.
    pub used: u64,
    /// Bytes that they may take, where known.
    pub allowed: Option<u64>,
    /// The torrent that is looked at.
    pub shown: Option<InfoHash>,
    /// Its files and peers, where they are known.
    pub detail: Option<Detail>,
    /// What the shown files are filtered by.
    pub filter: String,
    /// A link or a folder is on its way.
    pub is_adding: bool,
    /// Why the last link was refused.
    pub refused: Option<String>,
    /// There is a network.
    pub online: bool,
    /// It is paid by the byte, or thrift is asked for.
    pub metered: bool,
    /// What the operator's server says of connections.
    pub network: Network,
}

/// How connections between listeners are made, as the site's operator has set it up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Network {
    /// There is a relay (TURN) that can stand between listeners.
    pub has_turn: bool,
}

/// Whether and how other listeners are reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// Directly, found by the site's STUN.
    #[default]
    Direct,
    /// Directly, in the same network only: no STUN.
    Local,
    /// Through the operator's relay (TURN) only.
    Relayed,
    /// Not at all: web seeds alone.
    Nobody,
}

/// What the listener chose about the swarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwarmChoices {
    /// Others, and how.
    pub reach: Reach,
    /// Others get what is here.
    pub seed: bool,
    /// Kilobytes a second at most; 0 for no bound.
    pub download_kilobytes: u32,
    /// Kilobytes a second at most; 0 for no bound.
    pub upload_kilobytes: u32,
    /// Megabytes of disk for pieces; 0 for what the browser gives.
    pub disk_megabytes: u32,
}

impl Default for SwarmChoices {
    fn default() -> Self {
        Self {
            reach: Reach::Direct,
            seed: true,
            download_kilobytes: 0,
            upload_kilobytes: 0,
            disk_megabytes: 0,
        }
    }
}

impl SwarmChoices {
    fn settings(self, metered: bool) -> Settings {
        let rate = |kilobytes: u32| (kilobytes > 0).then(|| kilobytes.saturating_mul(1_000));
        Settings {
            peers: self.reach != Reach::Nobody,
            // A TURN server would hold a port for it.
            ready_offer: matches!(self.reach, Reach::Direct | Reach::Local) && !metered,
            seed: self.seed,
            download: rate(self.download_kilobytes),
            upload: rate(self.upload_kilobytes),
            disk: (self.disk_megabytes > 0).then(|| u64::from(self.disk_megabytes) * 1_000_000),
            metered,
        }
    }
}

/// What the listener does on the swarm's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwarmIntent {
    /// Adds a magnet link, an info hash, or the address of a `.torrent` file.
    AddLink(String),
    /// A `.torrent` file was dropped or picked; the shell keeps its bytes until
    /// [`Effect::AddTorrentFile`].
    AddFile,
    /// Shares a folder as soon as its import is over.
    Share(String),
    /// The refusal has been read.
    CloseRefusal,
    /// Looks at a torrent, or at none.
    Show(Option<InfoHash>),
    /// Files that are on the screen.
    ShowFiles {
        /// First.
        first: u32,
        /// How many.
        count: u32,
    },
    /// Filters the shown files.
    Filter(String),
    /// Stands still, or goes on.
    Pause(InfoHash, bool),
    /// Reads back what is here.
    Verify(InfoHash),
    /// Forgets a torrent, with or without its bytes.
    Remove(InfoHash, bool),
    /// Sets how wanted files are.
    Prioritise(InfoHash, (u32, u32), Priority),
    /// Plays a file.
    Play(FileId),
    /// Other choices.
    Choose(SwarmChoices),
    /// Whether bytes are spared.
    Spare(DataSaver),
}

/// The swarm's part of the model.
#[derive(Debug, Default)]
pub(crate) struct Swarm {
    pub view: SwarmView,
    origin: String,
    window: (u32, u32),
    files: BTreeMap<FileId, FileStatus>,
    watched: Vec<FileId>,
    protected: Vec<FileId>,
    /// The swarm has been asked to open.
    is_started: bool,
    /// What was wished before the swarm was asked to open.
    early: Vec<SwarmIntent>,
    /// Tickets of links and folders that are being added.
    adding: Vec<Ticket>,
    /// The name of the folder whose tunes are shared when their import is over.
    pub share_after_import: Option<String>,
    /// Tickets of shares: their torrents are shown.
    shares: Vec<Ticket>,
}

fn file_id(remote: Remote) -> FileId {
    FileId {
        torrent: InfoHash(remote.info_hash),
        file: remote.file,
    }
}

impl Model {
    /// The swarm.
    #[must_use]
    pub fn swarm(&self) -> SwarmView {
        self.swarm.view.clone()
    }

    /// How files of torrents stand that are on the screen or play.
    #[must_use]
    pub fn remote_files(&self) -> BTreeMap<FileId, FileStatus> {
        self.swarm.files.clone()
    }

    pub(crate) fn remote_file(&self, id: &FileId) -> Option<&FileStatus> {
        self.swarm.files.get(id)
    }

    /// How far the tune has come that is waited for, from 0 to 1; `None` where none is.
    #[must_use]
    pub fn fetching(&self) -> Option<f32> {
        if self.player.state != State::Loading {
            return None;
        }
        let remote = self.player.current.as_ref()?.row.remote?;
        let status = self.swarm.files.get(&file_id(remote));
        match status {
            Some(status) if status.progress >= 1.0 => None,
            Some(status) => Some(status.progress),
            None => Some(0.0),
        }
    }

    /// The page knows its own address, and the swarm may start.
    pub(crate) fn start_swarm(&mut self, origin: String) {
        self.swarm.origin = origin;
        self.open_swarm();
        for intent in std::mem::take(&mut self.swarm.early) {
            self.swarm_wish(intent);
        }
    }

    fn open_swarm(&mut self) {
        self.swarm.is_started = true;
        let request = Request::Open {
            origin: self.swarm.origin.clone(),
            settings: self.swarm_settings(),
        };
        self.ask_swarm(request);
        self.watch_torrent();
        self.swarm.watched.clear();
        self.swarm.protected.clear();
    }

    fn swarm_settings(&self) -> Settings {
        self.preferences.swarm.settings(self.spares_bytes())
    }

    pub(crate) fn ask_swarm(&mut self, request: Request) -> Ticket {
        let ticket = self.ticket();
        self.effects.push(Effect::Swarm(ticket, request));
        ticket
    }

    pub(crate) fn network(&mut self, online: bool, metered: bool) {
        let view = &mut self.swarm.view;
        let other = (view.online, view.metered) != (online, metered);
        (view.online, view.metered) = (online, metered);
        if other && self.swarm.is_started {
            self.ask_swarm(Request::Online(online));
            let settings = self.swarm_settings();
            self.ask_swarm(Request::Set(settings));
        }
    }

    pub(crate) fn swarm_restarted(&mut self, reason: &str) {
        self.swarm.view.state = SwarmState::Opening;
        self.swarm.adding.clear();
        self.swarm.view.is_adding = false;
        self.open_swarm();
        let text = tf("The swarm stopped ({0}) and was started again.", &[&reason]);
        self.notify(NoticeKind::Bad, text);
    }

    pub(crate) fn swarm_gone(&mut self, reason: String) {
        self.swarm.view.state = SwarmState::Failed(reason);
    }

    pub(crate) fn swarm_wish(&mut self, intent: SwarmIntent) {
        if !self.swarm.is_started
            && matches!(intent, SwarmIntent::AddLink(_) | SwarmIntent::AddFile)
        {
            // A link may have brought the listener here.
            self.swarm.view.is_adding = true;
            self.swarm.early.push(intent);
            return;
        }
        match intent {
            SwarmIntent::AddLink(text) => {
                if text.trim().is_empty() {
                    return;
                }
                let ticket = self.ask_swarm(Request::AddLink(text));
                self.adds(ticket);
            }
            SwarmIntent::AddFile => {
                let ticket = self.ticket();
                self.effects.push(Effect::AddTorrentFile(ticket));
                self.adds(ticket);
            }
            SwarmIntent::Share(folder) => {
                self.swarm.share_after_import = Some(folder);
                self.swarm.view.is_adding = true;
            }
            SwarmIntent::CloseRefusal => self.swarm.view.refused = None,
            SwarmIntent::Show(shown) => {
                if self.swarm.view.shown == shown {
                    return;
                }
                self.swarm.view.shown = shown;
                self.swarm.view.detail = None;
                self.swarm.view.filter.clear();
                self.swarm.window = (0, FIRST_FILES);
                self.watch_torrent();
            }
            SwarmIntent::ShowFiles { first, count } => {
                self.swarm.window = (first, count.min(500));
                self.watch_torrent();
            }
            SwarmIntent::Filter(filter) => {
                self.swarm.view.filter = filter;
                self.swarm.window.0 = 0;
                self.watch_torrent();
            }
            SwarmIntent::Pause(torrent, paused) => {
                self.ask_swarm(Request::Pause { torrent, paused });
            }
            SwarmIntent::Verify(torrent) => {
                self.ask_swarm(Request::Verify(torrent));
            }
            SwarmIntent::Remove(torrent, bytes) => self.remove_torrent(torrent, bytes),
            SwarmIntent::Prioritise(torrent, files, priority) => {
                self.ask_swarm(Request::Prioritise {
                    torrent,
                    files,
                    priority,
                });
            }
            SwarmIntent::Play(file) => {
                let remote = Remote {
                    info_hash: file.torrent.0,
                    file: file.file,
                };
                self.ask(Asked::RemoteToPlay, LibraryRequest::RemoteEntry { remote });
            }
            SwarmIntent::Choose(choices) => {
                self.preferences.swarm = choices;
                self.swarm_is_set();
            }
            SwarmIntent::Spare(saver) => {
                self.preferences.data_saver = saver;
                self.swarm_is_set();
            }
        }
    }

    fn swarm_is_set(&mut self) {
        let settings = self.swarm_settings();
        self.ask_swarm(Request::Set(settings));
        self.keep();
    }

    fn adds(&mut self, ticket: Ticket) {
        self.swarm.adding.push(ticket);
        self.swarm.view.is_adding = true;
        self.swarm.view.refused = None;
    }

    fn remove_torrent(&mut self, torrent: InfoHash, bytes: bool) {
        self.ask_swarm(Request::Remove { torrent, bytes });
        let view = &mut self.swarm.view;
        view.torrents
            .retain(|known| known.status.info_hash != torrent);
        if view.shown == Some(torrent) {
            view.shown = None;
            view.detail = None;
            self.watch_torrent();
        }
        self.tell_library(torrent, false);
    }

    fn tell_library(&mut self, torrent: InfoHash, is_here: bool) {
        let request = LibraryRequest::Torrent {
            info_hash: torrent.0,
            is_here,
        };
        let ticket = self.ticket();
        self.effects.push(Effect::Library(ticket, request));
    }

    fn watch_torrent(&mut self) {
        let (first, count) = self.swarm.window;
        let filter = self.swarm.view.filter.clone();
        let window = self.swarm.view.shown.map(|torrent| Window {
            torrent,
            filter,
            first,
            count,
        });
        if self.swarm.is_started {
            self.ask_swarm(Request::Watch(window));
        }
    }

    /// The import is over: where its tunes are to be shared, they are looked up.
    pub(crate) fn share_imported(&mut self) {
        if self.swarm.share_after_import.is_some() {
            self.ask(Asked::TunesToShare, LibraryRequest::Imported);
        }
    }

    /// The tunes that are to be shared.
    pub(crate) fn tunes_are_here(&mut self, files: Vec<(String, Md5, u64)>) {
        let Some(name) = self.swarm.share_after_import.take() else {
            return;
        };
        self.swarm.view.is_adding = false;
        if files.is_empty() {
            self.swarm.view.refused = Some(t("there is no tune in that folder").into());
            return;
        }
        let inside = |path: String| {
            let below = path.strip_prefix(&name);
            let below = below.and_then(|path| path.strip_prefix('/'));
            below.map_or(path.clone(), str::to_owned)
        };
        let files = files
            .into_iter()
            .map(|(path, md5, bytes)| (inside(path), md5, bytes))
            .collect();
        let ticket = self.ask_swarm(Request::Share {
            name: name.clone(),
            files,
        });
        self.swarm.shares.push(ticket);
        self.adds(ticket);
    }

    pub(crate) fn swarm_says(&mut self, ticket: Ticket, event: Said) {
        match event {
            Said::Ready | Said::File(_) | Said::Rtc(_) => {}
            Said::Opened { kept, elsewhere } => {
                self.swarm.view.state = SwarmState::Open { kept, elsewhere };
            }
            Said::Torrents {
                torrents,
                used,
                allowed,
            } => {
                let view = &mut self.swarm.view;
                (view.torrents, view.used, view.allowed) = (torrents, used, allowed);
            }
            Said::Detail(detail) => {
                if self.swarm.view.shown == Some(detail.torrent) {
                    self.swarm.view.detail = Some(detail);
                }
            }
            Said::Files(files) => {
                self.swarm.files = files.into_iter().collect();
                self.tell_of_wishes();
            }
            Said::Added(torrent) => {
                self.added(ticket);
                self.tell_library(torrent, true);
                self.effects.push(Effect::ShowTorrent(torrent));
                if self.swarm.shares.contains(&ticket) {
                    let text = t(
                        "Your folder is shared as long as this page is open. Copy its link for your friends.",
                    );
                    self.notify(NoticeKind::Good, text);
                }
            }
            Said::Failed { reason } => {
                if self.added(ticket) {
                    self.swarm.view.refused = Some(reason);
                }
            }
            Said::Notice(text) => self.notify(NoticeKind::Bad, text),
        }
    }

    fn added(&mut self, ticket: Ticket) -> bool {
        let before = self.swarm.adding.len();
        self.swarm.adding.retain(|adding| *adding != ticket);
        self.swarm.view.is_adding = !self.swarm.adding.is_empty();
        self.swarm.adding.len() < before
    }

    /// Tells the swarm which files are on the screen, and which must stay, where that has changed.
    pub(crate) fn look_after_files(&mut self) {
        if !self.swarm.is_started {
            return;
        }
        let current = self.player.current.as_ref();
        let current = current.and_then(|current| current.row.remote);
        let mut watched: Vec<FileId> = self.list.remotes().map(file_id).collect();
        watched.extend(current.map(file_id));
        let queued = self.course.queue.items().iter().take(MOST_WATCHED);
        watched.extend(queued.filter_map(|item| item.tune.row.remote).map(file_id));
        watched.extend(self.wanted.files());
        watched.dedup();
        if watched != self.swarm.watched {
            self.swarm.watched.clone_from(&watched);
            self.ask_swarm(Request::WatchFiles(watched));
        }
        let next = self.hint.tune().and_then(|tune| tune.row.remote);
        let protected: Vec<FileId> = [current, next].into_iter().flatten().map(file_id).collect();
        if protected != self.swarm.protected {
            self.swarm.protected.clone_from(&protected);
            self.ask_swarm(Request::Protect(protected));
        }
    }
}

/// What a torrent is, in a word or two.
#[must_use]
pub fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Collection => t("Collection"),
        Kind::Added => t("Added"),
        Kind::Shared => t("Shared by you"),
    }
}

/// A rate in words: `1.2 MB/s`; a dash for none.
#[must_use]
pub fn rate_words(bytes_a_second: u32) -> String {
    if bytes_a_second == 0 {
        return "\u{2013}".into();
    }
    format!("{}/s", words::bytes_text(u64::from(bytes_a_second)))
}
