//! The C64 as far as a tune needs it: CPU, CIAs, VIC-II, banking, and the player environment.
#![forbid(unsafe_code)]
