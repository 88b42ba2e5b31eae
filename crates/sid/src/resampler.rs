//! From one sample per clock cycle to PCM: a decimator with a whole factor, then a windowed sinc
//! with a fractional position.
//!
//! Source: Julius O. Smith, "Digital Audio Resampling Home Page" (table of sincs with linear
//! interpolation between phases), Kaiser's formulas for window and length; the two-stage split
//! follows Laurent Ganier's observation for reSID that a wide first transition saves most taps.

use std::sync::Arc;

/// Attenuation of what would alias into the passband, dB.
const ATTENUATION: f64 = 96.0;
/// Sinc phases per sample of the second stage.
const PHASES: usize = 128;
/// Parallel sums of a convolution; their order is fixed so that every target gives the same bits.
const LANES: usize = 8;
/// Resolution of the clock frequency, 1/Hz.
const CLOCK_SCALE: f64 = 65_536.0;

/// Coefficients, shared by clones.
#[derive(Debug)]
struct Taps {
    /// First stage, padded to a multiple of [`LANES`] in front.
    decimator: Vec<f32>,
    /// Second stage: `PHASES + 1` rows.
    sincs: Vec<Vec<f32>>,
    /// Whole decimation factor.
    factor: usize,
    /// Delay of both stages, clock cycles.
    latency_cycles: f64,
}

/// A band-limited converter for one channel. Cloning is a snapshot.
#[derive(Clone, Debug)]
pub struct Resampler {
    taps: Arc<Taps>,
    /// Newest input samples, oldest first; as many as the next decimated sample still needs.
    cycles: Vec<f32>,
    /// The same for decimated samples.
    decimated: Vec<f32>,
    /// Position of the next output after the oldest decimated sample's window, in units of
    /// 1 / `denominator` of a decimated sample.
    position: u64,
    /// Distance of two outputs in the same unit.
    step: u64,
    denominator: u64,
}

/// Where a [`Resampler`] stands: everything but its coefficients, which follow from its rates.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ResamplerState {
    cycles: Vec<f32>,
    decimated: Vec<f32>,
    position: u64,
}

impl Resampler {
    /// A converter from `clock_hz` to `sample_rate` (Hz, at least 8,000).
    pub fn new(clock_hz: f64, sample_rate: u32) -> Self {
        let rate = f64::from(sample_rate);
        let pass = (0.9 * 0.5 * rate).min(20_000.0);
        let stop = rate - pass;
        // The second stage needs room above `stop` to be cheap, the first below its own fold.
        let factor = (libm::floor(clock_hz / (2.6 * rate.max(2.0 * pass))) as usize).clamp(1, 64);
        let middle = clock_hz / factor as f64;

        let decimator = if factor == 1 {
            vec![1.0]
        } else {
            kaiser_sinc(pass / clock_hz, (middle - pass) / clock_hz)
        };
        let second = SecondStage::design(pass / middle, stop.min(middle - pass) / middle);
        let latency_cycles = (decimator.len() - 1) as f64 / 2.0 + second.reach * factor as f64;

        let padding = decimator.len().next_multiple_of(LANES) - decimator.len();
        let mut padded = vec![0.0; padding];
        padded.extend(decimator.iter().map(|&tap| tap as f32));

        let step = libm::floor(clock_hz * CLOCK_SCALE + 0.5) as u64;
        let denominator = (rate * CLOCK_SCALE) as u64 * factor as u64;
        let taps = Taps {
            decimator: padded,
            sincs: second.rows,
            factor,
            latency_cycles,
        };
        Resampler {
            cycles: vec![0.0; taps.decimator.len() - 1],
            decimated: vec![0.0; taps.sincs[0].len() - 1],
            taps: Arc::new(taps),
            position: 0,
            step,
            denominator,
        }
    }

