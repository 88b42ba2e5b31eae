//! Bencoding (BEP 3): strict where it is written, lenient where it is read.
//!
//! Real torrents have unsorted and repeated keys, leading zeros and trailing bytes; all of these
//! are read. Depth and number of values are bounded, and strings borrow from the input, so that a
//! hostile file costs no more than a constant times its length.

/// Deepest nesting that is read: a torrent has 4 levels.
const MOST_DEPTH: usize = 32;
/// Most values that are read: a torrent of 500,000 files has about 2.5 million.
const MOST_VALUES: usize = 4_000_000;

/// A value; strings borrow from what was read, or from what is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// `i42e`
    Integer(i64),
    /// `4:spam`
    Bytes(&'a [u8]),
    /// `l...e`
    List(Vec<Value<'a>>),
    /// `d...e`, in the order in which it was read. Writing sorts it.
    Dictionary(Vec<(&'a [u8], Value<'a>)>),
}

/// Why bytes are not bencoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bencoding, at byte {at}: {kind}")]
pub struct Error {
    /// Where.
    pub at: usize,
    /// What.
    pub kind: ErrorKind,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The bytes end inside a value.
    #[error("ends inside a value")]
    End,
    /// No value begins like this.
    #[error("no value begins with byte {0:#04x}")]
    Start(u8),
    /// Not a number, or one beyond 64 bits.
    #[error("not a number of 64 bits")]
    Number,
    /// Nested too deeply.
    #[error("nested more than {MOST_DEPTH} deep")]
    Depth,
    /// Too many values.
    #[error("more than {MOST_VALUES} values")]
    Count,
    /// A dictionary was expected.
    #[error("a dictionary was expected")]
    NoDictionary,
}

/// An entry of a dictionary: key, value, and the value as it was written.
pub type RawEntry<'a> = (&'a [u8], Value<'a>, &'a [u8]);

/// Entries of the dictionary that `bytes` begin with, each with its raw bytes, and what follows the
/// dictionary.
///
/// # Errors
/// Not a dictionary, cut short, nested too deeply, or holding too much.
pub fn raw_entries(bytes: &[u8]) -> Result<(Vec<RawEntry<'_>>, &[u8]), Error> {
    let mut reader = Reader::new(bytes);
    if reader.peek()? != b'd' {
        return Err(reader.error(ErrorKind::NoDictionary));
    }
    reader.at += 1;
    let mut entries = Vec::new();
    while reader.peek()? != b'e' {
        let key = reader.string()?;
        let start = reader.at;
        let value = reader.value(1)?;
        entries.push((key, value, &bytes[start..reader.at]));
    }
    reader.at += 1;
    Ok((entries, &bytes[reader.at..]))
}

impl<'a> Value<'a> {
    /// The value that `bytes` begin with; what follows is not looked at.
    ///
    /// # Errors
    /// Cut short, no value, nested too deeply, or holding too much.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::parse_prefix(bytes).map(|(value, _)| value)
    }

    /// The value that `bytes` begin with, and what follows it: messages of metadata exchange (BEP
    /// 9) are a dictionary and a block.
    ///
    /// # Errors
    /// As [`Value::parse`].
    pub fn parse_prefix(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let mut reader = Reader::new(bytes);
        let value = reader.value(0)?;
        Ok((value, &bytes[reader.at..]))
    }

    /// Canonical bytes: keys sorted, numbers without leading zeros.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => out.extend_from_slice(format!("i{number}e").as_bytes()),
            Self::Bytes(bytes) => write_string(bytes, out),
            Self::List(values) => {
                out.push(b'l');
                for value in values {
                    value.write(out);
                }
                out.push(b'e');
            }
            Self::Dictionary(entries) => {
                let entries: Vec<_> = entries.iter().map(|(key, value)| (*key, value)).collect();
                write_dictionary(entries, out, |value, out| value.write(out));
            }
        }
    }

    /// Number, if it is one.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// String, if it is one.
    #[must_use]
    pub fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Items, if it is a list.
    #[must_use]
    pub fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(values) => Some(values),
            _ => None,
        }
    }

    /// The first value of a key, if it is a dictionary that has the key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dictionary(entries) => entries
                .iter()
                .find(|(known, _)| *known == key.as_bytes())
                .map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Writes a dictionary: sorted, the first of repeated keys.
