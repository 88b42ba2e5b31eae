//! What the engine finds out ahead of the play head, and exports.

mod common;

use std::sync::Arc;

use common::{Page, tune};
use listening::{Effect, Event, ExportPhase, ExportWish, Intent};
use protocol::engine::{self, Request};
use sidfile::TuneId;

/// A report of the engine that has run ahead.
fn scouted(tune: TuneId, to_millis: u32, gain: f32, length: Option<u32>) -> engine::Event {
    engine::Event::Scouted(engine::Scouted {
        tune,
        to_millis,
        is_done: length.is_some(),
        first_bin: 0,
        bins: vec![[9, 5]; (to_millis / 100) as usize],
        loudness_lufs: Some(-20.0),
        gain,
        length: length.map(|millis| engine::FoundLength {
            millis,
            by: engine::LengthBy::Repeat,
        }),
        play_rate_millihertz: 200_000,
    })
}

fn levels(effects: &[Effect]) -> Vec<f32> {
    let level = |effect: &Effect| match effect {
        Effect::Engine(_, Request::SetLevel { gain_thousandths }) => {
            Some(*gain_thousandths as f32 / 1_000.0)
        }
        _ => None,
    };
    effects.iter().filter_map(level).collect()
}

fn say(page: &mut Page, event: engine::Event) -> Vec<Effect> {
    page.model.update(Event::Engine {
        ticket: 0,
        event,
        file: None,
    })
}

#[test]
fn a_length_that_was_found_ends_the_song_and_is_remembered() {
    let mut page = Page::playing("b");
    let id = tune("b", 1);
    let effects = say(&mut page, scouted(id, 9_000, 1.5, Some(70_000)));
    let is_end = |effect: &Effect| {
        matches!(
            effect,
            Effect::Engine(_, Request::SetEnd { end_millis: 70_000 })
        )
    };
    assert!(effects.iter().any(is_end), "{effects:?}");
    let is_kept = |effect: &Effect| matches!(effect, Effect::Library(_, protocol::library::Request::KeepLength { tune, .. }) if *tune == id);
    assert!(effects.iter().any(is_kept), "{effects:?}");
    let shown = page.model.player().tune.expect("it plays");
    assert_eq!(shown.length_millis, 70_000);
    assert!(shown.length_is_known && shown.found_length.is_some());
    // The list shows it too, for the one that it has no length of.
    page.wish(Intent::ShowRows { first: 0, count: 3 });
    let list = page.model.list();
    let found: Vec<_> = list.found.iter().map(|f| f.map(|f| f.millis)).collect();
    assert_eq!(found, [None, Some(70_000), None]);
    // Told again it changes nothing.
    let effects = say(&mut page, scouted(id, 9_000, 1.5, Some(70_000)));
    assert!(!effects.iter().any(is_end));
    let row = page.row("a");
    page.wish(row);
    page.wish(Intent::PlaySong(id));
    let (_, asked) = page.asked().expect("it is loaded");
    let Request::Load {
        end_millis,
        finds_length,
        ..
    } = asked
    else {
        panic!("{asked:?}");
    };
    assert_eq!((end_millis, finds_length), (Some(70_000), false));
}

#[test]
fn a_length_from_the_list_is_not_doubted() {
    let mut page = Page::playing("c");
    let effects = say(&mut page, scouted(tune("c", 1), 9_000, 1.5, Some(70_000)));
    let asks = |effect: &Effect| matches!(effect, Effect::Engine(_, Request::SetEnd { .. }));
    assert!(!effects.iter().any(asks), "{effects:?}");
    assert_eq!(
        page.model.player().tune.expect("it plays").length_millis,
        10_000
    );
}

