//! The library: the tunes that are kept, what is known of them, and the requests about them.

mod find;
#[cfg(test)]
mod find_tests;
mod found;

mod import;
mod kept;
mod page_blobs;
mod remote;
mod roms;
mod store;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::task::Waker;

use catalog::{Entry, Found as Selected, Index, Knowledge, Origin, Query, Remote};
use protocol::EVENT;
use protocol::library::{Event, Refusal, Request, Rom, Storage};
use sidfile::{Format, Md5, Songlengths, Stil};

pub use import::{Found, Importer, Source};
pub use store::{MemoryStore, Store, StoredFile};

use crate::StoreError;

/// Blob that holds the encoded index.
const CATALOGUE: &str = "catalogue";
/// Blob that holds the listener's `Songlengths.md5`.
const SONGLENGTHS: &str = "songlengths";
/// Blob that holds the listener's `STIL.txt`.
const STIL: &str = "stil";
/// Blob that tells which demo tunes were put in, so that one that was removed stays away.
const DEMOS: &str = "demos";

/// Files and bytes that are written in one go.
const BATCH_FILES: usize = 128;
const BATCH_BYTES: usize = 1 << 20;
/// How long the worker works before it looks for messages.
const SLICE_MILLIS: f64 = 12.0;
/// How often an import tells how it stands.
const PROGRESS_MILLIS: f64 = 100.0;

/// What the library needs of the world.
#[expect(
    async_fn_in_trait,
    reason = "workers have one thread, nothing needs to be Send"
)]
pub trait Outside {
    /// Says something to the page.
    fn tell(&self, id: u32, event: &Event);
    /// A clock for pacing.
    fn now_millis(&self) -> f64;
    /// Lets waiting messages in.
    async fn turn(&self);
    /// A file of the site; `None` where it cannot be had.
    async fn fetch(&self, path: &str) -> Option<Vec<u8>>;
    /// A file that the swarm has, or why it cannot be had now.
    async fn fetch_from_swarm(&self, file: Remote) -> Result<Vec<u8>, String>;
}

/// The service.
pub struct Library<S, O> {
    store: S,
    outside: O,
    storage: Storage,
    index: RefCell<Index>,
    knowledge: RefCell<Knowledge>,
    /// The last query and what it selected, as lists are asked for window by window.
    selection: RefCell<Option<(Query, Rc<Selected>)>>,
    /// The query that was asked for last.
    newest: RefCell<Query>,
    cancelled: RefCell<BTreeSet<u32>>,
    /// Path, digest and bytes of the tunes of the last import, those that were known too.
    last_import: RefCell<Vec<(String, Md5, u64)>>,
    opened: Cell<bool>,
    /// Whether opening is over, demo tunes included, and who waits for that.
    settled: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
    /// Is told of what changed in a collection.
    follower: RefCell<Option<kept::Follower>>,
}

impl<S: Store, O: Outside> Library<S, O> {
    /// A library over `store`, not yet opened.
    pub fn new(store: S, outside: O, storage: Storage) -> Self {
        Self {
            store,
            outside,
            storage,
            index: RefCell::default(),
            knowledge: RefCell::default(),
            selection: RefCell::default(),
            newest: RefCell::default(),
            cancelled: RefCell::default(),
            last_import: RefCell::default(),
            opened: Cell::new(false),
            settled: Cell::new(false),
            waiting: RefCell::default(),
            follower: RefCell::default(),
        }
    }

    /// The world that it was given.
    pub fn outside(&self) -> &O {
        &self.outside
    }

    /// Answers any request but those that carry more than their message: [`Request::Import`],
    /// [`Request::ImportPart`], [`Request::File`], [`Request::Arrived`], and the ports. What is asked of the tunes waits
    /// until the library is open: before that lists would be too short.
    pub async fn answer(&self, id: u32, request: Request) {
        if matches!(
            request,
            Request::Rows { .. }
                | Request::Neighbours { .. }
                | Request::Entry { .. }
                | Request::Imported
                | Request::RemoteEntry { .. }
                | Request::Torrent { .. }
                | Request::Find(_)
        ) {
            self.settled().await;
        }
        let event = match request {
            Request::Open => self.open().await,
            Request::Rows {
                query,
                offset,
                count,
            } => self.rows(&query, offset, count),
            Request::Entry { md5 } => {
                let entry = self.index.borrow().get(&md5).map(Box::new);
                Event::Entry { md5, entry }
            }
            Request::RemoteEntry { remote } => self.remote_entry(remote).await,
            Request::Find(request) => match self.find(request).await {
                Some(event) => event,
                None => return,
            },
            Request::Neighbours { query, md5 } => self.neighbours(&query, md5),
            Request::CancelImport { import } => {
                self.cancelled.borrow_mut().insert(import);
                return;
            }
            Request::KeepLength { tune, length } => {
                self.keep_length(tune, length).await;
                return;
            }
            Request::PutBlob { name, bytes } => self.put_page_blob(name, bytes).await,
            Request::GetBlob { name } => self.page_blob(name).await,
            Request::Remove { md5s } => self.remove(&md5s).await,
            Request::RemoveRoms => self.remove_roms().await,
            Request::Imported => self.imported(),
            Request::Torrent { info_hash, is_here } => {
                self.torrent(info_hash, is_here).await;
                return;
            }
            Request::Import { .. }
            | Request::ImportPart { .. }
            | Request::File { .. }
            | Request::Arrived { .. }
            | Request::Connect
            | Request::Keep(_)
            | Request::ConnectSwarm => return,
        };
        self.outside.tell(id, &event);
    }

