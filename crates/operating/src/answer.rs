//! What came back from the relay.

use protocol::admin::Problem;
use serde::de::DeserializeOwned;

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Nothing,
    /// The relay's words.
    Said {
        /// Of HTTP.
        status: u16,
        /// JSON, or nothing.
        body: String,
    },
}

/// Why something did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The relay does not answer: whether something was done is not known.
    Away,
    /// Nobody is logged in, or not by this password.
    Out {
        /// When another password is let in, in seconds.
        retry_seconds: Option<u32>,
    },
    /// The relay refuses.
    Refused {
        /// Its words.
        words: String,
        /// When to try again, in seconds.
        retry_seconds: Option<u32>,
    },
    /// The relay said what this page does not understand: one of them is newer.
    Unknown(String),
}

impl Trouble {
    /// When to try again, in seconds, where the relay says so.
    #[must_use]
    pub fn retry_seconds(&self) -> Option<u32> {
        match self {
            Self::Out { retry_seconds } | Self::Refused { retry_seconds, .. } => *retry_seconds,
            Self::Away | Self::Unknown(_) => None,
        }
    }
}

impl Answer {
    /// What was asked for, or why it is not there.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        let (status, body) = self.good()?;
        // An answer without content is that of a request that asks for nothing.
        let body = if body.is_empty() { "null" } else { body };
        serde_json::from_str(body).map_err(|error| Trouble::Unknown(format!("{status}: {error}")))
    }

    /// Whether it worked; what is answered besides is not looked at.
    pub(crate) fn good(&self) -> Result<(u16, &str), Trouble> {
        match self {
            // What stands before a relay says that it is away.
            Self::Nothing
            | Self::Said {
                status: 502..=504, ..
            } => Err(Trouble::Away),
            Self::Said { status, body } if (200..300).contains(status) => Ok((*status, body)),
            Self::Said { status, body } => Err(refused(*status, body)),
        }
    }
}

fn refused(status: u16, body: &str) -> Trouble {
    match serde_json::from_str::<Problem>(body) {
        Ok(problem) if status == 401 => Trouble::Out {
            retry_seconds: problem.retry_seconds,
        },
        Ok(problem) => Trouble::Refused {
            words: problem.error,
            retry_seconds: problem.retry_seconds,
        },
        Err(_) => Trouble::Unknown(status.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::admin::Scope;

    fn said(status: u16, body: &str) -> Answer {
        Answer::Said {
            status,
            body: body.into(),
        }
    }

    #[test]
    fn an_answer_is_what_was_asked_for_or_why_not() {
        assert_eq!(
            said(200, "[\"read\"]").read::<Vec<Scope>>(),
            Ok(vec![Scope::Read])
        );
        assert_eq!(said(204, "").read::<()>(), Ok(()));
        assert_eq!(Answer::Nothing.read::<()>(), Err(Trouble::Away));
        assert_eq!(said(503, "<html>").read::<()>(), Err(Trouble::Away));
        let refused = said(429, r#"{"error":"later","retry_seconds":30}"#).read::<()>();
        let expected = Trouble::Refused {
            words: "later".into(),
            retry_seconds: Some(30),
        };
        assert_eq!(refused, Err(expected));
        let out = said(401, r#"{"error":"log in"}"#).read::<()>();
        let expected = Trouble::Out {
            retry_seconds: None,
        };
        assert_eq!(out, Err(expected));
        let unknown = said(200, "{").read::<Vec<Scope>>();
        assert!(matches!(unknown, Err(Trouble::Unknown(_))), "{unknown:?}");
        let unknown = said(404, "not found").read::<()>();
        assert_eq!(unknown, Err(Trouble::Unknown("404".into())));
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_or_refused(status in 100_u16..700, body in ".{0,200}") {
            let _ = said(status, &body).read::<protocol::admin::Status>();
        }
    }
}
