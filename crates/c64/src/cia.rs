//! The CIA, 6526 or 8521: ports, two timers, clock, serial register.
//!
//! Time passes when someone looks: a register access or a due event brings the chip up to the
//! current cycle. Sources: the MOS 6526 data sheet; "A Software Model of the CIA6526" (Wolfgang
//! Lorenz); the behaviour of libsidplayfp 3.0.2 (`c64/CIA/mos652x.cpp`).

mod interrupt;
mod serial;
mod timer;
mod tod;

use interrupt::InterruptControl;
use serial::SerialPort;
use timer::{Quiet, Timer};
use tod::TimeOfDay;

const PORT_A: u8 = 0x00;
const PORT_B: u8 = 0x01;
const CONTROL_A: usize = 0x0e;
const CONTROL_B: usize = 0x0f;

/// An event that never comes.
const NEVER: u64 = u64::MAX;

/// Which CIA it is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum CiaModel {
    /// The first one: it interrupts a cycle later.
    Mos6526,
    /// The one of later machines.
    #[default]
    Mos8521,
}

/// One CIA.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cia {
    registers: [u8; 16],
    timer_a: Timer,
    timer_b: Timer,
    interrupt: InterruptControl,
    tod: TimeOfDay,
    serial: SerialPort,
    /// Timer A has underflowed in the first half of this cycle, and timer B counts that.
    step_waits: bool,
    /// Timers and clock are as they stand after the first half of this cycle.
    now: u64,
    next_event: u64,
}

impl Cia {
    /// A CIA at power-on; `tod_period` is the number of cycles between ticks of the mains.
    pub fn new(model: CiaModel, tod_period: u64) -> Self {
        let mut cia = Self {
            registers: [0; 16],
            timer_a: Timer::new(),
            timer_b: Timer::new(),
            interrupt: InterruptControl::new(model),
            tod: TimeOfDay::new(tod_period),
            serial: SerialPort::new(),
            step_waits: false,
            now: 0,
            next_event: 0,
        };
        cia.plan();
        cia
    }

    /// Whether the chip pulls its interrupt line.
    #[inline]
    pub fn is_interrupting(&self) -> bool {
        self.interrupt.is_asserted()
    }

    /// The cycle at which the chip must run on its own, since its line may change.
    #[inline]
    pub fn next_event(&self) -> u64 {
        self.next_event
    }

    /// What timer A counts from.
    pub fn timer_a_latch(&self) -> u16 {
        self.timer_a.latch()
    }

    /// Brings the chip to the first half of `cycle`.
    pub fn run(&mut self, cycle: u64) {
        self.catch_up(cycle);
        self.plan();
    }

    /// Reads a register in the second half of `cycle`.
    pub fn read(&mut self, register: u8, cycle: u64) -> u8 {
        self.catch_up(cycle);
        let register = register & 0x0f;
        let [_, _, direction_a, direction_b, ..] = self.registers;
        let value = match register {
            PORT_A => self.registers[0] | !direction_a,
            PORT_B => self.port_b(self.registers[1] | !direction_b),
            0x04 => self.timer_a.counter().to_le_bytes()[0],
            0x05 => self.timer_a.counter().to_le_bytes()[1],
            0x06 => self.timer_b.counter().to_le_bytes()[0],
            0x07 => self.timer_b.counter().to_le_bytes()[1],
            0x08..=0x0b => self.tod.read(usize::from(register - 0x08)),
            0x0d => self.interrupt.read(cycle),
            0x0e => self.registers[CONTROL_A] & 0xee | u8::from(self.timer_a.is_started()),
            0x0f => self.registers[CONTROL_B] & 0xee | u8::from(self.timer_b.is_started()),
            _ => self.registers[usize::from(register)],
        };
        self.plan();
        value
    }

    /// Writes a register in the second half of `cycle`. The line may change at once; what the
    /// CPU notices of it counts from the next cycle.
    pub fn write(&mut self, register: u8, value: u8, cycle: u64) {
        self.catch_up(cycle);
        let register = usize::from(register & 0x0f);
        let was = core::mem::replace(&mut self.registers[register], value);
        match register {
            0x04 => self.timer_a.set_latch_low(value),
            0x05 => self.timer_a.set_latch_high(value),
            0x06 => self.timer_b.set_latch_low(value),
            0x07 => self.timer_b.set_latch_high(value),
            0x08..=0x0b => {
                let to_alarm = self.registers[CONTROL_B] & 0x80 != 0;
                if self.tod.write(register - 0x08, value, to_alarm) {
                    self.interrupt.raise(interrupt::ALARM, cycle);
                }
            }
            0x0c => self.serial.write(cycle),
            0x0d => self.interrupt.write(value, cycle),
            CONTROL_A => {
                if (value ^ was) & 0x40 != 0 {
                    self.serial.change_direction(value & 0x40 != 0, cycle);
                }
                self.timer_a.set_control(value, was);
            }
            // Bit 6 makes timer B count timer A; like bit 5, it keeps it from counting cycles.
            CONTROL_B => self.timer_b.set_control(value | (value & 0x40) >> 1, was),
            _ => (),
        }
        self.plan();
    }

