//! Layout and index arithmetic of the rings between the engine worker, the audio worklet and the
//! page. A ring is a `SharedArrayBuffer`; this crate has no access to one and only says where
//! things are and what the numbers mean, so that both ends can be tested against each other.
#![forbid(unsafe_code)]

pub mod pcm;
pub mod scope;
