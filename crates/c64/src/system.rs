//! The board: RAM, ROMs, chips, and the bus that joins them to the CPU.
//!
//! Each access of the CPU is one cycle. In the first half the VIC and the CIAs act, in the second
//! half the CPU; the chips run only in cycles in which one of them has something to do.

use crate::banking::{self, Area, Port};
use crate::chips::Chips;
use crate::cia::{Cia, CiaModel};
use crate::cpu::Bus;
use crate::interrupts::{Interrupts, IrqSource};
use crate::memory::{self, Ram};
use crate::roms::RomSet;
use crate::vic::{Vic, VicModel};

/// What an undriven bus holds first. Found, like the sequence, in the reference player's traces.
const NOISE_SEED: u8 = 0x62;

/// The chips on the board that come in several models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Board {
    /// The VIC-II, and the clock that drives it.
    pub vic: VicModel,
    /// Both CIAs.
    pub cia: CiaModel,
}

/// The machine without its CPU.
#[derive(Clone)]
pub struct System {
    /// RAM; the bytes under the 6510's port are only seen by the VIC.
    pub ram: Box<Ram>,
    /// The sound chips.
    pub chips: Chips,
    pub(crate) state: Circuits,
    /// What is in the ROM sockets.
    pub roms: RomSet,
    board: Board,
    areas: [Area; 16],
    /// The cycle that runs.
    cycle: u64,
    /// The chips need not run before this cycle; zero while the VIC has the bus.
    next_event: u64,
}

/// Everything of the board that is neither memory nor sound.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Circuits {
    pub(crate) vic: Vic,
    pub(crate) cia1: Cia,
    pub(crate) cia2: Cia,
    port: Port,
    interrupts: Interrupts,
    /// Kept with the memory in a snapshot.
    #[serde(skip, default = "no_color")]
    pub(crate) color: Box<[u8; 0x400]>,
    /// Cycles in which RDY held the CPU.
    held_cycles: u64,
    /// The tick of the last read that was held.
    held_tick: u64,
    /// The line of CIA 2, whose edge is the NMI.
    nmi_line: bool,
    /// What the next read of an undriven bus finds.
    noise: u8,
}

fn no_color() -> Box<[u8; 0x400]> {
    Box::new([0; 0x400])
}

impl System {
    /// A board that has been powered on, its CPU waiting since then until `cycle`.
    pub fn new(board: Board, roms: RomSet, chips: Chips, cycle: u64) -> Self {
        let Board { vic, cia } = board;
        let period = (vic.clock_hz() / vic.mains_hz()) as u64;
        let mut port = Port::default();
        port.write_direction(0x2f, 0);
        port.write(0x37, 0);
        let mut system = Self {
            ram: memory::power_on(),
            chips,
            areas: banking::areas(port.lines()),
            state: Circuits {
                vic: Vic::new(vic),
                cia1: Cia::new(cia, period),
                cia2: Cia::new(cia, period),
                port,
                interrupts: Interrupts::default(),
                color: Box::new([0; 0x400]),
                held_cycles: 0,
                held_tick: u64::MAX,
                nmi_line: false,
                noise: NOISE_SEED,
            },
            roms,
            board,
            cycle,
            next_event: 0,
        };
        system.run_chips();
        system
    }

    /// The models of its chips.
    pub fn board(&self) -> Board {
        self.board
    }

    /// Whether the CPU sees the chips at `$D000`.
    pub fn is_io_visible(&self) -> bool {
        self.areas[0xd] == Area::Io
    }

    /// Colour RAM: nibbles.
    pub fn color_mut(&mut self) -> &mut [u8; 0x400] {
        &mut self.state.color
    }

    /// The cycle that ran last.
    #[inline]
    pub fn cycle(&self) -> u64 {
        self.cycle
    }

    /// Cycles for which nothing but the CPU acts and no interrupt waits for it.
    pub(crate) fn quiet_cycles(&self) -> u64 {
        if self.state.interrupts.is_waiting() {
            return 0;
        }
        self.next_event.saturating_sub(self.cycle + 1)
    }

    /// Lets time pass; no more than [`Self::quiet_cycles`].
    pub(crate) fn pass(&mut self, cycles: u64) {
        self.cycle += cycles;
    }

    /// Whether the CPU reads RAM at an address.
    pub(crate) fn is_ram(&self, address: u16) -> bool {
        address > 1 && self.areas[usize::from(address >> 12)] == Area::Ram
    }

    /// Replaces everything but memory and sound by that of a snapshot.
    pub(crate) fn restore(&mut self, circuits: &Circuits, cycle: u64) {
        self.state = circuits.clone();
        self.areas = banking::areas(self.state.port.lines());
        self.cycle = cycle;
        self.plan();
    }

    /// First half of a cycle in which something is due.
    #[cold]
    fn run_chips(&mut self) {
        let cycle = self.cycle;
        if self.state.vic.next_event() <= cycle {
            self.state.vic.run(cycle);
        }
        if self.state.cia1.next_event() <= cycle {
            self.state.cia1.run(cycle);
        }
        if self.state.cia2.next_event() <= cycle {
            self.state.cia2.run(cycle);
        }
        self.update_lines(cycle - self.state.held_cycles);
    }

