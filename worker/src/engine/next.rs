//! The song after the one that plays: made ready while there is time, and joined to it in the same
//! ring, so that no frame lies between the two.
//!
//! A join is a generation that begins with the frame after the last one of the song before. What
//! comes of it lies ahead of the play head: until its first frame is heard the page speaks of the
//! song before, which is kept, so that a seek or a change can go back to it.

use std::collections::VecDeque;
use std::rc::Rc;

use c64::ScopeBuffer;
use pcm::tempo;
use protocol::engine::{Audible, Event, Overrides, Tempo};
use sidfile::{Md5, TuneId};

use super::{
    CHUNK, Engine, Flow, Level, Outside, Program, Session, Sink, Song, Task, end_frame, frames_of,
    level,
};

/// Sound of the next song that is rendered ahead.
const HEAD_MILLIS: u32 = 2_000;

/// What the page asked for.
pub struct Wish {
    pub id: u32,
    pub tune: TuneId,
    pub end_millis: Option<u32>,
    pub finds_length: bool,
    pub overrides: Overrides,
    pub audible: Audible,
    pub tempo: Tempo,
    pub gain: f32,
    pub crossfade_millis: u32,
    pub joins: bool,
}

/// The next song.
pub enum Ahead {
    /// Its file is on its way.
    Waiting(Wish),
    /// It can be rendered.
    Here {
        wish: Wish,
        song: Box<Song>,
        is_told: bool,
    },
}

/// Sound that was rendered before it was needed, and its scope.
#[derive(Default)]
pub struct Head {
    blocks: VecDeque<(Vec<f32>, ScopeBuffer)>,
    /// Samples of the first block that were taken.
    taken: usize,
}

impl Head {
    fn push(&mut self, samples: &[f32], levels: ScopeBuffer) {
        self.blocks.push_back((samples.to_vec(), levels));
    }

    /// Takes up to `out.len() / 2` frames; `None` where nothing is left. Levels are handed on with
    /// the first frame of their block.
    pub fn take(&mut self, out: &mut [f32], levels: impl FnOnce(&ScopeBuffer)) -> Option<u32> {
        let (samples, scope) = self.blocks.front()?;
        if self.taken == 0 {
            levels(scope);
        }
        let rest = &samples[self.taken..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        if self.taken == samples.len() {
            self.blocks.pop_front();
            self.taken = 0;
        }
        u32::try_from(count / 2).ok()
    }

    /// Forgets all of it: the song goes on from another place.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    fn frames(&self) -> usize {
        self.blocks
            .iter()
            .map(|(samples, _)| samples.len() / 2)
            .sum()
    }
}

/// The song before.
pub struct Tail {
    song: Box<Song>,
    /// The request that made the present one ready.
    id: u32,
    /// Generation of the present song.
    generation: u32,
    /// The present song is heard.
    is_passed: bool,
    /// Frames of the crossfade, and how many of them are rendered.
    total: u32,
    done: u32,
    chunk: Vec<f32>,
}

impl Tail {
    /// Lets it fade into `samples` of the present song, as loud throughout.
    pub fn mix(&mut self, samples: &mut [f32], rate: u32) {
        if self.done >= self.total {
            return;
        }
        self.chunk.resize(samples.len(), 0.0);
        self.chunk.fill(0.0);
        let Song {
            session,
            head,
            flow,
            level,
            ..
        } = &mut *self.song;
        let mut filled = 0;
        while filled < self.chunk.len() {
            let count = flow.fill(&mut self.chunk[filled..], |out| {
                head.take(out, |_| ())
                    .unwrap_or_else(|| session.render(out, None))
            });
            if count == 0 {
                break;
            }
            filled += 2 * count as usize;
        }
        level.apply(&mut self.chunk, rate);
        let old = self.chunk.as_chunks::<2>().0;
        for (new, old) in samples.as_chunks_mut::<2>().0.iter_mut().zip(old) {
            if self.done >= self.total {
                break;
            }
            // Two songs have nothing in common: their powers add up.
            let [fading, rising] = tempo::fade(self.done as f32 / self.total as f32, 0.0);
            for (new, old) in new.iter_mut().zip(old) {
                *new = old * fading + *new * rising;
            }
            self.done += 1;
        }
    }
}

