//! Tunes on a machine with ROMs. The ROMs were written for these tests; they share with
//! Commodore's only the addresses at which tunes and the interpreter meet them.

mod assembled;

use std::sync::Arc;

use c64::{Config, Error, Player, Roms};
use sidfile::Tune;
use sidfile::rom::RomKind;
use testkit::asm::assemble;

/// Interrupts go through their vectors; the default routine counts in register 2 of the chip.
/// `$FFD2` puts a mark into register 3, `$FFE1` goes through the STOP vector.
const KERNAL: &str = "
        .org $e000
        .fill $ea31-*,$ea
        inc $02ff
        lda $02ff
        sta $d402
        lda $dc0d
        pla
        tay
        pla
        tax
        pla
        rti
        .fill $fe43-*,$ea
        rti
        .fill $ff48-*,$ea
        pha
        txa
        pha
        tya
        pha
        jmp ($0314)
        .fill $ffd2-*,$ea
        jmp mark
        .fill $ffe1-*,$ea
        jmp ($0328)
mark    lda #$77
        sta $d403
        rts
        .fill $fffa-*,$ea
        .word $fe43,$e000,$ff48
";

/// An interpreter whose statements are a register of the chip and a value. A statement begins at
/// `$A7AE` with a look at the STOP key, and goes on at `$A7B1`.
const BASIC: &str = "
        .org $a000
        .fill $a7ae-*,$00
        jsr $a82c
        ldy #0
        lda ($7a),y
        beq line
        tax
        iny
        lda ($7a),y
        sta $d400,x
        lda #2
        jsr skip
        lda $030c
        sta $d401
        jmp $a7ae
line    iny
        lda ($7a),y
        iny
        ora ($7a),y
        beq end
        lda #5
        jsr skip
        jmp $a7ae
end     jmp end
skip    clc
        adc $7a
        sta $7a
        bcc near
        inc $7b
near    rts
        .fill $a82c-*,$00
        inc $02fe
        lda $02fe
        sta $d400
        rts
        .fill $c000-*,$aa
";

fn roms() -> Roms {
    assembled::roms(KERNAL, BASIC)
}

fn rsid(load: u16, init: u16, flags: u8, data: &[u8]) -> Tune {
    let mut bytes = vec![0; 0x7c];
    bytes[..8].copy_from_slice(b"RSID\0\x02\0\x7c");
    bytes[0x0a..0x0c].copy_from_slice(&init.to_be_bytes());
    bytes[0x0f] = 3;
    bytes[0x77] = 0x14 | flags;
    bytes.extend(load.to_le_bytes());
    bytes.extend(data);
    Tune::parse(&bytes).expect("the fixture is a tune")
}

/// A program of two lines with a statement each.
fn basic_tune() -> Tune {
    let line = [
        0x07, 0x08, 10, 0, 0x05, 0x12, 0, 0x0d, 0x08, 20, 0, 0x06, 0x34,
    ];
    rsid(0x0801, 0, 2, &[&line[..], &[0, 0, 0]].concat())
}

fn with(roms: Roms) -> Config {
    Config {
        roms: Some(Arc::new(roms)),
        ..Config::default()
    }
}

/// Registers and values written in the first tenth of a second.
fn writes(tune: &Tune, song: u16, config: &Config) -> Vec<(u8, u8)> {
    let mut player = Player::new(tune, song, config).expect("the fixture plays");
    player.set_trace(true);
    player.run_cycles(98_525);
    let trace = player.take_trace();
    trace
        .iter()
        .map(|write| (write.register, write.value))
        .collect()
}

#[test]
fn a_basic_program_runs_and_knows_its_song() {
    for song in 1..=3 {
        let writes = writes(&basic_tune(), song, &with(roms()));
        let of = |register: u8| {
            let found = writes.iter().filter(move |write| write.0 == register);
            found.map(|write| write.1).collect::<Vec<_>>()
        };
        assert_eq!((of(5), of(6)), (vec![0x12], vec![0x34]));
        // PEEK(780) is the song from 0, at every statement.
        assert_eq!(of(1), [song as u8 - 1; 2]);
        // A look at the STOP key before each line, statement, and the end.
        assert_eq!(of(0), [1, 2, 3, 4, 5]);
        // The KERNAL's interrupt, sixty times a second.
        assert_eq!(of(2), [1, 2, 3, 4, 5, 6][..of(2).len()]);
        assert!((5..=6).contains(&of(2).len()), "{:?}", of(2));
    }
}

#[test]
fn a_basic_program_needs_both_roms() {
    let tune = basic_tune();
    let refused = |config: &Config| Player::new(&tune, 1, config).err();
    assert_eq!(refused(&Config::default()), Some(Error::NeedsRoms));
    let mut only_kernal = Roms::default();
    only_kernal
        .insert(RomKind::Kernal, &[0; 0x2000])
        .expect("it fills its socket");
    assert_eq!(refused(&with(only_kernal)), Some(Error::NeedsRoms));
    assert_eq!(refused(&with(roms())), None);
}

#[test]
fn other_tunes_call_the_kernal_that_is_there() {
    let program = assemble(" .org $1000\n jsr $ffd2\nend jmp end").expect("it assembles");
    let tune = rsid(0x1000, 0x1000, 0, &program.bytes);
    assert!(writes(&tune, 1, &with(roms())).contains(&(3, 0x77)));
    assert!(!writes(&tune, 1, &Config::default()).contains(&(3, 0x77)));
}

#[test]
fn a_tune_that_returns_to_basic_is_started_again() {
    let source = " .org $1000\n inc $2000\n lda $2000\n sta $d404\n cmp #3\n beq end\n jmp $a7ae\n\
                  end jmp end";
    let program = assemble(source).expect("it assembles");
    let tune = rsid(0x1000, 0x1000, 0, &program.bytes);
    // With a KERNAL, $FFE1 goes through the vector; what stands in for one just returns.
    let writes = writes(&tune, 1, &with(roms()));
    let counted: Vec<_> = writes.iter().filter(|write| write.0 == 4).collect();
    assert_eq!(counted, [&(4, 1), &(4, 2), &(4, 3)]);
}

#[test]
fn the_characters_are_behind_the_chips() {
    let mut roms = Roms::default();
    let shapes: Vec<u8> = (0..0x1000u16)
        .map(|at| at.to_le_bytes()[0] ^ 0x5a)
        .collect();
    roms.insert(RomKind::Chargen, &shapes)
        .expect("it fills its socket");
    let source = " .org $1000\n sei\n lda #$33\n sta $01\n lda $d010\n ldx $dfff\n ldy #$37\n\
                  \n sty $01\n sta $d400\n stx $d401\nend jmp end";
    let program = assemble(source).expect("it assembles");
    let tune = rsid(0x1000, 0x1000, 0, &program.bytes);
    let writes = writes(&tune, 1, &with(roms));
    assert!(writes.contains(&(0, 0x10 ^ 0x5a)) && writes.contains(&(1, 0xff ^ 0x5a)));
}
