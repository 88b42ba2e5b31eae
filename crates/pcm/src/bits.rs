//! Bits, the highest first, and the two checksums of a FLAC frame.

/// Bytes that are filled bit by bit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    /// Bits that do not make a byte yet, in the low bits.
    waiting: u64,
    count: u32,
}

impl Bits {
    /// Appends the low `count` bits of `value`, at most 32.
    pub(crate) fn put(&mut self, value: u32, count: u32) {
        let kept = u64::from(value) & ((1 << count) - 1);
        self.waiting = self.waiting << count | kept;
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.waiting >> self.count) as u8);
        }
        self.waiting &= (1 << self.count) - 1;
    }

    /// Appends a signed value in `count` bits.
    pub(crate) fn put_signed(&mut self, value: i32, count: u32) {
        self.put(value.cast_unsigned(), count);
    }

    /// Appends `zeros` zeros and a one.
    pub(crate) fn put_unary(&mut self, mut zeros: u32) {
        while zeros >= 32 {
            self.put(0, 32);
            zeros -= 32;
        }
        self.put(1, zeros + 1);
    }

    /// Fills the last byte with zeros.
    pub(crate) fn align(&mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }

    /// The whole bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// CRC-8 with the polynomial x8 + x2 + x + 1.
pub(crate) fn crc_8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc: u8, byte| {
        (0..8).fold(crc ^ byte, |crc, _| {
            if crc & 0x80 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x07
            }
        })
    })
}

/// CRC-16 with the polynomial x16 + x15 + x2 + 1.
pub(crate) fn crc_16(bytes: &[u8]) -> u16 {
    const TABLE: [u16; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut value = (index as u16) << 8;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 0x8000 == 0 {
                    value << 1
                } else {
                    value << 1 ^ 0x8005
                };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    bytes.iter().fold(0, |crc: u16, byte| {
        crc << 8 ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_highest_first() {
        let mut bits = Bits::default();
        bits.put(0b101, 3);
        bits.put_signed(-1, 4);
        bits.put_unary(2);
        bits.put(0xdead_beef, 32);
        bits.put_unary(40);
        bits.align();
        let expected = [
            0b1011_1110,
            0b0111_0111,
            0b1010_1011,
            0b0110_1111,
            0b1011_1011,
            0b1100_0000,
            0,
            0,
            0,
            0,
            0b0000_0100,
        ];
        assert_eq!(bits.bytes()[..5], expected[..5]);
        assert_eq!(bits.bytes().len(), 11);
    }

    #[test]
    fn checksums_have_their_check_values() {
        assert_eq!(crc_8(b"123456789"), 0xf4);
        assert_eq!(crc_16(b"123456789"), 0xfee8);
    }
}
