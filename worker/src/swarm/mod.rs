//! The swarm: torrents, the store of their pieces, and who waits for what.

mod collections;
mod jobs;
pub mod journal;
mod links;
mod outside;
pub mod packs;
pub mod record;
mod requests;
mod status;
mod store;
#[cfg(test)]
pub(crate) mod tests;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::task::Waker;

use protocol::EVENT;
use protocol::swarm::{Event, FileId, Rtc, Settings, Torrent, Window};
use torrent::session::{Config, Event as Happened, Input, Limits, Output, Priority, Problem};
use torrent::{InfoHash, PeerId, Session};

pub use outside::{Caller, Outside};
pub use store::{MemoryStore, Store, ranges};

use crate::StoreError;

use jobs::Job;
use record::Record;

/// How often it is told how torrents stand.
const STATUS_MILLIS: u64 = 500;
/// How often records that changed are written.
const SAVE_MILLIS: u64 = 3_000;
/// How long a file is waited for while nothing of its torrent comes.
const PATIENCE_MILLIS: u64 = 30_000;

/// A torrent beside what the session knows of it.
#[derive(Debug)]
struct Known {
    record: Record,
    /// The record differs from what is kept.
    is_changed: bool,
    /// The listener has been told that the disk is full.
    has_told_disk: bool,
    /// The priority that a file had before somebody asked for it.
    before: BTreeMap<u32, Priority>,
    /// Files whose path has what a filter says: kept for the next window.
    matches: Option<(String, Rc<[u32]>)>,
}

/// Somebody who waits for a file.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    caller: Caller,
    id: u32,
    /// When something of the torrent last came, and how much had come by then.
    since: u64,
    downloaded: u64,
}

/// What somebody looks at.
#[derive(Debug, Default)]
struct Watch {
    window: Option<Window>,
    files: Vec<FileId>,
    protected: BTreeSet<FileId>,
    /// Of another tab: when it last said that it is there.
    seen: u64,
    told: Vec<Event>,
}

#[derive(Debug)]
struct State {
    session: Session,
    settings: Settings,
    /// Of the page; empty before it has opened the swarm.
    origin: String,
    torrents: BTreeMap<InfoHash, Known>,
    waiting: BTreeMap<FileId, Vec<Waiting>>,
    /// What was asked of torrents that may still be taken up; `None` when all are.
    early: Option<Vec<(Caller, u32, FileId)>>,
    watches: BTreeMap<Caller, Watch>,
    /// Collections' torrents that the listener removed.
    dismissed: BTreeSet<InfoHash>,
    online: bool,
    /// Something may differ from what was told.
    is_dirty: bool,
    told_at: u64,
    saved_at: u64,
    told: Vec<Torrent>,
    /// Bytes that pieces may take.
    allowed: Option<u64>,
}

/// The service.
pub struct Swarm<S, O> {
    store: S,
    outside: O,
    state: RefCell<State>,
    jobs: RefCell<VecDeque<Job>>,
    /// Whether the torrents of earlier are taken up, and who waits for that.
    is_taken_up: Cell<bool>,
    waits_for_taking_up: RefCell<Vec<Waker>>,
    /// The jobs are being worked off.
    is_working: Cell<bool>,
}

fn limits(settings: &Settings) -> Limits {
    let seeds = settings.seed && !settings.metered;
    Limits {
        download: settings.download,
        upload: if seeds { settings.upload } else { Some(0) },
        peers: settings.peers,
        ready_offer: settings.ready_offer,
        ..Limits::default()
    }
}

impl<S: Store + 'static, O: Outside + 'static> Swarm<S, O> {
    /// A swarm over `store`, not yet opened.
    pub fn new(store: S, outside: O) -> Rc<Self> {
        let random = outside.random();
        let settings = Settings::default();
        // `-SR0100-`: the client and its version, as BEP 20 has it.
        let mut peer_id = *b"-SR0100-............";
        for (byte, lot) in peer_id[8..].iter_mut().zip(random) {
            *byte = b"0123456789abcdefghijklmnopqrstuv"[usize::from(lot % 32)];
        }
        let seed = random[12..].try_into().map_or(0, u64::from_le_bytes);
        let session = Session::new(Config {
            peer_id: PeerId(peer_id),
            seed,
            limits: limits(&settings),
        });
        Rc::new(Self {
            store,
            outside,
            state: RefCell::new(State {
                session,
                settings,
                origin: String::new(),
                torrents: BTreeMap::new(),
                waiting: BTreeMap::new(),
                early: Some(Vec::new()),
                watches: BTreeMap::from([(Caller::Page, Watch::default())]),
                dismissed: BTreeSet::new(),
                online: true,
                is_dirty: false,
                told_at: 0,
                saved_at: 0,
                told: Vec::new(),
                allowed: None,
            }),
            jobs: RefCell::default(),
            is_taken_up: Cell::new(false),
            waits_for_taking_up: RefCell::default(),
            is_working: Cell::new(false),
        })
    }

    /// The world that it was given.
    pub fn outside(&self) -> &O {
        &self.outside
    }

    /// Its store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Something came from a tracker, a peer or a web seed.
    pub fn input(self: &Rc<Self>, input: Input) {
        let now = self.outside.now_millis();
        {
            let state = &mut *self.state.borrow_mut();
            state.session.handle_input(now, input);
            state.is_dirty = true;
        }
        self.drain();
    }

