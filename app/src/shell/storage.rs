//! Preferences as text in `localStorage`, under one key.

/// Key of the preferences.
const KEY: &str = "sidereal-preferences";

fn local() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// What was kept; empty on a first visit, and where the browser keeps nothing.
#[must_use]
pub fn load() -> String {
    local()
        .and_then(|storage| storage.get_item(KEY).ok().flatten())
        .unwrap_or_default()
}

/// Keeps `text`. A browser that keeps nothing (private window, full disk) is not worth a message:
/// the page works, and the library says that nothing is kept.
pub fn save(text: &str) {
    if let Some(storage) = local() {
        let _ = storage.set_item(KEY, text);
    }
}
