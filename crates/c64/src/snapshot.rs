//! The whole machine at one moment.
//!
//! Written down, version 2:
//!
//! ```text
//! version     1 byte
//! base        1 byte: 0 stands alone, 1 is told by what differs from another snapshot
//! position    8 bytes each, low first: that of this snapshot, in output frames; that of the base
//! memory      4 bytes length, then what makes RAM and colour RAM of those of the base
//! state       the same for all registers of all chips, in postcard
//! ```
//!
//! A snapshot belongs to one song on one machine: nothing of the tune itself is in it. Where it
//! comes from is up to the caller; what it does to another song is not defined beyond that it is
//! only sound.

use sid::{ResamplerState, Sid};

use crate::cpu::Cpu;
use crate::delta;
use crate::memory::Ram;
use crate::mus;
use crate::system::Circuits;

/// Version of what [`Snapshot::encode`] writes.
const VERSION: u8 = 2;
const RAM_BYTES: usize = 0x1_0000;
const COLOR_BYTES: usize = 0x400;
/// Bytes in front of the memory.
const HEADER: usize = 18;

/// A moment of a [`Player`](crate::Player), to return to.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    frames: u64,
    /// RAM, then colour RAM.
    memory: Vec<u8>,
    /// [`State`] in postcard.
    state: Vec<u8>,
}

/// Everything that is not memory.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct State {
    pub(crate) circuits: Circuits,
    pub(crate) cpu: Cpu,
    pub(crate) cycle: u64,
    pub(crate) frames: u64,
    pub(crate) sids: Vec<Sid>,
    pub(crate) resamplers: Vec<ResamplerState>,
    /// Frames that are made but not yet handed out.
    pub(crate) ready: Vec<[f32; 2]>,
    /// Where a Sidplayer song stands.
    pub(crate) sidplayer: Option<mus::State>,
}

/// Why bytes are no snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Another build wrote it.
    #[error("a snapshot of version {found}, known is {VERSION}")]
    Version {
        /// As found.
        found: u8,
    },
    /// It is told by another snapshot than the one given.
    #[error("the snapshot is told by one at frame {wanted}, which was not given")]
    Base {
        /// Position of the snapshot that is needed.
        wanted: u64,
    },
    /// It is cut short, or garbled.
    #[error("a snapshot of {bytes} bytes is damaged")]
    Damaged {
        /// Its length.
        bytes: usize,
    },
}

impl Snapshot {
    pub(crate) fn of(ram: &Ram, state: &State) -> Self {
        let mut memory = Vec::with_capacity(RAM_BYTES + COLOR_BYTES);
        memory.extend_from_slice(ram);
        memory.extend_from_slice(&*state.circuits.color);
        Self {
            frames: state.frames,
            memory,
            state: postcard::to_allocvec(state).expect("plain data always serialises to a vector"),
        }
    }

    /// Writes the memory back and returns the rest.
    pub(crate) fn state(&self, ram: &mut Ram) -> State {
        let mut state: State = postcard::from_bytes(&self.state)
            .expect("a snapshot holds what was written, or was read whole when it was made");
        let (own, color) = self.memory.split_at(RAM_BYTES);
        ram.copy_from_slice(own);
        state.circuits.color.copy_from_slice(color);
        state
    }

    /// Position in output frames since the start of the song.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes that tell of this moment; with `base` only of what differs from that one.
    pub fn encode(&self, base: Option<&Self>) -> Vec<u8> {
        let known = |part: fn(&Self) -> &[u8]| base.map_or(&[][..], part);
        let memory = delta::encode(known(|base| &base.memory), &self.memory);
        let state = delta::encode(known(|base| &base.state), &self.state);
        let mut out = Vec::with_capacity(HEADER + 4 + memory.len() + state.len());
        out.extend([VERSION, u8::from(base.is_some())]);
        out.extend(self.frames.to_le_bytes());
        out.extend(base.map_or(0, |base| base.frames).to_le_bytes());
        out.extend((memory.len() as u32).to_le_bytes());
        out.extend(memory);
        out.extend(state);
        out
    }

    /// The moment that `bytes` tell of; `base` is the one that [`encode`](Self::encode) was given.
    ///
    /// # Errors
    /// They are of another version, of another base, or no snapshot.
    pub fn decode(bytes: &[u8], base: Option<&Self>) -> Result<Self, SnapshotError> {
        let damaged = SnapshotError::Damaged { bytes: bytes.len() };
        match bytes.first() {
            Some(&VERSION) => {}
            Some(&found) => return Err(SnapshotError::Version { found }),
            None => return Err(damaged),
        }
        let word = |at: usize| {
            let word = bytes.get(at..at + 8).and_then(|word| word.try_into().ok());
            word.map(u64::from_le_bytes).ok_or(damaged)
        };
        let (frames, wanted) = (word(2)?, word(10)?);
        let base = match (bytes[1], base) {
            (0, _) => None,
            (1, Some(base)) if base.frames == wanted => Some(base),
            (1, _) => return Err(SnapshotError::Base { wanted }),
            _ => return Err(damaged),
        };
        let known = |part: fn(&Self) -> &[u8]| base.map_or(&[][..], part);
        let (length, rest) = bytes[HEADER..].split_first_chunk().ok_or(damaged)?;
        let (memory, state) = rest
            .split_at_checked(u32::from_le_bytes(*length) as usize)
            .ok_or(damaged)?;
        let memory = delta::decode(known(|base| &base.memory), memory).ok_or(damaged)?;
        let state = delta::decode(known(|base| &base.state), state).ok_or(damaged)?;
        let read = postcard::from_bytes::<State>(&state);
        if memory.len() != RAM_BYTES + COLOR_BYTES || read.is_err() {
            return Err(damaged);
        }
        Ok(Self {
            frames,
            memory,
            state,
        })
    }

    /// Bytes that it takes as it is.
    pub(crate) fn bytes(&self) -> usize {
        self.memory.len() + self.state.len()
    }

    /// How many bytes telling of the memory takes, given that of `base`.
    pub(crate) fn memory_cost(&self, base: &Self) -> usize {
        delta::encode(&base.memory, &self.memory).len()
    }
}
