//! The engine: requests in, sound out. It renders ahead of the play head into a ring, in slices
//! short enough that a request is never kept waiting.

mod changes;
mod export;
mod level;
mod measure;
mod next;
mod outside;
mod program;
mod scout;
mod session;
mod tempo;
#[cfg(test)]
mod tests;
mod work;

use std::collections::VecDeque;
use std::rc::Rc;

use c64::ScopeBuffer;
use pcm::Tags;
use pcm::wav::Wav;
use protocol::EVENT;
use protocol::engine::{
    ALL_AUDIBLE, Audible, Event, Failure, Grade, MAX_CHIPS, Output, Overrides, Request, Tempo,
};
use protocol::library::Rom;
use ring::pcm::Writer;
use sidfile::{Md5, TuneId};

use export::{Export, Plan};
use level::Level;
pub use measure::chip_speed;
use next::{Ahead, Head, Tail};
pub use outside::{Outside, Reader, Sink};
pub use program::Program;
use scout::Scout;
pub use session::{Session, frames_of, millis_of};
use tempo::{Blend, Flow};

/// Sound kept ahead of the play head: enough for a busy machine.
const AHEAD_MILLIS: u32 = 900;
/// Song kept ahead of it at most: what the scope ring holds of a song that plays fast.
const AHEAD_SONG_MILLIS: u32 = 1_800;
/// Old sound that still plays while a change of voices is rendered.
const SPLICE_MILLIS: u32 = 25;
/// New sound rendered before the worklet is told of it.
const PRIME_MILLIS: u32 = 40;
/// Frames rendered at once.
const CHUNK: u32 = 1024;
/// How long the engine works before it looks for requests.
const SLICE_MILLIS: f64 = 10.0;
/// A song that is silent for so long from its start is reported.
const SILENT_MILLIS: u32 = 10_000;
/// Speed that a chip needs for the accurate grade, times real time: the machine around it, the
/// scout and a busy device take their share.
const ACCURATE_SPEED: f64 = 4.0;
/// Programs kept, so that a change of subtune needs no fetching.
const KEPT_PROGRAMS: usize = 8;

/// What is to be done once the file is here.
#[derive(Debug, Clone)]
enum Wanted {
    Play {
        id: u32,
        start_millis: u32,
        end_millis: Option<u32>,
        finds_length: bool,
        tempo: Tempo,
    },
    File {
        id: u32,
        length_millis: u32,
        semitones: i8,
    },
    Export {
        id: u32,
        plan: Plan,
    },
}

struct Order {
    tune: TuneId,
    overrides: Overrides,
    audible: Audible,
    wanted: Wanted,
}

/// What the song does besides sounding.
#[derive(Debug, Clone, Copy)]
enum Task {
    /// Filling the ring.
    Playing,
    /// On the way to a frame, for request `id`; `loaded` where the song itself is new.
    Seeking {
        id: u32,
        target: u32,
        is_new: bool,
        told: f64,
    },
}

struct Song {
    id: TuneId,
    source: Rc<Program>,
    end_millis: Option<u32>,
    finds_length: bool,
    /// As the listener chose, and with the grade settled.
    asked: Overrides,
    overrides: Overrides,
    audible: Audible,
    tempo: Tempo,
    session: Session,
    /// What was rendered before it was needed.
    head: Head,
    flow: Flow,
    level: Level,
    /// Runs ahead; gone when it has nothing left to do.
    scout: Option<Scout>,
    task: Task,
    is_end_told: bool,
    is_silence_told: bool,
}

struct FileJob {
    id: u32,
    tune: TuneId,
    session: Session,
    flow: Flow,
    wav: Wav,
    told: f64,
}

/// Speed over the last second of rendering.
#[derive(Default)]
struct Meter {
    frames: u32,
    spent_millis: f64,
    next_millis: f64,
}

/// The engine.
pub struct Engine<S, O> {
    outside: O,
    rate: u32,
    chip_speed: f64,
    sink: Option<S>,
    writer: Writer,
    order: Option<Order>,
    song: Option<Song>,
    /// The song that comes next.
    ahead: Option<Ahead>,
    /// The song that came before, as long as it may be heard.
    tail: Option<Tail>,
    /// How loud songs are put out.
    gain: f32,
    job: Option<FileJob>,
    export: Option<Export>,
    programs: VecDeque<(Md5, Rc<Program>)>,
    meter: Meter,
    chunk: Vec<f32>,
    scope: ScopeBuffer,
    blend: Blend,
}

/// What there is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// More work waits.
    Busy,
    /// The ring is full, and the scout has not arrived: there is work that can wait a little.
    Ahead,
    /// The ring is full.
    Full,
    /// Nothing plays.
    Idle,
}

