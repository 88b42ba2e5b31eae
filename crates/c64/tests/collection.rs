//! Tunes of the collection, where it is on this machine: none may stop the machine, and each must
//! be heard or say why not.

use c64::{Config, Error, Player, Status};
use sidfile::Tune;

/// Tunes played.
const TUNES: usize = 100;
/// Seconds after which a tune must have been heard.
const SECONDS: u64 = 20;
/// Peak to peak below which nothing is heard.
const SILENCE: f32 = 0.000_5;
/// Frames rendered to hear a tune.
const HEARD: usize = 8_820;

/// Whether a tune is heard within its time. It runs without sound until it has started a voice or
/// played samples.
fn is_heard(player: &mut Player) -> bool {
    player.set_trace(true);
    let second = player.clock_hz() as u64;
    for _ in 0..4 * SECONDS {
        player.run_cycles(second / 4);
        let writes = player.take_trace();
        let is_gate = |register: u8| matches!(register, 4 | 11 | 18);
        let has_started = writes
            .iter()
            .any(|write| is_gate(write.register) && write.value & 1 == 1);
        let samples = writes.iter().filter(|write| write.register == 24).count();
        if !has_started && samples < 20 {
            continue;
        }
        let mut sound = vec![0.0; 2 * HEARD];
        player.render(&mut sound, None);
        assert!(sound.iter().all(|sample| sample.abs() <= 1.0));
        // Chips have been silent until now: their outputs settle first.
        let (low, high) = sound[HEARD..]
            .iter()
            .fold((f32::MAX, f32::MIN), |(low, high), &sample| {
                (low.min(sample), high.max(sample))
            });
        if high - low >= SILENCE {
            return true;
        }
        assert_eq!(player.status(), Status::Running);
    }
    false
}

#[test]
fn a_hundred_tunes_are_heard_or_say_why_not() {
    let Some(root) = testkit::fixture::shared("hvsc/C64Music") else {
        return;
    };
    let mut paths: Vec<_> = walkdir::WalkDir::new(root)
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|ending| ending == "sid"))
        .collect();
    paths.sort();
    assert!(paths.len() >= TUNES, "{} tunes", paths.len());
    let mut silent = Vec::new();
    for index in 0..TUNES {
        let path = &paths[index * paths.len() / TUNES];
        let bytes = std::fs::read(path).expect("a tune is readable");
        let tune = Tune::parse(&bytes).expect("a tune of the collection parses");
        match Player::new(&tune, tune.start_song, &Config::default()) {
            Ok(mut player) => {
                if !is_heard(&mut player) {
                    silent.push(path.display().to_string());
                }
            }
            Err(error) => assert_eq!(error, Error::NeedsRoms, "{}", path.display()),
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}
