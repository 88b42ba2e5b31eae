//! PCM ring, version 2.
//!
//! ```text
//! word  name          written by  meaning
//! 0     MAGIC         creator     "SIDR", little endian
//! 1     VERSION       creator     2
//! 2     RATE          creator     frames per second
//! 3     CAPACITY      creator     frames that fit; a power of two
//! 4     WRITE         engine      frames written since the start, wrapping
//! 5     GENERATION    engine      odd while words 6 to 10 change, even when they are whole
//! 6     FROM          engine      first frame of this generation
//! 7     SWITCH        engine      frame of the previous generation at which the reader goes over
//! 8     SPLICE        engine      1: go over at SWITCH, in step; 0: go over at once
//! 9     SONG          engine      song position of frame FROM, in frames
//! 10    STEP          engine      frames of the song in 65,536 frames of the ring
//! 11    ENDED         engine      1: the frame before WRITE is the song's last
//! 12    READ          worklet     frames read since the start, wrapping
//! 13    SEEN          worklet     generation that the reader plays
//! 14    POSITION      worklet     song position of frame READ, in frames
//! 15    UNDERRUNS     worklet     times that frames were missing while the song was not over
//! 16    MISSING       worklet     frames that were missing
//! 17    CLOCK         worklet     quanta processed since the start, wrapping
//! 18-31                           zero
//! 32..                            stereo f32, interleaved, frame n at 32 + 2 * (n mod CAPACITY)
//! ```
//!
//! A generation is a stretch of song without a jump. After a seek the engine opens one with
//! `SPLICE` 0 and the reader drops what it has not read. After a change of voices the engine
//! renders again from a place shortly ahead of the play head and opens one with `SPLICE` 1: the
//! reader plays the old frames up to `SWITCH` and goes on at `FROM` in step, without a gap.
//!
//! The next song follows in a generation whose `SWITCH` and `FROM` are the frame after the last of
//! the song before: no frame lies between the two, and the reader's words `SEEN` and `POSITION` tell
//! when the first of it is heard.
//!
//! At another speed a frame of the ring is more of the song, or less: position counts in frames of
//! the song, `STEP` tells how many of them go by.

/// "SIDR".
pub const MAGIC_VALUE: u32 = u32::from_le_bytes(*b"SIDR");
/// Version of the layout.
pub const VERSION_VALUE: u32 = 2;
/// Words before the samples.
pub const HEADER_WORDS: u32 = 32;
/// Samples in a frame.
pub const CHANNELS: u32 = 2;
/// [`Generation::step`] of a song at its own speed.
pub const OWN_SPEED: u32 = 1 << 16;

/// Word numbers.
#[expect(missing_docs, reason = "the table above says what each is")]
pub mod word {
    pub const MAGIC: u32 = 0;
    pub const VERSION: u32 = 1;
    pub const RATE: u32 = 2;
    pub const CAPACITY: u32 = 3;
    pub const WRITE: u32 = 4;
    pub const GENERATION: u32 = 5;
    pub const FROM: u32 = 6;
    pub const SWITCH: u32 = 7;
    pub const SPLICE: u32 = 8;
    pub const SONG: u32 = 9;
    pub const STEP: u32 = 10;
    pub const ENDED: u32 = 11;
    pub const READ: u32 = 12;
    pub const SEEN: u32 = 13;
    pub const POSITION: u32 = 14;
    pub const UNDERRUNS: u32 = 15;
    pub const MISSING: u32 = 16;
    pub const CLOCK: u32 = 17;
}

/// Bytes of a ring of `capacity` frames.
#[must_use]
pub const fn byte_length(capacity: u32) -> u32 {
    (HEADER_WORDS + CHANNELS * capacity) * 4
}

/// Why a buffer is not a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Another kind of buffer.
    #[error("not a PCM ring: magic {0:#010x}")]
    Magic(u32),
    /// Another build's ring.
    #[error("PCM ring version {0}, known is {VERSION_VALUE}")]
    Version(u32),
    /// Capacity and length do not belong together.
    #[error("a PCM ring of {capacity} frames does not have {bytes} bytes")]
    Length {
        /// As written in the header.
        capacity: u32,
        /// As found.
        bytes: u32,
    },
}

/// Checks the fixed words of a ring of `bytes` bytes and returns its capacity in frames.
///
/// # Errors
/// The buffer is not a ring of this version.
pub fn check_layout(words: [u32; 4], bytes: u32) -> Result<u32, LayoutError> {
    let [magic, version, _, capacity] = words;
    if magic != MAGIC_VALUE {
        return Err(LayoutError::Magic(magic));
    }
    if version != VERSION_VALUE {
        return Err(LayoutError::Version(version));
    }
    if !capacity.is_power_of_two() || capacity > 1 << 24 || byte_length(capacity) != bytes {
        return Err(LayoutError::Length { capacity, bytes });
    }
    Ok(capacity)
}

