//! The documented instructions of the 6502 and their modes of addressing.

/// How an instruction finds its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// No operand, or the accumulator.
    Implied,
    /// `#value`
    Immediate,
    /// `address` below $100
    ZeroPage,
    /// `address,x` below $100
    ZeroPageX,
    /// `address,y` below $100
    ZeroPageY,
    /// `address`
    Absolute,
    /// `address,x`
    AbsoluteX,
    /// `address,y`
    AbsoluteY,
    /// `(address)`
    Indirect,
    /// `(address,x)`
    IndirectX,
    /// `(address),y`
    IndirectY,
    /// A branch's target.
    Relative,
}

impl Mode {
    /// Bytes after the opcode.
    pub fn operand_bytes(self) -> usize {
        match self {
            Self::Implied => 0,
            Self::Absolute | Self::AbsoluteX | Self::AbsoluteY | Self::Indirect => 2,
            _ => 1,
        }
    }

    /// Whether the operand must be below $100 for this mode to be chosen.
    pub fn is_zero_page(self) -> bool {
        matches!(self, Self::ZeroPage | Self::ZeroPageX | Self::ZeroPageY)
    }
}

/// The opcode of a mnemonic in a mode, if there is one.
pub fn opcode(mnemonic: &str, mode: Mode) -> Option<u8> {
    OPCODES
        .iter()
        .find(|entry| entry.0 == mnemonic && entry.1 == mode)
        .map(|entry| entry.2)
}

