//! What page, library and other tabs ask for.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use protocol::EVENT;
use protocol::swarm::{Event, FileId, Kind, Request, Settings};
use sidfile::Md5;
use torrent::create::Builder;
use torrent::session::{AddTorrent, Input, Priority, Problem, Source};
use torrent::{InfoHash, Metainfo};

use super::jobs::Job;
use super::record::{DISMISSED, Name, Record, parse_name};
use super::{Caller, Known, Outside, PATIENCE_MILLIS, Store, Swarm, Waiting, Watch, limits, links};

/// A tab that has not been heard for that long is gone.
const TAB_MILLIS: u64 = 35_000;
/// Files of a folder that is being shared are hashed for that long before messages are let in.
const SLICE_MILLIS: u64 = 12;

impl<S: Store + 'static, O: Outside + 'static> Swarm<S, O> {
    /// Takes a request; `bytes` travelled beside it.
    pub async fn request(
        self: &Rc<Self>,
        caller: Caller,
        id: u32,
        request: Request,
        bytes: Option<Vec<u8>>,
    ) {
        if let Caller::Tab(_) = caller {
            let now = self.outside.now_millis();
            let watches = &mut self.state.borrow_mut().watches;
            watches.entry(caller).or_default().seen = now;
            watches.retain(|caller, watch| {
                !matches!(caller, Caller::Tab(_)) || watch.seen + TAB_MILLIS > now
            });
        }
        if matches!(
            request,
            Request::AddLink(_)
                | Request::AddFile
                | Request::Share { .. }
                | Request::Remove { .. }
                | Request::Pause { .. }
                | Request::Prioritise { .. }
        ) {
            self.taken_up().await;
        }
        match request {
            Request::Open { origin, settings } => self.open(caller, id, origin, settings).await,
            Request::Set(settings) => self.set(settings).await,
            Request::AddLink(text) => {
                let added = self.add_link(&text).await;
                self.answer(caller, id, added.map(Event::Added));
            }
            Request::AddFile => {
                let added = self.add_file(&bytes.unwrap_or_default());
                self.answer(caller, id, added.map(Event::Added));
            }
            Request::Share { name, files } => {
                let shared = self.share(name, files).await;
                self.answer(caller, id, shared.map(Event::Added));
            }
            Request::Remove { torrent, bytes } => self.remove(torrent, bytes),
            Request::Pause { torrent, paused } => {
                self.input(Input::Pause(torrent, paused));
                self.mark_changed(torrent);
            }
            Request::Lead { torrent, lead } => self.input(Input::Lead(torrent, lead)),
            Request::Verify(torrent) => self.input(Input::Verify(torrent)),
            Request::Prioritise {
                torrent,
                files,
                priority,
            } => {
                if let Some(known) = self.state.borrow_mut().torrents.get_mut(&torrent) {
                    known
                        .before
                        .retain(|file, _| !(files.0..files.1).contains(file));
                }
                self.prioritise(torrent, files, priority);
            }
            Request::Watch(window) => self.watch(caller, |watch| watch.window = window),
            Request::WatchFiles(files) => self.watch(caller, |watch| watch.files = files),
            Request::Protect(files) => {
                self.watch(caller, |watch| {
                    watch.protected = files.into_iter().collect()
                });
            }
            Request::Online(online) => {
                self.state.borrow_mut().online = online;
                self.input(Input::Online(online));
                if online {
                    self.look_for_collections().await;
                }
            }
            Request::File(file) => self.want(caller, id, file),
            Request::FileNotWanted(file) => self.not_wanted(caller, file),
            Request::Described(connection, text) => {
                self.input(Input::Described(connection, text));
            }
            Request::Connected(connection) => self.input(Input::Connected(connection)),
            Request::Received(connection) => {
                self.input(Input::Received(connection, bytes.unwrap_or_default()));
            }
            Request::Buffered(connection, waiting) => {
                self.input(Input::Buffered(connection, waiting));
            }
            Request::Disconnected(connection, why) => {
                self.outside.close(connection);
                self.input(Input::Disconnected(connection, why));
            }
            // Ports are the shell's.
            Request::Library | Request::Connect | Request::StillHere => {}
        }
        self.drain();
    }

