//! A two-pass assembler for the 6502, as much of one as test programs and the demo tunes' player
//! need.
//!
//! A line is `label mnemonic operand ; comment`; a label starts in the first column, anything
//! else is indented. `NAME = expression` names a constant. `.org`, `.byte`, `.word` and `.fill`
//! place data. An expression is a sum of numbers (`$ff`, `%1010`, `255`), labels and `*`, with
//! `<` or `>` in front for its low or high byte.

mod opcodes;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use self::opcodes::{Mode, opcode};

/// What the assembler makes of a source.
pub struct Program {
    /// Address of the first byte.
    pub origin: u16,
    /// The bytes from there on.
    pub bytes: Vec<u8>,
}

/// Assembles a source.
///
/// # Errors
/// Names the line and what is wrong with it.
pub fn assemble(source: &str) -> Result<Program> {
    let mut first = Pass::new(BTreeMap::new(), false);
    first.run(source)?;
    let mut second = Pass::new(first.symbols, true);
    second.run(source)?;
    Ok(Program {
        origin: u16::try_from(second.origin.unwrap_or(0)).context("origin over $ffff")?,
        bytes: second.bytes,
    })
}

/// One reading of the source. The first learns the labels, the second makes the bytes.
struct Pass {
    symbols: BTreeMap<String, i64>,
    is_final: bool,
    origin: Option<i64>,
    bytes: Vec<u8>,
}

impl Pass {
    fn new(symbols: BTreeMap<String, i64>, is_final: bool) -> Self {
        Self {
            symbols,
            is_final,
            origin: None,
            bytes: Vec::new(),
        }
    }

    fn run(&mut self, source: &str) -> Result<()> {
        for (index, line) in source.lines().enumerate() {
            self.line(line)
                .with_context(|| format!("line {}: {}", index + 1, line.trim()))?;
        }
        Ok(())
    }

    fn here(&self) -> i64 {
        self.origin.unwrap_or(0) + self.bytes.len() as i64
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let line = line.split(';').next().unwrap_or("").trim_end();
        if let Some((name, value)) = line.split_once('=') {
            let value = self.value(value)?.unwrap_or(0);
            return self.define(name.trim(), value);
        }
        let mut rest = line;
        if !line.starts_with([' ', '\t']) && !line.is_empty() {
            let (label, tail) = line.split_once([' ', '\t']).unwrap_or((line, ""));
            self.define(label, self.here())?;
            rest = tail;
        }
        let rest = rest.trim();
        if rest.is_empty() {
            return Ok(());
        }
        let (word, operand) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        let operand = operand.trim();
        match word {
            ".org" => {
                if self.origin.is_some() {
                    bail!("a second .org");
                }
                self.origin = Some(self.known(operand)?);
            }
            ".byte" => {
                for item in operand.split(',') {
                    let value = self.value(item)?.unwrap_or(0);
                    self.byte(value)?;
                }
            }
            ".word" => {
                for item in operand.split(',') {
                    let value = self.value(item)?.unwrap_or(0);
                    self.word(value)?;
                }
            }
            ".fill" => {
                let (count, value) = operand.split_once(',').unwrap_or((operand, "0"));
                let value = self.known(value)?;
                for _ in 0..self.known(count)? {
                    self.byte(value)?;
                }
            }
            _ => self.instruction(word, operand)?,
        }
        Ok(())
    }

    fn define(&mut self, name: &str, value: i64) -> Result<()> {
        if !name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            || name.starts_with(|letter: char| letter.is_ascii_digit())
            || name.is_empty()
        {
            bail!("{name:?} is no name");
        }
        let before = self.symbols.insert(name.to_owned(), value);
        if !self.is_final && before.is_some() {
            bail!("{name} is defined twice");
        }
        if self.is_final && before != Some(value) {
            bail!("{name} moved between the passes");
        }
        Ok(())
    }

    fn byte(&mut self, value: i64) -> Result<()> {
        if !(-128..256).contains(&value) {
            bail!("{value} does not fit a byte");
        }
        self.bytes.push(value.to_le_bytes()[0]);
        Ok(())
    }

    fn word(&mut self, value: i64) -> Result<()> {
        let value = u16::try_from(value).with_context(|| format!("{value} does not fit a word"))?;
        self.bytes.extend(value.to_le_bytes());
        Ok(())
    }

    /// A value needed at once, so that sizes are the same in both passes.
    fn known(&self, text: &str) -> Result<i64> {
        self.value(text)?
            .with_context(|| format!("{text} is not known yet"))
    }

