//! The files of a library, found by digest and by query.

use std::collections::{BTreeMap, BTreeSet};

use sidfile::Md5;

use crate::columns::{Columns, split_path};
use crate::marks::Facts;
use crate::order::Orders;
use crate::query::Parsed;
use crate::search::{Ground, Matches, Part};
use crate::texts::count;
use crate::{Catalogue, Column, Entry, Hit, Marks, Origin, Query, Remote, Row};

/// Files that may be added before the words of all files are gathered anew.
const MOST_RECENT: usize = 2_048;
/// Arrivals of the files of collections come after all of the listener's own.
const COLLECTIONS: u32 = 1 << 30;

/// Files, one for each digest: first the listener's own in order of arrival, then those of
/// collections. A file has a number, which stays until the index changes.
#[derive(Debug, Default)]
pub struct Index {
    columns: Columns,
    /// Files that are in the columns still, but not in the index any more.
    gone: Vec<bool>,
    gone_count: usize,
    /// When each file came.
    arrivals: Vec<u32>,
    next_arrival: u32,
    /// Files that came with the first catalogue, by digest; and those that came since.
    sorted: Vec<u32>,
    recent: BTreeMap<Md5, u32>,
    /// Words of the files up to a number, and of those after it.
    parts: Vec<Part>,
    part_ends: Vec<usize>,
    orders: Orders,
    facts: Facts,
}

