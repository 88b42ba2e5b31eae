//! Windows-1252, the code page of every text in the collection.
//!
//! Source: `DOCUMENTS/SID_file_format.txt` (strings of the header) and the Unicode consortium's
//! mapping of code page 1252.

/// What the bytes `$80` to `$9F` stand for; the five that the code page leaves open keep their
/// Latin-1 meaning, so that decoding never fails.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The characters of `bytes`, all of them.
#[must_use]
pub fn decode_windows_1252(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&byte| match byte {
            0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
            _ => char::from(byte),
        })
        .collect()
}

/// The text of a fixed-size field: up to the first zero, or the whole field without one.
pub(crate) fn field(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    decode_windows_1252(&bytes[..end]).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(field(bytes), expected);
    }

    #[test]
    fn a_field_ends_at_zero_or_at_its_end() {
        check(b"Commando\0rubbish", "Commando");
        check(
            b"exactly thirty-two bytes of text",
            "exactly thirty-two bytes of text",
        );
        check(b"\0\0\0", "");
        check(b"padded   ", "padded");
    }

    #[test]
    fn high_characters_are_windows_1252() {
        check(b"H\xfclsbeck \x80 \x96 \x9f", "Hülsbeck € – Ÿ");
        check(b"\x81\x8d", "\u{81}\u{8d}");
    }
}
