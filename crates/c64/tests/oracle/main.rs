//! Every opcode against a second CPU.

mod second;

use std::collections::BTreeMap;

use c64::cpu::{Bus, Cpu};
use c64::interrupts::Interrupts;
use proptest::prelude::*;
use second::{D, Oracle};

/// Memory with anything in it, and what was written.
#[derive(Clone, Default)]
struct Memory {
    seed: u32,
    cells: BTreeMap<u16, u8>,
    interrupts: Interrupts,
    tick: u64,
}

impl Memory {
    fn get(&self, address: u16) -> u8 {
        let mixed = (u32::from(address) ^ self.seed).wrapping_mul(0x9e37_79b1);
        let anything = (mixed ^ mixed >> 15).to_le_bytes()[2];
        self.cells.get(&address).copied().unwrap_or(anything)
    }
}

impl Bus for Memory {
    fn read(&mut self, address: u16) -> u8 {
        self.tick += 1;
        self.get(address)
    }

    fn write(&mut self, address: u16, value: u8) {
        self.tick += 1;
        self.cells.insert(address, value);
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

/// Opcodes that stop the CPU.
fn jams(opcode: u8) -> bool {
    opcode & 0x1f == 0x12 || (opcode & 0x1f == 0x02 && opcode < 0x80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Registers, flags, memory and time are equal after any instruction in any state.
    #[test]
    fn all_opcodes_agree_with_the_oracle(
        seed in any::<u32>(),
        registers in any::<[u8; 5]>(),
        at in 0x0200u16..0xff00,
        operand in any::<[u8; 2]>(),
    ) {
        let [a, x, y, s, p] = registers;
        for opcode in (0..=255u8).filter(|&opcode| !jams(opcode)) {
            let mut memory = Memory { seed, ..Memory::default() };
            let bytes = [0x28, opcode, operand[0], operand[1]];
            for (address, byte) in (at..).zip(bytes) {
                memory.cells.insert(address, byte);
            }
            let mut cpu = Cpu::new(at);
            (cpu.a, cpu.x, cpu.y, cpu.s) = (a, x, y, s);
            // PLP sets the flags.
            let flags_at = 0x100 + u16::from(s.wrapping_add(1));
            memory.cells.insert(flags_at, p);
            cpu.step(&mut memory);
            let mut oracle = Oracle {
                memory: memory.clone(),
                pc: at + 1,
                a,
                x,
                y,
                s: s.wrapping_add(1),
                p: p & !0x30,
                cycles: 0,
            };
            let before = memory.tick;
            cpu.step(&mut memory);
            oracle.step();
            let found = (cpu.pc, cpu.a, cpu.x, cpu.y, cpu.s, memory.tick - before);
            let expected = (oracle.pc, oracle.a, oracle.x, oracle.y, oracle.s, oracle.cycles);
            prop_assert_eq!(found, expected, "opcode {:02X}", opcode);
            prop_assert_eq!(&memory.cells, &oracle.memory.cells, "opcode {:02X}", opcode);
            // PHP tells the flags.
            memory.cells.insert(cpu.pc, 0x08);
            let stack = 0x100 + u16::from(cpu.s);
            cpu.step(&mut memory);
            prop_assert_eq!(memory.get(stack), oracle.p | 0x30, "flags of {:02X}", opcode);
        }
    }
}

#[test]
fn decimal_sums_and_differences_agree_for_all_operands() {
    for opcode in [0x69, 0xe9, 0x6b] {
        for operands in 0..0x2_0000u32 {
            let [a, value, carry, _] = operands.to_le_bytes();
            let mut memory = Memory::default();
            for (address, byte) in (0x1000..).zip([0x28, opcode, value, 0x08]) {
                memory.cells.insert(address, byte);
            }
            memory.cells.insert(0x01f1, D | carry);
            let mut cpu = Cpu::new(0x1000);
            (cpu.a, cpu.s) = (a, 0xf0);
            let mut oracle = Oracle {
                memory: memory.clone(),
                pc: 0x1001,
                a,
                x: 0,
                y: 0,
                s: 0xf1,
                p: D | carry,
                cycles: 0,
            };
            for _ in 0..3 {
                cpu.step(&mut memory);
            }
            oracle.step();
            let flags = memory.get(0x01f1);
            assert_eq!(
                (cpu.a, flags),
                (oracle.a, oracle.p | 0x30),
                "{opcode:02X} {operands:05X}"
            );
        }
    }
}
