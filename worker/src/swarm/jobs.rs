//! What takes the store: one job after another, in order, so that no two calls meet in it.

use std::rc::Rc;

use listening::janitor::{self, Held};
use protocol::EVENT;
use protocol::swarm::{Event, FileId, Kind};
use torrent::InfoHash;
use torrent::session::{Input, Priority};

use super::record::{DISMISSED, info_name, state_name};
use super::{Caller, Known, Outside, SAVE_MILLIS, Store, StoreError, Swarm, Waiting};

/// How long it works before messages are let in.
const SLICE_MILLIS: u64 = 12;
/// Pieces that are made room for at once, when there is none.
const ROOM: u64 = 4 << 20;

/// Something to do with the store.
#[derive(Debug)]
pub(super) enum Job {
    /// Keep a piece.
    Store(InfoHash, u32, Vec<u8>),
    /// Read a piece.
    Load(InfoHash, u32),
    /// Give a file to those who wait for it.
    Deliver(FileId),
    /// Tell the library of a file.
    Arrive(FileId),
    /// Keep an `info` dictionary.
    KeepInfo(InfoHash, Vec<u8>),
    /// Write a record.
    Save(String, Vec<u8>),
    /// Forget a torrent; its pieces too, where the second says so.
    Forget(InfoHash, bool),
    /// Make room until this much is used.
    Tidy(u64),
}

impl<S: Store + 'static, O: Outside + 'static> Swarm<S, O> {
    /// Works the jobs off, unless that is being done.
    pub(super) fn work(self: &Rc<Self>) {
        if self.jobs.borrow().is_empty() || self.is_working.replace(true) {
            return;
        }
        let this = Rc::clone(self);
        self.outside.spawn(Box::pin(async move {
            let mut slice_end = this.outside.now_millis() + SLICE_MILLIS;
            loop {
                let job = this.jobs.borrow_mut().pop_front();
                let Some(job) = job else { break };
                this.perform_job(job).await;
                if this.outside.now_millis() >= slice_end {
                    this.outside.turn().await;
                    slice_end = this.outside.now_millis() + SLICE_MILLIS;
                }
            }
            this.is_working.set(false);
            this.store.flush();
        }));
    }

    async fn perform_job(self: &Rc<Self>, job: Job) {
        match job {
            Job::Store(torrent, piece, bytes) => {
                let mut done = self.store.put(torrent, piece, &bytes).await;
                if done == Err(StoreError::Full) && self.make_room(ROOM).await {
                    done = self.store.put(torrent, piece, &bytes).await;
                }
                self.input(match done {
                    Ok(()) => Input::Stored(torrent, piece),
                    Err(error) => Input::StoreFailed(torrent, piece, error.to_string()),
                });
                self.keep_within_bounds().await;
            }
            Job::Load(torrent, piece) => {
                let bytes = self.piece(torrent, piece).await;
                self.input(Input::Loaded(torrent, piece, bytes));
            }
            Job::Deliver(file) => self.deliver(file).await,
            Job::Arrive(file) => self.arrive(file).await,
            Job::KeepInfo(torrent, info) => {
                // Without it the next session asks the peers again.
                let _ = self.store.put_record(&info_name(torrent), &info).await;
                self.mark_changed(torrent);
                self.arm();
            }
            Job::Save(name, bytes) => {
                if let Err(error) = self.store.put_record(&name, &bytes).await {
                    let text = format!("A torrent's state could not be kept: {error}.");
                    self.outside
                        .tell(Caller::Page, EVENT, &Event::Notice(text), None);
                }
            }
            Job::Forget(torrent, bytes) => {
                // What is left behind is found again with the next torrent of this name.
                let _ = self.store.remove_record(&state_name(torrent)).await;
                if bytes {
                    let _ = self.store.remove_record(&info_name(torrent)).await;
                    let _ = self.store.remove(torrent, 0..u32::MAX).await;
                }
                self.state.borrow_mut().is_dirty = true;
                self.arm();
            }
            Job::Tidy(most) => {
                let over = self.store.used().saturating_sub(most);
                self.make_room(over).await;
            }
        }
    }

