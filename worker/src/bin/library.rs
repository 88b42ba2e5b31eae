//! The library worker: import, catalogue, files.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use protocol::EVENT;
use protocol::library::{Event, Request, Storage};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, MessagePort};
use worker::library::{Library, MemoryStore, Outside, Store};
use worker::sys::{self, FileSource, IdbStore, Mail};

/// The page, the clock and the site.
struct Page;

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
}

fn main() {
    sys::install_panic_hook();
    spawn_local(async {
        match IdbStore::open().await {
            Ok(store) => serve(Library::new(store, Page, Storage::Kept)),
            Err(error) => {
                web_sys::console::warn_2(
                    &"tunes will not be kept:".into(),
                    &error.to_string().into(),
                );
                serve(Library::new(
                    MemoryStore::default(),
                    Page,
                    Storage::MemoryOnly,
                ));
            }
        }
    });
}

fn serve<S: Store + 'static>(library: Library<S, Page>) {
    let library = Rc::new(library);
    let parts = Parts::default();
    sys::listen(move |mail: Mail<Request>| {
        let (library, parts) = (Rc::clone(&library), Rc::clone(&parts));
        spawn_local(async move { receive(library, &parts, mail).await });
    });
    sys::post(EVENT, &Event::Ready, None);
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

/// Serves files to the engine.
fn serve_files<S: Store + 'static>(library: &Rc<Library<S, Page>>, port: &MessagePort) {
    let library = Rc::clone(library);
    let answers = port.clone();
    sys::listen_port(port, move |mail: Mail<Request>| {
        let Request::File { md5 } = mail.body else {
            return;
        };
        let (library, port) = (Rc::clone(&library), answers.clone());
        spawn_local(async move {
            match library.file(&md5).await {
                Ok(file) => {
                    let (bytes, roms) = file.unzip();
                    let bytes = bytes.map(|bytes| Uint8Array::from(bytes.as_slice()));
                    let beside = bytes.as_ref().map(|bytes| ("bytes", bytes));
                    let event = Event::File {
                        md5,
                        roms: roms.unwrap_or_default(),
                    };
                    sys::post_to(&port, mail.id, &event, beside);
                }
                Err(error) => {
                    sys::post_to(
                        &port,
                        mail.id,
                        &Event::Failed {
                            reason: error.to_string(),
                        },
                        None,
                    );
                }
            }
        });
    });
}
