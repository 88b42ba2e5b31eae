//! Writes songs for Compute!'s Sidplayer, for tests: words in, a file out.
//!
//! A voice is a row of words: `c4:4` is a quarter note C of octave 4, `f#3:8.` a dotted eighth,
//! `r:2` a rest, `a4:4_` a note tied to the next; `01/4f` are two bytes as they are. `HLT` comes by
//! itself.

use anyhow::{Context, Result, bail};

/// The file of a song, with the lines of its text.
///
/// # Errors
/// Names the word that is none.
pub fn song(voices: [&str; 3], text: &[&str]) -> Result<Vec<u8>> {
    let mut file = vec![0x00, 0x09];
    let mut data = Vec::new();
    for voice in voices {
        let before = data.len();
        for word in voice.split_whitespace() {
            data.extend(command(word).with_context(|| format!("in \"{word}\""))?);
        }
        data.extend([0x01, 0x4f]);
        file.extend(u16::try_from(data.len() - before)?.to_le_bytes());
    }
    file.extend(data);
    for line in text {
        file.extend(line.to_ascii_uppercase().bytes());
        file.push(0x0d);
    }
    file.push(0x00);
    Ok(file)
}

fn command(word: &str) -> Result<[u8; 2]> {
    if let Some((first, second)) = word.split_once('/') {
        let byte = |text| u8::from_str_radix(text, 16);
        return Ok([byte(first)?, byte(second)?]);
    }
    let (pitch, length) = word.split_once(':').context("a note needs a length")?;
    let (length, tie) = match length.strip_suffix('_') {
        Some(length) => (length, 0x40),
        None => (length, 0),
    };
    let (length, dot) = match length.strip_suffix('.') {
        Some(length) => (length, 0x20),
        None => (length, 0),
    };
    let class = match length {
        "1" => 2,
        "2" => 3,
        "4" => 4,
        "8" => 5,
        "16" => 6,
        "32" => 7,
        _ => bail!("no length"),
    };
    Ok([class << 2 | tie | dot, note(pitch)?])
}

fn note(pitch: &str) -> Result<u8> {
    let mut letters = pitch.chars();
    let name = letters.next().context("an empty note")?;
    let Some(place) = "rcdefgab".find(name) else {
        bail!("no note");
    };
    let rest = letters.as_str();
    let (accidental, octave) = match rest.strip_prefix('#') {
        Some(octave) => (1, octave),
        None => (2, rest),
    };
    let octave = if name == 'r' {
        4
    } else {
        octave.parse::<u8>()?
    };
    Ok(accidental << 6 | (7 - octave.min(7)) << 3 | u8::try_from(place)?)
}
