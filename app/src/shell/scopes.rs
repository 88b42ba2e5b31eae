//! Levels of the voices for oscilloscopes: from the scope ring, or from messages.

use std::cell::RefCell;
use std::collections::VecDeque;

use js_sys::{Int16Array, Int32Array, SharedArrayBuffer};
use protocol::engine::Event;
use ring::scope;

/// Frames of the scope ring, about two seconds.
const CAPACITY: u32 = 1 << 16;
/// Blocks kept: more than the engine ever runs ahead of the play head.
const MOST_BLOCKS: usize = 256;

/// Most output frames whose levels come in one block.
const BLOCK_FRAMES: u32 = 8_192;

/// Both ways for levels to come.
#[derive(Default)]
pub struct Scopes {
    ring: RefCell<Option<Ring>>,
    blocks: RefCell<Blocks>,
}

struct Ring {
    words: Int32Array,
    levels: Int16Array,
}

/// Levels that came by message, in song order.
#[derive(Default)]
struct Blocks {
    /// Song position of the first scope frame of each block, in output frames, and its levels.
    blocks: VecDeque<(u32, Vec<i16>)>,
    /// Levels in a scope frame.
    width: usize,
    /// What was left of the song before when levels of another came.
    before: Option<Box<Blocks>>,
}

impl Scopes {
    /// Makes a ring for the engine; levels come from it from now on.
    pub fn make_ring(&self) -> SharedArrayBuffer {
        let buffer = SharedArrayBuffer::new(scope::byte_length(CAPACITY));
        let words = Int32Array::new_with_byte_offset_and_length(&buffer, 0, scope::HEADER_WORDS);
        for (word, value) in [
            (scope::word::MAGIC, scope::MAGIC_VALUE),
            (scope::word::VERSION, scope::VERSION_VALUE),
            (scope::word::CAPACITY, CAPACITY),
        ] {
            words.set_index(word, value.cast_signed());
        }
        let levels = Int16Array::new_with_byte_offset(&buffer, scope::HEADER_WORDS * 4);
        *self.ring.borrow_mut() = Some(Ring { words, levels });
        buffer
    }

    /// Levels come by message from now on.
    pub fn forget_ring(&self) {
        *self.ring.borrow_mut() = None;
    }

    /// Notes levels that came by message.
    pub fn take(&self, event: &Event) {
        let Event::Scope {
            frame,
            chips,
            levels,
        } = event
        else {
            return;
        };
        let mut kept = self.blocks.borrow_mut();
        let jumped = kept.blocks.back().is_some_and(|(last, _)| frame <= last);
        if jumped || kept.width != 4 * usize::from(*chips) {
            let before = std::mem::take(&mut *kept);
            kept.before = Some(Box::new(Blocks {
                before: None,
                ..before
            }));
            kept.width = 4 * usize::from(*chips);
        }
        kept.blocks.push_back((*frame, levels.clone()));
        while kept.blocks.len() > MOST_BLOCKS {
            kept.blocks.pop_front();
        }
    }

    /// The latest `count` levels at song position `position`: voice v of chip c in
    /// `out[4 * c + v]`. False where there are none.
    pub fn levels(&self, position: u32, count: usize, out: &mut [Vec<i16>; 12]) -> bool {
        for voice in out.iter_mut() {
            voice.clear();
        }
        match &*self.ring.borrow() {
            Some(ring) => ring.levels(position, count, out),
            None => {
                let blocks = self.blocks.borrow();
                let heard = match &blocks.before {
                    Some(before) if !blocks.reaches(position) => before,
                    _ => &*blocks,
                };
                heard.levels(position, count, out)
            }
        }
    }
}

impl Ring {
    fn levels(&self, position: u32, count: usize, out: &mut [Vec<i16>; 12]) -> bool {
        let word = |at: u32| self.words.get_index(at).cast_unsigned();
        let at = |[write, step, song]: [u32; 3]| {
            scope::frame_at(position, word(write), word(step), word(song), CAPACITY)
        };
        let now = at([scope::word::WRITE, scope::word::STEP, scope::word::SONG]);
        // What is rendered may be of the next song already.
        let old = [
            scope::word::OLD_WRITE,
            scope::word::OLD_STEP,
            scope::word::OLD_SONG,
        ];
        let Some(last) = now.or_else(|| at(old)) else {
            return false;
        };
        let count = u32::try_from(count).unwrap_or(0).min(CAPACITY / 2);
        let first = last.wrapping_sub(count);
        let start = first & (CAPACITY - 1);
        let width = scope::LEVELS;
        let before_wrap = count.min(CAPACITY - start);
        let mut copy = vec![0i16; (count * width) as usize];
        let split = (before_wrap * width) as usize;
        let part =
            |from: u32, frames: u32| self.levels.subarray(from * width, (from + frames) * width);
        part(start, before_wrap).copy_to(&mut copy[..split]);
        part(0, count - before_wrap).copy_to(&mut copy[split..]);
        for frame in copy.chunks_exact(width as usize) {
            for (voice, &level) in out.iter_mut().zip(frame) {
                voice.push(level);
            }
        }
        true
    }
}

impl Blocks {
    /// Whether its levels go as far as `position`: what is rendered may be of the next song already.
    fn reaches(&self, position: u32) -> bool {
        let last = self.blocks.back();
        last.is_some_and(|(first, _)| position < first.saturating_add(BLOCK_FRAMES))
    }

    fn levels(&self, position: u32, count: usize, out: &mut [Vec<i16>; 12]) -> bool {
        let begun = |block: &&(u32, Vec<i16>)| block.0 <= position;
        let heard = self.blocks.iter().take_while(begun).count();
        let wanted = count * self.width;
        let mut first = heard;
        let mut found = 0;
        while first > 0 && found < wanted {
            first -= 1;
            found += self.blocks[first].1.len();
        }
        if wanted == 0 || found < wanted {
            return false;
        }
        let levels = self
            .blocks
            .range(first..heard)
            .flat_map(|(_, levels)| levels);
        for (at, &level) in levels.skip(found - wanted).enumerate() {
            out[at % self.width].push(level);
        }
        true
    }
}
