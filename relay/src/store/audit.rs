//! The audit trail: what was done or tried, in order, each entry sealed with the hash of the one
//! before. Who changes or drops an entry breaks the chain from there on; who has the hash of the
//! newest entry elsewhere sees a trail that was cut short or written anew.

use std::net::IpAddr;

use protocol::admin::AuditEntry;
use rusqlite::{Connection, Transaction, params};
use sha2::{Digest as _, Sha256};

use super::{Error, signed, unsigned};

/// Most letters of a text of an entry.
const MOST_TEXT: usize = 300;
/// What the first entry follows.
const BEGIN: [u8; 32] = [0; 32];

/// Something that was done, or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Who.
    pub who: String,
    /// From which address.
    pub address: Option<IpAddr>,
    /// What.
    pub action: &'static str,
    /// To what.
    pub subject: String,
    /// `done`, or why not.
    pub outcome: String,
}

/// Whether a trail is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Entries.
    pub count: u64,
    /// The first that is not what it was.
    pub broken_at: Option<i64>,
}

/// Adds an entry, in the transaction of what it tells of.
///
/// # Errors
/// The database's own.
pub fn append(to: &Transaction<'_>, now_millis: u64, deed: &Deed) -> Result<(), Error> {
    let last = to
        .prepare_cached("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .next()
        .transpose()?;
    let (number, before): (i64, Vec<u8>) = last.unwrap_or((0, BEGIN.to_vec()));
    let short = |text: &str| text.chars().take(MOST_TEXT).collect::<String>();
    let mut entry = AuditEntry {
        number: number + 1,
        at_millis: now_millis,
        who: short(&deed.who),
        address: deed.address.map(|address| address.to_string()),
        action: deed.action.to_owned(),
        subject: short(&deed.subject),
        outcome: short(&deed.outcome),
        hash: String::new(),
    };
    let hash = seal(&before, &entry);
    entry.hash = hex(&hash);
    to.prepare_cached("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![
            entry.number,
            signed(entry.at_millis),
            entry.who,
            entry.address,
            entry.action,
            entry.subject,
            entry.outcome,
            hash,
        ])?;
    Ok(())
}

/// The hash of an entry: each field behind its length, so that no two entries are the same bytes.
fn seal(before: &[u8], entry: &AuditEntry) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(entry.number.to_le_bytes());
    hash.update(entry.at_millis.to_le_bytes());
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    text(&entry.who);
    match &entry.address {
        Some(address) => {
            text("from");
            text(address);
        }
        None => text(""),
    }
    text(&entry.action);
    text(&entry.subject);
    text(&entry.outcome);
    hash.finalize().into()
}

/// Entries in order, oldest first, each with whether it follows from the one before.
///
/// # Errors
/// The database's own, or `each`'s.
pub fn walk(
    from: &Connection,
    mut each: impl FnMut(&AuditEntry, bool) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut statement = from.prepare_cached("SELECT * FROM audit ORDER BY number")?;
    let mut rows = statement.query([])?;
    let (mut number, mut before) = (0, BEGIN.to_vec());
    while let Some(row) = rows.next()? {
        let (entry, hash) = read(row)?;
        number += 1;
        let is_whole = entry.number == number && *hash == seal(&before, &entry);
        each(&entry, is_whole)?;
        before = hash;
    }
    Ok(())
}

/// Verifies the whole trail.
///
/// # Errors
/// The database's own.
pub fn verify(from: &Connection) -> Result<Verdict, Error> {
    let mut verdict = Verdict {
        count: 0,
        broken_at: None,
    };
    walk(from, |entry, is_whole| {
        verdict.count += 1;
        if !is_whole && verdict.broken_at.is_none() {
            verdict.broken_at = Some(entry.number);
        }
        Ok(())
    })?;
    Ok(verdict)
}

/// The newest entries, or the newest before one.
///
/// # Errors
/// The database's own.
pub fn list(from: &Connection, before: Option<i64>, most: usize) -> Result<Vec<AuditEntry>, Error> {
    let mut statement =
        from.prepare_cached("SELECT * FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?")?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![before.unwrap_or(i64::MAX), most])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read(row)?.0);
    }
    Ok(entries)
}

/// Addresses from which something was done since a time.
///
/// # Errors
/// The database's own.
pub fn addresses_of(
    from: &Connection,
    action: &str,
    since_millis: u64,
) -> Result<Vec<IpAddr>, Error> {
    let mut statement = from.prepare_cached(
        "SELECT DISTINCT address FROM audit
         WHERE action = ? AND outcome = 'done' AND at_millis >= ? AND address IS NOT NULL",
    )?;
    let mut rows = statement.query(params![action, signed(since_millis)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(row.get::<_, String>(0)?.parse::<IpAddr>());
    }
    Ok(found)
}

fn read(row: &rusqlite::Row<'_>) -> Result<(AuditEntry, Vec<u8>), Error> {
    let hash: Vec<u8> = row.get("hash")?;
    let entry = AuditEntry {
        number: row.get("number")?,
        at_millis: unsigned(row.get("at_millis")?),
        who: row.get("who")?,
        address: row.get("address")?,
        action: row.get("action")?,
        subject: row.get("subject")?,
        outcome: row.get("outcome")?,
        hash: hex(&hash),
    };
    Ok((entry, hash))
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
