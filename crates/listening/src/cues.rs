//! Timed cues: what STIL says of moments in a song, in the order in which they are heard.
//!
//! STIL names moments as `0:46` or `1:10-1:29`, at the end of a title in brackets or in the middle
//! of a comment (STIL.faq, "Timestamps"). Of a comment the clause that names the moment is the cue.

use core::fmt::Write as _;

use catalog::Note;

use crate::language::tf;

/// Something to be shown at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// Beginning, in milliseconds.
    pub from: u32,
    /// End, in milliseconds.
    pub to: u32,
    /// What is said.
    pub text: String,
}

/// A moment named in a text: bytes from and to, and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    start: usize,
    end: usize,
    from: u32,
    to: Option<u32>,
}

/// Cues of a song of so many milliseconds, of a file of so many songs.
#[must_use]
pub fn cues(notes: &[Note], song: u16, songs: u16, length_millis: u32) -> Vec<Cue> {
    let mut found: Vec<(u32, Option<u32>, String)> = Vec::new();
    let concerns = |note: &&Note| note.song.map_or(songs == 1, |of| of == song);
    for note in notes.iter().filter(concerns) {
        for stamp in stamps(&note.title) {
            let title = without_stamps(&note.title);
            let text = match &*note.artist {
                "" => title,
                artist => tf("{0} by {1}", &[&title, &artist]),
            };
            found.push((stamp.from, stamp.to, text));
        }
        for (stamp, text) in clauses(&note.comment) {
            found.push((stamp.from, stamp.to, text));
        }
    }
    found.sort_by_key(|(from, ..)| *from);
    found.dedup();
    let starts: Vec<u32> = found.iter().map(|(from, ..)| *from).collect();
    let cue = |(at, (from, to, text)): (usize, (u32, Option<u32>, String))| {
        let next = starts[at..].iter().copied().find(|start| *start > from);
        let to = to.or(next).unwrap_or(length_millis);
        Cue {
            from,
            to: to.min(length_millis.max(from)).max(from),
            text,
        }
    };
    let within = |cue: &Cue| cue.from <= length_millis;
    found
        .into_iter()
        .enumerate()
        .map(cue)
        .filter(within)
        .collect()
}

/// Moments named in a text.
fn stamps(text: &str) -> Vec<Stamp> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((start, end, from)) = next_time(text, at) {
        let rest = &text[end..];
        let second = rest
            .strip_prefix('-')
            .and_then(|_| next_time(text, end + 1))
            .filter(|(start, ..)| *start == end + 1);
        let stamp = match second {
            Some((_, to_end, to)) => Stamp {
                start,
                end: to_end,
                from,
                to: Some(to).filter(|to| *to > from),
            },
            None => Stamp {
                start,
                end,
                from,
                to: None,
            },
        };
        at = stamp.end;
        found.push(stamp);
    }
    found
}

/// The first `m:ss` from a place on: where it begins and ends, and its milliseconds.
fn next_time(text: &str, from: usize) -> Option<(usize, usize, u32)> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    for colon in (from..bytes.len()).filter(|&at| bytes[at] == b':') {
        let mut start = colon;
        while start > from && is_digit(start - 1) {
            start -= 1;
        }
        let before = start.checked_sub(1).map(|at| bytes[at]);
        let is_time = (1..=3).contains(&(colon - start))
            && is_digit(colon + 1)
            && is_digit(colon + 2)
            && !is_digit(colon + 3)
            && bytes.get(colon + 3) != Some(&b':')
            && before != Some(b':');
        if !is_time {
            continue;
        }
        let minutes: u32 = text[start..colon].parse().ok()?;
        let seconds: u32 = text[colon + 1..colon + 3].parse().ok()?;
        if seconds < 60 {
            return Some((start, colon + 3, (minutes * 60 + seconds) * 1000));
        }
    }
    None
}

fn without_stamps(title: &str) -> String {
    let first = stamps(title)
        .first()
        .map_or(title.len(), |stamp| stamp.start);
    title[..first].trim_end_matches([' ', '(', '[']).to_owned()
}

