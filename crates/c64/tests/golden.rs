//! Register writes against the reference player's, where its traces are on this machine.

use std::path::{Path, PathBuf};

use c64::{Config, Player};
use sidfile::Tune;

/// A few seconds of tunes of each kind: vertical blank, CIA, several chips, digis, NTSC.
const TUNES: [(&str, usize); 10] = [
    ("MUSICIANS/H/Hubbard_Rob/Commando", 4_000),
    ("MUSICIANS/G/Galway_Martin/Arkanoid", 20_000),
    ("MUSICIANS/J/Jammer/90s_Still_Within", 4_000),
    ("MUSICIANS/J/Jammer/Apollo_Launch_2x", 6_000),
    ("MUSICIANS/H/Hermit/Earmind_3SID", 20_000),
    ("MUSICIANS/L/Lft/A_Mind_is_Born", 4_000),
    ("MUSICIANS/G/Goto80/Birds_on_Fire", 4_000),
    ("MUSICIANS/H/Hubbard_Rob/Kings_of_the_Beach_intro", 20_000),
    ("MUSICIANS/S/SounDemoN/Vicious_SID_2-Cybernoid_2", 20_000),
    ("MUSICIANS/T/Taxim/Far_Away_from_Earth", 20_000),
];

fn folders() -> Option<(PathBuf, PathBuf)> {
    let shared = std::env::var_os("SIDEREAL_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folders = (shared.join("golden"), shared.join("hvsc/C64Music"));
    (folders.0.is_dir() && folders.1.is_dir()).then_some(folders)
}

#[test]
fn writes_are_equal_cycle_for_cycle() {
    let Some((golden, tunes)) = folders() else {
        eprintln!("skipped: no reference traces on this machine");
        return;
    };
    for (name, records) in TUNES {
        let reference = testkit::trace::read(&golden.join(format!("{name}.trace.zst")))
            .expect("a golden trace is readable");
        let bytes = std::fs::read(tunes.join(format!("{name}.sid"))).expect("its tune is there");
        let tune = Tune::parse(&bytes).expect("its tune parses");
        let mut player =
            Player::new(&tune, tune.start_song, &Config::default()).expect("its tune plays");
        player.set_trace(true);
        let mut ours = Vec::new();
        while ours.len() < records {
            player.run_cycles(100_000);
            ours.append(&mut player.take_trace());
            assert!(player.cycles() < 60_000_000, "{name} writes");
        }
        let mut cycle = 0;
        for (index, (expected, write)) in reference.iter().zip(&ours).take(records).enumerate() {
            cycle += u64::from(expected.cycles);
            let expected = (cycle, expected.chip, expected.register, expected.value);
            let write = (write.cycle, write.chip, write.register, write.value);
            assert_eq!(write, expected, "{name}, record {index}");
        }
    }
}
