//! From text to clauses.

use sidfile::{ChipModel, Clock, Format};

use super::{Clause, Field, Hint, Parsed, Span, Test};
use crate::words::{fold, words_of};

/// Most clauses that are looked at: more than anybody types, and few enough for any machine.
const MOST_CLAUSES: usize = 32;

/// Names of fields, the first of each kind to be shown; and what a value looks like.
pub const FIELDS: [(&str, &str); 17] = [
    ("composer", "Rob Hubbard"),
    ("title", "Commando"),
    ("year", "1985..1988"),
    ("group", "Ocean"),
    ("chip", "6581, 8580"),
    ("sids", "2"),
    ("length", ">3:00"),
    ("songs", ">1"),
    ("clock", "pal, ntsc"),
    ("format", "psid, rsid, mus"),
    ("path", "GAMES/A-F"),
    ("stil", "remix"),
    ("here", "yes, no"),
    ("fav", "yes, no"),
    ("new", "yes, no"),
    ("rating", ">3"),
    ("tag", "slow"),
];

/// A piece of the text: `-name:="value"`.
struct Piece<'a> {
    is_negated: bool,
    /// Field as written, empty where there is none.
    field: &'a str,
    is_whole: bool,
    value: String,
    is_quoted: bool,
    is_closed: bool,
}

impl Parsed {
    /// Reads a query. Any text is one.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut parsed = Self::default();
        let mut rest = text;
        while parsed.clauses.len() < MOST_CLAUSES {
            let Some(piece) = next_piece(&mut rest) else {
                break;
            };
            let is_negated = piece.is_negated;
            match test_of(&piece) {
                Ok(Some(test)) => parsed.clauses.push(Clause { is_negated, test }),
                Ok(None) => {}
                Err(expected) => parsed.hints.push(Hint {
                    field: piece.field.to_owned(),
                    value: piece.value,
                    expected: expected.to_owned(),
                }),
            }
        }
        parsed
    }
}

/// Takes the next piece off `rest`.
fn next_piece<'a>(rest: &mut &'a str) -> Option<Piece<'a>> {
    let text = rest.trim_start();
    if text.is_empty() {
        return None;
    }
    let (is_negated, text) = match text.strip_prefix('-') {
        Some(after) if after.starts_with(|next: char| !next.is_whitespace() && next != '-') => {
            (true, after)
        }
        _ => (false, text),
    };
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (field, text) = match text[letters..].strip_prefix(':') {
        Some(after) if letters > 0 && is_known(&text[..letters]) => (&text[..letters], after),
        _ => ("", text),
    };
    let (is_whole, text) = match text.strip_prefix("=\"") {
        Some(_) if !field.is_empty() => (true, &text[1..]),
        _ => (false, text),
    };
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, length, is_closed) = unquoted(quoted);
        *rest = &quoted[length..];
        return Some(Piece {
            is_negated,
            field,
            is_whole,
            value,
            is_quoted: true,
            is_closed,
        });
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    *rest = &text[end..];
    Some(Piece {
        is_negated,
        field,
        is_whole,
        value: text[..end].to_owned(),
        is_quoted: false,
        is_closed: true,
    })
}

/// What stands before the closing quote, how many bytes that took, and whether there is one.
fn unquoted(text: &str) -> (String, usize, bool) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, at + 1, true),
            '\\' => value.extend(characters.next().map(|(_, character)| character)),
            other => value.push(other),
        }
    }
    (value, text.len(), false)
}

fn is_known(name: &str) -> bool {
    canonical(name).is_some()
}

/// The first name of a field.
fn canonical(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let name = match &*name {
        "author" | "by" => "composer",
        "name" => "title",
        "publisher" | "released" => "group",
        "model" => "chip",
        "chips" => "sids",
        "time" => "length",
        "subtunes" | "tunes" => "songs",
        "video" => "clock",
        "type" => "format",
        "favourite" | "favorite" => "fav",
        "tags" => "tag",
        "note" | "notes" => "stil",
        "folder" => return Some("folder"),
        other => other,
    };
    let known = FIELDS.iter().find(|(known, _)| *known == name);
    known.map(|(known, _)| *known)
}

