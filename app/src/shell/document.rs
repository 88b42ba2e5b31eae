//! Title, theme, accent and focus: what concerns the document as a whole.

use super::workers::{get, object_url};
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AddEventListenerOptions, Document, HtmlElement, HtmlInputElement, ScrollIntoViewOptions,
    ScrollLogicalPosition,
};

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

fn root() -> Option<HtmlElement> {
    document()?.document_element()?.dyn_into().ok()
}

/// Title of the window.
pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// Language tag of what is written on the page.
pub fn set_language(tag: &str) {
    if let Some(root) = root() {
        // An attribute of a plain name is always taken.
        let _ = root.set_attribute("lang", tag);
    }
}

/// Colours: `dark`, `light`, or as the system says.
pub fn set_theme(theme: Option<&str>) {
    let Some(root) = root() else { return };
    // An attribute of a plain name is always taken.
    let _ = match theme {
        Some(theme) => root.set_attribute("data-theme", theme),
        None => root.remove_attribute("data-theme"),
    };
}

/// Accent colours on dark and on light surfaces.
pub fn set_accent(on_dark: &str, on_light: &str) {
    let Some(root) = root() else { return };
    let _ = root.style().set_property("--accent-on-dark", on_dark);
    let _ = root.style().set_property("--accent-on-light", on_light);
}

/// Puts the focus on the element with this id, and selects its text where it has any; false where
/// there is none.
pub fn focus(id: &str) -> bool {
    let Some(element) = document().and_then(|document| document.get_element_by_id(id)) else {
        return false;
    };
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        input.select();
    }
    element
        .dyn_ref::<HtmlElement>()
        .is_some_and(|element| element.focus().is_ok())
}

/// Puts the focus on the chosen one of the radio buttons of a group, where it is on the page.
pub fn focus_choice(group: &str) {
    let Some(document) = document() else { return };
    let chosen = document.query_selector(&format!("input[name={group}]:checked"));
    if let Ok(Some(button)) = chosen
        && let Ok(button) = button.dyn_into::<HtmlInputElement>()
    {
        // It fails only for what cannot be seen.
        let _ = button.focus();
    }
}

/// Scrolls the element with this id back to its start.
pub fn scroll_to_top(id: &str) {
    if let Some(element) = document().and_then(|document| document.get_element_by_id(id)) {
        element.set_scroll_top(0);
    }
}

/// Scrolls as little as is needed to show the element of an id.
pub fn reveal(id: &str) {
    if let Some(element) = document().and_then(|document| document.get_element_by_id(id)) {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// The page was opened over plain http from another machine, where browsers give no audio worklet.
#[must_use]
pub fn is_insecure() -> bool {
    let secure = js_sys::Reflect::get(&js_sys::global(), &"isSecureContext".into());
    secure.is_ok_and(|secure| secure.is_falsy())
}

/// The time of day, in milliseconds since 1970.
#[must_use]
pub fn wall_millis() -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a date of this age"
    )]
    let millis = js_sys::Date::now() as u64;
    millis
}

/// The time of day of a moment in milliseconds since 1970, as the browser's language writes it.
#[must_use]
pub fn time_text(millis: u64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(millis as f64));
    date.to_locale_time_string("default").into()
}

/// What this device can do.
#[must_use]
pub fn device() -> listening::sources::Device {
    let cores = web_sys::window().map_or(0.0, |window| window.navigator().hardware_concurrency());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small count; a cast keeps it within bounds"
    )]
    let cores = cores as u8;
    listening::sources::Device {
        cores,
        plain_http: is_insecure(),
    }
}

/// What a listener who is there does first.
const SIGNS: [&str; 6] = [
    "pointermove",
    "pointerdown",
    "touchstart",
    "keydown",
    "click",
    "focusin",
];