    /// The bytes of a file, from here or from the swarm, and the ROMs that it may need.
    ///
    /// # Errors
    /// It is not here, or cannot be had now: why, in words, where it is the swarm's to give.
    pub async fn file(&self, md5: &Md5) -> Result<(Vec<u8>, Vec<Rom>), Option<String>> {
        self.settled().await;
        let (format, remote) = {
            let index = self.index.borrow();
            let entry = index.get(md5);
            (entry.map(|entry| entry.format), index.remote(md5))
        };
        let kept = self.store.get(md5).await;
        let kept = kept.map_err(|error| Some(error.to_string()))?;
        let bytes = match (kept, remote) {
            (Some(file), _) => file.bytes,
            (None, Some(remote)) => {
                let bytes = self.outside.fetch_from_swarm(remote).await.map_err(Some)?;
                if Md5::of(&bytes) != *md5 {
                    return Err(Some("the swarm has another file in its place".into()));
                }
                self.index.borrow_mut().set_here(*md5, true);
                bytes
            }
            (None, None) => return Err(None),
        };
        let roms = self.roms_for(format.unwrap_or(Format::Psid)).await;
        Ok((bytes, roms))
    }

    /// Where the swarm has a file that is not kept here.
    #[must_use]
    pub fn remote(&self, md5: &Md5) -> Option<Remote> {
        self.index.borrow().remote(md5)
    }

    async fn open(&self) -> Event {
        let event = self.open_once().await;
        self.settled.set(true);
        for waker in self.waiting.take() {
            waker.wake();
        }
        event
    }

    async fn open_once(&self) -> Event {
        if !self.opened.replace(true) {
            match self.load().await {
                Ok(repaired) => {
                    self.add_demos().await;
                    self.outside.tell(EVENT, &self.roms_event().await);
                    self.outside.tell(EVENT, &self.found_event().await);
                    return self.opened_event(repaired);
                }
                Err(error) => {
                    self.opened.set(false);
                    return Event::Failed {
                        reason: error.to_string(),
                    };
                }
            }
        }
        self.opened_event(None)
    }

    fn opened_event(&self, repaired: Option<String>) -> Event {
        Event::Opened {
            count: self.count(),
            storage: self.storage,
            repaired,
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.index.borrow().len()).unwrap_or(u32::MAX)
    }

    /// Reads the catalogue and brings it in step with the files: what is kept counts, so a file
    /// without an entry gets one, and an entry without its file goes.
    async fn load(&self) -> Result<Option<String>, StoreError> {
        let mut repaired = None;
        let mut entries = match self.store.get_blob(CATALOGUE).await? {
            None => Vec::new(),
            Some(bytes) => catalog::decode(&bytes).unwrap_or_else(|error| {
                repaired = Some(format!("{error}. It was made again from the files."));
                Vec::new()
            }),
        };
        *self.knowledge.borrow_mut() = Knowledge {
            lengths: self
                .store
                .get_blob(SONGLENGTHS)
                .await?
                .map(|bytes| Songlengths::parse(&bytes)),
            stil: self
                .store
                .get_blob(STIL)
                .await?
                .map(|bytes| Stil::parse(&bytes)),
        };
        let kept: BTreeSet<Md5> = self.store.keys().await?.into_iter().collect();
        entries.retain(|entry| kept.contains(&entry.md5) || entry.remote.is_some());
        let mut index = Index::new(entries);
        let mut recovered = 0;
        for md5 in kept
            .iter()
            .filter(|md5| !index.has(md5))
            .copied()
            .collect::<Vec<_>>()
        {
            let Some(file) = self.store.get(&md5).await? else {
                continue;
            };
            if let Ok(mut entry) = Entry::of_file(&file.path, &file.bytes, Origin::Imported) {
                self.knowledge.borrow().apply(&mut entry);
                recovered += u32::from(index.insert(entry));
            }
        }
        self.replace(index);
        self.rebuild().await;
        if recovered > 0 {
            self.save().await?;
        }
        Ok(repaired)
    }

