//! What plays after the tune: queue, order, next made ready, sleep timer, sessions.

mod common;

use std::sync::Arc;

use catalog::Row;
use common::{Page, entry, machine, tune};
use listening::keep::KeepIntent;
use listening::preferences::Repeat;
use listening::queue::{QueueIntent, Tune};
use listening::sleep::{SleepView, SleepWish};
use listening::sources::Device;
use listening::{AudioCommand, Effect, Event, HintState, Intent, SoundMode, State};
use protocol::engine::{Event as Said, Request};
use protocol::keep::{self, Change, Deed};
use protocol::library::Request as Wish;
use sidfile::TuneId;

fn queued(page: &Page, title: &str, song: u16) -> Tune {
    let entry = page.index.get(&tune(title, 1).md5).expect("it is here");
    Tune {
        row: Arc::new(Row::from(&entry)),
        song,
    }
}

fn queue(page: &mut Page, intent: QueueIntent) {
    page.wish(Intent::Queue(intent));
}

fn add(page: &mut Page, title: &str, song: u16) {
    let tunes = vec![queued(page, title, song)];
    queue(page, QueueIntent::Add(tunes));
}

fn waiting(page: &Page) -> Vec<TuneId> {
    let items = page.model.onward().items;
    items.iter().map(|item| item.tune.id()).collect()
}

fn current(page: &Page) -> TuneId {
    page.model.player().tune.expect("a tune is chosen").id
}

/// The last request for the next tune.
fn prepared(page: &Page) -> Option<(u32, TuneId)> {
    page.effects.iter().rev().find_map(|effect| match effect {
        Effect::Engine(ticket, Request::Prepare { tune, .. }) => Some((*ticket, *tune)),
        _ => None,
    })
}

/// The engine makes the next tune ready, joins it, and it is heard.
fn passes(page: &mut Page) -> TuneId {
    let (ticket, tune) = prepared(page).expect("the next tune was asked for");
    let playing = machine();
    page.engine(ticket, Said::Prepared { tune, playing });
    page.engine(ticket, Said::Joined { tune });
    page.engine(ticket, Said::Passed { tune });
    tune
}

#[test]
fn the_queue_plays_before_the_list_goes_on() {
    let mut page = Page::playing("a");
    add(&mut page, "c", 1);
    let tunes = vec![queued(&page, "a", 3)];
    queue(&mut page, QueueIntent::PlayNext(tunes));
    assert_eq!(waiting(&page), [tune("a", 3), tune("c", 1)]);
    page.engine(0, Said::Ended { tune: tune("a", 1) });
    assert_eq!(page.loads(), tune("a", 3));
    page.wish(Intent::Next);
    assert_eq!(page.loads(), tune("c", 1));
    assert_eq!(waiting(&page), []);
    // The list goes on where it was left, not behind the queue's tunes.
    page.wish(Intent::Next);
    assert_eq!(page.loads(), tune("b", 1));
}

#[test]
fn previous_returns_and_next_returns_again() {
    let mut page = Page::playing("b");
    add(&mut page, "a", 2);
    page.wish(Intent::Next);
    assert_eq!(page.loads(), tune("a", 2));
    page.wish(Intent::Previous);
    assert_eq!(page.loads(), tune("b", 1));
    page.wish(Intent::Previous);
    assert_eq!(
        page.loads(),
        tune("a", 1),
        "before the first comes the list"
    );
    for expected in [tune("b", 1), tune("a", 2), tune("c", 1)] {
        page.wish(Intent::Next);
        assert_eq!(page.loads(), expected);
    }
}

#[test]
fn the_queue_is_put_in_order_by_steps_and_says_so() {
    let mut page = Page::playing("a");
    for title in ["a", "b", "c"] {
        add(&mut page, title, 1);
    }
    let key = page.model.onward().items[2].key;
    page.effects.clear();
    queue(&mut page, QueueIntent::Step(key, -1));
    queue(&mut page, QueueIntent::Step(key, -5));
    assert_eq!(waiting(&page), [tune("c", 1), tune("a", 1), tune("b", 1)]);
    let said = Effect::Announce("c, place 1 of 3".into());
    assert!(page.effects.contains(&said), "{:?}", page.effects);
    queue(&mut page, QueueIntent::Move { key, to: 9 });
    assert_eq!(waiting(&page), [tune("a", 1), tune("b", 1), tune("c", 1)]);
    let key = page.model.onward().items[1].key;
    queue(&mut page, QueueIntent::Play(key));
    assert_eq!(page.loads(), tune("b", 1));
    assert_eq!(waiting(&page), [tune("a", 1), tune("c", 1)]);
    queue(&mut page, QueueIntent::Clear);
    assert_eq!(waiting(&page), []);
}

