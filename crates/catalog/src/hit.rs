//! Rows that were found, with what was looked for marked in them.

use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::query::{Field, Parsed, Test};
use crate::words::{bytes_of_folded, each_word, is_near};
use crate::{Found, Row, group_of};

/// From which byte of a text to which.
pub type Place = (u32, u32);

/// A row, and where in its texts what was looked for stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// The row.
    pub row: Row,
    /// What was looked for.
    pub places: Places,
}

/// Where in the texts of a row what was looked for stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// In its title.
    pub title: Vec<Place>,
    /// In its composer.
    pub author: Vec<Place>,
    /// In its "released" line.
    pub released: Vec<Place>,
    /// What else has it, where these have not all of it: path or note.
    pub beside: Option<Beside>,
}

/// A part of another text, and what was looked for in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Text.
    pub text: String,
    /// Places.
    pub places: Vec<Place>,
}

/// Bytes of a note that are shown around what was looked for.
const AROUND: usize = 60;

impl Hit {
    pub(crate) fn new(row: Row, columns: &Columns, file: usize, found: &Found) -> Self {
        let marker = Marker::of(&found.parsed, found.is_tolerant);
        if marker.wanted.is_empty() {
            let places = Places::default();
            return Self { row, places };
        }
        let mut seen = vec![false; marker.wanted.len()];
        let title = marker.places(Field::Title, &row.title, &mut seen);
        let author = marker.places(Field::Author, &row.author, &mut seen);
        let group = group_of(&row.released);
        let shift = (row.released.len() - group.len()) as u32;
        let mut released = marker.places(Field::Year, &row.released[..shift as usize], &mut seen);
        let group = marker.places(Field::Group, group, &mut seen);
        released.extend(
            group
                .into_iter()
                .map(|(from, to)| (from + shift, to + shift)),
        );
        let beside = if seen.iter().all(|seen| *seen) {
            None
        } else {
            marker.beside(columns, file, &seen)
        };
        let places = Places {
            title,
            author,
            released,
            beside,
        };
        Self { row, places }
    }
}

struct Wanted {
    field: Option<Field>,
    word: String,
    is_whole: bool,
}

struct Marker {
    wanted: Vec<Wanted>,
    is_tolerant: bool,
}

impl Marker {
    fn of(parsed: &Parsed, is_tolerant: bool) -> Self {
        let mut wanted = Vec::new();
        let clauses = parsed.clauses.iter().filter(|clause| !clause.is_negated);
        for clause in clauses {
            let (field, words, open) = match &clause.test {
                Test::Words { field, words } => (*field, words.clone(), words.len()),
                Test::Phrase {
                    field,
                    words,
                    is_open,
                } => (*field, words.clone(), usize::from(*is_open)),
                _ => continue,
            };
            let closed = words.len() - open;
            for (at, word) in words.into_iter().enumerate() {
                let is_whole = at < closed;
                wanted.push(Wanted {
                    field,
                    word,
                    is_whole,
                });
            }
        }
        Self {
            wanted,
            is_tolerant,
        }
    }

    /// Places of what is wanted in a text of `field`; notes in `seen` what was there.
    fn places(&self, field: Field, text: &str, seen: &mut [bool]) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        each_word(text, &mut String::new(), |word, range| {
            let mut length = 0;
            for (wanted, seen) in self.wanted.iter().zip(&mut *seen) {
                if wanted.field.is_some_and(|wanted| wanted != field) {
                    continue;
                }
                let fits = if word == wanted.word {
                    range.len()
                } else if !wanted.is_whole && word.starts_with(&*wanted.word) {
                    bytes_of_folded(&text[range.clone()], wanted.word.len())
                } else if !wanted.is_whole && self.is_tolerant && is_near(&wanted.word, word) {
                    range.len()
                } else {
                    continue;
                };
                length = length.max(fits);
                *seen = true;
            }
            if length > 0 {
                places.push((range.start as u32, (range.start + length) as u32));
            }
        });
        places
    }

    /// The note or the path that has what was not seen yet.
    fn beside(&self, columns: &Columns, file: usize, seen: &[bool]) -> Option<Beside> {
        let missing: Vec<usize> = (0..seen.len()).filter(|at| !seen[*at]).collect();
        let has_missing = |field: Field, text: &str| {
            let mut seen = seen.to_vec();
            let places = self.places(field, text, &mut seen);
            let has = missing.iter().any(|at| seen[*at]);
            has.then_some(places)
        };
        for note in columns.notes(file) {
            for text in columns.texts_of_note(note) {
                if let Some(places) = has_missing(Field::Stil, text) {
                    let text = around(text, places.first().map_or(0, |place| place.0 as usize));
                    let places = self.places(Field::Stil, &text, &mut seen.to_vec());
                    return Some(Beside { text, places });
                }
            }
        }
        let path = columns.path(file);
        let places = has_missing(Field::Path, &path)?;
        Some(Beside { text: path, places })
    }
}

