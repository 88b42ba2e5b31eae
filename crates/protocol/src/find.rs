//! Searching and browsing the library: what the page asks, and what it is told.

use catalog::{Group, Hint, Hit, Query, Shelf};
use serde::{Deserialize, Serialize};
use sidfile::Md5;

use crate::swarm::FileId;

/// Some of the library's tunes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lot {
    /// Those that a query selects.
    Query(Query),
    /// Those of these digests.
    Files(Vec<Md5>),
}

/// Asked of the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// A window of what `query` selects. Answer: [`Event::Hits`]; none where another query came
    /// before this one was begun.
    Hits {
        /// Filter and order.
        query: Query,
        /// First row.
        offset: u32,
        /// Most rows.
        count: u32,
    },
    /// What the tunes that a query selects have in common. Answer: [`Event::Facets`].
    Facets {
        /// The query.
        query: Query,
    },
    /// The groups of a shelf. Answer: [`Event::Shelf`].
    Shelf {
        /// Which.
        shelf: Shelf,
        /// Folder whose folders are listed.
        under: String,
        /// Words that begin words of the label.
        words: String,
        /// The largest groups first, not in order of their labels.
        largest_first: bool,
    },
    /// Composers and tunes for what has been typed. Answer: [`Event::Suggestions`].
    Suggest {
        /// What has been typed.
        text: String,
        /// Most tunes.
        count: u32,
    },
    /// What a lot takes to have here. Answer: [`Event::Weighed`].
    Weigh(Lot),
}

/// Said by the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A window of rows.
    Hits {
        /// Rows that the query selects.
        total: u32,
        /// First row of the window.
        offset: u32,
        /// The window.
        hits: Vec<Hit>,
        /// Slips were forgiven, as too few tunes fit the words to the letter.
        is_tolerant: bool,
        /// Parts of the query that made no sense.
        hints: Vec<Hint>,
    },
    /// What tunes have in common.
    Facets {
        /// Shelf by shelf.
        facets: Vec<(Shelf, Vec<Group>)>,
    },
    /// The groups of a shelf.
    Shelf {
        /// In the order that was asked for.
        groups: Vec<Group>,
    },
    /// Composers and tunes.
    Suggestions {
        /// Composers, those with most tunes first.
        composers: Vec<Group>,
        /// Tunes, the best first.
        hits: Vec<Hit>,
        /// Tunes in all.
        total: u32,
    },
    /// A collection has changed since this listener last saw it.
    News(News),
    /// What a lot takes to have here.
    Weighed {
        /// Files of swarms, in order.
        files: Vec<FileId>,
        /// Their bytes.
        bytes: u64,
        /// Files that are the listener's own, and here anyway.
        own: u32,
    },
}

/// How a collection has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// Name of the collection.
    pub collection: String,
    /// Count of new tunes.
    pub added: u32,
    /// Count of tunes that were put right.
    pub changed: u32,
    /// Count of tunes that have another place.
    pub moved: u32,
    /// Count of tunes that were taken out.
    pub removed: u32,
}
