//! How far our chips, fed with a golden trace, are from the golden sound.

use sid::Grade;

use crate::fixture::Golden;
use crate::sound::{self, Comparison};
use crate::{synth, trace};

/// Frames by which the sounds may be shifted against each other.
const MAX_LAG: usize = 2_000;

/// Plays the first `seconds` of a golden trace on the chips alone, of one grade, which takes the C64 out of
/// the picture, and compares with the golden sound.
///
/// # Errors
/// A file is missing or damaged.
pub fn chips_alone(golden: &Golden, grade: Grade, seconds: f64) -> anyhow::Result<Comparison> {
    let reference = sound::read_flac(&golden.sound_path())?;
    let rate = reference.sample_rate;
    let count = ((seconds * f64::from(rate)) as usize).min(reference.samples.len());
    let trace = trace::read(&golden.trace_path())?;
    // Longer than needed by what comes before the reference's first frame.
    let tested = synth::synth(
        &trace,
        &golden.models(),
        grade,
        golden.clock_hz(),
        rate,
        seconds + 1.0,
    );
    let start = synth::reference_start(golden.clock_hz(), rate) - MAX_LAG / 2;
    sound::compare(&reference.samples[..count], &tested[start..], rate, MAX_LAG)
}
