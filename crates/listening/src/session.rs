//! A session of listening: what is left when the page is closed, and taken up when it is opened.
//!
//! Queue, order and way are kept in one blob of the library's, the tunes that were left unfinished
//! in another; each is a byte with its version and postcard. One that cannot be read is dropped
//! with a notice, and costs nothing else.

use std::sync::Arc;

use catalog::{Column, Origin, Query, Remote, Row, Sort};
use protocol::keep::Deed;
use protocol::library::Request as LibraryRequest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sidfile::{ChipModel, Clock, Format, Md5, TuneId};

use crate::course::{Anchor, Context, Deal, Stop};
use crate::feedback::is_whole;
use crate::hint::HintView;
use crate::language::t;
use crate::list::LibraryState;
use crate::model::{Asked, Model};
use crate::pick::Picks;
use crate::queue::{MOST_QUEUED, Queued, Tune};
use crate::sleep::{CountdownView, SleepView};
use crate::sources::PICKS;
use crate::view::{NoticeKind, State};

/// Name of the blob with queue, order and way.
pub(crate) const SESSION: &str = "session";
/// Name of the blob with what was left unfinished.
pub(crate) const UNFINISHED: &str = "unfinished";
/// Version of both.
const VERSION: u8 = 1;
/// Tunes of a list somebody made that are kept.
const MOST_LISTED: usize = 2_000;
/// Unfinished tunes that are kept.
const MOST_UNFINISHED: usize = 30;

/// What plays after the tune, and what else goes with playing on.
#[derive(Debug, Clone, PartialEq)]
pub struct OnwardView {
    /// The queue.
    pub items: Arc<Vec<Queued>>,
    /// What comes next, whether from the queue or not.
    pub next: Option<HintView>,
    /// The list plays in any order.
    pub shuffle: bool,
    /// Name of the list that is walked; none where it is what the library shows.
    pub list_name: Option<String>,
    /// What the list is filtered by, where it is the library.
    pub filter: String,
    /// Sleep timer.
    pub sleep: SleepView,
    /// The next tune starts soon.
    pub countdown: Option<CountdownView>,
    /// What was left unfinished, the last first; not the tune that plays.
    pub left: Arc<Vec<LeftView>>,
}

/// A tune that was left unfinished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftView {
    /// Which.
    pub tune: TuneId,
    /// Title.
    pub title: String,
    /// Composer.
    pub author: String,
    /// Where it was left.
    pub position_millis: u32,
    /// Its length.
    pub length_millis: u32,
}

#[derive(Serialize, Deserialize)]
struct KeptTune {
    md5: Md5,
    song: u16,
    title: String,
    author: String,
    released: String,
    year: Option<u16>,
    models: Vec<ChipModel>,
    clock: Clock,
    format: Format,
    songs: u16,
    start_song: u16,
    length_millis: Option<u32>,
    needs_basic: bool,
    origin: Origin,
    remote: Option<Remote>,
}

impl From<&Tune> for KeptTune {
    fn from(tune: &Tune) -> Self {
        let row = tune.row.as_ref().clone();
        Self {
            md5: row.md5,
            song: tune.song,
            title: row.title,
            author: row.author,
            released: row.released,
            year: row.year,
            models: row.models,
            clock: row.clock,
            format: row.format,
            songs: row.songs,
            start_song: row.start_song,
            length_millis: row.length_millis,
            needs_basic: row.needs_basic,
            origin: row.origin,
            remote: row.remote,
        }
    }
}

impl From<KeptTune> for Tune {
    fn from(kept: KeptTune) -> Self {
        let row = Row {
            md5: kept.md5,
            title: kept.title,
            author: kept.author,
            released: kept.released,
            year: kept.year,
            models: kept.models,
            clock: kept.clock,
            format: kept.format,
            songs: kept.songs,
            start_song: kept.start_song,
            length_millis: kept.length_millis,
            needs_basic: kept.needs_basic,
            origin: kept.origin,
            remote: kept.remote,
        };
        Self {
            song: kept.song.clamp(1, row.songs.max(1)),
            row: Arc::new(row),
        }
    }
}

#[derive(Serialize, Deserialize)]
enum KeptContext {
    Query {
        filter: String,
        column: Column,
        descending: bool,
    },
    List {
        name: String,
        tunes: Vec<KeptTune>,
    },
}

#[derive(Serialize, Deserialize)]
enum KeptAnchor {
    File(Md5),
    Place(u32),
}

#[derive(Serialize, Deserialize)]
struct KeptStop {
    tune: KeptTune,
    anchor: Option<KeptAnchor>,
}

