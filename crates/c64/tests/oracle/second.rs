//! A second 6510, written for these tests from other sources than the first one and in another
//! manner: it decodes by the bit fields of an opcode, in which the undocumented ones are two
//! documented ones at once. Sources: "6502 Opcodes and Quirks" and "Decimal Mode" (Bruce Clark,
//! 6502.org); "No More Secrets" (groepaz) for the unstable ones.

use crate::Memory;

const C: u8 = 0x01;
const Z: u8 = 0x02;
const I: u8 = 0x04;
pub const D: u8 = 0x08;
const V: u8 = 0x40;
const N: u8 = 0x80;

/// Where an operand is.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Accumulator,
    Immediate(u8),
    /// At an address, found by adding to one with this high byte; whether that left its page.
    At(u16, u8, bool),
}

/// The second CPU.
pub struct Oracle {
    pub memory: Memory,
    pub pc: u16,
    pub a: u8,
    pub x: u8,
    pub y: u8,
    pub s: u8,
    pub p: u8,
    pub cycles: u64,
}

impl Oracle {
    fn next(&mut self) -> u8 {
        self.cycles += 1;
        let value = self.memory.get(self.pc);
        self.pc = self.pc.wrapping_add(1);
        value
    }

    fn flag(&mut self, flag: u8, on: bool) {
        self.p = if on { self.p | flag } else { self.p & !flag };
    }

    fn nz(&mut self, value: u8) -> u8 {
        self.flag(N, value > 0x7f);
        self.flag(Z, value == 0);
        value
    }

    fn push(&mut self, value: u8) {
        self.memory.cells.insert(0x100 + u16::from(self.s), value);
        self.s = self.s.wrapping_sub(1);
    }

    fn pull(&mut self) -> u8 {
        self.s = self.s.wrapping_add(1);
        self.memory.get(0x100 + u16::from(self.s))
    }

    fn word(&self, low: u16, high: u16) -> u16 {
        u16::from(self.memory.get(low)) + 0x100 * u16::from(self.memory.get(high))
    }

    fn indexed(base: u16, index: u8) -> Place {
        let sum = base.wrapping_add(index.into());
        Place::At(sum, (base >> 8) as u8, sum >> 8 != base >> 8)
    }

    /// The place that the middle bits of an opcode name; `index` is what "indexed" means.
    fn place(&mut self, mode: u8, index: u8) -> Place {
        match mode {
            0 => {
                let at = self.next().wrapping_add(self.x);
                self.cycles += 3;
                Place::At(self.word(at.into(), at.wrapping_add(1).into()), 0, false)
            }
            1 => Place::At(self.next().into(), 0, false),
            2 => Place::Immediate(self.next()),
            3 => {
                let low = self.next();
                let high = self.next();
                Place::At(u16::from_le_bytes([low, high]), 0, false)
            }
            4 => {
                let at = self.next();
                self.cycles += 2;
                let base = self.word(at.into(), at.wrapping_add(1).into());
                Self::indexed(base, self.y)
            }
            5 => {
                self.cycles += 1;
                Place::At(self.next().wrapping_add(index).into(), 0, false)
            }
            6 | 7 => {
                let low = self.next();
                let high = self.next();
                let by = if mode == 6 { self.y } else { index };
                Self::indexed(u16::from_le_bytes([low, high]), by)
            }
            _ => unreachable!("three bits"),
        }
    }

    fn load(&mut self, place: Place) -> u8 {
        match place {
            Place::Accumulator => self.a,
            Place::Immediate(value) => value,
            Place::At(address, _, crossed) => {
                self.cycles += 1 + u64::from(crossed);
                self.memory.get(address)
            }
        }
    }

    /// Stores, with the cycle that indexing a store always takes.
    fn store(&mut self, place: Place, is_indexed: bool, value: u8) {
        match place {
            Place::Accumulator | Place::Immediate(_) => self.a = value,
            Place::At(address, ..) => {
                self.cycles += 1 + u64::from(is_indexed);
                self.memory.cells.insert(address, value);
            }
        }
    }

