//! What two bytes of a voice mean.

/// How long a note lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// A part of a whole note: so many halvings, and in what time.
    Part { halvings: u8, time: Time },
    /// As UTL set it for all voices.
    Utility,
    /// As UTV set it for this voice.
    UtilityOfVoice,
}

/// What is done to a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    Plain,
    Dotted,
    DoubleDotted,
    Triplet,
}

/// What a sound is changed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    Filter,
    Ring,
    Sync,
    ExternalFilter,
    VoiceThreeOff,
    /// The modulator jumps, in place of sliding.
    LfoPulse,
    /// Portamento and vibrato at the same time.
    SlideAndVibrate,
}

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// A note from 0 (C of octave 0), or a rest.
    Note {
        length: Length,
        is_tied: bool,
        note: Option<i16>,
    },
    /// Where a portamento begins.
    Absolute(Option<i16>),
    Tempo(u16),
    Utility(u16),
    UtilityOfVoice(u16),
    Jiffy(u16),
    Volume(u8),
    Bump(i8),
    Head(u8),
    Tail,
    Define(u8),
    Call(u8),
    EndDefinition,
    Halt,
    Attack(u8),
    Decay(u8),
    Sustain(u8),
    Release(u8),
    ReleasePoint(u8),
    Hold(u8),
    Wave(u8),
    PulseWidth(u16),
    PulseSweep(i8),
    PulseVibratoDepth(u8),
    PulseVibratoRate(u16),
    Portamento(u16),
    VibratoDepth(u8),
    VibratoRate(u16),
    Detune(i16),
    Transpose(i16),
    TransposeFurther(i16),
    FilterMode(u8),
    Resonance(u8),
    Cutoff(u8),
    CutoffSweep(i8),
    AutoFilter(i8),
    Switch(Switch, bool),
    LfoUp(u8),
    LfoDown(u8),
    LfoMax(u8),
    Source(u8),
    Destination(u8),
    Scale(i8),
    /// Nothing that is heard: measure numbers, flags, what nobody has defined.
    Other,
}

/// 0 is told as 256.
fn or_256(value: u8) -> u16 {
    if value == 0 { 256 } else { u16::from(value) }
}

impl Command {
    /// Takes two bytes apart.
    pub fn of([command, option]: [u8; 2]) -> Self {
        let signed = option.cast_signed();
        match command {
            0x00 => Self::Absolute(note(option)),
            _ if command & 3 == 0 => Self::Note {
                length: length(command),
                is_tied: command & 0x40 != 0,
                note: note(option),
            },
            0x01 => Self::of_option(option),
            0x06 => Self::Tempo(or_256(option)),
            0x16 => Self::Utility(or_256(option)),
            0x26 => Self::ReleasePoint(option),
            0x36 => Self::Head(option),
            0x56 => Self::PulseSweep(signed),
            0x66 => Self::CutoffSweep(signed),
            0x76 => Self::VibratoDepth(option),
            0x86 => Self::VibratoRate(or_256(option)),
            0x96 => Self::AutoFilter(signed),
            0xa6 => Self::Transpose(transpose(option)),
            0xc6 => Self::PulseVibratoDepth(option),
            0xd6 => Self::PulseVibratoRate(or_256(option)),
            0xe6 => Self::LfoMax(option),
            0xf6 => Self::UtilityOfVoice(or_256(option)),
            0x0e => Self::Cutoff(option),
            0x2e => {
                let octaves = 3 - i16::from(option & 7);
                Self::TransposeFurther(12 * octaves + i16::from(option >> 3) - 11)
            }
            0x4e => Self::Hold(option),
            0x6e => Self::Scale(signed.clamp(-7, 7)),
            _ if command & 0x3f == 0x3e => {
                Self::Jiffy(u16::from(option) << 8 | u16::from(command & 0xc0))
            }
            _ if command & 0x0f == 0x02 => {
                Self::PulseWidth(u16::from(command >> 4) << 8 | u16::from(option))
            }
            _ if command & 0x0f == 0x0a => {
                let size = i16::from(command >> 5) << 8 | i16::from(option);
                let below = if command & 0x10 == 0 { 0 } else { 2048 };
                Self::Detune(size - below)
            }
            _ if command & 3 == 3 => {
                Self::Portamento(u16::from(command >> 2) << 8 | u16::from(option))
            }
            _ => Self::Other,
        }
    }

    /// The commands that begin with `$01`.
    fn of_option(option: u8) -> Self {
        let high = option >> 4;
        let five = option >> 3;
        match option & 0x0f {
            0x0 => Self::Decay(high),
            0x1 | 0x9 => Self::LfoUp(five),
            0x2 => Self::Call(high),
            0x3 | 0xb => Self::of_switch(high, option & 8 != 0),
            0x4 | 0xc if option & 0x80 == 0 => Self::Attack(five),
            0x4 | 0xc => Self::Sustain(five & 15),
            0x5 | 0xd => Self::LfoDown(five),
            0x6 => Self::Define(high),
            0x7 if option & 0x10 == 0 => Self::Wave(option >> 5),
            0x7 => Self::FilterMode(option >> 5),
            0x8 => Self::Release(high),
            0xa => Self::Resonance(high),
            0xe => Self::Volume(high),
            _ => match option {
                0x0f => Self::Tail,
                0x2f => Self::EndDefinition,
                0x4f => Self::Halt,
                _ if option & 0x1f == 0x1f => Self::Source(option >> 5),
                _ if option & 0x9f == 0x8f => Self::Destination(option >> 5 & 3),
                _ => Self::Other,
            },
        }
    }

