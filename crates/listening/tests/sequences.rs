//! Random sequences of events against what must always hold.

mod common;

use std::collections::BTreeSet;

use catalog::Remote;
use common::{Page, machine, tune};
use listening::preferences::{Repeat, Songs};
use listening::queue::{QueueIntent, Tune};
use listening::sleep::SleepWish;
use listening::{AudioCommand, AudioEvent, Effect, Event, Heard, Intent, SoundMode, State};
use protocol::engine::{self, Failure, Overrides, Request};
use protocol::swarm::{FileId, Request as SwarmRequest};
use protocol::telemetry::{Fact, Outcome, SeekOutcome};
use sidfile::TuneId;

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}

/// What a real engine would know, followed from the effects.
#[derive(Default)]
struct Follower {
    loaded: Option<(u32, TuneId)>,
    /// What was asked to be made ready.
    prepared: Option<(u32, TuneId)>,
    tickets: Vec<u32>,
    protected: Vec<FileId>,
}

impl Follower {
    fn follow(&mut self, effects: &[Effect], mode: Option<SoundMode>) {
        for effect in effects {
            if let Effect::Swarm(_, SwarmRequest::Protect(files)) = effect {
                self.protected.clone_from(files);
            }
            let Effect::Engine(ticket, request) = effect else {
                continue;
            };
            assert!(!self.tickets.contains(ticket), "tickets are used once");
            self.tickets.push(*ticket);
            match request {
                Request::Load {
                    tune,
                    start_millis,
                    end_millis,
                    ..
                } => {
                    assert!(matches!(mode, Some(SoundMode::Ring | SoundMode::Port)));
                    assert!(end_millis.is_some_and(|end| *start_millis <= end));
                    self.loaded = Some((*ticket, *tune));
                    self.prepared = None;
                }
                Request::RenderFile { tune, .. } => {
                    assert_eq!(mode, Some(SoundMode::File));
                    self.loaded = Some((*ticket, *tune));
                    self.prepared = None;
                }
                Request::Seek { .. }
                | Request::SetAudible { .. }
                | Request::SetEnd { .. }
                | Request::SetTempo { .. }
                | Request::SetOverrides { .. } => {
                    assert!(self.loaded.is_some(), "{request:?} before a load");
                    assert_ne!(mode, Some(SoundMode::File));
                }
                Request::Unload => {
                    assert!(self.loaded.is_some(), "unloads what is loaded");
                    self.loaded = None;
                    self.prepared = None;
                }
                Request::Prepare { tune, .. } => {
                    assert!(self.loaded.is_some(), "the next comes after one that plays");
                    self.prepared = Some((*ticket, *tune));
                }
                Request::Unprepare => assert!(self.prepared.take().is_some()),
                Request::SetLevel { .. } => assert_ne!(mode, Some(SoundMode::File)),
                Request::Start { .. } => panic!("the audio starts the engine"),
                Request::Export { .. } => panic!("another engine exports"),
            }
        }
    }
}

