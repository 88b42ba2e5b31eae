//! What Wolfgang Lorenz' C64 Emulator Test Suite (2.15, public domain) says of CIA and port, with
//! the tables of its documentation. It was made on a real machine; where it is told, new chips are
//! those of the VICE project's version.

mod cia_bench;

use c64::banking::Port;
use c64::cia::CiaModel;
use cia_bench::Bench;

const NEW: CiaModel = CiaModel::Mos8521;
const OLD: CiaModel = CiaModel::Mos6526;
const TIMER_A: u8 = 4;
const TIMER_B: u8 = 6;
const ICR: u8 = 13;
const CONTROL_A: u8 = 14;
const CONTROL_B: u8 = 15;

impl Bench {
    fn new(model: CiaModel) -> Self {
        Self::at(model, 100)
    }

    /// Stops both timers and puts a value into a timer and another one into its latch.
    fn set(&mut self, timer: u8, counter: u16, latch: u16) {
        self.write(CONTROL_A, 0);
        self.write(CONTROL_B, 0);
        let [low, high] = counter.to_le_bytes();
        self.write(timer, low);
        self.write(timer + 1, high);
        // While a timer runs, its high byte only reaches the latch. It runs on the pin CNT, which
        // stands still.
        let control = CONTROL_A + (timer - TIMER_A) / 2;
        self.write(control, 0x21);
        let [low, high] = latch.to_le_bytes();
        self.write(timer, low);
        self.write(timer + 1, high);
        self.write(control, 0x00);
        self.cycle += 20;
    }

    /// What a read so many cycles behind the last write finds; nothing is disturbed.
    fn peek(&self, register: u8, behind: u64) -> u8 {
        self.cia.clone().read(register, self.cycle + behind)
    }
}

#[test]
fn cascaded_timers_their_outputs_and_flags_step_together() {
    let tables = [
        (4, [1, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2, 2]),
        (6, [2, 2, 2, 1, 1, 1, 0, 0, 2, 2, 2, 2]),
        (
            1,
            [
                0x80, 0xc0, 0x80, 0x80, 0xc0, 0x80, 0x80, 0xc0, 0x00, 0x00, 0x40, 0x00,
            ],
        ),
    ];
    let flags = |ninth| [0, 1, 1, 1, 1, 1, 1, 1, ninth, 0x83, 0x83, 0x83];
    for (model, ninth) in [(OLD, 0x03), (NEW, 0x83)] {
        let mut bench = Bench::new(model);
        for (register, value) in [(3, 0xff), (1, 0x00), (14, 0x00), (15, 0x00), (13, 0x7f)] {
            bench.write(register, value);
        }
        bench.cia.read(ICR, bench.cycle + 2);
        for (register, value) in [(4, 21), (6, 2), (5, 0), (7, 0), (4, 2), (13, 0x82)] {
            bench.write(register, value);
        }
        bench.write(CONTROL_B, 0x47);
        bench.write(CONTROL_A, 0x03);
        let start = (1..60)
            .find(|&behind| bench.peek(TIMER_A, behind) == 1)
            .expect("timer A counts down");
        let tables = tables.into_iter().chain([(ICR, flags(ninth))]);
        for (register, expected) in tables {
            let found: Vec<_> = (0..12)
                .map(|step| bench.peek(register, start + step))
                .collect();
            assert_eq!(found, expected, "{model:?}, register {register}");
        }
    }
}

#[test]
fn control_reaches_the_counter_cycle_by_cycle() {
    use Step::{Count, Keep, Load};
    #[derive(Clone, Copy)]
    enum Step {
        Keep,
        Count,
        Load,
    }
    let table = [
        (0x00, 0x01, [Keep, Keep, Count, Count]),
        (0x00, 0x10, [Keep, Load, Keep, Keep]),
        (0x00, 0x11, [Keep, Load, Keep, Count]),
        (0x01, 0x11, [Count, Load, Keep, Count]),
        (0x01, 0x10, [Count, Load, Keep, Keep]),
        (0x01, 0x00, [Count, Count, Keep, Keep]),
    ];
    for timer in [TIMER_A, TIMER_B] {
        let control = CONTROL_A + (timer - TIMER_A) / 2;
        for (before, written, steps) in table {
            let mut bench = Bench::new(NEW);
            bench.set(timer, 0x80, 0x33);
            bench.write(control, before);
            bench.cycle += 20;
            bench.write(control, written);
            let mut value = bench.peek(timer, 0);
            for (behind, step) in (1..).zip(steps) {
                value = match step {
                    Keep => value,
                    Count => value - 1,
                    Load => 0x33,
                };
                let found = bench.peek(timer, behind);
                assert_eq!(found, value, "{before:02X} {written:02X}, {behind} behind");
            }
        }
    }
}

#[test]
fn one_shot_counts_if_it_is_set_a_cycle_before_the_underflow() {
    // Counter, control written first and four cycles later, what is read four cycles on.
    let table = [
        (3, 0x01, 0x09, 255),
        (2, 0x01, 0x09, 252),
        (3, 0x09, 0x01, 255),
        (4, 0x09, 0x01, 254),
    ];
    for (counter, first, second, expected) in table {
        let mut bench = Bench::new(OLD);
        bench.set(TIMER_A, counter, 0xffff);
        bench.write(CONTROL_A, first);
        bench.write(CONTROL_A, second);
        let found = bench.peek(TIMER_A, 4) & bench.peek(TIMER_A + 1, 8);
        assert_eq!(found, expected, "{counter}, {first:02X} to {second:02X}");
    }
}

