//! The quick part of the fault table (`cargo xtask faults`) on this build of the relay.

#[path = "../../xtask/src/faults/cases.rs"]
mod cases;
#[path = "../../xtask/src/faults/parts.rs"]
mod parts;

use std::path::Path;

use cases::{CASES, Outcome};
use parts::Place;

#[test]
fn quick_faults_come_out_as_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    let binary = Path::new(env!("CARGO_BIN_EXE_sidereal-relay"));
    for (number, case) in CASES.iter().enumerate().filter(|(_, case)| case.is_quick) {
        let place = Place::new(binary, folder.path(), &number.to_string()).expect("a place");
        match (case.run)(&place) {
            Ok(Outcome::Seen(observed)) => assert_eq!(observed, case.expected, "{}", case.name),
            Ok(Outcome::Skipped(why)) => eprintln!("LEFT OUT: {}: {why}", case.name),
            Err(error) => panic!("{}: {error:#}", case.name),
        }
    }
}
