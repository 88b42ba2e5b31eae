//! The workers: starting them, talking to them, and starting them again when they die. One that
//! dies again and again before it is ready is given up until somebody asks for it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect, Uint8Array};
use protocol::{engine, library, swarm, visuals};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    Blob, BlobPropertyBag, Event, File, MessageChannel, MessageEvent, MessagePort, Url, Worker,
    WorkerOptions, WorkerType,
};

use super::files::turn;

/// Deaths without being ready in between after which a worker is given up.
const MOST_DEATHS: u32 = 3;
/// Files in a message: packing one takes up to a fifth of a millisecond.
const FILES_AT_ONCE: usize = 100;

/// One of the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Plays tunes.
    Engine,
    /// Keeps tunes.
    Library,
    /// Fetches tunes from others, and gives them.
    Swarm,
    /// Draws what plays.
    Visuals,
}

impl Which {
    fn asset(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Library => "library",
            Self::Swarm => "swarm",
            Self::Visuals => "visuals",
        }
    }
}

/// What comes from a worker.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is taken apart at once"
)]
pub enum FromWorker {
    /// Said by the engine.
    Engine {
        /// Request that it answers; [`protocol::EVENT`] where nobody asked.
        id: u32,
        /// What it says.
        event: engine::Event,
        /// Object URL of the WAV file of a [`engine::Event::FileRendered`].
        file: Option<String>,
    },
    /// Said by the library.
    Library {
        /// Request that it answers; [`protocol::EVENT`] where nobody asked.
        id: u32,
        /// What it says.
        event: library::Event,
    },
    /// Said by the swarm.
    Swarm {
        /// Request that it answers; [`protocol::EVENT`] where nobody asked.
        id: u32,
        /// What it says.
        event: swarm::Event,
        /// Bytes beside it.
        bytes: Option<Uint8Array>,
    },
    /// Said by the visuals.
    Visuals(visuals::Event),
    /// A worker died and was started again; what it had been asked will not be answered.
    Restarted {
        /// Which.
        which: Which,
        /// Why it died.
        reason: String,
    },
    /// A worker died before it was ready as often as it was started, and is not started again by
    /// itself.
    Gone {
        /// Which.
        which: Which,
        /// Why it died the last time.
        reason: String,
    },
}

type Handler = dyn Fn(FromWorker);

/// A message that waits for its worker to be ready.
struct Waiting {
    message: Object,
    transfer: Array,
}

type OnMessage = Closure<dyn FnMut(MessageEvent)>;
type OnError = Closure<dyn FnMut(Event)>;

struct Slot {
    worker: RefCell<Option<Worker>>,
    ready: Cell<bool>,
    /// The engine takes requests only once its output is set up.
    open: Cell<bool>,
    waiting: RefCell<VecDeque<Waiting>>,
    /// Deaths since it was last ready.
    deaths: Cell<u32>,
    /// Kept as long as the worker lives.
    listeners: RefCell<Option<(OnMessage, OnError)>>,
}

impl Slot {
    fn new(which: Which) -> Self {
        Self {
            worker: RefCell::new(None),
            ready: Cell::new(false),
            open: Cell::new(which != Which::Engine),
            waiting: RefCell::new(VecDeque::new()),
            deaths: Cell::new(0),
            listeners: RefCell::new(None),
        }
    }

    fn post(&self, message: Object, transfer: Array) {
        if self.ready.get() && self.open.get() {
            self.send(&message, &transfer);
        } else {
            self.waiting
                .borrow_mut()
                .push_back(Waiting { message, transfer });
        }
    }

    fn send(&self, message: &Object, transfer: &Array) {
        if let Some(worker) = &*self.worker.borrow()
            && let Err(error) = worker.post_message_with_transfer(message, transfer)
        {
            web_sys::console::error_2(&"a message could not be sent".into(), &error);
        }
    }

    /// Ends the worker; what waits for it is dropped.
    fn end(&self, which: Which) {
        if let Some(worker) = self.worker.borrow_mut().take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
        self.ready.set(false);
        self.waiting.borrow_mut().clear();
        self.open.set(which != Which::Engine);
    }

    fn is_ready(&self) {
        self.deaths.set(0);
        self.ready.set(true);
        self.drain();
    }

    fn drain(&self) {
        if !self.ready.get() || !self.open.get() {
            return;
        }
        let waiting: Vec<Waiting> = self.waiting.borrow_mut().drain(..).collect();
        for Waiting { message, transfer } in waiting {
            self.send(&message, &transfer);
        }
    }
}

