//! The library over a memory store, told about by a recording page.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use catalog::{Column, Sort};
use proptest::prelude::*;
use protocol::library::{ImportReport, Rom};
use sidfile::rom::RomKind;

use super::*;

/// Runs a future whose awaits are all ready at once.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

pub(super) type OnTurn = Box<dyn FnMut(u32)>;

/// A page that notes what it is told; every look at the clock is 5 ms later.
#[derive(Default)]
pub(super) struct Page {
    pub(super) told: RefCell<Vec<(u32, Event)>>,
    clock: Cell<f64>,
    turns: Cell<u32>,
    pub(super) site: BTreeMap<String, Vec<u8>>,
    swarm: BTreeMap<u32, Vec<u8>>,
    /// Called at each turn with their count so far.
    pub(super) on_turn: RefCell<Option<OnTurn>>,
}

impl Outside for Page {
    fn tell(&self, id: u32, event: &Event) {
        self.told.borrow_mut().push((id, event.clone()));
    }

    fn now_millis(&self) -> f64 {
        self.clock.set(self.clock.get() + 5.0);
        self.clock.get()
    }

    async fn turn(&self) {
        self.turns.set(self.turns.get() + 1);
        if let Some(callback) = &mut *self.on_turn.borrow_mut() {
            callback(self.turns.get());
        }
    }

    async fn fetch(&self, path: &str) -> Option<Vec<u8>> {
        self.site.get(path).cloned()
    }

    async fn fetch_from_swarm(&self, file: Remote) -> Result<Vec<u8>, String> {
        let swarm = self.swarm.get(&file.file).cloned();
        swarm.ok_or_else(|| "nobody has it".to_owned())
    }
}

pub(super) type TestLibrary = Library<MemoryStore, Page>;

pub(super) fn library() -> TestLibrary {
    Library::new(MemoryStore::default(), Page::default(), Storage::Kept)
}

