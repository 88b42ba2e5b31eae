//! What `Songlengths.md5` and `STIL.txt` know of tunes.

use catalog::{Entry, Note};
use sidfile::{Songlengths, Stil};

/// Both texts, as far as they were seen.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// Lengths by digest.
    pub lengths: Option<Songlengths>,
    /// Notes by path.
    pub stil: Option<Stil>,
}

impl Knowledge {
    /// Whether it knows nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_none() && self.stil.is_none()
    }

    /// Writes what is known of a tune into its entry; false where that is nothing new.
    pub fn apply(&self, entry: &mut Entry) -> bool {
        let before = (entry.lengths.clone(), entry.notes.clone());
        if let Some(lengths) = self
            .lengths
            .as_ref()
            .and_then(|lengths| lengths.get(&entry.md5))
        {
            for (known, length) in entry.lengths.iter_mut().zip(lengths) {
                *known = Some(*length);
            }
        }
        if let Some(stil) = &self.stil {
            let notes = notes_of(stil, &entry.path);
            if !notes.is_empty() {
                entry.notes = notes;
            }
        }
        before.0 != entry.lengths || before.1 != entry.notes
    }
}

/// STIL entries of a path, as the catalogue keeps them.
fn notes_of(stil: &Stil, path: &str) -> Vec<Note> {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let entries = stil.get(path).iter();
    let notes = entries.map(|entry| Note {
        song: entry.song,
        name: text(&entry.name),
        author: text(&entry.author),
        title: text(&entry.title),
        artist: text(&entry.artist),
        comment: text(&entry.comment),
    });
    notes.collect()
}
