//! The swarm over a memory store, with a world that notes what it is told.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use protocol::collections::{Catalogue, Collection, LISTING_VERSION, Listing, Part};
use protocol::swarm::{Kind, Request};
use sidfile::Md5;
use torrent::create::Builder;
use torrent::session::Phase;
use torrent::{ConnectionId, FetchId, Metainfo};

use super::*;

/// Runs a future whose awaits are all ready at once.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

type Told = (Caller, u32, Event, Option<Vec<u8>>);
type Later = Pin<Box<dyn Future<Output = ()>>>;

#[derive(Default)]
struct World {
    told: RefCell<Vec<Told>>,
    clock: Cell<u64>,
    later: RefCell<Vec<Later>>,
    site: RefCell<BTreeMap<String, Vec<u8>>>,
    library: RefCell<BTreeMap<Md5, Vec<u8>>>,
    fetches: RefCell<Vec<(FetchId, String, u64, u64)>>,
    arrived: RefCell<Vec<(FileId, String, Vec<u8>)>>,
    quota: Cell<Option<u64>>,
}

impl Outside for World {
    fn tell(&self, to: Caller, id: u32, event: &Event, bytes: Option<Vec<u8>>) {
        self.told.borrow_mut().push((to, id, event.clone(), bytes));
    }
    fn now_millis(&self) -> u64 {
        self.clock.get()
    }
    fn minutes(&self) -> u32 {
        (self.clock.get() / 60_000) as u32
    }
    fn wake_at(&self, _: u64) {}
    async fn turn(&self) {}
    fn spawn(&self, future: Later) {
        self.later.borrow_mut().push(future);
    }
    fn random(&self) -> [u8; 20] {
        [7; 20]
    }
    fn connect_tracker(&self, _: &str) {}
    fn send_to_tracker(&self, _: &str, _: &str) {}
    fn close_tracker(&self, _: &str) {}
    fn send(&self, _: ConnectionId, _: Vec<u8>) {}
    fn close(&self, _: ConnectionId) {}
    fn fetch(&self, id: FetchId, url: &str, offset: u64, length: u64) {
        self.fetches
            .borrow_mut()
            .push((id, url.to_owned(), offset, length));
    }
    fn cancel_fetch(&self, id: FetchId) {
        self.fetches.borrow_mut().retain(|fetch| fetch.0 != id);
    }
    async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let site = self.site.borrow();
        site.get(url).cloned().ok_or_else(|| "404".to_owned())
    }
    async fn library_file(&self, md5: Md5) -> Option<Vec<u8>> {
        self.library.borrow().get(&md5).cloned()
    }
    fn arrived(&self, file: FileId, path: &str, bytes: Vec<u8>) {
        self.arrived
            .borrow_mut()
            .push((file, path.to_owned(), bytes));
    }
    async fn disk(&self) -> Option<(u64, u64)> {
        self.quota.get().map(|quota| (0, quota))
    }
}

type TestSwarm = Rc<Swarm<Rc<MemoryStore>, World>>;

const ORIGIN: &str = "https://site.example";

fn swarm(store: &Rc<MemoryStore>) -> TestSwarm {
    Swarm::new(Rc::clone(store), World::default())
}

fn ask(swarm: &TestSwarm, id: u32, request: Request, bytes: Option<Vec<u8>>) {
    now(swarm.request(Caller::Page, id, request, bytes));
    settle(swarm);
}

fn open(swarm: &TestSwarm) {
    let settings = Settings::default();
    let origin = ORIGIN.into();
    ask(swarm, 1, Request::Open { origin, settings }, None);
}

/// Runs what was spawned, serves web seeds, and goes on in time.
fn settle(swarm: &TestSwarm) {
    for _ in 0..40 {
        let later: Vec<Later> = swarm.outside().later.take();
        later.into_iter().for_each(now);
        for (id, url, offset, length) in swarm.outside().fetches.take() {
            let whole = swarm.outside().site.borrow().get(&url).cloned();
            let range = offset as usize..(offset + length) as usize;
            match whole.and_then(|whole| whole.get(range).map(<[u8]>::to_vec)) {
                Some(bytes) => {
                    swarm.input(Input::Fetched(id, bytes));
                    swarm.input(Input::FetchDone(id));
                }
                None => swarm.input(Input::FetchFailed(id, Some(404), "not found".into())),
            }
        }
        let clock = &swarm.outside().clock;
        clock.set(clock.get() + 50);
        swarm.wake();
    }
}