    /// Timer outputs replace bits 6 and 7 of port B where the control registers say so.
    fn port_b(&self, mut value: u8) -> u8 {
        if self.registers[CONTROL_A] & 0x02 != 0 {
            value = value & !0x40 | u8::from(self.timer_a.output()) << 6;
        }
        if self.registers[CONTROL_B] & 0x02 != 0 {
            value = value & !0x80 | u8::from(self.timer_b.output()) << 7;
        }
        value
    }

    fn is_cascaded(&self) -> bool {
        self.registers[CONTROL_B] & 0x41 == 0x41 && self.timer_b.is_started()
    }

    fn catch_up(&mut self, cycle: u64) {
        while self.now < cycle {
            let left = (cycle - self.now).min(self.until_serial());
            let skipped = self.skip(left);
            if skipped > 0 {
                self.now += skipped;
                continue;
            }
            self.now += 1;
            if self.serial.begin_cycle(self.now) {
                self.interrupt.raise(interrupt::SERIAL, self.now);
            }
            if self.timer_a.clock() {
                self.underflow_a();
            }
            if self.timer_b.clock() {
                self.interrupt.raise(interrupt::TIMER_B, self.now);
            }
            if core::mem::take(&mut self.step_waits) {
                self.timer_b.step();
            }
            self.serial.end_cycle(self.now);
        }
        self.interrupt.advance(cycle);
        if self.tod.next_tick() <= cycle
            && self.tod.run(cycle, self.registers[CONTROL_A] & 0x80 != 0)
        {
            self.interrupt.raise(interrupt::ALARM, cycle);
        }
    }

    /// Skips up to `left` cycles in which neither timer does more than count.
    fn skip(&mut self, left: u64) -> u64 {
        let allowed = |quiet| match quiet {
            Quiet::No => 0,
            Quiet::Counting(cycles) => u64::from(cycles.get()),
            Quiet::Idle => NEVER,
        };
        let cycles = left
            .min(allowed(self.timer_a.quiet()))
            .min(allowed(self.timer_b.quiet()));
        // With both timers idle `cycles` may be large, and neither counts.
        let counted = cycles as u16;
        self.timer_a.skip(counted);
        self.timer_b.skip(counted);
        cycles
    }

    fn underflow_a(&mut self) {
        self.interrupt.raise(interrupt::TIMER_A, self.now);
        if self.is_cascaded() {
            self.step_waits = true;
        }
        if self.registers[CONTROL_A] & 0x40 != 0 {
            self.serial.clock(self.now);
        }
    }

    /// Cycles that may pass before the serial register does something.
    fn until_serial(&self) -> u64 {
        self.serial.next_event().saturating_sub(self.now + 1)
    }

    /// Sets the cycle at which the line could change next, or an earlier one.
    fn plan(&mut self) {
        let mut next = self.interrupt.due_at().unwrap_or(NEVER);
        let cascades = self.is_cascaded();
        let a_matters = self.interrupt.would_assert(interrupt::TIMER_A)
            || (cascades && self.interrupt.would_assert(interrupt::TIMER_B))
            || (self.registers[CONTROL_A] & 0x40 != 0
                && self.interrupt.would_assert(interrupt::SERIAL));
        if a_matters {
            next = next.min(self.until_busy(&self.timer_a));
        }
        if self.interrupt.would_assert(interrupt::TIMER_B) {
            next = next.min(self.until_busy(&self.timer_b));
        }
        if self.interrupt.would_assert(interrupt::SERIAL) {
            next = next.min(self.serial.next_flag());
        }
        if self.interrupt.would_assert(interrupt::ALARM) {
            next = next.min(self.tod.next_tick());
        }
        self.next_event = next;
    }

    fn until_busy(&self, timer: &Timer) -> u64 {
        match timer.quiet() {
            Quiet::No => self.now + 1,
            // The cycle behind the quiet ones underflows.
            Quiet::Counting(cycles) => self.now + u64::from(cycles.get()) + 1,
            Quiet::Idle => NEVER,
        }
    }
}