    fn answer(&self, caller: Caller, id: u32, event: Result<Event, String>) {
        let event = event.unwrap_or_else(|reason| Event::Failed { reason });
        self.outside.tell(caller, id, &event, None);
    }

    async fn open(self: &Rc<Self>, caller: Caller, id: u32, origin: String, settings: Settings) {
        let is_first = {
            let state = &mut *self.state.borrow_mut();
            let is_first = state.origin.is_empty();
            if is_first {
                state.origin = origin;
            }
            state.is_dirty = true;
            state.watches.entry(caller).or_default().told.clear();
            state.told.clear();
            is_first
        };
        let opened = Event::Opened {
            kept: self.store.kept(),
            elsewhere: caller != Caller::Page,
        };
        if !is_first {
            self.outside.tell(caller, id, &opened, None);
            return;
        }
        self.set(settings).await;
        self.take_up().await;
        self.is_taken_up.set(true);
        for waker in self.waits_for_taking_up.take() {
            waker.wake();
        }
        self.outside.tell(caller, id, &opened, None);
        self.drain();
        self.look_for_collections().await;
        let early = self.state.borrow_mut().early.take();
        for (caller, id, file) in early.unwrap_or_default() {
            self.want(caller, id, file);
        }
    }

    /// Waits until the torrents of earlier are taken up: what is asked of them before would be lost.
    async fn taken_up(&self) {
        poll_fn(|context| {
            if self.is_taken_up.get() {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            self.waits_for_taking_up.borrow_mut().push(waker);
            Poll::Pending
        })
        .await;
    }

    async fn set(self: &Rc<Self>, settings: Settings) {
        self.state.borrow_mut().settings = settings;
        self.input(Input::Limit(limits(&settings)));
        let disk = self.outside.disk().await;
        // Half of what the browser gives is left to the rest of the site and to other sites.
        let allowed = match (settings.disk, disk) {
            (Some(wanted), Some((_, quota))) => Some(wanted.min(quota)),
            (None, Some((_, quota))) => Some(quota / 2),
            (wanted, None) => wanted,
        };
        let state = &mut *self.state.borrow_mut();
        state.allowed = allowed;
        state.is_dirty = true;
        if let Some(allowed) = allowed.filter(|allowed| *allowed < self.store.used()) {
            self.push(Job::Tidy(allowed));
        }
    }

    /// Takes up the torrents that are kept.
    async fn take_up(self: &Rc<Self>) {
        let records = match self.store.records().await {
            Ok(records) => records,
            Err(error) => {
                let text = format!("The torrents of earlier could not be read: {error}.");
                self.outside
                    .tell(Caller::Page, EVENT, &Event::Notice(text), None);
                return;
            }
        };
        let mut states = Vec::new();
        let mut infos = std::collections::BTreeMap::new();
        let mut damaged = 0;
        for (name, bytes) in records {
            match parse_name(&name) {
                Some(Name::State(hash)) => match Record::decode(&bytes) {
                    Ok(record) => states.push((hash, record)),
                    Err(_) => damaged += 1,
                },
                Some(Name::Info(hash)) => {
                    infos.insert(hash, bytes);
                }
                None if name == DISMISSED => {
                    let hashes = bytes
                        .chunks_exact(20)
                        .filter_map(|hash| hash.try_into().ok());
                    self.state.borrow_mut().dismissed = hashes.map(InfoHash).collect();
                }
                None => {}
            }
        }
        if damaged > 0 {
            let text =
                format!("{damaged} torrents could not be taken up: their records are damaged.");
            self.outside
                .tell(Caller::Page, EVENT, &Event::Notice(text), None);
        }
        states.sort_by_key(|(_, record)| record.order);
        for (hash, record) in states {
            let info = infos.remove(&hash);
            self.add_record(hash, record, info);
        }
    }

    fn add_record(self: &Rc<Self>, torrent: InfoHash, record: Record, info: Option<Vec<u8>>) {
        let pieces = |info: &[u8]| torrent::Info::parse(info).map_or(0, |info| info.pieces.len());
        let is_shared = record.kind == Kind::Shared;
        let stored = match &info {
            Some(info) if is_shared => vec![(0, pieces(info) as u32)],
            _ => self.store.held(torrent),
        };
        let source = match info {
            Some(info) => Source::Info(info),
            None => Source::InfoHash(torrent, record.name.clone()),
        };
        let add = AddTorrent {
            source,
            trackers: record.trackers.clone(),
            web_seeds: record.web_seeds.clone(),
            flat_web_seeds: record.flat_web_seeds.clone(),
            stored,
            trusted: is_shared,
            priority: record.priority,
            priorities: record.priorities.clone(),
            paused: record.paused,
            totals: record.totals,
        };
        let known = Known {
            record,
            is_changed: false,
            has_told_disk: false,
            before: std::collections::BTreeMap::new(),
            matches: None,
        };
        self.state.borrow_mut().torrents.insert(torrent, known);
        self.input(Input::Add(Box::new(add)));
    }

    /// Adds a torrent that is not there yet, or adds to one that is.
    pub(super) fn add(
        self: &Rc<Self>,
        kind: Kind,
        torrent: InfoHash,
        add: AddTorrent,
        shared: Vec<Md5>,
    ) {
        let info = match &add.source {
            Source::Info(info) => Some(info.clone()),
            Source::InfoHash(..) => None,
        };
        let is_known = self.state.borrow().torrents.contains_key(&torrent);
        if is_known {
            self.input(Input::Add(Box::new(add)));
            self.mark_changed(torrent);
        } else {
            let order = {
                let state = self.state.borrow();
                let orders = state.torrents.values().map(|known| known.record.order);
                orders.max().map_or(0, |last| last + 1)
            };
            let name = match &add.source {
                Source::InfoHash(_, name) => name.clone(),
                Source::Info(_) => None,
            };
            let record = Record {
                order,
                kind,
                name,
                trackers: add.trackers,
                web_seeds: add.web_seeds,
                flat_web_seeds: add.flat_web_seeds,
                priority: add.priority,
                priorities: add.priorities,
                paused: add.paused,
                totals: add.totals,
                shared,
                arrived: Vec::new(),
                used: Vec::new(),
            };
            self.add_record(torrent, record, info.clone());
        }
        if let Some(info) = info {
            self.push(Job::KeepInfo(torrent, info));
        }
        self.mark_changed(torrent);
        let now = self.outside.now_millis();
        self.save_records(now, true);
    }

    /// The address of the site's own tracker.
    pub(super) fn own_tracker(&self) -> Vec<String> {
        let state = self.state.borrow();
        let origin = &state.origin;
        let tracker = match origin.split_once("://") {
            Some(("https", host)) => format!("wss://{host}/announce"),
            Some(("http", host)) => format!("ws://{host}/announce"),
            _ => return Vec::new(),
        };
        vec![tracker]
    }

    async fn add_link(self: &Rc<Self>, text: &str) -> Result<InfoHash, String> {
        match links::parse(text)? {
            links::Link::Magnet(magnet) => {
                let torrent = magnet.info_hash;
                let mut trackers = magnet.trackers;
                trackers.extend(self.own_tracker());
                let (priority, priorities) = match &*magnet.files {
                    [] => (Priority::Normal, Vec::new()),
                    some => {
                        let all = some.iter().map(|(from, to)| (*from, *to, Priority::Normal));
                        (Priority::None, all.collect())
                    }
                };
                let add = AddTorrent {
                    source: Source::InfoHash(torrent, magnet.name),
                    trackers,
                    web_seeds: magnet.web_seeds,
                    flat_web_seeds: Vec::new(),
                    stored: Vec::new(),
                    trusted: false,
                    priority,
                    priorities,
                    paused: false,
                    totals: (0, 0),
                };
                self.add(Kind::Added, torrent, add, Vec::new());
                Ok(torrent)
            }
            links::Link::Torrent(url) => {
                let bytes = self.outside.get(&url).await;
                let bytes = bytes.map_err(|reason| format!("{url}: {reason}"))?;
                self.add_file(&bytes)
            }
        }
    }

    fn add_file(self: &Rc<Self>, bytes: &[u8]) -> Result<InfoHash, String> {
        let metainfo = Metainfo::parse(bytes).map_err(|error| error.to_string())?;
        let torrent = metainfo.info_hash;
        let mut trackers = metainfo.trackers;
        trackers.extend(self.own_tracker());
        let add = AddTorrent {
            source: Source::Info(metainfo.info_bytes),
            trackers,
            web_seeds: metainfo.web_seeds,
            flat_web_seeds: Vec::new(),
            stored: self.store.held(torrent),
            trusted: false,
            priority: Priority::Normal,
            priorities: Vec::new(),
            paused: false,
            totals: (0, 0),
        };
        self.add(Kind::Added, torrent, add, Vec::new());
        Ok(torrent)
    }

    /// Makes a torrent of tunes that the library keeps. Their bytes stay there.
    async fn share(
        self: &Rc<Self>,
        name: String,
        mut files: Vec<(String, Md5, u64)>,
    ) -> Result<InfoHash, String> {
        files.sort_by(|one, other| one.0.as_bytes().cmp(other.0.as_bytes()));
        files.dedup_by(|one, other| one.0 == other.0);
        let list = files
            .iter()
            .map(|(path, _, length)| (path.clone(), *length))
            .collect();
        let mut builder = Builder::new(&name, list).map_err(|error| error.to_string())?;
        let mut slice_end = self.outside.now_millis() + SLICE_MILLIS;
        for (path, md5, _) in &files {
            let bytes = self.outside.library_file(*md5).await;
            let bytes = bytes.ok_or_else(|| format!("{path} is not in the library any more"))?;
            builder
                .push(&bytes)
                .map_err(|error| format!("{path}: {error}"))?;
            if self.outside.now_millis() >= slice_end {
                self.outside.turn().await;
                slice_end = self.outside.now_millis() + SLICE_MILLIS;
            }
        }
        let metainfo = builder.finish().map_err(|error| error.to_string())?;
        let torrent = metainfo.info_hash;
        let pieces = u32::try_from(metainfo.info.pieces.len()).unwrap_or(u32::MAX);
        let add = AddTorrent {
            source: Source::Info(metainfo.info_bytes),
            trackers: self.own_tracker(),
            web_seeds: Vec::new(),
            flat_web_seeds: Vec::new(),
            stored: vec![(0, pieces)],
            trusted: true,
            priority: Priority::Normal,
            priorities: Vec::new(),
            paused: false,
            totals: (0, 0),
        };
        let digests = files.into_iter().map(|(_, md5, _)| md5).collect();
        self.add(Kind::Shared, torrent, add, digests);
        Ok(torrent)
    }

    fn remove(self: &Rc<Self>, torrent: InfoHash, bytes: bool) {
        let waiting: Vec<(FileId, Vec<Waiting>)> = {
            let state = &mut *self.state.borrow_mut();
            let known = state.torrents.remove(&torrent);
            if known.is_some_and(|known| known.record.kind == Kind::Collection) {
                state.dismissed.insert(torrent);
            }
            let ids = state.waiting.keys().copied();
            let ids: Vec<FileId> = ids.filter(|id| id.torrent == torrent).collect();
            ids.into_iter()
                .filter_map(|id| state.waiting.remove_entry(&id))
                .collect()
        };
        for (_, all) in waiting {
            self.fail(all, "its torrent was removed");
        }
        self.save_dismissed();
        self.input(Input::Remove(torrent));
        self.push(Job::Forget(torrent, bytes));
    }

    pub(super) fn prioritise(
        self: &Rc<Self>,
        torrent: InfoHash,
        files: (u32, u32),
        priority: Priority,
    ) {
        self.input(Input::Prioritise {
            torrent,
            files,
            priority,
            within_millis: (priority == Priority::Now).then_some(0),
        });
        self.mark_changed(torrent);
    }

    fn watch(&self, caller: Caller, change: impl FnOnce(&mut Watch)) {
        let state = &mut *self.state.borrow_mut();
        change(state.watches.entry(caller).or_default());
        state.is_dirty = true;
        // Who asks waits for the answer.
        state.told_at = 0;
    }

    /// Somebody wants a file at once.
    fn want(self: &Rc<Self>, caller: Caller, id: u32, file: FileId) {
        let now = self.outside.now_millis();
        let one = Waiting {
            caller,
            id,
            since: now,
            downloaded: 0,
        };
        {
            let state = &mut *self.state.borrow_mut();
            let status = state.session.files(&file.torrent, file.file..file.file + 1);
            let Some(known) = state.torrents.get_mut(&file.torrent) else {
                match &mut state.early {
                    Some(early) => early.push((caller, id, file)),
                    None => self.fail(vec![one], "its torrent is not here"),
                }
                return;
            };
            let before = status.first().map(|status| status.priority);
            if let Some(before) = before.filter(|before| *before != Priority::Now) {
                known.before.insert(file.file, before);
            }
            state.waiting.entry(file).or_default().push(one);
        }
        if self
            .state
            .borrow()
            .session
            .record(&file.torrent)
            .is_some_and(|now| now.paused)
        {
            // Whoever plays a tune wants it more than the pause.
            self.input(Input::Pause(file.torrent, false));
        }
        self.prioritise(file.torrent, (file.file, file.file + 1), Priority::Now);
    }

    fn not_wanted(self: &Rc<Self>, caller: Caller, file: FileId) {
        let before = {
            let state = &mut *self.state.borrow_mut();
            if let Some(waiting) = state.waiting.get_mut(&file) {
                waiting.retain(|one| one.caller != caller);
                if !waiting.is_empty() {
                    return;
                }
                state.waiting.remove(&file);
            }
            let known = state.torrents.get_mut(&file.torrent);
            known.and_then(|known| known.before.remove(&file.file))
        };
        if let Some(before) = before {
            self.prioritise(file.torrent, (file.file, file.file + 1), before);
        }
    }

    fn fail(&self, waiting: Vec<Waiting>, reason: &str) {
        for one in waiting {
            self.answer(one.caller, one.id, Err(reason.to_owned()));
        }
    }

    /// Tells those who have waited for too long why nothing comes.
    pub(super) fn give_up_waiting(self: &Rc<Self>, now: u64) {
        let mut late: Vec<(FileId, String)> = Vec::new();
        {
            let state = &mut *self.state.borrow_mut();
            for (id, all) in &mut state.waiting {
                let Some(status) = state.session.status(now, &id.torrent) else {
                    continue;
                };
                for one in &mut *all {
                    if status.downloaded > one.downloaded {
                        one.downloaded = status.downloaded;
                        one.since = now;
                    }
                }
                let patience = if state.online { PATIENCE_MILLIS } else { 0 };
                if all.iter().all(|one| one.since + patience <= now) {
                    late.push((*id, why(state.online, &status.problems)));
                }
            }
        }
        for (id, reason) in late {
            let all = self.state.borrow_mut().waiting.remove(&id);
            // It stays wanted: when it has come, it is there.
            self.fail(all.unwrap_or_default(), &reason);
        }
    }

    /// Files that the library was told of, for a look at what a restart keeps.
    #[cfg(test)]
    pub(super) fn arrived(&self, torrent: InfoHash) -> Vec<(u32, u32)> {
        let state = self.state.borrow();
        let known = state.torrents.get(&torrent);
        known.map_or_else(Vec::new, |known| known.record.arrived.clone())
    }
}

fn why(online: bool, problems: &[Problem]) -> String {
    if !online {
        return "there is no network; it is fetched when there is".into();
    }
    let words = problems.iter().find_map(|problem| match problem {
        Problem::Disk(reason) | Problem::Metadata(reason) => Some(reason.clone()),
        Problem::WebSeed { reason, .. } => Some(format!("the web seed does not answer ({reason})")),
        Problem::Tracker { reason, .. } => Some(format!("the tracker does not answer ({reason})")),
        Problem::NoPeers | Problem::HashFailures { .. } => None,
    });
    let words = words.unwrap_or_else(|| "nobody who has it is there".into());
    format!("{words}; it is fetched as soon as somebody offers it")
}
