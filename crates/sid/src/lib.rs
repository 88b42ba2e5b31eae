//! The MOS 6581 and 8580 sound chips, and the resampler behind them.
//!
//! [`Sid`] is one chip: registers in, one analogue sample per clock cycle out. [`Resampler`]
//! turns that stream into PCM. Everything is plain arithmetic on values handed in: the same
//! calls give the same bits on every target.
#![forbid(unsafe_code)]

mod bus;
mod capacitor;
mod chip;
mod combined;
mod curve;
mod dac;
mod envelope;
mod external_filter;
mod filter;
mod filter6581;
mod filter8580;
mod limiter;
mod mixer;
mod noise;
mod opamp;
mod resampler;
mod voice;
mod volume;
mod waveform;

pub use chip::{Sid, SidState};
pub use limiter::soft_clip;
pub use resampler::{Resampler, ResamplerState};

/// Which of the two generations of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Model {
    /// NMOS, 12 V: kinked DACs, a strongly non-linear filter, a large DC offset.
    Mos6581,
    /// HMOS-II, 9 V: linear DACs, a clean filter, almost no DC offset.
    Mos8580,
}
