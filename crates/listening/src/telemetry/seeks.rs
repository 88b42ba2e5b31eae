//! Seeks: from the gesture until the audio clock has followed.

use protocol::engine::Request;
use protocol::telemetry::{Fact, SeekMode, Seeks, Worker};

use super::{Cause, Moment};
use crate::event::{AudioCommand, Effect};
use crate::model::Model;
use crate::view::State;

/// Seeks in rendered files, which have no ticket, are counted from here.
const OF_FILES: u64 = 1 << 32;

#[derive(Debug, Default)]
pub(super) struct SeekWatch {
    open: Seeks,
    /// The last one.
    last: Option<Last>,
    files: u64,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    id: u64,
    target: u32,
    began: u64,
    /// The engine is there, or needs not be asked.
    is_there: bool,
}

impl Model {
    pub(super) fn watch_seeks(&mut self, moment: &Moment, facts: &mut Vec<Fact>) {
        let now = self.feel.now;
        let is_other = self.trace_session != moment.session;
        let engine_died = matches!(
            moment.cause,
            Cause::Died(Worker::Engine | Worker::Library, _)
        );
        if engine_died || self.player.state == State::Error {
            self.feel.seeks.last = None;
            facts.extend(self.feel.seeks.open.fail(now));
        } else if is_other || !self.player.loaded {
            self.feel.seeks.last = None;
            facts.extend(self.feel.seeks.open.abandon(now));
        }
        let ahead = self.player.scouted.overview.to_millis;
        for effect in &self.effects {
            let (id, target, is_there) = match effect {
                Effect::Engine(ticket, Request::Seek { millis }) => {
                    (u64::from(*ticket), *millis, false)
                }
                Effect::Audio(AudioCommand::SeekFile(millis)) => {
                    self.feel.seeks.files += 1;
                    (OF_FILES + self.feel.seeks.files, *millis, true)
                }
                _ => continue,
            };
            let mode = if is_there || target <= ahead {
                SeekMode::Ahead
            } else {
                SeekMode::Beyond
            };
            facts.extend(self.feel.seeks.open.begin(id, mode, now));
            self.feel.seeks.last = Some(Last {
                id,
                target,
                began: now,
                is_there,
            });
        }
        let Some(last) = &mut self.feel.seeks.last else {
            return;
        };
        match moment.cause {
            Cause::Sought(ticket) if u64::from(ticket) == last.id => last.is_there = true,
            Cause::Tick(_) => {}
            _ => return,
        }
        let last = *last;
        let arrived = match moment.cause {
            Cause::Tick(heard) if self.player.state == State::Playing => {
                self.heard_since(last.began, last.target, heard)
            }
            // Nothing is to be heard where it goes to; a file is just there.
            _ if self.player.state == State::Paused => Some(now),
            _ => None,
        };
        if let Some(when) = arrived.filter(|_| last.is_there) {
            self.feel.seeks.last = None;
            facts.extend(self.feel.seeks.open.end(last.id, true, when));
        }
    }
}