struct Inner {
    engine: Slot,
    library: Slot,
    swarm: Slot,
    visuals: Slot,
    next_id: Cell<u32>,
    handler: Box<Handler>,
    /// Called when the engine was started again and needs its output.
    on_engine: RefCell<Option<Rc<dyn Fn()>>>,
}

/// Handle to the workers.
#[derive(Clone)]
pub struct Workers {
    inner: Rc<Inner>,
}

impl Workers {
    /// Starts the engine and the library.
    pub fn start(handler: impl Fn(FromWorker) + 'static) -> Self {
        let workers = Self {
            inner: Rc::new(Inner {
                engine: Slot::new(Which::Engine),
                library: Slot::new(Which::Library),
                swarm: Slot::new(Which::Swarm),
                visuals: Slot::new(Which::Visuals),
                next_id: Cell::new(protocol::EVENT),
                handler: Box::new(handler),
                on_engine: RefCell::new(None),
            }),
        };
        workers.launch(Which::Library);
        workers.launch(Which::Engine);
        workers
    }

    /// Asks the library; returns the id that its answers carry.
    pub fn library(&self, request: &library::Request) -> u32 {
        self.ask(&self.inner.library, request, &[], &Array::new())
    }

    /// Has the library take files in, each with the path that it was dropped under.
    pub fn import(&self, mut files: Vec<(String, File)>) -> u32 {
        let id = self.next_id();
        let this = self.clone();
        spawn_local(async move {
            while files.len() > FILES_AT_ONCE {
                let rest = files.split_off(FILES_AT_ONCE);
                let (paths, list) = unzip(std::mem::replace(&mut files, rest));
                let request = library::Request::ImportPart { paths };
                let message = message(protocol::EVENT, &request, &[("files", &list)]);
                this.inner.library.post(message, Array::new());
                turn().await;
            }
            let (paths, list) = unzip(files);
            let request = library::Request::Import { paths };
            let message = message(id, &request, &[("files", &list)]);
            this.inner.library.post(message, Array::new());
        });
        id
    }

    /// Asks the engine; what is asked before its output is set up waits.
    pub fn engine(&self, request: &engine::Request) -> u32 {
        self.ask(&self.inner.engine, request, &[], &Array::new())
    }

    /// Starts the swarm, where it does not run yet.
    pub fn start_swarm(&self) {
        if self.inner.swarm.worker.borrow().is_none() {
            self.launch(Which::Swarm);
            self.connect_swarm();
        }
    }

    /// Asks the swarm.
    pub fn swarm(&self, request: &swarm::Request) -> u32 {
        self.ask(&self.inner.swarm, request, &[], &Array::new())
    }

    /// Asks the swarm, with something beside it that is handed over; false where the browser does
    /// not hand over such things.
    pub fn swarm_with(&self, request: &swarm::Request, name: &str, value: &JsValue) -> bool {
        let id = self.next_id();
        let message = message(id, request, &[(name, value)]);
        let worker = self.inner.swarm.worker.borrow();
        let Some(worker) = &*worker else { return false };
        let transfer = match value.dyn_ref::<Uint8Array>() {
            Some(bytes) => Array::of1(&bytes.buffer()),
            None => Array::of1(value),
        };
        worker
            .post_message_with_transfer(&message, &transfer)
            .is_ok()
    }

    /// Asks the swarm, with bytes beside it; returns the id that its answers carry.
    pub fn swarm_bytes(&self, request: &swarm::Request, bytes: &Uint8Array) -> u32 {
        let transfer = Array::of1(&bytes.buffer());
        self.ask(&self.inner.swarm, request, &[("bytes", bytes)], &transfer)
    }

    /// Starts the visuals, where they do not run yet.
    pub fn start_visuals(&self) {
        if self.inner.visuals.worker.borrow().is_none() {
            self.launch(Which::Visuals);
        }
    }

    /// Tells the visuals something, with what is beside it; a canvas is handed over.
    pub fn visuals(&self, request: &visuals::Request, beside: &[(&str, &JsValue)]) {
        let transfer = Array::new();
        for (_, value) in beside.iter().filter(|(name, _)| *name == "canvas") {
            transfer.push(value);
        }
        self.ask(&self.inner.visuals, request, beside, &transfer);
    }

