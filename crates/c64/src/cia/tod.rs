//! The time of day of a CIA: a clock in BCD that counts the mains frequency.
//!
//! Sources: the MOS 6526 data sheet; the documentation of VICE's `CIA/tod` tests for what the sheet
//! leaves out: the divider, midday, digits that are not BCD.

/// States of the divider of the mains frequency.
const STATES: u8 = 6;

const TENTHS: usize = 0;
const SECONDS: usize = 1;
const MINUTES: usize = 2;
const HOURS: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct TimeOfDay {
    /// Cycles from one tick of the mains to the next.
    period: u64,
    next_tick: u64,
    /// The divider. It is looked at before it counts: a change of frequency that comes too late
    /// costs a round.
    state: u8,
    clock: [u8; 4],
    latch: [u8; 4],
    alarm: [u8; 4],
    is_latched: bool,
    is_stopped: bool,
}

impl TimeOfDay {
    pub(super) fn new(period: u64) -> Self {
        // One o'clock is what most chips wake up with.
        let clock = [0, 0, 0, 1];
        Self {
            period,
            next_tick: 0,
            state: 0,
            clock,
            latch: clock,
            alarm: [0; 4],
            is_latched: false,
            is_stopped: true,
        }
    }

    pub(super) fn next_tick(&self) -> u64 {
        self.next_tick
    }

    /// Counts the ticks up to `cycle`; `by_five` is bit 7 of control register A. Returns whether
    /// the alarm was met.
    pub(super) fn run(&mut self, cycle: u64, by_five: bool) -> bool {
        let mut is_alarm = false;
        while self.next_tick <= cycle {
            self.next_tick += self.period;
            if self.is_stopped {
                continue;
            }
            let last = if by_five { STATES - 2 } else { STATES - 1 };
            if self.state == last {
                self.state = 0;
                self.advance();
                is_alarm |= self.clock == self.alarm;
            } else {
                self.state = (self.state + 1) % STATES;
            }
        }
        is_alarm
    }

    /// Reading the hours holds what is read until the tenths are read.
    pub(super) fn read(&mut self, register: usize) -> u8 {
        if !self.is_latched {
            self.latch = self.clock;
        }
        match register {
            TENTHS => self.is_latched = false,
            HOURS => self.is_latched = true,
            _ => (),
        }
        self.latch[register]
    }

    /// Sets the alarm or the clock, which stands from the hours to the tenths. Returns whether
    /// the alarm was met.
    pub(super) fn write(&mut self, register: usize, value: u8, to_alarm: bool) -> bool {
        let mut value = value & [0x0f, 0x7f, 0x7f, 0x9f][register];
        if to_alarm {
            let changed = self.alarm[register] != value;
            self.alarm[register] = value;
            return changed && self.clock == self.alarm;
        }
        match register {
            TENTHS if self.is_stopped => {
                self.state = 0;
                self.is_stopped = false;
            }
            HOURS => {
                self.is_stopped = true;
                // Twelve is written as the other half of the day.
                if value & 0x1f == 0x12 {
                    value ^= 0x80;
                }
            }
            _ => (),
        }
        let changed = self.clock[register] != value;
        self.clock[register] = value;
        changed && self.clock == self.alarm
    }

    fn advance(&mut self) {
        self.clock[TENTHS] = (self.clock[TENTHS] + 1) & 0x0f;
        if self.clock[TENTHS] != 10 {
            return;
        }
        self.clock[TENTHS] = 0;
        if !carry_sixty(&mut self.clock[SECONDS]) || !carry_sixty(&mut self.clock[MINUTES]) {
            return;
        }
        let hours = self.clock[HOURS];
        let mut half = hours & 0x80;
        let (tens, units) = (hours >> 4 & 1, hours & 0x0f);
        let (tens, units) = match (tens, units) {
            (0, 9) => (1, 0),
            (1, 2) => (0, 1),
            _ => (tens, (units + 1) & 0x0f),
        };
        if (tens, units) == (1, 2) && hours & 0x1f != 0x12 {
            half ^= 0x80;
        }
        self.clock[HOURS] = half | tens << 4 | units;
    }
}

/// Counts one in BCD; true when sixty are full.
fn carry_sixty(value: &mut u8) -> bool {
    let units = (*value + 1) & 0x0f;
    if units != 10 {
        *value = *value & 0x70 | units;
        return false;
    }
    let tens = ((*value >> 4) + 1) & 7;
    if tens != 6 {
        *value = tens << 4;
        return false;
    }
    *value = 0;
    true
}
