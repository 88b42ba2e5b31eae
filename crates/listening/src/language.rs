//! The page's language: English is in the code, other languages come as gettext catalogues.
//!
//! A text is looked up by its English wording: [`t`], [`tf`] with `{0}`, `{1}` to be filled in, and
//! [`tn`] where a number decides between one and many. What a catalogue lacks stays English. The
//! format is the part of PO (GNU gettext, chapter "The Format of PO Files") that such catalogues
//! use: `msgid`, `msgid_plural`, `msgstr`, `msgstr[0]`, `msgstr[1]`, strings over several lines,
//! comments. Plurals are those of the Germanic languages: one, and any other number.

use std::cell::Cell;
use std::collections::BTreeMap;

/// Texts of one language: for an English text the translation, and its plural where it has one.
type Catalogue = BTreeMap<String, (String, Option<String>)>;

thread_local! {
    // A page has one language at a time, and every text of it asks: the catalogue is kept for as
    // long as the page lives, so that texts can be borrowed from it.
    static CURRENT: Cell<Option<&'static Catalogue>> = const { Cell::new(None) };
}

/// Speaks the language of the catalogue `po` from now on; an empty text is English.
///
/// # Errors
/// The line that is not understood, from 1. The language stays as it was.
pub fn speak(po: &str) -> Result<(), Error> {
    let catalogue = parse(po)?;
    CURRENT.set((!catalogue.is_empty()).then(|| &*Box::leak(Box::new(catalogue))));
    Ok(())
}

/// A catalogue that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the catalogue is no entry: {found}")]
pub struct Error {
    /// Line, from 1.
    pub line: usize,
    /// What stands there.
    pub found: String,
}

/// `english` in the page's language.
#[must_use]
pub fn t(english: &'static str) -> &'static str {
    CURRENT
        .get()
        .and_then(|catalogue| catalogue.get(english))
        .map_or(english, |(text, _)| text)
}

/// `english` in the page's language, with `{0}`, `{1}` and so on filled in.
#[must_use]
pub fn tf(english: &'static str, parts: &[&dyn std::fmt::Display]) -> String {
    fill(t(english), parts)
}

/// `one` or `many` in the page's language, by `count`, which stands for `{0}`. `many` is looked up
/// under `one`, as PO does.
#[must_use]
pub fn tn(count: u64, one: &'static str, many: &'static str) -> String {
    let known = CURRENT.get().and_then(|catalogue| catalogue.get(one));
    let text = match (known, count) {
        (Some((text, _)), 1) => text,
        (Some((_, Some(text))), _) => text,
        (_, 1) => one,
        _ => many,
    };
    fill(text, &[&crate::words::grouped(count)])
}

fn fill(text: &str, parts: &[&dyn std::fmt::Display]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let part = after
            .split_once('}')
            .and_then(|(number, tail)| Some((parts.get(number.parse::<usize>().ok()?)?, tail)));
        if let Some((part, tail)) = part {
            filled.push_str(&part.to_string());
            rest = tail;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

/// Which string of an entry is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Id,
    IdPlural,
    Text,
    TextPlural,
}

/// Reads a catalogue; entries without a translation are left out.
///
/// # Errors
/// The line that is not understood.
pub fn parse(po: &str) -> Result<Catalogue, Error> {
    let mut catalogue = Catalogue::new();
    let mut entry: [String; 4] = Default::default();
    let mut part = Part::Nothing;
    let mut keep = |entry: &mut [String; 4]| {
        let [id, _, text, plural] = std::mem::take(entry);
        if !id.is_empty() && !text.is_empty() {
            catalogue.insert(id, (text, (!plural.is_empty()).then_some(plural)));
        }
    };
    for (at, line) in po.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let keywords = [
            ("msgid_plural ", Part::IdPlural),
            ("msgid ", Part::Id),
            ("msgstr[0] ", Part::Text),
            ("msgstr[1] ", Part::TextPlural),
            ("msgstr ", Part::Text),
        ];
        let keyword = keywords
            .iter()
            .find_map(|(word, part)| Some((line.strip_prefix(word)?, *part)));
        let quoted = match keyword {
            Some((rest, kind)) => {
                if kind == Part::Id {
                    keep(&mut entry);
                }
                part = kind;
                rest.trim_start()
            }
            None => line,
        };
        let text = unquote(quoted).filter(|_| part != Part::Nothing);
        let Some(text) = text else {
            return Err(Error {
                line: at + 1,
                found: line.chars().take(60).collect(),
            });
        };
        let slot = match part {
            Part::Nothing | Part::Id => 0,
            Part::IdPlural => 1,
            Part::Text => 2,
            Part::TextPlural => 3,
        };
        entry[slot].push_str(&text);
    }
    keep(&mut entry);
    Ok(catalogue)
}

/// The text of a string in quotes, with `\n`, `\t`, `\"` and `\\`.
fn unquote(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => text.push(match characters.next()? {
                'n' => '\n',
                't' => '\t',
                other => other,
            }),
            other => text.push(other),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GERMAN: &str = r#"
# A comment
msgid ""
msgstr "Language: de\n"

msgid "Play"
msgstr "Wiedergeben"

msgid "{0} of {1}"
msgstr "{1}, davon {0}"

msgid "{0} tune"
msgid_plural "{0} tunes"
msgstr[0] "{0} Stück"
msgstr[1] "{0} "
"Stücke"

msgid "Not yet"
msgstr ""
"#;

    #[test]
    fn texts_are_found_filled_in_and_counted() {
        assert_eq!(tn(1, "{0} tune", "{0} tunes"), "1 tune");
        assert_eq!(tn(53_669, "{0} tune", "{0} tunes"), "53,669 tunes");
        speak(GERMAN).expect("a catalogue");
        assert_eq!(t("Play"), "Wiedergeben");
        assert_eq!(t("Not yet"), "Not yet");
        assert_eq!(t("Unknown"), "Unknown");
        assert_eq!(tf("{0} of {1}", &[&3, &"many"]), "many, davon 3");
        assert_eq!(tn(1, "{0} tune", "{0} tunes"), "1 Stück");
        assert_eq!(tn(2, "{0} tune", "{0} tunes"), "2 Stücke");
        speak("").expect("English");
        assert_eq!(t("Play"), "Play");
    }

    #[test]
    fn what_is_no_place_stays() {
        assert_eq!(fill("{a} {7} {", &[&1]), "{a} {7} {");
    }

    #[test]
    fn a_damaged_catalogue_is_refused_with_its_line() {
        let refused = parse("msgid \"a\"\nmsgstr \"b").map_err(|error| error.line);
        assert_eq!(refused, Err(2));
        assert_eq!(parse("\"a\"").map_err(|error| error.line), Err(1));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}") {
            let _ = parse(&text);
        }
    }
}
