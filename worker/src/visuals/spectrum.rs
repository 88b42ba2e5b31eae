//! How loud each pitch is: a transform of what is heard, on an axis of notes.

use listening::notes::{pitch_name, pitch_of};

use super::fft::{Fft, hann};
use super::picture::{Align, Area, Face, Ink, Picture};
use super::{Scene, size_of_words};

/// Samples of a transform: a fifth of a second, enough to tell low notes from each other.
pub const SIZE: usize = 8_192;
/// Lowest and highest pitch, in semitones: C-1 and a little more than 14 kHz.
const PITCHES: (i32, i32) = (24, 130);
/// The faintest that is shown, in dB below a full sine.
const FLOOR: f32 = -72.0;
/// The loudest that is shown.
const CEILING: f32 = -6.0;
/// A bar falls by so many dB in a second.
const FALL: f32 = 90.0;
/// The mark above a bar stays for so long, in seconds, and falls by so many dB in a second.
const HOLD: (f32, f32) = (0.6, 30.0);
/// Below this width a bar is a semitone, above a quarter tone.
const NARROW: f32 = 520.0;
/// Room for names of notes.
const FOOT: f32 = 22.0;

#[derive(Debug, Clone, Copy)]
struct Bar {
    level: f32,
    peak: f32,
    /// Seconds since the peak.
    age: f32,
}

/// What a spectrum remembers from picture to picture.
#[derive(Debug, Clone)]
pub struct Spectrum {
    fft: Fft,
    window: Vec<f32>,
    windowed: Vec<f32>,
    magnitudes: Vec<f32>,
    bars: Vec<Bar>,
    last: Option<f64>,
}

impl Default for Spectrum {
    fn default() -> Self {
        Self {
            fft: Fft::new(SIZE),
            window: hann(SIZE),
            windowed: Vec::new(),
            magnitudes: Vec::new(),
            bars: Vec::new(),
            last: None,
        }
    }
}

/// Frequency of a pitch, which may lie between semitones, in Hz.
fn hertz(pitch: f32) -> f32 {
    440.0 * libm::exp2f((pitch - 69.0) / 12.0)
}

/// The loudest between two places among magnitudes, which may lie between them.
fn loudest(magnitudes: &[f32], from: f32, to: f32) -> f32 {
    let at = |place: f32| {
        let low = libm::floorf(place).max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative"
        )]
        let index = low as usize;
        let value = |index: usize| magnitudes.get(index).copied().unwrap_or(0.0);
        value(index) + (value(index + 1) - value(index)) * (place - low)
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative"
    )]
    let inner = (libm::ceilf(from).max(0.0) as usize)..=(libm::floorf(to).max(0.0) as usize);
    let inner = inner.filter_map(|index| magnitudes.get(index).copied());
    inner.fold(at(from).max(at(to)), f32::max)
}

/// A magnitude in dB, never below the floor.
fn decibels(magnitude: f32) -> f32 {
    (20.0 * libm::log10f(magnitude.max(1e-9))).max(FLOOR)
}