#[test]
fn the_next_tune_is_made_ready_and_follows_without_a_load() {
    let mut page = Page::playing("a");
    let (_, next) = prepared(&page).expect("the next tune is asked for");
    assert_eq!(next, tune("b", 1));
    assert_eq!(page.model.onward().next.unwrap().state, HintState::Fetching);
    page.tick(1000, 59_000);
    page.effects.clear();
    // Another next tune, another wish.
    add(&mut page, "c", 1);
    assert_eq!(passes(&mut page), tune("c", 1));
    assert_eq!(current(&page), tune("c", 1));
    assert_eq!(page.model.player().state, State::Playing);
    assert_eq!(page.model.clock().position_millis, 0);
    let loads = |effect: &Effect| matches!(effect, Effect::Engine(_, Request::Load { .. }));
    assert!(!page.effects.iter().any(loads), "{:?}", page.effects);
    assert_eq!(waiting(&page), []);
    // The song that plays now is the one that requests and reports are of.
    page.engine(0, Said::Ended { tune: tune("a", 1) });
    assert_eq!(current(&page), tune("c", 1));
    assert_eq!(prepared(&page).map(|(_, tune)| tune), Some(tune("b", 1)));
}

#[test]
fn a_place_that_is_heard_before_the_engine_says_so_is_not_shown() {
    let mut page = Page::playing("c");
    page.wish(Intent::SetRepeat(Repeat::One));
    page.tick(1000, 9_900);
    let (ticket, tune) = prepared(&page).expect("it comes again");
    let playing = machine();
    page.engine(ticket, Said::Prepared { tune, playing });
    page.engine(ticket, Said::Joined { tune });
    page.tick(100, 20);
    assert_eq!(page.model.clock().position_millis, 9_900);
    page.engine(ticket, Said::Passed { tune });
    assert_eq!(page.model.clock().position_millis, 0);
    page.tick(100, 120);
    assert_eq!(page.model.clock().position_millis, 120);
}

#[test]
fn what_was_joined_is_asked_for_again_after_a_seek() {
    let mut page = Page::playing("a");
    let (ticket, tune) = prepared(&page).expect("the next tune is asked for");
    let playing = machine();
    page.engine(ticket, Said::Prepared { tune, playing });
    page.engine(ticket, Said::Joined { tune });
    page.wish(Intent::SeekTo(1_000));
    page.effects.clear();
    page.engine(ticket, Said::Parted { tune });
    let again = prepared(&page).expect("it is asked for again");
    assert_eq!(again.1, tune);
    // The old one is of no interest any more.
    page.engine(ticket, Said::Passed { tune });
    assert_eq!(current(&page), common::tune("a", 1));
}

#[test]
fn a_rendered_file_needs_no_preparation() {
    let mut page = Page::open("");
    page.mode(SoundMode::File);
    let row = page.row("a");
    page.wish(row);
    assert_eq!(prepared(&page), None);
}

#[test]
fn shuffle_plays_all_once_and_goes_back_the_same_way() {
    for seed in 0..50 {
        let mut page = Page::open("");
        page.event(Event::Device {
            wall_millis: seed,
            device: Device::default(),
        });
        let titles: Vec<String> = (0..20).map(|n| format!("t{n:02}")).collect();
        page.index = catalog::Index::new(titles.iter().map(|title| entry(title, &[None])));
        page.mode(SoundMode::Ring);
        queue(&mut page, QueueIntent::Shuffle(true));
        let row = page.row("t07");
        page.wish(row);
        let mut heard = vec![page.loads()];
        for _ in 0..19 {
            page.wish(Intent::Next);
            heard.push(page.loads());
        }
        let mut sorted = heard.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 20, "seed {seed}");
        page.effects.clear();
        page.wish(Intent::Next);
        assert_eq!(page.asked(), None, "seed {seed}: all were heard");
        for expected in heard.iter().rev().skip(1) {
            page.wish(Intent::Previous);
            assert_eq!(page.loads(), *expected, "seed {seed}");
        }
        for expected in &heard[1..] {
            page.wish(Intent::Next);
            assert_eq!(page.loads(), *expected, "seed {seed}");
        }
        page.wish(Intent::SetRepeat(Repeat::All));
        page.wish(Intent::Next);
        assert_ne!(page.loads(), *heard.last().unwrap());
    }
}

