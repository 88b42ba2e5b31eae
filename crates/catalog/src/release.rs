//! Year and group in a "released" line: `1987 Hewson`, `198? Beal`, `1993-95 3LUX`.

/// The year at the start of a "released" line (`1987 Hewson`, `1985-87 Rob Hubbard`), none for
/// `198? Beal`.
#[must_use]
pub fn year_of(released: &str) -> Option<u16> {
    let digits = released.get(..4)?;
    let year: u16 = digits.parse().ok()?;
    (1970..=2100).contains(&year).then_some(year)
}

/// Who released it: what follows the year.
#[must_use]
pub fn group_of(released: &str) -> &str {
    released[year_text(released).len()..].trim()
}

/// The year as it is written, `198?` too; empty where there is none.
pub(crate) fn year_text(released: &str) -> &str {
    let end = released.find(char::is_whitespace).unwrap_or(released.len());
    let first = &released[..end];
    let bytes = first.as_bytes();
    let is_year = bytes.len() >= 4
        && matches!(bytes[0], b'1' | b'2')
        && bytes[..4]
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'?')
        && bytes
            .get(4)
            .is_none_or(|byte| matches!(byte, b'-' | b'?' | b'/'));
    if is_year { first } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn year_is_the_first_four_digits() {
        for (released, year) in [
            ("1987 Hewson", Some(1987)),
            ("1985-87 Rob Hubbard", Some(1985)),
            ("198? Beal", None),
            ("20?? x", None),
            ("19", None),
            ("", None),
            ("é987", None),
            ("9999 far", None),
        ] {
            assert_eq!(year_of(released), year, "{released}");
        }
    }

    #[test]
    fn group_is_what_follows_the_year() {
        for (released, group) in [
            ("1987 Hewson", "Hewson"),
            ("1993-95 3LUX", "3LUX"),
            ("198? Beal", "Beal"),
            ("19?? <?>", "<?>"),
            ("Ocean", "Ocean"),
            ("2000AD", "2000AD"),
            ("1987", ""),
            ("", ""),
        ] {
            assert_eq!(group_of(released), group, "{released}");
        }
    }
}
