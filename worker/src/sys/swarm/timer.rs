//! One alarm, the clock on the wall, lots, and the room on disk.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// An alarm that is set for the earliest time that anybody asked for.
pub struct Timer {
    ring: Closure<dyn Fn()>,
    /// Its number and time.
    armed: Rc<Cell<Option<(i32, u64)>>>,
}

impl Timer {
    /// An alarm that calls `ring`.
    pub fn new(ring: impl Fn() + 'static) -> Self {
        let armed: Rc<Cell<Option<(i32, u64)>>> = Rc::default();
        let this = Rc::clone(&armed);
        Self {
            ring: Closure::new(move || {
                this.set(None);
                ring();
            }),
            armed,
        }
    }

    /// Sets it for `at`, in milliseconds of the worker's clock, and not for earlier.
    pub fn set(&self, at: u64, now: u64) {
        if let Some((id, armed)) = self.armed.get() {
            if armed == at {
                return;
            }
            scope().clear_timeout_with_handle(id);
        }
        let wait = i32::try_from(at.saturating_sub(now)).unwrap_or(i32::MAX);
        let ring = self.ring.as_ref().unchecked_ref();
        let id = scope().set_timeout_with_callback_and_timeout_and_arguments_0(ring, wait);
        self.armed.set(id.ok().map(|id| (id, at)));
    }
}

/// Minutes since 1970.
#[must_use]
pub fn minutes() -> u32 {
    (js_sys::Date::now() / 60_000.0) as u32
}

/// Bytes by lot.
#[must_use]
pub fn random() -> [u8; 20] {
    let bytes = Uint8Array::new_with_length(20);
    let crypto = super::get(&js_sys::global(), "crypto");
    if let Some(fill) = super::method(&crypto, "getRandomValues") {
        // Twenty bytes are below its limit.
        let _ = fill.call1(&crypto, &bytes);
    }
    let mut random = [0; 20];
    bytes.copy_to(&mut random);
    random
}

/// Bytes of disk that this site uses, and may use, where the browser tells.
pub async fn disk() -> Option<(u64, u64)> {
    let storage = super::get(&scope().navigator(), "storage");
    let estimate = super::method(&storage, "estimate")?.call0(&storage).ok()?;
    let estimate = JsFuture::from(estimate.dyn_into::<Promise>().ok()?);
    let estimate = estimate.await.ok()?;
    let number = |name: &str| super::get(&estimate, name).as_f64();
    Some((number("usage")? as u64, number("quota")? as u64))
}
