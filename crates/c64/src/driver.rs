//! The program of ours that sets a tune going: hardware, init, and a play routine per interrupt.
//!
//! It fits into one page, wherever the tune leaves one. What it does is the environment that the
//! SID file format describes. When it does so is chosen to agree with the reference player cycle
//! for cycle: where that decides something while it runs (clock, banks, interrupt source) and
//! ours was built knowing it, the time passes in instructions without effect, so that raster and
//! timers stand at the same place when init begins. Source: `DOCUMENTS/SID_file_format.txt`,
//! the instruction times of libsidplayfp 3.0.2.

use sidfile::{Format, Relocation, Speed, Tune};

/// Bytes of a page.
const PAGE: usize = 0x100;

/// Everything about a song that the driver needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Song {
    /// Song, from 0.
    pub index: u8,
    /// Routine that starts it.
    pub init: u16,
    /// Routine called per interrupt, or zero.
    pub play: u16,
    /// What calls it.
    pub speed: Speed,
    /// Made for a real machine: nothing is set that a booted C64 has not.
    pub is_real: bool,
    /// A BASIC program, which the interpreter runs.
    pub is_basic: bool,
    /// The machine is a PAL one.
    pub is_pal: bool,
    /// The tune was written for this video standard, or does not say.
    pub clock_matches: bool,
}

/// The driver, ready to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// First address; a page.
    pub address: u16,
    /// The program.
    pub bytes: Vec<u8>,
    /// Where the CPU starts.
    pub cold: u16,
    /// What `$0314` points to before init.
    pub irq: u16,
    /// What `$0316` and `$0318` point to: nothing that should ever run.
    pub exception: u16,
    /// What `$0328` points to: init once more.
    pub stop: u16,
}

/// Where a BASIC program is started: a place in BASIC's ROM that holds nothing, and that
/// [`basic_start`] fills.
const BASIC_START: u16 = 0xbf53;
/// Page of the driver that starts a BASIC program. It is on the screen, where it is overwritten
/// once it is no longer needed.
const BASIC_PAGE: u8 = 0x04;

/// Changes to BASIC's ROM that let a song of a BASIC program run, by address: before each of its
/// statements the interpreter puts the song, from 0, where `SYS` takes the accumulator from and
/// `PEEK(780)` finds it. Source: the SID file format for 780; libsidplayfp 3.0.2
/// (`c64/Banks/SystemROMBanks.h`) for the places; "The Complete Commodore Inner Space Anthology"
/// for the routines: `$A7AE` begins a statement with a look at the STOP key (`$A82C`) and goes on
/// at `$A7B1`.
pub fn basic_start(song: u8) -> [(u16, Vec<u8>); 2] {
    let [low, high] = BASIC_START.to_le_bytes();
    let start = vec![
        0xa9, song, 0x8d, 0x0c, 0x03, 0x20, 0x2c, 0xa8, 0x4c, 0xb1, 0xa7,
    ];
    [(BASIC_START, start), (0xa7ae, vec![0x4c, low, high])]
}

/// The change to BASIC's ROM for tunes that are no BASIC programs: one that wants to return to
/// BASIC comes through the STOP vector to where init is called.
pub fn basic_trap() -> (u16, [u8; 3]) {
    (0xa7ae, [0x4c, 0xe1, 0xff])
}

/// The first page for a driver, if the tune leaves one.
pub fn free_page(tune: &Tune) -> Option<u8> {
    if tune.is_basic {
        return Some(BASIC_PAGE);
    }
    match tune.relocation() {
        Relocation::Nowhere => None,
        Relocation::Pages(pages) => u8::try_from(pages.start).ok(),
        Relocation::Anywhere => {
            let data = tune.load_range();
            let used = data.start >> 8..=(data.end - 1) >> 8;
            (0x04..0xd0u8)
                .filter(|page| !matches!(page, 0xa0..=0xbf))
                .find(|&page| !used.contains(&u32::from(page)))
        }
    }
}

/// What `$01` must be for a routine at `address` to be visible, with as many ROMs as possible.
pub fn bank(address: u16) -> u8 {
    match address {
        0x0000..=0x9fff => 0x37,
        0xa000..=0xcfff => 0x36,
        0xd000..=0xdfff => 0x34,
        0xe000..=0xffff => 0x35,
    }
}

