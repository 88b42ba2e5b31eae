//! The keeper over a shelf in memory: what is on it after each change, two tabs, no room, damage.

use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::*;

/// Runs a future whose awaits are all ready at once.
fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

impl<S: Shelf> Shelf for Rc<S> {
    async fn all(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        (**self).all().await
    }

    async fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        (**self).read(names).await
    }

    async fn change(
        &self,
        names: &[String],
        change: &mut dyn FnMut(Vec<Option<Vec<u8>>>) -> Writes,
    ) -> Result<(), StoreError> {
        (**self).change(names, change).await
    }
}

#[derive(Default)]
struct Page {
    told: RefCell<Vec<Event>>,
    others: RefCell<Vec<String>>,
    clock: Cell<u64>,
}

impl Outside for Page {
    fn tell(&self, _: u32, event: Event) {
        self.told.borrow_mut().push(event);
    }

    fn tell_tabs(&self, names: &[String]) {
        self.others.borrow_mut().extend(names.iter().cloned());
    }

    fn stamp(&self) -> Stamp {
        self.clock.set(self.clock.get() + 1000);
        Stamp {
            at: self.clock.get(),
            seed: 3,
        }
    }

    fn row(&self, _: &Md5) -> Option<Row> {
        None
    }

    fn name(&self, md5: &Md5) -> Option<TuneRef> {
        (*md5 == tune(1).md5).then(|| TuneRef {
            path: "GAMES/1.sid".into(),
            ..tune(1)
        })
    }

    fn at_path(&self, path: &str) -> Option<TuneRef> {
        (path == "GAMES/1.sid").then(|| tune(1))
    }
}

fn tune(number: u8) -> TuneRef {
    TuneRef {
        md5: Md5::of(&[number]),
        path: String::new(),
        title: format!("Tune {number}"),
        author: "Somebody".into(),
    }
}

fn item(number: u8) -> Item {
    Item {
        tune: tune(number),
        song: 1,
        added_at: 0,
    }
}

type Tab = Keeper<Rc<MemoryShelf>, Page>;

fn open(shelf: &Rc<MemoryShelf>) -> Tab {
    let tab = Keeper::new(Rc::clone(shelf), Page::default());
    run(tab.answer(1, Request::Open));
    tab
}

fn change(tab: &Tab, change: Change) -> Vec<Event> {
    tab.outside.told.borrow_mut().clear();
    run(tab.answer(2, Request::Change(change)));
    tab.outside.told.borrow().clone()
}

fn made(events: &[Event]) -> protocol::keep::ListId {
    let made = events.iter().find_map(|event| match event {
        Event::Done { made, .. } => *made,
        _ => None,
    });
    made.expect("something was made")
}

fn like(number: u8) -> Change {
    Change::Favourite {
        tune: tune(number),
        on: true,
    }
}

#[test]
fn a_change_is_on_disk_when_it_is_answered() {
    let shelf = Rc::default();
    let tab = open(&shelf);
    let told = change(&tab, like(1));
    assert!(matches!(told.last(), Some(Event::Done { .. })), "{told:?}");
    let again = open(&shelf);
    assert_eq!(*again.kept.borrow(), *tab.kept.borrow());
    let path = &again.kept.borrow().tunes[&tune(1).md5].tune.path;
    assert_eq!(path, "GAMES/1.sid", "the library knows the path");
}

#[test]
fn two_tabs_add_to_one_playlist() {
    let shelf = Rc::default();
    let (first, second) = (open(&shelf), open(&shelf));
    let told = change(
        &first,
        Change::MakePlaylist {
            name: "Both".into(),
            items: vec![item(1)],
        },
    );
    let id = made(&told);
    // The second has not heard of it, and adds to it all the same.
    change(
        &second,
        Change::AddItems {
            id,
            items: vec![item(2)],
        },
    );
    change(
        &first,
        Change::AddItems {
            id,
            items: vec![item(3)],
        },
    );
    let names = first.outside.others.take();
    run(second.others_wrote(&names));
    for tab in [&first, &second] {
        let kept = tab.kept.borrow();
        let titles: Vec<&str> = kept.playlists[&id]
            .items
            .iter()
            .map(|item| &*item.tune.title)
            .collect();
        assert_eq!(titles, ["Tune 1", "Tune 2", "Tune 3"]);
    }
}

#[test]
fn lines_of_two_tabs_are_all_kept() {
    let shelf = Rc::default();
    let (first, second) = (open(&shelf), open(&shelf));
    for round in 0..400 {
        let tab = if round % 3 == 0 { &first } else { &second };
        let play = Change::Played {
            tune: tune(1),
            song: round,
        };
        change(tab, play);
    }
    let all = open(&shelf);
    assert_eq!(all.kept.borrow().plays().count(), 400);
}