#[test]
fn a_list_that_somebody_made_is_walked_and_shuffled() {
    let mut page = Page::playing("b");
    let tunes = Arc::new(vec![
        queued(&page, "c", 1),
        queued(&page, "a", 2),
        queued(&page, "a", 3),
    ]);
    let play = QueueIntent::PlayList {
        name: "mine".into(),
        tunes,
        at: 1,
    };
    queue(&mut page, play);
    assert_eq!(page.loads(), tune("a", 2));
    assert_eq!(page.model.onward().list_name.as_deref(), Some("mine"));
    page.wish(Intent::Next);
    assert_eq!(page.loads(), tune("a", 3));
    page.wish(Intent::SetRepeat(Repeat::All));
    page.wish(Intent::Next);
    assert_eq!(page.loads(), tune("c", 1));
    queue(&mut page, QueueIntent::Shuffle(true));
    page.wish(Intent::SetRepeat(Repeat::Off));
    let mut heard = vec![];
    for _ in 0..2 {
        page.wish(Intent::Next);
        heard.push(page.loads());
    }
    heard.sort();
    let mut rest = [tune("a", 2), tune("a", 3)];
    rest.sort();
    assert_eq!(heard, rest);
}

#[test]
fn the_sleep_timer_fades_and_stops() {
    let mut page = Page::playing("a");
    page.tick(1_000, 1_000);
    queue(&mut page, QueueIntent::Sleep(SleepWish::Minutes(1)));
    assert_eq!(page.model.onward().sleep, SleepView::Minutes(1));
    page.effects.clear();
    page.tick(50_000, 10_000);
    let fades = Effect::Audio(AudioCommand::Volume(0.8 * 0.5));
    assert!(page.effects.contains(&fades), "{:?}", page.effects);
    page.tick(10_000, 20_000);
    assert_eq!(page.model.player().state, State::Paused);
    assert_eq!(page.model.onward().sleep, SleepView::Off);
    let full = Effect::Audio(AudioCommand::Volume(0.8));
    assert!(page.effects.contains(&full), "the next press is heard");

    page.wish(Intent::PlayPause);
    queue(&mut page, QueueIntent::Sleep(SleepWish::EndOfTune));
    assert_eq!(page.model.onward().sleep, SleepView::EndOfTune);
    page.engine(0, Said::Ended { tune: tune("a", 1) });
    assert_eq!(page.model.player().state, State::Ended);
    assert_eq!(current(&page), tune("a", 1));
}

#[test]
fn a_countdown_announces_the_next_tune_and_can_be_cancelled() {
    let mut page = Page::playing("a");
    queue(&mut page, QueueIntent::SetCountdown(10));
    page.tick(1_000, 59_000);
    page.engine(0, Said::Ended { tune: tune("a", 1) });
    assert_eq!(page.model.player().state, State::Ended);
    page.tick(3_000, 0);
    let countdown = page.model.onward().countdown.expect("it counts down");
    assert_eq!(countdown.seconds, 7);
    assert_eq!(countdown.tune.map(|tune| tune.id()), Some(tune("b", 1)));
    page.tick(7_000, 0);
    assert_eq!(page.loads(), tune("b", 1));
    page.engine(0, Said::Ended { tune: tune("b", 1) });
    queue(&mut page, QueueIntent::CancelCountdown);
    page.effects.clear();
    page.tick(60_000, 0);
    assert_eq!(page.asked(), None);
    assert_eq!(page.model.player().state, State::Ended);
}

#[test]
fn a_session_is_taken_up_where_it_was_left() {
    let mut page = Page::playing("b");
    add(&mut page, "c", 1);
    add(&mut page, "a", 3);
    queue(&mut page, QueueIntent::Shuffle(true));
    page.wish(Intent::Next);
    page.loads();
    page.tick(1_000, 4_000);
    page.wish(Intent::Leave);
    let saved = page.effects.iter().rev().find_map(|effect| match effect {
        Effect::SavePreferences(text) => Some(text.clone()),
        _ => None,
    });
    let mut again = Page::open_again(&saved.expect("it was saved"), page.blobs.clone());
    assert_eq!(current(&again), tune("c", 1));
    assert_eq!(again.model.clock().position_millis, 4_000);
    assert_eq!(waiting(&again), [tune("a", 3)]);
    assert!(again.model.onward().shuffle);
    again.mode(SoundMode::Ring);
    again.wish(Intent::Previous);
    again.wish(Intent::Previous);
    assert_eq!(again.loads(), tune("b", 1), "the way back is kept too");

    let mut blobs = page.blobs.clone();
    blobs.insert("session".into(), b"\x01nonsense".to_vec());
    let damaged = Page::open_again("", blobs);
    assert_eq!(waiting(&damaged), []);
    assert!(damaged.model.notices()[0].text.contains("queue"));
}