    fn add(&mut self, value: u8) {
        let (a, b, carry) = (i32::from(self.a), i32::from(value), i32::from(self.p & C));
        let binary = a + b + carry;
        let signed = |byte: i32| if byte > 0x7f { byte - 0x100 } else { byte };
        if self.p & D == 0 {
            let sum = signed(a) + signed(b) + carry;
            self.flag(V, !(-128..128).contains(&sum));
            self.flag(C, binary > 0xff);
            self.a = self.nz(binary as u8);
            return;
        }
        let mut low = (a & 0x0f) + (b & 0x0f) + carry;
        if low >= 0x0a {
            low = ((low + 6) & 0x0f) + 0x10;
        }
        let sum = signed(a & 0xf0) + signed(b & 0xf0) + low;
        self.flag(V, !(-128..128).contains(&sum));
        self.flag(N, sum & 0x80 != 0);
        self.flag(Z, binary & 0xff == 0);
        let mut sum = (a & 0xf0) + (b & 0xf0) + low;
        if sum >= 0xa0 {
            sum += 0x60;
        }
        self.flag(C, sum >= 0x100);
        self.a = sum as u8;
    }

    fn subtract(&mut self, value: u8) {
        let (a, b, carry) = (self.a, value, self.p & C);
        let decimal = self.p & D != 0;
        // All flags are those of adding the complement in binary.
        self.p &= !D;
        self.add(!value);
        if !decimal {
            return;
        }
        self.p |= D;
        let mut low = i32::from(a & 0x0f) - i32::from(b & 0x0f) + i32::from(carry) - 1;
        if low < 0 {
            low = ((low - 6) & 0x0f) - 0x10;
        }
        let mut difference = i32::from(a & 0xf0) - i32::from(b & 0xf0) + low;
        if difference < 0 {
            difference -= 0x60;
        }
        self.a = difference as u8;
    }

    fn compare(&mut self, register: u8, value: u8) {
        self.flag(C, register >= value);
        self.nz(register.wrapping_sub(value));
    }

    /// The operations of the column that ends in 01; 4 stores and is not here.
    fn combine(&mut self, operation: u8, value: u8) {
        match operation {
            0 => self.a = self.nz(self.a | value),
            1 => self.a = self.nz(self.a & value),
            2 => self.a = self.nz(self.a ^ value),
            3 => self.add(value),
            5 => self.a = self.nz(value),
            6 => self.compare(self.a, value),
            7 => self.subtract(value),
            _ => unreachable!("a store"),
        }
    }

    /// The operations of the column that ends in 10; 4 and 5 move X and are not here.
    fn change(&mut self, operation: u8, value: u8) -> u8 {
        let carry = self.p & C;
        let result = match operation {
            0 => value << 1,
            1 => value << 1 | carry,
            2 => value >> 1,
            3 => value >> 1 | carry << 7,
            6 => value.wrapping_sub(1),
            7 => value.wrapping_add(1),
            _ => unreachable!("a move"),
        };
        match operation {
            0 | 1 => self.flag(C, value > 0x7f),
            2 | 3 => self.flag(C, value & 1 == 1),
            _ => (),
        }
        self.nz(result)
    }

    pub fn step(&mut self) {
        let opcode = self.next();
        let (operation, mode) = (opcode >> 5, opcode >> 2 & 7);
        let is_indexed = matches!(mode, 4 | 6 | 7);
        match opcode & 3 {
            1 if opcode == 0x89 => {
                self.next();
            }
            1 => {
                let place = self.place(mode, self.x);
                if operation == 4 {
                    self.store(place, is_indexed, self.a);
                } else {
                    let value = self.load(place);
                    self.combine(operation, value);
                }
            }
            2 => self.column_two(opcode, operation, mode),
            3 => self.column_three(opcode, operation, mode),
            _ => self.column_zero(opcode, operation, mode),
        }
    }