    fn replace(&self, index: Index) {
        let mut index = index;
        index.take_facts(&mut self.index.borrow_mut());
        *self.index.borrow_mut() = index;
        self.selection.borrow_mut().take();
    }

    async fn save(&self) -> Result<(), StoreError> {
        let own = self.own();
        self.store.put_blob(CATALOGUE, &catalog::encode(&own)).await
    }

    /// Puts the demo tunes in, once for each edition of them. Without network there are none, and
    /// the next start tries again.
    async fn add_demos(&self) {
        let Some(list) = self.outside.fetch("/demo/Songlengths.md5").await else {
            return;
        };
        let edition = Md5::of(&list).0;
        if self
            .store
            .get_blob(DEMOS)
            .await
            .is_ok_and(|known| known.as_deref() == Some(&edition))
        {
            return;
        }
        let lengths = Songlengths::parse(&list);
        let stil = self.outside.fetch("/demo/STIL.txt").await;
        let stil = stil.map(|text| Stil::parse(&text));
        let paths: Vec<String> = lengths
            .paths()
            .map(|path| path.trim_start_matches('/').to_owned())
            .collect();
        let knowledge = Knowledge {
            lengths: Some(lengths),
            stil,
        };
        let mut files = Vec::new();
        let mut entries = Vec::new();
        for path in paths {
            let Some(bytes) = self.outside.fetch(&format!("/demo/{path}")).await else {
                return;
            };
            let Ok(mut entry) = Entry::of_file(&path, &bytes, Origin::BuiltIn) else {
                return;
            };
            knowledge.apply(&mut entry);
            files.push(StoredFile {
                md5: entry.md5,
                path,
                bytes,
            });
            entries.push(entry);
        }
        if self.store.put(&files).await.is_err() {
            return;
        }
        {
            let mut index = self.index.borrow_mut();
            let old: Vec<Md5> = index
                .own()
                .filter(|entry| entry.origin == Origin::BuiltIn)
                .map(|entry| entry.md5)
                .collect();
            for md5 in old {
                index.remove(&md5);
            }
            for entry in entries {
                index.insert(entry);
            }
        }
        self.selection.borrow_mut().take();
        if self.save().await.is_ok() {
            // Without it the tunes are merely put in once more.
            let _ = self.store.put_blob(DEMOS, &edition).await;
        }
    }

    async fn remove(&self, md5s: &[Md5]) -> Event {
        if let Err(error) = self.store.remove(md5s).await {
            return Event::Failed {
                reason: error.to_string(),
            };
        }
        for md5 in md5s {
            self.index.borrow_mut().remove(md5);
        }
        // A collection may have it too.
        self.rebuild().await;
        self.changed().await
    }

    /// Saves the index and makes the event that tells of it.
    async fn changed(&self) -> Event {
        self.selection.borrow_mut().take();
        match self.save().await {
            Ok(()) => Event::LibraryChanged {
                count: self.count(),
            },
            Err(error) => Event::Failed {
                reason: error.to_string(),
            },
        }
    }

