//! The store alone: what it refuses to open, what it keeps, and the chain of the audit trail.

use std::fs;
use std::path::Path;

use super::audit::{Deed, Verdict, append, verify};
use super::*;
use crate::metrics::Metrics;

fn metrics() -> DatabaseMetrics {
    Metrics::new(false).database
}

fn deed(number: u64) -> Deed {
    Deed {
        who: "operator".into(),
        address: number
            .is_multiple_of(2)
            .then(|| "192.0.2.1".parse().unwrap()),
        action: "block.add",
        subject: format!("number {number}"),
        outcome: "done".into(),
    }
}

fn refusal(folder: &Path) -> String {
    let before = fs::read(path(folder)).unwrap();
    let error = Store::open(folder, metrics()).err().unwrap().to_string();
    assert_eq!(fs::read(path(folder)).unwrap(), before, "it was changed");
    error
}

#[test]
fn a_damaged_a_newer_and_a_foreign_file_are_refused_and_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(
        path(folder),
        "this is no database, but it is long enough to be one".repeat(9),
    )
    .unwrap();
    let error = refusal(folder);
    assert!(
        error.contains("damaged") && error.contains("restore FILE"),
        "{error}"
    );

    fs::remove_file(path(folder)).unwrap();
    let other = Connection::open(path(folder)).unwrap();
    other
        .execute_batch("CREATE TABLE t (a); PRAGMA user_version = 1")
        .unwrap();
    drop(other);
    assert!(refusal(folder).contains("another program"));

    fs::remove_file(path(folder)).unwrap();
    drop(Store::open(folder, metrics()).unwrap());
    let newer = Connection::open(path(folder)).unwrap();
    newer
        .pragma_update(None, "user_version", VERSION + 1)
        .unwrap();
    newer
        .query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
        .unwrap();
    drop(newer);
    let error = refusal(folder);
    let version = format!("version {}", VERSION + 1);
    assert!(
        error.contains(&version) && error.contains("newer relay"),
        "{error}"
    );
    assert!(!error.contains('\n'), "{error}");

    // Whole pages of nonsense in the middle.
    fs::remove_file(path(folder)).unwrap();
    let store = Store::open(folder, metrics()).unwrap();
    for number in 0..200 {
        store
            .write_now(Operation::Audit, |to| append(to, number, &deed(number)))
            .unwrap();
    }
    drop(store);
    let mut bytes = fs::read(path(folder)).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 8_192].fill(0x5a);
    fs::write(path(folder), bytes).unwrap();
    let error = Store::open(folder, metrics()).err().unwrap().to_string();
    assert!(error.contains("damaged"), "{error}");
}

#[test]
fn every_version_opens_and_keeps_what_it_had() {
    for version in 1..=VERSION {
        let fixture =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/store/version-{version}.db"));
        let folder = tempfile::tempdir().unwrap();
        fs::copy(&fixture, path(folder.path())).unwrap();
        let store = Store::open(folder.path(), metrics()).unwrap();
        let found: (i64, String, String, String, i64, i64) = store
            .read_now(Operation::Probe, |from| {
                Ok(from.query_row(
                    "SELECT (SELECT count(*) FROM audit), (SELECT value FROM secrets),
                     (SELECT name || ' ' || scopes FROM tokens), (SELECT value FROM blocks),
                     (SELECT count(*) FROM sessions), (SELECT count(*) FROM jobs)",
                    [],
                    |row| {
                        Ok((
                            row.get(0)?,
                            row.get(1)?,
                            row.get(2)?,
                            row.get(3)?,
                            row.get(4)?,
                            row.get(5)?,
                        ))
                    },
                )?)
            })
            .unwrap();
        let expected = (
            3,
            "$argon2id$".into(),
            "robot read".into(),
            "203.0.113.0/24".into(),
            1,
            1,
        );
        assert_eq!(found, expected, "version {version}");
        let whole = Verdict {
            count: 3,
            broken_at: None,
        };
        assert_eq!(store.read_now(Operation::Audit, verify).unwrap(), whole);
        store
            .write_now(Operation::Audit, |to| append(to, 9, &deed(9)))
            .unwrap();
    }
}

