//! The `Range` header (RFC 9110), single ranges of bytes.

/// What a request asks for of something that has a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// Bytes from the first up to the second, which is behind it.
    Part(u64, u64),
    /// Nothing that is there.
    Nothing,
}

/// What `header` asks for of `length` bytes. What is no range of bytes, or asks for several, is
/// passed over, as the standard has it.
pub fn parse(header: &str, length: u64) -> Wanted {
    let Some(range) = header.trim().strip_prefix("bytes=") else {
        return Wanted::Whole;
    };
    let Some((first, last)) = range.split_once('-') else {
        return Wanted::Whole;
    };
    let (first, last) = (number(first), number(last));
    let (start, end) = match (first, last) {
        (Some(Some(first)), Some(Some(last))) if first <= last => (first, last.saturating_add(1)),
        (Some(Some(first)), Some(None)) => (first, length),
        (Some(None), Some(Some(count))) => (length.saturating_sub(count), length),
        _ => return Wanted::Whole,
    };
    let end = end.min(length);
    if start < end {
        Wanted::Part(start, end)
    } else {
        Wanted::Nothing
    }
}

/// Digits, or nothing at all; none for anything else. More digits than a number can have are more
/// bytes than there are.
fn number(text: &str) -> Option<Option<u64>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(None);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(header: &str, expected: Wanted) {
        assert_eq!(parse(header, 100), expected, "{header}");
    }

    #[test]
    fn ranges_are_those_of_the_standard() {
        check("bytes=0-0", Wanted::Part(0, 1));
        check("bytes=10-19", Wanted::Part(10, 20));
        check("bytes=90-", Wanted::Part(90, 100));
        check("bytes=90-200", Wanted::Part(90, 100));
        check("bytes=-5", Wanted::Part(95, 100));
        check("bytes=-500", Wanted::Part(0, 100));
        check("bytes=100-", Wanted::Nothing);
        check("bytes=-0", Wanted::Nothing);
        check("bytes=99999999999999999999999-", Wanted::Nothing);
        check("bytes=0-99999999999999999999999", Wanted::Part(0, 100));
        check("bytes=5-4", Wanted::Whole);
        check("bytes=0-1,5-6", Wanted::Whole);
        check("bytes=-", Wanted::Whole);
        check("bytes=a-b", Wanted::Whole);
        check("bytes=+1-2", Wanted::Whole);
        check("lines=1-2", Wanted::Whole);
        assert_eq!(parse("bytes=0-", 0), Wanted::Nothing);
    }

    proptest! {
        #[test]
        fn a_part_lies_inside(text in "bytes=[0-9]{0,4}-[0-9]{0,4}", length in 0u64..5_000) {
            if let Wanted::Part(start, end) = parse(&text, length) {
                prop_assert!(start < end && end <= length);
            }
        }
    }
}
