//! Filter and sort over the entries of a library.

use core::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sidfile::{ChipModel, Clock, Format, Md5};

use crate::{Entry, Origin, Remote, year_of};

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Column {
    /// Title.
    #[default]
    Title,
    /// Composer.
    Author,
    /// Year of release; unknown years last.
    Year,
    /// Length of the default song; unknown lengths last.
    Length,
    /// Count of songs.
    Songs,
    /// Path in the collection.
    Path,
    /// Order of arrival, the newest first when descending.
    Added,
}

/// Column and direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// Column.
    pub column: Column,
    /// Largest first.
    pub descending: bool,
}

/// A filter and an order: what a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Words that must all occur, in any order, in title, composer, release or path.
    pub filter: String,
    /// Order of the rows.
    pub sort: Sort,
}

/// What a list shows of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Digest of the file.
    pub md5: Md5,
    /// Title.
    pub title: String,
    /// Composer.
    pub author: String,
    /// Year and publisher.
    pub released: String,
    /// Year, where known.
    pub year: Option<u16>,
    /// Model of each chip, one to three.
    pub models: Vec<ChipModel>,
    /// Video standard.
    pub clock: Clock,
    /// Kind of file.
    pub format: Format,
    /// Count of songs.
    pub songs: u16,
    /// Default song, from 1.
    pub start_song: u16,
    /// Length of the default song in milliseconds, where known.
    pub length_millis: Option<u32>,
    /// A C64 BASIC program, which needs the listener's own ROMs.
    pub needs_basic: bool,
    /// Where it came from.
    pub origin: Origin,
    /// Where a swarm has it, where it is not here.
    pub remote: Option<Remote>,
}

impl From<&Entry> for Row {
    fn from(entry: &Entry) -> Self {
        Self {
            md5: entry.md5,
            title: entry.title.clone(),
            author: entry.author.clone(),
            released: entry.released.clone(),
            year: year_of(&entry.released),
            models: entry.chips.iter().map(|chip| chip.model).collect(),
            clock: entry.clock,
            format: entry.format,
            songs: entry.songs(),
            start_song: entry.start_song,
            length_millis: entry.length_millis(entry.start_song),
            needs_basic: entry.needs_basic,
            origin: entry.origin,
            remote: entry.remote,
        }
    }
}

/// Lower case, without the accents of Latin-1 and Windows-1252: how text is compared.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        match character {
            'à'..='å' => folded.push('a'),
            'æ' => folded.push_str("ae"),
            'ç' => folded.push('c'),
            'è'..='ë' => folded.push('e'),
            'ì'..='ï' => folded.push('i'),
            'ð' => folded.push('d'),
            'ñ' => folded.push('n'),
            'ò'..='ö' | 'ø' => folded.push('o'),
            'ù'..='ü' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'þ' => folded.push_str("th"),
            'ß' => folded.push_str("ss"),
            'œ' => folded.push_str("oe"),
            'š' => folded.push('s'),
            'ž' => folded.push('z'),
            other => folded.push(other),
        }
    }
    folded
}

/// Folded keys of one entry, made once.
#[derive(Debug)]
struct Keys {
    title: String,
    author: String,
    path: String,
    /// Everything that the filter looks at.
    haystack: String,
}

impl Keys {
    fn of(entry: &Entry) -> Self {
        let (title, author, path) = (fold(&entry.title), fold(&entry.author), fold(&entry.path));
        let haystack = [&*title, &author, &fold(&entry.released), &path].join("\n");
        Self {
            title,
            author,
            path,
            haystack,
        }
    }
}

/// Entries in order of arrival, one for each file, with what filter and sort need.
#[derive(Debug, Default)]
pub struct Index {
    entries: Vec<Entry>,
    keys: Vec<Keys>,
    by_md5: BTreeMap<Md5, usize>,
}

