//! Collections, jobs, blocks, charts and figures.

use std::fs;
use std::path::{Path, PathBuf};

use protocol::admin::{
    Block, BlockKind, Collection, FigureValue, History, Job, JobKind, JobState, NewBlock, Publish,
    Status, Swarm, Telemetry,
};

use axum::extract::ConnectInfo;
use serde::de::DeserializeOwned;

use super::bench::Answer;
use super::*;
use crate::collections::Collections;
use crate::metrics::Metrics;

/// An operator who is logged in, with a folder of tunes and a place for collections.
struct Desk {
    bench: Bench,
    cookie: String,
    folder: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bench = bench(folder.path(), None);
        let desk = Self {
            cookie: bench.login().await,
            bench,
            folder,
        };
        desk.write("a.sid", 1);
        desk.write("sub/b.bin", 2);
        desk
    }

    fn tunes(&self) -> PathBuf {
        self.folder.path().join("tunes")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("data/collections")
    }

    fn write(&self, name: &str, byte: u8) {
        let path = self.tunes().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut bytes = b"PSID\0\x02\0\x7c".to_vec();
        bytes.resize(0x7c, 0);
        bytes[0x0f] = 1;
        bytes.extend([0x00, 0x10, 0x60, byte]);
        fs::write(path, bytes).unwrap();
    }

    async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let headers = [ORIGIN, ("cookie", &*self.cookie)];
        self.bench.ask(method, path, &headers, body).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.ask("GET", path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer.json()
    }

    async fn publish(&self, folder: &Path, name: &str) -> Answer {
        let wanted = Publish {
            folder: folder.display().to_string(),
            name: name.into(),
        };
        self.ask("POST", "collections", json(&wanted)).await
    }

    /// The job, when it has ended.
    async fn ended(&self, job: &Job) -> Job {
        loop {
            let jobs: Vec<Job> = self.get("jobs").await;
            let job = jobs.into_iter().find(|known| known.id == job.id).unwrap();
            if job.ended_millis.is_some() {
                return job;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn done(&self, method: &str, path: &str) -> Job {
        let answer = self.ask(method, path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let job = self.ended(&answer.json()).await;
        assert_eq!(job.state, JobState::Done, "{}", job.words);
        job
    }
}

/// A relay whose collections lie in a folder; with another one's store, if there is one.
fn bench(folder: &Path, store: Option<Store>) -> Bench {
    let data = folder.join("data");
    fs::create_dir_all(&data).unwrap();
    Bench::with(|parts| {
        let metrics = parts.exporter.metrics.collections.clone();
        parts.exporter.collections = Arc::new(Collections::new(data.join("collections"), metrics));
        parts.exporter.data_dir = data;
        if let Some(store) = store {
            parts.store = store;
        }
    })
}

#[tokio::test]
async fn a_folder_is_published_looked_at_and_taken_back() {
    let desk = Desk::new().await;
    desk.write("m.sid", 4);
    let answer = desk.publish(&desk.tunes(), "Some Tunes").await;
    let job: Job = answer.json();
    assert_eq!(
        (job.kind, &*job.collection),
        (JobKind::Publish, "Some-Tunes")
    );
    let job = desk.ended(&job).await;
    assert_eq!(job.state, JobState::Done, "{}", job.words);
    assert!(
        job.words.starts_with("3 files, 2 songs, 3 new files"),
        "{}",
        job.words
    );
    // It is served at once.
    let served = desk
        .bench
        .admin
        .exporter
        .collections
        .get("Some-Tunes")
        .unwrap();
    let all: Vec<Collection> = desk.get("collections").await;
    assert_eq!(
        (&*all[0].id, &*all[0].name, all[0].files),
        ("Some-Tunes", "Some Tunes", 3)
    );
    assert_eq!(
        all[0].torrents,
        [served.torrents[0].metainfo.info_hash.to_string()]
    );
    assert_eq!((&all[0].freshness, &all[0].integrity), (&None, &None));

    desk.done("POST", "collections/Some-Tunes/verify").await;
    desk.done("POST", "collections/Some-Tunes/compare").await;
    let all: Vec<Collection> = desk.get("collections").await;
    let integrity = all[0].integrity.as_ref().unwrap();
    assert_eq!((integrity.files, integrity.damaged), (3, 0));
    let freshness = all[0].freshness.as_ref().unwrap();
    assert_eq!(
        (freshness.new, freshness.changed, freshness.gone),
        (0, 0, 0)
    );

    // One is changed where it lies, which changes what is held too; one is new, two are gone.
    let changed = desk.tunes().join("a.sid");
    let mut bytes = fs::read(&changed).unwrap();
    bytes.push(9);
    fs::write(&changed, bytes).unwrap();
    desk.write("new.sid", 3);
    for gone in ["m.sid", "sub/b.bin"] {
        fs::remove_file(desk.tunes().join(gone)).unwrap();
    }
    desk.done("POST", "collections/Some-Tunes/compare").await;
    desk.done("POST", "collections/Some-Tunes/verify").await;
    let all: Vec<Collection> = desk.get("collections").await;
    let freshness = all[0].freshness.as_ref().unwrap();
    assert_eq!(
        (freshness.new, freshness.changed, freshness.gone),
        (1, 1, 2)
    );
    let integrity = all[0].integrity.as_ref().unwrap();
    assert_eq!((integrity.files, integrity.damaged), (3, 1));
    assert_eq!(integrity.examples, ["a.sid"]);

    let answer = desk.ask("DELETE", "collections/Some-Tunes", "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(desk.get::<Vec<Collection>>("collections").await.is_empty());
    assert!(
        desk.bench
            .admin
            .exporter
            .collections
            .get("Some-Tunes")
            .is_none()
    );
    assert!(!desk.out().join("Some-Tunes").exists());
    assert!(changed.exists() && desk.tunes().join("new.sid").exists());
    let answer = desk.ask("DELETE", "collections/Some-Tunes", "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let trail = desk.bench.trail().await;
    let done: Vec<_> = trail
        .entries
        .iter()
        .filter(|entry| entry.outcome == "done")
        .collect();
    let done: Vec<_> = done.iter().map(|entry| &*entry.action).take(6).collect();
    assert_eq!(done[0], "collection.unpublish");
    assert_eq!(done[5], "collection.publish");
    assert_eq!(trail.broken_at, None);
}

#[tokio::test]
async fn what_lies_beside_a_collection_stays() {
    let desk = Desk::new().await;
    let job: Job = desk.publish(&desk.tunes(), "T").await.json();
    desk.ended(&job).await;
    let other = desk.out().join("T/music");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("mine.sid"), "mine").unwrap();
    fs::write(desk.out().join("T/notes.txt"), "mine").unwrap();
    let answer = desk.ask("DELETE", "collections/T", "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let left = fs::read_dir(desk.out().join("T")).unwrap();
    let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["music", "notes.txt"]);
    assert!(other.join("mine.sid").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_published_is_told() {
    let desk = Desk::new().await;
    let check = async |folder: &Path, name: &str, words: &str| {
        let answer = desk.publish(folder, name).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{}",
            folder.display()
        );
        let problem: Problem = answer.json();
        assert!(problem.error.contains(words), "{}", problem.error);
    };
    let tunes = desk.tunes();
    check(&tunes, "...", "a letter or a digit").await;
    check(&tunes, &"x".repeat(101), "100 letters").await;
    check(Path::new("tunes"), "T", "from the root").await;
    check(&tunes.join("none"), "T", "none: ").await;
    check(&tunes.join("a.sid"), "T", "no folder").await;
    check(Path::new("/"), "T", "keeps for itself").await;
    check(desk.folder.path(), "T", "keeps for itself").await;
    check(&tunes.join("../data"), "T", "keeps for itself").await;
    fs::create_dir_all(desk.out().join("X")).unwrap();
    check(&desk.out().join("X"), "T", "keeps for itself").await;

    fs::create_dir(desk.folder.path().join("empty")).unwrap();
    let job: Job = desk
        .publish(&desk.folder.path().join("empty"), "T")
        .await
        .json();
    let job = desk.ended(&job).await;
    assert_eq!(job.state, JobState::Failed);
    assert!(job.words.contains("holds no files"), "{}", job.words);
    let metrics = desk.bench.admin.exporter.metrics.text();
    let line = "sidereal_queue_failed_total{backend=\"sqlite\",queue=\"jobs\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    for path in ["collections/None/verify", "collections/None/compare"] {
        assert_eq!(
            desk.ask("POST", path, "").await.status,
            StatusCode::NOT_FOUND
        );
    }
    for path in [
        "collections/..",
        "collections/%2e%2e%2fx",
        "collections/T%2f..%2fT",
    ] {
        assert_eq!(
            desk.ask("DELETE", path, "").await.status,
            StatusCode::NOT_FOUND
        );
    }
}

fn order(name: &str, folder: &Path) -> jobs::Order {
    jobs::Order {
        kind: JobKind::Publish,
        collection: name.into(),
        folder: folder.into(),
        name: name.into(),
    }
}

#[tokio::test]
async fn what_was_under_way_is_taken_up_again_and_what_was_to_stop_is_stopped() {
    let desk = Desk::new().await;
    // As a relay leaves them that is killed in the middle.
    let store = Store::temporary(Metrics::new(false).database);
    let ids = store
        .write_now(Operation::Job, |to| {
            let mut ids = Vec::new();
            for (name, state) in [("A", "running"), ("B", "stopping"), ("C", "waiting")] {
                let job = jobs::add(to, &order(name, &desk.tunes()), 1)?.unwrap();
                to.execute("UPDATE jobs SET state = ? WHERE id = ?", (state, job.id))?;
                ids.push(job.id);
            }
            Ok(ids)
        })
        .unwrap();
    store
        .write_now(Operation::Password, |to| {
            password::set(to, "none", None, 1, &password::deed("for a test"))
        })
        .unwrap();
    let bench = bench(desk.folder.path(), Some(store));
    let jobs = |bench: &Bench| -> Vec<Job> {
        let admin = &bench.admin;
        let list = |from: &rusqlite::Connection| admin.jobs.list(from);
        admin.store.read_now(Operation::Job, list).unwrap()
    };
    while jobs(&bench).iter().any(|job| job.ended_millis.is_none()) {
        tokio::task::yield_now().await;
    }
    let states: Vec<_> = ids
        .iter()
        .map(|id| jobs(&bench).iter().find(|job| job.id == *id).unwrap().state)
        .collect();
    assert_eq!(states, [JobState::Done, JobState::Stopped, JobState::Done]);
    assert!(bench.admin.exporter.collections.get("A").is_some());
    assert!(bench.admin.exporter.collections.get("B").is_none());
}

#[tokio::test]
async fn a_job_whose_end_could_not_be_written_stands_in_nobodys_way() {
    let desk = Desk::new().await;
    // As a full disk leaves it.
    let add = |to: &rusqlite::Transaction<'_>| {
        let job = jobs::add(to, &order("tunes", &desk.tunes()), 1)?.unwrap();
        to.execute("UPDATE jobs SET state = 'running' WHERE id = ?", [job.id])?;
        Ok(job)
    };
    let stale = desk.bench.admin.store.write_now(Operation::Job, add);
    let other: Job = desk.publish(&desk.tunes(), "Others").await.json();
    desk.ended(&other).await;
    // The older one came first.
    let jobs: Vec<Job> = desk.get("jobs").await;
    let stale = jobs.iter().find(|job| job.id == stale.as_ref().unwrap().id);
    assert_eq!(stale.unwrap().state, JobState::Done);
}

#[tokio::test]
async fn a_job_that_runs_or_waits_can_be_stopped() {
    let desk = Desk::new().await;
    let store = &desk.bench.admin.store;
    // In one step, so that the thread never sees it wait.
    let waiting = store
        .write_now(Operation::Job, |to| {
            let job = jobs::add(to, &order("W", &desk.tunes()), 1)?.unwrap();
            let stopped = jobs::stop(to, job.id, 2)?;
            assert_eq!(stopped, jobs::Stopped::Yes("W".into()));
            Ok(job.id)
        })
        .unwrap();
    // As if the thread had it.
    let running = store
        .write_now(Operation::Job, |to| {
            let job = jobs::add(to, &order("R", &desk.tunes()), 1)?.unwrap();
            to.execute("UPDATE jobs SET state = 'running' WHERE id = ?", [job.id])?;
            Ok(job.id)
        })
        .unwrap();
    let answer = desk.publish(&desk.tunes(), "R").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let stop = async |id: i64| desk.ask("DELETE", &format!("jobs/{id}"), "").await.status;
    assert_eq!(stop(running).await, StatusCode::NO_CONTENT);
    assert_eq!(stop(waiting).await, StatusCode::CONFLICT);
    let all: Vec<Job> = desk.get("jobs").await;
    let states: Vec<_> = all.iter().map(|job| (job.id, job.state)).collect();
    let expected = [(running, JobState::Running), (waiting, JobState::Stopped)];
    assert_eq!(states, expected);
    assert_eq!(
        desk.ask("DELETE", "jobs/77", "").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn blocks_are_kept_and_gone_by() {
    let desk = Desk::new().await;
    let add = async |kind, value: &str| {
        let new = NewBlock {
            kind,
            value: value.into(),
            reason: "noise".into(),
        };
        desk.ask("POST", "blocks", json(&new)).await
    };
    let hash = "0123456789abcdef0123456789abcdef01234567";
    let block: Block = add(BlockKind::Torrent, &hash.to_uppercase()).await.json();
    assert_eq!((&*block.value, &*block.by), (hash, OPERATOR));
    let block: Block = add(BlockKind::Address, "203.0.113.77/24").await.json();
    assert_eq!(block.value, "203.0.113.0/24");
    let again = add(BlockKind::Address, "203.0.113.0/24").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    // The operator asks from 192.0.2.7.
    for own in ["192.0.2.7", "192.0.0.0/8", "0.0.0.0/0"] {
        let answer = add(BlockKind::Address, own).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{own}");
    }
    assert_eq!(
        add(BlockKind::Torrent, "abc").await.status,
        StatusCode::BAD_REQUEST
    );
    let now = desk.bench.admin.gate.now();
    assert!(now.has_torrent(&hash.parse().unwrap()));
    assert!(now.has_address("203.0.113.200".parse().unwrap()));
    // A relay that starts anew goes by the same.
    let blocked = blocked(&desk.bench.admin.store).unwrap();
    assert_eq!(blocked.len(), 2);

    let path = format!("blocks/{}", block.id);
    assert_eq!(
        desk.ask("DELETE", &path, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        desk.ask("DELETE", &path, "").await.status,
        StatusCode::NOT_FOUND
    );
    assert!(
        !desk
            .bench
            .admin
            .gate
            .now()
            .has_address("203.0.113.200".parse().unwrap())
    );
    let left: Vec<Block> = desk.get("blocks").await;
    assert_eq!(left.len(), 1);
    let swarms: Vec<Swarm> = desk.get("swarms").await;
    assert!(swarms.is_empty());
}

#[tokio::test]
async fn a_blocked_address_gets_the_app_and_no_more() {
    let app = state(&[]);
    let wanted = crate::blocks::Wanted::parse(BlockKind::Address, "203.0.113.0/24").unwrap();
    app.gate.set([wanted]);
    let metrics = app.metrics.clone();
    let router = crate::router::public(app);
    let ask = async |address: &str, path: &str| {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        let address = std::net::SocketAddr::new(address.parse().unwrap(), 1);
        request.extensions_mut().insert(ConnectInfo(address));
        router.clone().oneshot(request).await.unwrap().status()
    };
    let closed = ["/seed/a/b.flat", "/api/v1/ice", "/api/v1/none", "/announce"];
    for path in closed {
        assert_eq!(
            ask("203.0.113.9", path).await,
            StatusCode::FORBIDDEN,
            "{path}"
        );
        assert_ne!(
            ask("203.0.114.9", path).await,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    for path in ["/", "/healthz", "/collections.json"] {
        assert_eq!(ask("203.0.113.9", path).await, StatusCode::OK, "{path}");
    }
    assert_eq!(metrics.blocks.requests.get(), closed.len() as u64);
}

#[tokio::test]
async fn charts_objectives_and_alerts_follow_what_happens() {
    let desk = Desk::new().await;
    let admin = &desk.bench.admin;
    admin.look().await;
    let mut recorder = telemetry::Recorder::default();
    for _ in 0..30 {
        recorder.record(telemetry::Fact::Play(telemetry::Outcome::Success));
        recorder.record(telemetry::Fact::Play(telemetry::Outcome::Failed));
        recorder.record(telemetry::Fact::FirstAudio(Some(300_000)));
    }
    admin
        .exporter
        .metrics
        .player
        .merge(&recorder.take(1).unwrap());
    desk.bench.pass(15_000);
    admin.look().await;
    let history: History = desk.get("history?hours=1").await;
    assert_eq!(
        (history.step_millis, history.series[0].values.len()),
        (15_000, 240)
    );
    let last = |name: &str| {
        let series = history.series.iter().find(|series| series.name == name);
        *series.unwrap().values.last().unwrap()
    };
    assert_eq!(last("plays"), Some(120.0));
    assert_eq!(last("play_success"), Some(0.5));
    assert!(last("first_audio_p95").unwrap() < 0.5);
    assert_eq!(last("seek_p95"), None);
    let status: Status = desk.get("status").await;
    let play = status
        .objectives
        .iter()
        .find(|known| known.name == "play_success");
    assert_eq!(play.unwrap().ratio, Some(0.5));
    let names: Vec<_> = status
        .alerts
        .iter()
        .map(|alert| (&*alert.name, alert.is_firing))
        .collect();
    assert!(names.contains(&("ErrorBudgetBurnsFast", true)), "{names:?}");
    assert!(names.contains(&("PlaysFail", false)), "{names:?}");

    let told: Telemetry = desk.get("telemetry").await;
    assert_eq!((told.accepted, told.duplicate), (1, 0));
    assert_eq!(told.refused.len(), crate::beacons::Refusal::ALL.len());
    let figure = |name: &str| {
        told.figures
            .iter()
            .find(|figure| figure.name == name)
            .unwrap()
    };
    let failed = told
        .figures
        .iter()
        .find(|figure| figure.labels == [("outcome".to_owned(), "failed".to_owned())]);
    assert_eq!(failed.unwrap().value, FigureValue::Count(30.0));
    let audio = figure("sidereal_player_first_audio_seconds");
    let FigureValue::Histogram {
        bounds,
        counts,
        sum,
    } = &audio.value
    else {
        panic!("{audio:?}");
    };
    assert_eq!((&*audio.unit, bounds.len() + 1), ("seconds", counts.len()));
    assert_eq!(counts.iter().sum::<u64>(), 30);
    assert!((sum - 9.0).abs() < 0.1, "{sum}");
}
