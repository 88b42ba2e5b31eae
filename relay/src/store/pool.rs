//! Connections that are lent to one at a time.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, PoisonError};

use rusqlite::Connection;

use crate::metrics::PoolMetrics;

/// Connections; who finds none waits.
pub struct Pool {
    idle: Mutex<Vec<Connection>>,
    is_back: Condvar,
    metrics: PoolMetrics,
}

/// A connection that goes back when it is dropped.
pub struct Lent<'a> {
    pool: &'a Pool,
    /// Always there until then.
    connection: Option<Connection>,
}

impl Pool {
    /// All of them are idle.
    pub fn new(connections: Vec<Connection>, metrics: PoolMetrics) -> Self {
        metrics.size.set(connections.len() as i64);
        Self {
            idle: Mutex::new(connections),
            is_back: Condvar::new(),
            metrics,
        }
    }

    /// Lends one; waits on this thread until there is one.
    pub fn take(&self) -> Lent<'_> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = if let Some(connection) = idle.pop() {
            connection
        } else {
            self.metrics.waiting.inc();
            let found = loop {
                idle = self
                    .is_back
                    .wait(idle)
                    .unwrap_or_else(PoisonError::into_inner);
                if let Some(connection) = idle.pop() {
                    break connection;
                }
            };
            self.metrics.waiting.dec();
            found
        };
        self.metrics.in_use.inc();
        Lent {
            pool: self,
            connection: Some(connection),
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self
            .pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.connection.take());
        self.pool.metrics.in_use.dec();
        self.pool.is_back.notify_one();
    }
}

impl Deref for Lent<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
            .as_ref()
            .expect("it is there until it goes back")
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
            .as_mut()
            .expect("it is there until it goes back")
    }
}
