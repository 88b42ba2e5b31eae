//! Changes, records, files, and two states that become one.

use std::collections::BTreeSet;

use catalog::Changes;
use proptest::prelude::*;
use protocol::keep::{Change, Deed, Item, List, ListId, LogEntry, Playlist, TuneRef};
use sidfile::{Md5, TuneId};

use super::*;

fn tune(number: u8) -> TuneRef {
    TuneRef {
        md5: Md5::of(&[number]),
        path: format!("MUSICIANS/{number}.sid"),
        title: format!("Tune {number}"),
        author: "Somebody".to_owned(),
    }
}

fn item(number: u8, song: u16) -> Item {
    Item {
        tune: tune(number),
        song,
        added_at: 0,
    }
}

fn stamp(at: u64) -> Stamp {
    Stamp { at, seed: 7 }
}

fn log_line(position_millis: u32) -> Change {
    Change::Log(LogEntry {
        at: 0,
        deed: Deed::Play,
        tune: item(1, 1).id(),
        position_millis,
        length_millis: 60_000,
    })
}

/// A state with something of everything.
fn sample() -> Kept {
    let mut kept = Kept::default();
    let mut at = 1_700_000_000_000;
    let mut make = |kept: &mut Kept, change| {
        at += 1000;
        kept.apply(stamp(at), change)
    };
    let folder = make(
        &mut kept,
        Change::MakeFolder {
            name: "Trains".into(),
        },
    )
    .made;
    let made = make(
        &mut kept,
        Change::MakePlaylist {
            name: "On the way".into(),
            items: vec![item(1, 1), item(2, 0), item(1, 2), item(1, 1)],
        },
    );
    assert_eq!(made.added, 3, "a song stands in a playlist once");
    let id = made.made.expect("a playlist");
    let note = "For the morning\n\u{1f682}".to_owned();
    for change in [
        Change::FilePlaylist { id, folder },
        Change::DescribePlaylist { id, note },
        Change::Favourite {
            tune: tune(1),
            on: true,
        },
        Change::Rate {
            tune: tune(1),
            rating: Some(4),
        },
        Change::Rate {
            tune: tune(3),
            rating: Some(9),
        },
        Change::Tag {
            tune: tune(2),
            tag: " slow\n".into(),
            on: true,
        },
        Change::Note {
            tune: tune(2),
            text: "The bass!".into(),
        },
        Change::Played {
            tune: tune(1),
            song: 1,
        },
        Change::Played {
            tune: tune(2),
            song: 3,
        },
        log_line(1234),
    ] {
        make(&mut kept, change);
    }
    kept
}

fn playlist(kept: &Kept) -> (ListId, &Playlist) {
    let (id, list) = kept
        .playlists
        .first_key_value()
        .expect("the sample has one");
    (*id, list)
}

fn songs(kept: &Kept) -> Vec<TuneId> {
    playlist(kept).1.items.iter().map(Item::id).collect()
}

#[test]
fn marks_are_kept_while_there_are_any() {
    let mut kept = sample();
    assert_eq!(kept.tunes.len(), 2, "an impossible rating is none");
    let about = &kept.tunes[&tune(1).md5];
    assert_eq!(
        (about.rating, about.favourite_at.is_some()),
        (Some(4), true)
    );
    assert_eq!(kept.tunes[&tune(2).md5].tags, ["slow"]);
    kept.apply(
        stamp(9),
        Change::Favourite {
            tune: tune(1),
            on: false,
        },
    );
    kept.apply(
        stamp(9),
        Change::Rate {
            tune: tune(1),
            rating: None,
        },
    );
    assert!(!kept.tunes.contains_key(&tune(1).md5));
    assert_eq!(kept.record(Key::Tune(tune(1).md5)), None);
    let deeds: Vec<Deed> = kept.log_lines().map(|line| line.deed).collect();
    let expected = [
        Deed::Rate(0),
        Deed::Unlike,
        Deed::Play,
        Deed::Rate(4),
        Deed::Like,
    ];
    assert_eq!(deeds, expected);
    let again = kept.apply(
        stamp(9),
        Change::Favourite {
            tune: tune(1),
            on: false,
        },
    );
    assert_eq!(
        again,
        Applied::default(),
        "what is so already changes nothing"
    );
}

#[test]
fn songs_of_a_playlist_move_by_name() {
    let mut kept = sample();
    let (id, _) = playlist(&kept);
    let [a, b, c] = [item(1, 1).id(), item(2, 0).id(), item(1, 2).id()];
    let mut move_to = |tune, before, expected: [TuneId; 3]| {
        kept.apply(stamp(1), Change::MoveItem { id, tune, before });
        assert_eq!(songs(&kept), expected);
    };
    move_to(c, Some(a), [c, a, b]);
    move_to(c, None, [a, b, c]);
    move_to(a, Some(c), [b, a, c]);
    move_to(a, Some(a), [b, a, c]);
    move_to(b, Some(item(9, 9).id()), [a, c, b]);
    move_to(item(9, 9).id(), None, [a, c, b]);
}

