//! What can be told of a histogram: shares and quantiles.

/// A quantile, as exact as the buckets are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantile {
    /// About so much.
    About(f64),
    /// More than the last bound.
    MoreThan(f64),
}

/// All observations.
#[must_use]
pub fn count(counts: &[u64]) -> u64 {
    counts
        .iter()
        .fold(0, |sum, count| sum.saturating_add(*count))
}

/// The value that a share `q` of observations does not exceed, by straight lines within buckets, as
/// Prometheus reckons it; none where nothing was observed.
#[must_use]
pub fn quantile(bounds: &[f64], counts: &[u64], q: f64) -> Option<Quantile> {
    let all = count(counts);
    if all == 0 {
        return None;
    }
    let rank = q * all as f64;
    let (mut below, mut lower) = (0.0, 0.0);
    for (bound, count) in bounds.iter().zip(counts) {
        let count = *count as f64;
        if count > 0.0 && below + count >= rank {
            return Some(Quantile::About(
                lower + (bound - lower) * (rank - below) / count,
            ));
        }
        (below, lower) = (below + count, *bound);
    }
    Some(Quantile::MoreThan(lower))
}

/// The buckets that are worth drawing: from the first to the last that has anything, with one empty
/// bucket on either side where there is one.
#[must_use]
pub fn interesting(counts: &[u64]) -> std::ops::Range<usize> {
    let first = counts.iter().position(|count| *count > 0);
    let last = counts.iter().rposition(|count| *count > 0);
    match (first, last) {
        (Some(first), Some(last)) => first.saturating_sub(1)..(last + 2).min(counts.len()),
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: [f64; 3] = [1.0, 2.0, 4.0];

    #[test]
    fn quantiles_lie_within_their_bucket() {
        let check = |counts: [u64; 4], q, expected| {
            assert_eq!(quantile(&BOUNDS, &counts, q), expected, "{counts:?}");
        };
        check([0, 0, 0, 0], 0.5, None);
        check([10, 0, 0, 0], 0.5, Some(Quantile::About(0.5)));
        check([0, 10, 0, 0], 0.5, Some(Quantile::About(1.5)));
        check([5, 0, 5, 0], 0.95, Some(Quantile::About(3.8)));
        check([1, 0, 0, 9], 0.5, Some(Quantile::MoreThan(4.0)));
    }

    #[test]
    fn empty_ends_are_left_out() {
        assert_eq!(interesting(&[0, 0, 3, 1, 0, 0]), 1..5);
        assert_eq!(interesting(&[1, 0, 0]), 0..2);
        assert_eq!(interesting(&[0, 1]), 0..2);
        assert_eq!(interesting(&[0, 0]), 0..0);
    }
}
