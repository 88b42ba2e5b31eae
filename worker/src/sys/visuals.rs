//! What pictures need of the browser: the rings, canvases, frames of the screen.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Atomics, Float32Array, Int16Array, Int32Array};
use protocol::visuals::{Colours, Surface};
use ring::{pcm, scope};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::now_millis;
use crate::visuals::picture::{Align, Face, Ink, Mark, Picture};
use crate::visuals::{Levels, SAMPLES, Sound};

/// Most pixels of a canvas on a side.
const MOST_PIXELS: f64 = 8_192.0;
/// Time between pictures while no frames of the screen come.
const TIMER_MILLIS: i32 = 40;
/// A frame of the screen that has not come by then is lost.
const LATE_MILLIS: f64 = 250.0;
/// Stands for a timer where numbers of frames are.
const NO_FRAME: i32 = -1;
/// Typefaces: of the page, and where every letter is as wide as the others.
const SANS: &str = "Inter, system-ui, sans-serif";
const MONO: &str = "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace";
/// Keys of a piano, in any light.
const IVORY: &str = "#e6e9f0";
const EBONY: &str = "#1b212b";

/// The two rings.
pub struct Rings {
    words: Int32Array,
    samples: Float32Array,
    capacity: u32,
    scope_words: Int32Array,
    scope_levels: Int16Array,
    scope_capacity: u32,
}

fn word(words: &Int32Array, at: u32) -> u32 {
    Atomics::load(words, at).unwrap_or(0).cast_unsigned()
}

impl Rings {
    /// The rings that travelled beside a message; `None` where these are none.
    #[must_use]
    pub fn new(pcm_buffer: &JsValue, scope_buffer: &JsValue) -> Option<Self> {
        let bytes = |buffer: &JsValue| {
            let buffer = buffer.dyn_ref::<js_sys::SharedArrayBuffer>()?;
            Some(buffer.byte_length())
        };
        let (pcm_bytes, scope_bytes) = (bytes(pcm_buffer)?, bytes(scope_buffer)?);
        if pcm_bytes < pcm::byte_length(0) || scope_bytes < scope::byte_length(0) {
            return None;
        }
        let words = Int32Array::new_with_byte_offset_and_length(pcm_buffer, 0, pcm::HEADER_WORDS);
        let fixed = [
            pcm::word::MAGIC,
            pcm::word::VERSION,
            pcm::word::RATE,
            pcm::word::CAPACITY,
        ];
        let capacity = pcm::check_layout(fixed.map(|at| word(&words, at)), pcm_bytes).ok()?;
        let scope_words =
            Int32Array::new_with_byte_offset_and_length(scope_buffer, 0, scope::HEADER_WORDS);
        let scope_capacity = word(&scope_words, scope::word::CAPACITY);
        let fits = scope_capacity.is_power_of_two()
            && scope_capacity <= 1 << 24
            && scope::byte_length(scope_capacity) <= scope_bytes;
        fits.then(|| Self {
            samples: Float32Array::new_with_byte_offset(pcm_buffer, pcm::HEADER_WORDS * 4),
            words,
            capacity,
            scope_levels: Int16Array::new_with_byte_offset(scope_buffer, scope::HEADER_WORDS * 4),
            scope_words,
            scope_capacity,
        })
    }

    fn rate(&self) -> u32 {
        word(&self.words, pcm::word::RATE).max(1)
    }
}

impl Sound for Option<Rings> {
    fn position(&self) -> Option<(u32, u32)> {
        let rings = self.as_ref()?;
        Some((word(&rings.words, pcm::word::POSITION), rings.rate()))
    }

