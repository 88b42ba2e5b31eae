//! The swarm on the page: what is asked of it, and what of its answers is shown.

mod common;

use catalog::Remote;
use common::{Page, entry, tune};
use listening::keep::KeepIntent;
use listening::preferences::DataSaver;
use listening::{
    Effect, Event, Intent, NoticeKind, Reach, State, SwarmChoices, SwarmIntent, SwarmState, Ticket,
};
use protocol::library::{self, ImportReport};
use protocol::swarm::{
    self, FileId, FileStatus, InfoHash, Kept, Priority, Request, Settings, Window,
};
use sidfile::Md5;

const TORRENT: InfoHash = InfoHash([7; 20]);

fn remote(file: u32) -> Remote {
    Remote {
        info_hash: TORRENT.0,
        file,
    }
}

fn id(file: u32) -> FileId {
    FileId {
        torrent: TORRENT,
        file,
    }
}

fn status(file: u32, progress: f32) -> FileStatus {
    FileStatus {
        index: file,
        path: format!("{file}.sid"),
        length: 4_000,
        bytes_completed: (progress * 4_000.0) as u64,
        piece_start: 0,
        piece_end: 1,
        progress,
        priority: Priority::Now,
    }
}

/// A library whose second and third tunes are in the swarm, and a swarm that has started.
fn page() -> Page {
    let mut page = Page::open("");
    for (title, file) in [("b", 1), ("c", 2)] {
        let mut entry = entry(title, &[Some(10_000)]);
        entry.remote = Some(remote(file));
        page.index.update(entry);
    }
    page.event(Event::Library {
        ticket: listening::UNASKED,
        event: library::Event::LibraryChanged { count: 3 },
    });
    page.wish(Intent::ShowRows { first: 0, count: 3 });
    page.event(Event::Connection {
        online: true,
        metered: false,
    });
    page.event(Event::SwarmMayStart {
        origin: "https://site.example".into(),
    });
    page
}

fn asked(page: &Page) -> Vec<(Ticket, Request)> {
    let asked = page.effects.iter().filter_map(|effect| match effect {
        Effect::Swarm(ticket, request) => Some((*ticket, request.clone())),
        _ => None,
    });
    asked.collect()
}

fn has_asked(page: &Page, request: &Request) -> bool {
    asked(page).iter().any(|(_, other)| other == request)
}

fn said(page: &mut Page, ticket: Ticket, event: swarm::Event) {
    page.event(Event::Swarm { ticket, event });
}

#[test]
fn rows_on_the_screen_are_watched_and_what_plays_is_protected() {
    let mut page = page();
    assert!(has_asked(&page, &Request::WatchFiles(vec![id(1), id(2)])));
    page.wish(Intent::PlaySong(tune("b", 1)));
    assert!(has_asked(&page, &Request::Protect(vec![id(1), id(2)])));
    let before = asked(&page).len();
    page.tick(100, 0);
    assert_eq!(asked(&page).len(), before, "nothing is said twice");
}

#[test]
fn a_tune_that_is_fetched_shows_how_far_it_is() {
    let mut page = page();
    page.wish(Intent::PlaySong(tune("b", 1)));
    assert_eq!(page.model.player().state, State::Loading);
    assert_eq!(page.model.fetching(), Some(0.0));
    for (progress, expected) in [(0.25, Some(0.25)), (1.0, None)] {
        let files = vec![(id(1), status(1, progress))];
        said(&mut page, listening::UNASKED, swarm::Event::Files(files));
        assert_eq!(page.model.fetching(), expected);
    }
    page.wish(Intent::PlaySong(tune("a", 1)));
    assert_eq!(page.model.fetching(), None, "this one is here");
}

#[test]
fn a_link_is_added_or_refused_in_words() {
    let mut page = page();
    page.wish(Intent::Swarm(SwarmIntent::AddLink("   ".into())));
    assert!(!page.model.swarm().is_adding);
    for refused in [true, false] {
        let link = SwarmIntent::AddLink("magnet:?x".into());
        page.wish(Intent::Swarm(link));
        let (ticket, _) = asked(&page).pop().unwrap();
        assert!(page.model.swarm().is_adding);
        if refused {
            let reason = "the link names no torrent".to_owned();
            said(&mut page, ticket, swarm::Event::Failed { reason });
            let view = page.model.swarm();
            assert_eq!(view.refused.as_deref(), Some("the link names no torrent"));
        } else {
            said(&mut page, ticket, swarm::Event::Added(TORRENT));
            assert!(page.effects.contains(&Effect::ShowTorrent(TORRENT)));
            assert_eq!(page.model.swarm().refused, None);
        }
        assert!(!page.model.swarm().is_adding);
    }
}

