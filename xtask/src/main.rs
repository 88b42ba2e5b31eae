//! `cargo xtask`: build, run, test and measure Sidereal.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main()
}
