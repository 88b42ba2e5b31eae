//! How loud a song is put out.

/// Time in which a level gets from none to full.
const RAMP_MILLIS: f32 = 1_500.0;

/// A factor that goes to its target without a jump.
pub struct Level {
    now: f32,
    target: f32,
}

/// The factor of so many thousandths.
pub fn gain_of(thousandths: u32) -> f32 {
    thousandths.min(8_000) as f32 / 1_000.0
}

impl Level {
    /// From the first sample on.
    pub fn at(gain: f32) -> Self {
        Self {
            now: gain,
            target: gain,
        }
    }

    /// Goes to another factor from here.
    pub fn go_to(&mut self, gain: f32) {
        self.target = gain;
    }

    /// Where it goes.
    pub fn target(&self) -> f32 {
        self.target
    }

    /// Applies it to interleaved samples.
    pub fn apply(&mut self, samples: &mut [f32], rate: u32) {
        let step = 1_000.0 / (RAMP_MILLIS * rate as f32);
        for frame in samples.as_chunks_mut::<2>().0 {
            let left = self.target - self.now;
            self.now = if left.abs() <= step {
                self.target
            } else {
                self.now + step.copysign(left)
            };
            frame[0] *= self.now;
            frame[1] *= self.now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_goes_to_another_without_a_jump() {
        let mut level = Level::at(1.0);
        level.go_to(0.5);
        let mut samples = vec![1.0; 2 * 48_000];
        level.apply(&mut samples, 48_000);
        let left: Vec<f32> = samples.chunks(2).map(|frame| frame[0]).collect();
        assert!(
            left.windows(2)
                .all(|pair| (pair[0] - pair[1]).abs() < 0.000_02)
        );
        assert!((left[24_000] - 0.666).abs() < 0.01, "{}", left[24_000]);
        assert!(left[40_000..].iter().all(|&sample| sample == 0.5));
    }
}
