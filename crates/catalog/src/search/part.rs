//! The words of a run of files, and which files have them where.

use core::ops::Range;

use crate::columns::Columns;
use crate::query::Field;
use crate::release::{group_of, year_text};
use crate::texts::{Dictionary, Texts, count};
use crate::words::{each_word, is_article, is_near, letters_of, slips_in};

/// Bits of a posting that tell the field; the rest is the file.
const FIELD_BITS: u32 = 3;

/// A field as a number of [`FIELD_BITS`].
pub(crate) const FIELDS: [Field; 6] = [
    Field::Title,
    Field::Author,
    Field::Group,
    Field::Path,
    Field::Stil,
    Field::Year,
];

/// File and field of a posting.
pub(crate) fn file_of(posting: u32) -> usize {
    (posting >> FIELD_BITS) as usize
}

pub(crate) fn field_of(posting: u32) -> usize {
    (posting & ((1 << FIELD_BITS) - 1)) as usize
}

/// Words in order, and the postings of each.
#[derive(Debug, Default)]
pub(crate) struct Part {
    terms: Texts,
    /// Letters of each word; see [`letters_of`].
    letters: Vec<u32>,
    /// Where each word's postings begin; one more than there are words.
    starts: Vec<u32>,
    postings: Vec<u32>,
    /// Count of words in the title of each file, articles aside, from the part's first file on.
    pub title_words: Vec<u8>,
}

/// What is gathered while a part is made.
#[derive(Default)]
struct Gathering {
    terms: Dictionary,
    /// Last posting of each word: a file has a word once in a field.
    last: Vec<u32>,
    found: Vec<(u32, u32)>,
}

impl Gathering {
    fn term(&mut self, word: &str) -> u32 {
        let term = self.terms.number(word);
        if term as usize == self.last.len() {
            self.last.push(u32::MAX);
        }
        term
    }

    fn add(&mut self, term: u32, posting: u32) {
        if self.last[term as usize] != posting {
            self.last[term as usize] = posting;
            self.found.push((term, posting));
        }
    }

    /// Adds the words of `text` and returns how many there were, articles aside.
    fn add_text(&mut self, text: &str, posting: u32, word: &mut String) -> usize {
        let mut words = 0;
        each_word(text, word, |word, _| {
            let term = self.term(word);
            self.add(term, posting);
            words += usize::from(!is_article(word));
        });
        words
    }
}

/// Words of texts that many files share, taken apart once each.
struct Shared {
    words: Vec<Option<Box<[u32]>>>,
}

impl Shared {
    fn new(texts: usize) -> Self {
        Self {
            words: vec![None; texts],
        }
    }

    fn add(
        &mut self,
        text: u32,
        posting: u32,
        gathering: &mut Gathering,
        take_apart: impl FnOnce(&mut Gathering) -> Vec<u32>,
    ) {
        let words = self.words[text as usize]
            .get_or_insert_with(|| take_apart(gathering).into_boxed_slice());
        for &term in &**words {
            gathering.add(term, posting);
        }
    }
}

fn terms_of(text: &str, word: &mut String, gathering: &mut Gathering) -> Vec<u32> {
    let mut terms = Vec::new();
    each_word(text, word, |word, _| terms.push(gathering.term(word)));
    terms
}

