//! Sessions and the password.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Json, Response};
use protocol::admin::{Login, NewPassword, Scope, Session, Who};

use super::guard::{Caller, Refusal, body};
use super::password::{self, Password};
use super::sessions::{self, Secret};
use super::{Admin, NOBODY, OPERATOR};
use crate::edge::client_address;
use crate::store::Operation;
use crate::store::audit::{self, Deed};

/// Answers `POST session`.
pub async fn login(State(admin): State<Arc<Admin>>, request: Request) -> Result<Response, Refusal> {
    let address = client_address(&request);
    let name = admin.cookie_name(&request);
    let login: Login = body(request).await?;
    admin
        .lockout(|lockout, now| lockout.attempt(address, now))
        .map_err(|wait| {
            admin.metrics.limited.inc();
            Refusal::later(wait)
        })?;
    let deed = |who: &str, outcome: &str| Deed {
        who: who.into(),
        address,
        action: "session.begin",
        subject: String::new(),
        outcome: outcome.into(),
    };
    if !admin.is_password(login.password).await? {
        admin.metrics.wrong.inc();
        let (now, deed) = (admin.clock.now(), deed(NOBODY, "the password is wrong"));
        let append = move |to: &rusqlite::Transaction<'_>| audit::append(to, now, &deed);
        admin.store.write(Operation::Audit, append).await?;
        let wait = admin.lockout(|lockout, now| lockout.wait(address, now));
        let words = "the password is wrong";
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, words).noted(wait));
    }
    let secret = Secret::random("").map_err(system)?.0;
    let now = admin.clock.now();
    let kept = secret.clone();
    let deed = deed(OPERATOR, "done");
    admin
        .store
        .write(Operation::Session, move |to| {
            sessions::begin(to, &kept, now)?;
            audit::append(to, now, &deed)
        })
        .await?;
    admin.lockout(|lockout, _| lockout.succeed(address));
    admin.metrics.done.inc();
    let who = Who {
        name: OPERATOR.into(),
        scopes: Scope::ALL.to_vec(),
        expires_millis: Some(now + sessions::IDLE),
    };
    let mut response = Json(who).into_response();
    let cookie = set_cookie(name, &secret, sessions::LASTS / 1_000);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

fn system(words: String) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, words)
}

fn set_cookie(name: &str, value: &str, seconds: u64) -> HeaderValue {
    let secure = if name.starts_with("__Host-") {
        "; Secure"
    } else {
        ""
    };
    let text =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).expect("a name and letters of base 64")
}

impl Admin {
    /// Whether a text is the operator's password; few are tried at once.
    async fn is_password(&self, text: String) -> Result<bool, Refusal> {
        let kept = self.store.read(Operation::Password, password::kept).await?;
        let Some(kept) = kept else {
            return Ok(false);
        };
        self.hash(move || password::verify(&text, &kept)).await
    }

    /// Hashes on a thread that may take long.
    async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let _permit = self.hashing.acquire().await;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| system(error.to_string()))
    }
}

/// Answers `GET session`.
pub async fn who(Extension(caller): Extension<Caller>) -> Json<Who> {
    Json(caller.who)
}

/// Answers `DELETE session`.
pub async fn logout(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Refusal> {
    let Some(id) = caller.session else {
        return Err(Refusal::conflict("a key is revoked, not logged out"));
    };
    admin.end_session(&caller, id).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookie = set_cookie(admin.cookie_name(&request), "", 0);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Answers `GET sessions`.
pub async fn list(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<Session>>, Refusal> {
    let now = admin.clock.now();
    let list = move |from: &rusqlite::Connection| sessions::list(from, caller.session, now);
    Ok(Json(admin.store.read(Operation::Session, list).await?))
}

/// Answers `DELETE sessions/ID`.
pub async fn end(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<StatusCode, Refusal> {
    if admin.end_session(&caller, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::missing("there is no such session"))
    }
}

impl Admin {
    async fn end_session(&self, caller: &Caller, id: i64) -> Result<bool, Refusal> {
        let now = self.clock.now();
        let deed = caller.did("session.end", format!("session {id}"));
        let end = move |to: &rusqlite::Transaction<'_>| {
            let is_ended = sessions::end(to, id)?;
            if is_ended {
                audit::append(to, now, &deed)?;
            }
            Ok(is_ended)
        };
        Ok(self.store.write(Operation::Session, end).await?)
    }
}

/// Answers `POST password`.
pub async fn set_password(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let NewPassword { old, new } = body(request).await?;
    if admin.is_configured {
        let words = "the password comes from the relay's configuration: change it there";
        return Err(Refusal::conflict(words));
    }
    let new: Password = new
        .parse()
        .map_err(|error: password::Error| Refusal::bad(error.to_string()))?;
    let address = caller.address;
    // Who has found an open browser must not find the password by trying here.
    admin
        .lockout(|lockout, now| lockout.attempt(address, now))
        .map_err(Refusal::later)?;
    if !admin.is_password(old).await? {
        let words = "the password so far is not that";
        return Err(Refusal::new(StatusCode::FORBIDDEN, words));
    }
    admin.lockout(|lockout, _| lockout.succeed(address));
    let hash = admin.hash(move || new.hash()).await?;
    let hash = hash.map_err(|error| system(error.to_string()))?;
    let now = admin.clock.now();
    let deed = caller.did("password.set", "all other sessions ended");
    let set =
        move |to: &rusqlite::Transaction<'_>| password::set(to, &hash, caller.session, now, &deed);
    admin.store.write(Operation::Password, set).await?;
    Ok(StatusCode::NO_CONTENT)
}
