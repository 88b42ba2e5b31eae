//! Effects, one file each. Only here does the app touch the browser.

pub mod audio;
pub mod workers;
