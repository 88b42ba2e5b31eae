//! The 256 opcodes: how long they take, what they access, and the corners of their arithmetic.

use c64::cpu::{Bus, Cpu};
use c64::interrupts::{Interrupts, IrqSource};

/// Memory that notes every access.
struct Memory {
    ram: Vec<u8>,
    accesses: Vec<(char, u16, u8)>,
    interrupts: Interrupts,
    tick: u64,
    /// Asserts the IRQ line in the first half of this tick.
    irq_at: Option<u64>,
    /// An edge on the NMI line in the first half of this tick.
    nmi_at: Option<u64>,
}

impl Memory {
    fn new(program: &[u8]) -> Self {
        let mut ram = vec![0; 0x1_0000];
        ram[0x1000..0x1000 + program.len()].copy_from_slice(program);
        ram[0xfffe..].copy_from_slice(&[0x00, 0x20]);
        ram[0xfffa..0xfffc].copy_from_slice(&[0x00, 0x30]);
        Self {
            ram,
            accesses: Vec::new(),
            interrupts: Interrupts::default(),
            tick: 0,
            irq_at: None,
            nmi_at: None,
        }
    }

    fn begin_cycle(&mut self) {
        self.tick += 1;
        if self.irq_at == Some(self.tick) {
            self.interrupts.set_irq(IrqSource::Cia1, true, self.tick);
        }
        if self.nmi_at == Some(self.tick) {
            self.interrupts.trigger_nmi(self.tick);
        }
    }
}

impl Bus for Memory {
    fn read(&mut self, address: u16) -> u8 {
        self.begin_cycle();
        let value = self.ram[usize::from(address)];
        self.accesses.push(('r', address, value));
        value
    }

    fn write(&mut self, address: u16, value: u8) {
        self.begin_cycle();
        self.accesses.push(('w', address, value));
        self.ram[usize::from(address)] = value;
    }

    fn tick(&self) -> u64 {
        self.tick
    }

    fn interrupts(&mut self) -> &mut Interrupts {
        &mut self.interrupts
    }

    fn was_held(&self) -> bool {
        false
    }
}

/// Runs one instruction at `$1000`.
fn run(program: &[u8], set_up: impl FnOnce(&mut Cpu, &mut Memory)) -> (Cpu, Memory) {
    let mut cpu = Cpu::new(0x1000);
    let mut memory = Memory::new(program);
    set_up(&mut cpu, &mut memory);
    cpu.step(&mut memory);
    (cpu, memory)
}

/// Cycles of each opcode without page crossings, branches not taken; 2 for those that jam.
/// Source: `64doc`.
const CYCLES: [u8; 256] = [
    7, 6, 2, 8, 3, 3, 5, 5, 3, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    6, 6, 2, 8, 3, 3, 5, 5, 4, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    6, 6, 2, 8, 3, 3, 5, 5, 3, 2, 2, 2, 3, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    6, 6, 2, 8, 3, 3, 5, 5, 4, 2, 2, 2, 5, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    2, 6, 2, 6, 3, 3, 3, 3, 2, 2, 2, 2, 4, 4, 4, 4, 2, 6, 2, 6, 4, 4, 4, 4, 2, 5, 2, 5, 5, 5, 5, 5,
    2, 6, 2, 6, 3, 3, 3, 3, 2, 2, 2, 2, 4, 4, 4, 4, 2, 5, 2, 5, 4, 4, 4, 4, 2, 4, 2, 4, 4, 4, 4, 4,
    2, 6, 2, 8, 3, 3, 5, 5, 2, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    2, 6, 2, 8, 3, 3, 5, 5, 2, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
];

#[test]
fn every_opcode_takes_its_cycles() {
    for opcode in 0..=255u8 {
        // Flags such that no branch is taken: those on set flags see them clear and vice versa.
        let (cpu, memory) = run(&[0x28, opcode, 0x40, 0x12], |_, memory| {
            let wants_set = opcode & 0x1f == 0x10 && opcode & 0x20 == 0;
            memory.ram[0x100] = if wants_set { 0xc3 } else { 0x00 };
        });
        let mut cpu = cpu;
        let mut memory = memory;
        let before = memory.tick;
        cpu.step(&mut memory);
        let expected = u64::from(CYCLES[usize::from(opcode)]);
        assert_eq!(memory.tick - before, expected, "opcode {opcode:02X}");
    }
}

