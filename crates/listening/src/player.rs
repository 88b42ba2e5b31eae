//! The playback facade: one tune plays, whatever makes its sound.

use std::sync::Arc;

use catalog::{Entry, Row};
use protocol::engine::{ALL_AUDIBLE, Audible, FoundLength, MAX_CHIPS, Playing, Request, Tempo};
use sidfile::TuneId;

use crate::event::{AudioCommand, Effect, Heard, MediaState, SoundMode, Ticket, UNASKED};
use crate::preferences::{Place, Preferences};
use crate::scouted::Scouted;
use crate::view::State;
use crate::words;

/// A seek shows its target for this long at most after the engine says that it is there.
const SETTLE_MILLIS: u64 = 600;
/// Distance at which the audio clock has followed a seek.
const NEAR_MILLIS: u32 = 1_500;
/// Crashes of the engine with one tune after which it is not tried again.
const MOST_CRASHES: u32 = 3;

/// What is chosen.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub id: TuneId,
    pub row: Arc<Row>,
    pub entry: Option<Arc<Entry>>,
    /// Length that the engine found by listening.
    pub found: Option<FoundLength>,
}

impl Current {
    pub fn known_length(&self) -> Option<u32> {
        match &self.entry {
            Some(entry) => entry.length_millis(self.id.song),
            None if self.id.song == self.row.start_song => self.row.length_millis,
            None => None,
        }
    }

    /// Songs of the file.
    pub fn songs(&self) -> u16 {
        self.entry
            .as_ref()
            .map_or(self.row.songs, |entry| entry.songs())
    }

