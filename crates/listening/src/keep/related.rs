//! What is like the tune whose page is shown: its composer's others, and other versions of it.

use std::sync::Arc;

use catalog::{Query, Row};
use protocol::library::Request as LibraryRequest;
use sidfile::Md5;

use crate::event::Ticket;
use crate::model::{Asked, Model};

/// Rows asked for, of which those that do not fit are left out.
const ASKED: u32 = 60;
/// Rows shown of each kind.
const MOST: usize = 12;

/// Tunes beside a tune.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Related {
    /// Beside which.
    pub of: Option<Md5>,
    /// Its composer and title, which are asked for.
    pub author: String,
    /// Its title.
    pub title: String,
    /// By the same composer.
    pub composer: Vec<Row>,
    /// Of the same title.
    pub versions: Vec<Row>,
}

/// A title without what tells versions apart: brackets, and what stands behind them.
fn bare(title: &str) -> String {
    let end = title
        .find(['(', '['])
        .filter(|at| *at > 0)
        .unwrap_or(title.len());
    title[..end].trim().to_lowercase()
}

impl Model {
    pub(crate) fn ask_related(&mut self, of: Md5, author: String, title: String) {
        if self.shelf.view.related.of == Some(of) {
            return;
        }
        let filters = [
            (Asked::SameComposer, author.clone()),
            (Asked::SameTitle, bare(&title)),
        ];
        for (asked, filter) in filters {
            // Question marks and the like stand for nobody.
            if filter
                .chars()
                .filter(|letter| letter.is_alphanumeric())
                .count()
                > 2
            {
                let query = Query {
                    filter,
                    ..Query::default()
                };
                let (offset, count) = (0, ASKED);
                self.ask(
                    asked,
                    LibraryRequest::Rows {
                        query,
                        offset,
                        count,
                    },
                );
            }
        }
        self.shelf.view.related = Arc::new(Related {
            of: Some(of),
            author,
            title,
            ..Related::default()
        });
    }

    /// Takes rows that were asked for here; false where they are for something else.
    pub(crate) fn related_rows(&mut self, ticket: Ticket, rows: &[Row]) -> bool {
        let asked = self
            .asked
            .iter()
            .find(|(of, _)| *of == ticket)
            .map(|(_, asked)| *asked);
        let related = Arc::make_mut(&mut self.shelf.view.related);
        let of = related.of;
        let others = rows.iter().filter(|row| Some(row.md5) != of);
        match asked {
            Some(Asked::SameComposer) => {
                let same = others.filter(|row| row.author == related.author);
                related.composer = same.take(MOST).cloned().collect();
            }
            Some(Asked::SameTitle) => {
                let title = bare(&related.title);
                let same = others.filter(|row| bare(&row.title) == title);
                related.versions = same.take(MOST).cloned().collect();
            }
            _ => return false,
        }
        self.asked.retain(|(of, _)| *of != ticket);
        true
    }
}