    fn column_two(&mut self, opcode: u8, operation: u8, mode: u8) {
        let is_x = matches!(operation, 4 | 5);
        match (mode, operation) {
            (0, _) => {
                let place = self.place(2, 0);
                if operation == 5 {
                    self.x = self.load(place);
                    self.nz(self.x);
                }
            }
            (2, 0..=3) => {
                self.cycles += 1;
                let value = self.load(Place::Accumulator);
                self.a = self.change(operation, value);
            }
            (2 | 6, _) => {
                self.cycles += 1;
                match opcode {
                    0x8a => self.a = self.nz(self.x),
                    0xaa => self.x = self.nz(self.a),
                    0xca => self.x = self.nz(self.x.wrapping_sub(1)),
                    0x9a => self.s = self.x,
                    0xba => self.x = self.nz(self.s),
                    _ => (),
                }
            }
            _ => {
                let place = self.place(mode, if is_x { self.y } else { self.x });
                match operation {
                    4 if mode == 7 => self.store_high(place, self.x),
                    4 => self.store(place, false, self.x),
                    5 => {
                        self.x = self.load(place);
                        self.nz(self.x);
                    }
                    _ => {
                        self.modify(place, mode, operation);
                    }
                }
            }
        }
    }

    fn modify(&mut self, place: Place, mode: u8, operation: u8) -> u8 {
        let Place::At(address, ..) = place else {
            unreachable!("memory is modified")
        };
        self.cycles += 3 + u64::from(matches!(mode, 4 | 6 | 7));
        let result = self.change(operation, self.memory.get(address));
        self.memory.cells.insert(address, result);
        result
    }

    /// Column 11 does what columns 01 and 10 do.
    fn column_three(&mut self, opcode: u8, operation: u8, mode: u8) {
        if mode == 2 {
            let value = self.next();
            return self.immediate_three(opcode, value);
        }
        let is_x = matches!(operation, 4 | 5);
        let place = self.place(mode, if is_x { self.y } else { self.x });
        match (operation, mode) {
            (4, 4 | 7) => self.store_high(place, self.a & self.x),
            (4, 6) => {
                self.s = self.a & self.x;
                self.store_high(place, self.s);
            }
            (4, _) => self.store(place, false, self.a & self.x),
            (5, 6) => {
                self.s &= self.load(place);
                (self.a, self.x) = (self.s, self.s);
                self.nz(self.s);
            }
            (5, _) => {
                self.a = self.load(place);
                self.x = self.nz(self.a);
            }
            _ => {
                let result = self.modify(place, mode, operation);
                self.combine(operation, result);
            }
        }
    }

    fn immediate_three(&mut self, opcode: u8, value: u8) {
        match opcode {
            0x0b | 0x2b => {
                self.a = self.nz(self.a & value);
                self.flag(C, self.a > 0x7f);
            }
            0x4b => {
                let both = self.a & value;
                self.a = self.change(2, both);
            }
            0x6b => self.rotate_both(value),
            0x8b => self.a = self.nz((self.a | 0xef) & self.x & value),
            0xab => {
                self.a = self.nz((self.a | 0xee) & value);
                self.x = self.a;
            }
            0xcb => {
                let both = self.a & self.x;
                self.compare(both, value);
                self.x = both.wrapping_sub(value);
            }
            _ => self.subtract(value),
        }
    }

    /// ARR.
    fn rotate_both(&mut self, value: u8) {
        let both = self.a & value;
        let carry = self.p & C;
        let rotated = both >> 1 | carry << 7;
        self.nz(rotated);
        self.flag(V, (both ^ rotated) & 0x40 != 0);
        self.a = rotated;
        if self.p & D == 0 {
            self.flag(C, both & 0x80 != 0);
            return;
        }
        let (high, low) = (both >> 4, both & 0x0f);
        if low + (low & 1) > 5 {
            self.a = self.a & 0xf0 | self.a.wrapping_add(6) & 0x0f;
        }
        let is_high = high + (high & 1) > 5;
        self.flag(C, is_high);
        if is_high {
            self.a = self.a.wrapping_add(0x60);
        }
    }

    fn store_high(&mut self, place: Place, register: u8) {
        let Place::At(address, base_high, crossed) = place else {
            unreachable!("memory is stored to")
        };
        self.cycles += 2;
        let value = register & base_high.wrapping_add(1);
        let [low, high] = address.to_le_bytes();
        let high = if crossed { value } else { high };
        self.memory
            .cells
            .insert(u16::from_le_bytes([low, high]), value);
    }