impl Song {
    /// Song `index` (from 0) of a tune on a PAL or an NTSC machine.
    pub fn new(tune: &Tune, index: u8, is_pal: bool) -> Self {
        let clock_matches = match tune.clock {
            sidfile::Clock::Pal => is_pal,
            sidfile::Clock::Ntsc => !is_pal,
            sidfile::Clock::Unknown | sidfile::Clock::Any => true,
        };
        Self {
            index,
            init: if tune.is_basic {
                // Behind the load of the accumulator, which the driver has done.
                BASIC_START + 2
            } else {
                tune.init_address
            },
            play: tune.play_address,
            speed: tune.speed_of(u16::from(index) + 1),
            is_real: tune.format == Format::Rsid,
            is_basic: tune.is_basic,
            is_pal,
            clock_matches,
        }
    }

    /// The banks for init and play; none where the tune is left to choose them.
    fn banks(&self) -> (Option<u8>, Option<u8>) {
        let bank_of = |address| (!self.is_real && address != 0).then(|| bank(address));
        (bank_of(self.init), bank_of(self.play))
    }
}

/// Bytes with their addresses, growing.
struct Program {
    address: u16,
    bytes: Vec<u8>,
}

impl Program {
    fn here(&self) -> u16 {
        // A driver is shorter than a page.
        self.address + self.bytes.len() as u16
    }

