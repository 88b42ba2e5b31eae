//! The library as a list: a query, and the windows of its rows that have been fetched.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::{Column, Hint, Hit, Places, Query, Remote, Row, Sort};
use protocol::engine::FoundLength;
use protocol::find;
use protocol::library::{Request, Storage};
use sidfile::TuneId;
use sidfile::rom::RomKind;

use crate::event::{Effect, Ticket};

/// Rows asked for at once.
const WINDOW: u32 = 100;
/// Windows kept; the farthest from the screen go first.
const MOST_WINDOWS: usize = 24;

/// How the library stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LibraryState {
    /// The database is being opened.
    Opening,
    /// Open.
    Open {
        /// Count of files.
        count: u32,
        /// Where they are kept.
        storage: Storage,
    },
    /// It could not be opened, in words.
    Failed(String),
}

/// What the list shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ListView {
    /// How the library stands.
    pub library: LibraryState,
    /// Filter and order.
    pub query: Query,
    /// What the listener typed; the query's filter has the page's own part before it.
    pub typed: String,
    /// Rows that the query selects, where known.
    pub total: Option<u32>,
    /// Number of the first of `rows`.
    pub first: u32,
    /// Rows on the screen; `None` where they are on their way.
    pub rows: Vec<Option<Arc<Row>>>,
    /// For each of them the length of its default song, where only listening found it.
    pub found: Vec<Option<FoundLength>>,
    /// For each of them where in it what was looked for stands.
    pub places: Vec<Option<Arc<Places>>>,
    /// Slips were forgiven, as too few tunes fit the words to the letter.
    pub is_tolerant: bool,
    /// Parts of the query that made no sense.
    pub hints: Vec<Hint>,
    /// ROMs of the C64 that are kept.
    pub roms: Vec<RomKind>,
}

/// A window of rows, as the library gave it.
pub(crate) struct Answer {
    pub total: u32,
    pub hits: Vec<Hit>,
    pub is_tolerant: bool,
    pub hints: Vec<Hint>,
}

/// A row, and where in it what was looked for stands.
type Found = (Arc<Row>, Arc<Places>);

#[derive(Debug)]
pub(crate) struct List {
    pub library: LibraryState,
    pub query: Query,
    pub roms: Vec<RomKind>,
    typed: String,
    /// Part of the filter that the page sets: what it is about.
    scope: String,
    /// Order while nothing is searched for.
    preferred: Sort,
    is_tolerant: bool,
    hints: Vec<Hint>,
    total: Option<u32>,
    windows: BTreeMap<u32, Vec<Found>>,
    asked: BTreeMap<Ticket, u32>,
    /// The windows are of an older query, and shown until the first of the new one is here.
    stale: bool,
    first: u32,
    count: u32,
}

impl List {
    pub fn new(sort: Sort) -> Self {
        Self {
            library: LibraryState::Opening,
            query: Query {
                filter: String::new(),
                sort,
            },
            roms: Vec::new(),
            typed: String::new(),
            scope: String::new(),
            preferred: sort,
            is_tolerant: false,
            hints: Vec::new(),
            total: None,
            windows: BTreeMap::new(),
            asked: BTreeMap::new(),
            stale: false,
            first: 0,
            count: 0,
        }
    }

    /// What is shown; `found` knows the lengths that were found by listening.
    pub fn view(&self, found: impl Fn(TuneId) -> Option<FoundLength>) -> ListView {
        let end = match self.total {
            Some(total) => total.min(self.first.saturating_add(self.count)),
            None => self.first.saturating_add(self.count),
        };
        let rows: Vec<_> = (self.first..end).map(|at| self.row(at)).collect();
        let found_of = |row: &Option<Arc<Row>>| {
            let row = row.as_ref().filter(|row| row.length_millis.is_none())?;
            found(TuneId {
                md5: row.md5,
                song: row.start_song,
            })
        };
        ListView {
            library: self.library.clone(),
            query: self.query.clone(),
            typed: self.typed.clone(),
            places: (self.first..end)
                .map(|at| Some(self.hit(at)?.1.clone()))
                .collect(),
            is_tolerant: self.is_tolerant,
            hints: self.hints.clone(),
            total: self.total,
            first: self.first,
            found: rows.iter().map(found_of).collect(),
            rows,
            roms: self.roms.clone(),
        }
    }

    pub fn row(&self, at: u32) -> Option<Arc<Row>> {
        Some(self.hit(at)?.0.clone())
    }

    fn hit(&self, at: u32) -> Option<&Found> {
        let window = self.windows.get(&(at / WINDOW))?;
        window.get((at % WINDOW) as usize)
    }

