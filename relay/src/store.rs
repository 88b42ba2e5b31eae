//! What the relay keeps of itself: an SQLite database, `sidereal.db` in the data folder.
//!
//! One connection writes and a few read, all on threads that may wait for the disk. What was
//! answered is on the disk: the log is written ahead and flushed with each commit. A file that is
//! damaged, of a newer version or of another program is refused with words, and left as it is.

pub mod audit;
pub mod backup;
mod pool;
mod schema;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::metrics::DatabaseMetrics;
use pool::Pool;
pub use schema::VERSION;

/// Connections that read.
const READERS: usize = 4;
/// How long a connection waits for another process, such as the command line's.
const MOST_WAITING: Duration = Duration::from_secs(5);

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened or made.
    #[error("store {}: {reason}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is not what was written.
    #[error(
        "store {}: it is damaged ({reason}). Nothing was changed: keep a copy, and bring back a \
         backup with `sidereal-relay restore FILE`, or move it away to begin anew",
        path.display()
    )]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A newer relay has written the file.
    #[error(
        "store {}: it is of version {found}, and this relay knows versions up to {VERSION}. \
         Nothing was changed: start the newer relay, or bring back a backup of the older one with \
         `sidereal-relay restore FILE`",
        path.display()
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// The file is a database, but not of a relay.
    #[error("store {}: it is a database of another program. Nothing was changed", .0.display())]
    Foreign(PathBuf),
    /// Another relay holds the data folder.
    #[error("data folder {}: another relay uses it: stop that one first", .0.display())]
    InUse(PathBuf),
    /// A question failed.
    #[error("store: {0}")]
    Query(#[from] rusqlite::Error),
    /// Work ended before its time.
    #[error("store: the work was given up")]
    GivenUp,
}

/// What is done with the store, as the metrics tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Who is logged in.
    Session,
    /// Keys of programs.
    Token,
    /// The operator's password.
    Password,
    /// The audit trail by itself.
    Audit,
    /// What is turned away.
    Block,
    /// Jobs and what they found.
    Job,
    /// Whether the store answers.
    Probe,
}

impl Operation {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Session,
        Self::Token,
        Self::Password,
        Self::Audit,
        Self::Block,
        Self::Job,
        Self::Probe,
    ];

    /// As the metrics have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Password => "password",
            Self::Audit => "audit",
            Self::Block => "block",
            Self::Job => "job",
            Self::Probe => "probe",
        }
    }
}

/// The store. Clones are the same.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    path: PathBuf,
    writer: Pool,
    readers: Pool,
    metrics: DatabaseMetrics,
    /// The folder of a store that tests made.
    #[cfg(test)]
    _folder: Option<tempfile::TempDir>,
}

/// The store's file in a data folder.
#[must_use]
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("sidereal.db")
}

/// Holds a data folder for one relay, as long as it lives.
///
/// # Errors
/// Another relay has it, or the folder cannot be written.
pub fn hold(data_dir: &Path) -> Result<File, Error> {
    let path = data_dir.join("relay.lock");
    let file = File::create(&path).map_err(|error| Error::Open {
        path,
        reason: error.to_string(),
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(Error::InUse(data_dir.into())),
    }
}

impl Store {
    /// Opens the store of a data folder; makes it, or brings it up to date, where it has to.
    ///
    /// # Errors
    /// The file cannot be used: damaged, newer, foreign, or kept by the system.
    pub fn open(data_dir: &Path, metrics: DatabaseMetrics) -> Result<Self, Error> {
        let path = path(data_dir);
        make_private(&path)?;
        let mut writer = schema::open(&path)?;
        schema::migrate(&path, &mut writer)?;
        let readers: Result<Vec<_>, _> = (0..READERS).map(|_| schema::connect(&path)).collect();
        Ok(Self(Arc::new(Inner {
            writer: Pool::new(vec![writer], metrics.pool("writer")),
            readers: Pool::new(readers?, metrics.pool("readers")),
            metrics,
            path,
            #[cfg(test)]
            _folder: None,
        })))
    }

    /// One in a folder of its own, which goes with it.
    #[cfg(test)]
    #[must_use]
    pub fn temporary(metrics: DatabaseMetrics) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut store = Self::open(folder.path(), metrics).expect("a new store opens");
        let inner = Arc::get_mut(&mut store.0).expect("nobody else has it");
        inner._folder = Some(folder);
        store
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Reads, on a thread that may wait.
    ///
    /// # Errors
    /// The database's own.
    pub async fn read<T: Send + 'static>(
        &self,
        operation: Operation,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || store.read_now(operation, work)).await;
        done.unwrap_or_else(given_up)
    }

    /// The same on this thread.
    ///
    /// # Errors
    /// The database's own.
    pub fn read_now<T>(
        &self,
        operation: Operation,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let connection = self.0.readers.take();
        let timed = self.0.metrics.start(operation);
        timed.end(work(&connection))
    }

    /// Changes something, all of it or nothing, on a thread that may wait. What is answered is on
    /// the disk.
    ///
    /// # Errors
    /// The database's own.
    pub async fn write<T: Send + 'static>(
        &self,
        operation: Operation,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || store.write_now(operation, work)).await;
        done.unwrap_or_else(given_up)
    }

    /// The same on this thread.
    ///
    /// # Errors
    /// The database's own.
    pub fn write_now<T>(
        &self,
        operation: Operation,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = self.0.writer.take();
        let timed = self.0.metrics.start(operation);
        // It is the writer from its first line on, so that it waits for others there and never
        // fails in the middle for what another process wrote meanwhile.
        let begun = Transaction::new(&mut connection, TransactionBehavior::Immediate);
        let done = begun.map_err(Error::from).and_then(|transaction| {
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        });
        timed.end(done)
    }

    /// Measures files, and asks whether the store answers.
    #[must_use]
    pub fn measure(&self) -> bool {
        let bytes = |path: &Path| fs::metadata(path).map_or(0, |data| data.len());
        let ahead = with_end(&self.0.path, "-wal");
        self.0.metrics.files(bytes(&self.0.path), bytes(&ahead));
        let probe = |connection: &Connection| {
            let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0));
            Ok(version.map(|version: i64| version == VERSION)?)
        };
        self.read_now(Operation::Probe, probe).unwrap_or(false)
    }
}

/// The work panicked, or the relay ends.
fn given_up<T>(error: tokio::task::JoinError) -> Result<T, Error> {
    tracing::error!(%error, "work on the store was given up");
    Err(Error::GivenUp)
}

/// A file that SQLite keeps beside its own.
fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Makes an empty file that only its owner reads, which SQLite takes for a new database; what it
/// makes beside it is as private.
fn make_private(path: &Path) -> Result<(), Error> {
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::Open {
            path: path.into(),
            reason: error.to_string(),
        }),
    }
}

/// Times as the database has them: whole numbers with a sign.
#[must_use]
pub fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// And back.
#[must_use]
pub fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
