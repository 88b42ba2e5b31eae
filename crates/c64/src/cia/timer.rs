//! One timer of a CIA: a counter behind a short pipeline.
//!
//! A command takes effect some cycles after its write: the control bits are shifted through
//! delay stages, as in VICE's `ciatimer.c`, where the stages were found by measuring the chip.
//! Stretches in which the counter does nothing but count, or nothing at all, are skipped at once.

use core::num::NonZeroU16;

/// Control bits as written, and the stages behind them.
mod stage {
    pub(super) const START: u32 = 0x01;
    pub(super) const STEP: u32 = 0x04;
    pub(super) const ONE_SHOT: u32 = 0x08;
    pub(super) const FORCE_LOAD: u32 = 0x10;
    pub(super) const COUNTS_CYCLES: u32 = 0x20;
    pub(super) const CONTROL: u32 = START | ONE_SHOT | FORCE_LOAD | COUNTS_CYCLES;
    pub(super) const COUNT_NEXT: u32 = 0x100;
    pub(super) const COUNT: u32 = 0x200;
    pub(super) const ONE_SHOT_NEXT: u32 = ONE_SHOT << 8;
    pub(super) const ONE_SHOT_NOW: u32 = ONE_SHOT << 16;
    pub(super) const LOAD_NEXT: u32 = FORCE_LOAD << 8;
    pub(super) const LOAD: u32 = FORCE_LOAD << 16;
    pub(super) const UNDERFLOW: u32 = 0x8000_0000;
    pub(super) const HAS_STARTED: u32 = START | COUNTS_CYCLES;
}
use stage::*;

/// Cycles that a timer can skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quiet {
    /// None: something moves through the pipeline.
    No,
    /// So many, the counter counting in each.
    Counting(NonZeroU16),
    /// Until someone writes to it.
    Idle,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Timer {
    counter: u16,
    latch: u16,
    state: u32,
    control: u8,
    /// The flip-flop behind the port bit in toggle mode.
    toggle: bool,
}

impl Timer {
    pub(super) fn new() -> Self {
        Self {
            counter: 0xffff,
            latch: 0xffff,
            state: 0,
            control: 0,
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
        self.state & START != 0
    }

    /// The level on the port bit that the timer drives.
    pub(super) fn output(&self) -> bool {
        if self.control & 0x04 != 0 {
            self.toggle
        } else {
            self.state & UNDERFLOW != 0
        }
    }

    /// Bit 5 of `control` must be set where the timer does not count cycles.
    pub(super) fn set_control(&mut self, control: u8, was: u8) {
        if control & 1 != 0 && was & 1 == 0 {
            self.toggle = true;
        }
        self.state &= !CONTROL;
        self.state |= (u32::from(control) & CONTROL) ^ COUNTS_CYCLES;
        self.control = control;
    }

    pub(super) fn set_latch_low(&mut self, value: u8) {
        self.latch = self.latch & 0xff00 | u16::from(value);
        if self.state & LOAD != 0 {
            self.counter = self.latch;
        }
    }

    pub(super) fn set_latch_high(&mut self, value: u8) {
        self.latch = self.latch & 0x00ff | u16::from(value) << 8;
        if self.state & LOAD != 0 {
            self.counter = self.latch;
        } else if self.state & START == 0 {
            self.state |= LOAD_NEXT;
        }
    }

    /// The other timer has underflowed and this one counts that.
    pub(super) fn step(&mut self) {
        self.state |= STEP;
    }

    /// The pipeline one cycle on, before underflow and load.
    fn shifted(&self) -> u32 {
        let state = self.state;
        let mut next = state & (START | ONE_SHOT | COUNTS_CYCLES);
        if state & HAS_STARTED == HAS_STARTED {
            next |= COUNT_NEXT;
        }
        if state & COUNT_NEXT != 0 || state & (STEP | START) == STEP | START {
            next |= COUNT;
        }
        next | (state & (FORCE_LOAD | ONE_SHOT | LOAD_NEXT | ONE_SHOT_NEXT)) << 8
    }

    /// How long nothing but counting happens.
    #[inline]
    pub(super) fn quiet(&self) -> Quiet {
        if self.shifted() != self.state {
            return Quiet::No;
        }
        if self.state & COUNT == 0 {
            return Quiet::Idle;
        }
        NonZeroU16::new(self.counter.saturating_sub(1)).map_or(Quiet::No, Quiet::Counting)
    }

    /// Skips cycles that `quiet` allowed.
    #[inline]
    pub(super) fn skip(&mut self, cycles: u16) {
        if self.state & COUNT != 0 {
            self.counter -= cycles;
        }
    }

    /// One cycle. Returns whether the timer underflowed.
    pub(super) fn clock(&mut self) -> bool {
        if self.state & COUNT != 0 {
            self.counter = self.counter.wrapping_sub(1);
        }
        self.state = self.shifted();
        let underflows = self.counter == 0 && self.state & COUNT != 0;
        if underflows {
            self.state |= LOAD | UNDERFLOW;
            if self.state & (ONE_SHOT_NOW | ONE_SHOT_NEXT) != 0 {
                self.state &= !(START | COUNT_NEXT);
            }
            self.toggle = self.control & 0x06 == 0x06 && !self.toggle;
        }
        if self.state & LOAD != 0 {
            self.counter = self.latch;
            self.state &= !COUNT;
        }
        underflows
    }
}
