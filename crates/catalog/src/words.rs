//! Text as it is compared: without case and accents, word by word.

/// Lower case, without the accents of Latin-1 and Windows-1252: how text is compared.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

pub(crate) fn fold_into(text: &str, folded: &mut String) {
    if text.is_ascii() {
        let start = folded.len();
        folded.push_str(text);
        folded[start..].make_ascii_lowercase();
        return;
    }
    for character in text.chars() {
        fold_character(character, folded);
    }
}

fn fold_character(character: char, folded: &mut String) {
    if character.is_ascii() {
        folded.push(character.to_ascii_lowercase());
        return;
    }
    for character in character.to_lowercase() {
        match character {
            'à'..='å' => folded.push('a'),
            'æ' => folded.push_str("ae"),
            'ç' => folded.push('c'),
            'è'..='ë' => folded.push('e'),
            'ì'..='ï' => folded.push('i'),
            'ð' => folded.push('d'),
            'ñ' => folded.push('n'),
            'ò'..='ö' | 'ø' => folded.push('o'),
            'ù'..='ü' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'þ' => folded.push_str("th"),
            'ß' => folded.push_str("ss"),
            'œ' => folded.push_str("oe"),
            'š' => folded.push('s'),
            'ž' => folded.push('z'),
            other => folded.push(other),
        }
    }
}

