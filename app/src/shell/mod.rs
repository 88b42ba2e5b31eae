//! Effects, one file each. Only here does the app touch the browser.

pub mod audio;
pub mod beacon;
pub mod document;
pub mod exporter;
pub mod files;
pub mod http;
pub mod keyboard;
pub mod language;
pub mod media_session;
pub mod network;
pub mod rtc;
pub mod site;
pub mod storage;
pub mod trace;
pub mod visuals;
pub mod workers;
