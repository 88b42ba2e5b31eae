//! Songs of Compute!'s Sidplayer: what reaches the chips, and when.

use c64::{Config, Player, Write};
use proptest::prelude::*;
use sidfile::{Tune, mus};
use testkit::mus::song;

const JIFFY: u64 = 16_420;

fn file(voices: [&str; 3]) -> Vec<u8> {
    song(voices, &["A song", "Its composer", "1986"]).expect("the fixture assembles")
}

fn player(file: &[u8]) -> Player {
    let tune = Tune::parse(file).expect("the fixture is a tune");
    let mut player = Player::new(&tune, 1, &Config::default()).expect("the fixture plays");
    player.set_trace(true);
    player
}

/// Writes of `seconds`, by the jiffy from the first on.
fn played(file: &[u8], seconds: f64) -> Vec<(u64, Write)> {
    let mut player = player(file);
    let start = player.cycles();
    player.run_cycles((seconds * player.clock_hz()) as u64);
    let writes = player.take_trace();
    let jiffy = |write: &Write| (write.cycle - start) / JIFFY;
    // Before the first jiffy only the driver writes.
    let own = writes.into_iter().filter(|write| jiffy(write) > 0);
    own.map(|write| (jiffy(&write) - 1, write)).collect()
}

/// What register `register` of the first chip is set to, with its jiffies.
fn of(writes: &[(u64, Write)], register: u8) -> Vec<(u64, u8)> {
    let own = writes
        .iter()
        .filter(|(_, write)| (write.chip, write.register) == (0, register));
    own.map(|(jiffy, write)| (*jiffy, write.value)).collect()
}

#[track_caller]
fn check(voice: &str, register: u8, expected: &[(u64, u8)]) {
    let writes = played(&file([voice, "", ""]), 2.0);
    assert_eq!(of(&writes, register), expected, "{voice}");
}

#[test]
fn a_note_sounds_as_long_as_it_should() {
    // Tempo 100: a quarter has 36 jiffies, and is let go 4 before its end.
    check(
        "a4:4 a4:4",
        4,
        &[(0, 0x40), (0, 0x41), (32, 0x40), (36, 0x41), (68, 0x40)],
    );
    check("a4:4_ b4:4", 4, &[(0, 0x40), (0, 0x41), (68, 0x40)]);
    check("26/0c a4:4", 4, &[(0, 0x40), (0, 0x41), (24, 0x40)]);
    check("4e/05 a4:4", 4, &[(0, 0x40), (0, 0x41), (5, 0x40)]);
    check(
        "06/48 a4:4. r:4 a4:4",
        4,
        &[(0, 0x40), (0, 0x41), (23, 0x40), (45, 0x41), (59, 0x40)],
    );
    check("01/27 a4:32", 4, &[(0, 0x10), (0, 0x11), (2, 0x10)]);
}

#[test]
fn pitch() {
    // A of octave 4 is 440 Hz: 7492.5 units on a PAL machine.
    let high = |voice: &str| of(&played(&file([voice, "", ""]), 0.2), 1)[0].1;
    assert_eq!(high("a4:4"), 0x1d);
    assert_eq!(high("a5:4"), 0x3a);
    assert_eq!(high("a6/1c a4:4"), high("a#5:4"));
    assert_eq!(high("a6/a1 a4:4"), high("g#4:4"));
    // A portamento of 256 units a jiffy.
    let slide = of(&played(&file(["07/00 a4:4 a5:4", "", ""]), 2.0), 1);
    assert_eq!(slide[..4], [(0, 0x1d), (37, 0x1e), (38, 0x1f), (39, 0x20)]);
    assert_eq!(slide.last().unwrap().1, 0x3a);
    // A vibrato of three steps of 256 up and down.
    let vibrato = of(&played(&file(["76/ff 86/03 a4:2", "", ""]), 0.2), 1);
    assert_eq!(
        vibrato[..7].iter().map(|w| w.1).collect::<Vec<_>>(),
        [0x1d, 0x1e, 0x1f, 0x20, 0x1f, 0x1e, 0x1d]
    );
}