#[test]
fn reading_across_a_page_takes_a_cycle_more_and_writing_does_not() {
    for opcode in 0..=255u8 {
        let is_indexed = matches!(opcode & 0x1f, 0x11 | 0x13 | 0x19 | 0x1b..=0x1f);
        let is_read = !matches!(CYCLES[usize::from(opcode)], 5.. if opcode & 0x1f != 0x11
            && opcode & 0x1f != 0x13)
            && !matches!(opcode, 0x91 | 0x93)
            && (opcode & 0x1f != 0x13 || opcode == 0xb3);
        if !is_indexed || opcode & 0x1f == 0x1a {
            continue;
        }
        let (_, memory) = run(&[opcode, 0xf0, 0x12], |cpu, memory| {
            (cpu.x, cpu.y) = (0x20, 0x20);
            memory.ram[0xf0] = 0xf0;
            memory.ram[0xf1] = 0x12;
        });
        let extra = u64::from(is_read);
        let expected = u64::from(CYCLES[usize::from(opcode)]) + extra;
        assert_eq!(memory.tick, expected, "opcode {opcode:02X}");
        if memory.accesses.iter().any(|access| access.1 == 0x1310) {
            let dummy = memory.accesses.iter().any(|&access| access.1 == 0x1210);
            assert!(dummy, "opcode {opcode:02X} reads before the carry");
        }
    }
}

fn check_accesses(
    program: &[u8],
    set_up: impl FnOnce(&mut Cpu, &mut Memory),
    expected: &[(char, u16, u8)],
) {
    let (_, memory) = run(program, set_up);
    assert_eq!(memory.accesses, expected);
}

#[test]
fn dummy_accesses_are_those_of_the_chip() {
    // INC abs writes the old value first.
    check_accesses(
        &[0xee, 0x00, 0x40],
        |_, memory| memory.ram[0x4000] = 5,
        &[
            ('r', 0x1000, 0xee),
            ('r', 0x1001, 0x00),
            ('r', 0x1002, 0x40),
            ('r', 0x4000, 5),
            ('w', 0x4000, 5),
            ('w', 0x4000, 6),
        ],
    );
    // STA abs,X reads at the unfinished address.
    check_accesses(
        &[0x9d, 0xff, 0x40],
        |cpu, _| (cpu.a, cpu.x) = (7, 1),
        &[
            ('r', 0x1000, 0x9d),
            ('r', 0x1001, 0xff),
            ('r', 0x1002, 0x40),
            ('r', 0x4000, 0),
            ('w', 0x4100, 7),
        ],
    );
    // JMP (ind) does not carry within its pointer.
    check_accesses(
        &[0x6c, 0xff, 0x40],
        |_, memory| (memory.ram[0x40ff], memory.ram[0x4000]) = (0x34, 0x12),
        &[
            ('r', 0x1000, 0x6c),
            ('r', 0x1001, 0xff),
            ('r', 0x1002, 0x40),
            ('r', 0x40ff, 0x34),
            ('r', 0x4000, 0x12),
        ],
    );
    // JSR looks at the stack before it pushes.
    check_accesses(
        &[0x20, 0x34, 0x12],
        |cpu, _| cpu.s = 0xf0,
        &[
            ('r', 0x1000, 0x20),
            ('r', 0x1001, 0x34),
            ('r', 0x01f0, 0),
            ('w', 0x01f0, 0x10),
            ('w', 0x01ef, 0x02),
            ('r', 0x1002, 0x12),
        ],
    );
}

/// Status flags of interest after `program` (ending in PHP) as NV-BDIZC.
fn flags(program: &[u8], steps: usize) -> (u8, u8) {
    let mut cpu = Cpu::new(0x1000);
    let mut memory = Memory::new(program);
    for _ in 0..=steps {
        cpu.step(&mut memory);
    }
    (cpu.a, memory.ram[0x1ff])
}

#[test]
fn decimal_mode_corrects_the_result_and_leaves_odd_flags() {
    const BASE: u8 = 0x3c; // unused, break, decimal, interrupt
    let add = |a, b| flags(&[0xf8, 0x18, 0xa9, a, 0x69, b, 0x08], 4);
    assert_eq!(add(0x09, 0x01), (0x10, BASE));
    assert_eq!(add(0x99, 0x01), (0x00, BASE | 0x81));
    assert_eq!(add(0x50, 0x50), (0x00, BASE | 0xc1));
    assert_eq!(add(0x0f, 0x01), (0x16, BASE));
    let subtract = |a, b| flags(&[0xf8, 0x38, 0xa9, a, 0xe9, b, 0x08], 4);
    assert_eq!(subtract(0x10, 0x01), (0x09, BASE | 0x01));
    assert_eq!(subtract(0x00, 0x01), (0x99, BASE | 0x80));
    assert_eq!(subtract(0x42, 0x42), (0x00, BASE | 0x03));
}

