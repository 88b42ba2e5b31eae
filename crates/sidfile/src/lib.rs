//! Files of the High Voltage SID Collection: PSID and RSID tunes, `Songlengths.md5`, `STIL.txt`.
//!
//! Source: the collection's `DOCUMENTS/SID_file_format.txt`, `Songlengths.faq` and `STIL.faq`.
#![forbid(unsafe_code)]

mod id;
mod tune;

pub use id::{Md5, ParseMd5Error, TuneId};
pub use tune::{ChipModel, Clock, Format, SidChip};
