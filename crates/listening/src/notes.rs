//! Notes and registers of a song, from what its chips are told frame by frame.
//!
//! Source of the registers' meaning: the MOS 6581 data sheet.

use core::ops::Range;

use protocol::engine::{Event, REGISTERS};
use sidfile::TuneId;

use crate::language::t;

/// Bytes of a chip in a frame.
const CHIP_BYTES: usize = REGISTERS + 1;
/// Voices of a chip.
pub const VOICES: usize = 3;
/// Pitch of 440 Hz, in semitones as MIDI counts them.
const CONCERT_PITCH: f32 = 69.0;

/// The registers of a song as far as they are known.
#[derive(Debug, Clone, Default)]
pub struct NoteTrack {
    tune: Option<TuneId>,
    chips: usize,
    frame_nanos: u64,
    clock_hz: f32,
    rows: Vec<u8>,
}

/// A voice's share of the registers, taken apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoiceState {
    /// Frequency in Hz.
    pub hertz: f32,
    /// Pulse width in percent.
    pub pulse_percent: f32,
    /// Bits of the waveforms: triangle 1, sawtooth 2, pulse 4, noise 8.
    pub waveforms: u8,
    /// The envelope rises or holds.
    pub gate: bool,
    /// Synchronised by the voice before.
    pub sync: bool,
    /// Modulated by the voice before.
    pub ring: bool,
    /// The oscillator is held.
    pub test: bool,
    /// Attack, decay, sustain and release, 0 to 15 each.
    pub envelope: [u8; 4],
    /// Through the filter.
    pub filtered: bool,
}

/// A chip's filter and volume, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterState {
    /// Cutoff, 0 to 2047.
    pub cutoff: u16,
    /// Resonance, 0 to 15.
    pub resonance: u8,
    /// Low-pass, band-pass, high-pass, and voice 3 cut off: bits 0 to 3.
    pub mode: u8,
    /// Volume, 0 to 15.
    pub volume: u8,
}

/// A note on a piano roll.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Note {
    /// Chip, from 0.
    pub chip: usize,
    /// Voice, from 0.
    pub voice: usize,
    /// First frame and the one after the last.
    pub frames: (usize, usize),
    /// Semitones as MIDI counts them; 60 is middle C.
    pub pitch: i32,
    /// It is noise, which has no pitch that one could sing.
    pub is_noise: bool,
}

impl NoteTrack {
    /// Takes an [`Event::Registers`]; others are passed over.
    pub fn take(&mut self, event: Event) {
        let Event::Registers {
            tune,
            first,
            frame_nanos,
            clock_hertz,
            chips,
            rows,
        } = event
        else {
            return;
        };
        if self.tune != Some(tune) || first == 0 {
            *self = Self {
                tune: Some(tune),
                chips: usize::from(chips),
                frame_nanos: u64::from(frame_nanos.max(1)),
                #[expect(clippy::cast_precision_loss, reason = "about a million")]
                clock_hz: clock_hertz as f32,
                rows: Vec::new(),
            };
        }
        if self.frames() == usize::try_from(first).unwrap_or(usize::MAX) {
            self.rows.extend(rows);
        }
    }

    /// Which song this is of.
    #[must_use]
    pub fn tune(&self) -> Option<TuneId> {
        self.tune
    }

    /// Chips.
    #[must_use]
    pub fn chips(&self) -> usize {
        self.chips
    }

