//! The notes of a tune on a roll: what was, what is, and what comes.

use listening::language::t;
use listening::notes::{Note, NoteTrack, pitch_name};

use super::picture::{Align, Area, Face, Ink, Picture};
use super::{Scene, size_of_words};

/// Time before and behind the play head that is shown.
const BEFORE_MILLIS: u32 = 2_000;
pub const BEHIND_MILLIS: u32 = 4_000;
/// Pitches that are shown at least: C-3 to C-6.
const LEAST: (i32, i32) = (48, 84);
/// Pitches that are shown at most: what music is made of, and no effects.
const MOST: (i32, i32) = (24, 108);
/// Room for the keys.
const KEYS: f32 = 46.0;
/// Height of the lane of one voice's noise.
const LANE: f32 = 7.0;
/// Room for the time.
const FOOT: f32 = 20.0;

/// What a roll remembers from picture to picture.
#[derive(Debug, Clone)]
pub struct Roll {
    /// Pitches shown; they only grow, so that the picture does not jump.
    range: (i32, i32),
    /// Frames that were looked at for it.
    looked: usize,
}

impl Default for Roll {
    fn default() -> Self {
        Self {
            range: LEAST,
            looked: 0,
        }
    }
}

fn is_black(pitch: i32) -> bool {
    matches!(pitch.rem_euclid(12), 1 | 3 | 6 | 8 | 10)
}

/// Where pitches and times stand on the picture.
struct Frame {
    plot: Area,
    lanes: Area,
    keys: Area,
    range: (i32, i32),
    step: f32,
    /// The first video frame on the left, and how many there are.
    from: f32,
    span: f32,
}

impl Frame {
    fn x(&self, frame: f32) -> f32 {
        let share = (frame - self.from) / self.span;
        self.plot.x + share.clamp(0.0, 1.0) * self.plot.width
    }

    fn y(&self, pitch: i32) -> f32 {
        self.plot.bottom() - (pitch - self.range.0 + 1) as f32 * self.step
    }
}

impl Roll {
    /// Draws the notes around the play head. Calm pictures stand for some seconds and then turn a
    /// page, in place of gliding.
    pub fn draw(&mut self, picture: &mut Picture, area: Area, scene: &Scene, calm: bool) {
        let track = &scene.notes;
        if track.frames() < self.looked {
            *self = Self::default();
        }
        for note in track.notes(self.looked..track.frames()) {
            // Effects sweep over the whole range for a frame or two.
            let is_tone = !note.is_noise && note.frames.1 - note.frames.0 > 2;
            if is_tone && (MOST.0..=MOST.1).contains(&note.pitch) {
                self.range.0 = self.range.0.min(note.pitch - 1);
                self.range.1 = self.range.1.max(note.pitch + 1);
            }
        }
        self.looked = track.frames();

        let now = track.frame_at(scene.position_millis) as f32;
        let span = track.frame_at(BEFORE_MILLIS + BEHIND_MILLIS).max(1) as f32;
        let from = if calm {
            now - now % span
        } else {
            now - track.frame_at(BEFORE_MILLIS) as f32
        };
        let lanes_height = 3.0 * LANE + 4.0;
        let height = (area.height - FOOT - lanes_height).max(1.0);
        let keys = KEYS.min(area.width / 6.0);
        let plot = Area::new(area.x + keys, area.y, area.width - keys, height);
        let frame = Frame {
            plot,
            lanes: Area::new(plot.x, plot.bottom() + 4.0, plot.width, lanes_height - 4.0),
            keys: Area::new(area.x, area.y, keys, height),
            range: self.range,
            step: height / (self.range.1 - self.range.0 + 1) as f32,
            from,
            span,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "frames of a song"
        )]
        let shown = (from.max(0.0) as usize)..((from + span).max(0.0) as usize);
        let notes = track.notes(shown);
        let is_lit = |note: &Note| (note.frames.0 as f32..note.frames.1 as f32).contains(&now);
        draw_ground(picture, &frame, track, area);
        for note in &notes {
            draw_note(picture, &frame, note, is_lit(note), scene);
        }
        let x = frame.x(now);
        let head = Area::new(x - 0.75, plot.y, 1.5, frame.lanes.bottom() - plot.y);
        picture.fill(head, 0.0, Ink::Text, 0.9);
        let lit: Vec<&Note> = notes.iter().filter(|note| is_lit(note)).collect();
        draw_keys(picture, &frame, &lit);
    }
}

