//! Starts the relay.

use std::process::ExitCode;

fn main() -> ExitCode {
    relay::main()
}
