//! `/api/v1/admin`: what an operator sees and does. `protocol::admin` says what the routes are.
//!
//! Every route is a line of `routes`, with who may use it; nothing is served that is not in it.

mod alerts;
mod blocks;
mod collections;
mod entrance;
mod guard;
mod history;
mod jobs;
mod keys;
mod lockout;
mod objectives;
pub mod password;
mod sample;
mod sessions;
#[cfg(test)]
mod tests;
mod view;
mod watch;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use axum::Router;
use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, post};
use protocol::admin::{ROOT, Scope, Setting};
use tokio::sync::Semaphore;

use crate::blocks::Gate;
use crate::ice::Outside;
use crate::logs::Logs;
use crate::metrics::{AdminMetrics, Exporter};
use crate::store::{self, Operation, Store, audit as trail};
pub use blocks::blocked;
use guard::{Access, Rule};
use lockout::Lockout;
pub use watch::watch;

/// Who does what is done by command, in the audit trail.
pub const COMMAND_LINE: &str = "command line";
/// Who is logged in, in the audit trail.
pub const OPERATOR: &str = "operator";
/// Who did not get in, in the audit trail.
pub const NOBODY: &str = "nobody";

/// Passwords that are hashed at once: each takes 19 MB and most of a processor.
const HASHES: usize = 2;
/// How long an address from which the operator has logged in is known.
const KNOWN_MILLIS: u64 = 30 * 24 * 60 * 60_000;

/// The time, by two clocks.
pub struct Clock {
    wall: Box<dyn Fn() -> u64 + Send + Sync>,
    steady: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Default for Clock {
    fn default() -> Self {
        let start = Instant::now();
        Self {
            wall: Box::new(now_millis),
            steady: Box::new(move || {
                u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
            }),
        }
    }
}

impl Clock {
    /// Both are one that somebody else sets.
    pub fn set_by(millis: impl Fn() -> u64 + Clone + Send + Sync + 'static) -> Self {
        Self {
            wall: Box::new(millis.clone()),
            steady: Box::new(millis),
        }
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> u64 {
        (self.wall)()
    }

    /// Milliseconds of a clock that nobody sets.
    pub fn steady(&self) -> u64 {
        (self.steady)()
    }
}

/// Milliseconds since 1970.
#[must_use]
pub fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

/// Random bytes of the system.
fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| format!("no random numbers: {error}"))?;
    Ok(bytes)
}

/// What the routes need.
pub struct Admin {
    store: Store,
    clock: Clock,
    started_millis: u64,
    metrics: AdminMetrics,
    /// Asks the parts how they are.
    exporter: Exporter,
    outside: Arc<Outside>,
    settings: Vec<Setting>,
    logs: Logs,
    /// The password is the configuration's, and only changed there.
    is_configured: bool,
    lockout: Mutex<Lockout>,
    /// Entries of nobody that the audit trail still takes.
    noise: Mutex<guard::Noise>,
    hashing: Semaphore,
    watch: Mutex<watch::Watch>,
    jobs: jobs::Jobs,
    gate: Gate,
}

/// What is given to [`Admin::new`].
pub struct Parts {
    /// Where it is kept.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Asks the parts how they are.
    pub exporter: Exporter,
    /// How the relay is called.
    pub outside: Arc<Outside>,
    /// Options in force.
    pub settings: Vec<Setting>,
    /// Lines of the log.
    pub logs: Logs,
    /// What is turned away.
    pub gate: Gate,
    /// The password is the configuration's.
    pub is_configured: bool,
}

impl Admin {
    /// Ready to answer.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn new(parts: Parts) -> Result<Self, store::Error> {
        let now = parts.clock.now();
        let since = now.saturating_sub(KNOWN_MILLIS);
        let known = parts.store.read_now(Operation::Audit, |from| {
            trail::addresses_of(from, "session.begin", since)
        })?;
        let mut lockout = Lockout::default();
        known.into_iter().for_each(|address| lockout.know(address));
        let jobs = jobs::Jobs::start(
            parts.store.clone(),
            Arc::clone(&parts.exporter.collections),
            parts.exporter.metrics.jobs.clone(),
        )?;
        Ok(Self {
            started_millis: now,
            metrics: parts.exporter.metrics.admin.clone(),
            store: parts.store,
            clock: parts.clock,
            exporter: parts.exporter,
            outside: parts.outside,
            settings: parts.settings,
            logs: parts.logs,
            is_configured: parts.is_configured,
            lockout: Mutex::new(lockout),
            noise: Mutex::default(),
            hashing: Semaphore::new(HASHES),
            watch: Mutex::default(),
            jobs,
            gate: parts.gate,
        })
    }

    fn lockout<T>(&self, use_it: impl FnOnce(&mut Lockout, u64) -> T) -> T {
        let now = self.clock.steady();
        let lockout = self.lockout.lock();
        use_it(&mut lockout.unwrap_or_else(PoisonError::into_inner), now)
    }
}

