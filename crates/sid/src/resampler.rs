//! From one sample per clock cycle to PCM: decimating stages with whole factors, then a windowed
//! sinc with a fractional position. The board's output stage is folded into the first of them.
//!
//! Source: Julius O. Smith, "Digital Audio Resampling Home Page" (table of sincs with linear
//! interpolation between phases); the split into stages follows Laurent Ganier's observation for
//! reSID that wide first transitions save most taps.

use std::sync::Arc;

use wide::f32x4;

use crate::board::{Board, Levels, Stage as BoardStage};
use crate::fir::{self, Interpolator};

/// Sinc phases per sample of the last stage.
const PHASES: usize = 256;
/// Parallel sums of a convolution; their order is fixed so that every target gives the same bits.
const LANES: usize = 4;
/// Resolution of the clock frequency, 1/Hz.
const CLOCK_SCALE: f64 = 65_536.0;
/// The last stage works on a rate at least this much above its output's: closer, and it needs
/// more taps than the stages before it save.
const HEADROOM: f64 = 1.25;
/// Largest decimation of all stages together.
const MOST_DECIMATION: usize = 64;

/// Factor of the first stage where there is so much to leave out.
const FIRST_FACTOR: usize = 4;
/// Cycles for which a sample of [`Resampler::process_eighths`] stands.
const EIGHTH: usize = 8;

/// A filter that keeps one of `factor` samples.
#[derive(Debug)]
struct Decimator {
    /// Oldest sample's first; a multiple of [`LANES`].
    taps: Vec<f32>,
    factor: usize,
}

/// Coefficients, shared by clones.
#[derive(Debug)]
struct Taps {
    decimators: Vec<Decimator>,
    /// Last stage: `PHASES + 1` rows.
    sincs: Vec<Vec<f32>>,
    /// Delay of all stages, clock cycles.
    latency_cycles: f64,
}

/// A band-limited converter for one channel. Cloning is a snapshot.
#[derive(Clone, Debug)]
pub struct Resampler {
    taps: Arc<Taps>,
    /// Newest input samples of each stage, oldest first; as many as its next output still needs.
    inputs: Vec<Vec<f32>>,
    /// The board's output stage, at the rate of the first decimator's output.
    board: Option<Board>,
    /// Position of the next output after the oldest window of the last stage, in units of
    /// 1 / `denominator` of one of its samples.
    position: u64,
    /// Distance of two outputs in the same unit.
    step: u64,
    denominator: u64,
}

/// Where a [`Resampler`] stands: everything but its coefficients, which follow from its rates.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ResamplerState {
    inputs: Vec<Vec<f32>>,
    board: Option<Levels>,
    position: u64,
}

impl Resampler {
    /// A converter from `clock_hz` to `sample_rate` (Hz, at least 8,000), flat to 20 kHz or to
    /// 0.45 of the output's rate.
    pub fn new(clock_hz: f64, sample_rate: u32) -> Self {
        Self::build(clock_hz, sample_rate, None)
    }

    /// As [`Self::new`], behind the output stage of a C64's board: what the chip's pin gives
    /// becomes what the audio socket gives.
    pub fn with_board(clock_hz: f64, sample_rate: u32) -> Self {
        Self::build(clock_hz, sample_rate, Some(BoardStage::new(clock_hz)))
    }

