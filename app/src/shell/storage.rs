//! Preferences as text in `localStorage`, under one key, and what other tabs make of them.

use std::cell::RefCell;

use listening::preferences;
use wasm_bindgen::prelude::*;
use web_sys::StorageEvent;

/// Key of the preferences.
const KEY: &str = "sidereal-preferences";

thread_local! {
    /// The text that this tab knows: what it reads otherwise is another tab's.
    static KNOWN: RefCell<String> = const { RefCell::new(String::new()) };
}

fn local() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

fn read() -> String {
    local()
        .and_then(|storage| storage.get_item(KEY).ok().flatten())
        .unwrap_or_default()
}

/// What was kept; empty on a first visit, and where the browser keeps nothing.
#[must_use]
pub fn load() -> String {
    let text = read();
    KNOWN.set(text.clone());
    text
}

/// Keeps `text`, brought together with what another tab has written meanwhile: returns both, where
/// that is so. A browser that keeps nothing (private window, full disk) is not worth a message: the
/// page works, and the library says that nothing is kept.
pub fn save(text: &str) -> Option<String> {
    let storage = local()?;
    let (known, there) = (KNOWN.take(), read());
    let merged = (there != known && !there.is_empty())
        .then(|| preferences::merge(&known, text, &there))
        .filter(|merged| merged != text);
    let kept = merged.as_deref().unwrap_or(text);
    let _ = storage.set_item(KEY, kept);
    KNOWN.set(kept.to_owned());
    merged
}

/// Calls `heard` with the text whenever another tab writes it.
pub fn watch(heard: impl Fn(String) + 'static) {
    let listener = Closure::<dyn Fn(StorageEvent)>::new(move |event: StorageEvent| {
        if event.key().as_deref() == Some(KEY)
            && let Some(text) = event.new_value()
        {
            KNOWN.set(text.clone());
            heard(text);
        }
    });
    if let Some(window) = web_sys::window() {
        let function = listener.as_ref().unchecked_ref();
        let _ = window.add_event_listener_with_callback("storage", function);
    }
    // The page listens as long as it lives.
    listener.forget();
}
