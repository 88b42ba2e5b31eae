//! The library's part in what the listener keeps: tunes by digest and path.

use catalog::{Marks, Row};
use protocol::keep::{About, TuneRef};
use sidfile::Md5;

use super::{Library, Outside, Store};

impl<S: Store, O: Outside> Library<S, O> {
    /// What a list shows of a file.
    #[must_use]
    pub fn row(&self, md5: &Md5) -> Option<Row> {
        let index = self.index.borrow();
        index.find(md5).map(|file| index.row(file as u32))
    }

    /// Searches find files by what the listener thinks of them from now on.
    pub fn mark<'a>(&self, thoughts: impl Iterator<Item = (Md5, Option<&'a About>)>) {
        let mut index = self.index.borrow_mut();
        for (md5, about) in thoughts {
            let marks = about.map_or_else(Marks::default, |about| Marks {
                favourite: about.favourite_at.is_some(),
                rating: about.rating.unwrap_or(0),
                tags: about.tags.clone(),
            });
            index.set_marks(md5, marks);
        }
        drop(index);
        self.selection.borrow_mut().take();
    }

    /// What a file is called.
    #[must_use]
    pub fn name(&self, md5: &Md5) -> Option<TuneRef> {
        let index = self.index.borrow();
        let entry = index.get(md5)?;
        Some(TuneRef {
            md5: *md5,
            path: entry.path,
            title: entry.title,
            author: entry.author,
        })
    }

    /// The file at a path. Paths are compared from their end, so that what stands before the
    /// collection's own folders does not matter.
    #[must_use]
    pub fn at_path(&self, path: &str) -> Option<TuneRef> {
        let index = self.index.borrow();
        let wanted = path.to_lowercase();
        let is_it = |known: &str| {
            let known = known.to_lowercase();
            let (long, short) = if wanted.len() > known.len() {
                (&*wanted, &*known)
            } else {
                (&*known, &*wanted)
            };
            let rest = long.strip_suffix(short);
            !short.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        let md5 = index.by_path(is_it)?;
        drop(index);
        self.name(&md5)
    }
}