/// Waits until the listener moves, touches or presses something, for at most `millis`. What follows
/// still counts as the listener's own doing.
pub async fn sign_of_life(millis: i32) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let seen = Promise::new(&mut |resolve, _| {
        let options = AddEventListenerOptions::new();
        options.set_once(true);
        options.set_capture(true);
        options.set_passive(true);
        // A window takes any listener, and always has timers.
        for kind in SIGNS {
            let _ = window.add_event_listener_with_callback_and_add_event_listener_options(
                kind, &resolve, &options,
            );
        }
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    });
    // Nothing rejects it.
    let _ = JsFuture::from(seen).await;
}

/// Lets the browser draw and answer before what follows.
pub async fn breathe() {
    let soon = Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            // A window always has timers.
            let _ = window.set_timeout_with_callback(&resolve);
        }
    });
    // Nothing rejects it.
    let _ = JsFuture::from(soon).await;
}

/// Sends what else this pointer does to the element that it was pressed on.
pub fn capture_pointer(event: &web_sys::PointerEvent) {
    let target = event.current_target();
    if let Some(element) = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok()) {
        // It fails only for a pointer that is gone.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

/// Steady milliseconds.
#[must_use]
pub fn now_millis() -> u64 {
    now_micros() / 1_000
}

/// The same in microseconds, as fine as the browser tells.
#[must_use]
pub fn now_micros() -> u64 {
    let now = web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "microseconds since the page was opened"
    )]
    let micros = (now * 1_000.0) as u64;
    micros
}

/// Calls `callback` when the page is hidden or left.
pub fn on_leave(callback: impl Fn() + 'static) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let callback = Closure::<dyn Fn()>::new(callback);
    let function = callback.as_ref().unchecked_ref();
    let _ = window.add_event_listener_with_callback("pagehide", function);
    if let Some(document) = window.document() {
        let _ = document.add_event_listener_with_callback("visibilitychange", function);
    }
    // The page listens as long as it lives.
    callback.forget();
}

/// Frees an object URL.
pub fn forget_url(url: &str) {
    let _ = web_sys::Url::revoke_object_url(url);
}

/// Hands the listener the file at an object URL, which is freed afterwards.
pub fn save_url(url: &str, name: &str) {
    let link = document().and_then(|document| document.create_element("a").ok());
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        // Plain attributes are always taken.
        let _ = link.set_attribute("href", url);
        let _ = link.set_attribute("download", name);
        link.click();
    }
    // The browser reads it once the click has been handled.
    let url = url.to_owned();
    gloo::timers::callback::Timeout::new(60_000, move || forget_url(&url)).forget();
}

/// Hands the listener a text as a file.
pub fn save_text(text: &str, name: &str) {
    let bytes = js_sys::Uint8Array::from(text.as_bytes());
    if let Some(url) = object_url(&bytes, "text/plain;charset=utf-8") {
        save_url(&url, name);
    }
}

/// Takes the words of `index.html` away that stand until the page is up.
pub fn remove_boot() {
    if let Some(boot) = document().and_then(|document| document.get_element_by_id("boot")) {
        boot.remove();
    }
}

/// Scrolls to the element of an id; false where there is none.
#[must_use]
pub fn scroll_to(id: &str) -> bool {
    let element = document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = &element {
        element.scroll_into_view();
    }
    element.is_some()
}

/// Scrolls a list so that one of its rows is in the middle of it.
pub fn scroll_within(list: &web_sys::Element, row: usize) {
    let row = u32::try_from(row)
        .ok()
        .and_then(|row| list.children().item(row));
    if let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
        let middle = row.offset_top() - (list.client_height() - row.offset_height()) / 2;
        list.set_scroll_top(middle);
    }
}

/// The page's origin, such as `https://host:port`.
#[must_use]
pub fn origin() -> String {
    let location = web_sys::window().map(|window| window.location());
    location
        .and_then(|location| location.origin().ok())
        .unwrap_or_default()
}

