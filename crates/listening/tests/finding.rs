//! Finding tunes: order of what was found, pages that are about something, facets, shelves, the
//! palette, and what is new in a collection.

mod common;

use catalog::{Column, Shelf};
use common::Page;
use listening::{BrowseIntent, Effect, Event, Intent, PinIntent, ShelfWish, Ticket, UNASKED};
use protocol::find::{self, Lot, News};
use protocol::library::{self, Request};
use protocol::swarm::{self, FileId, InfoHash, Priority};

fn sort(page: &Page) -> (Column, bool) {
    let sort = page.model.list().query.sort;
    (sort.column, sort.descending)
}

fn browse(page: &mut Page, intent: BrowseIntent) {
    page.wish(Intent::Browse(intent));
}

#[test]
fn what_fits_best_is_first_while_something_is_searched_for() {
    let mut page = Page::open("");
    page.wish(Intent::SortBy(Column::Year));
    assert_eq!(sort(&page), (Column::Year, false));
    page.wish(Intent::SetFilter("a".into()));
    assert_eq!(sort(&page), (Column::Relevance, false));
    // Another order holds for this search alone.
    page.wish(Intent::SortBy(Column::Title));
    page.wish(Intent::SetFilter("al".into()));
    assert_eq!(sort(&page), (Column::Title, false));
    page.wish(Intent::SetFilter(" ".into()));
    assert_eq!(sort(&page), (Column::Year, false));
}

#[test]
fn a_page_about_something_narrows_the_list_and_leaves_it_whole() {
    let mut page = Page::open("");
    let all = page.model.list().total;
    page.wish(Intent::SetFilter("zzz".into()));
    let title = page.index.row(0).title;
    browse(
        &mut page,
        BrowseIntent::Scope(format!("title:=\"{title}\"")),
    );
    let list = page.model.list();
    assert_eq!((list.total, &*list.typed), (Some(1), ""));
    page.wish(Intent::SetFilter("-year:1".into()));
    let list = page.model.list();
    assert_eq!(&*list.typed, "-year:1");
    assert!(list.query.filter.starts_with("title:=") && list.query.filter.ends_with("-year:1"));
    browse(&mut page, BrowseIntent::Scope(String::new()));
    let list = page.model.list();
    assert_eq!(
        (list.total, &*list.typed, &*list.query.filter),
        (all, "", "")
    );
}

#[test]
fn facets_follow_the_list_while_they_are_shown() {
    let mut page = Page::open("");
    assert_eq!(page.model.browse_view().facets, None);
    browse(&mut page, BrowseIntent::ShowFacets(true));
    let count = |page: &Page| {
        let facets = page.model.browse_view().facets.unwrap();
        let (_, groups) = facets
            .iter()
            .find(|(shelf, _)| *shelf == Shelf::Format)
            .unwrap();
        groups.iter().map(|group| group.count).sum::<u32>()
    };
    assert_eq!(Some(count(&page)), page.model.list().total);
    let title = page.index.row(0).title;
    page.wish(Intent::SetFilter(format!("title:=\"{title}\"")));
    assert_eq!(count(&page), 1);
    browse(&mut page, BrowseIntent::ShowFacets(false));
    page.effects.clear();
    page.wish(Intent::SetFilter(String::new()));
    let asks = |effect: &Effect| {
        matches!(
            effect,
            Effect::Library(_, Request::Find(find::Request::Facets { .. }))
        )
    };
    assert!(!page.effects.iter().any(asks));
}

#[test]
fn a_shelf_is_shown_and_put_away() {
    let mut page = Page::open("");
    let wish = |words: &str| {
        BrowseIntent::Show(Some(ShelfWish {
            shelf: Shelf::Composer,
            under: String::new(),
            words: words.into(),
            largest_first: true,
        }))
    };
    browse(&mut page, wish(""));
    let all = page.model.browse_view().groups.unwrap();
    assert!(!all.is_empty());
    browse(&mut page, wish("nobody is called so"));
    assert_eq!(page.model.browse_view().groups.unwrap().len(), 0);
    browse(&mut page, BrowseIntent::Show(None));
    assert_eq!(page.model.browse_view().groups, None);
}

