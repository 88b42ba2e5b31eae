//! How often a picture is drawn: with every frame of the screen where that costs little, and seldom
//! where sound could go short.

/// Of the time between two pictures, drawing takes at most one part in so many.
const SHARE: f64 = 4.0;
/// What one picture counts for at most, in milliseconds: one may wait for a busy machine.
const MOST_COST: f64 = 40.0;
/// Less sound than this ahead of the play head is little.
const LITTLE_MILLIS: u32 = 150;
/// Time between pictures while there is little sound.
const SHORT_MILLIS: f64 = 250.0;
/// Time between pictures where the listener wants little motion.
const CALM_MILLIS: f64 = 500.0;
/// Frames of the screen come a little early or late.
const SLACK_MILLIS: f64 = 2.0;

/// Decides when to draw.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    last: Option<f64>,
    /// What a picture takes, smoothed.
    cost: f64,
}

impl Pace {
    /// A picture is due at `now`, in milliseconds. `ahead` is the sound ahead of the play head, where
    /// that is known.
    #[must_use]
    pub fn is_due(&self, now: f64, ahead: Option<u32>, calm: bool) -> bool {
        let Some(last) = self.last else { return true };
        let mut between = self.cost * SHARE;
        if ahead.is_some_and(|millis| millis < LITTLE_MILLIS) {
            between = between.max(SHORT_MILLIS);
        }
        if calm {
            between = between.max(CALM_MILLIS);
        }
        now - last >= between - SLACK_MILLIS
    }

    /// A picture was begun at `now` and took so many milliseconds.
    pub fn drew(&mut self, now: f64, took: f64) {
        // The first picture waits for what is made once: typefaces, the canvas itself.
        if self.last.is_some() {
            self.cost += (took.min(MOST_COST) - self.cost) / 4.0;
        }
        self.last = Some(now);
    }

    /// What a picture takes, in milliseconds.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures in a second of a screen of 60 frames a second.
    fn pictures(took: f64, ahead: Option<u32>, calm: bool) -> usize {
        let mut pace = Pace::default();
        (0..60)
            .filter(|frame| {
                let now = f64::from(*frame) * 1000.0 / 60.0;
                let due = pace.is_due(now, ahead, calm);
                if due {
                    pace.drew(now, took);
                }
                due
            })
            .count()
    }

    #[test]
    fn quick_pictures_come_with_every_frame() {
        assert_eq!(pictures(1.0, None, false), 60);
        assert_eq!(pictures(4.0, Some(1_000), false), 60);
    }

    #[test]
    fn slow_ones_leave_most_of_the_time_to_others() {
        assert!((30..35).contains(&pictures(8.0, None, false)));
        assert!(pictures(25.0, None, false) <= 15);
    }

    #[test]
    fn one_slow_picture_is_forgotten_soon() {
        let mut pace = Pace::default();
        pace.drew(0.0, 3_000.0);
        assert!(pace.is_due(3_017.0, None, false));
        pace.drew(3_017.0, 3_000.0);
        assert!(!pace.is_due(3_034.0, None, false));
        assert!(pace.is_due(3_060.0, None, false));
    }

    #[test]
    fn sound_comes_first_and_calm_is_calm() {
        assert_eq!(pictures(1.0, Some(40), false), 4);
        assert_eq!(pictures(1.0, Some(1_000), true), 2);
    }
}
