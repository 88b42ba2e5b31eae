//! Playlists as M3U8, the list of paths that other players read.
//!
//! ```text
//! #EXTM3U
//! #PLAYLIST:name
//! #EXTINF:seconds,composer - title
//! #SIDEREAL:MD5/song
//! path in the collection
//! ```
//!
//! The line `#SIDEREAL` is the project's own: it finds the tune whatever its path. A list without it
//! is matched by its paths.

use core::fmt::Write as _;

use protocol::keep::{Item, Playlist, TuneRef};
use sidfile::Md5;

use super::{MOST_ITEMS, MOST_NAME, one_line};

/// A playlist as text; `seconds` tells the length of an item, where it is known.
#[must_use]
pub fn write_m3u(playlist: &Playlist, seconds: impl Fn(&Item) -> Option<u32>) -> String {
    let mut text = String::from("#EXTM3U\n");
    // Nothing can go wrong in writing to a string.
    let _ = writeln!(text, "#PLAYLIST:{}", one_line(&playlist.name, MOST_NAME));
    for item in &playlist.items {
        let TuneRef {
            md5,
            path,
            title,
            author,
        } = &item.tune;
        let length = seconds(item).map_or("-1".to_owned(), |seconds| seconds.to_string());
        let words = one_line(&format!("{author} - {title}"), 400);
        let _ = writeln!(text, "#EXTINF:{length},{words}");
        let _ = writeln!(text, "#SIDEREAL:{md5}/{}", item.song);
        let path = one_line(path, 1000);
        // A line must stand for the song even where its path is not known.
        let path = if path.is_empty() {
            format!("{md5}.sid")
        } else {
            path
        };
        let _ = writeln!(text, "{path}");
    }
    text
}

/// The name and the songs of a list, and how many lines are of no tune that is known. `find` knows
/// tunes by their path.
#[must_use]
pub fn read_m3u(
    text: &str,
    find: impl Fn(&str) -> Option<TuneRef>,
) -> (Option<String>, Vec<Item>, u32) {
    let mut name = None;
    let mut items = Vec::new();
    let mut refused = 0;
    let mut words = String::new();
    let mut known: Option<(Md5, u16)> = None;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim();
        if line.is_empty() || items.len() >= MOST_ITEMS {
            continue;
        }
        if let Some(text) = line.strip_prefix("#PLAYLIST:") {
            name = Some(one_line(text, MOST_NAME)).filter(|name| !name.is_empty());
        } else if let Some(text) = line.strip_prefix("#EXTINF:") {
            words = text
                .split_once(',')
                .map_or("", |(_, words)| words)
                .to_owned();
        } else if let Some(text) = line.strip_prefix("#SIDEREAL:") {
            known = text.split_once('/').and_then(|(md5, song)| {
                Some((md5.trim().parse().ok()?, song.trim().parse().ok()?))
            });
        } else if !line.starts_with('#') {
            let path = path_of(line);
            let found = find(&path);
            let tune = match (known.take(), found) {
                // What its digest says counts, and what is known here of its path helps.
                (Some((md5, song)), found) => {
                    let same = found.filter(|found| found.md5 == md5);
                    Some((same.unwrap_or_else(|| named(md5, &path, &words)), song))
                }
                (None, Some(found)) => Some((found, 0)),
                (None, None) => None,
            };
            match tune {
                Some((tune, song)) => items.push(Item {
                    tune,
                    song,
                    added_at: 0,
                }),
                None => refused += 1,
            }
            words.clear();
        }
    }
    (name, items, refused)
}

/// A tune by what a list says of it.
fn named(md5: Md5, path: &str, words: &str) -> TuneRef {
    let (author, title) = words.split_once(" - ").unwrap_or(("", words));
    TuneRef {
        md5,
        path: one_line(path, 1000),
        title: one_line(title, 200),
        author: one_line(author, 200),
    }
}

/// A path as catalogues have it: slashes, and without what a disk puts in front.
fn path_of(line: &str) -> String {
    let path = line
        .strip_prefix("file://")
        .unwrap_or(line)
        .replace('\\', "/");
    path.trim_start_matches("./")
        .trim_start_matches('/')
        .to_owned()
}