impl Index {
    /// Index of `entries`; of two with the same digest the first stays.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut index = Self::default();
        for entry in entries {
            index.insert(entry);
        }
        index
    }

    /// Adds `entry`; false, and nothing changes, where its digest is there already.
    pub fn insert(&mut self, entry: Entry) -> bool {
        if self.by_md5.contains_key(&entry.md5) {
            return false;
        }
        self.by_md5.insert(entry.md5, self.entries.len());
        self.keys.push(Keys::of(&entry));
        self.entries.push(entry);
        true
    }

    /// Replaces what is known of a file; false where the file is not here.
    pub fn update(&mut self, entry: Entry) -> bool {
        let Some(&at) = self.by_md5.get(&entry.md5) else {
            return false;
        };
        self.keys[at] = Keys::of(&entry);
        self.entries[at] = entry;
        true
    }

    /// Takes a file out and returns what was known of it.
    pub fn remove(&mut self, md5: &Md5) -> Option<Entry> {
        let at = self.by_md5.remove(md5)?;
        for position in self.by_md5.values_mut() {
            if *position > at {
                *position -= 1;
            }
        }
        self.keys.remove(at);
        Some(self.entries.remove(at))
    }

    /// What is known of a file.
    #[must_use]
    pub fn get(&self, md5: &Md5) -> Option<&Entry> {
        self.by_md5.get(md5).map(|&at| &self.entries[at])
    }

    /// All entries in order of arrival.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Positions in [`entries`](Self::entries) of what `query` selects, in its order.
    #[must_use]
    pub fn select(&self, query: &Query) -> Vec<u32> {
        let folded = fold(&query.filter);
        let words: Vec<&str> = folded.split_whitespace().collect();
        let mut found: Vec<u32> = (0u32..)
            .zip(&self.keys)
            .filter(|(_, keys)| words.iter().all(|word| keys.haystack.contains(word)))
            .map(|(position, _)| position)
            .collect();
        found.sort_by(|&a, &b| self.order(a as usize, b as usize, query.sort));
        found
    }

    fn order(&self, a: usize, b: usize, sort: Sort) -> Ordering {
        let (entry_a, entry_b) = (&self.entries[a], &self.entries[b]);
        let (keys_a, keys_b) = (&self.keys[a], &self.keys[b]);
        let direct = |ordering: Ordering| {
            if sort.descending {
                ordering.reverse()
            } else {
                ordering
            }
        };
        let first = match sort.column {
            Column::Title => direct(keys_a.title.cmp(&keys_b.title)),
            Column::Author => direct(keys_a.author.cmp(&keys_b.author)),
            Column::Year => known_first(
                year_of(&entry_a.released),
                year_of(&entry_b.released),
                direct,
            ),
            Column::Length => known_first(
                entry_a.length_millis(entry_a.start_song),
                entry_b.length_millis(entry_b.start_song),
                direct,
            ),
            Column::Songs => direct(entry_a.lengths.len().cmp(&entry_b.lengths.len())),
            Column::Path => direct(keys_a.path.cmp(&keys_b.path)),
            Column::Added => direct(a.cmp(&b)),
        };
        first
            .then_with(|| keys_a.title.cmp(&keys_b.title))
            .then_with(|| keys_a.author.cmp(&keys_b.author))
            .then_with(|| keys_a.path.cmp(&keys_b.path))
            .then_with(|| a.cmp(&b))
    }
}

