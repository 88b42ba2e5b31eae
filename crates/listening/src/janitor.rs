//! Which pieces go when the disk is needed for others.

/// A piece on disk, as the janitor sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held<P> {
    /// Which.
    pub piece: P,
    /// Bytes that go with it.
    pub bytes: u64,
    /// When something of it was last played, in minutes since 1970; 0 for never.
    pub used_minutes: u32,
    /// It holds something that plays, is next, or that the listener wants here.
    pub is_protected: bool,
}

/// What is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<P> {
    /// Pieces to evict, the first first.
    pub evict: Vec<P>,
    /// Bytes that are still missing after that: nothing else may go.
    pub missing: u64,
}

/// Finds `needed` bytes: what was played longest ago goes first, of the same minute the larger one,
/// and never what is protected.
pub fn plan<P: Ord + Copy>(held: &[Held<P>], needed: u64) -> Plan<P> {
    let mut free: Vec<&Held<P>> = held.iter().filter(|held| !held.is_protected).collect();
    free.sort_by_key(|held| (held.used_minutes, std::cmp::Reverse(held.bytes), held.piece));
    let mut missing = needed;
    let mut evict = Vec::new();
    for held in free {
        if missing == 0 {
            break;
        }
        evict.push(held.piece);
        missing = missing.saturating_sub(held.bytes);
    }
    Plan { evict, missing }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn held(piece: u32, bytes: u64, used_minutes: u32, is_protected: bool) -> Held<u32> {
        Held {
            piece,
            bytes,
            used_minutes,
            is_protected,
        }
    }

    #[test]
    fn the_longest_unplayed_goes_first_and_the_larger_of_two() {
        let pieces = [
            held(1, 10, 500, false),
            held(2, 10, 400, true),
            held(3, 10, 450, false),
            held(4, 30, 450, false),
        ];
        for (needed, evict, missing) in [
            (0, vec![], 0),
            (25, vec![4], 0),
            (31, vec![4, 3], 0),
            (60, vec![4, 3, 1], 10),
        ] {
            assert_eq!(plan(&pieces, needed), Plan { evict, missing }, "{needed}");
        }
    }

    proptest! {
        #[test]
        fn nothing_protected_goes_and_nothing_goes_for_nothing(
            pieces in prop::collection::vec((1_u64..100, 0_u32..5, any::<bool>()), 0..40),
            needed in 0_u64..2000,
        ) {
            let pieces: Vec<Held<u32>> = pieces
                .into_iter()
                .enumerate()
                .map(|(at, (bytes, used, kept))| held(at as u32, bytes, used, kept))
                .collect();
            let plan = plan(&pieces, needed);
            let freed = |evict: &[u32]| -> u64 {
                evict.iter().map(|at| pieces[*at as usize].bytes).sum()
            };
            prop_assert!(plan.evict.iter().all(|at| !pieces[*at as usize].is_protected));
            prop_assert_eq!(plan.missing, needed.saturating_sub(freed(&plan.evict)));
            if let Some((_, others)) = plan.evict.split_last() {
                prop_assert!(freed(others) < needed);
            }
        }
    }
}