    /// Gives library and swarm ends of two channels, over which each asks the other for files.
    fn connect_swarm(&self) {
        let inner = &self.inner;
        if inner.swarm.worker.borrow().is_none() || inner.library.worker.borrow().is_none() {
            return;
        }
        if let (Some(files), Ok(channel)) = (self.library_port(), MessageChannel::new()) {
            let request = swarm::Request::Library;
            let files_there = message(0, &request, &[("port", &files)]);
            inner.swarm.post(files_there, Array::of1(&files));
            let (port, other) = (channel.port1(), channel.port2());
            let asks = message(0, &swarm::Request::Connect, &[("port", &port)]);
            inner.swarm.post(asks, Array::of1(&port));
            let asks = message(0, &library::Request::ConnectSwarm, &[("port", &other)]);
            inner.library.post(asks, Array::of1(&other));
        }
    }

    /// A port over which an engine can ask the library for files.
    pub(super) fn library_port(&self) -> Option<MessagePort> {
        let channel = MessageChannel::new().ok()?;
        let (port, other) = (channel.port1(), channel.port2());
        let message = message(0, &library::Request::Connect, &[("port", &port)]);
        self.inner.library.post(message, Array::of1(&port));
        Some(other)
    }

    /// Sets the engine's output up, ahead of everything that waits.
    pub(super) fn start_engine(
        &self,
        sample_rate: u32,
        output: engine::Output,
        beside: &[(&str, &JsValue)],
    ) {
        let Some(other) = self.library_port() else {
            return;
        };
        let request = engine::Request::Start {
            sample_rate,
            output,
        };
        let mut beside = beside.to_vec();
        beside.push(("library", &other));
        let transfer = Array::of1(&other);
        for (name, value) in &beside {
            if *name == "port" {
                transfer.push(value);
            }
        }
        let slot = &self.inner.engine;
        let waiting = Waiting {
            message: message(0, &request, &beside),
            transfer,
        };
        slot.waiting.borrow_mut().push_front(waiting);
        slot.open.set(true);
        slot.drain();
    }

    /// Has `callback` called whenever the engine was started again.
    pub(super) fn on_engine_restart(&self, callback: impl Fn() + 'static) {
        *self.inner.on_engine.borrow_mut() = Some(Rc::new(callback));
    }

    fn ask(
        &self,
        slot: &Slot,
        request: &impl Serialize,
        beside: &[(&str, &JsValue)],
        transfer: &Array,
    ) -> u32 {
        let id = self.next_id();
        slot.post(message(id, request, beside), transfer.clone());
        id
    }

    fn next_id(&self) -> u32 {
        let id = self.inner.next_id.get().wrapping_add(1).max(1);
        self.inner.next_id.set(id);
        id
    }

    fn slot(&self, which: Which) -> &Slot {
        match which {
            Which::Engine => &self.inner.engine,
            Which::Library => &self.inner.library,
            Which::Swarm => &self.inner.swarm,
            Which::Visuals => &self.inner.visuals,
        }
    }

