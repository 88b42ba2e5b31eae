//! CIA timers and VIC timing, cycle by cycle.

use c64::cia::{Cia, CiaModel};
use c64::vic::{Vic, VicModel};
use proptest::prelude::*;

const MAINS: u64 = 19_704;

/// Reads timer A in each of some cycles after starting it with `latch` in cycle 10.
fn count(latch: u16, control: u8, cycles: u64) -> Vec<u8> {
    let mut cia = Cia::new(CiaModel::Mos8521, MAINS);
    let [low, high] = latch.to_le_bytes();
    cia.write(4, low, 1);
    cia.write(5, high, 2);
    cia.write(14, control, 10);
    (11..11 + cycles).map(|cycle| cia.read(4, cycle)).collect()
}

#[test]
fn a_timer_starts_two_cycles_after_the_write_and_shows_zero_never() {
    assert_eq!(count(3, 0x01, 12), [3, 3, 2, 1, 3, 3, 2, 1, 3, 3, 2, 1]);
    assert_eq!(count(1, 0x01, 6), [1, 1, 1, 1, 1, 1]);
}

#[test]
fn one_shot_stops_at_the_latch() {
    assert_eq!(count(2, 0x09, 8), [2, 2, 1, 2, 2, 2, 2, 2]);
    let mut cia = Cia::new(CiaModel::Mos8521, MAINS);
    cia.write(4, 2, 1);
    cia.write(5, 0, 2);
    cia.write(14, 0x09, 10);
    assert_eq!(cia.read(14, 11), 0x09);
    assert_eq!(cia.read(14, 20), 0x08);
}

#[test]
fn force_load_takes_the_latch_at_once_while_counting() {
    let mut cia = Cia::new(CiaModel::Mos8521, MAINS);
    cia.write(14, 0x11, 10);
    cia.run(50);
    cia.write(4, 0x40, 51);
    cia.write(5, 0, 52);
    assert_ne!(cia.read(5, 53), 0);
    cia.write(14, 0x11, 60);
    assert_eq!((cia.read(4, 62), cia.read(5, 62)), (0x40, 0));
}

#[test]
fn an_underflow_interrupts_and_a_read_acknowledges() {
    let mut cia = Cia::new(CiaModel::Mos8521, MAINS);
    cia.write(4, 10, 1);
    cia.write(5, 0, 2);
    cia.write(13, 0x81, 3);
    cia.write(14, 0x01, 20);
    let due = cia.next_event();
    let mut cycle = 20;
    while !cia.is_interrupting() {
        cycle += 1;
        cia.run(cycle);
    }
    assert_eq!(cycle, 32);
    assert!(due <= cycle);
    assert_eq!(cia.read(13, 34), 0x81);
    assert!(!cia.is_interrupting());
    assert_eq!(cia.read(13, 38), 0x00);
}

#[test]
fn timer_b_counts_timer_a() {
    let mut cia = Cia::new(CiaModel::Mos8521, MAINS);
    for (register, value, cycle) in [
        (4, 4, 1),
        (5, 0, 2),
        (6, 2, 3),
        (7, 0, 4),
        (13, 0x82, 5),
        (15, 0x41, 6),
        (14, 0x01, 10),
    ] {
        cia.write(register, value, cycle);
    }
    let mut cycle = 10;
    while !cia.is_interrupting() {
        cycle += 1;
        assert!(cycle < 100, "timer B underflows");
        cia.run(cycle);
    }
    // Three underflows of timer A, the last one's step a cycle later.
    assert_eq!(cycle, 10 + 2 + 4 + 5 + 5 + 1);
    assert_eq!(cia.read(13, cycle), 0x83);
}

#[test]
fn the_clock_counts_tenths_in_bcd_and_alarms() {
    let mut cia = Cia::new(CiaModel::Mos8521, MAINS);
    // 50 Hz; the alarm at one tenth past midnight.
    for (register, value) in [(14, 0x80), (15, 0x80), (11, 0x92), (10, 0), (9, 0), (8, 1)] {
        cia.write(register, value, 1);
    }
    cia.write(15, 0x00, 1);
    cia.write(13, 0x84, 1);
    for (register, value) in [(11, 0x11), (10, 0x59), (9, 0x59), (8, 9)] {
        cia.write(register, value, 1);
    }
    let mut cycle = 1;
    while !cia.is_interrupting() {
        cycle = cia.next_event().max(cycle + 1);
        assert!(cycle < 12 * 5 * MAINS, "the alarm comes");
        cia.run(cycle);
    }
    assert_eq!(cia.read(11, cycle), 0x92);
    assert_eq!(cia.read(8, cycle), 1);
}

