//! A list in any order: every place once, decided by a seed, without a list of them.

/// Rounds of the network that mixes places; four are enough for it to look random (Luby and
/// Rackoff, 1988).
const ROUNDS: u64 = 4;

/// Place of the list that comes at `turn` of `total`, in the order of `seed`. Over all turns, every
/// place comes once.
#[must_use]
pub fn place(seed: u64, total: u32, turn: u32) -> u32 {
    debug_assert!(turn < total);
    // A permutation of a power of four that is not smaller, walked until it is inside.
    let half_bits = (32 - total.saturating_sub(1).leading_zeros())
        .div_ceil(2)
        .max(1);
    let mask = (1_u32 << half_bits) - 1;
    let mut place = turn;
    loop {
        let (mut left, mut right) = (place >> half_bits & mask, place & mask);
        for round in 0..ROUNDS {
            #[expect(clippy::cast_possible_truncation, reason = "some bits of a hash")]
            let mixed = mix(seed ^ round << 32 ^ u64::from(right)) as u32 & mask;
            (left, right) = (right, left ^ mixed);
        }
        place = left << half_bits | right;
        if place < total {
            return place;
        }
    }
}

/// A hash of 64 bits: the finisher of SplitMix64 (Steele, Lea, Flood, 2014).
#[must_use]
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_comes_once(seed in any::<u64>(), total in 1_u32..3_000) {
            let mut seen = vec![false; total as usize];
            for turn in 0..total {
                let at = place(seed, total, turn) as usize;
                prop_assert!(!std::mem::replace(&mut seen[at], true));
            }
        }
    }

    #[test]
    fn seeds_and_turns_differ() {
        let order = |seed| {
            (0..1_000)
                .map(|turn| place(seed, 1_000, turn))
                .collect::<Vec<_>>()
        };
        let same = |a: &[u32], b: &[u32]| a.iter().zip(b).filter(|(a, b)| a == b).count();
        let own: Vec<u32> = (0..1_000).collect();
        assert!(same(&order(1), &own) < 20);
        assert!(same(&order(1), &order(2)) < 20);
        let neighbours = order(3)
            .windows(2)
            .filter(|pair| pair[0].abs_diff(pair[1]) == 1)
            .count();
        assert!(neighbours < 20, "{neighbours} neighbours stay neighbours");
    }
}