#[test]
fn only_the_high_byte_loads_and_only_a_timer_that_stands() {
    for (timer, control) in [(TIMER_A, CONTROL_A), (TIMER_B, CONTROL_B)] {
        for is_running in [false, true] {
            for is_high in [false, true] {
                let mut bench = Bench::new(NEW);
                bench.set(timer, 0x4040, 0x4040);
                // On the pin CNT it runs without counting.
                bench.write(control, if is_running { 0x21 } else { 0x20 });
                bench.write(timer + u8::from(is_high), 0x77);
                let loaded = bench.peek(timer + u8::from(is_high), 20) == 0x77;
                assert_eq!(loaded, is_high && !is_running);
            }
        }
    }
}

#[test]
fn the_input_of_a_timer_is_switched_two_cycles_late() {
    let mut bench = Bench::new(NEW);
    bench.set(TIMER_A, 0x80, 0x80);
    bench.write(CONTROL_A, 0x01);
    bench.cycle += 20;
    bench.write(CONTROL_A, 0x21);
    let at = |bench: &Bench, behind| bench.peek(TIMER_A, behind);
    let value = at(&bench, 0);
    let behind: Vec<_> = (1..6).map(|behind| value - at(&bench, behind)).collect();
    assert_eq!(behind, [1, 2, 2, 2, 2]);
    bench.cycle += 20;
    bench.write(CONTROL_A, 0x01);
    let value = at(&bench, 0);
    let behind: Vec<_> = (1..6).map(|behind| value - at(&bench, behind)).collect();
    assert_eq!(behind, [0, 0, 1, 2, 3]);
}

/// Three reads of the flags, four cycles apart, behind the start of a timer; and whether the line
/// was pulled.
fn flags_around_an_underflow(model: CiaModel, latch: u8) -> ([u8; 3], bool) {
    let mut bench = Bench::new(model);
    for (register, value) in [(14, 0), (15, 0), (13, 0x7f), (13, 0x81)] {
        bench.write(register, value);
    }
    bench.cia.read(ICR, bench.cycle + 2);
    for (register, value) in [(4, latch), (5, 0)] {
        bench.write(register, value);
    }
    bench.cycle += 40;
    bench.write(CONTROL_A, 0x09);
    let mut is_pulled = false;
    let mut flags = [0; 3];
    for behind in 1..=20 {
        let cycle = bench.cycle + behind;
        bench.cia.run(cycle);
        is_pulled |= bench.cia.is_interrupting();
        let reads = [4, 8, 12].iter().position(|&at| at == behind);
        if let Some(read) = reads {
            flags[read] = bench.cia.read(ICR, cycle);
        }
    }
    (flags, is_pulled)
}

#[test]
fn reading_the_flags_around_an_underflow() {
    let old = [
        (1, ([0x81, 0, 0], true)),
        (2, ([0x01, 0, 0], false)),
        (3, ([0x00, 0x81, 0], true)),
    ];
    let new = [
        (2, ([0x81, 0, 0], true)),
        (3, ([0x00, 0x81, 0], true)),
        (4, ([0x00, 0x81, 0], true)),
    ];
    for (model, table) in [(OLD, old), (NEW, new)] {
        for (latch, expected) in table {
            let found = flags_around_an_underflow(model, latch);
            assert_eq!(found, expected, "{model:?}, latch {latch}");
        }
    }
}

#[test]
fn the_mask_can_set_an_interrupt_and_only_a_read_clears_it() {
    for (model, late) in [(NEW, 0), (OLD, 1)] {
        let mut bench = Bench::new(model);
        bench.write(TIMER_A, 4);
        bench.write(TIMER_A + 1, 0);
        bench.write(CONTROL_A, 0x09);
        bench.cycle += 40;
        assert_eq!(bench.peek(ICR, 0), 0x01);
        bench.write(ICR, 0x81);
        for behind in 1..=3 {
            bench.cia.run(bench.cycle + behind);
            assert_eq!(bench.cia.is_interrupting(), behind > late, "{model:?}");
        }
        bench.write(ICR, 0x01);
        bench.cia.run(bench.cycle + 3);
        assert!(bench.cia.is_interrupting(), "{model:?}");
        assert_eq!(bench.cia.read(ICR, bench.cycle + 4), 0x81, "{model:?}");
        assert!(!bench.cia.is_interrupting());
    }
}

#[test]
fn the_port_reads_as_it_was_left() {
    // Four writes of 00 or FF to either register, in all orders.
    for config in 0..=255u8 {
        let mut port = Port::default();
        let mut cycle = 1;
        port.write_direction(0xff, cycle);
        port.write(0xff, cycle);
        let (mut direction, mut data, mut last) = (0xff, 0xff, 0xffu8);
        for pair in 0..4 {
            let value = if config >> (2 * pair) & 1 == 1 {
                0xff
            } else {
                0x00
            };
            cycle += 1280;
            if config >> (2 * pair + 1) & 1 == 1 {
                data = value;
                port.write(value, cycle);
            } else {
                direction = value;
                port.write_direction(value, cycle);
            }
            // Inputs keep what they were driven to.
            last = !direction & last | direction & data;
        }
        let pulled_up = (!direction | data) & 0x37;
        let mut expected = pulled_up | last & 0xc8;
        if direction & 0x20 == 0 {
            expected &= !0x20;
        }
        assert_eq!(port.direction(), direction);
        assert_eq!(port.read(cycle), expected, "{config:08b}");
    }
}
