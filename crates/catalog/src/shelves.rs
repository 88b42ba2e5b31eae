//! Browsing: files by composer, group, year, chip or folder, with counts; of all files, or of those
//! that a query selects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sidfile::{ChipModel, Format};

use crate::columns::Columns;
use crate::query::whole_clause;
use crate::words::{fold, words_of};
use crate::{Found, Index, group_of, year_of};

/// How files are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Shelf {
    /// By composer.
    Composer,
    /// By who released them.
    Group,
    /// By year of release.
    Year,
    /// By model of chip.
    Chip,
    /// By count of chips.
    Sids,
    /// By kind of file.
    Format,
    /// By folder below another one.
    Folder,
}

impl Shelf {
    /// Clause of a query that selects what has `value`; of a folder the whole path.
    #[must_use]
    pub fn clause(self, value: &str) -> String {
        match self {
            Self::Composer => whole_clause("composer", value),
            Self::Group => whole_clause("group", value),
            Self::Year => format!("year:{value}"),
            Self::Chip => format!("chip:{}", value.to_lowercase()),
            Self::Sids => format!("sids:{value}"),
            Self::Format => format!("format:{}", value.to_lowercase()),
            Self::Folder => {
                let path = value.replace('\\', "\\\\").replace('"', "\\\"");
                format!("folder:\"{path}\"")
            }
        }
    }
}

/// Files that have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What they have in common, as it is to be read.
    pub label: String,
    /// How many there are.
    pub count: u32,
    /// Clause of a query that selects them.
    pub clause: String,
}

/// Most values that a facet tells.
const MOST_VALUES: usize = 60;
/// Most suggestions.
const MOST_SUGGESTIONS: usize = 6;

impl Index {
    /// The groups of a shelf in order of their labels, or the largest first. `words` must all begin
    /// a word of the label; `under` is the folder whose folders are listed.
    #[must_use]
    pub fn shelf(&self, shelf: Shelf, under: &str, words: &str, largest_first: bool) -> Vec<Group> {
        let files = self.numbers();
        let mut groups = groups(self.columns(), shelf, under, &files);
        let words = words_of(words);
        if !words.is_empty() {
            groups.retain(|group| {
                let label = words_of(&group.label);
                let begins = |word: &String| label.iter().any(|here| here.starts_with(&**word));
                words.iter().all(begins)
            });
        }
        if largest_first {
            groups.sort_by_key(|group| core::cmp::Reverse(group.count));
        }
        groups
    }

    /// What the files of a search have in common: of each shelf the largest groups, years in order.
    #[must_use]
    pub fn facets(&self, found: &Found) -> Vec<(Shelf, Vec<Group>)> {
        let shelves = [
            Shelf::Composer,
            Shelf::Year,
            Shelf::Chip,
            Shelf::Sids,
            Shelf::Format,
            Shelf::Folder,
        ];
        let facets = shelves.map(|shelf| {
            let mut groups = groups(self.columns(), shelf, "", &found.files);
            if shelf != Shelf::Year {
                groups.sort_by_key(|group| core::cmp::Reverse(group.count));
            }
            groups.truncate(MOST_VALUES);
            (shelf, groups)
        });
        facets.into()
    }

    /// Composers whose names have words that begin with those of `text`, those with most tunes
    /// first.
    #[must_use]
    pub fn composers(&self, text: &str) -> Vec<Group> {
        if words_of(text).is_empty() {
            return Vec::new();
        }
        let mut groups = self.shelf(Shelf::Composer, "", text, true);
        groups.truncate(MOST_SUGGESTIONS);
        groups
    }
}

