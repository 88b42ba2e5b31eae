//! Keeping whole lots of a swarm's tunes on this device: what a query selects, a playlist, a composer.

use std::sync::Arc;

use protocol::find::{Lot, Request};
use protocol::swarm::{FileId, Priority, Request as SwarmRequest};
use sidfile::Md5;

use crate::event::Ticket;
use crate::language::{t, tf, tn};
use crate::model::Model;
use crate::view::NoticeKind;
use crate::words;

/// What the listener wants of a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinIntent {
    /// To know what the list takes that is shown.
    WeighShown,
    /// To know what these tunes take, which have a name together.
    Weigh(String, Vec<Md5>),
    /// To have what was weighed on this device, or not any longer.
    Keep(bool),
    /// Neither.
    Leave,
}

/// A lot that was weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinView {
    /// What it is called; empty for everything.
    pub name: String,
    /// Files of swarms.
    pub files: Arc<[FileId]>,
    /// Bytes of those.
    pub bytes: u64,
    /// Files that are the listener's own.
    pub own: u32,
}

impl PinView {
    /// The lot, in words.
    #[must_use]
    pub fn text(&self) -> String {
        let count = self.files.len() as u64;
        if count == 0 {
            return t("All of these are files of your own: they are on this device.").to_owned();
        }
        let tunes = tn(count, "{0} tune", "{0} tunes");
        let bytes = words::bytes_text(self.bytes);
        let tunes = tf("{0} of the swarm: at most {1}.", &[&tunes, &bytes]);
        if self.own == 0 {
            return tunes;
        }
        let own = tn(
            self.own.into(),
            "{0} more is a file of your own.",
            "{0} more are files of your own.",
        );
        format!("{tunes} {own}")
    }
}

/// Places that follow each other, as ranges: from the first up to the second.
fn runs(files: &[FileId]) -> Vec<(FileId, u32)> {
    let mut runs: Vec<(FileId, u32)> = Vec::new();
    for file in files {
        match runs.last_mut() {
            Some((first, end)) if first.torrent == file.torrent && *end >= file.file => {
                *end = file.file + 1;
            }
            _ => runs.push((*file, file.file + 1)),
        }
    }
    runs
}

impl Model {
    pub(crate) fn pin_lot(&mut self, intent: PinIntent) {
        match intent {
            PinIntent::WeighShown => {
                let query = self.list.query.clone();
                let name = query.filter.trim().to_owned();
                self.weigh(name, Lot::Query(query));
            }
            PinIntent::Weigh(name, md5s) => self.weigh(name, Lot::Files(md5s)),
            PinIntent::Keep(keeps) => {
                if let Some(lot) = self.browse.view.pin.take() {
                    self.keep_lot(&lot, keeps);
                }
            }
            PinIntent::Leave => self.browse.view.pin = None,
        }
    }

    fn weigh(&mut self, name: String, lot: Lot) {
        let ticket = self.find(Request::Weigh(lot));
        self.browse.weighing = Some((ticket, name));
    }

    pub(crate) fn weighed(&mut self, ticket: Ticket, files: Vec<FileId>, bytes: u64, own: u32) {
        let asked = self.browse.weighing.take_if(|(asked, _)| *asked == ticket);
        if let Some((_, name)) = asked {
            self.browse.view.pin = Some(PinView {
                name,
                files: files.into(),
                bytes,
                own,
            });
        }
    }

    fn keep_lot(&mut self, lot: &PinView, keeps: bool) {
        let priority = if keeps {
            Priority::Normal
        } else {
            Priority::None
        };
        for (first, end) in runs(&lot.files) {
            self.ask_swarm(SwarmRequest::Prioritise {
                torrent: first.torrent,
                files: (first.file, end),
                priority,
            });
        }
        let tunes = tn(lot.files.len() as u64, "{0} tune", "{0} tunes");
        let text = match keeps {
            true => tf("{0} will be on this device, and stay.", &[&tunes]),
            false => tf("{0} need not stay on this device any longer.", &[&tunes]),
        };
        self.notify(NoticeKind::Good, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::swarm::InfoHash;

    #[test]
    fn neighbours_are_asked_for_at_once() {
        let file = |torrent: u8, file| FileId {
            torrent: InfoHash([torrent; 20]),
            file,
        };
        let files = [
            file(1, 0),
            file(1, 1),
            file(1, 1),
            file(1, 5),
            file(2, 6),
            file(2, 7),
        ];
        let expected = [(file(1, 0), 2), (file(1, 5), 6), (file(2, 6), 8)];
        assert_eq!(runs(&files), expected);
        assert_eq!(runs(&[]), []);
    }
}
