//! Work that takes a while: in the store, done one after the other by a thread of its own. Work that
//! was under way when the relay ended is taken up again when it starts.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use protocol::admin::{Freshness, Integrity, Job, JobKind, JobState};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::now_millis;
use crate::collections::publish::{self as publishing, Options, Progress};
use crate::collections::{Collections, look};
use crate::metrics::JobMetrics;
use crate::store::{Error, Operation, Store, signed, unsigned};

/// Jobs that are told, and kept once they have ended.
const MOST: i64 = 200;
/// What the store calls a running job that somebody wants to stop.
const STOPPING: &str = "stopping";

/// The way to the thread.
pub struct Jobs {
    store: Store,
    wake: Sender<()>,
    running: Arc<Mutex<Option<Running>>>,
    metrics: JobMetrics,
}

/// How far the running job is; only in memory.
struct Running {
    id: i64,
    words: String,
    done: u64,
    all: u64,
    is_stopped: Arc<AtomicBool>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What.
    pub kind: JobKind,
    /// To which collection.
    pub collection: String,
    /// The folder that is published.
    pub folder: PathBuf,
    /// The collection's name for people.
    pub name: String,
}

fn kind_name(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Publish => "publish",
        JobKind::Verify => "verify",
        JobKind::Compare => "compare",
    }
}

fn state_name(state: JobState) -> &'static str {
    match state {
        JobState::Waiting => "waiting",
        JobState::Running => "running",
        JobState::Done => "done",
        JobState::Failed => "failed",
        JobState::Stopped => "stopped",
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    let (kind, state): (String, String) = (row.get("kind")?, row.get("state")?);
    Ok(Job {
        id: row.get("id")?,
        kind: match &*kind {
            "verify" => JobKind::Verify,
            "compare" => JobKind::Compare,
            _ => JobKind::Publish,
        },
        collection: row.get("collection")?,
        state: match &*state {
            "waiting" => JobState::Waiting,
            "running" | STOPPING => JobState::Running,
            "done" => JobState::Done,
            "stopped" => JobState::Stopped,
            _ => JobState::Failed,
        },
        words: row.get("words")?,
        done: unsigned(row.get("done")?),
        all: unsigned(row.get("total")?),
        made_millis: unsigned(row.get("made_millis")?),
        ended_millis: row.get::<_, Option<i64>>("ended_millis")?.map(unsigned),
    })
}

/// Adds a job; none where the collection has one already.
///
/// # Errors
/// The database's own.
pub fn add(to: &Transaction<'_>, order: &Order, now: u64) -> Result<Option<Job>, Error> {
    let open: i64 = to.query_row(
        "SELECT count(*) FROM jobs
         WHERE collection = ? AND state IN ('waiting', 'running', 'stopping')",
        [&order.collection],
        |row| row.get(0),
    )?;
    if open > 0 {
        return Ok(None);
    }
    to.execute(
        "DELETE FROM jobs WHERE ended_millis IS NOT NULL AND id NOT IN
         (SELECT id FROM jobs ORDER BY id DESC LIMIT ?)",
        [MOST - 1],
    )?;
    let folder = order.folder.to_string_lossy();
    let job = to.query_row(
        "INSERT INTO jobs (kind, collection, folder, name, state, words, done, total, made_millis)
         VALUES (?, ?, ?, ?, 'waiting', 'waits', 0, 0, ?) RETURNING *",
        params![
            kind_name(order.kind),
            order.collection,
            folder,
            order.name,
            signed(now)
        ],
        read,
    )?;
    Ok(Some(job))
}

/// What became of the wish to stop a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// It stops, and is of this collection.
    Yes(String),
    /// It has ended before.
    Ended,
    /// There is none.
    Unknown,
}

