//! The library worker: import, catalogue, files.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

use catalog::{Remote, Row};
use js_sys::{Array, Uint8Array};
use listening::keep::Stamp;
use protocol::keep::{Request as Asked, TuneRef, Update};
use protocol::library::{Event, Request, Storage};
use protocol::{EVENT, swarm};
use sidfile::Md5;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, MessagePort};
use worker::keep::{self, Keeper, NoShelf, Shelf};
use worker::library::{Library, MemoryStore, Outside, Store};
use worker::sys::{self, FileSource, IdbShelf, IdbStore, Mail, Tabs};

/// The page, the clock, the site and the swarm.
#[derive(Clone, Default)]
struct Page {
    swarm: Rc<SwarmPort>,
}

impl Outside for Page {
    fn tell(&self, id: u32, event: &Event) {
        sys::post(id, event, None);
    }

    fn now_millis(&self) -> f64 {
        sys::now_millis()
    }

    async fn turn(&self) {
        sys::turn().await;
    }

    async fn fetch(&self, path: &str) -> Option<Vec<u8>> {
        sys::fetch(path).await
    }

    async fn fetch_from_swarm(&self, file: Remote) -> Result<Vec<u8>, String> {
        self.swarm.file(file).await
    }
}

fn main() {
    sys::install_panic_hook();
    spawn_local(async {
        match IdbStore::open().await {
            Ok(store) => {
                let library = Library::new(store, Page::default(), Storage::Kept);
                match IdbShelf::open().await {
                    Ok(shelf) => serve(library, shelf),
                    Err(_) => serve(library, NoShelf),
                }
            }
            Err(error) => {
                web_sys::console::warn_2(
                    &"tunes will not be kept:".into(),
                    &error.to_string().into(),
                );
                let store = MemoryStore::default();
                let library = Library::new(store, Page::default(), Storage::MemoryOnly);
                serve(library, NoShelf);
            }
        }
    });
}

fn serve<S: Store + 'static, K: Shelf + 'static>(library: Library<S, Page>, shelf: K) {
    let library = Rc::new(library);
    let parts = Parts::default();
    let keeper = Rc::new_cyclic(|keeper: &Weak<Keeper<K, Kept<S>>>| {
        let keeper = keeper.clone();
        let tabs = Tabs::open(move |names| {
            if let Some(keeper) = keeper.upgrade() {
                spawn_local(async move { keeper.others_wrote(&names).await });
            }
        });
        let library = Rc::clone(&library);
        Keeper::new(shelf, Kept { library, tabs })
    });
    let follower = Rc::clone(&keeper);
    library.set_follower(Box::new(move |changes| {
        let keeper = Rc::clone(&follower);
        let changes = changes.clone();
        spawn_local(async move { keeper.follow(&changes).await });
    }));
    sys::listen(move |mail: Mail<Request>| {
        let (library, parts) = (Rc::clone(&library), Rc::clone(&parts));
        let keeper = Rc::clone(&keeper);
        spawn_local(async move {
            match mail.body {
                Request::Keep(request) => {
                    // Before the library is open no tune would be known.
                    if matches!(request, Asked::Rows(_) | Asked::Import { .. }) {
                        library.settled().await;
                    }
                    keeper.answer(mail.id, request).await;
                }
                _ => receive(library, &parts, mail).await,
            }
        });
    });
    sys::post(EVENT, &Event::Ready, None);
}

/// The world of what is kept: the page, the other tabs, and the library.
struct Kept<S> {
    library: Rc<Library<S, Page>>,
    tabs: Tabs,
}

impl<S: Store> keep::Outside for Kept<S> {
    fn tell(&self, id: u32, event: protocol::keep::Event) {
        match &event {
            protocol::keep::Event::All { tunes, .. } => {
                self.library
                    .mark(tunes.iter().map(|about| (about.tune.md5, Some(about))));
            }
            protocol::keep::Event::Updated(updates) => {
                self.library
                    .mark(updates.iter().filter_map(|update| match update {
                        Update::Tune(md5, about) => Some((*md5, about.as_ref())),
                        _ => None,
                    }));
            }
            _ => {}
        }
        sys::post(id, &Event::Keep(event), None);
    }

    fn tell_tabs(&self, names: &[String]) {
        self.tabs.tell(names);
    }

    fn stamp(&self) -> Stamp {
        sys::stamp()
    }

    fn row(&self, md5: &Md5) -> Option<Row> {
        self.library.row(md5)
    }

    fn name(&self, md5: &Md5) -> Option<TuneRef> {
        self.library.name(md5)
    }

    fn at_path(&self, path: &str) -> Option<TuneRef> {
        self.library.at_path(path)
    }
}

/// Files of an import that is still being sent.
type Parts = Rc<RefCell<Vec<Result<(String, FileSource), String>>>>;

async fn receive<S: Store + 'static>(
    library: Rc<Library<S, Page>>,
    parts: &Parts,
    mail: Mail<Request>,
) {
    match &mail.body {
        Request::ImportPart { paths } => {
            parts.borrow_mut().extend(sources(paths, &mail));
        }
        Request::Import { paths } => {
            let mut files = parts.take();
            files.extend(sources(paths, &mail));
            match files.into_iter().collect() {
                Ok(files) => library.import(mail.id, files).await,
                Err(reason) => sys::post(mail.id, &Event::Failed { reason }, None),
            }
        }
        Request::Connect => {
            if let Ok(port) = mail.beside("port").dyn_into::<MessagePort>() {
                serve_files(&library, &port);
            }
        }
        Request::ConnectSwarm => {
            if let Ok(port) = mail.beside("port").dyn_into::<MessagePort>() {
                library.outside().swarm.take(port);
            }
        }
        Request::Open => {
            library.answer(mail.id, mail.body).await;
            library.look_for_collections().await;
        }
        _ => library.answer(mail.id, mail.body).await,
    }
}

