//! What stands in for the ROMs while the listener has supplied none.
//!
//! Only the ways in and out of interrupts exist, at the addresses that tunes jump to, and empty
//! routines behind the KERNAL's jump table. Which addresses those are, and what answers at them,
//! is as in libsidplayfp 3.0.2 (`c64/Banks/SystemROMBanks.h`), so that tunes take the same cycles.
//! The few instructions there (save the registers, jump through the vector, restore, return) are
//! what any such routine does, at the places where Commodore's does it.

use crate::roms::{Rom, place};

const NOP: u8 = 0xea;
const RTS: u8 = 0x60;

/// Entries of the KERNAL's jump table and the routines that they lead to.
const ROUTINES: [[u16; 2]; 39] = [
    [0xff81, 0xff5b],
    [0xff84, 0xfda3],
    [0xff87, 0xfd50],
    [0xff8a, 0xfd15],
    [0xff8d, 0xfd1a],
    [0xff90, 0xfe18],
    [0xff93, 0xedb9],
    [0xff96, 0xedc7],
    [0xff99, 0xfe25],
    [0xff9c, 0xfe34],
    [0xff9f, 0xea87],
    [0xffa2, 0xfe21],
    [0xffa5, 0xee13],
    [0xffa8, 0xeddd],
    [0xffab, 0xedef],
    [0xffae, 0xedfe],
    [0xffb1, 0xed0c],
    [0xffb4, 0xed09],
    [0xffb7, 0xfe07],
    [0xffba, 0xfe00],
    [0xffbd, 0xfdf9],
    [0xffc0, 0xf34a],
    [0xffc3, 0xf291],
    [0xffc6, 0xf20e],
    [0xffc9, 0xf250],
    [0xffcc, 0xf333],
    [0xffcf, 0xf157],
    [0xffd2, 0xf1ca],
    [0xffd5, 0xf49e],
    [0xffd8, 0xf5dd],
    [0xffdb, 0xf6e4],
    [0xffde, 0xf6dd],
    [0xffe1, 0xf6ed],
    [0xffe4, 0xf13e],
    [0xffe7, 0xf32f],
    [0xffea, 0xf69b],
    [0xffed, 0xe505],
    [0xfff0, 0xe50a],
    [0xfff3, 0xe500],
];

/// Pushes A, X and Y.
const SAVE: [u8; 5] = [0x48, 0x8a, 0x48, 0x98, 0x48];
/// Pulls Y, X and A.
const RESTORE: [u8; 5] = [0x68, 0xa8, 0x68, 0xaa, 0x68];
const RTI: u8 = 0x40;

/// Where the KERNAL waits for a key. Source: "The Complete Commodore Inner Space Anthology".
pub const WAIT: u16 = 0xe5cd;
/// Where a reset leads.
const RESET: u16 = 0xfce2;

/// Stand-in for the KERNAL at `$E000`. Where a reset leads is for the caller to say.
pub fn kernal() -> Rom {
    filled_with(NOP)
}

/// Stand-in for the KERNAL, every routine of which returns at once, for programs that call more
/// of them than tunes do. It waits where the KERNAL waits for a key; a reset leads there.
pub fn returning_kernal() -> Rom {
    let mut rom = filled_with(RTS);
    let [low, high] = WAIT.to_le_bytes();
    place(&mut rom, WAIT, &[0x4c, low, high]);
    place(&mut rom, RESET, &[0x4c, low, high]);
    // Programs that stand still on the raster count on the time that the KERNAL takes to tell an
    // interrupt from a BRK: 29 cycles up to the routine.
    place(&mut rom, 0xff48, &SAVE);
    place(&mut rom, 0xff4d, &[0xba, 0xbd, 0x04, 0x01, 0x29, 0x10]);
    place(&mut rom, 0xff53, &[0xf0, 0x03, 0x6c, 0x16, 0x03]);
    place(&mut rom, 0xff58, &[0x6c, 0x14, 0x03]);
    place(&mut rom, 0xfffc, &RESET.to_le_bytes());
    rom
}

/// The ways in and out of interrupts, and `filler` everywhere else.
fn filled_with(filler: u8) -> Rom {
    let mut rom = [filler; 0x2000];
    // The interrupt routine without its work: acknowledge CIA 1, leave.
    place(&mut rom, 0xea31, &[0x4c, 0x7e, 0xea]);
    place(&mut rom, 0xea7e, &[0x0c, 0x0d, 0xdc]);
    place(&mut rom, 0xea81, &RESTORE);
    place(&mut rom, 0xea86, &[RTI]);
    // NMI: mask interrupts, go through the vector.
    place(&mut rom, 0xfe43, &[0x78, 0x6c, 0x18, 0x03]);
    place(&mut rom, 0xfe47, &SAVE);
    place(&mut rom, 0xfebc, &RESTORE);
    place(&mut rom, 0xfec1, &[RTI]);
    // IRQ: save the registers, go through the vector.
    place(&mut rom, 0xff48, &SAVE);
    place(&mut rom, 0xff4d, &[0x6c, 0x14, 0x03]);
    for address in ROUTINES.as_flattened() {
        place(&mut rom, *address, &[RTS]);
    }
    place(&mut rom, 0xfffa, &0xfe43u16.to_le_bytes());
    place(&mut rom, 0xfffe, &0xff48u16.to_le_bytes());
    rom
}

/// Stand-in for BASIC at `$A000`: empty, as it is in the reference player. The golden tune
/// `Viking_Raid_2_part_3` reads all through it.
pub fn basic() -> Rom {
    [0; 0x2000]
}
