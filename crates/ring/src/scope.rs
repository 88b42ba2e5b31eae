//! Scope ring, version 1: voice levels for oscilloscopes.
//!
//! ```text
//! word  name       meaning
//! 0     MAGIC      "SIDS", little endian
//! 1     VERSION    1
//! 2     CHIPS      chips in use, 0 to 3
//! 3     CAPACITY   scope frames that fit; a power of two
//! 4     WRITE      scope frames written since the start, wrapping
//! 5     STEP       song position between two scope frames, in 1/65536 output frames
//! 6     SONG       song position of the scope frame before WRITE, in output frames
//! 7     OLD_WRITE  scope frames written when the song before the present one was rendered to its end
//! 8     OLD_STEP   STEP of that song
//! 9     OLD_SONG   SONG of that song then
//! 10-15            zero
//! 16..             i16 x 12 a frame: chip 1 voices 1 to 3 and digis, chip 2, chip 3
//! ```

/// "SIDS".
pub const MAGIC_VALUE: u32 = u32::from_le_bytes(*b"SIDS");
/// Version of the layout.
pub const VERSION_VALUE: u32 = 1;
/// Words before the levels.
pub const HEADER_WORDS: u32 = 16;
/// Levels in a scope frame: four for each of three chips.
pub const LEVELS: u32 = 12;
/// Machine cycles between two scope frames.
pub const CYCLES: u32 = 32;

/// Word numbers.
#[expect(missing_docs, reason = "the table above says what each is")]
pub mod word {
    pub const MAGIC: u32 = 0;
    pub const VERSION: u32 = 1;
    pub const CHIPS: u32 = 2;
    pub const CAPACITY: u32 = 3;
    pub const WRITE: u32 = 4;
    pub const STEP: u32 = 5;
    pub const SONG: u32 = 6;
    pub const OLD_WRITE: u32 = 7;
    pub const OLD_STEP: u32 = 8;
    pub const OLD_SONG: u32 = 9;
}

/// Bytes of a ring of `capacity` scope frames.
#[must_use]
pub const fn byte_length(capacity: u32) -> u32 {
    HEADER_WORDS * 4 + capacity * LEVELS * 2
}

/// Scope frame heard at song position `position` (output frames), from the words WRITE, STEP and
/// SONG; `None` where it has not been written yet or is overwritten already.
#[must_use]
pub fn frame_at(position: u32, write: u32, step: u32, song: u32, capacity: u32) -> Option<u32> {
    let behind = song.wrapping_sub(position).cast_signed();
    if behind < 0 || step == 0 {
        return None;
    }
    let frames = (u64::from(behind.cast_unsigned()) << 16) / u64::from(step);
    let frames = u32::try_from(frames).ok()?;
    (frames < capacity.saturating_sub(1)).then(|| write.wrapping_sub(1).wrapping_sub(frames))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_heard_is_found_by_song_position() {
        // One scope frame for every 1.5 output frames.
        let step = 3 << 15;
        assert_eq!(frame_at(300, 200, step, 300, 1024), Some(199));
        assert_eq!(frame_at(297, 200, step, 300, 1024), Some(197));
        assert_eq!(frame_at(301, 200, step, 300, 1024), None);
        assert_eq!(frame_at(0, 2000, step, 3000, 1024), None);
        assert_eq!(frame_at(0, 1, 0, 0, 1024), None);
        assert_eq!(frame_at(u32::MAX, 0, 1 << 16, 1, 1024), Some(u32::MAX - 2));
    }
}
