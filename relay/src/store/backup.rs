//! Copies of the store: made while a relay runs, and brought back while none does.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{Error, MOST_WAITING, audit, hold, path, schema, with_end};

/// Pages that are copied between two pauses in which others may write.
const PAGES: i32 = 256;
/// The pause.
const PAUSE: Duration = Duration::from_millis(5);

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Bytes of the copy.
    pub bytes: u64,
    /// Entries of its audit trail.
    pub entries: u64,
}

/// Writes the store of a data folder into a file, as it is at one moment, and checks the file. A
/// relay that runs goes on.
///
/// # Errors
/// There is no store, or the file exists or cannot be written.
pub fn backup(data_dir: &Path, to: &Path) -> Result<Copied, Error> {
    let from = path(data_dir);
    let source = open_existing(&from)?;
    schema::check(&from, &source)?;
    if to.exists() {
        return Err(error(to, "it is there already: choose another name"));
    }
    let new = to.with_added_extension("new");
    let copied = copy(&source, &new).and_then(|copied| {
        File::open(&new)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&new, to))
            .and_then(|()| sync_folder(to))
            .map_err(|cause| error(to, cause))?;
        Ok(copied)
    });
    if copied.is_err() {
        // What cannot be removed is overwritten the next time.
        let _ = fs::remove_file(&new);
    }
    copied
}

/// Puts a backup in the place of a data folder's store. What was there is kept beside it; its name
/// is returned.
///
/// # Errors
/// A relay runs on the data folder, or the backup is none.
pub fn restore(
    data_dir: &Path,
    from: &Path,
    now_millis: u64,
) -> Result<(Copied, Option<PathBuf>), Error> {
    fs::create_dir_all(data_dir).map_err(|cause| error(data_dir, cause))?;
    let _held = hold(data_dir)?;
    let source = open_existing(from)?;
    schema::check(from, &source)?;
    let place = path(data_dir);
    let new = place.with_added_extension("new");
    let copied = copy(&source, &new)?;
    let before = place.exists().then(|| {
        let stamp = format!("before-{now_millis}");
        data_dir.join(format!("sidereal-{stamp}.db"))
    });
    let done = || -> std::io::Result<()> {
        File::open(&new)?.sync_all()?;
        if let Some(before) = &before {
            // The log belongs to the file: it goes along, or SQLite would apply it to the new one.
            for end in ["-wal", "-shm"] {
                let log = with_end(&place, end);
                if log.exists() {
                    fs::rename(&log, with_end(before, end))?;
                }
            }
            fs::rename(&place, before)?;
        }
        fs::rename(&new, &place)?;
        sync_folder(&place)
    };
    done().map_err(|cause| error(&place, cause))?;
    Ok((copied, before))
}

/// Copies a database into a new file, and checks that.
fn copy(source: &Connection, to: &Path) -> Result<Copied, Error> {
    if to.exists() {
        fs::remove_file(to).map_err(|cause| error(to, cause))?;
    }
    super::make_private(to)?;
    let mut target = Connection::open(to).map_err(|cause| schema::named(to, cause))?;
    {
        let backup = Backup::new(source, &mut target)?;
        loop {
            match backup.step(PAGES)? {
                StepResult::Done => break,
                StepResult::More => {}
                // Somebody writes: it goes on after them.
                _ => std::thread::sleep(PAUSE),
            }
        }
    }
    // One file alone, without a log beside it.
    target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    schema::check(to, &target)?;
    let verdict = audit::verify(&target)?;
    if let Some(number) = verdict.broken_at {
        tracing::warn!(number, "the audit trail is broken in what was copied");
    }
    let bytes = fs::metadata(to).map_err(|cause| error(to, cause))?.len();
    Ok(Copied {
        bytes,
        entries: verdict.count,
    })
}

fn open_existing(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags);
    let connection = opened.map_err(|cause| schema::named(path, cause))?;
    connection.busy_timeout(MOST_WAITING)?;
    Ok(connection)
}

/// A rename is on the disk when its folder is.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    #[cfg(unix)]
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    let _ = folder;
    Ok(())
}

fn error(path: &Path, reason: impl ToString) -> Error {
    Error::Open {
        path: path.into(),
        reason: reason.to_string(),
    }
}
