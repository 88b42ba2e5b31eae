//! The interrupt control register of a CIA: flags, mask, and the line to the CPU.
//!
//! 8521: reading the register releases the line at once, but what it holds fades two cycles later:
//! a second read in between still sees all of it. A flag that comes up in the cycle behind a read
//! sets the summary bit, but pulls the line one cycle later than otherwise; if the summary bit was
//! set and has not faded yet, it does not pull the line at all.
//!
//! 6526: summary bit and line follow a flag a cycle later. A read takes the flags away at once and
//! leaves the summary bit for two cycles; if it comes in the cycle of the flag, or in the one
//! before the line would be pulled, the interrupt is lost. Timer B's flag is lost when it comes up
//! in the cycle behind a read, though it interrupts.
//!
//! Sources: the behaviour of libsidplayfp 3.0.2 (`c64/CIA/interrupt.cpp`, `mos652x.cpp`), which
//! follows VICE's `CIA/cia-timer` and `CIA/dd0dtest` on real machines.

use super::CiaModel;

/// Flag of timer A.
pub(super) const TIMER_A: u8 = 0x01;
/// Flag of timer B.
pub(super) const TIMER_B: u8 = 0x02;
/// Flag of the alarm.
pub(super) const ALARM: u8 = 0x04;
/// Flag of the serial register.
pub(super) const SERIAL: u8 = 0x08;
/// Set in what is read where the CIA has interrupted; the sense of a write.
const SUMMARY: u8 = 0x80;
/// The flags without it.
const FLAGS: u8 = 0x1f;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct InterruptControl {
    model: CiaModel,
    mask: u8,
    flags: u8,
    /// Flags that arose since the last read.
    fresh: u8,
    is_asserted: bool,
    last_read: u64,
    last_write: u64,
    /// When the flags that were read fade; zero: nothing fades.
    fade_at: u64,
    /// When a flag that has come up pulls the line; zero: none is on its way.
    due_at: u64,
}

impl InterruptControl {
    pub(super) fn new(model: CiaModel) -> Self {
        Self {
            model,
            mask: 0,
            flags: 0,
            fresh: 0,
            is_asserted: false,
            last_read: 0,
            last_write: 0,
            fade_at: 0,
            due_at: 0,
        }
    }

    pub(super) fn is_asserted(&self) -> bool {
        self.is_asserted
    }

    /// Whether this flag would now pull the line.
    pub(super) fn would_assert(&self, flag: u8) -> bool {
        self.mask & flag != 0 && !self.is_asserted
    }

    /// The cycle at which the line may be pulled by a flag on its way.
    pub(super) fn due_at(&self) -> Option<u64> {
        (self.due_at != 0).then_some(self.due_at)
    }

    /// Does what is due by `cycle`, in its order.
    pub(super) fn advance(&mut self, cycle: u64) {
        if self.due_at != 0 && self.due_at <= cycle {
            let at = core::mem::take(&mut self.due_at);
            self.fade(at);
            self.arrive(at);
        }
        self.fade(cycle);
    }

    fn fade(&mut self, cycle: u64) {
        while self.fade_at != 0 && self.fade_at <= cycle {
            self.flags = self.fresh;
            if self.last_read + 1 == self.fade_at {
                self.fade_at += 1;
                self.fresh = 0;
            } else {
                self.fade_at = 0;
            }
        }
    }

    /// A flag that was on its way pulls the line.
    fn arrive(&mut self, cycle: u64) {
        match self.model {
            CiaModel::Mos8521 => self.is_asserted = true,
            CiaModel::Mos6526 => {
                if self.flags & SUMMARY == 0 {
                    self.flags |= SUMMARY;
                    self.is_asserted |= self.last_read + 1 != cycle;
                }
            }
        }
    }

    /// Sets a flag in the first half of `cycle`.
    pub(super) fn raise(&mut self, flag: u8, cycle: u64) {
        self.advance(cycle);
        self.flags |= flag;
        self.fresh |= flag;
        let is_behind_read = self.last_read + 1 == cycle;
        match self.model {
            CiaModel::Mos8521 => {
                if self.mask & flag == 0 || self.is_asserted {
                    return;
                }
                if !is_behind_read {
                    self.assert();
                } else if self.flags & SUMMARY == 0 {
                    self.flags |= SUMMARY;
                    self.fresh |= SUMMARY;
                    self.due_at = cycle + 1;
                }
            }
            CiaModel::Mos6526 => {
                if self.mask & flag != 0 && self.due_at == 0 {
                    self.due_at = cycle + 1;
                }
                if flag == TIMER_B && is_behind_read {
                    self.flags &= !TIMER_B;
                    self.fresh &= !TIMER_B;
                }
            }
        }
    }

    fn assert(&mut self) {
        self.flags |= SUMMARY;
        self.fresh |= SUMMARY;
        self.is_asserted = true;
    }

    /// Reads the register in the second half of `cycle`.
    pub(super) fn read(&mut self, cycle: u64) -> u8 {
        self.advance(cycle);
        let value = self.flags;
        self.last_read = cycle;
        self.is_asserted = false;
        match self.model {
            CiaModel::Mos8521 => self.due_at = 0,
            CiaModel::Mos6526 => self.flags &= SUMMARY,
        }
        if self.fade_at == 0 {
            self.fade_at = cycle + 2;
            self.fresh = 0;
        }
        value
    }

    /// Sets or clears bits of the mask in the second half of `cycle`. A flag that is already up
    /// interrupts then.
    pub(super) fn write(&mut self, value: u8, cycle: u64) {
        self.advance(cycle);
        if value & SUMMARY != 0 {
            self.mask |= value & !SUMMARY;
        } else {
            self.mask &= !value;
        }
        let is_behind_write = self.last_write + 1 == cycle;
        self.last_write = cycle;
        if self.last_read + 1 == cycle {
            return;
        }
        let is_wanted = self.flags & self.mask & FLAGS != 0;
        match self.model {
            CiaModel::Mos8521 => {
                if is_wanted && !self.is_asserted {
                    self.assert();
                }
            }
            CiaModel::Mos6526 => {
                if is_wanted && self.due_at == 0 {
                    self.due_at = cycle + 2;
                } else if !is_wanted && is_behind_write {
                    self.due_at = 0;
                }
            }
        }
    }
}
