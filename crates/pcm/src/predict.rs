//! What a sample is expected to be, given those before it; FLAC keeps only how it differs.
//!
//! Sources: RFC 9639, sections 9.2.5 and 9.2.6 (the predictors); Welch, "The use of fast Fourier
//! transform for the estimation of power spectra" (the window); Durbin, "The fitting of
//! time-series models" (the recursion that solves for the coefficients).

/// Order of linear prediction. Voices of a SID are few and have plain spectra: higher orders gain
/// next to nothing.
pub(crate) const LPC_ORDER: usize = 8;
/// Bits of a coefficient, its sign included.
pub(crate) const PRECISION: u32 = 14;
/// Largest shift of a prediction.
const MOST_SHIFT: i32 = 15;

/// Coefficients in whole numbers, for the newest sample first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Linear {
    pub(crate) coefficients: [i32; LPC_ORDER],
    /// The sum of products is shifted to the right by so many bits.
    pub(crate) shift: u32,
}

/// Differences of `order`, 0 to 4: what a straight line, a parabola and so on leave.
pub(crate) fn fixed(samples: &[i32], order: usize) -> Vec<i32> {
    let mut residual = samples.to_vec();
    for done in 0..order {
        for at in (done + 1..residual.len()).rev() {
            residual[at] -= residual[at - 1];
        }
    }
    residual.drain(..order.min(samples.len()));
    residual
}

/// The predictor that fits a block best; `None` where there is nothing to predict.
pub(crate) fn linear(samples: &[i32]) -> Option<Linear> {
    if samples.len() <= 4 * LPC_ORDER {
        return None;
    }
    let half = (samples.len() - 1) as f64 / 2.0;
    let windowed: Vec<f64> = samples
        .iter()
        .enumerate()
        .map(|(at, &sample)| {
            let x = (at as f64 - half) / (half + 1.0);
            f64::from(sample) * (1.0 - x * x)
        })
        .collect();
    let correlations: [f64; LPC_ORDER + 1] = core::array::from_fn(|lag| {
        let pairs = windowed[lag..].iter().zip(&windowed);
        pairs.map(|(late, early)| late * early).sum()
    });
    quantise(&durbin(&correlations)?)
}

fn durbin(correlations: &[f64; LPC_ORDER + 1]) -> Option<[f64; LPC_ORDER]> {
    let mut error = correlations[0];
    let mut coefficients = [0.0; LPC_ORDER];
    for order in 0..LPC_ORDER {
        if error <= 0.0 {
            return None;
        }
        let known = coefficients[..order].iter().enumerate();
        let expected: f64 = known
            .map(|(at, coefficient)| coefficient * correlations[order - at])
            .sum();
        let reflection = (correlations[order + 1] - expected) / error;
        let before = coefficients;
        for at in 0..order {
            coefficients[at] -= reflection * before[order - 1 - at];
        }
        coefficients[order] = reflection;
        error *= 1.0 - reflection * reflection;
    }
    Some(coefficients)
}

/// Whole numbers whose rounding errors are carried along, so that they do not add up.
fn quantise(coefficients: &[f64; LPC_ORDER]) -> Option<Linear> {
    let largest = coefficients
        .iter()
        .fold(0.0, |largest: f64, value| largest.max(value.abs()));
    if largest <= 0.0 || !largest.is_finite() {
        return None;
    }
    let (_, exponent) = libm::frexp(largest);
    let shift = (PRECISION as i32 - 1 - exponent).min(MOST_SHIFT);
    if shift < 0 {
        return None;
    }
    let limit = f64::from((1 << (PRECISION - 1)) - 1);
    let mut carried = 0.0;
    let coefficients = coefficients.map(|value| {
        carried += libm::ldexp(value, shift);
        let rounded = libm::round(carried).clamp(-limit - 1.0, limit);
        carried -= rounded;
        rounded as i32
    });
    Some(Linear {
        coefficients,
        shift: shift.cast_unsigned(),
    })
}

impl Linear {
    /// How the samples behind the first [`LPC_ORDER`] differ from what is predicted; `None` where
    /// one differs by more than fits.
    pub(crate) fn residual(&self, samples: &[i32]) -> Option<Vec<i32>> {
        samples
            .array_windows::<{ LPC_ORDER + 1 }>()
            .map(|window| {
                let newest_first = window[..LPC_ORDER].iter().rev();
                let sum: i64 = newest_first
                    .zip(&self.coefficients)
                    .map(|(&sample, &coefficient)| i64::from(sample) * i64::from(coefficient))
                    .sum();
                let residual = i64::from(window[LPC_ORDER]) - (sum >> self.shift);
                // The lowest number has no opposite, and is not allowed.
                i32::try_from(residual)
                    .ok()
                    .filter(|value| value.unsigned_abs() < 1 << 30)
            })
            .collect()
    }
}
