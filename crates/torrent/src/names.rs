//! Names and paths that are safe to show, to keep and to write to a disk, whoever made them up.

use std::collections::{BTreeMap, BTreeSet};

/// Most bytes of a name: what common file systems take.
const MOST_BYTES: usize = 255;
/// Most parts of a path that are kept apart; what lies deeper is joined.
const MOST_PARTS: usize = 32;
/// Device names of Windows, with any extension.
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// A name without what a path, a screen or a file system would take for something else: no
/// separators, no steps up, no control characters, nothing that turns text around, no device, at
/// most 255 bytes, never empty.
#[must_use]
pub fn safe_name(raw: &str) -> String {
    if is_plainly_safe(raw) {
        return raw.to_owned();
    }
    let mut name: String = raw
        .chars()
        .map(|c| if is_unsafe(c) { '_' } else { c })
        .collect();
    // Windows drops these, so that two names would be one.
    let end = name.trim_end_matches(['.', ' ']).len();
    name.truncate(end);
    let name = name.trim_start();
    if name.is_empty() {
        return "_".into();
    }
    let name = if is_device(name) {
        format!("_{name}")
    } else {
        name.to_owned()
    };
    let mut name = shortened(&name, MOST_BYTES);
    name.truncate(name.trim_end_matches(['.', ' ']).len());
    name
}

/// Whether a name needs no closer look, as those of most files do not.
fn is_plainly_safe(name: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    // Devices have at most four letters before the dot.
    let stem = name.bytes().position(|byte| byte == b'.');
    (5..=MOST_BYTES).contains(&stem.unwrap_or(name.len()))
        && name.len() <= MOST_BYTES
        && !name.ends_with('.')
        && name.as_bytes().iter().all(plain)
}

fn is_unsafe(c: char) -> bool {
    matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        || c.is_control()
        // Marks and overrides of writing direction.
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let stem = stem.to_ascii_lowercase();
    let numbered = |device: &str| {
        let number = stem.strip_prefix(device);
        number.is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))
    };
    RESERVED.contains(&&*stem) || numbered("com") || numbered("lpt")
}

/// At most `most` bytes of a name; a short extension stays.
fn shortened(name: &str, most: usize) -> String {
    if name.len() <= most {
        return name.to_owned();
    }
    let (stem, extension) = split_extension(name);
    let mut end = most.saturating_sub(extension.len());
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &stem[..end])
}

/// Stem, and extension with its dot.
fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= 16 => name.split_at(at),
        _ => (name, ""),
    }
}

/// Makes paths safe and unique, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    /// Paths, each with the number that its next double tries first: a hostile torrent may repeat
    /// one path a million times.
    taken: BTreeMap<String, u32>,
    folders: BTreeSet<String>,
    /// The last folder as it was wanted and as it became: files of one follow each other.
    last: Option<(Vec<String>, String)>,
}

impl Paths {
    /// A safe path, `/`-separated, unlike every other; parts that are empty are passed over.
    pub(crate) fn add<'a>(&mut self, parts: impl Iterator<Item = &'a str>) -> String {
        let mut safe: Vec<String> = parts
            .filter(|part| !part.is_empty())
            .map(safe_name)
            .collect();
        if safe.len() > MOST_PARTS {
            let deep = safe.split_off(MOST_PARTS - 1).join("_");
            safe.push(shortened(&deep, MOST_BYTES));
        }
        let name = safe.pop().unwrap_or_else(|| "_".into());
        let folder = match self.last.take() {
            Some((wanted, folder)) if wanted == safe => folder,
            _ => self.folder(&safe),
        };
        let wanted = format!("{folder}{name}");
        let mut path = wanted.clone();
        let mut number = self.taken.get(&wanted).copied().unwrap_or(2);
        while self.taken.contains_key(&path) || self.folders.contains(&path) {
            let ending = format!(" ({number})");
            let (stem, extension) = split_extension(&name);
            let stem = shortened(stem, MOST_BYTES - ending.len() - extension.len());
            path = format!("{folder}{stem}{ending}{extension}");
            number += 1;
        }
        if path != wanted {
            self.taken.insert(wanted, number);
        }
        self.taken.insert(path.clone(), 2);
        self.last = Some((safe, folder));
        path
    }

    /// A folder of these names, one in the other; with its slash.
    fn folder(&mut self, parts: &[String]) -> String {
        let mut folder = String::new();
        for part in parts {
            folder.push_str(part);
            // A file that was there first keeps its name.
            while self.taken.contains_key(&folder) {
                folder.push('_');
            }
            self.folders.insert(folder.clone());
            folder.push('/');
        }
        folder
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(raw: &str, expected: &str) {
        assert_eq!(safe_name(raw), expected, "{raw:?}");
    }

    #[test]
    fn names_are_made_safe() {
        check("Commando.sid", "Commando.sid");
        check("..", "_");
        check("", "_");
        check("a/b\\c", "a_b_c");
        check("line\nfeed\0", "line_feed_");
        check("gpj.\u{202e}exe", "gpj._exe");
        check("aux", "_aux");
        check("Com1.sid", "_Com1.sid");
        check("com10", "com10");
        check("name. . ", "name");
        check(".hidden", ".hidden");
        let long = format!("{}.sid", "ü".repeat(200));
        let short = safe_name(&long);
        assert!(short.len() <= 255 && short.ends_with("ü.sid"), "{short}");
    }

    #[test]
    fn paths_are_unlike_each_other() {
        let mut paths = Paths::default();
        let mut add = |path: &str| paths.add(path.split('/'));
        assert_eq!(add("a/b.sid"), "a/b.sid");
        assert_eq!(add("a/b.sid"), "a/b (2).sid");
        assert_eq!(add("a//b.sid"), "a/b (3).sid");
        assert_eq!(add("../../a/b.sid"), "_/_/a/b.sid");
        assert_eq!(add("a"), "a (2)");
        assert_eq!(add("a (2)/c"), "a (2)_/c");
        assert_eq!(add("/"), "_ (2)");
        let deep = "d/".repeat(40) + "e";
        assert_eq!(add(&deep).split('/').count(), 32);
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_safe_name(raw in any::<String>()) {
            let name = safe_name(&raw);
            prop_assert!(!name.is_empty() && name.len() <= MOST_BYTES);
            prop_assert!(!name.chars().any(is_unsafe));
            prop_assert!(name != "." && name != "..");
            prop_assert_eq!(safe_name(&name), name);
        }

        #[test]
        fn any_paths_are_unique(raw in proptest::collection::vec("[ab/]{0,6}", 0..20)) {
            let mut paths = Paths::default();
            let all: Vec<String> = raw.iter().map(|path| paths.add(path.split('/'))).collect();
            let unique: BTreeSet<&String> = all.iter().collect();
            prop_assert_eq!(unique.len(), all.len());
            // None is a folder of another.
            for path in &all {
                let inside = format!("{path}/");
                prop_assert!(!all.iter().any(|other| other.starts_with(&inside)), "{:?}", all);
            }
        }
    }
}
