//! An oscilloscope for every voice: a column for each chip, a row for each voice.

use listening::language::t;
use protocol::engine::MAX_CHIPS;

use super::levels::Levels;
use super::picture::{Align, Area, Face, Ink, Picture};
use super::trigger::{Trigger, extent};
use super::{Scene, chip_name, size_of_words};

/// Voices of a chip and its digis.
const VOICES: usize = 4;
/// Levels in a sweep: 20 ms at one level in 32 cycles.
pub const WIDTH: usize = 620;
/// Levels looked at for a place to begin: a period of the lowest notes more.
pub const COUNT: usize = WIDTH + 1200;
/// The smallest reach of the screen, so that silence is a line and not noise.
const LEAST_REACH: f32 = 600.0;
/// Room above the loudest wave.
const MARGIN: f32 = 1.12;
/// How much of the reach is kept from picture to picture.
const REACH_DECAY: f32 = 0.995;
/// Digis have a row of their own once one moved so far.
const DIGI_SWING: i32 = 64;
/// Between cells.
const GAP: f32 = 8.0;

/// What scopes remember from picture to picture.
#[derive(Debug, Clone)]
pub struct Scopes {
    triggers: [[Trigger; VOICES]; MAX_CHIPS],
    reach: f32,
    has_digis: bool,
}

impl Default for Scopes {
    fn default() -> Self {
        Self {
            triggers: Default::default(),
            reach: LEAST_REACH,
            has_digis: false,
        }
    }
}

impl Scopes {
    /// Draws the sweeps at the play head; `levels` are empty where nothing is known.
    pub fn draw(&mut self, picture: &mut Picture, area: Area, scene: &Scene, levels: &Levels) {
        let swing = |levels: &Vec<i16>| {
            let (low, high) = extent(levels);
            i32::from(high) - i32::from(low)
        };
        let loudest = levels.iter().filter(|levels| !levels.is_empty());
        // One scale for all voices, so that a quiet voice looks quiet.
        self.reach = loudest
            .map(|levels| swing(levels) as f32 / 2.0)
            .fold((self.reach * REACH_DECAY).max(LEAST_REACH), f32::max);
        let digis = levels.iter().skip(3).step_by(VOICES);
        self.has_digis |= digis
            .filter(|levels| !levels.is_empty())
            .any(|levels| swing(levels) > DIGI_SWING);
        let chips = scene.chips.len().clamp(1, MAX_CHIPS);
        let rows = if self.has_digis { VOICES } else { 3 };
        for chip in 0..chips {
            let column = area.column(chip, chips, GAP);
            for voice in 0..rows {
                let cell = column.row(voice, rows, GAP);
                self.draw_voice(picture, cell, scene, (chip, voice), levels);
            }
        }
    }

    fn draw_voice(
        &mut self,
        picture: &mut Picture,
        cell: Area,
        scene: &Scene,
        (chip, voice): (usize, usize),
        levels: &Levels,
    ) {
        let is_heard = scene.audible[chip] >> voice & 1 == 1;
        let ink = if voice < 3 {
            Ink::Voice(voice)
        } else {
            Ink::Accent
        };
        let alpha = if is_heard { 1.0 } else { 0.25 };
        picture.fill(cell, 8.0, Ink::Raised, 0.55);
        let wave = under_words(cell);
        draw_grid(picture, wave);
        let levels = &levels[chip * VOICES + voice];
        let sweep = if levels.len() >= WIDTH {
            let start = self.triggers[chip][voice].place(levels, WIDTH);
            &levels[start..start + WIDTH]
        } else {
            &[0; 2]
        };
        let (low, high) = extent(sweep);
        let middle = (f32::from(low) + f32::from(high)) / 2.0;
        let scale = (wave.height / 2.0 - 3.0).max(1.0) / (self.reach * MARGIN);
        picture.beam(trace(sweep, middle, scale, wave), ink, alpha);
        self.label(picture, cell, scene, (chip, voice), ink);
    }

    fn label(
        &self,
        picture: &mut Picture,
        cell: Area,
        scene: &Scene,
        (chip, voice): (usize, usize),
        ink: Ink,
    ) {
        let size = size_of_words(cell.height);
        let (x, y) = (cell.x + 10.0, cell.y + 6.0 + size / 2.0);
        let several = scene.chips.len() > 1;
        let is_narrow = cell.width < if several { 340.0 } else { 200.0 };
        let name = match (voice, is_narrow) {
            (3, _) => "Digi".to_owned(),
            (_, true) => (voice + 1).to_string(),
            _ => [t("Voice 1"), t("Voice 2"), t("Voice 3")][voice].to_owned(),
        };
        let name = match scene.chips.get(chip) {
            Some(_) if several && voice == 0 => {
                let chip_name = chip_name(scene, chip);
                if is_narrow {
                    format!("{name} \u{b7} SID {}", chip + 1)
                } else {
                    format!("{name} \u{b7} SID {} {chip_name}", chip + 1)
                }
            }
            _ => name,
        };
        picture.write(name, (x, y), size, ink, Align::Start, Face::Strong);
        let words = if scene.audible[chip] >> voice & 1 == 0 {
            t("Muted").to_owned()
        } else {
            scene.note_words(chip, voice, is_narrow)
        };
        let x = cell.right() - 10.0;
        picture.write(words, (x, y), size, Ink::Quiet, Align::End, Face::Plain);
    }
}

