//! A piano roll on a canvas.

use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::canvas::fit;

/// A bar of the roll, in shares of its width, at a pitch.
#[derive(Debug, Clone, Copy)]
pub struct Bar {
    /// Left edge, 0 to 1.
    pub left: f64,
    /// Right edge, 0 to 1.
    pub right: f64,
    /// Semitone.
    pub pitch: i32,
    /// Which of the colours.
    pub colour: usize,
    /// It sounds now.
    pub lit: bool,
    /// It is noise.
    pub faint: bool,
}

/// What is drawn.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// Notes.
    pub bars: Vec<Bar>,
    /// Lowest and highest semitone that is shown.
    pub pitches: (i32, i32),
    /// Where the play head stands, in shares of the width.
    pub head: f64,
    /// Lines to read pitches by, and their words.
    pub octaves: Vec<(i32, String)>,
}

/// Room at the left for the names of octaves, in CSS pixels.
const GUTTER: f64 = 36.0;

/// Custom properties that the colours come from: voices 1 to 3, lines, words, the play head.
const PROPERTIES: [&str; 6] = [
    "--voice-1",
    "--voice-2",
    "--voice-3",
    "--line",
    "--quiet",
    "--text",
];

/// A canvas with a piano roll.
pub struct Roll {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    colours: [String; 6],
    scale: f64,
    frames: u32,
}

impl Roll {
    /// Draws on `canvas`.
    #[must_use]
    pub fn on(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok().flatten()?.dyn_into().ok()?;
        Some(Self {
            canvas,
            context,
            colours: Default::default(),
            scale: 1.0,
            frames: 0,
        })
    }

    /// Fits the canvas to its box and takes the theme's colours, now and then: both force a
    /// layout.
    fn fit(&mut self) {
        self.frames += 1;
        if self.frames % 8 != 1 {
            return;
        }
        if let Some((scale, style)) = fit(&self.canvas) {
            self.scale = scale;
            self.colours =
                PROPERTIES.map(|name| style.get_property_value(name).unwrap_or_default());
        }
    }

    /// Draws a picture in place of the last one.
    pub fn draw(&mut self, picture: &Picture) {
        self.fit();
        let (width, height) = (
            f64::from(self.canvas.width()),
            f64::from(self.canvas.height()),
        );
        let context = &self.context;
        context.clear_rect(0.0, 0.0, width, height);
        let (low, high) = picture.pitches;
        if high <= low || width < 8.0 || height < 8.0 {
            return;
        }
        let step = height / f64::from(high - low + 1);
        let top = |pitch: i32| height - f64::from(pitch - low + 1) * step;
        let gutter = GUTTER * self.scale;
        let x = |share: f64| gutter + share * (width - gutter);
        let [one, two, three, line, quiet, text] = &self.colours;

        context.set_font(&format!("{}px sans-serif", 11.0 * self.scale));
        context.set_text_baseline("middle");
        for (pitch, name) in &picture.octaves {
            let y = top(*pitch) + step;
            context.set_fill_style_str(line);
            context.fill_rect(gutter, y, width - gutter, self.scale);
            context.set_fill_style_str(quiet);
            // A name that does not fit is missing, and nothing else.
            let _ = context.fill_text(name, 4.0 * self.scale, y - step / 2.0);
        }
        for bar in &picture.bars {
            let colour = [one, two, three][bar.colour % 3];
            context.set_fill_style_str(colour);
            context.set_global_alpha(match (bar.lit, bar.faint) {
                (true, false) => 1.0,
                (true, true) => 0.6,
                (false, false) => 0.62,
                (false, true) => 0.25,
            });
            let (left, right) = (x(bar.left.max(0.0)), x(bar.right.min(1.0)));
            let thick = step.max(3.0 * self.scale);
            context.fill_rect(left, top(bar.pitch), (right - left - 1.0).max(1.0), thick);
        }
        context.set_global_alpha(1.0);
        context.set_fill_style_str(text);
        context.fill_rect(x(picture.head), 0.0, 1.5 * self.scale, height);
    }
}
