//! What the workers need of the browser.

#[cfg(feature = "library")]
mod blob;
#[cfg(feature = "library")]
mod database;
#[cfg(any(feature = "library", feature = "swarm"))]
mod indexed_db;
#[cfg(feature = "library")]
mod listener;
mod messages;
#[cfg(feature = "engine")]
mod sinks;
#[cfg(feature = "swarm")]
pub mod swarm;
#[cfg(feature = "visuals")]
pub mod visuals;

#[cfg(feature = "library")]
pub use blob::FileSource;
#[cfg(feature = "library")]
pub use database::IdbStore;
#[cfg(feature = "library")]
pub use listener::{IdbShelf, Tabs, stamp};
pub use messages::{
    Mail, fetch, install_panic_hook, listen, listen_port, now_millis, post, post_to, sleep, turn,
};
#[cfg(feature = "engine")]
pub use sinks::{PortSink, SharedSink};