    pub fn length(&self) -> u32 {
        self.known_length()
            .or(self.found.map(|found| found.millis))
            .filter(|&millis| millis > 0)
            .unwrap_or(words::UNKNOWN_LENGTH_MILLIS)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Player {
    pub state: State,
    pub current: Option<Current>,
    pub mode: Option<SoundMode>,
    /// Why there will be no sound at all.
    pub no_sound: Option<String>,
    /// Why the engine is not started again by itself.
    pub gone: Option<String>,
    pub position_millis: u32,
    /// Where a seek goes, until the audio clock has followed; the time is set when the engine
    /// says that it is there.
    hold: Option<(u32, Option<u64>)>,
    pub seeking: bool,
    /// Tickets of requests that concern what is loaded; answers to others are stale.
    live: Vec<Ticket>,
    /// The engine has been asked for the current tune.
    pub loaded: bool,
    /// It has sounded since it was chosen.
    pub is_begun: bool,
    /// The listener wants to hear it.
    pub wants_sound: bool,
    /// The current tune followed another by itself.
    pub automatic: bool,
    /// Tunes in a row that failed by themselves.
    pub failures: u32,
    crashes: u32,
    interrupted: bool,
    pub machine: Option<Playing>,
    pub audible: Audible,
    /// Chip of a link that was followed; it holds for its file.
    pub chip: Option<protocol::engine::Model>,
    pub tempo: Tempo,
    pub error: Option<String>,
    pub silent_millis: Option<u32>,
    /// How much of a file is rendered.
    pub rendered_millis: Option<u32>,
    file: Option<String>,
    pub ahead_millis: u32,
    /// What the engine found by running ahead.
    pub scouted: Scouted,
    pub speed_percent: Option<u32>,
    underruns: u32,
    /// Times that sound was missing in this tune.
    pub stutters: u32,
}

pub(crate) const ALL_VOICES: Audible = [ALL_AUDIBLE; MAX_CHIPS];

impl Player {
    /// Nothing is chosen, all voices are heard.
    pub fn new() -> Self {
        Self {
            audible: ALL_VOICES,
            ..Self::default()
        }
    }

    /// Chooses a song; nothing sounds yet. Another file starts at `usual_tempo`.
    pub fn choose(&mut self, mut current: Current, position_millis: u32, usual_tempo: Tempo) {
        self.scouted.begin(current.id);
        current.found = self.scouted.length(current.id);
        self.position_millis = position_millis.min(current.length());
        let same_file = self
            .current
            .as_ref()
            .is_some_and(|old| old.id.md5 == current.id.md5);
        if !same_file {
            self.audible = ALL_VOICES;
            self.chip = None;
            self.tempo = usual_tempo;
        }
        self.current = Some(current);
        self.is_begun = false;
        self.state = State::Ready;
        self.loaded = false;
        self.live.clear();
        self.hold = None;
        self.seeking = false;
        self.error = None;
        self.silent_millis = None;
        self.rendered_millis = None;
        self.machine = None;
        self.ahead_millis = 0;
        self.speed_percent = None;
        self.stutters = 0;
        self.crashes = 0;
        self.interrupted = false;
    }

    /// Lengths that were found on earlier visits.
    pub fn lengths_are_here(&mut self, lengths: Vec<(TuneId, FoundLength)>) {
        self.scouted.know(lengths);
        if let Some(current) = &mut self.current
            && current.found.is_none()
        {
            current.found = self.scouted.length(current.id);
        }
    }

    /// Asks for the sound of the current song from where it stands. Waits where it is not known
    /// yet how sound is made.
    pub fn load(&mut self, preferences: &Preferences, ticket: Ticket, effects: &mut Vec<Effect>) {
        let Some(current) = &self.current else { return };
        self.state = State::Loading;
        self.error = None;
        self.wants_sound = true;
        self.live.clear();
        self.hold = None;
        self.seeking = false;
        self.loaded = false;
        self.silent_millis = None;
        let (tune, length_millis) = (current.id, current.length());
        if self.position_millis + 250 >= length_millis {
            self.position_millis = 0;
        }
        let (mut overrides, audible) = (preferences.overrides, self.audible);
        overrides.model = self.chip.or(overrides.model);
        let request = match self.mode {
            None => {
                if let Some(reason) = self.no_sound.clone() {
                    self.fail(reason, ticket, effects);
                }
                return;
            }
            Some(SoundMode::File) => {
                self.forget_file(effects);
                self.rendered_millis = Some(0);
                Request::RenderFile {
                    tune,
                    length_millis,
                    overrides,
                    audible,
                    semitones: self.tempo.semitones,
                }
            }
            Some(SoundMode::Ring | SoundMode::Port) => Request::Load {
                tune,
                start_millis: self.position_millis,
                end_millis: Some(length_millis),
                finds_length: current.known_length().is_none() && current.found.is_none(),
                overrides,
                audible,
                tempo: self.tempo,
            },
        };
        self.loaded = true;
        self.hold = Some((self.position_millis, None));
        self.live.push(ticket);
        effects.push(Effect::Engine(ticket, request));
    }

    /// The song goes over into another, whose sound is in the ring already.
    pub fn go_on(&mut self, next: Current, machine: Playing, ticket: Ticket, usual_tempo: Tempo) {
        let (state, underruns) = (self.state, self.stutters);
        self.choose(next, 0, usual_tempo);
        self.state = state;
        self.stutters = underruns;
        self.loaded = true;
        self.live.push(ticket);
        self.machine = Some(machine);
        self.failures = 0;
    }

    fn forget_file(&mut self, effects: &mut Vec<Effect>) {
        if let Some(file) = self.file.take() {
            effects.push(Effect::Audio(AudioCommand::Pause));
            effects.push(Effect::ForgetFile(file));
        }
    }

    /// The engine's answer concerns what is loaded now.
    pub fn concerns(&self, ticket: Ticket, tune: Option<TuneId>) -> bool {
        let same = match (tune, &self.current) {
            (Some(tune), Some(current)) => tune == current.id,
            (None, _) => true,
            (Some(_), None) => false,
        };
        self.loaded && same && (ticket == UNASKED || self.live.contains(&ticket))
    }

    /// Answers to a request that goes out beside the load.
    pub fn also(&mut self, ticket: Ticket) {
        if self.live.len() > 64 {
            self.live.drain(1..32);
        }
        self.live.push(ticket);
    }

    pub fn sound_is_here(&mut self, machine: Playing, now: u64, effects: &mut Vec<Effect>) {
        self.machine = Some(machine);
        self.rendered_millis = None;
        self.failures = 0;
        if let Some((_, settled)) = &mut self.hold {
            *settled = Some(now);
        }
        if self.state != State::Loading {
            return;
        }
        if self.wants_sound {
            self.state = State::Playing;
            effects.push(Effect::Audio(AudioCommand::Play));
        } else {
            self.state = State::Paused;
            effects.push(Effect::Audio(AudioCommand::Pause));
        }
    }

    /// A rendered file is ready.
    pub fn file_is_here(
        &mut self,
        file: String,
        machine: Playing,
        now: u64,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Audio(AudioCommand::Tempo(self.tempo)));
        effects.push(Effect::Audio(AudioCommand::PlayFile {
            url: file.clone(),
            start_millis: self.position_millis,
        }));
        self.file = Some(file);
        self.sound_is_here(machine, now, effects);
    }

    pub fn pause(&mut self, effects: &mut Vec<Effect>) {
        self.wants_sound = false;
        self.interrupted = false;
        match self.state {
            State::Playing => {
                self.state = State::Paused;
                effects.push(Effect::Audio(AudioCommand::Pause));
            }
            // What is on its way is held when it is here; without a mode nothing is on its way.
            State::Loading if !self.loaded => self.state = State::Ready,
            _ => {}
        }
    }

    pub fn resume(&mut self, effects: &mut Vec<Effect>) {
        self.wants_sound = true;
        if self.state == State::Paused {
            self.state = State::Playing;
            effects.push(Effect::Audio(AudioCommand::Play));
        }
    }

    /// Ends sound and goes to the start.
    pub fn stop(&mut self, ticket: Ticket, state: State, effects: &mut Vec<Effect>) {
        if self.current.is_none() {
            return;
        }
        effects.push(Effect::Audio(AudioCommand::Pause));
        if self.loaded {
            effects.push(Effect::Engine(ticket, Request::Unload));
        }
        self.forget_file(effects);
        self.loaded = false;
        self.live.clear();
        self.hold = None;
        self.seeking = false;
        self.wants_sound = false;
        self.rendered_millis = None;
        self.ahead_millis = 0;
        self.position_millis = 0;
        self.error = None;
        self.state = state;
    }

    pub fn fail(&mut self, reason: String, ticket: Ticket, effects: &mut Vec<Effect>) {
        if self.current.is_none() {
            return;
        }
        let position = self.position_millis;
        self.stop(ticket, State::Error, effects);
        self.position_millis = position;
        self.error = Some(words::sentence(&reason));
    }

    pub fn seek(&mut self, target: u32, ticket: Ticket, effects: &mut Vec<Effect>) {
        let Some(current) = &self.current else { return };
        let target = target.min(current.length());
        self.position_millis = target;
        match self.state {
            State::Loading | State::Playing | State::Paused if self.loaded => {
                if self.mode == Some(SoundMode::File) {
                    if self.file.is_some() {
                        self.hold = Some((target, None));
                        effects.push(Effect::Audio(AudioCommand::SeekFile(target)));
                    }
                } else {
                    self.hold = Some((target, None));
                    self.seeking = true;
                    self.also(ticket);
                    effects.push(Effect::Engine(ticket, Request::Seek { millis: target }));
                }
            }
            State::Ended => self.state = State::Ready,
            _ => {}
        }
    }

    pub fn sought(&mut self, now: u64) {
        self.seeking = false;
        if let Some((_, settled)) = &mut self.hold {
            *settled = Some(now);
        }
    }

    /// A seek is on its way; an end that was reported meanwhile is of the time before it.
    pub fn is_moving(&self) -> bool {
        self.seeking
    }

    /// Time goes by. Where the next song `is_joined`, a place before the present one is its own:
    /// the engine is about to say so.
    pub fn tick(&mut self, now: u64, heard: Heard, is_joined: bool) {
        let missing = heard.underruns.saturating_sub(self.underruns);
        self.underruns = heard.underruns;
        if self.state != State::Playing {
            return;
        }
        self.stutters += missing;
        let Some(current) = &self.current else { return };
        if let Some((target, settled)) = self.hold {
            let near = heard.position_millis.abs_diff(target) < NEAR_MILLIS;
            let waited = |since: u64| now.saturating_sub(since) > SETTLE_MILLIS;
            let file = self.mode == Some(SoundMode::File);
            match settled {
                Some(since) if near || waited(since) => self.hold = None,
                None if file && near => self.hold = None,
                _ => return,
            }
        }
        let is_of_next = is_joined && heard.position_millis < self.position_millis;
        if !is_of_next {
            self.position_millis = heard.position_millis.min(current.length());
        }
    }

    pub fn interrupted(&mut self) {
        if self.state == State::Playing {
            self.state = State::Paused;
            self.interrupted = true;
        }
    }

    /// The system gave the sound back that it had taken.
    pub fn uninterrupted(&mut self, effects: &mut Vec<Effect>) {
        if std::mem::take(&mut self.interrupted) {
            self.resume(effects);
        }
    }

    /// The engine died: whether it was to play, and then whether it should be tried again.
    pub fn engine_died(&mut self) -> Option<bool> {
        self.live.clear();
        std::mem::take(&mut self.loaded).then(|| {
            self.crashes += 1;
            self.crashes < MOST_CRASHES
        })
    }

    pub fn media_state(&self) -> Option<MediaState> {
        let current = self.current.as_ref()?;
        Some(MediaState {
            title: words::title_text(&current.row.title).to_owned(),
            artist: words::author_text(&current.row.author).to_owned(),
            album: current.row.released.clone(),
            playing: matches!(self.state, State::Playing | State::Loading),
            length_millis: current.length(),
            position_millis: self.position_millis,
            speed_percent: self.tempo.speed_percent,
        })
    }

    pub fn place(&self) -> Option<Place> {
        self.current.as_ref().map(|current| Place {
            tune: current.id,
            position_millis: self.position_millis,
        })
    }
}
