//! What the registers of the chips hold, taken apart and byte by byte; what has just changed shines.
//!
//! Every voice, and the filter, is a card with facts that flow into lines; the size is the largest
//! at which all cards fit.

use core::ops::Range;

use listening::language::t;
use listening::notes::{FilterState, VoiceState, pitch_name, pitch_of};
use protocol::engine::{MAX_CHIPS, REGISTERS};

use super::picture::{Align, Area, Face, Ink, Picture};
use super::{Scene, chip_name};

/// A change shines for so many video frames.
const GLOW: usize = 16;
/// Between chips.
const GAP: f32 = 16.0;
/// Sizes that are tried, in twentieths.
const SIZES: Range<u8> = 8..50;
/// Height of a line of facts at size 1.
const LINE: f32 = 38.0;
/// Margin inside a card, and between cards, at size 1.
const PAD: f32 = 8.0;
/// Height of a chip's heading at size 1.
const HEADING: f32 = 22.0;

/// One fact of a card.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fact {
    Name,
    Note,
    Frequency,
    Waves,
    Pulse,
    Envelope,
    Flags,
    Modes,
    Cutoff,
    Resonance,
    Volume,
    Bytes,
}

const OF_VOICE: [Fact; 8] = [
    Fact::Name,
    Fact::Note,
    Fact::Frequency,
    Fact::Waves,
    Fact::Pulse,
    Fact::Envelope,
    Fact::Flags,
    Fact::Bytes,
];
const OF_FILTER: [Fact; 6] = [
    Fact::Name,
    Fact::Modes,
    Fact::Cutoff,
    Fact::Resonance,
    Fact::Volume,
    Fact::Bytes,
];

impl Fact {
    /// Width at size 1.
    fn width(self, bytes: usize) -> f32 {
        match self {
            Self::Name => 54.0,
            Self::Note => 48.0,
            Self::Frequency => 84.0,
            Self::Waves => 116.0,
            Self::Pulse | Self::Resonance | Self::Volume => 92.0,
            Self::Envelope => 92.0,
            Self::Flags => 152.0,
            Self::Modes => 92.0,
            Self::Cutoff => 132.0,
            Self::Bytes => 52.0 + 24.0 * bytes as f32,
        }
    }
}

/// A voice, or the filter after the last.
#[derive(Clone, Copy)]
struct Card {
    chip: usize,
    /// 3 is the filter.
    part: usize,
}

impl Card {
    fn facts(self) -> &'static [Fact] {
        if self.part < 3 { &OF_VOICE } else { &OF_FILTER }
    }

    fn registers(self) -> Range<usize> {
        if self.part < 3 {
            7 * self.part..7 * self.part + 7
        } else {
            21..REGISTERS
        }
    }

    /// Facts with their places in units of size 1, and how many lines there are.
    fn flow(self, width: f32) -> (Vec<(Fact, f32, usize)>, usize) {
        let (mut x, mut line) = (0.0, 0);
        let mut places = Vec::new();
        for fact in self.facts() {
            let wide = fact.width(self.registers().len());
            if x > 0.0 && x + wide > width {
                (x, line) = (0.0, line + 1);
            }
            places.push((*fact, x, line));
            x += wide;
        }
        (places, line + 1)
    }
}

/// Height of a chip at size 1.
fn height_of(width: f32, has_heading: bool) -> f32 {
    let cards = (0..4).map(|part| {
        let (_, lines) = Card { chip: 0, part }.flow(width - 2.0 * PAD);
        lines as f32 * LINE + 2.0 * PAD
    });
    let heading = if has_heading { HEADING } else { 0.0 };
    cards.sum::<f32>() + 3.0 * PAD + heading
}

/// The largest size at which a chip fits into a cell.
fn size_in(cell: Area, has_heading: bool) -> f32 {
    let fits = |size: &f32| {
        let width = cell.width / size;
        // No fact is wider than its card.
        let widest = Fact::Bytes.width(7) + 2.0 * PAD;
        width >= widest && height_of(width, has_heading) * size <= cell.height
    };
    let mut sizes = SIZES.rev().map(|size| f32::from(size) / 20.0);
    let smallest = f32::from(SIZES.start) / 20.0;
    sizes.find(fits).unwrap_or(smallest)
}

