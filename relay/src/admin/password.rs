//! The operator's password: what is kept of it is what Argon2id makes of it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde::Deserialize;

use crate::store::audit::{self, Deed};
use crate::store::{self, Operation, Store};

/// Fewest letters of a password.
pub const LEAST: usize = 12;
/// Most bytes of a password: more would only cost time.
const MOST: usize = 1_024;
/// The password's place in the store.
const NAME: &str = "password";

/// A password that somebody chose. It is never written into a log.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Password(String);

/// What somebody said as a password: looked at later, so that no message repeats it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Said(String);

impl fmt::Debug for Said {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Said(...)")
    }
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Said {
    /// The password that it is.
    ///
    /// # Errors
    /// It is none.
    pub fn password(&self) -> Result<Password, Error> {
        self.0.parse()
    }
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Anybody could guess it, or nobody would type it.
    #[error("a password has {LEAST} letters or more, and {MOST} bytes at most")]
    Length,
    /// Its file cannot be read.
    #[error("password file {}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The system gives no random numbers, or no memory.
    #[error("password: {0}")]
    System(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl fmt::Debug for Password {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Password(...)")
    }
}

impl std::str::FromStr for Password {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.chars().count() < LEAST || text.len() > MOST {
            return Err(Error::Length);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Password {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl Password {
    /// The first line of a file.
    ///
    /// # Errors
    /// The file cannot be read, or holds no password.
    pub fn of_file(path: &Path) -> Result<Self, Error> {
        let error = |reason: String| Error::File {
            path: path.into(),
            reason,
        };
        let text = fs::read_to_string(path).map_err(|cause| error(cause.to_string()))?;
        let line = text.lines().next().unwrap_or_default();
        line.parse()
            .map_err(|cause: Error| error(cause.to_string()))
    }

    /// A random one of 120 bits, easy to read and to type.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn random() -> Result<Self, Error> {
        let bytes: [u8; 15] = super::random().map_err(Error::System)?;
        let text = data_encoding::BASE32_NOPAD.encode(&bytes).to_lowercase();
        let parts: Vec<&str> = (0..6).map(|part| &text[part * 4..part * 4 + 4]).collect();
        Ok(Self(parts.join("-")))
    }

    /// As it is; for who has to be told.
    #[must_use]
    pub fn told(&self) -> &str {
        &self.0
    }

    /// What is kept of it. It takes a while, and 19 MB.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn hash(&self) -> Result<String, Error> {
        let hash = Argon2::default().hash_password(self.0.as_bytes());
        hash.map(|hash| hash.to_string())
            .map_err(|cause| Error::System(cause.to_string()))
    }
}

/// Whether a text is the password of which that is kept. It takes as long as hashing does.
#[must_use]
pub fn verify(text: &str, kept: &str) -> bool {
    text.len() <= MOST
        && PasswordHash::new(kept).is_ok_and(|kept| {
            let argon2 = Argon2::default();
            argon2.verify_password(text.as_bytes(), &kept).is_ok()
        })
}

/// What is kept of the password.
///
/// # Errors
/// The database's own.
pub fn kept(from: &Connection) -> Result<Option<String>, store::Error> {
    let found = from
        .query_row("SELECT value FROM secrets WHERE name = ?", [NAME], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(found)
}

/// Sets another password, which ends every session but one.
///
/// # Errors
/// The database's own.
pub fn set(
    to: &Transaction<'_>,
    hash: &str,
    but: Option<i64>,
    now_millis: u64,
    deed: &Deed,
) -> Result<(), store::Error> {
    to.execute(
        "INSERT INTO secrets VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
        params![NAME, hash],
    )?;
    to.execute("DELETE FROM sessions WHERE id IS NOT ?", [but])?;
    audit::append(to, now_millis, deed)
}

/// Sees to it that there is a password: the configured one, the one that is kept, or a random one,
/// which is returned so that somebody is told.
///
/// # Errors
/// The store's or the system's own.
pub fn prepare(
    store: &Store,
    configured: Option<&Password>,
    now_millis: u64,
) -> Result<Option<Password>, Error> {
    let known = store.read_now(Operation::Password, kept)?;
    let (password, outcome, is_random) = match (configured, known) {
        (Some(password), Some(known)) if verify(password.told(), &known) => return Ok(None),
        (Some(password), _) => (password.clone(), "configured", false),
        (None, Some(_)) => return Ok(None),
        (None, None) => (Password::random()?, "made at the first start", true),
    };
    let hash = password.hash()?;
    let deed = deed(outcome);
    store.write_now(Operation::Password, |transaction| {
        set(transaction, &hash, None, now_millis, &deed)
    })?;
    Ok(is_random.then_some(password))
}

/// The entry of a password that was set outside of a session.
#[must_use]
pub fn deed(subject: &str) -> Deed {
    Deed {
        who: super::COMMAND_LINE.into(),
        address: None,
        action: "password.set",
        subject: subject.into(),
        outcome: "done".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn a_password_is_kept_as_argon2id_and_verified() {
        let password: Password = "correct horse".parse().unwrap();
        let kept = password.hash().unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert!(verify("correct horse", &kept));
        assert!(!verify("correct horse ", &kept));
        assert!(!verify("correct horse", "no hash"));
        assert_eq!(format!("{password:?}"), "Password(...)");
        assert!("too short".parse::<Password>().is_err());
        assert!("x".repeat(MOST + 1).parse::<Password>().is_err());
    }

    #[test]
    fn random_passwords_differ_and_pass_as_passwords() {
        let [one, other] = [Password::random().unwrap(), Password::random().unwrap()];
        assert_ne!(one, other);
        assert_eq!(one.told().len(), 29);
        assert_eq!(one.told().parse::<Password>().unwrap(), one);
    }

    #[test]
    fn the_first_start_makes_one_and_a_configured_one_wins() {
        let store = Store::temporary(Metrics::new(false).database);
        let made = prepare(&store, None, 1).unwrap().unwrap();
        let kept = || store.read_now(Operation::Password, kept).unwrap();
        assert!(verify(made.told(), &kept().unwrap()));
        assert_eq!(prepare(&store, None, 2).unwrap(), None);
        let chosen: Password = "chosen by the operator".parse().unwrap();
        assert_eq!(prepare(&store, Some(&chosen), 3).unwrap(), None);
        assert!(verify(chosen.told(), &kept().unwrap()));
        let before = kept();
        assert_eq!(prepare(&store, Some(&chosen), 4).unwrap(), None);
        assert_eq!(kept(), before);
        let trail = store
            .read_now(Operation::Audit, |from| audit::list(from, None, 9))
            .unwrap();
        let subjects: Vec<_> = trail.iter().map(|entry| &*entry.subject).collect();
        assert_eq!(subjects, ["configured", "made at the first start"]);
    }

    #[test]
    fn a_password_file_is_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "a long password\nand more\n").unwrap();
        assert_eq!(Password::of_file(&path).unwrap().told(), "a long password");
        fs::write(&path, "short").unwrap();
        let error = Password::of_file(&path).unwrap_err().to_string();
        assert!(error.contains("password file") && error.contains("12 letters"));
    }
}
