//! `STIL.txt`: what is known about tunes beyond their headers.
//!
//! Source: the collection's `DOCUMENTS/STIL.faq`. The file is a list of paths, each followed by
//! fields; `(#2)` begins the fields of a song; a TITLE begins the next entry where one has been
//! filled already. Continued lines are indented below the field's text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::songlengths::parse_length;
use crate::text;

/// Columns before the text of a field: `COMMENT: `.
const INDENT: usize = 9;

/// From when to when in the song something is heard, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Beginning.
    pub from: u32,
    /// End, where it is given.
    pub to: Option<u32>,
}

/// One thing known about a song: a cover has a title and an artist, a song a name and an author.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Name of the song.
    pub name: Option<String>,
    /// Its composer, where that is not the file's.
    pub author: Option<String>,
    /// Title of what it covers.
    pub title: Option<String>,
    /// Who made that.
    pub artist: Option<String>,
    /// Remarks; lines as they are in the file.
    pub comment: Option<String>,
    /// Times named by title and comment, in their order.
    pub times: Vec<Span>,
}

/// All that is known about a file or a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// About the whole file or folder.
    pub general: Vec<Entry>,
    /// About single songs, by their number from 1.
    pub songs: BTreeMap<u16, Vec<Entry>>,
}

/// The whole list, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stil {
    notes: BTreeMap<String, Notes>,
}

impl Stil {
    /// Reads a list. Lines that make no sense are left out.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut stil = Self::default();
        let mut path: Option<String> = None;
        let mut song = 0;
        let mut field: Option<Field> = None;
        for line in bytes.split(|&byte| byte == b'\n') {
            let line = text::decode_windows_1252(line);
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                // A path's notes end with an empty line or a section.
                (path, field, song) = (None, None, 0);
            } else if line.starts_with('/') {
                stil.notes.entry(line.to_owned()).or_default();
                (path, field, song) = (Some(line.to_owned()), None, 0);
            } else if let Some(path) = &path {
                let notes = stil.notes.entry(path.clone()).or_default();
                if let Some(number) = song_number(line) {
                    (song, field) = (number, None);
                    notes.songs.entry(number).or_default();
                } else {
                    let entries = match song {
                        0 => &mut notes.general,
                        _ => notes.songs.entry(song).or_default(),
                    };
                    field = add_line(entries, line, field);
                }
            }
        }
        for entry in stil.notes.values_mut().flat_map(Notes::entries_mut) {
            entry.times = entry
                .title
                .iter()
                .chain(&entry.comment)
                .flat_map(|t| spans(t))
                .collect();
        }
        stil
    }

    /// What is known about a file or, with a slash at the end, a folder; from the root of the
    /// collection, `/MUSICIANS/...`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Notes> {
        self.notes.get(path)
    }

    /// What is known about the folders above a file, from the outermost.
    pub fn folders<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a Notes)> {
        path.match_indices('/').filter_map(|(at, _)| {
            let folder = path.get(..=at)?;
            Some((folder, self.notes.get(folder)?))
        })
    }

    /// All paths with what is known about them, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Notes)> {
        self.notes
            .iter()
            .map(|(path, notes)| (path.as_str(), notes))
    }
}

impl Notes {
    fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.general
            .iter_mut()
            .chain(self.songs.values_mut().flatten())
    }
}

/// Fields of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Author,
    Title,
    Artist,
    Comment,
}

impl Entry {
    fn field(&mut self, field: Field) -> &mut Option<String> {
        match field {
            Field::Name => &mut self.name,
            Field::Author => &mut self.author,
            Field::Title => &mut self.title,
            Field::Artist => &mut self.artist,
            Field::Comment => &mut self.comment,
        }
    }

    /// Whether `field` begins a new entry behind this one.
    fn is_complete_for(&mut self, field: Field) -> bool {
        let has_cover = self.title.is_some() || self.artist.is_some();
        match field {
            // A cover follows the name of the song, a second cover is an entry of its own.
            Field::Title => has_cover || self.comment.is_some(),
            Field::Name => has_cover || self.name.is_some() || self.comment.is_some(),
            _ => self.field(field).is_some(),
        }
    }
}

/// `(#2)`.
fn song_number(line: &str) -> Option<u16> {
    line.strip_prefix("(#")?
        .strip_suffix(')')?
        .parse()
        .ok()
        .filter(|&song| song > 0)
}

