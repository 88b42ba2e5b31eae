//! Lines and cycles of each VIC-II, and what happens in which cycle of a line.
//!
//! Cycles are counted from 0. Source: "The MOS 6567/6569 video controller (VIC-II)" (Christian
//! Bauer), where they are counted from 1.

use serde::{Deserialize, Serialize};

/// A VIC-II with the clock that drives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum VicModel {
    /// 6569: PAL.
    Mos6569,
    /// 6567R8: NTSC.
    Mos6567R8,
    /// 6567R56A: early NTSC, a cycle less in a line, a line less in a frame.
    Mos6567R56A,
    /// 6572: PAL-N of the Argentine Drean.
    Mos6572,
    /// 6573: PAL-M of Brazil, NTSC's raster with PAL's colours.
    Mos6573,
}

/// Raster geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Lines of a frame.
    pub lines: u16,
    /// Cycles of a line.
    pub cycles: u16,
    /// The cycle of the first check for sprites, which is also when BA may fall for sprite 0.
    pub sprites_from: u16,
    /// The cycle in which sprites are displayed and their counters reloaded.
    pub display_at: u16,
    /// The cycle in which the expansion flip-flops turn.
    pub expand_at: u16,
    /// The cycle in which a bad line releases the bus.
    pub release_at: u16,
}

impl VicModel {
    /// The raster of this chip.
    pub fn timing(self) -> Timing {
        let ntsc = Timing {
            lines: 263,
            cycles: 65,
            sprites_from: 55,
            display_at: 58,
            expand_at: 55,
            release_at: 54,
        };
        match self {
            Self::Mos6569 => Timing {
                lines: 312,
                cycles: 63,
                sprites_from: 54,
                display_at: 57,
                ..ntsc
            },
            Self::Mos6567R8 | Self::Mos6573 => ntsc,
            Self::Mos6567R56A => Timing {
                lines: 262,
                cycles: 64,
                display_at: 57,
                ..ntsc
            },
            Self::Mos6572 => Timing { lines: 312, ..ntsc },
        }
    }

    /// Cycles a second: four times the colour carrier, divided by what makes a character.
    pub fn clock_hz(self) -> f64 {
        match self {
            Self::Mos6569 => 4_433_618.75 * 4.0 / 18.0,
            Self::Mos6567R8 | Self::Mos6567R56A => 3_579_545.455 * 4.0 / 14.0,
            Self::Mos6572 => 3_582_056.25 * 4.0 / 14.0,
            Self::Mos6573 => 3_575_611.49 * 4.0 / 14.0,
        }
    }

    /// Frequency of the mains where this chip was sold.
    pub fn mains_hz(self) -> f64 {
        match self {
            Self::Mos6569 | Self::Mos6572 => 50.0,
            Self::Mos6567R8 | Self::Mos6567R56A | Self::Mos6573 => 60.0,
        }
    }
}

/// Sprites whose DMA begins or ends in a cycle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SpriteCycle {
    /// BA falls if one of these sprites has DMA.
    pub(super) begins: u8,
    /// BA rises (bit 8) unless one of the two sprites behind (bits 0 to 7) has DMA.
    pub(super) ends: Option<u8>,
}

impl Timing {
    /// What sprite DMA does in each cycle of a line. The data of sprite n take two cycles, after
    /// three in which the CPU may still write.
    pub(super) fn sprite_cycles(&self) -> [SpriteCycle; 65] {
        let mut table = [SpriteCycle::default(); 65];
        for sprite in 0..8u16 {
            let begin = self.sprites_from + 2 * sprite;
            let end = begin + 5;
            table[usize::from(begin % self.cycles)].begins |= 1 << sprite;
            let behind = (0x06u16 << sprite) as u8;
            table[usize::from(end % self.cycles)].ends = Some(behind);
        }
        // Sprite 0 is checked for twice.
        table[usize::from(self.sprites_from + 1)].begins |= 1;
        table
    }
}
