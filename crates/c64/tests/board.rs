//! Chips and CPU together: what the VIC takes from the CPU, when its interrupt comes, and what the
//! opcodes do that feel it. Source for the cycles, which it counts from 1: "The MOS 6567/6569
//! video controller (VIC-II)" (Christian Bauer), sections 3.4, 3.5, 3.6.3, 3.8 and 3.12.

use c64::CiaModel;
use c64::chips::Chips;
use c64::cpu::{Bus, Cpu};
use c64::interrupts::Interrupts;
use c64::roms::{RomSet, Roms};
use c64::system::{Board, System};
use c64::vic::{Vic, VicModel};

const MODELS: [VicModel; 5] = [
    VicModel::Mos6569,
    VicModel::Mos6567R8,
    VicModel::Mos6567R56A,
    VicModel::Mos6572,
    VicModel::Mos6573,
];

/// A board that stands at `cycle`, the VIC's registers written at power-on, and a VIC beside it
/// that tells where the raster is. All memory is RAM.
fn board(model: VicModel, registers: &[(u16, u8)], cycle: u64) -> (System, Vic) {
    let board = Board {
        vic: model,
        cia: CiaModel::Mos8521,
    };
    let roms = RomSet::new(&Roms::default());
    let chips = Chips::new(&[(0xd400, sid::Model::Mos6581)], sid::Grade::Accurate);
    let mut system = System::new(board, roms, chips, 0);
    let mut vic = Vic::new(model);
    for &(address, value) in registers {
        system.write(address, value);
        vic.write(address as u8, value, system.cycle());
        vic.run(system.cycle());
    }
    system.write(0x01, 0x35);
    while system.cycle() < cycle {
        system.read(0xc000);
    }
    (system, vic)
}

/// The board, noting when an address is first read.
struct Watched<'a> {
    system: &'a mut System,
    address: u16,
    read_at: Option<u64>,
}

impl Bus for Watched<'_> {
    fn read(&mut self, address: u16) -> u8 {
        let value = self.system.read(address);
        if address == self.address {
            self.read_at.get_or_insert(self.system.cycle());
        }
        value
    }

    fn write(&mut self, address: u16, value: u8) {
        self.system.write(address, value);
    }

    fn tick(&self) -> u64 {
        self.system.tick()
    }

    fn interrupts(&mut self) -> &mut Interrupts {
        self.system.interrupts()
    }

    fn was_held(&self) -> bool {
        self.system.was_held()
    }
}

fn frame(model: VicModel) -> u64 {
    let timing = model.timing();
    u64::from(timing.lines) * u64::from(timing.cycles)
}

#[test]
fn lines_and_cycles_are_those_of_the_chip() {
    let expected = [(312, 63), (263, 65), (262, 64), (312, 65), (263, 65)];
    for (model, (lines, cycles)) in MODELS.into_iter().zip(expected) {
        let mut vic = Vic::new(model);
        vic.run(frame(model));
        let mut seen = 0;
        let mut last = vic.read(0x12);
        for cycle in frame(model) + 1..=2 * frame(model) {
            vic.run(cycle);
            seen += u32::from(vic.read(0x12) != last);
            last = vic.read(0x12);
        }
        assert_eq!(seen, lines, "{model:?}");
        assert_eq!(frame(model), u64::from(lines) * cycles, "{model:?}");
    }
}

#[test]
fn the_counter_returns_to_zero_a_cycle_late() {
    for model in MODELS {
        let timing = model.timing();
        let mut vic = Vic::new(model);
        // Power-on stands in the last line.
        let wrap = u64::from(timing.cycles) + frame(model);
        let line = |vic: &Vic| u16::from(vic.read(0x12)) | u16::from(vic.read(0x11) & 0x80) << 1;
        vic.run(wrap - 1);
        assert_eq!(line(&vic), timing.lines - 1, "{model:?}");
        vic.run(wrap);
        assert_eq!(line(&vic), timing.lines - 1, "{model:?}");
        vic.run(wrap + 1);
        assert_eq!(line(&vic), 0, "{model:?}");
        vic.run(wrap + u64::from(timing.cycles));
        assert_eq!(line(&vic), 1, "{model:?}");
    }
}