/// What joins two halves of a word instead of parting them: `Don't` is `dont`.
fn joins(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}' | '`' | '\u{b4}')
}

/// Calls `take` with every word of `text`, folded, and the bytes of `text` that it stands in.
pub(crate) fn each_word(
    text: &str,
    word: &mut String,
    mut take: impl FnMut(&str, core::ops::Range<usize>),
) {
    word.clear();
    let mut start = 0;
    let mut end = 0;
    for (at, character) in text.char_indices() {
        // ASCII first: it is nearly all there is.
        let is_part = if character.is_ascii() {
            character.is_ascii_alphanumeric()
        } else {
            character.is_alphanumeric()
        };
        if is_part {
            if word.is_empty() {
                start = at;
            }
            fold_character(character, word);
            end = at + character.len_utf8();
        } else if !joins(character) && !word.is_empty() {
            take(word, start..end);
            word.clear();
        }
    }
    if !word.is_empty() {
        take(word, start..end);
    }
    word.clear();
}

/// The words of `text`, folded.
pub(crate) fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(text, &mut String::new(), |word, _| {
        words.push(word.to_owned())
    });
    words
}

/// Bytes of `text`, whose words begin at its start, that fold to at least `length` bytes.
pub(crate) fn bytes_of_folded(text: &str, length: usize) -> usize {
    let mut folded = String::new();
    for (at, character) in text.char_indices() {
        if folded.len() >= length {
            return at;
        }
        if !joins(character) {
            fold_character(character, &mut folded);
        }
    }
    text.len()
}

/// Whether a word is one that people leave out of titles.
pub(crate) fn is_article(word: &str) -> bool {
    matches!(word, "the" | "a" | "an")
}

/// Letters that may be wrong in a word of so many.
pub(crate) fn slips_in(length: usize) -> usize {
    match length {
        0..4 => 0,
        4..8 => 1,
        8..=LONGEST => 2,
        _ => 0,
    }
}

/// Longest word, in bytes, whose slips are forgiven.
const LONGEST: usize = 32;

/// Letters of a word as bits, digits and all else in the rest: a word that lacks many of another's
/// letters cannot be near it.
pub(crate) fn letters_of(word: &str) -> u32 {
    word.bytes().fold(0, |letters, byte| {
        letters
            | 1 << match byte {
                b'a'..=b'z' => byte - b'a',
                b'0'..=b'9' => 26 + byte % 5,
                _ => 31,
            }
    })
}

/// Whether `term` is `word` with few slips, or begins with it so: a slip is a letter too many, one
/// missing, one that is another, or two that changed places (optimal string alignment). What only
/// begins with the word must have its first letter right.
pub(crate) fn is_near(word: &str, term: &str) -> bool {
    let (word, term) = (word.as_bytes(), term.as_bytes());
    let slips = slips_in(word.len());
    if slips == 0 || term.len() + slips < word.len() {
        return false;
    }
    // Only so much of the term can matter, and one letter more to see whether it ends there.
    let width = term.len().min(word.len() + slips + 1);
    let mut two_before = [0u8; LONGEST + 4];
    let mut previous = two_before;
    let mut current = two_before;
    for (at, cell) in previous.iter_mut().enumerate() {
        *cell = at as u8;
    }
    for line in 1..=word.len() {
        current[0] = line as u8;
        let mut best = current[0];
        for column in 1..=width {
            let differs = u8::from(word[line - 1] != term[column - 1]);
            let mut cost = (previous[column - 1] + differs)
                .min(previous[column] + 1)
                .min(current[column - 1] + 1);
            let changed_places = line > 1
                && column > 1
                && word[line - 1] == term[column - 2]
                && word[line - 2] == term[column - 1];
            if changed_places {
                cost = cost.min(two_before[column - 2] + 1);
            }
            current[column] = cost;
            best = best.min(cost);
        }
        if usize::from(best) > slips {
            return false;
        }
        (two_before, previous, current) = (previous, current, two_before);
    }
    let last = &previous[..=width];
    let is_whole = term.len() == width && usize::from(last[width]) <= slips;
    let begins = || term[0] == word[0] && last.iter().any(|&cost| usize::from(cost) <= slips);
    is_whole || begins()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_folded_and_parted() {
        for (text, expected) in [
            ("Wizball_2 (remix)", &["wizball", "2", "remix"][..]),
            ("Don't Stop", &["dont", "stop"]),
            ("Zoë Müller/Æther", &["zoe", "muller", "aether"]),
            ("C64", &["c64"]),
            (" -- ", &[]),
            ("\u{130}x", &["i\u{307}x"]),
        ] {
            assert_eq!(words_of(text), expected, "{text}");
        }
    }

    #[test]
    fn words_tell_their_place() {
        let text = "Zoë's Tune";
        let mut places = Vec::new();
        each_word(text, &mut String::new(), |_, place| {
            places.push(&text[place])
        });
        assert_eq!(places, ["Zoë's", "Tune"]);
        assert_eq!(bytes_of_folded("Zoë's", 3), 4);
        assert_eq!(bytes_of_folded("Zoë's", 4), 6);
        assert_eq!(bytes_of_folded("Æther", 1), 2);
    }

    #[test]
    fn few_slips_are_forgiven() {
        for (word, term, expected) in [
            ("comando", "commando", true),
            ("commnado", "commando", true),
            ("cmomando", "commando", true),
            ("kommando", "commando", true),
            ("galwey", "galway", true),
            ("galwy", "galway", true),
            ("xalwa", "galway", false),
            ("galwa", "galways", true),
            ("glwy", "galway", false),
            ("cat", "car", false),
            ("hubb", "hubbard", true),
            ("hibb", "hubbard", true),
            ("arkaniod", "arkanoid", true),
            ("abcdefgh", "abxyefgh", true),
            ("abcdefgh", "abxyzfgh", false),
        ] {
            assert_eq!(is_near(word, term), expected, "{word} {term}");
        }
    }

    /// Distance by the definition, over the whole table.
    fn distance(a: &[u8], b: &[u8]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let differs = usize::from(a[i - 1] != b[j - 1]);
                    let mut cost = (table[i - 1][j - 1] + differs)
                        .min(table[i - 1][j] + 1)
                        .min(table[i][j - 1] + 1);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        cost = cost.min(table[i - 2][j - 2] + 1);
                    }
                    cost
                };
            }
        }
        table[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn nearness_is_distance(word in "[abc]{1,10}", term in "[abc]{1,12}") {
            let slips = slips_in(word.len());
            let (a, b) = (word.as_bytes(), term.as_bytes());
            let whole = distance(a, b) <= slips;
            let begins = a[0] == b[0] && (0..=b.len()).any(|end| distance(a, &b[..end]) <= slips);
            prop_assert_eq!(is_near(&word, &term), slips > 0 && (whole || begins));
            if is_near(&word, &term) {
                let lacking = letters_of(&word) & !letters_of(&term);
                prop_assert!(lacking.count_ones() as usize <= slips);
            }
        }
    }
}
