//! Bytes told by what differs from other bytes.
//!
//! ```text
//! length      varint: bytes that come out
//! then, until they are complete:
//!   equal     varint: bytes that are those of the base
//!   other     varint: bytes that follow here
//!   bytes     so many
//! ```
//!
//! A base that is too short goes on in zeros. Varints have seven bits a byte, low ones first.

/// Equal bytes in a row that end a stretch of others: telling of them costs two bytes.
const WORTHWHILE: usize = 4;
/// Most bytes that may come out: no image is longer, so a damaged length asks for no memory.
const MOST: usize = 1 << 20;

/// What makes `bytes` of `base`.
pub fn encode(base: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let equal = equal_run(base, bytes, at);
        let start = at + equal;
        let mut end = start;
        while end < bytes.len() {
            let run = equal_run(base, bytes, end);
            if run >= WORTHWHILE || end + run == bytes.len() && run > 0 {
                break;
            }
            end += run + 1;
        }
        let end = end.min(bytes.len());
        put(&mut out, equal);
        put(&mut out, end - start);
        out.extend_from_slice(&bytes[start..end]);
        at = end;
    }
    out
}

/// The bytes that [`encode`] was given; `None` where `delta` is not whole.
pub fn decode(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut rest = delta;
    let length = take(&mut rest)?;
    if length > MOST {
        return None;
    }
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let equal = take(&mut rest)?;
        let other = take(&mut rest)?;
        let from = bytes.len();
        if equal > length - from || other > length - from - equal || equal + other == 0 {
            return None;
        }
        let known = base.get(from..).unwrap_or_default();
        bytes.extend_from_slice(&known[..equal.min(known.len())]);
        bytes.resize(from + equal, 0);
        bytes.extend_from_slice(rest.split_off(..other)?);
    }
    rest.is_empty().then_some(bytes)
}

/// Bytes from `at` on that are those of the base.
fn equal_run(base: &[u8], bytes: &[u8], at: usize) -> usize {
    const WORD: usize = 16;
    let (bytes, base) = (&bytes[at..], base.get(at..).unwrap_or_default());
    let shared = bytes.len().min(base.len());
    // Whole words first: most of a machine stands still.
    let words = bytes[..shared]
        .chunks_exact(WORD)
        .zip(base[..shared].chunks_exact(WORD))
        .take_while(|(a, b)| a == b)
        .count();
    let mut run = words * WORD;
    while run < bytes.len() && bytes[run] == base.get(run).copied().unwrap_or(0) {
        run += 1;
    }
    run
}

fn put(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0;
    for shift in [0, 7, 14, 21] {
        let byte = *rest.split_off_first()?;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_machine_that_stands_still_costs_nothing() {
        let image = vec![7; 0x1_0000];
        assert_eq!(encode(&image, &image).len(), 7);
        let mut other = image.clone();
        other[0x1234] = 8;
        assert!(encode(&image, &other).len() < 16);
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let delta = encode(b"same", b"some more");
        for end in 0..delta.len() {
            assert_eq!(decode(b"same", &delta[..end]), None, "{end} bytes");
        }
        let longer = [delta.as_slice(), &[0]].concat();
        assert_eq!(decode(b"same", &longer), None);
        assert_eq!(decode(b"", &[0xff, 0xff, 0xff, 0x7f, 1, 0]), None);
    }

    proptest! {
        #[test]
        fn bytes_come_back(
            base in prop::collection::vec(0u8..3, 0..300),
            bytes in prop::collection::vec(0u8..3, 0..300),
        ) {
            let delta = encode(&base, &bytes);
            prop_assert_eq!(decode(&base, &delta), Some(bytes));
        }

        #[test]
        fn any_bytes_are_bytes_or_refused(
            base in prop::collection::vec(any::<u8>(), 0..40),
            delta in prop::collection::vec(0u8..40, 0..60),
        ) {
            let _ = decode(&base, &delta);
        }
    }
}
