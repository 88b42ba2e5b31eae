//! `STIL.txt`, the SID Tune Information List: who covered what, and what there is to tell.
//!
//! ```text
//! /MUSICIANS/H/Hubbard_Rob/Commando.sid
//! COMMENT: About the whole file.
//! (#1)
//!    NAME: High Scores
//!   TITLE: Space Lab [from Man-Machine] (0:12-0:45)
//!  ARTIST: Kraftwerk
//! COMMENT: About this, over as many lines
//!          as it takes.
//! ```
//!
//! Source: the collection's `DOCUMENTS/STIL.faq`.

use std::collections::BTreeMap;

use crate::songlengths::millis;

/// One entry: what is said in one go of a song, or of the whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StilEntry {
    /// Song, from 1; `None` for the whole file.
    pub song: Option<u16>,
    /// Name of the song, where the header's is wrong or missing.
    pub name: Option<String>,
    /// Author, where the header's is wrong or missing.
    pub author: Option<String>,
    /// What is covered.
    pub title: Option<String>,
    /// Who made what is covered.
    pub artist: Option<String>,
    /// Anything else.
    pub comment: Option<String>,
}

/// A stretch of a song that a text speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cue {
    /// Where it begins, in milliseconds.
    pub start_millis: u32,
    /// Where it ends, where the text says so.
    pub end_millis: Option<u32>,
    /// Byte of the text at which the time stamp's parenthesis opens.
    pub offset: usize,
}

/// The whole list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stil {
    /// Entries of a path; of a folder (path with a slash at its end) comments only.
    entries: BTreeMap<String, Vec<StilEntry>>,
}

/// Fields in the order that they have in an entry.
const FIELDS: [&str; 5] = ["NAME:", "AUTHOR:", "TITLE:", "ARTIST:", "COMMENT:"];
/// Columns before the text of a continued field.
const INDENT: &str = "         ";

impl StilEntry {
    fn field(&mut self, rank: usize) -> &mut Option<String> {
        match rank {
            0 => &mut self.name,
            1 => &mut self.author,
            2 => &mut self.title,
            3 => &mut self.artist,
            _ => &mut self.comment,
        }
    }
}

/// Where reading stands.
#[derive(Default)]
struct Place {
    path: Option<String>,
    song: Option<u16>,
    /// Last field read of the entry that is open.
    rank: Option<usize>,
}

impl Stil {
    /// Reads the list. Lines that belong nowhere are passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut stil = Self::default();
        let mut place = Place::default();
        for line in text.lines() {
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with('/') {
                place = Place {
                    path: Some(line.to_owned()),
                    ..Place::default()
                };
            } else if let Some(song) = song_mark(line) {
                (place.song, place.rank) = (Some(song), None);
            } else {
                stil.take_line(&mut place, line);
            }
        }
        stil
    }

    fn take_line(&mut self, place: &mut Place, line: &str) {
        let Some(path) = &place.path else { return };
        let entries = self.entries.entry(path.clone()).or_default();
        let trimmed = line.trim_start();
        let begun = FIELDS
            .iter()
            .position(|field| !line.starts_with(INDENT) && trimmed.starts_with(field));
        if let Some(rank) = begun {
            // A field that does not come after the last one begins the next entry.
            if place.rank.is_none_or(|last| rank <= last) {
                entries.push(StilEntry {
                    song: place.song,
                    ..StilEntry::default()
                });
            }
            place.rank = Some(rank);
            if let Some(entry) = entries.last_mut() {
                *entry.field(rank) = Some(trimmed[FIELDS[rank].len()..].trim().to_owned());
            }
        } else if let (Some(rank), Some(entry)) = (place.rank, entries.last_mut())
            && let Some(text) = entry.field(rank)
        {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(trimmed);
        }
    }

    /// Entries of a file; its path in the collection, with or without the leading slash.
    #[must_use]
    pub fn get(&self, path: &str) -> &[StilEntry] {
        let with_slash;
        let path = if path.starts_with('/') {
            path
        } else {
            with_slash = format!("/{path}");
            &with_slash
        };
        self.entries.get(path).map_or(&[], Vec::as_slice)
    }

    /// Count of paths.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the list says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Song of a line `(#12)`.
