//! The engine worker: C64 and SID to sound.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Uint8Array;
use protocol::EVENT;
use protocol::engine::{Event, Failure, Output, Request};
use protocol::library;
use sidfile::Md5;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::spawn_local;
use web_sys::MessagePort;
use worker::engine::{Engine, Next, Outside, Sink};
use worker::sys::{self, Mail, PortSink, SharedSink};

/// The page, the library and the clock.
struct World {
    library: Rc<RefCell<Option<MessagePort>>>,
}

impl Outside for World {
    fn tell(&self, id: u32, event: &Event, file: Option<Vec<u8>>) {
        let file = file.map(|file| Uint8Array::from(file.as_slice()));
        sys::post(id, event, file.as_ref().map(|file| ("file", file)));
    }

    fn ask_for(&self, md5: Md5) {
        if let Some(port) = &*self.library.borrow() {
            sys::post_to(port, 1, &library::Request::File { md5 }, None);
        }
    }

    fn now_millis(&self) -> f64 {
        sys::now_millis()
    }
}

type Shared = Rc<RefCell<Engine<Box<dyn Sink>, World>>>;

fn main() {
    sys::install_panic_hook();
    let library = Rc::new(RefCell::new(None));
    let engine: Shared = Rc::new(RefCell::new(Engine::new(World {
        library: Rc::clone(&library),
    })));
    let engine_to_measure = Rc::clone(&engine);
    let runs = Rc::new(Cell::new(false));
    let on_request = {
        let (engine, runs) = (Rc::clone(&engine), Rc::clone(&runs));
        move |mail: Mail<Request>| {
            if let Request::Start {
                sample_rate,
                output,
            } = mail.body
            {
                start(&engine, &library, &runs, sample_rate, output, &mail);
            } else {
                engine.borrow_mut().request(mail.id, mail.body);
            }
            run(&engine, &runs);
        }
    };
    sys::listen(on_request);
    sys::post(EVENT, &Event::Ready, None);
    spawn_local(warm_up(engine_to_measure));
}

/// Builds the chips' tables before anybody waits for them, which takes some 50 ms, and measures how
/// fast they are.
async fn warm_up(engine: Shared) {
    for model in [sid::Model::Mos8580, sid::Model::Mos6581] {
        sys::turn().await;
        let _ = sid::Sid::new(model);
    }
    sys::turn().await;
    let speed = worker::engine::chip_speed(sys::now_millis);
    engine.borrow_mut().set_chip_speed(speed);
}

fn start(
    engine: &Shared,
    library: &Rc<RefCell<Option<MessagePort>>>,
    runs: &Rc<Cell<bool>>,
    rate: u32,
    output: Output,
    mail: &Mail<Request>,
) {
    if let Ok(port) = mail.beside("library").dyn_into::<MessagePort>() {
        let (engine, runs) = (Rc::clone(engine), Rc::clone(runs));
        sys::listen_port(&port, move |mail: Mail<library::Event>| {
            if let library::Event::File {
                md5,
                ref roms,
                ref reason,
            } = mail.body
            {
                let bytes = mail.beside("bytes").dyn_into::<Uint8Array>();
                let bytes = bytes.map(|bytes| bytes.to_vec()).map_err(|_| match reason {
                    Some(reason) => Failure::NotFetched(reason.clone()),
                    None => Failure::Missing,
                });
                engine.borrow_mut().file(md5, bytes, roms);
                run(&engine, &runs);
            }
        });
        *library.borrow_mut() = Some(port);
    }
    let sink = match output {
        Output::File => Ok(None),
        Output::Ring => SharedSink::new(&mail.beside("pcm"), &mail.beside("scope"))
            .map(|sink| Some(Box::new(sink) as Box<dyn Sink>)),
        Output::Port => mail
            .beside("port")
            .dyn_into::<MessagePort>()
            .map(|port| Some(Box::new(PortSink::new(port)) as Box<dyn Sink>))
            .map_err(|_| "no port came with the message".to_owned()),
    };
    match sink {
        Ok(sink) => engine.borrow_mut().start(rate, sink),
        Err(reason) => {
            let event = Event::Failed {
                tune: None,
                failure: Failure::State(reason),
            };
            sys::post(mail.id, &event, None);
        }
    }
}

/// Keeps the engine working until it is idle; one loop at a time.
fn run(engine: &Shared, runs: &Rc<Cell<bool>>) {
    if runs.replace(true) {
        return;
    }
    let (engine, runs) = (Rc::clone(engine), Rc::clone(runs));
    spawn_local(async move {
        loop {
            let next = engine.borrow_mut().work();
            match next {
                Next::Busy => sys::turn().await,
                // Running ahead takes half of a core, and leaves the rest to what is heard and
                // seen now.
                Next::Ahead => sys::sleep(8).await,
                Next::Full => sys::sleep(20).await,
                Next::Idle => break,
            }
        }
        runs.set(false);
    });
}
