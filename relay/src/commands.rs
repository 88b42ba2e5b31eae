//! Commands beside `serve` that concern the store: the password, the audit trail, backups.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use clap::Args;

use crate::admin::password::{self, Password};
use crate::admin::{COMMAND_LINE, now_millis};
use crate::config::default_data_dir;
use crate::metrics::Metrics;
use crate::store::audit::{self, Deed};
use crate::store::{self, Operation, Store, backup};

/// Whose store.
#[derive(Debug, Args)]
pub struct DataDir {
    /// The relay's data folder [default: sidereal in the user's data folder]
    #[arg(long, env = "SIDEREAL_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

impl DataDir {
    fn path(self) -> PathBuf {
        self.data_dir.unwrap_or_else(default_data_dir)
    }
}

/// Options of `password`.
#[derive(Debug, Args)]
pub struct PasswordFlags {
    #[command(flatten)]
    data_dir: DataDir,
    /// Take the first line of this file; it is asked for, or read from standard input, otherwise
    #[arg(long)]
    file: Option<PathBuf>,
}

/// Options of `backup` and `restore`.
#[derive(Debug, Args)]
pub struct BackupFlags {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    data_dir: DataDir,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The password.
    #[error(transparent)]
    Password(#[from] password::Error),
    /// The terminal, or what is read instead.
    #[error("the password cannot be read: {0}")]
    Input(#[from] io::Error),
    /// Two different texts.
    #[error("that is not the same twice: the password stays what it was")]
    Differs,
    /// The trail was tampered with.
    #[error("the audit trail is broken at entry {0}: it, or one before it, was changed or removed")]
    Broken(i64),
}

fn open(data_dir: DataDir) -> Result<Store, Error> {
    Ok(Store::open(&data_dir.path(), Metrics::new(false).database)?)
}

/// Sets the operator's password; a relay that runs takes it at once.
///
/// # Errors
/// No password, or no store.
pub fn set_password(flags: PasswordFlags) -> Result<(), Error> {
    let password = match &flags.file {
        Some(file) => Password::of_file(file)?,
        None if io::stdin().is_terminal() => {
            let password = rpassword::prompt_password("New password: ")?;
            if rpassword::prompt_password("The same again: ")? != password {
                return Err(Error::Differs);
            }
            password.parse()?
        }
        None => {
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line)?;
            line.trim_end_matches(['\r', '\n']).parse()?
        }
    };
    let path = flags.data_dir.path();
    std::fs::create_dir_all(&path)?;
    let store = open(DataDir {
        data_dir: Some(path),
    })?;
    let hash = password.hash()?;
    let deed = password::deed("by command");
    store.write_now(Operation::Password, |to| {
        password::set(to, &hash, None, now_millis(), &deed)
    })?;
    println!("The password is set, and all sessions have ended.");
    Ok(())
}

/// Prints and verifies the audit trail.
///
/// # Errors
/// No store, or a broken trail.
pub fn print_audit(data_dir: DataDir) -> Result<(), Error> {
    let store = open(data_dir)?;
    let mut broken = None;
    let mut last = None;
    store.read_now(Operation::Audit, |from| {
        audit::walk(from, |entry, is_whole| {
            if !is_whole && broken.is_none() {
                broken = Some(entry.number);
            }
            let address = entry.address.as_deref().unwrap_or("-");
            println!(
                "{}\t{}\t{}\t{address}\t{}\t{}\t{}{}",
                entry.number,
                time::stamp(entry.at_millis),
                entry.who,
                entry.action,
                entry.subject,
                entry.outcome,
                if is_whole { "" } else { "\tBROKEN" },
            );
            last = Some((entry.number, entry.hash.clone()));
            Ok(())
        })
    })?;
    if let Some(number) = broken {
        return Err(Error::Broken(number));
    }
    match last {
        Some((number, hash)) => {
            println!(
                "{number} entries, none changed. Kept elsewhere, this shows if some are cut off: {hash}"
            );
        }
        None => println!("The audit trail is empty."),
    }
    Ok(())
}

/// Makes a backup.
///
/// # Errors
/// No store, or the file cannot be written.
pub fn make_backup(flags: BackupFlags) -> Result<(), Error> {
    let data_dir = flags.data_dir.path();
    let copied = backup::backup(&data_dir, &flags.file)?;
    note(&data_dir, "store.backup", &flags.file)?;
    println!(
        "{}: {} KB, {} audit entries, checked",
        flags.file.display(),
        copied.bytes >> 10,
        copied.entries
    );
    Ok(())
}

/// Brings a backup back.
///
/// # Errors
/// A relay runs, or the file is no backup.
pub fn bring_back(flags: BackupFlags) -> Result<(), Error> {
    let data_dir = flags.data_dir.path();
    let (copied, before) = backup::restore(&data_dir, &flags.file, now_millis())?;
    note(&data_dir, "store.restore", &flags.file)?;
    println!(
        "{} is the store now: {} KB, {} audit entries",
        flags.file.display(),
        copied.bytes >> 10,
        copied.entries
    );
    if let Some(before) = before {
        println!("The one before is kept as {}", before.display());
    }
    Ok(())
}

fn note(
    data_dir: &std::path::Path,
    action: &'static str,
    file: &std::path::Path,
) -> Result<(), Error> {
    let store = Store::open(data_dir, Metrics::new(false).database)?;
    let deed = Deed {
        who: COMMAND_LINE.into(),
        address: None,
        action,
        subject: file.display().to_string(),
        outcome: "done".into(),
    };
    store.write_now(Operation::Audit, |to| {
        audit::append(to, now_millis(), &deed)
    })?;
    Ok(())
}

/// Times for people.
mod time {
    /// `2026-01-31T23:59:59Z`, by Howard Hinnant's `civil_from_days`.
    pub fn stamp(millis: u64) -> String {
        let seconds = millis / 1_000;
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z",
            second % 60
        )
    }

    #[test]
    fn stamps_are_utc() {
        assert_eq!(stamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(stamp(951_827_696_000), "2000-02-29T12:34:56Z");
        assert_eq!(stamp(1_798_761_599_999), "2026-12-31T23:59:59Z");
    }
}
