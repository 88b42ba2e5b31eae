//! Which files a query selects, and how well each fits.

mod filter;
mod part;
#[cfg(test)]
mod reference;

pub(crate) use filter::Ready;
pub(crate) use part::{Part, first_bytes};

use crate::columns::Columns;
use crate::marks::Facts;
use crate::query::{Clause, Field, Parsed, Test};
use crate::words::{each_word, is_article};
use part::{FIELDS, field_of, file_of};

/// What a word is worth: as it stands, as a beginning, with a slip; in title, author, group, path,
/// STIL and year. Title and composer come before all else; a slip, wherever it is, comes last.
const WORTH: [[u8; 6]; 3] = [
    [100, 96, 60, 40, 20, 60],
    [70, 68, 44, 30, 16, 44],
    [12, 11, 8, 5, 3, 0],
];
const EXACT: usize = 0;
const BEGINNING: usize = 1;
const SLIP: usize = 2;
/// All words of the title were asked for, articles aside.
const WHOLE_TITLE: u16 = 40;
/// Somebody wrote about it; it has several songs: most likely it is what people know.
const HAS_NOTES: u16 = 2;
const HAS_SONGS: u16 = 1;
/// Where fewer files than this fit a query to the letter, slips are forgiven.
pub(crate) const FEW: u32 = 8;

/// Every file's fitness, 0 for those that are not selected.
#[derive(Debug, Default)]
pub(crate) struct Matches {
    pub scores: Vec<u16>,
    pub count: u32,
    /// Slips were forgiven.
    pub is_tolerant: bool,
}

/// Where a search looks.
pub(crate) struct Ground<'a> {
    pub columns: &'a Columns,
    pub gone: &'a [bool],
    pub parts: &'a [Part],
    pub facts: &'a Facts,
    /// Number of a file.
    pub find: &'a dyn Fn(&sidfile::Md5) -> Option<usize>,
}

/// How a word is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Exact,
    Beginning,
    Tolerant,
}

