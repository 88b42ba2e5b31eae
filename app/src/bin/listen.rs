//! The public page.
fn main() {}
