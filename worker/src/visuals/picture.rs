//! A picture as a list of marks: what is drawn is decided here and there, and put on a canvas in one
//! place.
//!
//! Lengths are in units of the page, from the upper left corner; alphas are 0 to 1.

use std::ops::Range;

/// A colour by its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Behind everything.
    Ground,
    /// Surfaces that stand out.
    Raised,
    /// Thin lines.
    Line,
    /// Words.
    Text,
    /// Words that step back.
    Quiet,
    /// What matters.
    Accent,
    /// A voice, from 0.
    Voice(usize),
    /// White keys.
    Ivory,
    /// Black keys.
    Ebony,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Area {
    /// A rectangle.
    #[must_use]
    pub fn new(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// Right edge.
    #[must_use]
    pub fn right(&self) -> f32 {
        self.x + self.width
    }

    /// Lower edge.
    #[must_use]
    pub fn bottom(&self) -> f32 {
        self.y + self.height
    }

    /// The vertical middle.
    #[must_use]
    pub fn middle(&self) -> f32 {
        self.y + self.height / 2.0
    }

    /// What is left without a margin on each side.
    #[must_use]
    pub fn inside(&self, across: f32, down: f32) -> Self {
        Self::new(
            self.x + across,
            self.y + down,
            (self.width - 2.0 * across).max(0.0),
            (self.height - 2.0 * down).max(0.0),
        )
    }

    /// It and a rim around it.
    #[must_use]
    pub fn grown(&self, by: f32) -> Self {
        Self::new(
            self.x - by,
            self.y - by,
            self.width + 2.0 * by,
            self.height + 2.0 * by,
        )
    }

    /// Cell `at` of `count` side by side.
    #[must_use]
    pub fn column(&self, at: usize, count: usize, gap: f32) -> Self {
        let (at, count) = (at as f32, count.max(1) as f32);
        let width = ((self.width - gap * (count - 1.0)) / count).max(0.0);
        Self::new(self.x + at * (width + gap), self.y, width, self.height)
    }

    /// Cell `at` of `count` one below the other.
    #[must_use]
    pub fn row(&self, at: usize, count: usize, gap: f32) -> Self {
        let (at, count) = (at as f32, count.max(1) as f32);
        let height = ((self.height - gap * (count - 1.0)) / count).max(0.0);
        Self::new(self.x, self.y + at * (height + gap), self.width, height)
    }
}

/// Where words stand in relation to their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// They begin there.
    Start,
    /// They are around it.
    Centre,
    /// They end there.
    End,
}

/// How words look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// As the page writes.
    Plain,
    /// Heavier.
    Strong,
    /// Every letter as wide as the others.
    Mono,
}

/// One thing on a picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A filled rectangle with round corners.
    Fill {
        /// Where.
        area: Area,
        /// Of the corners.
        radius: f32,
        /// Colour.
        ink: Ink,
        /// How much of it.
        alpha: f32,
    },
    /// A line through points.
    Stroke {
        /// Which points of the picture.
        points: Range<usize>,
        /// Colour.
        ink: Ink,
        /// How much of it.
        alpha: f32,
        /// How thick.
        width: f32,
    },
    /// A filled shape around points.
    Shape {
        /// Which points of the picture.
        points: Range<usize>,
        /// Colour.
        ink: Ink,
        /// How much of it.
        alpha: f32,
    },
    /// Words in one line.
    Words {
        /// The words.
        text: String,
        /// Where they stand, see `align`.
        x: f32,
        /// Their vertical middle.
        y: f32,
        /// Size of the letters.
        size: f32,
        /// Colour.
        ink: Ink,
        /// How they stand.
        align: Align,
        /// How they look.
        face: Face,
    },
}

/// Marks in the order in which they are drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// What is drawn.
    pub marks: Vec<Mark>,
    /// Points of lines and shapes.
    pub points: Vec<(f32, f32)>,
}

impl Picture {
    /// Takes everything away.
    pub fn clear(&mut self) {
        self.marks.clear();
        self.points.clear();
    }

    /// A filled rectangle.
    pub fn fill(&mut self, area: Area, radius: f32, ink: Ink, alpha: f32) {
        if area.width > 0.0 && area.height > 0.0 && alpha > 0.0 {
            self.marks.push(Mark::Fill {
                area,
                radius,
                ink,
                alpha: alpha.min(1.0),
            });
        }
    }

    /// A line through points.
    pub fn stroke(
        &mut self,
        points: impl IntoIterator<Item = (f32, f32)>,
        ink: Ink,
        alpha: f32,
        width: f32,
    ) {
        let points = self.add(points);
        self.marks.push(Mark::Stroke {
            points,
            ink,
            alpha,
            width,
        });
    }

    /// A luminous line: a broad faint one under a thin bright one looks like a phosphor.
    pub fn beam(&mut self, points: impl IntoIterator<Item = (f32, f32)>, ink: Ink, alpha: f32) {
        let points = self.add(points);
        for (share, width) in [(0.16, 6.0), (1.0, 1.75)] {
            self.marks.push(Mark::Stroke {
                points: points.clone(),
                ink,
                alpha: alpha * share,
                width,
            });
        }
    }

    /// A filled shape around points.
    pub fn shape(&mut self, points: impl IntoIterator<Item = (f32, f32)>, ink: Ink, alpha: f32) {
        let points = self.add(points);
        self.marks.push(Mark::Shape { points, ink, alpha });
    }

    fn add(&mut self, points: impl IntoIterator<Item = (f32, f32)>) -> Range<usize> {
        let first = self.points.len();
        self.points.extend(points);
        first..self.points.len()
    }

    /// Words that begin at a place.
    pub fn words(&mut self, text: impl Into<String>, at: (f32, f32), size: f32, ink: Ink) {
        self.write(text, at, size, ink, Align::Start, Face::Plain);
    }

    /// Words.
    pub fn write(
        &mut self,
        text: impl Into<String>,
        (x, y): (f32, f32),
        size: f32,
        ink: Ink,
        align: Align,
        face: Face,
    ) {
        self.marks.push(Mark::Words {
            text: text.into(),
            x,
            y,
            size,
            ink,
            align,
            face,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_fill_their_area() {
        let area = Area::new(10.0, 20.0, 100.0, 62.0);
        assert_eq!(area.column(0, 3, 5.0), Area::new(10.0, 20.0, 30.0, 62.0));
        assert_eq!(area.column(2, 3, 5.0).right(), area.right());
        assert_eq!(area.row(1, 2, 2.0), Area::new(10.0, 52.0, 100.0, 30.0));
        assert_eq!(area.row(1, 2, 2.0).bottom(), area.bottom());
        assert_eq!(area.inside(60.0, 1.0).width, 0.0);
    }

    #[test]
    fn what_cannot_be_seen_is_no_mark() {
        let mut picture = Picture::default();
        picture.fill(Area::new(0.0, 0.0, 0.0, 5.0), 0.0, Ink::Text, 1.0);
        picture.fill(Area::new(0.0, 0.0, 5.0, 5.0), 0.0, Ink::Text, 0.0);
        assert_eq!(picture, Picture::default());
        picture.beam([(0.0, 0.0), (1.0, 1.0)], Ink::Accent, 1.0);
        assert_eq!((picture.marks.len(), picture.points.len()), (2, 2));
    }
}