#[test]
fn repeats_and_phrases() {
    let notes = |voice: &str| {
        let writes = played(&file([voice, "", ""]), 4.0);
        let on = of(&writes, 4)
            .into_iter()
            .filter(|(_, value)| value & 1 == 1);
        on.count()
    };
    assert_eq!(notes("36/03 a4:8 01/0f b4:8"), 4);
    assert_eq!(notes("36/00 a4:8 01/0f"), 4 * 60 / 18 + 1);
    assert_eq!(notes("01/06 a4:8 b4:8 01/2f c4:8 01/02 01/02"), 7);
    // A phrase that calls itself, and one that nobody defined, end the voice.
    assert_eq!(notes("01/06 a4:32 01/02 01/2f"), 16);
    assert_eq!(notes("a4:8 01/52 b4:8"), 1);
    // Going round without a note ends it too.
    assert_eq!(notes("a4:8 36/00 01/0f"), 1);
}

#[test]
fn what_the_voices_share() {
    check("01/fe a4:4", 24, &[(0, 0x0f)]);
    check("01/0b a4:4 01/03 a4:4", 24, &[(0, 0x07), (36, 0x08)]);
    check("01/1b 01/f7 01/aa 0e/80 a4:8", 23, &[(0, 0xa1)]);
    check("01/37 01/5b a4:8", 24, &[(0, 0x98)]);
    check(
        "0e/80 66/08 a4:8",
        22,
        &(0..18).map(|n| (n, 0x80 + n as u8)).collect::<Vec<_>>(),
    );
}

#[test]
fn a_jiffy_may_be_longer() {
    // $1000 cycles more.
    let writes = played(&file(["3e/10 a4:4", "", ""]), 2.0);
    let last = writes.last().unwrap();
    assert_eq!((last.1.register, last.1.value), (4, 0x40));
    assert_eq!(last.0, 32 * (JIFFY + 0x1000) / JIFFY);
}

#[test]
fn a_pair_plays_on_two_chips_and_keeps_its_words() {
    let pair = mus::bundle(
        &file(["a4:4", "", ""]),
        &file(["a5:4", "", ""]),
        b"\x0eHELLO,\x0d\xc3HIP",
    )
    .unwrap();
    let tune = Tune::parse(&pair).unwrap();
    assert_eq!(
        (tune.name.as_str(), tune.author.as_str()),
        ("A SONG", "ITS COMPOSER")
    );
    let addresses: Vec<u16> = tune.chips.iter().map(|chip| chip.address).collect();
    assert_eq!(addresses, [0xd400, 0xd500]);
    assert_eq!(mus::Mus::of(&tune).unwrap().lyrics, "hello,\nChip");
    let writes = played(&pair, 0.2);
    let pitch = |chip| {
        writes
            .iter()
            .find(|(_, w)| (w.chip, w.register) == (chip, 1))
            .unwrap()
            .1
            .value
    };
    assert_eq!((pitch(0), pitch(1)), (0x1d, 0x3a));
}

#[test]
fn a_psid_may_hold_a_song() {
    let mut bytes = vec![0; 0x7c];
    bytes[..8].copy_from_slice(b"PSID\0\x02\0\x7c");
    bytes[0x0f] = 1;
    // The data are a song.
    bytes[0x77] = 0x01;
    bytes.extend(file(["a4:4", "", ""]));
    let writes = played(&bytes, 1.0);
    assert_eq!(of(&writes, 1)[0], (0, 0x1d));
}

#[test]
fn a_song_is_heard_and_can_be_returned_to() {
    let file = file([
        "82/00 56/10 36/00 a4:8 e4:8 01/0f",
        "01/47 36/00 c3:4 01/0f",
        "",
    ]);
    let mut player = player(&file);
    let mut chunk = vec![0.0; 2 * 4_410];
    for _ in 0..7 {
        player.render(&mut chunk, None);
    }
    let snapshot = player.snapshot();
    let mut after = vec![0.0; 2 * 44_100];
    player.render(&mut after, None);
    assert!(after.iter().any(|sample| sample.abs() > 0.02), "it sounds");
    player.restore(&snapshot);
    let mut again = vec![0.0; after.len()];
    player.render(&mut again, None);
    assert!(after == again);
    assert!((59.9..60.1).contains(&player.play_rate()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any commands are played to any length.
    #[test]
    fn any_song_plays(
        voices in proptest::collection::vec(
            proptest::collection::vec(any::<[u8; 2]>(), 0..200), 3),
    ) {
        let mut file = vec![0, 0];
        for voice in &voices {
            file.extend((2 * voice.len() as u16 + 2).to_le_bytes());
        }
        for voice in &voices {
            file.extend(voice.as_flattened());
            file.extend([0x01, 0x4f]);
        }
        let tune = Tune::parse(&file).unwrap();
        let mut player = Player::new(&tune, 1, &Config::default()).unwrap();
        player.run_cycles(2_000_000);
    }
}
