//! Media keys and the lock screen.

use js_sys::{Array, Function, Object, Reflect};
use listening::MediaState;
use wasm_bindgen::prelude::*;

/// What the system asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Go on.
    Play,
    /// Hold.
    Pause,
    /// End.
    Stop,
    /// Next tune.
    Next,
    /// Tune before.
    Previous,
    /// Go to a place.
    SeekTo(u32),
    /// Go forth or back by milliseconds.
    SeekBy(i32),
}

// web-sys has media sessions only behind its switch for unstable interfaces, so they are reached by
// name.

/// `navigator.mediaSession`, where the browser has it.
fn session() -> Option<JsValue> {
    let navigator = web_sys::window()?.navigator();
    let session = get(&navigator, "mediaSession");
    session.is_object().then_some(session)
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) {
    // A value that the browser does not take leaves the lock screen as it was.
    let _ = Reflect::set(object, &name.into(), &value.into());
}

fn call(object: &JsValue, name: &str, arguments: &Array) {
    if let Ok(function) = get(object, name).dyn_into::<Function>() {
        // A browser that does not know an action throws; the others work all the same.
        let _ = function.apply(object, arguments);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds of a song"
)]
fn millis(details: &JsValue) -> u32 {
    (get(details, "seekTime").as_f64().unwrap_or(0.0) * 1000.0) as u32
}

/// Calls `callback` for what the system asks for.
pub fn listen(callback: impl Fn(Action) + Clone + 'static) {
    let Some(session) = session() else { return };
    for name in [
        "play",
        "pause",
        "stop",
        "nexttrack",
        "previoustrack",
        "seekto",
        "seekforward",
        "seekbackward",
    ] {
        let callback = callback.clone();
        let handler = Closure::<dyn Fn(JsValue)>::new(move |details: JsValue| {
            callback(match name {
                "play" => Action::Play,
                "pause" => Action::Pause,
                "nexttrack" => Action::Next,
                "previoustrack" => Action::Previous,
                "seekto" => Action::SeekTo(millis(&details)),
                "seekforward" => Action::SeekBy(10_000),
                "seekbackward" => Action::SeekBy(-10_000),
                _ => Action::Stop,
            });
        });
        let arguments = Array::of2(&name.into(), handler.as_ref());
        call(&session, "setActionHandler", &arguments);
        // The system may call as long as the page lives.
        handler.forget();
    }
}

/// Shows what plays.
pub fn show(state: Option<&MediaState>) {
    let Some(session) = session() else { return };
    let Some(state) = state else {
        set(&session, "metadata", JsValue::NULL);
        set(&session, "playbackState", "none");
        return;
    };
    let init = Object::new();
    set(&init, "title", &*state.title);
    set(&init, "artist", &*state.artist);
    set(&init, "album", &*state.album);
    if let Ok(constructor) = get(&js_sys::global(), "MediaMetadata").dyn_into::<Function>()
        && let Ok(metadata) = Reflect::construct(&constructor, &Array::of1(&init))
    {
        set(&session, "metadata", metadata);
    }
    let playing = if state.playing { "playing" } else { "paused" };
    set(&session, "playbackState", playing);
    let seconds = |millis: u32| f64::from(millis) / 1000.0;
    let position = Object::new();
    set(
        &position,
        "playbackRate",
        f64::from(state.speed_percent) / 100.0,
    );
    set(&position, "duration", seconds(state.length_millis));
    let at = state.position_millis.min(state.length_millis);
    set(&position, "position", seconds(at));
    call(&session, "setPositionState", &Array::of1(&position));
}
