//! The facade, one rule a test.

mod common;

use catalog::Index;
use common::{Page, machine, tune};
use listening::preferences::{Repeat, Songs};
use listening::{
    AudioCommand, AudioEvent, Effect, Event, Intent, LibraryState, PageEntry, SoundMode, State,
};
use protocol::engine::{Event as Said, Failure, Request};

#[test]
fn the_first_press_plays_the_first_tune_of_the_list() {
    let mut page = Page::open("");
    page.wish(Intent::PlayPause);
    let unlock = Effect::Audio(AudioCommand::Unlock);
    assert!(page.effects.contains(&unlock), "inside the gesture");
    assert_eq!(page.asked(), None, "nobody knows yet how sound is made");
    page.mode(SoundMode::Ring);
    assert_eq!(page.loads(), tune("a", 1));
    assert_eq!(page.model.player().state, State::Playing);
}

#[test]
fn a_stale_answer_is_ignored() {
    let mut page = Page::playing("a");
    let (old, _) = page.asked().unwrap();
    let row = page.row("c");
    page.wish(row);
    assert_eq!(page.model.player().state, State::Loading);
    let failure = Failure::Missing;
    for tune in [Some(tune("a", 1)), None] {
        let failure = failure.clone();
        page.engine(old, Said::Failed { tune, failure });
    }
    page.engine(0, Said::Ended { tune: tune("a", 1) });
    assert_eq!(page.model.player().state, State::Loading);
    page.loads();
    assert!(page.model.player().is_current(tune("c", 1)));
    assert_eq!(page.model.player().state, State::Playing);
}

#[test]
fn the_list_goes_on_by_itself_and_ends() {
    let mut page = Page::playing("a");
    page.engine(0, Said::Ended { tune: tune("a", 1) });
    assert_eq!(page.loads(), tune("b", 1));
    page.engine(0, Said::Ended { tune: tune("b", 1) });
    assert_eq!(page.loads(), tune("c", 1));
    page.engine(0, Said::Ended { tune: tune("c", 1) });
    assert_eq!(page.model.player().state, State::Ended);
    page.wish(Intent::PlayPause);
    assert_eq!(page.loads(), tune("c", 1));
}

#[test]
fn repeat_and_all_songs() {
    let mut page = Page::playing("c");
    page.wish(Intent::SetRepeat(Repeat::One));
    page.engine(0, Said::Ended { tune: tune("c", 1) });
    assert_eq!(page.loads(), tune("c", 1));
    page.wish(Intent::SetRepeat(Repeat::All));
    page.engine(0, Said::Ended { tune: tune("c", 1) });
    assert_eq!(page.loads(), tune("a", 1));
    page.wish(Intent::SetSongs(Songs::All));
    page.engine(0, Said::Ended { tune: tune("a", 1) });
    assert_eq!(page.loads(), tune("a", 2));
    assert_eq!(page.model.player().tune.unwrap().length_millis, 30_000);
}

#[test]
fn the_list_that_was_chosen_from_is_walked_not_the_one_on_the_screen() {
    let mut page = Page::playing("a");
    page.wish(Intent::SetFilter("c".into()));
    page.wish(Intent::Next);
    assert_eq!(page.loads(), tune("b", 1));
}

#[test]
fn previous_restarts_first() {
    let mut page = Page::playing("b");
    page.tick(1000, 0);
    page.tick(1000, 9_000);
    page.wish(Intent::Previous);
    assert_eq!(page.asked().unwrap().1, Request::Seek { millis: 0 });
    page.wish(Intent::Previous);
    assert_eq!(page.loads(), tune("a", 1));
}

#[test]
fn seeks_are_clamped_and_hold_the_position_until_the_clock_follows() {
    let mut page = Page::playing("a");
    page.tick(1000, 0);
    page.wish(Intent::SeekTo(90_000));
    let (ticket, request) = page.asked().unwrap();
    assert_eq!(request, Request::Seek { millis: 60_000 });
    page.wish(Intent::SeekTo(40_000));
    page.tick(100, 1_000);
    assert_eq!(page.model.clock().position_millis, 40_000);
    page.engine(0, Said::Ended { tune: tune("a", 1) });
    assert_eq!(
        page.model.player().state,
        State::Playing,
        "of before the seek"
    );
    page.engine(ticket + 1, Said::Sought { millis: 40_000 });
    page.tick(100, 1_100);
    assert_eq!(page.model.clock().position_millis, 40_000);
    page.tick(100, 40_100);
    assert_eq!(page.model.clock().position_millis, 40_100);
    page.wish(Intent::SeekBy(-90_000));
    assert_eq!(page.asked().unwrap().1, Request::Seek { millis: 0 });
}

