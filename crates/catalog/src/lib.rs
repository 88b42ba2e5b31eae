//! The index of a listener's tunes: what is known of each file, its codec, filter and sort.
#![forbid(unsafe_code)]

mod codec;
mod entry;
mod index;

pub use codec::{DecodeError, FORMAT_VERSION, decode, encode};
pub use entry::{Entry, Note, Origin, year_of};
pub use index::{Column, Index, Query, Row, Sort, fold};
