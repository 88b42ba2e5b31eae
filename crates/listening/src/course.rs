//! Where playing goes: the list that is walked, in its order or in any, the queue before it, and
//! what was heard on the way.

use std::collections::BTreeSet;
use std::sync::Arc;

use catalog::{Query, Row};
use protocol::library::Request as LibraryRequest;
use sidfile::{Md5, TuneId};

use crate::event::{Effect, Ticket};
use crate::model::{Asked, Model, Walk};
use crate::preferences::{Repeat, Songs};
use crate::queue::{Queue, Tune};
use crate::shuffle;

/// Tunes that previous and next remember.
const MOST_STOPS: usize = 100;

/// The list that next and previous walk.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Context {
    /// What a query selects of the library.
    Query(Query),
    /// A list that somebody made.
    List { name: String, tunes: Arc<Vec<Tune>> },
}

/// A place in the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    File(Md5),
    Place(usize),
}

/// Which of the list comes before and after the anchor.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    pub ticket: Option<Ticket>,
    pub known: bool,
    pub previous: Option<Row>,
    pub next: Option<Row>,
}

/// The context in any order.
#[derive(Debug, Default)]
pub(crate) struct Deal {
    pub seed: u64,
    /// Tunes of the context, once it is known.
    pub total: Option<u32>,
    pub turn: u32,
    /// What was heard in this round; it does not come again.
    pub heard: BTreeSet<TuneId>,
    drawn: Option<(Tune, Anchor)>,
}

impl Deal {
    /// Where an earlier visit stood.
    pub fn at(seed: u64, turn: u32, total: Option<u32>) -> Self {
        Self {
            seed,
            turn,
            total,
            ..Self::default()
        }
    }

    fn new(seed: u64, current: Option<&Tune>) -> Self {
        let mut deal = Self {
            seed,
            ..Self::default()
        };
        if let Some(tune) = current {
            deal.hear(tune);
        }
        deal
    }

    pub fn hear(&mut self, tune: &Tune) {
        self.heard.insert(tune.id());
        // The library's own rows stand for a file's default song.
        self.heard.insert(Tune::of(tune.row.clone()).id());
        if self.drawn.as_ref().is_some_and(|(drawn, _)| drawn == tune) {
            self.drawn = None;
        }
    }

    fn place(&self) -> Option<u32> {
        let total = self.total.filter(|&total| self.turn < total)?;
        Some(shuffle::place(self.seed, total, self.turn))
    }

    fn is_over(&self) -> bool {
        self.total.is_some_and(|total| self.turn >= total)
    }

    /// Takes what stands at the place of this turn, unless it was heard.
    fn draw(&mut self, tune: Tune, anchor: Anchor) {
        self.turn += 1;
        if !self.heard.contains(&tune.id()) {
            self.drawn = Some((tune, anchor));
        }
    }

    /// All of it again, in another order.
    fn again(&mut self, current: Option<&Tune>) {
        let total = self.total;
        *self = Self::new(shuffle::mix(self.seed), current);
        self.total = total;
    }
}

/// A tune that was heard, and where the list stood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stop {
    pub tune: Tune,
    pub anchor: Option<Anchor>,
}

/// Why a tune comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// It is repeated.
    Again,
    /// It is the next song of the file.
    Song,
    /// It was gone back from.
    Future,
    /// It waits in the queue.
    Queue(u32),
    /// The list goes on.
    List(Anchor),
    /// The list goes back.
    ListBack(Anchor),
    /// It was heard before.
    Past,
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Following {
    Tune(Tune, By),
    /// The library is being asked.
    Wait,
    /// Nothing.
    End,
}

#[derive(Debug)]
pub(crate) struct Course {
    pub context: Context,
    /// Where in the context playing stands: what was last played of it.
    pub anchor: Option<Anchor>,
    pub neighbours: Neighbours,
    /// First row of the context; within it `None` where it is empty.
    wrapped: Option<Option<Row>>,
    pub queue: Queue,
    pub past: Vec<Stop>,
    pub future: Vec<Stop>,
    /// The list plays in any order.
    pub deal: Option<Deal>,
    /// Where the next order comes from.
    pub seed: u64,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            context: Context::Query(Query::default()),
            anchor: None,
            neighbours: Neighbours::default(),
            wrapped: None,
            queue: Queue::default(),
            past: Vec::new(),
            future: Vec::new(),
            deal: None,
            seed: 1,
        }
    }
}

impl Course {
    /// Walks another list from now on.
    pub fn set_context(&mut self, context: Context, anchor: Option<Anchor>) {
        if self.context != context {
            self.context = context;
            self.forget_rows();
            if self.deal.is_some() {
                self.shuffle(true, None);
            }
        }
        self.set_anchor(anchor);
    }

    pub fn set_anchor(&mut self, anchor: Option<Anchor>) {
        if self.anchor != anchor {
            self.anchor = anchor;
            self.neighbours = Neighbours::default();
        }
    }

    /// The library holds other tunes, or in another order.
    pub fn forget_rows(&mut self) {
        self.neighbours = Neighbours::default();
        self.wrapped = None;
        if let Some(deal) = &mut self.deal {
            deal.total = None;
            deal.turn = 0;
            deal.drawn = None;
        }
    }

