//! The index of a listener's tunes: what is known of each file, its codec, search, facets and
//! browsing.
#![forbid(unsafe_code)]

mod changes;
mod codec;
mod columns;
mod describe;
mod entry;
mod hit;
mod index;
mod knowledge;
mod list;
mod marks;
mod order;
mod query;
mod release;
mod row;
mod search;
mod shelves;
mod texts;
mod words;

pub use changes::Changes;
pub use codec::{Catalogue, DecodeError, FORMAT_VERSION, decode, encode};
pub use describe::path_in_collection;
pub use entry::{Entry, Note, Origin, Remote};
pub use hit::{Beside, Hit, Place, Places, parts_of};
pub use index::{Found, Index};
pub use knowledge::Knowledge;
pub use list::{Column, Query, Sort};
pub use marks::Marks;
pub use query::{FIELDS, Field, Hint, Parsed, Span, whole_clause};
pub use release::{group_of, year_of};
pub use row::Row;
pub use shelves::{Group, Shelf};
pub use words::fold;
