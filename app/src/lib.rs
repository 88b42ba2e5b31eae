//! Sidereal's pages, the listener's and the operator's: they render views and run effects. Rules
//! live in `listening` and `operating`.

pub mod components;
mod core;
mod desk;
pub mod pages;
pub mod shell;

pub use core::{Core, tune_path, use_core};
pub use desk::{Desk, use_desk};
