//! The notes of a tune on a roll: what was, what is, and what comes.

use leptos::html;
use leptos::prelude::*;
use listening::language::t;
use listening::notes::{NoteTrack, pitch_name};
use listening::{SoundMode, State};

use crate::core::{Core, use_core};
use crate::shell::canvas::Frames;
use crate::shell::roll::{Bar, Picture, Roll};

/// Time before and behind the play head that is shown.
const BEFORE_MILLIS: u32 = 2_000;
const BEHIND_MILLIS: u32 = 4_000;
/// Pitches that are shown at least: C-2 to C-6.
const LEAST: (i32, i32) = (36, 84);
/// Pitches that are shown at most: a SID's range, and no effects.
const MOST: (i32, i32) = (12, 119);

/// The picture at a place of the song. `range` are the pitches shown so far, which only grow.
fn picture(track: &NoteTrack, position_millis: u32, range: &mut (i32, i32)) -> Picture {
    let from = track.frame_at(position_millis.saturating_sub(BEFORE_MILLIS));
    let to = track.frame_at(position_millis.saturating_add(BEHIND_MILLIS));
    let now = track.frame_at(position_millis);
    let span = track.frame_at(BEFORE_MILLIS + BEHIND_MILLIS).max(1);
    #[expect(clippy::cast_precision_loss, reason = "frames of a song")]
    let share = {
        // The first seconds of a song have nothing before them: the play head stays where it is.
        let head = track.frame_at(BEFORE_MILLIS) as f64;
        move |frame: usize| (frame as f64 - now as f64 + head) / span as f64
    };
    let notes = track.notes(from..to);
    for note in notes.iter().filter(|note| !note.is_noise) {
        let pitch = note.pitch.clamp(MOST.0, MOST.1);
        *range = (range.0.min(pitch - 1), range.1.max(pitch + 1));
    }
    let bars = notes.iter().map(|note| Bar {
        left: share(note.frames.0),
        right: share(note.frames.1),
        pitch: note.pitch.clamp(range.0, range.1),
        colour: note.voice,
        lit: (note.frames.0..note.frames.1).contains(&now),
        faint: note.is_noise,
    });
    let octaves = (range.0..=range.1).filter(|pitch| pitch % 12 == 0);
    Picture {
        bars: bars.collect(),
        pitches: *range,
        head: share(now),
        octaves: octaves.map(|pitch| (pitch, pitch_name(pitch))).collect(),
    }
}

struct Screen {
    core: Core,
    canvas: NodeRef<html::Canvas>,
    roll: Option<Roll>,
    range: (i32, i32),
}

impl Screen {
    fn draw(&mut self) {
        if self.roll.is_none() {
            self.roll = self.canvas.get_untracked().and_then(Roll::on);
        }
        let Some(roll) = &mut self.roll else { return };
        let position = self.core.heard_millis();
        let range = &mut self.range;
        let picture = self
            .core
            .with_notes(|track| picture(track, position, range));
        roll.draw(&picture);
    }
}

/// A piano roll of the current tune.
#[component]
pub fn PianoRoll() -> impl IntoView {
    let core = use_core();
    let canvas = NodeRef::<html::Canvas>::new();
    let playing = Memo::new(move |_| core.player.with(|player| player.state == State::Playing));
    let id = Memo::new(move |_| {
        core.player
            .with(|player| player.tune.as_ref().map(|tune| tune.id))
    });
    let rendered = Memo::new(move |_| {
        core.player
            .with(|player| player.mode == Some(SoundMode::File))
    });
    let frames = StoredValue::new_local(None::<Frames>);
    Effect::new(move |_| {
        // Another song begins with the pitches that most have.
        id.track();
        let mut screen = Screen {
            core,
            canvas,
            roll: None,
            range: LEAST,
        };
        // What stands still is drawn as well: the roll shows the notes while the tune is paused.
        let is_moving = playing.get();
        let mut count = 0u32;
        frames.set_value(Some(Frames::start(move || {
            count += 1;
            let often = if is_moving { 2 } else { 15 };
            if count.is_multiple_of(often) {
                screen.draw();
            }
        })));
    });
    on_cleanup(move || frames.set_value(None));
    view! {
        <section class="scopes roll" aria-label=t("Piano roll")>
            <header class="scopes-head">
                <h2>{t("Piano roll")}</h2>
                <p class="roll-key" aria-hidden="true">
                    <span class="voice-1">{t("Voice 1")}</span>
                    <span class="voice-2">{t("Voice 2")}</span>
                    <span class="voice-3">{t("Voice 3")}</span>
                </p>
            </header>
            <Show when=move || rendered.get()>
                <p class="quiet">{t("The piano roll needs sound that is made while it plays; here it is rendered first.")}</p>
            </Show>
            <canvas node_ref=canvas class="roll-canvas" aria-hidden="true"></canvas>
        </section>
    }
}