    fn build(clock_hz: f64, sample_rate: u32, board: Option<BoardStage>) -> Self {
        let rate = f64::from(sample_rate);
        let pass = (0.9 * 0.5 * rate).min(20_000.0);
        let stop = rate - pass;
        let most = clock_hz / (HEADROOM * rate.max(2.0 * pass));
        let mut whole = 1;
        while 2 * whole <= MOST_DECIMATION && (2 * whole) as f64 <= most {
            whole *= 2;
        }

        let mut decimators = Vec::new();
        let (mut done, mut latency_cycles) = (1, 0.0);
        while done < whole || decimators.is_empty() {
            let factor = (whole / done).min(if done == 1 { FIRST_FACTOR } else { 2 });
            let response = if factor == 1 {
                vec![1.0]
            } else {
                fir::decimator(pass * done as f64 / clock_hz, factor, LANES)
            };
            latency_cycles += (response.len() - 1) as f64 / 2.0 * done as f64;
            let response = match &board {
                Some(board) if done == 1 => board.fold_into(&response, factor),
                _ => response,
            };
            let padding = response.len().next_multiple_of(LANES) - response.len();
            let mut taps = vec![0.0; padding];
            taps.extend(response.iter().rev().map(|&tap| tap as f32));
            decimators.push(Decimator { taps, factor });
            done *= factor;
        }
        let middle = clock_hz / whole as f64;
        let last = Interpolator::design(
            pass / middle,
            stop.min(middle - pass) / middle,
            PHASES,
            LANES,
        );
        latency_cycles += last.reach * whole as f64;

        let mut inputs: Vec<_> = decimators
            .iter()
            .map(|stage| vec![0.0; stage.taps.len() - 1])
            .collect();
        inputs.push(vec![0.0; last.rows[0].len() - 1]);
        let board = board.map(|stage| Board::new(stage, decimators[0].factor));
        Resampler {
            inputs,
            board,
            position: 0,
            step: libm::floor(clock_hz * CLOCK_SCALE + 0.5) as u64,
            denominator: (rate * CLOCK_SCALE) as u64 * whole as u64,
            taps: Arc::new(Taps {
                decimators,
                sincs: last.rows,
                latency_cycles,
            }),
        }
    }

    /// Makes everything as it is after the input has stood at `level` for `cycles`, without
    /// output: a chip's pin has an offset, which the board's coupling capacitor takes up while
    /// the machine comes up.
    pub fn settle(&mut self, level: f32, cycles: u64) {
        let heard = match &mut self.board {
            Some(board) => board.settle(level, cycles),
            None => level,
        };
        let (first, later) = self.inputs.split_at_mut(1);
        first[0].fill(level);
        for input in later {
            input.fill(heard);
        }
    }

    /// Takes samples, one per clock cycle, and appends every output that they complete.
    pub fn process(&mut self, input: &[f32], out: &mut Vec<f32>) {
        let taps = Arc::clone(&self.taps);
        self.inputs[0].extend_from_slice(input);
        self.process_later(&taps, 0);
        self.interpolate::<true>(&taps, out);
    }

    /// As [`Self::process`] for samples that stand for eight clock cycles each, as a chip of the
    /// light grade gives them, and with less work at the output too. A converter may get both by
    /// turns.
    pub fn process_eighths(&mut self, input: &[f32], out: &mut Vec<f32>) {
        let taps = Arc::clone(&self.taps);
        // The stages that such samples pass by.
        let mut done = 1;
        let passed = taps.decimators.iter().position(|stage| {
            done *= stage.factor;
            done == EIGHTH
        });
        let Some(passed) = passed else {
            // Rates so high that they matter to nobody who is short of time.
            let held = input.iter().flat_map(|&sample| [sample; EIGHTH]);
            self.process(&held.collect::<Vec<_>>(), out);
            return;
        };
        let target = &mut self.inputs[passed + 1];
        let fresh = target.len();
        target.extend_from_slice(input);
        if let Some(board) = &mut self.board {
            board.run_bare(&mut target[fresh..], EIGHTH);
        }
        self.process_later(&taps, passed + 1);
        self.interpolate::<false>(&taps, out);
    }

    /// Runs the decimators from `first` on over what they got.
    fn process_later(&mut self, taps: &Taps, first: usize) {
        for (index, stage) in taps.decimators.iter().enumerate().skip(first) {
            let (before, after) = self.inputs.split_at_mut(index + 1);
            let (input, output) = (&mut before[index], &mut after[0]);
            let fresh = output.len();
            decimate(stage, input, output);
            if let (0, Some(board)) = (index, &mut self.board) {
                board.run(&mut output[fresh..]);
            }
        }
    }