#[test]
fn the_palette_shows_what_was_typed_last() {
    let mut page = Page::open("");
    let tickets = |page: &Page| -> Vec<Ticket> {
        let asked = page.effects.iter().filter_map(|effect| match effect {
            Effect::Library(ticket, Request::Find(find::Request::Suggest { .. })) => Some(*ticket),
            _ => None,
        });
        asked.collect()
    };
    browse(&mut page, BrowseIntent::Suggest(Some("a".into())));
    browse(&mut page, BrowseIntent::Suggest(Some("ab".into())));
    let asked = tickets(&page);
    for (ticket, total) in [(asked[0], 9), (asked[1], 2)] {
        page.event(Event::Library {
            ticket,
            event: library::Event::Find(find::Event::Suggestions {
                composers: Vec::new(),
                hits: Vec::new(),
                total,
            }),
        });
    }
    let found = page.model.browse_view().suggestions.unwrap();
    assert_eq!((&*found.text, found.total), ("ab", 2));
    browse(&mut page, BrowseIntent::Suggest(None));
    assert_eq!(page.model.browse_view().suggestions, None);
}

#[test]
fn a_lot_is_weighed_and_kept_or_left() {
    let mut page = Page::open("");
    page.event(Event::SwarmMayStart {
        origin: "http://here".into(),
    });
    let weigh = |page: &mut Page, of: PinIntent| {
        page.effects.clear();
        browse(page, BrowseIntent::Pin(of));
        let ticket = page.effects.iter().find_map(|effect| match effect {
            Effect::Library(ticket, Request::Find(find::Request::Weigh(lot))) => {
                Some((*ticket, lot.clone()))
            }
            _ => None,
        });
        let (ticket, lot) = ticket.expect("it is asked");
        let file = |file| FileId {
            torrent: InfoHash([5; 20]),
            file,
        };
        page.event(Event::Library {
            ticket,
            event: library::Event::Find(find::Event::Weighed {
                files: vec![file(3), file(4), file(9)],
                bytes: 12_000,
                own: 1,
            }),
        });
        lot
    };
    let asked = |page: &Page| -> Vec<((u32, u32), Priority)> {
        let asked = page.effects.iter().filter_map(|effect| match effect {
            Effect::Swarm(
                _,
                swarm::Request::Prioritise {
                    files, priority, ..
                },
            ) => Some((*files, *priority)),
            _ => None,
        });
        asked.collect()
    };
    page.wish(Intent::SetFilter("year:1987".into()));
    let lot = weigh(&mut page, PinIntent::WeighShown);
    assert!(matches!(lot, Lot::Query(query) if query.filter == "year:1987"));
    let pin = page.model.browse_view().pin.expect("it is shown");
    assert_eq!((&*pin.name, pin.bytes, pin.own), ("year:1987", 12_000, 1));
    browse(&mut page, BrowseIntent::Pin(PinIntent::Keep(true)));
    assert_eq!(
        asked(&page),
        [((3, 5), Priority::Normal), ((9, 10), Priority::Normal)]
    );
    assert_eq!(page.model.browse_view().pin, None);

    weigh(&mut page, PinIntent::Weigh("Mine".into(), Vec::new()));
    browse(&mut page, BrowseIntent::Pin(PinIntent::Leave));
    assert_eq!(asked(&page), []);
    weigh(&mut page, PinIntent::Weigh("Mine".into(), Vec::new()));
    browse(&mut page, BrowseIntent::Pin(PinIntent::Keep(false)));
    assert_eq!(asked(&page)[0], ((3, 5), Priority::None));
}

#[test]
fn news_of_a_collection_are_told_where_there_is_something_to_hear() {
    let mut page = Page::open("");
    for (added, told) in [(0, 0), (1, 1), (3, 2)] {
        page.event(Event::Library {
            ticket: UNASKED,
            event: library::Event::Find(find::Event::News(News {
                collection: "HVSC".into(),
                added,
                moved: 7,
                ..News::default()
            })),
        });
        assert_eq!(page.model.notices().len(), told);
    }
    assert!(
        page.model.notices()[1]
            .text
            .contains("3 new or better tunes")
    );
}
