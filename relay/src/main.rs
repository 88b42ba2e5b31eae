//! Starts the relay.
fn main() {}