impl Spectrum {
    /// Takes `SIZE` samples of what is heard at `now`, in milliseconds; none is silence. Without
    /// motion bars are as they are, without memory.
    pub fn take(&mut self, samples: &[f32], rate: f32, bars: usize, now: f64, calm: bool) {
        self.magnitudes.clear();
        if samples.len() == SIZE {
            self.windowed.clear();
            let weighted = samples.iter().zip(&self.window);
            // A full sine is at 0 dB: its magnitude is half the sum of the weights.
            let weighted = weighted.map(|(sample, weight)| 2.0 * sample * weight);
            self.windowed.extend(weighted);
            let (windowed, magnitudes) = (&self.windowed, &mut self.magnitudes);
            self.fft.magnitudes(windowed, magnitudes);
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most a second")]
        let passed = self
            .last
            .map_or(1.0, |last| ((now - last) / 1000.0).clamp(0.0, 1.0) as f32);
        self.last = Some(now);
        let silent = Bar {
            level: FLOOR,
            peak: FLOOR,
            age: 0.0,
        };
        self.bars.resize(bars, silent);
        let span = (PITCHES.1 - PITCHES.0) as f32 / bars.max(1) as f32;
        let place = SIZE as f32 / rate.max(1.0);
        for (at, bar) in self.bars.iter_mut().enumerate() {
            let from = PITCHES.0 as f32 + (at as f32 - 0.5) * span;
            let (from, to) = (hertz(from) * place, hertz(from + span) * place);
            let level = decibels(loudest(&self.magnitudes, from, to));
            if calm {
                (bar.level, bar.peak) = (level, FLOOR);
                continue;
            }
            bar.level = level.max(bar.level - FALL * passed);
            bar.age += passed;
            if bar.level >= bar.peak {
                (bar.peak, bar.age) = (bar.level, 0.0);
            } else if bar.age > HOLD.0 {
                bar.peak = (bar.peak - HOLD.1 * passed).max(bar.level);
            }
        }
    }

    /// Bars for a picture of this width.
    #[must_use]
    pub fn bars_for(width: f32) -> usize {
        let each = if width < NARROW { 1 } else { 2 };
        usize::try_from(PITCHES.1 - PITCHES.0).unwrap_or(1) * each
    }

    /// Draws what was taken last.
    pub fn draw(&self, picture: &mut Picture, area: Area, scene: &Scene) {
        let size = size_of_words(area.height);
        let plot = Area::new(area.x, area.y, area.width, (area.height - FOOT).max(1.0));
        let semitone = plot.width / (PITCHES.1 - PITCHES.0) as f32;
        let x = |pitch: f32| plot.x + (pitch - PITCHES.0 as f32 + 0.5) * semitone;
        let y = |level: f32| {
            let share = (level - FLOOR) / (CEILING - FLOOR);
            plot.bottom() - share.clamp(0.0, 1.0) * plot.height
        };
        for level in [-12.0, -24.0, -36.0, -48.0, -60.0] {
            let line = Area::new(plot.x, y(level), plot.width, 1.0);
            picture.fill(line, 0.0, Ink::Line, 0.7);
            if plot.height > 160.0 {
                let at = (plot.right() - 6.0, y(level) - size * 0.75);
                let text = format!("{level:.0} dB");
                picture.write(text, at, size, Ink::Quiet, Align::End, Face::Plain);
            }
        }
        let every = if semitone * 12.0 < 34.0 { 2 } else { 1 };
        for (octave, pitch) in (PITCHES.0..PITCHES.1).step_by(12).enumerate() {
            let left = x(pitch as f32 - 0.5);
            let line = Area::new(left, plot.y, 1.0, plot.height);
            picture.fill(line, 0.0, Ink::Line, 1.0);
            if octave % every == 0 {
                let at = (left + 2.0, area.bottom() - FOOT / 2.0);
                picture.words(pitch_name(pitch), at, size, Ink::Quiet);
            }
        }
        let width = plot.width / self.bars.len().max(1) as f32;
        let gap = if width > 3.0 { 1.0 } else { 0.25 };
        for (at, bar) in self.bars.iter().enumerate() {
            let left = plot.x + at as f32 * width;
            let top = y(bar.level);
            let share = (bar.level - FLOOR) / (CEILING - FLOOR);
            let column = Area::new(left, top, width - gap, plot.bottom() - top);
            picture.fill(column, 1.0, Ink::Accent, 0.35 + 0.65 * share);
            if bar.peak > FLOOR + 3.0 {
                let cap = Area::new(left, y(bar.peak) - 1.0, width - gap, 2.0);
                picture.fill(cap, 0.0, Ink::Accent, 0.9);
            }
        }
        draw_voices(picture, plot, scene, size, &x);
    }
}

/// Which voice plays which pitch: a line in its colour, and the note's name.
fn draw_voices(
    picture: &mut Picture,
    plot: Area,
    scene: &Scene,
    size: f32,
    x: &dyn Fn(f32) -> f32,
) {
    for chip in 0..scene.chips.len() {
        for voice in 0..3 {
            let Some(state) = scene.sounding(chip, voice) else {
                continue;
            };
            let Some(pitch) = pitch_of(state.hertz).filter(|_| state.waveforms & 8 == 0) else {
                continue;
            };
            let middle = x(pitch as f32);
            if pitch < PITCHES.0 || pitch >= PITCHES.1 {
                continue;
            }
            let ink = Ink::Voice(voice);
            let top = plot.y + 4.0 + voice as f32 * (size + 6.0);
            let line = Area::new(middle - 0.75, top, 1.5, plot.bottom() - top);
            picture.fill(line, 0.0, ink, 0.45);
            // Names on the side that has room.
            let (align, side) = if middle > plot.right() - 48.0 {
                (Align::End, -5.0)
            } else {
                (Align::Start, 5.0)
            };
            let at = (middle + side, top + size / 2.0);
            picture.write(pitch_name(pitch), at, size, ink, align, Face::Strong);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f32 = 44_100.0;

    fn sine(hertz: f64, amplitude: f64) -> Vec<f32> {
        let turn = std::f64::consts::TAU * hertz / f64::from(RATE);
        (0..SIZE)
            .map(|at| (amplitude * libm::sin(turn * at as f64)) as f32)
            .collect()
    }

    /// Pitch of the highest bar, and its level.
    fn highest(spectrum: &Spectrum) -> (f32, f32) {
        let bars = spectrum.bars.iter().enumerate();
        let (at, bar) = bars
            .max_by(|a, b| a.1.level.total_cmp(&b.1.level))
            .expect("there are bars");
        let span = (PITCHES.1 - PITCHES.0) as f32 / spectrum.bars.len() as f32;
        (PITCHES.0 as f32 + at as f32 * span, bar.level)
    }

    #[test]
    fn a_note_stands_where_its_name_is() {
        for (pitch, bars) in [(45, 106), (60, 106), (60, 212), (69, 212), (100, 212)] {
            let mut spectrum = Spectrum::default();
            let tone = sine(f64::from(hertz(pitch as f32)), 0.5);
            spectrum.take(&tone, RATE, bars, 0.0, false);
            let (found, level) = highest(&spectrum);
            assert!(
                (found - pitch as f32).abs() <= 0.5,
                "{found}, and not {pitch}"
            );
            // Half of a full sine; a window of Hann loses up to 1.4 dB between two places.
            assert!((-7.6..-5.9).contains(&level), "{level} dB");
        }
    }

    #[test]
    fn bars_fall_in_time_and_not_at_once() {
        let mut spectrum = Spectrum::default();
        spectrum.take(&sine(440.0, 0.5), RATE, 212, 0.0, false);
        let (_, before) = highest(&spectrum);
        spectrum.take(&[], RATE, 212, 100.0, false);
        let (_, after) = highest(&spectrum);
        assert!((before - after - FALL / 10.0).abs() < 0.01);
        let peak = |spectrum: &Spectrum| {
            spectrum
                .bars
                .iter()
                .map(|bar| bar.peak)
                .fold(FLOOR, f32::max)
        };
        assert_eq!(peak(&spectrum), before, "the mark stays");
        for at in 2..40 {
            spectrum.take(&[], RATE, 212, f64::from(at) * 100.0, false);
        }
        assert_eq!(highest(&spectrum).1, FLOOR);
        assert_eq!(peak(&spectrum), FLOOR);
    }

    #[test]
    fn calm_bars_have_no_memory() {
        let mut spectrum = Spectrum::default();
        spectrum.take(&sine(440.0, 0.5), RATE, 212, 0.0, true);
        spectrum.take(&[], RATE, 212, 10.0, true);
        assert_eq!(highest(&spectrum).1, FLOOR);
    }
}
