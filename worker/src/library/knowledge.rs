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
        let before = (entry.lengths.clone(), entry.notes.len());
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
        before != (entry.lengths.clone(), entry.notes.len())
    }
}
