//! What is different between two states of a collection, so that what a listener keeps follows its
//! files: by digest where a file moved, by path where it was changed.

use std::collections::{BTreeMap, BTreeSet};

use sidfile::Md5;

use crate::Catalogue;

/// What is different.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Same file, other path: digest, path before, path now.
    pub moved: Vec<(Md5, String, String)>,
    /// Same path, other file: path, digest before, digest now.
    pub changed: Vec<(String, Md5, Md5)>,
    /// Files whose path and digest are both new.
    pub added: Vec<Md5>,
    /// Files of which neither path nor digest is there any more.
    pub removed: Vec<Md5>,
}

impl Changes {
    /// From one state to the next.
    #[must_use]
    pub fn between(before: &Catalogue, now: &Catalogue) -> Self {
        let mut changes = Self::default();
        let (old, new) = (&before.0, &now.0);
        let places = |catalogue: &Catalogue| -> BTreeMap<Md5, usize> {
            // Of two with the same digest the first counts, as it does in an index.
            let columns = &catalogue.0;
            (0..columns.len())
                .rev()
                .map(|file| (columns.md5s[file], file))
                .collect()
        };
        let (old_places, new_places) = (places(before), places(now));
        let mut by_path = BTreeMap::new();
        for (md5, &file) in &old_places {
            match new_places.get(md5) {
                None => {
                    by_path.insert(old.path(file), *md5);
                }
                Some(&other) => {
                    let (from, to) = (old.path(file), new.path(other));
                    if from != to {
                        changes.moved.push((*md5, from, to));
                    }
                }
            }
        }
        for (md5, &file) in &new_places {
            if old_places.contains_key(md5) {
                continue;
            }
            let path = new.path(file);
            match by_path.remove(&path) {
                Some(old) => changes.changed.push((path, old, *md5)),
                None => changes.added.push(*md5),
            }
        }
        changes.removed = by_path.into_values().collect();
        changes
    }

    /// Files that a listener has not heard yet: added and changed ones.
    #[must_use]
    pub fn new_files(&self) -> BTreeSet<Md5> {
        let changed = self.changed.iter().map(|(_, _, now)| *now);
        self.added.iter().copied().chain(changed).collect()
    }

    /// Where what is kept of a file belongs now, if not to the file itself.
    #[must_use]
    pub fn successor(&self, md5: &Md5) -> Option<Md5> {
        let mut changed = self.changed.iter();
        changed
            .find(|(_, before, _)| before == md5)
            .map(|(_, _, now)| *now)
    }

    /// Whether nothing is different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tests::entry;

    fn catalogue(files: &[(u8, &str)]) -> Catalogue {
        let entries: Vec<_> = files
            .iter()
            .map(|(digest, path)| {
                let mut entry = entry("x", "y", "");
                entry.md5 = Md5([*digest; 16]);
                entry.path = (*path).to_owned();
                entry
            })
            .collect();
        Catalogue::new(&entries)
    }

    #[test]
    fn files_are_followed_by_digest_and_by_path() {
        let before = catalogue(&[
            (1, "stays"),
            (2, "from"),
            (3, "better"),
            (4, "goes"),
            (5, "swap"),
        ]);
        let now = catalogue(&[
            (1, "stays"),
            (2, "to"),
            (13, "better"),
            (6, "comes"),
            (15, "from"),
            (5, "swap"),
        ]);
        let changes = Changes::between(&before, &now);
        let md5 = |digest| Md5([digest; 16]);
        assert_eq!(changes.moved, [(md5(2), "from".into(), "to".into())]);
        assert_eq!(changes.changed, [("better".into(), md5(3), md5(13))]);
        assert_eq!(changes.added, [md5(6), md5(15)]);
        assert_eq!(changes.removed, [md5(4)]);
        assert_eq!(changes.successor(&md5(3)), Some(md5(13)));
        assert_eq!(changes.successor(&md5(2)), None);
        assert_eq!(
            changes.new_files(),
            BTreeSet::from([md5(6), md5(13), md5(15)])
        );
        assert!(Changes::between(&now, &now).is_empty());
    }
}
