//! What is noted of how listening goes.

mod common;

use std::sync::Arc;

use catalog::{Remote, Row};
use common::{Page, machine, tune};
use listening::{AudioEvent, Effect, Event, Heard, Intent, SoundMode};
use protocol::engine::{self, Failure, Request};
use protocol::library;
use protocol::telemetry::{
    Adapter, Buffer, Engine, Fact, Network, Outcome, Phase, Pressure, Reason, SeekMode,
    SeekOutcome, Source, Success, Verdict, Warmth, Worker,
};

/// What was noted since this was asked last.
fn noted(page: &mut Page) -> Vec<Fact> {
    let effects = std::mem::take(&mut page.effects);
    let facts = effects.into_iter().filter_map(|effect| match effect {
        Effect::Fact(fact) => Some(fact),
        _ => None,
    });
    facts.collect()
}

/// Of a play that sounded: the three parts and the whole, in milliseconds.
fn times(facts: &[Fact]) -> Option<[u64; 4]> {
    let at = facts
        .iter()
        .position(|fact| matches!(fact, Fact::FirstAudio(_)))?;
    let millis = |fact: &Fact| match fact {
        Fact::FirstAudio(Some(took)) | Fact::StartPhase(_, Some(took)) => took / 1_000,
        other => panic!("{other:?}"),
    };
    let whole = millis(&facts[at]);
    let [bytes, prebuffer, start] = &facts[at + 1..at + 4] else {
        panic!("{facts:?}");
    };
    Some([millis(bytes), millis(prebuffer), millis(start), whole])
}

fn at(page: &mut Page, millis: u64) {
    page.now = millis;
    page.model.at_micros(millis * 1_000);
}

/// A page with a ring, on which something has been wished for at 1 s.
fn asked() -> Page {
    let mut page = Page::open("");
    page.mode(SoundMode::Ring);
    at(&mut page, 1_000);
    let row = page.row("a");
    page.wish(row);
    page
}

fn request(page: &Page) -> (u32, Request) {
    page.asked().expect("the engine was asked")
}

fn seek(page: &mut Page, millis: u32) -> u32 {
    page.wish(Intent::SeekTo(millis));
    request(page).0
}

/// Tune a is heard.
fn playing() -> Page {
    let mut page = asked();
    let ticket = request(&page).0;
    let (tune, playing) = (tune("a", 1), machine());
    page.engine(ticket, engine::Event::Loaded { tune, playing });
    page.tick(200, 100);
    page.tick(100, 200);
    noted(&mut page);
    page
}

fn scouted(page: &mut Page, to_millis: u32) {
    let scouted = engine::Scouted {
        tune: tune("a", 1),
        to_millis,
        is_done: false,
        first_bin: 0,
        bins: Vec::new(),
        loudness_lufs: None,
        gain: 1.0,
        length: None,
        play_rate_millihertz: 0,
    };
    page.engine(0, engine::Event::Scouted(scouted));
}

#[test]
fn from_the_gesture_to_the_first_sample_by_the_audio_clock() {
    let mut page = asked();
    let ticket = request(&page).0;
    assert!(noted(&mut page).contains(&Fact::PlayAttempt));
    let (tune, playing) = (tune("a", 1), machine());
    at(&mut page, 1_020);
    page.engine(0, engine::Event::Fetched { tune });
    at(&mut page, 1_023);
    page.engine(ticket, engine::Event::Loaded { tune, playing });
    at(&mut page, 1_050);
    page.engine(0, engine::Event::Filled { tune });
    // The clock still shows what played before.
    page.tick(1, 700);
    // The first sample was heard 70 ms ago.
    page.tick(79, 70);
    let facts = noted(&mut page);
    assert_eq!(times(&facts), Some([20, 30, 10, 60]));
    for fact in [
        Fact::Play(Outcome::Success),
        Fact::SourceUsed(Source::Disk),
        Fact::EngineUsed(Engine::Ring),
    ] {
        assert!(facts.contains(&fact), "{fact:?} is not in {facts:?}");
    }
    page.tick(100, 170);
    assert_eq!(noted(&mut page), []);
}

