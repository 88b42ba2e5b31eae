//! What the pages show, and how often it is asked for.

use crate::{Method, Request};

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// How it goes.
    #[default]
    Status,
    /// What is published.
    Collections,
    /// Who shares what.
    Tracker,
    /// What listeners' pages tell.
    Telemetry,
    /// Options in force.
    Configuration,
    /// The log.
    Logs,
    /// The parts of the relay.
    Health,
    /// What was done.
    Audit,
    /// Sessions, tokens, the password.
    Access,
    /// A page that the listener has too.
    Listening,
}

/// Something that the relay is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are called as in `protocol::admin`")]
pub enum Topic {
    Status,
    History,
    Collections,
    Jobs,
    Swarms,
    Blocks,
    Telemetry,
    Configuration,
    Logs,
    Audit,
    Sessions,
    Tokens,
}

/// Between two looks at what may change at any moment.
const SOON: u64 = 5_000;
/// Between two looks at what changes when somebody does something.
const LATER: u64 = 15_000;
/// Between two looks at the log.
const FOLLOWING: u64 = 1_500;
/// Between two looks at work that is being done.
pub(crate) const WORKING: u64 = 1_000;

impl Page {
    /// What the page shows, with the milliseconds between two times of asking. How the relay is
    /// stands on every page: in the navigation.
    #[must_use]
    pub fn topics(self) -> &'static [(Topic, u64)] {
        match self {
            Self::Status => &[(Topic::Status, SOON), (Topic::History, LATER)],
            Self::Collections => &[
                (Topic::Status, LATER),
                (Topic::Collections, LATER),
                (Topic::Jobs, SOON),
            ],
            Self::Tracker => &[
                (Topic::Status, LATER),
                (Topic::Swarms, SOON),
                (Topic::Blocks, LATER),
            ],
            Self::Telemetry => &[(Topic::Status, LATER), (Topic::Telemetry, LATER)],
            Self::Configuration => &[(Topic::Status, LATER), (Topic::Configuration, 60_000)],
            Self::Logs => &[(Topic::Status, LATER), (Topic::Logs, FOLLOWING)],
            Self::Health => &[(Topic::Status, SOON)],
            Self::Audit => &[(Topic::Status, LATER), (Topic::Audit, LATER)],
            Self::Access => &[
                (Topic::Status, LATER),
                (Topic::Sessions, LATER),
                (Topic::Tokens, LATER),
            ],
            Self::Listening => &[(Topic::Status, LATER)],
        }
    }

    /// Whether the page is for those alone that manage passwords, sessions and tokens.
    #[must_use]
    pub fn is_for_managers(self) -> bool {
        self == Self::Access
    }
}

impl Topic {
    pub(crate) fn request(self, hours: u32, log_after: u64) -> Request {
        let path = match self {
            Self::Status => "status".into(),
            Self::History => format!("history?hours={hours}"),
            Self::Collections => "collections".into(),
            Self::Jobs => "jobs".into(),
            Self::Swarms => "swarms".into(),
            Self::Blocks => "blocks".into(),
            Self::Telemetry => "telemetry".into(),
            Self::Configuration => "configuration".into(),
            Self::Logs => format!("logs?after={log_after}"),
            Self::Audit => "audit".into(),
            Self::Sessions => "sessions".into(),
            Self::Tokens => "tokens".into(),
        };
        Request::new(Method::Get, &path, None)
    }
}