fn told(swarm: &TestSwarm, id: u32) -> Vec<(Event, Option<Vec<u8>>)> {
    let told = swarm.outside().told.borrow();
    let mine = told.iter().filter(|(_, of, ..)| *of == id);
    mine.map(|(_, _, event, bytes)| (event.clone(), bytes.clone()))
        .collect()
}

fn added(swarm: &TestSwarm, id: u32) -> InfoHash {
    match &told(swarm, id)[..] {
        [(Event::Added(torrent), _)] => *torrent,
        other => panic!("{other:?}"),
    }
}

fn torrents(swarm: &TestSwarm) -> Vec<Torrent> {
    let told = swarm.outside().told.borrow();
    let last = told.iter().rev().find_map(|(_, _, event, _)| match event {
        Event::Torrents { torrents, .. } => Some(torrents.clone()),
        _ => None,
    });
    last.unwrap_or_default()
}

fn notices(swarm: &TestSwarm) -> Vec<String> {
    let told = swarm.outside().told.borrow();
    let notices = told.iter().filter_map(|(_, _, event, _)| match event {
        Event::Notice(text) => Some(text.clone()),
        _ => None,
    });
    notices.collect()
}

/// Files of 6,000 bytes each, all different.
fn files(count: u8) -> Vec<(String, Vec<u8>)> {
    (0..count)
        .map(|at| (format!("{at:03}.sid"), vec![at + 1; 6_000]))
        .collect()
}

fn metainfo(files: &[(String, Vec<u8>)]) -> Metainfo {
    let list = files
        .iter()
        .map(|(path, bytes)| (path.clone(), bytes.len() as u64))
        .collect();
    let mut builder = Builder::new("Tunes", list).unwrap();
    for (_, bytes) in files {
        builder.push(bytes).unwrap();
    }
    builder.finish().unwrap()
}

/// A site with a collection of `count` files.
fn publish(swarm: &TestSwarm, count: u8) -> (InfoHash, Vec<(String, Vec<u8>)>) {
    let files = files(count);
    let metainfo = metainfo(&files);
    let part = Part {
        info_hash: metainfo.info_hash.to_string(),
        torrent: "/collections/a.torrent".into(),
        flat: "/seed/a.flat".into(),
        files: u32::from(count),
        bytes: metainfo.info.total_length(),
    };
    let listing = Listing {
        version: LISTING_VERSION,
        collections: vec![Collection {
            name: "Tunes".into(),
            files: u32::from(count),
            tunes: u32::from(count),
            bytes: part.bytes,
            catalogue: Catalogue {
                url: "/collections/a.catalogue".into(),
                sha256: String::new(),
                bytes: 0,
            },
            torrents: vec![part],
        }],
    };
    let site = &mut *swarm.outside().site.borrow_mut();
    let mut put = |path: &str, bytes: Vec<u8>| site.insert(format!("{ORIGIN}{path}"), bytes);
    put("/collections.json", serde_json::to_vec(&listing).unwrap());
    put("/collections/a.torrent", metainfo.encode(&[], &[], &[]));
    put(
        "/seed/a.flat",
        files.iter().flat_map(|(_, bytes)| bytes.clone()).collect(),
    );
    (metainfo.info_hash, files)
}

