//! The 256 opcodes: which addressing mode feeds which operation.
//!
//! Source: `64doc`; "NMOS 6510 Unintended Opcodes" for the undocumented ones.

use super::{Bus, Cpu, flag};

/// What analog effects leave of the accumulator in ANE and LXA; chips differ. The values are
/// those that most software relies on.
const ANE_MAGIC: u8 = 0xef;
const LXA_MAGIC: u8 = 0xee;

impl Cpu {
    fn load_a(&mut self, value: u8) {
        self.a = value;
        self.set_nz(value);
    }

    fn load_x(&mut self, value: u8) {
        self.x = value;
        self.set_nz(value);
    }

    fn load_y(&mut self, value: u8) {
        self.y = value;
        self.set_nz(value);
    }

    fn load_ax(&mut self, value: u8) {
        self.load_a(value);
        self.x = value;
    }

    fn slo(&mut self, value: u8) -> u8 {
        let result = self.asl(value);
        self.load_a(self.a | result);
        result
    }

    fn rla(&mut self, value: u8) -> u8 {
        let result = self.rol(value);
        self.load_a(self.a & result);
        result
    }

    fn sre(&mut self, value: u8) -> u8 {
        let result = self.lsr(value);
        self.load_a(self.a ^ result);
        result
    }

    fn rra(&mut self, value: u8) -> u8 {
        let result = self.ror(value);
        self.adc(result);
        result
    }

    fn dcp(&mut self, value: u8) -> u8 {
        let result = value.wrapping_sub(1);
        self.compare(self.a, result);
        result
    }

    fn isc(&mut self, value: u8) -> u8 {
        let result = value.wrapping_add(1);
        self.sbc(result);
        result
    }