impl Song {
    /// Whether all of it has been put out.
    pub fn is_over(&self) -> bool {
        self.head.is_empty() && self.flow.is_over(&self.session)
    }

    /// Frames of output that are left of it, where it has an end.
    fn left(&self) -> Option<u32> {
        let left = self.session.end()?.saturating_sub(self.session.at());
        let in_head = u32::try_from(self.head.frames()).unwrap_or(u32::MAX);
        Some(self.out_of(left.saturating_add(in_head)))
    }

    /// Frames of output that are as long as frames of the song.
    fn out_of(&self, frames: u32) -> u32 {
        let out = u64::from(frames) * u64::from(tempo::ONE) / u64::from(self.flow.step().max(1));
        u32::try_from(out).unwrap_or(u32::MAX)
    }
}

impl<S: Sink, O: Outside> Engine<S, O> {
    pub(super) fn forget_next(&mut self) {
        self.ahead = None;
        self.tail = None;
    }

    /// How loud the song is that the page speaks of.
    pub(super) fn set_level(&mut self, thousandths: u32) {
        self.gain = level::gain_of(thousandths);
        let before = self.tail.as_mut().filter(|tail| !tail.is_passed);
        let song = before.map(|tail| &mut *tail.song).or(self.song.as_mut());
        if let Some(song) = song {
            song.level.go_to(self.gain);
        }
    }

    /// Whether the present song follows another that is still heard alone.
    pub(super) fn is_joined(&self) -> bool {
        self.tail.as_ref().is_some_and(|tail| !tail.is_passed)
    }

    pub(super) fn prepare(&mut self, wish: Wish) {
        self.unprepare();
        let md5 = wish.tune.md5;
        let known = self.programs.iter().find(|(known, _)| *known == md5);
        match known.map(|(_, program)| Rc::clone(program)) {
            Some(program) => self.make_next(wish, program),
            None => {
                self.ahead = Some(Ahead::Waiting(wish));
                self.outside.ask_for(md5);
            }
        }
    }

    pub(super) fn unprepare(&mut self) {
        self.ahead = None;
        if self.is_joined() {
            self.part();
            // The reader must not come to what was joined.
            self.change(|_| ());
        }
    }

    /// What waits for that file.
    pub(super) fn take_wish(&mut self, md5: Md5) -> Option<Wish> {
        let waits =
            |ahead: &mut Ahead| matches!(ahead, Ahead::Waiting(wish) if wish.tune.md5 == md5);
        match self.ahead.take_if(waits)? {
            Ahead::Waiting(wish) => Some(wish),
            Ahead::Here { .. } => None,
        }
    }

    pub(super) fn make_next(&mut self, wish: Wish, source: Rc<Program>) {
        let overrides = self.settle(wish.overrides, &source, wish.tempo);
        let song = wish.tune.song;
        let end = wish.end_millis;
        let made = Session::new(&source, song, self.rate, end, overrides, wish.audible);
        let mut session = match made {
            Ok(session) => session,
            Err(failure) => return self.fail(wish.id, wish.tune, failure),
        };
        session.keep_moments();
        let song = Song {
            id: wish.tune,
            source,
            end_millis: end,
            finds_length: wish.finds_length,
            asked: wish.overrides,
            overrides,
            audible: wish.audible,
            tempo: wish.tempo,
            session,
            head: Head::default(),
            flow: Flow::new(self.rate, wish.tempo),
            level: Level::at(wish.gain),
            scout: None,
            task: Task::Playing,
            is_end_told: false,
            is_silence_told: false,
        };
        self.ahead = Some(Ahead::Here {
            wish,
            song: Box::new(song),
            is_told: false,
        });
    }

