//! The search as it is meant: entry by entry and word by word, without an index. The real one must
//! find the same, and value it the same.

use proptest::prelude::*;
use sidfile::{ChipModel, Md5};

use super::{FEW, HAS_NOTES, HAS_SONGS, WHOLE_TITLE, WORTH};
use crate::index::tests::entry;
use crate::query::{Field, Parsed, Test};
use crate::release::year_text;
use crate::words::{fold, is_near, words_of};
use crate::{Column, Entry, Index, Note, Query, Remote, Sort, group_of, year_of};

const FIELDS: [Field; 6] = [
    Field::Title,
    Field::Author,
    Field::Group,
    Field::Path,
    Field::Stil,
    Field::Year,
];

fn texts(entry: &Entry, field: Field) -> Vec<String> {
    match field {
        Field::Title => vec![entry.title.clone()],
        Field::Author => vec![entry.author.clone()],
        Field::Group => vec![group_of(&entry.released).to_owned()],
        Field::Year => vec![year_text(&entry.released).to_owned()],
        Field::Path => vec![entry.path.clone()],
        Field::Stil => {
            let notes = entry.notes.iter();
            notes
                .flat_map(|note| {
                    [
                        &note.name,
                        &note.author,
                        &note.title,
                        &note.artist,
                        &note.comment,
                    ]
                })
                .cloned()
                .collect()
        }
    }
}

fn worth(entry: &Entry, field: Option<Field>, word: &str, reach: usize) -> u16 {
    let mut best = 0;
    for (at, of) in FIELDS.into_iter().enumerate() {
        if field.is_some_and(|field| field != of) {
            continue;
        }
        for term in texts(entry, of).iter().flat_map(|text| words_of(text)) {
            let kind = if term == word {
                0
            } else if reach >= 1 && term.starts_with(word) {
                1
            } else if reach >= 2 && is_near(word, &term) {
                2
            } else {
                continue;
            };
            best = best.max(WORTH[kind][at]);
        }
    }
    u16::from(best)
}

fn has_phrase(entry: &Entry, field: Option<Field>, words: &[String], is_open: bool) -> bool {
    FIELDS
        .into_iter()
        .filter(|of| field.is_none_or(|field| field == *of))
        .flat_map(|of| texts(entry, of))
        .any(|text| {
            let here = words_of(&text);
            (0..here.len()).any(|start| {
                words.iter().enumerate().all(|(at, word)| {
                    here.get(start + at).is_some_and(|here| {
                        here == word
                            || is_open && at + 1 == words.len() && here.starts_with(&**word)
                    })
                })
            })
        })
}

/// Worth of the words, and whether all tests hold.
fn score(entry: &Entry, parsed: &Parsed, reach: usize) -> Option<u16> {
    let mut score = 1;
    let mut hits = 0;
    for clause in &parsed.clauses {
        let holds = match &clause.test {
            Test::Words { field, words } if clause.is_negated => {
                words.iter().all(|word| worth(entry, *field, word, 1) > 0)
            }
            Test::Words { field, words } => words.iter().all(|word| {
                let worth = worth(entry, *field, word, reach);
                score += worth;
                hits += usize::from(worth == u16::from(WORTH[0][0]) && word != "a");
                worth > 0
            }),
            Test::Phrase {
                field,
                words,
                is_open,
            } => {
                if !clause.is_negated {
                    for (at, word) in words.iter().enumerate() {
                        let is_last = at + 1 == words.len();
                        let worth = worth(entry, *field, word, usize::from(*is_open && is_last));
                        score += worth;
                        hits += usize::from(worth == u16::from(WORTH[0][0]) && word != "a");
                    }
                }
                has_phrase(entry, *field, words, *is_open)
            }
            Test::Whole(Field::Author, text) => fold(&entry.author) == *text,
            Test::Whole(Field::Group, text) => fold(group_of(&entry.released)) == *text,
            Test::Whole(_, text) => fold(&entry.title) == *text,
            Test::Year(span) => year_of(&entry.released).is_some_and(|year| span.has(year.into())),
            Test::Path(text) => fold(&entry.path).contains(&**text),
            Test::Folder(text) => {
                format!("/{}", fold(&entry.path)).starts_with(&format!("/{text}/"))
            }
            Test::Chip(model) => entry.chips.iter().any(|chip| chip.model == *model),
            Test::Sids(span) => span.has(entry.chips.len() as u32),
            Test::Songs(span) => span.has(entry.lengths.len() as u32),
            Test::Length(span) => entry
                .length_millis(entry.start_song)
                .is_some_and(|l| span.has(l)),
            Test::Here(wanted) => entry.remote.is_none() == *wanted,
            other => unreachable!("{other:?} is not generated"),
        };
        if holds == clause.is_negated {
            return None;
        }
    }
    if parsed.has_words() {
        if hits > 0
            && hits
                >= words_of(&entry.title)
                    .iter()
                    .filter(|word| *word != "a")
                    .count()
        {
            score += WHOLE_TITLE;
        }
        score += u16::from(!entry.notes.is_empty()) * HAS_NOTES;
        score += u16::from(entry.lengths.len() > 1) * HAS_SONGS;
    }
    Some(score)
}