/// Draws the registers of all chips at the play head.
pub fn draw(picture: &mut Picture, area: Area, scene: &Scene, calm: bool) {
    let chips = scene.chips.len().clamp(1, MAX_CHIPS);
    // Side by side, or one below the other: as is larger.
    let [wide, tall] = [(chips, 1), (1, chips)].map(|(columns, rows)| {
        let cell = area.column(0, columns, GAP).row(0, rows, GAP);
        size_in(cell, chips > 1)
    });
    let is_wide = wide >= tall;
    let (columns, rows) = if is_wide { (chips, 1) } else { (1, chips) };
    let size = wide.max(tall);
    for chip in 0..chips {
        let (column, row) = if is_wide { (chip, 0) } else { (0, chip) };
        let cell = area.column(column, columns, GAP).row(row, rows, GAP);
        let mut pen = Pen {
            picture,
            scene,
            size,
            calm,
        };
        pen.draw_chip(cell, chip, chips > 1);
    }
}

struct Pen<'a> {
    picture: &'a mut Picture,
    scene: &'a Scene,
    size: f32,
    calm: bool,
}

impl Pen<'_> {
    fn draw_chip(&mut self, cell: Area, chip: usize, has_heading: bool) {
        let mut y = cell.y;
        if has_heading {
            let text = format!("SID {} \u{b7} {}", chip + 1, chip_name(self.scene, chip));
            let at = (cell.x + 2.0, y + HEADING * self.size / 2.0 - 2.0);
            let size = 12.0 * self.size;
            self.picture
                .write(text, at, size, Ink::Quiet, Align::Start, Face::Strong);
            y += HEADING * self.size;
        }
        for part in 0..4 {
            let card = Card { chip, part };
            let width = cell.width / self.size - 2.0 * PAD;
            let (places, lines) = card.flow(width);
            let height = (lines as f32 * LINE + 2.0 * PAD) * self.size;
            let place = Area::new(cell.x, y, cell.width, height);
            self.picture.fill(place, 8.0 * self.size, Ink::Raised, 0.55);
            for (fact, x, line) in places {
                let at = Area::new(
                    place.x + (PAD + x) * self.size,
                    place.y + (PAD + line as f32 * LINE) * self.size,
                    (fact.width(card.registers().len()) - 12.0) * self.size,
                    LINE * self.size,
                );
                self.draw_fact(at, card, fact);
            }
            y += height + PAD * self.size;
        }
    }

    /// How much a register shines: 1 when it has just changed.
    fn glow(&self, card: Card, registers: impl IntoIterator<Item = usize>) -> f32 {
        let changed = registers
            .into_iter()
            .filter_map(|at| self.scene.changed(card.chip, at, GLOW));
        match changed.min() {
            None => 0.0,
            // Without motion it is on or off.
            Some(_) if self.calm => 0.6,
            Some(age) => 1.0 - age as f32 / GLOW as f32,
        }
    }

    fn draw_fact(&mut self, at: Area, card: Card, fact: Fact) {
        let frame = self.scene.frame();
        let first = card.registers().start;
        if card.part < 3 {
            let state = self.scene.notes.voice(card.chip, frame, card.part);
            self.draw_of_voice(at, card, fact, first, state);
        } else {
            let state = self.scene.notes.filter(card.chip, frame);
            self.draw_of_filter(at, card, fact, first, state);
        }
    }

    fn draw_of_voice(
        &mut self,
        at: Area,
        card: Card,
        fact: Fact,
        first: usize,
        state: Option<VoiceState>,
    ) {
        let ink = Ink::Voice(card.part);
        let gate = state.is_some_and(|state| state.gate);
        match fact {
            Fact::Name => self.draw_name(at, &(card.part + 1).to_string(), ink, gate),
            Fact::Note => {
                let note = state.and_then(|state| pitch_of(state.hertz));
                let glow = self.glow(card, first..first + 2);
                self.fact(at, t("Note"), &note.map_or_else(dash, pitch_name), glow);
            }
            Fact::Frequency => {
                let text = state.map_or_else(dash, |state| format!("{:.1} Hz", state.hertz));
                let glow = self.glow(card, first..first + 2);
                self.fact(at, t("Frequency"), &text, glow);
            }
            Fact::Waves => {
                let glow = self.glow(card, [first + 4]);
                self.label(at, t("Waveform"), glow);
                self.draw_waves(at, ink, state.map_or(0, |state| state.waveforms));
            }
            Fact::Pulse => {
                let percent = state.map(|state| state.pulse_percent);
                let text = percent.map_or_else(dash, |percent| format!("{percent:.0} %"));
                let glow = self.glow(card, first + 2..first + 4);
                self.label(at, &format!("{} {text}", t("Pulse")), glow);
                self.draw_bar(at, percent.unwrap_or(0.0) / 100.0, ink);
            }
            Fact::Envelope => {
                let glow = self.glow(card, first + 5..first + 7);
                let text = state.map_or_else(dash, |state| {
                    let [attack, decay, sustain, release] = state.envelope;
                    format!("{attack:X}{decay:X}{sustain:X}{release:X}")
                });
                self.label(at, &format!("ADSR {text}"), glow);
                self.draw_envelope(at, ink, state.map(|state| state.envelope));
            }
            Fact::Flags => {
                let glow = self.glow(card, [first + 4]);
                self.label(at, t("Control"), glow);
                let flags = state.map_or([false; 4], |state| {
                    [state.sync, state.ring, state.test, state.filtered]
                });
                let names = ["SYNC", "RING", "TEST", "FILT"];
                self.draw_flags(at, &names, &flags, ink);
            }
            _ => self.draw_bytes(at, card),
        }
    }

    fn draw_of_filter(
        &mut self,
        at: Area,
        card: Card,
        fact: Fact,
        first: usize,
        state: Option<FilterState>,
    ) {
        let number = |value: Option<u16>| value.map_or_else(dash, |value| value.to_string());
        let mode = state.map_or(0, |state| state.mode);
        match fact {
            Fact::Name => self.draw_name(at, "F", Ink::Accent, mode & 7 != 0),
            Fact::Modes => {
                let glow = self.glow(card, [first + 3]);
                self.label(at, t("Filter"), glow);
                let flags = [mode & 1 != 0, mode & 2 != 0, mode & 4 != 0];
                self.draw_flags(at, &["LP", "BP", "HP"], &flags, Ink::Accent);
            }
            Fact::Cutoff => {
                let value = state.map(|state| state.cutoff);
                let glow = self.glow(card, first..first + 2);
                self.label(at, &format!("{} {}", t("Cutoff"), number(value)), glow);
                self.draw_bar(at, f32::from(value.unwrap_or(0)) / 2047.0, Ink::Accent);
            }
            Fact::Resonance | Fact::Volume => {
                let (name, value, register) = if fact == Fact::Volume {
                    (t("Volume"), state.map(|state| state.volume), first + 3)
                } else {
                    (
                        t("Resonance"),
                        state.map(|state| state.resonance),
                        first + 2,
                    )
                };
                let glow = self.glow(card, [register]);
                let text = format!("{name} {}", number(value.map(u16::from)));
                self.label(at, &text, glow);
                self.draw_bar(at, f32::from(value.unwrap_or(0)) / 15.0, Ink::Accent);
            }
            _ => self.draw_bytes(at, card),
        }
    }

    /// Middle of the lower half of a fact, where its value stands.
    fn value_middle(&self, at: Area) -> f32 {
        at.y + 25.0 * self.size
    }

    fn label(&mut self, at: Area, text: &str, glow: f32) {
        let s = self.size;
        let back = Area::new(
            at.x - 4.0 * s,
            at.y + 1.0 * s,
            at.width + 8.0 * s,
            LINE * s - 2.0 * s,
        );
        self.picture.fill(back, 5.0 * s, Ink::Accent, 0.2 * glow);
        let place = (at.x, at.y + 10.0 * s);
        self.picture.words(text, place, 10.0 * s, Ink::Quiet);
    }

    fn fact(&mut self, at: Area, name: &str, value: &str, glow: f32) {
        self.label(at, name, glow);
        let place = (at.x, self.value_middle(at));
        let size = 13.0 * self.size;
        self.picture
            .write(value, place, size, Ink::Text, Align::Start, Face::Strong);
    }

    /// A dot that is full while the gate is open, and the name.
    fn draw_name(&mut self, at: Area, name: &str, ink: Ink, is_on: bool) {
        let s = self.size;
        let middle = at.y + LINE * s / 2.0;
        let side = 26.0 * s;
        let chip = Area::new(at.x, middle - side / 2.0, side, side);
        self.picture
            .fill(chip, 7.0 * s, ink, if is_on { 1.0 } else { 0.22 });
        let ink = if is_on { Ink::Ground } else { ink };
        let place = (at.x + side / 2.0, middle);
        self.picture
            .write(name, place, 14.0 * s, ink, Align::Centre, Face::Strong);
    }

    fn draw_bar(&mut self, at: Area, share: f32, ink: Ink) {
        let s = self.size;
        let whole = Area::new(at.x, self.value_middle(at) - 3.5 * s, at.width, 7.0 * s);
        self.picture.fill(whole, 3.5 * s, Ink::Line, 1.0);
        let part = Area {
            width: whole.width * share.clamp(0.0, 1.0),
            ..whole
        };
        self.picture.fill(part, 3.5 * s, ink, 1.0);
    }

    fn draw_flags(&mut self, at: Area, names: &[&str], flags: &[bool], ink: Ink) {
        let s = self.size;
        for (index, (name, is_on)) in names.iter().zip(flags).enumerate() {
            let row = Area::new(at.x, self.value_middle(at) - 8.0 * s, at.width, 16.0 * s);
            let cell = row.column(index, names.len(), 3.0 * s);
            self.picture
                .fill(cell, 4.0 * s, ink, if *is_on { 1.0 } else { 0.1 });
            let place = (cell.x + cell.width / 2.0, cell.middle() + 0.5 * s);
            let ink = if *is_on { Ink::Ground } else { Ink::Quiet };
            self.picture
                .write(*name, place, 9.0 * s, ink, Align::Centre, Face::Strong);
        }
    }

    /// The four waveforms as little waves; those that are on are bright.
    fn draw_waves(&mut self, at: Area, ink: Ink, waveforms: u8) {
        const WAVES: [&[(f32, f32)]; 4] = [
            &[(0.0, 1.0), (0.5, 0.0), (1.0, 1.0)],
            &[(0.0, 1.0), (0.9, 0.0), (0.9, 1.0), (1.0, 1.0)],
            &[
                (0.0, 1.0),
                (0.1, 1.0),
                (0.1, 0.0),
                (0.6, 0.0),
                (0.6, 1.0),
                (1.0, 1.0),
            ],
            &[
                (0.0, 0.6),
                (0.12, 0.1),
                (0.24, 0.9),
                (0.36, 0.3),
                (0.48, 1.0),
                (0.6, 0.0),
                (0.72, 0.8),
                (0.84, 0.2),
                (1.0, 0.7),
            ],
        ];
        let s = self.size;
        let row = Area::new(at.x, self.value_middle(at) - 8.0 * s, at.width, 16.0 * s);
        for (index, wave) in WAVES.iter().enumerate() {
            let is_on = waveforms >> index & 1 == 1;
            let cell = row.column(index, WAVES.len(), 4.0 * s);
            self.picture
                .fill(cell, 4.0 * s, ink, if is_on { 1.0 } else { 0.1 });
            let inner = cell.inside(4.0 * s, 4.0 * s);
            let points = wave
                .iter()
                .map(|(x, y)| (inner.x + x * inner.width, inner.y + y * inner.height));
            let (ink, alpha) = if is_on {
                (Ink::Ground, 1.0)
            } else {
                (Ink::Quiet, 0.7)
            };
            self.picture.stroke(points, ink, alpha, 1.5 * s);
        }
    }

    /// The envelope as it would go if the gate closed in the middle.
    fn draw_envelope(&mut self, at: Area, ink: Ink, envelope: Option<[u8; 4]>) {
        let s = self.size;
        let place = Area::new(at.x, self.value_middle(at) - 8.0 * s, at.width, 16.0 * s);
        let [attack, decay, sustain, release] = envelope.unwrap_or_default().map(f32::from);
        // Times grow with the square: 2 ms to 8 s as one can see them.
        let wide = |value: f32| (0.02 + value * value / 225.0 * 0.25) * place.width;
        let level = place.bottom() - sustain / 15.0 * place.height;
        let mut x = place.x;
        let mut points = vec![(x, place.bottom())];
        x += wide(attack);
        points.push((x, place.y));
        x += wide(decay);
        points.push((x, level));
        x = x.max(place.right() - wide(release));
        points.push((x, level));
        points.push((x + wide(release), place.bottom()));
        let alpha = if envelope.is_some() { 1.0 } else { 0.2 };
        self.picture.shape(points.clone(), ink, 0.22 * alpha);
        self.picture.stroke(points, ink, alpha, 1.5 * s);
    }

    fn draw_bytes(&mut self, at: Area, card: Card) {
        let s = self.size;
        let frame = self.scene.frame();
        let base = self.scene.chips.get(card.chip);
        let base = base.map_or(0xd400, |chip| usize::from(chip.address));
        let middle = at.y + LINE * s / 2.0;
        let address = format!("${:04X}", base + card.registers().start);
        let size = 11.0 * s;
        let face = Face::Mono;
        self.picture.write(
            address,
            (at.x, middle),
            size,
            Ink::Quiet,
            Align::Start,
            face,
        );
        for (index, register) in card.registers().enumerate() {
            let x = at.x + (44.0 + 24.0 * index as f32) * s;
            let cell = Area::new(x, middle - 10.0 * s, 22.0 * s, 20.0 * s);
            let glow = self.glow(card, [register]);
            self.picture.fill(cell, 4.0 * s, Ink::Accent, 0.5 * glow);
            let bytes = self.scene.notes.registers(card.chip, frame);
            let text = bytes.map_or_else(
                || "\u{2013}".to_owned(),
                |bytes| format!("{:02X}", bytes[register]),
            );
            let place = (cell.x + cell.width / 2.0, middle);
            self.picture
                .write(text, place, 12.0 * s, Ink::Text, Align::Centre, face);
        }
    }
}

