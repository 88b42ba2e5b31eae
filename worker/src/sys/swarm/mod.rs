//! What the swarm worker needs of the browser.

mod channels;
mod fetches;
mod opfs;
mod records;
mod sockets;
mod store;
mod tabs;
mod timer;

pub use channels::Channels;
pub use fetches::Fetches;
pub use sockets::Sockets;
pub use store::BrowserStore;
pub use tabs::{FromTab, Tabs};
pub use timer::{Timer, disk, minutes, random};

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

/// A property; `undefined` where there is none.
fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// A method; `None` where the browser has none of that name.
fn method(object: &JsValue, name: &str) -> Option<Function> {
    get(object, name).dyn_into().ok()
}

/// An error of the browser, in words.
fn words(error: &JsValue) -> String {
    let message = get(error, "message").as_string();
    message
        .or_else(|| error.as_string())
        .unwrap_or_else(|| format!("{error:?}"))
}
