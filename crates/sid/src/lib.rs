//! The MOS 6581 and 8580 sound chips, and the resampler behind them.
#![forbid(unsafe_code)]
