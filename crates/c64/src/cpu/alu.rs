//! Arithmetic of the 6510, decimal mode and its flags included.
//!
//! Source: `64doc`, "NMOS 6510 Unintended Opcodes" for ARR, SBX and ANE.

use super::{Cpu, flag};

impl Cpu {
    pub(super) fn adc(&mut self, value: u8) {
        let (a, v, carry) = (u16::from(self.a), u16::from(value), u16::from(self.carry()));
        let binary = a + v + carry;
        let is_overflow = |sum: u16| (a ^ v) & 0x80 == 0 && (a ^ sum) & 0x80 != 0;
        if self.status & flag::DECIMAL == 0 {
            self.set_flag(flag::OVERFLOW, is_overflow(binary));
            self.set_flag(flag::CARRY, binary > 0xff);
            self.a = binary as u8;
            self.set_nz(self.a);
            return;
        }
        let mut low = (a & 0x0f) + (v & 0x0f) + carry;
        let mut high = (a & 0xf0) + (v & 0xf0);
        if low > 0x09 {
            low += 0x06;
        }
        if low > 0x0f {
            high += 0x10;
        }
        // Zero is that of the binary sum, negative and overflow that of the half corrected one.
        self.zero = binary as u8;
        self.set_flag(flag::NEGATIVE, high & 0x80 != 0);
        self.set_flag(flag::OVERFLOW, is_overflow(high));
        if high > 0x90 {
            high += 0x60;
        }
        self.set_flag(flag::CARRY, high > 0xff);
        self.a = (high & 0xf0 | low & 0x0f) as u8;
    }

    pub(super) fn sbc(&mut self, value: u8) {
        let (a, v) = (u16::from(self.a), u16::from(value));
        let borrow = u16::from(self.carry() ^ 1);
        let binary = a.wrapping_sub(v).wrapping_sub(borrow);
        self.set_flag(
            flag::OVERFLOW,
            (a ^ v) & 0x80 != 0 && (a ^ binary) & 0x80 != 0,
        );
        self.set_flag(flag::CARRY, binary < 0x100);
        self.set_nz(binary as u8);
        if self.status & flag::DECIMAL == 0 {
            self.a = binary as u8;
            return;
        }
        let mut low = (a & 0x0f).wrapping_sub(v & 0x0f).wrapping_sub(borrow);
        let mut high = (a & 0xf0).wrapping_sub(v & 0xf0);
        if low & 0x10 != 0 {
            low = low.wrapping_sub(0x06);
            high = high.wrapping_sub(0x10);
        }
        if high & 0x100 != 0 {
            high = high.wrapping_sub(0x60);
        }
        self.a = (high & 0xf0 | low & 0x0f) as u8;
    }

    pub(super) fn compare(&mut self, register: u8, value: u8) {
        self.set_flag(flag::CARRY, register >= value);
        self.set_nz(register.wrapping_sub(value));
    }

    pub(super) fn asl(&mut self, value: u8) -> u8 {
        self.set_flag(flag::CARRY, value & 0x80 != 0);
        let result = value << 1;
        self.set_nz(result);
        result
    }

    pub(super) fn lsr(&mut self, value: u8) -> u8 {
        self.set_flag(flag::CARRY, value & 1 != 0);
        let result = value >> 1;
        self.set_nz(result);
        result
    }

    pub(super) fn rol(&mut self, value: u8) -> u8 {
        let result = value << 1 | self.carry();
        self.set_flag(flag::CARRY, value & 0x80 != 0);
        self.set_nz(result);
        result
    }

    pub(super) fn ror(&mut self, value: u8) -> u8 {
        let result = value >> 1 | self.carry() << 7;
        self.set_flag(flag::CARRY, value & 1 != 0);
        self.set_nz(result);
        result
    }

    pub(super) fn increment(&mut self, value: u8) -> u8 {
        let result = value.wrapping_add(1);
        self.set_nz(result);
        result
    }

    pub(super) fn decrement(&mut self, value: u8) -> u8 {
        let result = value.wrapping_sub(1);
        self.set_nz(result);
        result
    }

    pub(super) fn bit(&mut self, value: u8) {
        self.zero = self.a & value;
        let both = flag::NEGATIVE | flag::OVERFLOW;
        self.status = self.status & !both | value & both;
    }

    /// AND, then ROR of the accumulator through the adder: its carry and overflow come from the
    /// sum, and decimal mode corrects both nibbles.
    pub(super) fn arr(&mut self, value: u8) {
        let and = self.a & value;
        let result = and >> 1 | self.carry() << 7;
        self.set_nz(result);
        self.set_flag(flag::OVERFLOW, (result ^ and) & 0x40 != 0);
        self.a = result;
        if self.status & flag::DECIMAL == 0 {
            self.set_flag(flag::CARRY, result & 0x40 != 0);
            return;
        }
        if (and & 0x0f) + (and & 0x01) > 5 {
            self.a = self.a & 0xf0 | self.a.wrapping_add(6) & 0x0f;
        }
        let carry = u16::from(and & 0xf0) + u16::from(and & 0x10) > 0x50;
        self.set_flag(flag::CARRY, carry);
        if carry {
            self.a = self.a.wrapping_add(0x60);
        }
    }

    /// A AND X minus the operand, without borrow, into X.
    pub(super) fn sbx(&mut self, value: u8) {
        let and = self.a & self.x;
        self.set_flag(flag::CARRY, and >= value);
        self.x = and.wrapping_sub(value);
        self.set_nz(self.x);
    }
}
