//! A bit for each piece, and how many are set.

use core::ops::Range;

/// Which pieces there are. The first piece is the highest bit of the first byte, as on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bitfield {
    bytes: Vec<u8>,
    length: u32,
    count: u32,
}

impl Bitfield {
    /// No piece of `length`.
    pub fn new(length: u32) -> Self {
        Self {
            bytes: vec![0; length.div_ceil(8) as usize],
            length,
            count: 0,
        }
    }

    /// Every piece of `length`.
    pub fn full(length: u32) -> Self {
        let mut bytes = vec![0xff; length.div_ceil(8) as usize];
        if let Some(last) = bytes.last_mut() {
            *last <<= (8 - length % 8) % 8;
        }
        Self {
            bytes,
            length,
            count: length,
        }
    }

    /// As a peer sent it; `None` where it has not the right size. Bits behind the last piece are
    /// passed over: some clients set them.
    pub fn from_bytes(mut bytes: Vec<u8>, length: u32) -> Option<Self> {
        if bytes.len() != length.div_ceil(8) as usize {
            return None;
        }
        if let Some(last) = bytes.last_mut() {
            *last &= 0xff << ((8 - length % 8) % 8);
        }
        let count = bytes.iter().map(|byte| byte.count_ones()).sum();
        Some(Self {
            bytes,
            length,
            count,
        })
    }

    /// As it is sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Pieces, set or not.
    pub fn len(&self) -> u32 {
        self.length
    }

    /// Pieces that are set.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether every piece is set.
    pub fn is_full(&self) -> bool {
        self.count == self.length
    }

    /// Whether a piece is set.
    pub fn get(&self, piece: u32) -> bool {
        piece < self.length && self.bytes[piece as usize / 8] & (0x80 >> (piece % 8)) != 0
    }

    /// Sets a piece or takes it back; whether that changed something.
    pub fn set(&mut self, piece: u32, value: bool) -> bool {
        if piece >= self.length || self.get(piece) == value {
            return false;
        }
        self.bytes[piece as usize / 8] ^= 0x80 >> (piece % 8);
        if value {
            self.count += 1;
        } else {
            self.count -= 1;
        }
        true
    }

    /// Pieces of a range that are set.
    pub fn count_in(&self, range: Range<u32>) -> u32 {
        let end = range.end.min(self.length);
        let mut at = range.start;
        let mut count = 0;
        while at < end && !at.is_multiple_of(8) {
            count += u32::from(self.get(at));
            at += 1;
        }
        while at + 8 <= end {
            count += self.bytes[at as usize / 8].count_ones();
            at += 8;
        }
        count + (at..end).filter(|&piece| self.get(piece)).count() as u32
    }

    /// Pieces that are set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let bytes = self
            .bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte != 0);
        bytes.flat_map(|(index, byte)| {
            (0..8)
                .filter(move |bit| byte & (0x80 >> bit) != 0)
                .map(move |bit| index as u32 * 8 + bit)
        })
    }

    /// Set pieces as ascending ranges `start..end`.
    pub fn ranges(&self) -> Vec<(u32, u32)> {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for piece in self.iter() {
            match ranges.last_mut() {
                Some(last) if last.1 == piece => last.1 += 1,
                _ => ranges.push((piece, piece + 1)),
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_and_ranges_agree_with_the_bits(
            length in 0..300u32,
            set in prop::collection::vec((0..320u32, any::<bool>()), 0..200),
            range in (0..300u32, 0..320u32),
        ) {
            let mut field = Bitfield::new(length);
            let mut plain = vec![false; length as usize];
            for (piece, value) in set {
                let changed = plain.get(piece as usize).is_some_and(|old| *old != value);
                prop_assert_eq!(field.set(piece, value), changed);
                if changed {
                    plain[piece as usize] = value;
                }
            }
            let all: Vec<u32> = (0..length).filter(|&piece| plain[piece as usize]).collect();
            prop_assert_eq!(field.iter().collect::<Vec<_>>(), all.clone());
            prop_assert_eq!(field.count() as usize, all.len());
            let inside = all.iter().filter(|&&piece| range.0 <= piece && piece < range.1).count();
            prop_assert_eq!(field.count_in(range.0..range.1) as usize, inside);
            let told: Vec<u32> = field.ranges().iter().flat_map(|&(from, to)| from..to).collect();
            prop_assert_eq!(told, all);
            let again = Bitfield::from_bytes(field.bytes().to_vec(), length);
            prop_assert_eq!(again, Some(field));
        }
    }

    #[test]
    fn spare_bits_are_passed_over_and_other_sizes_refused() {
        assert_eq!(
            Bitfield::from_bytes(vec![0xff; 2], 9),
            Some(Bitfield::full(9))
        );
        assert_eq!(
            Bitfield::from_bytes(vec![0xff; 2], 16),
            Some(Bitfield::full(16))
        );
        assert_eq!(Bitfield::from_bytes(vec![0xff; 3], 16), None);
        assert_eq!(Bitfield::from_bytes(vec![], 1), None);
        assert_eq!(Bitfield::full(9).count_in(0..9), 9);
    }
}