    fn column_zero(&mut self, opcode: u8, operation: u8, mode: u8) {
        match (mode, operation) {
            (4, _) => {
                let on = operation & 1 == 1;
                let flag = [N, V, C, Z][usize::from(operation >> 1)];
                self.branch((self.p & flag != 0) == on);
            }
            (6, _) => {
                self.cycles += 1;
                let on = operation & 1 == 1;
                match operation {
                    0 | 1 => self.flag(C, on),
                    2 | 3 => self.flag(I, on),
                    4 => self.a = self.nz(self.y),
                    5 => self.flag(V, false),
                    _ => self.flag(D, on),
                }
            }
            (0, 0..=3) => self.control(opcode),
            (2, _) => self.implied(opcode),
            (3, 2 | 3) => {
                let low = self.next();
                let high = self.next();
                self.pc = u16::from_le_bytes([low, high]);
                if operation == 3 {
                    self.cycles += 2;
                    self.pc = self.word(self.pc, u16::from_le_bytes([low.wrapping_add(1), high]));
                }
            }
            _ => {
                let mode = if mode == 0 { 2 } else { mode };
                let place = self.place(mode, self.x);
                match operation {
                    4 if mode == 7 => self.store_high(place, self.y),
                    4 if mode == 2 => (),
                    4 => self.store(place, false, self.y),
                    _ => {
                        let value = self.load(place);
                        match (operation, mode) {
                            (1, 1 | 3) => {
                                self.flag(Z, self.a & value == 0);
                                self.p = self.p & !(N | V) | value & (N | V);
                            }
                            (5, _) => self.y = self.nz(value),
                            (6, 1..=3) => self.compare(self.y, value),
                            (7, 1..=3) => self.compare(self.x, value),
                            _ => (),
                        }
                    }
                }
            }
        }
    }

    fn branch(&mut self, taken: bool) {
        let offset = self.next() as i8;
        if taken {
            let target = self.pc.wrapping_add_signed(offset.into());
            self.cycles += 1 + u64::from(target >> 8 != self.pc >> 8);
            self.pc = target;
        }
    }

    /// BRK, JSR, RTI, RTS.
    fn control(&mut self, opcode: u8) {
        let [pc_low, pc_high] = self.pc.wrapping_add(1).to_le_bytes();
        match opcode {
            0x00 => {
                self.cycles += 6;
                self.push(pc_high);
                self.push(pc_low);
                self.push(self.p | 0x30);
                self.p |= I;
                self.pc = self.word(0xfffe, 0xffff);
            }
            0x20 => {
                self.cycles += 5;
                let low = self.memory.get(self.pc);
                self.push(pc_high);
                self.push(pc_low);
                // The stack may hold the instruction: its last byte is read behind the pushes.
                let high = self.memory.get(self.pc.wrapping_add(1));
                self.pc = u16::from_le_bytes([low, high]);
            }
            _ => {
                self.cycles += 5;
                if opcode == 0x40 {
                    self.p = self.pull() & !0x30;
                }
                let low = self.pull();
                let high = self.pull();
                self.pc = u16::from_le_bytes([low, high]);
                self.pc = self.pc.wrapping_add(u16::from(opcode == 0x60));
            }
        }
    }

    fn implied(&mut self, opcode: u8) {
        self.cycles += 1;
        match opcode {
            0x08 => {
                self.cycles += 1;
                self.push(self.p | 0x30);
            }
            0x28 => {
                self.cycles += 2;
                self.p = self.pull() & !0x30;
            }
            0x48 => {
                self.cycles += 1;
                self.push(self.a);
            }
            0x68 => {
                self.cycles += 2;
                self.a = self.pull();
                self.nz(self.a);
            }
            0x88 => self.y = self.nz(self.y.wrapping_sub(1)),
            0xa8 => self.y = self.nz(self.a),
            0xc8 => self.y = self.nz(self.y.wrapping_add(1)),
            0xe8 => self.x = self.nz(self.x.wrapping_add(1)),
            _ => unreachable!("{opcode:02X} is not implied"),
        }
    }
}