/// Where `count` frames from `frame` lie: one stretch, or two where the ring wraps. Each is
/// (first sample after the header, samples).
#[must_use]
pub fn stretches(capacity: u32, frame: u32, count: u32) -> [(u32, u32); 2] {
    let start = frame & (capacity - 1);
    let first = count.min(capacity - start);
    [
        (start * CHANNELS, first * CHANNELS),
        (0, (count - first) * CHANNELS),
    ]
}

/// The words of a generation, as the engine publishes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// Even number of the generation.
    pub number: u32,
    /// First frame.
    pub from: u32,
    /// Frame of the previous generation where the reader goes over.
    pub switch: u32,
    /// Whether the reader waits for `switch`.
    pub splice: bool,
    /// Song position of `from`.
    pub song: u32,
    /// Frames of the song in 65,536 frames of the ring.
    pub step: u32,
}

impl Default for Generation {
    fn default() -> Self {
        Self {
            number: 0,
            from: 0,
            switch: 0,
            splice: false,
            song: 0,
            step: OWN_SPEED,
        }
    }
}

impl Generation {
    /// Song position of ring frame `frame`, wrapping.
    #[must_use]
    pub fn song_at(&self, frame: u32) -> u32 {
        let frames = i64::from(frame.wrapping_sub(self.from).cast_signed());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it wraps as the ring does"
        )]
        let gone = ((frames * i64::from(self.step)) >> 16) as u32;
        self.song.wrapping_add(gone)
    }
}

/// The engine's view: what it has written and what the reader will do with it.
#[derive(Debug, Clone)]
pub struct Writer {
    capacity: u32,
    write: u32,
    current: Generation,
    /// Number of the newest generation, which may have been revoked.
    newest: u32,
    /// What the reader plays as long as it has not seen `current`.
    previous: Generation,
}

impl Writer {
    /// Writer of a fresh ring.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            capacity,
            write: 0,
            current: Generation::default(),
            newest: 0,
            previous: Generation::default(),
        }
    }

    /// Frames written since the start, wrapping.
    #[must_use]
    pub fn write(&self) -> u32 {
        self.write
    }

    /// The generation that is being written.
    #[must_use]
    pub fn current(&self) -> Generation {
        self.current
    }

    /// Opens a generation whose first frame, the next one written, has song position `song`, and
    /// goes on at the speed `step`. `splice_at` is the frame of what the reader plays now at which
    /// it goes over in step; `None` makes it go over at once. `seen` is the reader's word SEEN.
    pub fn open(&mut self, song: u32, step: u32, splice_at: Option<u32>, seen: u32) -> Generation {
        if seen == self.current.number {
            self.previous = self.current;
        }
        self.newest = self.newest.wrapping_add(2);
        self.current = Generation {
            number: self.newest,
            from: self.write,
            switch: splice_at.unwrap_or(self.write),
            splice: splice_at.is_some(),
            song,
            step,
        };
        self.current
    }

    /// Takes back a generation that the reader has not gone over to: the one that it plays is the
    /// current one again, and the next opens from there. Until that is published the reader may go
    /// over all the same; frames are counted on, so it is then late by what it has read.
    pub fn revoke(&mut self) {
        self.current = self.previous;
    }

    /// Notes that `count` frames were written.
    pub fn advance(&mut self, count: u32) {
        self.write = self.write.wrapping_add(count);
    }

    /// Song position of the reader, from its words READ and SEEN.
    #[must_use]
    pub fn song_position(&self, read: u32, seen: u32) -> u32 {
        self.playing(seen).song_at(read)
    }

    /// Frames of the current generation that the reader has not read.
    #[must_use]
    pub fn ahead(&self, read: u32, seen: u32) -> u32 {
        if seen == self.current.number {
            self.unread(read)
        } else {
            self.write.wrapping_sub(self.current.from)
        }
    }

    /// Frames that can be written without touching one that the reader may still play.
    #[must_use]
    pub fn free(&self, read: u32) -> u32 {
        self.capacity.saturating_sub(self.unread(read))
    }

    /// Frames from `read` on. There are none where the reader stands beyond the last: one that
    /// goes over to a splice late goes on in step, past what has been rendered of it so far.
    fn unread(&self, read: u32) -> u32 {
        let unread = self.write.wrapping_sub(read).cast_signed();
        unread.max(0).cast_unsigned()
    }

    fn playing(&self, seen: u32) -> Generation {
        if seen == self.current.number {
            self.current
        } else {
            self.previous
        }
    }
}

