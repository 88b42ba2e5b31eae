//! Speed and pitch: a tune starts as it was made, unless the listener keeps a tempo for all.

use protocol::engine::{Request as EngineRequest, Tempo};

use crate::event::{AudioCommand, Effect, SoundMode};
use crate::language::tf;
use crate::model::Model;
use crate::words;

/// Speeds that the keyboard steps through, in percent.
pub const STEPS: [u16; 9] = [25, 50, 75, 100, 125, 150, 200, 300, 400];

/// Speeds to choose from, in percent.
pub const SPEEDS: [u16; 19] = [
    25, 30, 40, 50, 60, 70, 75, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300, 350, 400,
];

/// The speed `step` places further among [`STEPS`].
#[must_use]
pub fn stepped(speed_percent: u16, step: i32) -> u16 {
    let found = if step < 0 {
        STEPS.iter().rev().find(|&&other| other < speed_percent)
    } else {
        STEPS.iter().find(|&&other| other > speed_percent)
    };
    found.copied().unwrap_or(speed_percent)
}

impl Model {
    pub(crate) fn step_speed(&mut self, step: i32) {
        let old = self.player.tempo;
        self.set_tempo(Tempo {
            speed_percent: stepped(old.speed_percent, step),
            ..old
        });
        let text = tf(
            "Speed {0}",
            &[&words::speed_text(self.player.tempo.speed_percent)],
        );
        self.effects.push(Effect::Announce(text));
    }

    pub(crate) fn set_tempo(&mut self, tempo: Tempo) {
        let tempo = tempo.within_limits();
        let old = std::mem::replace(&mut self.player.tempo, tempo);
        if self.preferences.tempo.is_some() {
            self.preferences.tempo = Some(tempo);
            self.keep();
        }
        if old == tempo {
            return;
        }
        if self.player.mode == Some(SoundMode::File) {
            // The element that plays it does speed, and the file has its pitch.
            self.effects.push(Effect::Audio(AudioCommand::Tempo(tempo)));
            if self.player.loaded && old.semitones != tempo.semitones {
                self.load_again();
            }
        } else if self.player.loaded {
            self.engine(EngineRequest::SetTempo { tempo });
        }
        let media = self.player.media_state();
        if media.is_some() {
            self.effects.push(Effect::MediaSession(media));
        }
    }

    pub(crate) fn keep_tempo(&mut self, keep: bool) {
        self.preferences.tempo = keep.then_some(self.player.tempo);
        self.keep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyboard_steps_from_any_speed() {
        for (from, step, to) in [
            (100, 1, 125),
            (100, -1, 75),
            (110, -1, 100),
            (110, 1, 125),
            (25, -1, 25),
            (400, 1, 400),
        ] {
            assert_eq!(stepped(from, step), to, "{from} {step:+}");
        }
    }
}