    fn launch(&self, which: Which) {
        let slot = self.slot(which);
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(which.asset());
        let worker =
            match asset(which.asset()).and_then(|url| Worker::new_with_options(&url, &options)) {
                Ok(worker) => worker,
                Err(error) => {
                    let reason = format!("it could not be started: {error:?}");
                    let this = self.clone();
                    // Not from inside the start, which may be that of the page.
                    spawn_local(async move { this.restart(which, &reason) });
                    return;
                }
            };
        let this = self.clone();
        let on_message =
            Closure::new(move |event: MessageEvent| this.receive(which, &event.data()));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        // Its script reports its own deaths; what is heard here is that the script did not load.
        let this = self.clone();
        let on_error = Closure::new(move |event: Event| {
            event.prevent_default();
            let words = get(&event, "message").as_string();
            let words = words.filter(|words| !words.is_empty());
            let words = words.unwrap_or_else(|| "its program could not be fetched".into());
            this.restart(which, &words);
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        *slot.worker.borrow_mut() = Some(worker);
        // The listener that runs now may be among the old ones.
        let old = slot.listeners.replace(Some((on_message, on_error)));
        spawn_local(async move { drop(old) });
    }

    fn receive(&self, which: Which, data: &JsValue) {
        if let Some(reason) = get(data, "died").as_string() {
            self.restart(which, &reason);
            return;
        }
        let bytes = Uint8Array::new(&get(data, "message")).to_vec();
        let problem = match which {
            Which::Engine => self.receive_engine(&bytes, data).err(),
            Which::Library => self.receive_library(&bytes).err(),
            Which::Swarm => self.receive_swarm(&bytes, data).err(),
            Which::Visuals => self.receive_visuals(&bytes).err(),
        };
        if let Some(error) = problem {
            web_sys::console::error_1(&error.to_string().into());
        }
    }

    fn receive_engine(&self, bytes: &[u8], data: &JsValue) -> Result<(), protocol::Error> {
        let (id, event) = open::<engine::Event>(bytes)?;
        if event == engine::Event::Ready {
            self.inner.engine.is_ready();
        }
        let file = get(data, "file")
            .dyn_into::<Uint8Array>()
            .ok()
            .and_then(|file| object_url(&file, "audio/wav"));
        (self.inner.handler)(FromWorker::Engine { id, event, file });
        Ok(())
    }

    fn receive_library(&self, bytes: &[u8]) -> Result<(), protocol::Error> {
        let (id, event) = open::<library::Event>(bytes)?;
        if event == library::Event::Ready {
            self.inner.library.is_ready();
        }
        (self.inner.handler)(FromWorker::Library { id, event });
        Ok(())
    }

    fn receive_swarm(&self, bytes: &[u8], data: &JsValue) -> Result<(), protocol::Error> {
        let (id, event) = open::<swarm::Event>(bytes)?;
        if event == swarm::Event::Ready {
            self.inner.swarm.is_ready();
        }
        let bytes = get(data, "bytes").dyn_into::<Uint8Array>().ok();
        (self.inner.handler)(FromWorker::Swarm { id, event, bytes });
        Ok(())
    }

    fn receive_visuals(&self, bytes: &[u8]) -> Result<(), protocol::Error> {
        let (_, event) = open::<visuals::Event>(bytes)?;
        if event == visuals::Event::Ready {
            self.inner.visuals.is_ready();
        }
        (self.inner.handler)(FromWorker::Visuals(event));
        Ok(())
    }

    /// Starts a worker that was given up once more.
    pub fn start_again(&self, which: Which) {
        let slot = self.slot(which);
        if slot.worker.borrow().is_some() {
            return;
        }
        slot.deaths.set(0);
        // What was asked while nobody was there has been given up.
        slot.waiting.borrow_mut().clear();
        self.launch(which);
        self.connect_engine(which);
    }

    fn restart(&self, which: Which, reason: &str) {
        let slot = self.slot(which);
        slot.end(which);
        let deaths = slot.deaths.get() + 1;
        slot.deaths.set(deaths);
        let reason = reason.to_owned();
        if deaths >= MOST_DEATHS {
            (self.inner.handler)(FromWorker::Gone { which, reason });
            return;
        }
        self.launch(which);
        self.connect_engine(which);
        (self.inner.handler)(FromWorker::Restarted { which, reason });
    }

    /// Connects workers again after `which` was started: the engine fetches files over a port to the
    /// library, library and swarm ask each other, and the death of either end cuts that.
    fn connect_engine(&self, which: Which) {
        let engine = &self.inner.engine;
        if which == Which::Swarm {
            return self.connect_swarm();
        }
        if which == Which::Visuals {
            return;
        }
        if which == Which::Library {
            self.connect_swarm();
        }
        if which == Which::Library && engine.worker.borrow().is_some() {
            engine.end(Which::Engine);
            self.launch(Which::Engine);
        }
        let callback = self.inner.on_engine.borrow().clone();
        if let Some(callback) = callback
            && engine.worker.borrow().is_some()
        {
            callback();
        }
    }
}

fn unzip(files: Vec<(String, File)>) -> (Vec<String>, Array) {
    let list = Array::new();
    let paths = files.into_iter().map(|(path, file)| {
        list.push(&file);
        path
    });
    (paths.collect(), list.clone())
}

pub(super) fn open<T: DeserializeOwned>(bytes: &[u8]) -> Result<(u32, T), protocol::Error> {
    protocol::decode(bytes).map(|envelope| (envelope.id, envelope.body))
}

pub(super) fn message(id: u32, body: &impl Serialize, beside: &[(&str, &JsValue)]) -> Object {
    let object = Object::new();
    let bytes = Uint8Array::from(protocol::encode(id, body).as_slice());
    set(&object, "message", &bytes);
    for (name, value) in beside {
        set(&object, name, value);
    }
    object
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // A plain object takes every property.
    let _ = Reflect::set(object, &name.into(), value);
}

pub(super) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// URL of a script whose name the build decides; `start.js` lists them.
pub(super) fn asset(name: &str) -> Result<String, JsValue> {
    get(&get(&js_sys::global(), "siderealAssets"), name)
        .as_string()
        .ok_or_else(|| format!("start.js names no asset {name}").into())
}

/// Object URL of the bytes of a file of this kind.
pub(super) fn object_url(file: &Uint8Array, kind: &str) -> Option<String> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_u8_array_sequence_and_options(&Array::of1(file), &options).ok()?;
    Url::create_object_url_with_blob(&blob).ok()
}
