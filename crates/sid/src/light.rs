//! The light grade of the analogue part: the same circuit, eight cycles at a time.
//!
//! The DAC inputs of eight cycles are averaged, which keeps most of what would alias out; then
//! filter, mixer and volume are those of the accurate grade, their integrators taking steps of
//! eight cycles. Where the cutoff is so high that such a step would be unstable, they take two of
//! four. A change of volume inside a group counts for its share, so that samples played through
//! the volume register keep their timing.

use crate::filter::{Filter, Integrator, Path};
use crate::sources::Sources;
use crate::tape::{Setting, Stretch, Tape};

/// Cycles of a group.
const GROUP: usize = 8;
/// Its binary logarithm.
const GROUP_SHIFT: u32 = 3;

/// What a group that a tape has begun leaves for the next tape.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Light {
    /// Sums of the DAC inputs over the group so far.
    sums: [u16; 3],
    /// Cycles of the group so far.
    taken: u16,
    /// The same over the last setting only.
    part_sums: [u16; 3],
    part_taken: u16,
    /// Envelopes in the last cycle.
    levels: [u8; 3],
    /// What the settings before the last one contribute to the group's sample.
    before: f32,
    setting: Setting,
}

/// What the light grade asks of a chip's tables.
pub trait Tables {
    type Integrator: Integrator;

    /// The way through the circuit under a setting.
    fn path(&self, setting: &Setting) -> Path<'_, Self::Integrator>;

    /// The voices of a stretch.
    fn sources<'a>(&'a self, stretch: &Stretch<'a>) -> Sources<'a>;
}

/// Plays a tape: a sample for every eight cycles, appended to `out`.
pub fn play<T: Tables>(
    tables: &T,
    filter: &mut Filter<T::Integrator>,
    light: &mut Light,
    tape: &Tape,
    out: &mut Vec<f32>,
) {
    let mut from = 0;
    for index in 0..tape.stretches() {
        let to = tape.end_of(index);
        let stretch = tape.stretch(index, from, to);
        from = to;
        if light.part_taken > 0 && light.setting != *stretch.setting {
            let old = Stretch {
                setting: &light.setting,
                ..stretch
            };
            let (path, sources) = (tables.path(&light.setting), tables.sources(&old));
            light.before += light.sample_of_part(&path, &sources, path.heard(filter));
            light.part_sums = [0; 3];
            light.part_taken = 0;
        }
        light.setting.clone_from(stretch.setting);
        let path = tables.path(stretch.setting);
        let sources = tables.sources(&stretch);
        if path.is_fast() {
            light.run::<_, 2>(filter, &path, &sources, &stretch, out);
        } else {
            light.run::<_, 1>(filter, &path, &sources, &stretch, out);
        }
    }
}

impl Light {
    /// Runs a stretch with `STEPS` steps of the filter per group.
    fn run<I: Integrator, const STEPS: usize>(
        &mut self,
        filter: &mut Filter<I>,
        path: &Path<'_, I>,
        sources: &Sources<'_>,
        stretch: &Stretch<'_>,
        out: &mut Vec<f32>,
    ) {
        let is_at_rest = path.is_at_rest::<GROUP_SHIFT>(filter);
        let count = stretch.waves[0].len();
        let mut cycle = self.take(stretch, 0);
        if usize::from(self.taken) == GROUP {
            self.finish_group::<I, STEPS>(filter, path, sources, is_at_rest, out);
        }
        if self.taken > 0 {
            return;
        }
        // Whole groups of one setting.
        let groups = (count - cycle) / GROUP;
        let waves = stretch
            .waves
            .each_ref()
            .map(|waves| &waves[cycle..].as_chunks::<GROUP>().0[..groups]);
        let levels = stretch
            .levels
            .each_ref()
            .map(|levels| &levels[cycle..].as_chunks::<GROUP>().0[..groups]);
        let fresh = out.len();
        out.resize(fresh + groups, 0.0);
        // In a local, so that the feedback loop runs through registers.
        let mut state = filter.clone();
        for (group, out) in out[fresh..].iter_mut().enumerate() {
            let average = |voice: usize| sum(&waves[voice][group]) >> GROUP_SHIFT;
            let level = |voice: usize| levels[voice][group][GROUP - 1];
            let (input, direct) = sources.both_of(
                [average(0), average(1), average(2)],
                [level(0), level(1), level(2)],
            );
            let heard = if is_at_rest {
                path.heard(&state)
            } else {
                step::<_, STEPS>(path, &mut state, input)
            };
            *out = path.sample(direct + heard);
        }
        *filter = state;
        cycle += groups * GROUP;
        self.take(stretch, cycle);
    }

    /// Takes cycles from `from` on into the group that has begun, as many as it or the stretch
    /// has; returns where they end.
    fn take(&mut self, stretch: &Stretch<'_>, from: usize) -> usize {
        let left = stretch.waves[0].len() - from;
        let taken = usize::from(self.taken);
        let is_new = from == 0 && taken == 0;
        let count = (GROUP - taken).min(left);
        if count == 0 || is_new && left >= GROUP {
            return from;
        }
        let cycles = from..from + count;
        for voice in 0..3 {
            let sum: u16 = stretch.waves[voice][cycles.clone()].iter().sum();
            self.sums[voice] += sum;
            self.part_sums[voice] += sum;
            self.levels[voice] = stretch.levels[voice][cycles.end - 1];
        }
        self.taken += count as u16;
        self.part_taken += count as u16;
        cycles.end
    }

    /// Makes the sample of a group that is full, and begins the next one.
    fn finish_group<I: Integrator, const STEPS: usize>(
        &mut self,
        filter: &mut Filter<I>,
        path: &Path<'_, I>,
        sources: &Sources<'_>,
        is_at_rest: bool,
        out: &mut Vec<f32>,
    ) {
        let waves = self.sums.map(|sum| sum >> GROUP_SHIFT);
        let (input, direct) = sources.both_of(waves, self.levels);
        let heard = if is_at_rest {
            path.heard(filter)
        } else {
            step::<_, STEPS>(path, filter, input)
        };
        out.push(if usize::from(self.part_taken) == GROUP {
            path.sample(direct + heard)
        } else {
            self.before + self.sample_of_part(path, sources, heard)
        });
        self.before = 0.0;
        self.sums = [0; 3];
        self.part_sums = [0; 3];
        self.levels = [0; 3];
        self.taken = 0;
        self.part_taken = 0;
    }

    /// What the cycles since the last change of setting contribute to their group's sample.
    fn sample_of_part<I: Integrator>(
        &self,
        path: &Path<'_, I>,
        sources: &Sources<'_>,
        heard: i32,
    ) -> f32 {
        let waves = self.part_sums.map(|sum| sum / self.part_taken);
        let (_, direct) = sources.both_of(waves, self.levels);
        path.sample(direct + heard) * f32::from(self.part_taken) / GROUP as f32
    }
}

/// A group's time in the filter, in `STEPS` steps; gives what is heard of it, on average.
#[inline(always)]
fn step<I: Integrator, const STEPS: usize>(
    path: &Path<'_, I>,
    filter: &mut Filter<I>,
    input: i32,
) -> i32 {
    if STEPS == 1 {
        return path.step::<GROUP_SHIFT>(filter, input);
    }
    let first = path.step::<{ GROUP_SHIFT - 1 }>(filter, input);
    (first + path.step::<{ GROUP_SHIFT - 1 }>(filter, input)) >> 1
}

/// Sum of eight DAC inputs of twelve bits.
#[inline(always)]
fn sum(&[a, b, c, d, e, f, g, h]: &[u16; GROUP]) -> u16 {
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}