/// Adds a line to the last entry or to a new one; returns the field that it belongs to.
fn add_line(entries: &mut Vec<Entry>, line: &str, open: Option<Field>) -> Option<Field> {
    // The keywords are right-aligned in front of the text: a colon elsewhere is not one.
    let (keyword, text) = match line.split_once(": ") {
        Some((keyword, text)) if keyword.len() + 2 == INDENT => (keyword.trim_start(), text),
        _ => ("", ""),
    };
    let field = match keyword {
        "NAME" => Field::Name,
        "AUTHOR" => Field::Author,
        "TITLE" => Field::Title,
        "ARTIST" => Field::Artist,
        "COMMENT" => Field::Comment,
        _ => {
            let field = open?;
            let entry = entries.last_mut()?;
            let value = entry.field(field).get_or_insert_default();
            value.push('\n');
            value.push_str(line.trim_start());
            return open;
        }
    };
    if entries
        .last_mut()
        .is_none_or(|entry| entry.is_complete_for(field))
    {
        entries.push(Entry::default());
    }
    let entry = entries.last_mut()?;
    *entry.field(field) = Some(text.trim().to_owned());
    Some(field)
}

/// Times in brackets: `(0:12)` or `(0:12-0:45)`.
fn spans(text: &str) -> Vec<Span> {
    let candidates = text.match_indices('(').filter_map(|(at, _)| {
        let inside = text.get(at + 1..)?.split_once(')')?.0;
        let (from, to) = match inside.split_once('-') {
            Some((from, to)) => (from, Some(to)),
            None => (inside, None),
        };
        let to = match to {
            Some(to) => Some(parse_length(to.as_bytes())?),
            None => None,
        };
        Some(Span {
            from: parse_length(from.as_bytes())?,
            to,
        })
    });
    candidates.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: [&str; 23] = [
        "### /DEMOS/ ####",
        "",
        "/DEMOS/",
        "COMMENT: About demos.",
        "",
        "/DEMOS/One.sid",
        "  TITLE: Cover [from Album] (1:10-1:29)",
        " ARTIST: Somebody",
        "  TITLE: Other Cover (0:12)",
        " ARTIST: Anybody",
        "COMMENT: First line (see 0:30)",
        "         second: line. (0:45)",
        "",
        "/DEMOS/Two.sid",
        "COMMENT: For all.",
        "(#1)",
        "   NAME: Blue Danube",
        " AUTHOR: X",
        "  TITLE: An der sch\u{f6}nen Donau",
        " ARTIST: Strau\u{df}",
        "(#3)",
        "   NAME: Three",
        "   NAME: Three, again",
    ];

    /// The list as it is stored.
    fn list() -> Stil {
        let text = LIST.join("\n");
        let bytes: Vec<u8> = text.chars().map(|character| character as u8).collect();
        Stil::parse(&bytes)
    }

    fn entry(title: &str, artist: &str, times: &[Span]) -> Entry {
        Entry {
            title: Some(title.into()),
            artist: Some(artist.into()),
            times: times.to_vec(),
            ..Entry::default()
        }
    }

    #[test]
    fn covers_are_entries_and_times_are_read() {
        let stil = list();
        let notes = stil.get("/DEMOS/One.sid").expect("the list has it");
        let first = Span {
            from: 70_000,
            to: Some(89_000),
        };
        let times = [
            Span {
                from: 12_000,
                to: None,
            },
            Span {
                from: 45_000,
                to: None,
            },
        ];
        let mut second = entry("Other Cover (0:12)", "Anybody", &times);
        second.comment = Some("First line (see 0:30)\nsecond: line. (0:45)".into());
        let first = entry("Cover [from Album] (1:10-1:29)", "Somebody", &[first]);
        assert_eq!(notes.general, [first, second]);
        assert!(notes.songs.is_empty());
    }

    #[test]
    fn songs_have_their_own_entries() {
        let stil = list();
        let notes = stil.get("/DEMOS/Two.sid").expect("the list has it");
        assert_eq!(notes.general[0].comment.as_deref(), Some("For all."));
        let mut danube = entry("An der sch\u{f6}nen Donau", "Strau\u{df}", &[]);
        danube.name = Some("Blue Danube".into());
        danube.author = Some("X".into());
        assert_eq!(notes.songs[&1], [danube]);
        assert_eq!(notes.songs[&3].len(), 2);
        assert_eq!(notes.songs.len(), 2);
    }

    #[test]
    fn folders_are_found_above_a_file() {
        let stil = list();
        let folders: Vec<_> = stil
            .folders("/DEMOS/One.sid")
            .map(|(path, _)| path)
            .collect();
        assert_eq!(folders, ["/DEMOS/"]);
        assert!(stil.get("/DEMOS/Three.sid").is_none());
        assert_eq!(stil.iter().count(), 3);
    }

    #[test]
    fn only_times_in_brackets_count() {
        assert_eq!(
            spans("0:30 (x) (1:2) (0:99) ( (0:05)"),
            [Span {
                from: 5_000,
                to: None
            }]
        );
    }
}