/// What a piece asks, nothing where it is empty, or what its value should have been.
fn test_of(piece: &Piece<'_>) -> Result<Option<Test>, &'static str> {
    let value = piece.value.trim();
    let Some(name) = canonical(piece.field).filter(|_| !piece.field.is_empty()) else {
        return Ok(words(None, piece));
    };
    let field = match name {
        "composer" => Some(Field::Author),
        "title" => Some(Field::Title),
        "group" => Some(Field::Group),
        _ => None,
    };
    if let Some(field) = field {
        if piece.is_whole {
            return Ok(Some(Test::Whole(field, fold(&piece.value))));
        }
        return Ok(words(Some(field), piece));
    }
    if value.is_empty() {
        // It is still being typed.
        return Ok(None);
    }
    let folded = fold(value);
    let test = match name {
        "stil" => return Ok(words(Some(Field::Stil), piece)),
        "path" => Some(Test::Path(folded)),
        "folder" => Some(Test::Folder(folded.trim_matches('/').to_owned())),
        "tag" => Some(Test::Tag(folded)),
        "year" => Span::parse(value, Span::year).map(Test::Year),
        "sids" => Span::parse(value, Span::number).map(Test::Sids),
        "length" => Span::parse(value, Span::time).map(Test::Length),
        "songs" => Span::parse(value, Span::number).map(Test::Songs),
        "rating" => Span::parse(value, Span::number).map(Test::Rating),
        "chip" => chip(&folded).map(Test::Chip),
        "clock" => begun(
            &folded,
            &[
                ("pal", Clock::Pal),
                ("ntsc", Clock::Ntsc),
                ("any", Clock::Any),
            ],
        )
        .map(Test::Clock),
        "format" => begun(
            &folded,
            &[
                ("psid", Format::Psid),
                ("rsid", Format::Rsid),
                ("mus", Format::Mus),
            ],
        )
        .map(Test::Format),
        "here" => yes(&folded).map(Test::Here),
        "fav" => yes(&folded).map(Test::Favourite),
        _ => yes(&folded).map(Test::New),
    };
    let expected = FIELDS.iter().find(|(known, _)| *known == name);
    match test {
        Some(test) => Ok(Some(test)),
        None => Err(expected.map_or("", |(_, expected)| expected)),
    }
}

fn words(field: Option<Field>, piece: &Piece<'_>) -> Option<Test> {
    let words = words_of(&piece.value);
    let is_phrase = piece.is_quoted && words.len() > 1;
    match words.is_empty() {
        true => None,
        false if is_phrase || piece.is_quoted && piece.is_closed => Some(Test::Phrase {
            field,
            words,
            is_open: !piece.is_closed,
        }),
        false => Some(Test::Words { field, words }),
    }
}

fn chip(value: &str) -> Option<ChipModel> {
    let value = value.strip_prefix("mos").unwrap_or(value);
    begun(
        value,
        &[
            ("6581", ChipModel::Mos6581),
            ("8580", ChipModel::Mos8580),
            ("any", ChipModel::Any),
            ("both", ChipModel::Any),
            ("unknown", ChipModel::Unknown),
        ],
    )
}

fn yes(value: &str) -> Option<bool> {
    let names = [
        ("yes", true),
        ("true", true),
        ("1", true),
        ("no", false),
        ("false", false),
    ];
    begun(value, &names).or((value == "0").then_some(false))
}

/// The value whose name is being typed.
fn begun<T: Copy>(value: &str, names: &[(&str, T)]) -> Option<T> {
    let found = names.iter().find(|(name, _)| name.starts_with(value));
    found.map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::whole_clause;
    use proptest::prelude::*;

    fn free(words: &[&str]) -> Test {
        in_field(None, words)
    }

    fn in_field(field: Option<Field>, words: &[&str]) -> Test {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Test::Words { field, words }
    }

    fn phrase(field: Option<Field>, words: &[&str], is_open: bool) -> Test {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Test::Phrase {
            field,
            words,
            is_open,
        }
    }

    fn check(text: &str, expected: &[(bool, Test)]) {
        let parsed = Parsed::of(text);
        let found: Vec<(bool, Test)> = parsed
            .clauses
            .into_iter()
            .map(|clause| (!clause.is_negated, clause.test))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn words_and_phrases() {
        check("", &[]);
        check("  !! - ", &[]);
        check(
            "Rob  HUBBARD",
            &[(true, free(&["rob"])), (true, free(&["hubbard"]))],
        );
        check("-zoë", &[(false, free(&["zoe"]))]);
        check("mega-mix", &[(true, free(&["mega", "mix"]))]);
        check(
            "\"Last Ninja\"",
            &[(true, phrase(None, &["last", "ninja"], false))],
        );
        check(
            "\"last nin",
            &[(true, phrase(None, &["last", "nin"], true))],
        );
        check("\"nin", &[(true, free(&["nin"]))]);
        check(
            "-\"a \\\"b\" c",
            &[
                (false, phrase(None, &["a", "b"], false)),
                (true, free(&["c"])),
            ],
        );
    }

    #[test]
    fn fields() {
        let (author, group) = (Some(Field::Author), Some(Field::Group));
        check(
            "composer:Hubbard",
            &[(true, in_field(author, &["hubbard"]))],
        );
        check("BY:rob", &[(true, in_field(author, &["rob"]))]);
        check(
            "-group:\"The Ocean\"",
            &[(false, phrase(group, &["the", "ocean"], false))],
        );
        check(
            "composer:=\"Rob H\"",
            &[(true, Test::Whole(Field::Author, "rob h".into()))],
        );
        check("chip:65", &[(true, Test::Chip(ChipModel::Mos6581))]);
        check("clock:n", &[(true, Test::Clock(Clock::Ntsc))]);
        check("format:rsid", &[(true, Test::Format(Format::Rsid))]);
        check("-fav:yes", &[(false, Test::Favourite(true))]);
        check(
            "here:0 new:y",
            &[(true, Test::Here(false)), (true, Test::New(true))],
        );
        check("path:GAMES/", &[(true, Test::Path("games/".into()))]);
        check("folder:\"/A b/\"", &[(true, Test::Folder("a b".into()))]);
        check("tag:Slow", &[(true, Test::Tag("slow".into()))]);
        let span = Span {
            from: 181_000,
            to: u32::MAX,
        };
        check("length:>3:00", &[(true, Test::Length(span))]);
    }

    #[test]
    fn what_is_not_known_is_a_word_and_what_makes_no_sense_a_hint() {
        check("foo:bar", &[(true, free(&["foo", "bar"]))]);
        check("year: chip:", &[]);
        let parsed = Parsed::of("year:abc x");
        assert_eq!(parsed.clauses.len(), 1);
        let hint = &parsed.hints[0];
        assert_eq!(
            (&*hint.field, &*hint.value, &*hint.expected),
            ("year", "abc", "1985..1988")
        );
    }

    #[test]
    fn each_field_that_is_told_of_is_known() {
        for (name, example) in FIELDS {
            let example = example.split(',').next().unwrap();
            let parsed = Parsed::of(&format!("{name}:{example}"));
            assert!(parsed.hints.is_empty() && !parsed.is_empty(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_query(text in "(-?(year|length|composer|x)?:?=?\"?[\\PC]{0,6}\"? ?){0,6}") {
            let parsed = Parsed::of(&text);
            prop_assert!(parsed.clauses.len() <= MOST_CLAUSES);
        }

        #[test]
        fn a_whole_clause_is_read_as_it_was_meant(value in "\\PC{0,12}") {
            let parsed = Parsed::of(&whole_clause("composer", &value));
            prop_assert_eq!(parsed.clauses.len(), 1);
            let expected = Test::Whole(Field::Author, fold(&value));
            prop_assert_eq!(&parsed.clauses[0].test, &expected);
        }
    }
}
