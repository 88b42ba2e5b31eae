//! What an operator can do, and how the relay is asked for it.

use protocol::admin::{Login, NewBlock, NewPassword, NewToken, Publish, ROOT, Scope};
use serde::Serialize;

use crate::Topic;

/// How something is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are those of HTTP")]
pub enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    /// As HTTP calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A question to the relay. It has no `Debug`: its body may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Path and query, from the root of the site.
    pub path: String,
    /// JSON.
    pub body: Option<String>,
}

impl Request {
    pub(crate) fn new(method: Method, path: &str, body: Option<String>) -> Self {
        Self {
            method,
            path: format!("{ROOT}/{path}"),
            body,
        }
    }

    fn post(path: &str, body: &impl Serialize) -> Self {
        // The types of the protocol have no maps and no foreign keys.
        let body = serde_json::to_string(body).expect("plain data is JSON");
        Self::new(Method::Post, path, Some(body))
    }

    fn bare(method: Method, path: &str) -> Self {
        Self::new(method, path, None)
    }
}

/// Something to be done.
#[derive(Clone, PartialEq, Eq)]
pub enum Act {
    /// Begin a session.
    Login(Login),
    /// End the own session.
    Logout,
    /// Publish a folder.
    Publish(Publish),
    /// Read all files of a collection and hold them against its torrents.
    Verify(String),
    /// Look through a collection's folder for what is new.
    Compare(String),
    /// Take a collection back.
    Unpublish(String),
    /// Stop a job.
    StopJob(i64),
    /// Block a torrent or an address.
    Block(NewBlock),
    /// Take a block back.
    TakeBack(i64),
    /// Make a key for a program.
    MakeToken(NewToken),
    /// Revoke one.
    Revoke(i64),
    /// End another session.
    EndSession(i64),
    /// Another password.
    ChangePassword(NewPassword),
}

/// Where on the page something is done: what comes of it is shown there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are called as in `Act`")]
pub enum Form {
    Login,
    Logout,
    Publish,
    Collection(String),
    Job(i64),
    Block,
    TakeBack(i64),
    Token,
    Revoke(i64),
    Session(i64),
    Password,
}

impl Act {
    /// Where it is done.
    #[must_use]
    pub fn form(&self) -> Form {
        match self {
            Self::Login(_) => Form::Login,
            Self::Logout => Form::Logout,
            Self::Publish(_) => Form::Publish,
            Self::Verify(id) | Self::Compare(id) | Self::Unpublish(id) => {
                Form::Collection(id.clone())
            }
            Self::StopJob(id) => Form::Job(*id),
            Self::Block(_) => Form::Block,
            Self::TakeBack(id) => Form::TakeBack(*id),
            Self::MakeToken(_) => Form::Token,
            Self::Revoke(id) => Form::Revoke(*id),
            Self::EndSession(id) => Form::Session(*id),
            Self::ChangePassword(_) => Form::Password,
        }
    }

    /// What somebody must be allowed for it.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Self::Login(_) | Self::Logout => None,
            Self::Publish(_)
            | Self::Verify(_)
            | Self::Compare(_)
            | Self::Unpublish(_)
            | Self::StopJob(_) => Some(Scope::Publish),
            Self::Block(_) | Self::TakeBack(_) => Some(Scope::Moderate),
            Self::MakeToken(_)
            | Self::Revoke(_)
            | Self::EndSession(_)
            | Self::ChangePassword(_) => Some(Scope::Manage),
        }
    }

    /// What it changes, to be asked for again.
    pub(crate) fn changes(&self) -> &'static [Topic] {
        match self {
            Self::Login(_) | Self::Logout => &[],
            Self::Publish(_) | Self::Verify(_) | Self::Compare(_) | Self::StopJob(_) => {
                &[Topic::Jobs]
            }
            Self::Unpublish(_) => &[Topic::Collections, Topic::Jobs],
            Self::Block(_) | Self::TakeBack(_) => &[Topic::Blocks, Topic::Swarms],
            Self::MakeToken(_) | Self::Revoke(_) => &[Topic::Tokens],
            Self::EndSession(_) | Self::ChangePassword(_) => &[Topic::Sessions],
        }
    }

    pub(crate) fn request(&self) -> Request {
        let collection =
            |id: &str, rest: &str| format!("collections/{}{rest}", percent_encoded(id));
        match self {
            Self::Login(login) => Request::post("session", login),
            Self::Logout => Request::bare(Method::Delete, "session"),
            Self::Publish(publish) => Request::post("collections", publish),
            Self::Verify(id) => Request::bare(Method::Post, &collection(id, "/verify")),
            Self::Compare(id) => Request::bare(Method::Post, &collection(id, "/compare")),
            Self::Unpublish(id) => Request::bare(Method::Delete, &collection(id, "")),
            Self::StopJob(id) => Request::bare(Method::Delete, &format!("jobs/{id}")),
            Self::Block(block) => Request::post("blocks", block),
            Self::TakeBack(id) => Request::bare(Method::Delete, &format!("blocks/{id}")),
            Self::MakeToken(token) => Request::post("tokens", token),
            Self::Revoke(id) => Request::bare(Method::Delete, &format!("tokens/{id}")),
            Self::EndSession(id) => Request::bare(Method::Delete, &format!("sessions/{id}")),
            Self::ChangePassword(password) => Request::post("password", password),
        }
    }
}

/// A part of a path (RFC 3986, section 2.3: what is unreserved stays).
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(act: &Act, method: Method, path: &str, body: Option<&str>) {
        let request = act.request();
        assert_eq!(request.method, method);
        assert_eq!(request.path, format!("/api/v1/admin/{path}"));
        assert_eq!(request.body.as_deref(), body);
    }

    #[test]
    fn acts_are_asked_for_as_the_protocol_says() {
        let login = Login {
            password: "a\"b".into(),
        };
        let body = Some(r#"{"password":"a\"b"}"#);
        check(&Act::Login(login), Method::Post, "session", body);
        check(&Act::Logout, Method::Delete, "session", None);
        let path = "collections/a%2Fb%20%C3%A4/verify";
        check(&Act::Verify("a/b ä".into()), Method::Post, path, None);
        check(
            &Act::Unpublish("demo-1".into()),
            Method::Delete,
            "collections/demo-1",
            None,
        );
        let token = NewToken {
            name: "bot".into(),
            scopes: vec![Scope::Read, Scope::Publish],
            days: None,
        };
        let body = r#"{"name":"bot","scopes":["read","publish"],"days":null}"#;
        check(&Act::MakeToken(token), Method::Post, "tokens", Some(body));
        check(&Act::EndSession(7), Method::Delete, "sessions/7", None);
    }
}
