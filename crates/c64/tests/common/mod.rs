//! Programs of ours on the machine: assembled, run until they report, looked into.

use c64::computer::{Computer, Machine, Report};
use c64::prg::Prg;
use testkit::asm::assemble;

/// Time enough for any program of these tests.
const CYCLES: u64 = 20_000_000;

/// Interrupts off, RAM and chips everywhere, no screen and so no bad lines, raster in line 0.
pub const QUIET: &str = "
        sei
        lda #$35
        sta $01
        lda #$7f
        sta $dc0d
        sta $dd0d
        lda #$00
        sta $dc0e
        sta $dc0f
        sta $dd0e
        sta $dd0f
        sta $d01a
        sta $d015
        lda #$0b
        sta $d011
below   lda $d011
        bpl below
above   lda $d011
        bmi above
        lda $dc0d
        lda $dd0d
";

/// Ends a program that has come to its end.
pub const DONE: &str = "
        lda #0
        sta $d7ff
";

/// Runs a program until it reports; the machine as it then stands.
#[track_caller]
pub fn run(machine: &Machine, source: &str) -> Computer {
    let program = assemble(source).unwrap_or_else(|error| panic!("{error:#}\n{source}"));
    let file = [&program.origin.to_le_bytes()[..], &program.bytes].concat();
    let prg = Prg::parse(&file).expect("a test's program fits");
    let mut computer = Computer::new(machine, &prg).expect("a test's program starts");
    assert_eq!(computer.run(CYCLES), Report::Value(0), "{source}");
    computer
}
