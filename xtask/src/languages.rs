//! Catalogues in `public/lang` have each text of the page, no other, and the same places in it.
//! `admin.LANGUAGE.po` has what the operator's page says besides the listener's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use listening::language;
use walkdir::WalkDir;

use crate::shell::root;

/// Where texts are.
const SOURCES: [&str; 3] = ["app/src", "crates/listening/src", "worker/src/visuals"];
/// Where those of the operator's page are.
const OPERATORS: &str = "app/src/pages/admin/";
/// Looks texts up, and has some for its own tests.
const LOOKUP: &str = "crates/listening/src/language.rs";

/// For each text its plural, where it has one.
type Keys = BTreeMap<String, Option<String>>;

/// Takes the literal that `source` begins with: its text, and what is behind it.
fn literal(source: &str) -> Option<(String, &str)> {
    let rest = source.trim_start().strip_prefix('"')?;
    let mut text = String::new();
    let mut characters = rest.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((text, &rest[at + 1..])),
            '\\' => match characters.next()?.1 {
                'u' => {
                    let (digits, _) = rest[at + 3..].split_once('}')?;
                    text.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                    characters.nth(digits.len() + 1);
                }
                'n' => text.push('\n'),
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
    None
}

/// What is behind the first argument and its comma.
fn after_argument(source: &str) -> Option<&str> {
    let mut depth = 0_i32;
    for (at, character) in source.char_indices() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => return Some(&source[at + 1..]),
            _ => {}
        }
    }
    None
}

/// The text, or texts, of a call whose arguments `source` begins with.
fn texts_of_call(name: &str, source: &str) -> Option<(String, Option<String>)> {
    if name != "tn" {
        return literal(source).map(|(text, _)| (text, None));
    }
    let (one, rest) = literal(after_argument(source)?)?;
    let (many, _) = literal(rest.trim_start().strip_prefix(',')?)?;
    Some((one, Some(many)))
}

/// Adds the texts of a source file to `keys`; the calls that name none go to `problems`.
fn collect(path: &str, source: &str, keys: &mut Keys, problems: &mut Vec<String>) {
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect();
    for name in ["t", "tf", "tn"] {
        for (at, call) in code.match_indices(&format!("{name}(")) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|before| before.is_alphanumeric() || "_.".contains(before)) {
                continue;
            }
            let arguments = &code[at + call.len()..];
            match texts_of_call(name, arguments) {
                Some((text, many)) => {
                    let plural = keys.entry(text).or_default();
                    *plural = many.or(plural.take());
                }
                None => problems.push(format!(
                    "{path}: the text of {name}({}) is no literal",
                    arguments.lines().next().unwrap_or_default()
                )),
            }
        }
    }
}

/// The places of a text, such as `{0}`.
fn places(text: &str) -> BTreeSet<&str> {
    text.match_indices('{')
        .filter_map(|(at, _)| text[at..].split_inclusive('}').next())
        .collect()
}

/// What is wrong with a catalogue.
fn problems_of(keys: &Keys, po: &str) -> Vec<String> {
    let catalogue = match language::parse(po) {
        Ok(catalogue) => catalogue,
        Err(error) => return vec![error.to_string()],
    };
    let mut problems = Vec::new();
    // The reader leaves out what is empty, and the later of two entries counts.
    let entries = po.lines().filter(|line| line.starts_with("msgid ")).count();
    if entries != catalogue.len() + 1 {
        problems.push(format!(
            "{entries} entries, the heading among them, but {} have a text of their own",
            catalogue.len()
        ));
    }
    for (key, plural) in keys {
        let Some((text, many)) = catalogue.get(key) else {
            problems.push(format!("\"{key}\" is missing"));
            continue;
        };
        if plural.is_some() != many.is_some() {
            problems.push(format!("\"{key}\": a plural on one side only"));
        }
        let same = |ours: &str, theirs: &str| places(ours) == places(theirs);
        let plurals_are_same = plural
            .as_ref()
            .zip(many.as_ref())
            .is_none_or(|(ours, theirs)| same(ours, theirs));
        if !same(key, text) || !plurals_are_same {
            problems.push(format!("\"{key}\": other places"));
        }
    }
    let orphans = catalogue.keys().filter(|key| !keys.contains_key(*key));
    problems.extend(orphans.map(|key| format!("\"{key}\" is not on the page")));
    problems
}

#[test]
fn every_language_has_the_texts_of_the_page() {
    let (mut keys, mut problems) = (Keys::new(), Vec::new());
    let mut operators = Keys::new();
    for folder in SOURCES {
        for entry in WalkDir::new(root().join(folder)) {
            let entry = entry.expect("a folder of ours");
            let path = entry.path().to_string_lossy().replace('\\', "/");
            if path.ends_with(".rs") && !path.ends_with(LOOKUP) {
                let source = fs::read_to_string(entry.path()).expect("a source");
                let is_operators = path.contains(OPERATORS);
                let keys = if is_operators {
                    &mut operators
                } else {
                    &mut keys
                };
                collect(&path, &source, keys, &mut problems);
            }
        }
    }
    operators.retain(|text, _| !keys.contains_key(text));
    for keys in [&keys, &operators] {
        assert!(keys.len() > 100, "the texts were not found: {keys:?}");
    }
    let catalogues = fs::read_dir(root().join("public/lang")).expect("catalogues");
    for catalogue in catalogues {
        let path = catalogue.expect("a catalogue").path();
        let po = fs::read_to_string(&path).expect("a catalogue");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_operators = name.starts_with("admin.");
        let found = problems_of(if is_operators { &operators } else { &keys }, &po);
        problems.extend(
            found
                .iter()
                .map(|text| format!("{}: {text}", path.display())),
        );
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn what_is_wrong_is_named() {
    let source = "t(\"A \\u{b7}\") tf(\n\"B {0}\", &[]) tn(f(1, 2), \"{0} c\", \"{0} cs\") at(\"x\") t(name)";
    let (mut keys, mut problems) = (Keys::new(), Vec::new());
    collect("a.rs", source, &mut keys, &mut problems);
    assert_eq!(problems.len(), 1, "{problems:?}");
    let head = "msgid \"\"\nmsgstr \"x\"\n";
    let a = "msgid \"A ·\"\nmsgstr \"a\"\n";
    let b = "msgid \"B {0}\"\nmsgstr \"{0} b\"\n";
    let c = "msgid \"{0} c\"\nmsgid_plural \"{0} cs\"\nmsgstr[0] \"{0} d\"\nmsgstr[1] \"{0} ds\"\n";
    let count = |po: String| problems_of(&keys, &po).len();
    assert_eq!(count(format!("{head}{a}{b}{c}")), 0);
    assert_eq!(count(format!("{head}{a}{c}")), 1, "missing");
    assert_eq!(
        count(format!("{head}{a}{b}{c}msgid \"D\"\nmsgstr \"d\"\n")),
        1,
        "orphaned"
    );
    assert_eq!(
        count(format!("{head}{a}{b}{c}msgid \"D\"\nmsgstr \"\"\n")),
        1,
        "empty"
    );
    assert_eq!(
        count(format!("{head}{a}{b}{c}").replace("{0} b", "{1} b")),
        1,
        "places"
    );
    assert_eq!(
        count(format!("{head}{a}{b}{c}").replace("{0} ds", "ds")),
        1,
        "places of many"
    );
}
