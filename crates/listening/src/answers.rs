//! What the library answers, and its deaths.

use std::sync::Arc;

use catalog::{Entry, Row};
use protocol::engine;
use protocol::library::{self, Request as LibraryRequest};
use sidfile::Md5;

use crate::event::{Effect, Ticket};
use crate::import::{ImportPhase, ImportView};
use crate::language::{t, tf, tn};
use crate::list::LibraryState;
use crate::model::{Asked, Model};
use crate::queue::Tune;
use crate::trace::Step;
use crate::view::{NoticeKind, PageEntry, State};

/// Deaths of the library in a row after which it is not asked again by itself.
const MOST_LIBRARY_CRASHES: u32 = 3;

impl Model {
    pub(crate) fn library_restarted(&mut self, reason: &str) {
        self.library_answers_no_more(reason);
        self.library_crashes += 1;
        if self.library_crashes >= MOST_LIBRARY_CRASHES {
            self.list.library = LibraryState::Failed(reason.to_owned());
            return;
        }
        self.list.library = LibraryState::Opening;
        // The engine reads files through the library, so it was started again with it.
        if self.player.engine_died().is_some() {
            self.load_again();
        }
        self.keep_ask(protocol::keep::Request::Open);
        self.ask(Asked::Open, LibraryRequest::Open);
        self.ask_about_current();
        self.notify(
            NoticeKind::Bad,
            tf(
                "The library stopped ({0}) and was opened again.",
                &[&reason],
            ),
        );
    }

    pub(crate) fn library_gone(&mut self, reason: &str) {
        self.library_answers_no_more(reason);
        self.library_is_gone = true;
        self.list.library = LibraryState::Failed(reason.to_owned());
        if self.player.state == State::Loading {
            let ticket = self.ticket();
            let text = t("The library could not be opened");
            self.player.fail(text.into(), ticket, &mut self.effects);
        }
        let text = tf("The library could not be opened: {0}", &[&reason]);
        self.effects.push(Effect::Announce(text));
    }

    fn library_answers_no_more(&mut self, reason: &str) {
        if self.import.ticket.take().is_some() {
            let report = self.import.view.report.clone();
            let text = tf("the library stopped: {0}", &[&reason]);
            self.import.finish(report, ImportPhase::Failed(text));
        }
        self.asked.clear();
        self.course.neighbours.ticket = None;
        self.walk = None;
        self.list.forget();
    }

    pub(crate) fn library_says(&mut self, ticket: Ticket, event: library::Event) {
        use library::Event as Said;
        match event {
            Said::Ready | Said::File { .. } => {}
            Said::Imported { files } => {
                if self.answered(ticket) == Some(Asked::TunesToShare) {
                    self.tunes_are_here(files);
                }
            }
            Said::Opened {
                count,
                storage,
                repaired,
            } => {
                self.answered(ticket);
                self.library_crashes = 0;
                self.list.library = LibraryState::Open { count, storage };
                if let Some(repaired) = repaired {
                    self.notify(NoticeKind::Note, repaired);
                }
                self.fetch_rows();
                self.browse_again();
                self.ask_about_page();
                self.take_up_session();
                if let (Some(last), None) = (self.preferences.last, &self.player.current) {
                    let asked = Asked::EntryToRestore(last.tune, last.position_millis);
                    self.ask(asked, LibraryRequest::Entry { md5: last.tune.md5 });
                }
            }
            Said::Rows {
                rows,
                total,
                offset: _,
            } => {
                if self.related_rows(ticket, &rows) {
                    return;
                }
                let first = rows.into_iter().next();
                match self.answered(ticket) {
                    Some(Asked::FirstRow) => self.first_row_is_here(first),
                    Some(Asked::Wrap) => self.wrap_is_here(first),
                    Some(Asked::Draw) => self.row_is_drawn(total, first),
                    // An answer for a list that is not shown any more.
                    _ => {}
                }
            }
            Said::Find(said) => self.found(ticket, said),
            Said::Entry { md5, entry } => {
                let entry = entry.map(|entry| Arc::new(*entry));
                if let Some(asked) = self.answered(ticket) {
                    self.entry_is_here(asked, md5, entry);
                }
            }
            Said::Neighbours { previous, next, .. } => {
                self.neighbours_are_here(ticket, previous, next);
            }
            Said::ImportProgress(report) => {
                if self.import.ticket == Some(ticket) {
                    self.import.progress(report);
                }
            }
            Said::ImportDone {
                report,
                cancelled,
                failed,
            } => {
                if self.import.ticket == Some(ticket) {
                    self.import_is_over(report, cancelled, failed);
                }
            }
            Said::LibraryChanged { count } => {
                if let LibraryState::Open { count: old, .. } = &mut self.list.library {
                    *old = count;
                }
                self.list.forget();
                self.fetch_rows();
                self.ask_list();
                self.ask_about_link();
                self.course.forget_rows();
                self.browse_again();
                self.ask_about_current();
                if let Some(page) = &self.page {
                    let md5 = page.id.md5;
                    self.ask(Asked::PageEntry, LibraryRequest::Entry { md5 });
                }
            }
            Said::Roms { kinds } => self.list.roms = kinds,
            Said::Blob { name, bytes } => {
                if self.answered(ticket).is_some() {
                    self.blob_is_here(&name, bytes);
                }
            }
            Said::BlobKept { .. } => {
                self.answered(ticket);
            }
            Said::FoundLengths { lengths } => self.player.lengths_are_here(lengths),
            Said::Keep(event) => self.keep_says(ticket, event),
            Said::Failed { reason } => self.library_failed(ticket, reason),
        }
    }

