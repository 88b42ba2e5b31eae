//! Where a song falls silent.
//!
//! A SID's output stands at any level when it is quiet, and the board's output capacitor takes a
//! tenth of a second to settle after every change: what tells silence is that neighbouring
//! samples hardly differ.

/// Most that two neighbouring samples of silence differ by.
const STEP: f32 = 0.000_2;

/// Follows a song from its start.
#[derive(Debug, Clone)]
pub struct Silence {
    /// Frames at the start that do not count: power-on is not the tune's sound.
    ignored: u64,
    frames: u64,
    last: [f32; 2],
    last_sound: Option<u64>,
}

impl Silence {
    /// For `rate` frames a second.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self {
            ignored: u64::from(rate / 20),
            frames: 0,
            last: [0.0; 2],
            last_sound: None,
        }
    }

    /// Takes interleaved samples.
    pub fn push(&mut self, samples: &[f32]) {
        for &[left, right] in samples.as_chunks::<2>().0 {
            let step = (left - self.last[0])
                .abs()
                .max((right - self.last[1]).abs());
            self.last = [left, right];
            if step >= STEP && self.frames >= self.ignored {
                self.last_sound = Some(self.frames);
            }
            self.frames += 1;
        }
    }

    /// Frame at which it was last heard; `None` where it has not been heard yet.
    #[must_use]
    pub fn last_sound(&self) -> Option<u64> {
        self.last_sound
    }

    /// Frames that it has been silent for.
    #[must_use]
    pub fn silent_frames(&self) -> u64 {
        self.last_sound
            .map_or(self.frames, |last| self.frames - last - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_silent_and_a_tone_is_not() {
        let mut silence = Silence::new(1_000);
        silence.push(&[0.9; 100]);
        assert_eq!((silence.last_sound(), silence.silent_frames()), (None, 50));
        silence.push(&[0.9, 0.9, -0.4, 0.9, -0.4, 0.9]);
        assert_eq!(silence.last_sound(), Some(51));
        silence.push(&[-0.400_1, 0.9, -0.400_2, 0.9]);
        assert_eq!(silence.silent_frames(), 3);
    }
}