#[derive(Serialize, Deserialize)]
struct KeptDeal {
    seed: u64,
    turn: u32,
    total: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct KeptSession {
    context: KeptContext,
    anchor: Option<KeptAnchor>,
    queue: Vec<KeptTune>,
    past: Vec<KeptStop>,
    future: Vec<KeptStop>,
    deal: Option<KeptDeal>,
}

fn kept_anchor(anchor: Anchor) -> KeptAnchor {
    match anchor {
        Anchor::File(md5) => KeptAnchor::File(md5),
        Anchor::Place(at) => KeptAnchor::Place(u32::try_from(at).unwrap_or(u32::MAX)),
    }
}

fn anchor_of(kept: KeptAnchor) -> Anchor {
    match kept {
        KeptAnchor::File(md5) => Anchor::File(md5),
        KeptAnchor::Place(at) => Anchor::Place(usize::try_from(at).unwrap_or(usize::MAX)),
    }
}

fn kept_stops(stops: &[Stop]) -> Vec<KeptStop> {
    let kept = |stop: &Stop| KeptStop {
        tune: KeptTune::from(&stop.tune),
        anchor: stop.anchor.map(kept_anchor),
    };
    stops.iter().map(kept).collect()
}

fn stops_of(kept: Vec<KeptStop>) -> Vec<Stop> {
    let stop = |stop: KeptStop| Stop {
        tune: stop.tune.into(),
        anchor: stop.anchor.map(anchor_of),
    };
    kept.into_iter().map(stop).collect()
}

/// A version and what is kept.
pub(crate) fn pack<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(postcard::to_allocvec(value).expect("plain data always encodes"));
    bytes
}

/// What [`pack`] made; `None` where it is something else.
pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match bytes.split_first()? {
        (&VERSION, rest) => postcard::from_bytes(rest).ok(),
        _ => None,
    }
}

/// Whether the bytes of a blob can be read; for the fuzzer, which may not crash it.
#[must_use]
pub fn reads(bytes: &[u8]) -> bool {
    let is_session = unpack::<KeptSession>(bytes).is_some();
    let are_picks = unpack::<Picks>(bytes).is_some();
    unpack::<Vec<LeftView>>(bytes).is_some() || is_session || are_picks
}

/// What was left unfinished.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    left: Arc<Vec<LeftView>>,
    saved: Arc<Vec<LeftView>>,
}

impl Model {
    /// What plays after the tune.
    #[must_use]
    pub fn onward(&self) -> OnwardView {
        let course = &self.course;
        let (list_name, filter) = match &course.context {
            Context::List { name, .. } => (Some(name.clone()), String::new()),
            Context::Query(query) => (None, query.filter.clone()),
        };
        OnwardView {
            items: course.queue.items().clone(),
            next: self.hint_view(),
            shuffle: course.deal.is_some(),
            list_name,
            filter,
            sleep: self.sleep_view(),
            countdown: self.countdown_view(),
            left: self.unfinished_but_current(),
        }
    }

    fn unfinished_but_current(&self) -> Arc<Vec<LeftView>> {
        let current = self.player.current.as_ref().map(|current| current.id);
        let left = &self.unfinished.left;
        if left.iter().any(|left| Some(left.tune) == current) {
            let others = left.iter().filter(|left| Some(left.tune) != current);
            Arc::new(others.cloned().collect())
        } else {
            left.clone()
        }
    }

    /// Asks for what was kept of the last session.
    pub(crate) fn take_up_session(&mut self) {
        if std::mem::replace(&mut self.session_asked, true) {
            return;
        }
        for name in [SESSION, UNFINISHED, PICKS] {
            let request = LibraryRequest::GetBlob { name: name.into() };
            self.ask(Asked::Blob(name), request);
        }
    }

    pub(crate) fn blob_is_here(&mut self, name: &str, bytes: Option<Vec<u8>>) {
        let Some(bytes) = bytes else { return };
        let understood = match name {
            SESSION => unpack(&bytes).map(|kept| self.restore_course(kept)),
            UNFINISHED => unpack(&bytes).map(|kept: Vec<LeftView>| {
                let mut left = Vec::clone(&self.unfinished.left);
                left.extend(kept);
                left.truncate(MOST_UNFINISHED);
                self.unfinished.left = Arc::new(left);
                self.unfinished.saved = self.unfinished.left.clone();
            }),
            PICKS => self.picks_are_here(&bytes),
            _ => Some(()),
        };
        if understood.is_none() {
            let text = match name {
                SESSION => t("The queue of your last visit could not be read and was dropped."),
                PICKS => t("What was picked for your tunes could not be read and was dropped."),
                _ => t("The list of unfinished tunes could not be read and was dropped."),
            };
            self.notify(NoticeKind::Note, text);
        }
    }

