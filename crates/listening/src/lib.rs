//! The app's brain.
#![forbid(unsafe_code)]
