//! Canvases that the worker of the visuals draws on: handing them over, telling how they stand, and
//! showing one apart from the page.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Int32Array, Promise, SharedArrayBuffer};
use leptos::prelude::{LocalStorage, StoredValue, UpdateValue as _, on_cleanup};
use protocol::visuals::{Colours, Request, Surface as How, View};
use ring::scope;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    CssStyleDeclaration, Document, Element, HtmlCanvasElement, HtmlVideoElement,
    IntersectionObserver, IntersectionObserverEntry, ResizeObserver,
};

use super::workers::{Workers, get};

/// Size of the picture apart from the page, in units of the page.
const APART: (u16, u16) = (640, 360);
/// Frames of the scope ring, about two seconds.
const SCOPE_CAPACITY: u32 = 1 << 16;
/// Pictures a second that go to it.
const APART_RATE: f64 = 30.0;

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

/// An element of the page that a canvas is put into.
pub type Host = web_sys::HtmlDivElement;

/// A canvas that the worker has, from the first time on that it can be seen.
pub struct Surface {
    told: Rc<Told>,
    _seen: Option<Watch>,
}

struct Told {
    workers: Workers,
    canvas: HtmlCanvasElement,
    surface: u32,
    how: Cell<How>,
    is_attached: Cell<bool>,
}

/// Observers of a canvas, and what they call.
struct Watch {
    resized: ResizeObserver,
    crossed: IntersectionObserver,
    _on_resize: Closure<dyn FnMut()>,
    _on_cross: Closure<dyn FnMut(Array)>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.resized.disconnect();
        self.crossed.disconnect();
    }
}

impl Told {
    fn new(workers: &Workers, canvas: HtmlCanvasElement, how: How) -> Rc<Self> {
        let surface = LAST.get().wrapping_add(1);
        LAST.set(surface);
        Rc::new(Self {
            workers: workers.clone(),
            canvas,
            surface,
            how: Cell::new(how),
            is_attached: Cell::new(false),
        })
    }

    fn change(&self, change: impl FnOnce(&mut How)) {
        let mut how = self.how.get();
        change(&mut how);
        if self.how.replace(how) != how && self.is_attached.get() {
            let surface = self.surface;
            let request = Request::Change { surface, how };
            self.workers.visuals(&request, &[]);
        }
    }

    /// Hands the canvas over, unless that was done.
    fn attach(&self) -> Result<(), JsValue> {
        if self.is_attached.get() {
            return Ok(());
        }
        let offscreen = self.canvas.transfer_control_to_offscreen()?;
        self.is_attached.set(true);
        self.workers.start_visuals();
        let (surface, how) = (self.surface, self.how.get());
        let request = Request::Attach { surface, how };
        self.workers.visuals(&request, &[("canvas", &offscreen)]);
        Ok(())
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if self.is_attached.get() {
            let surface = self.surface;
            let request = Request::Detach { surface };
            self.workers.visuals(&request, &[]);
        }
    }
}

fn units(side: i32) -> u16 {
    u16::try_from(side).unwrap_or(u16::MAX)
}

/// Pixels in a unit of the page, in hundredths: more than three are not seen.
fn ratio_percent() -> u16 {
    let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between a half and three"
    )]
    let percent = (ratio.clamp(0.5, 3.0) * 100.0) as u16;
    percent
}

impl Surface {
    /// Makes a canvas that is handed over when it is first seen, which `begun` is told; `None` where
    /// this browser cannot.
    pub fn open(workers: &Workers, view: View, begun: impl Fn() + 'static) -> Option<Self> {
        let canvas: HtmlCanvasElement = document()?.create_element("canvas").ok()?.unchecked_into();
        if !get(&canvas, "transferControlToOffscreen").is_function() {
            return None;
        }
        canvas.set_class_name("stage-canvas");
        let how = How {
            view,
            width: units(canvas.client_width()),
            height: units(canvas.client_height()),
            ratio_percent: ratio_percent(),
            is_seen: false,
            is_apart: false,
        };
        let told = Told::new(workers, canvas, how);
        let seen = watch(&told, begun).ok();
        Some(Self { told, _seen: seen })
    }

    /// Moves the canvas into an element of the page.
    pub fn place(&self, host: &Host) {
        // What is on the page takes a child.
        let _ = host.append_child(&self.told.canvas);
    }