/// Titles in the order in which they are to be shown.
fn expected(entries: &[Entry], filter: &str) -> Vec<Md5> {
    let parsed = Parsed::of(filter);
    let run = |reach| {
        let scored = entries
            .iter()
            .filter_map(|entry| Some((score(entry, &parsed, reach)?, entry)));
        scored.collect::<Vec<(u16, &Entry)>>()
    };
    let mut found = run(1);
    if found.len() < FEW as usize && parsed.has_words() {
        found = run(2);
    }
    found.sort_by_key(|(score, entry)| {
        let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        let score = if parsed.has_words() { *score } else { 0 };
        (
            core::cmp::Reverse(score),
            fold(&entry.title),
            fold(&entry.author),
            fold(folder),
            fold(name),
        )
    });
    found.into_iter().map(|(_, entry)| entry.md5).collect()
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let words = || {
        let word = prop_oneof!["[ab]{1,3}", "hubbard|hubard|commando|comanndo|galway|Zoë"];
        proptest::collection::vec(word, 0..3).prop_map(|words| words.join(" "))
    };
    (
        (words(), words(), words(), words()),
        (
            "[ab]{1,2}(/[ab]{1,2})?",
            0u8..3,
            1usize..3,
            0u32..4,
            any::<bool>(),
        ),
    )
        .prop_map(
            |((title, author, group, note), (path, kind, songs, minutes, remote))| {
                let mut entry = entry(&title, &author, &format!("198{kind} {group}"));
                entry.path = path;
                entry.chips = vec![entry.chips[0]; usize::from(kind) + 1];
                entry.chips[0].model =
                    [ChipModel::Mos6581, ChipModel::Mos8580][usize::from(kind % 2)];
                entry.lengths = vec![Some(minutes * 60_000); songs];
                if !note.is_empty() {
                    entry.notes = vec![Note {
                        comment: note,
                        ..Note::default()
                    }];
                }
                entry.remote = remote.then_some(Remote {
                    info_hash: [1; 20],
                    file: 0,
                });
                entry
            },
        )
}

fn any_filter() -> impl Strategy<Value = String> {
    let clause = prop_oneof![
        4 => "[ab]{1,3}|hub|hubbrd|commnado|galw|zoe",
        1 => "-?(composer|title|group|stil):([ab]{1,2}|hubb|galwya)",
        1 => "-?\"[ab]{1,2} [ab]{1,2}\"?",
        1 => "-?(chip:6581|chip:8580|sids:2|songs:>1|length:>1:00|year:1981|year:198|here:yes)",
        1 => "-?(path|folder):[ab]{1,2}(/[ab]{1,2})?",
        1 => "composer:=\"[ab]{1,2}\"",
        1 => "-[ab]{1,2}",
    ];
    proptest::collection::vec(clause, 0..4).prop_map(|clauses| clauses.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_index_finds_what_the_reference_finds(
        entries in proptest::collection::vec(any_entry(), 0..24),
        loaded in 0usize..24,
        removed in proptest::collection::vec(0usize..24, 0..4),
        filter in any_filter(),
    ) {
        let mut entries = entries;
        for (number, entry) in (0u8..).zip(&mut entries) {
            entry.md5 = Md5([number; 16]);
        }
        let (first, rest) = entries.split_at(loaded.min(entries.len()));
        let mut index = Index::with_collections([], [crate::Catalogue::new(first)]);
        // Some files come after words were gathered.
        index.get_ready();
        for entry in rest {
            index.insert(entry.clone());
        }
        for at in removed {
            let Some(md5) = entries.get(at).map(|entry| entry.md5) else { continue };
            index.remove(&md5);
            entries.remove(at);
        }
        let query = Query {
            filter: filter.clone(),
            sort: Sort { column: Column::Relevance, descending: false },
        };
        let found = index.select(&query);
        let found: Vec<Md5> = found.into_iter().map(|file| index.md5(file)).collect();
        // Files that are the same in all that counts may stand in any order of arrival.
        let shown = |md5s: &[Md5]| {
            let entry_of = |md5: &Md5| entries.iter().find(|entry| entry.md5 == *md5);
            md5s.iter()
                .filter_map(entry_of)
                .map(|entry| (&entry.title, &entry.author, &entry.path))
                .map(|found| format!("{found:?}"))
                .collect::<Vec<_>>()
        };
        let mut expected = expected(&entries, &filter);
        prop_assert_eq!(shown(&found), shown(&expected), "{}", filter);
        let mut found = found;
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected, "{}", filter);
    }
}