fn groups(columns: &Columns, shelf: Shelf, under: &str, files: &[u32]) -> Vec<Group> {
    let files = || files.iter().map(|file| *file as usize);
    match shelf {
        Shelf::Composer => {
            let counts = counted(&columns.author, columns.authors.texts().len(), files());
            let named = columns.authors.texts().iter().zip(counts);
            by_name(named, |name| shelf.clause(name))
        }
        Shelf::Group => {
            let counts = counted(&columns.release, columns.releases.texts().len(), files());
            let named = columns.releases.texts().iter().map(group_of).zip(counts);
            by_name(named, |name| shelf.clause(name))
        }
        Shelf::Year => {
            let counts = counted(&columns.release, columns.releases.texts().len(), files());
            let mut years: BTreeMap<u16, u32> = BTreeMap::new();
            for (released, count) in columns.releases.texts().iter().zip(counts) {
                if let Some(year) = year_of(released) {
                    *years.entry(year).or_default() += count;
                }
            }
            listed(
                years
                    .into_iter()
                    .map(|(year, count)| (year.to_string(), count)),
                shelf,
            )
        }
        Shelf::Chip => {
            let models = [
                (ChipModel::Mos6581, "6581"),
                (ChipModel::Mos8580, "8580"),
                (ChipModel::Any, "any"),
                (ChipModel::Unknown, "unknown"),
            ];
            let counts = models.map(|(model, name)| {
                let has = |file: &usize| columns.models(*file).any(|known| known == model);
                (name.to_owned(), files().filter(has).count() as u32)
            });
            listed(counts.into_iter(), shelf)
        }
        Shelf::Sids => {
            let counts = [1, 2, 3].map(|chips| {
                let has = |file: &usize| columns.chips(*file).len() == chips;
                (chips.to_string(), files().filter(has).count() as u32)
            });
            listed(counts.into_iter(), shelf)
        }
        Shelf::Format => {
            let formats = [
                (Format::Psid, "PSID"),
                (Format::Rsid, "RSID"),
                (Format::Mus, "MUS"),
            ];
            let counts = formats.map(|(format, name)| {
                let has = |file: &usize| columns.headers[*file].format == format;
                (name.to_owned(), files().filter(has).count() as u32)
            });
            listed(counts.into_iter(), shelf)
        }
        Shelf::Folder => {
            let counts = counted(&columns.folder, columns.folders.texts().len(), files());
            let mut below: BTreeMap<&str, u32> = BTreeMap::new();
            for (folder, count) in columns.folders.texts().iter().zip(counts) {
                let rest = match under {
                    "" => Some(folder),
                    under => folder
                        .strip_prefix(under)
                        .and_then(|rest| rest.strip_prefix('/')),
                };
                let child = rest.and_then(|rest| rest.split('/').next());
                if let Some(child) = child.filter(|child| !child.is_empty()) {
                    *below.entry(child).or_default() += count;
                }
            }
            by_name(below.into_iter(), |name| {
                let path = if under.is_empty() {
                    name.to_owned()
                } else {
                    format!("{under}/{name}")
                };
                shelf.clause(&path)
            })
        }
    }
}

/// How many of `files` name each of so many texts.
fn counted(places: &[u32], texts: usize, files: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut counts = vec![0; texts];
    for file in files {
        counts[places[file] as usize] += 1;
    }
    counts
}

/// Groups by name, those of the same name together and names that begin with a letter first; the
/// nameless are left out.
fn by_name<'a>(
    named: impl Iterator<Item = (&'a str, u32)>,
    clause: impl Fn(&str) -> String,
) -> Vec<Group> {
    let mut groups: BTreeMap<(bool, String), Group> = BTreeMap::new();
    for (name, count) in named.filter(|(name, count)| *count > 0 && !name.is_empty()) {
        let begins_otherwise = !name.starts_with(char::is_alphabetic);
        let group = groups
            .entry((begins_otherwise, fold(name)))
            .or_insert_with(|| Group {
                label: name.to_owned(),
                count: 0,
                clause: clause(name),
            });
        group.count += count;
    }
    groups.into_values().collect()
}