/// Files that a query selects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Their numbers, in the query's order.
    pub files: Vec<u32>,
    /// Slips were forgiven, as too few files fit the words to the letter.
    pub is_tolerant: bool,
    /// The query, understood.
    pub parsed: Parsed,
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

    /// Index of a listener's own entries and of the catalogues of collections; of two with the same
    /// digest the first stays, the listener's own before all.
    #[must_use]
    pub fn with_collections(
        own: impl IntoIterator<Item = Entry>,
        collections: impl IntoIterator<Item = Catalogue>,
    ) -> Self {
        let mut index = Self::default();
        let mut collections = collections.into_iter();
        if let Some(first) = collections.next() {
            index.load(first);
        }
        for entry in own {
            index.take_out(&entry.md5);
            index.insert(entry);
        }
        for collection in collections {
            for entry in collection.entries() {
                index.insert(entry);
            }
        }
        index
    }

    /// Takes the files of the first catalogue, as they are.
    fn load(&mut self, catalogue: Catalogue) {
        let columns = catalogue.0;
        let files = count(columns.len());
        self.gone = vec![false; columns.len()];
        self.arrivals = (COLLECTIONS..).take(columns.len()).collect();
        let mut sorted: Vec<(u64, u32)> = (0..files)
            .map(|file| (first_of(&columns.md5s[file as usize]), file))
            .collect();
        sorted.sort_unstable();
        self.sorted = sorted.into_iter().map(|(_, file)| file).collect();
        self.columns = columns;
        for pair in 1..self.sorted.len() {
            let (a, b) = (self.sorted[pair - 1] as usize, self.sorted[pair] as usize);
            // Those with the same first half stand together; more than two are not worth a thought.
            if self.columns.md5s[a] == self.columns.md5s[b] {
                self.gone[a.max(b)] = true;
                self.gone_count += 1;
            }
        }
    }

    /// Adds `entry`; false, and nothing changes, where its digest is there already.
    pub fn insert(&mut self, entry: Entry) -> bool {
        if self.find(&entry.md5).is_some() {
            return false;
        }
        let arrival = match entry.origin {
            Origin::Collection => COLLECTIONS + count(self.columns.len()),
            Origin::BuiltIn | Origin::Imported => {
                self.next_arrival += 1;
                self.next_arrival
            }
        };
        self.push(&entry, arrival);
        true
    }

    fn push(&mut self, entry: &Entry, arrival: u32) {
        self.recent.insert(entry.md5, count(self.columns.len()));
        self.columns.push(entry);
        self.gone.push(false);
        self.arrivals.push(arrival);
        self.orders.forget();
    }

    /// Replaces what is known of a file; false where the file is not here.
    pub fn update(&mut self, entry: Entry) -> bool {
        let Some(file) = self.take_out(&entry.md5) else {
            return false;
        };
        self.push(&entry, self.arrivals[file]);
        true
    }

    /// Takes a file out and returns what was known of it.
    pub fn remove(&mut self, md5: &Md5) -> Option<Entry> {
        let file = self.take_out(md5)?;
        Some(self.columns.entry(file))
    }

    /// Takes out all files of these torrents.
    pub fn hide(&mut self, torrents: &BTreeSet<[u8; 20]>) {
        let hidden: Vec<bool> = core::iter::once(false)
            .chain(
                self.columns
                    .torrents
                    .iter()
                    .map(|hash| torrents.contains(hash)),
            )
            .collect();
        for (gone, (torrent, _)) in self.gone.iter_mut().zip(&self.columns.remotes) {
            if hidden[*torrent as usize] && !*gone {
                *gone = true;
                self.gone_count += 1;
            }
        }
    }

    fn take_out(&mut self, md5: &Md5) -> Option<usize> {
        let file = self.find(md5)?;
        self.recent.remove(md5);
        self.gone[file] = true;
        self.gone_count += 1;
        Some(file)
    }

    /// Count of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.len() - self.gone_count
    }

    /// Whether there are no files.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of a file.
    #[must_use]
    pub fn find(&self, md5: &Md5) -> Option<usize> {
        find(&self.columns, &self.gone, &self.sorted, &self.recent, md5)
    }

    /// What is known of a file.
    #[must_use]
    pub fn get(&self, md5: &Md5) -> Option<Entry> {
        self.find(md5).map(|file| self.columns.entry(file))
    }

    /// Whether a file is here.
    #[must_use]
    pub fn has(&self, md5: &Md5) -> bool {
        self.find(md5).is_some()
    }

    /// Where a file came from.
    #[must_use]
    pub fn origin(&self, md5: &Md5) -> Option<Origin> {
        Some(self.columns.headers[self.find(md5)?].origin)
    }

    /// Where a swarm has a file, by the file's digest.
    #[must_use]
    pub fn remote(&self, md5: &Md5) -> Option<Remote> {
        self.columns.remote(self.find(md5)?)
    }

    /// The file that a swarm has at a place.
    #[must_use]
    pub fn at_remote(&self, remote: Remote) -> Option<Entry> {
        let known = self.columns.torrents.iter();
        let torrent = known.clone().position(|hash| *hash == remote.info_hash)?;
        let place = (count(torrent) + 1, remote.file);
        let mut files = self.files();
        let file = files.find(|file| self.columns.remotes[*file] == place)?;
        Some(self.columns.entry(file))
    }

    /// Numbers of all files.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.files().map(count).collect()
    }

    /// The file at a path. Paths are compared from their end and without case, so that what stands
    /// before the collection's own folders does not matter.
    #[must_use]
    pub fn at_path(&self, path: &str) -> Option<Md5> {
        let wanted = path.to_lowercase();
        let (_, name) = split_path(&wanted);
        let is_it = |file: &usize| {
            if self.columns.names.get(*file).to_lowercase() != name {
                return false;
            }
            let known = self.columns.path(*file).to_lowercase();
            let is_end = |long: &str, short: &str| {
                let rest = long.strip_suffix(short);
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            };
            is_end(&wanted, &known) || is_end(&known, &wanted)
        };
        let mut files = self.files().filter(|_| !name.is_empty());
        files.find(is_it).map(|file| self.columns.md5s[file])
    }

    fn files(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|file| !self.gone[*file])
    }

    /// All that is known of all files, in order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = Entry> {
        let mut files: Vec<usize> = self.files().collect();
        files.sort_by_key(|file| self.arrivals[*file]);
        files.into_iter().map(|file| self.columns.entry(file))
    }

    /// The listener's own files, in order of arrival.
    pub fn own(&self) -> impl Iterator<Item = Entry> {
        let is_own = |file: &usize| self.columns.headers[*file].origin != Origin::Collection;
        let mut files: Vec<usize> = self.files().filter(is_own).collect();
        files.sort_by_key(|file| self.arrivals[*file]);
        files.into_iter().map(|file| self.columns.entry(file))
    }

    /// The digest of a file.
    #[must_use]
    pub fn md5(&self, file: u32) -> Md5 {
        self.columns.md5s[file as usize]
    }

    /// What a list shows of a file.
    #[must_use]
    pub fn row(&self, file: u32) -> Row {
        self.columns.row(file as usize)
    }

    /// Where a swarm has a file, where it is not here, and its bytes.
    #[must_use]
    pub fn whereabouts(&self, file: u32) -> (Option<Remote>, u32) {
        let at = file as usize;
        (self.columns.remote(at), self.columns.headers[at].size)
    }

    /// What a list shows of a file that was found: with what was looked for.
    #[must_use]
    pub fn hit(&self, file: u32, found: &Found) -> Hit {
        Hit::new(self.row(file), &self.columns, file as usize, found)
    }

    /// Sets what the listener thinks of a file, whether it is here or not.
    pub fn set_marks(&mut self, md5: Md5, marks: Marks) {
        if marks == Marks::default() {
            self.facts.marks.remove(&md5);
        } else {
            self.facts.marks.insert(md5, marks);
        }
    }

    /// Sets which files came with the last change of a collection.
    pub fn set_new(&mut self, new: BTreeSet<Md5>) {
        self.facts.new = new;
    }

    /// A file of a swarm was fetched, or is not here any more.
    pub fn set_here(&mut self, md5: Md5, is_here: bool) {
        if is_here {
            self.facts.here.insert(md5);
        } else {
            self.facts.here.remove(&md5);
        }
    }

    /// Takes over what another index knew from outside the catalogue.
    pub fn take_facts(&mut self, other: &mut Self) {
        self.facts = core::mem::take(&mut other.facts);
    }

    /// Runs a query.
    pub fn search(&mut self, query: &Query) -> Found {
        self.get_ready();
        let parsed = Parsed::of(&query.filter);
        let Matches {
            scores,
            count,
            is_tolerant,
        } = self.matches(&parsed);
        let order = self.orders.get(&self.columns, &self.arrivals, query.sort);
        let mut files = Vec::with_capacity(count as usize);
        files.extend(order.iter().filter(|file| scores[**file as usize] > 0));
        if query.sort.column == Column::Relevance && parsed.has_words() {
            files = best_first(&files, &scores);
        }
        Found {
            files,
            is_tolerant,
            parsed,
        }
    }

    /// Numbers of the files that `query` selects, in its order.
    pub fn select(&mut self, query: &Query) -> Vec<u32> {
        self.search(query).files
    }

    pub(crate) fn matches(&self, parsed: &Parsed) -> Matches {
        let find = |md5: &Md5| self.find(md5);
        let ground = Ground {
            columns: &self.columns,
            gone: &self.gone,
            parts: &self.parts,
            facts: &self.facts,
            find: &find,
        };
        ground.search(parsed)
    }

    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Gathers the words of files that came since the last time.
    pub fn get_ready(&mut self) {
        if self.gone_count > MOST_RECENT + self.len() {
            self.compact();
        }
        let files = self.columns.len();
        if self.part_ends.last() == Some(&files) || files == 0 {
            return;
        }
        let first = self.part_ends.first().copied().unwrap_or(0);
        if first == 0 || files - first > MOST_RECENT {
            self.parts = vec![Part::of(&self.columns, 0..files)];
            self.part_ends = vec![files];
        } else {
            self.parts.truncate(1);
            self.parts.push(Part::of(&self.columns, first..files));
            self.part_ends = vec![first, files];
        }
    }

    /// Makes the columns anew without what is gone.
    fn compact(&mut self) {
        let old = core::mem::take(&mut self.columns);
        let gone = core::mem::take(&mut self.gone);
        let arrivals = core::mem::take(&mut self.arrivals);
        self.sorted.clear();
        self.recent.clear();
        self.parts.clear();
        self.part_ends.clear();
        self.gone_count = 0;
        for file in (0..old.len()).filter(|file| !gone[*file]) {
            self.push(&old.entry(file), arrivals[file]);
        }
    }
}

