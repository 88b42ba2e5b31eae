//! Smooth curves: the interpolation of measured points, and evenly spaced tables of them.

/// Monotone cubic interpolation of measured points (Fritsch and Carlson's condition with
/// Steffen-like harmonic slopes), so that the curve has no bumps that were not measured.
pub struct Spline {
    x: Vec<f64>,
    /// Per interval: value, first, second and third order coefficients at its left end.
    coefficients: Vec<[f64; 4]>,
}

impl Spline {
    /// `points` with rising x.
    pub fn new(points: &[[f64; 2]]) -> Self {
        let count = points.len();
        let step = |i: usize| points[i + 1][0] - points[i][0];
        let slope = |i: usize| (points[i + 1][1] - points[i][1]) / step(i);
        let mut tangents = vec![slope(0); count];
        tangents[count - 1] = slope(count - 2);
        for i in 1..count - 1 {
            let (left, right) = (slope(i - 1), slope(i));
            tangents[i] = if left * right <= 0.0 {
                0.0
            } else {
                let (near, far) = (step(i - 1), step(i));
                let both = near + far;
                3.0 * both / ((both + far) / left + (both + near) / right)
            };
        }
        let coefficients = (0..count - 1)
            .map(|i| {
                let width = step(i);
                let excess = tangents[i] + tangents[i + 1] - 2.0 * slope(i);
                let second = (slope(i) - tangents[i] - excess) / width;
                [points[i][1], tangents[i], second, excess / (width * width)]
            })
            .collect();
        Spline {
            x: points.iter().map(|point| point[0]).collect(),
            coefficients,
        }
    }

    /// Value and slope at `x`; the end pieces are continued beyond the measured range.
    pub fn at(&self, x: f64) -> (f64, f64) {
        let last = self.coefficients.len() - 1;
        let piece = self.x[1..=last].partition_point(|&end| end < x);
        let [c0, c1, c2, c3] = self.coefficients[piece];
        let d = x - self.x[piece];
        (
            ((c3 * d + c2) * d + c1) * d + c0,
            (3.0 * c3 * d + 2.0 * c2) * d + c1,
        )
    }
}

/// A function of one variable as `CELLS` straight pieces over a range; beyond it the end values
/// hold.
#[derive(Debug)]
pub struct Table {
    /// Value at the left end of each piece, and the rise to its right end.
    cells: Vec<[f32; 2]>,
    start: f32,
    per_cell: f32,
    last: f32,
}

impl Table {
    /// Samples `function` at the ends of `cells` equal pieces of `start..end`.
    pub fn sample(
        start: f64,
        end: f64,
        cells: usize,
        mut function: impl FnMut(f64) -> f64,
    ) -> Self {
        let width = (end - start) / cells as f64;
        let values: Vec<f64> = (0..=cells)
            .map(|i| function(start + width * i as f64))
            .collect();
        let mut table: Vec<[f32; 2]> = values
            .windows(2)
            .map(|pair| [pair[0] as f32, (pair[1] - pair[0]) as f32])
            .collect();
        table.push([values[cells] as f32, 0.0]);
        Table {
            cells: table,
            start: start as f32,
            per_cell: (1.0 / width) as f32,
            last: cells as f32,
        }
    }

    /// The function at `x`.
    #[inline]
    pub fn at(&self, x: f32) -> f32 {
        let position = ((x - self.start) * self.per_cell).max(0.0).min(self.last);
        let cell = position as usize;
        let [value, rise] = self.cells[cell];
        value + rise * (position - cell as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spline_goes_through_its_points_and_stays_monotone() {
        let points = [[0.0, 0.0], [1.0, 0.1], [2.0, 5.0], [3.0, 5.0], [4.0, 7.0]];
        let spline = Spline::new(&points);
        for [x, y] in points {
            assert!((spline.at(x).0 - y).abs() < 1e-12);
        }
        let mut before = f64::MIN;
        for i in 0..=400 {
            let value = spline.at(f64::from(i) / 100.0).0;
            assert!(value >= before - 1e-12);
            before = value;
        }
    }

    #[test]
    fn table_interpolates_and_holds_its_ends() {
        let table = Table::sample(-1.0, 3.0, 8, |x| 2.0 * x);
        for (x, y) in [
            (-5.0, -2.0),
            (-1.0, -2.0),
            (0.3, 0.6),
            (3.0, 6.0),
            (9.0, 6.0),
        ] {
            assert!((table.at(x) - y).abs() < 1e-6, "{x}");
        }
    }
}