impl<S: Sink, O: Outside> Engine<S, O> {
    /// An engine without output; see [`start`](Self::start).
    pub fn new(outside: O) -> Self {
        Self {
            outside,
            rate: 44_100,
            chip_speed: f64::INFINITY,
            sink: None,
            writer: Writer::new(0),
            order: None,
            song: None,
            ahead: None,
            tail: None,
            gain: 1.0,
            job: None,
            export: None,
            programs: VecDeque::new(),
            meter: Meter::default(),
            chunk: vec![0.0; 2 * CHUNK as usize],
            scope: ScopeBuffer::default(),
            blend: Blend::default(),
        }
    }

    /// Sets the output up; `None` renders files only.
    pub fn start(&mut self, rate: u32, sink: Option<S>) {
        self.rate = rate;
        let capacity = sink.as_ref().map_or(0, Sink::capacity);
        self.writer = Writer::new(capacity);
        self.blend = Blend::new(capacity);
        self.sink = sink;
        self.forget_next();
        self.song = None;
        self.job = None;
        self.export = None;
    }

    /// Takes a request; [`Request::Start`] has its own way in.
    pub fn request(&mut self, id: u32, request: Request) {
        self.notice_pass();
        match request {
            Request::Start { output, .. } => debug_assert_ne!(output, Output::Ring),
            Request::Load {
                tune,
                start_millis,
                end_millis,
                finds_length,
                overrides,
                audible,
                tempo,
            } => {
                let wanted = Wanted::Play {
                    id,
                    start_millis,
                    end_millis,
                    finds_length,
                    tempo: tempo.within_limits(),
                };
                self.order(Order {
                    tune,
                    overrides,
                    audible,
                    wanted,
                });
            }
            Request::RenderFile {
                tune,
                length_millis,
                overrides,
                audible,
                semitones,
            } => {
                let wanted = Wanted::File {
                    id,
                    length_millis,
                    semitones,
                };
                self.order(Order {
                    tune,
                    overrides,
                    audible,
                    wanted,
                });
            }
            Request::Seek { millis } => self.seek(id, millis),
            Request::SetAudible { audible } => self.set_audible(id, audible),
            Request::SetOverrides { overrides } => self.set_overrides(id, overrides),
            Request::SetTempo { tempo } => self.set_tempo(id, tempo.within_limits()),
            Request::SetEnd { end_millis } => self.set_end(id, end_millis),
            Request::Export {
                md5,
                songs,
                names,
                format,
                stems,
                overrides,
            } => {
                let song = songs.first().map_or(1, |song| song.song);
                let plan = Plan {
                    songs,
                    names,
                    format,
                    stems,
                };
                self.order(Order {
                    tune: TuneId { md5, song },
                    overrides,
                    audible: [ALL_AUDIBLE; MAX_CHIPS],
                    wanted: Wanted::Export { id, plan },
                });
            }
            Request::SetLevel { gain_thousandths } => self.set_level(gain_thousandths),
            Request::Prepare {
                tune,
                end_millis,
                finds_length,
                overrides,
                audible,
                tempo,
                gain_thousandths,
                crossfade_millis,
                joins,
            } => self.prepare(next::Wish {
                id,
                tune,
                end_millis,
                finds_length,
                overrides,
                audible,
                tempo: tempo.within_limits(),
                gain: level::gain_of(gain_thousandths),
                crossfade_millis,
                joins,
            }),
            Request::Unprepare => self.unprepare(),
            Request::Unload => {
                self.order = None;
                self.forget_next();
                self.job = None;
                self.export = None;
                self.song = None;
                self.silence();
            }
        }
    }

    fn order(&mut self, order: Order) {
        let md5 = order.tune.md5;
        self.job = None;
        self.export = None;
        self.forget_next();
        if matches!(order.wanted, Wanted::Play { .. }) && self.song.take().is_some() {
            self.silence();
        }
        let known = self.programs.iter().find(|(known, _)| *known == md5);
        match known.map(|(_, program)| Rc::clone(program)) {
            Some(program) => self.fill(order, program),
            None => {
                self.order = Some(order);
                self.outside.ask_for(md5);
            }
        }
    }

    /// Stops what sounds: the reader goes over to a generation that is empty.
    fn silence(&mut self) {
        if let Some(sink) = &mut self.sink {
            let own = ring::pcm::OWN_SPEED;
            let opened = self.writer.open(0, own, None, sink.reader().seen);
            sink.publish(self.writer.write(), true, Some(opened));
        }
    }

