//! What the page notes of how listening goes: plain data of the telemetry core.

pub use telemetry::{
    Adapter, Buffer, Engine, Fact, Network, Outcome, Phase, Pressure, Reason, SeekMode,
    SeekOutcome, Seeks, Source, Start, Success, Time, Verdict, Warmth, Worker,
};
