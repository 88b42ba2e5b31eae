//! The R-2R ladder DACs.
//!
//! Source: Dag Lem's analysis of the ladders (reSID): the 6581 lacks the termination resistor at
//! bit 0 and its resistors match badly (2R/R about 2.20), the 8580 is terminated and exact.
//! Switched-off bits leak a little (libresidfp's figures 0.75 % and 0.35 %), and the 6581's
//! source followers compress the top of the waveform (libresidfp's cubic fit).

use crate::Model;

/// Output of each of the `2^bits` inputs of a ladder, 0 to 1.
pub fn ladder(bits: usize, model: Model) -> Vec<f64> {
    let weights = bit_weights(bits, model);
    let leakage = match model {
        Model::Mos6581 => 0.0075,
        Model::Mos8580 => 0.0035,
    };
    (0..1_usize << bits)
        .map(|input| {
            weights
                .iter()
                .enumerate()
                .map(|(bit, weight)| {
                    if input >> bit & 1 == 1 {
                        *weight
                    } else {
                        weight * leakage
                    }
                })
                .sum()
        })
        .collect()
}

/// What the waveform DAC hands to the envelope's: centred on input 0x7ff, -0.5 to 0.5 for an
/// ideal ladder.
pub fn waveform_levels(model: Model) -> Vec<f64> {
    let mut levels = ladder(12, model);
    if model == Model::Mos6581 {
        const GAIN: f64 = 1.1;
        const SATURATION: f64 = 1.1;
        for level in &mut levels {
            *level = GAIN * *level + (1.0 - GAIN) * SATURATION * *level * *level * *level;
        }
    }
    let centre = levels[if model == Model::Mos6581 {
        0x380
    } else {
        0x7ff
    }];
    levels.iter().map(|level| level - centre).collect()
}

/// Share of the full output that each bit contributes, bit 0 first; they add up to 1.
fn bit_weights(bits: usize, model: Model) -> Vec<f64> {
    let (doubled, terminated) = match model {
        Model::Mos6581 => (2.20, false),
        Model::Mos8580 => (2.00, true),
    };
    let parallel = |a: f64, b: f64| a * b / (a + b);

    let mut weights = Vec::with_capacity(bits);
    for set in 0..bits {
        // Resistance of the tail below the bit that is set; `None` while it is open.
        let mut tail = terminated.then_some(doubled);
        for _ in 0..set {
            tail = Some(1.0 + tail.map_or(doubled, |tail| parallel(doubled, tail)));
        }
        // Thevenin source of the bit, loaded by its tail, then passed up the ladder.
        let (mut source, mut resistance) = match tail {
            None => (1.0, doubled),
            Some(tail) => (tail / (doubled + tail), parallel(doubled, tail)),
        };
        for _ in set + 1..bits {
            resistance += 1.0;
            source *= doubled / (doubled + resistance);
            resistance = parallel(doubled, resistance);
        }
        weights.push(source);
    }
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_8580_is_linear() {
        let levels = ladder(8, Model::Mos8580);
        for pair in levels.windows(2) {
            assert!((pair[1] - pair[0] - (1.0 - 0.0035) / 255.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_6581_kinks_where_a_high_bit_takes_over() {
        let levels = ladder(12, Model::Mos6581);
        let falls: Vec<usize> = (1..4096).filter(|&i| levels[i] < levels[i - 1]).collect();
        assert!(falls.contains(&0x800), "the step to 0x800 goes down");
        assert!(falls.iter().all(|i| i.trailing_zeros() >= 2), "{falls:x?}");
        // Without a termination bit 0 weighs far more than half of bit 1: 2.2 against 3.2.
        let ratio = (levels[1] - levels[0]) / (levels[2] - levels[0]);
        assert!((ratio - 2.2 / 3.2).abs() < 1e-9, "{ratio}");
        assert!((levels[4095] - 1.0).abs() < 1e-12);
    }
}