    /// The time that [`Outside::wake_at`] was told has come.
    pub fn wake(self: &Rc<Self>) {
        let now = self.outside.now_millis();
        let due = self.state.borrow().session.next_timeout();
        if due.is_some_and(|due| due <= now) {
            self.state
                .borrow_mut()
                .session
                .handle_input(now, Input::Timeout);
        }
        self.give_up_waiting(now);
        self.tell_status(now);
        self.save_records(now, false);
        self.drain();
    }

    /// Does what the session wants done.
    fn drain(self: &Rc<Self>) {
        loop {
            let output = self.state.borrow_mut().session.poll_output();
            let Some(output) = output else { break };
            self.perform(output);
        }
        self.work();
        self.arm();
    }

    fn perform(self: &Rc<Self>, output: Output) {
        match output {
            Output::TrackerConnect(url) => self.outside.connect_tracker(&url),
            Output::TrackerSend(url, text) => self.outside.send_to_tracker(&url, &text),
            Output::TrackerClose(url) => self.outside.close_tracker(&url),
            Output::CreateOffer(connection) => self.tell_page(Rtc::Offer(connection)),
            Output::CreateAnswer(connection, offer) => {
                self.tell_page(Rtc::Answer(connection, offer));
            }
            Output::AcceptAnswer(connection, answer) => {
                self.tell_page(Rtc::Accept(connection, answer));
            }
            Output::Send(connection, bytes) => {
                if let Some(waiting) = self.outside.send(connection, bytes) {
                    let now = self.outside.now_millis();
                    let waiting = Input::Buffered(connection, waiting);
                    self.state.borrow_mut().session.handle_input(now, waiting);
                }
            }
            Output::Disconnect(connection) => {
                self.outside.close(connection);
                self.tell_page(Rtc::Close(connection));
            }
            Output::Fetch {
                id,
                url,
                offset,
                length,
            } => self.outside.fetch(id, &url, offset, length),
            Output::CancelFetch(id) => self.outside.cancel_fetch(id),
            Output::Store {
                torrent,
                piece,
                bytes,
            } => self.push(Job::Store(torrent, piece, bytes)),
            Output::Load(torrent, piece) => self.push(Job::Load(torrent, piece)),
            Output::Event(event) => self.happened(event),
        }
    }

    fn tell_page(&self, rtc: Rtc) {
        self.outside
            .tell(Caller::Page, EVENT, &Event::Rtc(rtc), None);
    }

    fn happened(self: &Rc<Self>, event: Happened) {
        match event {
            Happened::Metadata(torrent, info) => self.push(Job::KeepInfo(torrent, info)),
            Happened::FileComplete(torrent, file) => {
                let file = FileId { torrent, file };
                if self.state.borrow().waiting.contains_key(&file) {
                    self.push(Job::Deliver(file));
                }
                if self.is_news(file) {
                    self.push(Job::Arrive(file));
                }
            }
            Happened::Problems(torrent) => self.tell_disk_problem(torrent),
            Happened::Complete(torrent) => self.mark_changed(torrent),
            Happened::Damaged(..) => {}
        }
    }

    /// A disk that is full stops a download, which must not go unread.
    fn tell_disk_problem(&self, torrent: InfoHash) {
        let now = self.outside.now_millis();
        let text = {
            let state = &mut *self.state.borrow_mut();
            let status = state.session.status(now, &torrent);
            let known = state.torrents.get_mut(&torrent);
            let (Some(status), Some(known)) = (status, known) else {
                return;
            };
            let reason = status.problems.iter().find_map(|problem| match problem {
                Problem::Disk(reason) => Some(reason),
                _ => None,
            });
            let was_told = std::mem::replace(&mut known.has_told_disk, reason.is_some());
            let reason = reason.filter(|_| !was_told);
            reason.map(|reason| format!("{} stands still: {reason}.", status.name))
        };
        if let Some(text) = text {
            self.outside
                .tell(Caller::Page, EVENT, &Event::Notice(text), None);
        }
    }

    fn mark_changed(&self, torrent: InfoHash) {
        if let Some(known) = self.state.borrow_mut().torrents.get_mut(&torrent) {
            known.is_changed = true;
        }
    }

    /// Whether the library should be told of a file: what the listener added has no catalogue.
    fn is_news(&self, id: FileId) -> bool {
        let state = self.state.borrow();
        let Some(known) = state.torrents.get(&id.torrent) else {
            return false;
        };
        let told = known.record.arrived.iter();
        let is_told = told
            .clone()
            .any(|(from, to)| (*from..*to).contains(&id.file));
        let info = state.session.info(&id.torrent);
        let path = info.and_then(|info| info.files.get(id.file as usize));
        known.record.kind == protocol::swarm::Kind::Added
            && !is_told
            && path.is_some_and(|file| links::is_for_the_library(&file.path))
    }

    fn push(&self, job: Job) {
        self.jobs.borrow_mut().push_back(job);
    }

    /// Has itself woken when something is due.
    fn arm(&self) {
        let state = self.state.borrow();
        let now = self.outside.now_millis();
        let mut due = state.session.next_timeout();
        let mut also = |time: u64| due = Some(due.map_or(time, |due| due.min(time)));
        if state.is_dirty {
            also(state.told_at + STATUS_MILLIS);
        }
        if !state.waiting.is_empty() {
            also(now + 1_000);
        }
        if state.torrents.values().any(|known| known.is_changed) {
            also(state.saved_at + SAVE_MILLIS);
        }
        if let Some(due) = due {
            self.outside.wake_at(due.max(now));
        }
    }
}