/// Unknown values stay last in either direction.
fn known_first<T: Ord>(
    a: Option<T>,
    b: Option<T>,
    direct: impl Fn(Ordering) -> Ordering,
) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => direct(a.cmp(&b)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use sidfile::SidChip;

    pub(crate) fn entry(title: &str, author: &str, released: &str) -> Entry {
        Entry {
            md5: Md5::of(title.as_bytes()),
            path: format!("MUSICIANS/{title}.sid"),
            title: title.into(),
            author: author.into(),
            released: released.into(),
            format: Format::Psid,
            version: 2,
            clock: Clock::Pal,
            chips: vec![SidChip {
                address: 0xd400,
                model: ChipModel::Mos6581,
            }],
            load_address: 0x1000,
            init_address: 0x1000,
            play_address: 0x1003,
            size: 4000,
            start_song: 1,
            lengths: vec![Some(60_000)],
            needs_basic: false,
            origin: Origin::Imported,
            notes: Vec::new(),
            remote: None,
        }
    }

    fn index() -> Index {
        let mut unknown = entry("Æther", "Zoë Müller", "19?? Nobody");
        unknown.lengths = vec![None, Some(5_000)];
        Index::new([
            entry("Wizball", "Martin Galway", "1987 Ocean"),
            unknown,
            entry("Commando", "Rob Hubbard", "1985 Elite"),
            entry("commando", "Rob Hubbard", "1985 Elite"),
            entry("Arkanoid", "Martin Galway", "1987 Imagine"),
        ])
    }

    fn check(filter: &str, column: Column, descending: bool, expected: &[&str]) {
        let index = index();
        let query = Query {
            filter: filter.into(),
            sort: Sort { column, descending },
        };
        let titles: Vec<&str> = index
            .select(&query)
            .iter()
            .map(|&at| &*index.entries()[at as usize].title)
            .collect();
        assert_eq!(titles, expected, "{query:?}");
    }

    #[test]
    fn every_word_must_occur_somewhere_in_any_order() {
        check("galway", Column::Title, false, &["Arkanoid", "Wizball"]);
        check("  OCEAN gal ", Column::Title, false, &["Wizball"]);
        check("galway elite", Column::Title, false, &[]);
        check("musicians/wiz", Column::Title, false, &["Wizball"]);
    }

    #[test]
    fn accents_are_folded() {
        check("zoe muller aether", Column::Title, false, &["Æther"]);
        check("ZOË", Column::Title, false, &["Æther"]);
    }

    #[test]
    fn unknown_values_are_last_in_both_directions() {
        let up = ["Commando", "commando", "Arkanoid", "Wizball", "Æther"];
        check("", Column::Year, false, &up);
        check(
            "",
            Column::Year,
            true,
            &["Arkanoid", "Wizball", "Commando", "commando", "Æther"],
        );
        check(
            "",
            Column::Length,
            true,
            &["Arkanoid", "Commando", "commando", "Wizball", "Æther"],
        );
    }

    #[test]
    fn each_column_sorts() {
        check(
            "a",
            Column::Author,
            true,
            &["Æther", "Commando", "commando", "Arkanoid", "Wizball"],
        );
        check(
            "",
            Column::Songs,
            true,
            &["Æther", "Arkanoid", "Commando", "commando", "Wizball"],
        );
        check(
            "",
            Column::Added,
            true,
            &["Arkanoid", "commando", "Commando", "Æther", "Wizball"],
        );
        check(
            "",
            Column::Path,
            false,
            &["Æther", "Arkanoid", "Commando", "commando", "Wizball"],
        );
    }

    #[test]
    fn a_file_is_there_once_and_can_be_removed() {
        let mut index = index();
        assert!(!index.insert(entry("Wizball", "other", "")));
        let removed = index.remove(&Md5::of(b"Wizball")).unwrap();
        assert_eq!(removed.author, "Martin Galway");
        assert_eq!(index.get(&Md5::of(b"Arkanoid")).unwrap().title, "Arkanoid");
        assert_eq!(index.entries().len(), 4);
        assert!(index.remove(&Md5::of(b"Wizball")).is_none());
        let mut changed = entry("Arkanoid", "M. Galway", "");
        assert!(index.update(changed.clone()));
        changed.md5 = Md5::of(b"?");
        assert!(!index.update(changed));
        assert_eq!(
            index.get(&Md5::of(b"Arkanoid")).unwrap().author,
            "M. Galway"
        );
    }

    #[test]
    fn a_row_tells_the_default_song() {
        let mut known = entry("a", "b", "1990 c");
        known.lengths = vec![Some(1), Some(2)];
        known.start_song = 2;
        let row = Row::from(&known);
        assert_eq!(
            (row.songs, row.length_millis, row.year),
            (2, Some(2), Some(1990))
        );
    }
}
