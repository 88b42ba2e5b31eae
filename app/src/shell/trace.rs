//! Spans of what happens on the way to sound: user timing of the browser, and a ring of the last
//! ones, which stays on this device until the listener exports it.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use js_sys::{Array, Function, JSON, Object, Reflect, Uint8Array};
use listening::trace::{Fields, Step, Trace};
use wasm_bindgen::prelude::*;

use super::document;
use super::workers::object_url;

/// Spans that are kept.
const MOST_SPANS: usize = 400;

/// A step that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Which tune's way.
    pub session: u32,
    /// Which step.
    pub step: Step,
    /// Milliseconds since the page was opened.
    pub start: f64,
    /// Milliseconds that it took.
    pub took: f64,
    /// What was noted.
    pub fields: Fields,
}

/// The ring, and the steps that are not over.
#[derive(Default)]
pub struct Tracer {
    open: RefCell<BTreeMap<(u32, Step), (f64, Fields)>>,
    spans: RefCell<VecDeque<Span>>,
}

impl Tracer {
    /// Notes that a step begins or ends.
    pub fn take(&self, trace: Trace) {
        let Some(performance) = web_sys::window().and_then(|window| window.performance()) else {
            return;
        };
        let now = performance.now();
        let key = (trace.session, trace.step);
        if !trace.is_end {
            self.open.borrow_mut().insert(key, (now, trace.fields));
            return;
        }
        let Some((start, mut fields)) = self.open.borrow_mut().remove(&key) else {
            return;
        };
        fields.extend(trace.fields);
        let span = Span {
            session: trace.session,
            step: trace.step,
            start,
            took: now - start,
            fields,
        };
        // Without user timing the ring is what there is.
        let _ = measure(&performance, &span, now);
        let mut spans = self.spans.borrow_mut();
        spans.push_back(span);
        if spans.len() > MOST_SPANS {
            spans.pop_front();
            // The browser keeps its own for ever.
            if spans.len() == MOST_SPANS {
                performance.clear_measures();
            }
        }
    }

    /// The last `count` spans, the newest first.
    pub fn last(&self, count: usize) -> Vec<Span> {
        self.spans
            .borrow()
            .iter()
            .rev()
            .take(count)
            .cloned()
            .collect()
    }

    /// Hands the listener all spans as a file, with `facts` about the page.
    pub fn export(&self, facts: &[(String, String)]) {
        let spans = self.spans.borrow();
        let spans: Array = spans
            .iter()
            .map(|span| JsValue::from(described(span)))
            .collect();
        let whole = Object::new();
        set(&whole, "facts", &object(facts));
        set(&whole, "spans", &spans);
        let Ok(text) = JSON::stringify(&whole) else {
            return;
        };
        let text = String::from(text);
        let file = Uint8Array::from(text.as_bytes());
        if let Some(url) = object_url(&file, "application/json") {
            document::save_url(&url, "sidereal-diagnostics.json");
        }
    }
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // A plain object takes any property.
    let _ = Reflect::set(object, &name.into(), value);
}

fn object<N: AsRef<str>, V: AsRef<str>>(fields: &[(N, V)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        set(&object, name.as_ref(), &value.as_ref().into());
    }
    object
}

fn described(span: &Span) -> Object {
    let described = object(&span.fields);
    set(&described, "session", &span.session.into());
    set(&described, "step", &span.step.name().into());
    set(&described, "start", &span.start.into());
    set(&described, "took", &span.took.into());
    described
}

fn measure(performance: &web_sys::Performance, span: &Span, end: f64) -> Result<(), JsValue> {
    let options = Object::new();
    set(&options, "start", &span.start.into());
    set(&options, "end", &end.into());
    set(&options, "detail", &described(span));
    let measure: Function = Reflect::get(performance, &"measure".into())?.dyn_into()?;
    let name = format!("sidereal:{}", span.step.name());
    measure.call2(performance, &name.into(), &options)?;
    Ok(())
}
