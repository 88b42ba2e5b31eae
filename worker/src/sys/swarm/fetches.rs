//! Ranges from web seeds, as they come in.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::Uint8Array;
use torrent::FetchId;
use torrent::session::Input;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AbortController, DedicatedWorkerGlobalScope, Headers, ReadableStreamDefaultReader, RequestInit,
    Response,
};

/// Fetches under way.
#[derive(Default)]
pub struct Fetches {
    open: Rc<RefCell<BTreeMap<FetchId, AbortController>>>,
}

impl Fetches {
    /// Starts one; `handler` hears of it, and not before this returns.
    pub fn start(
        &self,
        id: FetchId,
        url: &str,
        offset: u64,
        length: u64,
        handler: Rc<dyn Fn(Input)>,
    ) {
        let Ok(abort) = AbortController::new() else {
            return;
        };
        let signal = abort.signal();
        self.open.borrow_mut().insert(id, abort);
        let (open, url) = (Rc::clone(&self.open), url.to_owned());
        spawn_local(async move {
            let done = read(id, &url, offset, length, &signal, &*handler).await;
            let was_wanted = open.borrow_mut().remove(&id).is_some();
            if was_wanted {
                handler(match done {
                    Ok(()) => Input::FetchDone(id),
                    Err((status, reason)) => Input::FetchFailed(id, status, reason),
                });
            }
        });
    }

    /// Ends one.
    pub fn cancel(&self, id: FetchId) {
        let abort = self.open.borrow_mut().remove(&id);
        if let Some(abort) = abort {
            abort.abort();
        }
    }
}

type Failure = (Option<u16>, String);

fn failure(error: &JsValue) -> Failure {
    (None, super::words(error))
}

async fn read(
    id: FetchId,
    url: &str,
    offset: u64,
    length: u64,
    signal: &web_sys::AbortSignal,
    handler: &dyn Fn(Input),
) -> Result<(), Failure> {
    let headers = Headers::new().map_err(|error| failure(&error))?;
    let range = format!("bytes={offset}-{}", offset + length.max(1) - 1);
    headers
        .set("Range", &range)
        .map_err(|error| failure(&error))?;
    let options = RequestInit::new();
    options.set_headers(&headers);
    options.set_signal(Some(signal));
    // Pieces are kept in a store of their own.
    options.set_cache(web_sys::RequestCache::NoStore);
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let response = JsFuture::from(scope.fetch_with_str_and_init(url, &options)).await;
    let response: Response = response.map_err(|error| failure(&error))?.unchecked_into();
    let status = response.status();
    // A whole file instead of a range is as good where all of it was asked for.
    let is_whole = status == 200 && offset == 0;
    if status != 206 && !is_whole {
        return Err((Some(status), format!("it answers {status}")));
    }
    let Some(body) = response.body() else {
        return Ok(());
    };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let part = JsFuture::from(reader.read()).await;
        let part = part.map_err(|error| failure(&error))?;
        if super::get(&part, "done").is_truthy() {
            return Ok(());
        }
        if let Ok(bytes) = super::get(&part, "value").dyn_into::<Uint8Array>() {
            handler(Input::Fetched(id, bytes.to_vec()));
        }
    }
}