    /// Frames that are known.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.rows.len() / (self.chips * CHIP_BYTES).max(1)
    }

    /// The frame that is heard at a place of the song.
    #[must_use]
    pub fn frame_at(&self, millis: u32) -> usize {
        let frame = u64::from(millis) * 1_000_000 / self.frame_nanos.max(1);
        usize::try_from(frame).unwrap_or(usize::MAX)
    }

    /// Registers of a chip at the end of a frame.
    #[must_use]
    pub fn registers(&self, chip: usize, frame: usize) -> Option<&[u8]> {
        (chip < self.chips).then_some(())?;
        let start = (frame.checked_mul(self.chips)? + chip) * CHIP_BYTES;
        self.rows.get(start..start.checked_add(REGISTERS)?)
    }

    fn opened(&self, chip: usize, frame: usize, voice: usize) -> bool {
        let at = (frame * self.chips + chip) * CHIP_BYTES + REGISTERS;
        self.rows.get(at).is_some_and(|bits| bits >> voice & 1 == 1)
    }

    /// A voice at the end of a frame.
    #[must_use]
    pub fn voice(&self, chip: usize, frame: usize, voice: usize) -> Option<VoiceState> {
        let all = self.registers(chip, frame)?;
        let own = all
            .get(7 * voice..7 * voice + 7)
            .filter(|_| voice < VOICES)?;
        let frequency = f32::from(u16::from_le_bytes([own[0], own[1]]));
        let pulse = u16::from_le_bytes([own[2], own[3] & 15]);
        Some(VoiceState {
            hertz: frequency * self.clock_hz / 16_777_216.0,
            pulse_percent: f32::from(pulse) * 100.0 / 4095.0,
            waveforms: own[4] >> 4,
            gate: own[4] & 1 != 0,
            sync: own[4] & 2 != 0,
            ring: own[4] & 4 != 0,
            test: own[4] & 8 != 0,
            envelope: [own[5] >> 4, own[5] & 15, own[6] >> 4, own[6] & 15],
            filtered: all[23] >> voice & 1 == 1,
        })
    }

    /// A chip's filter at the end of a frame.
    #[must_use]
    pub fn filter(&self, chip: usize, frame: usize) -> Option<FilterState> {
        let all = self.registers(chip, frame)?;
        Some(FilterState {
            cutoff: u16::from(all[22]) << 3 | u16::from(all[21] & 7),
            resonance: all[23] >> 4,
            mode: all[24] >> 4,
            volume: all[24] & 15,
        })
    }

    /// The notes of all voices that sound in some of these frames, cut where the frames end.
    #[must_use]
    pub fn notes(&self, frames: Range<usize>) -> Vec<Note> {
        let frames = frames.start..frames.end.min(self.frames());
        let mut notes = Vec::new();
        for chip in 0..self.chips {
            for voice in 0..VOICES {
                self.notes_of(chip, voice, frames.clone(), &mut notes);
            }
        }
        notes
    }

    fn notes_of(&self, chip: usize, voice: usize, frames: Range<usize>, notes: &mut Vec<Note>) {
        let mut open: Option<Note> = None;
        for frame in frames {
            let sounding = self.voice(chip, frame, voice).and_then(|state| {
                let sounds = state.gate && state.waveforms != 0 && !state.test;
                let pitch = pitch_of(state.hertz).filter(|_| sounds)?;
                Some((pitch, state.waveforms & 8 != 0))
            });
            let begins = self.opened(chip, frame, voice);
            match (&mut open, sounding) {
                (Some(note), Some((pitch, is_noise)))
                    if !begins && note.pitch == pitch && note.is_noise == is_noise =>
                {
                    note.frames.1 = frame + 1;
                }
                (_, sounding) => {
                    notes.extend(open.take());
                    open = sounding.map(|(pitch, is_noise)| Note {
                        chip,
                        voice,
                        frames: (frame, frame + 1),
                        pitch,
                        is_noise,
                    });
                }
            }
        }
        notes.extend(open);
    }
}

/// The nearest semitone, as MIDI counts them; `None` below what can be heard.
#[must_use]
pub fn pitch_of(hertz: f32) -> Option<i32> {
    #[expect(clippy::cast_possible_truncation, reason = "at most a hundred or so")]
    (hertz >= 16.0).then(|| libm::roundf(CONCERT_PITCH + 12.0 * libm::log2f(hertz / 440.0)) as i32)
}

/// `C-4`, `F#3`: name and octave of a semitone.
#[must_use]
pub fn pitch_name(pitch: i32) -> String {
    const NAMES: [&str; 12] = [
        "C-", "C#", "D-", "D#", "E-", "F-", "F#", "G-", "G#", "A-", "A#", "B-",
    ];
    let name = usize::try_from(pitch.rem_euclid(12)).unwrap_or(0);
    format!("{}{}", NAMES[name], pitch.div_euclid(12) - 1)
}

/// Waveforms in words: `Pulse + Triangle`.
#[must_use]
pub fn waveform_text(waveforms: u8) -> String {
    let names = [t("Triangle"), t("Sawtooth"), t("Pulse"), t("Noise")];
    let on: Vec<&str> = names
        .iter()
        .enumerate()
        .filter(|(bit, _)| waveforms >> bit & 1 == 1)
        .map(|(_, name)| *name)
        .collect();
    if on.is_empty() {
        t("None").into()
    } else {
        on.join(" + ")
    }
}

