//! What a listener asks for, in words: `hubbard year:1985..1988 -chip:8580 "last ninja"`.
//!
//! Any text is a query. Words must all occur, in any order; a word may be the beginning of one. A
//! clause with a minus in front must not hold. `field:value` asks of one field, `field:="value"`
//! for all of it. A field that is not known is a word like others; a value that makes no sense is
//! passed over, and a hint says so.

mod parse;
mod span;

use sidfile::{ChipModel, Clock, Format};

pub use parse::FIELDS;
pub use span::Span;

/// Text of an entry that words are looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Title.
    Title,
    /// Composer.
    Author,
    /// Who released it.
    Group,
    /// Folders and file name.
    Path,
    /// STIL.
    Stil,
    /// Year of release.
    Year,
}

/// What one clause asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    /// Each of these words, in any field or in one.
    Words {
        field: Option<Field>,
        words: Vec<String>,
    },
    /// These words one behind the other in one field; the last may go on where `is_open`.
    Phrase {
        field: Option<Field>,
        words: Vec<String>,
        is_open: bool,
    },
    /// All of a field, folded.
    Whole(Field, String),
    /// Folder, folded, with all that is below it.
    Folder(String),
    /// Part of the path, folded.
    Path(String),
    Year(Span),
    Chip(ChipModel),
    Sids(Span),
    /// Milliseconds.
    Length(Span),
    Songs(Span),
    Clock(Clock),
    Format(Format),
    Here(bool),
    Favourite(bool),
    New(bool),
    Rating(Span),
    Tag(String),
}

/// A test, or its contrary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    pub is_negated: bool,
    pub test: Test,
}

/// What is wrong with a part of a query, which was passed over.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hint {
    /// Field as it was written.
    pub field: String,
    /// Value as it was written.
    pub value: String,
    /// What could be there.
    pub expected: String,
}

/// A query that was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    pub(crate) clauses: Vec<Clause>,
    /// What was passed over.
    pub hints: Vec<Hint>,
}

impl Parsed {
    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// Whether any words are to be looked up, so that some entries fit better than others.
    pub(crate) fn has_words(&self) -> bool {
        let mut clauses = self.clauses.iter().filter(|clause| !clause.is_negated);
        clauses.any(|clause| matches!(clause.test, Test::Words { .. } | Test::Phrase { .. }))
    }
}

/// A clause that asks for all of a field: `composer:="Rob Hubbard"`.
#[must_use]
pub fn whole_clause(field: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{field}:=\"{value}\"")
}
