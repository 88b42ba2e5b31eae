//! The engine against a ring in memory and a reader that plays by `ring`'s own arithmetic.

mod files;
mod next;
mod tempo;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use protocol::EVENT;
use protocol::engine::ALL_AUDIBLE;
use ring::pcm::{Generation, Reader as RingReader};

use super::*;

const RATE: u32 = 48_000;
const CAPACITY: u32 = 1 << 17;

/// The ring, shared with the test.
#[derive(Default)]
struct Ring {
    frames: Vec<[f32; 2]>,
    generation: Generation,
    write: u32,
    is_end: bool,
    reader: RingReader,
    heard: Vec<f32>,
}

impl Ring {
    /// Plays up to `count` frames and returns how many there were.
    fn play(&mut self, count: u32) -> u32 {
        let mut left = count;
        loop {
            let (first, taken) = self.reader.take(self.generation, self.write, left);
            for frame in 0..taken {
                self.heard
                    .push(self.frames[(first.wrapping_add(frame) % CAPACITY) as usize][0]);
            }
            left -= taken;
            if taken == 0 || left == 0 {
                return count - left;
            }
        }
    }
}

struct TestSink(Rc<RefCell<Ring>>);

impl Sink for TestSink {
    fn capacity(&self) -> u32 {
        CAPACITY
    }

    fn reader(&self) -> Reader {
        let ring = self.0.borrow();
        Reader {
            read: ring.reader.read,
            seen: ring.reader.seen,
        }
    }

    fn store(&mut self, frame: u32, samples: &[f32]) {
        let mut ring = self.0.borrow_mut();
        for (at, pair) in samples.as_chunks::<2>().0.iter().enumerate() {
            ring.frames[frame.wrapping_add(at as u32) as usize % CAPACITY as usize] = *pair;
        }
    }

    fn publish(&mut self, write: u32, is_end: bool, opened: Option<Generation>) {
        let mut ring = self.0.borrow_mut();
        ring.write = write;
        ring.is_end = is_end;
        if let Some(opened) = opened {
            ring.generation = opened;
        }
    }

    fn next_song(&mut self) {}

    fn scope(&mut self, _levels: &ScopeBuffer, step: u32) {
        assert!(step > 0);
    }
}

#[derive(Default)]
struct World {
    told: RefCell<Vec<(u32, Event)>>,
    asked: Cell<Option<Md5>>,
    file: RefCell<Option<Vec<u8>>>,
    clock: Cell<f64>,
}

impl Outside for Rc<World> {
    fn tell(&self, id: u32, event: &Event, file: Option<Vec<u8>>) {
        self.told.borrow_mut().push((id, event.clone()));
        if file.is_some() {
            *self.file.borrow_mut() = file;
        }
    }

    fn ask_for(&self, md5: Md5) {
        self.asked.set(Some(md5));
    }

    fn now_millis(&self) -> f64 {
        self.clock.set(self.clock.get() + 1.0);
        self.clock.get()
    }
}

/// A tune whose play routine raises the pitch of a saw with every call, so that every place of the
/// song sounds different. Song 2 is silent, song 3 crashes.
fn tune() -> Vec<u8> {
    let mut file = b"PSID\0\x02\0\x7c\x10\0\x10\0\x10\x30\0\x03\0\x01\0\0\0\0".to_vec();
    file.resize(0x76, 0);
    file.extend_from_slice(&[0, 0x14, 0, 0, 0, 0]);
    let mut code = vec![
        0xc9, 0x02, 0xd0, 0x01, 0x02, // CMP #2; BNE +1; JAM
        0xa8, // TAY
        0xa9, 0x0f, 0x8d, 0x18, 0xd4, // LDA #$0F; STA $D418
        0xc0, 0x01, 0xf0, 0x10, // CPY #1; BEQ end
        0xa9, 0x00, 0x8d, 0x05, 0xd4, // LDA #0; STA $D405
        0xa9, 0xf0, 0x8d, 0x06, 0xd4, // LDA #$F0; STA $D406
        0xa9, 0x21, 0x8d, 0x04, 0xd4, // LDA #$21; STA $D404
        0x60, 0x60, // RTS
    ];
    code.resize(0x30, 0xea);
    code.extend_from_slice(&[
        0xee, 0x3a, 0x10, // INC $103A
        0xad, 0x3a, 0x10, // LDA $103A
        0x8d, 0x01, 0xd4, // STA $D401
        0x60, 0x08,
    ]);
    file.extend_from_slice(&code);
    file
}

struct Rig {
    engine: Engine<TestSink, Rc<World>>,
    world: Rc<World>,
    ring: Rc<RefCell<Ring>>,
    md5: Md5,
}