#[test]
fn an_unknown_length_is_three_minutes() {
    let mut page = Page::open("");
    page.mode(SoundMode::Port);
    let row = page.row("b");
    page.wish(row);
    let Some((_, Request::Load { end_millis, .. })) = page.asked() else {
        panic!("no load");
    };
    assert_eq!(end_millis, Some(180_000));
    assert!(!page.model.player().tune.unwrap().length_is_known);
}

#[test]
fn failures_are_words_and_are_passed_over_only_in_a_walk() {
    let mut page = Page::playing("a");
    let failure = Failure::NeedsRoms;
    let fails = |page: &mut Page, title| {
        let tune = Some(tune(title, 1));
        let failure = failure.clone();
        page.engine(0, Said::Failed { tune, failure });
    };
    fails(&mut page, "a");
    let view = page.model.player();
    assert_eq!(view.state, State::Error);
    assert!(view.error.unwrap().starts_with("It is a BASIC program"));
    page.wish(Intent::PlayPause);
    page.loads();
    page.engine(0, Said::Ended { tune: tune("a", 1) });
    fails(&mut page, "b");
    assert_eq!(page.loads(), tune("c", 1));
    assert_eq!(page.model.notices().len(), 1);
    fails(&mut page, "c");
    assert_eq!(page.model.player().state, State::Error, "nothing follows");
}

#[test]
fn a_restarted_engine_resumes_where_the_tune_was_and_gives_up_in_the_end() {
    let mut page = Page::playing("a");
    page.tick(1000, 0);
    page.tick(1000, 21_000);
    for crash in 1..=3 {
        let reason = "memory".to_owned();
        page.event(Event::EngineRestarted { reason });
        if crash < 3 {
            let Some((_, Request::Load { start_millis, .. })) = page.asked() else {
                panic!("no load");
            };
            assert_eq!(start_millis, 21_000);
            page.loads();
        }
    }
    assert_eq!(page.model.player().state, State::Error);
}

#[test]
fn a_paused_tune_stays_paused_over_a_restart() {
    let mut page = Page::playing("a");
    page.wish(Intent::PlayPause);
    page.event(Event::EngineRestarted { reason: "x".into() });
    page.loads();
    assert_eq!(page.model.player().state, State::Paused);
}

#[test]
fn a_rendered_file_plays_like_any_other_sound() {
    let mut page = Page::open("");
    page.mode(SoundMode::File);
    let row = page.row("c");
    page.wish(row);
    let (ticket, request) = page.asked().unwrap();
    assert!(matches!(request, Request::RenderFile { .. }));
    page.engine(
        ticket,
        Said::FileProgress {
            at_millis: 5_000,
            length_millis: 10_000,
        },
    );
    assert_eq!(page.model.player().rendered_millis, Some(5_000));
    page.event(Event::Engine {
        ticket,
        event: Said::FileRendered {
            tune: tune("c", 1),
            playing: machine(),
        },
        file: Some("blob:1".into()),
    });
    assert_eq!(page.model.player().state, State::Playing);
    page.wish(Intent::SeekTo(4_000));
    assert_eq!(
        page.effects.last(),
        page.effects
            .iter()
            .rev()
            .find(|effect| matches!(effect, Effect::MediaSession(_)))
    );
    assert!(
        page.effects
            .contains(&Effect::Audio(AudioCommand::SeekFile(4_000)))
    );
    page.event(Event::Audio(AudioEvent::FileEnded));
    assert_eq!(page.model.player().state, State::Ended);
    assert!(page.effects.contains(&Effect::ForgetFile("blob:1".into())));
}

#[test]
fn the_last_tune_is_there_again_and_waits_for_a_gesture() {
    let mut first = Page::playing("a");
    first.tick(1000, 0);
    first.tick(6000, 33_000);
    let kept = first.effects.iter().rev().find_map(|effect| match effect {
        Effect::SavePreferences(text) => Some(text.clone()),
        _ => None,
    });
    let mut second = Page::open(&kept.unwrap());
    assert_eq!(second.model.player().state, State::Ready);
    assert_eq!(second.model.clock().position_millis, 33_000);
    assert_eq!(second.asked(), None);
    second.mode(SoundMode::Ring);
    assert_eq!(second.asked(), None);
    second.wish(Intent::PlayPause);
    assert_eq!(second.loads(), tune("a", 1));
}

