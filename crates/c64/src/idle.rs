//! Running the machine, and passing over what nobody can notice.
//!
//! Between two calls of its play routine a tune usually waits in an endless `JMP` to itself, the
//! player's driver always. While no chip is due, its iterations differ in nothing but the time.

use crate::cpu::Cpu;
use crate::system::System;

/// `JMP` with an absolute address.
const JMP: u8 = 0x4c;
/// Its cycles.
const JMP_CYCLES: u64 = 3;

/// Runs instructions until one ends at or behind `end`.
pub fn run_to(cpu: &mut Cpu, system: &mut System, end: u64) {
    while system.cycle() < end {
        let pc = cpu.pc;
        cpu.step(system);
        if cpu.pc == pc && cpu.jammed().is_none() && is_endless_jump(system, pc) {
            skip(system, end);
        }
    }
}

/// At `pc` in RAM is a `JMP` to itself.
fn is_endless_jump(system: &System, pc: u16) -> bool {
    let [low, high] = pc.to_le_bytes();
    let is_there = [JMP, low, high]
        .into_iter()
        .zip(pc..=pc.saturating_add(2))
        .all(|(byte, address)| system.is_ram(address) && system.ram[usize::from(address)] == byte);
    is_there && pc < 0xfffe
}

/// Passes over whole iterations of a jump that has just run, as far as no chip acts in them,
/// no interrupt waits, and the last begins before `end`.
fn skip(system: &mut System, end: u64) {
    let now = system.cycle();
    let quiet = system.quiet_cycles();
    let before_end = end.saturating_sub(now).div_ceil(JMP_CYCLES);
    system.pass(JMP_CYCLES * before_end.min(quiet / JMP_CYCLES));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::Chips;
    use crate::cia::CiaModel;
    use crate::roms::{RomSet, Roms};
    use crate::system::Board;
    use crate::vic::VicModel;

    const START: u16 = 0x1000;
    const HANDLER: u16 = 0x2000;

    /// A machine that sets up timer A (`latch`), a raster interrupt and a sprite, and waits; its
    /// interrupt routine counts and plays with the time.
    fn machine(latch: u16, line: u8, wait: fn([u8; 2]) -> Vec<u8>) -> (Cpu, System) {
        let chips = Chips::new(&[(0xd400, sid::Model::Mos6581)], sid::Grade::Accurate);
        let board = Board {
            vic: VicModel::Mos6569,
            cia: CiaModel::default(),
        };
        let roms = RomSet::new(&Roms::default());
        let mut system = System::new(board, roms, chips, 1_000);
        let [low, high] = latch.to_le_bytes();
        let mut program = vec![0x78];
        for (address, value) in [
            (0xdc04_u16, low),
            (0xdc05, high),
            (0xdc0d, 0x81),
            (0xdc0e, 0x01),
            (0xd011, 0x1b),
            (0xd012, line),
            (0xd01a, 0x81),
            (0xd015, 0x05),
            (0xd001, line),
            (0x0314, HANDLER.to_le_bytes()[0]),
            (0x0315, HANDLER.to_le_bytes()[1]),
        ] {
            let [low, high] = address.to_le_bytes();
            program.extend([0xa9, value, 0x8d, low, high]);
        }
        program.push(0x58);
        let here = START + program.len() as u16;
        program.extend(wait(here.to_le_bytes()));
        let start = usize::from(START);
        system.ram[start..start + program.len()].copy_from_slice(&program);
        let handler = [
            0xad, 0x0d, 0xdc, // LDA $DC0D
            0xce, 0x19, 0xd0, // DEC $D019
            0xee, 0x00, 0x03, 0xd0, 0x03, // INC $0300, BNE
            0xee, 0x01, 0x03, // INC $0301
            0xad, 0x04, 0xdc, 0x9d, 0x00, 0x30, // LDA $DC04, STA $3000,X
            0xe8, // INX
            0x4c, 0x81, 0xea, // JMP $EA81
        ];
        system.ram[0x300..0x302].fill(0);
        let at = usize::from(HANDLER);
        system.ram[at..at + handler.len()].copy_from_slice(&handler);
        (Cpu::new(START), system)
    }

    /// Runs with and without skipping, looking at the machine often.
    fn compare(latch: u16, line: u8, stride: u64, wait: fn([u8; 2]) -> Vec<u8>) {
        let (mut cpu, mut system) = machine(latch, line, wait);
        let (mut plain_cpu, mut plain) = machine(latch, line, wait);
        let mut end = system.cycle();
        while end < 45_000 {
            end += stride;
            run_to(&mut cpu, &mut system, end);
            while plain.cycle() < end {
                plain_cpu.step(&mut plain);
            }
            assert_eq!(system.cycle(), plain.cycle(), "latch {latch}, line {line}");
            assert_eq!(cpu, plain_cpu, "latch {latch}, line {line}, at {end}");
        }
        assert!(system.state == plain.state, "latch {latch}, line {line}");
        assert!(system.ram == plain.ram, "latch {latch}, line {line}");
        let interrupts = u16::from_le_bytes([system.ram[0x300], system.ram[0x301]]);
        assert!(interrupts > 3, "{interrupts}");
    }

    #[test]
    fn skipping_is_waiting_in_every_phase() {
        let jump = |[low, high]: [u8; 2]| vec![JMP, low, high];
        for latch in 150..280 {
            compare(latch, (latch % 251) as u8, 997, jump);
        }
        for stride in [1, 2, 3, 4, 5, 7, 64, 4_096] {
            compare(5_003, 0x33, stride, jump);
        }
    }

    #[test]
    fn other_loops_are_left_alone() {
        // A branch to itself, and a loop of two instructions.
        compare(333, 0x80, 501, |_| vec![0xb8, 0x50, 0xfe]);
        compare(333, 0x80, 501, |[low, high]| vec![0xea, JMP, low, high]);
    }
}
