//! What runs off the main thread. Each binary is a worker of its own; what they do is here, and
//! what they need of the browser is in [`sys`].

#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "library")]
pub mod keep;
#[cfg(feature = "library")]
pub mod library;
#[cfg(any(feature = "library", feature = "swarm"))]
mod store_error;
#[cfg(feature = "swarm")]
pub mod swarm;
pub mod sys;
#[cfg(feature = "visuals")]
pub mod visuals;

#[cfg(any(feature = "library", feature = "swarm"))]
pub use store_error::StoreError;