fn draw_ground(picture: &mut Picture, frame: &Frame, track: &NoteTrack, area: Area) {
    let (plot, step) = (frame.plot, frame.step);
    let size = size_of_words(area.height);
    picture.fill(plot, 0.0, Ink::Raised, 0.55);
    for pitch in frame.range.0..=frame.range.1 {
        let row = Area::new(plot.x, frame.y(pitch), plot.width, step);
        if is_black(pitch) {
            picture.fill(row, 0.0, Ink::Ground, 0.6);
        }
        if pitch % 12 == 0 {
            let line = Area::new(plot.x, row.bottom() - 0.5, plot.width, 1.0);
            picture.fill(line, 0.0, Ink::Line, 1.0);
        }
    }
    picture.fill(frame.lanes, 0.0, Ink::Raised, 0.55);
    let at = (frame.keys.right() - 6.0, frame.lanes.middle());
    picture.write(t("Noise"), at, size, Ink::Quiet, Align::End, Face::Plain);
    // Seconds of the song.
    let second = (1..4_000).map(|second| (second, track.frame_at(second * 1_000) as f32));
    let shown = second
        .skip_while(|(_, at)| *at < frame.from)
        .take_while(|(_, at)| *at < frame.from + frame.span);
    for (second, at) in shown {
        let x = frame.x(at);
        let line = Area::new(x - 0.5, plot.y, 1.0, frame.lanes.bottom() - plot.y);
        picture.fill(line, 0.0, Ink::Line, 0.8);
        if x < plot.right() - 28.0 {
            let text = format!("{}:{:02}", second / 60, second % 60);
            picture.words(
                text,
                (x + 4.0, area.bottom() - FOOT / 2.0),
                size,
                Ink::Quiet,
            );
        }
    }
}

fn draw_note(picture: &mut Picture, frame: &Frame, note: &Note, is_lit: bool, scene: &Scene) {
    let (left, right) = (frame.x(note.frames.0 as f32), frame.x(note.frames.1 as f32));
    let width = (right - left - 1.0).max(1.5);
    let ink = Ink::Voice(note.voice);
    let is_heard = scene.audible[note.chip.min(2)] >> note.voice & 1 == 1;
    // Further chips play in the same colours, a little fainter.
    let faint = [1.0, 0.78, 0.6][note.chip.min(2)] * if is_heard { 1.0 } else { 0.3 };
    let alpha = faint * if is_lit { 1.0 } else { 0.62 };
    if note.is_noise {
        let top = frame.lanes.y + note.voice as f32 * LANE;
        let bar = Area::new(left, top + 1.0, width, LANE - 2.0);
        picture.fill(bar, 2.0, ink, alpha);
        return;
    }
    let pitch = note.pitch.clamp(frame.range.0, frame.range.1);
    let thick = frame.step.max(3.0);
    let bar = Area::new(left, frame.y(pitch), width, thick - 0.5);
    if is_lit {
        picture.fill(bar.grown(2.5), 4.0, ink, 0.28 * faint);
    }
    picture.fill(bar, (thick / 3.0).min(3.0), ink, alpha);
}

