//! Sprite DMA: which sprites take the bus in the current line.
//!
//! Source: "The MOS 6567/6569 video controller (VIC-II)" (Christian Bauer), section 3.8.

#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Sprites {
    /// Sprites with DMA.
    pub(super) dma: u8,
    expansion: u8,
    counter: [u8; 8],
    base: [u8; 8],
}

impl Sprites {
    pub(super) fn new() -> Self {
        Self {
            expansion: 0xff,
            ..Self::default()
        }
    }

    /// Switches DMA on for enabled sprites whose line has come.
    pub(super) fn check_dma(&mut self, line: u16, registers: &[u8; 64]) {
        let [low, _] = line.to_le_bytes();
        for sprite in 0..8 {
            let mask = 1 << sprite;
            if registers[0x15] & mask & !self.dma != 0 && registers[2 * sprite + 1] == low {
                self.dma |= mask;
                self.base[sprite] = 0;
                self.expansion |= mask;
            }
        }
    }

    /// Sprites stretched in height show each row twice.
    pub(super) fn turn_expansion(&mut self, stretched: u8) {
        self.expansion ^= self.dma & stretched;
    }

    pub(super) fn reload(&mut self) {
        self.counter = self.base;
    }

    /// Three bytes were read for each sprite with DMA.
    pub(super) fn count(&mut self) {
        for (sprite, counter) in self.counter.iter_mut().enumerate() {
            if self.dma >> sprite & 1 != 0 {
                *counter = (*counter + 3) & 0x3f;
            }
        }
    }

    /// The row is done; behind the last one DMA ends.
    pub(super) fn finish_row(&mut self) {
        for sprite in 0..8 {
            let mask = 1 << sprite;
            if self.expansion & mask != 0 {
                self.base[sprite] = self.counter[sprite];
                if self.base[sprite] == 0x3f {
                    self.dma &= !mask;
                }
            }
        }
    }

    /// Writing the stretch register. In cycle 14 this crunches a sprite: counter and base mix.
    pub(super) fn set_stretched(&mut self, stretched: u8, line_cycle: u64) {
        for sprite in 0..8 {
            let mask = 1u8 << sprite;
            if (stretched | self.expansion) & mask == 0 {
                if line_cycle == 14 {
                    let (counter, base) = (self.counter[sprite], self.base[sprite]);
                    self.counter[sprite] = 0x2a & base & counter | 0x15 & (base | counter);
                }
                self.expansion |= mask;
            }
        }
    }
}