    fn levels(&self, count: usize, out: &mut Levels) -> bool {
        for voice in out.iter_mut() {
            voice.clear();
        }
        let Some(rings) = self else { return false };
        let position = word(&rings.words, pcm::word::POSITION);
        let at = |[write, step, song]: [u32; 3]| {
            let [write, step, song] = [write, step, song].map(|at| word(&rings.scope_words, at));
            scope::frame_at(position, write, step, song, rings.scope_capacity)
        };
        let now = at([scope::word::WRITE, scope::word::STEP, scope::word::SONG]);
        // What is rendered may be of the next song already.
        let old = [
            scope::word::OLD_WRITE,
            scope::word::OLD_STEP,
            scope::word::OLD_SONG,
        ];
        let Some(last) = now.or_else(|| at(old)) else {
            return false;
        };
        let count = u32::try_from(count)
            .unwrap_or(0)
            .min(rings.scope_capacity / 2);
        let width = scope::LEVELS;
        let mut copy = vec![0_i16; (count * width) as usize];
        let start = last.wrapping_sub(count) & (rings.scope_capacity - 1);
        let before_wrap = count.min(rings.scope_capacity - start);
        let (head, tail) = copy.split_at_mut((before_wrap * width) as usize);
        let part = |from: u32, frames: u32| {
            let levels = &rings.scope_levels;
            levels.subarray(from * width, (from + frames) * width)
        };
        part(start, before_wrap).copy_to(head);
        part(0, count - before_wrap).copy_to(tail);
        for frame in copy.chunks_exact(width as usize) {
            for (voice, &level) in out.iter_mut().zip(frame) {
                voice.push(level);
            }
        }
        true
    }

    fn samples(&self, out: &mut Vec<f32>) -> Option<f32> {
        let rings = self.as_ref()?;
        out.clear();
        let count = u32::try_from(SAMPLES).unwrap_or(0).min(rings.capacity);
        // What comes next is there already: the window is around what is heard now, and not before.
        let read = word(&rings.words, pcm::word::READ);
        let first = read.wrapping_sub(count / 2);
        let mut copy = vec![0.0_f32; 2 * count as usize];
        let mut rest = &mut copy[..];
        for (start, length) in pcm::stretches(rings.capacity, first, count) {
            let (part, later) = rest.split_at_mut(length as usize);
            rings.samples.subarray(start, start + length).copy_to(part);
            rest = later;
        }
        out.extend(copy.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0));
        #[expect(clippy::cast_precision_loss, reason = "a small integer")]
        Some(rings.rate() as f32)
    }

    fn ahead_millis(&self) -> Option<u32> {
        let rings = self.as_ref()?;
        // Nothing is wanting after the end.
        if word(&rings.words, pcm::word::ENDED) != 0 {
            return None;
        }
        let (write, read) = (
            word(&rings.words, pcm::word::WRITE),
            word(&rings.words, pcm::word::READ),
        );
        let ahead = u64::from(write.wrapping_sub(read)) * 1_000 / u64::from(rings.rate());
        u32::try_from(ahead).ok()
    }
}

/// A canvas of the page.
pub struct Canvas {
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
}

impl Canvas {
    /// The canvas that travelled beside a message; `None` where this is none.
    #[must_use]
    pub fn new(canvas: JsValue) -> Option<Self> {
        let canvas: OffscreenCanvas = canvas.dyn_into().ok()?;
        let context = canvas.get_context("2d").ok().flatten()?.dyn_into().ok()?;
        Some(Self { canvas, context })
    }

