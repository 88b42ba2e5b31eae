//! Sound that has been made: how loud it is, how it looks from afar, where it falls silent, and
//! the files that it is kept in.
//!
//! Samples are interleaved stereo in `f32`, ±1.0 being full scale, unless a function says
//! otherwise.
#![forbid(unsafe_code)]

mod bits;
pub mod flac;
pub mod loudness;
pub mod overview;
mod predict;
mod resample;
mod rice;
pub mod silence;
pub mod tempo;
pub mod true_peak;
pub mod wav;
pub mod zip;

/// Names that a file carries: what it is called and who made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// Title.
    pub title: String,
    /// Composer.
    pub artist: String,
    /// What it belongs to: the file of a song, the release.
    pub album: String,
    /// Number of the song, from 1; 0 for none.
    pub track: u16,
    /// When and by whom it was released.
    pub copyright: String,
}

/// A sample of 16 bits, rounded; what is beyond full scale is cut.
#[must_use]
pub fn to_16_bits(sample: f32) -> i16 {
    // A cast cuts by itself, and takes what is no number for 0.
    libm::roundf(sample * 32_767.0) as i16
}
