//! Data channels to peers: those that were handed over, and those that stay with the page, which
//! passes bytes on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use protocol::EVENT;
use protocol::swarm::{Event, Rtc};
use torrent::session::Input;
use torrent::{ConnectionId, Session};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, RtcDataChannel, RtcDataChannelState, RtcDataChannelType};

type Handler = Rc<dyn Fn(Input)>;

struct Channel {
    channel: RtcDataChannel,
    _on_open: Closure<dyn Fn()>,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_close: Closure<dyn Fn()>,
    _on_low: Closure<dyn Fn()>,
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.set_onopen(None);
        self.channel.set_onmessage(None);
        self.channel.set_onclose(None);
        self.channel.set_onbufferedamountlow(None);
        self.channel.close();
    }
}

/// Channels by connection.
#[derive(Default)]
pub struct Channels {
    open: RefCell<BTreeMap<ConnectionId, Channel>>,
}

impl Channels {
    /// Takes a channel that was handed over, open or about to be.
    pub fn take(&self, id: ConnectionId, channel: RtcDataChannel, handler: &Handler) {
        channel.set_binary_type(RtcDataChannelType::Arraybuffer);
        channel.set_buffered_amount_low_threshold(Session::LOW_WATER);
        // A channel that was handed over while it opened may deliver messages before it says that it is
        // open, and before it takes any.
        let early: Rc<RefCell<Option<Vec<Vec<u8>>>>> = Rc::new(RefCell::new(Some(Vec::new())));
        let (tell, waiting) = (Rc::clone(handler), Rc::clone(&early));
        let opened = Rc::new(move || {
            let waiting = waiting.borrow_mut().take();
            if let Some(waiting) = waiting {
                tell(Input::Connected(id));
                for bytes in waiting {
                    tell(Input::Received(id, bytes));
                }
            }
        });
        let told = Rc::clone(&opened);
        let on_open = Closure::<dyn Fn()>::new(move || told());
        let tell = Rc::clone(handler);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() else {
                return;
            };
            let bytes = Uint8Array::new(&buffer).to_vec();
            if let Some(early) = &mut *early.borrow_mut() {
                return early.push(bytes);
            }
            tell(Input::Received(id, bytes));
        });
        let tell = Rc::clone(handler);
        let on_close = Closure::<dyn Fn()>::new(move || {
            tell(Input::Disconnected(id, "the other side closed".into()));
        });
        let tell = Rc::clone(handler);
        let watched = channel.clone();
        let on_low = Closure::<dyn Fn()>::new(move || {
            tell(Input::Buffered(id, watched.buffered_amount()));
        });
        channel.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        channel.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        channel.set_onbufferedamountlow(Some(on_low.as_ref().unchecked_ref()));
        let is_open = channel.ready_state() == RtcDataChannelState::Open;
        let channel = Channel {
            channel,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
            _on_low: on_low,
        };
        self.open.borrow_mut().insert(id, channel);
        if is_open {
            opened();
        }
    }

    /// Sends bytes to a peer, and tells how many wait in its channel; `None` where the page has it. A
    /// channel that is closed says so by itself.
    pub fn send(&self, id: ConnectionId, bytes: &[u8], handler: &Handler) -> Option<u32> {
        let open = self.open.borrow();
        let Some(channel) = open.get(&id) else {
            let bytes = Uint8Array::from(bytes);
            crate::sys::post(EVENT, &Event::Rtc(Rtc::Send(id)), Some(("bytes", &bytes)));
            return None;
        };
        if channel.channel.send_with_u8_array(bytes).is_err()
            && channel.channel.ready_state() == RtcDataChannelState::Open
        {
            let handler = Rc::clone(handler);
            wasm_bindgen_futures::spawn_local(async move {
                handler(Input::Disconnected(id, "it takes no more bytes".into()));
            });
        }
        Some(channel.channel.buffered_amount())
    }

    /// Forgets a channel and closes it.
    pub fn close(&self, id: ConnectionId) {
        let old = self.open.borrow_mut().remove(&id);
        // This may be called from one of its own listeners.
        wasm_bindgen_futures::spawn_local(async move { drop(old) });
    }
}
