//! Sound read between its samples, free of what would fold back.
//!
//! A sinc under a Kaiser window (J. O. Smith, "Digital Audio Resampling", CCRMA), kept in a table of
//! places between two samples, with a straight line between those. Where sound is read faster than
//! it was made, the sinc is as much wider, so that what would lie above half the rate is gone.

use core::f64::consts::PI;

/// Zero crossings on each side.
const CROSSINGS: f64 = 16.0;
/// Shape of the window: side lobes 90 dB down.
const BETA: f64 = 9.0;
/// Corner, as a share of half the rate: the slope of the filter ends just above it.
const CORNER: f64 = 0.93;
/// Places between two samples. The line between two of them is off by -100 dB.
const PLACES: usize = 256;

/// A table for one speed of reading.
#[derive(Debug, Clone)]
pub(crate) struct Kernel {
    /// Each factor twice, once for each side; empty where samples are read as they are.
    rows: Vec<f32>,
    /// Factors of a row, twice as many numbers.
    taps: usize,
}

impl Kernel {
    /// For reading `speed` frames of input a frame.
    pub fn new(speed: f64) -> Self {
        if speed.to_bits() == 1.0f64.to_bits() {
            return Self {
                rows: Vec::new(),
                taps: 2,
            };
        }
        let width = speed.max(1.0);
        let half = CROSSINGS * width;
        let taps = 2 * (half.ceil() as usize).next_multiple_of(2);
        let window = 1.0 / bessel(BETA);
        let mut rows = Vec::with_capacity(2 * taps * (PLACES + 1));
        for place in 0..=PLACES {
            let between = place as f64 / PLACES as f64;
            let factors: Vec<f64> = (0..taps)
                .map(|tap| {
                    let at = tap as f64 - (taps / 2 - 1) as f64 - between;
                    sinc(at * CORNER / width) * window * kaiser(at / half)
                })
                .collect();
            // Nothing is turned up or down, wherever it is read.
            let sum: f64 = factors.iter().sum();
            rows.extend(factors.iter().flat_map(|factor| [(factor / sum) as f32; 2]));
        }
        Self { rows, taps }
    }

    /// Frames that are needed before the one that is read from.
    pub fn before(&self) -> usize {
        self.taps / 2 - 1
    }

    /// Frames that are needed on either side, at most.
    pub fn reach(&self) -> usize {
        self.taps / 2
    }

    /// The frame `between` 0 and 1 behind frame [`before`](Self::before) of `input`.
    pub fn sample(&self, input: &[f32], between: f32) -> [f32; 2] {
        let Some(input) = input.get(..2 * self.taps) else {
            return [0.0; 2];
        };
        if self.rows.is_empty() {
            return [input[0], input[1]];
        }
        let place = between * PLACES as f32;
        let row = (place as usize).min(PLACES - 1);
        let share = place - row as f32;
        let length = 2 * self.taps;
        let here = &self.rows[row * length..][..length];
        let there = &self.rows[(row + 1) * length..][..length];
        let near = both(here, input);
        let far = both(there, input);
        [0, 1].map(|side| near[side] + share * (far[side] - near[side]))
    }
}

/// Sums of products of either side.
fn both(factors: &[f32], input: &[f32]) -> [f32; 2] {
    let mut lanes = [0.0f32; 8];
    for (factors, input) in factors
        .as_chunks::<8>()
        .0
        .iter()
        .zip(input.as_chunks::<8>().0)
    {
        for lane in 0..8 {
            lanes[lane] += factors[lane] * input[lane];
        }
    }
    [0, 1].map(|side| lanes[side] + lanes[side + 2] + lanes[side + 4] + lanes[side + 6])
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        libm::sin(PI * x) / (PI * x)
    }
}

/// The window, times what it is in the middle; 0 beyond ±1.
fn kaiser(x: f64) -> f64 {
    let inside = 1.0 - x * x;
    if inside <= 0.0 {
        return 0.0;
    }
    bessel(BETA * f64::sqrt(inside))
}

/// Modified Bessel function of the first kind, order 0, by its series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..40u32 {
        let k = f64::from(k);
        term *= quarter / (k * k);
        sum += term;
    }
    sum
}