/// Modes of the filter in words: `Low + band`.
#[must_use]
pub fn filter_text(mode: u8) -> String {
    let names = ["Low", "Band", "High"];
    let on: Vec<&str> = names
        .iter()
        .enumerate()
        .filter(|(bit, _)| mode >> bit & 1 == 1)
        .map(|(_, name)| *name)
        .collect();
    if on.is_empty() {
        t("Off").into()
    } else {
        on.join(" + ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidfile::Md5;

    fn tune(song: u16) -> TuneId {
        TuneId {
            md5: Md5::of(b"a"),
            song,
        }
    }

    fn row(frequency: u16, control: u8, opened: u8) -> Vec<u8> {
        let mut row = vec![0; CHIP_BYTES];
        row[..2].copy_from_slice(&frequency.to_le_bytes());
        row[2..7].copy_from_slice(&[0xff, 0x07, control, 0x1a, 0xf3]);
        row[21..25].copy_from_slice(&[0x05, 0x80, 0xf1, 0x1f]);
        row[REGISTERS] = opened;
        row
    }

    fn event(song: u16, first: u32, rows: &[Vec<u8>]) -> Event {
        Event::Registers {
            tune: tune(song),
            first,
            frame_nanos: 19_950_000,
            clock_hertz: 985_248,
            chips: 1,
            rows: rows.concat(),
        }
    }

    /// A4 on a PAL machine.
    const A4: u16 = 7_493;

    #[test]
    fn rows_follow_one_another_and_another_song_begins_anew() {
        let mut track = NoteTrack::default();
        let rows = vec![row(A4, 0x41, 0); 2];
        track.take(event(1, 0, &rows));
        track.take(event(1, 2, &rows));
        assert_eq!(track.frames(), 4);
        track.take(event(1, 9, &rows));
        assert_eq!(track.frames(), 4, "a gap is not filled");
        track.take(event(2, 0, &rows));
        assert_eq!((track.tune(), track.frames()), (Some(tune(2)), 2));
        assert_eq!(track.frame_at(1_000), 50);
        assert!(track.registers(0, 2).is_none());
        assert!(track.registers(1, 0).is_none());
    }

    #[test]
    fn registers_are_taken_apart() {
        let mut track = NoteTrack::default();
        track.take(event(1, 0, &[row(A4, 0x47, 1)]));
        let voice = track.voice(0, 0, 0).unwrap();
        assert!((voice.hertz - 440.0).abs() < 0.1);
        assert!((voice.pulse_percent - 50.0).abs() < 0.1);
        assert_eq!(waveform_text(voice.waveforms), "Pulse");
        assert!(voice.gate && voice.sync && voice.ring && !voice.test && voice.filtered);
        assert_eq!(voice.envelope, [1, 10, 15, 3]);
        assert!(!track.voice(0, 0, 1).unwrap().filtered);
        assert_eq!(track.voice(0, 0, 3), None);
        let filter = track.filter(0, 0).unwrap();
        assert_eq!((filter.cutoff, filter.resonance), (0x405, 15));
        assert_eq!(
            (filter_text(filter.mode), filter.volume),
            ("Low".into(), 15)
        );
        assert_eq!(filter_text(0), "Off");
        assert_eq!(waveform_text(5), "Triangle + Pulse");
    }

    #[test]
    fn a_note_lasts_while_its_pitch_does_and_no_new_one_begins() {
        let mut track = NoteTrack::default();
        let rows = [
            row(A4, 0x41, 1),
            // A vibrato is the same note.
            row(A4 + 60, 0x41, 0),
            row(A4, 0x41, 1),
            row(A4 * 2, 0x41, 0),
            row(A4 * 2, 0x40, 0),
            row(A4, 0x81, 0),
        ];
        track.take(event(1, 0, &rows));
        let notes = track.notes(0..100);
        let found: Vec<_> = notes
            .iter()
            .map(|n| (n.frames, n.pitch, n.is_noise))
            .collect();
        let expected = [
            ((0, 2), 69, false),
            ((2, 3), 69, false),
            ((3, 4), 81, false),
            ((5, 6), 69, true),
        ];
        assert_eq!(found, expected);
        assert_eq!(track.notes(1..3).len(), 2);
    }

    #[test]
    fn pitches_have_names() {
        assert_eq!(pitch_name(60), "C-4");
        assert_eq!(pitch_name(69), "A-4");
        assert_eq!(pitch_name(-1), "B--2");
        assert_eq!(pitch_of(440.0), Some(69));
        assert_eq!(pitch_of(3.0), None);
    }
}
