//! The orders in which lists are shown, each made when it is first asked for.

use std::collections::BTreeMap;

use crate::columns::Columns;
use crate::search::first_bytes;
use crate::texts::{Texts, count};
use crate::words::{fold, fold_into};
use crate::{Column, Sort, year_of};

/// Permutations of all files.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    /// Place of each file in order of title, composer, path and arrival; empty until it is made.
    title_ranks: Vec<u32>,
    made: BTreeMap<(u8, bool), Vec<u32>>,
}

impl Orders {
    /// Forgets all orders, as files have changed.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// All files in the order of `sort`; the best match is a matter of the search, and by title here.
    pub fn get(&mut self, columns: &Columns, arrivals: &[u32], sort: Sort) -> &[u32] {
        let (column, descending) = match sort.column {
            Column::Relevance => (Column::Title, false),
            column => (column, sort.descending),
        };
        if self.title_ranks.len() != columns.len() {
            self.title_ranks = title_ranks(columns, arrivals);
        }
        let ranks = &self.title_ranks;
        self.made
            .entry((column as u8, descending))
            .or_insert_with(|| {
                if column == Column::Title && !descending {
                    return in_order(ranks);
                }
                let first = first_keys(columns, arrivals, ranks, column);
                let key = |file: u32| {
                    let first = match first[file as usize] {
                        // What is not known is last in either direction.
                        u32::MAX => u32::MAX,
                        first if descending => u32::MAX - 1 - first,
                        first => first,
                    };
                    u64::from(first) << 32 | u64::from(ranks[file as usize])
                };
                let mut order: Vec<(u64, u32)> = (0..count(columns.len()))
                    .map(|file| (key(file), file))
                    .collect();
                order.sort_unstable();
                order.into_iter().map(|(_, file)| file).collect()
            })
    }
}

/// The first key of each file; `u32::MAX` where it is not known.
fn first_keys(columns: &Columns, arrivals: &[u32], ranks: &[u32], column: Column) -> Vec<u32> {
    let files = 0..columns.len();
    match column {
        // Of files whose titles are equal, what follows is in the same order in both directions.
        Column::Title | Column::Relevance => {
            let titles = folded((0..columns.len()).map(|file| columns.titles.get(file)));
            dense(ranks, |a, b| titles.get(a) == titles.get(b))
        }
        Column::Author => {
            let ranks = text_ranks(columns.authors.texts());
            files
                .map(|file| ranks[columns.author[file] as usize])
                .collect()
        }
        Column::Year => {
            let releases = columns.releases.texts().iter();
            let years: Vec<u32> = releases
                .map(|released| year_of(released).map_or(u32::MAX, u32::from))
                .collect();
            files
                .map(|file| years[columns.release[file] as usize])
                .collect()
        }
        Column::Length => files
            .map(|file| columns.length(file).unwrap_or(u32::MAX))
            .collect(),
        Column::Songs => files
            .map(|file| count(columns.lengths(file).len()))
            .collect(),
        Column::Path => path_ranks(columns),
        Column::Added => arrivals.to_vec(),
    }
}

/// Folder, then name.
fn path_ranks(columns: &Columns) -> Vec<u32> {
    let folders = text_ranks(columns.folders.texts());
    let names = folded(columns.names.iter());
    let key = |file: usize| (folders[columns.folder[file] as usize], names.get(file));
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_unstable_by(|&a, &b| key(a).cmp(&key(b)));
    ranks_of(&order, |a, b| key(a) == key(b))
}

fn title_ranks(columns: &Columns, arrivals: &[u32]) -> Vec<u32> {
    let titles = folded(columns.titles.iter());
    let authors = text_ranks(columns.authors.texts());
    let folders = text_ranks(columns.folders.texts());
    let mut order: Vec<(u64, usize)> = (0..columns.len())
        .map(|file| (first_bytes(titles.get(file)), file))
        .collect();
    order.sort_unstable_by(|&(first_a, a), &(first_b, b)| {
        let place = |file: usize| {
            (
                authors[columns.author[file] as usize],
                folders[columns.folder[file] as usize],
            )
        };
        first_a
            .cmp(&first_b)
            .then_with(|| titles.get(a).cmp(titles.get(b)))
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| fold(columns.names.get(a)).cmp(&fold(columns.names.get(b))))
            .then_with(|| arrivals[a].cmp(&arrivals[b]))
    });
    let mut ranks = vec![0; columns.len()];
    for (rank, &(_, file)) in (0..).zip(&order) {
        ranks[file] = rank;
    }
    ranks
}

/// Place of each text in order, the same for those that fold to the same.
fn text_ranks(texts: &Texts) -> Vec<u32> {
    let texts = folded(texts.iter());
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_unstable_by(|&a, &b| texts.get(a).cmp(texts.get(b)));
    ranks_of(&order, |a, b| texts.get(a) == texts.get(b))
}

/// Ranks of things in `order`, of which neighbours may be the same.
fn ranks_of(order: &[usize], is_same: impl Fn(usize, usize) -> bool) -> Vec<u32> {
    let mut ranks = vec![0; order.len()];
    for pair in order.windows(2) {
        ranks[pair[1]] = ranks[pair[0]] + u32::from(!is_same(pair[0], pair[1]));
    }
    ranks
}

/// `ranks` with those made equal that are the same.
fn dense(ranks: &[u32], is_same: impl Fn(usize, usize) -> bool) -> Vec<u32> {
    let order: Vec<usize> = in_order(ranks)
        .into_iter()
        .map(|file| file as usize)
        .collect();
    ranks_of(&order, is_same)
}

/// Files in order of ranks that are all different.
fn in_order(ranks: &[u32]) -> Vec<u32> {
    let mut order = vec![0; ranks.len()];
    for (file, &rank) in (0..).zip(ranks) {
        order[rank as usize] = file;
    }
    order
}

fn folded<'a>(texts: impl Iterator<Item = &'a str>) -> Texts {
    let mut found = Texts::default();
    let mut word = String::new();
    for text in texts {
        word.clear();
        fold_into(text, &mut word);
        found.push(&word);
    }
    found
}