    /// Asks for the entry of the page that is shown, once there is a library to ask.
    pub(crate) fn ask_about_page(&mut self) {
        let open = matches!(self.list.library, LibraryState::Open { .. });
        if let Some(page) = &self.page
            && page.entry == PageEntry::Loading
            && open
        {
            let md5 = page.id.md5;
            self.ask(Asked::PageEntry, LibraryRequest::Entry { md5 });
        }
    }

    fn library_failed(&mut self, ticket: Ticket, reason: String) {
        if self.import.ticket == Some(ticket) {
            let report = self.import.view.report.clone();
            self.import.finish(report, ImportPhase::Failed(reason));
            return;
        }
        let rows = self.list.failed(ticket);
        match self.answered(ticket) {
            Some(Asked::Open) => self.list.library = LibraryState::Failed(reason),
            Some(Asked::EntryToPlay(_)) => {
                let ticket = self.ticket();
                self.player.fail(reason, ticket, &mut self.effects);
            }
            Some(_) => self.notify(NoticeKind::Bad, reason),
            None if rows => self.list.library = LibraryState::Failed(reason),
            None if self.course.neighbours.ticket == Some(ticket) => {
                self.neighbours_are_here(ticket, None, None);
            }
            None => {}
        }
    }

    fn import_is_over(
        &mut self,
        report: library::ImportReport,
        cancelled: bool,
        failed: Option<String>,
    ) {
        let text = match (report.added, report.known) {
            (0, 0) if !report.roms.is_empty() => t("The ROMs are in their sockets.").to_owned(),
            (0, 0) => t("Nothing was added.").to_owned(),
            (0, known) => tn(
                known.into(),
                "Nothing new: {0} tune already here.",
                "Nothing new: {0} tunes already here.",
            ),
            (added, _) => tn(added.into(), "{0} tune added.", "{0} tunes added."),
        };
        let phase = match failed {
            Some(reason) => ImportPhase::Failed(reason),
            None if cancelled => ImportPhase::Cancelled,
            None => ImportPhase::Done,
        };
        let kind = match (&phase, report.added) {
            (ImportPhase::Failed(_), _) => NoticeKind::Bad,
            (_, 1..) => NoticeKind::Good,
            _ if !report.roms.is_empty() => NoticeKind::Good,
            _ => NoticeKind::Note,
        };
        let clean = phase == ImportPhase::Done && report.refused.is_empty();
        self.import.finish(report, phase);
        if clean {
            // The message says it all.
            self.import.view = ImportView::default();
        }
        self.notify(kind, text);
        if self.import.again {
            self.start_import();
        } else {
            self.share_imported();
        }
    }

