//! Plays a trace on sound chips alone, without a C64 around them.

use sid::{Grade, Model, Resampler, Sid, Tape, soft_clip};

use crate::trace::Write;

/// Cycles between two rounds of the analogue part.
const BATCH: u64 = 4096;

/// The sound of `trace` on chips of `models` and one grade, from power-on, mixed to one channel.
pub fn synth(
    trace: &[Write],
    models: &[Model],
    grade: Grade,
    clock_hz: f64,
    sample_rate: u32,
    seconds: f64,
) -> Vec<f32> {
    let total = (clock_hz * seconds) as u64;
    // Equal power: uncorrelated chips keep the level of one.
    let share = 1.0 / (models.len() as f32).sqrt();
    let mut mix: Vec<f32> = Vec::new();
    for (index, &model) in models.iter().enumerate() {
        let pcm = synth_chip(trace, index, (model, grade), clock_hz, sample_rate, total);
        mix.resize(mix.len().max(pcm.len()), 0.0);
        for (sum, sample) in mix.iter_mut().zip(pcm) {
            *sum += soft_clip(sample) * share;
        }
    }
    mix
}

fn synth_chip(
    trace: &[Write],
    index: usize,
    (model, grade): (Model, Grade),
    clock_hz: f64,
    sample_rate: u32,
    total: u64,
) -> Vec<f32> {
    let mut chip = Sid::new(model);
    chip.set_grade(grade);
    chip.write(24, 15);
    let mut resampler = Resampler::with_board(reference_pace(clock_hz, sample_rate), sample_rate);
    let mut pcm = Vec::new();
    let mut tape = Tape::new();
    let mut cycles = Vec::new();
    let mut now = 0_u64;
    let mut advance = |chip: &mut Sid, now: &mut u64, until: u64| {
        while *now < until {
            let count = (until - *now).min(BATCH);
            chip.record(count as usize, &mut tape);
            *now += count;
            if tape.cycles() as u64 >= BATCH || *now == total {
                cycles.clear();
                chip.play(&mut tape, &mut cycles);
                match grade {
                    Grade::Accurate => resampler.process(&cycles, &mut pcm),
                    Grade::Light => resampler.process_eighths(&cycles, &mut pcm),
                }
            }
        }
    };
    let mut due = 0_u64;
    for write in trace {
        due += u64::from(write.cycles);
        if due >= total {
            break;
        }
        if usize::from(write.chip) == index {
            advance(&mut chip, &mut now, due);
            chip.write(write.register, write.value);
        }
    }
    advance(&mut chip, &mut now, total);
    pcm
}

/// Where the reference's sound begins in ours, in samples: it starts with the driver, 167,873
/// cycles after power-on.
pub fn reference_start(clock_hz: f64, sample_rate: u32) -> usize {
    (167_873.0 / clock_hz * f64::from(sample_rate)) as usize
}

/// The clock frequency that makes our resampler keep the pace of the reference's, which rounds
/// the ratios of its two stages down to 1/1024: its sound runs up to 0.03 % slow, which would
/// smear an alignment over seconds.
fn reference_pace(clock_hz: f64, sample_rate: u32) -> f64 {
    let rate = f64::from(sample_rate);
    let pass = if rate > 44_000.0 {
        20_000.0
    } else {
        0.45 * rate
    };
    let middle = 2.0 * pass + (2.0 * pass * clock_hz * (rate - 2.0 * pass) / rate).sqrt();
    let rounded = |ratio: f64| (ratio * 1024.0).floor() / 1024.0;
    rounded(clock_hz / middle) * rounded(middle / rate) * rate
}
