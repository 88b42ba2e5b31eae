//! Tells the relay how listening went, in counts; see `telemetry`. Nothing is noted or sent where
//! the listener, or the browser for them, does not want it.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Function, Math, Object, Reflect, Uint8Array};
use listening::Effect;
use listening::trace::Step;
use protocol::telemetry::Fact;
use telemetry::Recorder;
use wasm_bindgen::prelude::*;

use super::document;
use super::workers::get;

/// Where beacons go.
const ADDRESS: &str = "/beacon";
/// How often.
const EVERY_MILLIS: u32 = 60_000;

/// What has been sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Beacons since the page was opened.
    pub count: u32,
    /// Bytes of them.
    pub bytes: usize,
    /// The last one, and when it was sent, in milliseconds since 1970.
    pub last: Option<(u64, Vec<u8>)>,
}

/// Gathers facts and sends them.
#[derive(Default)]
pub struct Beacons {
    recorder: RefCell<Recorder>,
    /// Made, and not taken by the browser.
    unsent: RefCell<Option<Vec<u8>>>,
    is_wanted: Cell<bool>,
    sent: RefCell<Sent>,
}

/// The browser asks sites in the listener's name not to follow them: Do Not Track, or Global Privacy
/// Control.
#[must_use]
pub fn is_refused_by_browser() -> bool {
    let Some(window) = web_sys::window() else {
        return true;
    };
    let navigator = window.navigator();
    let asks = |object: &JsValue| get(object, "doNotTrack").as_string().as_deref() == Some("1");
    asks(&navigator) || asks(&window) || get(&navigator, "globalPrivacyControl").is_truthy()
}

impl Beacons {
    /// The listener's own choice; what has gathered is forgotten where it is against.
    pub fn set_wanted(&self, is_wanted: bool) {
        let is_wanted = is_wanted && !is_refused_by_browser();
        self.is_wanted.set(is_wanted);
        if !is_wanted {
            self.recorder.take();
            self.unsent.take();
        }
    }

    /// Notes a fact.
    pub fn record(&self, fact: Fact) {
        if self.is_wanted.get() {
            self.recorder.borrow_mut().record(fact);
        }
    }

    /// Notes how long it took to weigh the ways to a tune, where that is among what is to be done
    /// after an event that came at `began`.
    pub fn note_score(&self, effects: &[Effect], began: u64) {
        let is_end = |effect: &Effect| matches!(effect, Effect::Trace(trace) if trace.step == Step::Score && trace.is_end);
        if effects.iter().any(is_end) {
            let took = document::now_micros().saturating_sub(began);
            self.record(Fact::ScoreTime(Some(took)));
        }
    }

    /// Sends what has gathered; without a network it waits. False where nothing was sent.
    pub fn send(&self) -> bool {
        let Some(window) = web_sys::window() else {
            return false;
        };
        let navigator = window.navigator();
        if !self.is_wanted.get() || !navigator.on_line() {
            return false;
        }
        let unsent = self.unsent.take();
        let bytes = unsent.or_else(|| {
            let beacon = self.recorder.borrow_mut().take(random());
            beacon.map(|beacon| beacon.encode())
        });
        let Some(bytes) = bytes else { return false };
        let body = Uint8Array::from(bytes.as_slice());
        let is_taken = navigator.send_beacon_with_opt_js_u8_array(ADDRESS, Some(&body));
        if !is_taken.unwrap_or(false) {
            // The same again next time: where it came after all, the relay knows its number.
            *self.unsent.borrow_mut() = Some(bytes);
            return false;
        }
        let mut sent = self.sent.borrow_mut();
        sent.count += 1;
        sent.bytes += bytes.len();
        sent.last = Some((document::wall_millis(), bytes));
        true
    }

    /// What has been sent.
    pub fn sent(&self) -> Sent {
        self.sent.borrow().clone()
    }
}

/// A number that is used once, and means nothing.
fn random() -> u64 {
    const HALF: f64 = 4_294_967_296.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below 2^32"
    )]
    let half = || (Math::random() * HALF) as u64;
    half() << 32 | half()
}

/// Calls `send` every minute and when the page is hidden.
pub fn watch(send: impl Fn() + Clone + 'static) {
    gloo::timers::callback::Interval::new(EVERY_MILLIS, send.clone()).forget();
    document::on_leave(send);
}

/// Calls `tell` with the number of long tasks, where the browser counts them: times that the page
/// could not answer for 50 ms or longer.
pub fn watch_long_frames(tell: impl Fn(u32) + 'static) {
    let told = Closure::<dyn Fn(JsValue)>::new(move |list: JsValue| {
        let entries = call(&list, "getEntries", &JsValue::UNDEFINED);
        let entries = entries.and_then(|entries| entries.dyn_into::<Array>().ok());
        tell(entries.map_or(0, |entries| entries.length()));
    });
    let observer = get(&js_sys::global(), "PerformanceObserver");
    let kinds = get(&observer, "supportedEntryTypes").dyn_into::<Array>();
    let kind = JsValue::from("longtask");
    if !kinds.is_ok_and(|kinds| kinds.includes(&kind, 0)) {
        return;
    }
    let options = Object::new();
    // A plain object takes any property.
    let _ = Reflect::set(&options, &"type".into(), &kind);
    let arguments = Array::of1(told.as_ref());
    let observer = observer
        .dyn_into::<Function>()
        .and_then(|observer| Reflect::construct(&observer, &arguments));
    if let Ok(observer) = observer {
        call(&observer, "observe", &options);
        // It is told as long as the page lives.
        told.forget();
    }
}

fn call(object: &JsValue, name: &str, argument: &JsValue) -> Option<JsValue> {
    let function = get(object, name).dyn_into::<Function>().ok()?;
    function.call1(object, argument).ok()
}