/// Writes the fixture of the newest version; run it when there is a new one.
#[test]
#[ignore = "writes a fixture"]
fn write_fixture() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), metrics()).unwrap();
    store
        .write_now(Operation::Probe, |to| {
            for number in 1..=3 {
                append(to, number, &deed(number))?;
            }
            to.execute_batch(
                "INSERT INTO secrets VALUES ('password', '$argon2id$');
                 INSERT INTO sessions VALUES (1, x'01', 1, 2, 3);
                 INSERT INTO tokens VALUES (1, x'02', 'robot', 'read', 1, 2, 3);
                 INSERT INTO blocks VALUES (1, 'address', '203.0.113.0/24', 'noise', 1, 'operator');
                 INSERT INTO jobs VALUES (1, 'publish', 'Tunes', '/tunes', 'Tunes', 'done', 'done',
                     1, 1, 1, 2);
                 INSERT INTO checks VALUES ('Tunes', 'integrity', '{}');",
            )?;
            Ok(())
        })
        .unwrap();
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/store/version-{VERSION}.db"));
    backup::backup(folder.path(), &fixture).unwrap();
}

fn trail(entries: u64) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), metrics()).unwrap();
    for number in 0..entries {
        store
            .write_now(Operation::Audit, |to| append(to, number, &deed(number)))
            .unwrap();
    }
    (folder, store)
}

#[test]
fn the_trail_is_only_added_to() {
    let (_folder, store) = trail(3);
    for statement in [
        "UPDATE audit SET who = 'x' WHERE number = 2",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE number = 2",
        "INSERT INTO audit VALUES (7, 1, 'a', NULL, 'b', 'c', 'd', x'00')",
    ] {
        let done = store.write_now(Operation::Audit, |to| Ok(to.execute(statement, [])?));
        let error = done.unwrap_err().to_string();
        assert!(error.contains("the audit trail"), "{statement}: {error}");
    }
    let verdict = store.read_now(Operation::Audit, verify).unwrap();
    assert_eq!((verdict.count, verdict.broken_at), (3, None));
}

#[test]
fn who_changes_the_trail_by_force_is_seen() {
    let check = |statement: &str, expected: Option<i64>| {
        let (folder, store) = trail(5);
        let forced = Connection::open(path(folder.path())).unwrap();
        forced
            .execute_batch(
                "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_shortened;",
            )
            .unwrap();
        forced.execute_batch(statement).unwrap();
        let verdict = store.read_now(Operation::Audit, verify).unwrap();
        assert_eq!(verdict.broken_at, expected, "{statement}");
    };
    check("SELECT 1", None);
    for (column, value) in [
        ("at_millis", "77"),
        ("who", "'robot'"),
        ("address", "'192.0.2.2'"),
        ("action", "'x'"),
        ("subject", "'x'"),
        ("outcome", "'x'"),
        ("hash", "zeroblob(32)"),
    ] {
        check(
            &format!("UPDATE audit SET {column} = {value} WHERE number = 3"),
            Some(3),
        );
    }
    // An address that is taken away, and one that is made up.
    check("UPDATE audit SET address = NULL WHERE number = 3", Some(3));
    check("UPDATE audit SET address = '' WHERE number = 2", Some(2));
    check("DELETE FROM audit WHERE number = 2", Some(3));
    // Text that moves from one field to the next.
    check(
        "UPDATE audit SET who = 'operatorb', action = 'lock.add' WHERE number = 1",
        Some(1),
    );
}

#[test]
fn a_change_is_all_or_nothing() {
    let (_folder, store) = trail(1);
    let done: Result<(), _> = store.write_now(Operation::Block, |to| {
        append(to, 2, &deed(2))?;
        Err(Error::GivenUp)
    });
    assert!(done.is_err());
    let verdict = store.read_now(Operation::Audit, verify).unwrap();
    assert_eq!((verdict.count, verdict.broken_at), (1, None));
}

#[test]
fn a_full_disk_loses_nothing_and_is_told() {
    let all = Metrics::new(false);
    let store = Store::temporary(all.database.clone());
    let limit = |pages: &str| {
        let pragma = format!("PRAGMA max_page_count = {pages}");
        store
            .write_now(Operation::Probe, |to| {
                Ok(to.query_row(&pragma, [], |row| row.get::<_, i64>(0))?)
            })
            .unwrap()
    };
    limit("30");
    let mut count = 0;
    let error = loop {
        let done = store.write_now(Operation::Audit, |to| append(to, count, &deed(count)));
        match done {
            Ok(()) => count += 1,
            Err(error) => break error.to_string(),
        }
        assert!(count < 10_000, "the disk is never full");
    };
    assert!(error.contains("full"), "{error}");
    let text = all.text();
    assert!(
        text.contains("sidereal_db_errors_total{operation=\"audit\"} 1"),
        "{text}"
    );
    let verdict = store.read_now(Operation::Audit, verify).unwrap();
    assert_eq!((verdict.count, verdict.broken_at), (count, None));
    // With room again it goes on where it was.
    limit("1000000");
    store
        .write_now(Operation::Audit, |to| append(to, count, &deed(count)))
        .unwrap();
    let verdict = store.read_now(Operation::Audit, verify).unwrap();
    assert_eq!((verdict.count, verdict.broken_at), (count + 1, None));
}

