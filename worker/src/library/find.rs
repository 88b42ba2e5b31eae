//! Searching and browsing: windows of what a query selects, facets, shelves, suggestions; and what
//! is new in a collection.

use std::collections::BTreeSet;
use std::rc::Rc;

use catalog::{Catalogue, Changes, Column, Found, Query, Sort};
use protocol::find::{Event as Said, Lot, News, Request};
use protocol::library::Event;
use protocol::swarm::{FileId, InfoHash};
use sidfile::Md5;

use super::{Library, Outside, Store};

/// Blob that holds the digests of tunes that came with the last change of a collection.
const NEW_TUNES: &str = "new-tunes";

impl<S: Store, O: Outside> Library<S, O> {
    /// What `query` selects, from before where nothing has changed.
    pub(super) fn select(&self, query: &Query) -> Rc<Found> {
        if let Some((known, found)) = &*self.selection.borrow()
            && known == query
        {
            return Rc::clone(found);
        }
        let found = Rc::new(self.index.borrow_mut().search(query));
        *self.selection.borrow_mut() = Some((query.clone(), Rc::clone(&found)));
        found
    }

    pub(super) fn rows(&self, query: &Query, offset: u32, count: u32) -> Event {
        let selection = self.select(query);
        let index = self.index.borrow();
        let rows = selection
            .files
            .iter()
            .skip(offset as usize)
            .take(count as usize);
        let rows = rows.map(|&file| index.row(file)).collect();
        let total = u32::try_from(selection.files.len()).unwrap_or(u32::MAX);
        Event::Rows {
            total,
            offset,
            rows,
        }
    }

    pub(super) fn neighbours(&self, query: &Query, md5: Md5) -> Event {
        let selection = self.select(query);
        let index = self.index.borrow();
        let row = |at: Option<usize>| Some(index.row(*selection.files.get(at?)?));
        let place = index.find(&md5).and_then(|file| {
            let mut files = selection.files.iter();
            files.position(|known| *known as usize == file)
        });
        Event::Neighbours {
            md5,
            previous: row(place.and_then(|place| place.checked_sub(1))),
            next: row(Some(place.map_or(0, |place| place + 1))),
        }
    }

    /// Answers; `None` where the question has been overtaken by another.
    pub(super) async fn find(&self, request: Request) -> Option<Event> {
        let said = match request {
            Request::Hits {
                query,
                offset,
                count,
            } => {
                if !self.is_still_asked(&query).await {
                    return None;
                }
                let found = self.select(&query);
                let index = self.index.borrow();
                let window = found
                    .files
                    .iter()
                    .skip(offset as usize)
                    .take(count as usize);
                Said::Hits {
                    total: found.files.len() as u32,
                    offset,
                    hits: window.map(|file| index.hit(*file, &found)).collect(),
                    is_tolerant: found.is_tolerant,
                    hints: found.parsed.hints.clone(),
                }
            }
            Request::Facets { query } => {
                // The list asks for its rows first, so a query that is not the newest is done with.
                self.outside.turn().await;
                if *self.newest.borrow() != query {
                    return None;
                }
                let found = self.select(&query);
                Said::Facets {
                    facets: self.index.borrow().facets(&found),
                }
            }
            Request::Shelf {
                shelf,
                under,
                words,
                largest_first,
            } => Said::Shelf {
                groups: self
                    .index
                    .borrow()
                    .shelf(shelf, &under, &words, largest_first),
            },
            Request::Suggest { text, count } => {
                let query = Query {
                    filter: text.clone(),
                    sort: Sort {
                        column: Column::Relevance,
                        descending: false,
                    },
                };
                // What the list shows stays at hand.
                let found = self.index.borrow_mut().search(&query);
                let index = self.index.borrow();
                let first = found.files.iter().take(count as usize);
                Said::Suggestions {
                    composers: index.composers(&text),
                    hits: first.map(|file| index.hit(*file, &found)).collect(),
                    total: found.files.len() as u32,
                }
            }
            Request::Weigh(lot) => self.weigh(&lot),
        };
        Some(Event::Find(said))
    }

    fn weigh(&self, lot: &Lot) -> Said {
        let numbers: Vec<u32> = match lot {
            Lot::Query(query) => self.select(query).files.clone(),
            Lot::Files(md5s) => {
                let index = self.index.borrow();
                let known = md5s.iter().filter_map(|md5| index.find(md5));
                known.map(|file| file as u32).collect()
            }
        };
        let index = self.index.borrow();
        let (mut files, mut bytes, mut own) = (Vec::new(), 0, 0);
        for file in numbers {
            match index.whereabouts(file) {
                (None, _) => own += 1,
                (Some(remote), size) => {
                    bytes += u64::from(size);
                    files.push(FileId {
                        torrent: InfoHash(remote.info_hash),
                        file: remote.file,
                    });
                }
            }
        }
        files.sort_unstable();
        Said::Weighed { files, bytes, own }
    }

    /// Lets what was typed meanwhile overtake a query that has not been run yet.
    async fn is_still_asked(&self, query: &Query) -> bool {
        let is_known = matches!(&*self.selection.borrow(), Some((known, _)) if known == query);
        *self.newest.borrow_mut() = query.clone();
        if is_known {
            return true;
        }
        self.outside.turn().await;
        *self.newest.borrow() == *query
    }

    /// Looks what is different in the newer state of a collection, keeps which tunes are new, and
    /// tells the page.
    pub(super) async fn note_changes(&self, collection: &str, before: &[u8], now: &[u8]) {
        let (Ok(before), Ok(now)) = (Catalogue::decode(before), Catalogue::decode(now)) else {
            return;
        };
        let changes = Changes::between(&before, &now);
        if let Some(follow) = &*self.follower.borrow() {
            follow(&changes);
        }
        let new: Vec<u8> = changes
            .new_files()
            .into_iter()
            .flat_map(|md5| md5.0)
            .collect();
        // Without it the tunes are merely not marked as new.
        let _ = self.store.put_blob(NEW_TUNES, &new).await;
        self.outside.tell(
            protocol::EVENT,
            &Event::Find(Said::News(News {
                collection: collection.to_owned(),
                added: changes.added.len() as u32,
                changed: changes.changed.len() as u32,
                moved: changes.moved.len() as u32,
                removed: changes.removed.len() as u32,
            })),
        );
    }

    /// The tunes that came with the last change of a collection.
    pub(super) async fn new_tunes(&self) -> BTreeSet<Md5> {
        let bytes = self.store.get_blob(NEW_TUNES).await.ok().flatten();
        let bytes = bytes.unwrap_or_default();
        let digests = bytes.chunks_exact(16).map(|digest| {
            let digest = digest.try_into().expect("a chunk has sixteen bytes");
            Md5(digest)
        });
        digests.collect()
    }
}
