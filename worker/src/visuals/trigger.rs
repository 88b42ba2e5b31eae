//! Where an oscilloscope begins its sweep, so that a periodic wave stands still.

/// Edges that are compared with the last sweep.
const MOST_CANDIDATES: usize = 24;

/// Trigger of one voice. It remembers the last sweep: of all rising edges the one is taken that
/// continues the same picture, so that waves with several edges a period stand still too.
#[derive(Debug, Clone, Default)]
pub struct Trigger {
    last: Vec<i16>,
}

impl Trigger {
    /// First level of the sweep of `width` levels inside `levels`, whose newest level is last.
    pub fn place(&mut self, levels: &[i16], width: usize) -> usize {
        let room = levels.len().saturating_sub(width);
        let edges = rising_edges(levels, room);
        let start = edges
            .iter()
            .rev()
            .take(MOST_CANDIDATES)
            .copied()
            .min_by_key(|&edge| self.distance(&levels[edge..]))
            .unwrap_or(room);
        self.last.clear();
        let end = levels.len().min(start + width);
        self.last.extend(levels[start..end].iter().step_by(4));
        start
    }

    /// How much a sweep that begins with `levels` differs from the last one.
    fn distance(&self, levels: &[i16]) -> u64 {
        self.last
            .iter()
            .zip(levels.iter().step_by(4))
            .map(|(&a, &b)| u64::from(a.abs_diff(b)))
            .sum()
    }
}

/// Smallest and largest level.
#[must_use]
pub fn extent(levels: &[i16]) -> (i16, i16) {
    levels
        .iter()
        .fold((i16::MAX, i16::MIN), |(low, high), &level| {
            (low.min(level), high.max(level))
        })
}

/// Levels that rise through the middle after having been clearly below it, up to `room`.
fn rising_edges(levels: &[i16], room: usize) -> Vec<usize> {
    let (low, high) = extent(levels);
    let swing = i32::from(high) - i32::from(low);
    if levels.is_empty() || swing < 16 {
        return Vec::new();
    }
    let middle = i32::from(low) + swing / 2;
    let armed_below = middle - swing / 8;
    let mut edges = Vec::new();
    let mut armed = false;
    for (at, &level) in levels.iter().enumerate().take(room + 1) {
        let level = i32::from(level);
        if level < armed_below {
            armed = true;
        } else if armed && level >= middle {
            armed = false;
            edges.push(at);
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wave with two rising edges a period of 100 levels.
    fn wave(from: usize, count: usize) -> Vec<i16> {
        (from..from + count)
            .map(|at| match at % 100 {
                0..30 => 1000,
                30..50 => -1000,
                50..60 => 700,
                _ => -900,
            })
            .collect()
    }

    #[test]
    fn a_periodic_wave_stands_still() {
        let mut trigger = Trigger::default();
        let first = wave(0, 1000);
        let start = trigger.place(&first, 400);
        let picture = first[start..start + 400].to_vec();
        for shift in [1, 13, 37, 50, 88, 99, 437] {
            let levels = wave(shift, 1000);
            let start = trigger.place(&levels, 400);
            assert_eq!(levels[start..start + 400], picture, "shifted by {shift}");
        }
    }

    #[test]
    fn silence_and_short_input_are_drawn_as_they_come() {
        let mut trigger = Trigger::default();
        assert_eq!(trigger.place(&[5; 100], 40), 60);
        assert_eq!(trigger.place(&[], 40), 0);
        assert_eq!(trigger.place(&[1, 2, 3], 40), 0);
    }

    #[test]
    fn full_swing_does_not_overflow() {
        let mut trigger = Trigger::default();
        let levels: Vec<i16> = (0..200)
            .map(|at| if at % 20 < 10 { i16::MIN } else { i16::MAX })
            .collect();
        let start = trigger.place(&levels, 100);
        assert_eq!((levels[start - 1], levels[start]), (i16::MIN, i16::MAX));
    }
}
