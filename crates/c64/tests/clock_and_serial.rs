//! The CIA's time of day and serial register. What is expected: the MOS 6526 data sheet, and the
//! documentation of VICE's `CIA/tod` and `CIA/shiftregister` tests for what it leaves out.

mod cia_bench;

use c64::cia::{Cia, CiaModel};
use cia_bench::{Bench, MAINS};

const TENTHS: u8 = 8;
const SECONDS: u8 = 9;
const MINUTES: u8 = 10;
const HOURS: u8 = 11;
const ICR: u8 = 13;
const CONTROL_A: u8 = 14;
const CONTROL_B: u8 = 15;
/// Control register A for 50 Hz.
const FIFTY: u8 = 0x80;
const ALARM: u8 = 0x80;

impl Bench {
    fn new(model: CiaModel) -> Self {
        let mut bench = Self::at(model, 10);
        bench.write(CONTROL_A, FIFTY);
        bench
    }

    fn read(&mut self, register: u8) -> u8 {
        self.cycle += 4;
        self.cia.read(register, self.cycle)
    }

    fn ticks(&mut self, ticks: u64) {
        self.cycle += ticks * MAINS;
        self.cia.run(self.cycle);
    }

    fn tenths(&mut self, tenths: u64) {
        self.ticks(5 * tenths);
    }

    /// Sets hours, minutes, seconds and tenths in the order that stops and starts the clock.
    fn set(&mut self, time: [u8; 4]) {
        for (register, value) in [HOURS, MINUTES, SECONDS, TENTHS].into_iter().zip(time) {
            self.write(register, value);
        }
    }

    fn set_alarm(&mut self, time: [u8; 4]) {
        self.write(CONTROL_B, ALARM);
        self.set(time);
        self.write(CONTROL_B, 0);
    }

    fn time(&mut self) -> [u8; 4] {
        [HOURS, MINUTES, SECONDS, TENTHS].map(|register| self.read(register))
    }
}

fn bench() -> Bench {
    Bench::new(CiaModel::Mos8521)
}

#[test]
fn at_power_on_it_stands_at_one_o_clock() {
    let mut bench = bench();
    assert_eq!(bench.time(), [0x01, 0, 0, 0]);
    bench.tenths(30);
    // Reading from the hours to the tenths does not start it.
    assert_eq!(bench.time(), [0x01, 0, 0, 0]);
    // The alarm is at zero, which is not met.
    assert_eq!(bench.read(ICR) & 4, 0);
}

/// The time after a tenth of a second.
#[track_caller]
fn check_step(before: [u8; 4], after: [u8; 4]) {
    let mut bench = bench();
    bench.set(before);
    bench.tenths(1);
    assert_eq!(bench.time(), after, "{before:02X?}");
}

#[test]
fn digits_carry() {
    check_step([0x01, 0x00, 0x00, 0], [0x01, 0x00, 0x00, 1]);
    check_step([0x01, 0x00, 0x00, 9], [0x01, 0x00, 0x01, 0]);
    check_step([0x01, 0x00, 0x59, 9], [0x01, 0x01, 0x00, 0]);
    check_step([0x01, 0x59, 0x59, 9], [0x02, 0x00, 0x00, 0]);
    check_step([0x09, 0x59, 0x59, 9], [0x10, 0x00, 0x00, 0]);
    check_step([0x10, 0x59, 0x59, 9], [0x11, 0x00, 0x00, 0]);
    // Noon and midnight turn the half of the day, one o'clock does not.
    check_step([0x11, 0x59, 0x59, 9], [0x92, 0x00, 0x00, 0]);
    check_step([0x91, 0x59, 0x59, 9], [0x12, 0x00, 0x00, 0]);
    check_step([0x12, 0x59, 0x59, 9], [0x81, 0x00, 0x00, 0]);
}

#[test]
fn digits_that_are_none_count_on_in_binary() {
    check_step([0x01, 0x00, 0x00, 0x0a], [0x01, 0x00, 0x00, 0x0b]);
    check_step([0x01, 0x00, 0x00, 0x0f], [0x01, 0x00, 0x00, 0x00]);
    check_step([0x01, 0x00, 0x0b, 9], [0x01, 0x00, 0x0c, 0]);
    check_step([0x01, 0x00, 0x79, 9], [0x01, 0x00, 0x00, 0]);
    check_step([0x01, 0x6a, 0x59, 9], [0x01, 0x6b, 0x00, 0]);
    check_step([0x0d, 0x59, 0x59, 9], [0x0e, 0x00, 0x00, 0]);
}