#[test]
fn unstable_stores_mask_with_the_high_byte() {
    let (_, memory) = run(&[0x9e, 0x00, 0x40], |cpu, _| (cpu.x, cpu.y) = (0xff, 0x10));
    assert_eq!(memory.ram[0x4010], 0x41);
    // A carry puts the value into the address.
    let (_, memory) = run(&[0x9c, 0xf0, 0x40], |cpu, _| (cpu.x, cpu.y) = (0x20, 0x01));
    assert_eq!(memory.accesses.last(), Some(&('w', 0x0110, 0x01)));
    let (cpu, memory) = run(&[0x9b, 0x00, 0x40], |cpu, _| (cpu.a, cpu.x) = (0x7f, 0xf3));
    assert_eq!((cpu.s, memory.ram[0x4000]), (0x73, 0x41));
}

#[test]
fn jams_stop_for_good_and_say_where() {
    for opcode in [
        0x02, 0x12, 0x22, 0x32, 0x42, 0x52, 0x62, 0x72, 0x92, 0xb2, 0xd2, 0xf2,
    ] {
        let (mut cpu, mut memory) = run(&[opcode], |_, _| ());
        assert_eq!(cpu.jammed(), Some((0x1000, opcode)));
        let tick = memory.tick;
        cpu.step(&mut memory);
        assert!(memory.tick > tick, "time goes on");
    }
}

/// Runs `program` with the IRQ line asserted at `irq_at`; returns where the handler would return.
fn interrupted(program: &[u8], irq_at: u64) -> u16 {
    let mut cpu = Cpu::new(0x1000);
    let mut memory = Memory::new(program);
    memory.interrupts.set_masked(false, 0);
    memory.irq_at = Some(irq_at);
    while cpu.pc != 0x2000 {
        cpu.step(&mut memory);
    }
    u16::from_le_bytes([memory.ram[0x1fe], memory.ram[0x1ff]])
}

#[test]
fn an_interrupt_must_arrive_two_cycles_before_the_next_opcode() {
    let nops = [0xea; 8];
    assert_eq!(interrupted(&nops, 1), 0x1001);
    assert_eq!(interrupted(&nops, 2), 0x1002);
    assert_eq!(interrupted(&nops, 3), 0x1002);
    let loads = [0xad, 0x00, 0x40, 0xad, 0x00, 0x40, 0xea];
    assert_eq!(interrupted(&loads, 3), 0x1003);
    assert_eq!(interrupted(&loads, 4), 0x1006);
}

#[test]
fn a_taken_branch_within_its_page_delays_interrupts() {
    let taken = [0xd0, 0x00, 0xea, 0xea, 0xea];
    assert_eq!(interrupted(&taken, 1), 0x1002);
    assert_eq!(interrupted(&taken, 2), 0x1003);
    let not_taken = [0xf0, 0x00, 0xea, 0xea, 0xea];
    assert_eq!(interrupted(&not_taken, 1), 0x1002);
    assert_eq!(interrupted(&not_taken, 2), 0x1003);
}

#[test]
fn a_branch_that_leaves_its_page_delays_nothing() {
    // Four cycles, the last one as usual the one that is too late.
    for (irq_at, expected) in [(1, 0x0f82), (3, 0x0f82), (4, 0x0f83)] {
        let mut cpu = Cpu::new(0x1000);
        let mut memory = Memory::new(&[0xd0, 0x80]);
        memory.ram[0x0f82..0x0f90].fill(0xea);
        memory.interrupts.set_masked(false, 0);
        memory.irq_at = Some(irq_at);
        while cpu.pc != 0x2000 {
            cpu.step(&mut memory);
        }
        let pushed = u16::from_le_bytes([memory.ram[0x1fe], memory.ram[0x1ff]]);
        assert_eq!(pushed, expected, "at {irq_at}");
    }
}

#[test]
fn an_interrupt_reads_twice_pushes_three_bytes_and_takes_its_vector() {
    let mut cpu = Cpu::new(0x1000);
    let mut memory = Memory::new(&[0xea; 4]);
    memory.interrupts.set_masked(false, 0);
    memory.irq_at = Some(1);
    cpu.step(&mut memory);
    memory.accesses.clear();
    cpu.step(&mut memory);
    let expected = [
        ('r', 0x1001, 0xea),
        ('r', 0x1001, 0xea),
        ('w', 0x01ff, 0x10),
        ('w', 0x01fe, 0x01),
        ('w', 0x01fd, 0x20),
        ('r', 0xfffe, 0x00),
        ('r', 0xffff, 0x20),
    ];
    assert_eq!(memory.accesses, expected);
}