impl Part {
    /// The words of `files`.
    pub fn of(columns: &Columns, files: Range<usize>) -> Self {
        let mut gathering = Gathering::default();
        let mut word = String::new();
        let mut authors = Shared::new(columns.authors.texts().len());
        let mut groups = Shared::new(columns.releases.texts().len());
        let mut years = Shared::new(columns.releases.texts().len());
        let mut folders = Shared::new(columns.folders.texts().len());
        let mut title_words = Vec::with_capacity(files.len());
        for file in files {
            let posting = |field: Field| count(file) << FIELD_BITS | field as u32;
            let words =
                gathering.add_text(columns.titles.get(file), posting(Field::Title), &mut word);
            title_words.push(u8::try_from(words).unwrap_or(u8::MAX));
            let author = columns.author[file];
            authors.add(
                author,
                posting(Field::Author),
                &mut gathering,
                |gathering| terms_of(columns.author_text(file), &mut word, gathering),
            );
            let release = columns.release[file];
            groups.add(
                release,
                posting(Field::Group),
                &mut gathering,
                |gathering| terms_of(group_of(columns.release_text(file)), &mut word, gathering),
            );
            years.add(release, posting(Field::Year), &mut gathering, |gathering| {
                terms_of(year_text(columns.release_text(file)), &mut word, gathering)
            });
            let folder = columns.folder[file];
            folders.add(folder, posting(Field::Path), &mut gathering, |gathering| {
                let folder = columns.folders.texts().get(folder as usize);
                terms_of(folder, &mut word, gathering)
            });
            gathering.add_text(columns.names.get(file), posting(Field::Path), &mut word);
            for note in columns.notes(file) {
                for text in columns.texts_of_note(note) {
                    gathering.add_text(text, posting(Field::Stil), &mut word);
                }
            }
        }
        let mut part = Self::sorted(&gathering);
        part.title_words = title_words;
        part
    }

    /// Brings words and postings into order.
    fn sorted(gathering: &Gathering) -> Self {
        let words = gathering.terms.texts();
        let mut order: Vec<(u64, u32)> = (0..)
            .zip(words.iter())
            .map(|(number, word)| (first_bytes(word), number))
            .collect();
        order.sort_unstable_by(|a, b| {
            let rest = || words.get(a.1 as usize).cmp(words.get(b.1 as usize));
            a.0.cmp(&b.0).then_with(rest)
        });
        let mut terms = Texts::default();
        let mut places = vec![0u32; words.len()];
        for (place, &(_, number)) in (0..).zip(&order) {
            places[number as usize] = place;
            terms.push(words.get(number as usize));
        }
        let mut starts = vec![0u32; words.len() + 1];
        for &(term, _) in &gathering.found {
            starts[places[term as usize] as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut postings = vec![0; gathering.found.len()];
        for &(term, posting) in &gathering.found {
            let next = &mut next[places[term as usize] as usize];
            postings[*next as usize] = posting;
            *next += 1;
        }
        Self {
            letters: terms.iter().map(letters_of).collect(),
            terms,
            starts,
            postings,
            title_words: Vec::new(),
        }
    }

    /// Words that begin with `word`, which itself is the first of them where it is there.
    pub fn beginning_with(&self, word: &str) -> Range<usize> {
        let start = self.place(|term| term < word);
        let end = self.place(|term| term < word || term.starts_with(word));
        start..end
    }

    fn place(&self, is_before: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, self.terms.len());
        while low < high {
            let middle = low.midpoint(high);
            if is_before(self.terms.get(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// A word.
    pub fn term(&self, at: usize) -> &str {
        self.terms.get(at)
    }

    /// Words that are near `word`, see [`is_near`].
    pub fn near(&self, word: &str) -> Vec<usize> {
        let slips = slips_in(word.len());
        if slips == 0 {
            return Vec::new();
        }
        let letters = letters_of(word);
        let terms = self.letters.iter().enumerate();
        terms
            .filter(|(at, term)| {
                (letters & !**term).count_ones() as usize <= slips
                    && is_near(word, self.terms.get(*at))
            })
            .map(|(at, _)| at)
            .collect()
    }

    /// Files and fields of words that stand side by side.
    pub fn postings(&self, terms: Range<usize>) -> &[u32] {
        &self.postings[self.starts[terms.start] as usize..self.starts[terms.end] as usize]
    }
}

/// The first eight bytes as a number that sorts like them.
pub(crate) fn first_bytes(text: &str) -> u64 {
    let mut first = [0; 8];
    let length = text.len().min(8);
    first[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(first)
}