    /// Renders a little of the next song; false where nothing is left to do.
    pub(super) fn work_on_next(&mut self) -> bool {
        let Some(Ahead::Here {
            wish,
            song,
            is_told,
        }) = &mut self.ahead
        else {
            return false;
        };
        if *is_told {
            return false;
        }
        let tune = wish.tune;
        if let Some(failure) = song.session.failure() {
            let id = wish.id;
            self.ahead = None;
            self.fail(id, tune, failure);
            return true;
        }
        let wanted = frames_of(HEAD_MILLIS, self.rate) as usize;
        if song.head.frames() < wanted && !song.session.is_over() {
            let mut levels = ScopeBuffer::default();
            let count = song.session.render(&mut self.chunk, Some(&mut levels));
            song.head.push(&self.chunk[..2 * count as usize], levels);
            return true;
        }
        *is_told = true;
        let playing = song.session.playing();
        let (id, event) = (wish.id, Event::Prepared { tune, playing });
        self.outside.tell(id, &event, None);
        true
    }

    /// Frames that the present song and the next one sound together.
    fn crossfade(&self) -> u32 {
        let (
            Some(Ahead::Here {
                wish, song: next, ..
            }),
            Some(song),
        ) = (&self.ahead, &self.song)
        else {
            return 0;
        };
        // A short song is not only a way from one to another.
        let half = |song: &Song| song.out_of(end_frame(&song.session)) / 2;
        frames_of(wish.crossfade_millis, self.rate)
            .min(half(song))
            .min(half(next))
    }

    /// Whether the next song is to follow now in what is rendered.
    pub(super) fn is_due_to_join(&self) -> bool {
        let (Some(Ahead::Here { wish, is_told, .. }), Some(song), Some(sink)) =
            (&self.ahead, &self.song, &self.sink)
        else {
            return false;
        };
        let is_free = self.tail.is_none() && sink.reader().seen == self.writer.current().number;
        wish.joins
            && *is_told
            && is_free
            && !song.is_end_told
            && (song.is_over() || song.left().is_some_and(|left| left <= self.crossfade()))
    }

    /// Goes over to the next song in what is rendered.
    pub(super) fn join(&mut self) {
        let total = match &self.song {
            Some(song) if !song.is_over() => self.crossfade().min(song.left().unwrap_or(0)),
            _ => 0,
        };
        let (
            Some(Ahead::Here {
                wish, song: next, ..
            }),
            Some(sink),
        ) = (self.ahead.take(), &mut self.sink)
        else {
            return;
        };
        let (step, seen) = (next.flow.step(), sink.reader().seen);
        let at = self.writer.write();
        let opened = self.writer.open(0, step, Some(at), seen);
        sink.next_song();
        self.tail = self.song.replace(*next).map(|song| Tail {
            song: Box::new(song),
            id: wish.id,
            generation: opened.number,
            is_passed: false,
            total,
            done: 0,
            chunk: Vec::new(),
        });
        self.render(CHUNK / 2, Some(opened));
        self.outside
            .tell(wish.id, &Event::Joined { tune: wish.tune }, None);
    }

    /// Looks whether the present song is heard, and tells it once.
    pub(super) fn notice_pass(&mut self) {
        let (Some(tail), Some(song), Some(sink)) = (&mut self.tail, &mut self.song, &self.sink)
        else {
            return;
        };
        if !tail.is_passed && sink.reader().seen == tail.generation {
            tail.is_passed = true;
            // From here on it is the song of all requests.
            song.send_scout(self.rate);
            self.gain = song.level.target();
            self.outside
                .tell(tail.id, &Event::Passed { tune: song.id }, None);
        }
        if tail.is_passed && tail.done >= tail.total {
            self.tail = None;
        }
    }

    /// Goes back to the song before, where the present one is not heard yet.
    pub(super) fn part(&mut self) {
        let Some(tail) = self.tail.take_if(|tail| !tail.is_passed) else {
            return;
        };
        self.writer.revoke();
        let next = self.song.replace(*tail.song);
        if let Some(next) = next {
            self.outside
                .tell(tail.id, &Event::Parted { tune: next.id }, None);
        }
    }
}
