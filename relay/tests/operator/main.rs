//! The relay as an operator has it: a process that is started, asked, killed and started again, and
//! the commands beside it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod relay;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use protocol::admin::{Audit, Block, Collection, Job, JobState, Login, Logs, Who};
use relay::{Relay, folders};
use serde_json::json;

/// Runs a command of the relay on a folder's store.
fn command(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sidereal-relay"))
        .args(arguments)
        .arg("--data-dir")
        .arg(folder.join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that reads nothing has closed it already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_first_start_tells_a_password_once_and_no_log_has_it() {
    let folder = folders();
    let mut relay = Relay::start(folder.path(), &[]);
    let password = relay.password.clone().expect("one is told");
    relay.login(&password);
    let logs: Logs = relay.get("logs").json();
    assert!(!logs.lines.is_empty());
    assert!(logs.lines.iter().all(|line| !line.text.contains(&password)));
    let told = relay.kill();
    assert_eq!(told.matches(&password).count(), 1, "{told}");
    for entry in fs::read_dir(folder.path().join("data")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(path).unwrap();
            let found = bytes
                .windows(password.len())
                .any(|part| part == password.as_bytes());
            assert!(!found);
        }
    }
    let mut relay = Relay::start(folder.path(), &[]);
    assert_eq!(relay.password, None);
    relay.login(&password);
    relay.kill();

    let relay = Relay::start(folder.path(), &["--admin", "off"]);
    assert_eq!(relay.ask("GET", "session", "", "").status, 404);
    let file = folder.path().join("password");
    fs::write(&file, "from a file of mine\n").unwrap();
    relay.kill();
    let file = file.to_str().unwrap();
    let mut relay = Relay::start(folder.path(), &["--admin-password-file", file]);
    relay.login("from a file of mine");
    let settings: Vec<protocol::admin::Setting> = relay.get("configuration").json();
    let setting = |name: &str| {
        settings
            .iter()
            .find(|setting| setting.name == name)
            .unwrap()
    };
    assert_eq!(setting("admin_password_file").source, "command line");
    assert_eq!(setting("admin_password").value, "not set");
}

#[test]
fn commands_work_beside_a_relay_that_runs() {
    let folder = folders();
    let mut relay = Relay::start(folder.path(), &[]);
    relay.login(&relay.password.clone().unwrap());
    assert_eq!(relay.block("203.0.113.1").status, 200);
    let backup = folder.path().join("backup.db");
    let backup = backup.to_str().unwrap();
    let output = command(folder.path(), &["backup", backup], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("3 audit entries, checked"));
    assert_eq!(relay.block("203.0.113.2").status, 200);

    let output = command(folder.path(), &["restore", backup], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("another relay uses it: stop that one"));
    let output = command(folder.path(), &["audit"], "");
    let trail = text(&output.stdout);
    assert!(output.status.success(), "{trail}");
    assert!(trail.contains("store.backup") && trail.contains("5 entries, none changed"));

    let output = command(folder.path(), &["password"], "short\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(relay.ask("GET", "session", "", "").status, 200);
    let output = command(folder.path(), &["password"], "another, by command\n");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(relay.ask("GET", "session", "", "").status, 401);
    relay.login("another, by command");
    relay.kill();

    let output = command(folder.path(), &["restore", backup], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut relay = Relay::start(folder.path(), &[]);
    // The password and the session of then are those of now, and what came later is gone.
    let told = folder.path().join("told");
    relay.login(&fs::read_to_string(told).unwrap());
    let blocks: Vec<Block> = relay.get("blocks").json();
    let values: Vec<_> = blocks.iter().map(|block| &*block.value).collect();
    assert_eq!(values, ["203.0.113.1"]);
    let audit: Audit = relay.get("audit").json();
    assert_eq!(audit.broken_at, None);
    assert!(
        audit
            .entries
            .iter()
            .any(|entry| entry.action == "store.restore")
    );
}

#[test]
fn nothing_that_was_answered_is_lost_by_kill_9() {
    let folder = folders();
    let mut relay = Relay::start(folder.path(), &[]);
    relay.login(&relay.password.clone().unwrap());
    let mut answered: Vec<String> = Vec::new();
    // Killed after so many answers, each time while more is being written.
    for (round, most) in [1, 7, 2, 23, 4, 11].into_iter().enumerate() {
        let count = AtomicUsize::new(0);
        let done: Vec<String> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..3)
                .map(|writer| {
                    let (relay, count) = (&relay, &count);
                    scope.spawn(move || {
                        let mut done = Vec::new();
                        for number in 0..250 {
                            let address = format!("10.{round}.{writer}.{number}");
                            match relay.try_block(&address) {
                                Some(200) => done.push(address),
                                Some(other) => panic!("{address}: {other}"),
                                None => break,
                            }
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                        done
                    })
                })
                .collect();
            while count.load(Ordering::Relaxed) < most {
                std::thread::yield_now();
            }
            relay.kill_hard();
            let joined = writers.into_iter().map(|writer| writer.join().unwrap());
            joined.flatten().collect()
        });
        assert!(done.len() >= most);
        answered.extend(done);
        relay = relay.again(folder.path());
        let blocks: Vec<Block> = relay.get("blocks").json();
        for address in &answered {
            let is_there = blocks.iter().any(|block| block.value == *address);
            assert!(is_there, "{address} was answered and is lost");
        }
        let output = command(folder.path(), &["audit"], "");
        let trail = text(&output.stdout);
        assert!(output.status.success(), "{trail}{}", text(&output.stderr));
        // Each block has its entry, and no entry is without its block.
        assert_eq!(trail.matches("\tblock.add\t").count(), blocks.len());
    }
    // It was killed while it wrote, and not between.
    assert!(answered.len() > 48, "{}", answered.len());
}

#[test]
fn a_publication_that_was_killed_goes_on_by_itself() {
    let folder = folders();
    let tunes = folder.path().join("tunes");
    fs::create_dir(&tunes).unwrap();
    for number in 0..60u8 {
        fs::write(tunes.join(format!("{number}.bin")), vec![number; 700_000]).unwrap();
    }
    let mut relay = Relay::start(folder.path(), &[]);
    relay.login(&relay.password.clone().unwrap());
    let wanted = json!({ "folder": tunes, "name": "Big" }).to_string();
    assert_eq!(relay.ask("POST", "collections", "", &wanted).status, 200);
    let first = |relay: &Relay| relay.get("jobs").json::<Vec<Job>>().remove(0);
    while first(&relay).state == JobState::Waiting {
        std::thread::sleep(Duration::from_millis(1));
    }
    relay.kill_hard();
    let relay = relay.again(folder.path());
    let ended = loop {
        let job = first(&relay);
        if job.ended_millis.is_some() {
            break job;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(ended.state, JobState::Done, "{}", ended.words);
    let collections: Vec<Collection> = relay.get("collections").json();
    assert_eq!((&*collections[0].id, collections[0].files), ("Big", 60));
    assert_eq!(collections[0].problem, None);
}

#[test]
fn a_second_relay_and_a_damaged_store_are_refused_with_words() {
    let folder = folders();
    let relay = Relay::start(folder.path(), &[]);
    let refusal = |expected: &str| {
        let output = relay::command(folder.path(), &[]).output().unwrap();
        let words = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert_eq!(words.trim_end().lines().count(), 1, "{words}");
        assert!(words.contains(expected), "{words}");
    };
    refusal("another relay uses it");
    relay.kill();
    let store = folder.path().join("data/sidereal.db");
    let nonsense = "no database at all ".repeat(100);
    fs::write(&store, &nonsense).unwrap();
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.path().join(format!("data/sidereal.db{end}")));
    }
    refusal("is damaged");
    assert_eq!(fs::read_to_string(&store).unwrap(), nonsense);
}

#[test]
fn a_login_is_answered_as_the_protocol_says() {
    let folder = folders();
    let mut relay = Relay::start(folder.path(), &[]);
    let password = relay.password.clone().unwrap();
    let login = serde_json::to_string(&Login { password }).unwrap();
    let from_elsewhere = relay.ask("POST", "session", "Origin: http://x.example\r\n", &login);
    assert_eq!(from_elsewhere.status, 403);
    relay.login(&relay.password.clone().unwrap());
    let who: Who = relay.get("session").json();
    assert_eq!((&*who.name, who.scopes.len()), ("operator", 4));
    assert_eq!(relay.ask("DELETE", "session", "", "").status, 204);
    assert_eq!(relay.ask("GET", "session", "", "").status, 401);
}