fn dash() -> String {
    "\u{2013}".to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::picture::Mark;
    use super::super::testing::{A4, scene_of};
    use super::*;

    fn words(picture: &Picture) -> Vec<&str> {
        let words = |mark: &'_ Mark| matches!(mark, Mark::Words { .. });
        let marks = picture.marks.iter().filter(|mark| words(mark));
        marks
            .filter_map(|mark| match mark {
                Mark::Words { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn registers_are_shown_taken_apart_and_byte_by_byte() {
        let mut scene = scene_of(10, |_| (A4, 0x41));
        scene.position_millis = 100;
        let mut picture = Picture::default();
        draw(
            &mut picture,
            Area::new(0.0, 0.0, 760.0, 420.0),
            &scene,
            false,
        );
        let words = words(&picture);
        for expected in ["A-4", "440.0 Hz", "$D400", "$D415", "41"] {
            assert!(words.contains(&expected), "{expected} in {words:?}");
        }
    }

    #[test]
    fn what_changed_shines_and_fades() {
        let shine = |position_millis: u32| {
            let mut scene = scene_of(60, |frame| (if frame < 20 { A4 } else { A4 + 1 }, 0x41));
            scene.position_millis = position_millis;
            let mut picture = Picture::default();
            draw(
                &mut picture,
                Area::new(0.0, 0.0, 760.0, 420.0),
                &scene,
                false,
            );
            let bright = picture.marks.iter().filter_map(|mark| match mark {
                Mark::Fill {
                    area,
                    ink: Ink::Accent,
                    alpha,
                    ..
                } if (area.width / area.height - 1.1).abs() < 0.01 => Some(*alpha),
                _ => None,
            });
            bright.fold(0.0, f32::max)
        };
        // Frame 20 is at 400 ms.
        assert_eq!(shine(380), 0.0);
        assert_eq!(shine(400), 0.5);
        assert!(shine(500) < 0.5 && shine(500) > 0.0);
        assert_eq!(shine(900), 0.0);
    }

    #[test]
    fn everything_is_inside_at_any_size() {
        for chips in 1..=3 {
            for (width, height) in [
                (760.0, 420.0),
                (358.0, 360.0 * chips as f32),
                (1440.0, 800.0),
            ] {
                let mut scene = scene_of(10, |_| (A4, 0x41));
                scene.chips = vec![scene.chips[0]; chips];
                let mut picture = Picture::default();
                let area = Area::new(0.0, 0.0, width, height);
                draw(&mut picture, area, &scene, false);
                for mark in &picture.marks {
                    if let Mark::Fill { area, .. } = mark {
                        let fits = area.right() <= width + 0.5 && area.bottom() <= height + 0.5;
                        assert!(fits, "{area:?} of {chips} chips in {width} x {height}");
                    }
                }
            }
        }
    }
}