/// Takes what stands behind the `#` of the address, so that it does not count twice.
#[must_use]
pub fn take_fragment() -> Option<String> {
    let window = web_sys::window()?;
    let fragment = window.location().hash().ok()?;
    let fragment = fragment.strip_prefix('#').filter(|text| !text.is_empty())?;
    if let (Ok(history), Ok(path)) = (window.history(), window.location().pathname()) {
        // What cannot be replaced stays in the address.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
    Some(fragment.to_owned())
}

/// The system has a sheet for handing links on.
#[must_use]
pub fn can_share() -> bool {
    web_sys::window().is_some_and(|window| get(&window.navigator(), "share").is_function())
}

/// Opens the system's sheet for a link.
pub fn share(title: &str, url: &str) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let navigator = window.navigator();
    let data = js_sys::Object::new();
    // A plain object takes any property.
    let _ = js_sys::Reflect::set(&data, &"title".into(), &title.into());
    let _ = js_sys::Reflect::set(&data, &"url".into(), &url.into());
    if let Ok(share) = get(&navigator, "share").dyn_into::<js_sys::Function>() {
        // The listener may close the sheet, which is no failure.
        if let Ok(promise) = share.call1(&navigator, &data) {
            let ignore = Closure::once_into_js(|_: JsValue| ());
            let promise: Promise = promise.unchecked_into();
            let catch = get(&promise, "catch");
            if let Ok(catch) = catch.dyn_into::<js_sys::Function>() {
                let _ = catch.call1(&promise, &ignore);
            }
        }
    }
}

/// Has the clipboard take a text.
pub fn copy(text: &str) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let clipboard = get(&window.navigator(), "clipboard");
    if let Ok(write) = get(&clipboard, "writeText").dyn_into::<js_sys::Function>() {
        // A refusal leaves the link on the page, where it can be marked.
        let _ = write.call1(&clipboard, &text.into());
    }
}

/// Minutes that this device's clock was ahead of UTC at a moment in milliseconds since 1970.
#[must_use]
pub fn utc_offset_minutes(millis: u64) -> i32 {
    let date = js_sys::Date::new(&JsValue::from_f64(millis as f64));
    #[expect(clippy::cast_possible_truncation, reason = "a whole number of minutes")]
    let behind = date.get_timezone_offset() as i32;
    -behind
}

/// Calls `tell` whenever the window is seen again, or is not any more.
pub fn watch_seen(tell: impl Fn(bool) + 'static) {
    let Some(document) = document() else { return };
    let watched = document.clone();
    let look = Closure::<dyn Fn()>::new(move || tell(!watched.hidden()));
    let function = look.as_ref().unchecked_ref();
    // A document takes any listener.
    let _ = document.add_event_listener_with_callback("visibilitychange", function);
    // The page listens as long as it lives.
    look.forget();
}

/// The path of the link within this site that was clicked; none where the browser is to open it by
/// itself.
#[must_use]
pub fn clicked_link(event: &web_sys::MouseEvent) -> Option<String> {
    let is_plain = event.button() == 0
        && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
    if event.default_prevented() || !is_plain {
        return None;
    }
    let element: web_sys::Element = event.target()?.dyn_into().ok()?;
    let link = element.closest("a[href^='/']").ok()??;
    let leaves = ["download", "target"]
        .iter()
        .any(|name| link.has_attribute(name));
    link.get_attribute("href").filter(|_| !leaves)
}

/// How far across the element that listens a pointer is, from 0 to 1.
#[must_use]
pub fn share_across(event: &web_sys::PointerEvent) -> Option<f64> {
    let target: web_sys::Element = event.current_target()?.dyn_into().ok()?;
    let frame = target.get_bounding_client_rect();
    let share = (f64::from(event.client_x()) - frame.left()) / frame.width().max(1.0);
    Some(share.clamp(0.0, 1.0))
}

/// Scrolls the element with this id to its end.
pub fn scroll_to_end(id: &str) {
    if let Some(element) = document().and_then(|document| document.get_element_by_id(id)) {
        element.set_scroll_top(element.scroll_height());
    }
}

/// The element with this id is scrolled to its end, or nearly.
#[must_use]
pub fn is_at_end(id: &str) -> bool {
    document()
        .and_then(|document| document.get_element_by_id(id))
        .is_none_or(|element| {
            element.scroll_top() + element.client_height() + 8 >= element.scroll_height()
        })
}