    fn emit(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn emit_word(&mut self, opcode: u8, operand: u16) {
        let [low, high] = operand.to_le_bytes();
        self.emit(&[opcode, low, high]);
    }

    /// Lets at least two cycles pass without effect.
    fn wait(&mut self, cycles: u32) {
        let mut left = cycles;
        if left % 2 == 1 {
            // BIT of a zero page address: three cycles.
            self.emit(&[0x24, 0x02]);
            left -= 3;
        }
        for _ in 0..left / 2 {
            self.emit(&[0xea]);
        }
    }

    fn load_a(&mut self, value: u8) {
        self.emit(&[0xa9, value]);
    }

    fn load_x(&mut self, value: u8) {
        self.emit(&[0xa2, value]);
    }

    fn load_y(&mut self, value: u8) {
        self.emit(&[0xa0, value]);
    }

    fn read_a(&mut self, address: u16) {
        self.emit_word(0xad, address);
    }

    fn store_a(&mut self, address: u16) {
        self.emit_word(0x8d, address);
    }

    fn store_x(&mut self, address: u16) {
        self.emit_word(0x8e, address);
    }

    fn store_y(&mut self, address: u16) {
        self.emit_word(0x8c, address);
    }

    fn set_bank(&mut self, bank: u8) {
        self.load_a(bank);
        self.emit(&[0x85, 0x01]);
    }

    fn jump(&mut self, address: u16) {
        self.emit_word(0x4c, address);
    }
}

/// Builds the driver for a song at a page.
pub fn build(song: &Song, page: u8) -> Driver {
    let address = u16::from(page) << 8;
    let mut program = Program {
        address,
        bytes: Vec::with_capacity(PAGE),
    };
    let (init_bank, play_bank) = song.banks();

    // Play: the registers were saved by the KERNAL's way in.
    let play = program.here();
    program.emit(&[0xa5, 0x01, 0x48]);
    program.wait(2);
    program.set_bank(play_bank.unwrap_or(0));
    program.load_a(0);
    let call = program.bytes.len();
    program.emit_word(0x20, 0);
    program.emit(&[0x68, 0x85, 0x01]);
    program.emit_word(0xce, 0xd019);
    let irq = program.here();
    program.read_a(0xdc0d);
    program.emit(&[0x68, 0xa8, 0x68, 0xaa, 0x68, 0x40]);
    let play_call = program.here();
    program.wait(2);
    program.jump(song.play);
    let init_call = program.here();
    program.wait(2);
    program.jump(song.init);
    let exception = program.here();
    program.emit(&[0x02]);
    program.bytes[call + 1..call + 3].copy_from_slice(&play_call.to_le_bytes());

    // Cold start: silence all interrupts.
    let cold = program.here();
    program.emit(&[0x78]);
    program.load_a(0x00);
    program.store_a(0xd01a);
    program.read_a(0xd019);
    program.store_a(0xd019);
    program.load_a(0x7f);
    program.store_a(0xdc0d);
    program.store_a(0xdd0d);
    program.read_a(0xdc0d);
    program.read_a(0xdd0d);
    program.load_a(0x0f);
    program.store_a(0xd418);

    // Timer A of CIA 1 at 60 Hz.
    let period: u16 = if song.is_pal { 0x4025 } else { 0x4295 };
    let [low, high] = period.to_le_bytes();
    program.wait(if song.is_pal { 9 } else { 7 });
    program.load_x(low);
    program.load_y(high);
    program.store_x(0xdc04);
    program.store_y(0xdc05);

    // Raster compare: line 311 where a booted machine has it, else line 0.
    let (control, line) = if song.is_real && song.clock_matches {
        (0x9b, 0x37)
    } else {
        (0x1b, 0x00)
    };
    program.wait(if control == 0x9b { 11 } else { 14 });
    program.load_x(control);
    program.load_y(line);
    program.store_x(0xd011);
    program.store_y(0xd012);

    // The play routine takes the interrupt vector.
    let [play_low, _] = play.to_le_bytes();
    match (init_bank, play_bank) {
        (None, _) => program.wait(7),
        (Some(_), None) => program.wait(13),
        (Some(_), Some(_)) => {
            program.wait(12);
            program.load_x(play_low);
            program.store_x(0x0314);
        }
    }

    // The interrupt source.
    match song.speed {
        Speed::VerticalBlank => {
            program.wait(6);
            program.load_a(0x81);
            program.store_a(0xd01a);
            program.wait(3);
        }
        Speed::Cia => {
            program.wait(7);
            program.load_a(0x81);
            program.load_x(0x01);
            program.store_a(0xdc0d);
            program.store_x(0xdc0e);
        }
    }

    // Init. A real machine has interrupts on.
    let stop = program.here();
    match init_bank {
        Some(bank) => {
            program.wait(5);
            program.set_bank(bank);
        }
        None => {
            program.wait(6);
            program.set_bank(0x37);
        }
    }
    program.wait(2);
    program.load_a(if song.is_real { 0x00 } else { 0x04 });
    program.emit(&[0x48]);
    program.wait(2);
    program.load_a(song.index);
    program.emit(&[0x28]);
    program.emit_word(0x20, init_call);

    // Then the tune is on its own.
    match (init_bank, play_bank) {
        (None, _) => program.wait(7),
        (Some(_), None) => {
            program.wait(13);
            program.emit(&[0x58]);
        }
        (Some(_), Some(_)) => {
            program.wait(12);
            program.set_bank(0x37);
            program.emit(&[0x58]);
        }
    }
    let idle = program.here();
    program.jump(idle);
    debug_assert!(program.bytes.len() <= PAGE, "the driver fits into a page");

    Driver {
        address,
        bytes: program.bytes,
        cold,
        irq,
        exception,
        stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tune(load_address: u16, length: usize, pages: (u8, u8)) -> Tune {
        let mut bytes = vec![0; 0x7c];
        bytes[..8].copy_from_slice(b"PSID\0\x02\0\x7c");
        bytes[0x0f] = 1;
        (bytes[0x78], bytes[0x79]) = pages;
        bytes.extend(load_address.to_le_bytes());
        bytes.extend(vec![0xea; length]);
        Tune::parse(&bytes).expect("the fixture is a tune")
    }

    #[test]
    fn the_first_page_outside_data_and_roms_is_taken() {
        assert_eq!(free_page(&tune(0x1000, 0x100, (0, 0))), Some(0x04));
        assert_eq!(free_page(&tune(0x0400, 0x101, (0, 0))), Some(0x06));
        assert_eq!(free_page(&tune(0x0200, 0x9e00, (0, 0))), Some(0xc0));
        assert_eq!(free_page(&tune(0x0400, 0xcc00, (0, 0))), None);
        assert_eq!(free_page(&tune(0x1000, 0x100, (0x20, 3))), Some(0x20));
        assert_eq!(free_page(&tune(0x1000, 0x100, (0xff, 0))), None);
    }

    #[test]
    fn banks_show_the_routine() {
        let expected = [
            (0x9fff, 0x37),
            (0xa000, 0x36),
            (0xcfff, 0x36),
            (0xd000, 0x34),
        ];
        for (address, value) in expected.into_iter().chain([(0xdfff, 0x34), (0xe000, 0x35)]) {
            assert_eq!(bank(address), value, "{address:04X}");
        }
    }

    #[test]
    fn the_driver_fits_into_a_page_whatever_the_song() {
        let tune = tune(0x1000, 0x100, (0, 0));
        for is_real in [false, true] {
            for play in [0, 0x1003] {
                for speed in [Speed::VerticalBlank, Speed::Cia] {
                    let song = Song {
                        is_real,
                        play,
                        speed,
                        ..Song::new(&tune, 0, true)
                    };
                    assert!(build(&song, 0x20).bytes.len() <= PAGE);
                }
            }
        }
    }
}
