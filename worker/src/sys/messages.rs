//! Messages, time and fetching, the same for every worker.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort,
    RequestInit, Response,
};

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Has a panic leave its words where the start script finds them, besides the console.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        // The global object takes any property.
        let _ = Reflect::set(
            &js_sys::global(),
            &"siderealPanic".into(),
            &info.to_string().into(),
        );
    }));
}

/// A message that came in.
pub struct Mail<T> {
    /// Request id.
    pub id: u32,
    /// What is asked.
    pub body: T,
    /// The JavaScript message, with what travels beside the body.
    data: JsValue,
}

impl<T> Mail<T> {
    /// What travels beside the body under a name.
    #[must_use]
    pub fn beside(&self, name: &str) -> JsValue {
        Reflect::get(&self.data, &name.into()).unwrap_or(JsValue::UNDEFINED)
    }
}

fn open<T: DeserializeOwned>(data: JsValue) -> Option<Mail<T>> {
    let bytes = Reflect::get(&data, &"message".into())
        .ok()?
        .dyn_into::<Uint8Array>()
        .ok()?;
    match protocol::decode::<T>(&bytes.to_vec()) {
        Ok(envelope) => Some(Mail {
            id: envelope.id,
            body: envelope.body,
            data,
        }),
        Err(error) => {
            web_sys::console::error_1(&error.to_string().into());
            None
        }
    }
}

/// Has `handler` called with each message from the page.
pub fn listen<T: DeserializeOwned + 'static>(handler: impl Fn(Mail<T>) + 'static) {
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(mail) = open(event.data()) {
            handler(mail);
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // It lives as long as the worker.
    on_message.forget();
}

/// Has `handler` called with each message from a port.
pub fn listen_port<T: DeserializeOwned + 'static>(
    port: &MessagePort,
    handler: impl Fn(Mail<T>) + 'static,
) {
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(mail) = open(event.data()) {
            handler(mail);
        }
    });
    port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
}

fn message(id: u32, body: &impl Serialize, beside: Option<(&str, &Uint8Array)>) -> (Object, Array) {
    let object = Object::new();
    let bytes = Uint8Array::from(protocol::encode(id, body).as_slice());
    let transfer = Array::of1(&bytes.buffer());
    // A plain object takes any property.
    let _ = Reflect::set(&object, &"message".into(), &bytes);
    if let Some((name, value)) = beside {
        let _ = Reflect::set(&object, &name.into(), value);
        transfer.push(&value.buffer());
    }
    (object, transfer)
}

/// Says something to the page, with bytes beside it that are handed over.
pub fn post(id: u32, body: &impl Serialize, beside: Option<(&str, &Uint8Array)>) {
    let (object, transfer) = message(id, body, beside);
    if let Err(error) = scope().post_message_with_transfer(&object, &transfer) {
        web_sys::console::error_2(&"a message could not be sent".into(), &error);
    }
}

/// Says something over a port.
pub fn post_to(
    port: &MessagePort,
    id: u32,
    body: &impl Serialize,
    beside: Option<(&str, &Uint8Array)>,
) {
    let (object, transfer) = message(id, body, beside);
    if let Err(error) = port.post_message_with_transferable(&object, &transfer) {
        web_sys::console::error_2(&"a message could not be sent".into(), &error);
    }
}

/// A clock for pacing.
#[must_use]
pub fn now_millis() -> f64 {
    scope()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// Lets waiting messages in. A timer would wait for 4 ms.
pub async fn turn() {
    let promise = Promise::new(&mut |resolve: Function, _| {
        let Ok(channel) = MessageChannel::new() else {
            return;
        };
        let port = channel.port1();
        let done = {
            let port = port.clone();
            Closure::once_into_js(move || {
                port.close();
                // It cannot throw.
                let _ = resolve.call0(&JsValue::UNDEFINED);
            })
        };
        port.set_onmessage(Some(done.unchecked_ref()));
        let _ = channel.port2().post_message(&JsValue::NULL);
    });
    // It is never rejected.
    let _ = JsFuture::from(promise).await;
}

/// Waits.
pub async fn sleep(millis: i32) {
    let promise = Promise::new(&mut |resolve: Function, _| {
        // A worker always has timers.
        let _ = scope().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    });
    let _ = JsFuture::from(promise).await;
}

/// A server that has not answered by then is taken for absent.
const FETCH_MILLIS: u32 = 10_000;

/// A file of the site; `None` where it cannot be had within ten seconds.
pub async fn fetch(path: &str) -> Option<Vec<u8>> {
    let options = RequestInit::new();
    options.set_signal(Some(&AbortSignal::timeout_with_u32(FETCH_MILLIS)));
    let request = scope().fetch_with_str_and_init(path, &options);
    let response = JsFuture::from(request).await.ok()?;
    let response: Response = response.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}
