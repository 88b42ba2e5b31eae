//! Searching the library, and what is new in a collection.

use std::rc::Rc;

use catalog::{Column, Query, Shelf, Sort};
use protocol::find::{Event as Said, Lot, News, Request as Wish};
use protocol::library::{Event, Request, Storage};

use super::tests::{Page, TestLibrary, import, library, run, tune};
use super::*;

fn query(filter: &str) -> Query {
    Query {
        filter: filter.to_owned(),
        sort: Sort {
            column: Column::Relevance,
            descending: false,
        },
    }
}

fn hits(filter: &str) -> Wish {
    Wish::Hits {
        query: query(filter),
        offset: 0,
        count: 10,
    }
}

fn titles(library: &TestLibrary, filter: &str) -> Vec<String> {
    match run(library.find(hits(filter))) {
        Some(Event::Find(Said::Hits { hits, .. })) => {
            hits.into_iter().map(|hit| hit.row.title).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_asked_is_found() {
    let library = library();
    let files = ["Commando", "Command", "Wizball"].map(|title| {
        let path = format!("MUSICIANS/{title}.sid");
        (path, tune(title, 1))
    });
    let files: Vec<(&str, Vec<u8>)> = files
        .iter()
        .map(|(path, file)| (&**path, file.clone()))
        .collect();
    import(&library, &files);
    assert_eq!(titles(&library, "command"), ["Command", "Commando"]);
    assert_eq!(titles(&library, "wizbal"), ["Wizball"]);
    match run(library.find(Wish::Facets {
        query: query("command"),
    })) {
        // Nobody asked for that query last.
        None => {}
        other => panic!("{other:?}"),
    }
    match run(library.find(Wish::Facets {
        query: query("wizbal"),
    })) {
        Some(Event::Find(Said::Facets { facets })) => assert_eq!(facets[0].1[0].count, 1),
        other => panic!("{other:?}"),
    }
    let shelf = Wish::Shelf {
        shelf: Shelf::Folder,
        under: String::new(),
        words: String::new(),
        largest_first: false,
    };
    match run(library.find(shelf)) {
        Some(Event::Find(Said::Shelf { groups })) => assert_eq!(groups[0].count, 3),
        other => panic!("{other:?}"),
    }
    let suggest = Wish::Suggest {
        text: "some".into(),
        count: 2,
    };
    match run(library.find(suggest)) {
        Some(Event::Find(Said::Suggestions {
            composers,
            hits,
            total,
        })) => assert_eq!(
            (&*composers[0].label, hits.len(), total),
            ("Somebody", 2, 3)
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_query_that_was_overtaken_is_dropped() {
    let library = Rc::new(library());
    import(&library, &[("a.sid", tune("A", 1))]);
    assert!(run(library.find(hits("a"))).is_some());
    let typing = Rc::downgrade(&library);
    *library.outside().on_turn.borrow_mut() = Some(Box::new(move |_| {
        *typing.upgrade().unwrap().newest.borrow_mut() = query("abc");
    }));
    assert!(run(library.find(hits("ab"))).is_none());
    // What is known already is answered without waiting.
    assert!(run(library.find(hits("a"))).is_some());
}

/// A site that publishes these tunes as its only collection.
fn site(titles: &[&str]) -> Page {
    let entries: Vec<Entry> = (0..)
        .zip(titles)
        .map(|(file, title)| {
            let path = format!("GAMES/{}.sid", title.split(' ').next().unwrap());
            let mut entry = Entry::of_file(&path, &tune(title, 1), Origin::Collection).unwrap();
            entry.remote = Some(Remote {
                info_hash: [7; 20],
                file,
            });
            entry
        })
        .collect();
    let catalogue = catalog::encode(&entries);
    let sha256: String = <sha2::Sha256 as sha2::Digest>::digest(&catalogue)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let listing = format!(
        r#"{{"version":1,"collections":[{{"name":"Tunes","files":1,"tunes":1,"bytes":1,
        "catalogue":{{"url":"c.bin","sha256":"{sha256}","bytes":{}}},"torrents":[]}}]}}"#,
        catalogue.len()
    );
    let mut page = Page::default();
    page.site
        .insert("/collections.json".to_owned(), listing.into_bytes());
    page.site.insert("/c.bin".to_owned(), catalogue);
    page
}

#[test]
fn a_lot_is_weighed() {
    let library = Library::new(
        MemoryStore::default(),
        site(&["Alpha", "Beta", "Gamma"]),
        Storage::Kept,
    );
    run(library.answer(1, Request::Open));
    run(library.look_for_collections());
    let own = tune("Own", 1);
    import(&library, &[("Own.sid", own.clone())]);
    let weigh = |lot| match run(library.find(Wish::Weigh(lot))) {
        Some(Event::Find(Said::Weighed { files, bytes, own })) => {
            let places: Vec<u32> = files.iter().map(|file| file.file).collect();
            (places, bytes, own)
        }
        other => panic!("{other:?}"),
    };
    let one = tune("Alpha", 1).len() as u64;
    assert_eq!(weigh(Lot::Query(query(""))), (vec![0, 1, 2], 3 * one, 1));
    assert_eq!(weigh(Lot::Query(query("beta"))), (vec![1], one, 0));
    let known = Md5::of(&tune("Gamma", 1));
    let unknown = Md5([9; 16]);
    assert_eq!(weigh(Lot::Files(vec![unknown, known])), (vec![2], one, 0));
}

#[test]
fn what_is_new_in_a_collection_is_told_and_found() {
    let followed: Rc<RefCell<Vec<catalog::Changes>>> = Rc::default();
    let visit = |store: MemoryStore, titles: &[&str]| {
        let library = Library::new(store, site(titles), Storage::Kept);
        let followed = Rc::clone(&followed);
        library.set_follower(Box::new(move |changes| {
            followed.borrow_mut().push(changes.clone());
        }));
        run(library.answer(1, Request::Open));
        run(library.look_for_collections());
        library
    };
    let news = |library: &TestLibrary| -> Vec<News> {
        let told = library.outside().told.borrow();
        let news = told.iter().filter_map(|(_, event)| match event {
            Event::Find(Said::News(news)) => Some(news.clone()),
            _ => None,
        });
        news.collect()
    };
    let first = visit(MemoryStore::default(), &["Stays", "Better", "Goes"]);
    assert_eq!(news(&first), []);
    assert_eq!(titles(&first, "new:yes"), [""; 0]);
    let second = visit(first.store, &["Stays", "Better now", "Comes"]);
    let expected = News {
        collection: "Tunes".into(),
        added: 1,
        changed: 1,
        moved: 0,
        removed: 1,
    };
    assert_eq!(news(&second), [expected]);
    assert_eq!(titles(&second, "new:yes"), ["Better now", "Comes"]);
    let better = |title: &str| Md5::of(&tune(title, 1));
    let changed = (
        "GAMES/Better.sid".to_owned(),
        better("Better"),
        better("Better now"),
    );
    assert_eq!(followed.borrow()[0].changed, [changed]);
    // It is new at the next visit too, and told of once.
    let third = visit(second.store, &["Stays", "Better now", "Comes"]);
    assert_eq!(news(&third), []);
    assert_eq!(followed.borrow().len(), 1);
    assert_eq!(titles(&third, "new:yes"), ["Better now", "Comes"]);
}

#[test]
fn a_tune_of_a_collection_can_be_brought_in() {
    let library = Library::new(MemoryStore::default(), site(&["One", "Two"]), Storage::Kept);
    run(library.answer(1, Request::Open));
    run(library.look_for_collections());
    assert_eq!(titles(&library, "here:yes"), [""; 0]);
    let report = import(&library, &[("one.sid", tune("One", 1))]);
    assert_eq!((report.added, report.known), (1, 0));
    assert_eq!(titles(&library, "here:yes"), ["One"]);
    assert_eq!(titles(&library, "").len(), 2);
    let again = import(&library, &[("one.sid", tune("One", 1))]);
    assert_eq!((again.added, again.known), (0, 1));
    // Taken out, it is the collection's again.
    run(library.remove(&[Md5::of(&tune("One", 1))]));
    assert_eq!(titles(&library, "here:no"), ["One", "Two"]);
}