#[test]
fn what_is_removed_can_be_put_back() {
    let whole = sample();
    let (id, _) = playlist(&whole);
    let folder = *whole.folders.first_key_value().expect("a folder").0;
    for change in [
        Change::RemovePlaylist { id },
        Change::RemoveFolder { id: folder },
        Change::RemoveItem {
            id,
            tune: item(2, 0).id(),
        },
    ] {
        let mut kept = whole.clone();
        let done = kept.apply(stamp(1), change.clone());
        assert_ne!(kept, whole, "{change:?}");
        let undo = done.undo.expect("a way back");
        kept.apply(stamp(2), undo);
        let mut expected = whole.clone();
        for list in kept
            .playlists
            .values_mut()
            .chain(expected.playlists.values_mut())
        {
            list.changed_at = 0;
        }
        assert_eq!(kept, expected, "{change:?}");
    }
    // What another tab added meanwhile stays.
    let mut kept = whole.clone();
    let removed = kept.apply(
        stamp(1),
        Change::RemoveItem {
            id,
            tune: item(2, 0).id(),
        },
    );
    kept.apply(
        stamp(2),
        Change::AddItems {
            id,
            items: vec![item(5, 0)],
        },
    );
    kept.apply(stamp(3), removed.undo.expect("a way back"));
    let expected = [item(1, 1), item(2, 0), item(1, 2), item(5, 0)].map(|item| item.id());
    assert_eq!(songs(&kept), expected);
}

#[test]
fn a_playlist_that_is_gone_is_named() {
    let id = ListId(1);
    let done = Kept::default().apply(
        stamp(1),
        Change::AddItems {
            id,
            items: Vec::new(),
        },
    );
    assert!(done.refused.is_some() && done.touched.is_empty());
}

#[test]
fn history_and_log_are_bounded() {
    let mut kept = Kept::default();
    for at in 0..(CHUNK * MOST_LOG + 3 * CHUNK) as u64 {
        let done = kept.apply(stamp(at), log_line(u32::try_from(at).unwrap_or(0)));
        assert!(done.touched.len() <= 2);
    }
    assert_eq!(kept.log.len(), MOST_LOG);
    let newest = kept.log_lines().next().expect("lines");
    assert_eq!(
        newest.position_millis as usize,
        CHUNK * MOST_LOG + 3 * CHUNK - 1
    );
    for at in 0..3000 {
        let song = u16::try_from(at % 7).unwrap_or(0);
        kept.apply(
            stamp(at),
            Change::Played {
                tune: tune(1),
                song,
            },
        );
    }
    assert_eq!(kept.history.len(), MOST_HISTORY);
    assert_eq!(
        kept.list(List::History).len(),
        7,
        "a song once, the last time"
    );
    let done = kept.apply(stamp(1), Change::ClearHistory);
    assert_eq!(done.touched.len(), MOST_HISTORY);
    assert_eq!(kept.plays().count(), 0);
}

#[test]
fn records_are_read_as_they_were_written() {
    let kept = sample();
    let mut again = Kept::default();
    for key in kept.keys() {
        let bytes = kept.record(key).expect("a record for each key");
        assert_eq!(key.to_string().parse(), Ok(key));
        again.take(key, &bytes).expect("as written");
    }
    assert_eq!(again, kept);
}

/// Records of version 1, `name` and hexadecimal bytes in turn.
const RECORDS_1: &str = include_str!("../../fixtures/keep-records-1.txt");

fn written() -> String {
    let kept = sample();
    let mut text = String::new();
    for key in kept.keys() {
        let bytes = kept.record(key).expect("a record for each key");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("{key}\n{hex}\n");
    }
    text
}

#[test]
fn records_of_version_1_are_read() {
    assert_eq!(
        RECORDS_1,
        written(),
        "the newest version is what is written"
    );
    let mut kept = Kept::default();
    let mut lines = RECORDS_1.lines();
    while let (Some(name), Some(hex)) = (lines.next(), lines.next()) {
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        kept.take(name.parse().expect("a name"), &bytes)
            .expect("a record");
    }
    assert_eq!(kept, sample());
}

#[test]
fn a_damaged_record_costs_itself() {
    let kept = sample();
    for key in kept.keys() {
        let bytes = kept.record(key).expect("a record for each key");
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let mut again = kept.clone();
            assert!(again.take(key, &damaged).is_err(), "{key} at {at}");
            let mut expected = kept.clone();
            expected.forget(key);
            assert_eq!(again, expected);
            assert!(again.take(key, &bytes[..at]).is_err(), "{key} cut at {at}");
        }
    }
    // A record under another's name is none.
    let bytes = kept.record(Key::Tune(tune(1).md5)).expect("a record");
    let other = Key::Tune(tune(2).md5);
    assert!(matches!(
        Kept::default().take(other, &bytes),
        Err(Damage::Sum { .. })
    ));
}