#[tokio::test]
async fn many_read_and_write_at_once() {
    let (_folder, store) = trail(0);
    let tasks: Vec<_> = (0..40)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let write = move |to: &Transaction<'_>| append(to, number, &deed(number));
                store.write(Operation::Audit, write).await.unwrap();
                store
                    .read(Operation::Audit, verify)
                    .await
                    .unwrap()
                    .broken_at
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), None);
    }
    assert_eq!(store.read_now(Operation::Audit, verify).unwrap().count, 40);
}

#[test]
fn another_process_is_waited_for() {
    let (folder, store) = trail(0);
    let other = Store::open(folder.path(), metrics()).unwrap();
    std::thread::scope(|scope| {
        for store in [&store, &other] {
            scope.spawn(move || {
                for number in 0..50 {
                    store
                        .write_now(Operation::Audit, |to| append(to, number, &deed(number)))
                        .unwrap();
                }
            });
        }
    });
    let verdict = store.read_now(Operation::Audit, verify).unwrap();
    assert_eq!((verdict.count, verdict.broken_at), (100, None));
}

#[test]
fn what_is_done_is_counted_and_failures_too() {
    let all = Metrics::new(false);
    let store = Store::temporary(all.database.clone());
    store
        .write_now(Operation::Audit, |to| append(to, 1, &deed(1)))
        .unwrap();
    let failed = store.read_now(Operation::Job, |from| Ok(from.execute("nonsense", [])?));
    assert!(failed.is_err());
    assert!(store.measure());
    let text = all.text();
    for line in [
        "sidereal_db_queries_total{operation=\"audit\"} 1",
        "sidereal_db_errors_total{operation=\"job\"} 1",
        "sidereal_db_query_duration_seconds_count{operation=\"audit\"} 1",
        "sidereal_db_pool_connections{pool=\"readers\"} 4",
        "sidereal_db_pool_in_use{pool=\"writer\"} 0",
        "sidereal_db_backend_info{backend=\"sqlite\",version=\"3.",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(
        !text.contains("sidereal_db_file_bytes{file=\"database\"} 0"),
        "{text}"
    );
}

#[test]
fn a_folder_is_held_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let held = hold(folder.path()).unwrap();
    assert!(
        hold(folder.path())
            .unwrap_err()
            .to_string()
            .contains("another relay uses it")
    );
    drop(held);
    hold(folder.path()).unwrap();
}

#[test]
fn a_backup_is_whole_and_comes_back() {
    let (folder, store) = trail(4);
    let file = folder.path().join("backup.db");
    let copied = backup::backup(folder.path(), &file).unwrap();
    assert_eq!(copied.entries, 4);
    let error = backup::backup(folder.path(), &file)
        .unwrap_err()
        .to_string();
    assert!(error.contains("there already"), "{error}");
    store
        .write_now(Operation::Audit, |to| append(to, 5, &deed(5)))
        .unwrap();
    let held = hold(folder.path()).unwrap();
    let error = backup::restore(folder.path(), &file, 1)
        .unwrap_err()
        .to_string();
    assert!(error.contains("another relay uses it"), "{error}");
    drop((held, store));

    let (copied, before) = backup::restore(folder.path(), &file, 1).unwrap();
    assert_eq!(copied.entries, 4);
    let store = Store::open(folder.path(), metrics()).unwrap();
    assert_eq!(store.read_now(Operation::Audit, verify).unwrap().count, 4);
    let before = Connection::open(before.unwrap()).unwrap();
    assert_eq!(verify(&before).unwrap().count, 5);

    let other = tempfile::tempdir().unwrap();
    let nonsense = other.path().join("nonsense.db");
    fs::write(&nonsense, "nonsense ".repeat(200)).unwrap();
    let error = backup::restore(other.path(), &nonsense, 1)
        .unwrap_err()
        .to_string();
    assert!(error.contains("damaged"), "{error}");
    assert!(!path(other.path()).exists());
    backup::restore(other.path(), &file, 1).unwrap();
    assert!(Store::open(other.path(), metrics()).is_ok());
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, _store) = trail(1);
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
    }
}
