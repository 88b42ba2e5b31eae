//! The 6510: registers, status, and the sequence of one instruction.
//!
//! Every cycle is one bus access, dummy accesses included. Sources: `64doc` (John West, Marko
//! Mäkelä), "NMOS 6510 Unintended Opcodes" (groepaz).

mod addressing;
mod alu;
mod opcodes;

use crate::interrupts::Interrupts;

/// What the CPU sees of the machine. Each call is one cycle.
pub trait Bus {
    /// Reads; waits first while RDY holds the CPU.
    fn read(&mut self, address: u16) -> u8;
    /// Writes; never waits.
    fn write(&mut self, address: u16, value: u8);
    /// Cycles so far in which the CPU was not held. The running access counts.
    fn tick(&self) -> u64;
    /// The interrupt inputs.
    fn interrupts(&mut self) -> &mut Interrupts;
    /// Whether RDY held the CPU in the last read.
    fn was_held(&self) -> bool;
}

/// Flags of the processor status.
pub(crate) mod flag {
    pub(crate) const CARRY: u8 = 0x01;
    pub(crate) const ZERO: u8 = 0x02;
    pub(crate) const INTERRUPT: u8 = 0x04;
    pub(crate) const DECIMAL: u8 = 0x08;
    pub(crate) const BREAK: u8 = 0x10;
    pub(crate) const UNUSED: u8 = 0x20;
    pub(crate) const OVERFLOW: u8 = 0x40;
    pub(crate) const NEGATIVE: u8 = 0x80;
}

/// The registers. The interrupt flag lives with the interrupt inputs that it masks.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cpu {
    /// Program counter.
    pub pc: u16,
    /// Accumulator.
    pub a: u8,
    /// Index X.
    pub x: u8,
    /// Index Y.
    pub y: u8,
    /// Stack pointer.
    pub s: u8,
    /// Negative, overflow, decimal and carry at their places; zero and the rest are zero.
    status: u8,
    /// The value whose being zero is the zero flag.
    zero: u8,
    /// The opcode that stopped the CPU, and where it stood.
    jammed: Option<(u16, u8)>,
    /// The instruction behind an interrupt sequence is never interrupted.
    shielded: bool,
}

impl Cpu {
    /// A CPU that starts at `pc`.
    pub fn new(pc: u16) -> Self {
        Self {
            pc,
            s: 0xff,
            zero: 1,
            ..Self::default()
        }
    }

    /// Address and opcode of the instruction that stopped the CPU for good.
    pub fn jammed(&self) -> Option<(u16, u8)> {
        self.jammed
    }

    /// Runs one instruction or one interrupt sequence.
    #[inline]
    pub fn step(&mut self, bus: &mut impl Bus) {
        if self.jammed.is_some() {
            bus.read(0xffff);
            return;
        }
        let opcode = bus.read(self.pc);
        if !core::mem::take(&mut self.shielded) {
            let tick = bus.tick();
            if bus.interrupts().is_due(tick) {
                bus.interrupts().accept();
                bus.read(self.pc);
                self.interrupt(bus, 0);
                return;
            }
        }
        bus.interrupts().fetched();
        self.pc = self.pc.wrapping_add(1);
        self.execute(opcode, bus);
    }

    /// Pushes program counter and status and goes through the vector.
    fn interrupt(&mut self, bus: &mut impl Bus, break_flag: u8) {
        let [low, high] = self.pc.to_le_bytes();
        self.push(bus, high);
        self.push(bus, low);
        let vector = bus.interrupts().vector();
        let status = self.status(bus) | break_flag;
        self.push(bus, status);
        let tick = bus.tick();
        bus.interrupts().set_masked(true, tick + 1);
        let low = bus.read(vector);
        let high = bus.read(vector + 1);
        self.pc = u16::from_le_bytes([low, high]);
        self.shielded = true;
    }

    /// The status byte as pushed by an interrupt, break flag clear.
    fn status(&self, bus: &mut impl Bus) -> u8 {
        let zero = if self.zero == 0 { flag::ZERO } else { 0 };
        let masked = if bus.interrupts().is_masked() {
            flag::INTERRUPT
        } else {
            0
        };
        self.status | zero | masked | flag::UNUSED
    }

    fn set_status(&mut self, bus: &mut impl Bus, value: u8) {
        self.status = value & (flag::NEGATIVE | flag::OVERFLOW | flag::DECIMAL | flag::CARRY);
        self.zero = !value & flag::ZERO;
        let tick = bus.tick();
        bus.interrupts()
            .set_masked(value & flag::INTERRUPT != 0, tick + 1);
    }

    #[inline]
    fn push(&mut self, bus: &mut impl Bus, value: u8) {
        bus.write(0x100 | u16::from(self.s), value);
        self.s = self.s.wrapping_sub(1);
    }

    #[inline]
    fn pull(&mut self, bus: &mut impl Bus) -> u8 {
        self.s = self.s.wrapping_add(1);
        bus.read(0x100 | u16::from(self.s))
    }

    #[inline]
    fn set_flag(&mut self, flag: u8, set: bool) {
        if set {
            self.status |= flag;
        } else {
            self.status &= !flag;
        }
    }

    /// Sets negative and zero from a result.
    #[inline]
    fn set_nz(&mut self, value: u8) {
        self.zero = value;
        self.status = self.status & !flag::NEGATIVE | value & flag::NEGATIVE;
    }

    #[inline]
    fn carry(&self) -> u8 {
        self.status & flag::CARRY
    }
}