impl Rig {
    fn new() -> Self {
        let world = Rc::new(World::default());
        let ring = Ring {
            frames: vec![[0.0; 2]; CAPACITY as usize],
            ..Ring::default()
        };
        let ring = Rc::new(RefCell::new(ring));
        let mut engine = Engine::new(Rc::clone(&world));
        engine.start(RATE, Some(TestSink(Rc::clone(&ring))));
        Self {
            engine,
            world,
            ring,
            md5: Md5::of(&tune()),
        }
    }

    fn load(&mut self, song: u16, start_millis: u32, end_millis: Option<u32>) {
        let tune_id = TuneId {
            md5: self.md5,
            song,
        };
        let audible = [ALL_AUDIBLE; 3];
        let overrides = Overrides::default();
        self.engine.request(
            5,
            Request::Load {
                tune: tune_id,
                start_millis,
                end_millis,
                finds_length: false,
                overrides,
                audible,
                tempo: Tempo::default(),
            },
        );
        if self.world.asked.take().is_some() {
            self.engine.file(self.md5, Ok(tune()), &[]);
        }
        self.settle();
    }

    fn settle(&mut self) {
        for _ in 0..10_000 {
            if !matches!(self.engine.work(), Next::Busy | Next::Ahead) {
                return;
            }
        }
        panic!("the engine never rests");
    }

    /// Plays `millis`, with the engine keeping up.
    fn play(&mut self, millis: u32) {
        for _ in 0..millis / 10 {
            self.ring.borrow_mut().play(RATE / 100);
            self.settle();
        }
    }

    fn told(&self, id: u32) -> Vec<Event> {
        let told = self.world.told.borrow();
        told.iter()
            .filter(|(to, event)| *to == id && !is_running(event))
            .map(|(_, event)| event.clone())
            .collect()
    }
}

/// Told all the time, or with every song.
fn is_running(event: &Event) -> bool {
    matches!(
        event,
        Event::Meter { .. }
            | Event::Scouted(_)
            | Event::Registers { .. }
            | Event::Fetched { .. }
            | Event::Filled { .. }
    )
}

/// The song rendered in one go.
fn whole(song: u16, audible: Audible, millis: u32) -> Vec<f32> {
    let program = Program::new(&tune(), &[]).unwrap();
    let mut session =
        Session::new(&program, song, RATE, None, Overrides::default(), audible).unwrap();
    let mut left = Vec::new();
    let mut chunk = [0.0; 2048];
    while left.len() < frames_of(millis, RATE) as usize {
        let count = session.render(&mut chunk, None) as usize;
        left.extend(
            chunk[..2 * count]
                .as_chunks::<2>()
                .0
                .iter()
                .map(|pair| pair[0]),
        );
    }
    left
}

#[test]
fn what_is_played_is_the_song() {
    let mut rig = Rig::new();
    rig.load(1, 0, None);
    rig.play(1500);
    let heard = rig.ring.borrow().heard.clone();
    assert_eq!(heard.len(), frames_of(1500, RATE) as usize);
    assert!(heard == whole(1, [ALL_AUDIBLE; 3], 1500)[..heard.len()]);
    assert!(matches!(rig.told(5)[..], [Event::Loaded { .. }]));
}

#[test]
fn the_way_to_the_first_sound_is_told_step_by_step() {
    let mut rig = Rig::new();
    let order = |rig: &Rig| {
        let told = rig.world.told.borrow();
        let steps = told.iter().filter_map(|(_, event)| match event {
            Event::Fetched { .. } => Some("fetched"),
            Event::Loaded { .. } => Some("loaded"),
            Event::Filled { .. } => Some("filled"),
            Event::Sought { .. } => Some("sought"),
            _ => None,
        });
        steps.collect::<Vec<_>>()
    };
    rig.load(1, 0, None);
    assert_eq!(order(&rig), ["fetched", "loaded", "filled"]);
    rig.play(100);
    rig.engine.request(6, Request::Seek { millis: 50 });
    rig.settle();
    assert_eq!(order(&rig), ["fetched", "loaded", "filled", "sought"]);
}

#[test]
fn a_seek_back_and_forth_plays_the_same_bits() {
    let mut rig = Rig::new();
    rig.load(1, 0, None);
    rig.play(1200);
    for target in [300, 2500, 777] {
        rig.engine.request(6, Request::Seek { millis: target });
        rig.settle();
        rig.ring.borrow_mut().heard.clear();
        rig.play(200);
        let first = frames_of(target, RATE) as usize;
        let heard = rig.ring.borrow().heard.clone();
        assert!(
            heard == whole(1, [ALL_AUDIBLE; 3], 3000)[first..first + heard.len()],
            "{target}"
        );
        assert_eq!(rig.told(6).last(), Some(&Event::Sought { millis: target }));
    }
}

