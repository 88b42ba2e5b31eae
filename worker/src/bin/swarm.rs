//! The swarm worker: torrents, for this tab and for those that ask it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

use js_sys::Uint8Array;
use protocol::EVENT;
use protocol::library;
use protocol::swarm::{Event, FileId, Request};
use sidfile::Md5;
use torrent::session::Input;
use torrent::{ConnectionId, FetchId};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::spawn_local;
use web_sys::{MessagePort, RtcDataChannel};
use worker::swarm::{Caller, Outside, Swarm};
use worker::sys::swarm::{
    BrowserStore, Channels, Fetches, FromTab, Sockets, Tabs, Timer, minutes, random,
};
use worker::sys::{self, Mail};

/// How often a tab that asks another one says that it is still there.
const STILL_HERE_MILLIS: i32 = 10_000;

type TheSwarm = Swarm<BrowserStore, World>;
type Answer = (Option<Vec<u8>>, Option<Waker>, bool);

/// The ports to and from the library.
#[derive(Default)]
struct LibraryPorts {
    /// Where it answers about its files.
    files: RefCell<Option<MessagePort>>,
    /// Where it asks for files of torrents.
    asks: RefCell<Option<MessagePort>>,
    waiting: RefCell<BTreeMap<u32, Rc<RefCell<Answer>>>>,
    last: Cell<u32>,
}

/// The browser, as the swarm sees it.
struct World {
    swarm: RefCell<Weak<TheSwarm>>,
    timer: Timer,
    sockets: Sockets,
    channels: Channels,
    fetches: Fetches,
    library: Rc<LibraryPorts>,
    tabs: Rc<Tabs>,
}

impl World {
    /// Something that hands inputs to the swarm.
    fn handler(&self) -> Rc<dyn Fn(Input)> {
        let swarm = self.swarm.borrow().clone();
        Rc::new(move |input| {
            if let Some(swarm) = swarm.upgrade() {
                swarm.input(input);
            }
        })
    }
}

fn now_millis() -> u64 {
    sys::now_millis() as u64
}

fn post(id: u32, event: &Event, bytes: Option<&[u8]>) {
    let bytes = bytes.map(Uint8Array::from);
    sys::post(id, event, bytes.as_ref().map(|bytes| ("bytes", bytes)));
}

impl LibraryPorts {
    fn answer(&self, id: u32, event: &Event, bytes: Option<&[u8]>) {
        if let Some(port) = &*self.asks.borrow() {
            let bytes = bytes.map(Uint8Array::from);
            let beside = bytes.as_ref().map(|bytes| ("bytes", bytes));
            sys::post_to(port, id, event, beside);
        }
    }

    /// Takes the port where the library answers.
    fn take_files(self: &Rc<Self>, port: MessagePort) {
        let this = Rc::clone(self);
        sys::listen_port(&port, move |mail: Mail<library::Event>| {
            let answer = this.waiting.borrow_mut().remove(&mail.id);
            let Some(answer) = answer else { return };
            let bytes = mail.beside("bytes").dyn_into::<Uint8Array>().ok();
            let answer = &mut *answer.borrow_mut();
            answer.0 = bytes.map(|bytes| bytes.to_vec());
            answer.2 = true;
            if let Some(waker) = answer.1.take() {
                waker.wake();
            }
        });
        *self.files.borrow_mut() = Some(port);
        // Who waited for the old one's answers waits in vain.
        for (_, answer) in self.waiting.take() {
            answer.borrow_mut().2 = true;
            if let Some(waker) = answer.borrow_mut().1.take() {
                waker.wake();
            }
        }
    }
}

impl Outside for World {
    fn tell(&self, to: Caller, id: u32, event: &Event, bytes: Option<Vec<u8>>) {
        match to {
            Caller::Page => post(id, event, bytes.as_deref()),
            Caller::Library => self.library.answer(id, event, bytes.as_deref()),
            Caller::Tab(tab) => self.tabs.answer(tab, id, event, bytes.as_deref()),
        }
    }

    fn now_millis(&self) -> u64 {
        now_millis()
    }

    fn minutes(&self) -> u32 {
        minutes()
    }

    fn wake_at(&self, millis: u64) {
        self.timer.set(millis, now_millis());
    }

    async fn turn(&self) {
        sys::turn().await;
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()>>>) {
        spawn_local(future);
    }

    fn random(&self) -> [u8; 20] {
        random()
    }

    fn connect_tracker(&self, url: &str) {
        self.sockets.connect(url, self.handler());
    }

    fn send_to_tracker(&self, url: &str, text: &str) {
        self.sockets.send(url, text);
    }

    fn close_tracker(&self, url: &str) {
        self.sockets.close(url);
    }

    fn send(&self, connection: ConnectionId, bytes: Vec<u8>) -> Option<u32> {
        self.channels.send(connection, &bytes, &self.handler())
    }