    /// A file that was asked for, with the listener's ROMs where it may need them, or why it is not
    /// there.
    pub fn file(&mut self, md5: Md5, bytes: Result<Vec<u8>, Failure>, roms: &[Rom]) {
        let order = self.order.take_if(|order| order.tune.md5 == md5);
        let wish = self.take_wish(md5);
        if order.is_none() && wish.is_none() {
            return;
        }
        let program = bytes.and_then(|bytes| Program::new(&bytes, roms));
        match program {
            Ok(program) => {
                let program = Rc::new(program);
                // One without its ROMs is asked for again: the listener may have added them.
                if !program.lacks_roms() {
                    self.programs.push_front((md5, Rc::clone(&program)));
                    self.programs.truncate(KEPT_PROGRAMS);
                }
                if let Some(order) = order {
                    self.fill(order, Rc::clone(&program));
                }
                if let Some(wish) = wish {
                    self.make_next(wish, program);
                }
            }
            Err(failure) => {
                if let Some(wish) = wish {
                    self.fail(wish.id, wish.tune, failure.clone());
                }
                if let Some(order) = order {
                    self.fail(order.wanted.id(), order.tune, failure);
                }
            }
        }
    }

    fn fail(&self, id: u32, tune: TuneId, failure: Failure) {
        self.outside.tell(
            id,
            &Event::Failed {
                tune: Some(tune),
                failure,
            },
            None,
        );
    }

    /// What a chip of the accurate grade does on this device, times real time; see [`chip_speed`].
    /// Until it is told, the device is taken for fast.
    pub fn set_chip_speed(&mut self, chip_speed: f64) {
        self.chip_speed = chip_speed;
    }

    /// Chooses the grade where the listener did not.
    fn settle(&self, overrides: Overrides, program: &Program, tempo: Tempo) -> Overrides {
        let chips = program.tune.chips.len().max(1) as f64;
        let speed = f64::from(tempo.speed_percent.max(100)) / 100.0;
        let grade = overrides.grade.unwrap_or({
            if self.chip_speed / (chips * speed) >= ACCURATE_SPEED {
                Grade::Accurate
            } else {
                Grade::Light
            }
        });
        Overrides {
            grade: Some(grade),
            ..overrides
        }
    }

    fn fill(&mut self, order: Order, source: Rc<Program>) {
        let Order {
            tune,
            overrides,
            audible,
            wanted,
        } = order;
        if !matches!(wanted, Wanted::Export { .. }) {
            self.outside.tell(EVENT, &Event::Fetched { tune }, None);
        }
        let asked = overrides;
        let tempo = match wanted {
            Wanted::Play { tempo, .. } => tempo,
            _ => Tempo::default(),
        };
        let overrides = self.settle(asked, &source, tempo);
        match wanted {
            Wanted::Play {
                id,
                start_millis,
                end_millis,
                finds_length,
                ..
            } => {
                let made = Session::new(
                    &source, tune.song, self.rate, end_millis, overrides, audible,
                );
                let mut session = match made {
                    Ok(session) => session,
                    Err(failure) => return self.fail(id, tune, failure),
                };
                session.keep_moments();
                let playing = session.playing();
                let target = frames_of(start_millis, self.rate).min(end_frame(&session));
                let mut song = Song {
                    id: tune,
                    source,
                    end_millis,
                    finds_length,
                    asked,
                    overrides,
                    audible,
                    tempo,
                    session,
                    head: Head::default(),
                    flow: Flow::new(self.rate, tempo),
                    level: Level::at(self.gain),
                    scout: None,
                    task: Task::Seeking {
                        id,
                        target,
                        is_new: true,
                        told: self.outside.now_millis(),
                    },
                    is_end_told: false,
                    is_silence_told: false,
                };
                song.send_scout(self.rate);
                self.song = Some(song);
                self.outside
                    .tell(id, &Event::Loaded { tune, playing }, None);
            }
            Wanted::File {
                id,
                length_millis,
                semitones,
            } => {
                let end = Some(length_millis);
                let made = Session::new(&source, tune.song, self.rate, end, overrides, audible);
                let session = match made {
                    Ok(session) => session,
                    Err(failure) => return self.fail(id, tune, failure),
                };
                let frames = frames_of(length_millis, self.rate);
                let tempo = Tempo {
                    semitones,
                    ..Tempo::default()
                };
                self.job = Some(FileJob {
                    id,
                    tune,
                    session,
                    flow: Flow::new(self.rate, tempo.within_limits()),
                    wav: Wav::new(self.rate, frames, &Tags::default()),
                    told: self.outside.now_millis(),
                });
            }
            Wanted::Export { id, plan } => {
                let now = self.outside.now_millis();
                let export = Export::new(id, tune.md5, source, self.rate, overrides, plan, now);
                self.export = Some(export);
            }
        }
    }
}

impl Wanted {
    fn id(&self) -> u32 {
        match self {
            Self::Play { id, .. } | Self::File { id, .. } | Self::Export { id, .. } => *id,
        }
    }
}

impl Song {
    /// Has the song run ahead from its start.
    fn send_scout(&mut self, rate: u32) {
        let end = self.end_millis.filter(|_| !self.finds_length);
        // What the session plays, the scout plays too.
        self.scout = Scout::new(&self.source, self.id.song, rate, end, self.overrides).ok();
    }
}

/// Frame after the last; a song that plays for ever has none.
fn end_frame(session: &Session) -> u32 {
    session.end().unwrap_or(u32::MAX)
}
