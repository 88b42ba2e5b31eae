//! Speed and pitch, one rule a test.

mod common;

use common::{Page, machine, tune};
use listening::{AudioCommand, Effect, Event, Intent, SoundMode};
use protocol::engine::{Event as Said, Request, Tempo};

const FAST: Tempo = Tempo {
    speed_percent: 200,
    semitones: 3,
    pitch_follows: false,
};

fn load_tempo(page: &Page) -> Tempo {
    match page.asked() {
        Some((_, Request::Load { tempo, .. })) => tempo,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tempo_holds_for_its_tune() {
    let mut page = Page::playing("a");
    page.wish(Intent::SetTempo(FAST));
    assert!(matches!(page.asked(), Some((_, Request::SetTempo { tempo })) if tempo == FAST));
    assert_eq!(page.model.player().tempo, FAST);
    page.wish(Intent::StepSong(1));
    assert_eq!(load_tempo(&page), FAST, "of all songs of the file");
    let row = page.row("c");
    page.wish(row);
    assert_eq!(load_tempo(&page), Tempo::default());
}

#[test]
fn a_tempo_that_is_kept_holds_for_every_tune_and_the_next_visit() {
    let mut page = Page::playing("a");
    page.wish(Intent::KeepTempo(true));
    page.wish(Intent::SetTempo(FAST));
    let row = page.row("c");
    page.wish(row);
    assert_eq!(load_tempo(&page), FAST);
    let kept = page.effects.iter().rev().find_map(|effect| match effect {
        Effect::SavePreferences(text) => Some(text.clone()),
        _ => None,
    });
    let again = Page::open(&kept.unwrap());
    assert_eq!(again.model.settings().tempo, Some(FAST));
    assert_eq!(
        again.model.player().tempo,
        FAST,
        "of the tune that was last"
    );
    page.wish(Intent::KeepTempo(false));
    assert_eq!(page.model.player().tempo, FAST, "goes on as it is");
    let row = page.row("b");
    page.wish(row);
    assert_eq!(load_tempo(&page), Tempo::default());
}

#[test]
fn keys_step_the_speed_and_say_so() {
    let mut page = Page::playing("a");
    page.wish(Intent::StepSpeed(1));
    page.wish(Intent::StepSpeed(1));
    assert_eq!(page.model.player().tempo.speed_percent, 150);
    assert!(
        page.effects
            .contains(&Effect::Announce("Speed 1.5\u{d7}".into()))
    );
    let told = page.effects.iter().rev().find_map(|effect| match effect {
        Effect::MediaSession(Some(state)) => Some(state.speed_percent),
        _ => None,
    });
    assert_eq!(told, Some(150), "the lock screen goes with it");
}

#[test]
fn a_rendered_file_gets_its_speed_from_the_element_and_its_pitch_from_the_engine() {
    let mut page = Page::open("");
    let row = page.row("a");
    page.wish(row);
    page.mode(SoundMode::File);
    let (ticket, _) = page.asked().unwrap();
    page.event(Event::Engine {
        ticket,
        event: Said::FileRendered {
            tune: tune("a", 1),
            playing: machine(),
        },
        file: Some("blob:1".into()),
    });
    page.effects.clear();
    let faster = Tempo {
        semitones: 0,
        ..FAST
    };
    page.wish(Intent::SetTempo(faster));
    assert!(
        page.effects
            .contains(&Effect::Audio(AudioCommand::Tempo(faster)))
    );
    assert_eq!(page.asked(), None, "the file stays");
    page.wish(Intent::SetTempo(FAST));
    let asked = page.asked();
    assert!(
        matches!(asked, Some((_, Request::RenderFile { semitones: 3, .. }))),
        "{asked:?}"
    );
}
