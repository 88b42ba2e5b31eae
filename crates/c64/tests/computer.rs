//! Programs on the machine: how they are started, what stands in for ROMs, and what interrupts,
//! the port of the 6510 and the sound chip look like from inside. Sources: "Mapping the Commodore
//! 64" for the state of a booted machine; "No More Secrets" (groepaz) and `64doc` for interrupts;
//! the documentation of VICE's `CPU/cpuport` tests for the port.

mod common;

mod assembled;

use c64::computer::{Computer, Machine, Report};
use c64::prg::{Prg, PrgError};
use c64::{CiaModel, Roms, VicModel};
use common::{DONE, QUIET, run};
use testkit::asm::assemble;

fn prg(source: &str) -> Prg {
    let program = assemble(source).expect("a test's program assembles");
    let file = [&program.origin.to_le_bytes()[..], &program.bytes].concat();
    Prg::parse(&file).expect("a test's program fits")
}

#[track_caller]
fn report(machine: &Machine, source: &str, cycles: u64) -> Report {
    let mut computer = Computer::new(machine, &prg(source)).expect("a test's program starts");
    computer.run(cycles)
}

#[test]
fn without_roms_a_program_finds_a_machine_that_has_come_up() {
    // Screen, colours, jiffy timer, port, keyboard without a key.
    let source = format!(
        " .org $c000
        lda $0400
        cmp #$20
        bne bad
        lda $d011
        and #$7f
        cmp #$1b
        bne bad
        lda $01
        cmp #$37
        bne bad
        lda #0
        sta $dc00
        lda $dc01
        cmp #$ff
        bne bad
        lda $02a6
        cmp #1
        bne bad
        jsr $ffd2
        jsr $e544
        lda #<tick
        sta $0314
        lda #>tick
        sta $0315
        lda #0
        sta $2000
wait    lda $2000
        cmp #3
        bne wait
        {DONE}
bad     sta $d7ff
tick    inc $2000
        lda $dc0d
        pla
        tay
        pla
        tax
        pla
        rti
        "
    );
    assert_eq!(
        report(&Machine::default(), &source, 200_000),
        Report::Value(0)
    );
}

#[test]
fn the_way_to_an_interrupt_routine_takes_its_29_cycles() {
    // The same interrupt with the KERNAL in and out. Source: the comments of VICE's test
    // `CIA/CIA-AcountsB`, which synchronises to the raster by them.
    let source = |bank: u8| {
        format!(
            " .org $1000
        {QUIET}
        lda #<routine
        sta $fffe
        sta $0314
        lda #>routine
        sta $ffff
        sta $0315
        lda #${bank:02x}
        sta $01
        lda #$81
        sta $dc0d
        lda #40
        sta $dc04
        lda #0
        sta $dc05
        cli
        lda #$19
        ldx #$11
        stx $dc0f
        sta $dc0e
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
        nop
routine lda $dc06
        sta $2000
        {DONE}"
        )
    };
    let counted = |bank| run(&Machine::default(), &source(bank)).ram()[0x2000];
    assert_eq!(counted(0x35).wrapping_sub(counted(0x37)), 29);
}

#[test]
fn a_break_goes_through_its_own_vector() {
    let source = format!(
        " .org $1000
        {QUIET}
        lda #$37
        sta $01
        lda #<here
        sta $0316
        lda #>here
        sta $0317
        brk
        .byte 0
bad     sta $d7ff
here    nop
        {DONE}"
    );
    run(&Machine::default(), &source);
}

#[test]
fn timers_that_stand_pull_their_port_bits_low() {
    // As VICE's test `CIA/pb6pb7` does, in a port of inputs.
    let source = format!(
        " .org $1000
        {QUIET}
        lda #$00
        sta $dc03
        lda #$02
        sta $dc0e
        sta $dc0f
        lda $dc01
        sta $2000
        lda #$00
        sta $dc0e
        sta $dc0f
        lda $dc01
        sta $2001
        {DONE}"
    );
    let computer = run(&Machine::default(), &source);
    assert_eq!(computer.ram()[0x2000..0x2002], [0x3f, 0xff]);
}

#[test]
fn a_program_that_returns_ends_in_the_wait_for_a_key() {
    let mut computer = Computer::new(&Machine::default(), &prg(" .org $c000\n inc $2000\n rts"))
        .expect("it starts");
    let before = computer.ram()[0x2000];
    assert_eq!(computer.run(100_000), Report::Nothing);
    assert_eq!(computer.ram()[0x2000], before.wrapping_add(1));
}

