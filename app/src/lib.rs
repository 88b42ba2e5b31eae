//! Sidereal's page: renders views and runs effects. Rules live in `listening`.

pub mod components;
mod core;
pub mod pages;
pub mod shell;

pub use core::{Core, tune_path, use_core};
