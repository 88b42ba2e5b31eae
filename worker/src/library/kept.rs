//! The library's part in what the listener keeps: tunes by digest and path.

use std::future::poll_fn;
use std::task::Poll;

use catalog::{Changes, Marks, Row};
use protocol::keep::{About, TuneRef};
use sidfile::Md5;

use super::{Library, Outside, Store};

/// Brings what is kept in step with a newer collection.
pub type Follower = Box<dyn Fn(&Changes)>;

impl<S: Store, O: Outside> Library<S, O> {
    /// Waits until the library is open.
    pub async fn settled(&self) {
        poll_fn(|context| {
            if self.settled.get() {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

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

    /// The file at a path, compared from its end.
    #[must_use]
    pub fn at_path(&self, path: &str) -> Option<TuneRef> {
        let md5 = self.index.borrow().at_path(path)?;
        self.name(&md5)
    }

    /// Has `follow` told of what changed in a collection.
    pub fn set_follower(&self, follow: Follower) {
        *self.follower.borrow_mut() = Some(follow);
    }
}