/// The part of a cell that a wave has: where there is room, the words stand above it.
fn under_words(cell: Area) -> Area {
    let words = if cell.height < 64.0 {
        0.0
    } else {
        size_of_words(cell.height) + 6.0
    };
    Area::new(cell.x, cell.y + words, cell.width, cell.height - words)
}

/// The lines behind a wave: the middle, and quarters of the time.
fn draw_grid(picture: &mut Picture, cell: Area) {
    picture.fill(
        Area::new(cell.x, cell.middle() - 0.5, cell.width, 1.0),
        0.0,
        Ink::Line,
        1.0,
    );
    for at in 1..4 {
        let x = cell.x + cell.width * at as f32 / 4.0;
        picture.fill(
            Area::new(x - 0.5, cell.y, 1.0, cell.height),
            0.0,
            Ink::Line,
            0.6,
        );
    }
}

/// Points of a sweep inside a cell: no more than there are pixels, as more cost time and show
/// nothing; where a pixel has several levels both extremes are kept, so that no peak is lost.
fn trace(
    sweep: &[i16],
    middle: f32,
    scale: f32,
    cell: Area,
) -> impl Iterator<Item = (f32, f32)> + '_ {
    let step = cell.width / (sweep.len().saturating_sub(1)).max(1) as f32;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few"
    )]
    let stride = ((1.0 / step.max(0.01)) as usize).clamp(1, sweep.len().max(1));
    let groups = sweep.chunks(stride).enumerate();
    groups.flat_map(move |(group, levels)| {
        let (low, high) = extent(levels);
        // In the order in which the wave goes through them.
        let is_rising = levels.first() <= levels.last();
        let ends = if is_rising { [low, high] } else { [high, low] };
        let x = cell.x + (group * stride) as f32 * step;
        let used = if low == high { 1 } else { 2 };
        ends.into_iter().take(used).map(move |level| {
            let y = cell.middle() - (f32::from(level) - middle) * scale;
            (x, y.clamp(cell.y + 1.0, cell.bottom() - 1.0))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::picture::Mark;
    use super::*;
    use protocol::engine::Model;
    use protocol::visuals::Chip;

    fn scene(chips: usize) -> Scene {
        let chip = Chip {
            model: Model::Mos6581,
            address: 0xd400,
        };
        Scene {
            chips: vec![chip; chips],
            ..Scene::default()
        }
    }

    /// A square wave on every voice.
    fn square(height: i16) -> Levels {
        let wave = (0..COUNT).map(|at| if at % 100 < 50 { height } else { -height });
        let wave: Vec<i16> = wave.collect();
        let mut levels = Levels::default();
        for (at, voice) in levels.iter_mut().enumerate() {
            *voice = if at % 4 == 3 {
                vec![0; COUNT]
            } else {
                wave.clone()
            };
        }
        levels
    }

    fn beams(picture: &Picture) -> usize {
        let bright = |mark: &&Mark| matches!(mark, Mark::Stroke { width, .. } if *width < 2.0);
        picture.marks.iter().filter(bright).count()
    }

    #[test]
    fn every_voice_has_a_wave_inside_its_cell() {
        for chips in 1..=3 {
            for area in [
                Area::new(0.0, 0.0, 760.0, 320.0),
                Area::new(0.0, 0.0, 280.0, 150.0),
            ] {
                let mut picture = Picture::default();
                Scopes::default().draw(&mut picture, area, &scene(chips), &square(9_000));
                assert_eq!(beams(&picture), 3 * chips);
                for (x, y) in &picture.points {
                    assert!((0.0..=area.width).contains(x) && (0.0..=area.height).contains(y));
                }
                let highest = picture.points.iter().map(|point| point.1);
                let highest = highest.fold(f32::MAX, f32::min);
                assert!(
                    highest < area.height / 9.0 + 18.0,
                    "the wave fills its cell"
                );
            }
        }
    }

    #[test]
    fn digis_have_a_row_once_there_are_any_and_keep_it() {
        let mut scopes = Scopes::default();
        let area = Area::new(0.0, 0.0, 760.0, 320.0);
        let mut levels = square(9_000);
        levels[3][4] = 500;
        for levels in [&levels, &square(9_000)] {
            let mut picture = Picture::default();
            scopes.draw(&mut picture, area, &scene(1), levels);
            assert_eq!(beams(&picture), 4);
        }
    }

    #[test]
    fn without_levels_lines_are_flat() {
        let mut picture = Picture::default();
        let area = Area::new(0.0, 0.0, 760.0, 320.0);
        Scopes::default().draw(&mut picture, area, &scene(1), &Levels::default());
        let first = picture.points[0].1;
        let row = picture.points.iter().take(2).all(|point| point.1 == first);
        assert!(beams(&picture) == 3 && row);
    }
}