#[test]
fn what_the_library_is_asked_first_is_part_of_the_wait() {
    let mut page = Page::open("");
    page.mode(SoundMode::Ring);
    at(&mut page, 1_000);
    // The helper's library answers at once; this one takes its time.
    let effects = page
        .model
        .update(Event::Wish(Intent::PlaySong(tune("c", 1))));
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Library(ticket, library::Request::Entry { md5 }) => Some((*ticket, *md5)),
        _ => None,
    });
    let (ticket, md5) = asked.unwrap();
    at(&mut page, 1_400);
    let entry = page.index.get(&md5).map(Box::new);
    let event = library::Event::Entry { md5, entry };
    page.event(Event::Library { ticket, event });
    let tune = page.loads();
    page.engine(0, engine::Event::Fetched { tune });
    page.engine(0, engine::Event::Filled { tune });
    page.tick(100, 100);
    assert_eq!(times(&noted(&mut page)), Some([400, 0, 0, 400]));
}

#[test]
fn what_is_given_up_or_fails_is_not_left_out() {
    let mut page = asked();
    noted(&mut page);
    at(&mut page, 4_000);
    let other = page.row("b");
    page.wish(other);
    let facts = noted(&mut page);
    assert_eq!(
        facts[..4],
        [
            Fact::Play(Outcome::Abandoned),
            Fact::FirstAudio(None),
            Fact::StartPhase(Phase::Bytes, None),
            Fact::PlayAttempt,
        ]
    );
    let page_with = |failure: Failure| {
        let mut page = asked();
        let (ticket, tune) = (request(&page).0, Some(tune("a", 1)));
        page.engine(
            0,
            engine::Event::Fetched {
                tune: tune.unwrap(),
            },
        );
        noted(&mut page);
        page.engine(ticket, engine::Event::Failed { tune, failure });
        noted(&mut page)
    };
    for (failure, reason) in [
        (Failure::Missing, Reason::Missing),
        (Failure::NeedsRoms, Reason::NeedsRoms),
        (Failure::NotFetched(String::new()), Reason::NotFetched),
        (
            Failure::Jammed {
                opcode: 2,
                address: 0,
            },
            Reason::Jammed,
        ),
    ] {
        assert_eq!(
            page_with(failure)[..3],
            [
                Fact::Play(Outcome::Failed),
                Fact::PlayFailure(reason),
                Fact::FirstAudio(None),
            ]
        );
    }
    // A tune that had sounded is no failed start.
    let mut page = playing();
    let tune = Some(tune("a", 1));
    let failure = Failure::NeedsRoms;
    page.engine(0, engine::Event::Failed { tune, failure });
    assert_eq!(noted(&mut page), [Fact::PlayFailure(Reason::NeedsRoms)]);
    // Neither is one whose file is gone before the engine is asked.
    let mut page = Page::open("");
    page.mode(SoundMode::Ring);
    noted(&mut page);
    page.wish(Intent::PlaySong(common::tune("nowhere", 1)));
    let facts = noted(&mut page);
    assert!(!facts.contains(&Fact::Play(Outcome::Success)), "{facts:?}");
}

#[test]
fn a_dead_engine_fails_what_it_was_to_play() {
    let mut page = asked();
    let died = |page: &mut Page| {
        let reason = "died".into();
        page.event(Event::EngineRestarted { reason });
        noted(page)
    };
    noted(&mut page);
    // It is tried again: the same wish goes on.
    assert_eq!(died(&mut page), [Fact::WorkerRestart(Worker::Engine)]);
    died(&mut page);
    let facts = died(&mut page);
    assert!(
        facts.contains(&Fact::PlayFailure(Reason::Engine)),
        "{facts:?}"
    );
}

