//! What the page says to the engine worker, and back.

use serde::{Deserialize, Serialize};
use sidfile::{Md5, TuneId};

/// Voices of one chip, one bit each, and the samples played through its volume register.
pub const ALL_AUDIBLE: u8 = 0b1111;

/// Most chips in a tune.
pub const MAX_CHIPS: usize = 3;

/// Which voices of which chip are heard: bit 0 to 2 the voices, bit 3 digis; one byte a chip.
pub type Audible = [u8; MAX_CHIPS];

/// Model of a sound chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Model {
    /// MOS 6581.
    Mos6581,
    /// MOS 8580.
    Mos8580,
}

/// Video standard of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Video {
    /// 985,248 Hz, 50 frames a second.
    Pal,
    /// 1,022,727 Hz, 60 frames a second.
    Ntsc,
}

/// How much work the sound chips are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grade {
    /// Every cycle on its own.
    Accurate,
    /// Several cycles at once, for weak devices.
    Light,
}

/// How bright the filters of 6581s are, which differed from chip to chip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Filter {
    /// Opens the widest.
    Brightest,
    /// Between that and the average.
    Bright,
    /// The chip that was measured for the model.
    #[default]
    Average,
    /// Between the average and the darkest.
    Dark,
    /// Opens the least.
    Darkest,
}

/// Where several chips stand between left and right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spread {
    /// Apart.
    #[default]
    Stereo,
    /// All in the middle.
    Mono,
    /// Wholly apart: the first left, the second right.
    Wide,
}

/// What the listener chose of the machine; `None` leaves it to the tune, and the grade to the
/// device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides {
    /// Model of every chip.
    pub model: Option<Model>,
    /// Video standard.
    pub video: Option<Video>,
    /// Grade of every chip.
    pub grade: Option<Grade>,
    /// Filters of 6581s.
    pub filter: Filter,
    /// Placement of several chips.
    pub spread: Spread,
}

/// Slowest speed, in percent.
pub const MIN_SPEED: u16 = 25;
/// Fastest speed, in percent.
pub const MAX_SPEED: u16 = 400;
/// Most semitones up or down.
pub const MAX_SEMITONES: i8 = 12;

/// How fast and how high the song is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tempo {
    /// Speed in percent of the song's own, [`MIN_SPEED`] to [`MAX_SPEED`].
    pub speed_percent: u16,
    /// Semitones up, or down where negative; [`MAX_SEMITONES`] at most.
    pub semitones: i8,
    /// Speed changes the pitch with it, as a tape does.
    pub pitch_follows: bool,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            speed_percent: 100,
            semitones: 0,
            pitch_follows: false,
        }
    }
}

impl Tempo {
    /// The song sounds as it was made.
    #[must_use]
    pub fn is_own(self) -> bool {
        self.speed_percent == 100 && self.semitones == 0
    }

    /// The nearest tempo that can be played.
    #[must_use]
    pub fn within_limits(self) -> Self {
        Self {
            speed_percent: self.speed_percent.clamp(MIN_SPEED, MAX_SPEED),
            semitones: self.semitones.clamp(-MAX_SEMITONES, MAX_SEMITONES),
            ..self
        }
    }
}

/// How samples leave the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// Into the PCM ring and the scope ring that travel beside the message.
    Ring,
    /// In blocks over the port that travels beside the message.
    Port,
    /// Only by [`Request::RenderFile`].
    File,
}