#[test]
fn a_change_of_voices_goes_on_in_step() {
    let mut rig = Rig::new();
    rig.load(1, 0, None);
    rig.play(1000);
    let muted = [0, ALL_AUDIBLE, ALL_AUDIBLE];
    for (id, audible) in [(6, muted), (7, [ALL_AUDIBLE; 3])] {
        rig.engine.request(id, Request::SetAudible { audible });
        assert_eq!(rig.told(id), [Event::Changed]);
        rig.play(200);
    }
    let heard = rig.ring.borrow().heard.clone();
    let (loud, quiet) = (whole(1, [ALL_AUDIBLE; 3], 1500), whole(1, muted, 1500));
    let at = |millis: u32| frames_of(millis, RATE) as usize;
    assert!(heard[..at(1000)] == loud[..at(1000)]);
    // Past the splice nothing is left of the voice but the board's settling level.
    let largest_step = |part: &[f32]| {
        part.windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max)
    };
    assert!(largest_step(&heard[at(1100)..at(1195)]) < 0.001);
    assert!(largest_step(&quiet[at(1100)..at(1195)]) < 0.001);
    assert!(largest_step(&heard[at(1300)..]) > 0.01);
    // Two changes before the first was reached: the second one counts.
    rig.engine
        .request(8, Request::SetAudible { audible: muted });
    rig.engine.request(
        9,
        Request::SetAudible {
            audible: [ALL_AUDIBLE; 3],
        },
    );
    rig.ring.borrow_mut().heard.clear();
    rig.play(300);
    assert!(largest_step(&rig.ring.borrow().heard) > 0.01);
    assert_eq!(rig.ring.borrow().heard.len(), at(300));
}

#[test]
fn another_model_is_heard_at_once_and_another_machine_at_the_same_place() {
    let mut rig = Rig::new();
    rig.load(1, 0, None);
    rig.play(1000);
    let model = Some(protocol::engine::Model::Mos6581);
    rig.engine.request(
        6,
        Request::SetOverrides {
            overrides: Overrides {
                model,
                ..Overrides::default()
            },
        },
    );
    let loaded = rig.told(6);
    assert!(
        matches!(&loaded[..], [Event::Loaded { playing, .. }] if Some(playing.chips[0].model) == model),
        "{loaded:?}"
    );
    rig.play(200);
    assert_eq!(
        rig.ring.borrow().heard.len(),
        frames_of(1200, RATE) as usize
    );
    let position = rig.ring.borrow().reader.position();
    assert_eq!(position, frames_of(1200, RATE));
    let video = Some(protocol::engine::Video::Ntsc);
    rig.engine.request(
        7,
        Request::SetOverrides {
            overrides: Overrides {
                model,
                video,
                ..Overrides::default()
            },
        },
    );
    rig.settle();
    rig.play(100);
    assert!(matches!(rig.told(7)[0], Event::Loaded { .. }));
    assert_eq!(rig.ring.borrow().reader.position(), frames_of(1300, RATE));
}

#[test]
fn a_song_ends_faded_and_once() {
    let mut rig = Rig::new();
    rig.load(1, 400, Some(1000));
    rig.play(900);
    let ring = rig.ring.borrow();
    assert_eq!(ring.heard.len(), frames_of(600, RATE) as usize);
    assert!(ring.is_end);
    assert!(ring.heard.last().unwrap().abs() < 0.001);
    let ended = rig
        .told(EVENT)
        .into_iter()
        .filter(|event| matches!(event, Event::Ended { .. }))
        .count();
    assert_eq!(ended, 1);
}

#[test]
fn a_silent_song_says_so_once() {
    let mut rig = Rig::new();
    rig.load(2, 0, None);
    rig.play(12_000);
    let silent = rig.told(EVENT);
    assert!(
        matches!(silent[..], [Event::Silent { millis, .. }] if millis >= SILENT_MILLIS),
        "{silent:?}"
    );
}

#[test]
fn a_crash_names_the_opcode() {
    let mut rig = Rig::new();
    rig.load(3, 0, None);
    let failures = rig.told(EVENT);
    let crash = Failure::Jammed {
        opcode: 2,
        address: 0x1004,
    };
    assert!(
        matches!(&failures[..], [Event::Failed { failure, .. }] if *failure == crash),
        "{failures:?}"
    );
}

#[test]
fn the_scout_tells_of_the_song_before_it_is_played() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(4000));
    let told = rig.world.told.borrow().clone();
    let scouted: Vec<_> = told
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Scouted(scouted) => Some(scouted),
            _ => None,
        })
        .collect();
    let mut bins = 0;
    for report in &scouted {
        assert_eq!(report.first_bin, bins, "no bin is left out");
        bins += report.bins.len() as u32;
    }
    assert_eq!(bins, 40);
    let last = scouted.last().unwrap();
    assert_eq!((last.to_millis, last.is_done), (4000, true));
    let loudness = last.loudness_lufs.unwrap();
    assert!((-40.0..-3.0).contains(&loudness), "{loudness}");
    assert!(last.gain > 0.0);
    assert_eq!(last.length, None, "its length was known");
    let rows = told.iter().map(|(_, event)| match event {
        Event::Registers { rows, .. } => rows.len(),
        _ => 0,
    });
    let frames = rows.sum::<usize>() / (c64::REGISTERS + 1);
    assert!((199..=201).contains(&frames), "{frames}");
}

