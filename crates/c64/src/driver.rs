//! The program that sets a tune going: hardware, init, and a play routine per interrupt.
//!
//! It fits into one page, wherever the tune leaves one. What it does, and in what order, is the
//! environment that the SID file format describes. When each access comes is fixed by the
//! reference player, so that raster and timers stand at the same place when init begins; and so
//! is where parameters and instructions lie: tunes read the page. The golden tune
//! `Vicious_SID_2-Carmina_Burana` plays all of it as samples, and what it finds there is the
//! layout kept here. Sources: `DOCUMENTS/SID_file_format.txt`; the golden traces of libsidplayfp
//! 3.0.2.

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

/// Where the program keeps what it knows of the song, from the start of its page.
mod parameter {
    pub(super) const SONG: u16 = 0;
    pub(super) const SPEED: u16 = 1;
    pub(super) const INIT: u16 = 2;
    pub(super) const PLAY: u16 = 4;
    pub(super) const INIT_BANK: u16 = 6;
    pub(super) const PLAY_BANK: u16 = 7;
    pub(super) const MACHINE: u16 = 8;
    pub(super) const CLOCK: u16 = 9;
    pub(super) const STATUS: u16 = 10;
}

/// A branch or jump whose target is not yet known.
#[must_use]
struct Ahead(usize);

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

    fn load_a(&mut self, value: u8) {
        self.emit(&[0xa9, value]);
    }

    /// Loads X and Y, low and high byte of what is stored next.
    fn load_xy(&mut self, value: u16) {
        let [low, high] = value.to_le_bytes();
        self.emit(&[0xa2, low, 0xa0, high]);
    }

    fn read_a(&mut self, address: u16) {
        self.emit_word(0xad, address);
    }

    fn read_parameter(&mut self, parameter: u16) {
        self.read_a(self.address + parameter);
    }

    fn store_a(&mut self, address: u16) {
        self.emit_word(0x8d, address);
    }

    fn store_xy(&mut self, low: u16, high: u16) {
        self.emit_word(0x8e, low);
        self.emit_word(0x8c, high);
    }

    fn store_bank(&mut self) {
        self.emit(&[0x85, 0x01]);
    }

    fn branch_if_zero(&mut self) -> Ahead {
        self.emit(&[0xf0, 0]);
        Ahead(self.bytes.len() - 1)
    }

    fn branch_if_not_zero(&mut self) -> Ahead {
        self.emit(&[0xd0, 0]);
        Ahead(self.bytes.len() - 1)
    }

    fn jump(&mut self) -> Ahead {
        self.emit(&[0x4c, 0, 0]);
        Ahead(self.bytes.len() - 2)
    }

    /// The target of a branch is here.
    fn land(&mut self, Ahead(at): Ahead) {
        // All of the program is within reach of a branch.
        self.bytes[at] = (self.bytes.len() - at - 1) as u8;
    }

    /// The target of a jump or the like is here.
    fn land_jump(&mut self, Ahead(at): Ahead) {
        let here = self.here();
        self.set_word(at, here);
    }

    fn set_word(&mut self, at: usize, value: u16) {
        self.bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
}

impl Song {
    fn parameters(&self) -> [u8; 11] {
        let (init_bank, play_bank) = self.banks();
        let [init_low, init_high] = self.init.to_le_bytes();
        let [play_low, play_high] = self.play.to_le_bytes();
        // Flags on entry to init: a real machine has interrupts on.
        let status = if self.is_real { 0x00 } else { 0x04 };
        [
            self.index,
            u8::from(self.speed == Speed::Cia),
            init_low,
            init_high,
            play_low,
            play_high,
            init_bank.unwrap_or(0),
            play_bank.unwrap_or(0),
            u8::from(self.is_pal),
            u8::from(self.is_pal == self.clock_matches),
            status,
        ]
    }
}

