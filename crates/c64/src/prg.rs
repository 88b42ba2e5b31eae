//! Programs for a C64 as files hold them: two bytes of address, then what belongs there.

use std::ops::RangeInclusive;

/// Where BASIC programs begin.
const BASIC_START: u16 = 0x0801;
/// Token of `SYS`. Source: the C64 Programmer's Reference Guide, appendix on tokens.
const SYS: u8 = 0x9e;
const QUOTE: u8 = b'"';

/// A program and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prg {
    address: u16,
    data: Vec<u8>,
}

/// Why a file is no program that can be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrgError {
    /// Not even an address and a byte.
    #[error(
        "a program is two bytes of address and something to put there: this has {found} in all"
    )]
    Short {
        /// Bytes of the file.
        found: usize,
    },
    /// Memory ends before the program does.
    #[error("{bytes} bytes from ${address:04X} on reach beyond $FFFF")]
    Long {
        /// Where it belongs.
        address: u16,
        /// Its bytes.
        bytes: usize,
    },
    /// A BASIC program that starts nothing.
    #[error("the BASIC program at $0801 has no SYS with a number; without ROMs no other can run")]
    NoSys,
    /// A SYS to nowhere.
    #[error("SYS {0} is beyond the memory")]
    Sys(u32),
}

impl Prg {
    /// Takes a file apart.
    ///
    /// # Errors
    /// It is too short, or reaches beyond the memory.
    pub fn parse(bytes: &[u8]) -> Result<Self, PrgError> {
        let [low, high, data @ ..] = bytes else {
            return Err(PrgError::Short { found: bytes.len() });
        };
        if data.is_empty() {
            return Err(PrgError::Short { found: bytes.len() });
        }
        let address = u16::from_le_bytes([*low, *high]);
        if usize::from(address) + data.len() > 0x1_0000 {
            return Err(PrgError::Long {
                address,
                bytes: data.len(),
            });
        }
        Ok(Self {
            address,
            data: data.to_vec(),
        })
    }

    /// Where the first byte belongs.
    pub fn address(&self) -> u16 {
        self.address
    }

    /// The bytes from there on; at least one, and none beyond the memory.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether BASIC's `RUN` starts it.
    pub fn is_basic(&self) -> bool {
        self.address == BASIC_START
    }

    /// Addresses that it fills.
    pub fn range(&self) -> RangeInclusive<u16> {
        // `parse` has seen that the data fit.
        self.address..=self.address + (self.data.len() - 1) as u16
    }

    /// Where the machine code begins: where the first `SYS` of a BASIC program leads, or, if it
    /// is none, its first byte.
    ///
    /// # Errors
    /// It is a BASIC program without a `SYS` and a plain number.
    pub fn start(&self) -> Result<u16, PrgError> {
        if !self.is_basic() {
            return Ok(self.address);
        }
        let mut lines = self.data.as_slice();
        // A line: link, number, statements, zero. A link of zero ends the program.
        while let [_, 1..=0xff, _, _, rest @ ..] = lines {
            let end = rest.iter().position(|&byte| byte == 0);
            let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
            if let Some(number) = sys(line) {
                return u16::try_from(number).map_err(|_| PrgError::Sys(number));
            }
            lines = behind.get(1..).unwrap_or(&[]);
        }
        Err(PrgError::NoSys)
    }
}

/// The number behind the first `SYS` of a line, with or without spaces and parentheses.
fn sys(line: &[u8]) -> Option<u32> {
    let mut is_quoted = false;
    let at = line.iter().position(|&byte| {
        is_quoted ^= byte == QUOTE;
        byte == SYS && !is_quoted
    })?;
    let mut number = None;
    for &byte in &line[at + 1..] {
        match byte {
            b'0'..=b'9' => {
                let digit = u32::from(byte - b'0');
                number = Some(
                    number
                        .unwrap_or(0u32)
                        .saturating_mul(10)
                        .saturating_add(digit),
                );
            }
            b' ' => (),
            b'(' if number.is_none() => (),
            b')' | b':' | QUOTE => break,
            // Text behind the number belongs to the author; an expression is for BASIC.
            b'+' | b'-' | b'*' | b'/' | 0xaa..=0xae => return None,
            _ => break,
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(statements: &[u8]) -> Prg {
        let line = [&[0x01, 0x08, 0x0b, 0x08, 10, 0], statements, &[0, 0, 0]].concat();
        Prg::parse(&line).unwrap()
    }

    #[track_caller]
    fn check(statements: &[u8], expected: Result<u16, PrgError>) {
        assert_eq!(basic(statements).start(), expected);
    }

    #[test]
    fn sys_leads_to_the_code() {
        check(b"\x9e2061", Ok(2061));
        check(b"\x9e 2061", Ok(2061));
        check(b"\x9e(2061)", Ok(2061));
        check(b"\x9e ( 20 61 ) : \x80", Ok(2061));
        check(b"\x9e2061 BY ME", Ok(2061));
        check(b"\x99\"\x9e1\":\x9e49152", Ok(49152));
        check(b"\x9e65535", Ok(65535));
    }

    #[test]
    fn what_leads_nowhere_is_named() {
        check(b"\x99\"HELLO\"", Err(PrgError::NoSys));
        check(b"\x9e", Err(PrgError::NoSys));
        check(b"\x9e2061\xaa5", Err(PrgError::NoSys));
        check(b"\x9e65536", Err(PrgError::Sys(65536)));
        check(b"\x9e99999999999999", Err(PrgError::Sys(u32::MAX)));
    }

    #[test]
    fn sys_may_be_in_a_later_line() {
        let lines = b"\x01\x08\x07\x08\x0a\0\x8f\0\x0f\x08\x14\0\x9e4096\0\0\0";
        assert_eq!(Prg::parse(lines).unwrap().start(), Ok(4096));
    }

    #[test]
    fn other_programs_start_where_they_are_loaded() {
        let prg = Prg::parse(&[0x00, 0xc0, 0x60]).unwrap();
        assert_eq!(
            (prg.address(), prg.data(), prg.start()),
            (0xc000, &[0x60][..], Ok(0xc000))
        );
        assert_eq!(prg.range(), 0xc000..=0xc000);
    }

    #[test]
    fn files_that_are_no_programs_are_named() {
        for found in 0..=2 {
            let error = Prg::parse(&[0, 8][..found]).unwrap_err();
            assert_eq!(error, PrgError::Short { found });
        }
        let mut file = vec![0xff, 0xff, 1];
        assert!(Prg::parse(&file).is_ok());
        file.push(2);
        let error = Prg::parse(&file).unwrap_err();
        assert_eq!(
            error.to_string(),
            "2 bytes from $FFFF on reach beyond $FFFF"
        );
    }
}
