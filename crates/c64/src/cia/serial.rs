//! The serial register of a CIA as it sends: timer A clocks it, nobody receives.
//!
//! The CNT pin turns two cycles behind an underflow of timer A. The register's flag comes up two
//! cycles behind its fifteenth turn; a byte that waits then follows without a pause. A register
//! that becomes an input while the pin is low, or is about to turn, finishes its byte when it
//! becomes an output again. Source: the
//! MOS 6526 data sheet for the register, the behaviour of libsidplayfp 3.0.2
//! (`c64/CIA/SerialPort.cpp`) for the delays, which come from VICE's `CIA/shiftregister` tests.

use super::NEVER;

/// Turns of the CNT pin for a byte.
const TURNS: u8 = 16;
/// Cycles from an underflow to the pin's turn, and from there to the flag.
const DELAY: u64 = 2;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct SerialPort {
    /// A byte is in the register, another one waits behind it.
    is_loaded: bool,
    is_waiting: bool,
    /// Turns that are left of the byte being sent.
    turns: u8,
    /// When a byte that was written arrives.
    load_at: u64,
    /// When the pin turns.
    turn_at: u64,
    /// Until when an underflow that comes does not turn the pin again.
    blocked_until: u64,
    /// When the flag comes up.
    flag_at: u64,
    /// The pin is high; its last two turns.
    is_high: bool,
    turned_at: [u64; 2],
    /// The flag comes up when the register becomes an output.
    must_finish: bool,
}

impl SerialPort {
    pub(super) fn new() -> Self {
        Self {
            is_loaded: false,
            is_waiting: false,
            turns: 0,
            load_at: NEVER,
            turn_at: NEVER,
            blocked_until: 0,
            flag_at: NEVER,
            is_high: true,
            turned_at: [0; 2],
            must_finish: false,
        }
    }

    /// The next cycle in which something happens without an underflow.
    pub(super) fn next_event(&self) -> u64 {
        self.load_at.min(self.turn_at).min(self.flag_at)
    }

    /// The cycle in which the flag could come up at the earliest, underflows apart.
    pub(super) fn next_flag(&self) -> u64 {
        self.turn_at.min(self.flag_at)
    }

    /// A byte was written in `cycle`.
    pub(super) fn write(&mut self, cycle: u64) {
        self.load_at = cycle + 1;
    }

    /// The direction has changed in the second half of `cycle`: what was under way is forgotten.
    pub(super) fn change_direction(&mut self, is_output: bool, cycle: u64) {
        if !is_output {
            let was_low = [1, 2].iter().any(|ago| !self.level(cycle - ago));
            let turns_next = self.turn_at == cycle + 1 && self.turns != 2;
            self.must_finish = was_low || turns_next;
        } else if core::mem::take(&mut self.must_finish) {
            self.flag_at = cycle + DELAY;
        }
        self.set_level(true, cycle);
        self.is_loaded = false;
        self.is_waiting = false;
        self.turns = 0;
        self.turn_at = NEVER;
        self.blocked_until = 0;
    }

    /// Whether the pin was high in a cycle not long ago.
    fn level(&self, cycle: u64) -> bool {
        let [last, before] = self.turned_at;
        self.is_high == (last <= cycle || before > cycle)
    }

    fn set_level(&mut self, is_high: bool, cycle: u64) {
        if self.is_high != is_high {
            self.is_high = is_high;
            self.turned_at = [cycle, self.turned_at[0]];
        }
    }

    /// First half of `cycle`, before the timer. Returns whether the flag comes up.
    pub(super) fn begin_cycle(&mut self, cycle: u64) -> bool {
        if self.turn_at <= cycle {
            self.turn_at = NEVER;
            self.turn(cycle);
        }
        if self.flag_at <= cycle {
            self.flag_at = NEVER;
            return true;
        }
        false
    }

    fn turn(&mut self, cycle: u64) {
        if self.turns == 0 {
            return;
        }
        self.set_level(!self.is_high, cycle);
        self.turns -= 1;
        if self.turns == 1 {
            self.flag_at = cycle + DELAY;
            self.is_loaded = core::mem::take(&mut self.is_waiting);
        }
    }

    /// Timer A has underflowed in `cycle`.
    pub(super) fn clock(&mut self, cycle: u64) {
        if self.is_loaded && self.turns == 0 {
            self.turns = TURNS;
        }
        if self.turns == 0 {
            return;
        }
        if self.turn_at == NEVER && self.blocked_until <= cycle {
            self.turn_at = cycle + DELAY;
        } else {
            self.blocked_until = cycle + DELAY;
        }
    }

    /// Second half of `cycle`.
    pub(super) fn end_cycle(&mut self, cycle: u64) {
        if self.load_at <= cycle {
            self.load_at = NEVER;
            if self.is_loaded {
                self.is_waiting = true;
            } else {
                self.is_loaded = true;
            }
        }
    }
}
