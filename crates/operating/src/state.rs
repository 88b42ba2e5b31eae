//! What happens to the model, what it wants done, and what it shows of itself.

use protocol::admin::Who;

use crate::{Act, Answer, Form, Page, Request, Trouble};

/// Number of a question.
pub type Ticket = u32;

/// The time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Milliseconds of a clock that only goes forth.
    pub steady_millis: u64,
    /// Milliseconds since 1970.
    pub wall_millis: u64,
}

/// Who is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// The relay is asked.
    Asking,
    /// Nobody.
    Out {
        /// The operator has just left.
        has_left: bool,
    },
    /// They are.
    In(Who),
    /// They were: their page stays as it is until they log in again.
    Over(Who),
}

/// Whether the relay answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It does.
    Here,
    /// It does not.
    Away {
        /// Since when, in milliseconds since 1970.
        since_millis: u64,
        /// Tries so far.
        tries: u32,
        /// When it is asked again, by the steady clock.
        again_millis: u64,
    },
}

/// How something that was asked for goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActState {
    /// The relay has not answered yet.
    pub is_busy: bool,
    /// Why it was not done.
    pub trouble: Option<Trouble>,
    /// How often it was done since the page was opened.
    pub done: u32,
}

/// The form of the password.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Login {
    /// The relay has not answered yet.
    pub is_busy: bool,
    /// Why nobody is let in.
    pub trouble: Option<Trouble>,
    /// Seconds until another try is let in.
    pub locked_seconds: u32,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// The page is there.
    Opened,
    /// Some time went by.
    Tick,
    /// The window is seen, or is not.
    Seen(bool),
    /// Another page is shown.
    Goes(Page),
    /// The operator wants something.
    Wish(Intent),
    /// The relay has answered, or has not.
    Answered(Ticket, Answer),
}

/// Something that the operator wants.
#[derive(Clone, PartialEq, Eq)]
pub enum Intent {
    /// Something is to be done.
    Do(Act),
    /// So many hours are shown.
    Hours(u32),
    /// The log is followed, or stands.
    Follow(bool),
    /// Older entries of the trail.
    Older,
    /// What came of a form is read.
    Forget(Form),
    /// The relay is to be asked at once.
    Retry,
}

/// Something that the page has to do.
#[derive(Clone, PartialEq, Eq)]
pub enum Effect {
    /// The relay is to be asked.
    Ask(Ticket, Request),
}