fn step(dice: &mut Dice, page: &mut Page, follower: &mut Follower, mode: &mut Option<SoundMode>) {
    let title = ["a", "b", "c", "nowhere"][dice.below(4) as usize];
    let song = dice.below(4) as u16;
    // Tickets of now, of before, and of nobody.
    let ticket = match dice.below(4) {
        0 => 0,
        1 => dice.below(200) as u32,
        _ => follower.loaded.map_or(0, |(ticket, _)| ticket),
    };
    let engine_tune = match dice.below(3) {
        0 => tune(title, song),
        _ => follower.loaded.map_or(tune(title, 1), |(_, tune)| tune),
    };
    let millis = dice.below(300_000) as u32;
    let intent = match dice.below(58) {
        0 => Intent::PlayPause,
        1 => Intent::Stop,
        2 => Intent::Next,
        3 => Intent::Previous,
        4 => Intent::StepSong(dice.below(5) as i32 - 2),
        5 if title != "nowhere" => page.row(title),
        6 => Intent::PlaySong(tune(title, song)),
        7 => Intent::SeekTo(millis),
        8 => Intent::SeekBy(millis as i32 - 150_000),
        9 => Intent::ToggleVoice {
            chip: dice.below(4) as usize,
            voice: dice.below(4) as usize,
        },
        10 => Intent::SoloVoice { chip: 0, voice: 3 },
        11 => Intent::SetOverrides(Overrides::default()),
        12 => Intent::SetRepeat([Repeat::Off, Repeat::One, Repeat::All][dice.below(3) as usize]),
        13 => Intent::SetSongs(Songs::All),
        14 => Intent::SetFilter(["", "a", "zzz"][dice.below(3) as usize].into()),
        15 => Intent::ShowTune(Some((tune(title, 1).md5, None))),
        16 => Intent::Remove(tune(title, 1).md5),
        17 => Intent::Import,
        18 => Intent::StepVolume(millis as i32 - 150_000),
        19 => Intent::StepSpeed(dice.below(3) as i32 - 1),
        20 => {
            let chosen = [SoundMode::Ring, SoundMode::Port, SoundMode::File];
            let chosen = chosen[dice.below(3) as usize];
            *mode = Some(chosen);
            return page.mode(chosen);
        }
        21..=26 => {
            let (tune, playing) = (engine_tune, machine());
            return if *mode == Some(SoundMode::File) {
                page.event(Event::Engine {
                    ticket,
                    event: engine::Event::FileRendered { tune, playing },
                    file: Some("blob:x".into()),
                })
            } else {
                page.engine(ticket, engine::Event::Loaded { tune, playing })
            };
        }
        27..=28 => return page.engine(ticket, engine::Event::Ended { tune: engine_tune }),
        29 => {
            let tune = Some(engine_tune);
            let failure = Failure::NeedsRoms;
            return page.engine(ticket, engine::Event::Failed { tune, failure });
        }
        30 => return page.engine(ticket, engine::Event::Sought { millis }),
        31 => {
            follower.loaded = None;
            follower.prepared = None;
            let reason = "died".into();
            return page.event(Event::EngineRestarted { reason });
        }
        32 => {
            follower.loaded = None;
            follower.prepared = None;
            let reason = "died".into();
            return page.event(Event::LibraryRestarted { reason });
        }
        33 => return page.event(Event::Audio(AudioEvent::Interrupted)),
        34 => return page.event(Event::Audio(AudioEvent::Resumed)),
        35 => return page.event(Event::Audio(AudioEvent::FileEnded)),
        36 => return page.event(Event::Audio(AudioEvent::Failed("none".into()))),
        37..=38 => return page.engine(0, engine::Event::Fetched { tune: engine_tune }),
        39 => return page.engine(0, engine::Event::Filled { tune: engine_tune }),
        40..=43 if title != "nowhere" => {
            let entry = page.index.get(&tune(title, 1).md5).expect("it is here");
            let row = std::sync::Arc::new(catalog::Row::from(&entry));
            let song = song.clamp(1, row.songs);
            let tunes = vec![Tune { row, song }; dice.below(3) as usize];
            Intent::Queue(match dice.below(3) {
                0 => QueueIntent::PlayNext(tunes),
                1 => QueueIntent::Add(tunes),
                _ => QueueIntent::PlayList {
                    name: "list".into(),
                    at: dice.below(2) as usize,
                    tunes: tunes.into(),
                },
            })
        }
        44..=46 => {
            let items = page.model.onward().items;
            let at = dice.below(items.len() as u64 + 1) as usize;
            let key = items.get(at).map_or(77_777, |item| item.key);
            Intent::Queue(match dice.below(4) {
                0 => QueueIntent::Remove(key),
                1 => QueueIntent::Step(key, dice.below(5) as i32 - 2),
                2 => QueueIntent::Play(key),
                _ => QueueIntent::Move {
                    key,
                    to: dice.below(5) as usize,
                },
            })
        }
        47 => Intent::Queue(QueueIntent::Shuffle(dice.below(2) == 0)),
        48 => Intent::Queue(QueueIntent::Sleep(
            [SleepWish::Off, SleepWish::Minutes(1), SleepWish::EndOfTune][dice.below(3) as usize],
        )),
        49 => Intent::Queue(QueueIntent::SetCrossfade(dice.below(3) as u8)),
        50 => Intent::Queue(QueueIntent::SetCountdown(dice.below(2) as u8)),
        51 => Intent::Queue(QueueIntent::Continue(tune(title, 1))),
        52..=56 => {
            let Some((ticket, tune)) = follower.prepared else {
                return;
            };
            let playing = machine();
            page.engine(ticket, engine::Event::Prepared { tune, playing });
            if dice.below(3) > 0 {
                page.engine(ticket, engine::Event::Joined { tune });
                if dice.below(2) > 0 {
                    follower.loaded = Some((ticket, tune));
                    follower.prepared = None;
                    page.engine(ticket, engine::Event::Passed { tune });
                } else {
                    follower.prepared = None;
                    page.engine(ticket, engine::Event::Parted { tune });
                }
            }
            return;
        }
        _ => {
            page.now += dice.below(2_000);
            let heard = Heard {
                position_millis: millis,
                underruns: 0,
            };
            let now = page.now;
            return page.event(Event::Tick { now, heard });
        }
    };
    page.wish(intent);
}