#[test]
fn loudness_is_levelled_once_it_is_sure_and_when_wanted() {
    let mut page = Page::playing("b");
    let id = tune("b", 1);
    assert!(levels(&say(&mut page, scouted(id, 1_000, 3.0, None))).is_empty());
    let sure = say(&mut page, scouted(id, 21_000, 1.5, None));
    assert_eq!(levels(&sure), [1.5]);
    assert!(levels(&say(&mut page, scouted(id, 31_000, 1.6, None))).is_empty());
    let off = page.model.update(Event::Wish(Intent::SetLevelling(false)));
    assert_eq!(levels(&off), [1.0]);
    let on = page.model.update(Event::Wish(Intent::SetLevelling(true)));
    assert_eq!(levels(&on), [1.5]);
    let done = say(&mut page, scouted(id, 60_000, 1.7, Some(60_000)));
    assert_eq!(levels(&done), [1.7]);
    // The next song is not played at this one's level.
    let row = page.row("c");
    assert_eq!(levels(&page.model.update(Event::Wish(row))), [1.0]);
}

#[test]
fn the_seek_bar_shows_how_far_the_engine_has_run() {
    let mut page = Page::playing("b");
    say(&mut page, scouted(tune("b", 1), 30_000, 1.0, None));
    assert_eq!(page.model.clock().rendered_millis, 30_000);
    assert_eq!(page.model.overview().bins.len(), 300);
    say(&mut page, scouted(tune("c", 1), 50_000, 1.0, None));
    assert_eq!(page.model.overview().bins.len(), 300, "another song's");
}

fn export(page: &mut Page, songs: &[u16]) -> Vec<Effect> {
    let entry = page
        .index
        .get(&tune("a", 1).md5)
        .expect("it is in the library")
        .clone();
    page.model.update(Event::Wish(Intent::Export(ExportWish {
        entry: Arc::new(entry),
        songs: songs.to_vec(),
        format: engine::FileFormat::Flac,
        stems: false,
        length_millis: None,
    })))
}

fn export_says(
    page: &mut Page,
    ticket: u32,
    event: engine::Event,
    file: Option<&str>,
) -> Vec<Effect> {
    page.model.update(Event::Export {
        ticket,
        event,
        file: file.map(str::to_owned),
    })
}

#[test]
fn an_export_runs_in_a_second_engine_and_is_saved() {
    let mut page = Page::playing("a");
    let effects = export(&mut page, &[2, 3]);
    let [Effect::Export(ticket, Request::Export { songs, names, .. })] = &effects[..] else {
        panic!("{effects:?}");
    };
    let ticket = *ticket;
    let lengths: Vec<_> = songs.iter().map(|song| song.length_millis).collect();
    assert_eq!(lengths, [30_000, 180_000]);
    assert_eq!(songs[0].file_name, "a - 02");
    assert_eq!(names.artist, "Composer");
    let progress = engine::Event::ExportProgress {
        at_millis: 105_000,
        length_millis: 210_000,
    };
    export_says(&mut page, ticket, progress, None);
    assert_eq!(page.model.export_view().phase, ExportPhase::Running(50));
    assert!(export(&mut page, &[1]).is_empty(), "one at a time");
    let done = engine::Event::Exported {
        file_name: "a.zip".into(),
    };
    let stale = export_says(&mut page, ticket + 9, done.clone(), Some("blob:1"));
    assert_eq!(stale, [Effect::ForgetFile("blob:1".into())]);
    let effects = export_says(&mut page, ticket, done, Some("blob:2"));
    assert!(effects.contains(&Effect::SaveFile {
        url: "blob:2".into(),
        name: "a.zip".into()
    }));
    assert!(effects.contains(&Effect::StopExport));
    let phase = page.model.export_view().phase;
    assert_eq!(phase, ExportPhase::Done("a.zip".into()));
}

#[test]
fn an_export_can_be_stopped_and_can_die() {
    let mut page = Page::playing("a");
    export(&mut page, &[1]);
    let stop = page.model.update(Event::Wish(Intent::StopExport));
    assert_eq!(stop, [Effect::StopExport]);
    assert_eq!(page.model.export_view().phase, ExportPhase::None);
    export(&mut page, &[1]);
    let reason = "no memory".to_owned();
    page.model.update(Event::ExportDied { reason });
    let phase = page.model.export_view().phase;
    assert_eq!(
        phase,
        ExportPhase::Failed("The export stopped: no memory".into())
    );
}