/// Said to the engine. The first message is [`Start`](Request::Start).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Sets the output up. Beside it travel: `library` (a port to the library worker, which serves
    /// files), and `pcm` and `scope` (rings) or `port` (to the worklet).
    Start {
        /// Rate of the audio context in Hz.
        sample_rate: u32,
        /// How samples leave.
        output: Output,
    },
    /// Plays a song from `start_millis`; whatever played before stops. Answer: [`Event::Loaded`]
    /// or [`Event::Failed`].
    Load {
        /// What to play.
        tune: TuneId,
        /// Where to begin.
        start_millis: u32,
        /// Where it ends; `None` plays on for ever.
        end_millis: Option<u32>,
        /// The end is only assumed: the engine is to look for the real one, and tells it in an
        /// [`Event::Scouted`].
        finds_length: bool,
        /// Listener's choices.
        overrides: Overrides,
        /// Voices heard.
        audible: Audible,
        /// Speed and pitch.
        tempo: Tempo,
    },
    /// Goes to a place in the song. Answer: [`Event::Sought`]; before it any number of
    /// [`Event::Seeking`]. A later seek replaces one that is still running.
    Seek {
        /// Target.
        millis: u32,
    },
    /// Changes which voices are heard, from the play head on. Answer: [`Event::Changed`].
    SetAudible {
        /// Voices heard.
        audible: Audible,
    },
    /// Changes the machine; the song goes on at the same place. Answer: [`Event::Loaded`].
    SetOverrides {
        /// Listener's choices.
        overrides: Overrides,
    },
    /// Stops and forgets the tune.
    Unload,
    /// Renders a song into a WAV file. Answer: [`Event::FileRendered`] with the bytes beside it,
    /// or [`Event::Failed`]; before it any number of [`Event::FileProgress`]. A later one, or
    /// [`Unload`](Request::Unload), cancels it.
    RenderFile {
        /// What to render.
        tune: TuneId,
        /// How much of it.
        length_millis: u32,
        /// Listener's choices.
        overrides: Overrides,
        /// Voices heard.
        audible: Audible,
        /// Semitones up or down. The speed of a file is set where it is played.
        semitones: i8,
    },
    /// Moves the end of the song that plays.
    SetEnd {
        /// Where it ends.
        end_millis: u32,
    },
    /// Renders songs of a file into sound files. Answer: [`Event::Exported`] with the bytes beside
    /// it, or [`Event::Failed`]; before it any number of [`Event::ExportProgress`]. A later one, or
    /// [`Unload`](Request::Unload), cancels it.
    Export {
        /// The file.
        md5: Md5,
        /// What to render of it; at least one song.
        songs: Vec<ExportSong>,
        /// What is the same for all songs.
        names: ExportNames,
        /// Kind of file.
        format: FileFormat,
        /// A file for each voice in place of one for all. Voices that are never heard get none.
        stems: bool,
        /// Listener's choices.
        overrides: Overrides,
    },
    /// Changes speed and pitch, from the play head on. Answer: [`Event::Loaded`], as a fast song may
    /// want another grade.
    SetTempo {
        /// Speed and pitch.
        tempo: Tempo,
    },
    /// How loud songs are put out: the one that plays gets there within a second, one that is loaded
    /// begins with it. There is no answer.
    SetLevel {
        /// Factor, in thousandths.
        gain_thousandths: u32,
    },
    /// Makes the song ready that comes after the one that plays: its file is asked for, its first
    /// seconds are rendered, and where it `joins` it follows without a gap. Answer:
    /// [`Event::Prepared`] or [`Event::Failed`]; then [`Event::Joined`], [`Event::Parted`],
    /// [`Event::Passed`]. A later one replaces it; a [`Load`](Request::Load) or
    /// [`Unload`](Request::Unload) forgets it.
    Prepare {
        /// What comes next.
        tune: TuneId,
        /// Where it ends; `None` plays on for ever.
        end_millis: Option<u32>,
        /// The end is only assumed, see [`Load`](Request::Load).
        finds_length: bool,
        /// Listener's choices.
        overrides: Overrides,
        /// Voices heard.
        audible: Audible,
        /// Speed and pitch.
        tempo: Tempo,
        /// How loud, see [`SetLevel`](Request::SetLevel).
        gain_thousandths: u32,
        /// Time in which both songs sound; 0 for one after the other.
        crossfade_millis: u32,
        /// It follows by itself; otherwise it is only kept ready.
        joins: bool,
    },
    /// Forgets the song that was made ready. There is no answer.
    Unprepare,
}

/// Kinds of sound files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileFormat {
    /// Compressed without loss.
    Flac,
    /// As it is.
    Wav,
}

impl FileFormat {
    /// What such a file's name ends with.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Flac => "flac",
            Self::Wav => "wav",
        }
    }
}

/// A song to export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportSong {
    /// Song, from 1.
    pub song: u16,
    /// How much of it.
    pub length_millis: u32,
    /// Its title.
    pub title: String,
    /// Name of its file, without an ending.
    pub file_name: String,
}

/// What exported files say of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportNames {
    /// Composer.
    pub artist: String,
    /// Title of the whole.
    pub album: String,
    /// When and by whom it was released.
    pub copyright: String,
    /// Name of an archive, where there is more than one file; without an ending.
    pub file_name: String,
}

/// How a length was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LengthBy {
    /// From there on everything is as it was before.
    Repeat,
    /// From there on nothing is heard.
    Silence,
}

/// A length that was found by listening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundLength {
    /// Length.
    pub millis: u32,
    /// How it was found.
    pub by: LengthBy,
}

/// Registers of a chip in [`Event::Registers`].
pub const REGISTERS: usize = 25;

/// A chip of the tune that plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayingChip {
    /// First register.
    pub address: u16,
    /// Model that plays it.
    pub model: Model,
}

/// The machine that plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playing {
    /// Chips in order of address in the header.
    pub chips: Vec<PlayingChip>,
    /// Video standard.
    pub video: Video,
    /// Grade of the chips.
    pub grade: Grade,
    /// Calls of the play routine per second, in thousandths; 0 until the song has set its timer,
    /// see [`Scouted`].
    pub play_rate_millihertz: u32,
}

/// Why a tune does not play.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Failure {
    /// The library does not have the file.
    #[error("the file is not in the library any more")]
    Missing,
    /// The swarm has it, and cannot give it now; why, in words.
    #[error("it could not be fetched: {0}")]
    NotFetched(String),
    /// The file is no tune, or this machine cannot hold it.
    #[error("{0}")]
    Tune(String),
    /// It needs ROMs that the listener has not supplied.
    #[error(
        "it is a BASIC program and needs the KERNAL and BASIC ROMs of a C64; Settings tells how to add them"
    )]
    NeedsRoms,
    /// The program ran into an opcode that stops the CPU.
    #[error("the tune's program crashed: opcode ${opcode:02X} at ${address:04X} stops the CPU")]
    Jammed {
        /// Opcode.
        opcode: u8,
        /// Where it stood.
        address: u16,
    },
    /// Nothing was loaded, or not started.
    #[error("{0}")]
    State(String),
}