    /// What `ticket` was asked for; `None` where nobody waits for it any more.
    fn answered(&mut self, ticket: Ticket) -> Option<Asked> {
        let at = self.asked.iter().position(|(asked, _)| *asked == ticket)?;
        Some(self.asked.remove(at).1)
    }

    fn entry_is_here(&mut self, asked: Asked, md5: Md5, entry: Option<Arc<Entry>>) {
        match (asked, entry) {
            (Asked::CurrentEntry, Some(entry)) => {
                self.end_step(Step::Catalogue, Vec::new());
                if let Some(current) = &mut self.player.current
                    && current.id.md5 == md5
                {
                    current.row = Arc::new(Row::from(&*entry));
                    current.entry = Some(entry);
                }
            }
            (Asked::EntryToPlay(tune), Some(entry)) => {
                self.leave_current();
                self.walk_library_from(tune.md5);
                let row = Arc::new(Row::from(&*entry));
                let song = tune.song.clamp(1, entry.songs());
                self.play(row, Some(entry), song, 0);
            }
            (Asked::RemoteToPlay, Some(entry)) => {
                self.leave_current();
                let row = Arc::new(Row::from(&*entry));
                let song = row.start_song;
                self.player.automatic = false;
                self.player.failures = 0;
                self.play(row, Some(entry), song, 0);
            }
            (Asked::EntryToPin(_, on), Some(entry)) => self.entry_to_pin_is_here(&entry, on),
            (Asked::NextEntry(_), entry) => self.hint.entry_is_here(md5, entry),
            (Asked::EntryToContinue(tune, position), Some(entry)) => {
                self.leave_current();
                let row = Arc::new(Row::from(&*entry));
                let song = tune.song.clamp(1, entry.songs());
                self.play(row, Some(entry), song, position);
            }
            (Asked::EntryToQueue(tune, plays_next), Some(entry)) => {
                let row = Arc::new(Row::from(&*entry));
                let song = match tune.song {
                    0 => row.start_song,
                    song => song.min(entry.songs()),
                };
                let at = if plays_next { 0 } else { usize::MAX };
                self.course_changed = true;
                self.enqueue(at, vec![Tune { row, song }]);
            }
            (Asked::EntryToQueue(..), None) => {
                self.notify(NoticeKind::Bad, engine::Failure::Missing.to_string());
            }
            (Asked::EntryToContinue(tune, _), None) => {
                self.dismiss_left(tune);
                self.notify(NoticeKind::Bad, engine::Failure::Missing.to_string());
            }
            (Asked::EntryToPlay(_), None) => {
                let ticket = self.ticket();
                let reason = engine::Failure::Missing.to_string();
                self.player.fail(reason.clone(), ticket, &mut self.effects);
                self.notify(NoticeKind::Bad, reason);
            }
            (Asked::EntryToRestore(tune, position), Some(entry)) => {
                if self.player.current.is_none() {
                    self.restore(tune, position, entry);
                }
            }
            (Asked::LinkEntry(tune), entry) => self.link_entry_is_here(tune, entry),
            (Asked::PageEntry, entry) => {
                if let Some(page) = &mut self.page
                    && page.id.md5 == md5
                {
                    if let Some(entry) = &entry {
                        page.id.song = match page.id.song {
                            0 => entry.start_song,
                            song => song.min(entry.songs()),
                        };
                    }
                    page.entry = entry.map_or(PageEntry::Missing, PageEntry::Known);
                }
            }
            (
                Asked::CurrentEntry
                | Asked::EntryToRestore(..)
                | Asked::Open
                | Asked::FirstRow
                | Asked::SameComposer
                | Asked::SameTitle
                | Asked::RemoteToPlay
                | Asked::TunesToShare
                | Asked::EntryToPin(..)
                | Asked::Wrap
                | Asked::Draw
                | Asked::Blob(_)
                | Asked::Kept(_),
                _,
            ) => {}
        }
    }
}
