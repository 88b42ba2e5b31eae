//! Bringing music and ROMs in, and finding them in the list.

mod common;

use catalog::Column;
use common::Page;
use listening::{Effect, Event, ImportPhase, Intent, NoticeKind, Ticket, words};
use protocol::engine::{FoundLength, LengthBy, Model, Video};
use protocol::library::{self, ImportReport, Refusal, Request};
use sidfile::rom::RomKind;
use sidfile::{ChipModel, Clock};

/// Starts an import and returns its ticket.
fn start(page: &mut Page) -> Ticket {
    page.wish(Intent::Import);
    let asked = page.effects.iter().rev().find_map(|effect| match effect {
        Effect::Import(ticket) => Some(*ticket),
        _ => None,
    });
    asked.expect("an import was started")
}

fn done(page: &mut Page, ticket: Ticket, report: ImportReport, cancelled: bool) {
    let event = library::Event::ImportDone {
        report,
        cancelled,
        failed: None,
    };
    page.event(Event::Library { ticket, event });
}

#[test]
fn an_import_is_followed_and_ends_with_a_word() {
    let mut page = Page::open("");
    let ticket = start(&mut page);
    let refused = |path: &str| Refusal {
        path: path.into(),
        reason: "no tune".into(),
    };
    let progress = library::Event::ImportProgress(ImportReport {
        done: 3,
        total: 9,
        refused: vec![refused("a.sid")],
        ..ImportReport::default()
    });
    page.event(Event::Library {
        ticket,
        event: progress,
    });
    let view = page.model.import();
    assert_eq!((view.report.done, view.report.total), (3, 9));
    assert_eq!(view.refused, [refused("a.sid")]);

    page.wish(Intent::CancelImport);
    assert!(page.effects.contains(&Effect::CancelImport(ticket)));
    // More that is dropped meanwhile waits for its turn.
    page.wish(Intent::Import);
    let report = ImportReport {
        added: 2,
        refused: vec![refused("a.sid"), refused("b.sid")],
        ..ImportReport::default()
    };
    done(&mut page, ticket, report, true);
    assert_eq!(page.model.import().phase, ImportPhase::Running);
    let again = ticket_of_last_import(&page);
    assert_ne!(again, ticket);
    done(&mut page, again, ImportReport::default(), false);
    let notices = page.model.notices();
    let texts: Vec<_> = notices.iter().map(|notice| &*notice.text).collect();
    assert_eq!(texts, ["2 tunes added.", "Nothing was added."]);
    assert_eq!(notices[0].kind, NoticeKind::Good);
}

fn ticket_of_last_import(page: &Page) -> Ticket {
    let mut imports = page.effects.iter().filter_map(|effect| match effect {
        Effect::Import(ticket) => Some(*ticket),
        _ => None,
    });
    imports.next_back().expect("an import was started")
}

#[test]
fn a_report_stays_until_it_is_closed() {
    let mut page = Page::open("");
    let ticket = start(&mut page);
    let report = ImportReport {
        known: 1,
        refused: vec![Refusal {
            path: "x.sid".into(),
            reason: "cut".into(),
        }],
        ..ImportReport::default()
    };
    done(&mut page, ticket, report, false);
    assert_eq!(page.model.import().phase, ImportPhase::Done);
    assert_eq!(
        page.model.notices()[0].text,
        "Nothing new: 1 tune already here."
    );
    page.wish(Intent::CloseImport);
    assert_eq!(page.model.import().phase, ImportPhase::None);
    page.wish(Intent::NothingToImport);
    assert_eq!(page.model.notices().len(), 2);
}

#[test]
fn roms_are_shown_and_forgotten() {
    let mut page = Page::open("");
    let ticket = start(&mut page);
    let report = ImportReport {
        roms: vec![RomKind::Kernal],
        ..ImportReport::default()
    };
    done(&mut page, ticket, report, false);
    assert_eq!(page.model.notices()[0].kind, NoticeKind::Good);
    let kinds = vec![RomKind::Kernal];
    page.event(Event::Library {
        ticket: 0,
        event: library::Event::Roms {
            kinds: kinds.clone(),
        },
    });
    assert_eq!(page.model.list().roms, kinds);
    page.wish(Intent::RemoveRoms);
    let asked = page
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Library(_, Request::RemoveRoms)));
    assert!(asked);
}

#[test]
fn the_list_is_filtered_and_sorted() {
    let mut page = Page::open("");
    page.wish(Intent::ShowRows {
        first: 0,
        count: 20,
    });
    assert_eq!(page.model.list().rows.len(), 3);
    page.wish(Intent::SetFilter("b.sid".into()));
    let titles = |page: &Page| -> Vec<String> {
        let rows = page.model.list().rows;
        rows.iter().flatten().map(|row| row.title.clone()).collect()
    };
    assert_eq!(titles(&page), ["b"]);
    page.wish(Intent::SetFilter(String::new()));
    page.wish(Intent::SortBy(Column::Title));
    assert_eq!(titles(&page), ["c", "b", "a"]);
    assert!(page.model.settings().sort.descending);
}

#[test]
fn machines_have_words() {
    let chips = [
        ChipModel::Unknown,
        ChipModel::Mos6581,
        ChipModel::Mos8580,
        ChipModel::Any,
    ];
    assert_eq!(
        chips.map(words::chip_name),
        ["SID", "6581", "8580", "Any SID"]
    );
    let badges = [0, 1, 2, 3].map(|count| words::chip_badge(&chips[1..][..count]));
    assert_eq!(badges, ["SID", "6581", "2SID", "3SID"]);
    let models = [Model::Mos6581, Model::Mos8580].map(words::model_name);
    assert_eq!(models, ["6581", "8580"]);
    assert_eq!(
        [Video::Pal, Video::Ntsc].map(words::video_name),
        ["PAL", "NTSC"]
    );
    let clocks = [Clock::Unknown, Clock::Pal, Clock::Ntsc, Clock::Any];
    assert_eq!(
        clocks.map(words::clock_name),
        ["Not stated", "PAL, 50 Hz", "NTSC, 60 Hz", "PAL or NTSC"]
    );
    for (by, word) in [(LengthBy::Repeat, "repeats"), (LengthBy::Silence, "silent")] {
        assert!(words::found_text(FoundLength { millis: 1, by }).contains(word));
    }
}
