//! What the listener feels, noted as facts for the beacon: by the audio clock, and from the gesture.
//!
//! It looks on: it is shown the model before and after each event, and what is to be done about it,
//! and changes nothing. There is no tune, path or hash in a fact.

mod seeks;
mod starts;
mod works;

use protocol::engine::{Event as Said, Failure};
use protocol::library::Storage;
use protocol::swarm::{Event as SwarmSaid, Kept};
use protocol::telemetry::{Buffer, Fact, Network, Reason, Worker};
use protocol::{find, library};
use sidfile::TuneId;

use crate::event::{AudioEvent, Effect, Event, Heard, Intent, SoundMode, Ticket};
use crate::hint::HintState;
use crate::model::{Asked, Model};
use crate::pick::PickedBy;
use crate::score::Source;
use crate::view::State;

use seeks::SeekWatch;
use starts::Wait;
use works::Works;

/// Less than this ahead of the speakers is little: two turns of a busy worker.
const LOW_MILLIS: u32 = 250;
/// A longer pause between ticks is no listening: the device slept.
const LONGEST_TICK_MICROS: u64 = 60_000_000;

/// What is remembered between events. Times are microseconds of the page's steady clock.
#[derive(Debug, Default)]
pub(crate) struct Feel {
    now: u64,
    /// When the listener asked for what the library is still asked about.
    gesture: Option<u64>,
    wait: Option<Wait>,
    seeks: SeekWatch,
    works: Works,
    heard: Heard,
    heard_at: u64,
    /// Listened to, and not told yet.
    listened_micros: u64,
    buffer: Option<Buffer>,
    is_offline: bool,
}

/// What happened, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The listener wants something; whether it looks for something.
    Wish(bool),
    Fetched(TuneId),
    Filled(TuneId),
    Rendered(TuneId),
    Sought(Ticket),
    Passed,
    Meter(u32),
    /// A tune does not play.
    Failed(Reason),
    Died(Worker, Option<Reason>),
    Mode(SoundMode),
    LibraryOpen(Storage),
    Found(Ticket),
    SwarmOpen(Kept),
    Torrents,
    Files,
    Tick(Heard),
    Other,
}

/// The model before an event, and what it is.
pub(crate) struct Moment {
    cause: Cause,
    state: State,
    session: u32,
    /// What comes next, and whether it is ready.
    next: Option<(TuneId, bool)>,
    source: Option<Source>,
    is_kept: bool,
}

fn reason_of(failure: &Failure) -> Reason {
    match failure {
        Failure::Missing => Reason::Missing,
        Failure::NotFetched(_) => Reason::NotFetched,
        Failure::Tune(_) => Reason::Tune,
        Failure::NeedsRoms => Reason::NeedsRoms,
        Failure::Jammed { .. } => Reason::Jammed,
        Failure::State(_) => Reason::Engine,
    }
}

fn cause_of(event: &Event) -> Cause {
    match event {
        Event::Wish(intent) => {
            Cause::Wish(matches!(intent, Intent::SetFilter(_) | Intent::Browse(_)))
        }
        Event::Engine { ticket, event, .. } => match event {
            Said::Fetched { tune } => Cause::Fetched(*tune),
            Said::Filled { tune } => Cause::Filled(*tune),
            Said::FileRendered { tune, .. } => Cause::Rendered(*tune),
            Said::Sought { .. } => Cause::Sought(*ticket),
            Said::Passed { .. } => Cause::Passed,
            Said::Meter { ahead_millis, .. } => Cause::Meter(*ahead_millis),
            Said::Failed { failure, .. } => Cause::Failed(reason_of(failure)),
            _ => Cause::Other,
        },
        Event::Library { ticket, event } => match event {
            library::Event::Opened { storage, .. } => Cause::LibraryOpen(*storage),
            library::Event::Find(find::Event::Hits { .. } | find::Event::Suggestions { .. }) => {
                Cause::Found(*ticket)
            }
            library::Event::Failed { .. } => Cause::Failed(Reason::Library),
            library::Event::Entry { entry: None, .. } => Cause::Failed(Reason::Missing),
            _ => Cause::Other,
        },
        Event::Swarm { event, .. } => match event {
            SwarmSaid::Opened {
                kept,
                elsewhere: false,
            } => Cause::SwarmOpen(*kept),
            SwarmSaid::Torrents { .. } => Cause::Torrents,
            SwarmSaid::Files(_) => Cause::Files,
            _ => Cause::Other,
        },
        Event::Audio(AudioEvent::Failed(_)) => Cause::Failed(Reason::Audio),
        Event::Audio(AudioEvent::ModeChosen(mode)) => Cause::Mode(*mode),
        Event::EngineRestarted { .. } | Event::EngineGone { .. } => {
            Cause::Died(Worker::Engine, Some(Reason::Engine))
        }
        Event::LibraryRestarted { .. } | Event::LibraryGone { .. } => {
            Cause::Died(Worker::Library, Some(Reason::Library))
        }
        Event::SwarmRestarted { .. } | Event::SwarmGone { .. } => Cause::Died(Worker::Swarm, None),
        Event::Tick { heard, .. } => Cause::Tick(*heard),
        _ => Cause::Other,
    }
}

impl Cause {
    /// Why a tune that has just failed did.
    fn reason(self) -> Option<Reason> {
        match self {
            Self::Failed(reason) | Self::Died(_, Some(reason)) => Some(reason),
            _ => None,
        }
    }
}

