//! What happens on the way from a wish to sound, told step by step; the shell puts times to it.

use crate::event::Effect;
use crate::model::Model;

/// A step on the way. Steps of one session lie inside each other as they are listed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// From the wish for a tune to its end.
    Play,
    /// The library says what is known of it.
    Catalogue,
    /// Ways to it are looked for.
    Search,
    /// They are scored.
    Score,
    /// One is taken.
    Pick,
    /// Its bytes come.
    Fetch,
    /// Its first sound is made.
    Render,
}

impl Step {
    /// Name, as spans have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Play => "play",
            Self::Catalogue => "catalogue",
            Self::Search => "search",
            Self::Score => "score",
            Self::Pick => "pick",
            Self::Fetch => "fetch",
            Self::Render => "render",
        }
    }
}

/// What is noted with a step: names and values. There is never a whole magnet link in them.
pub type Fields = Vec<(&'static str, String)>;

/// A step begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Which tune's way, counted from the page's opening.
    pub session: u32,
    /// Which step.
    pub step: Step,
    /// It ends.
    pub is_end: bool,
    /// What is known then.
    pub fields: Fields,
}

impl Model {
    /// A tune is wanted: a session begins, and the one before is over.
    pub(crate) fn begin_session(&mut self) {
        self.end_session();
        self.trace_session += 1;
        let tune = self.player.current.as_ref().map(|current| current.id);
        let fields = tune.map(|tune| ("tune", tune.to_string()));
        self.begin(Step::Play, fields.into_iter().collect());
    }

    pub(crate) fn end_session(&mut self) {
        for step in [Step::Render, Step::Fetch, Step::Catalogue, Step::Play] {
            let position = self.player.position_millis.to_string();
            self.end_step(step, vec![("position", position)]);
        }
    }

    pub(crate) fn begin(&mut self, step: Step, fields: Fields) {
        if self.trace_open.contains(&step) {
            return;
        }
        self.trace_open.push(step);
        self.trace(step, false, fields);
    }

    pub(crate) fn end_step(&mut self, step: Step, fields: Fields) {
        let before = self.trace_open.len();
        self.trace_open.retain(|open| *open != step);
        if self.trace_open.len() < before {
            self.trace(step, true, fields);
        }
    }

    fn trace(&mut self, step: Step, is_end: bool, fields: Fields) {
        let session = self.trace_session;
        self.effects.push(Effect::Trace(Trace {
            session,
            step,
            is_end,
            fields,
        }));
    }
}
