//! The library's part in what the listener keeps: tunes by digest and path, and lists to play
//! through.

use std::collections::BTreeMap;

use catalog::{Changes, Marks, Row};
use protocol::keep::{List, TuneRef};
use protocol::library::{Event, Request};
use sidfile::{Md5, TuneId};

use super::{Library, Outside, Store};

/// Tells the songs of a list, in order.
pub type Lists = Box<dyn Fn(List) -> Vec<TuneId>>;

/// Brings what is kept in step with a newer collection.
pub type Follower = Box<dyn Fn(&Changes)>;

impl<S: Store, O: Outside> Library<S, O> {
    /// Has `lists` tell what lists hold.
    pub fn set_lists(&self, lists: Lists) {
        *self.lists.borrow_mut() = Some(lists);
    }

    /// What a list shows of a file.
    #[must_use]
    pub fn row(&self, md5: &Md5) -> Option<Row> {
        let index = self.index.borrow();
        let file = index.find(md5)?;
        Some(index.row(file as u32))
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

    /// Has what the listener thinks of files found by searches.
    pub fn set_marks(&self, marks: BTreeMap<Md5, Marks>) {
        self.index.borrow_mut().set_marks(marks);
        self.selection.borrow_mut().take();
    }

    /// Has `follow` told of what changed in a collection.
    pub fn set_follower(&self, follow: Follower) {
        *self.follower.borrow_mut() = Some(follow);
    }

    /// Songs of the list that a filter selects, as far as they are known here.
    fn songs_of(&self, filter: &str) -> Option<Vec<Row>> {
        let list = List::of_filter(filter)?;
        let lists = self.lists.borrow();
        let songs = lists.as_ref()?(list);
        let rows = songs.into_iter().filter_map(|song| {
            let mut row = self.row(&song.md5)?;
            if (1..=row.songs).contains(&song.song) && row.start_song != song.song {
                row.start_song = song.song;
                row.length_millis = None;
            }
            Some(row)
        });
        Some(rows.collect())
    }

    /// Answers what concerns a list of the listener's.
    pub(super) fn of_list(&self, request: &Request) -> Option<Event> {
        match request {
            Request::Rows {
                query,
                offset,
                count,
            } => {
                let rows = self.songs_of(&query.filter)?;
                let total = u32::try_from(rows.len()).unwrap_or(u32::MAX);
                let window = rows.into_iter().skip(*offset as usize);
                Some(Event::Rows {
                    total,
                    offset: *offset,
                    rows: window.take(*count as usize).collect(),
                })
            }
            Request::Neighbours { query, md5 } => {
                let rows = self.songs_of(&query.filter)?;
                Some(neighbours(rows, *md5, |row| row.md5 == *md5))
            }
            _ => None,
        }
    }

    /// What comes before and after a song in a list.
    #[must_use]
    pub fn neighbours_in(&self, list: List, tune: TuneId) -> Event {
        let rows = self.songs_of(&list.filter()).unwrap_or_default();
        let is_song = |row: &Row| row.md5 == tune.md5 && row.start_song == tune.song;
        // Another song of the file may have been chosen.
        if rows.iter().any(is_song) {
            neighbours(rows, tune.md5, is_song)
        } else {
            neighbours(rows, tune.md5, |row| row.md5 == tune.md5)
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