    /// Shows a picture in place of the last one.
    pub fn show(&self, picture: &Picture, how: Surface, colours: &Colours) {
        let ratio = f64::from(how.ratio_percent.max(10)) / 100.0;
        let longest = f64::from(how.width.max(how.height).max(1));
        let ratio = ratio.min(MOST_PIXELS / longest);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "pixels on a screen"
        )]
        let pixels = |side: u16| (f64::from(side) * ratio + 0.5) as u32;
        let (width, height) = (pixels(how.width), pixels(how.height));
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
        let context = &self.context;
        // These fail only for numbers that are none.
        let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        context.set_global_alpha(1.0);
        context.set_fill_style_str(&colours.ground);
        context.fill_rect(0.0, 0.0, f64::from(how.width), f64::from(how.height));
        context.set_line_join("round");
        context.set_text_baseline("middle");
        for mark in &picture.marks {
            self.draw(mark, &picture.points, colours);
        }
    }

    fn draw(&self, mark: &Mark, all: &[(f32, f32)], colours: &Colours) {
        let context = &self.context;
        match mark {
            Mark::Fill {
                area,
                radius,
                ink,
                alpha,
            } => {
                context.set_global_alpha(f64::from(*alpha));
                context.set_fill_style_str(colour(colours, *ink));
                let [x, y, width, height] =
                    [area.x, area.y, area.width, area.height].map(f64::from);
                let radius = f64::from(*radius).min(width / 2.0).min(height / 2.0);
                if radius < 0.5 {
                    context.fill_rect(x, y, width, height);
                } else {
                    context.begin_path();
                    let _ = context.round_rect_with_f64(x, y, width, height, radius);
                    context.fill();
                }
            }
            Mark::Stroke {
                points,
                ink,
                alpha,
                width,
            } => {
                self.path(&all[points.clone()]);
                context.set_global_alpha(f64::from(*alpha));
                context.set_stroke_style_str(colour(colours, *ink));
                context.set_line_width(f64::from(*width));
                context.stroke();
            }
            Mark::Shape { points, ink, alpha } => {
                self.path(&all[points.clone()]);
                context.set_global_alpha(f64::from(*alpha));
                context.set_fill_style_str(colour(colours, *ink));
                context.fill();
            }
            Mark::Words {
                text,
                x,
                y,
                size,
                ink,
                align,
                face,
            } => {
                context.set_global_alpha(1.0);
                context.set_fill_style_str(colour(colours, *ink));
                let (weight, family) = match face {
                    Face::Plain => (500, SANS),
                    Face::Strong => (650, SANS),
                    Face::Mono => (500, MONO),
                };
                context.set_font(&format!("{weight} {size}px {family}"));
                context.set_text_align(match align {
                    Align::Start => "left",
                    Align::Centre => "center",
                    Align::End => "right",
                });
                // Words that cannot be written are missing, and nothing else.
                let _ = context.fill_text(text, f64::from(*x), f64::from(*y));
            }
        }
    }

    fn path(&self, points: &[(f32, f32)]) {
        self.context.begin_path();
        for (x, y) in points {
            self.context.line_to(f64::from(*x), f64::from(*y));
        }
    }
}

fn colour(colours: &Colours, ink: Ink) -> &str {
    match ink {
        Ink::Ground => &colours.ground,
        Ink::Raised => &colours.raised,
        Ink::Line => &colours.line,
        Ink::Text => &colours.text,
        Ink::Quiet => &colours.quiet,
        Ink::Accent => &colours.accent,
        Ink::Voice(voice) => &colours.voices[voice % 3],
        Ink::Ivory => IVORY,
        Ink::Ebony => EBONY,
    }
}

/// Calls a function at frames of the screen, or by a timer while there are none; once for each time
/// that it is asked.
#[derive(Clone)]
pub struct Frames {
    /// Number of the frame that is asked for, and when it was.
    asked: Rc<Cell<Option<(i32, f64)>>>,
    tick: Rc<Closure<dyn FnMut()>>,
}

impl Frames {
    /// Calls `draw`.
    #[must_use]
    pub fn new(draw: impl Fn() + 'static) -> Self {
        let asked = Rc::new(Cell::new(None));
        let is_called = Rc::clone(&asked);
        let tick = Rc::new(Closure::<dyn FnMut()>::new(move || {
            is_called.set(None);
            draw();
        }));
        Self { asked, tick }
    }

    /// Asks for one call, unless it is asked for already.
    pub fn ask(&self, by_timer: bool) {
        if self.asked.get().is_some() {
            return;
        }
        let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
        let function = (*self.tick).as_ref().unchecked_ref();
        let timer = || {
            let wait = TIMER_MILLIS;
            let set = scope.set_timeout_with_callback_and_timeout_and_arguments_0(function, wait);
            set.ok().map(|_| NO_FRAME)
        };
        let frame = if by_timer {
            timer()
        } else {
            // A worker without frames of the screen has timers.
            let frame = scope.request_animation_frame(function).ok();
            frame.or_else(timer)
        };
        self.asked.set(frame.map(|frame| (frame, now_millis())));
    }

    /// Gives up a frame that does not come: none come while the page is on no screen, and one that
    /// was asked for is lost with the canvas that it was for.
    pub fn give_up_late(&self) {
        if let Some((frame, at)) = self.asked.get()
            && now_millis() - at > LATE_MILLIS
        {
            if frame != NO_FRAME {
                let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
                // What is not asked for any more needs no giving up.
                let _ = scope.cancel_animation_frame(frame);
            }
            self.asked.set(None);
        }
    }
}
