//! The library worker.
fn main() {}
