//! Rates as they are measured, and as they are bounded.

/// Slots of a meter.
const SLOTS: usize = 8;
/// Milliseconds of a slot: a rate is that of the last four seconds.
const SLOT_MILLIS: u64 = 500;

/// Bytes a second, over the last seconds.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    slots: [u64; SLOTS],
    /// Number of the slot that was written last.
    last: u64,
    first: Option<u64>,
    total: u64,
}

impl Meter {
    /// Counts bytes.
    pub fn add(&mut self, now: u64, bytes: u64) {
        self.first.get_or_insert(now);
        let slot = now / SLOT_MILLIS;
        for passed in (self.last + 1..=slot).rev().take(SLOTS) {
            self.slots[passed as usize % SLOTS] = 0;
        }
        self.last = self.last.max(slot);
        self.slots[self.last as usize % SLOTS] += bytes;
        self.total += bytes;
    }

    /// Bytes a second; of a meter that is younger than its slots, since its first byte.
    pub fn rate(&self, now: u64) -> u32 {
        let Some(first) = self.first else {
            return 0;
        };
        let slot = now / SLOT_MILLIS;
        let oldest = (slot + 1).saturating_sub(SLOTS as u64);
        let bytes: u64 = (oldest.max(self.last.saturating_sub(SLOTS as u64 - 1))..=self.last)
            .map(|slot| self.slots[slot as usize % SLOTS])
            .sum();
        let span = (now - first.min(now)).min(now - (oldest * SLOT_MILLIS).min(now));
        (bytes * 1000 / span.max(250)).min(u64::from(u32::MAX)) as u32
    }

    /// Bytes since the beginning.
    pub fn total(&self) -> u64 {
        self.total
    }
}

/// A bound on bytes a second: a bucket of tokens that fills up.
#[derive(Debug, Clone)]
pub struct Bucket {
    rate: Option<u32>,
    /// Thousandths of bytes; below zero where more was taken than there was.
    tokens: i64,
    filled: u64,
}

impl Bucket {
    /// A bucket for `rate` bytes a second.
    pub fn new(rate: Option<u32>) -> Self {
        Self {
            rate,
            tokens: 0,
            filled: 0,
        }
    }

    /// Another bound.
    pub fn set_rate(&mut self, rate: Option<u32>) {
        self.rate = rate;
        self.tokens = self.tokens.min(self.capacity());
    }

    /// A third of a second, and no less than a block of 16 KiB.
    fn capacity(&self) -> i64 {
        self.rate
            .map_or(0, |rate| (i64::from(rate) * 333).max(16 * 1024 * 1000))
    }

    /// Whether something may be taken now. What is taken may be more than there is: the rest is
    /// waited for before the next.
    pub fn is_open(&mut self, now: u64) -> bool {
        let Some(rate) = self.rate else {
            return true;
        };
        let passed = now.saturating_sub(self.filled).min(60_000) as i64;
        self.tokens = (self.tokens + passed * i64::from(rate)).min(self.capacity());
        self.filled = now;
        rate > 0 && self.tokens > 0
    }

    /// Takes bytes.
    pub fn take(&mut self, bytes: u64) {
        if self.rate.is_some() {
            self.tokens -= bytes as i64 * 1000;
        }
    }

    /// Gives back what was taken and not used.
    pub fn give_back(&mut self, bytes: u64) {
        if self.rate.is_some() {
            self.tokens = (self.tokens + bytes as i64 * 1000).min(self.capacity());
        }
    }

    /// The bound.
    pub fn rate(&self) -> Option<u32> {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_measured_and_then_forgotten() {
        let mut meter = Meter::default();
        for step in 0..100 {
            meter.add(100_000 + step * 100, 10_000);
        }
        let rate = meter.rate(109_999);
        assert!((95_000..=105_000).contains(&rate), "{rate}");
        assert_eq!(meter.total(), 1_000_000);
        assert_eq!(meter.rate(120_000), 0);
    }

    #[test]
    fn a_young_meter_counts_from_its_first_byte() {
        let mut meter = Meter::default();
        meter.add(5_000, 100_000);
        meter.add(6_000, 100_000);
        assert_eq!(meter.rate(6_000), 200_000);
    }

    #[test]
    fn a_bucket_lets_through_what_it_is_set_to() {
        let mut bucket = Bucket::new(Some(100_000));
        let mut got = 0;
        for now in 0..10_000 {
            while bucket.is_open(now) {
                bucket.take(16_384);
                got += 16_384;
            }
        }
        assert!((950_000..1_060_000).contains(&got), "{got}");
        bucket.set_rate(Some(0));
        assert!(!bucket.is_open(100_000));
        bucket.set_rate(None);
        assert!(bucket.is_open(100_000));
    }
}
