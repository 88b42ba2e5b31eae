//! What is counted of the admin's entrance.

use prometheus::IntCounter;

use super::declare::Declared;

/// What is counted of the admin's entrance.
#[derive(Clone)]
pub struct AdminMetrics {
    /// Logins that were let in.
    pub done: IntCounter,
    /// Logins with a wrong password.
    pub wrong: IntCounter,
    /// Logins that have to wait.
    pub limited: IntCounter,
    /// Requests of nobody.
    pub unauthorized: IntCounter,
    /// Requests beyond a key's scopes.
    pub escalated: IntCounter,
    /// Requests that another site's page made a browser send.
    pub forged: IntCounter,
}

impl AdminMetrics {
    pub(super) fn new(declared: &mut Declared) -> Self {
        let [done, wrong, limited] = declared.counters_of(
            (
                "sidereal_admin_logins_total",
                "logins",
                "Logins: let in, with a wrong password, or too soon after wrong ones.",
            ),
            "outcome",
            ["done", "wrong", "limited"],
        );
        let [unauthorized, escalated, forged] = declared.counters_of(
            (
                "sidereal_admin_refused_total",
                "requests",
                "Admin requests refused: of nobody, beyond a key's scopes, from another site.",
            ),
            "reason",
            ["unauthorized", "escalated", "forged"],
        );
        Self {
            done,
            wrong,
            limited,
            unauthorized,
            escalated,
            forged,
        }
    }
}
