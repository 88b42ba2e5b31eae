//! One timer of a CIA: a 16 bit counter, its latch, and the wires that reach the counter late.
//!
//! Three things travel from the control register to the counter, and each takes two cycles: that
//! it counts, that it is loaded, and that it stops at zero. So a timer that is started in cycle 0
//! loses its first count in cycle 3. In the cycle of an underflow the latch is loaded, which
//! swallows the count of that cycle: zero is never seen, and the period is the latch plus one.
//!
//! What the bits do, reload and toggle are as the MOS 6526 data sheet has them; it says nothing of
//! delays. Those are the ones of libsidplayfp 3.0.2 (`c64/CIA/timer.cpp`) and of VICE's
//! `ciatimer.c`, which agree; the reference player's traces hold this file to them.
//!
//! Stretches in which the counter does nothing but count, or nothing at all, are skipped at once.

use core::num::NonZeroU16;

/// Cycles that a timer can skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quiet {
    /// None: something is on its way to the counter.
    No,
    /// So many, the counter counting in each.
    Counting(NonZeroU16),
    /// Until someone writes to it.
    Idle,
}

/// A signal on its way from the control register to the counter, in three bits: comparing all at
/// once is what makes short stretches cheap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Late(u8);

impl Late {
    /// As given in this cycle.
    const GIVEN: u8 = 1;
    /// As given a cycle ago.
    const HALFWAY: u8 = 2;
    /// As given two cycles ago: what the counter obeys.
    const ARRIVED: u8 = 4;

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    fn set(&mut self, bit: u8, on: bool) {
        self.0 = self.0 & !bit | if on { bit } else { 0 };
    }

    fn advance(&mut self) {
        self.0 = self.0 << 1 & (Self::HALFWAY | Self::ARRIVED) | self.0 & Self::GIVEN;
    }

    /// Whether the counter goes on seeing what it sees.
    fn is_steady(self) -> bool {
        self.0 == 0 || self.0 == Self::GIVEN | Self::HALFWAY | Self::ARRIVED
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Timer {
    counter: u16,
    latch: u16,
    /// Bit 0 of the control register, as it reads: a one-shot timer clears it.
    is_started: bool,
    /// Every cycle is counted, rather than underflows of the other timer or nothing.
    counts_cycles: bool,
    /// One underflow of the other timer waits to be counted. It skips the first half of the way.
    step: bool,
    count: Late,
    /// A pulse: it is given for a single cycle.
    load: Late,
    one_shot: Late,
    /// The last cycle underflowed.
    underflowed: bool,
    /// The port bit toggles instead of pulsing.
    is_toggling: bool,
    /// The timer drives its port bit.
    drives_port: bool,
    /// The flip-flop behind the port bit in toggle mode.
    toggle: bool,
}

impl Timer {
    pub(super) fn new() -> Self {
        Self {
            counter: 0xffff,
            latch: 0xffff,
            is_started: false,
            counts_cycles: false,
            step: false,
            count: Late::default(),
            load: Late::default(),
            one_shot: Late::default(),
            underflowed: false,
            is_toggling: false,
            drives_port: false,
            toggle: false,
        }
    }

    pub(super) fn counter(&self) -> u16 {
        self.counter
    }

    pub(super) fn latch(&self) -> u16 {
        self.latch
    }

    pub(super) fn is_started(&self) -> bool {
        self.is_started
    }

    /// The level on the port bit that the timer drives.
    pub(super) fn output(&self) -> bool {
        if self.is_toggling {
            self.toggle
        } else {
            self.underflowed
        }
    }

    /// Bit 5 of `control` must be set where the timer does not count cycles.
    pub(super) fn set_control(&mut self, control: u8, was: u8) {
        let bit = |number: u8| control >> number & 1 != 0;
        if bit(0) && was & 1 == 0 {
            self.toggle = true;
        }
        self.drives_port = bit(1);
        self.is_toggling = bit(2);
        self.one_shot.set(Late::GIVEN, bit(3));
        self.load.set(Late::GIVEN, bit(4));
        self.is_started = bit(0);
        self.counts_cycles = !bit(5);
        self.count
            .set(Late::GIVEN, self.is_started && self.counts_cycles);
    }

    pub(super) fn set_latch_low(&mut self, value: u8) {
        self.latch = self.latch & 0xff00 | u16::from(value);
        self.pass_latch();
    }

    /// Writing the high byte loads a timer that stands still, as the data sheet says.
    pub(super) fn set_latch_high(&mut self, value: u8) {
        self.latch = self.latch & 0x00ff | u16::from(value) << 8;
        if !self.load.has(Late::ARRIVED) && !self.is_started {
            self.load.set(Late::HALFWAY, true);
        }
        self.pass_latch();
    }

    /// While the counter is being loaded, what is written to the latch goes through.
    fn pass_latch(&mut self) {
        if self.load.has(Late::ARRIVED) {
            self.counter = self.latch;
        }
    }

    /// The other timer has underflowed and this one counts that.
    pub(super) fn step(&mut self) {
        self.step = true;
    }

    /// How long nothing but counting happens.
    #[inline]
    pub(super) fn quiet(&self) -> Quiet {
        let is_loading = self.load != Late::default();
        let is_steady = self.count.is_steady() && self.one_shot.is_steady();
        if is_loading || self.step || self.underflowed || !is_steady {
            return Quiet::No;
        }
        if !self.count.has(Late::ARRIVED) {
            return Quiet::Idle;
        }
        NonZeroU16::new(self.counter.saturating_sub(1)).map_or(Quiet::No, Quiet::Counting)
    }

    /// Skips cycles that `quiet` allowed.
    #[inline]
    pub(super) fn skip(&mut self, cycles: u16) {
        if self.count.has(Late::ARRIVED) {
            self.counter -= cycles;
        }
    }

    /// One cycle. Returns whether the timer underflowed.
    pub(super) fn clock(&mut self) -> bool {
        if self.count.has(Late::ARRIVED) {
            self.counter = self.counter.wrapping_sub(1);
        }
        self.count.advance();
        if core::mem::take(&mut self.step) && self.is_started {
            self.count.set(Late::ARRIVED, true);
        }
        self.load.advance();
        self.load.set(Late::GIVEN, false);
        self.one_shot.advance();

        self.underflowed = self.counter == 0 && self.count.has(Late::ARRIVED);
        if self.underflowed {
            self.underflow();
        }
        if self.load.has(Late::ARRIVED) {
            self.counter = self.latch;
            self.count.set(Late::ARRIVED, false);
        }
        self.underflowed
    }

    fn underflow(&mut self) {
        self.load.set(Late::ARRIVED, true);
        // One-shot mode counts from halfway on, and takes back the counts that are on their way.
        if self.one_shot.has(Late::HALFWAY) || self.one_shot.has(Late::ARRIVED) {
            self.is_started = false;
            self.count.set(Late::GIVEN, false);
            self.count.set(Late::HALFWAY, false);
        }
        self.toggle = self.drives_port && self.is_toggling && !self.toggle;
    }
}