#[test]
fn twelve_is_written_as_the_other_half_of_the_day() {
    for (written, read) in [(0x12, 0x92), (0x92, 0x12), (0x11, 0x11), (0x81, 0x81)] {
        let mut bench = bench();
        bench.set([written, 0, 0, 0]);
        assert_eq!(bench.read(HOURS), read, "{written:02X}");
    }
}

#[test]
fn hours_stop_it_and_tenths_start_it() {
    let mut bench = bench();
    bench.set([0x03, 0, 0, 0]);
    bench.write(HOURS, 0x04);
    bench.tenths(3);
    assert_eq!(bench.time(), [0x04, 0, 0, 0]);
    for register in [SECONDS, MINUTES] {
        bench.write(register, 1);
        bench.tenths(3);
    }
    assert_eq!(bench.time(), [0x04, 1, 1, 0]);
    bench.write(TENTHS, 0);
    bench.tenths(3);
    assert_eq!(bench.time(), [0x04, 1, 1, 3]);
    // Setting the alarm does neither.
    bench.set_alarm([0x05, 0, 0, 0]);
    bench.tenths(2);
    assert_eq!(bench.time(), [0x04, 1, 1, 5]);
}

#[test]
fn reading_the_hours_holds_the_time_until_the_tenths_are_read() {
    let mut bench = bench();
    bench.set([0x01, 0, 0, 0]);
    assert_eq!(bench.read(HOURS), 0x01);
    bench.tenths(25);
    assert_eq!(bench.read(SECONDS), 0);
    assert_eq!(bench.read(HOURS), 0x01);
    assert_eq!(bench.read(TENTHS), 0);
    // Without the hours nothing is held.
    assert_eq!((bench.read(SECONDS), bench.read(TENTHS)), (2, 5));
    bench.tenths(1);
    assert_eq!((bench.read(SECONDS), bench.read(TENTHS)), (2, 6));
}

#[test]
fn starting_starts_the_divider_and_other_writes_do_not() {
    let mut bench = bench();
    bench.set([0x01, 0, 0, 0]);
    bench.ticks(3);
    bench.set([0x01, 0, 0, 0]);
    bench.ticks(4);
    assert_eq!(bench.read(TENTHS), 0);
    bench.ticks(1);
    assert_eq!(bench.read(TENTHS), 1);
    bench.ticks(3);
    bench.write(SECONDS, 5);
    bench.write(MINUTES, 5);
    bench.write(TENTHS, 1);
    bench.ticks(2);
    assert_eq!(bench.read(TENTHS), 2);
}

#[test]
fn the_divider_counts_five_or_six_and_misses_a_late_change() {
    for (control, ticks) in [(FIFTY, 5), (0, 6)] {
        let mut bench = bench();
        bench.write(CONTROL_A, control);
        bench.set([0x01, 0, 0, 0]);
        bench.ticks(ticks - 1);
        assert_eq!(bench.read(TENTHS), 0);
        bench.ticks(1);
        assert_eq!(bench.read(TENTHS), 1);
    }
    // At 60 Hz it stands behind the place at which 50 Hz looks: it goes round.
    let mut bench = bench();
    bench.write(CONTROL_A, 0);
    bench.set([0x01, 0, 0, 0]);
    bench.ticks(5);
    bench.write(CONTROL_A, FIFTY);
    bench.ticks(5);
    assert_eq!(bench.read(TENTHS), 0);
    bench.ticks(1);
    assert_eq!(bench.read(TENTHS), 1);
}

