//! Who gets in: every request passes here before its handler, and what is refused leaves from here.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Json, Response};
use protocol::admin::{Problem, ROOT, Scope, Who};
use serde::de::DeserializeOwned;

use super::{Admin, NOBODY, OPERATOR, sessions};
use crate::beacons::is_of_this_site;
use crate::edge::client_address;
use crate::store::audit::{self, Deed};
use crate::store::{self, Operation};

/// Most bytes of a request's body.
const MOST_BODY: usize = 16 << 10;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody: it is the door itself.
    Open,
    /// Whoever is somebody.
    Any,
    /// Who has a scope.
    Needs(Scope),
}

/// What holds for a route.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Who may use it.
    pub access: Access,
    /// What the audit trail calls it.
    pub action: &'static str,
    /// It changes something.
    pub is_change: bool,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// As they are told and listed.
    pub who: Who,
    /// Their session, where they have one.
    pub session: Option<i64>,
    /// From which address.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// The entry of something that they did.
    #[must_use]
    pub fn did(&self, action: &'static str, subject: impl Into<String>) -> Deed {
        Deed {
            who: self.who.name.clone(),
            address: self.address,
            action,
            subject: subject.into(),
            outcome: "done".into(),
        }
    }
}

/// Why a request is refused.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    problem: Problem,
    /// The audit trail has it already.
    is_noted: bool,
}

impl Refusal {
    /// A status and words.
    #[must_use]
    pub fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self {
            status,
            problem: Problem {
                error: words.into(),
                retry_seconds: None,
            },
            is_noted: false,
        }
    }

    /// What is asked for makes no sense.
    #[must_use]
    pub fn bad(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }

    /// There is no such thing.
    #[must_use]
    pub fn missing(words: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, words)
    }

    /// It cannot be done as things are.
    #[must_use]
    pub fn conflict(words: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, words)
    }

    /// Too often.
    #[must_use]
    pub fn later(wait_millis: u64) -> Self {
        let seconds = u32::try_from(wait_millis.div_ceil(1_000).max(1)).unwrap_or(u32::MAX);
        let words = format!("too many wrong passwords: try again in {seconds} s");
        let mut refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, words);
        refusal.problem.retry_seconds = Some(seconds);
        // The failures that led here are in the trail.
        refusal.is_noted = true;
        refusal
    }

    /// The same, which is in the audit trail already; and when to try again.
    #[must_use]
    pub fn noted(mut self, wait_millis: u64) -> Self {
        self.is_noted = true;
        self.problem.retry_seconds =
            (wait_millis > 0).then(|| u32::try_from(wait_millis.div_ceil(1_000)).unwrap_or(1));
        self
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        tracing::error!(%error, "an admin request failed");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the relay's store failed, and nothing was changed: its log says why",
        )
    }
}

/// What the guard has to know of a response.
#[derive(Clone)]
struct Refused {
    words: String,
    is_noted: bool,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let refused = Refused {
            words: self.problem.error.clone(),
            is_noted: self.is_noted,
        };
        let retry = self.problem.retry_seconds;
        let mut response = (self.status, Json(self.problem)).into_response();
        if let Some(seconds) = retry {
            let seconds = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(refused);
        response
    }
}

/// How many entries of nobody the audit trail takes: who gets in nowhere must not fill the disk.
#[derive(Debug, Default)]
pub struct Noise {
    full_millis: u64,
}

impl Noise {
    /// Entries at once, and the time in which there is room for another.
    const BURST: u64 = 100;
    const EVERY: u64 = 10_000;

    /// Whether another has room.
    fn take(&mut self, now: u64) -> bool {
        let after = self.full_millis.max(now) + Self::EVERY;
        let has_room = after <= now + Self::BURST * Self::EVERY;
        if has_room {
            self.full_millis = after;
        }
        has_room
    }
}

/// Lets a request through to its handler, or not.
pub async fn check(
    State((admin, rule)): State<(Arc<Admin>, Rule)>,
    mut request: Request,
    next: Next,
) -> Response {
    let address = client_address(&request);
    let path = request.uri().path();
    let subject = path.strip_prefix(ROOT).unwrap_or(path).to_owned();
    // Bodies cannot be shared between threads, so that what is asked of the request is asked first.
    let asked = Asked {
        address,
        is_own: is_of_this_site(&admin.outside, &request),
        says: admin.said(&request),
    };
    let (caller, response) = match enter(&admin, rule, asked).await {
        Ok(caller) => {
            if let Some(caller) = &caller {
                request.extensions_mut().insert(caller.clone());
            }
            (caller, next.run(request).await)
        }
        Err((caller, refusal)) => (caller, refusal.into_response()),
    };
    if let Some(refused) = response.extensions().get::<Refused>()
        && !refused.is_noted
        && (rule.is_change || response.status() == StatusCode::FORBIDDEN)
    {
        let name = caller.map_or(NOBODY.into(), |caller| caller.who.name);
        let deed = Deed {
            who: name,
            address,
            action: rule.action,
            subject,
            outcome: refused.words.clone(),
        };
        admin.note(deed).await;
    }
    response
}

type Entered = Result<Option<Caller>, (Option<Caller>, Refusal)>;

/// What a request says of who sends it.
struct Asked {
    address: Option<IpAddr>,
    /// It comes from a page of this relay.
    is_own: bool,
    says: Says,
}

/// A secret that a request says.
enum Says {
    Key(String),
    Session(String),
    Nothing,
}