    /// The last stage; without `BLENDED` it takes the nearest of its phases instead of blending
    /// two, which leaves errors some 70 dB down at 15 kHz, less below.
    fn interpolate<const BLENDED: bool>(&mut self, taps: &Taps, out: &mut Vec<f32>) {
        let Some(input) = self.inputs.last_mut() else {
            return;
        };
        let width = taps.sincs[0].len();
        let phases_per_unit = PHASES as f64 / self.denominator as f64;
        let mut first = 0;
        loop {
            // A few steps at most, which a division would take longer for.
            let (mut window, mut fraction) = (first, self.position);
            while fraction >= self.denominator {
                fraction -= self.denominator;
                window += 1;
            }
            if window + width > input.len() {
                break;
            }
            // Both fit an `i64`, which converts faster.
            let phase = fraction as i64 as f64 * phases_per_unit;
            let samples = &input[window..window + width];
            out.push(if BLENDED {
                let row = phase as usize;
                let blend = (phase - row as f64) as f32;
                let near = convolve(samples, &taps.sincs[row]);
                let far = convolve(samples, &taps.sincs[row + 1]);
                near + (far - near) * blend
            } else {
                convolve(samples, &taps.sincs[(phase + 0.5) as usize])
            });
            first = window;
            self.position = fraction + self.step;
        }
        // What is kept begins at `first`; whole steps that wait for input stay in `position`.
        input.drain(..first);
    }

    /// Where it stands, to return to.
    pub fn state(&self) -> ResamplerState {
        ResamplerState {
            inputs: self.inputs.clone(),
            board: self.board.as_ref().map(Board::levels),
            position: self.position,
        }
    }

    /// Returns to where it, or another one for the same rates, stood.
    pub fn set_state(&mut self, state: &ResamplerState) {
        self.inputs.clone_from(&state.inputs);
        if let (Some(board), Some(levels)) = (&mut self.board, state.board) {
            board.set_levels(levels);
        }
        self.position = state.position;
    }

    /// Delay from input to output, clock cycles; that of the board's low-pass is not counted.
    pub fn latency_cycles(&self) -> f64 {
        self.taps.latency_cycles
    }
}

/// Appends every output that `input` completes, and drops what no later one needs.
fn decimate(stage: &Decimator, input: &mut Vec<f32>, output: &mut Vec<f32>) {
    let width = stage.taps.len();
    let count = (input.len() + stage.factor).saturating_sub(width) / stage.factor;
    output.extend((0..count).map(|index| {
        let start = index * stage.factor;
        convolve(&input[start..start + width], &stage.taps)
    }));
    input.drain(..(count * stage.factor).min(input.len()));
}

/// Sum of products in two times [`LANES`] interleaved sums; both slices have the same length, a
/// multiple of [`LANES`].
#[inline]
fn convolve(samples: &[f32], taps: &[f32]) -> f32 {
    let (samples, _) = samples.as_chunks::<LANES>();
    let (taps, _) = taps.as_chunks::<LANES>();
    let product =
        |&samples: &[f32; LANES], &taps: &[f32; LANES]| f32x4::new(samples) * f32x4::new(taps);
    // Two sums: an addition takes longer than the processor needs to begin the next.
    let (sample_pairs, last_samples) = samples.as_chunks::<2>();
    let (tap_pairs, last_taps) = taps.as_chunks::<2>();
    let mut sums = [f32x4::ZERO; 2];
    for ([a, b], [c, d]) in sample_pairs.iter().zip(tap_pairs) {
        sums[0] += product(a, c);
        sums[1] += product(b, d);
    }
    if let ([samples], [taps]) = (last_samples, last_taps) {
        sums[0] += product(samples, taps);
    }
    let [a, b, c, d] = (sums[0] + sums[1]).to_array();
    (a + c) + (b + d)
}
