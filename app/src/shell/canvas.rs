//! Frames of animation, and oscilloscope traces on canvases.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, CssStyleDeclaration, HtmlCanvasElement};

/// Calls a function at every frame of the screen until it is dropped.
pub struct Frames {
    alive: Rc<Cell<bool>>,
}

type Tick = Rc<RefCell<Option<Closure<dyn FnMut()>>>>;

fn request(tick: &Tick) {
    if let (Some(window), Some(tick)) = (web_sys::window(), &*tick.borrow()) {
        let _ = window.request_animation_frame(tick.as_ref().unchecked_ref());
    }
}

impl Frames {
    /// Starts at the next frame.
    #[must_use]
    pub fn start(mut draw: impl FnMut() + 'static) -> Self {
        let alive = Rc::new(Cell::new(true));
        let tick = Tick::default();
        let (going, next) = (alive.clone(), tick.clone());
        *tick.borrow_mut() = Some(Closure::new(move || {
            if going.get() {
                draw();
                request(&next);
            } else {
                // The closure holds itself; the last frame lets it go, after it has returned.
                let next = next.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    next.borrow_mut().take();
                });
            }
        }));
        request(&tick);
        Self { alive }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.alive.set(false);
    }
}

/// One oscilloscope.
pub struct Trace {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    colour: String,
    frames: u32,
}

impl Trace {
    /// Draws on `canvas`.
    #[must_use]
    pub fn on(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok().flatten()?.dyn_into().ok()?;
        Some(Self {
            canvas,
            context,
            colour: String::new(),
            frames: 0,
        })
    }

    /// Fits the canvas to its box and takes its text colour, now and then: both force a layout.
    fn fit(&mut self) {
        self.frames += 1;
        if self.frames % 30 != 1 {
            return;
        }
        if let Some((_, style)) = fit(&self.canvas) {
            self.colour = style.get_property_value("color").unwrap_or_default();
        }
    }

    /// Draws `levels`, of which `middle` is the centre line and `reach` the edge.
    pub fn draw(&mut self, levels: &[i16], middle: f32, reach: f32) {
        self.fit();
        let (width, height) = (self.canvas.width(), self.canvas.height());
        let context = &self.context;
        context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        if levels.len() < 2 || width < 4 || height < 4 {
            return;
        }
        let centre = f64::from(height) / 2.0;
        let scale = (centre - 3.0) / f64::from(reach.max(1.0));
        let step = f64::from(width) / (levels.len() - 1) as f64;
        // More points than pixels cost time and show nothing.
        let stride = levels.len().div_ceil(width as usize).max(1);
        context.begin_path();
        for (at, &level) in levels.iter().enumerate().step_by(stride) {
            let x = at as f64 * step;
            let y = centre - (f64::from(level) - f64::from(middle)) * scale;
            context.line_to(x, y.clamp(1.0, f64::from(height) - 1.0));
        }
        context.set_stroke_style_str(&self.colour);
        context.set_line_join("bevel");
        // A broad faint line under a thin bright one looks like a phosphor.
        context.set_global_alpha(0.16);
        context.set_line_width(f64::from(height) / 20.0 + 2.0);
        context.stroke();
        context.set_global_alpha(1.0);
        context.set_line_width(f64::from(height) / 80.0 + 1.0);
        context.stroke();
    }
}

/// Fits a canvas to its box. Returns pixels to the unit of the page, and the style. Forces a layout.
pub(super) fn fit(canvas: &HtmlCanvasElement) -> Option<(f64, CssStyleDeclaration)> {
    let window = web_sys::window()?;
    let scale = window.device_pixel_ratio().min(2.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "pixels on a screen"
    )]
    let pixels = |side: i32| (f64::from(side) * scale) as u32;
    let size = (
        pixels(canvas.client_width()),
        pixels(canvas.client_height()),
    );
    if (canvas.width(), canvas.height()) != size {
        canvas.set_width(size.0);
        canvas.set_height(size.1);
    }
    Some((scale, window.get_computed_style(canvas).ok().flatten()?))
}
