//! What the stores of all workers may fail of.

/// Why a store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the browser's share of it, is full.
    #[error("the browser's storage is full")]
    Full,
    /// Anything else, in the browser's words.
    #[error("the browser's storage failed: {0}")]
    Failed(String),
}
