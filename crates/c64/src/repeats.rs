//! Where a song begins to repeat itself, told by what it writes to the sound chips.
//!
//! Writes come in bursts, one each time the play routine runs. A burst is known by the registers
//! that it leaves behind and by the frames that went by before it. When the last bursts are,
//! one by one, those of some time before, the song has gone round. Samples played through the
//! volume register come at any time and are left out.

use crate::registers::REGISTERS;
use crate::trace::Write;

/// Cycles without a write that end a burst.
const GAP_CYCLES: u64 = 2_000;
/// The register of volume and filter mode.
const VOLUME: u8 = 24;
/// A song that repeats a few seconds over and over has to do so this often, or for a minute, to
/// be believed: a held chord of a minute is longer than any.
const ROUNDS: u64 = 8;
/// FNV-1a, 64 bits.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// A song that goes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// Cycle at which everything has been played once.
    pub end: u64,
    /// Cycles from there back to where it goes on: what repeats.
    pub period: u64,
}

/// Listens for a repeat.
#[derive(Debug, Clone)]
pub struct Repeats {
    frame_cycles: u64,
    chips: Vec<[u8; REGISTERS]>,
    /// Start of each burst, and what it is known by.
    bursts: Vec<(u64, u64)>,
    /// The pitches of the first chip's voices in each burst, roughly.
    pitches: Vec<[u8; 3]>,
    /// Start of the burst that is being written, and the last write of it.
    open: Option<(u64, u64)>,
    before: u64,
}

impl Repeats {
    /// For a machine with `chips` chips, whose frames last `frame_cycles`.
    pub fn new(chips: usize, frame_cycles: u64) -> Self {
        Self {
            frame_cycles: frame_cycles.max(1),
            chips: vec![[0; REGISTERS]; chips],
            bursts: Vec::new(),
            pitches: Vec::new(),
            open: None,
            before: 0,
        }
    }

    /// Takes the next writes, in order.
    pub fn push(&mut self, writes: &[Write]) {
        for write in writes.iter().filter(|write| write.register != VOLUME) {
            if let Some((start, last)) = self.open
                && write.cycle - last > GAP_CYCLES
            {
                self.close(start);
                self.open = None;
            }
            let chip = self.chips.get_mut(usize::from(write.chip));
            if let Some(place) = chip.and_then(|chip| chip.get_mut(usize::from(write.register))) {
                *place = write.value;
            }
            let start = self.open.map_or(write.cycle, |(start, _)| start);
            self.open = Some((start, write.cycle));
        }
    }

    fn close(&mut self, start: u64) {
        let passed = start - self.before;
        self.before = start;
        // Up to one and a half frames is the ordinary step: at several calls a frame, or another
        // rate than the picture's, finer steps would be split by a few cycles' difference.
        let frames = if 2 * passed < 3 * self.frame_cycles {
            1
        } else {
            (passed + self.frame_cycles / 2) / self.frame_cycles
        };
        let step = |hash: u64, byte: u64| (hash ^ byte).wrapping_mul(PRIME);
        let bytes = self.chips.iter().flatten();
        let hash = bytes.fold(step(BASIS, frames), |hash, &byte| {
            step(hash, u64::from(byte))
        });
        self.bursts.push((start, hash));
        let pitch = |voice: usize| self.chips.first().map_or(0, |chip| chip[7 * voice + 1]);
        self.pitches.push([pitch(0), pitch(1), pitch(2)]);
    }

    /// Whether the song has gone round: the last `evidence` cycles at least, and a whole period,
    /// have been heard before; where the period is short, more than that. The shortest period
    /// counts.
    pub fn find(&self, evidence: u64) -> Option<Repeat> {
        let &(last, _) = self.bursts.last()?;
        let count = self.bursts.len();
        let matches = suffix_matches(&self.bursts);
        (1..count).find_map(|lag| {
            let length = matches[lag];
            if length < lag || length + lag > count {
                return None;
            }
            let first = count - length - lag;
            let (back, end) = (self.bursts[first].0, self.bursts[first + lag].0);
            let period = end - back;
            let enough = evidence.max((ROUNDS * period).min(2 * evidence));
            if last - end < enough {
                return None;
            }
            // The first round often leaves other things behind than it found, so that only the
            // second is exactly repeated: it is the whole song all the same.
            let end = if self.begins_anew(first, lag) {
                self.bursts[lag].0
            } else {
                end
            };
            Some(Repeat { end, period })
        })
    }

