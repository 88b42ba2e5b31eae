//! The library's part in what the listener keeps: tunes by digest and path, and lists to play
//! through.

use std::future::poll_fn;
use std::task::Poll;

use catalog::Row;
use protocol::keep::{self, List, TuneRef};
use protocol::library::{Event, Request};
use sidfile::{Md5, TuneId};

use super::{Library, Outside, Store};

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
        self.index.borrow().get(md5).map(Row::from)
    }

    /// What a file is called.
    #[must_use]
    pub fn name(&self, md5: &Md5) -> Option<TuneRef> {
        let index = self.index.borrow();
        let entry = index.get(md5)?;
        Some(TuneRef {
            md5: *md5,
            path: entry.path.clone(),
            title: entry.title.clone(),
            author: entry.author.clone(),
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
        let md5 = index.entries().iter().find(|entry| is_it(&entry.path))?.md5;
        drop(index);
        self.name(&md5)
    }

    /// Rows of songs, as far as they are known here.
    fn rows_of(&self, songs: Vec<TuneId>) -> Vec<Row> {
        let rows = songs.into_iter().filter_map(|song| {
            let mut row = self.row(&song.md5)?;
            if (1..=row.songs).contains(&song.song) && row.start_song != song.song {
                row.start_song = song.song;
                row.length_millis = None;
            }
            Some(row)
        });
        rows.collect()
    }

    /// Answers what concerns a list of the listener's; `songs` tells what is in one, in order.
    pub async fn of_list(
        &self,
        request: &Request,
        songs: impl Fn(List) -> Vec<TuneId>,
    ) -> Option<Event> {
        let of = |filter: &str| List::of_filter(filter);
        match request {
            Request::Rows {
                query,
                offset,
                count,
            } => {
                let list = of(&query.filter)?;
                self.settled().await;
                let rows = self.rows_of(songs(list));
                let total = u32::try_from(rows.len()).unwrap_or(u32::MAX);
                let window = rows.into_iter().skip(*offset as usize);
                Some(Event::Rows {
                    total,
                    offset: *offset,
                    rows: window.take(*count as usize).collect(),
                })
            }
            Request::Neighbours { query, md5 } => {
                let list = of(&query.filter)?;
                self.settled().await;
                let rows = self.rows_of(songs(list));
                Some(neighbours(rows, *md5, |row| row.md5 == *md5))
            }
            Request::Keep(keep::Request::Neighbours { list, tune }) => {
                self.settled().await;
                let rows = self.rows_of(songs(*list));
                let is_song = |row: &Row| row.md5 == tune.md5 && row.start_song == tune.song;
                // Another song of the file may have been chosen.
                if rows.iter().any(is_song) {
                    Some(neighbours(rows, tune.md5, is_song))
                } else {
                    Some(neighbours(rows, tune.md5, |row| row.md5 == tune.md5))
                }
            }
            _ => None,
        }
    }
}

fn neighbours(rows: Vec<Row>, md5: Md5, is_it: impl Fn(&Row) -> bool) -> Event {
    let place = rows.iter().position(is_it);
    let row = |at: Option<usize>| rows.get(at?).cloned();
    Event::Neighbours {
        md5,
        previous: row(place.and_then(|at| at.checked_sub(1))),
        next: row(Some(place.map_or(0, |at| at + 1))),
    }
}
