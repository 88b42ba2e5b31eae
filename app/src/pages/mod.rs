//! The pages and the frame around them.

mod about;
mod admin;
mod around;
mod browse;
mod favourites;
mod frame;
mod library;
mod not_found;
mod parts;
mod playlists;
mod privacy;
mod rest;
mod settings;
mod swarm;
mod tune;

pub use admin::Admin;
pub use frame::App;