    /// Shows something else.
    pub fn set_view(&self, view: View) {
        self.told.change(|how| how.view = view);
    }
}

fn watch(told: &Rc<Told>, begun: impl Fn() + 'static) -> Result<Watch, JsValue> {
    let canvas = &told.canvas;
    let of_size = Rc::downgrade(told);
    let on_resize = Closure::<dyn FnMut()>::new(move || {
        if let Some(told) = of_size.upgrade() {
            told.change(|how| {
                how.width = units(told.canvas.client_width());
                how.height = units(told.canvas.client_height());
                how.ratio_percent = ratio_percent();
            });
        }
    });
    let of_sight = Rc::downgrade(told);
    let on_cross = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
        let last = entries.get(entries.length().saturating_sub(1));
        let entry: IntersectionObserverEntry = last.unchecked_into();
        if let Some(told) = of_sight.upgrade() {
            let is_seen = entry.is_intersecting();
            told.change(|how| how.is_seen = is_seen);
            if is_seen && told.attach().is_ok() {
                begun();
            }
        }
    });
    let resized = ResizeObserver::new(on_resize.as_ref().unchecked_ref())?;
    resized.observe(canvas);
    let crossed = IntersectionObserver::new(on_cross.as_ref().unchecked_ref())?;
    crossed.observe(canvas);
    Ok(Watch {
        resized,
        crossed,
        _on_resize: on_resize,
        _on_cross: on_cross,
    })
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// The colours of the page as they are now. Forces a layout.
pub fn colours() -> Option<Colours> {
    let window = web_sys::window()?;
    let root = window.document()?.document_element()?;
    let style: CssStyleDeclaration = window.get_computed_style(&root).ok()??;
    let colour = |name: &str| style.get_property_value(name).unwrap_or_default();
    Some(Colours {
        ground: colour("--ground"),
        raised: colour("--raised"),
        line: colour("--line"),
        text: colour("--text"),
        quiet: colour("--quiet"),
        accent: colour("--accent"),
        voices: ["--voice-1", "--voice-2", "--voice-3"].map(colour),
    })
}

/// Calls `callback` when the answer to a question about the screen is another one.
pub fn watch_media(query: &str, callback: impl Fn() + 'static) {
    let media = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
    if let Some(media) = media {
        let callback = Closure::<dyn Fn()>::new(callback);
        let function = callback.as_ref().unchecked_ref();
        let _ = media.add_event_listener_with_callback("change", function);
        // The page listens as long as it lives.
        callback.forget();
        std::mem::forget(media);
    }
}

/// The listener wants little motion.
#[must_use]
pub fn is_calm() -> bool {
    let query = "(prefers-reduced-motion: reduce)";
    let media = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
    media.is_some_and(|media| media.matches())
}

/// The page is on no screen.
#[must_use]
pub fn is_hidden() -> bool {
    document().is_some_and(|document| document.hidden())
}

/// This browser shows elements on the whole screen.
#[must_use]
pub fn can_fill_screen() -> bool {
    document().is_some_and(|document| get(&document, "fullscreenEnabled").is_truthy())
}

/// Calls `callback` when what fills the screen is something else.
pub fn watch_full_screen(callback: impl Fn() + 'static) {
    let Some(document) = document() else { return };
    let listener = gloo::events::EventListener::new(&document, "fullscreenchange", move |_| {
        callback();
    });
    let listener = StoredValue::<_, LocalStorage>::new_local(Some(listener));
    on_cleanup(move || drop(listener.try_update_value(Option::take)));
}

/// Shows the element of an id on the whole screen, or no more.
pub fn toggle_full_screen(id: &str) {
    let Some(document) = document() else { return };
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
    } else if let Some(element) = document.get_element_by_id(id) {
        let request: Result<Function, _> = get(&element, "requestFullscreen").dyn_into();
        if let Ok(request) = request {
            quietly(request.call0(&element));
        }
    }
}

/// Lets a promise go on by itself; a refusal leaves things as they were.
fn quietly(promise: Result<JsValue, JsValue>) {
    if let Ok(promise) = promise
        && let Ok(promise) = promise.dyn_into::<Promise>()
    {
        spawn_local(async move {
            let _ = JsFuture::from(promise).await;
        });
    }
}