#[test]
fn what_was_left_unfinished_can_be_continued_or_dismissed() {
    let mut page = Page::playing("a");
    page.tick(1_000, 0);
    page.tick(1_000, 40_000);
    page.wish(Intent::Next);
    page.loads();
    let left = page.model.onward().left;
    assert_eq!(left.len(), 1);
    assert_eq!(
        (left[0].tune, left[0].position_millis),
        (tune("a", 1), 40_000)
    );
    // What is skipped at once is not unfinished.
    page.tick(1_000, 2_000);
    page.wish(Intent::Next);
    page.loads();
    assert_eq!(page.model.onward().left.len(), 1);
    queue(&mut page, QueueIntent::Continue(tune("a", 1)));
    let Some((_, Request::Load { start_millis, .. })) = page.asked() else {
        panic!("no load");
    };
    assert_eq!(start_millis, 40_000);
    assert!(page.model.onward().left.is_empty(), "it plays");
    page.loads();
    page.tick(1_000, 41_000);
    page.wish(Intent::Next);
    queue(&mut page, QueueIntent::Dismiss(tune("a", 1)));
    assert!(page.model.onward().left.is_empty());
    assert!(
        Page::open_again("", page.blobs)
            .model
            .onward()
            .left
            .is_empty()
    );
}

#[test]
fn a_tune_that_is_heard_although_another_was_wished_meanwhile_is_the_one_that_plays() {
    let mut page = Page::playing("a");
    let (ticket, next) = prepared(&page).expect("the next tune is asked for");
    let playing = machine();
    page.engine(
        ticket,
        Said::Prepared {
            tune: next,
            playing,
        },
    );
    add(&mut page, "c", 1);
    assert_ne!(prepared(&page).map(|(ticket, _)| ticket), Some(ticket));
    page.engine(ticket, Said::Joined { tune: next });
    page.engine(ticket, Said::Passed { tune: next });
    assert_eq!(current(&page), next);
    assert_eq!(waiting(&page), [tune("c", 1)]);
    // After another choice of the listener's it is stale.
    let (ticket, next) = prepared(&page).expect("the queue is next");
    let row = page.row("a");
    page.wish(row);
    page.engine(ticket, Said::Passed { tune: next });
    assert_eq!(current(&page), tune("a", 1));
}

/// What version 1 of the page keeps, as it was written.
#[test]
fn what_version_1_kept_is_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    let blobs = ["session", "unfinished", "picks"].map(|name| {
        let path = format!("{folder}/{name}-1.bin");
        if std::env::var_os("SIDEREAL_WRITE_FIXTURES").is_some() {
            let mut page = Page::playing("a");
            add(&mut page, "c", 1);
            queue(&mut page, QueueIntent::Shuffle(true));
            page.tick(1_000, 0);
            page.tick(1_000, 40_000);
            page.wish(Intent::Next);
            page.loads();
            add(&mut page, "b", 1);
            std::fs::write(&path, &page.blobs[name]).expect("the folder is there");
        }
        (name.to_owned(), std::fs::read(&path).expect("a fixture"))
    });
    let page = Page::open_again("", blobs.into());
    assert_eq!(waiting(&page), [tune("b", 1)]);
    assert!(page.model.onward().shuffle);
    let left = page.model.onward().left;
    assert_eq!(
        (left[0].tune, left[0].position_millis),
        (tune("a", 1), 40_000)
    );
    assert!(page.model.notices().is_empty());
}

#[test]
fn what_is_not_wanted_is_noted_and_left_where_it_plays() {
    let mut page = Page::playing("a");
    let noted = |page: &Page| {
        page.effects.iter().rev().find_map(|effect| match effect {
            Effect::Library(_, Wish::Keep(keep::Request::Change(Change::Log(line)))) => {
                (line.deed == Deed::Dislike).then_some(line.tune)
            }
            _ => None,
        })
    };
    page.wish(Intent::Keep(KeepIntent::Dislike(tune("b", 0))));
    assert_eq!(
        (noted(&page), current(&page)),
        (Some(tune("b", 0)), tune("a", 1))
    );
    page.wish(Intent::Keep(KeepIntent::Dislike(tune("a", 0))));
    assert_eq!(noted(&page), Some(tune("a", 1)));
    assert_eq!(page.loads(), tune("b", 1));
}