    fn restore_course(&mut self, kept: KeptSession) {
        let course = &mut self.course;
        let queued = course.queue.items().iter().map(|item| item.tune.clone());
        // What the listener queued before this was here comes after it.
        let queued: Vec<Tune> = queued.collect();
        course.queue.clear();
        let old = kept.queue.into_iter().map(Tune::from).take(MOST_QUEUED);
        course.queue.insert(0, old.chain(queued));
        if self.player.state != State::Ready && self.player.current.is_some() {
            // The listener plays something already: where the list stood does not matter any more.
            return;
        }
        let context = match kept.context {
            KeptContext::Query {
                filter,
                column,
                descending,
            } => Context::Query(Query {
                filter,
                sort: Sort { column, descending },
            }),
            KeptContext::List { name, tunes } => Context::List {
                name,
                tunes: Arc::new(tunes.into_iter().map(Tune::from).collect()),
            },
        };
        course.set_context(context, kept.anchor.map(anchor_of));
        course.past = stops_of(kept.past);
        course.future = stops_of(kept.future);
        let deal = kept.deal;
        course.deal = deal.map(|deal| Deal::at(deal.seed, deal.turn, deal.total));
        let heard = course.past.iter().map(|stop| stop.tune.clone());
        let mut heard: Vec<Tune> = heard.collect();
        heard.extend(self.current_tune());
        if let Some(deal) = &mut self.course.deal {
            heard.iter().for_each(|tune| deal.hear(tune));
        }
    }

    fn kept_session(&self) -> KeptSession {
        let course = &self.course;
        let kept = |tunes: &[Tune]| tunes.iter().take(MOST_LISTED).map(KeptTune::from).collect();
        KeptSession {
            context: match &course.context {
                Context::Query(query) => KeptContext::Query {
                    filter: query.filter.clone(),
                    column: query.sort.column,
                    descending: query.sort.descending,
                },
                Context::List { name, tunes } => KeptContext::List {
                    name: name.clone(),
                    tunes: kept(tunes),
                },
            },
            anchor: course.anchor.map(kept_anchor),
            queue: course
                .queue
                .items()
                .iter()
                .map(|item| KeptTune::from(&item.tune))
                .collect(),
            past: kept_stops(&course.past),
            future: kept_stops(&course.future),
            deal: course.deal.as_ref().map(|deal| KeptDeal {
                seed: deal.seed,
                turn: deal.turn,
                total: deal.total,
            }),
        }
    }

    /// Keeps what has changed of the session.
    pub(crate) fn keep_session(&mut self) {
        if !matches!(self.list.library, LibraryState::Open { .. }) {
            return;
        }
        if std::mem::take(&mut self.course_changed) {
            let bytes = pack(&self.kept_session());
            self.keep_blob(SESSION, bytes);
        }
        if !Arc::ptr_eq(&self.unfinished.left, &self.unfinished.saved) {
            self.unfinished.saved = self.unfinished.left.clone();
            let bytes = pack(&*self.unfinished.left);
            self.keep_blob(UNFINISHED, bytes);
        }
    }

    pub(crate) fn keep_blob(&mut self, name: &'static str, bytes: Vec<u8>) {
        if bytes.len() > protocol::library::MAX_BLOB {
            return;
        }
        let request = LibraryRequest::PutBlob {
            name: name.into(),
            bytes: Some(bytes),
        };
        self.ask(Asked::Kept(name), request);
    }

    /// Notes where the current song stands, while it plays.
    pub(crate) fn note_place(&mut self) {
        if self.player.is_begun {
            self.note_left(Deed::LateSkip);
        }
    }

    /// Notes how the current song was left. What was hardly begun, or skipped at once, is not
    /// unfinished business.
    pub(crate) fn note_left(&mut self, kind: Deed) {
        let Some(current) = &self.player.current else {
            return;
        };
        let (position, length) = (self.player.position_millis, current.length());
        let is_begun = u64::from(position) * 100 >= u64::from(length);
        let stays = kind == Deed::LateSkip && is_begun && !is_whole(position, length);
        let mut left = Vec::clone(&self.unfinished.left);
        left.retain(|left| left.tune != current.id);
        if stays {
            let entry = LeftView {
                tune: current.id,
                title: current.row.title.clone(),
                author: current.row.author.clone(),
                position_millis: position,
                length_millis: length,
            };
            left.insert(0, entry);
            left.truncate(MOST_UNFINISHED);
        }
        if left != *self.unfinished.left {
            self.unfinished.left = Arc::new(left);
        }
    }

    pub(crate) fn dismiss_left(&mut self, tune: TuneId) {
        let mut left = Vec::clone(&self.unfinished.left);
        left.retain(|left| left.tune != tune);
        self.unfinished.left = Arc::new(left);
    }

    /// Plays an unfinished tune from where it was left.
    pub(crate) fn continue_left(&mut self, tune: TuneId) {
        let left = self.unfinished.left.iter().find(|left| left.tune == tune);
        let Some(position) = left.map(|left| left.position_millis) else {
            return;
        };
        self.unlock();
        self.player.automatic = false;
        self.player.failures = 0;
        self.ask(
            Asked::EntryToContinue(tune, position),
            LibraryRequest::Entry { md5: tune.md5 },
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut versioned = vec![VERSION];
            versioned.extend(&bytes);
            let _ = (reads(&bytes), reads(&versioned));
        }
    }
}
