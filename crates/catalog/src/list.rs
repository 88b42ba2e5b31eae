//! A filter and an order: what a list shows.

use serde::{Deserialize, Serialize};

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
    /// What fits the words of the filter best; by title where there are none.
    Relevance,
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
    /// Words and fields; see [`Parsed`](crate::Parsed).
    pub filter: String,
    /// Order of the rows.
    pub sort: Sort,
}