fn song_mark(line: &str) -> Option<u16> {
    line.trim()
        .strip_prefix("(#")?
        .strip_suffix(')')?
        .parse()
        .ok()
}

/// Time stamps of a title or comment: `(0:12)` and `(0:12-0:45)`.
#[must_use]
pub fn cues(text: &str) -> Vec<Cue> {
    let mut cues = Vec::new();
    for (offset, _) in text.match_indices('(') {
        let rest = &text[offset + 1..];
        let Some(inside) = rest.find(')').map(|end| &rest[..end]) else {
            break;
        };
        let (start, end) = inside
            .split_once('-')
            .map_or((inside, None), |(start, end)| (start, Some(end)));
        let Some(start_millis) = millis(start.trim()) else {
            continue;
        };
        let end_millis = end.and_then(|end| millis(end.trim()));
        if end.is_some() != end_millis.is_some() {
            continue;
        }
        cues.push(Cue {
            start_millis,
            end_millis,
            offset,
        });
    }
    cues
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIST: &str = "\
###  STIL v0
### /DEMOS/ ####

/DEMOS/
COMMENT: Of the folder.

/DEMOS/a.sid
COMMENT: Of the whole
         file: and TITLE: inside.
(#1)
   NAME: One
 AUTHOR: Somebody
  TITLE: First (0:12-0:45)
 ARTIST: Band
  TITLE: Second (1:02)
COMMENT: Said \"so\".
(#3)
  TITLE:
         Late
/DEMOS/b.sid
  TITLE: Alone
(#x)
 BOGUS: ignored no, continued
";

    fn entry(song: Option<u16>, fields: [&str; 5]) -> StilEntry {
        let mut entry = StilEntry {
            song,
            ..StilEntry::default()
        };
        for (rank, text) in fields.iter().enumerate() {
            *entry.field(rank) = (!text.is_empty()).then(|| (*text).to_owned());
        }
        entry
    }

    #[test]
    fn entries_belong_to_files_and_songs() {
        let stil = Stil::parse(LIST);
        assert_eq!(
            stil.get("/DEMOS/a.sid"),
            [
                entry(
                    None,
                    ["", "", "", "", "Of the whole file: and TITLE: inside."]
                ),
                entry(
                    Some(1),
                    ["One", "Somebody", "First (0:12-0:45)", "Band", ""]
                ),
                entry(Some(1), ["", "", "Second (1:02)", "", "Said \"so\"."]),
                entry(Some(3), ["", "", "Late", "", ""]),
            ]
        );
        assert_eq!(
            stil.get("DEMOS/"),
            [entry(None, ["", "", "", "", "Of the folder."])]
        );
        let continued = "Alone (#x) BOGUS: ignored no, continued";
        assert_eq!(
            stil.get("DEMOS/b.sid"),
            [entry(None, ["", "", continued, "", ""])]
        );
        assert!(stil.get("DEMOS/c.sid").is_empty());
        assert_eq!((stil.len(), stil.is_empty()), (3, false));
    }

    #[test]
    fn time_stamps_are_found_in_text() {
        let cue = |start_millis, end_millis, offset| Cue {
            start_millis,
            end_millis,
            offset,
        };
        assert_eq!(cues("First (0:12-0:45)"), [cue(12_000, Some(45_000), 6)]);
        assert_eq!(
            cues("a (0:01) b (x) c (1:00.5)"),
            [cue(1_000, None, 2), cue(60_500, None, 17)]
        );
        assert_eq!(cues("(0:12-end) (nothing (0:02)"), [cue(2_000, None, 20)]);
        assert_eq!(cues("(open"), []);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[/(#)A-Z: \\na-z0-9]{0,200}") {
            let stil = Stil::parse(&text);
            for entries in stil.entries.values() {
                for comment in entries.iter().filter_map(|entry| entry.comment.as_ref()) {
                    let _ = cues(comment);
                }
            }
        }
    }
}