    /// Whether what comes before burst `first` is a round, or a part of one, that resembles what
    /// comes `lag` bursts later. Much more than a round is the song that led to the repeat: a
    /// held chord, at its end.
    fn begins_anew(&self, first: usize, lag: usize) -> bool {
        if first > lag + lag / 8 {
            return false;
        }
        let pairs = self.pitches[..first].iter().zip(&self.pitches[lag..]);
        let sounding = pairs
            .flat_map(|(early, late)| early.iter().zip(late))
            .filter(|&(&early, &late)| early != 0 || late != 0);
        let (equal, all) = sounding.fold((0, 0), |(equal, all), (early, late)| {
            (equal + usize::from(early == late), all + 1)
        });
        // Half of them: an introduction shares a bass note with the song here and there.
        2 * equal > all
    }
}

/// For each lag, how many bursts at the end equal those `lag` before: the Z function (Gusfield,
/// "Algorithms on Strings, Trees and Sequences", section 1.4) of the bursts read backwards.
fn suffix_matches(bursts: &[(u64, u64)]) -> Vec<usize> {
    let count = bursts.len();
    let hash = |back: usize| bursts[count - 1 - back].1;
    let mut matches = vec![0; count];
    let (mut left, mut right) = (0, 0);
    for at in 1..count {
        let mut length = if at < right {
            matches[at - left].min(right - at)
        } else {
            0
        };
        while at + length < count && hash(length) == hash(at + length) {
            length += 1;
        }
        if at + length > right {
            (left, right) = (at, at + length);
        }
        matches[at] = length;
    }
    matches
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: u64 = 20_000;

    /// A song of notes, one a frame, that is played from the start and then goes on at `back`.
    fn song(notes: &[u8], back: usize, frames: usize, change: impl Fn(usize, u8) -> u8) -> Repeats {
        let mut repeats = Repeats::new(1, FRAME);
        let mut at = 0;
        for frame in 0..frames {
            // The routine does not start in the same cycle each time.
            let cycle = frame as u64 * FRAME + [0, 900, 30][frame % 3];
            let write = |after: u64, register: u8, value: u8| Write {
                cycle: cycle + after,
                chip: 0,
                register,
                value,
            };
            let note = change(frame, notes[at]);
            repeats.push(&[
                write(0, 0, note),
                write(300, 24, frame as u8),
                write(400, 1, note & 0x7f),
            ]);
            at += 1;
            if at == notes.len() {
                at = back;
            }
        }
        repeats
    }

    #[test]
    fn a_song_ends_where_everything_has_been_played_once() {
        let notes: Vec<u8> = (0..100).collect();
        let repeats = song(&notes, 30, 300, |_, note| note);
        let repeat = repeats.find(50 * FRAME).expect("it goes round");
        assert!(repeat.end.abs_diff(100 * FRAME) < 1_000, "{repeat:?}");
        assert!(repeat.period.abs_diff(70 * FRAME) < 1_000, "{repeat:?}");
        assert_eq!(repeats.find(250 * FRAME), None, "so much was not heard");
    }

    #[test]
    fn what_is_played_twice_and_then_left_is_no_loop() {
        let mut notes: Vec<u8> = (0..40).chain(0..40).collect();
        notes.extend(100..180);
        for frames in [80, 100, 159] {
            assert_eq!(
                song(&notes, 0, frames, |_, note| note).find(45 * FRAME),
                None
            );
        }
        assert!(
            song(&notes, 0, 330, |_, note| note)
                .find(45 * FRAME)
                .is_some()
        );
    }

    #[test]
    fn a_first_round_that_begins_otherwise_is_a_round() {
        let notes: Vec<u8> = (0..100).collect();
        let settles = |frame: usize, note: u8| if frame < 20 { note ^ 0x80 } else { note };
        let repeat = song(&notes, 0, 300, settles).find(50 * FRAME);
        let repeat = repeat.expect("it goes round");
        assert!(repeat.end.abs_diff(100 * FRAME) < 1_000, "{repeat:?}");
    }

    #[test]
    fn a_song_that_ends_in_a_held_note_ends_there() {
        let notes: Vec<u8> = (0..1_000).map(|frame| (frame / 10) as u8).collect();
        let repeats = song(&notes, 999, 1_200, |_, note| note);
        let repeat = repeats.find(50 * FRAME).expect("it stands still");
        assert!(repeat.end.abs_diff(990 * FRAME) < 2 * FRAME, "{repeat:?}");
    }

    #[test]
    fn a_song_that_only_resembles_itself_does_not_go_round() {
        let notes: Vec<u8> = (0..50).collect();
        let vibrato = |frame: usize, note: u8| note.wrapping_add((frame / 50 * 3) as u8);
        assert_eq!(song(&notes, 0, 500, vibrato).find(10 * FRAME), None);
        assert_eq!(Repeats::new(1, FRAME).find(0), None);
    }
}