    /// Takes samples, one per clock cycle, and appends every output that they complete.
    pub fn process(&mut self, input: &[f32], out: &mut Vec<f32>) {
        let taps = Arc::clone(&self.taps);
        self.cycles.extend_from_slice(input);
        let width = taps.decimator.len();
        let mut start = 0;
        while start + width <= self.cycles.len() {
            self.decimated.push(convolve(
                &self.cycles[start..start + width],
                &taps.decimator,
            ));
            start += taps.factor;
        }
        let used = start.min(self.cycles.len());
        self.cycles.drain(..used);

        let width = taps.sincs[0].len();
        let mut first = 0;
        loop {
            let window = first + (self.position / self.denominator) as usize;
            if window + width > self.decimated.len() {
                break;
            }
            let fraction = self.position % self.denominator;
            let phase = fraction as f64 * PHASES as f64 / self.denominator as f64;
            let row = phase as usize;
            let blend = (phase - row as f64) as f32;
            let samples = &self.decimated[window..window + width];
            let near = convolve(samples, &taps.sincs[row]);
            let far = convolve(samples, &taps.sincs[row + 1]);
            out.push(near + (far - near) * blend);
            first = window;
            self.position = fraction + self.step;
        }
        // What is kept begins at `first`; whole steps that wait for input stay in `position`.
        self.decimated.drain(..first);
    }

    /// Where it stands, to return to.
    pub fn state(&self) -> ResamplerState {
        ResamplerState {
            cycles: self.cycles.clone(),
            decimated: self.decimated.clone(),
            position: self.position,
        }
    }

    /// Returns to where it, or another one for the same rates, stood.
    pub fn set_state(&mut self, state: &ResamplerState) {
        self.cycles.clone_from(&state.cycles);
        self.decimated.clone_from(&state.decimated);
        self.position = state.position;
    }

    /// Delay from input to output, clock cycles.
    pub fn latency_cycles(&self) -> f64 {
        self.taps.latency_cycles
    }
}

/// Rows of the interpolating filter.
struct SecondStage {
    rows: Vec<Vec<f32>>,
    /// Distance from the centre of a window at phase 0 to its newest sample, samples.
    reach: f64,
}

impl SecondStage {
    /// `pass` and `stop` as shares of the sample rate.
    fn design(pass: f64, stop: f64) -> Self {
        let beta = kaiser_beta();
        let order =
            libm::ceil((ATTENUATION - 7.95) / (2.285 * core::f64::consts::TAU * (stop - pass)));
        let width = (order as usize + 2).next_multiple_of(LANES);
        let cutoff = 0.5 * (pass + stop);
        // The window must cover the taps at every phase.
        let reach = width as f64 / 2.0;
        let half = reach - 1.0;
        let rows = (0..=PHASES)
            .map(|phase| {
                let centre = half + phase as f64 / PHASES as f64;
                let row: Vec<f64> = (0..width)
                    .map(|tap| {
                        let x = tap as f64 - centre;
                        2.0 * cutoff * sinc(2.0 * cutoff * x) * kaiser(x / reach, beta)
                    })
                    .collect();
                let sum: f64 = row.iter().sum();
                row.iter().map(|tap| (tap / sum) as f32).collect()
            })
            .collect();
        SecondStage { rows, reach }
    }
}

/// A linear-phase low-pass with an odd number of taps and unit gain at 0 Hz.
fn kaiser_sinc(pass: f64, stop: f64) -> Vec<f64> {
    let beta = kaiser_beta();
    let order = libm::ceil((ATTENUATION - 7.95) / (2.285 * core::f64::consts::TAU * (stop - pass)));
    let half = (order as usize).div_ceil(2) as f64;
    let cutoff = 0.5 * (pass + stop);
    let taps: Vec<f64> = (0..=2 * half as usize)
        .map(|tap| {
            let x = tap as f64 - half;
            2.0 * cutoff * sinc(2.0 * cutoff * x) * kaiser(x / (half + 1.0), beta)
        })
        .collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| tap / sum).collect()
}

fn kaiser_beta() -> f64 {
    0.1102 * (ATTENUATION - 8.7)
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let angle = core::f64::consts::PI * x;
    libm::sin(angle) / angle
}

/// Kaiser window for -1 to 1.
fn kaiser(x: f64, beta: f64) -> f64 {
    let inside = 1.0 - x * x;
    if inside <= 0.0 {
        0.0
    } else {
        bessel(beta * inside.sqrt()) / bessel(beta)
    }
}

/// Modified Bessel function of the first kind, order 0: its power series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum, mut n) = (1.0, 1.0, 1.0);
    while term > 1e-12 * sum {
        term *= quarter / (n * n);
        sum += term;
        n += 1.0;
    }
    sum
}

/// Sum of products in [`LANES`] interleaved sums; both slices have the same length, a multiple
/// of [`LANES`].
#[inline]
fn convolve(samples: &[f32], taps: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (samples, taps) in samples.chunks_exact(LANES).zip(taps.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += samples[lane] * taps[lane];
        }
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}