/// Each moment of a comment with the clause that names it.
fn clauses(comment: &str) -> Vec<(Stamp, String)> {
    let mut found = Vec::new();
    for sentence in comment.split_inclusive(['.', '!', '?', '\n']) {
        let mut pieces: Vec<String> = Vec::new();
        let mut rest = sentence;
        loop {
            let cut = [", ", "; ", " and ", ": "]
                .iter()
                .filter_map(|mark| rest.find(mark).map(|at| at + mark.len()))
                .min();
            let (piece, tail) = rest.split_at(cut.unwrap_or(rest.len()));
            // What names no moment belongs to what was said before.
            match pieces.last_mut() {
                Some(last) if stamps(piece).is_empty() || stamps(last).is_empty() => {
                    last.push_str(piece);
                }
                _ => pieces.push(piece.to_owned()),
            }
            if tail.is_empty() {
                break;
            }
            rest = tail;
        }
        for piece in pieces {
            let text = piece.trim().trim_end_matches([',', ';', ':', '.']);
            let text = text.strip_suffix(" and").unwrap_or(text);
            let text = text.strip_prefix("and ").unwrap_or(text);
            for stamp in stamps(&piece) {
                found.push((stamp, crate::words::sentence(text)));
            }
        }
    }
    found
}

/// Cues as a WebVTT file (W3C, "WebVTT: The Web Video Text Tracks Format").
#[must_use]
pub fn webvtt(cues: &[Cue]) -> String {
    let mut text = String::from("WEBVTT\n");
    let time = |millis: u32| {
        let (seconds, rest) = (millis / 1000, millis % 1000);
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        format!("{hours:02}:{minutes:02}:{:02}.{rest:03}", seconds % 60)
    };
    for cue in cues {
        let escaped = cue
            .text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let line = escaped.split_whitespace().collect::<Vec<_>>().join(" ");
        // Nothing can go wrong in writing to a string.
        let _ = writeln!(text, "\n{} --> {}\n{line}", time(cue.from), time(cue.to));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(note: Note, expected: &[(u32, u32, &str)]) {
        let found = cues(&[note], 1, 1, 120_000);
        let found: Vec<(u32, u32, &str)> = found
            .iter()
            .map(|cue| (cue.from / 1000, cue.to / 1000, &*cue.text))
            .collect();
        assert_eq!(found, expected);
    }

    fn comment(text: &str) -> Note {
        Note {
            comment: text.to_owned(),
            ..Note::default()
        }
    }

    #[test]
    fn a_cover_is_named_while_it_sounds() {
        check(
            Note {
                title: "No Good (Start the Dance) [from Music] (1:10-1:29)".into(),
                artist: "The Prodigy".into(),
                ..Note::default()
            },
            &[(
                70,
                89,
                "No Good (Start the Dance) [from Music] by The Prodigy",
            )],
        );
        let title = "Popcorn (0:40)".to_owned();
        check(
            Note {
                title,
                ..Note::default()
            },
            &[(40, 120, "Popcorn")],
        );
    }

    #[test]
    fn a_comment_is_cut_at_its_clauses() {
        check(
            comment(
                "A ride. The filter opens (0:00), the drums come at 0:08, loud as they are, and the theme at 1:15. Then 12:30:10 or 3:77 is no time.",
            ),
            &[
                (0, 8, "The filter opens (0:00)"),
                (8, 75, "The drums come at 0:08, loud as they are"),
                (75, 120, "The theme at 1:15"),
            ],
        );
        check(comment("Words 0:10 and 5:00"), &[(10, 120, "Words 0:10")]);
        check(comment("Nothing: no times"), &[]);
    }

    #[test]
    fn only_the_song_itself_is_spoken_of() {
        let of = |song, songs| {
            let note = Note {
                song,
                comment: "Bell at 0:05".into(),
                ..Note::default()
            };
            cues(&[note], 2, songs, 60_000).len()
        };
        assert_eq!((of(Some(2), 3), of(Some(1), 3), of(None, 3)), (1, 0, 0));
    }

    #[test]
    fn cues_are_a_text_track() {
        let cue = Cue {
            from: 3_725_040,
            to: 3_726_000,
            text: "A <b> & -->\nmore".into(),
        };
        let expected = "WEBVTT\n\n01:02:05.040 --> 01:02:06.000\nA &lt;b&gt; &amp; --&gt; more\n";
        assert_eq!(webvtt(&[cue]), expected);
    }

    proptest! {
        #[test]
        fn any_text_has_cues_in_order(text in "([0-9:.,;-]|é| and |a ){0,60}") {
            let note = Note { title: text.clone(), comment: text, ..Note::default() };
            let found = cues(&[note], 1, 1, 60_000);
            prop_assert!(found.is_sorted_by_key(|cue| cue.from));
            prop_assert!(found.iter().all(|cue| cue.from <= cue.to && cue.to <= 60_000));
        }
    }
}