    /// A piece from the store, or of a shared folder from the library.
    async fn piece(&self, torrent: InfoHash, piece: u32) -> Option<Vec<u8>> {
        let parts = self.shared_parts(torrent, piece);
        let Some(parts) = parts else {
            return self.store.get(torrent, piece).await.ok().flatten();
        };
        let mut bytes = Vec::new();
        for (md5, from, to) in parts {
            let file = self.outside.library_file(md5).await?;
            bytes.extend_from_slice(file.get(from..to)?);
        }
        Some(bytes)
    }

    /// What a piece of a shared folder is made of: files and their bytes from, to.
    fn shared_parts(
        &self,
        torrent: InfoHash,
        piece: u32,
    ) -> Option<Vec<(sidfile::Md5, usize, usize)>> {
        let state = self.state.borrow();
        let record = &state.torrents.get(&torrent)?.record;
        if record.kind != Kind::Shared {
            return None;
        }
        let info = state.session.info(&torrent)?;
        let start = u64::from(piece) * u64::from(info.piece_length);
        let end = start + u64::from(info.length_of_piece(piece));
        let first = info
            .files
            .partition_point(|file| file.offset + file.length <= start);
        let files = info.files.iter().zip(&record.shared).skip(first);
        let parts = files.take_while(|(file, _)| file.offset < end);
        Some(
            parts
                .filter(|(file, _)| file.length > 0)
                .map(|(file, md5)| {
                    let from = start.saturating_sub(file.offset);
                    let to = (end - file.offset).min(file.length);
                    (*md5, from as usize, to as usize)
                })
                .collect(),
        )
    }

    /// A complete file; `None` where it is not, or cannot be read.
    async fn file(&self, id: FileId) -> Option<(String, Vec<u8>)> {
        let (path, offset, length, piece_length) = {
            let state = self.state.borrow();
            let info = state.session.info(&id.torrent)?;
            let file = info.files.get(id.file as usize)?;
            (
                file.path.clone(),
                file.offset,
                file.length,
                info.piece_length,
            )
        };
        let piece_length = u64::from(piece_length);
        let mut bytes = Vec::new();
        let mut at = offset;
        while at < offset + length {
            let piece = u32::try_from(at / piece_length).ok()?;
            let from = (at % piece_length) as usize;
            let whole = self.piece(id.torrent, piece).await?;
            let part = whole.get(from..)?;
            let left = usize::try_from(offset + length - at).ok()?;
            let part = &part[..part.len().min(left)];
            if part.is_empty() {
                return None;
            }
            bytes.extend_from_slice(part);
            at += part.len() as u64;
        }
        Some((path, bytes))
    }

    async fn deliver(self: &Rc<Self>, id: FileId) {
        let file = self.file(id).await;
        let Some((_, bytes)) = file else {
            // The session thinks that it is here: have it look.
            self.input(Input::Verify(id.torrent));
            return;
        };
        let minutes = self.outside.minutes();
        let (waiting, before) = {
            let state = &mut *self.state.borrow_mut();
            let before = state.torrents.get_mut(&id.torrent).and_then(|known| {
                known.is_changed = true;
                let used = &mut known.record.used;
                used.retain(|(file, _)| *file != id.file);
                used.push((id.file, minutes));
                known.before.remove(&id.file)
            });
            (state.waiting.remove(&id).unwrap_or_default(), before)
        };
        for Waiting { caller, id: to, .. } in waiting {
            let event = Event::File(id);
            self.outside.tell(caller, to, &event, Some(bytes.clone()));
        }
        if let Some(before) = before {
            self.prioritise(id.torrent, (id.file, id.file + 1), before);
        }
    }

    async fn arrive(self: &Rc<Self>, id: FileId) {
        let Some((path, bytes)) = self.file(id).await else {
            return;
        };
        self.outside.arrived(id, &path, bytes);
        let state = &mut *self.state.borrow_mut();
        if let Some(Known {
            record, is_changed, ..
        }) = state.torrents.get_mut(&id.torrent)
        {
            let told = record.arrived.iter().flat_map(|(from, to)| *from..*to);
            let mut told: std::collections::BTreeSet<u32> = told.collect();
            told.insert(id.file);
            record.arrived = super::ranges(told);
            *is_changed = true;
        }
    }

    async fn keep_within_bounds(self: &Rc<Self>) {
        let allowed = self.state.borrow().allowed;
        let over = allowed.map_or(0, |allowed| self.store.used().saturating_sub(allowed));
        if over > 0 && !self.make_room(over + ROOM).await {
            let text = "The room for pieces is full, and everything in it is wanted.";
            self.stop_loudly(text);
        }
    }

