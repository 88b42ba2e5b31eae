//! Finding one's way through the library: what the tunes that were found have in common, shelves,
//! and the palette.

use std::sync::Arc;

use catalog::{Group, Hit, Shelf};
use protocol::find::{Event as Said, News, Request};
use protocol::library::Request as LibraryRequest;

use crate::event::{Effect, Ticket};
use crate::language::{tf, tn};
use crate::list::{Answer, LibraryState};
use crate::model::Model;
use crate::pins::{PinIntent, PinView};
use crate::view::NoticeKind;

/// Tunes that the palette shows.
const MOST_SUGGESTED: u32 = 8;

/// Something that the listener wants to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrowseIntent {
    /// Facets beside the list, or none.
    ShowFacets(bool),
    /// The list is of a page that is about these clauses of a query; of everything where there are
    /// none.
    Scope(String),
    /// A shelf is shown, or none.
    Show(Option<ShelfWish>),
    /// What is typed in the palette, or that it is closed.
    Suggest(Option<String>),
    /// Something of a whole lot of tunes.
    Pin(PinIntent),
}

/// A shelf, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfWish {
    /// Which.
    pub shelf: Shelf,
    /// Folder whose folders are listed.
    pub under: String,
    /// Words to filter by.
    pub words: String,
    /// The largest groups first.
    pub largest_first: bool,
}

/// What the palette found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SuggestionsView {
    /// For what it was found.
    pub text: String,
    /// Composers.
    pub composers: Vec<Group>,
    /// Tunes.
    pub hits: Vec<Hit>,
    /// Tunes in all.
    pub total: u32,
}

/// What tunes have in common, shelf by shelf.
pub type Facets = Arc<[(Shelf, Vec<Group>)]>;

/// What is shown for finding one's way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BrowseView {
    /// Facets are shown.
    pub has_facets: bool,
    /// Facets, those of an earlier query until the new ones are here.
    pub facets: Option<Facets>,
    /// Groups of the shelf that is shown, where known.
    pub groups: Option<Arc<[Group]>>,
    /// What the palette found.
    pub suggestions: Option<Arc<SuggestionsView>>,
    /// A lot of tunes that may be kept on this device.
    pub pin: Option<PinView>,
}

#[derive(Debug, Default)]
pub(crate) struct Browse {
    pub view: BrowseView,
    shelf: Option<ShelfWish>,
    facets: Option<Ticket>,
    groups: Option<Ticket>,
    suggestions: Option<(Ticket, String)>,
    /// The lot that is weighed, and what it is called.
    pub weighing: Option<(Ticket, String)>,
}

impl Model {
    /// What is shown for finding one's way.
    #[must_use]
    pub fn browse_view(&self) -> BrowseView {
        self.browse.view.clone()
    }

    pub(crate) fn browse(&mut self, intent: BrowseIntent) {
        match intent {
            BrowseIntent::ShowFacets(shown) => {
                self.browse.view.has_facets = shown;
                self.ask_for_facets();
            }
            BrowseIntent::Scope(scope) => {
                if self.list.scope(scope) {
                    self.narrowed();
                }
            }
            BrowseIntent::Show(wish) => {
                if self.browse.shelf != wish {
                    let stays = matches!(
                        (&self.browse.shelf, &wish),
                        (Some(before), Some(now))
                            if (before.shelf, &before.under) == (now.shelf, &now.under)
                    );
                    if !stays {
                        self.browse.view.groups = None;
                    }
                    self.browse.shelf = wish;
                    self.ask_for_groups();
                }
            }
            BrowseIntent::Suggest(None) => {
                self.browse.suggestions = None;
                self.browse.view.suggestions = None;
            }
            BrowseIntent::Suggest(Some(text)) => {
                let count = MOST_SUGGESTED;
                let ticket = self.find(Request::Suggest {
                    text: text.clone(),
                    count,
                });
                self.browse.suggestions = Some((ticket, text));
            }
            BrowseIntent::Pin(intent) => self.pin_lot(intent),
        }
    }

    /// The list is of another query.
    pub(crate) fn narrowed(&mut self) {
        self.list.show(0, 40);
        self.fetch_rows();
        self.ask_for_facets();
    }

    /// The library holds other tunes than before.
    pub(crate) fn browse_again(&mut self) {
        self.ask_for_facets();
        self.ask_for_groups();
    }

    fn ask_for_facets(&mut self) {
        let is_open = matches!(self.list.library, LibraryState::Open { .. });
        self.browse.facets = (self.browse.view.has_facets && is_open).then(|| {
            let query = self.list.query.clone();
            self.find(Request::Facets { query })
        });
    }

    fn ask_for_groups(&mut self) {
        self.browse.groups = self.browse.shelf.clone().map(|wish| {
            self.find(Request::Shelf {
                shelf: wish.shelf,
                under: wish.under,
                words: wish.words,
                largest_first: wish.largest_first,
            })
        });
    }

    pub(crate) fn find(&mut self, request: Request) -> Ticket {
        let ticket = self.ticket();
        let request = LibraryRequest::Find(request);
        self.effects.push(Effect::Library(ticket, request));
        ticket
    }

    pub(crate) fn found(&mut self, ticket: Ticket, said: Said) {
        match said {
            Said::Hits {
                total,
                hits,
                is_tolerant,
                hints,
                ..
            } => {
                let answer = Answer {
                    total,
                    hits,
                    is_tolerant,
                    hints,
                };
                // An answer for a query that is not shown any more is passed over.
                if self.list.take(ticket, answer) {
                    self.fetch_rows();
                }
            }
            Said::Facets { facets } => {
                if self.browse.facets == Some(ticket) {
                    self.browse.view.facets = Some(facets.into());
                }
            }
            Said::Shelf { groups } => {
                if self.browse.groups == Some(ticket) {
                    self.browse.view.groups = Some(groups.into());
                }
            }
            Said::Suggestions {
                composers,
                hits,
                total,
            } => {
                if let Some((_, text)) = self
                    .browse
                    .suggestions
                    .take_if(|(asked, _)| *asked == ticket)
                {
                    self.browse.view.suggestions = Some(Arc::new(SuggestionsView {
                        text,
                        composers,
                        hits,
                        total,
                    }));
                }
            }
            Said::News(news) => self.tell_news(&news),
            Said::Weighed { files, bytes, own } => self.weighed(ticket, files, bytes, own),
        }
    }

    fn tell_news(&mut self, news: &News) {
        let new = u64::from(news.added) + u64::from(news.changed);
        if new == 0 {
            return;
        }
        let tunes = tn(new, "{0} new or better tune", "{0} new or better tunes");
        let text = tf(
            "{0}: {1}. Browse has them under What is new.",
            &[&news.collection, &tunes],
        );
        self.notify(NoticeKind::Good, text);
    }
}
