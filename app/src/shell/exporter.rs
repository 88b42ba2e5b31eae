//! A second engine that renders songs into files. It lives only while there is an export.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use protocol::engine::{Event, Output, Request};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::workers::{Workers, asset, get, message, object_url, open};

/// Frames a second in exported files: that of a CD, which everything plays.
const SAMPLE_RATE: u32 = 44_100;
/// Id of the only request.
const EXPORT: u32 = 1;

/// What comes of an export.
pub enum Exported {
    /// The engine says something.
    Said {
        /// What.
        event: Event,
        /// Address of the file that is ready.
        file: Option<String>,
    },
    /// The engine died.
    Died(String),
}

type OnMessage = Closure<dyn FnMut(MessageEvent)>;
type OnError = Closure<dyn FnMut(ErrorEvent)>;

struct Running {
    worker: Worker,
    _listeners: (OnMessage, OnError),
}

/// The second engine.
#[derive(Clone, Default)]
pub struct Exporter {
    running: Rc<RefCell<Option<Running>>>,
}

impl Exporter {
    /// Starts an engine and has it export; one that runs is stopped.
    pub fn start(
        &self,
        workers: &Workers,
        request: Request,
        handler: impl Fn(Exported) + Clone + 'static,
    ) {
        self.stop();
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name("export");
        let made = asset("engine").and_then(|url| Worker::new_with_options(&url, &options));
        let worker = match made {
            Ok(worker) => worker,
            Err(error) => return handler(Exported::Died(format!("{error:?}"))),
        };
        let (this, library, tell) = (worker.clone(), workers.clone(), handler.clone());
        let mut request = Some(request);
        let on_message = Closure::new(move |event: MessageEvent| {
            let data = event.data();
            if let Some(reason) = get(&data, "died").as_string() {
                return tell(Exported::Died(reason));
            }
            let bytes = Uint8Array::new(&get(&data, "message")).to_vec();
            match open::<Event>(&bytes) {
                Ok((_, Event::Ready)) => {
                    if let Some(request) = request.take() {
                        begin(&this, &library, &request);
                    }
                }
                Ok((EXPORT, event)) => {
                    let kind = match &event {
                        Event::Exported { file_name } => kind_of(file_name),
                        _ => "",
                    };
                    let file = get(&data, "file").dyn_into::<Uint8Array>().ok();
                    let file = file.and_then(|file| object_url(&file, kind));
                    tell(Exported::Said { event, file });
                }
                Ok(_) => {}
                Err(error) => tell(Exported::Died(error.to_string())),
            }
        });
        let on_error = Closure::new(move |event: ErrorEvent| {
            event.prevent_default();
            handler(Exported::Died(event.message()));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        *self.running.borrow_mut() = Some(Running {
            worker,
            _listeners: (on_message, on_error),
        });
    }

    /// Ends the engine, whatever it does.
    pub fn stop(&self) {
        if let Some(running) = self.running.borrow_mut().take() {
            running.worker.set_onmessage(None);
            running.worker.set_onerror(None);
            running.worker.terminate();
            // The listener that runs now may be its own.
            wasm_bindgen_futures::spawn_local(async move { drop(running) });
        }
    }
}

/// Sets the engine up without sound, and asks.
fn begin(worker: &Worker, workers: &Workers, request: &Request) {
    let start = Request::Start {
        sample_rate: SAMPLE_RATE,
        output: Output::File,
    };
    let Some(port) = workers.library_port() else {
        return;
    };
    let start = message(0, &start, &[("library", &port)]);
    let export = message(EXPORT, request, &[]);
    for (message, transfer) in [(start, Array::of1(&port)), (export, Array::new())] {
        if let Err(error) = worker.post_message_with_transfer(&message, &transfer) {
            web_sys::console::error_2(&"a message could not be sent".into(), &error);
        }
    }
}

fn kind_of(file_name: &str) -> &'static str {
    match file_name.rsplit('.').next() {
        Some("flac") => "audio/flac",
        Some("wav") => "audio/wav",
        _ => "application/zip",
    }
}