/// Marks a job as one that is to stop.
///
/// # Errors
/// The database's own.
pub fn stop(to: &Transaction<'_>, id: i64, now: u64) -> Result<Stopped, Error> {
    let found: Option<(String, String)> = to
        .query_row(
            "SELECT state, collection FROM jobs WHERE id = ?",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((state, collection)) = found else {
        return Ok(Stopped::Unknown);
    };
    match &*state {
        "waiting" => end(
            to,
            id,
            JobState::Stopped,
            "it was stopped before it began",
            now,
        )?,
        "running" | STOPPING => {
            to.execute("UPDATE jobs SET state = 'stopping' WHERE id = ?", [id])?;
        }
        _ => return Ok(Stopped::Ended),
    }
    Ok(Stopped::Yes(collection))
}

fn end(to: &Transaction<'_>, id: i64, state: JobState, words: &str, now: u64) -> Result<(), Error> {
    to.execute(
        "UPDATE jobs SET state = ?, words = ?, ended_millis = ? WHERE id = ?",
        params![state_name(state), words, signed(now), id],
    )?;
    Ok(())
}

/// What was last found of a collection.
///
/// # Errors
/// The database's own.
pub fn found<T: DeserializeOwned>(
    from: &Connection,
    collection: &str,
    kind: &str,
) -> Result<Option<T>, Error> {
    let text: Option<String> = from
        .query_row(
            "SELECT found FROM checks WHERE collection = ? AND kind = ?",
            [collection, kind],
            |row| row.get(0),
        )
        .optional()?;
    // What a damaged row said is looked for again.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

fn keep(
    to: &Transaction<'_>,
    collection: &str,
    kind: &str,
    found: &impl Serialize,
) -> Result<(), Error> {
    let text = serde_json::to_string(found).expect("plain data always encodes");
    to.execute(
        "INSERT INTO checks VALUES (?1, ?2, ?3)
         ON CONFLICT (collection, kind) DO UPDATE SET found = ?3",
        [collection, kind, &text],
    )?;
    Ok(())
}

/// Forgets what was found of a collection.
///
/// # Errors
/// The database's own.
pub fn forget(to: &Transaction<'_>, collection: &str) -> Result<(), Error> {
    to.execute("DELETE FROM checks WHERE collection = ?", [collection])?;
    Ok(())
}

/// While no job runs: those that were under way when the relay ended, or whose end could not be
/// written, wait again, unless somebody has stopped them.
fn take_up(to: &Transaction<'_>) -> Result<(), Error> {
    to.execute(
        "UPDATE jobs SET state = 'waiting' WHERE state = 'running'",
        [],
    )?;
    to.execute(
        "UPDATE jobs SET state = 'stopped', words = 'it was stopped', ended_millis = ?
         WHERE state = 'stopping'",
        [signed(now_millis())],
    )?;
    Ok(())
}

impl Jobs {
    /// Starts the thread, which takes up what was under way. It ends with this.
    ///
    /// # Errors
    /// The store's own, or the machine refuses a thread.
    pub fn start(
        store: Store,
        collections: Arc<Collections>,
        metrics: JobMetrics,
    ) -> Result<Self, Error> {
        store.write_now(Operation::Job, take_up)?;
        let (wake, is_woken) = channel();
        let running = Arc::default();
        let worker = Worker {
            store: store.clone(),
            collections,
            running: Arc::clone(&running),
            metrics: metrics.clone(),
        };
        std::thread::Builder::new()
            .name("jobs".into())
            .spawn(move || worker.run(&is_woken))
            .map_err(|_| Error::GivenUp)?;
        let jobs = Self {
            store,
            wake,
            running,
            metrics,
        };
        jobs.wake();
        Ok(jobs)
    }

    /// Something was added.
    pub fn wake(&self) {
        let count = |from: &Connection| {
            let count = from.query_row(
                "SELECT count(*) FROM jobs WHERE state = 'waiting'",
                [],
                |row| row.get(0),
            );
            Ok(count?)
        };
        if let Ok(count) = self.store.read_now(Operation::Job, count) {
            self.metrics.depth.set(count);
        }
        // Without its thread nothing is done, and the job says that it waits.
        let _ = self.wake.send(());
    }

    /// A job that may be running is to stop.
    pub fn interrupt(&self, id: i64) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.as_ref().filter(|running| running.id == id) {
            running.is_stopped.store(true, Ordering::Relaxed);
        }
    }

    /// All of them, the newest first; the running one as far as it is.
    ///
    /// # Errors
    /// The database's own.
    pub fn list(&self, from: &Connection) -> Result<Vec<Job>, Error> {
        let mut statement = from.prepare_cached("SELECT * FROM jobs ORDER BY id DESC LIMIT ?")?;
        let rows = statement.query_map([MOST], read)?;
        let mut jobs: Vec<Job> = rows.collect::<Result<_, _>>()?;
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*running
            && let Some(job) = jobs.iter_mut().find(|job| job.id == running.id)
            && job.state == JobState::Running
        {
            job.words.clone_from(&running.words);
            (job.done, job.all) = (running.done, running.all);
        }
        Ok(jobs)
    }
}

/// Who does it.
struct Worker {
    store: Store,
    collections: Arc<Collections>,
    running: Arc<Mutex<Option<Running>>>,
    metrics: JobMetrics,
}

/// How a job ended.
struct Outcome {
    state: JobState,
    words: String,
}

impl Worker {
    fn run(&self, is_woken: &Receiver<()>) {
        while is_woken.recv().is_ok() {
            while let Some((id, order)) = self.next() {
                self.metrics.active.set(1);
                let is_stopped = Arc::new(AtomicBool::new(false));
                self.note(Some(Running {
                    id,
                    words: "begins".into(),
                    done: 0,
                    all: 0,
                    is_stopped: Arc::clone(&is_stopped),
                }));
                let outcome = self.work(id, &order, &is_stopped);
                if outcome.state == JobState::Failed {
                    self.metrics.failed.inc();
                    tracing::warn!(job = id, reason = outcome.words, "a job failed");
                }
                let now = now_millis();
                // A job whose end cannot be written is done again.
                let _ = self.store.write_now(Operation::Job, |to| {
                    end(to, id, outcome.state, &outcome.words, now)
                });
                self.note(None);
                self.metrics.active.set(0);
            }
        }
    }

    fn note(&self, running: Option<Running>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
    }

    /// The oldest job that waits, which runs from now on.
    fn next(&self) -> Option<(i64, Order)> {
        let take = |to: &Transaction<'_>| {
            take_up(to)?;
            let next = to
                .query_row(
                    "UPDATE jobs SET state = 'running', words = 'begins' WHERE id =
                     (SELECT min(id) FROM jobs WHERE state = 'waiting') RETURNING *",
                    [],
                    |row| {
                        let job = read(row)?;
                        let folder: String = row.get("folder")?;
                        let order = Order {
                            kind: job.kind,
                            collection: job.collection,
                            folder: folder.into(),
                            name: row.get("name")?,
                        };
                        Ok((job.id, order))
                    },
                )
                .optional()?;
            let waiting: i64 = to.query_row(
                "SELECT count(*) FROM jobs WHERE state = 'waiting'",
                [],
                |row| row.get(0),
            )?;
            Ok((next, waiting))
        };
        let (next, waiting) = self.store.write_now(Operation::Job, take).ok()?;
        self.metrics.depth.set(waiting);
        next
    }

    fn work(&self, id: i64, order: &Order, is_stopped: &AtomicBool) -> Outcome {
        let watch = |progress: Progress| {
            let (words, done, all) = match progress {
                Progress::Reading(done, all) => ("reads files", done as u64, all as u64),
                Progress::Hashing(done, all) => ("hashes", done, all),
            };
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(running) = running.as_mut() {
                (running.done, running.all) = (done, all);
                if running.words != words {
                    running.words = words.into();
                }
            }
            if is_stopped.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        tracing::info!(
            job = id,
            kind = kind_name(order.kind),
            collection = order.collection,
            "a job begins"
        );
        match order.kind {
            JobKind::Publish => publish(self.collections.folder(), order, watch),
            JobKind::Verify => self.verify(order, watch),
            JobKind::Compare => self.compare(order),
        }
    }

    fn verify(&self, order: &Order, watch: impl FnMut(Progress) -> ControlFlow<()>) -> Outcome {
        let Some(collection) = self.collections.get(&order.collection) else {
            return failed("there is no such collection");
        };
        let Some(verified) = look::verify(&collection, watch) else {
            return stopped();
        };
        let integrity = Integrity {
            checked_millis: now_millis(),
            files: verified.files,
            damaged: verified.damaged,
            examples: verified.examples,
        };
        let words = match integrity.damaged {
            0 => format!("all {} files are what was published", integrity.files),
            damaged => format!(
                "{damaged} of {} files are not what was published",
                integrity.files
            ),
        };
        self.found(order, "integrity", &integrity, words)
    }

    fn compare(&self, order: &Order) -> Outcome {
        let Some(collection) = self.collections.get(&order.collection) else {
            return failed("there is no such collection");
        };
        let compared = match look::compare(&collection) {
            Ok(compared) => compared,
            Err(error) => return failed(error),
        };
        let freshness = Freshness {
            checked_millis: now_millis(),
            new: compared.new,
            changed: compared.changed,
            gone: compared.gone,
        };
        let words = match (freshness.new, freshness.changed, freshness.gone) {
            (0, 0, 0) => "the folder is as it was published".into(),
            (new, changed, gone) => {
                format!("{new} files are new, {changed} have changed, {gone} are gone")
            }
        };
        self.found(order, "freshness", &freshness, words)
    }

    fn found(&self, order: &Order, kind: &str, found: &impl Serialize, words: String) -> Outcome {
        let keep = |to: &Transaction<'_>| keep(to, &order.collection, kind, found);
        match self.store.write_now(Operation::Job, keep) {
            Ok(()) => Outcome {
                state: JobState::Done,
                words,
            },
            Err(error) => failed(error),
        }
    }
}

fn failed(reason: impl ToString) -> Outcome {
    Outcome {
        state: JobState::Failed,
        words: reason.to_string(),
    }
}

fn stopped() -> Outcome {
    Outcome {
        state: JobState::Stopped,
        words: "it was stopped; what is done is kept, and the next time goes on from there".into(),
    }
}

fn publish(out: &Path, order: &Order, watch: impl FnMut(Progress) -> ControlFlow<()>) -> Outcome {
    let options = Options {
        folder: order.folder.clone(),
        name: order.name.clone(),
        out: out.into(),
    };
    match publishing::publish(&options, watch) {
        Ok(published) => {
            let manifest = published.manifest;
            let left_out = match published.refused.len() {
                0 => String::new(),
                count => format!("; {count} files are no tunes and not in the catalogue"),
            };
            Outcome {
                state: JobState::Done,
                words: format!(
                    "{} files, {} songs, {} new files{left_out}",
                    manifest.files, manifest.tunes, published.added
                ),
            }
        }
        Err(publishing::Error::Stopped) => stopped(),
        Err(error) => failed(error),
    }
}