/// A route, and who may use it.
struct Route {
    method: Method,
    path: &'static str,
    access: Access,
    /// What the audit trail calls it.
    action: &'static str,
    handler: MethodRouter<Arc<Admin>>,
}

/// Every route.
fn routes() -> Vec<Route> {
    use Access::{Any, Needs, Open};
    let line = |method, path, access, action, handler| Route {
        method,
        path,
        access,
        action,
        handler,
    };
    let seen = |path, access, handler| line(Method::GET, path, access, "look", handler);
    let added = |path, access, action, handler| line(Method::POST, path, access, action, handler);
    let ended = |path, access, action, handler| line(Method::DELETE, path, access, action, handler);
    vec![
        added("session", Open, "session.begin", post(entrance::login)),
        seen("session", Any, get(entrance::who)),
        ended("session", Any, "session.end", delete(entrance::logout)),
        seen("sessions", Needs(Scope::Manage), get(entrance::list)),
        ended(
            "sessions/{id}",
            Needs(Scope::Manage),
            "session.end",
            delete(entrance::end),
        ),
        added(
            "password",
            Needs(Scope::Manage),
            "password.set",
            post(entrance::set_password),
        ),
        seen("tokens", Needs(Scope::Manage), get(keys::list)),
        added(
            "tokens",
            Needs(Scope::Manage),
            "token.make",
            post(keys::make),
        ),
        ended(
            "tokens/{id}",
            Needs(Scope::Manage),
            "token.revoke",
            delete(keys::revoke),
        ),
        seen("status", Needs(Scope::Read), get(view::status)),
        seen("history", Needs(Scope::Read), get(view::history)),
        seen("collections", Needs(Scope::Read), get(collections::list)),
        added(
            "collections",
            Needs(Scope::Publish),
            "collection.publish",
            post(collections::publish),
        ),
        ended(
            "collections/{name}",
            Needs(Scope::Publish),
            "collection.unpublish",
            delete(collections::unpublish),
        ),
        added(
            "collections/{name}/verify",
            Needs(Scope::Publish),
            "collection.verify",
            post(collections::verify),
        ),
        added(
            "collections/{name}/compare",
            Needs(Scope::Publish),
            "collection.compare",
            post(collections::compare),
        ),
        seen("jobs", Needs(Scope::Read), get(collections::jobs)),
        ended(
            "jobs/{id}",
            Needs(Scope::Publish),
            "job.stop",
            delete(collections::stop),
        ),
        seen("swarms", Needs(Scope::Read), get(blocks::swarms)),
        seen("blocks", Needs(Scope::Read), get(blocks::list)),
        added(
            "blocks",
            Needs(Scope::Moderate),
            "block.add",
            post(blocks::add),
        ),
        ended(
            "blocks/{id}",
            Needs(Scope::Moderate),
            "block.remove",
            delete(blocks::remove),
        ),
        seen("telemetry", Needs(Scope::Read), get(view::telemetry)),
        seen(
            "configuration",
            Needs(Scope::Read),
            get(view::configuration),
        ),
        seen("logs", Needs(Scope::Read), get(view::logs)),
        seen("audit", Needs(Scope::Read), get(view::audit)),
    ]
}

/// Everything under [`ROOT`].
pub fn router<S: Clone + Send + Sync + 'static>(admin: &Arc<Admin>) -> Router<S> {
    let mut router = Router::new();
    for route in routes() {
        let rule = Rule {
            access: route.access,
            action: route.action,
            is_change: route.method != Method::GET,
        };
        let state = (Arc::clone(admin), rule);
        let check = axum::middleware::from_fn_with_state(state, guard::check);
        let path = format!("{ROOT}/{}", route.path);
        router = router.route(&path, route.handler.route_layer(check));
    }
    router
        .layer(axum::middleware::map_response(guard::finish))
        .with_state(Arc::clone(admin))
}