    /// In any order, or in its own.
    pub fn shuffle(&mut self, on: bool, current: Option<&Tune>) {
        self.seed = shuffle::mix(self.seed);
        self.deal = on.then(|| Deal::new(self.seed, current));
        self.neighbours = Neighbours::default();
    }

    /// A file is gone.
    pub fn remove(&mut self, md5: Md5) {
        self.queue.retain(|tune| tune.row.md5 != md5);
        self.past.retain(|stop| stop.tune.row.md5 != md5);
        self.future.retain(|stop| stop.tune.row.md5 != md5);
    }
}

fn push(stops: &mut Vec<Stop>, stop: Option<Stop>) {
    stops.extend(stop);
    let surplus = stops.len().saturating_sub(MOST_STOPS);
    stops.drain(..surplus);
}

impl Model {
    pub(crate) fn current_tune(&self) -> Option<Tune> {
        self.player.current.as_ref().map(|current| Tune {
            row: current.row.clone(),
            song: current.id.song,
        })
    }

    fn stop_here(&self) -> Option<Stop> {
        let tune = self.current_tune()?;
        let anchor = self.course.anchor;
        Some(Stop { tune, anchor })
    }

    /// The listener chooses another tune: what played can be gone back to.
    pub(crate) fn leave_current(&mut self) {
        let stop = self.stop_here();
        push(&mut self.course.past, stop);
        self.course.future.clear();
    }

    /// What plays when the current song is over.
    pub(crate) fn after_end(&mut self) -> Following {
        let (Some(tune), Some(current)) = (self.current_tune(), &self.player.current) else {
            return Following::End;
        };
        if self.preferences.repeat == Repeat::One {
            return Following::Tune(tune, By::Again);
        }
        if self.preferences.songs == Songs::All && tune.song < current.songs() {
            let song = tune.song + 1;
            return Following::Tune(Tune { song, ..tune }, By::Song);
        }
        self.following()
    }

    /// What the listener gets for next.
    pub(crate) fn following(&mut self) -> Following {
        let course = &self.course;
        if let Some(stop) = course.future.last() {
            return Following::Tune(stop.tune.clone(), By::Future);
        }
        if let Some(item) = course.queue.first() {
            return Following::Tune(item.tune.clone(), By::Queue(item.key));
        }
        match (&course.context, &course.deal) {
            (_, Some(_)) => self.drawn(),
            (Context::List { tunes, .. }, None) => {
                let next = match course.anchor {
                    Some(Anchor::Place(at)) => at + 1,
                    _ => 0,
                };
                let wraps = self.preferences.repeat == Repeat::All && next >= tunes.len();
                let next = if wraps { 0 } else { next };
                match tunes.get(next) {
                    Some(tune) => Following::Tune(tune.clone(), By::List(Anchor::Place(next))),
                    None => Following::End,
                }
            }
            (Context::Query(_), None) => self.next_row(),
        }
    }

    /// What the listener gets for previous.
    pub(crate) fn before(&mut self) -> Following {
        let course = &self.course;
        if let Some(stop) = course.past.last() {
            return Following::Tune(stop.tune.clone(), By::Past);
        }
        match (&course.context, course.anchor) {
            _ if course.deal.is_some() => Following::End,
            (Context::List { tunes, .. }, Some(Anchor::Place(at))) => {
                match at.checked_sub(1).and_then(|at| Some((at, tunes.get(at)?))) {
                    Some((at, tune)) => {
                        Following::Tune(tune.clone(), By::ListBack(Anchor::Place(at)))
                    }
                    None => Following::End,
                }
            }
            (Context::Query(_), Some(_)) if !course.neighbours.known => {
                self.ask_neighbours();
                Following::Wait
            }
            (Context::Query(_), Some(_)) => {
                of_row(course.neighbours.previous.clone(), By::ListBack)
            }
            _ => Following::End,
        }
    }

    fn next_row(&mut self) -> Following {
        if self.course.anchor.is_some() {
            if !self.course.neighbours.known {
                self.ask_neighbours();
                return Following::Wait;
            }
            let next = self.course.neighbours.next.clone();
            if next.is_some() || self.preferences.repeat != Repeat::All {
                return of_row(next, By::List);
            }
        }
        match self.course.wrapped.clone() {
            Some(row) => of_row(row, By::List),
            None => {
                self.ask_rows(Asked::Wrap, 0);
                Following::Wait
            }
        }
    }

