//! The 23-bit noise shift register.
//!
//! Sources: Bob Yannes' interview (register length), Dag Lem's sampling of OSC3 (taps, output
//! bits, write-back by combined waveforms), die and timing studies of the VICE and libsidplayfp
//! projects (two-phase shift, fading while the test bit is held).

use crate::Model;

/// The register with every bit set, where a long test ends.
const ALL_ONES: u32 = 0x7f_ffff;

/// Register bit (numbered from the output end) behind each of the waveform bits 11 down to 4.
const TAPS: [u32; 8] = [2, 4, 8, 11, 13, 17, 20, 22];

/// Mask of the register bits that do not reach the waveform output.
const UNTAPPED: u32 = {
    let mut mask = u32::MAX;
    let mut tap = 0;
    while tap < 8 {
        mask &= !(1 << TAPS[tap]);
        tap += 1;
    }
    mask
};

/// One voice's noise register.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Noise {
    register: u32,
    /// The value held between the two phases of a shift.
    latch: u32,
    /// Cycles until the running shift is complete.
    pipeline: u8,
    /// The test or reset line as the feedback gate sees it.
    held: bool,
    /// The twelve waveform bits.
    output: u16,
    /// Cycles until the next bits of the register fade to one while test is held.
    fade: u32,
}

impl Noise {
    pub fn new() -> Self {
        let mut noise = Noise {
            register: 0,
            latch: 0,
            pipeline: 0,
            held: false,
            output: 0,
            fade: 0,
        };
        noise.reset();
        noise
    }

    /// RES sets every bit and, when it is released, shifts once.
    pub fn reset(&mut self) {
        self.fade = 0;
        self.held = true;
        self.latch = ALL_ONES;
        self.finish_shift();
        self.pipeline = 0;
    }

    #[inline]
    pub fn output(&self) -> u16 {
        self.output
    }

    /// A shift is under way.
    #[inline]
    pub fn is_shifting(&self) -> bool {
        self.pipeline != 0
    }

    /// Bit 19 of the accumulator rose: the shift completes two cycles later.
    #[inline]
    pub fn start_shift(&mut self) {
        self.pipeline = 2;
    }

    /// One cycle of a shift that [`Self::is_shifting`]. `written` is the waveform output when it
    /// is to be driven into the register.
    #[inline]
    pub fn continue_shift(&mut self, written: Option<u16>) {
        self.pipeline -= 1;
        if self.pipeline == 0 {
            self.complete(written);
        } else {
            self.held = false;
            self.latch = self.register;
        }
    }

    /// The test bit went up: the first phase of a shift begins and lasts while it is held.
    pub fn hold(&mut self, model: Model) {
        self.pipeline = 0;
        self.latch = self.register;
        self.fade = match model {
            Model::Mos6581 => 50_000,
            Model::Mos8580 => 986_000,
        };
    }

    /// The test bit went down: the second phase of the shift.
    pub fn release(&mut self, written: Option<u16>) {
        self.complete(written);
    }

    /// One cycle with the test bit held. The bits float up to one, measured on warm chips by the
    /// VICE project (bug 290, bug 1128); the times differ from chip to chip.
    #[inline]
    pub fn clock_held(&mut self, model: Model) {
        self.held = true;
        if self.fade != 0 {
            self.fade -= 1;
            if self.fade == 0 {
                self.register |= (self.register >> 1) | 0x40_0000;
                if self.register != ALL_ONES {
                    self.fade = match model {
                        Model::Mos6581 => 15_000,
                        Model::Mos8580 => 314_300,
                    };
                }
                self.latch = self.register;
                self.refresh_output();
            }
        }
    }

    /// Cycles for which a held register certainly stays as it is.
    pub fn quiet_cycles_held(&self) -> u32 {
        if self.fade == 0 {
            u32::MAX
        } else {
            self.fade - 1
        }
    }

    /// Advances a held register by `cycles` of its quiet cycles.
    pub fn advance_held(&mut self, cycles: u32) {
        if cycles > 0 {
            self.held = true;
            if self.fade != 0 {
                self.fade -= cycles;
            }
        }
    }

    /// Noise together with another waveform: the output pulls register bits down, or drives the
    /// floating bits in the first phase of a shift.
    #[inline]
    pub fn write_back(&mut self, output: u16, test: bool) {
        if self.pipeline != 1 && !test {
            self.register &= UNTAPPED | spread(output);
            self.output &= output;
        } else {
            self.output = output;
        }
    }

    fn complete(&mut self, written: Option<u16>) {
        if let Some(output) = written {
            self.latch = (self.register & UNTAPPED) | spread(output);
        }
        self.finish_shift();
    }

    /// The latched bits move on; the new bit is bit 17 xor (bit 22 or the test line), seen from
    /// the input end.
    fn finish_shift(&mut self) {
        let last = u32::from(self.held) | (self.latch & 1);
        let tapped = (self.latch >> 5) & 1;
        self.register = (self.latch >> 1) | ((last ^ tapped) << 22);
        self.refresh_output();
    }

    fn refresh_output(&mut self) {
        let mut output = 0;
        for (index, tap) in TAPS.into_iter().enumerate() {
            output |= (((self.register >> tap) & 1) as u16) << (11 - index);
        }
        self.output = output;
    }
}

/// The waveform bits, each at its register bit.
fn spread(output: u16) -> u32 {
    let mut bits = 0;
    for (index, tap) in TAPS.into_iter().enumerate() {
        bits |= u32::from((output >> (11 - index)) & 1) << tap;
    }
    bits
}

/// Does the waveform output reach the register when a shift ends? Found by probing which pairs
/// of waveform settings do on real chips (VICE test programs SID/noisewriteback).
pub fn writes_back(old: u8, new: u8, model: Model) -> bool {
    if old <= 8 || new < 8 || (new == 8 && old != 15) {
        return false;
    }
    let swaps_triangle_and_sawtooth =
        matches!((old & 3, new & 3), (1, 2) | (2, 1)) && model == Model::Mos6581;
    !swaps_triangle_and_sawtooth && old != 12 && new != 12
}