/// Builds the driver for a song at a page.
pub fn build(song: &Song, page: u8) -> Driver {
    let address = u16::from(page) << 8;
    let mut program = Program {
        address,
        bytes: Vec::with_capacity(PAGE),
    };
    program.emit(&song.parameters());
    let call_play = program.here();
    program.emit_word(0x6c, address + parameter::PLAY);
    let call_init = program.here();
    program.emit_word(0x6c, address + parameter::INIT);

    let cold = program.here();
    silence_interrupts(&mut program);
    set_timer_and_raster(&mut program);
    let play_low = take_vector(&mut program);
    choose_source(&mut program);
    let stop = program.here();
    start_tune(&mut program, call_init);
    let play = program.here();
    program.bytes[play_low] = play.to_le_bytes()[0];
    let irq = play_once(&mut program, call_play);
    let exception = program.here();
    program.emit(&[0x02]);
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

/// Whatever may interrupt is silenced and acknowledged; the volume goes up.
fn silence_interrupts(program: &mut Program) {
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
}

/// Timer A of CIA 1 at 60 Hz. The raster compare at line 311, where a booted machine has it, if
/// the tune was written for this machine and chooses its banks; else line 0.
fn set_timer_and_raster(program: &mut Program) {
    program.read_parameter(parameter::MACHINE);
    let ntsc = program.branch_if_zero();
    program.load_xy(0x4025);
    let pal = program.jump();
    program.land(ntsc);
    program.load_xy(0x4295);
    program.land_jump(pal);
    program.store_xy(0xdc04, 0xdc05);

    program.load_xy(0x379b);
    program.emit_word(0x4d, program.address + parameter::CLOCK);
    program.emit_word(0x0d, program.address + parameter::INIT_BANK);
    let keep = program.branch_if_zero();
    program.load_xy(0x001b);
    program.land(keep);
    program.store_xy(0xd011, 0xd012);
}

/// The play routine takes the interrupt vector where there is one. Returns where its low byte
/// belongs.
fn take_vector(program: &mut Program) -> usize {
    program.read_parameter(parameter::INIT_BANK);
    let no_banks = program.branch_if_zero();
    program.read_parameter(parameter::PLAY_BANK);
    let no_play = program.branch_if_zero();
    let play_low = program.bytes.len() + 1;
    program.emit(&[0xa2, 0]);
    program.emit_word(0x8e, 0x0314);
    program.land(no_banks);
    program.land(no_play);
    play_low
}

/// The interrupt's source: the raster, or timer A of CIA 1.
fn choose_source(program: &mut Program) {
    program.read_parameter(parameter::SPEED);
    let timer = program.branch_if_not_zero();
    program.load_a(0x81);
    program.store_a(0xd01a);
    let raster = program.jump();
    program.land(timer);
    program.load_a(0x81);
    program.emit(&[0xa2, 0x01]);
    program.store_a(0xdc0d);
    program.emit_word(0x8e, 0xdc0e);
    program.land_jump(raster);
}

/// Calls init in its banks, then lets interrupts come.
fn start_tune(program: &mut Program, call_init: u16) {
    program.read_parameter(parameter::INIT_BANK);
    let has_bank = program.branch_if_not_zero();
    program.load_a(0x37);
    program.land(has_bank);
    program.store_bank();
    program.read_parameter(parameter::STATUS);
    program.emit(&[0x48]);
    program.read_parameter(parameter::SONG);
    program.emit(&[0x28]);
    program.emit_word(0x20, call_init);

    program.read_parameter(parameter::INIT_BANK);
    let no_banks = program.branch_if_zero();
    program.read_parameter(parameter::PLAY_BANK);
    let no_play = program.branch_if_zero();
    program.load_a(0x37);
    program.store_bank();
    program.land(no_play);
    program.emit(&[0x58]);
    program.land(no_banks);
    let idle = program.here();
    program.emit_word(0x4c, idle);
}

/// Calls play in its banks; the registers were saved by the KERNAL's way in. Returns where an
/// interrupt without a play routine is acknowledged.
fn play_once(program: &mut Program, call_play: u16) -> u16 {
    program.emit(&[0xa5, 0x01, 0x48]);
    program.read_parameter(parameter::PLAY_BANK);
    program.store_bank();
    program.load_a(0x00);
    program.emit_word(0x20, call_play);
    program.emit(&[0x68]);
    program.store_bank();
    program.emit_word(0xce, 0xd019);
    let irq = program.here();
    program.read_a(0xdc0d);
    program.emit(&[0x68, 0xa8, 0x68, 0xaa, 0x68, 0x40]);
    irq
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
