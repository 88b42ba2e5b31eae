//! Levels of the voices that came by message, where memory cannot be shared.

use std::collections::VecDeque;

use protocol::engine::Event;

/// Levels of every voice: voice v of chip c in `4 * c + v`; voice 3 are digis.
pub type Levels = [Vec<i16>; 12];

/// Blocks kept: more than the engine ever runs ahead of the play head.
const MOST_BLOCKS: usize = 256;
/// Most output frames whose levels come in one block.
const BLOCK_FRAMES: u32 = 8_192;

/// Levels in song order.
#[derive(Debug, Clone, Default)]
pub struct Blocks {
    /// Song position of the first scope frame of each block, in output frames, and its levels.
    blocks: VecDeque<(u32, Vec<i16>)>,
    /// Levels in a scope frame.
    width: usize,
    /// What was left of the song before when levels of another came.
    before: Option<Box<Blocks>>,
}

impl Blocks {
    /// Notes an [`Event::Scope`]; others are passed over.
    pub fn take(&mut self, event: Event) {
        let Event::Scope {
            frame,
            chips,
            levels,
        } = event
        else {
            return;
        };
        let width = 4 * usize::from(chips.clamp(1, 3));
        let jumped = self.blocks.back().is_some_and(|(last, _)| frame <= *last);
        if jumped || self.width != width {
            let mut before = std::mem::take(self);
            before.before = None;
            self.before = Some(Box::new(before));
            self.width = width;
        }
        self.blocks.push_back((frame, levels));
        while self.blocks.len() > MOST_BLOCKS {
            self.blocks.pop_front();
        }
    }

    /// The latest `count` levels at song position `position`, in output frames. False where there
    /// are none.
    pub fn levels(&self, position: u32, count: usize, out: &mut Levels) -> bool {
        for voice in out.iter_mut() {
            voice.clear();
        }
        match &self.before {
            Some(before) if !self.reaches(position) => before.copy(position, count, out),
            _ => self.copy(position, count, out),
        }
    }

    /// Whether its levels go as far as `position`: what is rendered may be of the next song already.
    fn reaches(&self, position: u32) -> bool {
        let last = self.blocks.back();
        last.is_some_and(|(first, _)| position < first.saturating_add(BLOCK_FRAMES))
    }

    fn copy(&self, position: u32, count: usize, out: &mut Levels) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of two frames of one chip.
    fn block(frame: u32, level: i16) -> Event {
        let levels = [level, 10, 20, 30, level + 1, 11, 21, 31].to_vec();
        Event::Scope {
            frame,
            chips: 1,
            levels,
        }
    }

    #[test]
    fn the_latest_levels_at_a_place_are_found() {
        let mut blocks = Blocks::default();
        for (frame, level) in [(0, 100), (3_000, 200), (6_000, 300)] {
            blocks.take(block(frame, level));
        }
        let mut out = Levels::default();
        assert!(blocks.levels(5_000, 3, &mut out));
        assert_eq!(out[0], [101, 200, 201]);
        assert_eq!(out[3], [31, 30, 31]);
        assert!(out[4].is_empty());
        assert!(!blocks.levels(0, 3, &mut out), "nothing before the start");
    }

    #[test]
    fn the_song_before_is_kept_until_the_next_is_heard() {
        let mut blocks = Blocks::default();
        blocks.take(block(50_000, 100));
        blocks.take(block(0, 500));
        let mut out = Levels::default();
        assert!(blocks.levels(52_000, 1, &mut out));
        assert_eq!(out[0], [101]);
        assert!(blocks.levels(100, 1, &mut out));
        assert_eq!(out[0], [501]);
    }
}
