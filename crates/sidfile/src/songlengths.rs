//! `Songlengths.md5`: how long each song of each tune plays.
//!
//! Source: the collection's `DOCUMENTS/Songlengths.faq`. A line is `MD5=m:ss(.mmm) m:ss ...`, one
//! length per song; the line above it is a comment with the path.

use std::collections::BTreeMap;

use crate::Md5;
use crate::text;

/// One tune of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lengths {
    /// MD5 of the file.
    pub md5: Md5,
    /// Path in the collection, from its root (`/MUSICIANS/...`); empty where no comment names it.
    pub path: String,
    /// Length of each song, in milliseconds.
    pub millis: Vec<u32>,
}

/// A line that is neither a comment, a section nor a tune.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}: {found:?}")]
pub struct LineError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: &'static str,
    /// The text in question, cut short.
    pub found: String,
}

/// The whole list, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Songlengths {
    tunes: Vec<Lengths>,
    by_md5: BTreeMap<Md5, usize>,
    errors: Vec<LineError>,
}

impl Songlengths {
    /// Reads a list. Lines that make no sense are left out, and kept as [`Self::errors`].
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut list = Self::default();
        let mut path = String::new();
        for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            match line {
                [] => (),
                [b'[', ..] => path.clear(),
                [b';', comment @ ..] => {
                    path = text::decode_windows_1252(comment).trim().to_owned();
                    if !path.starts_with('/') {
                        path.clear();
                    }
                }
                _ => match parse_tune(line) {
                    Ok((md5, millis)) => list.push(md5, core::mem::take(&mut path), millis),
                    Err((problem, found)) => {
                        path.clear();
                        list.errors.push(LineError {
                            line: index + 1,
                            problem,
                            found,
                        });
                    }
                },
            }
        }
        list
    }

    fn push(&mut self, md5: Md5, path: String, millis: Vec<u32>) {
        self.by_md5.insert(md5, self.tunes.len());
        self.tunes.push(Lengths { md5, path, millis });
    }

    /// Lengths of the songs of a file, in milliseconds.
    #[must_use]
    pub fn get(&self, md5: &Md5) -> Option<&[u32]> {
        let index = *self.by_md5.get(md5)?;
        self.tunes.get(index).map(|tune| tune.millis.as_slice())
    }

    /// All tunes, in the order of the file.
    #[must_use]
    pub fn tunes(&self) -> &[Lengths] {
        &self.tunes
    }

    /// The paths of all tunes, in the order of the file.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.tunes
            .iter()
            .map(|tune| tune.path.as_str())
            .filter(|path| !path.is_empty())
    }

    /// Lines that were left out.
    #[must_use]
    pub fn errors(&self) -> &[LineError] {
        &self.errors
    }
}

type Problem = (&'static str, String);

fn parse_tune(line: &[u8]) -> Result<(Md5, Vec<u32>), Problem> {
    let shown = |bytes: &[u8]| text::decode_windows_1252(&bytes[..bytes.len().min(64)]);
    let split = line.iter().position(|&byte| byte == b'=');
    let split = split.ok_or_else(|| ("neither comment, section nor MD5=lengths", shown(line)))?;
    let (md5, lengths) = (&line[..split], &line[split + 1..]);
    let md5 = core::str::from_utf8(md5.trim_ascii())
        .ok()
        .and_then(|md5| md5.parse().ok())
        .ok_or_else(|| ("not an MD5", shown(md5)))?;
    let millis: Vec<u32> = lengths
        .split(u8::is_ascii_whitespace)
        .filter(|length| !length.is_empty())
        .map(|length| parse_length(length).ok_or_else(|| ("not a length", shown(length))))
        .collect::<Result<_, _>>()?;
    if millis.is_empty() {
        return Err(("no lengths", shown(line)));
    }
    Ok((md5, millis))
}

/// `m:ss`, `m:ss.m`, `m:ss.mm` or `m:ss.mmm` in milliseconds. Old lists have a letter in brackets
/// behind it, which is ignored.
pub(crate) fn parse_length(text: &[u8]) -> Option<u32> {
    let text = core::str::from_utf8(text).ok()?;
    let text = text.split('(').next()?;
    let (minutes, seconds) = text.split_once(':')?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_form = (1..=4).contains(&minutes.len()) && seconds.len() == 2 && fraction.len() <= 3;
    if !has_form || ![minutes, seconds, fraction].into_iter().all(is_digits) {
        return None;
    }
    let minutes: u32 = minutes.parse().ok()?;
    let seconds: u32 = seconds.parse().ok()?;
    let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
    (seconds < 60).then_some((minutes * 60 + seconds) * 1000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "[Database]\r\n\
        ; /DEMOS/A.sid\r\n\
        900150983cd24fb0d6963f7d28e17f72=1:17\r\n\
        ; /MUSICIANS/B.sid\n\
        d41d8cd98f00b204e9800998ecf8427e=0:05 12:00.5 1:02.003\n\
        ; a remark\n\
        0cc175b9c0f1b6a831c399e269772661=0:01(G)\n";

    fn check_length(text: &str, expected: Option<u32>) {
        assert_eq!(parse_length(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn lengths_have_one_form() {
        check_length("0:00", Some(0));
        check_length("1:17", Some(77_000));
        check_length("10:00", Some(600_000));
        check_length("0:01.5", Some(1500));
        check_length("0:01.05", Some(1050));
        check_length("0:01.005", Some(1005));
        check_length("0:01(G)", Some(1000));
        for bad in [
            "",
            ":",
            "1",
            "1:7",
            "1:60",
            "x:00",
            "1:00.1234",
            "-1:00",
            "99999:00",
        ] {
            check_length(bad, None);
        }
    }

    #[test]
    fn a_list_is_found_by_md5_and_by_order() {
        let list = Songlengths::parse(LIST.as_bytes());
        assert_eq!(list.get(&Md5::of(b"abc")), Some(&[77_000][..]));
        assert_eq!(list.get(&Md5::of(b"")), Some(&[5_000, 720_500, 62_003][..]));
        assert_eq!(list.get(&Md5::of(b"a")), Some(&[1_000][..]));
        assert_eq!(list.get(&Md5::of(b"b")), None);
        assert_eq!(
            list.paths().collect::<Vec<_>>(),
            ["/DEMOS/A.sid", "/MUSICIANS/B.sid"]
        );
        assert!(list.errors().is_empty());
    }

    #[test]
    fn bad_lines_are_kept_as_errors_with_their_number() {
        let list =
            Songlengths::parse(b"rubbish\nxyz=1:00\n900150983cd24fb0d6963f7d28e17f72=1:99\n");
        let lines: Vec<_> = list.errors().iter().map(|error| error.line).collect();
        assert_eq!(lines, [1, 2, 3]);
        assert!(list.tunes().is_empty());
    }
}
