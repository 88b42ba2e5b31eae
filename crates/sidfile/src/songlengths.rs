//! `Songlengths.md5`: how long each song plays.
//!
//! ```text
//! [Database]
//! ; /MUSICIANS/H/Hubbard_Rob/Commando.sid
//! 60a7...=3:57 0:05.250 1:02
//! ```
//!
//! Source: the collection's `DOCUMENTS/Songlengths.faq`. Editions before HVSC #68 mark some
//! lengths with a letter in parentheses, which is passed over.

use std::collections::BTreeMap;

use crate::Md5;

/// The whole file, by digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Songlengths {
    lengths: BTreeMap<Md5, Vec<u32>>,
    paths: Vec<(String, Md5)>,
    bad_lines: Vec<usize>,
}

impl Songlengths {
    /// Reads the file. A line that makes no sense is passed over and its number kept in
    /// [`bad_lines`](Self::bad_lines).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let mut path = None;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('[') {
                continue;
            }
            if let Some(comment) = line.strip_prefix(';') {
                path = Some(comment.trim().to_owned());
            } else if let Some((md5, lengths)) = entry(line) {
                if let Some(path) = path.take() {
                    file.paths.push((path, md5));
                }
                file.lengths.insert(md5, lengths);
            } else {
                file.bad_lines.push(number);
            }
        }
        file
    }

    /// Length of each song of a file, in milliseconds.
    #[must_use]
    pub fn get(&self, md5: &Md5) -> Option<&[u32]> {
        self.lengths.get(md5).map(Vec::as_slice)
    }

    /// Files in the order of the text: path in the collection, with its leading slash, and digest.
    pub fn files(&self) -> impl Iterator<Item = (&str, Md5)> {
        self.paths.iter().map(|(path, md5)| (path.as_str(), *md5))
    }

    /// Numbers, from 1, of the lines that make no sense.
    #[must_use]
    pub fn bad_lines(&self) -> &[usize] {
        &self.bad_lines
    }

    /// Count of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether there are no files.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }
}

fn entry(line: &str) -> Option<(Md5, Vec<u32>)> {
    let (md5, lengths) = line.split_once('=')?;
    let lengths: Option<Vec<u32>> = lengths.split_whitespace().map(millis).collect();
    let lengths = lengths.filter(|lengths| !lengths.is_empty())?;
    Some((md5.trim().parse().ok()?, lengths))
}

/// Milliseconds of `m:ss`, `m:ss.m`, `m:ss.mm` or `m:ss.mmm`.
pub(crate) fn millis(text: &str) -> Option<u32> {
    let text = text.split('(').next()?;
    let (minutes, seconds) = text.split_once(':')?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let number = |text: &str| -> Option<u32> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse().ok() } else { None }
    };
    let fraction = match fraction.len() {
        0 => 0,
        digits @ 1..=3 => number(fraction)? * [100, 10, 1][digits - 1],
        _ => return None,
    };
    let (minutes, seconds) = (number(minutes)?, number(seconds)?);
    if seconds > 59 {
        return None;
    }
    let whole = minutes.checked_mul(60)?.checked_add(seconds)?;
    whole.checked_mul(1000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_length_has_minutes_seconds_and_at_most_three_decimals() {
        for (text, expected) in [
            ("0:00", Some(0)),
            ("3:57", Some(237_000)),
            ("1:02.5", Some(62_500)),
            ("1:02.25", Some(62_250)),
            ("1:02.125", Some(62_125)),
            ("61:01", Some(3_661_000)),
            ("0:30(G)", Some(30_000)),
            ("0:60", None),
            ("0:5a", None),
            (":05", None),
            ("1:", None),
            ("12", None),
            ("0:01.1234", None),
            ("99999999:00", None),
            ("+1:00", None),
        ] {
            assert_eq!(millis(text), expected, "{text}");
        }
    }

    #[test]
    fn lengths_belong_to_digests_and_paths_to_the_next_digest() {
        let (a, b) = (Md5::of(b"a"), Md5::of(b"b"));
        let text = format!(
            "[Database]\r\n; /DEMOS/a.sid\r\n{a}=1:00 0:01.5\r\nnonsense\r\n{b}=x\r\n; /DEMOS/b.sid\r\n{b}=0:09\r\n"
        );
        let file = Songlengths::parse(&text);
        assert_eq!(file.get(&a), Some(&[60_000, 1_500][..]));
        assert_eq!(file.get(&b), Some(&[9_000][..]));
        assert_eq!(file.get(&Md5::of(b"c")), None);
        let files: Vec<_> = file.files().collect();
        assert_eq!(files, [("/DEMOS/a.sid", a), ("/DEMOS/b.sid", b)]);
        assert_eq!(file.bad_lines(), [4, 5]);
        assert_eq!((file.len(), file.is_empty()), (2, false));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            let _ = Songlengths::parse(&text);
        }

        #[test]
        fn lengths_round_trip(minutes in 0u32..1000, seconds in 0u32..60, fraction in 0u32..1000) {
            let text = format!("{minutes}:{seconds:02}.{fraction:03}");
            prop_assert_eq!(millis(&text), Some((minutes * 60 + seconds) * 1000 + fraction));
        }
    }
}
