//! The interrupt control register read and changed around an interrupt, cycle by cycle. Cases and
//! results are those of Wilfred Bos' `dd0dtest`, one of VICE's test programs, which tells the
//! values of old and new chips in real machines.

mod common;

use c64::CiaModel;
use c64::computer::Machine;
use common::{DONE, QUIET, run};

const NEW: CiaModel = CiaModel::Mos8521;
const OLD: CiaModel = CiaModel::Mos6526;

fn machine(cia: CiaModel) -> Machine {
    Machine {
        cia,
        ..Machine::default()
    }
}

/// Instructions by letter, times by a number in front.
fn code(case: &str) -> String {
    let mut source = String::new();
    let mut times = 0;
    for letter in case.chars() {
        let text = match letter {
            '0'..='9' => {
                times = 10 * times + letter.to_digit(10).expect("a digit");
                continue;
            }
            ' ' => continue,
            'n' => " nop\n",
            'b' => " bit $ea\n",
            // Reads,
            'r' => " lda $dd0d\n",
            'x' => " lda $dd0d,x\n",
            // from the other chip into this one, and from this one away,
            'i' => " lda $dcfd,x\n",
            'o' => " lda $ddfd,x\n",
            // changes and a write,
            'c' => " inc $dd0d\n",
            'd' => " inc $dd0d,x\n",
            'w' => " sta $dd0d,x\n",
            // and where the accumulator is left.
            'A' => " sta $2000\n",
            'B' => " sta $2001\n",
            'C' => " sta $2002\n",
            'D' => " sta $2003\n",
            'h' => " ldx #$10\n",
            'z' => " lda #$00\n",
            _ => panic!("{letter} is no instruction"),
        };
        source.push_str(&text.repeat(times.max(1) as usize));
        times = 0;
    }
    source
}

/// What six cells hold after a case: four reads, the accumulator at the interrupt, and a last
/// read in its routine. Cells that nothing was put into hold FF.
fn found(cia: CiaModel, case: &str) -> Vec<u8> {
    let case = code(case);
    let source = format!(
        " .org $1000
        {QUIET}
        lda #$ff
        ldx #5
clear   sta $2000,x
        dex
        bpl clear
        lda #<routine
        sta $fffa
        lda #>routine
        sta $fffb
        lda #$15
        sta $dd04
        lda #$00
        sta $dd05
        lda #$81
        sta $dd0d
        lda #$11
        sta $dd0e
        ldx #$00
        ldy #$00
        lda #$00
        cli
        bit $ea
        nop
        bit $ea
        {case}
        jsr *+3
        php
        sei
        jmp routine
routine sta $2004
        sta $2008
        stx $2009
        sty $200a
        lda status
        ora #$04
        pha
        plp
        lda status
        clc
        adc #8
        tax
        nop
        lda #$35
        sta $01
        lda #$7f
        sta $dd0d
        lda #$00
        sta $dd0e
        lda $dd0d
        sta $2005
        {DONE}
status  .byte 0
        "
    );
    run(&machine(cia), &source).ram()[0x2000..0x2006].to_vec()
}