#[test]
fn the_page_of_the_playing_tune_follows_it() {
    let mut page = Page::playing("a");
    page.wish(Intent::ShowTune(Some((tune("a", 1).md5, None))));
    let view = page.model.page().unwrap();
    assert_eq!(view.id.song, 1);
    assert!(matches!(view.entry, PageEntry::Known(_)));
    page.wish(Intent::Next);
    assert!(page.effects.contains(&Effect::Navigate(tune("b", 1))));
    page.effects.clear();
    page.wish(Intent::ShowTune(Some((tune("c", 1).md5, Some(1)))));
    page.wish(Intent::Next);
    assert!(
        !page
            .effects
            .iter()
            .any(|e| matches!(e, Effect::Navigate(_)))
    );
}

#[test]
fn a_missing_tune_is_a_message() {
    let mut page = Page::open("");
    page.wish(Intent::ShowTune(Some((tune("nowhere", 1).md5, Some(4)))));
    assert_eq!(page.model.page().unwrap().entry, PageEntry::Missing);
    page.wish(Intent::PlaySong(tune("nowhere", 4)));
    assert_eq!(page.model.notices().len(), 1);
    assert_eq!(page.model.player().state, State::Idle);
}

#[test]
fn voices_are_toggled_and_soloed() {
    let mut page = Page::playing("a");
    page.wish(Intent::ToggleVoice { chip: 0, voice: 1 });
    let audible = [0b1101, 0b1111, 0b1111];
    assert_eq!(page.asked().unwrap().1, Request::SetAudible { audible });
    page.wish(Intent::SoloVoice { chip: 0, voice: 2 });
    assert_eq!(page.model.player().audible, [0b0100, 0, 0]);
    page.wish(Intent::SoloVoice { chip: 0, voice: 2 });
    assert_eq!(page.model.player().audible, [0b1111; 3]);
}

#[test]
fn a_library_that_keeps_dying_is_an_error_state() {
    let mut page = Page::open("");
    for _ in 0..2 {
        let reason = "memory".to_owned();
        page.event(Event::LibraryRestarted { reason });
        assert!(matches!(
            page.model.list().library,
            LibraryState::Open { .. }
        ));
    }
    let mut model = listening::Model::default();
    for _ in 0..3 {
        let reason = "memory".to_owned();
        model.update(Event::LibraryRestarted { reason });
    }
    let failed = LibraryState::Failed("memory".into());
    assert_eq!(model.list().library, failed);
    let effects = model.update(Event::Wish(Intent::RetryLibrary));
    assert_eq!(effects.len(), 1, "it is opened when the listener asks");
}

#[test]
fn without_any_sound_a_tune_says_why_and_does_not_wait() {
    let mut page = Page::open("");
    page.event(Event::Audio(AudioEvent::Failed("no speakers".into())));
    assert_eq!(page.model.player().state, State::Idle);
    let row = page.row("a");
    page.wish(row);
    let view = page.model.player();
    assert_eq!(view.state, State::Error);
    assert_eq!(view.error, Some("No speakers".into()));
    page.mode(SoundMode::Ring);
    page.wish(Intent::PlayPause);
    assert_eq!(page.loads(), tune("a", 1));
}

#[test]
fn an_engine_that_cannot_be_started_is_a_lasting_error_that_play_tries_again() {
    let mut page = Page::playing("a");
    let reason = "no memory".to_owned();
    page.event(Event::EngineGone { reason });
    let view = page.model.player();
    assert_eq!(view.state, State::Error);
    assert_eq!(view.gone, Some("no memory".into()));
    page.event(Event::Tick {
        now: 1_000_000,
        heard: Default::default(),
    });
    assert!(page.model.player().gone.is_some());
    page.effects.clear();
    page.wish(Intent::PlayPause);
    let at = |wanted: &dyn Fn(&Effect) -> bool| page.effects.iter().position(wanted).unwrap();
    let start = at(&|effect| *effect == Effect::StartEngine);
    let load = at(&|effect| matches!(effect, Effect::Engine(_, Request::Load { .. })));
    assert!(start < load);
    assert_eq!(page.model.player().gone, None);
}

#[test]
fn a_library_that_cannot_be_started_is_started_when_the_listener_asks() {
    let mut page = Page::open("");
    page.event(Event::LibraryGone {
        reason: "no memory".into(),
    });
    let failed = LibraryState::Failed("no memory".into());
    assert_eq!(page.model.list().library, failed);
    page.effects.clear();
    page.wish(Intent::RetryLibrary);
    assert_eq!(page.effects[0], Effect::StartLibrary);
    assert!(matches!(
        page.model.list().library,
        LibraryState::Open { .. }
    ));
}

#[test]
fn play_in_an_empty_list_says_so() {
    let mut page = Page::open("");
    page.mode(SoundMode::Ring);
    page.index = Index::default();
    page.wish(Intent::PlayPause);
    assert_eq!(page.model.notices().len(), 1);
    assert_eq!(page.model.player().state, State::Idle);
}