    /// A sum; none while one of its labels is still to come in the first pass.
    fn value(&self, text: &str) -> Result<Option<i64>> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix('<') {
            return Ok(self.value(rest)?.map(|value| value & 0xff));
        }
        if let Some(rest) = text.strip_prefix('>') {
            return Ok(self.value(rest)?.map(|value| value >> 8 & 0xff));
        }
        let mut sum = Some(0);
        let mut rest = text;
        let mut sign = 1;
        loop {
            let end = rest.find(['+', '-']).unwrap_or(rest.len());
            let term = self.term(rest[..end].trim())?;
            sum = sum.zip(term).map(|(sum, term)| sum + sign * term);
            let Some(operator) = rest[end..].chars().next() else {
                return Ok(sum);
            };
            sign = if operator == '+' { 1 } else { -1 };
            rest = &rest[end + 1..];
        }
    }

    fn term(&self, text: &str) -> Result<Option<i64>> {
        let number = if let Some(hex) = text.strip_prefix('$') {
            i64::from_str_radix(hex, 16)
        } else if let Some(binary) = text.strip_prefix('%') {
            i64::from_str_radix(binary, 2)
        } else if text.starts_with(|letter: char| letter.is_ascii_digit()) {
            text.parse()
        } else if text == "*" {
            return Ok(Some(self.here()));
        } else {
            let known = self.symbols.get(text).copied();
            if text.is_empty() || (known.is_none() && self.is_final) {
                bail!("{text:?} is not defined");
            }
            return Ok(known);
        };
        Ok(Some(
            number.with_context(|| format!("{text} is no number"))?,
        ))
    }

    fn instruction(&mut self, mnemonic: &str, operand: &str) -> Result<()> {
        let (shape, text) = Shape::of(operand);
        let value = if text.is_empty() {
            Some(0)
        } else {
            self.value(text)?
        };
        let is_short = value.is_some_and(|value| (0..256).contains(&value));
        let modes = shape.modes();
        let found = modes
            .iter()
            .filter(|mode| is_short || !mode.is_zero_page())
            .find_map(|&mode| opcode(mnemonic, mode).map(|code| (mode, code)));
        let Some((mode, code)) = found else {
            bail!("{mnemonic} does not take {operand:?}");
        };
        let at = self.here();
        self.bytes.push(code);
        let value = value.unwrap_or(0);
        match mode.operand_bytes() {
            0 => Ok(()),
            1 if mode == Mode::Relative => {
                let distance = if self.is_final { value - at - 2 } else { 0 };
                if !(-128..128).contains(&distance) {
                    bail!("the branch is {distance} bytes long");
                }
                self.byte(distance)
            }
            1 => self.byte(value),
            _ => self.word(value),
        }
    }
}

/// How an operand is written.
#[derive(Clone, Copy)]
enum Shape {
    None,
    Immediate,
    Plain,
    X,
    Y,
    Indirect,
    IndirectX,
    IndirectY,
}

impl Shape {
    /// The way of writing and the expression inside it.
    fn of(operand: &str) -> (Self, &str) {
        if operand.is_empty() || operand == "a" {
            return (Self::None, "");
        }
        if let Some(text) = operand.strip_prefix('#') {
            return (Self::Immediate, text);
        }
        if let Some(text) = operand.strip_prefix('(') {
            if let Some(text) = text.strip_suffix("),y") {
                return (Self::IndirectY, text);
            }
            if let Some(text) = text.strip_suffix(",x)") {
                return (Self::IndirectX, text);
            }
            return (Self::Indirect, text.strip_suffix(')').unwrap_or(text));
        }
        if let Some(text) = operand.strip_suffix(",x") {
            return (Self::X, text);
        }
        if let Some(text) = operand.strip_suffix(",y") {
            return (Self::Y, text);
        }
        (Self::Plain, operand)
    }

    /// The modes it may mean, shortest first.
    fn modes(self) -> &'static [Mode] {
        match self {
            Self::None => &[Mode::Implied],
            Self::Immediate => &[Mode::Immediate],
            Self::Plain => &[Mode::Relative, Mode::ZeroPage, Mode::Absolute],
            Self::X => &[Mode::ZeroPageX, Mode::AbsoluteX],
            Self::Y => &[Mode::ZeroPageY, Mode::AbsoluteY],
            Self::Indirect => &[Mode::Indirect],
            Self::IndirectX => &[Mode::IndirectX],
            Self::IndirectY => &[Mode::IndirectY],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[u8]) {
        assert_eq!(assemble(source).unwrap().bytes, expected);
    }

    #[track_caller]
    fn check_error(source: &str, expected: &str) {
        let error = assemble(source).err().map(|error| format!("{error:#}"));
        assert_eq!(error.as_deref(), Some(expected));
    }

    #[test]
    fn addressing_modes() {
        check(
            " .org $1000\n lda #1\n lda $10\n lda $10,x\n lda $1234\n lda $1234,x\n lda $1234,y",
            &[
                0xa9, 1, 0xa5, 0x10, 0xb5, 0x10, 0xad, 0x34, 0x12, 0xbd, 0x34, 0x12, 0xb9, 0x34,
                0x12,
            ],
        );
        check(
            " lda ($fb),y\n lda ($fb,x)\n jmp ($0314)\n asl\n ldx $10,y\n lda $10,y",
            &[
                0xb1, 0xfb, 0xa1, 0xfb, 0x6c, 0x14, 0x03, 0x0a, 0xb6, 0x10, 0xb9, 0x10, 0,
            ],
        );
    }

    #[test]
    fn labels_ahead_and_branches() {
        check(
            " .org $1000\nloop bne end\n jmp loop\nend rts ; home",
            &[0xd0, 3, 0x4c, 0, 0x10, 0x60],
        );
    }

    #[test]
    fn data_and_sums() {
        check(
            "BASE = $1234\n .byte <BASE,>BASE,%101\n .word BASE+1-2\n .fill 2,7",
            &[0x34, 0x12, 5, 0x33, 0x12, 7, 7],
        );
    }

    #[test]
    fn errors_name_the_line() {
        check_error(
            " nop\n lda #300",
            "line 2: lda #300: 300 does not fit a byte",
        );
        check_error(" sta #1", "line 1: sta #1: sta does not take \"#1\"");
        check_error("a rts\na rts", "line 2: a rts: a is defined twice");
        check_error(" jmp away", "line 1: jmp away: \"away\" is not defined");
    }
}
