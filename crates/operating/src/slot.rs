//! Something that the relay was asked for: what it said last, and what went wrong since.

use std::sync::Arc;

use crate::Trouble;

/// What is known of something.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot<T> {
    /// What the relay said last.
    pub value: Option<Arc<T>>,
    /// Why it did not say it again.
    pub trouble: Option<Trouble>,
    /// When it said it, in milliseconds since 1970.
    pub at_millis: u64,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            value: None,
            trouble: None,
            at_millis: 0,
        }
    }
}

impl<T> Slot<T> {
    pub(crate) fn fill(&mut self, value: T, at_millis: u64) {
        *self = Self {
            value: Some(Arc::new(value)),
            trouble: None,
            at_millis,
        };
    }
}