    fn of_switch(which: u8, is_on: bool) -> Self {
        let switch = match which {
            0 => return Self::Bump(if is_on { -1 } else { 1 }),
            1 => Switch::Filter,
            2 => Switch::Ring,
            3 => Switch::Sync,
            4 => Switch::ExternalFilter,
            5 => Switch::VoiceThreeOff,
            6 => Switch::LfoPulse,
            7 => Switch::SlideAndVibrate,
            // Phrases from 16 on.
            _ if is_on => return Self::Call(which + 8),
            _ => return Self::Define(which + 8),
        };
        Self::Switch(switch, is_on)
    }
}

fn length(command: u8) -> Length {
    let time = match command & 0xa0 {
        0x00 => Time::Plain,
        0x20 => Time::Dotted,
        0x80 => Time::Triplet,
        _ => Time::DoubleDotted,
    };
    match command >> 2 & 7 {
        // A sixty-fourth is marked as dotted, to be told from what sets a pitch.
        0 if matches!(time, Time::Triplet | Time::DoubleDotted) => Length::Part {
            halvings: 6,
            time: Time::Triplet,
        },
        0 => Length::Part {
            halvings: 6,
            time: Time::Plain,
        },
        1 if command & 0x20 == 0 => Length::Utility,
        1 => Length::UtilityOfVoice,
        class => Length::Part {
            halvings: class - 2,
            time,
        },
    }
}

/// Semitones of a note from C of octave 0.
fn note(option: u8) -> Option<i16> {
    let name = option & 7;
    let base = [0, 2, 4, 5, 7, 9, 11].get(usize::from(name.checked_sub(1)?))?;
    let accidental = match (option >> 6, name) {
        (1, _) => 1,
        (3, _) => -1,
        // Twice sharp for C, D, F and G, twice flat for the others.
        (0, 1 | 2 | 4 | 5) => 2,
        (0, _) => -2,
        _ => 0,
    };
    let octave = 7 - i16::from(option >> 3 & 7);
    Some(12 * octave + base + accidental)
}

fn transpose(option: u8) -> i16 {
    let (high, octaves) = (i16::from(option >> 4), i16::from(option >> 1 & 7));
    if option & 1 == 0 {
        12 * (7 - octaves) + high
    } else {
        -(12 * octaves + 11 - high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: [u8; 2], expected: Command) {
        assert_eq!(Command::of(bytes), expected);
    }

    #[test]
    fn notes() {
        let quarter = |time| Length::Part { halvings: 2, time };
        let note = |length, note, is_tied| Command::Note {
            length,
            is_tied,
            note,
        };
        // A of octave 4 is 440 Hz.
        check([0x10, 0x9e], note(quarter(Time::Plain), Some(57), false));
        check([0x50, 0x5e], note(quarter(Time::Plain), Some(58), true));
        check([0x30, 0xde], note(quarter(Time::Dotted), Some(56), false));
        check(
            [0xb0, 0x19],
            note(quarter(Time::DoubleDotted), Some(50), false),
        );
        check([0x90, 0x1f], note(quarter(Time::Triplet), Some(57), false));
        check([0x04, 0x80], note(Length::Utility, None, false));
        check([0x24, 0x80], note(Length::UtilityOfVoice, None, false));
        let shortest = |time| Length::Part { halvings: 6, time };
        check([0x20, 0x80], note(shortest(Time::Plain), None, false));
        check([0xa0, 0x80], note(shortest(Time::Triplet), None, false));
        check([0x00, 0x9e], Command::Absolute(Some(57)));
    }

    #[test]
    fn commands() {
        check([0x01, 0x4f], Command::Halt);
        check([0x01, 0x0f], Command::Tail);
        check([0x01, 0x2f], Command::EndDefinition);
        check([0x01, 0x7e], Command::Volume(7));
        check([0x01, 0x03], Command::Bump(1));
        check([0x01, 0x0b], Command::Bump(-1));
        check([0x01, 0x1b], Command::Switch(Switch::Filter, true));
        check([0x01, 0x53], Command::Switch(Switch::VoiceThreeOff, false));
        check([0x01, 0x52], Command::Call(5));
        check([0x01, 0xfb], Command::Call(23));
        check([0x01, 0xf3], Command::Define(23));
        check([0x01, 0x56], Command::Define(5));
        check([0x01, 0x7c], Command::Attack(15));
        check([0x01, 0xfc], Command::Sustain(15));
        check([0x01, 0xf0], Command::Decay(15));
        check([0x01, 0xf8], Command::Release(15));
        check([0x01, 0x87], Command::Wave(4));
        check([0x01, 0x37], Command::FilterMode(1));
        check([0x01, 0x3f], Command::Source(1));
        check([0x01, 0xaf], Command::Destination(1));
        check([0x06, 0x00], Command::Tempo(256));
        check([0x82, 0x34], Command::PulseWidth(0x834));
        check([0xbb, 0xe0], Command::Portamento(12_000));
        check([0x2a, 0x05], Command::Detune(0x105));
        check([0xfa, 0xff], Command::Detune(-1));
        check([0xa6, 0x1c], Command::Transpose(13));
        check([0xa6, 0xb1], Command::Transpose(0));
        check([0xa6, 0xa1], Command::Transpose(-1));
        check([0x2e, 11 << 3 | 3], Command::TransposeFurther(0));
        check([0x7e, 0x01], Command::Jiffy(0x140));
        check([0x1e, 0x05], Command::Other);
    }

    #[test]
    fn any_two_bytes_are_a_command() {
        for word in 0..=u16::MAX {
            let _ = Command::of(word.to_le_bytes());
        }
    }
}