/// The reader's arithmetic, as the audio worklet does it in JavaScript; here for tests and as the
/// place that says what is meant.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// Word READ.
    pub read: u32,
    /// Word SEEN.
    pub seen: u32,
    playing: Generation,
}

impl Reader {
    /// Song position of the next frame.
    #[must_use]
    pub fn position(&self) -> u32 {
        self.playing.song_at(self.read)
    }

    /// Takes up to `count` frames out of a ring whose engine words are `generation` and `write`.
    /// Returns the first frame and how many there are.
    pub fn take(&mut self, generation: Generation, write: u32, count: u32) -> (u32, u32) {
        if generation.number != self.seen {
            let late = self.read.wrapping_sub(generation.switch);
            let reached = late.cast_signed() >= 0;
            if !generation.splice || reached {
                let step = if generation.splice { late } else { 0 };
                self.read = generation.from.wrapping_add(step);
                self.seen = generation.number;
                self.playing = generation;
            } else {
                // Old frames, no further than the switch.
                let count = count.min(late.wrapping_neg());
                let first = self.read;
                self.read = first.wrapping_add(count);
                return (first, count);
            }
        }
        let available = write
            .wrapping_sub(self.read)
            .cast_signed()
            .max(0)
            .cast_unsigned();
        let first = self.read;
        let count = count.min(available);
        self.read = first.wrapping_add(count);
        (first, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn layout_is_checked() {
        let words = [MAGIC_VALUE, 2, 48_000, 1024];
        assert_eq!(check_layout(words, byte_length(1024)), Ok(1024));
        assert_eq!(check_layout([0, 2, 0, 1024], 0), Err(LayoutError::Magic(0)));
        assert_eq!(
            check_layout([MAGIC_VALUE, 1, 0, 0], 0),
            Err(LayoutError::Version(1))
        );
        let wrong = check_layout([MAGIC_VALUE, 2, 0, 1000], byte_length(1000));
        assert!(matches!(
            wrong,
            Err(LayoutError::Length { capacity: 1000, .. })
        ));
        assert!(check_layout(words, 4).is_err());
        assert!(check_layout([MAGIC_VALUE, 2, 0, 1 << 31], 128).is_err());
    }

    #[test]
    fn a_stretch_wraps_once() {
        assert_eq!(stretches(8, 6, 4), [(12, 4), (0, 4)]);
        assert_eq!(stretches(8, 8, 8), [(0, 16), (0, 0)]);
        assert_eq!(stretches(8, u32::MAX, 2), [(14, 2), (0, 2)]);
    }

    /// A ring whose frames hold (song position, take), so that every frame played can be checked.
    struct Rig {
        writer: Writer,
        reader: Reader,
        frames: Vec<(u32, u32)>,
        next_song: u32,
        take: u32,
        played: Vec<(u32, u32)>,
    }

    impl Rig {
        fn new(start: u32) -> Self {
            let mut rig = Self {
                writer: Writer::new(64),
                reader: Reader {
                    read: start,
                    ..Reader::default()
                },
                frames: vec![(0, 0); 64],
                next_song: 0,
                take: 0,
                played: Vec::new(),
            };
            rig.writer.write = start;
            rig.open(0, None);
            rig
        }

        fn open(&mut self, song: u32, splice_at: Option<u32>) {
            self.writer
                .open(song, OWN_SPEED, splice_at, self.reader.seen);
            self.next_song = song;
            self.take += 1;
        }

        fn fill(&mut self, count: u32) {
            let count = count.min(self.writer.free(self.reader.read));
            for _ in 0..count {
                let at = (self.writer.write() & 63) as usize;
                self.frames[at] = (self.next_song, self.take);
                self.next_song += 1;
                self.writer.advance(1);
            }
        }

        fn play(&mut self, count: u32) {
            let before = self.reader.clone();
            let (first, taken) =
                self.reader
                    .take(self.writer.current(), self.writer.write(), count);
            for frame in 0..taken {
                self.played
                    .push(self.frames[(first.wrapping_add(frame) & 63) as usize]);
            }
            let told = self
                .writer
                .song_position(self.reader.read, self.reader.seen);
            assert_eq!(told, self.reader.position(), "after {before:?}");
        }

        /// Change of voices: render again from three frames ahead.
        fn splice(&mut self) {
            let ahead = 3.min(self.writer.ahead(self.reader.read, self.reader.seen));
            let at = self.reader.read.wrapping_add(ahead);
            let song = self.writer.song_position(at, self.reader.seen);
            self.open(song, Some(at));
        }
    }

    #[test]
    fn a_splice_goes_over_in_step_even_when_late() {
        let mut rig = Rig::new(0);
        rig.fill(20);
        rig.play(4);
        rig.splice();
        rig.fill(10);
        rig.play(2);
        rig.play(2);
        rig.play(4);
        let songs: Vec<u32> = rig.played.iter().map(|frame| frame.0).collect();
        assert_eq!(songs, (0..songs.len() as u32).collect::<Vec<_>>());
        let takes: Vec<u32> = rig.played.iter().map(|frame| frame.1).collect();
        assert_eq!(takes, [1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
    }

    #[test]
    fn a_reader_that_is_later_than_what_is_rendered_hears_the_rest_in_step() {
        let mut rig = Rig::new(0);
        rig.fill(20);
        rig.splice();
        rig.played.clear();
        // The engine is held up after it said where the splice is, and the reader plays on.
        let late = 12;
        rig.reader.read = late;
        rig.fill(2);
        rig.play(4);
        assert_eq!(rig.played, []);
        rig.fill(64);
        rig.play(2);
        assert_eq!(rig.played, [(late, 2), (late + 1, 2)]);
    }

    #[test]
    fn a_seek_drops_what_was_not_read() {
        let mut rig = Rig::new(u32::MAX - 5);
        rig.fill(20);
        rig.play(4);
        rig.open(1000, None);
        rig.play(4);
        assert_eq!(rig.played.len(), 4);
        rig.fill(8);
        rig.play(4);
        assert_eq!(
            rig.played[4..],
            [(1000, 2), (1001, 2), (1002, 2), (1003, 2)]
        );
    }

    #[test]
    fn the_next_song_follows_without_a_gap_and_can_be_taken_back() {
        let mut rig = Rig::new(u32::MAX - 3);
        rig.fill(10);
        rig.play(6);
        let join = rig.writer.write();
        rig.open(0, Some(join));
        rig.fill(10);
        rig.play(8);
        rig.play(4);
        let songs: Vec<u32> = rig.played.iter().map(|frame| frame.0).collect();
        assert_eq!(songs, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3]);
        assert_eq!(rig.reader.position(), 4);
        assert_eq!(rig.reader.seen, rig.writer.current().number);

        let (seen, join) = (rig.reader.seen, rig.writer.write());
        rig.open(100, Some(join));
        rig.fill(4);
        rig.writer.revoke();
        assert_eq!(rig.writer.current().number, seen);
        rig.splice();
        assert!(rig.writer.current().number > seen.wrapping_add(2));
        rig.fill(20);
        rig.play(10);
        rig.play(7);
        let songs: Vec<u32> = rig.played[14..].iter().map(|frame| frame.0).collect();
        assert_eq!(songs, (4..14).collect::<Vec<_>>());
    }

    #[test]
    fn a_position_is_of_the_song_at_any_speed() {
        let at = |step, frame| {
            let generation = Generation {
                from: u32::MAX - 9,
                song: 1000,
                step,
                ..Generation::default()
            };
            generation.song_at(frame)
        };
        assert_eq!(at(OWN_SPEED, 10), 1020);
        assert_eq!(at(2 * OWN_SPEED, 10), 1040);
        assert_eq!(at(OWN_SPEED / 4, 10), 1005);
        // A position that is not whole is the one before.
        assert_eq!(at(OWN_SPEED / 4, 13), 1005);
        assert_eq!(at(4 * OWN_SPEED, u32::MAX - 10), 996);
    }

    proptest! {
        /// Whatever is filled, played, spliced and sought: between seeks every song frame is
        /// played once, in order, and no take comes back after a newer one was heard.
        #[test]
        fn no_frame_is_lost_or_doubled(
            start in any::<u32>(),
            steps in proptest::collection::vec((0u8..8, 0u32..24), 1..200),
        ) {
            let mut rig = Rig::new(start);
            let mut expected_jump = Vec::new();
            for (kind, amount) in steps {
                match kind {
                    0..=2 => rig.fill(amount),
                    3..=5 => rig.play(amount),
                    // The engine splices only when the last one was seen, as it needs the room.
                    6 if rig.reader.seen == rig.writer.current().number => rig.splice(),
                    7 => {
                        rig.open(10_000 + amount, None);
                        expected_jump.push(rig.take);
                    }
                    _ => {}
                }
            }
            // Whatever happened, an engine that renders is heard.
            let heard = rig.played.len();
            for _ in 0..2 {
                rig.fill(64);
                rig.play(64);
            }
            prop_assert!(rig.played.len() > heard);
            for pair in rig.played.windows(2) {
                let ((song_a, take_a), (song_b, take_b)) = (pair[0], pair[1]);
                prop_assert!(take_b >= take_a);
                let jumped = expected_jump.iter().any(|&take| take_a < take && take <= take_b);
                prop_assert!(jumped || song_b == song_a + 1, "{pair:?}");
            }
        }
    }
}
