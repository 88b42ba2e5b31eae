//! The text a tune is written in: instruments, waves, filters, patterns, songs.
//!
//! A line in the first column starts an entry, indented lines continue it, `//` starts a
//! comment.
//!
//! ```text
//! title Night Ferry            model 6581 | 8580      calls 1 | 4 (a frame)   samples
//! chips 2                      three tracks a chip; the second at $D420, the third at $D440
//! filtered 2                   only this chip's voices go through the filter
//! wave lead 41:0 41:12*3 loop 0        waveform:semitones, times; `=12` is an absolute note
//! filter sweep route f1 lp 20 wait 32 +4 loop 3
//! inst bass adsr 09a0 wave lead pulse 40,8,2,9 filter sweep vibrato 20,4,3 gate 8
//! pattern a @bass :2 c3 e g:4 -:2 r:2 ~8 c4 & d !sweep
//! song Name tempo 6 6
//! track a*2 +5 b | a
//! about text                            comment of the file, or of the song before it
//! ```

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

/// An entry: its keyword, its words and where it starts.
pub struct Entry<'a> {
    /// First word.
    pub keyword: &'a str,
    /// All other words.
    pub words: Vec<&'a str>,
    /// Line, from 1.
    pub line: usize,
}

/// Splits a text into its entries.
pub fn entries(text: &str) -> Result<Vec<Entry<'_>>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split("//").next().unwrap_or("");
        let mut words = line.split_whitespace().peekable();
        if words.peek().is_none() {
            continue;
        }
        if line.starts_with(' ') {
            let entry = entries.last_mut().context("a continued line comes first")?;
            entry.words.extend(words);
        } else if let Some(keyword) = words.next() {
            entries.push(Entry {
                keyword,
                words: words.collect(),
                line: index + 1,
            });
        }
    }
    Ok(entries)
}

/// `word*3` as the word and 3.
pub fn times(word: &str) -> Result<(&str, usize)> {
    match word.split_once('*') {
        Some((word, count)) => Ok((word, count.parse().with_context(|| word.to_owned())?)),
        None => Ok((word, 1)),
    }
}

/// A number of two hexadecimal digits.
pub fn hex(text: &str) -> Result<u8> {
    u8::from_str_radix(text, 16).with_context(|| format!("{text:?} is no hexadecimal byte"))
}

/// A pattern's bytes and its rows.
pub struct Pattern {
    /// What the player reads.
    pub bytes: Vec<u8>,
    /// How long it lasts.
    pub rows: usize,
}

/// Writes a pattern's words as the player's bytes.
pub fn pattern(
    words: &[&str],
    instruments: &[String],
    filters: &BTreeMap<String, u8>,
) -> Result<Pattern> {
    let mut bytes = Vec::new();
    let mut rows = 0;
    let mut usual = 1;
    let mut written = 0;
    let mut octave = 3;
    for word in words {
        (|| -> Result<()> {
            if let Some(name) = word.strip_prefix('@') {
                let index = instruments.iter().position(|known| known == name);
                bytes.push(0xa0 + u8::try_from(index.context("no such instrument")?)?);
            } else if let Some(length) = word.strip_prefix(':') {
                usual = length.parse()?;
            } else if let Some(speed) = word.strip_prefix('~') {
                bytes.extend([0xe0, speed.parse()?]);
            } else if *word == "&" {
                bytes.extend([0xe0, 0]);
            } else if let Some(name) = word.strip_prefix('!') {
                bytes.extend([0xe1, *filters.get(name).context("no such filter")?]);
            } else if let Some(volume) = word.strip_prefix('v') {
                bytes.extend([0xe2, volume.parse()?]);
            } else {
                let (name, length) = match word.split_once(':') {
                    Some((name, length)) => (name, length.parse()?),
                    None => (*word, usual),
                };
                ensure!((1..=128).contains(&length), "a length of {length}");
                let mut left: usize = length;
                let mut event = match name {
                    "-" => 0x60,
                    "r" => 0x61,
                    _ => note(name, &mut octave)?,
                };
                while left > 0 {
                    let part = left.min(32);
                    if part != written {
                        bytes.push(0x80 + u8::try_from(part - 1)?);
                        written = part;
                    }
                    bytes.push(event);
                    event = 0x60;
                    left -= part;
                }
                rows += length;
            }
            Ok(())
        })()
        .with_context(|| format!("{word:?}"))?;
    }
    bytes.push(0x7f);
    Ok(Pattern { bytes, rows })
}

/// A note's number, C-0 being 0. Without an octave it is in the last one named.
pub fn note(name: &str, octave: &mut u8) -> Result<u8> {
    let mut letters = name.chars();
    let letter = letters.next().context("no note")?;
    let step = match letter {
        'c' => 0,
        'd' => 2,
        'e' => 4,
        'f' => 5,
        'g' => 7,
        'a' => 9,
        'b' => 11,
        _ => bail!("no note"),
    };
    let mut rest = letters.as_str();
    let mut shift = 12_i32;
    if let Some(tail) = rest.strip_prefix('#') {
        (rest, shift) = (tail, 13);
    } else if let Some(tail) = rest.strip_prefix('_') {
        (rest, shift) = (tail, 11);
    }
    if !rest.is_empty() {
        *octave = rest.parse()?;
    }
    let number = i32::from(*octave) * 12 + step + shift - 12;
    ensure!((0..0x60).contains(&number), "out of range");
    Ok(u8::try_from(number)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &str, expected: &[u8], rows: usize) {
        let words: Vec<_> = words.split(' ').collect();
        let instruments = ["bass".to_owned()];
        let made = pattern(&words, &instruments, &BTreeMap::new()).unwrap();
        assert_eq!((made.bytes.as_slice(), made.rows), (expected, rows));
    }

    #[test]
    fn patterns() {
        check("@bass :2 c3 e", &[0xa0, 0x81, 36, 40, 0x7f], 4);
        check(
            "b_2:1 -:1 r:33",
            &[0x80, 34, 0x60, 0x9f, 0x61, 0x80, 0x60, 0x7f],
            35,
        );
        check("a4 ~9 a#", &[0x80, 57, 0xe0, 9, 58, 0x7f], 2);
    }
}