/// This browser shows a picture in a window of its own.
#[must_use]
pub fn can_stand_apart() -> bool {
    document().is_some_and(|document| {
        let canvas = document.create_element("canvas").ok();
        let can = |name: &str| {
            let canvas = canvas.as_ref();
            canvas.is_some_and(|canvas| get(canvas, name).is_function())
        };
        get(&document, "pictureInPictureEnabled").is_truthy()
            && can("captureStream")
            && can("transferControlToOffscreen")
    })
}

/// A picture in a window of its own.
#[derive(Clone, Default)]
pub struct Apart {
    shown: Rc<RefCell<Option<Shown>>>,
}

struct Shown {
    surface: Surface,
    video: HtmlVideoElement,
    _on_leave: Closure<dyn FnMut()>,
}

impl Apart {
    /// Shows the picture, or shows it no more; `changed` is told which.
    pub fn toggle(&self, workers: &Workers, view: View, changed: impl Fn(bool) + 'static) {
        if self.shown.borrow().is_some() {
            if let Some(document) = document() {
                let leave: Result<Function, _> = get(&document, "exitPictureInPicture").dyn_into();
                if let Ok(leave) = leave {
                    quietly(leave.call0(&document));
                }
            }
            return;
        }
        let Ok(shown) = self.make(workers, view, changed) else {
            return;
        };
        let video = shown.video.clone();
        *self.shown.borrow_mut() = Some(shown);
        let this = self.clone();
        spawn_local(async move {
            if let Err(error) = show(&video).await {
                web_sys::console::warn_2(&"no picture in a window of its own:".into(), &error);
                this.close();
            }
        });
    }

    /// Shows something else.
    pub fn set_view(&self, view: View) {
        if let Some(shown) = &*self.shown.borrow() {
            shown.surface.set_view(view);
        }
    }

    fn make(
        &self,
        workers: &Workers,
        view: View,
        changed: impl Fn(bool) + 'static,
    ) -> Result<Shown, JsValue> {
        let document = document().ok_or(JsValue::UNDEFINED)?;
        let canvas: HtmlCanvasElement = document.create_element("canvas")?.unchecked_into();
        let (width, height) = APART;
        canvas.set_width(u32::from(width) * 2);
        canvas.set_height(u32::from(height) * 2);
        let how = How {
            view,
            width,
            height,
            ratio_percent: 200,
            is_seen: true,
            is_apart: true,
        };
        let told = Told::new(workers, canvas.clone(), how);
        told.attach()?;
        let surface = Surface { told, _seen: None };
        let video: HtmlVideoElement = document.create_element("video")?.unchecked_into();
        video.set_muted(true);
        let stream = canvas.capture_stream_with_frame_request_rate(APART_RATE)?;
        video.set_src_object(Some(&stream));
        let this = self.clone();
        changed(true);
        let on_leave = Closure::<dyn FnMut()>::new(move || {
            this.close();
            changed(false);
        });
        let function = on_leave.as_ref().unchecked_ref();
        video.add_event_listener_with_callback("leavepictureinpicture", function)?;
        Ok(Shown {
            surface,
            video,
            _on_leave: on_leave,
        })
    }

    fn close(&self) {
        // The listener that runs now may be the one that goes.
        if let Some(shown) = self.shown.borrow_mut().take() {
            shown.video.set_src_object(None);
            spawn_local(async move { drop(shown) });
        }
    }
}

async fn show(video: &HtmlVideoElement) -> Result<(), JsValue> {
    JsFuture::from(video.play()?).await?;
    let request: Function = get(video, "requestPictureInPicture").dyn_into()?;
    let promise: Promise = request.call0(video)?.dyn_into()?;
    JsFuture::from(promise).await?;
    Ok(())
}

/// Whether an element is the one that fills the screen.
#[must_use]
pub fn is_full(id: &str) -> bool {
    let full = document().and_then(|document| document.fullscreen_element());
    full.is_some_and(|element: Element| element.id() == id)
}

/// A ring for the levels of the voices.
pub(super) fn scope_ring() -> JsValue {
    let buffer = SharedArrayBuffer::new(scope::byte_length(SCOPE_CAPACITY));
    let words = Int32Array::new_with_byte_offset_and_length(&buffer, 0, scope::HEADER_WORDS);
    for (word, value) in [
        (scope::word::MAGIC, scope::MAGIC_VALUE),
        (scope::word::VERSION, scope::VERSION_VALUE),
        (scope::word::CAPACITY, SCOPE_CAPACITY),
    ] {
        words.set_index(word, value.cast_signed());
    }
    buffer.into()
}
