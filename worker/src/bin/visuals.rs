//! The worker that draws: what plays, on canvases of the page.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use listening::language;
use protocol::EVENT;
use protocol::visuals::{Colours, Event, Request};
use wasm_bindgen_futures::spawn_local;
use worker::sys::visuals::{Canvas, Frames, Rings};
use worker::sys::{self, Mail};
use worker::visuals::Stage;

/// How often it is told how drawing goes.
const METER_MILLIS: f64 = 1_000.0;

/// How often it is looked whether frames of the screen come.
const WATCH_MILLIS: i32 = 300;

/// Pictures that were drawn.
#[derive(Default)]
struct Meter {
    frames: u32,
    told_frames: u32,
    told_at: f64,
}

#[derive(Default)]
struct Studio {
    stage: Stage,
    rings: Option<Rings>,
    canvases: BTreeMap<u32, Canvas>,
    colours: Colours,
    meter: Meter,
}

fn main() {
    sys::install_panic_hook();
    let studio: Rc<RefCell<Studio>> = Rc::default();
    let frames: Rc<RefCell<Option<Frames>>> = Rc::default();
    let is_watched = Rc::new(Cell::new(false));
    let ask = {
        let (studio, frames) = (Rc::clone(&studio), Rc::clone(&frames));
        move || {
            if !ask_once(&studio, &frames) || is_watched.replace(true) {
                return;
            }
            let (studio, frames) = (Rc::clone(&studio), Rc::clone(&frames));
            let is_watched = Rc::clone(&is_watched);
            spawn_local(async move {
                while ask_once(&studio, &frames) {
                    sys::sleep(WATCH_MILLIS).await;
                    if let Some(frames) = &*frames.borrow() {
                        frames.give_up_late();
                    }
                }
                is_watched.set(false);
            });
        }
    };
    let draw = {
        let (studio, ask) = (Rc::clone(&studio), ask.clone());
        move || {
            studio.borrow_mut().draw();
            ask();
        }
    };
    *frames.borrow_mut() = Some(Frames::new(draw));
    sys::listen(move |mail: Mail<Request>| {
        if let Request::Speak(address) = mail.body {
            let (studio, ask) = (Rc::clone(&studio), ask.clone());
            spawn_local(async move {
                let catalogue = match &*address {
                    "" => Some(Vec::new()),
                    address => sys::fetch(address).await,
                };
                let catalogue = catalogue.and_then(|bytes| String::from_utf8(bytes).ok());
                // Where it cannot be had, words stay as they were.
                if catalogue.is_some_and(|text| language::speak(&text).is_ok()) {
                    let now = sys::now_millis();
                    studio.borrow_mut().stage.take(Request::Speak(address), now);
                    ask();
                }
            });
            return;
        }
        studio.borrow_mut().take(mail);
        ask();
    });
    sys::post(EVENT, &Event::Ready, None);
}

/// Asks for the next picture; false where none is wanted.
fn ask_once(studio: &RefCell<Studio>, frames: &RefCell<Option<Frames>>) -> bool {
    let stage = &studio.borrow().stage;
    if let Some(frames) = &*frames.borrow()
        && stage.is_busy()
    {
        frames.ask(stage.needs_timer());
        return true;
    }
    false
}

impl Studio {
    fn take(&mut self, mail: Mail<Request>) {
        match &mail.body {
            Request::Attach { surface, .. } => {
                if let Some(canvas) = Canvas::new(mail.beside("canvas")) {
                    self.canvases.insert(*surface, canvas);
                }
            }
            Request::Detach { surface } => {
                self.canvases.remove(surface);
            }
            Request::Rings { .. } => {
                self.rings = Rings::new(&mail.beside("pcm"), &mail.beside("scope"));
            }
            Request::Colours(colours) => self.colours = colours.clone(),
            _ => {}
        }
        self.stage.take(mail.body, sys::now_millis());
    }

    fn draw(&mut self) {
        let now = sys::now_millis();
        let (canvases, colours) = (&self.canvases, &self.colours);
        let has_drawn = self.stage.draw(now, &self.rings, |surface, how, picture| {
            if let Some(canvas) = canvases.get(&surface) {
                canvas.show(picture, how, colours);
            }
        });
        if !has_drawn {
            return;
        }
        self.stage.drew(now, sys::now_millis() - now);
        if let Some(words) = self.stage.describe(now) {
            sys::post(EVENT, &Event::Described(words.to_owned()), None);
        }
        let meter = &mut self.meter;
        meter.frames = meter.frames.wrapping_add(1);
        let passed = now - meter.told_at;
        if passed >= METER_MILLIS {
            let drawn = f64::from(meter.frames.wrapping_sub(meter.told_frames));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small and positive; a cast keeps them within bounds"
            )]
            let (per_second, took_micros) = (
                (drawn * 1_000.0 / passed + 0.5) as u16,
                (self.stage.cost() * 1_000.0) as u32,
            );
            let event = Event::Meter {
                frames: meter.frames,
                per_second,
                took_micros,
            };
            sys::post(EVENT, &event, None);
            (meter.told_frames, meter.told_at) = (meter.frames, now);
        }
    }
}
