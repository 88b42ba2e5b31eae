//! A C64 that runs a program and listens to what it reports, for the test programs of chips.
//!
//! Such programs write their result to `$D7FF`, where a real machine has a mirror of the sound
//! chip that ignores it. Source: the documentation of VICE's test programs (`-debugcart`).

use crate::chips::Chips;
use crate::cia::CiaModel;
use crate::cpu::{Bus, Cpu};
use crate::interrupts::Interrupts;
use crate::kernal;
use crate::memory;
use crate::prg::{Prg, PrgError};
use crate::roms::{RomSet, Roms};
use crate::system::{Board, System};
use crate::vic::VicModel;

/// Where a program reports.
const REPORT: u16 = 0xd7ff;
/// Cycles after which a machine with ROMs has come up and waits for a key: the KERNAL tests all
/// memory, which takes two and a half seconds.
const BOOT_CYCLES: u64 = 3_000_000;
/// Cycles for which a machine without ROMs stands: raster and clocks are under way.
const STAND_CYCLES: u64 = 100_000;
/// The KERNAL's keyboard buffer and its count. Source: "Mapping the Commodore 64".
const KEYS: usize = 0x0277;
const KEY_COUNT: usize = 0xc6;

/// The machine that a program runs on.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// The VIC-II.
    pub vic: VicModel,
    /// Both CIAs.
    pub cia: CiaModel,
    /// The sound chip.
    pub sid: sid::Model,
    /// ROMs; with KERNAL and BASIC the machine comes up and BASIC starts the program.
    pub roms: Roms,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            vic: VicModel::Mos6569,
            cia: CiaModel::default(),
            sid: sid::Model::Mos6581,
            roms: Roms::default(),
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// The program wrote this.
    Value(u8),
    /// It wrote nothing in time.
    Nothing,
    /// The CPU met an opcode that stops it for good.
    Jammed {
        /// Where.
        pc: u16,
        /// Which.
        opcode: u8,
    },
}

/// A machine with a program in it.
#[derive(Clone)]
pub struct Computer {
    cpu: Cpu,
    system: System,
}

impl Computer {
    /// A machine that is about to start a program.
    ///
    /// # Errors
    /// Without ROMs only machine code can be started, and this has none.
    pub fn new(machine: &Machine, prg: &Prg) -> Result<Self, PrgError> {
        let boots = machine.roms.can_run_basic();
        let start = if boots { 0 } else { prg.start()? };
        let board = Board {
            vic: machine.vic,
            cia: machine.cia,
        };
        let chips = Chips::new(&[(0xd400, machine.sid)], sid::Grade::Accurate);
        let mut roms = RomSet::new(&machine.roms);
        if machine.roms == Roms::default() {
            roms = RomSet::returning();
        }
        if boots {
            let reset = u16::from_le_bytes([roms.kernal[0x1ffc], roms.kernal[0x1ffd]]);
            let mut system = System::new(board, roms, chips, 6);
            system.chips.set_sounding(false, false, 7);
            let mut computer = Self {
                cpu: Cpu::new(reset),
                system,
            };
            computer.run_to(BOOT_CYCLES);
            computer.load(prg);
            computer.type_start(prg);
            return Ok(computer);
        }
        let mut system = System::new(board, roms, chips, STAND_CYCLES);
        system.chips.set_sounding(false, false, STAND_CYCLES + 1);
        let mut computer = Self {
            cpu: Cpu::new(start),
            system,
        };
        computer.set_up_as_booted();
        computer.load(prg);
        Ok(computer)
    }

    /// Runs for at most `cycles`, or until the program reports.
    pub fn run(&mut self, cycles: u64) -> Report {
        let end = self.system.cycle() + cycles;
        let mut bus = Listening {
            system: &mut self.system,
            heard: None,
        };
        while bus.system.cycle() < end {
            self.cpu.step(&mut bus);
            if let Some(value) = bus.heard {
                return Report::Value(value);
            }
            if let Some((pc, opcode)) = self.cpu.jammed() {
                return Report::Jammed { pc, opcode };
            }
        }
        Report::Nothing
    }

    /// Cycles since power-on.
    pub fn cycles(&self) -> u64 {
        self.system.cycle()
    }

    /// The machine's memory, whatever is banked in.
    pub fn ram(&self) -> &[u8] {
        self.system.ram.as_slice()
    }

    fn run_to(&mut self, cycle: u64) {
        while self.system.cycle() < cycle {
            self.cpu.step(&mut self.system);
        }
    }

    /// Places the program, and tells BASIC where it ends.
    fn load(&mut self, prg: &Prg) {
        let start = usize::from(prg.address());
        let data = prg.data();
        self.system.ram[start..start + data.len()].copy_from_slice(data);
        let end = prg.range().end().wrapping_add(1).to_le_bytes();
        for pointer in [0x2d, 0x2f, 0x31, 0xae] {
            self.system.ram[pointer..pointer + 2].copy_from_slice(&end);
        }
    }

    /// Types what starts the program.
    fn type_start(&mut self, prg: &Prg) {
        let text = if prg.is_basic() {
            "RUN\r".to_owned()
        } else {
            format!("SYS{}\r", prg.address())
        };
        // The buffer takes ten keys, the longest command has nine.
        self.system.ram[KEYS..KEYS + text.len()].copy_from_slice(text.as_bytes());
        self.system.ram[KEY_COUNT] = text.len() as u8;
    }

    /// Memory and chips as they stand when a C64 has come up and `SYS` is called: the screen is
    /// on and empty, timer A of CIA 1 interrupts sixty times a second. Source: "Mapping the
    /// Commodore 64", the KERNAL's IOINIT and its table of VIC registers at `$ECB9`.
    fn set_up_as_booted(&mut self) {
        let is_pal = matches!(
            self.system.board().vic,
            VicModel::Mos6569 | VicModel::Mos6572
        );
        memory::settle_low_pages(&mut self.system.ram, true);
        self.system.ram[0x02a6] = u8::from(is_pal);
        self.system.ram[0x0400..0x07e8].fill(0x20);
        self.system.color_mut().fill(0x0e);
        let [low, high] = if is_pal { 0x4025u16 } else { 0x4295 }.to_le_bytes();
        let registers = [
            (0xdc00, 0x7f),
            (0xdc02, 0xff),
            (0xdc03, 0x00),
            (0xdc04, low),
            (0xdc05, high),
            (0xdc0d, 0x81),
            (0xdc0e, 0x11),
            (0xdc0f, 0x08),
            (0xdd00, 0x07),
            (0xdd02, 0x3f),
            (0xdd0e, 0x08),
            (0xdd0f, 0x08),
            (0xd011, 0x1b),
            (0xd016, 0x08),
            (0xd018, 0x14),
            (0xd019, 0x0f),
            (0xd020, 0x0e),
            (0xd021, 0x06),
            (0xd418, 0x00),
        ];
        for (address, value) in registers {
            self.system.write(address, value);
        }
        self.cpu.s = 0xf6;
        let [low, high] = (kernal::WAIT - 1).to_le_bytes();
        self.system.ram[0x01f7..0x01f9].copy_from_slice(&[low, high]);
        let tick = self.system.tick() + 1;
        self.system.interrupts().set_masked(false, tick);
    }
}

/// The board, with an ear for reports.
struct Listening<'a> {
    system: &'a mut System,
    heard: Option<u8>,
}

impl Bus for Listening<'_> {
    fn read(&mut self, address: u16) -> u8 {
        self.system.read(address)
    }

    fn write(&mut self, address: u16, value: u8) {
        if address == REPORT && self.system.is_io_visible() {
            self.heard.get_or_insert(value);
        }
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
