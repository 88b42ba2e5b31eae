//! The whole machine at one moment.
//!
//! Memory is kept in pages that are shared with the snapshot before where they are equal, so
//! that a run of snapshots costs what changes between them.

use std::sync::Arc;

use sid::{Resampler, Sid};

use crate::cpu::Cpu;
use crate::memory::Ram;
use crate::system::Circuits;

/// Bytes of a page.
const PAGE: usize = 0x100;

/// A moment of a [`Player`](crate::Player), to return to.
#[derive(Clone)]
pub struct Snapshot {
    pub(crate) pages: Vec<Arc<[u8; PAGE]>>,
    pub(crate) circuits: Circuits,
    pub(crate) cpu: Cpu,
    pub(crate) cycle: u64,
    pub(crate) frames: u64,
    pub(crate) sids: Vec<Sid>,
    pub(crate) resamplers: Vec<Resampler>,
    /// Frames that are made but not yet handed out.
    pub(crate) ready: Vec<[f32; 2]>,
}

impl Snapshot {
    /// Position in output frames since the start of the song.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Pages of memory that this snapshot does not share with `before`.
    pub fn own_pages(&self, before: &Self) -> usize {
        let pairs = self.pages.iter().zip(&before.pages);
        pairs
            .filter(|(page, other)| !Arc::ptr_eq(page, other))
            .count()
    }
}

/// The pages of `ram`, sharing those that have not changed since `before`.
pub(crate) fn pages(ram: &Ram, before: &[Arc<[u8; PAGE]>]) -> Vec<Arc<[u8; PAGE]>> {
    let (chunks, _) = ram.as_chunks::<PAGE>();
    chunks
        .iter()
        .enumerate()
        .map(|(index, chunk)| match before.get(index) {
            Some(page) if **page == *chunk => Arc::clone(page),
            _ => Arc::new(*chunk),
        })
        .collect()
}

/// Writes pages back.
pub(crate) fn restore_pages(ram: &mut Ram, pages: &[Arc<[u8; PAGE]>]) {
    let (chunks, _) = ram.as_chunks_mut::<PAGE>();
    for (chunk, page) in chunks.iter_mut().zip(pages) {
        *chunk = **page;
    }
}
