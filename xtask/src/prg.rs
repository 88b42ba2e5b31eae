//! `cargo xtask prg`: runs a program on the machine and waits for what it writes to `$D7FF`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use c64::computer::{Computer, Machine, Report};
use c64::prg::Prg;
use c64::{CiaModel, Roms, VicModel};
use clap::{Args, ValueEnum};
use sidfile::rom::{self, RomKind};

use crate::tune::ModelChoice;

/// What ends the process when the program reported nothing.
const NOTHING: u8 = 2;

/// Video chips on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VideoChoice {
    /// PAL, 6569.
    Pal,
    /// NTSC, 6567R8.
    Ntsc,
    /// Early NTSC, 6567R56A.
    OldNtsc,
    /// PAL-N of the Drean, 6572.
    Drean,
    /// PAL-M, 6573.
    PalM,
}

/// CIAs on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CiaChoice {
    /// The first one.
    #[value(name = "6526")]
    Mos6526,
    /// The one of later machines.
    #[value(name = "8521")]
    Mos8521,
}

/// A program and the machine that runs it.
#[derive(Debug, Args)]
pub struct PrgArgs {
    /// A program: two bytes of address, then what belongs there.
    file: PathBuf,
    /// How long to wait for a report.
    #[arg(long, default_value_t = 100_000_000)]
    cycles: u64,
    /// Folder with ROMs of a C64: `kernal.bin`, `basic.bin`, `chargen.bin`.
    #[arg(long)]
    rom_dir: Option<PathBuf>,
    /// Video chip.
    #[arg(long, default_value = "pal")]
    model: VideoChoice,
    /// Both CIAs.
    #[arg(long, default_value = "8521")]
    cia: CiaChoice,
    /// Sound chip.
    #[arg(long, default_value = "6581")]
    sid: ModelChoice,
}

/// Runs a program. Ends with 0 if it reported `$00`, 1 if it reported something else, 2 if
/// nothing.
///
/// # Errors
/// Says what is wrong with the program or a ROM.
pub fn run(args: &PrgArgs) -> anyhow::Result<ExitCode> {
    let bytes =
        std::fs::read(&args.file).with_context(|| format!("reading {}", args.file.display()))?;
    let roms = match &args.rom_dir {
        Some(folder) => read_roms(folder)?,
        None => Roms::default(),
    };
    let machine = Machine {
        vic: match args.model {
            VideoChoice::Pal => VicModel::Mos6569,
            VideoChoice::Ntsc => VicModel::Mos6567R8,
            VideoChoice::OldNtsc => VicModel::Mos6567R56A,
            VideoChoice::Drean => VicModel::Mos6572,
            VideoChoice::PalM => VicModel::Mos6573,
        },
        cia: match args.cia {
            CiaChoice::Mos6526 => CiaModel::Mos6526,
            CiaChoice::Mos8521 => CiaModel::Mos8521,
        },
        sid: match args.sid {
            ModelChoice::Mos6581 => sid::Model::Mos6581,
            ModelChoice::Mos8580 => sid::Model::Mos8580,
        },
        roms,
    };
    let report = report(&bytes, &machine, args.cycles)
        .with_context(|| format!("running {}", args.file.display()))?;
    println!("{}", words(report, args.cycles));
    Ok(code(report))
}

fn report(bytes: &[u8], machine: &Machine, cycles: u64) -> anyhow::Result<Report> {
    let prg = Prg::parse(bytes)?;
    Ok(Computer::new(machine, &prg)?.run(cycles))
}

fn words(report: Report, cycles: u64) -> String {
    match report {
        Report::Value(value) => format!("$D7FF: ${value:02X}"),
        Report::Nothing => format!("nothing was written to $D7FF within {cycles} cycles"),
        Report::Jammed { pc, opcode } => format!(
            "nothing was written to $D7FF: opcode ${opcode:02X} at ${pc:04X} stopped the CPU"
        ),
    }
}

