//! What comes of the engine's reports: a length that was found, how loud the song is to be, and that
//! it has begun.

use protocol::engine::{self, Request as EngineRequest};
use protocol::library::Request as LibraryRequest;

use crate::event::{AudioCommand, Effect, SoundMode};
use crate::model::Model;
use crate::trace::Step;
use crate::view::State;

impl Model {
    pub(crate) fn scout_says(&mut self, report: engine::Scouted) {
        if let Some(machine) = &mut self.player.machine {
            machine.play_rate_millihertz = report.play_rate_millihertz;
        }
        let gain = self.player.scouted.gain;
        let found = self.player.scouted.take(report);
        if self.player.scouted.gain.to_bits() != gain.to_bits() {
            self.send_level();
        }
        let Some(found) = found else { return };
        if let Some(current) = &mut self.player.current
            && current.known_length().is_none()
        {
            current.found = Some(found);
            let tune = current.id;
            let keep = LibraryRequest::KeepLength {
                tune,
                length: found,
            };
            let ticket = self.ticket();
            self.effects.push(Effect::Library(ticket, keep));
            self.engine(EngineRequest::SetEnd {
                end_millis: found.millis,
            });
        }
    }

    /// Tells the audio how loud the current song is to be played.
    pub(crate) fn send_level(&mut self) {
        let Some(current) = &self.player.current else {
            return;
        };
        let gain_thousandths = self.gain_of(current.id);
        match self.player.mode {
            None => {}
            Some(SoundMode::File) => {
                let level = gain_thousandths as f32 / 1_000.0;
                self.effects.push(Effect::Audio(AudioCommand::Level(level)));
            }
            // The engine does it, so that two tunes that sound together have each their own.
            Some(SoundMode::Ring | SoundMode::Port) => {
                let ticket = self.ticket();
                let request = EngineRequest::SetLevel { gain_thousandths };
                self.effects.push(Effect::Engine(ticket, request));
            }
        }
    }

    /// Sound is here: where it is the first of the song, it begins.
    pub(crate) fn may_have_begun(&mut self) {
        self.way_has_served();
        self.end_step(Step::Fetch, Vec::new());
        self.begin(Step::Render, Vec::new());
        if self.player.state == State::Playing && !self.player.is_begun {
            self.player.is_begun = true;
        }
    }
}
