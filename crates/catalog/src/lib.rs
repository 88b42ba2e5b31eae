//! The index of a listener's tunes: what is known of each file, its codec, filter and sort.
#![forbid(unsafe_code)]

mod codec;
mod describe;
mod entry;
mod index;
mod knowledge;

pub use codec::{DecodeError, FORMAT_VERSION, decode, encode};
pub use describe::path_in_collection;
pub use entry::{Entry, Note, Origin, Remote, year_of};
pub use index::{Column, Index, Query, Row, Sort, fold};
pub use knowledge::Knowledge;