fn want(swarm: &TestSwarm, id: u32, torrent: InfoHash, file: u32) -> Option<Vec<u8>> {
    ask(swarm, id, Request::File(FileId { torrent, file }), None);
    match &told(swarm, id)[..] {
        [(Event::File(_), bytes)] => bytes.clone(),
        [(Event::Failed { .. }, _)] => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_of_a_collection_comes_alone() {
    let store = Rc::default();
    let swarm = swarm(&store);
    let (torrent, files) = publish(&swarm, 40);
    open(&swarm);
    assert_eq!(store.used(), 0);
    assert_eq!(want(&swarm, 9, torrent, 30), Some(files[30].1.clone()));
    // 6,000 bytes lie in two pieces of 16 KiB at most.
    assert!(store.used() <= 2 * 16_384, "{}", store.used());
    assert_eq!(torrents(&swarm)[0].kind, Kind::Collection);
}

#[test]
fn what_is_here_is_here_after_a_restart() {
    let store = Rc::default();
    let first = swarm(&store);
    let (torrent, files) = publish(&first, 10);
    open(&first);
    want(&first, 9, torrent, 3);
    let request = Request::Prioritise {
        torrent,
        files: (5, 6),
        priority: Priority::High,
    };
    ask(&first, 0, request, None);
    first.outside().clock.set(60_000);
    settle(&first);
    let second = swarm(&store);
    open(&second);
    assert_eq!(want(&second, 9, torrent, 3), Some(files[3].1.clone()));
    let status = second.state.borrow().session.files(&torrent, 0..10);
    let priorities: Vec<Priority> = status.iter().map(|file| file.priority).collect();
    let mut expected = vec![Priority::None; 10];
    expected[5] = Priority::High;
    assert_eq!(priorities, expected);
}

#[test]
fn a_removed_collection_stays_away() {
    let store = Rc::default();
    let first = swarm(&store);
    let (torrent, _) = publish(&first, 3);
    open(&first);
    want(&first, 9, torrent, 0);
    let bytes = true;
    ask(&first, 0, Request::Remove { torrent, bytes }, None);
    assert_eq!((torrents(&first), store.used()), (Vec::new(), 0));
    let second = swarm(&store);
    publish(&second, 3);
    open(&second);
    assert_eq!(torrents(&second), Vec::new());
}

#[test]
fn what_the_listener_adds_comes_whole_and_the_library_hears_of_it_once() {
    let store = Rc::default();
    let first = swarm(&store);
    let (_, files) = publish(&first, 5);
    let flat = format!("{ORIGIN}/alone");
    first
        .outside()
        .site
        .borrow_mut()
        .remove(&format!("{ORIGIN}/collections.json"));
    for (path, bytes) in &files {
        let url = format!("{flat}/Tunes/{path}");
        first.outside().site.borrow_mut().insert(url, bytes.clone());
    }
    open(&first);
    let seeds = [format!("{flat}/")];
    let bytes = metainfo(&files).encode(&[], &seeds, &[]);
    ask(&first, 5, Request::AddFile, Some(bytes));
    let torrent = added(&first, 5);
    let arrived = first.outside().arrived.borrow().clone();
    let mut paths: Vec<(String, Vec<u8>)> = arrived
        .into_iter()
        .map(|(_, path, bytes)| (path, bytes))
        .collect();
    paths.sort();
    assert_eq!(paths, files);
    first.outside().clock.set(60_000);
    settle(&first);
    let second = swarm(&store);
    open(&second);
    assert_eq!(second.arrived(torrent), [(0, 5)]);
    assert!(second.outside().arrived.borrow().is_empty());
}

#[test]
fn a_shared_folder_stays_in_the_library() {
    let store = Rc::default();
    let swarm = swarm(&store);
    open(&swarm);
    let files = files(4);
    let list = files.iter().map(|(path, bytes)| {
        let md5 = Md5::of(bytes);
        swarm
            .outside()
            .library
            .borrow_mut()
            .insert(md5, bytes.clone());
        (path.clone(), md5, bytes.len() as u64)
    });
    let request = Request::Share {
        name: "Tunes".into(),
        files: list.collect(),
    };
    ask(&swarm, 3, request, None);
    let torrent = added(&swarm, 3);
    assert_eq!(torrent, metainfo(&files).info_hash);
    assert_eq!(store.used(), 0);
    assert_eq!(want(&swarm, 9, torrent, 2), Some(files[2].1.clone()));
    settle(&swarm);
    let status = &torrents(&swarm)[0];
    assert_eq!(status.status.phase, Phase::Seeding);
    assert!(
        status
            .magnet
            .contains("wss%3A%2F%2Fsite.example%2Fannounce"),
        "{}",
        status.magnet
    );
}

#[test]
fn the_janitor_makes_room_and_keeps_what_plays() {
    let store = Rc::default();
    let swarm = swarm(&store);
    let (torrent, files) = publish(&swarm, 60);
    // Room for six pieces.
    swarm.outside().quota.set(Some(12 * 16_384));
    open(&swarm);
    let playing = FileId { torrent, file: 0 };
    ask(&swarm, 0, Request::Protect(vec![playing]), None);
    for (at, file) in [0_u32, 10, 20, 30, 40, 50, 59].into_iter().enumerate() {
        swarm.outside().clock.set((at as u64 + 1) * 600_000);
        let bytes = want(&swarm, 100 + file, torrent, file);
        assert_eq!(bytes.as_ref(), Some(&files[file as usize].1));
        assert!(store.used() <= 6 * 16_384 + 16_384, "{}", store.used());
    }
    let held = store.held(torrent);
    assert!(
        held.contains(&(0, 1)) || held.first().is_some_and(|first| first.0 == 0),
        "{held:?}"
    );
}

#[test]
fn a_full_disk_stops_loudly_and_loses_nothing() {
    let store = Rc::new(MemoryStore::with_limit(3 * 16_384));
    let swarm = swarm(&store);
    let (torrent, _) = publish(&swarm, 60);
    open(&swarm);
    let request = Request::Prioritise {
        torrent,
        files: (0, 60),
        priority: Priority::Normal,
    };
    ask(&swarm, 0, request, None);
    assert_eq!(store.used(), 3 * 16_384);
    assert_eq!(torrents(&swarm)[0].status.bytes_completed, 3 * 16_384);
    let told = notices(&swarm).join(" ");
    assert!(told.contains("storage is full"), "{told}");
}

#[test]
fn who_waits_in_vain_is_told_why() {
    let store = Rc::default();
    let swarm = swarm(&store);
    let (torrent, _) = publish(&swarm, 4);
    swarm
        .outside()
        .site
        .borrow_mut()
        .remove(&format!("{ORIGIN}/seed/a.flat"));
    open(&swarm);
    ask(&swarm, 9, Request::File(FileId { torrent, file: 1 }), None);
    assert_eq!(told(&swarm, 9), []);
    swarm.outside().clock.set(120_000);
    settle(&swarm);
    match &told(&swarm, 9)[..] {
        [(Event::Failed { reason }, None)] => assert!(reason.contains("web seed"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tab_that_asks_gets_the_answer() {
    let store = Rc::default();
    let swarm = swarm(&store);
    let (torrent, files) = publish(&swarm, 4);
    open(&swarm);
    let file = FileId { torrent, file: 1 };
    now(swarm.request(Caller::Tab(77), 5, Request::File(file), None));
    settle(&swarm);
    let told = swarm.outside().told.borrow();
    let found = told
        .iter()
        .find(|told| told.0 == Caller::Tab(77) && told.1 == 5);
    assert_eq!(
        found.map(|(_, _, event, bytes)| (event.clone(), bytes.clone())),
        Some((Event::File(file), Some(files[1].1.clone())))
    );
}

#[test]
fn what_is_asked_too_early_waits_for_the_collections() {
    let store = Rc::default();
    let swarm = swarm(&store);
    let (torrent, files) = publish(&swarm, 4);
    let file = FileId { torrent, file: 2 };
    ask(&swarm, 9, Request::File(file), None);
    assert_eq!(told(&swarm, 9), []);
    open(&swarm);
    let expected = (Event::File(file), Some(files[2].1.clone()));
    assert_eq!(told(&swarm, 9), [expected]);
    let torrent = InfoHash([1; 20]);
    ask(&swarm, 10, Request::File(FileId { torrent, file: 0 }), None);
    assert!(matches!(
        &told(&swarm, 10)[..],
        [(Event::Failed { .. }, None)]
    ));
}

#[test]
fn bad_torrents_are_refused_in_words() {
    let store = Rc::default();
    let swarm = swarm(&store);
    open(&swarm);
    for (id, request, bytes) in [
        (2, Request::AddFile, Some(b"not a torrent".to_vec())),
        (3, Request::AddFile, None),
        (4, Request::AddLink("magnet:?xt=urn:btih:zz".into()), None),
        (
            5,
            Request::AddLink("https://a.example/x.torrent".into()),
            None,
        ),
        (
            6,
            Request::Share {
                name: "x".into(),
                files: Vec::new(),
            },
            None,
        ),
    ] {
        ask(&swarm, id, request, bytes);
        match &told(&swarm, id)[..] {
            [(Event::Failed { reason }, None)] => assert!(!reason.is_empty()),
            other => panic!("{id}: {other:?}"),
        }
    }
    assert_eq!(torrents(&swarm), Vec::new());
}