/// How far the engine has run ahead of the play head, and what it found on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scouted {
    /// Which song.
    pub tune: TuneId,
    /// Run up to here: a seek before this place takes no time.
    pub to_millis: u32,
    /// The song has been run to its end.
    pub is_done: bool,
    /// Number of the first bin that follows, a tenth of a second each.
    pub first_bin: u32,
    /// What was added to the overview: highest sample and root of the mean square, in 255ths
    /// of full scale.
    pub bins: Vec<[u8; 2]>,
    /// Loudness so far in LUFS (EBU R 128, integrated); `None` while nothing was heard.
    pub loudness_lufs: Option<f32>,
    /// Factor that brings it to the common loudness without clipping; 1 while nothing was heard.
    pub gain: f32,
    /// Its length, where that was asked for and has been found.
    pub length: Option<FoundLength>,
    /// Calls of the play routine per second, in thousandths: the song sets a timer for them.
    pub play_rate_millihertz: u32,
}

/// Said by the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The worker runs and takes requests.
    Ready,
    /// The song is set up and sound is on its way.
    Loaded {
        /// What plays.
        tune: TuneId,
        /// On which machine.
        playing: Playing,
    },
    /// A seek renders towards its target.
    Seeking {
        /// Rendered up to here.
        at_millis: u32,
        /// Target.
        target_millis: u32,
    },
    /// The play head is there.
    Sought {
        /// Where.
        millis: u32,
    },
    /// A change of voices is on its way to the speakers.
    Changed,
    /// The last sample of the song has been played.
    Ended {
        /// What ended.
        tune: TuneId,
    },
    /// The song has been silent from its start for this long; the listener should know that this
    /// is the tune's doing.
    Silent {
        /// What plays.
        tune: TuneId,
        /// For so long.
        millis: u32,
    },
    /// A request, or the tune that plays, failed.
    Failed {
        /// What was to be played.
        tune: Option<TuneId>,
        /// Why.
        failure: Failure,
    },
    /// How the engine is doing, about once a second while it renders.
    Meter {
        /// Speed in hundredths of real time, of the last second's rendering.
        speed_percent: u32,
        /// Sound ahead of the play head.
        ahead_millis: u32,
    },
    /// Scope data where there is no ring: see `ring::scope` for the layout.
    Scope {
        /// Song position of the first frame, in output frames.
        frame: u32,
        /// Chips in each scope frame.
        chips: u8,
        /// Four levels a chip (voices 1 to 3, digis), frame after frame.
        levels: Vec<i16>,
    },
    /// A file is being rendered.
    FileProgress {
        /// Rendered up to here.
        at_millis: u32,
        /// Whole length.
        length_millis: u32,
    },
    /// A file is ready; its bytes travel beside the message as `file`.
    FileRendered {
        /// What was rendered.
        tune: TuneId,
        /// On which machine.
        playing: Playing,
    },
    /// What was found by running ahead.
    Scouted(Scouted),
    /// What the chips' registers hold, frame by frame, ahead of the play head.
    Registers {
        /// Which song.
        tune: TuneId,
        /// Number of the first video frame that follows, from the song's start.
        first: u32,
        /// Length of a video frame in nanoseconds.
        frame_nanos: u32,
        /// Clock of the chips.
        clock_hertz: u32,
        /// Chips in each frame.
        chips: u8,
        /// For each frame and chip: [`REGISTERS`] registers, and a byte whose bits 0 to 2 tell in
        /// which voices a note began.
        rows: Vec<u8>,
    },
    /// An export goes on.
    ExportProgress {
        /// Rendered up to here, of all files together.
        at_millis: u32,
        /// Length of all files together.
        length_millis: u32,
    },
    /// An export is ready; its bytes travel beside the message as `file`.
    Exported {
        /// Name of the file.
        file_name: String,
    },
    /// The next song is here, and its first seconds are rendered.
    Prepared {
        /// Which.
        tune: TuneId,
        /// On which machine.
        playing: Playing,
    },
    /// The next song follows in what is rendered; it is not heard yet.
    Joined {
        /// Which.
        tune: TuneId,
    },
    /// It does not follow after all: a seek or a change went back before it. It is forgotten.
    Parted {
        /// Which.
        tune: TuneId,
    },
    /// Its first sample is heard: it is the song that plays.
    Passed {
        /// Which.
        tune: TuneId,
    },
    /// The bytes of the song that was asked for are here, and are those that were wanted.
    Fetched {
        /// Which.
        tune: TuneId,
    },
    /// Its first sound lies ready for the speakers.
    Filled {
        /// Which.
        tune: TuneId,
    },
}
