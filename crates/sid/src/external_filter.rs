//! The output stage of the board: a low-pass of 10 kΩ and 1 nF, a buffer, and 10 µF into the
//! amplifier's 10 kΩ.
//!
//! Source: C64 schematics, as analysed for reSID; coefficients rounded to 7 and 17 bits as in
//! libresidfp.

/// Both RC stages.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ExternalFilter {
    low: f32,
    high: f32,
    low_share: f32,
    high_share: f32,
}

impl ExternalFilter {
    pub fn new(clock_hz: f64) -> Self {
        let mut filter = ExternalFilter {
            low: 0.0,
            high: 0.0,
            low_share: 0.0,
            high_share: 0.0,
        };
        filter.set_clock(clock_hz);
        filter
    }

    /// Adapts the stages to another clock.
    pub fn set_clock(&mut self, clock_hz: f64) {
        let cycle = 1.0 / clock_hz;
        let share =
            |seconds: f64, scale: f64| libm::floor(cycle / (cycle + seconds) * scale + 0.5) / scale;
        self.low_share = share(10e3 * 1e-9, 128.0) as f32;
        self.high_share = share(10e3 * 10e-6, 131_072.0) as f32;
    }

    pub fn reset(&mut self) {
        self.low = 0.0;
        self.high = 0.0;
    }

    /// One cycle: takes the chip's output, gives the amplifier's input.
    #[inline(always)]
    pub fn clock(&mut self, sample: f32) -> f32 {
        let (low, high) = (self.low, self.high);
        self.low += self.low_share * (sample - low);
        self.high += self.high_share * (low - high);
        self.low - self.high
    }
}
