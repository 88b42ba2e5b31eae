//! How the CPU comes to an effective address, and which cycles that takes.
//!
//! Source: `64doc` for the accesses of each addressing mode, "NMOS 6510 Unintended Opcodes" for
//! the stores that mix the address into the value.

use super::{Bus, Cpu};

/// An effective address, and whether adding the index left the page.
#[derive(Clone, Copy)]
pub(super) struct Indexed {
    address: u16,
    base_high: u8,
    crossed: bool,
}

impl Indexed {
    fn new(base: u16, index: u8) -> Self {
        let address = base.wrapping_add(u16::from(index));
        let [_, base_high] = base.to_le_bytes();
        Self {
            address,
            base_high,
            crossed: address.to_le_bytes()[1] != base_high,
        }
    }

    /// The address before the carry has reached the high byte.
    fn uncarried(self) -> u16 {
        u16::from_le_bytes([self.address.to_le_bytes()[0], self.base_high])
    }
}

impl Cpu {
    #[inline]
    pub(super) fn fetch(&mut self, bus: &mut impl Bus) -> u8 {
        let value = bus.read(self.pc);
        self.pc = self.pc.wrapping_add(1);
        value
    }

    /// The second cycle of an instruction without operand.
    #[inline]
    pub(super) fn idle(&mut self, bus: &mut impl Bus) {
        bus.read(self.pc);
    }

    #[inline]
    pub(super) fn zero_page(&mut self, bus: &mut impl Bus) -> u16 {
        self.fetch(bus).into()
    }

    #[inline]
    pub(super) fn zero_page_indexed(&mut self, bus: &mut impl Bus, index: u8) -> u16 {
        let base = self.fetch(bus);
        bus.read(base.into());
        base.wrapping_add(index).into()
    }

    #[inline]
    pub(super) fn absolute(&mut self, bus: &mut impl Bus) -> u16 {
        let low = self.fetch(bus);
        let high = self.fetch(bus);
        u16::from_le_bytes([low, high])
    }

    #[inline]
    pub(super) fn absolute_indexed(&mut self, bus: &mut impl Bus, index: u8) -> Indexed {
        let base = self.absolute(bus);
        Indexed::new(base, index)
    }

    #[inline]
    pub(super) fn pointer(&mut self, bus: &mut impl Bus, at: u8) -> u16 {
        let low = bus.read(at.into());
        let high = bus.read(at.wrapping_add(1).into());
        u16::from_le_bytes([low, high])
    }

    #[inline]
    pub(super) fn indirect_x(&mut self, bus: &mut impl Bus) -> u16 {
        let base = self.fetch(bus);
        bus.read(base.into());
        self.pointer(bus, base.wrapping_add(self.x))
    }

    #[inline]
    pub(super) fn indirect_y(&mut self, bus: &mut impl Bus) -> Indexed {
        let at = self.fetch(bus);
        let base = self.pointer(bus, at);
        Indexed::new(base, self.y)
    }

    /// Address of a read: a cycle more only if the page was left.
    #[inline]
    pub(super) fn for_read(&mut self, bus: &mut impl Bus, at: Indexed) -> u16 {
        if at.crossed {
            bus.read(at.uncarried());
        }
        at.address
    }

    /// Address of a write or a read-modify-write: always a read at the unfinished address.
    #[inline]
    pub(super) fn for_write(&mut self, bus: &mut impl Bus, at: Indexed) -> u16 {
        bus.read(at.uncarried());
        at.address
    }

    #[inline]
    pub(super) fn modify(
        &mut self,
        bus: &mut impl Bus,
        address: u16,
        operation: impl FnOnce(&mut Self, u8) -> u8,
    ) {
        let old = bus.read(address);
        bus.write(address, old);
        let new = operation(self, old);
        bus.write(address, new);
    }

    #[inline]
    pub(super) fn branch(&mut self, bus: &mut impl Bus, taken: bool) {
        let offset = self.fetch(bus);
        if !taken {
            return;
        }
        let start = bus.tick();
        bus.read(self.pc);
        let target = self.pc.wrapping_add_signed(i16::from(offset as i8));
        let [_, high] = self.pc.to_le_bytes();
        let [low, target_high] = target.to_le_bytes();
        if high == target_high {
            let tick = bus.tick();
            bus.interrupts().postpone_since(start, tick);
        } else {
            bus.read(u16::from_le_bytes([low, high]));
        }
        self.pc = target;
    }

    /// SHA, SHX, SHY and TAS store a register AND the base's high byte plus one. That term drops
    /// off when RDY holds the CPU in the cycle before the write, and a carry into the high byte
    /// puts the stored value there.
    pub(super) fn store_high(&mut self, bus: &mut impl Bus, at: Indexed, register: u8) {
        bus.read(at.uncarried());
        let masked = register & at.base_high.wrapping_add(1);
        let value = if bus.was_held() { register } else { masked };
        let [low, high] = at.address.to_le_bytes();
        let high = if at.crossed { masked } else { high };
        bus.write(u16::from_le_bytes([low, high]), value);
    }
}
