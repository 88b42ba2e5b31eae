//! The interrupt control register of a CIA (8521): flags, mask, and the line to the CPU.
//!
//! Reading the register releases the line at once, but its flags fade two cycles later: a second
//! read in between still sees them, without the summary bit. A flag that comes up in the cycle
//! behind a read pulls the line one cycle later than otherwise; if that read found the summary
//! bit, which has not faded yet, it does not pull the line at all. Source: the behaviour of
//! libsidplayfp 3.0.2 (`c64/CIA/interrupt.cpp`).

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

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct InterruptControl {
    model: CiaModel,
    mask: u8,
    flags: u8,
    /// Flags that arose since the last read.
    fresh: u8,
    is_asserted: bool,
    last_read: u64,
    /// What the last read found.
    last_value: u8,
    /// When the flags that were read fade; zero: nothing fades.
    fade_at: u64,
    /// When a flag that came up right behind a read pulls the line; zero: none did.
    late_at: u64,
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
            last_value: 0,
            fade_at: 0,
            late_at: 0,
        }
    }

    pub(super) fn is_asserted(&self) -> bool {
        self.is_asserted
    }

    /// Whether this flag would now pull the line.
    pub(super) fn would_assert(&self, flag: u8) -> bool {
        self.mask & flag != 0 && !self.is_asserted
    }

    fn settle(&mut self, cycle: u64) {
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

    /// Sets a flag in the first half of `cycle`.
    pub(super) fn raise(&mut self, flag: u8, cycle: u64) {
        self.settle(cycle);
        self.flags |= flag;
        self.fresh |= flag;
        if self.mask & flag == 0 || self.is_asserted {
            return;
        }
        if self.last_read + 1 == cycle {
            if self.last_value & SUMMARY == 0 {
                self.late_at = cycle + 1;
            }
        } else {
            self.assert();
        }
    }

    /// The cycle at which the line will be pulled late, if one waits.
    pub(super) fn late_at(&self) -> Option<u64> {
        (self.late_at != 0).then_some(self.late_at)
    }

    /// Pulls the line if that was due by `cycle`.
    pub(super) fn catch_up(&mut self, cycle: u64) {
        if self.late_at != 0 && self.late_at <= cycle {
            self.late_at = 0;
            self.assert();
        }
    }

    fn assert(&mut self) {
        self.flags |= SUMMARY;
        self.fresh |= SUMMARY;
        self.is_asserted = true;
    }

    pub(super) fn read(&mut self, cycle: u64) -> u8 {
        self.settle(cycle);
        let value = self.flags;
        self.last_read = cycle;
        self.last_value = value;
        self.flags &= !SUMMARY;
        self.is_asserted = false;
        self.late_at = 0;
        if self.fade_at == 0 {
            self.fade_at = cycle + 2;
            self.fresh = 0;
        }
        value
    }

    /// Sets or clears bits of the mask. A flag that is already up interrupts then.
    pub(super) fn write(&mut self, value: u8, cycle: u64) {
        self.settle(cycle);
        if value & SUMMARY != 0 {
            self.mask |= value & !SUMMARY;
        } else {
            self.mask &= !value;
        }
        if self.last_read + 1 != cycle && self.flags & self.mask & 0x1f != 0 && !self.is_asserted {
            self.assert();
        }
    }
}
