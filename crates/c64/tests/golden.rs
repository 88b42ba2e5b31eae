//! Register writes against the reference player's, where its traces are on this machine.

use c64::{Config, Player};
use sidfile::Tune;
use testkit::fixture;

/// Cycles of each tune that are compared: the hard part is how a tune begins, and what it finds
/// in memory. Five seconds.
const CYCLES: u64 = 5_000_000;
/// Tunes that are not among the hard ones, and what they found after more time.
const LONGER: [(&str, u64); 2] = [
    // Plays the zero page and an empty BASIC as notes.
    (
        "MUSICIANS/F/Fly_The_Vikings/Viking_Raid_2_part_3.sid",
        12_000_000,
    ),
    // Plays the page of the driver as samples, and the vectors that lead to it.
    (
        "MUSICIANS/M/Mixer/Vicious_SID_2-Carmina_Burana.sid",
        6_500_000,
    ),
];

/// Compares a tune up to a cycle; returns how many records that were.
fn check(golden: &fixture::Golden, bytes: &[u8], until: u64) -> usize {
    let name = &golden.case.tune;
    let reference = testkit::trace::read(&golden.trace_path()).expect("a golden trace is readable");
    let tune = Tune::parse(bytes).expect("its tune parses");
    let song = u16::try_from(golden.case.song).expect("a song's number fits");
    let mut player = Player::new(&tune, song, &Config::default()).expect("its tune plays");
    player.set_trace(true);
    player.run_cycles(until);
    let mut ours = player.take_trace().into_iter();
    let mut cycle = 0;
    for (index, expected) in reference.iter().enumerate() {
        cycle += u64::from(expected.cycles);
        if cycle >= until {
            return index;
        }
        let expected = (cycle, expected.chip, expected.register, expected.value);
        let write = ours.next();
        let write = write.map(|write| (write.cycle, write.chip, write.register, write.value));
        assert_eq!(write, Some(expected), "{name}, record {index}");
    }
    reference.len()
}

#[test]
fn writes_are_equal_cycle_for_cycle() {
    let goldens = fixture::golden().expect("the golden folder is readable");
    let Some(tunes) = fixture::shared("hvsc/C64Music") else {
        return;
    };
    let root = fixture::shared("golden").expect("it was there");
    let torture = std::fs::read_to_string(root.join("torture.txt")).expect("the hard ones");
    let hard: Vec<_> = torture.lines().map(str::trim).collect();
    let mut compared = 0;
    for golden in &goldens {
        let name = golden.case.tune.as_str();
        let longer = LONGER.iter().find(|(tune, _)| *tune == name);
        let until = match longer {
            Some((_, cycles)) => *cycles,
            None if hard.contains(&name) => CYCLES,
            None => continue,
        };
        let bytes = std::fs::read(tunes.join(name)).expect("its tune is there");
        assert!(check(golden, &bytes, until) > 0, "{name} writes");
        compared += 1;
    }
    assert!(compared > hard.len(), "{compared} tunes");
}
