//! What a file says of itself, as an entry.

use sidfile::mus::Mus;
use sidfile::{Error, Format, Md5, Tune};

use crate::{Entry, Note, Origin};

/// Path as it is shown and looked up in STIL: from the collection's own top folder on, if there is
/// one, without steps up.
#[must_use]
pub fn path_in_collection(path: &str) -> String {
    const TOPS: [&str; 3] = ["DEMOS", "GAMES", "MUSICIANS"];
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != "." && *part != "..")
        .collect();
    let top = parts
        .iter()
        .position(|part| TOPS.contains(part))
        .unwrap_or(0);
    parts[top..].join("/")
}

impl Entry {
    /// What the file of a tune says of itself.
    ///
    /// # Errors
    /// It is no tune.
    pub fn of_file(path: &str, bytes: &[u8], origin: Origin) -> Result<Self, Error> {
        let tune = Tune::parse(bytes)?;
        let words = match tune.format {
            Format::Mus => Mus::of(&tune).map_or_else(|_| String::new(), |mus| mus.lyrics),
            Format::Psid | Format::Rsid => String::new(),
        };
        let words = (!words.is_empty()).then(|| Note {
            comment: words,
            ..Note::default()
        });
        Ok(Self {
            md5: Md5::of(bytes),
            path: path.to_owned(),
            title: shown(tune.name, path),
            author: tune.author,
            released: tune.released,
            format: tune.format,
            version: tune.version,
            clock: tune.clock,
            chips: tune.chips,
            load_address: tune.load_address,
            init_address: tune.init_address,
            play_address: tune.play_address,
            size: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            start_song: tune.start_song,
            lengths: vec![None; usize::from(tune.songs)],
            needs_basic: tune.is_basic,
            origin,
            notes: words.into_iter().collect(),
            remote: None,
        })
    }
}

/// Title, or the file's name where there is none.
fn shown(title: String, path: &str) -> String {
    if !title.trim().is_empty() {
        return title;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.')
        .map_or(name, |(stem, _)| stem)
        .replace('_', " ")
}
