//! Browsers that are logged in, and keys of programs. What they say is random, and only a SHA-256
//! of it is kept: who reads the store cannot say it.

use protocol::admin::{Scope, Session, Token};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use sha2::{Digest as _, Sha256};

use crate::store::{Error, signed, unsigned};

/// Longest time that a session lasts.
pub const LASTS: u64 = 12 * 60 * 60_000;
/// Time without a request after which it ends.
pub const IDLE: u64 = 60 * 60_000;
/// How exactly it is noted when it was used.
const NOTE: u64 = 60_000;
/// Sessions at once; the oldest end for more.
const MOST: i64 = 32;
/// How keys of programs begin, so that people and scanners know them.
pub const PREFIX: &str = "sid_";

/// A random secret.
pub struct Secret(pub String);

impl Secret {
    /// 256 bits, as text.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn random(prefix: &str) -> Result<Self, String> {
        let bytes: [u8; 32] = super::random()?;
        let text = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        Ok(Self(format!("{prefix}{text}")))
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(text: &str) -> [u8; 32] {
        Sha256::digest(text).into()
    }
}

/// A session that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// Its number.
    pub id: i64,
    /// When it ends unless it is used.
    pub expires_millis: u64,
    /// It is to be noted that it was used.
    pub is_due: bool,
}

/// Begins a session; forgets those that have ended.
///
/// # Errors
/// The database's own.
pub fn begin(to: &Transaction<'_>, secret: &str, now: u64) -> Result<i64, Error> {
    to.execute(
        "DELETE FROM sessions WHERE expires_millis <= ?1 OR used_millis + ?2 <= ?1",
        params![signed(now), signed(IDLE)],
    )?;
    to.execute(
        "DELETE FROM sessions WHERE id NOT IN
         (SELECT id FROM sessions ORDER BY id DESC LIMIT ?)",
        [MOST - 1],
    )?;
    to.execute(
        "INSERT INTO sessions (digest, made_millis, used_millis, expires_millis)
         VALUES (?1, ?2, ?2, ?3)",
        params![Secret::digest(secret), signed(now), signed(now + LASTS)],
    )?;
    Ok(to.last_insert_rowid())
}

/// The session of what a browser says, if it is in force.
///
/// # Errors
/// The database's own.
pub fn find(from: &Connection, secret: &str, now: u64) -> Result<Option<Live>, Error> {
    let found = from
        .prepare_cached(
            "SELECT id, used_millis, expires_millis FROM sessions
             WHERE digest = ?1 AND expires_millis > ?2 AND used_millis + ?3 > ?2",
        )?
        .query_row(
            params![Secret::digest(secret), signed(now), signed(IDLE)],
            |row| {
                let (used, expires) = (unsigned(row.get(1)?), unsigned(row.get(2)?));
                Ok(Live {
                    id: row.get(0)?,
                    expires_millis: expires.min(now + IDLE),
                    is_due: now.abs_diff(used) >= NOTE,
                })
            },
        )
        .optional()?;
    Ok(found)
}

/// Notes that a session was used.
///
/// # Errors
/// The database's own.
pub fn renew(to: &Transaction<'_>, id: i64, now: u64) -> Result<(), Error> {
    to.execute(
        "UPDATE sessions SET used_millis = ? WHERE id = ?",
        params![signed(now), id],
    )?;
    Ok(())
}

/// Ends a session; whether there was one.
///
/// # Errors
/// The database's own.
pub fn end(to: &Transaction<'_>, id: i64) -> Result<bool, Error> {
    Ok(to.execute("DELETE FROM sessions WHERE id = ?", [id])? > 0)
}

