//! Where each figure of the table stands in one row of counts, worked out while compiling, so that
//! a page carries numbers and no names.

use crate::table::{FAMILIES, FamilyId, Kind};

/// Number of families.
const COUNT: usize = FAMILIES.len();

/// Bounds of each family; none for counters.
static BOUNDS: [&[u32]; COUNT] = {
    let mut all: [&[u32]; COUNT] = [&[]; COUNT];
    let mut at = 0;
    while at < COUNT {
        if let Kind::Histogram { bounds, .. } = FAMILIES[at].kind {
            all[at] = bounds;
        }
        at += 1;
    }
    all
};

/// Cells before each family, and of all; likewise sums.
const PLACES: ([u16; COUNT + 1], [u16; COUNT + 1]) = {
    let (mut cells, mut sums) = ([0; COUNT + 1], [0; COUNT + 1]);
    let mut at = 0;
    while at < COUNT {
        let series = FAMILIES[at].series();
        let (wide, summed) = match FAMILIES[at].kind {
            Kind::Counter => (1, 0),
            Kind::Histogram { bounds, .. } => (bounds.len() + 1, 1),
        };
        cells[at + 1] = cells[at] + (series * wide) as u16;
        sums[at + 1] = sums[at] + (series * summed) as u16;
        at += 1;
    }
    (cells, sums)
};
static CELL_PLACES: [u16; COUNT + 1] = PLACES.0;
static SUM_PLACES: [u16; COUNT + 1] = PLACES.1;

/// Counts of a beacon.
pub const CELLS: usize = PLACES.0[COUNT] as usize;
/// Sums of a beacon: one for each series of a histogram.
pub const SUMS: usize = PLACES.1[COUNT] as usize;

/// Bounds of a family; none for counters.
pub fn bounds(family: FamilyId) -> &'static [u32] {
    BOUNDS[family as usize]
}

/// First cell of a series.
pub fn cell(family: FamilyId, series: usize) -> usize {
    let wide = match bounds(family).len() {
        0 => 1,
        bounds => bounds + 1,
    };
    usize::from(CELL_PLACES[family as usize]) + series * wide
}

/// The sum of a series.
pub fn sum(family: FamilyId, series: usize) -> usize {
    usize::from(SUM_PLACES[family as usize]) + series
}

/// Bucket of a value, and what it adds to the sum: what is beyond the last bound, or never came,
/// counts as that.
pub fn bucket(bounds: &[u32], value: Option<u64>) -> (usize, u64) {
    let last = bounds.last().copied().unwrap_or_default();
    let value = value.filter(|value| *value <= u64::from(last));
    match value {
        Some(value) => {
            let at = bounds.iter().position(|bound| value <= u64::from(*bound));
            (at.unwrap_or(bounds.len()), value)
        }
        None => (bounds.len(), u64::from(last)),
    }
}

/// Least and most that values can add up to of which so many are in each bucket.
pub fn possible_sums(bounds: &[u32], counts: &[u32]) -> (u64, u64) {
    let (mut least, mut most, mut below) = (0, 0, None);
    for (bound, count) in bounds.iter().zip(counts) {
        let (bound, count) = (u64::from(*bound), u64::from(*count));
        least += count * below.map_or(0, |below: u64| below + 1);
        most += count * bound;
        below = Some(bound);
    }
    let beyond = u64::from(counts[bounds.len()]) * below.unwrap_or_default();
    (least + beyond, most + beyond)
}

/// First cell, bounds and sum of every series of every histogram, in order.
pub fn histograms() -> impl Iterator<Item = (usize, &'static [u32], usize)> {
    (0..COUNT)
        .filter(|at| !BOUNDS[*at].is_empty())
        .flat_map(|at| {
            let (from, to) = (usize::from(SUM_PLACES[at]), usize::from(SUM_PLACES[at + 1]));
            let (cell, bounds) = (usize::from(CELL_PLACES[at]), BOUNDS[at]);
            (from..to).map(move |sum| (cell + (sum - from) * (bounds.len() + 1), bounds, sum))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_lie_side_by_side() {
        let mut next = (0, 0);
        for family in &FAMILIES {
            for series in 0..family.series() {
                assert_eq!(cell(family.id, series), next.0, "{}", family.name);
                match family.kind {
                    Kind::Counter => next.0 += 1,
                    Kind::Histogram { bounds, .. } => {
                        assert_eq!(sum(family.id, series), next.1, "{}", family.name);
                        next = (next.0 + bounds.len() + 1, next.1 + 1);
                    }
                }
            }
        }
        assert_eq!(next, (CELLS, SUMS));
        assert_eq!(histograms().count(), SUMS);
        assert!(histograms().all(|(cell, bounds, _)| cell + bounds.len() < CELLS));
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let bounds = [10, 20];
        for (value, expected) in [
            (Some(0), (0, 0)),
            (Some(10), (0, 10)),
            (Some(11), (1, 11)),
            (Some(20), (1, 20)),
            (Some(21), (2, 20)),
            (Some(u64::MAX), (2, 20)),
            (None, (2, 20)),
        ] {
            assert_eq!(bucket(&bounds, value), expected, "{value:?}");
        }
        assert_eq!(possible_sums(&bounds, &[2, 1, 3]), (71, 100));
        assert_eq!(possible_sums(&[0, 1], &[5, 2, 0]), (2, 2));
    }
}