/// A PSID whose title is `title` and that has `songs` songs.
pub(super) fn tune(title: &str, songs: u8) -> Vec<u8> {
    let mut file = b"PSID\0\x02\0\x7c\0\0\x10\0\x10\x03\0".to_vec();
    file.extend_from_slice(&[songs, 0, 1, 0, 0, 0, 0]);
    for text in [title, "Somebody", "1987 Nobody"] {
        let mut field = [0; 32];
        field[..text.len()].copy_from_slice(text.as_bytes());
        file.extend_from_slice(&field);
    }
    file.extend_from_slice(&[0, 0x14, 0, 0, 0, 0]);
    file.extend_from_slice(&[0x00, 0x10, 0x60, 0xea, 0xea, 0x60]);
    file
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(super) fn import(library: &TestLibrary, files: &[(&str, Vec<u8>)]) -> ImportReport {
    let files = files
        .iter()
        .map(|(path, bytes)| ((*path).to_owned(), bytes.clone()))
        .collect();
    run(library.import(7, files));
    match library.outside().told.borrow().last() {
        Some((7, Event::ImportDone { report, .. })) => report.clone(),
        other => panic!("{other:?}"),
    }
}

fn titles(library: &TestLibrary, filter: &str) -> Vec<String> {
    let query = Query {
        filter: filter.into(),
        sort: Sort {
            column: Column::Title,
            descending: false,
        },
    };
    match library.rows(&query, 0, 1000) {
        Event::Rows { rows, .. } => rows.into_iter().map(|row| row.title).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_and_zips_come_in_once() {
    let library = library();
    let archive = zip(&[
        ("MUSICIANS/X/c.sid", &tune("C", 1)),
        ("folder/", b""),
        ("readme.txt", b"hello"),
    ]);
    let report = import(
        &library,
        &[
            ("a.sid", tune("A", 1)),
            ("copy.SID", tune("A", 1)),
            ("b.psid", tune("B", 2)),
            ("x.zip", archive),
            ("cover.png", vec![1]),
        ],
    );
    assert_eq!((report.added, report.known, report.skipped), (3, 1, 1));
    assert!(report.refused.is_empty(), "{:?}", report.refused);
    assert_eq!(titles(&library, ""), ["A", "B", "C"]);
    assert_eq!(import(&library, &[("again.sid", tune("A", 1))]).known, 1);
    let c = library
        .index
        .borrow()
        .iter()
        .find(|entry| entry.title == "C")
        .unwrap()
        .path;
    assert_eq!(c, "MUSICIANS/X/c.sid");
}

/// A Sidplayer song whose first voice holds one note.
fn song(note: u8, title: &str) -> Vec<u8> {
    let mut file = vec![
        0, 9, 4, 0, 2, 0, 2, 0, 0x10, note, 1, 0x4f, 1, 0x4f, 1, 0x4f,
    ];
    file.extend(title.bytes());
    file.extend(b"\r\0");
    file
}

#[test]
fn a_song_its_second_chip_and_its_words_are_one_tune() {
    let library = library();
    let pair = zip(&[
        ("x/pair.wds", b"LA LA"),
        ("x/pair.MUS", &song(0x9e, "IN A ZIP")),
        ("y/pair.str", &song(0x9f, "ALONE")),
    ]);
    let report = import(
        &library,
        &[
            ("a/Song.str", song(0x9c, "")),
            ("a/song.mus", song(0x9d, "STEREO")),
            ("a/other.mus", song(0x9e, "MONO")),
            ("a/nothing.wds", b"LA".to_vec()),
            ("b/bad.str", b"no score".to_vec()),
            ("b/bad.mus", song(0x9b, "STILL THERE")),
            ("p.zip", pair),
        ],
    );
    assert_eq!((report.added, report.skipped), (5, 1));
    let refused: Vec<&str> = report.refused.iter().map(|r| &*r.path).collect();
    assert_eq!(refused, ["b/bad.str"]);
    assert_eq!(
        titles(&library, ""),
        ["ALONE", "IN A ZIP", "MONO", "STEREO", "STILL THERE"]
    );
    let index = library.index.borrow();
    let of = |title: &str| index.iter().find(|e| e.title == title).unwrap();
    assert_eq!(of("STEREO").chips.len(), 2);
    assert_eq!(of("MONO").chips.len(), 1);
    assert_eq!(of("IN A ZIP").notes[0].comment, "LA LA");
}

#[test]
fn each_refusal_says_what_and_why() {
    let library = library();
    let inner = zip(&[("a.sid", &tune("A", 1))]);
    let outer = zip(&[
        ("inner.zip", &inner),
        ("bad.sid", b"RIFF"),
        ("long.sid", &[0; 80_000]),
    ]);
    let mut cut = zip(&[("a.sid", &tune("A", 1))]);
    cut.truncate(30);
    let report = import(
        &library,
        &[
            ("photo.sid", b"\xff\xd8\xff".to_vec()),
            ("huge.sid", vec![0; 100_000]),
            ("out.zip", outer),
            ("cut.zip", cut),
        ],
    );
    let reasons: Vec<(&str, &str)> = report
        .refused
        .iter()
        .map(|refusal| (refusal.path.as_str(), refusal.reason.as_str()))
        .collect();
    for ((path, reason), (expected_path, expected)) in reasons.iter().zip([
        ("photo.sid", ""),
        ("huge.sid", "the file has 100000 bytes"),
        ("out.zip!/inner.zip", "a zip inside a zip is not opened"),
        ("out.zip!/bad.sid", ""),
        ("out.zip!/long.sid", "at most 70000 are taken"),
        ("cut.zip", "not a readable zip"),
    ]) {
        assert_eq!(*path, expected_path);
        assert!(
            reason.contains(expected) && !reason.is_empty(),
            "{path}: {reason}"
        );
    }
    assert_eq!(reasons.len(), 6);
    assert_eq!(report.added, 0);
}

#[test]
fn a_full_disk_stops_the_import_and_keeps_what_is_in() {
    let library = Library::new(
        MemoryStore::with_limit(20_000),
        Page::default(),
        Storage::Kept,
    );
    let files: Vec<(String, Vec<u8>)> = (0..300)
        .map(|number| (format!("{number}.sid"), tune(&format!("T{number}"), 1)))
        .collect();
    run(library.import(7, files));
    let told = library.outside().told.borrow();
    let Some((
        7,
        Event::ImportDone {
            report,
            failed: Some(reason),
            ..
        },
    )) = told.last()
    else {
        panic!("{told:?}")
    };
    assert_eq!(reason, "the browser's storage is full");
    assert_eq!(report.added, 128);
    assert_eq!(run(library.store.keys()).unwrap().len(), 128);
}

#[test]
fn a_cancelled_import_keeps_what_is_in() {
    let library = Rc::new(library());
    let other = Rc::clone(&library);
    *library.outside().on_turn.borrow_mut() = Some(Box::new(move |turns| {
        if turns == 20 {
            other.cancelled.borrow_mut().insert(7);
        }
    }));
    let files: Vec<(String, Vec<u8>)> = (0..300)
        .map(|number| (format!("{number}.sid"), tune(&format!("T{number}"), 1)))
        .collect();
    run(library.import(7, files));
    let told = library.outside().told.borrow();
    let Some((
        7,
        Event::ImportDone {
            report,
            cancelled: true,
            failed: None,
        },
    )) = told.last()
    else {
        panic!("{told:?}")
    };
    assert!(report.added > 20 && report.added < 300, "{}", report.added);
    let progress = told
        .iter()
        .filter(|(_, event)| matches!(event, Event::ImportProgress(_)))
        .count();
    assert!(progress > 1, "{progress}");
}

#[test]
fn lengths_and_notes_reach_tunes_before_and_after_them() {
    let library = library();
    let a = tune("A", 2);
    let lengths = format!("[Database]\n; /a.sid\n{}=1:00 0:30.5\n", Md5::of(&a));
    import(&library, &[("a.sid", a.clone())]);
    let report = import(
        &library,
        &[
            ("DOCUMENTS/Songlengths.md5", lengths.into_bytes()),
            (
                "STIL.txt",
                b"/b.sid\nCOMMENT: Hello,\n         reader.\n".to_vec(),
            ),
        ],
    );
    assert_eq!((report.added, report.refused.len()), (0, 0));
    assert_eq!(
        library.index.borrow().get(&Md5::of(&a)).unwrap().lengths,
        [Some(60_000), Some(30_500)]
    );
    let b = tune("B", 1);
    import(&library, &[("b.sid", b.clone())]);
    let notes = library
        .index
        .borrow()
        .get(&Md5::of(&b))
        .unwrap()
        .notes
        .clone();
    assert_eq!(notes[0].comment, "Hello, reader.");
}

#[test]
fn another_start_finds_everything_and_repairs_what_is_damaged() {
    let library = library();
    import(
        &library,
        &[("a.sid", tune("A", 1)), ("b.sid", tune("B", 1))],
    );
    let reopen = |store: MemoryStore| {
        let library = Library::new(store, Page::default(), Storage::Kept);
        let event = run(library.open());
        (library, event)
    };
    let (library, event) = reopen(library.store);
    assert_eq!(
        event,
        Event::Opened {
            count: 2,
            storage: Storage::Kept,
            repaired: None
        }
    );
    // The import was cut off after the files were written and before the catalogue was.
    let c = tune("C", 1);
    let file = StoredFile {
        md5: Md5::of(&c),
        path: "c.sid".into(),
        bytes: c,
    };
    run(library.store.put(&[file])).unwrap();
    let (library, _) = reopen(library.store);
    assert_eq!(titles(&library, ""), ["A", "B", "C"]);
    // The catalogue is damaged.
    run(library
        .store
        .put_blob("catalogue", b"SDRC nonsense, and long enough for a header"))
    .unwrap();
    let (library, event) = reopen(library.store);
    assert!(
        matches!(
            event,
            Event::Opened {
                count: 3,
                repaired: Some(_),
                ..
            }
        ),
        "{event:?}"
    );
    // A file went missing behind our back.
    run(library.store.remove(&[Md5::of(&tune("A", 1))])).unwrap();
    let (library, _) = reopen(library.store);
    assert_eq!(titles(&library, ""), ["B", "C"]);
}

#[test]
fn demo_tunes_come_in_once_and_stay_away_when_removed() {
    let demo = tune("Demo", 1);
    let list = format!(
        "[Database]\n; /Sidereal/demo.sid\n{}=2:00\n",
        Md5::of(&demo)
    )
    .into_bytes();
    let site = |list: &[u8]| Page {
        site: [
            ("/demo/Songlengths.md5".to_owned(), list.to_vec()),
            (
                "/demo/STIL.txt".to_owned(),
                b"/Sidereal/demo.sid\nCOMMENT: Ours.\n".to_vec(),
            ),
            ("/demo/Sidereal/demo.sid".to_owned(), demo.clone()),
        ]
        .into(),
        ..Page::default()
    };
    let library = Library::new(MemoryStore::default(), site(&list), Storage::Kept);
    assert!(matches!(
        run(library.open()),
        Event::Opened { count: 1, .. }
    ));
    let entry = library.index.borrow().iter().next().unwrap();
    assert_eq!(
        (entry.origin, entry.lengths[0], &*entry.notes[0].comment),
        (Origin::BuiltIn, Some(120_000), "Ours.")
    );
    run(library.remove(&[entry.md5]));
    let library = Library::new(library.store, site(&list), Storage::Kept);
    assert!(matches!(
        run(library.open()),
        Event::Opened { count: 0, .. }
    ));
    // Another edition brings them back.
    let other = [&list[..], b"\n"].concat();
    let library = Library::new(library.store, site(&other), Storage::Kept);
    assert!(matches!(
        run(library.open()),
        Event::Opened { count: 1, .. }
    ));
}

#[test]
fn neighbours_are_those_of_the_list() {
    let library = library();
    import(
        &library,
        &[
            ("a.sid", tune("A", 1)),
            ("b.sid", tune("B", 1)),
            ("c.sid", tune("C", 1)),
        ],
    );
    let query = Query::default();
    let around = |title: &str| match library.neighbours(&query, Md5::of(&tune(title, 1))) {
        Event::Neighbours { previous, next, .. } => {
            (previous.map(|row| row.title), next.map(|row| row.title))
        }
        other => panic!("{other:?}"),
    };
    let some = |title: &str| Some(title.to_owned());
    assert_eq!(around("A"), (None, some("B")));
    assert_eq!(around("B"), (some("A"), some("C")));
    assert_eq!(around("C"), (some("B"), None));
    assert_eq!(around("unknown"), (None, some("A")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever lies in a zip or a file: every entry is counted once, and nothing panics.
    #[test]
    fn any_bytes_are_taken_or_refused(
        head in proptest::sample::select(vec![&b""[..], b"PSID", b"RSID", b"PK\x03\x04"]),
        tail in proptest::collection::vec(any::<u8>(), 0..400),
        cut in 0usize..2000,
    ) {
        let bytes = [head, &tail].concat();
        let mut archive = zip(&[("a.sid", &bytes), ("b.sid", &tune("B", 1))]);
        archive.truncate(cut);
        let library = library();
        let report = import(&library, &[("x.sid", bytes), ("x.zip", archive)]);
        let settled = report.added + report.known + u32::try_from(report.refused.len()).unwrap();
        prop_assert!(report.done == report.total);
        prop_assert!(settled >= 2 || cut >= 400, "{report:?}");
    }
}

#[test]
fn what_is_asked_before_the_library_is_open_is_answered_after_it() {
    let library = library();
    let rows = Request::Rows {
        query: Query::default(),
        offset: 0,
        count: 10,
    };
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let mut answer = pin!(library.answer(3, rows));
    assert!(answer.as_mut().poll(&mut context).is_pending());
    run(library.answer(1, Request::Open));
    assert!(woken.0.load(Ordering::Relaxed));
    assert!(answer.as_mut().poll(&mut context).is_ready());
    let told = library.outside().told.borrow();
    let answers: Vec<u32> = told
        .iter()
        .map(|(id, _)| *id)
        .filter(|id| *id != EVENT)
        .collect();
    assert_eq!(answers, [1, 3]);
}

#[derive(Default)]
struct Woken(AtomicBool);

impl std::task::Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn roms_are_kept_for_programs_that_run_on_a_bare_machine() {
    let library = library();
    run(library.answer(1, Request::Open));
    let mut rsid = tune("Bare", 1);
    rsid[..4].copy_from_slice(b"RSID");
    // Load, play and speed are zero in an RSID, and its init address lies in its data.
    rsid[0x08..0x0a].fill(0);
    rsid[0x0a..0x0c].copy_from_slice(&[0x10, 0x00]);
    rsid[0x0c..0x0e].fill(0);
    rsid[0x12..0x16].fill(0);
    import(
        &library,
        &[("psid.sid", tune("Driven", 1)), ("rsid.sid", rsid.clone())],
    );
    let basic = vec![9; RomKind::Basic.size()];
    assert!(run(library.keep_rom(RomKind::Basic, basic.clone())).unwrap());
    assert!(!run(library.keep_rom(RomKind::Basic, basic.clone())).unwrap());
    let roms = |md5: Md5| run(library.file(&md5)).unwrap().1;
    let kind = RomKind::Basic;
    assert_eq!(roms(Md5::of(&rsid)), [Rom { kind, bytes: basic }]);
    assert_eq!(roms(Md5::of(&tune("Driven", 1))), []);

    let kinds = |library: &TestLibrary| match run(library.roms_event()) {
        Event::Roms { kinds } => kinds,
        other => panic!("{other:?}"),
    };
    assert_eq!(kinds(&library), [RomKind::Basic]);
    run(library.answer(2, Request::RemoveRoms));
    assert_eq!(kinds(&library), []);
}

#[test]
fn a_wrong_rom_is_named_and_refused() {
    let library = library();
    let files = [
        ("roms/kernal.bin", vec![0; 0x2000]),
        ("roms/basic.rom", vec![0; 100]),
        ("roms/dos1541.bin", vec![0; 0x4000]),
    ];
    let report = import(&library, &files);
    assert_eq!((report.refused.len(), report.skipped), (2, 1));
    assert_eq!(report.roms, []);
    assert_eq!(report.refused[0].path, "roms/kernal.bin");
    assert!(
        report.refused[0]
            .reason
            .contains("is not that of KERNAL 901227-03")
    );
    assert!(report.refused[1].reason.contains("100 bytes"), "{report:?}");
}

#[test]
fn lengths_that_were_found_are_kept_and_the_last_one_counts() {
    use protocol::engine::{FoundLength, LengthBy};
    let library = library();
    let tune = sidfile::TuneId {
        md5: Md5::of(b"a"),
        song: 2,
    };
    let length = |millis| FoundLength {
        millis,
        by: LengthBy::Silence,
    };
    for millis in [1_000, 61_000] {
        let length = length(millis);
        run(library.answer(3, Request::KeepLength { tune, length }));
    }
    assert_eq!(run(library.found_lengths()), [(tune, length(61_000))]);
    run(library.open());
    let told = library.outside().told.borrow();
    let lengths = vec![(tune, length(61_000))];
    assert!(told.contains(&(EVENT, Event::FoundLengths { lengths })));
    // A blob of another version is passed over.
    run(library.store.put_blob("found-lengths", &[9, 1, 2])).unwrap();
    assert!(run(library.found_lengths()).is_empty());
}
