//! What the CPU sees where: the 6510's port at `$00` and `$01`, and the PLA behind it.
//!
//! Sources: the C64 Programmer's Reference Guide; groepaz's findings on the unused bits of the
//! port, as VICE has them.

/// Cycles after which an unused bit of the port that was charged reads as zero.
const FALL_OFF_CYCLES: u64 = 350_000;

/// What answers in a block of 4 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Area {
    /// RAM.
    Ram,
    /// BASIC ROM.
    Basic,
    /// KERNAL ROM.
    Kernal,
    /// Character ROM.
    Characters,
    /// Chips and colour RAM.
    Io,
}

/// The port of the 6510: a direction and a data register of eight bits, of which six are pins.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Port {
    direction: u8,
    data: u8,
    /// Levels of the pins; inputs keep the last level that was driven.
    pins: u8,
    /// Bits 6 and 7, which have no pin, hold a charge for a while.
    charge: u8,
    /// When the charge of bit 6 and of bit 7 is gone.
    fades: [u64; 2],
}

impl Default for Port {
    fn default() -> Self {
        Self {
            direction: 0,
            data: 0x3f,
            pins: 0x3f,
            charge: 0,
            fades: [0; 2],
        }
    }
}

impl Port {
    /// `$00`.
    pub fn direction(&self) -> u8 {
        self.direction
    }

    /// `$01`, read at `cycle`.
    pub fn read(&self, cycle: u64) -> u8 {
        // Bits 0 to 2 and 4 are pulled up; the cassette motor's bit 5 is pulled down.
        let mut value = (self.data | !self.direction) & (self.pins | 0x17);
        if self.direction & 0x20 == 0 {
            value &= !0x20;
        }
        for (bit, fades) in [0x40, 0x80].into_iter().zip(self.fades) {
            if self.direction & bit == 0 {
                value &= !bit;
                if fades >= cycle {
                    value |= self.charge & bit;
                }
            }
        }
        value
    }

    /// Writes `$00`.
    pub fn write_direction(&mut self, value: u8, cycle: u64) {
        for (bit, fades) in [0x40, 0x80].into_iter().zip(&mut self.fades) {
            // A bit that stops being an output leaves its level behind.
            if self.direction & !value & bit != 0 {
                self.charge = self.charge & !bit | self.data & bit;
                *fades = cycle + FALL_OFF_CYCLES;
            }
        }
        self.direction = value;
        self.drive();
    }

    /// Writes `$01`.
    pub fn write(&mut self, value: u8, cycle: u64) {
        for (bit, fades) in [0x40, 0x80].into_iter().zip(&mut self.fades) {
            if self.direction & bit != 0 {
                self.charge = self.charge & !bit | value & bit;
                *fades = cycle + FALL_OFF_CYCLES;
            }
        }
        self.data = value;
        self.drive();
    }

    fn drive(&mut self) {
        self.pins = self.pins & !self.direction | self.data & self.direction;
    }

    /// LORAM, HIRAM and CHAREN in bits 0 to 2; inputs are pulled up.
    pub fn lines(&self) -> u8 {
        (self.data | !self.direction) & 7
    }
}

/// What answers the CPU's reads, by the upper four bits of the address. Writes go to the RAM
/// below ROM, and to I/O where I/O is visible.
pub fn areas(lines: u8) -> [Area; 16] {
    let (loram, hiram, charen) = (lines & 1 != 0, lines & 2 != 0, lines & 4 != 0);
    let mut areas = [Area::Ram; 16];
    if loram && hiram {
        areas[0xa] = Area::Basic;
        areas[0xb] = Area::Basic;
    }
    if loram || hiram {
        areas[0xd] = if charen { Area::Io } else { Area::Characters };
    }
    if hiram {
        areas[0xe] = Area::Kernal;
        areas[0xf] = Area::Kernal;
    }
    areas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eight_settings_show_what_the_pla_says() {
        use Area::{Basic, Characters, Io, Kernal, Ram};
        let expected = [
            [Ram, Ram, Ram],
            [Ram, Characters, Ram],
            [Ram, Characters, Kernal],
            [Basic, Characters, Kernal],
            [Ram, Ram, Ram],
            [Ram, Io, Ram],
            [Ram, Io, Kernal],
            [Basic, Io, Kernal],
        ];
        for (lines, [low, middle, high]) in expected.into_iter().enumerate() {
            let areas = areas(lines as u8);
            assert_eq!([areas[0xa], areas[0xb]], [low; 2], "{lines}");
            assert_eq!(areas[0xd], middle, "{lines}");
            assert_eq!([areas[0xe], areas[0xf]], [high; 2], "{lines}");
            for block in [0, 1, 7, 8, 9, 0xc] {
                assert_eq!(areas[block], Ram, "{lines}");
            }
        }
    }

    #[test]
    fn inputs_are_pulled_up_and_unused_bits_fade() {
        let mut port = Port::default();
        assert_eq!(port.lines(), 7);
        port.write_direction(0x2f, 0);
        port.write(0x37, 0);
        assert_eq!((port.read(0), port.lines()), (0x37, 7));
        port.write(0x34, 0);
        assert_eq!((port.read(0), port.lines()), (0x34, 4));
        port.write_direction(0xff, 0);
        port.write(0xff, 10);
        port.write_direction(0x2f, 20);
        assert_eq!(port.read(30) & 0xc0, 0xc0);
        assert_eq!(port.read(20 + FALL_OFF_CYCLES + 1) & 0xc0, 0);
    }
}
