//! Files of the High Voltage SID Collection: PSID and RSID tunes, `Songlengths.md5`, `STIL.txt`;
//! songs of Compute!'s Sidplayer; and the ROMs that some tunes need.
//!
//! Source: the collection's `DOCUMENTS/SID_file_format.txt`, `Songlengths.faq` and `STIL.faq`.
#![forbid(unsafe_code)]

mod header;
mod id;
pub mod mus;
pub mod rom;
pub mod songlengths;
pub mod stil;
mod text;
mod tune;

pub use header::Error;
pub use id::{Md5, ParseMd5Error, TuneId};
pub use songlengths::Songlengths;
pub use stil::Stil;
pub use text::decode_windows_1252;
pub use tune::{ChipModel, Clock, Format, Relocation, SidChip, Speed, Tune};