#[test]
fn a_seek_inside_what_the_scout_has_run_renders_less_than_half_a_second() {
    let mut rig = Rig::new();
    rig.load(1, 0, Some(8000));
    for target in [7100, 900, 5050, 2000, 6000] {
        let song = rig.engine.song.as_mut().unwrap();
        let target_frame = frames_of(target, RATE);
        song.session.rewind(target_frame, false);
        let left = target_frame - song.session.at();
        assert!(left <= frames_of(200, RATE), "{left} frames to {target}");
        rig.engine.request(6, Request::Seek { millis: target });
        rig.settle();
        rig.ring.borrow_mut().heard.clear();
        rig.play(100);
        let heard = rig.ring.borrow().heard.clone();
        let first = target_frame as usize;
        assert!(heard == whole(1, [ALL_AUDIBLE; 3], 8000)[first..first + heard.len()]);
    }
}

#[test]
fn a_length_that_is_looked_for_is_found_and_ends_the_song() {
    let mut rig = Rig::new();
    let tune_id = TuneId {
        md5: rig.md5,
        song: 1,
    };
    let load = Request::Load {
        tune: tune_id,
        start_millis: 0,
        end_millis: Some(180_000),
        finds_length: true,
        overrides: Overrides::default(),
        audible: [ALL_AUDIBLE; 3],
        tempo: Tempo::default(),
    };
    rig.engine.request(5, load);
    rig.engine.file(rig.md5, Ok(tune()), &[]);
    // Its pitch goes through all 256 values, one a frame, and then begins anew.
    for _ in 0..40_000 {
        if !matches!(rig.engine.work(), Next::Busy | Next::Ahead) {
            break;
        }
    }
    let told = rig.world.told.borrow().clone();
    let found = told.iter().find_map(|(_, event)| match event {
        Event::Scouted(scouted) => scouted.length,
        _ => None,
    });
    let found = found.expect("the song goes round");
    assert_eq!(found.by, protocol::engine::LengthBy::Repeat);
    assert!(found.millis.abs_diff(5_107) < 60, "{found:?}");
    let end_millis = 500;
    rig.engine.request(6, Request::SetEnd { end_millis });
    // What is in the ring is played.
    rig.play(1_200);
    assert!(rig.told(EVENT).contains(&Event::Ended { tune: tune_id }));
}

#[test]
fn a_slow_device_gets_the_light_grade_unless_the_listener_chose() {
    let mut rig = Rig::new();
    let grade = |rig: &mut Rig, chosen| {
        let overrides = Overrides {
            grade: chosen,
            ..Overrides::default()
        };
        rig.engine.request(9, Request::SetOverrides { overrides });
        match rig.told(9).last() {
            Some(Event::Loaded { playing, .. }) => playing.grade,
            other => panic!("{other:?}"),
        }
    };
    rig.load(1, 0, None);
    assert_eq!(grade(&mut rig, None), Grade::Accurate);
    rig.engine.set_chip_speed(2.0);
    assert_eq!(grade(&mut rig, None), Grade::Light);
    assert_eq!(grade(&mut rig, Some(Grade::Accurate)), Grade::Accurate);
    rig.engine.set_chip_speed(20.0);
    assert_eq!(grade(&mut rig, Some(Grade::Light)), Grade::Light);
}

#[test]
fn the_rate_of_a_timer_is_told_when_the_song_has_set_it() {
    let mut rig = Rig::new();
    let mut file = tune();
    // Song 1 is called by the timer of CIA 1, which the driver sets to 60 Hz.
    file[0x15] = 1;
    let md5 = Md5::of(&file);
    rig.engine.request(
        5,
        Request::Load {
            tune: TuneId { md5, song: 1 },
            start_millis: 0,
            end_millis: Some(1000),
            finds_length: false,
            overrides: Overrides::default(),
            audible: [ALL_AUDIBLE; 3],
            tempo: Tempo::default(),
        },
    );
    rig.engine.file(md5, Ok(file), &[]);
    rig.settle();
    let told = rig.world.told.borrow();
    let rates: Vec<u32> = told
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Loaded { playing, .. } => Some(playing.play_rate_millihertz),
            Event::Scouted(scouted) => Some(scouted.play_rate_millihertz),
            _ => None,
        })
        .collect();
    assert_eq!(rates[0], 0);
    assert!((59_900..60_100).contains(&rates[1]), "{rates:?}");
}
