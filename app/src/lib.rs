//! Sidereal's page: renders views and runs effects. Rules live in `listening`.

pub mod shell;