    /// Passes the chips' lines to the CPU, which sees them from `tick` on.
    fn update_lines(&mut self, tick: u64) {
        let state = &mut self.state;
        state
            .interrupts
            .set_irq(IrqSource::Vic, state.vic.is_interrupting(), tick);
        state
            .interrupts
            .set_irq(IrqSource::Cia1, state.cia1.is_interrupting(), tick);
        let nmi_line = state.cia2.is_interrupting();
        if nmi_line && !state.nmi_line {
            state.interrupts.trigger_nmi(tick);
        }
        state.nmi_line = nmi_line;
        self.plan();
    }

    fn plan(&mut self) {
        self.next_event = if self.state.vic.bus_available() {
            self.next_chip_event()
        } else {
            0
        };
    }

    fn next_chip_event(&self) -> u64 {
        let state = &self.state;
        state
            .vic
            .next_event()
            .min(state.cia1.next_event())
            .min(state.cia2.next_event())
    }

    /// Second half of a cycle: a register of a chip was accessed, which may have changed a line.
    fn after_access(&mut self) {
        self.update_lines(self.cycle - self.state.held_cycles + 1);
    }

    /// Waits until the VIC gives the bus back.
    #[cold]
    fn hold(&mut self) {
        while !self.state.vic.bus_available() {
            let tick = self.cycle - self.state.held_cycles;
            self.state.interrupts.held(tick);
            self.state.held_tick = tick;
            // While the bus is taken the VIC always has a next event: giving it back.
            let next = self.next_chip_event().max(self.cycle + 1);
            self.state.held_cycles += next - self.cycle;
            self.cycle = next;
            self.run_chips();
        }
    }

    /// What is left on a bus that nothing drives. On the board it is what the VIC read last; here
    /// it is the sequence of pseudo-random numbers that the reference player has instead, so that
    /// tunes that take noise from it sound alike.
    fn undriven(&mut self) -> u8 {
        self.state.noise = self.state.noise.wrapping_mul(13).wrapping_add(95);
        self.state.noise
    }

    fn read_special(&mut self, area: Area, address: u16) -> u8 {
        let offset = usize::from(address & 0x1fff);
        match area {
            Area::Ram => match address {
                0 => self.state.port.direction(),
                1 => self.state.port.read(self.cycle),
                _ => self.ram[usize::from(address)],
            },
            Area::Basic => self.roms.basic[offset],
            Area::Kernal => self.roms.kernal[offset],
            Area::Characters => self.roms.characters[usize::from(address & 0x0fff)],
            Area::Io => self.read_io(address),
        }
    }

    fn read_io(&mut self, address: u16) -> u8 {
        let [register, page] = address.to_le_bytes();
        let cycle = self.cycle;
        match page & 0x0f {
            0x0..=0x3 => self.state.vic.read(register),
            0x8..=0xb => self.state.color[usize::from(address & 0x3ff)],
            0xc => {
                let value = self.state.cia1.read(register, cycle);
                self.after_access();
                value
            }
            0xd => {
                let value = self.state.cia2.read(register, cycle);
                self.after_access();
                value
            }
            _ => match self.chips.at(address) {
                Some(chip) => self.chips.read(chip, register & 0x1f, cycle),
                None => self.undriven(),
            },
        }
    }

    fn write_special(&mut self, address: u16, value: u8) {
        match address {
            0 => self.state.port.write_direction(value, self.cycle),
            1 => self.state.port.write(value, self.cycle),
            _ => return self.write_io(address, value),
        }
        self.areas = banking::areas(self.state.port.lines());
        // The CPU drives no data for its own port: RAM takes what is left on the bus.
        self.ram[usize::from(address)] = self.undriven();
    }

    fn write_io(&mut self, address: u16, value: u8) {
        let [register, page] = address.to_le_bytes();
        let cycle = self.cycle;
        match page & 0x0f {
            0x0..=0x3 => {
                self.state.vic.write(register, value, cycle);
                self.after_access();
            }
            0x8..=0xb => self.state.color[usize::from(address & 0x3ff)] = value & 0x0f,
            0xc => {
                self.state.cia1.write(register, value, cycle);
                self.after_access();
            }
            0xd => {
                self.state.cia2.write(register, value, cycle);
                self.after_access();
            }
            _ => {
                if let Some(chip) = self.chips.at(address) {
                    self.chips.write(chip, register & 0x1f, value, cycle);
                }
            }
        }
    }
}

impl Bus for System {
    #[inline]
    fn read(&mut self, address: u16) -> u8 {
        self.cycle += 1;
        if self.cycle >= self.next_event {
            self.run_chips();
            self.hold();
        }
        let area = self.areas[usize::from(address >> 12)];
        if area == Area::Ram && address > 1 {
            self.ram[usize::from(address)]
        } else {
            self.read_special(area, address)
        }
    }

    #[inline]
    fn write(&mut self, address: u16, value: u8) {
        self.cycle += 1;
        if self.cycle >= self.next_event {
            self.run_chips();
        }
        if address > 1 && self.areas[usize::from(address >> 12)] != Area::Io {
            self.ram[usize::from(address)] = value;
        } else {
            self.write_special(address, value);
        }
    }

    #[inline]
    fn tick(&self) -> u64 {
        self.cycle - self.state.held_cycles
    }

    #[inline]
    fn interrupts(&mut self) -> &mut Interrupts {
        &mut self.state.interrupts
    }

    fn was_held(&self) -> bool {
        self.state.held_tick == self.tick()
    }
}
