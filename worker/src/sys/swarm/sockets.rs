//! Sockets to trackers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use torrent::session::Input;
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

type Handler = Rc<dyn Fn(Input)>;

struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn Fn()>,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_close: Closure<dyn Fn(CloseEvent)>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // One that is closed already is closed.
        let _ = self.socket.close();
    }
}

/// Sockets by address.
#[derive(Default)]
pub struct Sockets {
    open: RefCell<BTreeMap<String, Socket>>,
}

impl Sockets {
    /// Opens one; `handler` hears of it, and not before this returns.
    pub fn connect(&self, url: &str, handler: Handler) {
        let socket = match WebSocket::new(url) {
            Ok(socket) => socket,
            Err(error) => {
                let closed = Input::TrackerClosed(url.to_owned(), super::words(&error));
                wasm_bindgen_futures::spawn_local(async move { handler(closed) });
                return;
            }
        };
        let (name, tell) = (url.to_owned(), Rc::clone(&handler));
        let on_open = Closure::<dyn Fn()>::new(move || tell(Input::TrackerOpen(name.clone())));
        let (name, tell) = (url.to_owned(), Rc::clone(&handler));
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                tell(Input::TrackerMessage(name.clone(), text));
            }
        });
        let name = url.to_owned();
        let on_close = Closure::<dyn Fn(CloseEvent)>::new(move |event: CloseEvent| {
            let reason = match (event.reason(), event.code()) {
                (reason, _) if !reason.is_empty() => reason,
                (_, 1006) => "it cannot be reached".into(),
                (_, code) => format!("it closed the connection ({code})"),
            };
            handler(Input::TrackerClosed(name.clone(), reason));
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        let socket = Socket {
            socket,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        };
        let old = self.open.borrow_mut().insert(url.to_owned(), socket);
        // This may be called from one of its own listeners.
        wasm_bindgen_futures::spawn_local(async move { drop(old) });
    }

    /// Sends a text. A socket that is not open any more says so by itself.
    pub fn send(&self, url: &str, text: &str) {
        if let Some(socket) = self.open.borrow().get(url) {
            let _ = socket.socket.send_with_str(text);
        }
    }

    /// Closes one.
    pub fn close(&self, url: &str) {
        let old = self.open.borrow_mut().remove(url);
        wasm_bindgen_futures::spawn_local(async move { drop(old) });
    }
}