#[test]
fn seeks_are_told_apart() {
    let mut page = playing();
    scouted(&mut page, 30_000);
    at(&mut page, 2_000);
    let first = seek(&mut page, 50_000);
    at(&mut page, 2_100);
    let second = seek(&mut page, 20_000);
    at(&mut page, 2_130);
    page.engine(first, engine::Event::Sought { millis: 50_000 });
    page.engine(second, engine::Event::Sought { millis: 20_000 });
    // The speakers have not followed.
    page.tick(1, 50_010);
    noted(&mut page);
    page.tick(69, 20_060);
    assert_eq!(
        noted(&mut page),
        [
            Fact::Seek(SeekMode::Beyond, SeekOutcome::Replaced),
            Fact::Seek(SeekMode::Ahead, SeekOutcome::Success),
            Fact::SeekTime(SeekMode::Ahead, Some(40_000)),
        ]
    );
    seek(&mut page, 10_000);
    at(&mut page, 9_000);
    page.wish(Intent::Stop);
    assert_eq!(
        noted(&mut page),
        [
            Fact::Seek(SeekMode::Ahead, SeekOutcome::Failed),
            Fact::SeekTime(SeekMode::Ahead, None),
        ]
    );
}

#[test]
fn sound_that_is_missing_is_noted_and_so_is_what_was_heard() {
    let mut page = playing();
    let meter = |page: &mut Page, ahead_millis| {
        let speed_percent = 1_000;
        page.engine(
            0,
            engine::Event::Meter {
                speed_percent,
                ahead_millis,
            },
        );
    };
    meter(&mut page, 900);
    meter(&mut page, 100);
    meter(&mut page, 90);
    assert_eq!(noted(&mut page), [Fact::Buffer(Buffer::Low)]);
    page.now += 100;
    let (now, position_millis) = (page.now, 250);
    let heard = Heard {
        position_millis,
        underruns: 3,
    };
    page.event(Event::Tick { now, heard });
    assert_eq!(
        noted(&mut page),
        [Fact::Underruns(3), Fact::Buffer(Buffer::Empty)]
    );
    meter(&mut page, 900);
    assert_eq!(noted(&mut page), [Fact::Buffer(Buffer::Refilled)]);
    page.event(Event::Connection {
        online: false,
        metered: false,
    });
    let mut seconds = 0;
    for step in 1..=30 {
        page.tick(100, 250 + step * 100);
        for fact in noted(&mut page) {
            match fact {
                Fact::Listened(Network::Offline, heard) => seconds += heard,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(seconds, 3);
    // A clock that stands is no listening, and neither is a device that slept.
    page.tick(5_000, 3_250);
    assert_eq!(noted(&mut page), []);
}

#[test]
fn what_was_ready_is_a_hit() {
    let mut page = playing();
    let prepared = page.effects.iter().rev().find_map(|effect| match effect {
        Effect::Engine(ticket, Request::Prepare { tune, .. }) => Some((*ticket, *tune)),
        _ => None,
    });
    // It was asked for while the helper's page came to play.
    let prepared = prepared.or_else(|| {
        page.wish(Intent::SetRepeat(listening::preferences::Repeat::One));
        page.wish(Intent::SetRepeat(listening::preferences::Repeat::Off));
        page.effects.iter().rev().find_map(|effect| match effect {
            Effect::Engine(ticket, Request::Prepare { tune, .. }) => Some((*ticket, *tune)),
            _ => None,
        })
    });
    let (ticket, tune) = prepared.expect("the next tune is prepared");
    noted(&mut page);
    let playing = machine();
    page.engine(ticket, engine::Event::Prepared { tune, playing });
    page.engine(ticket, engine::Event::Joined { tune });
    page.engine(ticket, engine::Event::Passed { tune });
    let facts = noted(&mut page);
    assert_eq!(facts[0], Fact::Prefetch(Warmth::Hit));
    assert!(!facts.contains(&Fact::PlayAttempt), "{facts:?}");
    page.wish(Intent::Next);
    let facts = noted(&mut page);
    assert!(facts.contains(&Fact::Prefetch(Warmth::Miss)), "{facts:?}");
}

#[test]
fn what_is_taken_up_where_it_was_left_is_a_resumption() {
    let id = tune("a", 1);
    let mut page = Page::open(&format!(
        "sidereal-preferences 2\nlast={id}\nposition=30000\n"
    ));
    page.mode(SoundMode::Ring);
    noted(&mut page);
    page.wish(Intent::PlayPause);
    let (ticket, request) = request(&page);
    let Request::Load { start_millis, .. } = request else {
        panic!("{request:?}");
    };
    if start_millis == 0 {
        panic!("the place was not kept");
    }
    let (tune, playing) = (id, machine());
    page.engine(ticket, engine::Event::Loaded { tune, playing });
    page.tick(100, start_millis + 50);
    let facts = noted(&mut page);
    assert!(facts.contains(&Fact::Resume(Success::Success)), "{facts:?}");
}

#[test]
fn parts_try_themselves_once() {
    let mut page = Page::open("");
    page.event(Event::Audio(AudioEvent::ModeChosen(SoundMode::Port)));
    page.event(Event::Audio(AudioEvent::ModeChosen(SoundMode::File)));
    let facts = noted(&mut page);
    let tests = facts
        .iter()
        .filter(|fact| matches!(fact, Fact::SelfTest(..)));
    assert_eq!(
        tests.copied().collect::<Vec<_>>(),
        [
            Fact::SelfTest(Adapter::LibraryStore, Verdict::Passed),
            Fact::SelfTest(Adapter::AudioRing, Verdict::Failed),
            Fact::SelfTest(Adapter::AudioPort, Verdict::Passed),
        ]
    );
    assert!(facts.contains(&Fact::CatalogOpen(Some(0))));
}

#[test]
fn a_search_takes_from_the_keystroke_to_its_answer() {
    let mut page = Page::open("");
    noted(&mut page);
    at(&mut page, 1_000);
    let wish = Event::Wish(Intent::SetFilter("a".into()));
    let effects = page.model.update(wish);
    let ticket = effects.iter().find_map(|effect| match effect {
        Effect::Library(ticket, library::Request::Find(_)) => Some(*ticket),
        _ => None,
    });
    let ticket = ticket.expect("the library is asked");
    let Some(Effect::Library(_, request)) = effects
        .iter()
        .find(|effect| matches!(effect, Effect::Library(asked, _) if *asked == ticket))
    else {
        panic!("{effects:?}");
    };
    let event = common::answer(&mut page.index, request).unwrap();
    at(&mut page, 1_003);
    page.event(Event::Library { ticket, event });
    assert!(noted(&mut page).contains(&Fact::SearchTime(Some(3_000))));
}

#[test]
fn room_that_runs_out_is_noted_as_it_does() {
    let mut page = Page::open("");
    page.event(Event::SwarmMayStart {
        origin: "https://here".into(),
    });
    noted(&mut page);
    let mut used = |used| {
        let event = protocol::swarm::Event::Torrents {
            torrents: Vec::new(),
            used,
            allowed: Some(1_000),
        };
        page.event(Event::Swarm { ticket: 0, event });
        noted(&mut page)
    };
    assert_eq!(used(799), []);
    assert_eq!(used(800), [Fact::StoragePressure(Pressure::High)]);
    assert_eq!(used(900), []);
    assert_eq!(used(950), [Fact::StoragePressure(Pressure::Full)]);
    assert_eq!(used(810), []);
    assert_eq!(used(100), []);
    assert_eq!(used(960), [Fact::StoragePressure(Pressure::Full)]);
}

#[test]
fn a_slow_source_gives_way_and_the_first_byte_is_timed() {
    let mut page = Page::open("");
    page.mode(SoundMode::Ring);
    page.event(Event::SwarmMayStart {
        origin: "https://here".into(),
    });
    let md5 = tune("a", 1).md5;
    let mut entry = page.index.get(&md5).unwrap();
    entry.remote = Some(Remote {
        info_hash: [7; 20],
        file: 0,
    });
    page.event(Event::Connection {
        online: true,
        metered: false,
    });
    at(&mut page, 1_000);
    page.wish(Intent::PlayRow(Arc::new(Row::from(&entry))));
    noted(&mut page);
    let mut facts = Vec::new();
    for _ in 0..90 {
        page.tick(100, 0);
        facts.extend(noted(&mut page));
    }
    let gave_way = facts
        .iter()
        .any(|fact| matches!(fact, Fact::Fallback(from, to) if from != to));
    assert!(gave_way, "{facts:?}");
    page.engine(0, engine::Event::Fetched { tune: tune("a", 1) });
    assert_eq!(noted(&mut page), [Fact::TorrentFirstByte(Some(9_000_000))]);
}