proptest! {
    /// A chip that is run at its own events and one that is run every cycle must agree.
    #[test]
    fn skipping_is_the_same_as_stepping(
        model in prop::sample::select(vec![CiaModel::Mos6526, CiaModel::Mos8521]),
        writes in prop::collection::vec((0u8..16, any::<u8>(), 1u64..60), 1..40),
        reads in prop::collection::vec((0u8..16, 1u64..300), 1..20),
    ) {
        let mut lazy = Cia::new(model, 331);
        let mut eager = Cia::new(model, 331);
        let mut cycle = 1;
        let accesses = writes
            .iter()
            .map(|&(register, value, gap)| (register, Some(value), gap))
            .chain(reads.iter().map(|&(register, gap)| (register, None, gap)));
        for (register, value, gap) in accesses {
            for step in cycle + 1..=cycle + gap {
                eager.run(step);
                if lazy.next_event() <= step {
                    lazy.run(step);
                }
                prop_assert_eq!(lazy.is_interrupting(), eager.is_interrupting(), "at {}", step);
            }
            cycle += gap;
            match value {
                Some(value) => {
                    lazy.write(register, value, cycle);
                    eager.write(register, value, cycle);
                }
                None => prop_assert_eq!(lazy.read(register, cycle), eager.read(register, cycle)),
            }
        }
    }
}

/// Cycles of a frame in which the bus is taken.
fn stolen(model: VicModel, set_up: &[(u8, u8)]) -> u64 {
    let timing = model.timing();
    let frame = u64::from(timing.lines) * u64::from(timing.cycles);
    let mut vic = Vic::new(model);
    for &(register, value) in set_up {
        vic.write(register, value, 0);
    }
    vic.run(2 * frame);
    (2 * frame + 1..=3 * frame)
        .filter(|&cycle| {
            vic.run(cycle);
            !vic.bus_available()
        })
        .count() as u64
}

#[test]
fn bad_lines_and_sprites_take_their_cycles() {
    for model in [
        VicModel::Mos6569,
        VicModel::Mos6567R8,
        VicModel::Mos6567R56A,
        VicModel::Mos6572,
    ] {
        assert_eq!(stolen(model, &[(0x11, 0x0b)]), 0, "{model:?}: screen off");
        assert_eq!(
            stolen(model, &[(0x11, 0x1b)]),
            25 * 43,
            "{model:?}: 25 bad lines"
        );
        let sprite = [(0x11, 0x0b), (0x15, 0x01), (0x01, 0x80)];
        assert_eq!(
            stolen(model, &sprite),
            21 * 5,
            "{model:?}: one sprite of 21 lines"
        );
        let tall = [(0x11, 0x0b), (0x15, 0x01), (0x01, 0x80), (0x17, 0x01)];
        assert_eq!(stolen(model, &tall), 42 * 5, "{model:?}: a tall one");
        let all: Vec<_> = (0..8).map(|sprite| (2 * sprite + 1, 0x80)).collect();
        let all = [&[(0x11, 0x0b), (0x15, 0xff)], all.as_slice()].concat();
        assert_eq!(stolen(model, &all), 21 * 19, "{model:?}: eight sprites");
    }
}

#[test]
fn the_raster_interrupt_comes_with_its_line() {
    for (model, line, at) in [
        (VicModel::Mos6569, 100, 0),
        (VicModel::Mos6569, 0, 1),
        (VicModel::Mos6569, 311, 0),
        (VicModel::Mos6567R8, 262, 0),
    ] {
        let mut vic = Vic::new(model);
        let [low, high] = u16::to_le_bytes(line);
        vic.write(0x11, high << 7, 0);
        vic.write(0x12, low, 0);
        vic.write(0x1a, 1, 0);
        vic.write(0x19, 0xff, 1);
        let timing = model.timing();
        let frame = u64::from(timing.lines) * u64::from(timing.cycles);
        vic.run(frame);
        vic.write(0x19, 0xff, frame);
        let mut cycle = frame + 2;
        while !vic.is_interrupting() {
            cycle += 1;
            vic.run(cycle);
        }
        assert_eq!(vic.raster(cycle), (line, at), "{model:?} line {line}");
        assert_eq!(vic.read(0x19), 0xf1);
        vic.write(0x19, 0x01, cycle);
        assert!(!vic.is_interrupting());
    }
}

#[test]
fn scrolling_away_from_a_bad_line_in_time_prevents_it() {
    let mut vic = Vic::new(VicModel::Mos6569);
    vic.write(0x11, 0x1b, 0);
    // Line 51 is the first bad line; power-on stands in the last line.
    let line = 63 * 52;
    vic.run(line + 5);
    vic.write(0x11, 0x1c, line + 5);
    vic.run(line + 30);
    assert!(vic.bus_available());
    // And scrolling onto it makes one, at once.
    vic.write(0x11, 0x1b, line + 30);
    vic.run(line + 31);
    assert!(!vic.bus_available());
}