#[test]
fn only_the_register_reports_and_only_while_chips_are_visible() {
    let source = " .org $1000
        sei
        lda #$34
        sta $01
        lda #1
        sta $d7ff
        lda #$37
        sta $01
        lda #2
        sta $d7fe
        lda #3
        sta $d7ff
        lda #4
        sta $d7ff";
    assert_eq!(report(&Machine::default(), source, 1000), Report::Value(3));
}

/// A KERNAL that comes up and waits for what is typed; a BASIC that runs by jumping to `$080D`,
/// and by `SYS` to `$C000`.
fn roms() -> Roms {
    let kernal = " .org $e000
start   ldx #$ff
        txs
        lda #$2f
        sta $00
        lda #$37
        sta $01
        lda #0
        sta $c6
wait    lda $c6
        beq wait
        lda $0277
        jmp ($a000)
        .fill $fffa-*,$ea
        .word wait,start,wait";
    let basic = " .org $a000
        .word begin
begin   cmp #82
        beq run
        cmp #83
        bne *
        lda $027a
        sta $d020
        jmp $c000
run     jmp $080d
        .fill $c000-*,0";
    assembled::roms(kernal, basic)
}

#[test]
fn with_roms_the_machine_comes_up_and_is_typed_to() {
    let machine = Machine {
        roms: roms(),
        ..Machine::default()
    };
    // No SYS is needed: BASIC runs it.
    let run = " .org $0801\n .fill 12,0\n lda $c6\n ldx $0277\n cpx #82\n bne bad\n sec\n sbc #4\n\
               \n sta $d7ff\nbad stx $d7ff";
    assert_eq!(report(&machine, run, 100_000), Report::Value(0));
    // "SYS49152", the first digit of which is a 4.
    let sys = " .org $c000\n lda $d020\n and #$0f\n sec\n sbc #4\n sta $d7ff";
    assert_eq!(report(&machine, sys, 100_000), Report::Value(0));
    // Where the program ends is known to BASIC.
    let computer = Computer::new(&machine, &prg(" .org $0801\n .fill 100,0")).expect("it starts");
    assert_eq!(computer.ram()[0x2d..0x2f], [0x65, 0x08]);
}

#[test]
fn without_roms_a_basic_program_needs_its_sys() {
    let program = prg(" .org $0801\n .byte 7,8,10,0,$80,0,0,0");
    let error = Computer::new(&Machine::default(), &program).err();
    assert_eq!(error, Some(PrgError::NoSys));
    let machine = Machine {
        roms: roms(),
        ..Machine::default()
    };
    assert!(Computer::new(&machine, &program).is_ok());
}

#[test]
fn programs_can_tell_the_machines_apart() {
    // Lines are counted by the highest one that is seen: 311 or 262.
    let source = format!(
        " .org $1000
        {QUIET}
        lda #0
        sta $2000
high    lda $d011
        bpl high
count   lda $d012
        cmp $2000
        bcc skip
        sta $2000
skip    lda $d011
        bmi count
        {DONE}
        "
    );
    let lines = [
        (VicModel::Mos6569, 311),
        (VicModel::Mos6567R8, 262),
        (VicModel::Mos6567R56A, 261),
        (VicModel::Mos6572, 311),
        (VicModel::Mos6573, 262),
    ];
    for (vic, last) in lines {
        let machine = Machine {
            vic,
            ..Machine::default()
        };
        let computer = run(&machine, &source);
        let found = 0x100 + u16::from(computer.ram()[0x2000]);
        assert_eq!(found, last, "{vic:?}");
    }
}

/// Runs a program with routines for both interrupts, which note what they find: `$2000` counts
/// IRQs, `$2001` NMIs, `$2002` keeps the status that the last of them pushed, `$2003` the low byte
/// of its return address.
fn interrupted(cia: CiaModel, body: &str) -> Computer {
    let source = format!(
        " .org $1000
        {QUIET}
        lda #<irq
        sta $fffe
        lda #>irq
        sta $ffff
        lda #<nmi
        sta $fffa
        lda #>nmi
        sta $fffb
        lda #0
        sta $2000
        sta $2001
        {body}
        {DONE}
irq     inc $2000
        jmp both
nmi     inc $2001
both    pha
        txa
        pha
        tsx
        lda $0103,x
        sta $2002
        lda $0104,x
        sta $2003
        bit $dc0d
        bit $dd0d
        pla
        tax
        pla
        rti
        "
    );
    let machine = Machine {
        cia,
        ..Machine::default()
    };
    run(&machine, &source)
}

#[test]
fn break_pushes_its_flag_and_skips_a_byte() {
    let computer = interrupted(
        CiaModel::Mos8521,
        "brk\n .byte $ff\nhere lda #<here\n sta $2004",
    );
    let ram = computer.ram();
    assert_eq!((ram[0x2000], ram[0x2001]), (1, 0));
    assert_eq!(ram[0x2002] & 0x10, 0x10);
    assert_eq!(ram[0x2003], ram[0x2004]);
}

