//! A song from afar: how high and how strong it is, tenth of a second by tenth of a second.

/// Bins in a second.
pub const BINS_PER_SECOND: u32 = 10;

/// A stretch of sound: the highest sample, and the root of the mean square, both in 255ths of
/// full scale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bin {
    /// Highest sample.
    pub peak: u8,
    /// Root of the mean square.
    pub rms: u8,
}

/// Makes bins of what is pushed into it.
#[derive(Debug, Clone)]
pub struct Overview {
    rate: u32,
    /// Frames since the start.
    frames: u64,
    /// Frame at which the bin that is being filled ends.
    end: u64,
    count: u32,
    peak: f32,
    energy: f32,
    ready: Vec<Bin>,
    taken: usize,
}

impl Overview {
    /// For `rate` frames a second.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        let mut overview = Self {
            rate,
            frames: 0,
            end: 0,
            count: 0,
            peak: 0.0,
            energy: 0.0,
            ready: Vec::new(),
            taken: 0,
        };
        overview.end = overview.end_of(0);
        overview
    }

    /// Frame after bin `bin`, so that bins do not drift where the rate is no multiple of theirs.
    fn end_of(&self, bin: u64) -> u64 {
        (bin + 1) * u64::from(self.rate) / u64::from(BINS_PER_SECOND)
    }

    /// Takes interleaved samples.
    pub fn push(&mut self, samples: &[f32]) {
        for [left, right] in samples.as_chunks::<2>().0 {
            self.peak = self.peak.max(left.abs()).max(right.abs());
            self.energy += 0.5 * (left * left + right * right);
            self.count += 1;
            self.frames += 1;
            if self.frames == self.end {
                self.end_bin();
            }
        }
    }

    fn end_bin(&mut self) {
        // A cast cuts at 255.
        let level = |value: f32| libm::roundf(value * 255.0) as u8;
        let mean = self.energy / self.count.max(1) as f32;
        self.ready.push(Bin {
            peak: level(self.peak),
            rms: level(mean.sqrt()),
        });
        (self.peak, self.energy, self.count) = (0.0, 0.0, 0);
        self.end = self.end_of(self.ready.len() as u64);
    }

    /// All bins so far.
    #[must_use]
    pub fn bins(&self) -> &[Bin] {
        &self.ready
    }

    /// The bins since the last call, and the number of the first of them.
    pub fn take(&mut self) -> (usize, &[Bin]) {
        let first = core::mem::replace(&mut self.taken, self.ready.len());
        (first, &self.ready[first..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_tell_peak_and_strength_where_they_are() {
        let mut overview = Overview::new(44_100);
        overview.push(&vec![0.5; 2 * 4_410]);
        let mut spike = vec![0.0; 2 * 4_410];
        spike[100] = -1.0;
        overview.push(&spike);
        overview.push(&[0.25; 100]);
        let (first, bins) = overview.take();
        assert_eq!(first, 0);
        assert_eq!(
            bins,
            [
                Bin {
                    peak: 128,
                    rms: 128
                },
                Bin { peak: 255, rms: 3 }
            ]
        );
        overview.push(&vec![0.0; 2 * 4_410]);
        assert_eq!(overview.take().0, 2);
        assert_eq!(overview.bins().len(), 3);
    }

    #[test]
    fn bins_do_not_drift_at_odd_rates() {
        let mut overview = Overview::new(11_025);
        overview.push(&vec![0.0; 2 * 11_025 * 8]);
        assert_eq!(overview.bins().len(), 80);
    }
}
