//! What an operator, a program and somebody who is neither do within a minute.

use std::net::SocketAddr;
use std::path::Path;

use protocol::admin::{Job, MadeToken, ROOT};
use serde_json::json;

use super::prometheus::until;
use super::traffic::{Answer, ask};

/// The password that the relay is started with.
pub const PASSWORD: &str = "what the operator says";
/// Failures that cost an address nothing, and the one after which it waits.
pub const WRONG: u32 = 4;

fn say(relay: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let headers = format!("Origin: http://{relay}\r\n{headers}");
    ask(
        relay,
        method,
        &format!("{ROOT}/{path}"),
        &headers,
        body.as_bytes(),
    )
}

fn json_of<T: serde::de::DeserializeOwned>(answer: &Answer) -> T {
    serde_json::from_slice(&answer.body).unwrap()
}

/// Logs in, does a little of everything, and fails at the rest. `store` is the relay's, of which a
/// table is away for a moment.
pub fn operate(relay: SocketAddr, store: &Path, empty: &Path, torrent: &str) {
    let login = |password: &str| json!({ "password": password }).to_string();
    let answer = say(relay, "POST", "session", "", &login(PASSWORD));
    assert_eq!(answer.status, 200);
    let cookie = answer.cookie.split(';').next().unwrap();
    let own = format!("Cookie: {cookie}\r\n");
    let wanted = json!({ "name": "robot", "scopes": ["read"], "days": 1 }).to_string();
    let key: MadeToken = json_of(&say(relay, "POST", "tokens", &own, &wanted));
    let key = format!("Authorization: Bearer {}\r\n", key.secret);
    assert_eq!(say(relay, "GET", "status", &key, "").status, 200);
    // Beyond its scopes; nobody; a page from elsewhere.
    assert_eq!(say(relay, "GET", "tokens", &key, "").status, 403);
    assert_eq!(say(relay, "GET", "status", "", "").status, 401);
    let elsewhere = format!("{own}Sec-Fetch-Site: cross-site\r\n");
    assert_eq!(say(relay, "DELETE", "session", &elsewhere, "").status, 403);

    let block = json!({ "kind": "torrent", "value": torrent, "reason": "" }).to_string();
    assert_eq!(say(relay, "POST", "blocks", &own, &block).status, 200);
    let wanted = json!({ "folder": empty, "name": "Empty" }).to_string();
    let job: Job = json_of(&say(relay, "POST", "collections", &own, &wanted));
    until("the job has failed", || {
        let jobs: Vec<Job> = json_of(&say(relay, "GET", "jobs", &own, ""));
        let mut ended = jobs.iter().filter(|known| known.ended_millis.is_some());
        ended.find(|known| known.id == job.id).map(|_| ())
    });

    let store = rusqlite::Connection::open(store).unwrap();
    store
        .execute_batch("ALTER TABLE blocks RENAME TO away")
        .unwrap();
    assert_eq!(say(relay, "GET", "blocks", &own, "").status, 503);
    store
        .execute_batch("ALTER TABLE away RENAME TO blocks")
        .unwrap();
    assert_eq!(say(relay, "GET", "blocks", &own, "").status, 200);

    for _ in 0..WRONG {
        let answer = say(relay, "POST", "session", "", &login("a wrong password"));
        assert_eq!(answer.status, 401);
    }
    let answer = say(relay, "POST", "session", "", &login(PASSWORD));
    assert_eq!(answer.status, 429);
}