/// The first half of a digest.
fn first_of(md5: &Md5) -> u64 {
    let (first, _) = md5
        .0
        .split_first_chunk()
        .expect("a digest has sixteen bytes");
    u64::from_be_bytes(*first)
}

fn find(
    columns: &Columns,
    gone: &[bool],
    sorted: &[u32],
    recent: &BTreeMap<Md5, u32>,
    md5: &Md5,
) -> Option<usize> {
    if let Some(&file) = recent.get(md5) {
        return Some(file as usize);
    }
    let digest = |file: u32| &columns.md5s[file as usize];
    let first = first_of(md5);
    let start = sorted.partition_point(|file| first_of(digest(*file)) < first);
    let same = sorted[start..]
        .iter()
        .take_while(|file| first_of(digest(**file)) == first);
    let mut found = same.filter(|file| digest(**file) == md5 && !gone[**file as usize]);
    found.next().map(|file| *file as usize)
}

/// The files with the highest score first; of the same score they stay as they are.
fn best_first(files: &[u32], scores: &[u16]) -> Vec<u32> {
    let score = |file: u32| usize::from(scores[file as usize]);
    let most = files.iter().map(|file| score(*file)).max().unwrap_or(0);
    let mut next = vec![0u32; most + 2];
    for &file in files {
        next[most - score(file) + 1] += 1;
    }
    for at in 1..next.len() {
        next[at] += next[at - 1];
    }
    let mut sorted = vec![0; files.len()];
    for &file in files {
        let next = &mut next[most - score(file)];
        sorted[*next as usize] = file;
        *next += 1;
    }
    sorted
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Sort;
    use sidfile::{ChipModel, Clock, Format, SidChip};

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
        let mut index = index();
        let query = Query {
            filter: filter.into(),
            sort: Sort { column, descending },
        };
        let files = index.select(&query);
        let titles: Vec<String> = files.iter().map(|&file| index.row(file).title).collect();
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
            "",
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
    fn what_is_known_from_outside_is_asked_for() {
        let mut index = index();
        let md5 = |title: &str| Md5::of(title.as_bytes());
        let marks = |favourite, rating, tag: &str| Marks {
            favourite,
            rating,
            tags: vec![tag.to_owned()],
        };
        index.set_marks(md5("Wizball"), marks(true, 5, "Slow"));
        index.set_marks(md5("Arkanoid"), marks(false, 2, ""));
        index.set_marks(md5("nowhere"), marks(true, 1, "slow"));
        index.set_marks(md5("Commando"), marks(true, 1, "slow"));
        index.set_marks(md5("Commando"), Marks::default());
        index.set_new(BTreeSet::from([md5("Commando")]));
        let mut check = |filter: &str, expected: usize| {
            let query = Query {
                filter: filter.to_owned(),
                sort: Sort::default(),
            };
            assert_eq!(index.select(&query).len(), expected, "{filter}");
        };
        check("fav:yes", 1);
        check("fav:no", 4);
        check("-fav:yes", 4);
        check("rating:>1", 2);
        check("rating:0", 3);
        check("tag:slo", 1);
        check("new:yes", 1);
        check("new:no", 4);
    }

    #[test]
    fn a_path_is_compared_from_its_end() {
        let index = index();
        let at = |path: &str| {
            index
                .at_path(path)
                .map(|md5| index.get(&md5).unwrap().title)
        };
        assert_eq!(
            at("C64Music/MUSICIANS/Wizball.sid").as_deref(),
            Some("Wizball")
        );
        assert_eq!(at("wizball.SID").as_deref(), Some("Wizball"));
        assert_eq!(at("Other/Wizball.sid"), None);
        assert_eq!(at("ball.sid"), None);
        assert_eq!(at(""), None);
    }

    #[test]
    fn a_file_is_there_once_and_can_be_removed() {
        let mut index = index();
        assert!(!index.insert(entry("Wizball", "other", "")));
        let removed = index.remove(&Md5::of(b"Wizball")).unwrap();
        assert_eq!(removed.author, "Martin Galway");
        assert_eq!(index.get(&Md5::of(b"Arkanoid")).unwrap().title, "Arkanoid");
        assert_eq!(index.len(), 4);
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
}