const OPCODES: &[(&str, Mode, u8)] = &[
    ("adc", Mode::Immediate, 0x69),
    ("adc", Mode::ZeroPage, 0x65),
    ("adc", Mode::ZeroPageX, 0x75),
    ("adc", Mode::Absolute, 0x6d),
    ("adc", Mode::AbsoluteX, 0x7d),
    ("adc", Mode::AbsoluteY, 0x79),
    ("adc", Mode::IndirectX, 0x61),
    ("adc", Mode::IndirectY, 0x71),
    ("and", Mode::Immediate, 0x29),
    ("and", Mode::ZeroPage, 0x25),
    ("and", Mode::ZeroPageX, 0x35),
    ("and", Mode::Absolute, 0x2d),
    ("and", Mode::AbsoluteX, 0x3d),
    ("and", Mode::AbsoluteY, 0x39),
    ("and", Mode::IndirectX, 0x21),
    ("and", Mode::IndirectY, 0x31),
    ("cmp", Mode::Immediate, 0xc9),
    ("cmp", Mode::ZeroPage, 0xc5),
    ("cmp", Mode::ZeroPageX, 0xd5),
    ("cmp", Mode::Absolute, 0xcd),
    ("cmp", Mode::AbsoluteX, 0xdd),
    ("cmp", Mode::AbsoluteY, 0xd9),
    ("cmp", Mode::IndirectX, 0xc1),
    ("cmp", Mode::IndirectY, 0xd1),
    ("eor", Mode::Immediate, 0x49),
    ("eor", Mode::ZeroPage, 0x45),
    ("eor", Mode::ZeroPageX, 0x55),
    ("eor", Mode::Absolute, 0x4d),
    ("eor", Mode::AbsoluteX, 0x5d),
    ("eor", Mode::AbsoluteY, 0x59),
    ("eor", Mode::IndirectX, 0x41),
    ("eor", Mode::IndirectY, 0x51),
    ("lda", Mode::Immediate, 0xa9),
    ("lda", Mode::ZeroPage, 0xa5),
    ("lda", Mode::ZeroPageX, 0xb5),
    ("lda", Mode::Absolute, 0xad),
    ("lda", Mode::AbsoluteX, 0xbd),
    ("lda", Mode::AbsoluteY, 0xb9),
    ("lda", Mode::IndirectX, 0xa1),
    ("lda", Mode::IndirectY, 0xb1),
    ("ora", Mode::Immediate, 0x09),
    ("ora", Mode::ZeroPage, 0x05),
    ("ora", Mode::ZeroPageX, 0x15),
    ("ora", Mode::Absolute, 0x0d),
    ("ora", Mode::AbsoluteX, 0x1d),
    ("ora", Mode::AbsoluteY, 0x19),
    ("ora", Mode::IndirectX, 0x01),
    ("ora", Mode::IndirectY, 0x11),
    ("sbc", Mode::Immediate, 0xe9),
    ("sbc", Mode::ZeroPage, 0xe5),
    ("sbc", Mode::ZeroPageX, 0xf5),
    ("sbc", Mode::Absolute, 0xed),
    ("sbc", Mode::AbsoluteX, 0xfd),
    ("sbc", Mode::AbsoluteY, 0xf9),
    ("sbc", Mode::IndirectX, 0xe1),
    ("sbc", Mode::IndirectY, 0xf1),
    ("sta", Mode::ZeroPage, 0x85),
    ("sta", Mode::ZeroPageX, 0x95),
    ("sta", Mode::Absolute, 0x8d),
    ("sta", Mode::AbsoluteX, 0x9d),
    ("sta", Mode::AbsoluteY, 0x99),
    ("sta", Mode::IndirectX, 0x81),
    ("sta", Mode::IndirectY, 0x91),
    ("ldx", Mode::Immediate, 0xa2),
    ("ldx", Mode::ZeroPage, 0xa6),
    ("ldx", Mode::ZeroPageY, 0xb6),
    ("ldx", Mode::Absolute, 0xae),
    ("ldx", Mode::AbsoluteY, 0xbe),
    ("ldy", Mode::Immediate, 0xa0),
    ("ldy", Mode::ZeroPage, 0xa4),
    ("ldy", Mode::ZeroPageX, 0xb4),
    ("ldy", Mode::Absolute, 0xac),
    ("ldy", Mode::AbsoluteX, 0xbc),
    ("stx", Mode::ZeroPage, 0x86),
    ("stx", Mode::ZeroPageY, 0x96),
    ("stx", Mode::Absolute, 0x8e),
    ("sty", Mode::ZeroPage, 0x84),
    ("sty", Mode::ZeroPageX, 0x94),
    ("sty", Mode::Absolute, 0x8c),
    ("cpx", Mode::Immediate, 0xe0),
    ("cpx", Mode::ZeroPage, 0xe4),
    ("cpx", Mode::Absolute, 0xec),
    ("cpy", Mode::Immediate, 0xc0),
    ("cpy", Mode::ZeroPage, 0xc4),
    ("cpy", Mode::Absolute, 0xcc),
    ("bit", Mode::ZeroPage, 0x24),
    ("bit", Mode::Absolute, 0x2c),
    ("asl", Mode::ZeroPage, 0x06),
    ("asl", Mode::ZeroPageX, 0x16),
    ("asl", Mode::Absolute, 0x0e),
    ("asl", Mode::AbsoluteX, 0x1e),
    ("lsr", Mode::ZeroPage, 0x46),
    ("lsr", Mode::ZeroPageX, 0x56),
    ("lsr", Mode::Absolute, 0x4e),
    ("lsr", Mode::AbsoluteX, 0x5e),
    ("rol", Mode::ZeroPage, 0x26),
    ("rol", Mode::ZeroPageX, 0x36),
    ("rol", Mode::Absolute, 0x2e),
    ("rol", Mode::AbsoluteX, 0x3e),
    ("ror", Mode::ZeroPage, 0x66),
    ("ror", Mode::ZeroPageX, 0x76),
    ("ror", Mode::Absolute, 0x6e),
    ("ror", Mode::AbsoluteX, 0x7e),
    ("inc", Mode::ZeroPage, 0xe6),
    ("inc", Mode::ZeroPageX, 0xf6),
    ("inc", Mode::Absolute, 0xee),
    ("inc", Mode::AbsoluteX, 0xfe),
    ("dec", Mode::ZeroPage, 0xc6),
    ("dec", Mode::ZeroPageX, 0xd6),
    ("dec", Mode::Absolute, 0xce),
    ("dec", Mode::AbsoluteX, 0xde),
    ("jmp", Mode::Absolute, 0x4c),
    ("jsr", Mode::Absolute, 0x20),
    ("jmp", Mode::Indirect, 0x6c),
    ("asl", Mode::Implied, 0x0a),
    ("lsr", Mode::Implied, 0x4a),
    ("rol", Mode::Implied, 0x2a),
    ("ror", Mode::Implied, 0x6a),
    ("brk", Mode::Implied, 0x00),
    ("clc", Mode::Implied, 0x18),
    ("cld", Mode::Implied, 0xd8),
    ("cli", Mode::Implied, 0x58),
    ("clv", Mode::Implied, 0xb8),
    ("dex", Mode::Implied, 0xca),
    ("dey", Mode::Implied, 0x88),
    ("inx", Mode::Implied, 0xe8),
    ("iny", Mode::Implied, 0xc8),
    ("nop", Mode::Implied, 0xea),
    ("pha", Mode::Implied, 0x48),
    ("php", Mode::Implied, 0x08),
    ("pla", Mode::Implied, 0x68),
    ("plp", Mode::Implied, 0x28),
    ("rti", Mode::Implied, 0x40),
    ("rts", Mode::Implied, 0x60),
    ("sec", Mode::Implied, 0x38),
    ("sed", Mode::Implied, 0xf8),
    ("sei", Mode::Implied, 0x78),
    ("tax", Mode::Implied, 0xaa),
    ("tay", Mode::Implied, 0xa8),
    ("tsx", Mode::Implied, 0xba),
    ("txa", Mode::Implied, 0x8a),
    ("txs", Mode::Implied, 0x9a),
    ("tya", Mode::Implied, 0x98),
    ("bpl", Mode::Relative, 0x10),
    ("bmi", Mode::Relative, 0x30),
    ("bvc", Mode::Relative, 0x50),
    ("bvs", Mode::Relative, 0x70),
    ("bcc", Mode::Relative, 0x90),
    ("bcs", Mode::Relative, 0xb0),
    ("bne", Mode::Relative, 0xd0),
    ("beq", Mode::Relative, 0xf0),
];
