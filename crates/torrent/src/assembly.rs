//! A piece that is being put together from blocks, and who gave which.

use sha1::{Digest, Sha1};

use crate::PeerId;
use crate::wire::BLOCK_LENGTH;

/// Who gave bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A peer.
    Peer(PeerId),
    /// A web seed, by its place in the torrent's list.
    Seed(u16),
}

#[derive(Debug, Clone, Default)]
struct BlockState {
    got: Option<Origin>,
    /// How many peers are asked for it, and when the last was.
    asked: u8,
    asked_at: u64,
}

/// A piece between its first request and its hash.
#[derive(Debug)]
pub struct Assembly {
    length: u32,
    /// Empty until the first block comes.
    bytes: Vec<u8>,
    blocks: Vec<BlockState>,
    free: u32,
    got: u32,
    /// Who alone may give it, where it was found to be false and the guilty one is looked for.
    pub only: Option<PeerId>,
}

impl Assembly {
    /// A piece of `length` bytes of which nothing is here.
    pub fn new(length: u32) -> Self {
        let blocks = length.div_ceil(BLOCK_LENGTH);
        Self {
            length,
            bytes: Vec::new(),
            blocks: vec![BlockState::default(); blocks as usize],
            free: blocks,
            got: 0,
            only: None,
        }
    }

    /// First byte and length of a block.
    pub fn range(&self, block: u32) -> (u32, u32) {
        let begin = block * BLOCK_LENGTH;
        (begin, BLOCK_LENGTH.min(self.length - begin))
    }

    /// The block that begins at a byte and is as long, if there is one.
    pub fn block_at(&self, begin: u32, length: u32) -> Option<u32> {
        let block = begin / BLOCK_LENGTH;
        (begin < self.length && self.range(block) == (begin, length)).then_some(block)
    }

    /// Whether there are blocks that nobody is asked for.
    pub fn has_free(&self) -> bool {
        self.free > 0
    }

    /// Blocks in order that nobody is asked for.
    pub fn free(&self) -> impl Iterator<Item = u32> + '_ {
        let blocks = self.blocks.iter().zip(0..);
        blocks
            .filter(|(block, _)| block.got.is_none() && block.asked == 0)
            .map(|(_, index)| index)
    }

    /// Blocks that one peer alone has been asked for, `before` a time, and that are not here.
    pub fn late(&self, before: u64) -> impl Iterator<Item = u32> + '_ {
        let blocks = self.blocks.iter().zip(0..);
        blocks
            .filter(move |(block, _)| {
                block.got.is_none() && block.asked == 1 && block.asked_at < before
            })
            .map(|(_, index)| index)
    }

    /// Whether nothing is here, and nobody is asked.
    pub fn is_untouched(&self) -> bool {
        self.got == 0 && self.free as usize == self.blocks.len()
    }

    /// Whether nobody is asked for what is missing.
    pub fn is_idle(&self) -> bool {
        self.blocks.len() as u32 == self.got + self.free
    }

    /// Whether somebody is asked for a block.
    pub fn is_asked(&self, block: u32) -> bool {
        self.blocks[block as usize].asked > 0
    }

    /// Somebody is asked for a block.
    pub fn ask(&mut self, block: u32, now: u64) {
        let block = &mut self.blocks[block as usize];
        if block.got.is_none() && block.asked == 0 {
            self.free -= 1;
        }
        block.asked = block.asked.saturating_add(1);
        block.asked_at = now;
    }

    /// Somebody is not asked any more.
    pub fn release(&mut self, block: u32) {
        let block = &mut self.blocks[block as usize];
        block.asked = block.asked.saturating_sub(1);
        if block.got.is_none() && block.asked == 0 {
            self.free += 1;
        }
    }

    /// A block is here; whether it was still missing. `bytes` have the block's length.
    pub fn put(&mut self, block: u32, bytes: &[u8], origin: Origin) -> bool {
        let (begin, length) = self.range(block);
        debug_assert_eq!(bytes.len(), length as usize);
        let state = &mut self.blocks[block as usize];
        if state.got.is_some() {
            return false;
        }
        state.got = Some(origin);
        if state.asked == 0 {
            self.free -= 1;
        }
        self.got += 1;
        self.bytes.resize(self.length as usize, 0);
        self.bytes[begin as usize..][..bytes.len()].copy_from_slice(bytes);
        true
    }

    /// Whether every block is here.
    pub fn is_complete(&self) -> bool {
        self.got as usize == self.blocks.len()
    }

    /// The bytes of a piece that is complete, and who gave which block.
    pub fn finish(self) -> (Vec<u8>, Vec<Origin>) {
        let origins = self.blocks.into_iter().filter_map(|block| block.got);
        (self.bytes, origins.collect())
    }
}

