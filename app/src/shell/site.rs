//! The service worker: keeps the site for starts without a network, and brings new versions of it.

use std::rc::Rc;

use listening::Site;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Event, RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerState, ServiceWorkerUpdateViaCache,
};

use super::workers::get;

/// How often a page that stays open looks for a new version.
const LOOK_MILLIS: i32 = 3 * 3_600_000;

type OnEvent = Closure<dyn FnMut(Event)>;

/// Calls `tell` with how the site is kept, now and whenever that changes. Once in a page.
pub fn keep(tell: impl Fn(Site) + 'static) {
    let Some(container) = container() else {
        tell(Site::NotKept(None));
        return;
    };
    let tell: Rc<dyn Fn(Site)> = Rc::new(tell);
    tell(Site::Coming);
    spawn_local(async move {
        let options = RegistrationOptions::new();
        options.set_update_via_cache(ServiceWorkerUpdateViaCache::None);
        let registered = container.register_with_options("/sw.js", &options);
        match JsFuture::from(registered).await {
            Ok(registration) => match registration.dyn_into() {
                Ok(registration) => watch(&registration, &tell),
                Err(_) => tell(Site::NotKept(None)),
            },
            Err(error) => {
                let reason = get(&error, "message").as_string();
                tell(Site::NotKept(Some(reason.unwrap_or_default())));
            }
        }
    });
}

/// The version that waits takes over, and the page is opened again in it.
pub fn take_over() {
    let Some(container) = container() else { return };
    spawn_local(async move {
        let Ok(registration) = JsFuture::from(container.get_registration()).await else {
            return;
        };
        let Some(waiting) = registration
            .dyn_ref::<ServiceWorkerRegistration>()
            .and_then(ServiceWorkerRegistration::waiting)
        else {
            return;
        };
        let reload = Closure::once_into_js(|| {
            if let Some(window) = web_sys::window() {
                // It fails only in a document that is gone.
                let _ = window.location().reload();
            }
        });
        container.set_oncontrollerchange(Some(reload.unchecked_ref()));
        // A worker that waits takes any message.
        let _ = waiting.post_message(&"take over".into());
    });
}

fn container() -> Option<ServiceWorkerContainer> {
    let navigator = web_sys::window()?.navigator();
    get(&navigator, "serviceWorker").dyn_into().ok()
}

fn watch(registration: &ServiceWorkerRegistration, tell: &Rc<dyn Fn(Site)>) {
    look_at(registration, tell);
    let (found, told) = (registration.clone(), Rc::clone(tell));
    let on_found = OnEvent::new(move |_| {
        if let Some(worker) = found.installing() {
            follow(&worker, &found, &told);
        }
    });
    registration.set_onupdatefound(Some(on_found.as_ref().unchecked_ref()));
    on_found.forget();
    if let Some(worker) = registration.installing() {
        follow(&worker, registration, tell);
    }
    let registration = registration.clone();
    let look = Closure::<dyn Fn()>::new(move || {
        // Without a network there is nothing new.
        if let Ok(update) = registration.update() {
            spawn_local(async move { drop(JsFuture::from(update).await) });
        }
    });
    if let Some(window) = web_sys::window() {
        // A window always has timers.
        let _ = window.set_interval_with_callback_and_timeout_and_arguments_0(
            look.as_ref().unchecked_ref(),
            LOOK_MILLIS,
        );
    }
    // The page looks as long as it lives.
    look.forget();
}

/// Tells when a worker is installed, active, or has failed.
fn follow(
    worker: &ServiceWorker,
    registration: &ServiceWorkerRegistration,
    tell: &Rc<dyn Fn(Site)>,
) {
    let (watched, registration, tell) = (worker.clone(), registration.clone(), Rc::clone(tell));
    let on_change = OnEvent::new(move |_| {
        let failed = watched.state() == ServiceWorkerState::Redundant;
        if failed && registration.active().is_none() {
            tell(Site::NotKept(Some(String::new())));
        } else {
            look_at(&registration, &tell);
        }
    });
    worker.set_onstatechange(Some(on_change.as_ref().unchecked_ref()));
    // There are as many of them as versions come while the page is open.
    on_change.forget();
}

fn look_at(registration: &ServiceWorkerRegistration, tell: &Rc<dyn Fn(Site)>) {
    if registration.active().is_none() {
        return;
    }
    tell(if registration.waiting().is_some() {
        Site::NewVersion
    } else {
        Site::Kept
    });
}
