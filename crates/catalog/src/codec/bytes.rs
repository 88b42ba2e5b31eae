//! Numbers and texts in a row of bytes, written and read.

use crate::texts::Texts;

/// What is wrong with the content of a catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReadError {
    #[error("it ends too early, in {0}")]
    Short(&'static str),
    #[error("a number is too large, in {0}")]
    Large(&'static str),
    #[error("characters that are none, in {0}")]
    Text(&'static str),
    #[error("something that is not there is named, in {0}")]
    Missing(&'static str),
    #[error("it unfolds to more than {0} bytes")]
    Unfolds(usize),
    #[error("{0} bytes follow its end")]
    Surplus(usize),
}

/// Seven bits a byte, the lowest first.
pub(super) fn put(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A signed number whose nearness to 0 makes it short.
pub(super) fn fold_sign(number: i32) -> u32 {
    (number << 1 ^ number >> 31) as u32
}

pub(super) fn unfold_sign(number: u32) -> i32 {
    (number >> 1) as i32 ^ -((number & 1) as i32)
}

/// Lengths, then all characters.
pub(super) fn put_texts<'a>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'a str> + Clone) {
    for text in texts.clone() {
        put(out, text.len() as u32);
    }
    for text in texts {
        out.extend_from_slice(text.as_bytes());
    }
}

/// What is still to be read.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// The column that is being read, for errors.
    pub column: &'static str,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            column: "the head",
        }
    }

    pub fn left(&self) -> usize {
        self.bytes.len()
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8], ReadError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or(ReadError::Short(self.column))?;
        self.bytes = rest;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, ReadError> {
        Ok(self.take(1)?[0])
    }

    pub fn number(&mut self) -> Result<u32, ReadError> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && bits > 0xf {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(ReadError::Large(self.column))
    }

    /// A number of 16 bits.
    pub fn short(&mut self) -> Result<u16, ReadError> {
        u16::try_from(self.number()?).map_err(|_| ReadError::Large(self.column))
    }

    /// A count of things that take at least a byte each of what is left.
    pub fn count(&mut self) -> Result<usize, ReadError> {
        let count = self.number()? as usize;
        if count > self.left() {
            return Err(ReadError::Short(self.column));
        }
        Ok(count)
    }

    pub fn numbers(&mut self, count: usize) -> Result<Vec<u32>, ReadError> {
        (0..count).map(|_| self.number()).collect()
    }

    pub fn texts(&mut self, count: usize) -> Result<Texts, ReadError> {
        let lengths = self.numbers(count)?;
        let total = lengths
            .iter()
            .try_fold(0u32, |sum, length| sum.checked_add(*length));
        let total = total.ok_or(ReadError::Large(self.column))?;
        let all = core::str::from_utf8(self.take(total as usize)?);
        let all = all.map_err(|_| ReadError::Text(self.column))?;
        Texts::of(all.to_owned(), lengths.into_iter()).ok_or(ReadError::Text(self.column))
    }
}