impl Model {
    /// The time of what happens next, in microseconds of the clock whose milliseconds ticks tell.
    pub fn at_micros(&mut self, now: u64) {
        self.feel.now = self.feel.now.max(now);
    }

    /// Looks at the model before an event.
    pub(crate) fn moment(&mut self, event: &Event) -> Moment {
        match event {
            Event::Tick { now, .. } => self.at_micros(now * 1_000),
            Event::Connection { online, .. } => self.feel.is_offline = !online,
            _ => {}
        }
        let is_ready = matches!(self.hint.state, HintState::Ready | HintState::Joined);
        Moment {
            cause: cause_of(event),
            state: self.player.state,
            session: self.trace_session,
            next: self.hint.tune().map(|tune| (tune.id(), is_ready)),
            source: self.source(),
            is_kept: self.shelf.view.not_kept.is_none(),
        }
    }

    /// Looks at it afterwards, and notes what there is to note.
    pub(crate) fn note_facts(&mut self, moment: &Moment) {
        let mut facts = Vec::new();
        self.watch_seeks(moment, &mut facts);
        self.watch_starts(moment, &mut facts);
        self.watch_works(moment, &mut facts);
        self.watch_sound(moment, &mut facts);
        if let Some(pick) = self.way_taken()
            && let (PickedBy::Fallback, Cause::Tick(_)) = (pick.by, moment.cause)
            && let Some(from) = moment.source.filter(|from| *from != pick.way.source)
        {
            facts.push(Fact::Fallback(source(from), source(pick.way.source)));
        }
        self.effects.extend(facts.into_iter().map(Effect::Fact));
    }

    fn source(&self) -> Option<Source> {
        self.way_taken().map(|pick| pick.way.source)
    }

    /// The listener waits for the library to tell what is to be played.
    fn is_asked_to_play(&self) -> bool {
        let plays = |asked: &Asked| {
            matches!(
                asked,
                Asked::EntryToPlay(_)
                    | Asked::EntryToContinue(..)
                    | Asked::FirstRow
                    | Asked::RemoteToPlay
            )
        };
        self.walk.is_some() || self.asked.iter().any(|(_, asked)| plays(asked))
    }

    /// What comes out of the speakers.
    fn watch_sound(&mut self, moment: &Moment, facts: &mut Vec<Fact>) {
        let is_playing = self.player.state == State::Playing;
        match moment.cause {
            Cause::Tick(heard) => {
                let before = std::mem::replace(&mut self.feel.heard, heard);
                let since = std::mem::replace(&mut self.feel.heard_at, self.feel.now);
                if !is_playing || moment.state != State::Playing {
                    return;
                }
                let missing = heard.underruns.saturating_sub(before.underruns);
                if missing > 0 {
                    facts.push(Fact::Underruns(missing));
                    self.buffer_is(Some(Buffer::Empty), facts);
                }
                if heard.position_millis > before.position_millis {
                    let took = self.feel.now.saturating_sub(since);
                    self.feel.listened_micros += took.min(LONGEST_TICK_MICROS);
                    let seconds = self.feel.listened_micros / 1_000_000;
                    if let Ok(seconds @ 1..) = u32::try_from(seconds) {
                        self.feel.listened_micros %= 1_000_000;
                        let network = if self.feel.is_offline {
                            Network::Offline
                        } else {
                            Network::Online
                        };
                        facts.push(Fact::Listened(network, seconds));
                    }
                }
            }
            Cause::Meter(ahead_millis) if is_playing && self.feel.wait.is_none() => {
                let length = self.player.current.as_ref().map_or(0, |it| it.length());
                let end = self.player.position_millis + ahead_millis + LOW_MILLIS;
                if ahead_millis >= LOW_MILLIS {
                    self.buffer_is(None, facts);
                } else if end < length && self.feel.buffer.is_none() {
                    self.buffer_is(Some(Buffer::Low), facts);
                }
            }
            _ => {}
        }
    }

    /// The sound that waits is little, none, or enough.
    fn buffer_is(&mut self, trouble: Option<Buffer>, facts: &mut Vec<Fact>) {
        let before = std::mem::replace(&mut self.feel.buffer, trouble);
        match trouble {
            _ if before == trouble => {}
            Some(trouble) => facts.push(Fact::Buffer(trouble)),
            None => facts.push(Fact::Buffer(Buffer::Refilled)),
        }
    }

    /// When the sample at `position` of the song was heard, where the audio clock stands at `heard`;
    /// none where it has not been since `asked`: it shows what played before.
    fn heard_since(&self, asked: u64, position: u32, heard: Heard) -> Option<u64> {
        let past = heard.position_millis.checked_sub(position)?;
        if past == 0 {
            return None;
        }
        let speed = u64::from(self.player.tempo.speed_percent.max(1));
        let ago = u64::from(past) * 100_000 / speed;
        self.feel.now.checked_sub(ago).filter(|when| *when >= asked)
    }
}

fn source(source: Source) -> protocol::telemetry::Source {
    use protocol::telemetry::Source as Told;
    match source {
        Source::Memory => Told::Memory,
        Source::Disk => Told::Disk,
        Source::Peers => Told::Peers,
        Source::WebSeed => Told::WebSeed,
        Source::Hardware => Told::Hardware,
        Source::Stream => Told::Stream,
    }
}
