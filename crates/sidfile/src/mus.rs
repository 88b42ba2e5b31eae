//! Songs of Compute!'s Sidplayer: `.mus`, the second chip's voices in `.str`, lyrics in `.wds`.
//!
//! ```text
//! 2 bytes   load address, which players pass over
//! 2 x 3     bytes of each voice, low first
//! ...       the voices: commands of two bytes, the last one is HLT ($01 $4F)
//! ...       lines of PETSCII, each ended by $0D; $00 ends the text
//! ```
//!
//! Sources: D. Thornton, "Sidplayer music file contents"; notes on the format in
//! `MyDeveloperThoughts/ComputeSidPlayerC64Source` (`musFileFormat.md`). Files that belong together
//! are kept as one, which is the project's own: the magic, three lengths, the three files.

use crate::{ChipModel, Clock, Format, Md5, SidChip, Tune};

/// Start of a file that holds a song with what belongs to it.
const MAGIC: &[u8; 8] = b"SDRMUS1\0";
/// Bytes in front of the parts: the magic and three lengths.
const HEADER: usize = 8 + 3 * 2;
/// Bytes in front of the voices.
const LENGTHS: usize = 2 + 3 * 2;
/// The command that ends a voice.
const HALT: [u8; 2] = [0x01, 0x4f];
/// Where the stereo players of the time expected the second chip most often.
const SECOND_CHIP: u16 = 0xd500;
/// Where the stand-in for a program lies: the song is played by an interpreter.
const PROGRAM: u16 = 0x1000;
/// `RTS`.
const RETURN: u8 = 0x60;

/// Why bytes are no Sidplayer song.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Shorter than what it says it holds.
    #[error("a Sidplayer song of {needed} bytes, of which {found} are there")]
    Truncated {
        /// Size that the lengths make.
        needed: usize,
        /// Size of the file.
        found: usize,
    },
    /// A voice does not end as all do.
    #[error("voice {voice} of the Sidplayer song has {length} bytes and does not end with HLT")]
    NoHalt {
        /// From 1.
        voice: usize,
        /// Its length.
        length: usize,
    },
    /// Parts that are too long to be kept together.
    #[error("{bytes} bytes are no part of a Sidplayer song: at most 65,535 are")]
    TooLong {
        /// Length of the part.
        bytes: usize,
    },
}

/// The voices of one chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// Commands of two bytes, the last is HLT.
    pub voices: [Vec<[u8; 2]>; 3],
    /// Title, composer and the like.
    pub text: Vec<String>,
}

/// A song with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mus {
    /// For one chip, or two.
    pub scores: Vec<Score>,
    /// Words, line by line; empty where there are none.
    pub lyrics: String,
}

impl Score {
    /// Reads a `.mus` or `.str` file.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse_first(bytes).map(|(score, _)| score)
    }

    /// Reads a score, and returns what lies behind it.
    fn parse_first(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let truncated = |needed| Error::Truncated {
            needed,
            found: bytes.len(),
        };
        let header = bytes.get(..LENGTHS).ok_or(truncated(LENGTHS))?;
        let word = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let lengths = [word(2), word(4), word(6)];
        let mut at = LENGTHS;
        let mut voices: [Vec<[u8; 2]>; 3] = Default::default();
        for (voice, length) in lengths.into_iter().enumerate() {
            let end = at + length;
            let commands = bytes.get(at..end).ok_or(truncated(end))?;
            let (commands, rest) = commands.as_chunks::<2>();
            if commands.last() != Some(&HALT) || !rest.is_empty() {
                return Err(Error::NoHalt {
                    voice: voice + 1,
                    length,
                });
            }
            voices[voice] = commands.to_vec();
            at = end;
        }
        let text = bytes.get(at..).unwrap_or_default();
        let end = text.iter().position(|&byte| byte == 0);
        let (text, behind) = text.split_at(end.unwrap_or(text.len()));
        let score = Self {
            voices,
            text: decode_petscii(text).lines().map(str::to_owned).collect(),
        };
        Ok((score, behind.get(1..).unwrap_or_default()))
    }
}