#[test]
fn a_link_that_brought_the_listener_here_waits_for_the_swarm() {
    let mut page = Page::open("");
    let link = "magnet:?x".to_owned();
    page.wish(Intent::Swarm(SwarmIntent::AddLink(link.clone())));
    assert!(page.model.swarm().is_adding);
    assert_eq!(asked(&page), []);
    page.event(Event::SwarmMayStart {
        origin: "https://site.example".into(),
    });
    let requests: Vec<Request> = asked(&page)
        .into_iter()
        .map(|(_, request)| request)
        .collect();
    let open = requests
        .iter()
        .position(|request| matches!(request, Request::Open { .. }));
    let add = requests
        .iter()
        .position(|request| *request == Request::AddLink(link.clone()));
    assert!(open.is_some() && open < add, "{requests:?}");
}

#[test]
fn a_folder_is_shared_when_its_tunes_are_in() {
    let mut page = page();
    page.wish(Intent::Swarm(SwarmIntent::Share("Mix".into())));
    page.wish(Intent::Import);
    let import = page.effects.iter().rev().find_map(|effect| match effect {
        Effect::Import(ticket) => Some(*ticket),
        _ => None,
    });
    page.event(Event::Library {
        ticket: import.unwrap(),
        event: library::Event::ImportDone {
            report: ImportReport::default(),
            cancelled: false,
            failed: None,
        },
    });
    let lookup = page.effects.iter().rev().find_map(|effect| match effect {
        Effect::Library(ticket, library::Request::Imported) => Some(*ticket),
        _ => None,
    });
    let md5 = Md5::of(b"x");
    page.event(Event::Library {
        ticket: lookup.unwrap(),
        event: library::Event::Imported {
            files: vec![("Mix/a.sid".into(), md5, 5), ("GAMES/b.sid".into(), md5, 6)],
        },
    });
    let (ticket, request) = asked(&page).pop().unwrap();
    let expected = Request::Share {
        name: "Mix".into(),
        files: vec![("a.sid".into(), md5, 5), ("GAMES/b.sid".into(), md5, 6)],
    };
    assert_eq!(request, expected);
    said(&mut page, ticket, swarm::Event::Added(TORRENT));
    let notices = page.model.notices();
    assert!(notices.iter().any(|notice| notice.kind == NoticeKind::Good));
}

#[test]
fn a_removed_torrent_leaves_the_library_too() {
    let mut page = page();
    page.wish(Intent::Swarm(SwarmIntent::Show(Some(TORRENT))));
    page.wish(Intent::Swarm(SwarmIntent::Remove(TORRENT, true)));
    let torrent = TORRENT;
    let bytes = true;
    assert!(has_asked(&page, &Request::Remove { torrent, bytes }));
    assert!(has_asked(&page, &Request::Watch(None)));
    assert!(page.effects.iter().any(|effect| matches!(
        effect,
        Effect::Library(_, library::Request::Torrent { is_here: false, .. })
    )));
}

#[test]
fn what_is_looked_at_is_asked_again_after_a_restart() {
    let mut page = page();
    page.wish(Intent::Swarm(SwarmIntent::Show(Some(TORRENT))));
    page.wish(Intent::Swarm(SwarmIntent::ShowFiles {
        first: 80,
        count: 9_000,
    }));
    page.effects.clear();
    let reason = "it ran out of memory".into();
    page.event(Event::SwarmRestarted { reason });
    assert_eq!(page.model.swarm().state, SwarmState::Opening);
    let window = Window {
        torrent: TORRENT,
        filter: String::new(),
        first: 80,
        count: 500,
    };
    assert!(has_asked(&page, &Request::Watch(Some(window))));
    assert!(has_asked(&page, &Request::WatchFiles(vec![id(1), id(2)])));
    let opened = swarm::Event::Opened {
        kept: Kept::Files,
        elsewhere: false,
    };
    said(&mut page, listening::UNASKED, opened);
    assert!(matches!(page.model.swarm().state, SwarmState::Open { .. }));
}

