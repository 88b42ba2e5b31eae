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
        for (i, tangent) in tangents.iter_mut().enumerate().take(count - 1).skip(1) {
            let (left, right) = (slope(i - 1), slope(i));
            *tangent = if left * right <= 0.0 {
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

/// Fraction bits of the arguments of [`Pieces`].
pub const LEVEL_BITS: u32 = 4;
/// Fraction bits of the values of the output stage's [`Pieces`]. Where an 8580 amplifier
/// saturates, a curve moves by 5,000 levels in one piece; the product with the position in it
/// must fit 32 bits.
pub const VALUE_BITS: u32 = 6;
/// Bits of an argument that lie within one piece.
const PIECE_BITS: u32 = 11;

/// A function from levels to levels (whole numbers from 0 up, with fraction bits) in pieces of
/// 128 levels: the value at the left end of each, and the rise to its right end. Whole numbers
/// keep the filter's feedback loop short: a lookup takes a quarter of the time of one that
/// converts to and from floating point.
pub type Pieces = Vec<[i32; 2]>;

/// Samples `function` (of levels, to levels) from 0 to `end`; values get `bits` fraction bits.
pub fn sample(end: u32, bits: u32, mut function: impl FnMut(f64) -> f64) -> Pieces {
    let scale = f64::from(1_u32 << bits);
    let width = f64::from(1 << (PIECE_BITS - LEVEL_BITS));
    let count = (end << LEVEL_BITS >> PIECE_BITS) as usize + 1;
    let mut value = |i: usize| libm::floor(function(width * i as f64) * scale + 0.5) as i32;
    let mut left = value(0);
    let piece = |i| {
        let before = left;
        left = value(i + 1);
        [before, left - before]
    };
    (0..count).map(piece).collect()
}

/// Makes an array of the first `N` pieces; the end is continued.
pub fn fixed<const N: usize>(pieces: &[[i32; 2]]) -> Box<[[i32; 2]; N]> {
    let end = pieces.last().map_or(0, |[value, rise]| value + rise);
    let mut fixed = Box::new([[end, 0]; N]);
    for (fixed, piece) in fixed.iter_mut().zip(pieces) {
        *fixed = *piece;
    }
    fixed
}

/// The function at `x`, which must lie in the sampled range.
#[inline(always)]
pub fn at(pieces: &[[i32; 2]], x: i32) -> i32 {
    within(pieces[piece(x)], x)
}

/// The piece in which `x` lies.
#[inline(always)]
pub fn piece(x: i32) -> usize {
    (x >> PIECE_BITS) as usize
}

/// The value at `x`, which lies in this piece.
#[inline(always)]
pub fn within([value, rise]: [i32; 2], x: i32) -> i32 {
    let within = x & ((1 << PIECE_BITS) - 1);
    value + ((rise * within) >> PIECE_BITS)
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
    fn pieces_interpolate() {
        let table = sample(65_536, VALUE_BITS, |x| 60_000.0 - 0.75 * x);
        let whole = fixed::<1024>(&table);
        for level in [0, 1, 127, 128, 129, 4_000, 65_535] {
            let found = at(&table, level << LEVEL_BITS);
            assert_eq!(found, at(&*whole, level << LEVEL_BITS));
            let expected = (60_000.0 - 0.75 * f64::from(level)) * 64.0;
            assert!(
                (f64::from(found) - expected).abs() <= 1.0,
                "{level}: {found}"
            );
        }
    }
}