    fn close(&self, connection: ConnectionId) {
        self.channels.close(connection);
    }

    fn fetch(&self, id: FetchId, url: &str, offset: u64, length: u64) {
        self.fetches.start(id, url, offset, length, self.handler());
    }

    fn cancel_fetch(&self, id: FetchId) {
        self.fetches.cancel(id);
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        sys::fetch(url)
            .await
            .ok_or_else(|| "it cannot be fetched".to_owned())
    }

    async fn library_file(&self, md5: Md5) -> Option<Vec<u8>> {
        let answer: Rc<RefCell<Answer>> = Rc::default();
        {
            let port = self.library.files.borrow();
            let id = self.library.last.get().wrapping_add(1).max(1);
            self.library.last.set(id);
            sys::post_to(port.as_ref()?, id, &library::Request::File { md5 }, None);
            self.library
                .waiting
                .borrow_mut()
                .insert(id, Rc::clone(&answer));
        }
        poll_fn(|context| {
            let answer = &mut *answer.borrow_mut();
            if answer.2 {
                return Poll::Ready(answer.0.take());
            }
            answer.1 = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    fn arrived(&self, file: FileId, path: &str, bytes: Vec<u8>) {
        if let Some(port) = &*self.library.files.borrow() {
            let request = library::Request::Arrived {
                remote: catalog::Remote {
                    info_hash: file.torrent.0,
                    file: file.file,
                },
                path: path.to_owned(),
            };
            let bytes = Uint8Array::from(&*bytes);
            sys::post_to(port, EVENT, &request, Some(("bytes", &bytes)));
        }
    }

    async fn disk(&self) -> Option<(u64, u64)> {
        sys::swarm::disk().await
    }
}

/// Who waits for an answer from the tab that does the work.
#[derive(Clone, Copy)]
enum Asker {
    Page(u32),
    Library(u32),
}

/// Who asks, what, and the bytes beside it.
type Question = (Asker, Request, Option<Vec<u8>>);

/// What this tab has asked another one.
#[derive(Default)]
struct Guest {
    last: u32,
    waiting: BTreeMap<u32, Question>,
    /// What stays asked: opening, settings and what is watched.
    standing: Vec<Request>,
}

/// The tab's part in it.
struct Worker {
    swarm: RefCell<Option<Rc<TheSwarm>>>,
    guest: RefCell<Guest>,
    /// What came before it was decided who does the work.
    early: RefCell<Option<VecDeque<Question>>>,
    library: Rc<LibraryPorts>,
    tabs: RefCell<Option<Rc<Tabs>>>,
}

fn main() {
    sys::install_panic_hook();
    let worker = Rc::new(Worker {
        swarm: RefCell::default(),
        guest: RefCell::default(),
        early: RefCell::new(Some(VecDeque::new())),
        library: Rc::default(),
        tabs: RefCell::default(),
    });
    let (asked, hears) = (Rc::clone(&worker), Rc::clone(&worker));
    let tabs = Tabs::new(
        move || asked.swarm.borrow().is_some(),
        move |said| hears.hear(said),
    );
    *worker.tabs.borrow_mut() = Some(Rc::new(tabs));
    let this = Rc::clone(&worker);
    sys::listen(move |mail: Mail<Request>| this.receive(mail));
    sys::post(EVENT, &Event::Ready, None);
    Tabs::claim(move |has_it| {
        let worker = Rc::clone(&worker);
        spawn_local(async move {
            if has_it {
                worker.take_over().await;
            } else {
                worker.settle_as_guest().await;
            }
        });
    });
}

impl Worker {
    fn receive(self: &Rc<Self>, mail: Mail<Request>) {
        match &mail.body {
            Request::Library => {
                if let Ok(port) = mail.beside("port").dyn_into::<MessagePort>() {
                    self.library.take_files(port);
                }
            }
            Request::Connect => {
                if let Ok(port) = mail.beside("port").dyn_into::<MessagePort>() {
                    let this = Rc::clone(self);
                    sys::listen_port(&port, move |mail: Mail<Request>| {
                        this.ask(Asker::Library(mail.id), mail.body, None);
                    });
                    *self.library.asks.borrow_mut() = Some(port);
                }
            }
            Request::Connected(connection) => {
                let channel = mail.beside("channel").dyn_into::<RtcDataChannel>();
                let swarm = self.swarm.borrow().clone();
                match (channel, swarm) {
                    (Ok(channel), Some(swarm)) => {
                        let world = swarm.outside();
                        world.channels.take(*connection, channel, &world.handler());
                    }
                    (_, Some(swarm)) => swarm.input(Input::Connected(*connection)),
                    (_, None) => {}
                }
            }
            _ => {
                let bytes = mail.beside("bytes").dyn_into::<Uint8Array>().ok();
                let bytes = bytes.map(|bytes| bytes.to_vec());
                self.ask(Asker::Page(mail.id), mail.body, bytes);
            }
        }
    }

    fn ask(self: &Rc<Self>, asker: Asker, request: Request, bytes: Option<Vec<u8>>) {
        if let Some(early) = &mut *self.early.borrow_mut() {
            early.push_back((asker, request, bytes));
            return;
        }
        let swarm = self.swarm.borrow().clone();
        if let Some(swarm) = swarm {
            let (caller, id) = match asker {
                Asker::Page(id) => (Caller::Page, id),
                Asker::Library(id) => (Caller::Library, id),
            };
            spawn_local(async move { swarm.request(caller, id, request, bytes).await });
            return;
        }
        let guest = &mut *self.guest.borrow_mut();
        let stays = matches!(
            request,
            Request::Open { .. }
                | Request::Set(_)
                | Request::Watch(_)
                | Request::WatchFiles(_)
                | Request::Protect(_)
        );
        if stays {
            let kind = std::mem::discriminant(&request);
            guest
                .standing
                .retain(|other| std::mem::discriminant(other) != kind);
            guest.standing.push(request.clone());
        }
        guest.last = guest.last.wrapping_add(1).max(1);
        let id = guest.last;
        self.with_tabs(|tabs| tabs.ask(id, &request, bytes.as_deref()));
        let is_answered = matches!(
            request,
            Request::Open { .. }
                | Request::AddLink(_)
                | Request::AddFile
                | Request::Share { .. }
                | Request::File(_)
        );
        if is_answered {
            guest.waiting.insert(id, (asker, request, bytes));
        }
    }

    fn with_tabs(&self, use_them: impl FnOnce(&Tabs)) {
        if let Some(tabs) = &*self.tabs.borrow() {
            use_them(tabs);
        }
    }

    fn hear(self: &Rc<Self>, said: FromTab) {
        match said {
            FromTab::Asked(tab, id, request, bytes) => {
                let swarm = self.swarm.borrow().clone();
                if let Some(swarm) = swarm {
                    let caller = Caller::Tab(tab);
                    spawn_local(async move { swarm.request(caller, id, request, bytes).await });
                }
            }
            FromTab::Answered(EVENT, event, bytes) => post(EVENT, &event, bytes.as_deref()),
            FromTab::Answered(id, event, bytes) => {
                let waiting = self.guest.borrow_mut().waiting.remove(&id);
                match waiting {
                    Some((Asker::Page(id), ..)) => post(id, &event, bytes.as_deref()),
                    Some((Asker::Library(id), ..)) => {
                        self.library.answer(id, &event, bytes.as_deref());
                    }
                    None => {}
                }
            }
            FromTab::NewOwner => {
                let guest = &*self.guest.borrow();
                self.with_tabs(|tabs| {
                    for request in &guest.standing {
                        tabs.ask(EVENT, request, None);
                    }
                    for (id, (_, request, bytes)) in &guest.waiting {
                        tabs.ask(*id, request, bytes.as_deref());
                    }
                });
            }
        }
    }

    /// Asks the tab that does the work, from now on.
    async fn settle_as_guest(self: &Rc<Self>) {
        let early = self.early.borrow_mut().take().unwrap_or_default();
        for (asker, request, bytes) in early {
            self.ask(asker, request, bytes);
        }
        while self.swarm.borrow().is_none() {
            sys::sleep(STILL_HERE_MILLIS).await;
            if self.swarm.borrow().is_none() {
                self.with_tabs(|tabs| tabs.ask(EVENT, &Request::StillHere, None));
            }
        }
    }

    /// Does the work from now on.
    async fn take_over(self: &Rc<Self>) {
        let store = BrowserStore::open().await;
        let Some(tabs) = self.tabs.borrow().clone() else {
            return;
        };
        let weak: Rc<RefCell<Weak<TheSwarm>>> = Rc::default();
        let rings = Rc::clone(&weak);
        let world = World {
            swarm: RefCell::default(),
            timer: Timer::new(move || {
                let swarm = rings.borrow().upgrade();
                if let Some(swarm) = swarm {
                    swarm.wake();
                }
            }),
            sockets: Sockets::default(),
            channels: Channels::default(),
            fetches: Fetches::default(),
            library: Rc::clone(&self.library),
            tabs: Rc::clone(&tabs),
        };
        let swarm = Swarm::new(store, world);
        *weak.borrow_mut() = Rc::downgrade(&swarm);
        *swarm.outside().swarm.borrow_mut() = Rc::downgrade(&swarm);
        *self.swarm.borrow_mut() = Some(swarm);
        let guest = self.guest.take();
        let early = self.early.borrow_mut().take().unwrap_or_default();
        for request in guest.standing {
            self.ask(Asker::Page(EVENT), request, None);
        }
        for (asker, request, bytes) in guest.waiting.into_values() {
            self.ask(asker, request, bytes);
        }
        for (asker, request, bytes) in early {
            self.ask(asker, request, bytes);
        }
        tabs.hello();
    }
}
