//! An import as the page shows it.

use protocol::library::{ImportReport, Refusal};

use crate::event::Ticket;

/// Refusals that are shown; the rest is counted.
const MOST_REFUSALS: usize = 500;

/// How far an import is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ImportPhase {
    /// There is none.
    #[default]
    None,
    /// It goes on.
    Running,
    /// It is over.
    Done,
    /// The listener stopped it.
    Cancelled,
    /// It could not go on, in words.
    Failed(String),
}

/// What the page shows of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportView {
    /// How far it is.
    pub phase: ImportPhase,
    /// Counts; its `refused` is empty.
    pub report: ImportReport,
    /// Files refused, with reasons.
    pub refused: Vec<Refusal>,
    /// Refusals beyond those.
    pub more_refused: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Import {
    pub view: ImportView,
    pub ticket: Option<Ticket>,
    /// More files were dropped while one import runs.
    pub again: bool,
}

impl Import {
    pub fn start(&mut self, ticket: Ticket) {
        self.ticket = Some(ticket);
        self.again = false;
        self.view = ImportView {
            phase: ImportPhase::Running,
            ..ImportView::default()
        };
    }

    pub fn progress(&mut self, mut report: ImportReport) {
        self.refuse(std::mem::take(&mut report.refused));
        self.view.report = report;
    }

    pub fn finish(&mut self, mut report: ImportReport, phase: ImportPhase) {
        self.view.refused.clear();
        self.view.more_refused = 0;
        self.refuse(std::mem::take(&mut report.refused));
        self.view.report = report;
        self.view.phase = phase;
        self.ticket = None;
    }

    fn refuse(&mut self, refused: Vec<Refusal>) {
        let room = MOST_REFUSALS.saturating_sub(self.view.refused.len());
        let over = refused.len().saturating_sub(room);
        self.view.more_refused += u32::try_from(over).unwrap_or(u32::MAX);
        self.view.refused.extend(refused.into_iter().take(room));
    }
}