impl Ground<'_> {
    /// Runs a query. Where few files fit it to the letter, those that nearly do are added.
    pub fn search(&self, parsed: &Parsed) -> Matches {
        let filters: Vec<(bool, Ready<'_>)> = parsed
            .clauses
            .iter()
            .filter_map(|clause| Some((clause.is_negated, Ready::of(&clause.test, self)?)))
            .collect();
        let strict = self.run(parsed, &filters, false);
        if strict.count >= FEW || !parsed.has_words() {
            return strict;
        }
        let tolerant = self.run(parsed, &filters, true);
        if tolerant.count > strict.count {
            tolerant
        } else {
            strict
        }
    }

    fn run(&self, parsed: &Parsed, filters: &[(bool, Ready<'_>)], is_tolerant: bool) -> Matches {
        let files = self.columns.len();
        let mut scores: Vec<u16> = self.gone.iter().map(|gone| u16::from(!gone)).collect();
        let mut best = vec![0u8; files];
        let mut title_hits = vec![0u8; files];
        let reach = if is_tolerant {
            Reach::Tolerant
        } else {
            Reach::Beginning
        };
        for Clause { is_negated, test } in &parsed.clauses {
            match test {
                Test::Words { field, words } if *is_negated => {
                    let mut has = vec![true; files];
                    for word in words {
                        self.look_up(word, *field, Reach::Beginning, &mut best);
                        for (has, best) in has.iter_mut().zip(&best) {
                            *has &= *best > 0;
                        }
                    }
                    for (score, has) in scores.iter_mut().zip(&has) {
                        *score *= u16::from(!has);
                    }
                }
                Test::Words { field, words } => {
                    for word in words {
                        self.look_up(word, *field, reach, &mut best);
                        add(&mut scores, &best, &mut title_hits, !is_article(word));
                    }
                }
                Test::Phrase {
                    field,
                    words,
                    is_open,
                } => {
                    let mut trial = scores.clone();
                    for (at, word) in words.iter().enumerate() {
                        let is_last = at + 1 == words.len();
                        let reach = if *is_open && is_last {
                            Reach::Beginning
                        } else {
                            Reach::Exact
                        };
                        self.look_up(word, *field, reach, &mut best);
                        let mut unused = vec![0; files];
                        let hits = if *is_negated {
                            &mut unused
                        } else {
                            &mut title_hits
                        };
                        add(&mut trial, &best, hits, !is_article(word));
                    }
                    for (file, (score, trial)) in scores.iter_mut().zip(trial).enumerate() {
                        let has = trial > 0 && self.has_phrase(file, *field, words, *is_open);
                        *score = match (is_negated, has) {
                            (true, true) | (false, false) => 0,
                            (true, false) => *score,
                            (false, true) => trial,
                        };
                    }
                }
                _ => {}
            }
        }
        for (is_negated, filter) in filters {
            for (file, score) in scores.iter_mut().enumerate() {
                if *score > 0 && filter.holds(file) == *is_negated {
                    *score = 0;
                }
            }
        }
        if parsed.has_words() {
            self.weigh(&mut scores, &title_hits);
        }
        let count = scores.iter().filter(|score| **score > 0).count();
        Matches {
            count: crate::texts::count(count),
            scores,
            is_tolerant,
        }
    }

    /// What a word is worth to each file.
    fn look_up(&self, word: &str, field: Option<Field>, reach: Reach, best: &mut [u8]) {
        best.fill(0);
        let worth = WORTH.map(|worth| {
            let mut worth = worth;
            for (worth, at) in worth.iter_mut().zip(FIELDS) {
                *worth *= u8::from(field.is_none_or(|field| field == at));
            }
            worth
        });
        let mut take = |postings: &[u32], worth: &[u8; 6]| {
            // Fields are numbered by three bits; there are no seventh and eighth.
            let mut table = [0; 8];
            table[..6].copy_from_slice(worth);
            for &posting in postings {
                let best = &mut best[file_of(posting)];
                *best = (*best).max(table[field_of(posting)]);
            }
        };
        for part in self.parts {
            let beginning = part.beginning_with(word);
            let is_there = !beginning.is_empty() && part.term(beginning.start) == word;
            if is_there {
                take(
                    part.postings(beginning.start..beginning.start + 1),
                    &worth[EXACT],
                );
            }
            if reach == Reach::Exact {
                continue;
            }
            let longer = beginning.start + usize::from(is_there)..beginning.end;
            take(part.postings(longer), &worth[BEGINNING]);
            if reach == Reach::Tolerant {
                for near in part.near(word) {
                    take(part.postings(near..near + 1), &worth[SLIP]);
                }
            }
        }
    }

    /// Whether `words` stand one behind the other in a field of a file.
    fn has_phrase(
        &self,
        file: usize,
        field: Option<Field>,
        words: &[String],
        is_open: bool,
    ) -> bool {
        let mut word = String::new();
        let mut here: Vec<String> = Vec::new();
        self.each_text(file, field, &mut |text| {
            here.clear();
            each_word(text, &mut word, |word, _| here.push(word.to_owned()));
            here.windows(words.len()).any(|here| {
                let (last, others) = words.split_last().expect("a phrase has words");
                let end = here.last().expect("a window is as long as the phrase");
                let ends = if is_open {
                    end.starts_with(&**last)
                } else {
                    end == last
                };
                ends && here.iter().zip(others).all(|(a, b)| a == b)
            })
        })
    }

    /// Gives the texts of a field, or of all, to `take` until it is content.
    fn each_text(
        &self,
        file: usize,
        field: Option<Field>,
        take: &mut dyn FnMut(&str) -> bool,
    ) -> bool {
        let columns = self.columns;
        FIELDS
            .into_iter()
            .filter(|at| field.is_none_or(|field| field == *at))
            .any(|field| match field {
                Field::Title => take(columns.titles.get(file)),
                Field::Author => take(columns.author_text(file)),
                Field::Group => take(crate::group_of(columns.release_text(file))),
                Field::Year => take(crate::release::year_text(columns.release_text(file))),
                Field::Path => take(&columns.path(file)),
                Field::Stil => columns
                    .notes(file)
                    .any(|note| columns.texts_of_note(note).any(&mut *take)),
            })
    }

    fn weigh(&self, scores: &mut [u16], title_hits: &[u8]) {
        let title_words = self.parts.iter().flat_map(|part| &part.title_words);
        for (file, title_words) in title_words.enumerate() {
            let score = &mut scores[file];
            if *score == 0 {
                continue;
            }
            if title_hits[file] > 0 && title_hits[file] >= *title_words {
                *score = score.saturating_add(WHOLE_TITLE);
            }
            if !self.columns.notes(file).is_empty() {
                *score = score.saturating_add(HAS_NOTES);
            }
            if self.columns.lengths(file).len() > 1 {
                *score = score.saturating_add(HAS_SONGS);
            }
        }
    }
}

/// Adds what a word is worth; a file without it is out. Words that count for a whole title do so.
fn add(scores: &mut [u16], best: &[u8], title_hits: &mut [u8], counts: bool) {
    for ((score, &best), hits) in scores.iter_mut().zip(best).zip(title_hits) {
        let stays = *score > 0 && best > 0;
        *score = if stays {
            score.saturating_add(u16::from(best))
        } else {
            0
        };
        *hits = hits.saturating_add(u8::from(counts && best == WORTH[EXACT][0]));
    }
}