/// A case, and what old and new chips leave.
type Case = (&'static str, [u8; 6], [u8; 6]);

const CASES: [Case; 20] = [
    (
        "brA 7n rB 6n b xC 7n rD 11n",
        [0x00, 0xff, 0xff, 0xff, 0x00, 0x81],
        [0x00, 0xff, 0xff, 0xff, 0x00, 0x81],
    ),
    (
        "bn rA 7n rB 6n b xC 7n rD 11n",
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
        [0xff, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "3n rA 7n rB 6n b xC 7n rD 11n",
        [0xff, 0xff, 0xff, 0xff, 0x81, 0x81],
        [0xff, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 7n rB 6n b rC 7n rD 11n",
        [0x01, 0x01, 0x81, 0xff, 0x81, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 7n rB 6n b xC 7n rD 11n",
        [0x01, 0x01, 0x81, 0xff, 0x81, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 7n rB 6n b r n C 7n rD 11n",
        [0x01, 0x01, 0xff, 0xff, 0x81, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "h n iA 7n rB 6n b rC 7n rD 11n",
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
        [0xff, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 4n h b i n B 5n b rC 7n rD 11n",
        [0x01, 0x01, 0x81, 0xff, 0x81, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 7n cB 6n b rC 7n rD 11n",
        [0x01, 0x01, 0x01, 0x01, 0x01, 0x01],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 7n dB 6n b rC 7n rD 11n",
        [0x01, 0x01, 0xff, 0xff, 0x81, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 6n b dB 6n b rC 7n rD 11n",
        [0x01, 0xff, 0xff, 0xff, 0x01, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 7n dB 6n b rC 7n rD 11n",
        [0x01, 0x01, 0xff, 0xff, 0x81, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 5n b dB 6n b rC 7n rD 11n",
        [0x01, 0x01, 0x01, 0x01, 0x01, 0x01],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 6n dB 8n rC 7n rD 11n",
        [0x01, 0x01, 0xff, 0xff, 0x01, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 4n b dB 8n rC 7n rD 11n",
        [0x01, 0x01, 0x01, 0x01, 0x01, 0x01],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 7n dBC 2n b rD 18n",
        [0x01, 0x01, 0x01, 0x01, 0x01, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 7n dBC 4n rD 18n",
        [0x01, 0x01, 0x01, 0x81, 0x81, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 5n b dBC 4n rD 18n",
        [0x01, 0x01, 0x01, 0x01, 0x01, 0x01],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 7n rB 6n h o z C 6n rD 11n",
        [0x01, 0x01, 0x00, 0x81, 0x81, 0x81],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
    (
        "2n rA 7n rB 7n wC 7n rD 11n",
        [0x01, 0x01, 0x01, 0x01, 0x01, 0x01],
        [0x81, 0xff, 0xff, 0xff, 0x81, 0x81],
    ),
];

#[test]
fn reads_around_an_interrupt_find_what_real_chips_have() {
    let mut wrong = Vec::new();
    for (index, (case, old, new)) in CASES.into_iter().enumerate() {
        for (cia, expected) in [(OLD, old), (NEW, new)] {
            let found = found(cia, case);
            if found != expected {
                wrong.push(format!(
                    "{:02x} {cia:?}: {found:02x?}, not {expected:02x?}",
                    index + 3
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// How often a routine that acknowledges gets on before the next underflow of a timer of two
/// cycles interrupts it, as the test counts: 80 and one per step.
fn steps(cia: CiaModel, behind: &str) -> u8 {
    let source = format!(
        " .org $1000
        {QUIET}
        lda #<routine
        sta $fffa
        lda #>routine
        sta $fffb
        lda #$01
        sta $dd04
        lda #$00
        sta $dd05
        sta $2000
        lda #$81
        sta $dd0d
        lda #$01
        sta $dd0e
        cli
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
stop    {DONE}
routine sta $2008
        stx $2009
        sty $200a
        lda $2000
        cmp #$00
        bne stop
        lda #$80
        sta $2000
        lda $dd0d
        {behind}
        inc $2000
        inc $2000
        inc $2000
        inc $2000
        jmp stop
        "
    );
    run(&machine(cia), &source).ram()[0x2000]
}

#[test]
fn the_next_interrupt_of_an_old_chip_comes_a_step_later() {
    assert_eq!((steps(OLD, "bit $ea"), steps(NEW, "bit $ea")), (0x81, 0x80));
    let nops = "nop\n nop";
    assert_eq!((steps(OLD, nops), steps(NEW, nops)), (0x80, 0x80));
}

/// What is left when `INC $DD0D,X` meets the underflow of timer A and lets timer B interrupt: the
/// register as the routine reads it, and whether the next instruction came before the routine.
fn mask_changed(cia: CiaModel, wait: &str) -> (u8, u8) {
    let wait = code(wait);
    let source = format!(
        " .org $1000
        {QUIET}
        lda #<routine
        sta $fffa
        lda #>routine
        sta $fffb
        lda #$20
        sta $dd04
        lda #$00
        sta $dd05
        lda #$30
        sta $dd06
        lda #$00
        sta $dd07
        lda #$ff
        sta $2000
        sta $2001
        lda #$81
        sta $dd0d
        lda #$11
        sta $dd0f
        lda #$19
        sta $dd0e
        nop
        nop
        lda #$00
        ldx #$00
        ldy #$00
        cli
        nop
        nop
        nop
        nop
        nop
        bit $ea
        {wait}
        ldx #$00
        inc $dd0d,x
        sta $2001
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
stop    {DONE}
routine sta $2008
        stx $2009
        sty $200a
        bit $ea
        bit $ea
        lda $dd0d
        sta $2000
        jmp stop
        "
    );
    let computer = run(&machine(cia), &source);
    (computer.ram()[0x2000], computer.ram()[0x2001])
}

#[test]
fn changing_the_mask_in_the_cycle_of_a_flag_may_lose_it() {
    let all = |cia| ["b", "2n", "nb"].map(|wait| mask_changed(cia, wait));
    assert_eq!(all(OLD), [(0xff, 0x00), (0xff, 0x00), (0x02, 0xff)]);
    assert_eq!(all(NEW), [(0x82, 0x00), (0x82, 0xff), (0x82, 0xff)]);
}