#[test]
fn clearing_the_mask_lets_one_more_instruction_pass() {
    let mut cpu = Cpu::new(0x1000);
    let mut memory = Memory::new(&[0x58, 0xea, 0xea]);
    memory.interrupts.set_irq(IrqSource::Vic, true, 0);
    while cpu.pc != 0x2000 {
        cpu.step(&mut memory);
    }
    assert_eq!(memory.ram[0x1fe], 0x02);
}

#[test]
fn an_nmi_takes_over_a_break_and_the_pushed_status_tells() {
    let mut cpu = Cpu::new(0x1000);
    let mut memory = Memory::new(&[0x00]);
    memory.interrupts.trigger_nmi(1);
    // Too late to replace the opcode, early enough for the vector.
    cpu.step(&mut memory);
    assert_eq!(cpu.pc, 0x3000);
    assert_eq!(memory.ram[0x1fd] & 0x10, 0x10);
}

/// Whether an instruction at `$1000` is followed at once by the interrupt that came in its cycle
/// `at`, and the cycles it took. Zero page and pointers lead to `$1234`, or, if indexing shall
/// leave the page, to `$12F4` and on by `$10`.
fn is_taken_at_once(program: &[u8], is_nmi: bool, crosses: bool, at: u64) -> (bool, u64) {
    let mut cpu = Cpu::new(0x1000);
    let mut memory = Memory::new(program);
    let low = if crosses { 0xf4 } else { 0x34 };
    memory.ram[..0x100].copy_from_slice(&[low, 0x12].repeat(0x80));
    // What comes next is no BRK.
    memory.ram[0x0400..0xfff0].fill(0xea);
    memory.ram[0x1000..0x1000 + program.len()].copy_from_slice(program);
    memory.interrupts.set_masked(false, 0);
    (cpu.x, cpu.y) = (0x10, 0x10);
    if is_nmi {
        memory.nmi_at = Some(at);
    } else {
        memory.irq_at = Some(at);
    }
    cpu.step(&mut memory);
    let cycles = memory.tick;
    cpu.step(&mut memory);
    let routine = if is_nmi { 0x3000 } else { 0x2000 };
    (cpu.pc == routine, cycles)
}

/// "When an interrupt occurs 2 or more cycles before the current command ends, it is executed
/// immediately after the command. [...] The only exception to this rule are taken branches to the
/// same page which last 3 cycles." Source: the documentation of the C64 Emulator Test Suite
/// (Wolfgang Lorenz), programs IRQ and NMI.
#[test]
fn every_instruction_sees_an_interrupt_two_cycles_before_its_end() {
    // What stops the CPU, interrupts itself, or changes the mask is told apart.
    let is_apart = |opcode: u8| {
        opcode & 0x1f == 0x12
            || (opcode & 0x1f == 0x02 && opcode < 0x80)
            || matches!(opcode, 0x00 | 0x28 | 0x40 | 0x58 | 0x78)
    };
    for opcode in (0..=255u8).filter(|&opcode| !is_apart(opcode)) {
        for (is_nmi, crosses) in [(false, false), (false, true), (true, false), (true, true)] {
            let low = if crosses { 0xf4 } else { 0x34 };
            let is_branch = opcode & 0x1f == 0x10;
            let program = [opcode, if is_branch { 0x10 } else { low }, 0x12];
            for at in 1..=8 {
                let (found, cycles) = is_taken_at_once(&program, is_nmi, crosses, at);
                if at > cycles {
                    break;
                }
                let latest = if is_branch && cycles == 3 {
                    1
                } else {
                    cycles - 1
                };
                let text = format!("{opcode:02X} of {cycles} cycles, in cycle {at}");
                assert_eq!(found, at <= latest, "{text}, nmi: {is_nmi}");
            }
        }
    }
}

/// "When an IRQ occurs while SEIn is executing, the IFlag on the stack will be set." Same source.
#[test]
fn an_interrupt_while_the_mask_is_set_pushes_it_set() {
    let mut cpu = Cpu::new(0x1000);
    let mut memory = Memory::new(&[0x78, 0xea]);
    memory.interrupts.set_masked(false, 0);
    memory.irq_at = Some(1);
    cpu.step(&mut memory);
    cpu.step(&mut memory);
    assert_eq!((cpu.pc, memory.ram[0x1fd] & 0x14), (0x2000, 0x04));
}