fn draw_keys(picture: &mut Picture, frame: &Frame, lit: &[&Note]) {
    let (keys, step) = (frame.keys, frame.step);
    picture.fill(keys, 0.0, Ink::Ivory, 1.0);
    for pitch in frame.range.0..=frame.range.1 {
        let y = frame.y(pitch);
        if is_black(pitch) {
            let key = Area::new(keys.x, y, keys.width * 0.62, step);
            picture.fill(key, 1.5, Ink::Ebony, 1.0);
        } else if matches!(pitch.rem_euclid(12), 0 | 5) {
            // Two white keys meet below C and F.
            let line = Area::new(keys.x, y + step - 0.5, keys.width, 1.0);
            picture.fill(line, 0.0, Ink::Ebony, 0.35);
        }
    }
    for note in lit.iter().filter(|note| !note.is_noise) {
        let pitch = note.pitch.clamp(frame.range.0, frame.range.1);
        let share = if is_black(pitch) { 0.62 } else { 1.0 };
        let key = Area::new(keys.x, frame.y(pitch), keys.width * share, step);
        picture.fill(key, 1.5, Ink::Voice(note.voice), 1.0);
    }
    if keys.width >= 40.0 {
        for pitch in (frame.range.0..=frame.range.1).filter(|pitch| pitch % 12 == 0) {
            let at = (keys.right() - 3.0, frame.y(pitch) + step / 2.0);
            let size = step.clamp(9.0, 11.0);
            picture.write(
                pitch_name(pitch),
                at,
                size,
                Ink::Ebony,
                Align::End,
                Face::Strong,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::Mark;
    use super::super::testing::{A4, scene_of};
    use super::*;

    /// Bars in the colour of a voice, right of the keys.
    fn bars(picture: &Picture, voice: usize) -> Vec<(Area, f32)> {
        let bar = |mark: &Mark| match mark {
            Mark::Fill {
                area, ink, alpha, ..
            } if *ink == Ink::Voice(voice) && area.x >= KEYS => Some((*area, *alpha)),
            _ => None,
        };
        picture.marks.iter().filter_map(bar).collect()
    }

    const AREA: Area = Area {
        x: 0.0,
        y: 0.0,
        width: 646.0,
        height: 320.0,
    };

    fn draw(position_millis: u32, control: u8, calm: bool) -> Picture {
        // A note from frame 100 to 150, of 500.
        let mut scene = scene_of(500, |frame| {
            let gate = u8::from((100..150).contains(&frame));
            (A4, control | gate)
        });
        scene.position_millis = position_millis;
        let mut picture = Picture::default();
        Roll::default().draw(&mut picture, AREA, &scene, calm);
        picture
    }

    #[test]
    fn a_note_is_left_of_the_head_when_it_was_and_right_when_it_comes() {
        // Of 600 units 6 s: the head is at 2 s. Frame 100 is at 2 s.
        let head = KEYS + 200.0;
        let [(bar, alpha)] = bars(&draw(1_000, 0x20, false), 0)[..] else {
            panic!("there is one note");
        };
        assert!((bar.x - head - 100.0).abs() < 2.0 && alpha < 0.7, "{bar:?}");
        let [_, (bar, alpha)] = bars(&draw(2_500, 0x20, false), 0)[..] else {
            panic!("a note that sounds glows");
        };
        assert!(bar.x < head && bar.right() > head && alpha == 1.0);
        let [(bar, _)] = bars(&draw(3_500, 0x20, false), 0)[..] else {
            panic!("there is one note");
        };
        assert!(bar.right() < head);
    }

    #[test]
    fn a_calm_roll_stands_still() {
        let at = |millis| bars(&draw(millis, 0x20, true), 0)[0].0;
        assert_eq!(at(500), at(1_500));
    }

    #[test]
    fn noise_has_lanes_of_its_own() {
        let tone = bars(&draw(1_000, 0x20, false), 0)[0].0;
        let noise = bars(&draw(1_000, 0x80, false), 0)[0].0;
        assert!(noise.y > tone.bottom() && noise.bottom() < AREA.height - FOOT + 1.0);
    }
}
