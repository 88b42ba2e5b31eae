//! Keys of programs.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Json;
use protocol::admin::{MadeToken, NewToken, Scope, Token};

use super::guard::{Caller, Refusal, body};
use super::sessions::{self, PREFIX, Secret};
use super::{Admin, COMMAND_LINE, NOBODY, OPERATOR};
use crate::store::Operation;
use crate::store::audit;

/// Longest name of a key.
const MOST_NAME: usize = 64;
/// Days that a key may last.
const MOST_DAYS: u32 = 3_650;

/// Answers `GET tokens`.
pub async fn list(State(admin): State<Arc<Admin>>) -> Result<Json<Vec<Token>>, Refusal> {
    Ok(Json(
        admin.store.read(Operation::Token, sessions::tokens).await?,
    ))
}

/// Answers `POST tokens`.
pub async fn make(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<MadeToken>, Refusal> {
    let wanted: NewToken = body(request).await?;
    let name = wanted.name.trim().to_owned();
    let is_plain = |c: char| c.is_alphanumeric() || " -_.:/@".contains(c);
    if name.is_empty() || name.chars().count() > MOST_NAME || !name.chars().all(is_plain) {
        let words = format!("a name has 1 to {MOST_NAME} letters, digits, spaces or -_.:/@");
        return Err(Refusal::bad(words));
    }
    if [OPERATOR, COMMAND_LINE, NOBODY].contains(&&*name.to_lowercase()) {
        let words = format!("the audit trail has another meaning for {name}");
        return Err(Refusal::bad(words));
    }
    if wanted.scopes.contains(&Scope::Manage) {
        return Err(Refusal::bad("a key cannot manage"));
    }
    let mut scopes = wanted.scopes;
    scopes.sort();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Refusal::bad("a key without scopes is no use"));
    }
    if wanted
        .days
        .is_some_and(|days| days == 0 || days > MOST_DAYS)
    {
        return Err(Refusal::bad(format!("a key lasts 1 to {MOST_DAYS} days")));
    }
    let secret = Secret::random(PREFIX)
        .map_err(|words| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, words))?
        .0;
    let now = admin.clock.now();
    let expires = wanted.days.map(|days| now + u64::from(days) * 86_400_000);
    let names: Vec<&str> = scopes
        .iter()
        .map(|scope| sessions::name_of(*scope))
        .collect();
    let deed = caller.did("token.make", format!("{name} ({})", names.join(", ")));
    let kept = secret.clone();
    let add = move |to: &rusqlite::Transaction<'_>| {
        let added = sessions::add_token(to, &kept, &name, &scopes, now, expires)?;
        if added.is_some() {
            audit::append(to, now, &deed)?;
        }
        Ok(added)
    };
    match admin.store.write(Operation::Token, add).await? {
        Some(token) => Ok(Json(MadeToken { token, secret })),
        None => Err(Refusal::conflict("another key has that name")),
    }
}

/// Answers `DELETE tokens/ID`.
pub async fn revoke(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<StatusCode, Refusal> {
    let now = admin.clock.now();
    let end = move |to: &rusqlite::Transaction<'_>| {
        let name = sessions::end_token(to, id)?;
        if let Some(name) = &name {
            audit::append(to, now, &caller.did("token.revoke", name))?;
        }
        Ok(name.is_some())
    };
    if admin.store.write(Operation::Token, end).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::missing("there is no such key"))
    }
}
