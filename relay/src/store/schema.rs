//! Versions of the store's tables, and how one becomes the next.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::{Error, MOST_WAITING};

/// Marks a database as a relay's: `SDRL`.
const APPLICATION: i64 = 0x5344_524c;

/// The version that this relay writes.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// What makes each version of the one before. A released one never changes: `relay/tests/store`
/// has a file of every version.
const MIGRATIONS: [&str; 1] = [include_str!("version-1.sql")];

/// A connection as all of them are.
pub fn connect(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path).map_err(|error| named(path, error))?;
    let settings = || {
        connection.busy_timeout(MOST_WAITING)?;
        // Answers with the mode that is now in force.
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)
    };
    settings().map_err(|error| named(path, error))?;
    Ok(connection)
}

/// The first connection: says what the file is before anything is changed in it.
pub fn open(path: &Path) -> Result<Connection, Error> {
    {
        let connection = Connection::open(path).map_err(|error| named(path, error))?;
        connection
            .busy_timeout(MOST_WAITING)
            .map_err(|error| named(path, error))?;
        check(path, &connection)?;
    }
    connect(path)
}

/// Whether a file is a whole store that this relay knows.
pub fn check(path: &Path, connection: &Connection) -> Result<(), Error> {
    let number = |name: &str| -> Result<i64, Error> {
        let found = connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0));
        found.map_err(|error| named(path, error))
    };
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| named(path, error))?;
    let (version, application) = (number("user_version")?, number("application_id")?);
    if application != APPLICATION && (tables > 0 || version > 0) {
        return Err(Error::Foreign(path.into()));
    }
    if version > VERSION {
        return Err(Error::Newer {
            path: path.into(),
            found: version,
        });
    }
    let verdict: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| named(path, error))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(Error::Damaged {
            path: path.into(),
            reason: verdict.replace('\n', " "),
        })
    }
}

/// Brings a store up to date: each version in a transaction of its own.
pub fn migrate(path: &Path, connection: &mut Connection) -> Result<(), Error> {
    let mut step = || -> rusqlite::Result<bool> {
        let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
        let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let Some(migration) = MIGRATIONS.get(super::unsigned(version) as usize) else {
            return Ok(false);
        };
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", version + 1)?;
        transaction.commit()?;
        Ok(true)
    };
    while step().map_err(|error| named(path, error))? {}
    Ok(())
}

/// An error while a file is opened, in words that help.
pub fn named(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_owned();
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            Error::Damaged { path, reason }
        }
        _ => Error::Open { path, reason },
    }
}
