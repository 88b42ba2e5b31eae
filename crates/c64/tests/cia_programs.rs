//! The CIAs as a program sees them. What is expected comes from the documentation of VICE's test
//! programs (`CIA/cia-timer`, `CIA/tod`, `CIA/shiftregister`), which names what real machines with
//! old and new chips do, and from the MOS 6526 data sheet.

mod common;

use c64::CiaModel;
use c64::computer::Machine;
use common::{DONE, QUIET, run};

fn machine(cia: CiaModel) -> Machine {
    Machine {
        cia,
        ..Machine::default()
    }
}

const NEW: CiaModel = CiaModel::Mos8521;
const OLD: CiaModel = CiaModel::Mos6526;
/// What the interrupt's routine leaves if it never runs.
const NEVER: u8 = 0xee;

/// What a program finds that reads the interrupt control register when a timer has `left` to
/// count, and once more nine cycles later: both values, and what the interrupt's routine read.
fn near_underflow(cia: CiaModel, base: u16, timer: u16, mask: u8, left: u8) -> [u8; 3] {
    let (low, control, icr) = (base + 4 + 2 * timer, base + 14 + timer, base + 13);
    // The counter stands at its latch for three cycles. The first read of it comes four cycles of
    // waiting and four of its own behind the start, that of the flags thirteen cycles later.
    let latch = left + 18;
    let high = low + 1;
    let source = format!(
        " .org $1000
        {QUIET}
        lda #<handler
        sta $fffe
        sta $fffa
        lda #>handler
        sta $ffff
        sta $fffb
        lda #{NEVER}
        sta $2003
        lda #{mask}
        sta {icr}
        lda #{latch}
        sta {low}
        lda #0
        sta {high}
        ldx #0
        cli
        lda #$19
        sta {control}
        nop
        nop
        lda {low}
        sec
        sbc #13
        sta $2000,x
        lda {icr}
        sta $2001,x
        lda {icr}
        sta $2002,x
more    dex
        bne more
        {DONE}
handler pha
        lda {icr}
        sta $2003
        pla
        rti
        "
    );
    let computer = run(&machine(cia), &source);
    let found = &computer.ram()[0x2000..0x2004];
    assert_eq!(found[0], left, "the program's own timing");
    [found[1], found[2], found[3]]
}

/// Checks `left` from 1 to 16; `expected` tells the second read and the routine's. The first one
/// always comes too early.
#[track_caller]
fn check(cia: CiaModel, base: u16, timer: u16, mask: u8, expected: impl Fn(u8) -> (u8, u8)) {
    for left in 1..=16 {
        let (second, routine) = expected(left);
        assert_eq!(
            near_underflow(cia, base, timer, mask, left),
            [0, second, routine],
            "{cia:?} at ${base:04X}, timer {timer}, {left} left"
        );
    }
}

const BASES: [u16; 2] = [0xdc00, 0xdd00];

#[test]
fn flags_that_do_not_interrupt_come_with_the_underflow() {
    for base in BASES {
        for (cia, timer, flag) in [(NEW, 0, 1), (NEW, 1, 2), (OLD, 0, 1)] {
            check(cia, base, timer, 0x80, |left| match left {
                ..=9 => (flag, NEVER),
                _ => (0, NEVER),
            });
        }
    }
}

#[test]
fn an_old_chip_loses_the_flag_of_timer_b_right_behind_a_read() {
    for base in BASES {
        check(OLD, base, 1, 0x80, |left| match left {
            2..=9 => (2, NEVER),
            _ => (0, NEVER),
        });
    }
}

#[test]
fn a_new_chip_interrupts_with_the_underflow() {
    for (timer, flag) in [(0, 1), (1, 2)] {
        let both = 0x80 | flag;
        for base in BASES {
            // An NMI is an edge: it comes although the read has taken its reason away.
            let lost = if base == 0xdd00 { 0 } else { NEVER };
            check(NEW, base, timer, both, |left| match left {
                ..=4 => (0, both),
                5..=8 => (both, 0),
                9 => (both, lost),
                _ => (0, both),
            });
        }
    }
}

#[test]
fn an_old_chip_interrupts_a_cycle_later() {
    for (timer, flag) in [(0, 1), (1, 2)] {
        let both = 0x80 | flag;
        for base in BASES {
            let lost = if base == 0xdd00 { 0 } else { NEVER };
            check(OLD, base, timer, both, |left| match left {
                // The flag of timer B is gone, the interrupt comes.
                1 | 10 if timer == 1 => (0, 0x80),
                ..=3 => (0, both),
                4..=7 => (both, 0),
                8 => (both, lost),
                9 => (flag, NEVER),
                _ => (0, both),
            });
        }
    }
}

/// How many flags of timer A a program sees until the serial register has sent a byte; a timer of
/// two cycles, started again for each flag or running on.
fn flags_for_a_byte(cia: CiaModel, control: u8, start_again: bool) -> u8 {
    let again = if start_again {
        format!("lda #{control}\n sta $dc0e")
    } else {
        String::new()
    };
    let source = format!(
        " .org $1000
        {QUIET}
        lda #$8f
        sta $dc0d
        lda #0
        tax
        sta $dc05
        lda #1
        sta $dc04
        lda #{control}
        sta $dc0e
        lda #$a8
        sta $dc0c
more    inx
        beq out
        {again}
poll    lda $dc0d
        tay
        sta $0450,x
        and #1
        beq poll
        tya
        sta $0590,x
        and #8
        beq more
out     stx $2000
        {DONE}
        "
    );
    run(&machine(cia), &source).ram()[0x2000]
}

/// The counts are those of `CIA/shiftregister/cia-sp-test`, which come from the copy protection of
/// Arkanoid.
#[test]
fn a_byte_takes_sixteen_shots_of_a_timer() {
    for cia in [OLD, NEW] {
        assert_eq!(flags_for_a_byte(cia, 0xd9, true), 16, "{cia:?}");
        assert_eq!(flags_for_a_byte(cia, 0xd1, false), 2, "{cia:?}");
    }
}