/// Blocks of a piece that did not match its hash: who gave which, and the hash of each.
#[derive(Debug, Clone)]
pub struct Suspects(Vec<(Origin, [u8; 20])>);

impl Suspects {
    /// Remembers a false piece.
    pub fn new(bytes: &[u8], origins: &[Origin]) -> Self {
        let blocks = bytes.chunks(BLOCK_LENGTH as usize);
        Self(
            blocks
                .zip(origins)
                .map(|(block, origin)| (*origin, Sha1::digest(block).into()))
                .collect(),
        )
    }

    /// Whether somebody gave a part of it.
    pub fn involve(&self, peer: PeerId) -> bool {
        self.0
            .iter()
            .any(|(origin, _)| *origin == Origin::Peer(peer))
    }

    /// Who gave blocks that are not those of the true piece.
    pub fn guilty(&self, truth: &[u8]) -> Vec<Origin> {
        let blocks = truth.chunks(BLOCK_LENGTH as usize);
        let mut guilty: Vec<Origin> = blocks
            .zip(&self.0)
            .filter(|(block, (_, hash))| <[u8; 20]>::from(Sha1::digest(block)) != *hash)
            .map(|(_, (origin, _))| *origin)
            .collect();
        guilty.sort_unstable();
        guilty.dedup();
        guilty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Origin = Origin::Peer(PeerId([1; 20]));
    const B: Origin = Origin::Peer(PeerId([2; 20]));

    #[test]
    fn blocks_are_asked_for_given_back_and_put() {
        let mut piece = Assembly::new(40_000);
        assert_eq!(piece.range(2), (32_768, 7_232));
        assert_eq!(piece.block_at(32_768, 7_232), Some(2));
        assert_eq!(piece.block_at(32_768, 7_233), None);
        assert_eq!(piece.block_at(40_000, 0), None);
        piece.ask(0, 5);
        piece.ask(0, 6);
        piece.ask(1, 7);
        assert_eq!(piece.free().collect::<Vec<_>>(), [2]);
        piece.release(0);
        assert_eq!(piece.late(7).collect::<Vec<_>>(), [0]);
        assert_eq!(piece.late(8).collect::<Vec<_>>(), [0, 1]);
        piece.release(0);
        assert_eq!(piece.free().collect::<Vec<_>>(), [0, 2]);
        assert!(piece.put(0, &[1; 16_384], A));
        assert!(!piece.put(0, &[2; 16_384], B));
        assert!(piece.put(1, &[2; 16_384], B));
        assert!(piece.put(2, &[3; 7_232], A));
        piece.release(1);
        assert!(piece.is_complete() && !piece.has_free());
        let (bytes, origins) = piece.finish();
        assert_eq!((bytes.len(), bytes[0], bytes[39_999]), (40_000, 1, 3));
        assert_eq!(origins, [A, B, A]);
    }

    #[test]
    fn the_guilty_are_those_whose_blocks_differ() {
        let truth = vec![7; 40_000];
        let mut lie = truth.clone();
        lie[20_000] = 8;
        let suspects = Suspects::new(&lie, &[A, B, A]);
        assert_eq!(suspects.guilty(&truth), [B]);
        assert!(suspects.involve(PeerId([1; 20])) && !suspects.involve(PeerId([3; 20])));
    }
}