#[test]
fn the_raster_interrupt_reaches_the_routine_in_its_cycle() {
    for model in MODELS {
        // An interrupt that comes in cycle c is seen by an instruction of two cycles that ends in
        // c + 1 or c + 2; seven cycles later the routine begins.
        for (line, first) in [(0x80, 9), (0, 10)] {
            let mut seen = [false; 2];
            for phase in 0..2 {
                let registers = [(0xd011, 0x0b), (0xd012, line), (0xd01a, 1), (0xd019, 0xff)];
                let (mut system, mut vic) = board(model, &registers, 2 * frame(model) + phase);
                system.write(0xd019, 0xff);
                vic.run(system.cycle());
                system.ram[0x1000..0xc000].fill(0xea);
                system.ram[0xfffe..].copy_from_slice(&[0x00, 0xc0]);
                let tick = system.tick() + 1;
                system.interrupts().set_masked(false, tick);
                let mut cpu = Cpu::new(0x1000);
                let mut bus = Watched {
                    system: &mut system,
                    address: 0xc000,
                    read_at: None,
                };
                while cpu.pc != 0xc000 {
                    cpu.step(&mut bus);
                }
                cpu.step(&mut bus);
                let at = bus.read_at.expect("the routine begins");
                vic.run(at);
                let (found, cycle) = vic.raster(at);
                assert_eq!(found, u16::from(line), "{model:?}");
                assert!((first..=first + 1).contains(&cycle), "{model:?}: {cycle}");
                seen[usize::from(cycle > first)] = true;
            }
            assert_eq!(seen, [true; 2], "{model:?}: both phases");
        }
    }
}

#[test]
fn the_compare_register_interrupts_on_an_edge() {
    let mut vic = Vic::new(VicModel::Mos6569);
    vic.write(0x1a, 1, 0);
    let mut cycle = 63 * 101 + 20;
    vic.run(cycle);
    vic.write(0x19, 0xff, cycle);
    assert_eq!(vic.raster(cycle).0, 100);
    // Writing the current line makes it equal: in the next cycle.
    vic.write(0x12, 100, cycle);
    assert!(!vic.is_interrupting());
    cycle += 1;
    vic.run(cycle);
    assert!(vic.is_interrupting());
    // While it stays equal, it does not interrupt again.
    vic.write(0x19, 0x01, cycle);
    vic.write(0x12, 100, cycle);
    vic.run(cycle + 30);
    assert!(!vic.is_interrupting());
    vic.write(0x12, 99, cycle + 30);
    vic.run(cycle + 31);
    vic.write(0x12, 100, cycle + 31);
    vic.run(cycle + 32);
    assert!(vic.is_interrupting());
}

/// Cycles in which the CPU was held in a frame while it ran `program` over and over.
fn held_in_a_frame(model: VicModel, registers: &[(u16, u8)], program: &[u8]) -> u64 {
    let (mut system, _) = board(model, registers, 2 * frame(model));
    for piece in system.ram[0x1000..0xcffd].chunks_exact_mut(program.len()) {
        piece.copy_from_slice(program);
    }
    let mut cpu = Cpu::new(0x1000);
    let held = |system: &System| system.cycle() - system.tick();
    let before = held(&system);
    let end = system.cycle() + frame(model);
    while system.cycle() < end {
        cpu.step(&mut system);
        if cpu.pc > 0xc000 {
            cpu.pc = 0x1000;
        }
    }
    held(&system) - before
}

#[test]
fn a_bad_line_takes_43_cycles_from_reads_and_up_to_three_less_from_writes() {
    for model in MODELS {
        let screen = [(0xd011, 0x1b)];
        assert_eq!(
            held_in_a_frame(model, &screen, &[0xea]),
            25 * 43,
            "{model:?}"
        );
        let off = [(0xd011, 0x0b)];
        assert_eq!(held_in_a_frame(model, &off, &[0xea]), 0, "{model:?}");
        // INC writes in its last two cycles.
        let writing = held_in_a_frame(model, &screen, &[0xee, 0x00, 0xd0]);
        assert!(
            (25 * 41..=25 * 43).contains(&writing),
            "{model:?}: {writing}"
        );
        assert!(model != VicModel::Mos6569 || writing < 25 * 43, "{writing}");
    }
}

