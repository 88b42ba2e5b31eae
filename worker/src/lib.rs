//! What the workers share.