    /// Takes files in, and tells the page all along.
    pub async fn import<F: Source>(&self, id: u32, files: Vec<(String, F)>) {
        let mut run = ImportRun {
            batch: Vec::new(),
            bytes: 0,
            refused: Vec::new(),
            failed: None,
        };
        let mut importer = Importer::new(files);
        self.last_import.borrow_mut().clear();
        let mut slice_end = self.outside.now_millis() + SLICE_MILLIS;
        let mut next_progress = self.outside.now_millis() + PROGRESS_MILLIS;
        let mut has_learned = false;
        let mut cancelled = false;
        while let Some(found) = importer.step() {
            match found {
                Found::Nothing => {}
                Found::Tune(file, entry) => run.take(file, *entry),
                Found::Songlengths(bytes) => {
                    self.knowledge.borrow_mut().lengths = Some(Songlengths::parse(&bytes));
                    self.keep_text(SONGLENGTHS, &bytes).await;
                    has_learned = true;
                }
                Found::Rom(kind, bytes) => match self.keep_rom(kind, bytes).await {
                    Ok(true) => importer.report.roms.push(kind),
                    Ok(false) => {}
                    Err(error) => run.failed = Some(error.to_string()),
                },
                Found::Stil(bytes) => {
                    self.knowledge.borrow_mut().stil = Some(Stil::parse(&bytes));
                    self.keep_text(STIL, &bytes).await;
                    has_learned = true;
                }
            }
            if run.is_full() {
                self.write(&mut run, &mut importer).await;
            }
            let now = self.outside.now_millis();
            if now >= next_progress {
                next_progress = now + PROGRESS_MILLIS;
                self.progress(id, &mut run, &mut importer);
            }
            if now >= slice_end {
                self.outside.turn().await;
                slice_end = self.outside.now_millis() + SLICE_MILLIS;
                cancelled = self.cancelled.borrow_mut().remove(&id);
            }
            if cancelled || run.failed.is_some() {
                break;
            }
        }
        self.write(&mut run, &mut importer).await;
        if has_learned {
            self.teach();
        }
        self.progress(id, &mut run, &mut importer);
        if !importer.report.roms.is_empty() {
            self.outside.tell(EVENT, &self.roms_event().await);
        }
        if let Event::Failed { reason } = self.changed().await {
            run.failed.get_or_insert(reason);
        }
        self.outside.tell(
            EVENT,
            &Event::LibraryChanged {
                count: self.count(),
            },
        );
        let mut report = importer.report;
        report.refused = run.refused;
        self.outside.tell(
            id,
            &Event::ImportDone {
                report,
                cancelled,
                failed: run.failed,
            },
        );
    }

    /// Tells how an import stands, and moves what was refused since the last time to the totals.
    fn progress<F: Source>(&self, id: u32, run: &mut ImportRun, importer: &mut Importer<F>) {
        self.outside
            .tell(id, &Event::ImportProgress(importer.report.clone()));
        run.refused.append(&mut importer.report.refused);
    }

    /// Writes what has gathered. A file counts as taken in when it is on disk.
    async fn write<F: Source>(&self, run: &mut ImportRun, importer: &mut Importer<F>) {
        let batch = std::mem::take(&mut run.batch);
        run.bytes = 0;
        if batch.is_empty() || run.failed.is_some() {
            return;
        }
        let (mut files, mut entries) = (Vec::new(), Vec::new());
        for (file, entry) in batch {
            self.last_import.borrow_mut().push((
                file.path.clone(),
                file.md5,
                file.bytes.len() as u64,
            ));
            // What a collection tells of is not here yet.
            let known = self.index.borrow().origin(&entry.md5);
            let known = known.is_some_and(|origin| origin != Origin::Collection);
            if known || entries.iter().any(|other: &Entry| other.md5 == entry.md5) {
                importer.report.known += 1;
            } else {
                files.push(file);
                entries.push(entry);
            }
        }
        if let Err(error) = self.store.put(&files).await {
            run.failed = Some(error.to_string());
            return;
        }
        for mut entry in entries {
            let mut index = self.index.borrow_mut();
            if let Some(published) = index.get(&entry.md5) {
                entry = Entry {
                    path: entry.path,
                    origin: entry.origin,
                    remote: None,
                    ..published
                };
            }
            self.knowledge.borrow().apply(&mut entry);
            importer.report.added += 1;
            if !index.update(entry.clone()) {
                index.insert(entry);
            }
        }
        self.selection.borrow_mut().take();
    }

    /// Keeps a text about tunes for later imports; this one knows it already, so a store that is
    /// full for it does no harm here.
    async fn keep_text(&self, name: &str, bytes: &[u8]) {
        let _ = self.store.put_blob(name, bytes).await;
    }

    /// Writes what is known now into every entry.
    fn teach(&self) {
        let knowledge = self.knowledge.borrow();
        let mut index = self.index.borrow_mut();
        let mut better = Vec::new();
        for mut entry in index.iter() {
            if knowledge.apply(&mut entry) {
                better.push(entry);
            }
        }
        for entry in better {
            index.update(entry);
        }
    }
}

/// What an import has gathered.
struct ImportRun {
    batch: Vec<(StoredFile, Entry)>,
    bytes: usize,
    refused: Vec<Refusal>,
    failed: Option<String>,
}

impl ImportRun {
    fn take(&mut self, file: StoredFile, entry: Entry) {
        self.bytes += file.bytes.len();
        self.batch.push((file, entry));
    }

    fn is_full(&self) -> bool {
        self.batch.len() >= BATCH_FILES || self.bytes >= BATCH_BYTES
    }
}