/// The part of a text around a place, between spaces.
fn around(text: &str, place: usize) -> String {
    let from = text[..place].char_indices().rev().take(AROUND / 2).last();
    let mut start = from.map_or(place, |(at, _)| at);
    if start > 0 {
        start += text[start..place].find(' ').map_or(0, |space| space + 1);
    }
    let rest = &text[start..];
    let end = rest
        .char_indices()
        .nth(AROUND * 2)
        .map_or(rest.len(), |(at, _)| at);
    let end = match end < rest.len() {
        true => rest[..end].rfind(' ').unwrap_or(end),
        false => end,
    };
    let (lead, tail) = (
        if start > 0 { "\u{2026} " } else { "" },
        if end < rest.len() { " \u{2026}" } else { "" },
    );
    format!("{lead}{}{tail}", &rest[..end])
}

/// Parts of a text, marked and not, in order.
#[must_use]
pub fn parts_of<'a>(text: &'a str, places: &[Place]) -> Vec<(bool, &'a str)> {
    let mut parts = Vec::new();
    let mut last = 0;
    for &(from, to) in places {
        let (from, to) = (from as usize, to as usize);
        let (Some(before), Some(marked)) = (text.get(last..from), text.get(from..to)) else {
            // The places are of another text.
            return vec![(false, text)];
        };
        if !before.is_empty() {
            parts.push((false, before));
        }
        parts.push((true, marked));
        last = to;
    }
    if last < text.len() || parts.is_empty() {
        parts.push((false, &text[last..]));
    }
    parts
}

#[cfg(test)]
mod tests {
    use crate::index::tests::entry;
    use crate::{Column, Index, Note, Query, Sort, parts_of};

    fn check(filter: &str, expected: &str) {
        let mut one = entry("Zoë's Zone", "Rob Hubbard", "1987 Ocean");
        one.path = "MUSICIANS/H/zz.sid".into();
        one.notes = vec![Note {
            comment: "He wrote it in a very long night, they say, which was rainy and cold".into(),
            ..Note::default()
        }];
        let mut index = Index::new([one]);
        let found = index.search(&Query {
            filter: filter.into(),
            sort: Sort {
                column: Column::Relevance,
                descending: false,
            },
        });
        let hit = index.hit(found.files[0], &found);
        let mut texts = vec![
            (hit.row.title, hit.places.title),
            (hit.row.author, hit.places.author),
            (hit.row.released, hit.places.released),
        ];
        texts.extend(hit.places.beside.map(|beside| (beside.text, beside.places)));
        let marked = texts.iter().map(|(text, places)| {
            let parts = parts_of(text, places).into_iter();
            parts
                .map(|(is_marked, part)| {
                    if is_marked {
                        format!("[{part}]")
                    } else {
                        part.into()
                    }
                })
                .collect::<String>()
        });
        assert_eq!(marked.collect::<Vec<_>>().join("|"), expected, "{filter}");
    }

    #[test]
    fn what_was_looked_for_is_marked() {
        check("", "Zoë's Zone|Rob Hubbard|1987 Ocean");
        check("zo", "[Zo]ë's [Zo]ne|Rob Hubbard|1987 Ocean");
        check("zoes rob", "[Zoë's] Zone|[Rob] Hubbard|1987 Ocean");
        check("composer:ro", "Zoë's Zone|[Ro]b Hubbard|1987 Ocean");
        check("hubard", "Zoë's Zone|Rob [Hubbard]|1987 Ocean");
        check("198 oc", "Zoë's Zone|Rob Hubbard|[198]7 [Oc]ean");
        check("\"rob hub", "Zoë's Zone|[Rob] [Hub]bard|1987 Ocean");
        // What all rows have in common is not marked in each.
        check(
            "composer:=\"rob hubbard\" zo",
            "[Zo]ë's [Zo]ne|Rob Hubbard|1987 Ocean",
        );
        check("-wizball year:1987", "Zoë's Zone|Rob Hubbard|1987 Ocean");
    }

    #[test]
    fn what_is_beside_is_told() {
        check(
            "zz",
            "Zoë's Zone|Rob Hubbard|1987 Ocean|MUSICIANS/H/[zz].sid",
        );
        check(
            "rainy zone",
            "Zoë's [Zone]|Rob Hubbard|1987 Ocean|\u{2026} night, they say, which was [rainy] and cold",
        );
    }

    #[test]
    fn places_of_another_text_mark_nothing() {
        assert_eq!(parts_of("é", &[(0, 1)]), [(false, "é")]);
        assert_eq!(parts_of("", &[]), [(false, "")]);
        assert_eq!(parts_of("ab", &[(0, 9)]), [(false, "ab")]);
    }
}
