//! What `Songlengths.md5` and `STIL.txt` know of tunes.

use sidfile::{Songlengths, Stil};

use crate::{Entry, Note};

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

/// STIL entries of a path, as the catalogue keeps them: of the whole file first.
fn notes_of(stil: &Stil, path: &str) -> Vec<Note> {
    let Some(notes) = stil.get(&format!("/{path}")) else {
        return Vec::new();
    };
    let general = notes.general.iter().map(|entry| (None, entry));
    let songs = notes.songs.iter();
    let songs = songs.flat_map(|(song, entries)| entries.iter().map(|entry| (Some(*song), entry)));
    // The list breaks its lines at 80 columns, which means nothing on a page.
    let text = |field: &Option<String>| field.as_deref().unwrap_or_default().replace('\n', " ");
    let notes = general.chain(songs).map(|(song, entry)| Note {
        song,
        name: text(&entry.name),
        author: text(&entry.author),
        title: text(&entry.title),
        artist: text(&entry.artist),
        comment: text(&entry.comment),
    });
    notes.collect()
}