    /// Runs the instruction whose opcode has been fetched.
    pub(super) fn execute<B: Bus>(&mut self, opcode: u8, bus: &mut B) {
        // Operand of a reading instruction.
        macro_rules! operand {
            (imm) => {
                self.fetch(bus)
            };
            ($mode:ident) => {{
                let address = address!(read $mode);
                bus.read(address)
            }};
        }
        macro_rules! address {
            ($use:ident zp) => {
                self.zero_page(bus)
            };
            ($use:ident zpx) => {
                self.zero_page_indexed(bus, self.x)
            };
            ($use:ident zpy) => {
                self.zero_page_indexed(bus, self.y)
            };
            ($use:ident abs) => {
                self.absolute(bus)
            };
            ($use:ident izx) => {
                self.indirect_x(bus)
            };
            (read abx) => {{
                let at = self.absolute_indexed(bus, self.x);
                self.for_read(bus, at)
            }};
            (read aby) => {{
                let at = self.absolute_indexed(bus, self.y);
                self.for_read(bus, at)
            }};
            (read izy) => {{
                let at = self.indirect_y(bus);
                self.for_read(bus, at)
            }};
            (write abx) => {{
                let at = self.absolute_indexed(bus, self.x);
                self.for_write(bus, at)
            }};
            (write aby) => {{
                let at = self.absolute_indexed(bus, self.y);
                self.for_write(bus, at)
            }};
            (write izy) => {{
                let at = self.indirect_y(bus);
                self.for_write(bus, at)
            }};
        }
        macro_rules! read {
            ($mode:ident, $operation:ident) => {{
                let value = operand!($mode);
                self.$operation(value);
            }};
        }
        macro_rules! write {
            ($mode:ident, $value:expr) => {{
                let address = address!(write $mode);
                bus.write(address, $value);
            }};
        }
        macro_rules! modify {
            (acc, $operation:ident) => {{
                self.idle(bus);
                self.a = self.$operation(self.a);
            }};
            ($mode:ident, $operation:ident) => {{
                let address = address!(write $mode);
                self.modify(bus, address, Self::$operation);
            }};
        }
        macro_rules! compare {
            ($mode:ident, $register:ident) => {{
                let value = operand!($mode);
                self.compare(self.$register, value);
            }};
        }
        macro_rules! implied {
            ($body:expr) => {{
                self.idle(bus);
                $body;
            }};
        }
        macro_rules! logic {
            ($mode:ident, $operator:tt) => {{
                let value = operand!($mode);
                self.load_a(self.a $operator value);
            }};
        }

        match opcode {
            0x00 => {
                self.fetch(bus);
                self.interrupt(bus, flag::BREAK);
            }
            0x20 => {
                let low = self.fetch(bus);
                bus.read(0x100 | u16::from(self.s));
                let [pc_low, pc_high] = self.pc.to_le_bytes();
                self.push(bus, pc_high);
                self.push(bus, pc_low);
                let high = bus.read(self.pc);
                self.pc = u16::from_le_bytes([low, high]);
            }
            0x40 => {
                self.idle(bus);
                bus.read(0x100 | u16::from(self.s));
                let status = self.pull(bus);
                self.set_status(bus, status);
                let low = self.pull(bus);
                let high = self.pull(bus);
                self.pc = u16::from_le_bytes([low, high]);
            }
            0x60 => {
                self.idle(bus);
                bus.read(0x100 | u16::from(self.s));
                let low = self.pull(bus);
                let high = self.pull(bus);
                self.pc = u16::from_le_bytes([low, high]);
                self.fetch(bus);
            }
            0x4c => self.pc = self.absolute(bus),
            0x6c => {
                let at = self.absolute(bus);
                let [low, high] = at.to_le_bytes();
                let target_low = bus.read(at);
                // The pointer's carry is missing.
                let target_high = bus.read(u16::from_le_bytes([low.wrapping_add(1), high]));
                self.pc = u16::from_le_bytes([target_low, target_high]);
            }

            0x10 => self.branch(bus, self.status & flag::NEGATIVE == 0),
            0x30 => self.branch(bus, self.status & flag::NEGATIVE != 0),
            0x50 => self.branch(bus, self.status & flag::OVERFLOW == 0),
            0x70 => self.branch(bus, self.status & flag::OVERFLOW != 0),
            0x90 => self.branch(bus, self.status & flag::CARRY == 0),
            0xb0 => self.branch(bus, self.status & flag::CARRY != 0),
            0xd0 => self.branch(bus, self.zero != 0),
            0xf0 => self.branch(bus, self.zero == 0),

            0x08 => {
                self.idle(bus);
                let status = self.status(bus) | flag::BREAK;
                self.push(bus, status);
            }
            0x28 => {
                self.idle(bus);
                bus.read(0x100 | u16::from(self.s));
                let status = self.pull(bus);
                self.set_status(bus, status);
            }
            0x48 => {
                self.idle(bus);
                self.push(bus, self.a);
            }
            0x68 => {
                self.idle(bus);
                bus.read(0x100 | u16::from(self.s));
                let value = self.pull(bus);
                self.load_a(value);
            }

            0x18 => implied!(self.set_flag(flag::CARRY, false)),
            0x38 => implied!(self.set_flag(flag::CARRY, true)),
            0x58 | 0x78 => {
                self.idle(bus);
                let tick = bus.tick();
                bus.interrupts().set_masked(opcode == 0x78, tick + 1);
            }
            0xb8 => implied!(self.set_flag(flag::OVERFLOW, false)),
            0xd8 => implied!(self.set_flag(flag::DECIMAL, false)),
            0xf8 => implied!(self.set_flag(flag::DECIMAL, true)),
            0x8a => implied!(self.load_a(self.x)),
            0x98 => implied!(self.load_a(self.y)),
            0xa8 => implied!(self.load_y(self.a)),
            0xaa => implied!(self.load_x(self.a)),
            0x9a => implied!(self.s = self.x),
            0xba => implied!(self.load_x(self.s)),
            0xca => implied!(self.load_x(self.x.wrapping_sub(1))),
            0xe8 => implied!(self.load_x(self.x.wrapping_add(1))),
            0x88 => implied!(self.load_y(self.y.wrapping_sub(1))),
            0xc8 => implied!(self.load_y(self.y.wrapping_add(1))),
            0xea | 0x1a | 0x3a | 0x5a | 0x7a | 0xda | 0xfa => self.idle(bus),

            0xa9 => read!(imm, load_a),
            0xa5 => read!(zp, load_a),
            0xb5 => read!(zpx, load_a),
            0xad => read!(abs, load_a),
            0xbd => read!(abx, load_a),
            0xb9 => read!(aby, load_a),
            0xa1 => read!(izx, load_a),
            0xb1 => read!(izy, load_a),
            0xa2 => read!(imm, load_x),
            0xa6 => read!(zp, load_x),
            0xb6 => read!(zpy, load_x),
            0xae => read!(abs, load_x),
            0xbe => read!(aby, load_x),
            0xa0 => read!(imm, load_y),
            0xa4 => read!(zp, load_y),
            0xb4 => read!(zpx, load_y),
            0xac => read!(abs, load_y),
            0xbc => read!(abx, load_y),

            0x85 => write!(zp, self.a),
            0x95 => write!(zpx, self.a),
            0x8d => write!(abs, self.a),
            0x9d => write!(abx, self.a),
            0x99 => write!(aby, self.a),
            0x81 => write!(izx, self.a),
            0x91 => write!(izy, self.a),
            0x86 => write!(zp, self.x),
            0x96 => write!(zpy, self.x),
            0x8e => write!(abs, self.x),
            0x84 => write!(zp, self.y),
            0x94 => write!(zpx, self.y),
            0x8c => write!(abs, self.y),

            0x09 => logic!(imm, |),
            0x05 => logic!(zp, |),
            0x15 => logic!(zpx, |),
            0x0d => logic!(abs, |),
            0x1d => logic!(abx, |),
            0x19 => logic!(aby, |),
            0x01 => logic!(izx, |),
            0x11 => logic!(izy, |),
            0x29 => logic!(imm, &),
            0x25 => logic!(zp, &),
            0x35 => logic!(zpx, &),
            0x2d => logic!(abs, &),
            0x3d => logic!(abx, &),
            0x39 => logic!(aby, &),
            0x21 => logic!(izx, &),
            0x31 => logic!(izy, &),
            0x49 => logic!(imm, ^),
            0x45 => logic!(zp, ^),
            0x55 => logic!(zpx, ^),
            0x4d => logic!(abs, ^),
            0x5d => logic!(abx, ^),
            0x59 => logic!(aby, ^),
            0x41 => logic!(izx, ^),
            0x51 => logic!(izy, ^),

            0x69 => read!(imm, adc),
            0x65 => read!(zp, adc),
            0x75 => read!(zpx, adc),
            0x6d => read!(abs, adc),
            0x7d => read!(abx, adc),
            0x79 => read!(aby, adc),
            0x61 => read!(izx, adc),
            0x71 => read!(izy, adc),
            0xe9 | 0xeb => read!(imm, sbc),
            0xe5 => read!(zp, sbc),
            0xf5 => read!(zpx, sbc),
            0xed => read!(abs, sbc),
            0xfd => read!(abx, sbc),
            0xf9 => read!(aby, sbc),
            0xe1 => read!(izx, sbc),
            0xf1 => read!(izy, sbc),

            0xc9 => compare!(imm, a),
            0xc5 => compare!(zp, a),
            0xd5 => compare!(zpx, a),
            0xcd => compare!(abs, a),
            0xdd => compare!(abx, a),
            0xd9 => compare!(aby, a),
            0xc1 => compare!(izx, a),
            0xd1 => compare!(izy, a),
            0xe0 => compare!(imm, x),
            0xe4 => compare!(zp, x),
            0xec => compare!(abs, x),
            0xc0 => compare!(imm, y),
            0xc4 => compare!(zp, y),
            0xcc => compare!(abs, y),
            0x24 => read!(zp, bit),
            0x2c => read!(abs, bit),

            0x0a => modify!(acc, asl),
            0x06 => modify!(zp, asl),
            0x16 => modify!(zpx, asl),
            0x0e => modify!(abs, asl),
            0x1e => modify!(abx, asl),
            0x2a => modify!(acc, rol),
            0x26 => modify!(zp, rol),
            0x36 => modify!(zpx, rol),
            0x2e => modify!(abs, rol),
            0x3e => modify!(abx, rol),
            0x4a => modify!(acc, lsr),
            0x46 => modify!(zp, lsr),
            0x56 => modify!(zpx, lsr),
            0x4e => modify!(abs, lsr),
            0x5e => modify!(abx, lsr),
            0x6a => modify!(acc, ror),
            0x66 => modify!(zp, ror),
            0x76 => modify!(zpx, ror),
            0x6e => modify!(abs, ror),
            0x7e => modify!(abx, ror),
            0xc6 => modify!(zp, decrement),
            0xd6 => modify!(zpx, decrement),
            0xce => modify!(abs, decrement),
            0xde => modify!(abx, decrement),
            0xe6 => modify!(zp, increment),
            0xf6 => modify!(zpx, increment),
            0xee => modify!(abs, increment),
            0xfe => modify!(abx, increment),

            // From here on: undocumented.
            0x07 => modify!(zp, slo),
            0x17 => modify!(zpx, slo),
            0x0f => modify!(abs, slo),
            0x1f => modify!(abx, slo),
            0x1b => modify!(aby, slo),
            0x03 => modify!(izx, slo),
            0x13 => modify!(izy, slo),
            0x27 => modify!(zp, rla),
            0x37 => modify!(zpx, rla),
            0x2f => modify!(abs, rla),
            0x3f => modify!(abx, rla),
            0x3b => modify!(aby, rla),
            0x23 => modify!(izx, rla),
            0x33 => modify!(izy, rla),
            0x47 => modify!(zp, sre),
            0x57 => modify!(zpx, sre),
            0x4f => modify!(abs, sre),
            0x5f => modify!(abx, sre),
            0x5b => modify!(aby, sre),
            0x43 => modify!(izx, sre),
            0x53 => modify!(izy, sre),
            0x67 => modify!(zp, rra),
            0x77 => modify!(zpx, rra),
            0x6f => modify!(abs, rra),
            0x7f => modify!(abx, rra),
            0x7b => modify!(aby, rra),
            0x63 => modify!(izx, rra),
            0x73 => modify!(izy, rra),
            0xc7 => modify!(zp, dcp),
            0xd7 => modify!(zpx, dcp),
            0xcf => modify!(abs, dcp),
            0xdf => modify!(abx, dcp),
            0xdb => modify!(aby, dcp),
            0xc3 => modify!(izx, dcp),
            0xd3 => modify!(izy, dcp),
            0xe7 => modify!(zp, isc),
            0xf7 => modify!(zpx, isc),
            0xef => modify!(abs, isc),
            0xff => modify!(abx, isc),
            0xfb => modify!(aby, isc),
            0xe3 => modify!(izx, isc),
            0xf3 => modify!(izy, isc),

            0xa7 => read!(zp, load_ax),
            0xb7 => read!(zpy, load_ax),
            0xaf => read!(abs, load_ax),
            0xbf => read!(aby, load_ax),
            0xa3 => read!(izx, load_ax),
            0xb3 => read!(izy, load_ax),
            0x87 => write!(zp, self.a & self.x),
            0x97 => write!(zpy, self.a & self.x),
            0x8f => write!(abs, self.a & self.x),
            0x83 => write!(izx, self.a & self.x),

            0x0b | 0x2b => {
                logic!(imm, &);
                self.set_flag(flag::CARRY, self.a & 0x80 != 0);
            }
            0x4b => {
                let value = self.fetch(bus);
                self.a = self.lsr(self.a & value);
            }
            0x6b => read!(imm, arr),
            0xcb => read!(imm, sbx),
            0x8b => {
                let value = self.fetch(bus);
                self.load_a((self.a | ANE_MAGIC) & self.x & value);
            }
            0xab => {
                let value = self.fetch(bus);
                self.load_ax((self.a | LXA_MAGIC) & value);
            }
            0xbb => {
                let value = operand!(aby) & self.s;
                self.load_ax(value);
                self.s = value;
            }
            0x9f => {
                let at = self.absolute_indexed(bus, self.y);
                self.store_high(bus, at, self.a & self.x);
            }
            0x93 => {
                let at = self.indirect_y(bus);
                self.store_high(bus, at, self.a & self.x);
            }
            0x9e => {
                let at = self.absolute_indexed(bus, self.y);
                self.store_high(bus, at, self.x);
            }
            0x9c => {
                let at = self.absolute_indexed(bus, self.x);
                self.store_high(bus, at, self.y);
            }
            0x9b => {
                let at = self.absolute_indexed(bus, self.y);
                self.s = self.a & self.x;
                self.store_high(bus, at, self.s);
            }

            0x80 | 0x82 | 0x89 | 0xc2 | 0xe2 => {
                self.fetch(bus);
            }
            0x04 | 0x44 | 0x64 => {
                operand!(zp);
            }
            0x14 | 0x34 | 0x54 | 0x74 | 0xd4 | 0xf4 => {
                operand!(zpx);
            }
            0x0c => {
                operand!(abs);
            }
            0x1c | 0x3c | 0x5c | 0x7c | 0xdc | 0xfc => {
                operand!(abx);
            }
            0x02 | 0x12 | 0x22 | 0x32 | 0x42 | 0x52 | 0x62 | 0x72 | 0x92 | 0xb2 | 0xd2 | 0xf2 => {
                self.idle(bus);
                self.jammed = Some((self.pc.wrapping_sub(1), opcode));
            }
        }
    }
}
