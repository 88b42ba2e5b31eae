//! Combined waveforms: two or more selectors drive the same twelve DAC lines, and the lines pull
//! each other down.
//!
//! Source: the pull-down model of Antti Lankila and Leandro Nini and its parameters, fitted by
//! the project libsidplayfp/combined-waveforms to samples of real chips (6581 R3 0486S by Trurl,
//! 8580 R5 1088 by reFX-Mike, both taken with Dag Lem's sampling program): a line that is up is
//! pulled down by each line that is low, with a weight that falls with their distance, and reads
//! as low beyond a threshold.

use crate::Model;

/// How the influence of a line falls with its distance.
#[derive(Clone, Copy)]
enum Falloff {
    Exponential,
    Linear,
    Quadratic,
}

/// The fit for one combination.
struct Fit {
    falloff: Falloff,
    threshold: f32,
    top_bit: f32,
    pulse_strength: f32,
    /// Distance factor towards higher and towards lower lines.
    above: f32,
    below: f32,
}

const fn fit(falloff: Falloff, values: [f32; 5]) -> Fit {
    let [threshold, top_bit, pulse_strength, above, below] = values;
    Fit {
        falloff,
        threshold,
        top_bit,
        pulse_strength,
        above,
        below,
    }
}

/// Triangle + sawtooth, pulse + triangle, pulse + sawtooth, all three, noise + pulse (a guess).
const FITS_6581: [Fit; 5] = [
    fit(
        Falloff::Exponential,
        [0.877322257, 1.11349654, 0.0, 2.14537621, 9.08618164],
    ),
    fit(
        Falloff::Linear,
        [0.941692829, 1.0, 1.80072665, 0.033124879, 0.232303441],
    ),
    fit(
        Falloff::Linear,
        [1.66494179, 1.03760982, 5.62705326, 0.291590303, 0.283631504],
    ),
    fit(
        Falloff::Linear,
        [
            1.09762526,
            0.975265801,
            1.52196741,
            0.151528224,
            0.841949463,
        ],
    ),
    fit(Falloff::Exponential, [0.96, 1.0, 2.5, 1.1, 1.2]),
];

/// As [`FITS_6581`].
const FITS_8580: [Fit; 5] = [
    fit(
        Falloff::Exponential,
        [0.853578329, 1.09615636, 0.0, 1.8819375, 6.80794907],
    ),
    fit(
        Falloff::Exponential,
        [0.929835618, 1.0, 1.12836814, 1.10453653, 1.48065746],
    ),
    fit(
        Falloff::Quadratic,
        [
            0.911938608,
            0.996440411,
            1.2278074,
            0.000117214302,
            0.18948476,
        ],
    ),
    fit(
        Falloff::Exponential,
        [0.938004673, 1.04827631, 1.21178246, 0.915959001, 1.42698038],
    ),
    fit(Falloff::Exponential, [0.95, 1.0, 1.15, 1.0, 1.45]),
];

/// What is left of each 12-bit value on the lines, for each combination.
pub fn tables(model: Model) -> Vec<[u16; 4096]> {
    let fits = match model {
        Model::Mos6581 => &FITS_6581,
        Model::Mos8580 => &FITS_8580,
    };
    fits.iter().map(pull_down_table).collect()
}

/// Which table a waveform nibble (noise, pulse, sawtooth, triangle) uses, if any. Noise is taken
/// to change nothing except beside a lone pulse.
pub fn table_for(waveform: u8) -> Option<usize> {
    match (waveform & 7, waveform & 8 != 0) {
        (3, _) => Some(0),
        (5, _) => Some(1),
        (6, _) => Some(2),
        (7, _) => Some(3),
        (4, true) => Some(4),
        _ => None,
    }
}

fn pull_down_table(fit: &Fit) -> [u16; 4096] {
    let weight = |factor: f32, distance: usize| {
        let steps = distance as f32;
        match fit.falloff {
            Falloff::Exponential => libm::powf(factor, -steps),
            Falloff::Linear => 1.0 / (1.0 + steps * factor),
            Falloff::Quadratic => 1.0 / (1.0 + steps * steps * factor),
        }
    };
    // weights[line][other]; a line does not pull itself.
    let mut weights = [[0.0_f32; 12]; 12];
    for (line, row) in weights.iter_mut().enumerate() {
        for (other, cell) in row.iter_mut().enumerate() {
            if other > line {
                *cell = weight(fit.above, other - line);
            } else if other < line {
                *cell = weight(fit.below, line - other);
            }
        }
    }
    let totals = weights.map(|row| row.iter().fold(0.0_f32, |sum, cell| sum + cell));

    let mut table = [0_u16; 4096];
    for (value, entry) in table.iter_mut().enumerate() {
        let mut lines = [0.0_f32; 12];
        for (bit, line) in lines.iter_mut().enumerate() {
            *line = (value >> bit & 1) as f32;
        }
        lines[11] *= fit.top_bit;
        for bit in 0..12 {
            if lines[bit] > 0.0 {
                let mut pull = 0.0_f32;
                for other in 0..12 {
                    pull += (1.0 - lines[other]) * weights[bit][other];
                }
                let level = 1.0 - (pull - fit.pulse_strength) / totals[bit];
                if level > fit.threshold {
                    *entry |= 1 << bit;
                }
            }
        }
    }
    table
}
