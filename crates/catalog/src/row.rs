//! What a list shows of one file.

use serde::{Deserialize, Serialize};
use sidfile::{ChipModel, Clock, Format, Md5};

use crate::{Entry, Origin, Remote, year_of};

/// What a list shows of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Digest of the file.
    pub md5: Md5,
    /// Title.
    pub title: String,
    /// Composer.
    pub author: String,
    /// Year and publisher.
    pub released: String,
    /// Year, where known.
    pub year: Option<u16>,
    /// Model of each chip, one to three.
    pub models: Vec<ChipModel>,
    /// Video standard.
    pub clock: Clock,
    /// Kind of file.
    pub format: Format,
    /// Count of songs.
    pub songs: u16,
    /// Default song, from 1.
    pub start_song: u16,
    /// Length of the default song in milliseconds, where known.
    pub length_millis: Option<u32>,
    /// A C64 BASIC program, which needs the listener's own ROMs.
    pub needs_basic: bool,
    /// Where it came from.
    pub origin: Origin,
    /// Where a swarm has it, where it is not here.
    pub remote: Option<Remote>,
}

impl From<&Entry> for Row {
    fn from(entry: &Entry) -> Self {
        Self {
            md5: entry.md5,
            title: entry.title.clone(),
            author: entry.author.clone(),
            released: entry.released.clone(),
            year: year_of(&entry.released),
            models: entry.chips.iter().map(|chip| chip.model).collect(),
            clock: entry.clock,
            format: entry.format,
            songs: entry.songs(),
            start_song: entry.start_song,
            length_millis: entry.length_millis(entry.start_song),
            needs_basic: entry.needs_basic,
            origin: entry.origin,
            remote: entry.remote,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tests::entry;

    #[test]
    fn a_row_tells_the_default_song() {
        let mut known = entry("a", "b", "1990 c");
        known.lengths = vec![Some(1), Some(2)];
        known.start_song = 2;
        let row = Row::from(&known);
        assert_eq!(
            (row.songs, row.length_millis, row.year),
            (2, Some(2), Some(1990))
        );
    }
}