    /// Where a swarm has the rows on the screen that are not here.
    pub fn remotes(&self) -> impl Iterator<Item = Remote> + '_ {
        let end = self.first.saturating_add(self.count);
        let end = end.min(self.total.unwrap_or(0));
        (self.first..end).filter_map(|at| self.row(at)?.remote)
    }

    /// Sets what the listener typed; true where that is something else.
    pub fn filter(&mut self, typed: String) -> bool {
        self.narrow(typed, self.scope.clone())
    }

    /// Sets what the page is about, and that nothing is typed yet; true where that is something else.
    pub fn scope(&mut self, scope: String) -> bool {
        if scope == self.scope {
            return false;
        }
        self.narrow(String::new(), scope)
    }

    fn narrow(&mut self, typed: String, scope: String) -> bool {
        if self.typed == typed && self.scope == scope {
            return false;
        }
        let was_searching = !self.typed.trim().is_empty();
        let is_searching = !typed.trim().is_empty();
        // What fits best comes first, until the listener wants it otherwise.
        match (was_searching, is_searching) {
            (false, true) => {
                self.query.sort = Sort {
                    column: Column::Relevance,
                    descending: false,
                };
            }
            (_, false) => self.query.sort = self.preferred,
            (true, true) => {}
        }
        self.query.filter = match (scope.is_empty(), is_searching) {
            (true, _) => typed.clone(),
            (false, false) => scope.clone(),
            (false, true) => format!("{scope} {typed}"),
        };
        self.typed = typed;
        self.scope = scope;
        self.forget();
        true
    }

    /// Sets the order that is kept.
    pub fn prefer(&mut self, sort: Sort) {
        self.preferred = sort;
        self.query.sort = sort;
    }

    /// Sorts by a column, or the other way round; true where that is the order to be kept, which it
    /// is not while something is searched for.
    pub fn sort_by(&mut self, column: Column) -> bool {
        let sort = &mut self.query.sort;
        sort.descending = sort.column == column && !sort.descending;
        sort.column = column;
        let keeps = self.typed.trim().is_empty();
        if keeps {
            self.preferred = self.query.sort;
        }
        self.forget();
        keeps
    }

    /// The rows may be others now.
    pub fn forget(&mut self) {
        self.asked.clear();
        self.stale = true;
    }

    pub fn show(&mut self, first: u32, count: u32) {
        self.first = first;
        self.count = count;
    }

    /// Asks for every window on the screen, and the ones beside it, that is not here.
    pub fn fetch(&mut self, mut ticket: impl FnMut() -> Ticket, effects: &mut Vec<Effect>) {
        if !matches!(self.library, LibraryState::Open { .. }) {
            return;
        }
        // Before the total is known, only the window that the screen begins in can be there.
        let wanted: Vec<u32> = match self.total.filter(|_| !self.stale) {
            None => vec![self.first / WINDOW],
            Some(total) => {
                let on_screen =
                    self.first / WINDOW..=self.first.saturating_add(self.count) / WINDOW;
                let beside = [
                    on_screen.end().saturating_add(1),
                    on_screen.start().saturating_sub(1),
                ];
                on_screen
                    .chain(beside)
                    .filter(|window| window.saturating_mul(WINDOW) < total)
                    .collect()
            }
        };
        for window in wanted {
            let here = !self.stale && self.windows.contains_key(&window);
            if here || self.asked.values().any(|&asked| asked == window) {
                continue;
            }
            let ticket = ticket();
            self.asked.insert(ticket, window);
            effects.push(Effect::Library(
                ticket,
                Request::Find(find::Request::Hits {
                    query: self.query.clone(),
                    offset: window * WINDOW,
                    count: WINDOW,
                }),
            ));
        }
    }

    /// Takes an answer; false where nobody waits for it any more.
    pub fn take(&mut self, ticket: Ticket, answer: Answer) -> bool {
        let Some(window) = self.asked.remove(&ticket) else {
            return false;
        };
        if self.stale {
            self.windows.clear();
            self.stale = false;
        }
        self.total = Some(answer.total);
        self.is_tolerant = answer.is_tolerant;
        self.hints = answer.hints;
        let hits = answer.hits.into_iter();
        let hits = hits.map(|hit| (Arc::new(hit.row), Arc::new(hit.places)));
        self.windows.insert(window, hits.collect());
        let middle = self.first / WINDOW;
        while self.windows.len() > MOST_WINDOWS {
            let farthest = self
                .windows
                .keys()
                .copied()
                .max_by_key(|at| at.abs_diff(middle));
            farthest.and_then(|at| self.windows.remove(&at));
        }
        true
    }

    /// A request failed; true where it was for rows.
    pub fn failed(&mut self, ticket: Ticket) -> bool {
        self.asked.remove(&ticket).is_some()
    }
}
