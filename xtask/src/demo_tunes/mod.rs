//! `cargo xtask demo-tunes`: the tunes composed for the product's first page.
//!
//! A tune is a text under `tunes/`; the player is `player.asm`. What is made is committed under
//! `public/demo` as a small tree in the form of the High Voltage SID Collection.

mod samples;
mod text;
mod tree;
mod tune;

pub use tree::run;