#[test]
fn the_alarm_is_met_by_counting_and_by_writing() {
    let mut bench = bench();
    bench.set_alarm([0x01, 0, 0, 2]);
    bench.set([0x01, 0, 0, 0]);
    // On the way the alarm was that of power-on.
    bench.read(ICR);
    bench.tenths(1);
    assert_eq!(bench.read(ICR) & 4, 0);
    bench.tenths(1);
    assert_eq!(bench.read(ICR) & 4, 4);
    bench.tenths(1);
    assert_eq!(bench.read(ICR) & 4, 0);
    // The time is written piece by piece; only the last one makes it equal.
    let mut bench = self::bench();
    bench.set([0x09, 0x12, 0x30, 3]);
    bench.set_alarm([0, 0, 0, 0]);
    assert_eq!(bench.read(ICR) & 4, 0);
    for (register, met) in [(TENTHS, 0), (SECONDS, 0), (MINUTES, 0), (HOURS, 4)] {
        bench.write(register, 0);
        assert_eq!(bench.read(ICR) & 4, met, "register {register}");
    }
    // And so does writing the alarm.
    let mut bench = self::bench();
    bench.set([0x02, 0x03, 0x04, 5]);
    bench.set_alarm([0x02, 0x03, 0x04, 5]);
    assert_eq!(bench.read(ICR) & 4, 4);
}

/// The cycles behind the start of timer A, one count per `period` cycles, in which the serial
/// register's flag is first seen, for as many bytes as were written.
fn flags_of(model: CiaModel, period: u8, bytes: u8) -> Vec<u64> {
    let mut cia = Cia::new(model, MAINS);
    cia.write(4, period - 1, 10);
    cia.write(5, 0, 11);
    cia.write(14, 0x40, 12);
    for byte in 0..bytes {
        cia.write(12, 0x55, 14 + 4 * u64::from(byte));
    }
    cia.write(13, 0x88, 30);
    let start = 40;
    cia.write(14, 0x51, start);
    let mut flags = Vec::new();
    for cycle in start + 1..start + 40 * u64::from(period) {
        cia.run(cycle);
        if cia.is_interrupting() {
            flags.push(cycle - start);
            assert_eq!(cia.read(13, cycle) & 8, 8);
        }
    }
    flags
}

#[test]
fn a_byte_is_sent_with_sixteen_underflows_and_flagged_behind_the_fifteenth() {
    for (model, late) in [(CiaModel::Mos8521, 0), (CiaModel::Mos6526, 1)] {
        for period in [10u8, 17, 100] {
            let turn = u64::from(period);
            // Loading takes three cycles, the first period begins then.
            let first = 3 + 15 * turn - 1 + 4 + late;
            assert_eq!(flags_of(model, period, 1), [first], "{model:?} {period}");
            assert_eq!(
                flags_of(model, period, 2),
                [first, first + 16 * turn],
                "{model:?} {period}"
            );
            assert_eq!(flags_of(model, period, 0), [0u64; 0]);
        }
    }
}

#[test]
fn changing_the_direction_forgets_the_byte() {
    let mut cia = Cia::new(CiaModel::Mos8521, MAINS);
    cia.write(4, 9, 10);
    cia.write(5, 0, 11);
    cia.write(14, 0x51, 12);
    cia.write(12, 0x55, 20);
    cia.write(14, 0x01, 60);
    cia.write(14, 0x41, 64);
    cia.run(1000);
    assert_eq!(cia.read(13, 1001) & 8, 0);
}

/// Whether a byte that is cut off in `cut`, counted from the first underflow, is flagged when the
/// register becomes an output again.
fn is_finished(period: u8, cut: u64) -> bool {
    let mut cia = Cia::new(CiaModel::Mos8521, MAINS);
    cia.write(4, period - 1, 10);
    cia.write(5, 0, 11);
    cia.write(14, 0x40, 12);
    cia.write(12, 0x55, 14);
    cia.write(14, 0x51, 40);
    // Loading takes three cycles; the first period ends with the underflow.
    let underflow = 40 + 3 + u64::from(period) - 1;
    cia.write(14, 0x11, underflow + cut);
    cia.write(14, 0x51, underflow + cut + 10);
    cia.run(underflow + cut + 12);
    cia.read(13, underflow + cut + 12) & 8 != 0
}

#[test]
fn a_byte_cut_off_while_the_pin_is_low_is_flagged_later() {
    // The pin falls two cycles behind the first underflow, and rises two behind the second.
    let period = 20;
    let found: Vec<_> = (0..60).filter(|&cut| is_finished(period, cut)).collect();
    // It is flagged from the cycle before the pin falls to the second one behind its rise, but for
    // the cycle of the fall itself: "the SDR is cleared in the cycle after it is first set before
    // being set again", as the documentation of `cia-sdr-icr` has it.
    let falls = [2, 42];
    let expected: Vec<_> = (1..=23)
        .chain(41..60)
        .filter(|cut| !falls.contains(cut))
        .collect();
    assert_eq!(found, expected);
}
