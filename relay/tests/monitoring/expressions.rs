//! PromQL, as far as its questions are taken apart here: names of metrics, and sides of comparisons.

/// What can stand in a name.
fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// Names of metrics of the relay and its process in an expression, as they stand there.
pub fn metrics(expression: &str) -> Vec<&str> {
    let words = expression.split(|c| !is_of_a_name(c));
    let is_metric = |word: &&str| {
        let begins = |prefix| word.starts_with(prefix);
        begins("sidereal_") || begins("process_") || begins("sidereal:") || begins("slo:")
    };
    words.filter(is_metric).collect()
}

/// Both sides of every comparison that is not inside of brackets.
pub fn sides(expression: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for condition in split(expression, &[" and ", " or ", " unless "]) {
        let parts = split(condition, &[" > ", " < ", " >= ", " <= ", " == ", " != "]);
        if let [left, right] = parts[..] {
            found.push(left);
            found.push(right);
        }
    }
    found
}

/// Splits where a separator stands outside of all brackets and texts, and takes away how labels are
/// matched after it.
fn split<'a>(text: &'a str, separators: &[&str]) -> Vec<&'a str> {
    let (mut parts, mut begin, mut depth, mut is_text) = (Vec::new(), 0, 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => is_text = !is_text,
            '(' | '{' | '[' if !is_text => depth += 1,
            ')' | '}' | ']' if !is_text => depth -= 1,
            _ => {}
        }
        let found = separators
            .iter()
            .find(|word| text[at..].starts_with(**word));
        if let Some(word) = found
            && depth == 0
            && !is_text
            && at >= begin
        {
            parts.push(text[begin..at].trim());
            begin = at + word.len();
        }
    }
    parts.push(text[begin..].trim());
    parts.into_iter().map(without_matching).collect()
}

/// `on (slo) a` is `a`.
fn without_matching(text: &str) -> &str {
    let rest = text
        .strip_prefix("on ")
        .and_then(|rest| rest.split_once(')'));
    rest.map_or(text, |(_, rest)| rest.trim())
}

#[test]
fn comparisons_have_two_sides() {
    let check = |expression, expected: &[&str]| assert_eq!(sides(expression), expected);
    check("a > 1", &["a", "1"]);
    check("sum(a == 1)", &[]);
    check(
        "a{b=\" > \"} > on (c) 2 * d and on (c) (e) < 3",
        &["a{b=\" > \"}", "2 * d", "(e)", "3"],
    );
}

#[test]
fn metrics_are_found() {
    assert_eq!(
        metrics("sum by (le) (rate(sidereal_a_bucket{process=\"x\"}[5m])) / slo:b:rate1h"),
        ["sidereal_a_bucket", "slo:b:rate1h"]
    );
}