/// Sessions in force, the newest first.
///
/// # Errors
/// The database's own.
pub fn list(from: &Connection, own: Option<i64>, now: u64) -> Result<Vec<Session>, Error> {
    let mut statement = from.prepare_cached(
        "SELECT id, made_millis, used_millis, expires_millis FROM sessions
         WHERE expires_millis > ?1 AND used_millis + ?2 > ?1 ORDER BY id DESC",
    )?;
    let rows = statement.query_map(params![signed(now), signed(IDLE)], |row| {
        let id = row.get(0)?;
        let (used, expires) = (unsigned(row.get(2)?), unsigned(row.get(3)?));
        Ok(Session {
            id,
            made_millis: unsigned(row.get(1)?),
            used_millis: used,
            expires_millis: expires.min(used + IDLE),
            is_own: own == Some(id),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A key, and whether it is to be noted that it was used.
///
/// # Errors
/// The database's own.
pub fn find_token(
    from: &Connection,
    secret: &str,
    now: u64,
) -> Result<Option<(Token, bool)>, Error> {
    let found = from
        .prepare_cached(
            "SELECT id, name, scopes, made_millis, used_millis, expires_millis FROM tokens
             WHERE digest = ?1 AND (expires_millis IS NULL OR expires_millis > ?2)",
        )?
        .query_row(params![Secret::digest(secret), signed(now)], token)
        .optional()?;
    Ok(found.map(|token| {
        let is_due = token
            .used_millis
            .is_none_or(|used| now.abs_diff(used) >= NOTE);
        (token, is_due)
    }))
}

/// Notes that a key was used.
///
/// # Errors
/// The database's own.
pub fn note_token(to: &Transaction<'_>, id: i64, now: u64) -> Result<(), Error> {
    to.execute(
        "UPDATE tokens SET used_millis = ? WHERE id = ?",
        params![signed(now), id],
    )?;
    Ok(())
}

/// Adds a key; none where another has its name.
///
/// # Errors
/// The database's own.
pub fn add_token(
    to: &Transaction<'_>,
    secret: &str,
    name: &str,
    scopes: &[Scope],
    now: u64,
    expires_millis: Option<u64>,
) -> Result<Option<Token>, Error> {
    let names: Vec<&str> = scopes.iter().map(|scope| name_of(*scope)).collect();
    let added = to.execute(
        "INSERT INTO tokens (digest, name, scopes, made_millis, expires_millis)
         VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING",
        params![
            Secret::digest(secret),
            name,
            names.join(" "),
            signed(now),
            expires_millis.map(signed),
        ],
    )?;
    Ok((added > 0).then(|| Token {
        id: to.last_insert_rowid(),
        name: name.to_owned(),
        scopes: scopes.to_vec(),
        made_millis: now,
        used_millis: None,
        expires_millis,
    }))
}

/// Takes a key back; its name, if there was one.
///
/// # Errors
/// The database's own.
pub fn end_token(to: &Transaction<'_>, id: i64) -> Result<Option<String>, Error> {
    let name = to
        .query_row(
            "DELETE FROM tokens WHERE id = ? RETURNING name",
            [id],
            |row| row.get(0),
        )
        .optional()?;
    Ok(name)
}

/// All keys, also those that have ended.
///
/// # Errors
/// The database's own.
pub fn tokens(from: &Connection) -> Result<Vec<Token>, Error> {
    let mut statement = from.prepare_cached(
        "SELECT id, name, scopes, made_millis, used_millis, expires_millis FROM tokens ORDER BY id",
    )?;
    let rows = statement.query_map([], token)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn token(row: &rusqlite::Row<'_>) -> rusqlite::Result<Token> {
    let scopes: String = row.get(2)?;
    let is_of = |scope: &Scope| scopes.split(' ').any(|name| name == name_of(*scope));
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        // Whatever a damaged row says, a key does not manage.
        scopes: Scope::ALL
            .into_iter()
            .filter(|scope| *scope != Scope::Manage)
            .filter(is_of)
            .collect(),
        made_millis: unsigned(row.get(3)?),
        used_millis: row.get::<_, Option<i64>>(4)?.map(unsigned),
        expires_millis: row.get::<_, Option<i64>>(5)?.map(unsigned),
    })
}

/// A scope as it is written.
#[must_use]
pub fn name_of(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "read",
        Scope::Publish => "publish",
        Scope::Moderate => "moderate",
        Scope::Manage => "manage",
    }
}
