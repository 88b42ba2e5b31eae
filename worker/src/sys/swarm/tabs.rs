//! Tabs of one site: one holds the lock and does the work, the others ask it over a channel that
//! all of them hear. When it closes, the next one gets the lock.

use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use protocol::swarm::{Event, Request};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{BroadcastChannel, DedicatedWorkerGlobalScope, MessageEvent};

use super::{get, method};

/// Name of the lock and of the channel.
const NAME: &str = "swarm";

/// What comes from another tab.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is taken apart at once"
)]
pub enum FromTab {
    /// Asked of the tab that does the work.
    Asked(u32, u32, Request, Option<Vec<u8>>),
    /// An answer to what this tab asked, or an event.
    Answered(u32, Event, Option<Vec<u8>>),
    /// Another tab does the work now.
    NewOwner,
}

/// The channel.
pub struct Tabs {
    channel: Option<BroadcastChannel>,
    /// The number that this tab gave itself.
    tab: u32,
    _on_message: Closure<dyn Fn(MessageEvent)>,
}

fn bytes_of(data: &JsValue, name: &str) -> Option<Vec<u8>> {
    let bytes = get(data, name).dyn_into::<Uint8Array>().ok()?;
    Some(bytes.to_vec())
}

fn number(data: &JsValue, name: &str) -> Option<u32> {
    get(data, name).as_f64().map(|number| number as u32)
}

fn open<T: DeserializeOwned>(data: &JsValue) -> Option<(u32, T)> {
    let envelope = protocol::decode::<T>(&bytes_of(data, "message")?).ok()?;
    Some((envelope.id, envelope.body))
}

impl Tabs {
    /// Opens the channel; `handler` hears what is meant for this tab. `is_owner` tells whether this
    /// tab does the work.
    pub fn new(is_owner: impl Fn() -> bool + 'static, handler: impl Fn(FromTab) + 'static) -> Self {
        let lot = super::random();
        let tab = u32::from_le_bytes([lot[0], lot[1], lot[2], lot[3]]);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            if get(&data, "hello").is_truthy() {
                handler(FromTab::NewOwner);
            } else if let Some(from) = number(&data, "from") {
                if is_owner()
                    && let Some((id, request)) = open(&data)
                {
                    let bytes = bytes_of(&data, "bytes");
                    handler(FromTab::Asked(from, id, request, bytes));
                }
            } else if number(&data, "to") == Some(tab)
                && let Some((id, event)) = open(&data)
            {
                handler(FromTab::Answered(id, event, bytes_of(&data, "bytes")));
            }
        });
        let channel = BroadcastChannel::new(NAME).ok();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        Self {
            channel,
            tab,
            _on_message: on_message,
        }
    }

    fn post(&self, name: &str, tab: u32, id: u32, body: &impl Serialize, bytes: Option<&[u8]>) {
        let object = Object::new();
        let set = |name: &str, value: &JsValue| {
            // A plain object takes any property.
            let _ = Reflect::set(&object, &name.into(), value);
        };
        set(name, &tab.into());
        let message = protocol::encode(id, body);
        set("message", &Uint8Array::from(&*message));
        if let Some(bytes) = bytes {
            set("bytes", &Uint8Array::from(bytes));
        }
        if let Some(channel) = &self.channel {
            let _ = channel.post_message(&object);
        }
    }

    /// Asks the tab that does the work.
    pub fn ask(&self, id: u32, request: &Request, bytes: Option<&[u8]>) {
        self.post("from", self.tab, id, request, bytes);
    }

    /// Answers another tab.
    pub fn answer(&self, tab: u32, id: u32, event: &Event, bytes: Option<&[u8]>) {
        self.post("to", tab, id, event, bytes);
    }

    /// Tells all tabs that this one does the work now.
    pub fn hello(&self) {
        let object = Object::new();
        let _ = Reflect::set(&object, &"hello".into(), &JsValue::TRUE);
        if let Some(channel) = &self.channel {
            let _ = channel.post_message(&object);
        }
    }

    /// Asks for the work: calls `decided` with whether this tab has it, and where it has not, once
    /// more with true when it gets it.
    pub fn claim(decided: impl Fn(bool) + 'static) {
        let decided = Rc::new(decided);
        let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
        let locks = get(&scope.navigator(), "locks");
        let Some(request) = method(&locks, "request") else {
            // Without locks there is no telling, and this tab works for itself.
            decided(true);
            return;
        };
        let options = Object::new();
        let _ = Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE);
        let (again, lock_manager) = (request.clone(), locks.clone());
        let told = Rc::clone(&decided);
        let first = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            if !lock.is_null() {
                spawn_local(async move { told(true) });
                return forever();
            }
            spawn_local(async move {
                told(false);
                let granted = Closure::once_into_js(move |_: JsValue| -> JsValue {
                    spawn_local(async move { told(true) });
                    forever()
                });
                let _ = again.call2(&lock_manager, &NAME.into(), &granted);
            });
            JsValue::UNDEFINED
        });
        let asked = request.call3(&locks, &NAME.into(), &options, &first);
        if asked.is_err() {
            decided(true);
        }
    }
}

/// A promise that is never kept: the lock is held until the worker ends.
fn forever() -> JsValue {
    Promise::new(&mut |_: Function, _: Function| {}).into()
}