#[test]
fn what_must_always_hold() {
    for seed in 1..400u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut page = Page::open("");
        for (file, title) in (0..).zip(["a", "b", "c"]) {
            // Two of the three are with a swarm.
            let mut entry = page
                .index
                .get(&tune(title, 1).md5)
                .expect("it is here")
                .clone();
            entry.remote = (file < 2).then_some(Remote {
                info_hash: [7; 20],
                file,
            });
            page.index.remove(&entry.md5);
            page.index.insert(entry);
        }
        let origin = "https://here".into();
        page.event(Event::SwarmMayStart { origin });
        let mut follower = Follower::default();
        let mut mode = None;
        for _ in 0..150 {
            page.effects.clear();
            step(&mut dice, &mut page, &mut follower, &mut mode);
            let effects = std::mem::take(&mut page.effects);
            follower.follow(&effects, mode);

            let view = page.model.player();
            let clock = page.model.clock();
            assert!(clock.position_millis <= clock.length_millis, "seed {seed}");
            assert!(clock.rendered_millis <= clock.length_millis);
            assert_eq!(
                view.tune.is_none(),
                view.state == State::Idle,
                "seed {seed}"
            );
            assert_eq!(view.error.is_some(), view.state == State::Error);
            if matches!(view.state, State::Playing | State::Paused) {
                let loaded = follower.loaded.map(|(_, tune)| tune);
                let shown = view.tune.as_ref().map(|tune| tune.id);
                assert_eq!(loaded, shown, "one tune plays");
            }
            let onward = page.model.onward();
            let keys: BTreeSet<u32> = onward.items.iter().map(|item| item.key).collect();
            assert_eq!(keys.len(), onward.items.len(), "no place is there twice");
            let current = view.tune.as_ref().and_then(|tune| tune.row.remote);
            let next = onward.next.and_then(|next| next.tune.row.remote);
            for remote in [current, next].into_iter().flatten() {
                let stays = follower
                    .protected
                    .iter()
                    .any(|file| file.file == remote.file);
                assert!(stays, "seed {seed}: {remote:?} may go");
            }
            let way = page.model.way();
            if let Some(pick) = way.pick {
                let mut taken = way.candidates.iter().filter(|other| other.way == pick.way);
                assert!(taken.all(|candidate| candidate.reject.is_none()));
            }
            assert!(page.model.notices().len() <= 3);
            assert!(page.model.settings().volume <= 100);
        }
    }
}

/// What is noted of a page, whatever happens to it: each wish to hear a tune ends in one way, and
/// the parts of the time to its first sample are all of that time.
#[test]
fn every_wish_ends_once_and_its_parts_add_up() {
    let (mut successes, mut failures, mut seeks) = (0, 0, 0);
    for seed in 1..400u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut page = Page::open("");
        let mut follower = Follower::default();
        let mut mode = None;
        let mut facts = Vec::new();
        let mut asked_seeks = 0;
        for _ in 0..150 {
            page.effects.clear();
            step(&mut dice, &mut page, &mut follower, &mut mode);
            if page.model.player().state == State::Playing && dice.below(2) > 0 {
                let position = page.model.clock().position_millis;
                page.tick(300, position + 200);
            }
            let effects = std::mem::take(&mut page.effects);
            follower.follow(&effects, mode);
            for effect in effects {
                match effect {
                    Effect::Fact(fact) => facts.push(fact),
                    Effect::Engine(_, Request::Seek { .. })
                    | Effect::Audio(AudioCommand::SeekFile(_)) => asked_seeks += 1,
                    _ => {}
                }
            }
        }
        // Everything comes to an end.
        page.wish(Intent::Stop);
        let last = page.effects.into_iter();
        facts.extend(last.filter_map(|effect| match effect {
            Effect::Fact(fact) => Some(fact),
            _ => None,
        }));
        let count = |of: fn(&Fact) -> bool| facts.iter().filter(|fact| of(fact)).count();
        let attempts = count(|fact| matches!(fact, Fact::PlayAttempt));
        let ends = count(|fact| matches!(fact, Fact::Play(_)));
        let times = count(|fact| matches!(fact, Fact::FirstAudio(_)));
        assert_eq!((attempts, attempts), (ends, times), "seed {seed}");
        let ended_seeks = count(|fact| matches!(fact, Fact::Seek(..)));
        assert_eq!(ended_seeks, asked_seeks, "seed {seed}");
        seeks += count(|fact| matches!(fact, Fact::Seek(_, SeekOutcome::Success)));
        failures += count(|fact| matches!(fact, Fact::Play(Outcome::Failed)));
        for (at, fact) in facts.iter().enumerate() {
            let Fact::FirstAudio(Some(total)) = fact else {
                continue;
            };
            successes += 1;
            let parts = facts[at + 1..at + 4].iter().map(|part| match part {
                Fact::StartPhase(_, Some(took)) => *took,
                other => panic!("{other:?}"),
            });
            assert_eq!(parts.sum::<u64>(), *total, "seed {seed}");
        }
    }
    assert!(
        successes > 500 && failures > 100 && seeks > 20,
        "{successes} {failures} {seeks}"
    );
}

#[test]
fn the_same_events_give_the_same_picks_and_effects() {
    let run = || {
        let mut dice = Dice(0x1234_5678_9abc_def1);
        let mut page = Page::open("");
        let mut follower = Follower::default();
        let mut mode = None;
        let mut told = Vec::new();
        for _ in 0..600 {
            page.effects.clear();
            step(&mut dice, &mut page, &mut follower, &mut mode);
            follower.follow(&page.effects, mode);
            told.push((page.model.way(), std::mem::take(&mut page.effects)));
        }
        told
    };
    assert!(run() == run());
}
