//! The operator's page: its frame and its pages.

mod access;
mod audit;
mod collections;
mod configuration;
mod frame;
mod glyph;
mod health;
mod jobs;
mod login;
mod logs;
mod parts;
mod status;
mod telemetry;
mod tracker;
mod trend;
mod words;

pub use frame::Admin;