    fn drawn(&mut self) -> Following {
        let current = self.current_tune();
        let repeats = self.preferences.repeat == Repeat::All;
        let Some(deal) = &mut self.course.deal else {
            return Following::End;
        };
        if let Context::List { tunes, .. } = &self.course.context {
            let total = u32::try_from(tunes.len()).unwrap_or(u32::MAX);
            if deal.total != Some(total) {
                (deal.total, deal.turn) = (Some(total), 0);
            }
            // Twice: a round may be over with this turn.
            for _ in 0..2 {
                while deal.drawn.is_none()
                    && let Some(place) = deal.place()
                {
                    let place = place as usize;
                    deal.draw(tunes[place].clone(), Anchor::Place(place));
                }
                if deal.drawn.is_none() && repeats && total > 1 {
                    deal.again(current.as_ref());
                }
            }
        }
        if let Some((tune, anchor)) = &deal.drawn {
            return Following::Tune(tune.clone(), By::List(*anchor));
        }
        if deal.is_over() {
            if !repeats || deal.total.is_none_or(|total| total < 2) {
                return Following::End;
            }
            deal.again(current.as_ref());
        }
        let place = deal.place().unwrap_or(0);
        self.ask_rows(Asked::Draw, place);
        Following::Wait
    }

    /// The row of a turn is here, or where there are `total` rows now, another one is asked for.
    pub(crate) fn row_is_drawn(&mut self, total: u32, row: Option<Row>) {
        if let Some(deal) = &mut self.course.deal {
            let is_known = deal.total == Some(total);
            if !is_known {
                (deal.total, deal.turn) = (Some(total), 0);
            } else if let Some(row) = row {
                let anchor = Anchor::File(row.md5);
                deal.draw(Tune::of(Arc::new(row)), anchor);
            } else {
                deal.turn += 1;
            }
        }
        self.take_walk();
    }

    pub(crate) fn wrap_is_here(&mut self, row: Option<Row>) {
        self.course.wrapped = Some(row);
        self.take_walk();
    }

    fn ask_rows(&mut self, asked: Asked, offset: u32) {
        if self.asked.iter().any(|(_, other)| *other == asked) {
            return;
        }
        if let Context::Query(query) = &self.course.context {
            let query = query.clone();
            self.ask(
                asked,
                LibraryRequest::Rows {
                    query,
                    offset,
                    count: 1,
                },
            );
        }
    }

    /// Asks for the rows beside the anchor, where they are not known.
    pub(crate) fn ask_neighbours(&mut self) {
        let (Context::Query(query), Some(Anchor::File(md5))) =
            (&self.course.context, self.course.anchor)
        else {
            return;
        };
        if self.course.neighbours.known || self.course.neighbours.ticket.is_some() {
            return;
        }
        let query = query.clone();
        let ticket = self.ticket();
        self.course.neighbours.ticket = Some(ticket);
        let request = LibraryRequest::Neighbours { query, md5 };
        self.effects.push(Effect::Library(ticket, request));
    }

    pub(crate) fn neighbours_are_here(
        &mut self,
        ticket: Ticket,
        previous: Option<Row>,
        next: Option<Row>,
    ) {
        let neighbours = &mut self.course.neighbours;
        if neighbours.ticket != Some(ticket) {
            return;
        }
        *neighbours = Neighbours {
            ticket: None,
            known: true,
            previous,
            next,
        };
        self.take_walk();
    }

    /// The course goes on to `tune`: what it came by is used up, what played is remembered.
    pub(crate) fn go_along(&mut self, tune: &Tune, by: By) {
        let here = self.stop_here();
        let course = &mut self.course;
        match by {
            By::Again => {}
            By::Song => push(&mut course.past, here),
            By::Future => {
                push(&mut course.past, here);
                if let Some(stop) = course.future.pop() {
                    course.set_anchor(stop.anchor);
                }
            }
            By::Queue(key) => {
                push(&mut course.past, here);
                course.queue.remove(key);
            }
            By::List(anchor) => {
                push(&mut course.past, here);
                course.set_anchor(Some(anchor));
            }
            By::ListBack(anchor) => {
                push(&mut course.future, here);
                course.set_anchor(Some(anchor));
            }
            By::Past => {
                push(&mut course.future, here);
                if let Some(stop) = course.past.pop() {
                    course.set_anchor(stop.anchor);
                }
            }
        }
        if let Some(deal) = &mut course.deal {
            deal.hear(tune);
        }
    }

    /// What a walk leads to.
    pub(crate) fn target(&mut self, walk: Walk) -> Following {
        match walk {
            Walk::Next | Walk::Over => self.following(),
            Walk::Previous => self.before(),
            Walk::Onward => self.after_end(),
        }
    }
}

fn of_row(row: Option<Row>, by: impl Fn(Anchor) -> By) -> Following {
    match row {
        Some(row) => {
            let anchor = Anchor::File(row.md5);
            Following::Tune(Tune::of(Arc::new(row)), by(anchor))
        }
        None => Following::End,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use catalog::Origin;
    use sidfile::{Clock, Format};

    use super::*;

    pub fn tune(title: &str, song: u16) -> Tune {
        let row = Row {
            md5: Md5::of(title.as_bytes()),
            title: title.into(),
            author: String::new(),
            released: String::new(),
            year: None,
            models: Vec::new(),
            clock: Clock::Pal,
            format: Format::Psid,
            songs: u16::MAX,
            start_song: 1,
            length_millis: None,
            needs_basic: false,
            origin: Origin::Imported,
            remote: None,
        };
        Tune {
            row: Arc::new(row),
            song,
        }
    }
}