#[test]
fn a_file_brings_everything_back() {
    let kept = sample();
    let text = write(&kept, Some("sidereal-preferences 2\n"));
    let parsed = read(&text).expect("as written");
    assert_eq!(parsed.refused, 0);
    assert_eq!(
        parsed.preferences.as_deref(),
        Some("sidereal-preferences 2\n")
    );
    assert_eq!(parsed.kept, kept);
    assert_eq!(merge(Kept::default(), parsed.kept), kept);
    let (id, list) = playlist(&kept);
    let one = read(&write_playlist(&kept, id).expect("it is there")).expect("as written");
    // The folder is not in the file.
    let expected = Playlist {
        folder: None,
        ..list.clone()
    };
    assert_eq!(one.kept.playlists[&id], expected);
    assert_eq!(log_lines(&kept).lines().count(), kept.log_lines().count());
}

#[test]
fn a_file_of_version_1_is_read() {
    let fixture = include_str!("../../fixtures/keep-file-1.json");
    assert_eq!(
        fixture,
        write(&sample(), None),
        "the newest version is what is written"
    );
    assert_eq!(read(fixture).expect("a file").kept, sample());
}

#[test]
fn a_foreign_file_costs_what_makes_no_sense() {
    let text = write(&sample(), None);
    let md5 = tune(2).md5.to_string();
    let parsed = read(&text.replace(&md5, "nonsense")).expect("the rest is good");
    assert!(parsed.refused >= 3, "{}", parsed.refused);
    assert_eq!(parsed.kept.tunes.len(), 1);
    assert_eq!(songs(&parsed.kept), [item(1, 1).id(), item(1, 2).id()]);
    for (text, expected) in [
        ("", "no JSON"),
        ("{}", "no file of"),
        ("[1]", "no file of"),
        (r#"{"format":"sidereal-listener","version":2}"#, "version 2"),
        (
            r#"{"format":"sidereal-listener","version":1,"tunes":3}"#,
            "no file of",
        ),
    ] {
        let error = read(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_list_for_other_players_comes_back() {
    let kept = sample();
    let (_, list) = playlist(&kept);
    let text = write_m3u(list, |item| (item.song == 1).then_some(61));
    assert!(text.starts_with("#EXTM3U\n#PLAYLIST:On the way\n#EXTINF:61,Somebody - Tune 1\n"));
    let (name, items, refused) = read_m3u(&text, |_| None);
    assert_eq!((name.as_deref(), refused), (Some("On the way"), 0));
    let expected: Vec<Item> = list
        .items
        .iter()
        .map(|item| Item {
            added_at: 0,
            ..item.clone()
        })
        .collect();
    assert_eq!(items, expected);
}

#[test]
fn a_list_of_paths_is_matched_by_paths() {
    let text =
        "\u{feff}# a comment\r\nMUSICIANS\\1.sid\r\n/MUSICIANS/2.sid\nfile:///else/3.sid\n\n";
    let find = |path: &str| (1..=2).map(tune).find(|tune| tune.path == path);
    let (name, items, refused) = read_m3u(text, find);
    assert_eq!((name, refused), (None, 1));
    let found: Vec<TuneRef> = items.into_iter().map(|item| item.tune).collect();
    assert_eq!(found, [tune(1), tune(2)]);
}

#[test]
fn what_is_kept_follows_a_collection() {
    let mut kept = sample();
    let newer = Md5::of(b"newer");
    let changes = Changes {
        moved: vec![(tune(2).md5, tune(2).path, "GAMES/2.sid".to_owned())],
        changed: vec![(tune(1).path, Md5::of(b"of before"), newer)],
        ..Changes::default()
    };
    let touched = follow(&mut kept, &changes);
    let about = &kept.tunes[&newer];
    assert_eq!((about.rating, about.tune.md5), (Some(4), newer));
    assert!(!kept.tunes.contains_key(&tune(1).md5));
    assert_eq!(kept.tunes[&tune(2).md5].tune.path, "GAMES/2.sid");
    assert_eq!(playlist(&kept).1.items[0].tune.md5, newer);
    assert_eq!(kept.log_lines().next().expect("a line").tune.md5, newer);
    let expected: BTreeSet<Key> = [
        Key::Tune(tune(1).md5),
        Key::Tune(newer),
        Key::Tune(tune(2).md5),
        Key::Playlist(playlist(&kept).0),
        Key::History(0),
        Key::Log(0),
    ]
    .into();
    assert_eq!(touched, expected);
    assert_eq!(
        follow(&mut kept, &changes),
        BTreeSet::new(),
        "it is in step"
    );
}

#[test]
fn a_changed_file_that_was_liked_already_keeps_both() {
    let mut kept = sample();
    let newer = TuneRef {
        md5: Md5::of(b"newer"),
        ..tune(1)
    };
    kept.apply(
        stamp(5),
        Change::Tag {
            tune: newer.clone(),
            tag: "again".into(),
            on: true,
        },
    );
    let changes = Changes {
        // It has another path where it was liked.
        changed: vec![("ELSEWHERE/1.sid".into(), tune(1).md5, newer.md5)],
        ..Changes::default()
    };
    follow(&mut kept, &changes);
    let about = &kept.tunes[&newer.md5];
    assert_eq!(
        (about.rating, &*about.tags),
        (Some(4), &["again".to_owned()][..])
    );
}

#[test]
fn dates_are_of_the_calendar() {
    for (millis, text) in [
        (0, "1970-01-01"),
        (951_782_400_000, "2000-02-29"),
        (1_709_251_199_999, "2024-02-29"),
        (4_102_444_800_000, "2100-01-01"),
    ] {
        assert_eq!(date_text(millis), text);
    }
}

fn any_change() -> impl Strategy<Value = Change> {
    let number = 0u8..4;
    prop_oneof![
        (number.clone(), any::<bool>()).prop_map(|(n, on)| Change::Favourite { tune: tune(n), on }),
        (number.clone(), 0u8..7).prop_map(|(n, stars)| Change::Rate {
            tune: tune(n),
            rating: Some(stars)
        }),
        (number.clone(), "[a-c]{0,2}", any::<bool>()).prop_map(|(n, tag, on)| Change::Tag {
            tune: tune(n),
            tag,
            on
        }),
        (number.clone(), "[a-c]{0,3}").prop_map(|(n, text)| Change::Note {
            tune: tune(n),
            text
        }),
        (number.clone(), "[a-c]{0,3}").prop_map(|(n, name)| Change::MakePlaylist {
            name,
            items: vec![item(n, 1)]
        }),
        (number.clone(), 0u16..3).prop_map(|(n, song)| Change::Played {
            tune: tune(n),
            song
        }),
        (0u32..9).prop_map(log_line),
        Just(Change::MakeFolder { name: "f".into() }),
    ]
}

fn any_kept() -> impl Strategy<Value = Kept> {
    prop::collection::vec((any_change(), 0u64..50), 0..30).prop_map(|changes| {
        let mut kept = Kept::default();
        for (change, at) in changes {
            kept.apply(Stamp { at, seed: 1 }, change);
        }
        kept
    })
}

fn holds(whole: &Kept, part: &Kept) -> bool {
    let tunes = part.tunes.iter().all(|(md5, part)| {
        whole.tunes.get(md5).is_some_and(|whole| {
            whole.favourite_at.is_some() >= part.favourite_at.is_some()
                && whole.rating.is_some() >= part.rating.is_some()
                && part.tags.iter().all(|tag| whole.tags.contains(tag))
                && whole.note.contains(&part.note)
        })
    });
    let playlists = part.playlists.iter().all(|(id, part)| {
        whole.playlists.get(id).is_some_and(|whole| {
            let ids: Vec<TuneId> = whole.items.iter().map(Item::id).collect();
            part.items.iter().all(|item| ids.contains(&item.id()))
        })
    });
    let plays = part
        .plays()
        .all(|play| whole.plays().any(|other| other == play));
    let lines = part
        .log_lines()
        .all(|line| whole.log_lines().any(|other| other == line));
    tunes && playlists && plays && lines
}

proptest! {
    #[test]
    fn a_merge_loses_nothing_and_knows_no_order(a in any_kept(), b in any_kept()) {
        let both = merge(a.clone(), b.clone());
        prop_assert_eq!(&both, &merge(b.clone(), a.clone()));
        prop_assert!(holds(&both, &a) && holds(&both, &b));
        prop_assert_eq!(&merge(both.clone(), b), &both);
    }

    #[test]
    fn any_state_is_read_as_it_was_written(kept in any_kept()) {
        let file = read(&write(&kept, None)).expect("as written");
        prop_assert_eq!(file.refused, 0);
        prop_assert_eq!(merge(Kept::default(), kept), merge(Kept::default(), file.kept));
    }

    #[test]
    fn any_text_is_a_list(text in "(#EXTINF:|#SIDEREAL:|[a-z/0-9,\n]){0,60}") {
        let (_, items, _) = read_m3u(&text, |path| (path.len() == 3).then(|| tune(1)));
        prop_assert!(items.len() <= text.lines().count());
    }
}