fn listed(values: impl Iterator<Item = (String, u32)>, shelf: Shelf) -> Vec<Group> {
    values
        .filter(|(_, count)| *count > 0)
        .map(|(label, count)| Group {
            clause: shelf.clause(&label),
            label,
            count,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tests::entry;
    use crate::{Column, Query, Sort};
    use sidfile::SidChip;

    fn index() -> Index {
        let mut two = entry("Wizball", "Martin Galway", "1987 Ocean");
        two.path = "GAMES/S-Z/Wizball.sid".into();
        two.chips.push(SidChip {
            address: 0xd420,
            model: ChipModel::Mos8580,
        });
        let mut quoted = entry("x", "The \"Bill\"", "198? Ocean");
        quoted.path = "GAMES/x.sid".into();
        let mut index = Index::new([
            two,
            quoted,
            entry("Arkanoid", "Martin Galway", "1987 Imagine"),
            entry("Commando", "Rob Hubbard", "1985 Elite"),
            entry("Away", "martin galway", ""),
            entry("Gone", "Nobody", "1999 Nobody"),
        ]);
        index.remove(&sidfile::Md5::of(b"Gone"));
        index
    }

    fn told(groups: &[Group]) -> Vec<(&str, u32)> {
        groups
            .iter()
            .map(|group| (&*group.label, group.count))
            .collect()
    }

    fn check(shelf: Shelf, under: &str, words: &str, expected: &[(&str, u32)]) {
        let groups = index().shelf(shelf, under, words, false);
        assert_eq!(told(&groups), expected, "{shelf:?}");
    }

    #[test]
    fn each_shelf_counts() {
        check(
            Shelf::Composer,
            "",
            "",
            &[
                ("Martin Galway", 3),
                ("Rob Hubbard", 1),
                ("The \"Bill\"", 1),
            ],
        );
        check(Shelf::Composer, "", "hub r", &[("Rob Hubbard", 1)]);
        check(
            Shelf::Group,
            "",
            "",
            &[("Elite", 1), ("Imagine", 1), ("Ocean", 2)],
        );
        check(Shelf::Year, "", "", &[("1985", 1), ("1987", 2)]);
        check(Shelf::Chip, "", "", &[("6581", 5), ("8580", 1)]);
        check(Shelf::Sids, "", "", &[("1", 4), ("2", 1)]);
        check(Shelf::Format, "", "", &[("PSID", 5)]);
        check(Shelf::Folder, "", "", &[("GAMES", 2), ("MUSICIANS", 3)]);
        check(Shelf::Folder, "GAMES", "", &[("S-Z", 1)]);
    }

    #[test]
    fn a_clause_selects_what_its_group_counts() {
        let mut index = index();
        let shelves = [
            (Shelf::Composer, ""),
            (Shelf::Group, ""),
            (Shelf::Year, ""),
            (Shelf::Chip, ""),
            (Shelf::Sids, ""),
            (Shelf::Format, ""),
            (Shelf::Folder, ""),
            (Shelf::Folder, "GAMES"),
        ];
        for (shelf, under) in shelves {
            for group in index.shelf(shelf, under, "", false) {
                let query = Query {
                    filter: group.clause.clone(),
                    sort: Sort::default(),
                };
                assert_eq!(
                    index.select(&query).len(),
                    group.count as usize,
                    "{group:?}"
                );
            }
        }
    }

    #[test]
    fn facets_count_what_was_found() {
        let mut index = index();
        let found = index.search(&Query {
            filter: "galway year:1987".into(),
            sort: Sort {
                column: Column::Relevance,
                descending: false,
            },
        });
        let facets = index.facets(&found);
        assert_eq!(told(&facets[0].1), [("Martin Galway", 2)]);
        assert_eq!(told(&facets[5].1), [("GAMES", 1), ("MUSICIANS", 1)]);
    }

    #[test]
    fn composers_are_suggested_by_their_tunes() {
        assert_eq!(told(&index().composers("ma")), [("Martin Galway", 3)]);
        assert!(index().composers(" ").is_empty());
    }
}