#[test]
fn without_room_it_stays_in_memory_and_goes_to_disk_later() {
    let shelf: Rc<MemoryShelf> = Rc::default();
    let tab = open(&shelf);
    change(&tab, like(1));
    shelf.is_full.set(true);
    let told = change(&tab, like(2));
    assert!(
        told.contains(&Event::NotKept {
            reason: "the browser's storage is full".into()
        }),
        "{told:?}"
    );
    assert_eq!(tab.kept.borrow().tunes.len(), 2);
    assert_eq!(open(&shelf).kept.borrow().tunes.len(), 1);
    change(
        &tab,
        Change::Rate {
            tune: tune(2),
            rating: Some(5),
        },
    );
    shelf.is_full.set(false);
    change(&tab, like(3));
    let kept = open(&shelf);
    assert_eq!(*kept.kept.borrow(), *tab.kept.borrow());
    assert_eq!(kept.kept.borrow().tunes[&tune(2).md5].rating, Some(5));
}

#[test]
fn without_a_database_it_works_until_the_page_is_closed() {
    let tab = Keeper::new(NoShelf, Page::default());
    run(tab.answer(1, Request::Open));
    run(tab.answer(2, Request::Change(like(1))));
    run(tab.answer(3, Request::Change(like(2))));
    let told = tab.outside.told.borrow();
    assert!(
        told.iter()
            .any(|event| matches!(event, Event::NotKept { .. }))
    );
    assert_eq!(tab.rows(List::Favourites).len(), 2);
}

#[test]
fn damage_costs_its_record_and_is_told_once() {
    let shelf: Rc<MemoryShelf> = Rc::default();
    let tab = open(&shelf);
    change(&tab, like(1));
    change(&tab, like(2));
    let name = Key::Tune(tune(1).md5).to_string();
    shelf
        .records
        .borrow_mut()
        .insert(name.clone(), b"SDK\x01nonsense".to_vec());
    let damaged = |tab: &Tab| match tab.outside.told.borrow().first() {
        Some(Event::All { damaged, .. }) => damaged.clone(),
        other => panic!("{other:?}"),
    };
    let repaired = open(&shelf);
    assert_eq!(damaged(&repaired), [format!("{name} is damaged")]);
    assert_eq!(repaired.kept.borrow().tunes.len(), 1);
    assert_eq!(damaged(&open(&shelf)), Vec::<String>::new());
}

#[test]
fn everything_goes_out_is_wiped_and_comes_back() {
    let shelf: Rc<MemoryShelf> = Rc::default();
    let tab = open(&shelf);
    run(tab.answer(
        1,
        Request::Preferences {
            text: "sidereal-preferences 2\n".into(),
        },
    ));
    change(&tab, like(1));
    let items = vec![item(1), item(2)];
    let id = made(&change(
        &tab,
        Change::MakePlaylist {
            name: "A/B".into(),
            items,
        },
    ));
    let before = tab.kept.borrow().clone();
    let export = |kind| {
        run(tab.answer(4, Request::Export(kind)));
        match tab.outside.told.borrow().last() {
            Some(Event::Exported { name, text }) => (name.clone(), text.clone()),
            other => panic!("{other:?}"),
        }
    };
    let (_, file) = export(FileKind::Everything);
    let (name, m3u) = export(FileKind::PlaylistM3u8(id));
    assert_eq!(name, "A_B.m3u8");
    // Another tab wrote something that this one has not heard of.
    change(&open(&shelf), like(7));
    change(&tab, Change::Wipe);
    assert_eq!(*open(&shelf).kept.borrow(), Kept::default());
    let import = |name: &str, bytes: Vec<u8>| {
        run(tab.answer(
            5,
            Request::Import {
                name: name.into(),
                bytes,
            },
        ));
        tab.outside.told.borrow().last().cloned()
    };
    let brought = import("all.json", file.into_bytes());
    let expected = Brought {
        tunes: 1,
        playlists: 1,
        refused: 0,
    };
    let preferences = Some("sidereal-preferences 2\n".to_owned());
    assert_eq!(
        brought,
        Some(Event::Imported {
            brought: expected,
            preferences
        })
    );
    assert_eq!(*open(&shelf).kept.borrow(), before);
    import("list.m3u8", m3u.into_bytes());
    assert_eq!(tab.kept.borrow().playlists.len(), 2);
    let nothing = import("else.m3u", b"nowhere/else.sid\n".to_vec());
    assert!(matches!(nothing, Some(Event::Failed { .. })), "{nothing:?}");
}