fn sources(paths: &[String], mail: &Mail<Request>) -> Vec<Result<(String, FileSource), String>> {
    let files: Array = mail.beside("files").unchecked_into();
    let sources = paths.iter().zip(files.iter()).map(|(path, file)| {
        let blob: Blob = file
            .dyn_into()
            .map_err(|_| format!("{path} is not a file"))?;
        let source = FileSource::new(blob).map_err(|error| error.to_string())?;
        Ok((path.clone(), source))
    });
    sources.collect()
}

/// Serves files to the engine and to the swarm. The engine plays one tune at a time: who asks for
/// another does not wait for the last any more.
fn serve_files<S: Store + 'static>(library: &Rc<Library<S, Page>>, port: &MessagePort) {
    let library = Rc::clone(library);
    let answers = port.clone();
    let arrivals = Rc::new(Cell::new(false));
    let waits_for: Rc<Cell<Option<Remote>>> = Rc::default();
    sys::listen_port(port, move |mail: Mail<Request>| {
        let (library, port) = (Rc::clone(&library), answers.clone());
        match mail.body {
            Request::File { md5 } => {
                let waits_for = Rc::clone(&waits_for);
                let remote = library.remote(&md5);
                let last = waits_for.replace(remote);
                if let Some(last) = last.filter(|last| Some(*last) != remote) {
                    library.outside().swarm.give_up(last);
                }
                spawn_local(async move {
                    let file = library.file(&md5).await;
                    if waits_for.get() == remote {
                        waits_for.set(None);
                    }
                    let (file, reason) = match file {
                        Ok(file) => (Some(file), None),
                        Err(reason) => (None, reason),
                    };
                    let (bytes, roms) = file.unzip();
                    let bytes = bytes.map(|bytes| Uint8Array::from(bytes.as_slice()));
                    let beside = bytes.as_ref().map(|bytes| ("bytes", bytes));
                    let event = Event::File {
                        md5,
                        roms: roms.unwrap_or_default(),
                        reason,
                    };
                    sys::post_to(&port, mail.id, &event, beside);
                });
            }
            Request::Arrived { remote, ref path } => {
                let bytes = mail.beside("bytes").dyn_into::<Uint8Array>();
                let Ok(bytes) = bytes.map(|bytes| bytes.to_vec()) else {
                    return;
                };
                let (path, arrivals) = (path.clone(), Rc::clone(&arrivals));
                spawn_local(async move {
                    let is_new = library.arrived(remote, &path, &bytes).await;
                    // Many come at once: they are kept and told of together.
                    if is_new && !arrivals.replace(true) {
                        sys::sleep(ARRIVALS_MILLIS).await;
                        arrivals.set(false);
                        library.arrivals_are_over().await;
                    }
                });
            }
            _ => {}
        }
    });
}

/// How long arrivals are gathered before they are kept.
const ARRIVALS_MILLIS: i32 = 500;

/// The port to the swarm worker, and who waits for its answers.
#[derive(Default)]
struct SwarmPort {
    port: RefCell<Option<MessagePort>>,
    waiting: RefCell<BTreeMap<u32, Rc<RefCell<Answer>>>>,
    last: Cell<u32>,
}

#[derive(Default)]
struct Answer {
    file: Option<Result<Vec<u8>, String>>,
    waker: Option<Waker>,
}

impl Answer {
    fn give(&mut self, file: Result<Vec<u8>, String>) {
        self.file = Some(file);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

fn file_id(file: Remote) -> swarm::FileId {
    swarm::FileId {
        torrent: torrent::InfoHash(file.info_hash),
        file: file.file,
    }
}

impl SwarmPort {
    fn take(self: &Rc<Self>, port: MessagePort) {
        let this = Rc::clone(self);
        sys::listen_port(&port, move |mail: Mail<swarm::Event>| {
            let answer = this.waiting.borrow_mut().remove(&mail.id);
            let Some(answer) = answer else { return };
            let bytes = mail.beside("bytes").dyn_into::<Uint8Array>().ok();
            answer.borrow_mut().give(match (mail.body, bytes) {
                (swarm::Event::File(_), Some(bytes)) => Ok(bytes.to_vec()),
                (swarm::Event::Failed { reason }, _) => Err(reason),
                _ => Err("the swarm gave no bytes".into()),
            });
        });
        *self.port.borrow_mut() = Some(port);
        for answer in self.waiting.take().into_values() {
            answer
                .borrow_mut()
                .give(Err("the swarm was started again; try once more".into()));
        }
    }

    async fn file(&self, file: Remote) -> Result<Vec<u8>, String> {
        let answer: Rc<RefCell<Answer>> = Rc::default();
        let id = self.last.get().wrapping_add(1).max(1);
        self.last.set(id);
        {
            let port = self.port.borrow();
            let Some(port) = &*port else {
                return Err("the swarm is not running".into());
            };
            sys::post_to(port, id, &swarm::Request::File(file_id(file)), None);
            self.waiting.borrow_mut().insert(id, Rc::clone(&answer));
        }
        poll_fn(|context| {
            let answer = &mut *answer.borrow_mut();
            match answer.file.take() {
                Some(file) => Poll::Ready(file),
                None => {
                    answer.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn give_up(&self, file: Remote) {
        if let Some(port) = &*self.port.borrow() {
            let request = swarm::Request::FileNotWanted(file_id(file));
            sys::post_to(port, EVENT, &request, None);
        }
    }
}
