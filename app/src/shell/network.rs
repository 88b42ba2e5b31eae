//! The network: whether there is one, what the site says of connections, and what stays on disk.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortSignal, RequestInit};

use super::workers::get;

/// Milliseconds that the site has to say how connections are made: they wait for it.
const ICE_MILLIS: u32 = 10_000;

/// What the site says of connections: its `iceServers`, and whether a TURN relay is among them.
pub async fn site_ice() -> (Option<Array>, bool) {
    let Some(window) = web_sys::window() else {
        return (None, false);
    };
    let bound = RequestInit::new();
    bound.set_signal(Some(&AbortSignal::timeout_with_u32(ICE_MILLIS)));
    let answer = window.fetch_with_str_and_init("/api/v1/ice", &bound);
    let Ok(response) = JsFuture::from(answer).await else {
        return (None, false);
    };
    let response: web_sys::Response = response.unchecked_into();
    let Ok(json) = response.json() else {
        return (None, false);
    };
    let Ok(answer) = JsFuture::from(json).await else {
        return (None, false);
    };
    let Ok(servers) = get(&answer, "iceServers").dyn_into::<Array>() else {
        return (None, false);
    };
    let is_turn = |url: JsValue| {
        let url = url.as_string().unwrap_or_default();
        url.starts_with("turn:") || url.starts_with("turns:")
    };
    let has_turn = servers.iter().any(|server: JsValue| {
        let urls = get(&server, "urls");
        match urls.dyn_ref::<Array>() {
            Some(list) => list.iter().any(is_turn),
            None => is_turn(urls),
        }
    });
    (Some(servers), has_turn)
}

/// Asks the browser not to clear this site's data by itself; it may ask the listener.
pub fn ask_to_persist() {
    let Some(window) = web_sys::window() else {
        return;
    };
    let storage = get(&window.navigator(), "storage");
    if let Ok(persist) = get(&storage, "persist").dyn_into::<js_sys::Function>() {
        // Whatever it answers, the tunes are kept as well as it can.
        let _ = persist.call0(&storage);
    }
}

async fn site_answers() -> bool {
    let Some(window) = web_sys::window() else {
        return false;
    };
    // No cache knows this address.
    let address = format!("/healthz?{}", js_sys::Date::now());
    let answer = JsFuture::from(window.fetch_with_str(&address)).await;
    answer.is_ok_and(|response| response.unchecked_into::<web_sys::Response>().ok())
}

/// Calls `tell` now and whenever it changes with whether there is a network, and whether it is paid
/// by the byte or thrift is asked for, where the browser tells.
pub fn watch_network(tell: impl Fn(bool, bool) + 'static) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let navigator = window.navigator();
    let connection = get(&navigator, "connection");
    let (watched, asked) = (connection.clone(), navigator.clone());
    let tell = Rc::new(tell);
    let look = Closure::<dyn Fn()>::new(move || {
        let saves = get(&watched, "saveData").is_truthy();
        let is_cellular = get(&watched, "type").as_string().as_deref() == Some("cellular");
        let is_metered = saves || is_cellular;
        if asked.on_line() {
            tell(true, is_metered);
        } else {
            // A site on this device answers where the browser knows of no network.
            let (tell, asked) = (Rc::clone(&tell), asked.clone());
            spawn_local(async move {
                let answers = site_answers().await;
                tell(answers || asked.on_line(), is_metered);
            });
        }
    });
    let callback: &js_sys::Function = look.as_ref().unchecked_ref();
    let _ = callback.call0(&JsValue::UNDEFINED);
    for kind in ["online", "offline"] {
        // A window takes any listener.
        let _ = window.add_event_listener_with_callback(kind, callback);
    }
    if connection.is_object() {
        let target: &web_sys::EventTarget = connection.unchecked_ref();
        let _ = target.add_event_listener_with_callback("change", callback);
    }
    look.forget();
}