    /// Pauses what downloads, and says why.
    fn stop_loudly(self: &Rc<Self>, text: &str) {
        let now = self.outside.now_millis();
        let running: Vec<InfoHash> = {
            let state = self.state.borrow();
            let all = state.session.torrents(now);
            let busy = all.iter().filter(|status| {
                status.phase == torrent::session::Phase::Downloading
                    && status.wanted > status.wanted_completed
            });
            busy.map(|status| status.info_hash).collect()
        };
        if running.is_empty() {
            return;
        }
        for torrent in running {
            self.input(Input::Pause(torrent, true));
            self.mark_changed(torrent);
        }
        let event = Event::Notice(format!("{text} Downloads are paused."));
        self.outside.tell(Caller::Page, EVENT, &event, None);
    }

    /// Evicts what the janitor picks; false where that is not enough.
    async fn make_room(self: &Rc<Self>, needed: u64) -> bool {
        let plan = janitor::plan(&self.held(), needed);
        for &(torrent, piece) in &plan.evict {
            if self.store.remove(torrent, piece..piece + 1).await.is_ok() {
                self.input(Input::Evicted(torrent, (piece, piece + 1)));
            }
        }
        plan.missing == 0
    }

    /// All pieces as the janitor sees them. What the listener wants to have here stays: only what
    /// was fetched to be played once goes.
    fn held(&self) -> Vec<Held<(InfoHash, u32)>> {
        let state = self.state.borrow();
        let mut all = Vec::new();
        for (&torrent, known) in &state.torrents {
            let Some(info) = state.session.info(&torrent) else {
                continue;
            };
            let files = state.session.files(&torrent, 0..u32::MAX);
            let played: std::collections::BTreeMap<u32, u32> =
                known.record.used.iter().copied().collect();
            let mut first = 0;
            for (start, end) in self.store.held(torrent) {
                for piece in start..end {
                    while files.get(first).is_some_and(|file| file.piece_end <= piece) {
                        first += 1;
                    }
                    let inside = files[first..]
                        .iter()
                        .take_while(|file| file.piece_start <= piece);
                    let (mut used_minutes, mut is_protected) = (0, false);
                    for file in inside {
                        let id = FileId {
                            torrent,
                            file: file.index,
                        };
                        used_minutes =
                            used_minutes.max(played.get(&file.index).copied().unwrap_or(0));
                        is_protected |= file.priority != Priority::None
                            || state.waiting.contains_key(&id)
                            || state
                                .watches
                                .values()
                                .any(|watch| watch.protected.contains(&id));
                    }
                    all.push(Held {
                        piece: (torrent, piece),
                        bytes: u64::from(info.length_of_piece(piece)),
                        used_minutes,
                        is_protected,
                    });
                }
            }
        }
        all
    }

    /// Has records that changed written, at most every few seconds, or at once.
    pub(super) fn save_records(&self, now: u64, at_once: bool) {
        let state = &mut *self.state.borrow_mut();
        if !at_once && now < state.saved_at + SAVE_MILLIS {
            return;
        }
        for (&torrent, known) in &mut state.torrents {
            if !std::mem::take(&mut known.is_changed) {
                continue;
            }
            if let Some(now) = state.session.record(&torrent) {
                known.record.trackers = now.trackers;
                known.record.web_seeds = now.web_seeds;
                known.record.flat_web_seeds = now.flat_web_seeds;
                known.record.priority = now.priority;
                known.record.priorities = now.priorities;
                known.record.paused = now.paused;
                known.record.totals = now.totals;
            }
            let mut record = known.record.clone();
            for (&file, &before) in &known.before {
                record.priorities.push((file, file + 1, before));
            }
            let save = Job::Save(state_name(torrent), record.encode());
            self.jobs.borrow_mut().push_back(save);
            state.saved_at = now;
        }
    }

    /// Has the list of dismissed torrents written.
    pub(super) fn save_dismissed(&self) {
        let dismissed = &self.state.borrow().dismissed;
        let bytes = dismissed.iter().flat_map(|torrent| torrent.0).collect();
        self.push(Job::Save(DISMISSED.into(), bytes));
    }
}