pub(crate) fn write_dictionary<V>(
    mut entries: Vec<(&[u8], V)>,
    out: &mut Vec<u8>,
    mut write: impl FnMut(V, &mut Vec<u8>),
) {
    entries.sort_by_key(|(key, _)| *key);
    entries.dedup_by_key(|(key, _)| *key);
    out.push(b'd');
    for (key, value) in entries {
        write_string(key, out);
        write(value, out);
    }
    out.push(b'e');
}

fn write_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{}:", bytes.len()).as_bytes());
    out.extend_from_slice(bytes);
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let (at, values) = (0, 0);
        Self { bytes, at, values }
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error { at: self.at, kind }
    }

    fn peek(&self) -> Result<u8, Error> {
        let byte = self.bytes.get(self.at).copied();
        byte.ok_or_else(|| self.error(ErrorKind::End))
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Error> {
        if depth > MOST_DEPTH {
            return Err(self.error(ErrorKind::Depth));
        }
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(self.error(ErrorKind::Count));
        }
        match self.peek()? {
            b'i' => {
                self.at += 1;
                self.number_until(b'e').map(Value::Integer)
            }
            b'l' => {
                self.at += 1;
                let mut values = Vec::new();
                while self.peek()? != b'e' {
                    values.push(self.value(depth + 1)?);
                }
                self.at += 1;
                Ok(Value::List(values))
            }
            b'd' => {
                self.at += 1;
                let mut entries = Vec::new();
                while self.peek()? != b'e' {
                    let key = self.string()?;
                    entries.push((key, self.value(depth + 1)?));
                }
                self.at += 1;
                Ok(Value::Dictionary(entries))
            }
            b'0'..=b'9' => self.string().map(Value::Bytes),
            byte => Err(self.error(ErrorKind::Start(byte))),
        }
    }

    fn string(&mut self) -> Result<&'a [u8], Error> {
        let start = self.at;
        if !self.peek()?.is_ascii_digit() {
            return Err(self.error(ErrorKind::Start(self.bytes[start])));
        }
        let length = self.number_until(b':')?;
        let length = usize::try_from(length).map_err(|_| self.error(ErrorKind::Number))?;
        let rest = &self.bytes[self.at..];
        if length > rest.len() {
            return Err(self.error(ErrorKind::End));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    /// A decimal number and the byte that ends it.
    fn number_until(&mut self, end: u8) -> Result<i64, Error> {
        let is_negative = self.peek()? == b'-';
        if is_negative {
            self.at += 1;
        }
        let mut number: i64 = 0;
        let mut digits = 0;
        loop {
            let byte = self.peek()?;
            if byte == end && digits > 0 {
                self.at += 1;
                return Ok(number);
            }
            let digit = i64::from(byte.wrapping_sub(b'0'));
            if digit > 9 {
                return Err(self.error(ErrorKind::Number));
            }
            let next = number.checked_mul(10);
            let next = next.and_then(|number| {
                if is_negative {
                    number.checked_sub(digit)
                } else {
                    number.checked_add(digit)
                }
            });
            number = next.ok_or_else(|| self.error(ErrorKind::Number))?;
            digits += 1;
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(input: &str, expected: &str) {
        let found = match Value::parse(input.as_bytes()) {
            Ok(value) => String::from_utf8(value.encode()).unwrap(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{input}");
    }

    #[test]
    fn what_is_read_is_written_canonically() {
        check("i42e", "i42e");
        check("i-7e", "i-7e");
        check("i-9223372036854775808e", "i-9223372036854775808e");
        check("i007e", "i7e");
        check("i-0e", "i0e");
        check("0:", "0:");
        check("04:spam", "4:spam");
        check("le", "le");
        check("d1:bi1e1:ai2ee", "d1:ai2e1:bi1ee");
        check("d1:ai1e1:ai2ee", "d1:ai1ee");
        check("d4:listli1e1:xee trailing", "d4:listli1e1:xee");
    }

    #[test]
    fn what_is_none_is_refused_where_it_stands() {
        check("", "bencoding, at byte 0: ends inside a value");
        check("i42", "bencoding, at byte 3: ends inside a value");
        check("ie", "bencoding, at byte 1: not a number of 64 bits");
        check("i-e", "bencoding, at byte 2: not a number of 64 bits");
        check("i1.5e", "bencoding, at byte 2: not a number of 64 bits");
        check(
            "i9223372036854775808e",
            "bencoding, at byte 19: not a number of 64 bits",
        );
        check("5:spam", "bencoding, at byte 2: ends inside a value");
        check(
            "99999999999999999999:",
            "bencoding, at byte 18: not a number of 64 bits",
        );
        check("x", "bencoding, at byte 0: no value begins with byte 0x78");
        check(
            "di1e1:ae",
            "bencoding, at byte 1: no value begins with byte 0x69",
        );
        check(
            &"l".repeat(40),
            "bencoding, at byte 33: nested more than 32 deep",
        );
        check("d1:a", "bencoding, at byte 4: ends inside a value");
    }

    #[test]
    fn raw_bytes_of_an_entry_are_those_that_were_written() {
        let bytes = b"d4:infod1:bi01e1:a0:e3:zzzi1eerest";
        let (entries, rest) = raw_entries(bytes).unwrap();
        assert_eq!(entries[0].0, b"info");
        assert_eq!(entries[0].2, b"d1:bi01e1:a0:e");
        assert_eq!(rest, b"rest");
        assert!(raw_entries(b"le").is_err());
    }

    fn values() -> impl Strategy<Value = Owned> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Owned::Integer),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(Owned::Bytes),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            let key = proptest::collection::vec(any::<u8>(), 0..6);
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..8).prop_map(Owned::List),
                proptest::collection::btree_map(key, inner, 0..8).prop_map(Owned::Dictionary),
            ]
        })
    }

    #[derive(Debug, Clone)]
    enum Owned {
        Integer(i64),
        Bytes(Vec<u8>),
        List(Vec<Owned>),
        Dictionary(std::collections::BTreeMap<Vec<u8>, Owned>),
    }

    fn borrowed(value: &Owned) -> Value<'_> {
        match value {
            Owned::Integer(number) => Value::Integer(*number),
            Owned::Bytes(bytes) => Value::Bytes(bytes),
            Owned::List(values) => Value::List(values.iter().map(borrowed).collect()),
            Owned::Dictionary(entries) => Value::Dictionary(
                entries
                    .iter()
                    .map(|(key, value)| (&**key, borrowed(value)))
                    .collect(),
            ),
        }
    }

    proptest! {
        #[test]
        fn a_value_survives_being_written(owned in values(), tail in any::<[u8; 3]>()) {
            let value = borrowed(&owned);
            let mut bytes = value.encode();
            bytes.extend(tail);
            let (found, rest) = Value::parse_prefix(&bytes).unwrap();
            prop_assert_eq!(found, value);
            prop_assert_eq!(rest, &tail[..]);
        }

        #[test]
        fn any_bytes_are_a_value_or_an_error(bytes in proptest::collection::vec(
            proptest::sample::select(b"ilde0123:-9\xff".to_vec()), 0..60)) {
            if let Ok(value) = Value::parse(&bytes) {
                let again = value.encode();
                prop_assert_eq!(Value::parse(&again).unwrap().encode(), again);
            }
        }
    }
}