#[test]
fn choices_reach_the_swarm_in_its_own_units_and_are_kept() {
    let mut page = page();
    let choices = SwarmChoices {
        reach: Reach::Nobody,
        seed: true,
        download_kilobytes: 50,
        upload_kilobytes: 0,
        disk_megabytes: 100,
    };
    page.event(Event::Connection {
        online: true,
        metered: true,
    });
    page.wish(Intent::Swarm(SwarmIntent::Choose(choices)));
    let settings = Settings {
        peers: false,
        ready_offer: false,
        seed: true,
        download: Some(50_000),
        upload: None,
        disk: Some(100_000_000),
        metered: true,
    };
    assert!(has_asked(&page, &Request::Set(settings)));
    let saved = page.effects.iter().rev().find_map(|effect| match effect {
        Effect::SavePreferences(text) => Some(text.clone()),
        _ => None,
    });
    assert!(saved.unwrap().contains("reach=nobody\n"));
    // A connection is made ready where that costs nothing: neither bytes nor a TURN server's port.
    for (reach, metered, ready_offer) in [
        (Reach::Direct, false, true),
        (Reach::Direct, true, false),
        (Reach::Local, false, true),
        (Reach::Relayed, false, false),
    ] {
        page.event(Event::Connection {
            online: true,
            metered,
        });
        let choices = SwarmChoices { reach, ..choices };
        page.wish(Intent::Swarm(SwarmIntent::Choose(choices)));
        let settings = Settings {
            peers: true,
            ready_offer,
            metered,
            ..settings
        };
        assert!(has_asked(&page, &Request::Set(settings)), "{settings:?}");
    }
}

#[test]
fn bytes_are_spared_as_the_listener_says() {
    let mut page = page();
    let metered = |page: &Page| {
        asked(page)
            .into_iter()
            .rev()
            .find_map(|(_, request)| match request {
                Request::Set(settings) => Some(settings.metered),
                _ => None,
            })
    };
    page.wish(Intent::Swarm(SwarmIntent::Spare(DataSaver::On)));
    assert_eq!(metered(&page), Some(true));
    page.wish(Intent::Swarm(SwarmIntent::Spare(DataSaver::Off)));
    page.event(Event::Connection {
        online: true,
        metered: true,
    });
    assert_eq!(metered(&page), Some(false));
    page.wish(Intent::Swarm(SwarmIntent::Spare(DataSaver::Auto)));
    assert_eq!(metered(&page), Some(true));
}

fn prioritised(page: &Page, file: u32) -> Option<Priority> {
    let of = |request: Request| match request {
        Request::Prioritise {
            torrent,
            files,
            priority,
        } if (torrent, files) == (TORRENT, (file, file + 1)) => Some(priority),
        _ => None,
    };
    asked(page)
        .into_iter()
        .rev()
        .find_map(|(_, request)| of(request))
}

#[test]
fn without_a_network_a_tune_that_is_not_here_is_wished_for() {
    let mut page = page();
    said(
        &mut page,
        listening::UNASKED,
        swarm::Event::Opened {
            kept: Kept::Files,
            elsewhere: false,
        },
    );
    page.event(Event::Connection {
        online: false,
        metered: false,
    });
    let files = vec![(id(1), status(1, 0.0)), (id(2), status(2, 1.0))];
    said(&mut page, listening::UNASKED, swarm::Event::Files(files));
    let row = page.row("b");
    page.wish(row);
    assert_eq!(page.model.player().tune.map(|tune| tune.id), None);
    assert_eq!(prioritised(&page, 1), Some(Priority::High));
    assert!(
        page.model.notices()[0]
            .text
            .contains("when the network is back")
    );
    // What is here plays.
    let row = page.row("c");
    page.wish(row);
    assert_eq!(
        page.model.player().tune.map(|tune| tune.id),
        Some(tune("c", 1))
    );
    page.event(Event::Connection {
        online: true,
        metered: false,
    });
    let files = vec![(id(1), status(1, 1.0))];
    said(
        &mut page,
        listening::UNASKED,
        swarm::Event::Files(files.clone()),
    );
    said(&mut page, listening::UNASKED, swarm::Event::Files(files));
    let told = page.model.notices();
    let here = told
        .iter()
        .filter(|notice| notice.text.contains("is here now"));
    assert_eq!(here.count(), 1);
}

#[test]
fn favourites_are_kept_on_this_device() {
    let mut page = page();
    page.wish(Intent::PlaySong(tune("b", 1)));
    page.wish(Intent::Keep(KeepIntent::FavouriteCurrent));
    assert_eq!(prioritised(&page, 1), Some(Priority::Normal));
    page.wish(Intent::PlaySong(tune("a", 1)));
    let before = asked(&page).len();
    page.wish(Intent::Keep(KeepIntent::FavouriteCurrent));
    assert_eq!(
        asked(&page).len(),
        before,
        "a file of one's own is here anyway"
    );
}
