//! Wishes to hear a tune: from the gesture until it sounds, fails, or the listener goes on.

use protocol::engine::Request;
use protocol::swarm::{FileId, InfoHash};
use protocol::telemetry::{Engine, Fact, Reason, Start, Success, Warmth};
use sidfile::TuneId;

use super::{Cause, Moment, source};
use crate::event::Effect;
use crate::model::Model;
use crate::score;
use crate::view::State;

/// A tune that is wanted and does not sound yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    start: Start,
    session: u32,
    tune: TuneId,
    /// Where it is to begin.
    from: u32,
    /// When the engine was asked for it last.
    asked: u64,
    /// A swarm is asked for its file, and nothing of it has come.
    is_fetching: bool,
}

impl Model {
    pub(super) fn watch_starts(&mut self, moment: &Moment, facts: &mut Vec<Fact>) {
        let now = self.feel.now;
        let has_passed = moment.cause == Cause::Passed && self.trace_session != moment.session;
        let was_waiting = self.feel.wait.is_some();
        self.end_wait(moment, has_passed, facts);
        let reason = moment.cause.reason();
        if has_passed {
            facts.push(Fact::Prefetch(Warmth::Hit));
            self.note_way(facts);
        } else if self.begins(moment) {
            self.begin_wait(moment, facts);
        } else if self.player.state == State::Error && moment.state != State::Error && !was_waiting
        {
            // It had sounded.
            facts.push(Fact::PlayFailure(reason.unwrap_or(Reason::Other)));
        }
        if !self.is_asked_to_play() {
            self.feel.gesture = None;
        } else if matches!(moment.cause, Cause::Wish(_)) {
            self.feel.gesture.get_or_insert(now);
        }
        self.watch_wait(moment, facts);
    }

    fn begins(&self, moment: &Moment) -> bool {
        let rests = matches!(
            moment.state,
            State::Idle | State::Ready | State::Ended | State::Error
        );
        let is_other = self.trace_session != moment.session;
        match self.player.state {
            State::Loading => is_other || rests,
            // What could not even be looked for.
            State::Error => {
                let is_new = is_other || self.feel.gesture.is_some();
                self.feel.wait.is_none() && is_new && (is_other || moment.state != State::Error)
            }
            _ => false,
        }
    }

    fn begin_wait(&mut self, moment: &Moment, facts: &mut Vec<Fact>) {
        let now = self.feel.now;
        let Some(current) = &self.player.current else {
            return;
        };
        facts.push(Fact::PlayAttempt);
        let next = moment.next.filter(|(next, _)| *next == current.id);
        if let Some((_, is_ready)) = next.filter(|_| self.trace_session != moment.session) {
            let warmth = if is_ready { Warmth::Hit } else { Warmth::Miss };
            facts.push(Fact::Prefetch(warmth));
        }
        let wait = Wait {
            start: Start::new(self.feel.gesture.take().unwrap_or(now)),
            session: self.trace_session,
            tune: current.id,
            from: self.player.position_millis,
            asked: now,
            is_fetching: current.row.remote.is_some(),
        };
        if self.player.state == State::Error {
            fails(wait, moment.cause.reason().unwrap_or(Reason::Other), facts);
        } else {
            self.feel.wait = Some(wait);
        }
    }

    /// Ends a wait that is over without sound.
    fn end_wait(&mut self, moment: &Moment, has_passed: bool, facts: &mut Vec<Fact>) {
        let Some(wait) = self.feel.wait else { return };
        let reason = moment.cause.reason();
        let is_other = self.trace_session != wait.session;
        match self.player.state {
            // The next one is heard, so this one was.
            _ if has_passed => return self.sounded(self.feel.now, facts),
            State::Loading | State::Playing if !is_other => return,
            State::Error => fails(wait, reason.unwrap_or(Reason::Other), facts),
            _ => match reason {
                Some(reason) => fails(wait, reason, facts),
                None => facts.extend(wait.start.ended(None)),
            },
        }
        self.feel.wait = None;
    }

    /// Follows a wait from step to step.
    fn watch_wait(&mut self, moment: &Moment, facts: &mut Vec<Fact>) {
        let now = self.feel.now;
        let has_bytes = self.has_bytes();
        let Some(wait) = &mut self.feel.wait else {
            return;
        };
        for effect in &self.effects {
            match effect {
                Effect::Engine(_, Request::Load { start_millis, .. }) => {
                    (wait.from, wait.asked) = (*start_millis, now);
                }
                Effect::Engine(_, Request::RenderFile { .. }) => {
                    (wait.from, wait.asked) = (self.player.position_millis, now);
                }
                _ => {}
            }
        }
        let tune = wait.tune;
        let first_byte = match moment.cause {
            Cause::Fetched(fetched) if fetched == tune => {
                wait.start.bytes_are_here(now);
                true
            }
            Cause::Files => has_bytes,
            _ => false,
        };
        if first_byte && std::mem::take(&mut wait.is_fetching) {
            let took = now.saturating_sub(wait.asked);
            facts.push(Fact::TorrentFirstByte(Some(took)));
        }
        match moment.cause {
            Cause::Filled(filled) | Cause::Rendered(filled) if filled == tune => {
                wait.start.sound_is_ready(now);
            }
            Cause::Tick(heard) if self.player.state == State::Playing => {
                let (asked, from) = (wait.asked, wait.from);
                if let Some(when) = self.heard_since(asked, from, heard) {
                    self.sounded(when, facts);
                }
            }
            _ => {}
        }
    }

    fn sounded(&mut self, when: u64, facts: &mut Vec<Fact>) {
        let Some(wait) = self.feel.wait.take() else {
            return;
        };
        facts.extend(wait.start.succeeded(when));
        if wait.from > 0 {
            facts.push(Fact::Resume(Success::Success));
        }
        self.note_way(facts);
    }

    /// Notes where the tune that sounds comes from, and what makes its sound.
    fn note_way(&self, facts: &mut Vec<Fact>) {
        if let Some(pick) = self.way_taken() {
            facts.push(Fact::SourceUsed(source(pick.way.source)));
            facts.push(Fact::EngineUsed(match pick.way.engine {
                score::Engine::Ring => Engine::Ring,
                score::Engine::Port => Engine::Port,
                score::Engine::File => Engine::File,
            }));
        }
    }

    /// Something of the current tune's file has come from a swarm.
    fn has_bytes(&self) -> bool {
        let remote = self.player.current.as_ref();
        let remote = remote.and_then(|current| current.row.remote);
        remote.is_some_and(|remote| {
            let id = FileId {
                torrent: InfoHash(remote.info_hash),
                file: remote.file,
            };
            let file = self.remote_file(&id);
            file.is_some_and(|file| file.bytes_completed > 0)
        })
    }
}

fn fails(wait: Wait, reason: Reason, facts: &mut Vec<Fact>) {
    facts.extend(wait.start.ended(Some(reason)));
    if wait.from > 0 {
        facts.push(Fact::Resume(Success::Failed));
    }
    if wait.is_fetching && reason == Reason::NotFetched {
        facts.push(Fact::TorrentFirstByte(None));
    }
}