async fn enter(admin: &Arc<Admin>, rule: Rule, asked: Asked) -> Entered {
    let is_own = asked.is_own;
    let forged = || {
        let words = "this request comes from another site's page, or from no page";
        Refusal::new(StatusCode::FORBIDDEN, words)
    };
    if rule.access == Access::Open {
        // Whoever could log a browser in from elsewhere could watch what its user does next.
        return if is_own {
            Ok(None)
        } else {
            Err((None, forged()))
        };
    }
    let found = admin.caller(asked.says, asked.address).await;
    let caller = match found {
        Ok(Some(caller)) => caller,
        Ok(None) => {
            admin.metrics.unauthorized.inc();
            let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "log in first");
            return Err((None, refusal));
        }
        Err(error) => return Err((None, error.into())),
    };
    if rule.is_change && caller.session.is_some() && !is_own {
        admin.metrics.forged.inc();
        return Err((Some(caller), forged()));
    }
    if let Access::Needs(scope) = rule.access
        && !caller.who.scopes.contains(&scope)
    {
        admin.metrics.escalated.inc();
        let words = format!("this needs the scope {}", sessions::name_of(scope));
        let refusal = Refusal::new(StatusCode::FORBIDDEN, words);
        return Err((Some(caller), refusal));
    }
    Ok(Some(caller))
}

impl Admin {
    /// The secret of a request. Who says a key is asked for nothing else.
    fn said(&self, request: &Request) -> Says {
        if let Some(said) = request.headers().get(header::AUTHORIZATION) {
            let secret = said
                .to_str()
                .ok()
                .and_then(|said| said.strip_prefix("Bearer "));
            let key = secret.filter(|secret| secret.starts_with(sessions::PREFIX));
            return key.map_or(Says::Nothing, |key| Says::Key(key.to_owned()));
        }
        let secret = cookie(request.headers(), self.cookie_name(request));
        secret.map_or(Says::Nothing, |secret| Says::Session(secret.to_owned()))
    }

    /// Who that is; nobody where it is not known or has ended.
    async fn caller(
        &self,
        says: Says,
        address: Option<IpAddr>,
    ) -> Result<Option<Caller>, store::Error> {
        let now = self.clock.now();
        let secret = match says {
            Says::Nothing => return Ok(None),
            Says::Key(secret) => return self.key(secret, now, address).await,
            Says::Session(secret) => secret,
        };
        let found = self
            .store
            .read(Operation::Session, move |from| {
                sessions::find(from, &secret, now)
            })
            .await?;
        let Some(live) = found else {
            return Ok(None);
        };
        if live.is_due {
            let renew = move |to: &rusqlite::Transaction<'_>| sessions::renew(to, live.id, now);
            self.store.write(Operation::Session, renew).await?;
        }
        Ok(Some(Caller {
            who: Who {
                name: OPERATOR.into(),
                scopes: Scope::ALL.to_vec(),
                expires_millis: Some(live.expires_millis),
            },
            session: Some(live.id),
            address,
        }))
    }

    async fn key(
        &self,
        secret: String,
        now: u64,
        address: Option<IpAddr>,
    ) -> Result<Option<Caller>, store::Error> {
        let found = self
            .store
            .read(Operation::Token, move |from| {
                sessions::find_token(from, &secret, now)
            })
            .await?;
        let Some((token, is_due)) = found else {
            return Ok(None);
        };
        if is_due {
            let id = token.id;
            let note = move |to: &rusqlite::Transaction<'_>| sessions::note_token(to, id, now);
            self.store.write(Operation::Token, note).await?;
        }
        Ok(Some(Caller {
            who: Who {
                name: token.name,
                scopes: token.scopes,
                expires_millis: token.expires_millis,
            },
            session: None,
            address,
        }))
    }

    /// Over https a browser keeps others from setting the cookie, and plain http away from it.
    pub(super) fn cookie_name<B>(&self, request: &axum::http::Request<B>) -> &'static str {
        if self.outside.base_url(request).starts_with("https:") {
            "__Host-sidereal"
        } else {
            "sidereal"
        }
    }

    /// Adds an entry to the audit trail by itself. Entries of nobody have a bound.
    pub(super) async fn note(&self, deed: Deed) {
        if deed.who == NOBODY {
            let now = self.clock.steady();
            let mut noise = self.noise.lock().unwrap_or_else(PoisonError::into_inner);
            if !noise.take(now) {
                return;
            }
        }
        let now = self.clock.now();
        let append = move |to: &rusqlite::Transaction<'_>| audit::append(to, now, &deed);
        // A failure is counted and logged where it happens; the answer stays what it is.
        let _ = self.store.write(Operation::Audit, append).await;
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// What a request's body says.
///
/// # Errors
/// It is too long, or not what it should be.
pub async fn body<T: DeserializeOwned>(request: axum::http::Request<Body>) -> Result<T, Refusal> {
    let bytes = axum::body::to_bytes(request.into_body(), MOST_BODY).await;
    let bytes = bytes.map_err(|_| {
        let words = format!("a body has {} KB at most", MOST_BODY >> 10);
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, words)
    })?;
    serde_json::from_slice(&bytes).map_err(|error| Refusal::bad(format!("the body: {error}")))
}

/// Nobody keeps what an operator is told; what the router refuses by itself is a [`Problem`] too.
pub async fn finish(mut response: Response) -> Response {
    let status = response.status();
    let is_json = |kind: &HeaderValue| kind == "application/json";
    let is_error = status.is_client_error() || status.is_server_error();
    if is_error
        && !response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(is_json)
    {
        let error = match status {
            StatusCode::BAD_REQUEST => "the address says something that makes no sense",
            StatusCode::METHOD_NOT_ALLOWED => "that cannot be done here",
            _ => status.canonical_reason().unwrap_or("refused"),
        };
        let allow = response.headers_mut().remove(header::ALLOW);
        response = Refusal::new(status, error).into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
