//! The MOS 6581 and 8580 sound chips, and the resampler behind them.
//!
//! [`Sid`] is one chip: registers in, one analogue sample per clock cycle out, as at its pin.
//! [`Resampler`] is the board's output stage and turns that stream into PCM. Everything is plain arithmetic on values handed in: the same
//! calls give the same bits on every target.
#![forbid(unsafe_code)]

mod analogue;
mod board;
mod bus;
mod capacitor;
mod chip;
mod combined;
mod curve;
mod dac;
mod envelope;
mod filter;
mod filter6581;
mod filter8580;
mod filter_curve;
mod fir;
mod light;
mod limiter;
mod mixer;
mod noise;
mod opamp;
mod resampler;
mod sources;
mod tape;
mod voice;
mod volume;
mod waveform;

pub use analogue::{Part, play_together};
pub use chip::{Sid, SidState};
pub use filter_curve::FilterCurve;
pub use limiter::soft_clip;
pub use resampler::{Resampler, ResamplerState};
pub use tape::Tape;

/// Which of the two generations of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Model {
    /// NMOS, 12 V: kinked DACs, a strongly non-linear filter, a large DC offset.
    Mos6581,
    /// HMOS-II, 9 V: linear DACs, a clean filter, almost no DC offset.
    Mos8580,
}

/// How much work a chip's analogue part is. The digital part, which programs see, is the same.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Grade {
    /// Every cycle on its own.
    #[default]
    Accurate,
    /// Eight cycles at once, for weak machines and bulk work; see [`Sid::play`].
    Light,
}
