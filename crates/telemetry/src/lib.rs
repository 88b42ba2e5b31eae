//! What listeners feel, told to the relay without telling who they are.
//!
//! A page notes [`Fact`]s in a [`Recorder`] and sends what has gathered as a [`Beacon`]; a relay
//! adds beacons up in a [`Merger`]. A beacon is counts, sums and a random number that is used
//! once: there is no place in it for a name, a title, a path, a digest, an address or a time.
//! What is counted is declared once, in [`FAMILIES`].
#![forbid(unsafe_code)]

mod beacon;
mod fact;
mod labels;
mod layout;
mod merger;
mod recorder;
mod seeks;
mod seen;
mod start;
mod table;

pub use beacon::{Beacon, Error, Figure, MOST_BYTES, MOST_OF_A_KIND, VERSION};
pub use fact::{Fact, Time};
pub use labels::{
    Adapter, Buffer, Engine, Label, Network, Outcome, Phase, Pressure, Reason, SeekMode,
    SeekOutcome, Source, Success, Verdict, Warmth, Worker,
};
pub use merger::{Histogram, Merger};
pub use recorder::Recorder;
pub use seeks::Seeks;
pub use seen::Seen;
pub use start::{Start, StartTimes};
pub use table::{FAMILIES, Family, FamilyId, Kind, Unit};