impl Mus {
    /// Reads a song: a `.mus` file, or what [`bundle`] made.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return Ok(Self {
                scores: vec![Score::parse(bytes)?],
                lyrics: String::new(),
            });
        };
        let truncated = |needed| Error::Truncated {
            needed,
            found: bytes.len(),
        };
        let (lengths, rest) = rest.split_first_chunk::<6>().ok_or(truncated(HEADER))?;
        let lengths = lengths.as_chunks::<2>().0;
        let mut rest = rest;
        let mut take = |length: [u8; 2]| {
            let length = usize::from(u16::from_le_bytes(length));
            let needed = bytes.len() - rest.len() + length;
            let (part, after) = rest.split_at_checked(length).ok_or(truncated(needed))?;
            rest = after;
            Ok(part)
        };
        let (first, second, words) = (take(lengths[0])?, take(lengths[1])?, take(lengths[2])?);
        let mut scores = vec![Score::parse(first)?];
        if !second.is_empty() {
            scores.push(Score::parse(second)?);
        }
        Ok(Self {
            scores,
            lyrics: decode_petscii(words),
        })
    }

    /// The song that a tune is, or that the data of a PSID file are: with their load address in
    /// front, or without.
    ///
    /// # Errors
    /// It is none.
    pub fn of(tune: &Tune) -> Result<Self, Error> {
        if tune.format == Format::Mus {
            return Self::parse(&tune.data);
        }
        let whole = [&tune.load_address.to_le_bytes()[..], &tune.data].concat();
        let (first, behind) = Score::parse_first(&whole)
            .or_else(|error| Score::parse_first(&tune.data).map_err(|_| error))?;
        let mut scores = vec![first];
        // A header that names a second chip may have its voices behind those of the first.
        if tune.chips.len() > 1 {
            scores.extend(Score::parse(behind));
        }
        Ok(Self {
            scores,
            lyrics: String::new(),
        })
    }

    /// The same tune with a program that does nothing, beside which the song is played.
    #[must_use]
    pub fn program(tune: &Tune) -> Tune {
        Tune {
            format: Format::Psid,
            load_address: PROGRAM,
            init_address: PROGRAM,
            play_address: PROGRAM,
            speed: 1,
            data: vec![RETURN],
            ..tune.clone()
        }
    }

    /// The song as a tune; its data are all of `bytes`, which it was read from.
    #[must_use]
    pub fn tune(&self, bytes: &[u8]) -> Tune {
        let mut lines = self.scores[0].text.iter().map(|line| line.trim());
        let mut line = || lines.find(|line| !line.is_empty()).unwrap_or("").to_owned();
        let addresses = [0xd400, SECOND_CHIP];
        Tune {
            format: Format::Mus,
            version: 1,
            load_address: PROGRAM,
            init_address: PROGRAM,
            play_address: PROGRAM,
            songs: 1,
            start_song: 1,
            speed: 1,
            name: line(),
            author: line(),
            released: line(),
            is_mus: true,
            is_playsid_specific: false,
            is_basic: false,
            clock: Clock::Unknown,
            chips: addresses
                .into_iter()
                .take(self.scores.len())
                .map(|address| SidChip {
                    address,
                    model: ChipModel::Mos6581,
                })
                .collect(),
            start_page: 0,
            page_length: 0,
            data: bytes.to_vec(),
            md5: Md5::of(bytes),
        }
    }
}

/// One file of a song, the voices for a second chip and its words; parts that are not there are
/// empty. A song by itself stays as it is.
///
/// # Errors
/// A part is too long.
pub fn bundle(song: &[u8], second: &[u8], words: &[u8]) -> Result<Vec<u8>, Error> {
    if second.is_empty() && words.is_empty() {
        return Ok(song.to_vec());
    }
    let mut file = MAGIC.to_vec();
    for part in [song, second, words] {
        let length = u16::try_from(part.len()).map_err(|_| Error::TooLong { bytes: part.len() })?;
        file.extend(length.to_le_bytes());
    }
    file.extend([song, second, words].concat());
    Ok(file)
}

/// Text as a C64 has it, without colours and pictures. Lines end with a line feed.
///
/// Source: the C64's character set; which of its two cases is meant shows in whether there are
/// capitals of the second.
#[must_use]
pub fn decode_petscii(bytes: &[u8]) -> String {
    let is_mixed = bytes
        .iter()
        .any(|&byte| byte == 0x0e || (0xc1..=0xda).contains(&byte));
    let text = bytes.iter().filter_map(|&byte| {
        Some(match byte {
            0x0d | 0x8d => '\n',
            0x5c => '£',
            0x5e => '↑',
            0x5f => '←',
            0x41..=0x5a if is_mixed => char::from(byte + 0x20),
            0x20..=0x5d => char::from(byte),
            0xc1..=0xda => char::from(byte - 0x80),
            0xa0 => ' ',
            _ => return None,
        })
    });
    let text: String = text.collect();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}