#[test]
fn sprites_take_their_two_cycles_and_three_before() {
    for model in MODELS {
        for enabled in 0..=255u16 {
            let mut registers = vec![(0xd011, 0x0b), (0xd015, enabled as u8)];
            registers.extend((0..8).map(|sprite| (0xd001 + 2 * sprite, 0x60)));
            // Sprite n is fetched in two cycles, two behind sprite n - 1; BA falls three before.
            let mut taken = [false; 21];
            for sprite in (0..8).filter(|sprite| enabled >> sprite & 1 != 0) {
                taken[2 * sprite..2 * sprite + 5].fill(true);
            }
            let a_line = taken.iter().filter(|&&taken| taken).count() as u64;
            if model == VicModel::Mos6569 || enabled % 37 == 0 {
                let held = held_in_a_frame(model, &registers, &[0xea]);
                assert_eq!(held, 21 * a_line, "{model:?}: sprites {enabled:08b}");
            }
        }
    }
}

#[test]
fn without_display_in_line_48_a_frame_has_no_bad_lines() {
    let mut vic = Vic::new(VicModel::Mos6569);
    let held = |vic: &mut Vic, from: u64| {
        let cycles = (from..from + frame(VicModel::Mos6569)).filter(|&cycle| {
            vic.run(cycle);
            !vic.bus_available()
        });
        cycles.count()
    };
    vic.write(0x11, 0x0b, 0);
    // Power-on stands in the last line.
    let line = |line: u64| 63 * (line + 1) + 5;
    vic.run(line(0x32));
    vic.write(0x11, 0x1b, line(0x32));
    assert_eq!(held(&mut vic, line(0x32) + 1), 0);
    let next = frame(VicModel::Mos6569) + line(0x32);
    assert_eq!(held(&mut vic, next + 1), 25 * 43);
}

/// SHX, SHY, SHA and TAS lose the term of the high byte when RDY holds the CPU between the last
/// cycle but two and the last but one. Source: the documentation of VICE's tests
/// `CPU/shxy`, `CPU/sha`, `CPU/shs`, seen on a 6510 and an 8500.
#[test]
fn unstable_stores_feel_the_bus_being_taken() {
    let model = VicModel::Mos6569;
    // Register A, X and Y such that the value is FF and 07 with the term of the page $0600.
    let cases: [(&[u8], u8, u8, u8, u64); 5] = [
        (&[0x9e, 0x00, 0x06], 0x00, 0xff, 0x10, 3),
        (&[0x9c, 0x00, 0x06], 0x00, 0x10, 0xff, 3),
        (&[0x9f, 0x00, 0x06], 0xff, 0xff, 0x10, 3),
        (&[0x9b, 0x00, 0x06], 0xff, 0xff, 0x10, 3),
        (&[0x93, 0x80], 0xff, 0xff, 0x10, 4),
    ];
    for (program, a, x, y, before) in cases {
        for phase in 0..63 {
            let start = 2 * frame(model) + 63 * 0x33 + phase;
            let (mut system, mut vic) = board(model, &[(0xd011, 0x1b)], start);
            if system.cycle() != start {
                continue;
            }
            system.ram[0x1000..0x1000 + program.len()].copy_from_slice(program);
            system.ram[0x80..0x82].copy_from_slice(&[0x00, 0x06]);
            system.ram[0x0610] = 0;
            let mut cpu = Cpu::new(0x1000);
            (cpu.a, cpu.x, cpu.y) = (a, x, y);
            // The first cycle is the one behind `start`; the bus goes in cycle 11 of a bad line.
            let critical = start + 1 + before;
            vic.run(critical);
            let is_hit = vic.raster(critical) == (0x33, 11);
            cpu.step(&mut system);
            let expected = if is_hit { 0xff } else { 0x07 };
            assert_eq!(
                system.ram[0x0610], expected,
                "{program:02x?} in phase {phase}"
            );
        }
    }
}

#[test]
fn an_undriven_page_reads_as_noise_and_the_sound_chip_has_mirrors() {
    let (mut system, _) = board(VicModel::Mos6569, &[], 100);
    let reads: Vec<u8> = (0..16).map(|_| system.read(0xde00)).collect();
    assert!(reads.iter().any(|value| *value != reads[0]));
    // The bus of the chip keeps what was written last, at any of its mirrors.
    system.write(0xd7e0, 0x5a);
    assert_eq!(system.read(0xd41d), 0x5a);
    assert_eq!(system.read(0xd51e), 0x5a);
}