#[test]
fn a_timer_interrupts_with_the_flag_clear() {
    let body = "lda #$82
        sta $dc0d
        lda #40
        sta $dc06
        lda #0
        sta $dc07
        lda #$19
        sta $dc0f
        cli
        ldx #0
loop    dex
        bne loop
        sei";
    let computer = interrupted(CiaModel::Mos8521, body);
    let ram = computer.ram();
    assert_eq!((ram[0x2000], ram[0x2001], ram[0x2002] & 0x14), (1, 0, 0));
}

#[test]
fn an_nmi_is_an_edge_and_comes_once_until_it_is_acknowledged() {
    // The routine of the NMI acknowledges; here it is bent to one that does not.
    let body = "lda #<lazy
        sta $fffa
        lda #>lazy
        sta $fffb
        lda #$81
        sta $dd0d
        lda #20
        sta $dd04
        lda #0
        sta $dd05
        lda #$11
        sta $dd0e
        ldx #0
loop    dex
        bne loop
        jmp over
lazy    inc $2001
        rti
over    nop";
    let computer = interrupted(CiaModel::Mos8521, body);
    assert_eq!(computer.ram()[0x2001], 1);
}

#[test]
fn the_mask_works_an_instruction_late() {
    // An interrupt waits. CLI lets one more instruction pass, and if that is SEI, the interrupt
    // comes nevertheless and pushes the flag set.
    let wait = "lda #$81
        sta $dc0d
        lda #5
        sta $dc04
        lda #0
        sta $dc05
        lda #$19
        sta $dc0e
        ldx #8
loop    dex
        bne loop";
    let body = format!("{wait}\n cli\n sei\nhere lda #<here\n sta $2004");
    let computer = interrupted(CiaModel::Mos8521, &body);
    let ram = computer.ram();
    assert_eq!((ram[0x2000], ram[0x2002] & 0x04), (1, 0x04));
    assert_eq!(ram[0x2003], ram[0x2004]);
    // RTI has no such delay: it takes effect with the pull.
    let body = format!(
        "{wait}\n lda #>here\n pha\n lda #<here\n pha\n lda #0\n pha\n rti\nhere nop\n\
         \n sei\n lda #<here\n sta $2004"
    );
    let computer = interrupted(CiaModel::Mos8521, &body);
    let ram = computer.ram();
    assert_eq!((ram[0x2000], ram[0x2003]), (1, ram[0x2004]));
}

#[test]
fn an_nmi_takes_the_place_of_a_break() {
    // The timer is moved over the cycles of a BRK. Somewhere among them the NMI's vector is taken
    // with the flag of the break.
    let mut hijacked = 0;
    for latch in 1..20 {
        let body = format!(
            "lda #$81
        sta $dd0d
        lda #{latch}
        sta $dd04
        lda #0
        sta $dd05
        lda #$19
        sta $dd0e
        nop
        nop
        nop
        brk
        .byte $ff
        nop
        nop"
        );
        let computer = interrupted(CiaModel::Mos8521, &body);
        let ram = computer.ram();
        assert_eq!(ram[0x2001], 1, "latch {latch}");
        if ram[0x2000] == 0 {
            hijacked += 1;
            assert_eq!(ram[0x2002] & 0x10, 0x10, "latch {latch}");
        }
    }
    // The last cycle of the instruction before is too late to replace the BRK; the fourth one of
    // the BRK is the last that changes its vector.
    assert_eq!(hijacked, 5);
}

#[test]
fn the_port_keeps_outputs_pulls_inputs_and_lets_unused_bits_fade() {
    let body = "
        lda #$2f
        sta $00
        lda #$37
        sta $01
        ; Inputs: 0 to 2 and 4 are pulled up, 5 down; the cassette's key is not pressed.
        lda #$00
        sta $00
        lda $01
        and #$37
        cmp #$17
        bne bad
        ; Bits 6 and 7 keep what they were driven to,
        lda #$ff
        sta $00
        lda #$f7
        sta $01
        lda #$2f
        sta $00
        lda $01
        and #$c0
        cmp #$c0
        bne bad
        ; for less than half a second.
        ldy #0
        ldx #0
        lda #3
        sta $fb
fade    dex
        bne fade
        dey
        bne fade
        dec $fb
        bne fade
        lda $01
        and #$c0
        bne bad
        ; Driven low they read low at once.
        lda #$ff
        sta $00
        lda #$37
        sta $01
        lda #$2f
        sta $00
        lda $01
        and #$c0
        beq good
bad     lda #$ff
        sta $d7ff
good    lda #$37
        sta $01";
    interrupted(CiaModel::Mos8521, body);
}