fn code(report: Report) -> ExitCode {
    ExitCode::from(match report {
        Report::Value(0) => 0,
        Report::Value(_) => 1,
        Report::Nothing | Report::Jammed { .. } => NOTHING,
    })
}

/// The ROMs of a folder, under the names that they commonly have.
///
/// # Errors
/// The folder holds none, or a file under such a name is not that ROM.
pub fn read_roms(folder: &Path) -> anyhow::Result<Roms> {
    let mut roms = Roms::default();
    for kind in RomKind::ALL {
        let paths = kind.file_names().map(|name| folder.join(name));
        let Some(path) = paths.iter().find(|path| path.is_file()) else {
            continue;
        };
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        rom::check(&bytes, kind).with_context(|| path.display().to_string())?;
        roms.insert(kind, &bytes)?;
    }
    let names = RomKind::ALL.map(|kind| kind.file_names()[1]).join(", ");
    anyhow::ensure!(
        RomKind::ALL.iter().any(|kind| roms.has(*kind)),
        "{} holds none of {names}",
        folder.display()
    );
    Ok(roms)
}

#[cfg(test)]
mod tests {
    use testkit::asm::assemble;

    use super::*;

    fn prg(source: &str) -> Vec<u8> {
        let program = assemble(source).unwrap();
        [&program.origin.to_le_bytes()[..], &program.bytes].concat()
    }

    fn run(bytes: &[u8]) -> anyhow::Result<Report> {
        report(bytes, &Machine::default(), 200_000)
    }

    #[test]
    fn what_is_written_decides_how_it_ends() {
        for (source, expected, text, end) in [
            (
                " .org $c000\n lda #0\n sta $d7ff",
                Report::Value(0),
                "$D7FF: $00",
                0,
            ),
            (
                " .org $c000\n lda #$fe\n sta $d7ff",
                Report::Value(0xfe),
                "$D7FF: $FE",
                1,
            ),
            (
                " .org $c000\nend jmp end",
                Report::Nothing,
                "nothing was written to $D7FF within 200000 cycles",
                2,
            ),
            (
                " .org $c000\n nop\n .byte $02",
                Report::Jammed {
                    pc: 0xc001,
                    opcode: 2,
                },
                "nothing was written to $D7FF: opcode $02 at $C001 stopped the CPU",
                2,
            ),
        ] {
            let report = run(&prg(source)).unwrap();
            assert_eq!(report, expected, "{source}");
            assert_eq!(words(report, 200_000), text);
            assert_eq!(code(report), ExitCode::from(end));
        }
    }

    #[test]
    fn sys_starts_it() {
        let source = " .org $0801\n .word line\n .word 10\n .byte $9e,$32,$30,$36,$31,0\nline .word 0\n\
                      \n .fill 2061-*,0\n lda #0\n sta $d7ff";
        assert_eq!(run(&prg(source)).unwrap(), Report::Value(0));
    }

    #[test]
    fn bad_files_are_errors() {
        let text = |bytes: &[u8]| run(bytes).unwrap_err().to_string();
        assert!(text(&[]).ends_with("this has 0 in all"));
        assert!(text(&[0xff, 0xff, 1, 2]).ends_with("reach beyond $FFFF"));
        assert!(text(&[1, 8, 0, 0]).contains("no SYS"));
    }

    #[test]
    fn roms_are_checked_by_name_and_contents() {
        let folder = tempfile::tempdir().unwrap();
        let text = |folder: &Path| format!("{:#}", read_roms(folder).unwrap_err());
        assert!(text(folder.path()).ends_with("holds none of kernal.bin, basic.bin, chargen.bin"));
        std::fs::write(folder.path().join("kernal.bin"), [0; 0x2000]).unwrap();
        let error = text(folder.path());
        assert!(
            error.contains("kernal.bin: 8192 bytes, but its SHA-256 "),
            "{error}"
        );
        assert!(
            error.ends_with(" is not that of KERNAL 901227-03"),
            "{error}"
        );
    }
}
